"""Days of the club: which day it is there, when it begins and ends, and how weeks run.

A club day begins at the club's cut-off, 00:00 unless a club open past midnight sets a later one:
with a cut-off of 04:00 the visit at 01:30 on Sunday belongs to Saturday. Days are also stored as
whole numbers (``day_no``), so that the same SQL counts them on both databases.
"""

from datetime import UTC, date, datetime, time, timedelta, tzinfo
from functools import lru_cache
from zoneinfo import ZoneInfo

from babel import Locale
from babel.core import UnknownLocaleError

from clubcrm.core.clock import utc

MINUTES_A_DAY = 24 * 60

_SECOND = timedelta(seconds=1)
_WORLD = "001"


def day_no(day: date) -> int:
    """The day as a whole number: days since 0001-01-01, which is day 1."""
    return day.toordinal()


def day_of(no: int) -> date:
    """The day with this number."""
    return date.fromordinal(no)


def club_day(moment: datetime, timezone: str | tzinfo, cutoff_minutes: int = 0) -> date:
    """The club's day at an instant: local date, the day before until the cut-off.

    Days never run backwards: where the clocks are put back across the cut-off, the new day begins
    when the cut-off comes for the first time. Always agrees with ``day_bounds``.
    """
    zone = _zone(timezone)
    local = _aware(moment).astimezone(zone)
    day = (local.replace(tzinfo=None) - _cutoff(cutoff_minutes)).date()
    if local.fold:
        following = day + timedelta(days=1)
        if utc(moment) >= _day_start(following, zone, cutoff_minutes):
            return following
    return day


def day_bounds(
    day: date, timezone: str | tzinfo, cutoff_minutes: int = 0
) -> tuple[datetime, datetime]:
    """When a club day begins and when the next one does: UTC instants, half-open.

    Lasts 23 or 25 hours when the clocks change. If the cut-off falls into the hour that is skipped,
    the day begins at the moment of the change.
    """
    zone = _zone(timezone)
    return (
        _day_start(day, zone, cutoff_minutes),
        _day_start(day + timedelta(days=1), zone, cutoff_minutes),
    )


def first_weekday(territory: str | None) -> int:
    """The weekday a territory's week begins with: 0 Monday .. 6 Sunday, as ``date.weekday()``."""
    return _week_locale(territory).first_week_day


def weekend(territory: str | None) -> frozenset[int]:
    """The weekdays of rest in a territory: 0 Monday .. 6 Sunday."""
    locale = _week_locale(territory)
    length = (locale.weekend_end - locale.weekend_start) % 7 + 1
    return frozenset((locale.weekend_start + offset) % 7 for offset in range(length))


def week_start(day: date, territory: str | None) -> date:
    """The first day of the week a day lies in, as weeks run in the territory."""
    return day - timedelta(days=(day.weekday() - first_weekday(territory)) % 7)


def _zone(timezone: str | tzinfo) -> tzinfo:
    return ZoneInfo(timezone) if isinstance(timezone, str) else timezone


def _aware(moment: datetime) -> datetime:
    return moment if moment.tzinfo is not None else utc(moment)


def _cutoff(minutes: int) -> timedelta:
    if not 0 <= minutes < MINUTES_A_DAY:
        raise ValueError(f"a cut-off lies between 0 and {MINUTES_A_DAY - 1} minutes, not {minutes}")
    return timedelta(minutes=minutes)


@lru_cache(maxsize=4096)
def _day_start(day: date, zone: tzinfo, cutoff_minutes: int) -> datetime:
    """The first instant at which the club's clock shows the day's cut-off or later."""
    wall = datetime.combine(day, time.min) + _cutoff(cutoff_minutes)
    first = wall.replace(tzinfo=zone, fold=0)
    start = first.astimezone(UTC)
    if start.astimezone(zone).replace(tzinfo=None) == wall:
        return start
    # The wall time is skipped. Read with the offset from after the change it comes too early, with
    # the one from before too late: the change itself lies between.
    early = wall.replace(tzinfo=zone, fold=1).astimezone(UTC)
    late = start
    offset = late.astimezone(zone).utcoffset()
    while late - early > _SECOND:
        middle = (early + (late - early) / 2).replace(microsecond=0)
        if middle.astimezone(zone).utcoffset() == offset:
            late = middle
        else:
            early = middle
    return late


@lru_cache(maxsize=512)
def _week_locale(territory: str | None) -> Locale:
    """Week data by territory. A language alone says nothing: ``fa`` would start on Monday."""
    code = (territory or _WORLD).upper()
    try:
        locale = Locale.parse(f"und_{code}")
    except (UnknownLocaleError, ValueError):
        locale = None
    return locale if locale and locale.territory == code else Locale.parse("en_001")
