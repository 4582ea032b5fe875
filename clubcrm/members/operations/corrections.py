"""Terms that came from elsewhere: corrected when the file tells them anew, removed when it is undone."""

from collections.abc import Collection, Mapping, Sequence
from datetime import date, datetime
from typing import Any, cast

from sqlalchemy import Table, bindparam, delete, select, update
from sqlalchemy.orm import Session

from clubcrm.accounts.queries import get_club
from clubcrm.core.actor import Actor
from clubcrm.core.events import record
from clubcrm.core.folding import clean_text
from clubcrm.core.sql import chunks
from clubcrm.members.errors import BadTerm, UnknownMembership
from clubcrm.members.events import MembershipImported, MembershipVoided
from clubcrm.members.models import Freeze, Membership, Person
from clubcrm.members.operations.ends import (
    end_of,
    extending_closures,
    forget_terms,
    freezes_by_term,
    pauses_of,
)
from clubcrm.members.operations.locks import hold_closures, locked_terms
from clubcrm.members.policies import agreed_before_pauses
from clubcrm.members.states import PlanKind

CORRECTABLE = (
    "plan_id",
    "external_id",
    "starts_on",
    "until_on",
    "agreed_until_on",
    "price_minor",
    "paid_before_minor",
    "currency",
    "sold_at",
    "visits_total",
    "visits_left",
    "auto_renew",
    "renewals_before",
    "previous_id",
    "link",
    "cancel_requested_at",
    "cancel_until_on",
    "end_reason",
)
"""Columns of a term that a correction may name."""

_term = cast(Table, Membership.__table__)
_freeze = cast(Table, Freeze.__table__)
_person = cast(Table, Person.__table__)
_WRITTEN = (*CORRECTABLE, "kind", "months", "days", "anchor_on", "closures_after_no", "revision")


def correct_memberships(
    session: Session,
    changes: Mapping[int, Mapping[str, Any]],
    *,
    club_id: int,
    by: Actor,
    now: datetime,
    as_of_on: date | None = None,
) -> dict[int, dict[str, Any]]:
    """Correct terms of one club as a file tells them anew; returns the old values of what differs.

    `until_on` is the first day after the term with all its pauses in it, None = month to month;
    `agreed_until_on`, where given with it, is kept as it is told (an undo gives both back). Raises
    BadTerm, UnknownMembership.
    """
    unknown = {name for asked in changes.values() for name in asked} - set(CORRECTABLE)
    if unknown:
        raise TypeError(f"a term has nothing called {sorted(unknown)} that may be corrected")
    if not changes:
        return {}
    club = get_club(session, club_id)
    book_no = hold_closures(session, club_id)
    terms = locked_terms(session, list(changes))
    if len(terms) != len(changes) or any(term["club_id"] != club_id for term in terms):
        raise UnknownMembership
    freezes = freezes_by_term(session, list(changes))
    closures = extending_closures(session, club_id)
    before: dict[int, dict[str, Any]] = {}
    after = []
    for term in terms:
        new = {**term, **changes[term["id"]]}
        if {"starts_on", "until_on"} & changes[term["id"]].keys():
            new["closures_after_no"] = book_no
            new["revision"] = term["revision"]
            pauses = pauses_of(new, freezes.get(term["id"], ()), closures)
            _set_days(new, changes[term["id"]], pauses)
        differs = {name: term[name] for name in CORRECTABLE if new[name] != term[name]}
        if differs:
            before[term["id"]] = differs
            new["revision"] = term["revision"] + 1
            after.append((term, new))
    _write(session, [new for _, new in after])
    events = (
        MembershipImported(
            club_id=club_id,
            person_id=term["person_id"],
            as_of_on=as_of_on or club.today(now),
            membership_id=term["id"],
            plan_id=new["plan_id"],
            starts_on=new["starts_on"],
            until_on=new["until_on"],
            affects_from_on=min(term["starts_on"], new["starts_on"]),
        )
        for term, new in after
    )
    record(session, *events, by=by, now=now)
    return before


