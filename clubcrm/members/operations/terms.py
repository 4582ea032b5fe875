"""Starting terms: what was sold is copied onto a row of its own."""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime
from enum import Enum
from typing import Any, Literal, cast

from sqlalchemy import Table, select
from sqlalchemy.orm import Session

from clubcrm.accounts.queries import ClubRow, get_club
from clubcrm.core.actor import Actor
from clubcrm.core.events import Event, record
from clubcrm.core.folding import clean_text
from clubcrm.core.money import Money
from clubcrm.core.sql import chunks, insert_many
from clubcrm.core.transactions import on_violation
from clubcrm.members.errors import (
    AlreadyRenewed,
    BadTerm,
    MembershipIdTaken,
    PlanHasNoLength,
    UnknownMembership,
    UnknownPerson,
    UnknownPlan,
)
from clubcrm.members.events import (
    MembershipImported,
    MembershipRenewed,
    MembershipSold,
    MembershipUpgraded,
)
from clubcrm.members.models import Closure, Membership, Person, Plan
from clubcrm.members.operations.ends import end_of, extending_closures, pauses_of
from clubcrm.members.operations.locks import hold_closures, hold_people, locked_terms
from clubcrm.members.operations.search_index import show_at_clubs
from clubcrm.members.policies import agreed_end
from clubcrm.members.states import EndReason, Link, PlanKind

on_violation("uq_membership_club_id_external_id", MembershipIdTaken)
on_violation("uq_membership_previous_id", AlreadyRenewed)
on_violation("ck_membership_ends_after_start", BadTerm)

_term = cast(Table, Membership.__table__)


class ByPlan(Enum):
    """The marker of a term whose end is counted from its plan."""

    BY_PLAN = "by_plan"


BY_PLAN = ByPlan.BY_PLAN


@dataclass(frozen=True, kw_only=True)
class TermValues:
    """One term to start.

    `until_on` is the first day after it: BY_PLAN counts it from the plan, a day is taken as it is
    (it holds the closures declared so far), None is month to month. `agreed_until_on`, where given,
    stands for all of this: the end before pauses. `price` None = not known. `sold_at` None = now.
    `visits_left` and `auto_renew` None = as the plan says.
    """

    person_id: int
    plan_id: int
    starts_on: date
    until_on: date | Literal[ByPlan.BY_PLAN] | None = BY_PLAN
    agreed_until_on: date | None = None
    price: Money | None = None
    paid_before: Money | None = None
    sold_at: datetime | None = None
    visits_total: int | None = None
    visits_left: int | None = None
    auto_renew: bool | None = None
    previous_id: int | None = None
    link: Link | None = None
    external_id: str | None = None
    renewals_before: int = 0
    seller: str = ""
    cancel_requested_at: datetime | None = None
    cancel_until_on: date | None = None
    end_reason: EndReason | None = None
    end_note: str = ""


def start_memberships(
    session: Session,
    terms: Sequence[TermValues],
    *,
    club_id: int,
    by: Actor,
    now: datetime,
    imported: bool = False,
    as_of_on: date | None = None,
) -> list[int]:
    """Start terms at a club; returns their ids in the order given.

    Closures that lie in a term and were declared before its sale are given back at once. `as_of_on`
    is the day of which an imported file speaks (None = today). Raises AlreadyRenewed, BadTerm,
    MembershipIdTaken, PlanHasNoLength, UnknownMembership, UnknownPerson, UnknownPlan.
    """
    if not terms:
        return []
    club = get_club(session, club_id)
    book_no = hold_closures(session, club_id)
    closures = extending_closures(session, club_id)
    plans = _plans(session, {values.plan_id for values in terms}, club_id)
    _check_people(session, {values.person_id for values in terms})
    hold_people(session, {values.person_id for values in terms})
    previous = _previous_terms(session, terms)
    rows = [
        _row(
            values,
            plans[values.plan_id],
            previous.get(values.previous_id or 0),
            closures=closures,
            club_id=club_id,
            book_no=book_no,
            sold_here=not imported,
            now=now,
        )
        for values in terms
    ]
    ids = insert_many(session, _term, rows)
    show_at_clubs(session, ((row["person_id"], club_id) for row in rows))
    as_of_on = (as_of_on or club.today(now)) if imported else None
    events = [_event(mid, row, club, as_of_on, previous) for mid, row in zip(ids, rows)]
    record(session, *events, by=by, now=now)
    return ids


def start_membership(
    session: Session, values: TermValues, *, club_id: int, by: Actor, now: datetime
) -> int:
    """Start one term; returns its id. Refusals as `start_memberships`."""
    return start_memberships(session, [values], club_id=club_id, by=by, now=now)[0]


