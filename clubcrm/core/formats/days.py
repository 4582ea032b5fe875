"""Days, times and months in the reader's language and calendar."""

from datetime import date, datetime, time, tzinfo
from functools import lru_cache
from typing import Final, Literal
from zoneinfo import ZoneInfo

from babel import Locale
from babel.dates import format_date, format_skeleton, get_day_names

from clubcrm.core.calendars import FIRST_DAY, LAST_DAY, CalendarName, to_jalali
from clubcrm.core.clock import utc
from clubcrm.core.formats.languages import (
    KEPT,
    Digits,
    code_of,
    default_calendar,
    in_digits,
    is_from_right,
    locale_of,
)

DayStyle = Literal["numeric", "short", "near", "long", "full"]

_JALALI_MONTHS: Final = {
    "fa": (
        *("فروردین", "اردیبهشت", "خرداد", "تیر", "مرداد", "شهریور"),
        *("مهر", "آبان", "آذر", "دی", "بهمن", "اسفند"),
    ),
    "ar": (
        *("فروردین", "أردیبهشت", "خرداد", "تیر", "مرداد", "شهریور"),
        *("مهر", "آبان", "آذر", "دي", "بهمن", "إسفند"),
    ),
    "ru": (
        *("фарвардина", "ордибехешта", "хордада", "тира", "мордада", "шахривара"),
        *("мехра", "абана", "азара", "дея", "бахмана", "эсфанда"),
    ),
    "en": (
        *("Farvardin", "Ordibehesht", "Khordad", "Tir", "Mordad", "Shahrivar"),
        *("Mehr", "Aban", "Azar", "Dey", "Bahman", "Esfand"),
    ),
}


def format_day(
    day: date,
    locale: str | Locale | None = None,
    calendar: CalendarName | None = None,
    style: DayStyle = "short",
    *,
    today: date | None = None,
    digits: Digits = "native",
) -> str:
    """A day in words: ``numeric`` 21/11/2026, ``short`` 21 Nov 2026, ``near`` Sat 21 Nov, ``long``
    21 November 2026, ``full`` Saturday, 21 November 2026.

    ``near`` names the year only where it is not the year of ``today``. Persian numeric days are
    ۱۴۰۵/۰۸/۳۰. A day outside the Jalali span is written in the Gregorian calendar.
    """
    return _day(day, code_of(locale), calendar, style, today if style == "near" else None, digits)


@lru_cache(maxsize=KEPT)
def _day(
    day: date,
    code: str,
    calendar: CalendarName | None,
    style: DayStyle,
    today: date | None,
    digits: Digits,
) -> str:
    reader = locale_of(code)
    if (calendar or default_calendar(reader)) == "jalali" and FIRST_DAY <= day <= LAST_DAY:
        return in_digits(_jalali_day(day, reader, style, today), reader, digits)
    if style == "near":
        skeleton = "MMMEd" if today is None or today.year == day.year else "yMMMEd"
        written = format_skeleton(skeleton, datetime.combine(day, time()), locale=reader)
    elif style == "numeric":
        written = format_skeleton("yMMdd", datetime.combine(day, time()), fuzzy=True, locale=reader)
    else:
        babel_style: Literal["medium", "long", "full"] = "medium" if style == "short" else style
        written = format_date(day, babel_style, locale=reader)
    return in_digits(written, reader, digits)


def format_time(
    value: time | datetime, locale: str | Locale | None = None, *, digits: Digits = "native"
) -> str:
    """A time of day on the 24-hour clock: 18:02. A datetime is taken in the zone it carries."""
    return _time(value.hour, value.minute, code_of(locale), digits)


@lru_cache(maxsize=KEPT)
def _time(hour: int, minute: int, code: str, digits: Digits) -> str:
    return in_digits(f"{hour:02d}:{minute:02d}", locale_of(code), digits)


def format_moment(
    moment: datetime,
    timezone: str | tzinfo,
    locale: str | Locale | None = None,
    calendar: CalendarName | None = None,
    style: DayStyle = "near",
    *,
    today: date | None = None,
    digits: Digits = "native",
) -> str:
    """An instant on the club's clock, day and time: ``Sat 21 Nov, 10:14``."""
    code = code_of(locale)
    zone = ZoneInfo(timezone) if isinstance(timezone, str) else timezone
    local = utc(moment).astimezone(zone)
    day = format_day(local.date(), code, calendar, style, today=today, digits=digits)
    return f"{day}{_comma(locale_of(code))}{format_time(local, code, digits=digits)}"


def format_month(
    day: date,
    locale: str | Locale | None = None,
    calendar: CalendarName | None = None,
    *,
    digits: Digits = "native",
) -> str:
    """The month a day lies in, with its year: ``Nov 2026``, ``آبان ۱۴۰۵``."""
    return _month(day, code_of(locale), calendar, digits)


@lru_cache(maxsize=KEPT)
def _month(day: date, code: str, calendar: CalendarName | None, digits: Digits) -> str:
    reader = locale_of(code)
    if (calendar or default_calendar(reader)) == "jalali" and FIRST_DAY <= day <= LAST_DAY:
        year, month, _ = to_jalali(day)
        return in_digits(f"{_jalali_month(reader, month)} {year}", reader, digits)
    written = format_skeleton("yMMM", datetime.combine(day, time()), locale=reader)
    return in_digits(written, reader, digits)


def format_day_of_year(
    month: int,
    day: int,
    calendar: CalendarName | None = None,
    locale: str | Locale | None = None,
    *,
    digits: Digits = "native",
) -> str:
    """A day that returns every year: ``31 August``, ``۱ فروردین``."""
    reader = locale_of(locale)
    if calendar == "jalali":
        written = f"{day} {_jalali_month(reader, month)}"
    else:
        written = format_skeleton(
            "MMMMd", datetime.combine(date(2000, month, day), time()), locale=reader
        )
    return in_digits(written, reader, digits)


def weekday_names(locale: str | Locale | None = None) -> tuple[str, ...]:
    """The days of the week in short, Monday first: Mon, Tue, Wed."""
    names = get_day_names("abbreviated", locale=locale_of(locale))
    return tuple(names[number] for number in range(7))


def _jalali_day(day: date, reader: Locale, style: DayStyle, today: date | None) -> str:
    year, month, number = to_jalali(day)
    if style == "numeric":
        return f"{year:04d}/{month:02d}/{number:02d}"
    day_month = f"{number} {_jalali_month(reader, month)}"
    if style == "near":
        weekday = get_day_names("abbreviated", locale=reader)[day.weekday()]
        is_far = today is not None and to_jalali(today).year != year
        return f"{weekday} {day_month} {year}" if is_far else f"{weekday} {day_month}"
    if style == "full":
        weekday = get_day_names("wide", locale=reader)[day.weekday()]
        return f"{weekday}{' ' if is_from_right(reader) else ', '}{day_month} {year}"
    return f"{day_month} {year}"


def _jalali_month(reader: Locale, month: int) -> str:
    return _JALALI_MONTHS.get(reader.language, _JALALI_MONTHS["en"])[month - 1]


def _comma(reader: Locale) -> str:
    return "، " if is_from_right(reader) else ", "
