"""Ending a contract by notice, ending it early, and taking back what was sold by mistake."""

from datetime import date, datetime, timedelta
from typing import Any, cast

from sqlalchemy import Table, update
from sqlalchemy.orm import Session

from clubcrm.accounts.queries import ClubRow, get_club
from clubcrm.core.actor import Actor
from clubcrm.core.calendars import CalendarName, add_months
from clubcrm.core.events import record
from clubcrm.core.folding import clean_text
from clubcrm.members.errors import (
    AlreadyCancelled,
    CancelledTooLate,
    HasSuccessor,
    LastDayPast,
    MembershipIsOver,
    NotCancelled,
    NothingToCancel,
)
from clubcrm.members.events import (
    CancellationRequested,
    CancellationWithdrawn,
    MembershipEndedEarly,
    MembershipVoided,
)
from clubcrm.members.models import Membership
from clubcrm.members.operations.ends import (
    forget_terms,
    freezes_by_term,
    move_ends,
    record_moves,
)
from clubcrm.members.operations.locks import held_term, locked_terms, successor_of
from clubcrm.members.operations.renewals import hang_freezes
from clubcrm.members.states import EndReason, Link, PlanKind

NOTICE_DAYS = "notice_days"
"""Club setting: days from a notice to the earliest end of a month-to-month contract (default 0)."""

_ONE_DAY = timedelta(days=1)
_term = cast(Table, Membership.__table__)


def request_cancellation(
    session: Session,
    membership_id: int,
    *,
    last_day: date | None = None,
    reason: str = "",
    by: Actor,
    now: datetime,
) -> date:
    """Take a member's notice for a contract that would go on by itself; returns its last day.

    Without a day it ends with the contract month (counted from its start) in which the club's
    notice runs out; a term that would renew by itself ends at its end. Raises AlreadyCancelled,
    LastDayPast, MembershipIsOver, NothingToCancel, MembershipIsVoid, UnknownMembership.
    """
    term = held_term(session, membership_id)
    club = get_club(session, term["club_id"])
    today = club.today(now)
    if term["cancel_until_on"] is not None:
        raise AlreadyCancelled
    if term["until_on"] is not None and term["until_on"] <= today:
        raise MembershipIsOver
    if term["kind"] != PlanKind.ROLLING and not term["auto_renew"]:
        raise NothingToCancel
    until_on = _notice_end(term, club, today) if last_day is None else last_day + _ONE_DAY
    if until_on <= max(today, term["starts_on"]):
        raise LastDayPast
    changes = {
        "cancel_requested_at": now,
        "cancel_until_on": until_on,
        "end_reason": EndReason.CANCELLED,
        "end_note": clean_text(reason, 240),
    }
    _change(session, membership_id, changes)
    _follow(session, membership_id, today, by=by, now=now)
    event = CancellationRequested(
        club_id=term["club_id"],
        person_id=term["person_id"],
        membership_id=membership_id,
        cancel_until_on=until_on,
        affects_from_on=max(today, term["starts_on"]),
    )
    record(session, event, by=by, now=now)
    return until_on - _ONE_DAY


def withdraw_cancellation(
    session: Session, membership_id: int, *, by: Actor, now: datetime
) -> None:
    """Take a notice back before its last day is over: the contract goes on as before.

    Raises CancelledTooLate, NotCancelled, MembershipIsVoid, UnknownMembership.
    """
    term = held_term(session, membership_id)
    today = get_club(session, term["club_id"]).today(now)
    if term["cancel_until_on"] is None:
        raise NotCancelled
    if term["cancel_until_on"] <= today:
        raise CancelledTooLate
    if successor_of(session, membership_id) is not None:
        raise HasSuccessor
    requested = term["cancel_requested_at"]
    requested_on = get_club(session, term["club_id"]).today(requested) if requested else today
    changes = {
        "cancel_requested_at": None,
        "cancel_until_on": None,
        "end_reason": None,
        "end_note": "",
    }
    _change(session, membership_id, changes)
    _follow(session, membership_id, today, by=by, now=now)
    event = CancellationWithdrawn(
        club_id=term["club_id"],
        person_id=term["person_id"],
        membership_id=membership_id,
        affects_from_on=min(requested_on, today),
    )
    record(session, event, by=by, now=now)


