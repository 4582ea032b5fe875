"""What must always hold for the roll-ups."""

from collections import Counter
from collections.abc import Iterator, Mapping
from datetime import date, datetime

from flask_babel import lazy_gettext as _l
from sqlalchemy import Executable, func, or_, select
from sqlalchemy.orm import Session

from clubcrm.core.invariants import Examined, Invariant
from clubcrm.core.models import EventLog
from clubcrm.core.sql import chunks
from clubcrm.members.models import Membership
from clubcrm.reports.models import BaseDay, RenewalOutcome, VisitHour
from clubcrm.reports.operations import MOST, outcome_rows
from clubcrm.reports.queries.counting import A_DAY, HEAT_DAYS, count


def _stale_outcomes(session: Session, examined: Examined) -> Iterator[str]:
    """Ends of terms of which the roll-up says something else than the terms themselves."""
    people = session.scalars(
        select(Membership.person_id)
        .where(Membership.club_id.in_(examined.clubs))
        .distinct()
        .order_by(Membership.person_id)
    ).all()
    outcome = RenewalOutcome.__table__
    for chunk in chunks(people, MOST):
        wanted = {row["membership_id"]: row for row in outcome_rows(session, chunk)}
        rows = session.execute(select(outcome).where(outcome.c.person_id.in_(chunk)))
        standing = {row["membership_id"]: row for row in map(dict, rows.mappings())}
        for membership_id in sorted(wanted.keys() | standing.keys()):
            should, is_now = wanted.get(membership_id), standing.get(membership_id)
            if should is None or is_now is None:
                yield f"membership {membership_id} ({'missing' if is_now is None else 'too many'})"
                continue
            differs = sorted(name for name in should if should[name] != is_now[name])
            if differs:
                yield f"membership {membership_id} ({', '.join(differs)})"


TOLD = ("Membership%", "Cancellation%", "Freeze%", "Terms%", "Closure%", "Visit%", "Import%")
"""Events after which a count is out of date until the next one, and rightly so."""


def _stale_counts(session: Session, examined: Examined) -> Iterator[str]:
    """Counts of the base or of the hours that say something else than the terms and visits."""
    for club_id in examined.clubs:
        at = session.scalar(select(func.max(BaseDay.counted_at)).where(BaseDay.club_id == club_id))
        if at is None or _is_told_since(session, club_id, at):
            continue
        counts = count(session, club_id, at)
        base = select(BaseDay.on, BaseDay.members).where(
            BaseDay.club_id == club_id, BaseDay.on.in_(counts.base)
        )
        yield from _differing(f"club {club_id}, base", counts.base, dict(_pairs(session, base)))
        hours = select(VisitHour.on, func.sum(VisitHour.visits)).where(
            VisitHour.club_id == club_id,
            VisitHour.on.between(counts.today - HEAT_DAYS * A_DAY, counts.today),
        )
        days: Counter[date] = Counter()
        for (on, _hour), visits in counts.hours.items():
            days[on] += visits
        kept = dict(_pairs(session, hours.group_by(VisitHour.on)))
        yield from _differing(f"club {club_id}, visits", days, kept)


def _pairs(session: Session, query: Executable) -> Iterator[tuple[date, int]]:
    for on, number in session.execute(query):
        yield on, int(number)


def _is_told_since(session: Session, club_id: int, at: datetime) -> bool:
    told = select(EventLog.id).where(
        EventLog.club_id == club_id,
        EventLog.at >= at,
        or_(*(EventLog.name.like(name) for name in TOLD)),
    )
    return session.scalar(told.limit(1)) is not None


def _differing(what: str, wanted: Mapping[date, int], kept: Mapping[date, int]) -> Iterator[str]:
    for on in sorted(wanted.keys() | kept.keys()):
        if wanted.get(on, 0) != kept.get(on, 0):
            yield f"{what} on {on} ({kept.get(on, 0)} for {wanted.get(on, 0)})"


INVARIANTS: tuple[Invariant, ...] = (
    Invariant(
        "reports.renewals",
        _l("The renewal report counts what the terms and payments say."),
        _stale_outcomes,
    ),
    Invariant(
        "reports.counts",
        _l("The owner's page counts the members and visits there are."),
        _stale_counts,
    ),
)
"""The invariants of the roll-ups."""
