"""Freezes: a term stands still for some days and ends so much later."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime
from typing import Any, cast

from sqlalchemy import Table, bindparam, select, update
from sqlalchemy.orm import Session

from clubcrm.accounts.queries import ClubRow, get_club
from clubcrm.core.actor import Actor
from clubcrm.core.events import record
from clubcrm.core.folding import clean_text
from clubcrm.core.period import Period
from clubcrm.core.sql import insert_many
from clubcrm.core.transactions import on_violation
from clubcrm.members.errors import (
    BadTerm,
    FreezeIsOver,
    FreezeOutsideTerm,
    FreezesOverlap,
    FreezeTooLong,
    MembershipIsVoid,
    UnknownFreeze,
    UnknownMembership,
)
from clubcrm.members.events import FreezeCancelled, FreezeEnded, MembershipFrozen
from clubcrm.members.models import Freeze, Membership
from clubcrm.members.operations.ends import (
    Moved,
    extending_closures,
    forget_terms,
    freezes_by_term,
    move_ends,
    pauses_of,
    record_moves,
)
from clubcrm.members.operations.locks import (
    hold_closures,
    hold_people,
    locked_terms,
    people_of_terms,
    whose_term,
)
from clubcrm.members.policies import agreed_before_pauses

on_violation("ex_membership_freeze_overlap", FreezesOverlap)
on_violation("ck_membership_freeze_not_empty", BadTerm)

FREEZE_DAYS = "freeze_days_a_term"
"""Club setting: how many days one term may be frozen in all (no limit without it)."""

_term = cast(Table, Membership.__table__)
_freeze = cast(Table, Freeze.__table__)


@dataclass(frozen=True, kw_only=True)
class FreezeValues:
    """One freeze: half-open, the period's `until` is the first day back."""

    membership_id: int
    period: Period
    reason: str = ""


def freeze_membership(
    session: Session,
    membership_id: int,
    period: Period,
    *,
    reason: str = "",
    by: Actor,
    now: datetime,
) -> int:
    """Freeze a term, paid for or not, now or later; returns the freeze's id.

    The term's end moves by the frozen days, and a queued renewal with it. Raises FreezeOutsideTerm,
    FreezesOverlap, FreezeTooLong, MembershipIsVoid, UnknownMembership.
    """
    values = FreezeValues(membership_id=membership_id, period=period, reason=reason)
    club_id, _ = whose_term(session, membership_id)
    return freeze_memberships(session, [values], club_id=club_id, by=by, now=now)[0]


def freeze_memberships(
    session: Session,
    freezes: Sequence[FreezeValues],
    *,
    club_id: int,
    by: Actor,
    now: datetime,
    imported: bool = False,
) -> list[int]:
    """Freeze terms of one club; returns the freezes' ids in the order given.

    With `imported` a term keeps its end where the freeze lies inside it: the end that came with the
    file holds those days already. Only a freeze that reaches the end or passes it moves the end.
    Refusals as `freeze_membership`; one refusal refuses all.
    """
    if not freezes:
        return []
    club = get_club(session, club_id)
    hold_closures(session, club_id)
    ids = sorted({values.membership_id for values in freezes})
    hold_people(session, people_of_terms(session, ids))
    terms = {term["id"]: term for term in locked_terms(session, ids)}
    if len(terms) != len(ids) or any(term["club_id"] != club_id for term in terms.values()):
        raise UnknownMembership
    standing = {
        term_id: [Period(row["from_on"], row["until_on"]) for row in rows]
        for term_id, rows in freezes_by_term(session, ids).items()
    }
    for values in freezes:
        others = standing.setdefault(values.membership_id, [])
        _check(values.period, terms[values.membership_id], others, club, imported)
        others.append(values.period)
    freeze_ids = _insert(session, freezes, terms, now)
    if imported:
        _keep_ends(session, ids, terms)
    moved = move_ends(session, ids, today=club.today(now))
    _record_frozen(session, freezes, freeze_ids, terms, moved, by=by, now=now)
    behind = (move for move in moved.values() if move.membership_id not in terms)
    record_moves(session, behind, by=by, now=now)
    return freeze_ids


def end_freeze(session: Session, freeze_id: int, *, on: date, by: Actor, now: datetime) -> None:
    """End a freeze by the member's return: `on` is the first day back, the rest is given back.

    A return on the freeze's first day, or before it, takes the freeze back altogether. Raises
    FreezeIsOver, UnknownFreeze.
    """
    freeze, term = _held_freeze(session, freeze_id)
    if on >= freeze["until_on"]:
        raise FreezeIsOver
    if on <= freeze["from_on"]:
        _take_back(session, freeze, term, by=by, now=now)
        return
    _change(session, freeze_id, {"until_on": on})
    until_on = _follow(session, term, by=by, now=now)
    event = FreezeEnded(
        club_id=freeze["club_id"],
        person_id=freeze["person_id"],
        freeze_id=freeze_id,
        membership_id=freeze["membership_id"],
        freeze_until_on=on,
        until_on=until_on,
        affects_from_on=term["starts_on"],
    )
    record(session, event, by=by, now=now)


def cancel_freeze(session: Session, freeze_id: int, *, by: Actor, now: datetime) -> None:
    """Take a freeze back as if it had never been: the end is what it was without it.

    Raises FreezeIsOver where it was taken back already, UnknownFreeze.
    """
    freeze, term = _held_freeze(session, freeze_id)
    _take_back(session, freeze, term, by=by, now=now)


