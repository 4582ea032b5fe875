"""What the owner's page counts over the whole club: kept once a minute, so that it opens alike at any size.

Who is named is read at once; only these numbers may be a minute or two old, and the page says of when.
"""

from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass
from datetime import date, datetime, timedelta
from typing import Any, Final, cast

from sqlalchemy import BindParameter, Table, bindparam, func, select
from sqlalchemy.orm import Session

from clubcrm.accounts.queries import ClubRow
from clubcrm.core.calendars import CalendarName, add_months, month_start
from clubcrm.core.days import day_bounds
from clubcrm.core.models import EventLog
from clubcrm.reports.models import OwnerCount
from clubcrm.reports.queries.owner.figures import (
    AtRisk,
    DueRow,
    Happened,
    at_risk,
    renewals_due,
    since_yesterday,
)
from clubcrm.reports.queries.owner.groups import Asked
from clubcrm.reports.queries.renewals import RenewalRow, renewals
from clubcrm.reports.states import DuePart, Group
from clubcrm.retention.models import PhaseChange

A_DAY: Final = timedelta(days=1)
MONTHS: Final = 6
FRESH: Final = timedelta(seconds=150)
"""So old a kept count is still shown; a job looks once a minute whether there is something to count."""

ANEW: Final = timedelta(minutes=10)
"""After so long it is counted again in any case: what is written late leaves no mark in order."""

_kept = cast(Table, OwnerCount.__table__)
_event = cast(Table, EventLog.__table__)
_change = cast(Table, PhaseChange.__table__)


@dataclass(frozen=True)
class Summary:
    """Who is at risk, what is due, what happened since yesterday, and how the last months renewed."""

    risk: AtRisk
    due: Sequence[DueRow]
    happened: Sequence[Happened]
    months: Sequence[RenewalRow]
    counted_at: datetime

    def as_json(self) -> dict[str, Any]:
        """As it is kept."""
        return {
            "at": self.counted_at.isoformat(),
            "risk": asdict(self.risk),
            "due": [[row.part, list(row.counts)] for row in self.due],
            "happened": [[one.group, one.people] for one in self.happened],
            "months": [asdict(row) for row in self.months],
        }


def summary_of(session: Session, club: ClubRow, now: datetime) -> Summary:
    """The summary of a club: as it was kept within the last minutes, else counted now."""
    row = session.execute(_KEPT, {"club": club.id}).one_or_none()
    if (
        row is not None
        and row.on == club.today(now)
        and timedelta(0) <= now - row.counted_at < FRESH
    ):
        return _from_json(row.figures, row.counted_at)
    return count_summary(session, club, now)


def count_summary(session: Session, club: ClubRow, now: datetime) -> Summary:
    """Count it from the roll-ups and indexes."""
    today = club.today(now)
    since = day_bounds(today - A_DAY, club.timezone, club.day_cutoff_minutes)[0]
    calendar = cast(CalendarName, club.calendar)
    this_month = month_start(today, calendar)
    return Summary(
        risk=at_risk(session, club.id),
        due=renewals_due(session, club.id, today),
        happened=since_yesterday(session, Asked(club.id, Group.AT_RISK, today, since)),
        months=renewals(
            session,
            scope={club.id},
            start=add_months(this_month, 1 - MONTHS, calendar),
            end=add_months(this_month, 1, calendar) - A_DAY,
            today=today,
            is_brief=True,
        ),
        counted_at=now,
    )


@dataclass(frozen=True)
class Mark:
    """How far the logs had come: where they have come no further, there is nothing to count again."""

    event_id: int
    change_id: int


def mark_now(session: Session) -> Mark:
    """How far the logs have come."""
    return Mark(*(int(value or 0) for value in session.execute(_MARK).one()))


def mark_kept(session: Session, club_id: int, today: date, now: datetime) -> Mark | None:
    """How far they had come when a count of this day was kept; None without one, or with an old one."""
    row = session.execute(_KEPT, {"club": club_id}).one_or_none()
    if row is None or row.on != today:
        return None
    is_old = now - datetime.fromisoformat(row.figures["at"]) >= ANEW
    return None if is_old else Mark(row.event_id, row.change_id)


_CLUB: BindParameter[int] = bindparam("club")
_KEPT = select(_kept).where(_kept.c.club_id == _CLUB)
_MARK = select(
    select(func.max(_event.c.id)).scalar_subquery(),
    select(func.max(_change.c.id)).scalar_subquery(),
)


def _from_json(figures: Mapping[str, Any], counted_at: datetime) -> Summary:
    return Summary(
        risk=AtRisk(**figures["risk"]),
        due=[DueRow(DuePart(part) if part else None, tuple(n)) for part, n in figures["due"]],
        happened=[Happened(Group(group), people) for group, people in figures["happened"]],
        months=[RenewalRow(**row) for row in figures["months"]],
        counted_at=counted_at,
    )
