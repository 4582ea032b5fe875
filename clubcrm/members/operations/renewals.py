"""Renewing a term by a new one, and replacing it inside its cycle."""

from collections.abc import Sequence
from datetime import date, datetime, timedelta
from typing import Any, cast

from sqlalchemy import Table, update
from sqlalchemy.orm import Session

from clubcrm.accounts.queries import get_club
from clubcrm.core.actor import Actor
from clubcrm.core.calendars import CalendarName, months_between, term_until
from clubcrm.core.money import Money
from clubcrm.core.period import Period
from clubcrm.members.errors import (
    AlreadyRenewed,
    HasSuccessor,
    MembershipIsOver,
    NothingToRenew,
    PlanHasNoLength,
    StartsTooEarly,
    TermIsFrozen,
    UnknownPlan,
    UpgradeIsOver,
)
from clubcrm.members.models import Freeze, Membership, Plan
from clubcrm.members.operations.ends import (
    extending_closures,
    forget_terms,
    freezes_by_term,
    move_ends,
    pauses_of,
    record_moves,
)
from clubcrm.members.operations.locks import held_term, successor_of
from clubcrm.members.operations.terms import TermValues, start_membership
from clubcrm.members.policies import agreed_end, end_with_pauses
from clubcrm.members.states import EndReason, Link, PlanKind

_term = cast(Table, Membership.__table__)
_freeze = cast(Table, Freeze.__table__)
_FINAL = (EndReason.UPGRADED, EndReason.TRANSFERRED, EndReason.DIED)


def renew_membership(
    session: Session,
    membership_id: int,
    *,
    plan_id: int | None = None,
    starts_on: date | None = None,
    ends_on: date | None = None,
    price: Money | None = None,
    auto_renew: bool | None = None,
    by: Actor,
    now: datetime,
    seller: str = "",
) -> int:
    """Renew a term: a new one, linked to it; returns the new term's id.

    Without a day it starts when the old one ends, or today where that is past, so that the gap stays
    visible. Sold early it is queued. A pack that is used up is renewed from today. Without a plan the
    same is sold again; without a price, at the plan's price, else at that of the term before.
    `auto_renew` None = as the plan says. Where
    no last valid day is given and a plan that came in by an import has no length, the old term's
    length counts again.

    Raises AlreadyRenewed, BadTerm, NothingToRenew, PlanHasNoLength, StartsTooEarly, MembershipIsVoid,
    UnknownMembership, UnknownPlan.
    """
    term = held_term(session, membership_id)
    if successor_of(session, membership_id) is not None:
        raise AlreadyRenewed
    if term["end_reason"] in _FINAL or (term["until_on"] is None and term["kind"] != PlanKind.PACK):
        raise NothingToRenew
    today = get_club(session, term["club_id"]).today(now)
    earliest = _earliest_start(term, today)
    if starts_on is not None and starts_on < earliest:
        raise StartsTooEarly(day=earliest.isoformat())
    plan = _plan(session, plan_id or term["plan_id"], term["club_id"])
    starts_on = starts_on or max(earliest, today)
    values = TermValues(
        person_id=term["person_id"],
        plan_id=plan.id,
        starts_on=starts_on,
        agreed_until_on=_agreed_until(term, plan, starts_on, ends_on),
        price=_renewal_price(term, plan) if price is None else price,
        auto_renew=auto_renew,
        previous_id=membership_id,
        link=Link.RENEWAL,
        renewals_before=term["renewals_before"],
        seller=seller or by.name,
    )
    return start_membership(session, values, club_id=term["club_id"], by=by, now=now)


