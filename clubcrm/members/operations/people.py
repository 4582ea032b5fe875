"""Adding people and changing what is known of them."""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, fields
from datetime import date, datetime
from operator import attrgetter
from typing import Any, cast

from flask_babel import lazy_gettext as _l
from sqlalchemy import Table, bindparam, insert, select, update
from sqlalchemy.orm import Session

from clubcrm.accounts.queries import ClubRow, get_club
from clubcrm.core.actor import Actor
from clubcrm.core.errors import Words
from clubcrm.core.events import record
from clubcrm.core.folding import clean_text, phone_e164
from clubcrm.core.models import FieldChange
from clubcrm.core.sql import chunks, insert_many
from clubcrm.core.transactions import on_violation
from clubcrm.members.errors import BadPerson, ExternalIdTaken, UnknownPerson
from clubcrm.members.events import PersonAdded, PersonChanged
from clubcrm.members.models import Person
from clubcrm.members.operations.locks import held, hold_closures
from clubcrm.members.operations.numbers import take_member_numbers
from clubcrm.members.operations.search_index import index_people, show_new_people
from clubcrm.members.operations.tags import folded_tags, set_tags, tag_names
from clubcrm.members.policies import clean_email, full_name_of, sort_name_of

on_violation("uq_person_home_club_id_external_id", ExternalIdTaken)

GENDERS = ("female", "male", "other")
FIRST_BIRTH_YEAR = 1900

_LENGTHS = {
    "external_id": 120,
    "first_name": 120,
    "last_name": 120,
    "full_name": 240,
    "national_id": 40,
    "address": 240,
    "city": 120,
    "postcode": 20,
    "emergency_contact": 240,
    "guardian": 240,
    "payer": 240,
    "trainer": 120,
    "locale": 12,
}
_NEVER_NULL = ("first_name", "last_name", "full_name", "note")
MAX_NOTE = 4000
FOUND_BY = frozenset({"full_name", "first_name", "last_name", "phone", "email", "external_id"})
_person = cast(Table, Person.__table__)


@dataclass(kw_only=True, slots=True)
class PersonValues:
    """What is told of a person when first met; everything is optional, a name too.

    `phone` as it was typed: it is kept so, and in E.164 with the club's territory where it is a
    number. `visits_known_from` is None for somebody who first comes now: all visits will be known.
    """

    external_id: str | None = None
    first_name: str = ""
    last_name: str = ""
    full_name: str = ""
    phone: str | None = None
    email: str | None = None
    birth_date: date | None = None
    gender: str | None = None
    national_id: str | None = None
    address: str | None = None
    city: str | None = None
    postcode: str | None = None
    emergency_contact: str | None = None
    guardian: str | None = None
    payer: str | None = None
    trainer: str | None = None
    joined_on: date | None = None
    locale: str | None = None
    note: str = ""
    visits_known_from: date | None = None
    no_contact: bool = False
    tags: tuple[str, ...] = ()


CHANGEABLE = frozenset(field.name for field in fields(PersonValues))
_OWN_COLUMNS = tuple(sorted(CHANGEABLE - {"tags"}))
_told_of = attrgetter(*_OWN_COLUMNS)


def add_people(
    session: Session,
    people: Sequence[PersonValues],
    *,
    club_id: int,
    by: Actor,
    now: datetime,
    imported: bool = False,
) -> list[int]:
    """Make people known to a club; returns their ids in the order given.

    Each gets the next member number. A phone or e-mail that is none is refused with BadPerson; with
    `imported` it is left out instead (the phone stays as given), so that no row is lost for it.
    Raises ExternalIdTaken.
    """
    if not people:
        return []
    club = get_club(session, club_id)
    today = club.today(now)
    numbers = take_member_numbers(session, len(people))
    rows: list[dict[str, Any]] = []
    for values, number in zip(people, numbers):
        row = _cleaned(dict(zip(_OWN_COLUMNS, _told_of(values))), club, today, imported)
        row |= {"home_club_id": club_id, "number": number, "created_at": now, "revision": 1}
        row["full_name"] = full_name_of(row["first_name"], row["last_name"], row["full_name"])
        row["sort_name"] = sort_name_of(row["first_name"], row["last_name"], row["full_name"])
        rows.append(row)
    ids = insert_many(session, _person, rows)
    for row, person_id in zip(rows, ids):
        row["id"] = person_id
    index_people(session, rows, are_new=True)
    show_new_people(session, ids, club_id)
    tags = {pid: values.tags for pid, values in zip(ids, people) if values.tags}
    set_tags(session, tags, club_id=club_id)
    happened = (
        PersonAdded(club_id=club_id, person_id=pid, affects_from_on=today, is_imported=imported)
        for pid in ids
    )
    record(session, *happened, by=by, now=now)
    return ids


