"""How days, times, numbers and money are written in the reader's language.

Every function takes its locale; without one it writes for the reader of the present request
(``reader_locale``). Babel writes neither Jalali dates nor Persian digits: days of the Jalali
calendar are put together here, and digits are translated after formatting. Negative figures carry
a true minus sign. Figures may stand in lines of the other direction: templates isolate them with
``<bdi>``.
"""

from dataclasses import dataclass
from datetime import date, datetime, time, tzinfo
from decimal import ROUND_HALF_EVEN, Decimal
from fractions import Fraction
from functools import lru_cache
from typing import Final, Literal
from zoneinfo import ZoneInfo

from babel import Locale
from babel.core import UnknownLocaleError
from babel.dates import format_date, format_skeleton, get_day_names
from babel.numbers import format_currency, format_decimal, get_currency_symbol
from babel.numbers import format_percent as babel_percent
from flask_babel import get_locale, gettext, ngettext

from clubcrm.core.calendars import FIRST_DAY, LAST_DAY, CalendarName, to_jalali
from clubcrm.core.clock import utc
from clubcrm.core.money import RIAL, RIALS_A_TOMAN, Money, exponent

DayStyle = Literal["numeric", "short", "near", "long", "full"]
Digits = Literal["native", "latin"]

MINUS: Final = "−"
NO_BREAK_SPACE: Final = "\u00a0"

# A language alone names no week, no day order and no digits.
_HOME_TERRITORY: Final = {"en": "GB", "fa": "IR", "ar": "EG", "ru": "RU", "pt": "PT"}
_FALLBACK: Final = "en_GB"
_NATIVE_DIGITS: Final = {"arabext": "۰۱۲۳۴۵۶۷۸۹", "arab": "٠١٢٣٤٥٦٧٨٩", "deva": "०१२३४५६७८९"}
# In a line of the other direction the sign would jump behind the figure without its mark.
_NATIVE_SIGNS: Final = {
    "arabext": str.maketrans({"-": f"\u200e{MINUS}", "%": "٪"}),
    "arab": str.maketrans({"-": f"\u061c{MINUS}", "%": "٪"}),
}
_LATIN_SIGNS: Final = str.maketrans({"-": MINUS})
_LATIN_SIGNS_FROM_RIGHT: Final = str.maketrans({"-": f"\u200e{MINUS}"})
_DIRECTION_MARKS: Final = str.maketrans("", "", "\u200e\u200f\u061c")

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
_TOMAN_WORDS: Final = {"fa": "تومان", "ar": "تومان", "ru": "томанов", "en": "toman"}
_SYMBOL_AFTER: Final = frozenset({"fa", "ar"})


@dataclass(frozen=True, slots=True)
class _JalaliPatterns:
    """How a Jalali day is put together in a language."""

    short: str
    near: str
    near_year: str
    long: str
    full: str


_WESTERN: Final = _JalaliPatterns(
    short="{d} {month} {y}",
    near="{weekday} {d} {month}",
    near_year="{weekday} {d} {month} {y}",
    long="{d} {month} {y}",
    full="{weekday}, {d} {month} {y}",
)
_PERSIAN: Final = _JalaliPatterns(
    short="{d} {month} {y}",
    near="{weekday} {d} {month}",
    near_year="{weekday} {d} {month} {y}",
    long="{d} {month} {y}",
    full="{weekday} {d} {month} {y}",
)


def reader_locale() -> Locale:
    """The locale of whoever reads the present page, with a territory; English outside one."""
    return with_territory(get_locale())


def with_territory(locale: str | Locale | None, territory: str | None = None) -> Locale:
    """The locale with a territory: the one it has, the one given, else its language's home.

    A combination no locale data know (Arabic in Iran) falls back to the language's home.
    """
    code = str(locale).replace("-", "_") if locale else _FALLBACK
    return _with_territory(code, territory.upper() if territory else None)