def upgrade_membership(
    session: Session,
    membership_id: int,
    plan_id: int,
    *,
    on: date,
    price: Money | None = None,
    by: Actor,
    now: datetime,
    seller: str = "",
) -> int:
    """Replace a running term by another plan from a day on, inside its cycle; returns the new id.

    No renewal: the new plan's length counts from the start of the old term, with the days it was
    paused until then given back. The old term ends on that day, and its later freezes go over to
    the new one. Raises HasSuccessor, MembershipIsOver, TermIsFrozen, UpgradeIsOver,
    UnknownMembership, UnknownPlan.
    """
    term = held_term(session, membership_id)
    plan = _plan(session, plan_id, term["club_id"])
    if successor_of(session, membership_id) is not None:
        raise HasSuccessor
    if on <= term["starts_on"] or (term["until_on"] is not None and on >= term["until_on"]):
        raise MembershipIsOver
    freezes = freezes_by_term(session, [membership_id]).get(membership_id, [])
    if any(Period(f["from_on"], f["until_on"]).contains(on) for f in freezes):
        raise TermIsFrozen
    values = TermValues(
        person_id=term["person_id"],
        plan_id=plan.id,
        starts_on=on,
        until_on=None,
        agreed_until_on=_agreed_end_of_upgrade(session, term, plan, on, freezes),
        price=price_of(plan) if price is None else price,
        previous_id=membership_id,
        link=Link.UPGRADE,
        renewals_before=term["renewals_before"],
        seller=seller or by.name,
    )
    _cut(session, term, on)
    new_id = start_membership(session, values, club_id=term["club_id"], by=by, now=now)
    later = [freeze["id"] for freeze in freezes if freeze["from_on"] > on]
    if later:
        hang_freezes(session, later, new_id)
        today = get_club(session, term["club_id"]).today(now)
        moved = move_ends(session, [new_id], today=today)
        record_moves(session, moved.values(), by=by, now=now)
    return new_id


def price_of(plan: Plan) -> Money | None:
    """The price on a plan's label; None where it is not known."""
    return None if plan.price_minor is None else Money(plan.price_minor, plan.currency)


def hang_freezes(session: Session, freeze_ids: Sequence[int], membership_id: int) -> None:
    """Let freezes belong to another term of the same person."""
    session.execute(
        update(_freeze)
        .where(_freeze.c.id.in_(freeze_ids))
        .values(membership_id=membership_id, revision=_freeze.c.revision + 1)
    )


def _is_used_up(term: dict[str, Any]) -> bool:
    return term["kind"] == PlanKind.PACK and term["visits_left"] == 0


def _earliest_start(term: dict[str, Any], today: date) -> date:
    """When a renewal may begin: at the old end; at once where a pack is used up or has no end."""
    if term["until_on"] is None or _is_used_up(term):
        return max(today, term["starts_on"])
    return term["until_on"]


def _renewal_price(term: dict[str, Any], plan: Plan) -> Money | None:
    """What a renewal costs where nothing was agreed."""
    if price_of(plan) is None and plan.id == term["plan_id"] and term["price_minor"] is not None:
        return Money(term["price_minor"], term["currency"])
    return price_of(plan)


def _agreed_until(
    term: dict[str, Any], plan: Plan, starts_on: date, ends_on: date | None
) -> date | None:
    """The end that is agreed; else that of a term as long as the one before, where the plan has none."""
    if ends_on is not None:
        return ends_on + timedelta(days=1)
    is_known = plan.months is not None or plan.days is not None or plan.kind != PlanKind.TERM
    if is_known or plan.id != term["plan_id"] or term["agreed_until_on"] is None:
        return None
    calendar = cast(CalendarName, term["calendar"])
    months = months_between(term["starts_on"], term["agreed_until_on"], calendar)
    if months:
        return term_until(starts_on, months, calendar)
    return starts_on + (term["agreed_until_on"] - term["starts_on"])


def _plan(session: Session, plan_id: int, club_id: int) -> Plan:
    plan = session.get(Plan, plan_id)
    if plan is None or plan.club_id != club_id:
        raise UnknownPlan
    return plan


def _agreed_end_of_upgrade(
    session: Session, term: dict[str, Any], plan: Plan, on: date, freezes: Sequence[dict[str, Any]]
) -> date | None:
    """The new plan's end counted from the old start, pauses before the day given back."""
    if plan.kind == PlanKind.ROLLING:
        return None
    end = agreed_end(
        term["starts_on"],
        months=plan.months,
        days=plan.days,
        calendar=plan.calendar,
        anchor_on=term["anchor_on"],
    )
    closures = extending_closures(session, term["club_id"])
    before = (
        Period(pause.start, min(pause.until or on, on))
        for pause in pauses_of(term, freezes, closures)
        if pause.start < on
    )
    end = end_with_pauses(term["starts_on"], end, before)
    if end is not None and end <= on:
        raise UpgradeIsOver
    if end is None and plan.kind == PlanKind.TERM:
        raise PlanHasNoLength(plan=plan.name)
    return end


def _cut(session: Session, term: dict[str, Any], on: date) -> None:
    """End the replaced term on the day before."""
    session.execute(
        update(_term)
        .where(_term.c.id == term["id"])
        .values(
            until_on=on,
            cut_until_on=on,
            end_reason=EndReason.UPGRADED,
            revision=_term.c.revision + 1,
        )
    )
    forget_terms(session, [term["id"]])
