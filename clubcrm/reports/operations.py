"""Keeping the roll-ups true: called by the listeners, and whole by `rebuild_outcomes`."""

from collections.abc import Collection
from datetime import date, datetime
from itertools import groupby
from typing import Any, cast

from sqlalchemy import BindParameter, Table, bindparam, delete, func, insert, select, update
from sqlalchemy.orm import Session

from clubcrm.accounts.models import Club
from clubcrm.accounts.queries import get_club
from clubcrm.billing.models import Invoice
from clubcrm.core.days import club_day
from clubcrm.core.sql import chunks, upsert
from clubcrm.members.models import Membership, Person
from clubcrm.members.operations import hold_people
from clubcrm.members.policies import length_of
from clubcrm.members.states import EndReason, Link, PlanKind
from clubcrm.reports.models import BaseDay, OwnerCount, RenewalOutcome, VisitHour
from clubcrm.reports.policies import (
    Outcome,
    Term,
    monthly_minor,
    outcomes_of,
    window_days,
)
from clubcrm.reports.queries.counting import A_DAY, BASE_DAYS, HEAT_DAYS, Counts
from clubcrm.reports.queries.owner import Mark, Summary
from clubcrm.reports.states import Excluded
from clubcrm.retention.policies.rules import Rules, rules_of

EXCLUSIONS = {
    EndReason.UPGRADED: Excluded.UPGRADED,
    EndReason.TRANSFERRED: Excluded.TRANSFERRED,
    EndReason.REFUNDED: Excluded.REFUNDED,
    EndReason.DIED: Excluded.DIED,
}

MOST = 500  # people a statement

_outcome = cast(Table, RenewalOutcome.__table__)
_base = cast(Table, BaseDay.__table__)
_hour = cast(Table, VisitHour.__table__)
_owner = cast(Table, OwnerCount.__table__)

# Every sale and payment asks these: the statements are put together once.
_PEOPLE: BindParameter[int] = bindparam("people", expanding=True)
_FORGET = delete(_outcome).where(_outcome.c.person_id.in_(_PEOPLE))
OPEN_LENGTH = 30  # an open term counts as a month


def keep_outcomes(session: Session, person_ids: Collection[int]) -> int:
    """Look again at the terms of these people; returns how many ends stand now."""
    kept = 0
    for ids in chunks(sorted(set(person_ids)), MOST):
        # Two at once would each miss what the other sold.
        hold_people(session, ids)
        session.connection().execute(_FORGET, {"people": ids})
        rows = outcome_rows(session, ids)
        if rows:
            session.connection().execute(insert(_outcome), rows)
        kept += len(rows)
    return kept


def outcome_rows(session: Session, person_ids: Collection[int]) -> list[dict[str, Any]]:
    """What the roll-up should say of these people by their terms and payments, one row an end."""
    terms = _terms(session, person_ids)
    rules = {
        club_id: rules_of(get_club(session, club_id).settings)
        for club_id in {term.club_id for term in terms}
    }
    return [
        _row(outcome, rules[outcome.term.club_id])
        for _person, held in groupby(terms, key=lambda term: term.person_id)
        for outcome in outcomes_of(list(held))
    ]


def rebuild_outcomes(session: Session, club_id: int) -> int:
    """Count all of a club again; gives the same rows as the listeners kept."""
    ids = session.scalars(
        select(Membership.person_id).where(Membership.club_id == club_id).distinct()
    ).all()
    return keep_outcomes(session, ids)


_PAID = (
    select(Invoice.membership_id, func.sum(Invoice.paid_minor).label("minor"))
    .where(Invoice.person_id.in_(_PEOPLE), Invoice.membership_id.is_not(None))
    .group_by(Invoice.membership_id)
    .subquery()
)
_ACCESS_TERMS = (
    select(
        Membership.id,
        Membership.person_id,
        Membership.club_id,
        Membership.plan_id,
        Membership.kind,
        Membership.is_trial,
        Membership.starts_on,
        Membership.until_on,
        Membership.agreed_until_on,
        Membership.months,
        Membership.days,
        Membership.sold_at,
        Membership.sold_here,
        Membership.previous_id,
        Membership.link,
        Membership.price_minor,
        Membership.currency,
        Membership.auto_renew,
        Membership.end_reason,
        Membership.seller,
        Person.trainer,
        Club.timezone,
        Club.day_cutoff_minutes,
        func.coalesce(_PAID.c.minor, 0).label("paid_minor"),
    )
    .join(Person, Person.id == Membership.person_id)
    .join(Club, Club.id == Membership.club_id)
    .outerjoin(_PAID, _PAID.c.membership_id == Membership.id)
    .where(
        Membership.person_id.in_(_PEOPLE),
        Membership.is_access,
        Membership.voided_at.is_(None),
    )
    .order_by(Membership.person_id, Membership.starts_on, Membership.id)
)