def default_calendar(locale: str | Locale | None = None) -> CalendarName:
    """The calendar a language's readers expect where nobody chose one: Jalali for Persian."""
    return "jalali" if _locale(locale).language == "fa" else "gregorian"


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
    reader = _locale(locale)
    if (calendar or default_calendar(reader)) == "jalali" and FIRST_DAY <= day <= LAST_DAY:
        return _native(_jalali_day(day, reader, style, today), reader, digits)
    if style == "near":
        skeleton = "MMMEd" if today is None or today.year == day.year else "yMMMEd"
        written = format_skeleton(skeleton, datetime.combine(day, time()), locale=reader)
    elif style == "numeric":
        written = format_skeleton("yMMdd", datetime.combine(day, time()), fuzzy=True, locale=reader)
    else:
        babel_style: Literal["medium", "long", "full"] = "medium" if style == "short" else style
        written = format_date(day, babel_style, locale=reader)
    return _native(written, reader, digits)


def format_time(
    value: time | datetime, locale: str | Locale | None = None, *, digits: Digits = "native"
) -> str:
    """A time of day on the 24-hour clock: 18:02. A datetime is taken in the zone it carries."""
    return _native(f"{value.hour:02d}:{value.minute:02d}", _locale(locale), digits)


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
    reader = _locale(locale)
    zone = ZoneInfo(timezone) if isinstance(timezone, str) else timezone
    local = utc(moment).astimezone(zone)
    day = format_day(local.date(), reader, calendar, style, today=today, digits=digits)
    return f"{day}{_comma(reader)}{format_time(local, reader, digits=digits)}"


def format_month(
    day: date,
    locale: str | Locale | None = None,
    calendar: CalendarName | None = None,
    *,
    digits: Digits = "native",
) -> str:
    """The month a day lies in, with its year: ``Nov 2026``, ``آبان ۱۴۰۵``."""
    reader = _locale(locale)
    if (calendar or default_calendar(reader)) == "jalali" and FIRST_DAY <= day <= LAST_DAY:
        year, month, _ = to_jalali(day)
        return _native(f"{_jalali_month(reader, month)} {year}", reader, digits)
    written = format_skeleton("yMMM", datetime.combine(day, time()), locale=reader)
    return _native(written, reader, digits)


def relative_day(day: date, today: date, locale: str | Locale | None = None) -> str:
    """A day as seen from today: yesterday, 3 days ago, in 12 days, 4 months ago.

    In days up to 59, then in months of 30.4 days, from two years on in years. The words are those
    of the reader's language; the figures are written for ``locale``.
    """
    distance = (day - today).days
    if distance == 0:
        return gettext("today")
    if distance == -1:
        return gettext("yesterday")
    if distance == 1:
        return gettext("tomorrow")
    size = abs(distance)
    if size < 60:
        return _ago_or_in("day", size, distance, locale)
    if size < 730:
        return _ago_or_in("month", max(2, int(size / 30.4375)), distance, locale)
    return _ago_or_in("year", int(size / 365.25 + 0.01), distance, locale)


