"""Months in two calendars: how long a term runs, and which month a day belongs to.

A plan says in which calendar its months are counted. Months are always counted from the term's
**anchor**, never from the day before a clamp: 31 Jan, 28 Feb, 31 Mar, 30 Apr. So a chain of monthly
terms keeps its day, and an end date can be worked out again from anchor and count at any time.

Jalali years run from the table of New Year's days that ``persiantools`` gives. Days from 1921-03-21
to 2124-03-19 (1 Farvardin 1300 to 29 Esfand 1502) are supported in both calendars: for these the
known implementations agree day by day. Others are refused with ``DayOutOfRange``.
"""

from bisect import bisect_right
from calendar import monthrange
from collections.abc import Iterator
from datetime import date, datetime
from typing import Final, Literal, NamedTuple

from persiantools.jdatetime import JalaliDate

from clubcrm.core.errors import DayOutOfRange, NotADay
from clubcrm.core.period import Period

CalendarName = Literal["gregorian", "jalali"]

FIRST_DAY: Final = date(1921, 3, 21)
LAST_DAY: Final = date(2124, 3, 19)

_FIRST_JALALI_YEAR: Final = 1300
_NEW_YEARS: Final = tuple(
    JalaliDate(year, 1, 1).to_gregorian().toordinal() for year in range(_FIRST_JALALI_YEAR, 1504)
)
_LONG_MONTHS: Final = 6
_DAYS_BEFORE_MONTH: Final = tuple(
    31 * min(month - 1, _LONG_MONTHS) + 30 * max(month - 1 - _LONG_MONTHS, 0)
    for month in range(1, 13)
)


class JalaliDay(NamedTuple):
    """A day as the Jalali calendar names it; month 1 is Farvardin."""

    year: int
    month: int
    day: int


def to_jalali(day: date) -> JalaliDay:
    """The Jalali year, month and day of a date within the supported span."""
    _supported(day)
    number = day.toordinal()
    index = bisect_right(_NEW_YEARS, number) - 1
    passed = number - _NEW_YEARS[index]
    if passed < 31 * _LONG_MONTHS:
        month, rest = divmod(passed, 31)
    else:
        month, rest = divmod(passed - 31 * _LONG_MONTHS, 30)
        month += _LONG_MONTHS
    return JalaliDay(_FIRST_JALALI_YEAR + index, month + 1, rest + 1)


def parse_jalali(year: int, month: int, day: int) -> date:
    """The date of a Jalali year, month and day.

    Raises ``NotADay`` for a day the year does not have (30 Esfand 1404), ``DayOutOfRange`` for a
    year outside 1300..1502.
    """
    entry = f"{year:04d}/{month:02d}/{day:02d}"
    if not 1 <= month <= 12:
        raise NotADay(entry=entry)
    if not _FIRST_JALALI_YEAR <= year < _FIRST_JALALI_YEAR + len(_NEW_YEARS) - 1:
        raise _out_of_range(entry)
    if not 1 <= day <= days_in_month(year, month, "jalali"):
        raise NotADay(entry=entry)
    start = _NEW_YEARS[year - _FIRST_JALALI_YEAR]
    return date.fromordinal(start + _DAYS_BEFORE_MONTH[month - 1] + day - 1)


def days_in_month(year: int, month: int, calendar: CalendarName) -> int:
    """How many days a month of the calendar has; the year is one of that calendar."""
    if calendar == "gregorian":
        return monthrange(year, month)[1]
    if month <= _LONG_MONTHS:
        return 31
    if month < 12:
        return 30
    index = year - _FIRST_JALALI_YEAR
    return _NEW_YEARS[index + 1] - _NEW_YEARS[index] - _DAYS_BEFORE_MONTH[11]


def add_months(anchor: date, months: int, calendar: CalendarName) -> date:
    """The day so many months after the anchor, or before it where negative.

    Keeps the anchor's day of the month, clamped to the last day of a shorter month: 31 Jan + 1 is
    28 or 29 Feb, 31 Shahrivar + 6 is 29 or 30 Esfand. Because of the clamp, two steps of one month
    are not always one step of two: always count from the anchor.
    """
    year, month, day = _parts(anchor, calendar)
    years, month0 = divmod(month - 1 + months, 12)
    return _day_in(year + years, month0 + 1, day, calendar)