def _take_back(
    session: Session, freeze: dict[str, Any], term: dict[str, Any], *, by: Actor, now: datetime
) -> None:
    _change(session, freeze["id"], {"cancelled_at": now})
    until_on = _follow(session, term, by=by, now=now)
    event = FreezeCancelled(
        club_id=freeze["club_id"],
        person_id=freeze["person_id"],
        freeze_id=freeze["id"],
        membership_id=freeze["membership_id"],
        until_on=until_on,
        affects_from_on=term["starts_on"],
    )
    record(session, event, by=by, now=now)


def _check(
    period: Period,
    term: Mapping[str, Any],
    others: Sequence[Period],
    club: ClubRow,
    imported: bool,
) -> None:
    """Refuse a freeze that does not fit its term."""
    if term["voided_at"] is not None:
        raise MembershipIsVoid
    if period.days is None:
        raise FreezeOutsideTerm
    if period.start < term["starts_on"]:
        raise FreezeOutsideTerm
    if term["until_on"] is not None and period.start >= term["until_on"]:
        raise FreezeOutsideTerm
    if any(period.overlaps(other) for other in others):
        raise FreezesOverlap
    limit = club.settings.get(FREEZE_DAYS)
    used = sum(other.days or 0 for other in others)
    if limit is not None and not imported and used + period.days > int(limit):
        raise FreezeTooLong(limit=int(limit), used=used)


def _insert(
    session: Session,
    freezes: Sequence[FreezeValues],
    terms: Mapping[int, Mapping[str, Any]],
    now: datetime,
) -> list[int]:
    rows = [
        {
            "club_id": terms[values.membership_id]["club_id"],
            "membership_id": values.membership_id,
            "person_id": terms[values.membership_id]["person_id"],
            "from_on": values.period.start,
            "until_on": values.period.until,
            "reason": clean_text(values.reason, 240),
            "cancelled_at": None,
            "revision": 1,
            "created_at": now,
        }
        for values in freezes
    ]
    return insert_many(session, _freeze, rows)


def _keep_ends(
    session: Session, ids: Sequence[int], terms: Mapping[int, Mapping[str, Any]]
) -> None:
    """Lower the agreed ends so that the pauses lead to the ends that stand."""
    freezes = freezes_by_term(session, ids)
    closures = extending_closures(session, *{term["club_id"] for term in terms.values()})
    rows = []
    for term in terms.values():
        if term["agreed_until_on"] is None or term["until_on"] is None:
            continue
        pauses = pauses_of(term, freezes.get(term["id"], ()), closures)
        inside = [p for p in pauses if p.until is not None and p.until < term["until_on"]]
        agreed = agreed_before_pauses(term["starts_on"], term["until_on"], inside)
        if agreed is not None:
            rows.append({"term_id": term["id"], "new_agreed": agreed})
    if rows:
        statement = (
            update(_term)
            .where(_term.c.id == bindparam("term_id"))
            .values(agreed_until_on=bindparam("new_agreed"))
        )
        session.connection().execute(statement, rows)
        forget_terms(session, [row["term_id"] for row in rows])


def _record_frozen(
    session: Session,
    freezes: Sequence[FreezeValues],
    freeze_ids: Sequence[int],
    terms: Mapping[int, Mapping[str, Any]],
    moved: Mapping[int, Moved],
    *,
    by: Actor,
    now: datetime,
) -> None:
    events = []
    for freeze_id, values in zip(freeze_ids, freezes):
        term = terms[values.membership_id]
        move = moved.get(term["id"])
        assert values.period.until is not None, "an open freeze was refused"
        events.append(
            MembershipFrozen(
                club_id=term["club_id"],
                person_id=term["person_id"],
                freeze_id=freeze_id,
                membership_id=term["id"],
                freeze_from_on=values.period.start,
                freeze_until_on=values.period.until,
                until_on=move.until_on if move else term["until_on"],
                affects_from_on=term["starts_on"],
            )
        )
    record(session, *events, by=by, now=now)


def _held_freeze(session: Session, freeze_id: int) -> tuple[dict[str, Any], dict[str, Any]]:
    """A freeze that counts and its term, the term locked and its club's closures held."""
    found = session.execute(
        select(_freeze.c.club_id, _freeze.c.membership_id, _freeze.c.person_id).where(
            _freeze.c.id == freeze_id
        )
    ).one_or_none()
    if found is None:
        raise UnknownFreeze
    hold_closures(session, found.club_id)
    hold_people(session, [found.person_id])
    (term,) = locked_terms(session, [found.membership_id])
    # Read again under the lock: somebody may have been quicker.
    query = select(_freeze).where(_freeze.c.id == freeze_id)
    freeze = dict(session.execute(query).mappings().one())
    if freeze["cancelled_at"] is not None:
        raise FreezeIsOver
    return freeze, term


def _change(session: Session, freeze_id: int, changes: dict[str, Any]) -> None:
    session.execute(
        update(_freeze)
        .where(_freeze.c.id == freeze_id)
        .values(revision=_freeze.c.revision + 1, **changes)
    )
    for row in list(session.identity_map.values()):
        if isinstance(row, Freeze) and row.id == freeze_id:
            session.expire(row)


def _follow(session: Session, term: dict[str, Any], *, by: Actor, now: datetime) -> date | None:
    """Recompute the term's end, write down what moved behind it, and tell the end."""
    today = get_club(session, term["club_id"]).today(now)
    moved = move_ends(session, [term["id"]], today=today)
    behind = [move for move in moved.values() if move.membership_id != term["id"]]
    record_moves(session, behind, by=by, now=now)
    move = moved.get(term["id"])
    return move.until_on if move else term["until_on"]