def _row(
    values: TermValues,
    plan: Plan,
    previous: Mapping[str, Any] | None,
    *,
    closures: Sequence[Closure],
    club_id: int,
    book_no: int,
    sold_here: bool,
    now: datetime,
) -> dict[str, Any]:
    """The row of a term, its end counted."""
    visits_total = values.visits_total if values.visits_total is not None else plan.visits
    visits_left = values.visits_left if values.visits_left is not None else visits_total
    row: dict[str, Any] = {
        "club_id": club_id,
        "person_id": values.person_id,
        "plan_id": plan.id,
        "external_id": clean_text(values.external_id or "", 120) or None,
        "is_access": plan.is_access,
        "is_trial": plan.is_trial,
        "starts_on": values.starts_on,
        "visits_total": visits_total,
        "visits_left": visits_left,
        "auto_renew": plan.auto_renew if values.auto_renew is None else values.auto_renew,
        "price_minor": None if values.price is None else values.price.minor,
        "paid_before_minor": None if values.paid_before is None else values.paid_before.minor,
        "currency": _currency(values, plan),
        "sold_at": values.sold_at or now,
        "sold_here": sold_here,
        "seller": clean_text(values.seller, 120),
        "previous_id": values.previous_id,
        "link": values.link or (Link.RENEWAL if values.previous_id else None),
        "renewals_before": values.renewals_before,
        "cancel_requested_at": values.cancel_requested_at,
        "cancel_until_on": values.cancel_until_on,
        "cut_until_on": None,
        "end_reason": values.end_reason,
        "end_note": clean_text(values.end_note, 240),
        "voided_at": None,
        "revision": 1,
        "created_at": now,
    }
    row |= _length(values, plan, previous)
    holds_closures = values.until_on is not BY_PLAN and values.agreed_until_on is None
    row["closures_after_no"] = book_no if holds_closures else 0
    until_on = end_of(row, row["agreed_until_on"], values.starts_on, pauses_of(row, (), closures))
    if until_on is not None and until_on <= values.starts_on:
        raise BadTerm
    return row | {"until_on": until_on}


def _currency(values: TermValues, plan: Plan) -> str:
    """The currency of a term's money: of its price, else of what was paid, else of its plan."""
    told = values.paid_before if values.price is None else values.price
    return plan.currency if told is None else told.currency


def _length(values: TermValues, plan: Plan, previous: Mapping[str, Any] | None) -> dict[str, Any]:
    """Kind, length, anchor and agreed end of a term."""
    told = values.agreed_until_on or values.until_on
    anchor_on = values.starts_on
    if previous is not None and previous["until_on"] == values.starts_on:
        # The chain goes on without a gap, and keeps its day of the month.
        anchor_on = previous["anchor_on"]
    if not isinstance(told, ByPlan):
        kind = PlanKind.ROLLING if told is None and plan.kind == PlanKind.TERM else plan.kind
        days = None if told is None else (told - values.starts_on).days
        if days is not None and days < 1:
            raise BadTerm
        months = None
        if (
            values.link is Link.UPGRADE
            and plan.kind == PlanKind.TERM
            and (plan.months or plan.days)
        ):
            # It goes on within the cycle of the term before: as long as its plan, and begun earlier.
            months, days = plan.months, plan.days
    elif plan.kind == PlanKind.ROLLING:
        kind, months, days = plan.kind, None, None
    else:
        kind, months, days = plan.kind, plan.months, plan.days
        if kind == PlanKind.TERM and months is None and days is None:
            raise PlanHasNoLength(plan=plan.name)
    if isinstance(told, ByPlan):
        told = agreed_end(
            values.starts_on, months=months, days=days, calendar=plan.calendar, anchor_on=anchor_on
        )
    return {
        "kind": kind,
        "calendar": plan.calendar,
        "months": months,
        "days": days,
        "anchor_on": anchor_on,
        "agreed_until_on": told,
    }


def _event(
    membership_id: int,
    row: Mapping[str, Any],
    club: ClubRow,
    as_of_on: date | None,
    previous: Mapping[int, Mapping[str, Any]],
) -> Event:
    """What happened by this term."""
    sold_on = club.today(row["sold_at"])
    what: dict[str, Any] = {
        "club_id": row["club_id"],
        "person_id": row["person_id"],
        "membership_id": membership_id,
        "plan_id": row["plan_id"],
        "starts_on": row["starts_on"],
        "until_on": row["until_on"],
        "affects_from_on": min(sold_on, row["starts_on"]),
    }
    if as_of_on is not None:
        return MembershipImported(as_of_on=as_of_on, **what)
    what |= {"price_minor": row["price_minor"], "currency": row["currency"]}
    if row["link"] == Link.UPGRADE:
        # The days of the replaced term are read differently from its first one.
        old_start = previous[row["previous_id"]]["starts_on"]
        what["affects_from_on"] = min(what["affects_from_on"], old_start)
        return MembershipUpgraded(previous_id=row["previous_id"], **what)
    if row["previous_id"]:
        return MembershipRenewed(previous_id=row["previous_id"], **what)
    return MembershipSold(**what)


def _plans(session: Session, plan_ids: set[int], club_id: int) -> dict[int, Plan]:
    query = select(Plan).where(Plan.id.in_(plan_ids), Plan.club_id == club_id)
    found = {plan.id: plan for plan in session.scalars(query)}
    if len(found) != len(plan_ids):
        raise UnknownPlan
    return found


def _check_people(session: Session, person_ids: Iterable[int]) -> None:
    for chunk in chunks(sorted(person_ids), 5000):
        known = session.scalars(select(Person.id).where(Person.id.in_(chunk))).all()
        if len(known) != len(chunk):
            raise UnknownPerson


def _previous_terms(session: Session, terms: Sequence[TermValues]) -> dict[int, Mapping[str, Any]]:
    """The terms that are followed, locked: nobody else may follow them meanwhile."""
    ids = {values.previous_id for values in terms if values.previous_id is not None}
    rows: dict[int, Mapping[str, Any]] = {
        row["id"]: row for row in locked_terms(session, sorted(ids))
    }
    persons = {v.previous_id: v.person_id for v in terms if v.previous_id is not None}
    if any(rows[pid]["person_id"] != person for pid, person in persons.items() if pid in rows):
        raise UnknownMembership
    if len(rows) != len(ids):
        raise UnknownMembership
    return rows
