"""Which days a slow season or a closure covers, in whichever calendar it is told."""

from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from datetime import date, timedelta
from typing import Final, Protocol

from hijridate import Gregorian, Hijri

from clubcrm.core.calendars import FIRST_DAY, LAST_DAY, days_in_month, parse_jalali, to_jalali
from clubcrm.core.period import Period

_ONE_DAY: Final = timedelta(days=1)
SEASON_CALENDARS: Final = ("gregorian", "jalali", "hijri")

# Umm al-Qura tables: the first and last day for which months are known, not guessed.
_HIJRI_FIRST: Final = date(1924, 8, 1)
_HIJRI_LAST: Final = date(2077, 11, 16)
_LAST_HIJRI_YEAR: Final = 1500


class SeasonRule(Protocol):
    """What the rules read of a slow season; days are inclusive, see `models.Season`."""

    @property
    def calendar(self) -> str: ...
    @property
    def start_month(self) -> int: ...
    @property
    def start_day(self) -> int: ...
    @property
    def end_month(self) -> int: ...
    @property
    def end_day(self) -> int: ...
    @property
    def share_percent(self) -> int: ...
    @property
    def valid_from_on(self) -> date: ...
    @property
    def valid_until_on(self) -> date | None: ...


class ClosureRule(Protocol):
    """What the rules read of a closure (half-open)."""

    @property
    def from_on(self) -> date: ...
    @property
    def until_on(self) -> date: ...
    @property
    def share_percent(self) -> int: ...


@dataclass(frozen=True)
class _Year:
    """How a calendar names its years and days."""

    calendar: str

    def of(self, day: date) -> int:
        if self.calendar == "gregorian":
            return day.year
        if self.calendar == "jalali":
            return to_jalali(day).year
        return int(Gregorian.fromdate(day).to_hijri().year)

    def day(self, year: int, month: int, day: int) -> date | None:
        """A day of the year, the last of a month that is shorter; None beyond what is known."""
        if self.calendar == "gregorian":
            return date(year, month, min(day, days_in_month(year, month, "gregorian")))
        if self.calendar == "jalali":
            if not to_jalali(FIRST_DAY).year <= year <= to_jalali(LAST_DAY).year:
                return None
            return parse_jalali(year, month, min(day, days_in_month(year, month, "jalali")))
        if not Gregorian.fromdate(_HIJRI_FIRST).to_hijri().year <= year <= _LAST_HIJRI_YEAR:
            return None
        length = Hijri(year, month, 1).month_length()
        found = Hijri(year, month, min(day, length)).to_gregorian()
        return date(found.year, found.month, found.day)

    def span(self) -> tuple[date, date]:
        """The first and last day the calendar is known for."""
        return (_HIJRI_FIRST, _HIJRI_LAST) if self.calendar == "hijri" else (FIRST_DAY, LAST_DAY)


def season_periods(season: SeasonRule, start: date, until: date) -> Iterator[Period]:
    """The season's days within `[start, until)`, one period for each time it returns.

    Counted from `valid_from_on` and up to `valid_until_on`: a season rewrites no past.
    """
    year = _Year(season.calendar)
    known_first, known_last = year.span()
    start = max(start, season.valid_from_on, known_first)
    until = min(until, season.valid_until_on or date.max, known_last + _ONE_DAY)
    if start >= until:
        return
    reaches_over = (season.end_month, season.end_day) < (season.start_month, season.start_day)
    for no in range(year.of(start) - 1, year.of(until - _ONE_DAY) + 1):
        first = year.day(no, season.start_month, season.start_day)
        last = year.day(no + reaches_over, season.end_month, season.end_day)
        begin = max(first or start, start)
        end = min(last + _ONE_DAY if last else until, until)
        if (first is None and last is None) or begin >= end:
            continue
        yield Period(begin, end)


def season_days(seasons: Iterable[SeasonRule], start: date, until: date) -> dict[date, int]:
    """Day -> share of normal visits expected (percent), for the days on which a season counts.

    Where seasons overlap the smallest share counts.
    """
    return _shares(
        (period, season.share_percent)
        for season in seasons
        for period in season_periods(season, start, until)
    )


def share_of_days(
    closures: Iterable[ClosureRule], seasons: Iterable[SeasonRule], start: date, until: date
) -> dict[date, int]:
    """Day -> share of normal visits expected (percent) by closures and seasons together.

    Days that are not named are normal days. A closed day has the share 0.
    """
    closed = (
        (Period(max(closure.from_on, start), min(closure.until_on, until)), closure.share_percent)
        for closure in closures
        if closure.from_on < until and closure.until_on > start
    )
    shares = season_days(seasons, start, until)
    for day, share in _shares(closed).items():
        shares[day] = min(share, shares.get(day, share))
    return shares


def _shares(spans: Iterable[tuple[Period, int]]) -> dict[date, int]:
    shares: dict[date, int] = {}
    for period, share in spans:
        day = period.start
        while period.contains(day):
            shares[day] = min(share, shares.get(day, share))
            day += _ONE_DAY
    return shares