def add_person(
    session: Session, values: PersonValues, *, club_id: int, by: Actor, now: datetime
) -> int:
    """Make one person known to a club; returns the id. Raises BadPerson, ExternalIdTaken."""
    return add_people(session, [values], club_id=club_id, by=by, now=now)[0]


def change_person(
    session: Session, person_id: int, changes: Mapping[str, Any], *, by: Actor, now: datetime
) -> bool:
    """Change what is known of one person; False when nothing was different.

    Raises BadPerson, ExternalIdTaken, UnknownPerson.
    """
    return bool(change_people(session, {person_id: changes}, by=by, now=now))


def change_people(
    session: Session,
    changes: Mapping[int, Mapping[str, Any]],
    *,
    by: Actor,
    now: datetime,
    imported: bool = False,
) -> set[int]:
    """Change what is known of people, field by field; returns the ids of those that differ now.

    Field names are those of PersonValues. Old and new values are kept in `field_change`; the search
    words follow. Raises BadPerson (not with `imported`), ExternalIdTaken, UnknownPerson.
    """
    unknown = {name for asked in changes.values() for name in asked} - CHANGEABLE
    if unknown:
        raise TypeError(f"a person has no field called {sorted(unknown)}")
    if imported:
        # A file goes on with terms; whoever writes those holds the closures before the people.
        for club_id in sorted(_home_clubs(session, list(changes))):
            hold_closures(session, club_id)
    by_club: dict[int, list[dict[str, Any]]] = {}
    for row in _locked_rows(session, list(changes)):
        by_club.setdefault(row["home_club_id"], []).append(row)
    changed: set[int] = set()
    for club_id, rows in by_club.items():
        club = get_club(session, club_id)
        changed |= _change_at(session, club, rows, changes, by=by, now=now, imported=imported)
    return changed


def _change_at(
    session: Session,
    club: ClubRow,
    rows: Sequence[dict[str, Any]],
    changes: Mapping[int, Mapping[str, Any]],
    *,
    by: Actor,
    now: datetime,
    imported: bool,
) -> set[int]:
    """Change people of one home club."""
    today = club.today(now)
    diffs: dict[int, dict[str, tuple[Any, Any]]] = {}
    after: dict[int, dict[str, Any]] = {}
    for before in rows:
        asked = {n: value for n, value in changes[before["id"]].items() if n != "tags"}
        new = _after(before, asked, club, today, imported)
        diff = {n: (before[n], new[n]) for n in new if new[n] != before[n]}
        if diff:
            diffs[before["id"]] = diff
            after[before["id"]] = {**new, "revision": before["revision"] + 1}
    _write(session, after)
    found_anew = [after[pid] for pid, diff in diffs.items() if FOUND_BY & diff.keys()]
    index_people(session, found_anew, are_new=False)
    asked_tags = {row["id"]: changes[row["id"]].get("tags") for row in rows}
    _change_tags(session, asked_tags, diffs, club.id)
    for diff in diffs.values():
        diff.pop("sort_name", None)
    _record_changes(session, diffs, club.id, today, by=by, now=now)
    return set(diffs)


def _after(
    before: Mapping[str, Any],
    asked: Mapping[str, Any],
    club: ClubRow,
    today: date,
    imported: bool,
) -> dict[str, Any]:
    """The row as it will be."""
    cleaned = _cleaned(asked, club, today, imported)
    after = {**before, **cleaned}
    if not cleaned.get("full_name") and {"first_name", "last_name", "full_name"} & cleaned.keys():
        parts_before = full_name_of(before["first_name"], before["last_name"])
        # A full name that was made of its parts follows them; one that was told stays.
        follows = "full_name" in cleaned or before["full_name"] in ("", parts_before)
        told = "" if follows else before["full_name"]
        after["full_name"] = full_name_of(after["first_name"], after["last_name"], told)
    after["sort_name"] = sort_name_of(after["first_name"], after["last_name"], after["full_name"])
    return after