def relative_moment(
    moment: datetime, now: datetime, timezone: str | tzinfo, locale: str | Locale | None = None
) -> str:
    """An instant as seen from now: just now, 5 minutes ago, in 2 hours, then as ``relative_day``.

    Minutes within the hour, hours within the same local day; days are those of the zone's midnight.
    """
    seconds = (utc(moment) - utc(now)).total_seconds()
    zone = ZoneInfo(timezone) if isinstance(timezone, str) else timezone
    minutes = int(abs(seconds) // 60)
    if minutes == 0:
        return gettext("just now")
    if minutes < 60:
        return _ago_or_in("minute", minutes, seconds, locale)
    day, today = utc(moment).astimezone(zone).date(), utc(now).astimezone(zone).date()
    if day == today:
        return _ago_or_in("hour", minutes // 60, seconds, locale)
    return relative_day(day, today, locale)


def format_number(
    number: Decimal | float,
    locale: str | Locale | None = None,
    *,
    decimals: int | None = None,
    digits: Digits = "native",
) -> str:
    """A number with the language's separators; rounded to ``decimals`` places where given."""
    reader = _locale(locale)
    pattern = (
        "#,##0.###" if decimals is None else "#,##0" + ("." + "0" * decimals if decimals else "")
    )
    written = format_decimal(
        number, format=pattern, locale=reader, numbering_system=_numbering(digits)
    )
    return _figure(written, reader, digits)


def format_percent(
    share: Decimal | Fraction | float,
    locale: str | Locale | None = None,
    *,
    decimals: int = 0,
    digits: Digits = "native",
) -> str:
    """A share of one as per cent: 0.6523 is 65%. The count it rests on belongs next to it."""
    reader = _locale(locale)
    exact = Decimal(share.numerator) / share.denominator if isinstance(share, Fraction) else share
    rounded = Decimal(str(exact)).quantize(Decimal(1).scaleb(-2 - decimals), ROUND_HALF_EVEN)
    pattern = reader.percent_formats[None].pattern.replace("0", "0." + "0" * decimals, 1)
    written = babel_percent(
        rounded,
        format=pattern if decimals else None,
        locale=reader,
        numbering_system=_numbering(digits),
    )
    return _figure(written, reader, digits)


def format_money(
    money: Money,
    locale: str | Locale | None = None,
    toman: bool = False,
    *,
    is_summary: bool = False,
    digits: Digits = "native",
) -> str:
    """An amount with its currency in the reader's form: €1,234.56, ۱۲۵٬۰۰۰ تومان.

    With ``toman`` rials are written as toman, one for ten rials; a rest below ten rials shows as
    a decimal rather than being lost. In summaries amounts are rounded to whole units.
    """
    reader = _locale(locale)
    is_toman = toman and money.currency == RIAL
    major = Decimal(money.minor) / RIALS_A_TOMAN if is_toman else money.major
    if is_toman:
        decimals = 0 if money.minor % RIALS_A_TOMAN == 0 else 1
    else:
        decimals = exponent(money.currency)
    if is_summary:
        major, decimals = major.quantize(Decimal(1), ROUND_HALF_EVEN), 0
    if not is_toman and money.currency != RIAL and reader.language not in _SYMBOL_AFTER:
        pattern = _money_pattern(reader, money.currency, decimals)
        written = format_currency(
            major,
            money.currency,
            format=pattern,
            locale=reader,
            currency_digits=False,
            numbering_system=_numbering(digits),
        )
        return _figure(written, reader, digits)
    figure = format_number(major, reader, decimals=decimals, digits=digits)
    unit = _toman_word(reader) if is_toman else get_currency_symbol(money.currency, locale=reader)
    return f"{figure}{NO_BREAK_SPACE}{unit.translate(_DIRECTION_MARKS)}"


def native_digits(text: str, locale: str | Locale | None = None) -> str:
    """The text with 0-9 written in the digits of the language."""
    return _native_table(_locale(locale), text)


def _locale(locale: str | Locale | None) -> Locale:
    return reader_locale() if locale is None else with_territory(locale)


@lru_cache(maxsize=256)
def _with_territory(code: str, territory: str | None) -> Locale:
    try:
        locale = Locale.parse(code)
    except (UnknownLocaleError, ValueError):
        # A made-up language, such as the mirrored one for tests, is written as English.
        return Locale.parse(_FALLBACK)
    if locale.territory:
        return locale
    for wanted in (territory, _HOME_TERRITORY.get(locale.language)):
        if wanted:
            try:
                return Locale.parse(f"{code}_{wanted}")
            except (UnknownLocaleError, ValueError):
                continue
    likely = Locale.parse(f"und_{locale.language}", resolve_likely_subtags=True)
    return locale if likely.language != locale.language else likely


def _jalali_day(day: date, reader: Locale, style: DayStyle, today: date | None) -> str:
    year, month, number = to_jalali(day)
    if style == "numeric":
        return f"{year:04d}/{month:02d}/{number:02d}"
    patterns = _PERSIAN if reader.language in _SYMBOL_AFTER else _WESTERN
    pattern = getattr(patterns, style)
    if style == "near" and today is not None and FIRST_DAY <= today <= LAST_DAY:
        pattern = patterns.near if to_jalali(today).year == year else patterns.near_year
    width: Literal["wide", "abbreviated"] = "abbreviated" if style == "near" else "wide"
    weekday = get_day_names(width, locale=reader)[day.weekday()]
    return pattern.format(d=number, month=_jalali_month(reader, month), y=year, weekday=weekday)


def _jalali_month(reader: Locale, month: int) -> str:
    return _JALALI_MONTHS.get(reader.language, _JALALI_MONTHS["en"])[month - 1]


def _toman_word(reader: Locale) -> str:
    return _TOMAN_WORDS.get(reader.language, _TOMAN_WORDS["en"])


def _ago_or_in(unit: str, count: int, direction: float, locale: str | Locale | None) -> str:
    figure = format_number(count, locale)
    if unit == "minute" and direction < 0:
        return ngettext("%(count)s minute ago", "%(count)s minutes ago", count, count=figure)
    if unit == "minute":
        return ngettext("in %(count)s minute", "in %(count)s minutes", count, count=figure)
    if unit == "hour" and direction < 0:
        return ngettext("%(count)s hour ago", "%(count)s hours ago", count, count=figure)
    if unit == "hour":
        return ngettext("in %(count)s hour", "in %(count)s hours", count, count=figure)
    if unit == "day" and direction < 0:
        return ngettext("%(count)s day ago", "%(count)s days ago", count, count=figure)
    if unit == "day":
        return ngettext("in %(count)s day", "in %(count)s days", count, count=figure)
    if unit == "month" and direction < 0:
        return ngettext("%(count)s month ago", "%(count)s months ago", count, count=figure)
    if unit == "month":
        return ngettext("in %(count)s month", "in %(count)s months", count, count=figure)
    if direction < 0:
        return ngettext("%(count)s year ago", "%(count)s years ago", count, count=figure)
    return ngettext("in %(count)s year", "in %(count)s years", count, count=figure)


def _money_pattern(reader: Locale, currency: str, decimals: int) -> str:
    """The language's money pattern with so many decimals; a code stands apart from its figure."""
    pattern = str(reader.currency_formats["standard"].pattern)
    pattern = pattern.replace("0.00", "0." + "0" * decimals if decimals else "0")
    if get_currency_symbol(currency, locale=reader)[-1].isalpha():
        pattern = pattern.replace("¤#", f"¤{NO_BREAK_SPACE}#")
    return pattern


def _comma(reader: Locale) -> str:
    return "، " if reader.language in _SYMBOL_AFTER else ", "


def _numbering(digits: Digits) -> Literal["default", "latn"]:
    return "default" if digits == "native" else "latn"


def _native(written: str, reader: Locale, digits: Digits) -> str:
    return _native_table(reader, written) if digits == "native" else written


def _figure(written: str, reader: Locale, digits: Digits) -> str:
    """A formatted number with the digits, minus and per cent sign of the language."""
    written = written.translate(_DIRECTION_MARKS)
    if digits == "native" and reader.default_numbering_system in _NATIVE_SIGNS:
        written = written.translate(_NATIVE_SIGNS[reader.default_numbering_system])
    elif reader.text_direction == "rtl":
        written = written.translate(_LATIN_SIGNS_FROM_RIGHT)
    else:
        written = written.translate(_LATIN_SIGNS)
    return _native(written, reader, digits)


def _native_table(reader: Locale, written: str) -> str:
    table = _digit_table(reader.default_numbering_system)
    return written.translate(table) if table else written


@lru_cache(maxsize=16)
def _digit_table(numbering_system: str) -> dict[int, str] | None:
    native = _NATIVE_DIGITS.get(numbering_system)
    return {ord("0") + value: digit for value, digit in enumerate(native)} if native else None