def _terms(session: Session, person_ids: Collection[int]) -> list[Term]:
    """The access terms of these people, person by person."""
    rows = session.execute(_ACCESS_TERMS, {"people": list(person_ids)})
    return [_term(row) for row in rows]


def _term(row: Any) -> Term:
    return Term(
        id=row.id,
        person_id=row.person_id,
        club_id=row.club_id,
        plan_id=row.plan_id,
        is_fixed_term=row.kind == PlanKind.TERM,
        is_trial=row.is_trial,
        starts_on=row.starts_on,
        until_on=row.until_on,
        length=length_of(row.months, row.days, row.starts_on, row.agreed_until_on) or OPEN_LENGTH,
        sold_on=club_day(row.sold_at, row.timezone, row.day_cutoff_minutes),
        previous_id=row.previous_id,
        is_upgrade=row.link == Link.UPGRADE,
        price_minor=row.price_minor,
        currency=row.currency,
        is_auto=row.auto_renew,
        is_paid_or_free=not row.sold_here or not row.price_minor or row.paid_minor > 0,
        excluded=EXCLUSIONS.get(row.end_reason),
        seller=row.seller,
        trainer=row.trainer or "",
        is_pack=row.kind == PlanKind.PACK,
    )


def _row(outcome: Outcome, rules: Rules) -> dict[str, Any]:
    term, successor = outcome.term, outcome.successor
    return {
        "membership_id": term.id,
        "club_id": term.club_id,
        "person_id": term.person_id,
        "plan_id": term.plan_id,
        "seller": term.seller,
        "trainer": term.trainer,
        "ends_on": outcome.ends_on,
        "window_days": window_days(term.length, rules),
        "is_auto": term.is_auto,
        "monthly_minor": monthly_minor(term),
        "currency": term.currency,
        "excluded": outcome.excluded,
        "successor_id": successor.id if successor else None,
        "successor_sold_on": successor.sold_on if successor else None,
        "successor_starts_on": successor.starts_on if successor else None,
        "sold_after": (successor.sold_on - outcome.ends_on).days if successor else None,
        "starts_after": (successor.starts_on - outcome.ends_on).days if successor else None,
        "successor_monthly_minor": monthly_minor(successor) if successor else None,
        "direction": outcome.direction,
    }


def keep_counts(session: Session, club_id: int, counts: Counts, *, now: datetime) -> None:
    """Keep what was counted in the place of what stood of these days."""
    first = counts.today - (BASE_DAYS - 1) * A_DAY
    session.execute(delete(_base).where(_base.c.club_id == club_id, _base.c.on >= first))
    base = [
        {"club_id": club_id, "on": on, "members": members, "counted_at": now}
        for on, members in counts.base.items()
    ]
    session.execute(insert(_base), base)
    since = counts.today - HEAT_DAYS * A_DAY
    session.execute(delete(_hour).where(_hour.c.club_id == club_id, _hour.c.on >= since))
    hours = [
        {"club_id": club_id, "on": on, "hour": hour, "visits": visits}
        for (on, hour), visits in counts.hours.items()
    ]
    if hours:
        session.execute(insert(_hour), hours)


def keep_summary(
    session: Session, club_id: int, on: date, summary: Summary, mark: Mark, *, now: datetime
) -> None:
    """Keep what the owner's page counts, in the place of what stood."""
    row = {
        "club_id": club_id,
        "on": on,
        "counted_at": now,
        "event_id": mark.event_id,
        "change_id": mark.change_id,
        "figures": summary.as_json(),
    }
    upsert(session, _owner, [row], key=("club_id",))


def still_counts(session: Session, club_id: int, *, now: datetime) -> None:
    """Say of a kept count that it is right at this moment too."""
    session.execute(update(_owner).where(_owner.c.club_id == club_id).values(counted_at=now))
