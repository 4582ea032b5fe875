"""The base day by day, and the visits by weekday and hour: from their roll-ups."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime
from typing import Final, cast

from sqlalchemy import Table, func, select
from sqlalchemy.orm import Session

from clubcrm.reports.models import BaseDay, VisitHour
from clubcrm.reports.queries.counting import A_DAY, BASE_DAYS, HEAT_DAYS
from clubcrm.retention.models import DailyRun

_base = cast(Table, BaseDay.__table__)
_hour = cast(Table, VisitHour.__table__)
_run = cast(Table, DailyRun.__table__)

MONTH: Final = 30
"""Growth is told over so many days."""


@dataclass(frozen=True)
class Growth:
    """The members of a club on each day that is known, oldest first.

    Days before the club worked in this system are not known: a list that was brought along tells only
    of those who were still there.
    """

    days: Sequence[tuple[date, int]] = ()
    counted_at: datetime | None = None

    @property
    def members(self) -> int | None:
        """How many there are today; None before the first count."""
        return self.days[-1][1] if self.days else None

    @property
    def net(self) -> int | None:
        """By how many it grew in a month; None where nobody knows how many there were."""
        return self.days[-1][1] - self.days[-1 - MONTH][1] if len(self.days) > MONTH else None

    @property
    def share(self) -> float | None:
        """The same as a share of what there was."""
        before = self.days[-1 - MONTH][1] if len(self.days) > MONTH else 0
        return self.net / before if before and self.net is not None else None


def growth(session: Session, club_id: int, today: date) -> Growth:
    """The base of the last days, as it was counted last."""
    first = today - (BASE_DAYS - 1) * A_DAY
    known_from = session.scalar(select(func.min(_run.c.on)).where(_run.c.club_id == club_id))
    if known_from is None:
        return Growth()
    rows = session.execute(
        select(_base.c.on, _base.c.members, _base.c.counted_at)
        .where(
            _base.c.club_id == club_id,
            _base.c.on >= max(first, known_from),
            _base.c.on <= today,
        )
        .order_by(_base.c.on)
    ).all()
    if not rows:
        return Growth()
    return Growth([(row.on, row.members) for row in rows], rows[-1].counted_at)


@dataclass(frozen=True)
class Heat:
    """The mean number of visits by (weekday, hour); a weekday without a known day is not in `days`."""

    means: Mapping[tuple[int, int], float]
    days: Mapping[int, int]
    hours: Sequence[int]

    @property
    def most(self) -> float:
        """The fullest hour."""
        return max(self.means.values(), default=0.0)


def heat(session: Session, club_id: int, today: date, *, cutoff_minutes: int) -> Heat:
    """The visits of the last four weeks, of the days since the first visit that is on record."""
    first = today - HEAT_DAYS * A_DAY
    known_from = session.scalar(select(func.min(_hour.c.on)).where(_hour.c.club_id == club_id))
    if known_from is None:
        return Heat({}, {}, ())
    rows = session.execute(
        select(_hour.c.on, _hour.c.hour, _hour.c.visits).where(
            _hour.c.club_id == club_id, _hour.c.on >= first, _hour.c.on < today
        )
    ).all()
    start = max(first, known_from)
    days: dict[int, int] = {}
    for no in range((today - start).days):
        weekday = (start + no * A_DAY).weekday()
        days[weekday] = days.get(weekday, 0) + 1
    sums: dict[tuple[int, int], int] = {}
    for on, hour, visits in rows:
        key = on.weekday(), hour
        sums[key] = sums.get(key, 0) + visits
    opens = cutoff_minutes // 60
    places = sorted({(hour - opens) % 24 for _weekday, hour in sums})
    hours = [(place + opens) % 24 for place in range(places[0], places[-1] + 1)] if places else []
    return Heat({key: total / days[key[0]] for key, total in sums.items()}, days, hours)