def end_membership(
    session: Session,
    membership_id: int,
    *,
    on: date,
    end_reason: EndReason,
    note: str = "",
    by: Actor,
    now: datetime,
) -> None:
    """End a term early: refunded, transferred, or the member died; `on` is the first day without it.

    Notice is `request_cancellation`, a replacement `upgrade_membership`. Raises HasSuccessor,
    MembershipIsOver, MembershipIsVoid, UnknownMembership.
    """
    if end_reason not in (EndReason.REFUNDED, EndReason.TRANSFERRED, EndReason.DIED):
        raise ValueError(f"a term is not ended early because it was {end_reason.value}")
    term = held_term(session, membership_id)
    if on <= term["starts_on"] or (term["until_on"] is not None and on >= term["until_on"]):
        raise MembershipIsOver
    if successor_of(session, membership_id) is not None:
        raise HasSuccessor
    changes = {"cut_until_on": on, "end_reason": end_reason, "end_note": clean_text(note, 240)}
    _change(session, membership_id, changes)
    move_ends(session, [membership_id], today=get_club(session, term["club_id"]).today(now))
    event = MembershipEndedEarly(
        club_id=term["club_id"],
        person_id=term["person_id"],
        membership_id=membership_id,
        until_on=on,
        end_reason=end_reason,
        affects_from_on=term["starts_on"],
    )
    record(session, event, by=by, now=now)


def void_membership(
    session: Session, membership_id: int, *, reason: str, by: Actor, now: datetime
) -> None:
    """Take back a term that was sold by mistake: it counts nowhere from now on.

    A term that was replaced by it runs on as before. Raises HasSuccessor while a later term follows,
    MembershipIsVoid, UnknownMembership.
    """
    term = held_term(session, membership_id)
    if successor_of(session, membership_id) is not None:
        raise HasSuccessor
    club = get_club(session, term["club_id"])
    _change(session, membership_id, {"voided_at": now, "end_note": clean_text(reason, 240)})
    affects_from_on = min(term["starts_on"], club.today(term["sold_at"]))
    if term["link"] == Link.UPGRADE:
        previous = _restore(session, term, club.today(now), by=by, now=now)
        affects_from_on = min(affects_from_on, previous["starts_on"])
    event = MembershipVoided(
        club_id=term["club_id"],
        person_id=term["person_id"],
        membership_id=membership_id,
        affects_from_on=affects_from_on,
    )
    record(session, event, by=by, now=now)


def _restore(
    session: Session, upgrade: dict[str, Any], today: date, *, by: Actor, now: datetime
) -> dict[str, Any]:
    """Let the term run on that an upgrade had replaced, with the freezes that had gone over."""
    (previous,) = locked_terms(session, [upgrade["previous_id"]])
    _change(session, previous["id"], {"cut_until_on": None, "end_reason": None})
    freezes = freezes_by_term(session, [upgrade["id"]]).get(upgrade["id"], [])
    if freezes:
        hang_freezes(session, [freeze["id"] for freeze in freezes], previous["id"])
    _follow(session, previous["id"], today, by=by, now=now)
    return previous


def _notice_end(term: dict[str, Any], club: ClubRow, today: date) -> date:
    """The first day without the contract when no day was agreed."""
    if term["kind"] != PlanKind.ROLLING and term["until_on"] is not None:
        return cast(date, term["until_on"])
    notice_over = today + timedelta(days=int(club.settings.get(NOTICE_DAYS, 0)))
    months = 1
    calendar = cast(CalendarName, term["calendar"])
    while (end := add_months(term["starts_on"], months, calendar)) <= notice_over:
        months += 1
    return end


def _change(session: Session, membership_id: int, changes: dict[str, Any]) -> None:
    session.execute(
        update(_term)
        .where(_term.c.id == membership_id)
        .values(revision=_term.c.revision + 1, **changes)
    )
    forget_terms(session, [membership_id])


def _follow(session: Session, membership_id: int, today: date, *, by: Actor, now: datetime) -> None:
    """Recompute the end, and write down what moved behind it."""
    moved = move_ends(session, [membership_id], today=today)
    behind = [move for move in moved.values() if move.membership_id != membership_id]
    record_moves(session, behind, by=by, now=now)