def _cleaned(told: Mapping[str, Any], club: ClubRow, today: date, imported: bool) -> dict[str, Any]:
    """What is kept of what was told: texts cleaned, phone and e-mail in one form."""
    row: dict[str, Any] = dict(told)
    wrong: dict[str, Words] = {}
    _clean_texts(row)
    if "phone" in row and not row["phone"]:
        row["phone"] = row["phone_as_given"] = None
    elif "phone" in row:
        row["phone_as_given"] = clean_text(row["phone"] or "", 60) or None
        row["phone"] = phone_e164(row["phone_as_given"] or "", club.territory)
        if row["phone"] is None and row["phone_as_given"]:
            wrong["phone"] = _l("This is not a telephone number.")
    if row.get("email"):
        row["email"] = clean_email(row["email"])
        if row["email"] is None:
            wrong["email"] = _l("This is not an e-mail address.")
    elif "email" in row:
        row["email"] = None
    if row.get("gender") not in (None, *GENDERS):
        wrong["gender"], row["gender"] = _l("Choose female, male or other."), None
    born = row.get("birth_date")
    if born is not None and not FIRST_BIRTH_YEAR <= born.year <= today.year:
        wrong["birth_date"], row["birth_date"] = _l("Nobody was born on this day."), None
    if wrong and not imported:
        raise BadPerson(fields=wrong)
    return row


def _clean_texts(row: dict[str, Any]) -> None:
    """Clean the texts that a row holds, each cut to its length."""
    for name, most in _LENGTHS.items():
        if name in row:
            text = row[name]
            cleaned = clean_text(text, most) if text else ""
            row[name] = cleaned or ("" if name in _NEVER_NULL else None)
    if "note" in row:
        note = row["note"]
        row["note"] = clean_text(note, MAX_NOTE, multiline=True) if note else ""


def _home_clubs(session: Session, person_ids: Sequence[int]) -> set[int]:
    found: set[int] = set()
    for chunk in chunks(person_ids, 5000):
        query = select(_person.c.home_club_id).where(_person.c.id.in_(chunk)).distinct()
        found.update(session.scalars(query))
    return found


def _locked_rows(session: Session, person_ids: Sequence[int]) -> list[dict[str, Any]]:
    """The rows of people, locked in the order of their ids. Raises UnknownPerson."""
    rows: list[dict[str, Any]] = []
    for chunk in chunks(sorted(person_ids), 5000):
        query = select(_person).where(_person.c.id.in_(chunk)).order_by(_person.c.id)
        rows += [dict(row) for row in session.execute(held(query)).mappings()]
    if len(rows) != len(person_ids):
        raise UnknownPerson
    return rows


def _write(session: Session, after: Mapping[int, Mapping[str, Any]]) -> None:
    if not after:
        return
    written = sorted({*CHANGEABLE - {"tags"}, "phone_as_given", "sort_name", "revision"})
    statement = (
        update(_person)
        .where(_person.c.id == bindparam("row_id"))
        .values({name: bindparam(f"new_{name}") for name in written})
    )
    rows = [
        {"row_id": person_id, **{f"new_{name}": row[name] for name in written}}
        for person_id, row in after.items()
    ]
    session.connection().execute(statement, rows)
    for person in list(session.identity_map.values()):
        if isinstance(person, Person) and person.id in after:
            session.expire(person)


def _change_tags(
    session: Session,
    asked: Mapping[int, Iterable[str] | None],
    diffs: dict[int, dict[str, tuple[Any, Any]]],
    club_id: int,
) -> None:
    """Set the tags of those whose tags were told, and add to `diffs` where they differ."""
    told = {pid: folded_tags(names) for pid, names in asked.items() if names is not None}
    if not told:
        return
    standing = tag_names(session, told, club_id)
    new: dict[int, list[str]] = {}
    for person_id, wanted in told.items():
        before = standing.get(person_id, [])
        if folded_tags(before).keys() != wanted.keys():
            new[person_id] = list(wanted.values())
            pair = (", ".join(before), ", ".join(sorted(wanted.values())))
            diffs.setdefault(person_id, {})["tags"] = pair
    set_tags(session, new, club_id=club_id)


def _record_changes(
    session: Session,
    diffs: Mapping[int, Mapping[str, tuple[Any, Any]]],
    club_id: int,
    today: date,
    *,
    by: Actor,
    now: datetime,
) -> None:
    events = [
        PersonChanged(
            club_id=club_id,
            person_id=person_id,
            fields=sorted(diff),
            affects_from_on=_affected_from(diff, today),
        )
        for person_id, diff in diffs.items()
    ]
    event_ids = record(session, *events, by=by, now=now)
    rows = [
        {
            "event_id": event_id,
            "person_id": person_id,
            "field": name,
            "old": None if old is None else str(old),
            "new": None if new is None else str(new),
        }
        for event_id, (person_id, diff) in zip(event_ids, diffs.items())
        for name, (old, new) in diff.items()
    ]
    if rows:
        session.execute(insert(FieldChange), rows)


def _affected_from(diff: Mapping[str, tuple[Any, Any]], today: date) -> date:
    days = [day for day in diff.get("visits_known_from", ()) if day is not None]
    return min([today, *days])