def remove_memberships(
    session: Session, membership_ids: Collection[int], *, by: Actor, now: datetime
) -> int:
    """Remove terms that only an import had brought, their freezes with them; returns how many stood.

    For the undo of an import; anything else takes terms back with `void_membership`. Nothing else may
    hang on them: visits, invoices, later terms.
    """
    removed = 0
    for chunk in chunks(sorted(membership_ids), 2000):
        terms = locked_terms(session, chunk)
        if not terms:
            continue
        ids = [term["id"] for term in terms]
        # First they count nowhere, so that whoever listens lets go of them; then they go.
        _void(session, terms, {}, by=by, now=now)
        session.execute(delete(_freeze).where(_freeze.c.membership_id.in_(ids)))
        session.execute(delete(_term).where(_term.c.id.in_(ids)))
        _forget(session, Membership, ids)
        removed += len(ids)
    return removed


def void_imported(
    session: Session, membership_ids: Collection[int], *, reason: str, by: Actor, now: datetime
) -> None:
    """Let terms that an import had brought count nowhere, where a document keeps them from going.

    For the undo of an import; what was sold here is taken back with `void_membership`.
    """
    note = clean_text(reason, 240)
    for chunk in chunks(sorted(membership_ids), 2000):
        terms = [term for term in locked_terms(session, chunk) if term["voided_at"] is None]
        if terms:
            _void(session, terms, {"end_note": note}, by=by, now=now)


def _void(
    session: Session,
    terms: Sequence[Mapping[str, Any]],
    changes: Mapping[str, Any],
    *,
    by: Actor,
    now: datetime,
) -> None:
    ids = [term["id"] for term in terms]
    session.execute(update(_term).where(_term.c.id.in_(ids)).values(voided_at=now, **changes))
    events = (
        MembershipVoided(
            club_id=term["club_id"],
            person_id=term["person_id"],
            membership_id=term["id"],
            affects_from_on=term["starts_on"],
        )
        for term in terms
    )
    record(session, *events, by=by, now=now)


def remove_freezes(session: Session, freeze_ids: Collection[int]) -> None:
    """Remove freezes that only an import had brought; the ends are the caller's to give back."""
    for chunk in chunks(sorted(freeze_ids), 2000):
        session.execute(delete(_freeze).where(_freeze.c.id.in_(chunk)))
        _forget(session, Freeze, chunk)


def remove_people(session: Session, person_ids: Collection[int]) -> int:
    """Remove people whom only an import had brought, with tags, consents and search words.

    For the undo of an import. Nothing else may hang on them. Returns how many stood.
    """
    removed = 0
    for chunk in chunks(sorted(person_ids), 2000):
        standing = session.scalars(select(_person.c.id).where(_person.c.id.in_(chunk))).all()
        session.execute(delete(_person).where(_person.c.id.in_(chunk)))
        _forget(session, Person, chunk)
        removed += len(standing)
    return removed


def _set_days(new: dict[str, Any], asked: Mapping[str, Any], pauses: Sequence[Any]) -> None:
    """Kind, length, agreed end and end of a term whose days were told anew."""
    until_on = new["until_on"]
    if until_on is not None and until_on <= new["starts_on"]:
        raise BadTerm
    new["months"], new["anchor_on"] = None, new["starts_on"]
    new["days"] = None if until_on is None else (until_on - new["starts_on"]).days
    if new["kind"] != PlanKind.PACK:
        new["kind"] = PlanKind.ROLLING if until_on is None else PlanKind.TERM
    if "agreed_until_on" not in asked:
        inside = [pause for pause in pauses if until_on is not None and pause.until <= until_on]
        agreed = None
        if until_on is not None:
            agreed = agreed_before_pauses(new["starts_on"], until_on, inside)
        new["agreed_until_on"] = agreed or until_on
    if new["cancel_until_on"] is not None and "cancel_until_on" not in asked and until_on:
        new["cancel_until_on"] = until_on
    new["cut_until_on"] = None
    new["until_on"] = end_of(new, new["agreed_until_on"], new["starts_on"], pauses)


def _write(session: Session, rows: Sequence[Mapping[str, Any]]) -> None:
    if not rows:
        return
    statement = (
        update(_term)
        .where(_term.c.id == bindparam("row_id"))
        .values({name: bindparam(f"new_{name}") for name in _WRITTEN})
    )
    values = [
        {"row_id": row["id"], **{f"new_{name}": row[name] for name in _WRITTEN}} for row in rows
    ]
    session.connection().execute(statement, values)
    forget_terms(session, {row["id"] for row in rows})


def _forget(session: Session, kind: type[Any], ids: Collection[int]) -> None:
    """Let no loaded object stand for a row that is gone."""
    gone = set(ids)
    for row in list(session.identity_map.values()):
        if isinstance(row, kind) and row.id in gone:
            session.expunge(row)
