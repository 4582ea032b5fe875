"""Whom a cell means: an external id, a member number, a card, a phone or an e-mail."""

from collections.abc import Collection, Iterable, Mapping
from dataclasses import dataclass
from typing import cast

from sqlalchemy import Table, select
from sqlalchemy.orm import Session

from clubcrm.accounts.queries import ClubRow
from clubcrm.core.folding import phone_e164
from clubcrm.core.lookups import one_of, without_index
from clubcrm.core.sql import chunks
from clubcrm.exchange.policies.row import Row
from clubcrm.exchange.states import ProblemCode
from clubcrm.members.models import Person
from clubcrm.members.policies import clean_email
from clubcrm.visits.operations import fold_code
from clubcrm.visits.queries import holders_of

_person = cast(Table, Person.__table__)
_AT_ONCE = 2000


@dataclass(frozen=True)
class Found:
    """The people a cell can mean, by the surest way in which it means anybody."""

    person_ids: tuple[int, ...]

    @property
    def only(self) -> int | None:
        """The one person, None where there is nobody or more than one."""
        return self.person_ids[0] if len(self.person_ids) == 1 else None


def find_members(session: Session, club: ClubRow, references: Collection[str]) -> dict[str, Found]:
    """Whom each reference means at a club; a reference that means nobody is left out.

    External id first, then member number, card, phone and e-mail. People who were merged stand for
    whom they were merged into.
    """
    left = set(references)
    found: dict[str, tuple[int, ...]] = {}
    for way in (_by_external_id, _by_number, _by_card, _by_phone, _by_email):
        if not left:
            break
        for reference, person_ids in way(session, club, left).items():
            found[reference] = tuple(sorted(person_ids))
            left.discard(reference)
    merged = _merged(session, {pid for ids in found.values() for pid in ids})
    return {
        reference: Found(tuple(dict.fromkeys(merged.get(pid, pid) for pid in ids)))
        for reference, ids in found.items()
    }


def name_member(row: Row, found: Mapping[str, Found]) -> int | None:
    """The person a row's `member` means; says on the row why there is none."""
    reference = row.get("member")
    if reference is None:
        row.add(ProblemCode.MISSING, "member")
        return None
    hit = found.get(reference)
    if hit is None:
        row.add(ProblemCode.MEMBER_UNKNOWN, "member", value=reference[:60])
        return None
    if hit.only is None:
        row.add(
            ProblemCode.MEMBER_AMBIGUOUS, "member", value=reference[:60], people=len(hit.person_ids)
        )
    return hit.only


def by_external_id(
    session: Session, club: ClubRow, external_ids: Collection[str]
) -> dict[str, int]:
    """Who has these external ids, or these member numbers where no external id was ever given."""
    found = {ref: ids[0] for ref, ids in _by_external_id(session, club, external_ids).items()}
    rest = set(external_ids) - found.keys()
    found |= {ref: ids[0] for ref, ids in _by_number(session, club, rest).items()}
    merged = _merged(session, set(found.values()))
    return {ref: merged.get(pid, pid) for ref, pid in found.items()}


def _by_external_id(
    session: Session, club: ClubRow, references: Collection[str]
) -> dict[str, list[int]]:
    found: dict[str, list[int]] = {}
    for chunk in chunks(sorted(references), _AT_ONCE):
        query = select(_person.c.external_id, _person.c.id).where(
            _person.c.home_club_id == club.id, one_of(session, _person.c.external_id, chunk)
        )
        for external_id, person_id in session.execute(query):
            found.setdefault(external_id, []).append(person_id)
    return found


def _by_number(
    session: Session, club: ClubRow, references: Collection[str]
) -> dict[str, list[int]]:
    """Member numbers stand for people without an external id, as everywhere they are shown."""
    numbers = [reference for reference in references if reference.isascii() and reference.isdigit()]
    found: dict[str, list[int]] = {}
    for chunk in chunks(sorted(numbers), _AT_ONCE):
        query = select(_person.c.number, _person.c.id).where(
            without_index(_person.c.home_club_id) == club.id,
            _person.c.external_id.is_(None),
            one_of(session, _person.c.number, chunk),
        )
        for number, person_id in session.execute(query):
            found.setdefault(number, []).append(person_id)
    return found


def _by_card(session: Session, _club: ClubRow, references: Collection[str]) -> dict[str, list[int]]:
    codes = {reference: fold_code(reference) for reference in references}
    held = holders_of(session, {code for code in codes.values() if code})
    return {reference: [held[code].person_id] for reference, code in codes.items() if code in held}


def _by_phone(session: Session, club: ClubRow, references: Collection[str]) -> dict[str, list[int]]:
    phones = {
        reference: phone
        for reference in references
        if "@" not in reference and (phone := phone_e164(reference, club.territory))
    }
    return _by_column(session, club, "phone", phones)


def _by_email(session: Session, club: ClubRow, references: Collection[str]) -> dict[str, list[int]]:
    emails = {
        reference: email
        for reference in references
        if "@" in reference and (email := clean_email(reference))
    }
    return _by_column(session, club, "email", emails)


def _by_column(
    session: Session, club: ClubRow, column: str, wanted: Mapping[str, str]
) -> dict[str, list[int]]:
    people: dict[str, list[int]] = {}
    for chunk in chunks(sorted(set(wanted.values())), _AT_ONCE):
        query = (
            select(_person.c[column], _person.c.id)
            .where(
                without_index(_person.c.home_club_id) == club.id,
                one_of(session, _person.c[column], chunk),
                _person.c.merged_into_id.is_(None),
            )
            .order_by(_person.c.id)
        )
        for value, person_id in session.execute(query):
            people.setdefault(value, []).append(person_id)
    return {ref: people[value] for ref, value in wanted.items() if value in people}


def _merged(session: Session, person_ids: Iterable[int]) -> dict[int, int]:
    """Who was merged into whom, to the end of the chain."""
    into: dict[int, int] = {}
    wave = set(person_ids)
    while wave:
        step: dict[int, int] = {}
        for chunk in chunks(sorted(wave), _AT_ONCE):
            query = select(_person.c.id, _person.c.merged_into_id).where(
                _person.c.id.in_(chunk), _person.c.merged_into_id.is_not(None)
            )
            step.update(dict(session.execute(query).all()))
        into = {pid: step.get(winner, winner) for pid, winner in into.items()} | {
            pid: winner for pid, winner in step.items() if pid not in into
        }
        wave = set(step.values())
    return into
