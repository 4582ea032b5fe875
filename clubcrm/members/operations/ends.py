"""Recomputing the ends of many terms at once, and moving what is queued behind them."""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import date, datetime
from typing import Any, cast

from sqlalchemy import Table, bindparam, select, update
from sqlalchemy.orm import Session

from clubcrm.core.actor import Actor
from clubcrm.core.events import record
from clubcrm.core.period import Period
from clubcrm.core.sql import chunks
from clubcrm.members.events import TermsMoved
from clubcrm.members.models import Closure, Freeze, Membership
from clubcrm.members.operations.locks import locked_terms
from clubcrm.members.policies import agreed_end, end_with_pauses, first_end
from clubcrm.members.states import Link

_term = cast(Table, Membership.__table__)


@dataclass(frozen=True)
class Moved:
    """How a term's days changed."""

    membership_id: int
    person_id: int
    club_id: int
    was_starts_on: date
    was_until_on: date | None
    starts_on: date
    until_on: date | None


def move_ends(session: Session, membership_ids: Iterable[int], *, today: date) -> dict[int, Moved]:
    """Recompute the ends of terms of one club from their agreed ends and pauses; returns what moved.

    A queued renewal that has not begun by `today` and follows without a gap moves along, its own
    length counted from its new start, and so on down the chain. Costs a few statements a link of the
    longest chain, whatever the number of terms. The club's closures must be held.
    """
    moved: dict[int, Moved] = {}
    starts: dict[int, date] = {}
    wave = sorted(set(membership_ids))
    closures: list[Closure] | None = None
    while wave:
        terms = locked_terms(session, wave)
        freezes = freezes_by_term(session, wave)
        if closures is None:
            closures = extending_closures(session, *{term["club_id"] for term in terms})
        step = [
            change
            for term in terms
            if (change := _recomputed(term, starts.get(term["id"]), freezes, closures)) is not None
        ]
        _write(session, [change for change, _ in step], [agreed for _, agreed in step])
        for move, _ in step:
            first = moved.get(move.membership_id, move)
            moved[move.membership_id] = replace(
                move, was_starts_on=first.was_starts_on, was_until_on=first.was_until_on
            )
        starts = _queued_behind(session, [change for change, _ in step], today)
        wave = sorted(starts)
    return moved


def record_moves(session: Session, moved: Iterable[Moved], *, by: Actor, now: datetime) -> None:
    """Write down whose terms moved."""
    events = (
        TermsMoved(
            club_id=move.club_id,
            person_id=move.person_id,
            membership_id=move.membership_id,
            starts_on=move.starts_on,
            was_until_on=move.was_until_on,
            until_on=move.until_on,
            affects_from_on=min(move.starts_on, move.was_starts_on),
        )
        for move in moved
    )
    record(session, *events, by=by, now=now)


def freezes_by_term(
    session: Session, membership_ids: Sequence[int]
) -> dict[int, list[dict[str, Any]]]:
    """The freezes that count of each term, oldest first."""
    found: dict[int, list[dict[str, Any]]] = {}
    for chunk in chunks(membership_ids, 5000):
        query = (
            select(Freeze.__table__)
            .where(Freeze.membership_id.in_(chunk), Freeze.cancelled_at.is_(None))
            .order_by(Freeze.from_on)
        )
        for freeze in session.execute(query).mappings():
            found.setdefault(freeze["membership_id"], []).append(dict(freeze))
    return found


def extending_closures(session: Session, *club_ids: int) -> list[Closure]:
    """The closures whose days are given back to running terms."""
    query = select(Closure).where(Closure.club_id.in_(club_ids), Closure.extends_terms)
    return list(session.scalars(query))


def pauses_of(
    term: Mapping[str, Any],
    freezes: Iterable[Mapping[str, Any]],
    closures: Iterable[Closure],
) -> list[Period]:
    """What pauses a term: its own freezes, and closures that are not in its agreed end already."""
    pauses = [Period(freeze["from_on"], freeze["until_on"]) for freeze in freezes]
    pauses += [
        Period(closure.from_on, closure.until_on)
        for closure in closures
        if closure.no > term["closures_after_no"]
    ]
    return pauses


def end_of(
    term: Mapping[str, Any],
    agreed_until: date | None,
    starts_on: date,
    pauses: Iterable[Period],
) -> date | None:
    """The first day after a term, by its agreed end, its pauses and whatever ended it early."""
    return first_end(
        end_with_pauses(starts_on, agreed_until, pauses),
        term["cancel_until_on"],
        term["cut_until_on"],
    )


def _recomputed(
    term: dict[str, Any],
    new_start: date | None,
    freezes: Mapping[int, Sequence[dict[str, Any]]],
    closures: Sequence[Closure],
) -> tuple[Moved, date | None] | None:
    """How the term's days change, and its new agreed end; None where nothing changes."""
    starts_on: date = term["starts_on"] if new_start is None else new_start
    agreed: date | None = term["agreed_until_on"]
    if starts_on != term["starts_on"]:
        agreed = agreed_end(
            starts_on,
            months=term["months"],
            days=term["days"],
            calendar=term["calendar"],
            anchor_on=term["anchor_on"],
        )
    pauses = pauses_of(term, freezes.get(term["id"], ()), closures)
    until_on = end_of(term, agreed, starts_on, pauses)
    if (starts_on, until_on) == (term["starts_on"], term["until_on"]):
        return None
    move = Moved(
        term["id"],
        term["person_id"],
        term["club_id"],
        term["starts_on"],
        term["until_on"],
        starts_on,
        until_on,
    )
    return move, agreed


def _write(session: Session, moves: Sequence[Moved], agreed: Sequence[date | None]) -> None:
    if not moves:
        return
    statement = (
        update(_term)
        .where(_term.c.id == bindparam("term_id"))
        .values(
            starts_on=bindparam("new_start"),
            until_on=bindparam("new_until"),
            agreed_until_on=bindparam("new_agreed"),
            revision=_term.c.revision + 1,
        )
    )
    rows = [
        {
            "term_id": move.membership_id,
            "new_start": move.starts_on,
            "new_until": move.until_on,
            "new_agreed": agreed_until,
        }
        for move, agreed_until in zip(moves, agreed)
    ]
    session.connection().execute(statement, rows)
    forget_terms(session, {move.membership_id for move in moves})


def forget_terms(session: Session, membership_ids: Iterable[int]) -> None:
    """Let loaded objects of these terms be read anew: statements changed their rows."""
    ids = set(membership_ids)
    for row in list(session.identity_map.values()):
        if isinstance(row, Membership) and row.id in ids:
            session.expire(row)


def _queued_behind(session: Session, moves: Sequence[Moved], today: date) -> dict[int, date]:
    """Renewals that follow moved terms without a gap and have not begun, with their new starts."""
    ended = {m.membership_id: m for m in moves if m.was_until_on is not None and m.until_on}
    starts: dict[int, date] = {}
    for chunk in chunks(sorted(ended), 5000):
        query = select(_term.c.id, _term.c.previous_id, _term.c.starts_on).where(
            _term.c.previous_id.in_(chunk),
            _term.c.voided_at.is_(None),
            _term.c.link == Link.RENEWAL,
            _term.c.starts_on > today,
        )
        for membership_id, previous_id, starts_on in session.execute(query):
            move = ended[previous_id]
            if starts_on == move.was_until_on and move.until_on is not None:
                starts[membership_id] = move.until_on
    return starts
