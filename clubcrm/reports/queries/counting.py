"""Counting the base and the visits by the hour of a club's last days, from its terms and visits."""

from collections import Counter
from collections.abc import Iterable
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from typing import Any, Final, cast
from zoneinfo import ZoneInfo

from sqlalchemy import Table, or_, select
from sqlalchemy.orm import Session

from clubcrm.accounts.queries import ClubRow, get_club
from clubcrm.core.days import day_bounds
from clubcrm.members.models import Membership
from clubcrm.visits.models import Visit

A_DAY: Final = timedelta(days=1)
BASE_DAYS: Final = 90
"""So many days of the base are counted anew, today among them."""

HEAT_DAYS: Final = 28
"""So many days of visits, up to yesterday: each weekday is in them four times."""

_term = cast(Table, Membership.__table__)
_visit = cast(Table, Visit.__table__)


@dataclass(frozen=True)
class Counts:
    """What was counted of a club up to a day."""

    today: date
    base: dict[date, int]
    hours: dict[tuple[date, int], int]


def count(session: Session, club_id: int, now: datetime) -> Counts:
    """Count the last days of a club from its terms and visits."""
    club = get_club(session, club_id)
    today = club.today(now)
    return Counts(today, _base_of(session, club, today), _hours_of(session, club, today))


def _base_of(session: Session, club: ClubRow, today: date) -> dict[date, int]:
    """How many people had a running access term that is no trial, day by day."""
    first = today - (BASE_DAYS - 1) * A_DAY
    terms = session.execute(
        select(_term.c.person_id, _term.c.starts_on, _term.c.until_on)
        .where(
            _term.c.club_id == club.id,
            _term.c.is_access,
            _term.c.is_trial.is_(False),
            _term.c.voided_at.is_(None),
            _term.c.starts_on <= today,
            or_(_term.c.until_on.is_(None), _term.c.until_on > first),
        )
        .order_by(_term.c.person_id, _term.c.starts_on)
    )
    changes = _changes(terms, first, today + A_DAY)
    found, members = {}, 0
    for no in range(BASE_DAYS):
        day = first + no * A_DAY
        members += changes[day]
        found[day] = members
    return found


def _changes(terms: Iterable[Any], first: date, after: date) -> Counter[date]:
    """By how many people the base grows on a day; who has two terms at once counts once."""
    changes: Counter[date] = Counter()
    person, reach = None, first
    for person_id, starts_on, until_on in terms:
        if person_id != person:
            person, reach = person_id, first
        start, until = max(starts_on, reach), min(until_on or after, after)
        if start < until:
            changes[start] += 1
            changes[until] -= 1
            reach = until
    return changes


def _hours_of(session: Session, club: ClubRow, today: date) -> dict[tuple[date, int], int]:
    """How many visits began in each hour of the days that are over."""
    start, _end = day_bounds(today - HEAT_DAYS * A_DAY, club.timezone, club.day_cutoff_minutes)
    end, _later = day_bounds(today, club.timezone, club.day_cutoff_minutes)
    zone = ZoneInfo(club.timezone)
    visits = session.execute(
        select(_visit.c.on, _visit.c.checked_in_at).where(
            _visit.c.club_id == club.id,
            _visit.c.checked_in_at >= start,
            _visit.c.checked_in_at < end,
            _visit.c.undone_at.is_(None),
        )
    )
    return Counter((on, at.astimezone(zone).hour) for on, at in visits)