def term_until(
    start: date, months: int, calendar: CalendarName, *, anchor: date | None = None
) -> date:
    """The first day after a term of whole months: the ``until`` of its period.

    A term from 15 March for one month has until 15 April and runs through 14 April. The day is
    clamped as ``add_months`` does: from 31 Jan for one month until is 28 Feb (29 in a leap year)
    and the last valid day the day before.

    A renewal that continues a chain passes the chain's ``anchor``, the start of its first term.
    Then the months are counted from there, and nothing drifts: the terms of one month anchored on
    31 Jan start on 31 Jan, 28 Feb, 31 Mar, 30 Apr, each where the one before ended, and twelve of
    them end where one of twelve months does. Without the anchor the term from 28 Feb would end on
    28 March. An anchor from which ``start`` is not a whole number of months away (a freeze or a
    gap moved it) no longer counts: then the months run from ``start``.
    """
    if months < 1:
        raise ValueError(f"a term lasts at least one month, not {months}")
    if anchor is not None:
        passed = months_between(anchor, start, calendar)
        if passed is not None:
            return add_months(anchor, passed + months, calendar)
    return add_months(start, months, calendar)


def months_between(anchor: date, day: date, calendar: CalendarName) -> int | None:
    """How many months after the anchor a day falls, or ``None`` if it is on no such day."""
    first, then = _parts(anchor, calendar), _parts(day, calendar)
    months = (then.year - first.year) * 12 + then.month - first.month
    return months if add_months(anchor, months, calendar) == day else None


def month_start(day: date, calendar: CalendarName) -> date:
    """The first day of the month a day lies in."""
    year, month, _ = _parts(day, calendar)
    return _day_in(year, month, 1, calendar)


def next_month_start(day: date, calendar: CalendarName) -> date:
    """The first day of the month after the one a day lies in."""
    return add_months(month_start(day, calendar), 1, calendar)


def month_period(day: date, calendar: CalendarName) -> Period:
    """The whole month a day lies in."""
    start = month_start(day, calendar)
    return Period(start, next_month_start(day, calendar))


def month_key(day: date, calendar: CalendarName) -> str:
    """The month's name for machines, sortable: ``2026-11`` or ``1405-09``."""
    year, month, _ = _parts(day, calendar)
    return f"{year:04d}-{month:02d}"


def iter_months(start: date, until: date, calendar: CalendarName) -> Iterator[Period]:
    """The whole months, in order, that have a day in ``[start, until)``."""
    first = month_start(start, calendar)
    count = 0
    while (begin := add_months(first, count, calendar)) < until:
        count += 1
        yield Period(begin, add_months(first, count, calendar))


def _parts(day: date, calendar: CalendarName) -> JalaliDay:
    """Year, month and day in the calendar asked for."""
    if calendar == "jalali":
        return to_jalali(day)
    if calendar == "gregorian":
        _supported(day)
        return JalaliDay(day.year, day.month, day.day)
    raise ValueError(f"the calendars are gregorian and jalali, not {calendar!r}")


def _day_in(year: int, month: int, day: int, calendar: CalendarName) -> date:
    if calendar == "jalali":
        if not _FIRST_JALALI_YEAR <= year < _FIRST_JALALI_YEAR + len(_NEW_YEARS) - 1:
            raise _out_of_range(f"{year:04d}/{month:02d}/{day:02d}")
        return parse_jalali(year, month, min(day, days_in_month(year, month, calendar)))
    if not FIRST_DAY.year <= year <= LAST_DAY.year:
        raise _out_of_range(f"{year:04d}-{month:02d}-{day:02d}")
    return _supported(date(year, month, min(day, days_in_month(year, month, calendar))))


def _supported(day: date) -> date:
    if isinstance(day, datetime):
        raise TypeError("months are counted on days, not on moments")
    if not FIRST_DAY <= day <= LAST_DAY:
        raise _out_of_range(day.isoformat())
    return day


def _out_of_range(entry: str) -> DayOutOfRange:
    return DayOutOfRange(entry=entry, first=FIRST_DAY.isoformat(), last=LAST_DAY.isoformat())
