"""Days and times as files write them: any order, two calendars, month names, spreadsheet numbers.

In which order a column writes day, month and year is decided from the whole column (`DayTally`), never
cell by cell, so that 03/04/2017 is not March in one row and April in the next.
"""

import re
from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, datetime, time, timedelta, timezone, tzinfo
from functools import lru_cache
from typing import Final, Literal

from babel import Locale
from babel.core import UnknownLocaleError

from clubcrm.core.calendars import CalendarName, parse_jalali
from clubcrm.core.errors import NotADay
from clubcrm.core.folding import ascii_digits, fold

Order = Literal["dmy", "mdy", "ymd"]
ORDERS: Final[tuple[Order, ...]] = ("dmy", "mdy", "ymd")

_JALALI_YEARS: Final = range(1300, 1500)
_GREGORIAN_YEARS: Final = range(1850, 2201)
_SERIAL_ZERO: Final = date(1899, 12, 30)  # the day a spreadsheet numbers 0
_SERIALS: Final = range(10_000, 90_000)  # 1927 .. 2146
_LANGUAGES: Final = ("en", "fa", "ar", "ru", "pt", "es", "de", "fr")
_JALALI_MONTHS: Final = (
    "فروردین farvardin",
    "اردیبهشت ordibehesht",
    "خرداد khordad",
    "تیر tir",
    "مرداد امرداد mordad",
    "شهریور shahrivar",
    "مهر mehr",
    "آبان aban",
    "آذر azar",
    "دی dey dei",
    "بهمن bahman",
    "اسفند esfand",
)
_AFTERNOON: Final = frozenset({"pm", "p m", "p", "بعدازظهر", "بعد از ظهر", "ب ظ", "م", "مساء"})
_MORNING: Final = frozenset(
    {"am", "a m", "a", "قبل از ظهر", "ق ظ", "ص", "صباحا", "صبح", "h", "uhr"}
)

_ISO: Final = re.compile(
    r"(\d{4})-(\d{2})-(\d{2})(?:[T ](\d{2}):(\d{2})(?::(\d{2}(?:[.,]\d+)?))?)?", re.ASCII
)
_TRIPLE: Final = re.compile(r"(\d{1,4})\s*[-/.\s،]\s*(\d{1,2})\s*[-/.\s،]\s*(\d{1,4})\.?", re.ASCII)
_EIGHT: Final = re.compile(r"\d{8}", re.ASCII)
_SERIAL: Final = re.compile(r"(\d{5})(?:[.,](\d+))?", re.ASCII)
_TIME: Final = re.compile(
    r"(?:^|(?<=[\sT,،]))(\d{1,2}):(\d{2})(?::(\d{2}(?:[.,]\d+)?))?"
    r"\s*([^\d\s:+\-][^\d:+\-]*?)?\s*(Z|[+-]\d{2}:?\d{2})?$",
    re.ASCII,
)
_TIME_ALONE: Final = re.compile(r"\d{1,2}(?:[:.]\d{2}){1,2}(?:[.,]\d+)?(?:\s*[^\W\d]+)?\.?")
_MIDNIGHT: Final = re.compile(r"(?<=\d)[\sT]00:00(?::00(?:[.,]0+)?)?$")
_OTHER_TIME: Final = re.compile(
    r"(?<=\d)([\sT,،]+)(\d{1,2})(?:\s?[hH]\s?(\d{2})?|\.(\d{2}))(?:[:.](\d{2}))?$", re.ASCII
)
_LEADING_WORD: Final = re.compile(r"(?<=\d)[\s,،]+[^\W\d]+$")
_INVISIBLE: Final = re.compile("[\u200b-\u200f\u202a-\u202e\u2060-\u2069\ufeff\u061c\u00ad]")
_TOKENS: Final = re.compile(r"\d+|[^\W\d_]+")


@dataclass(frozen=True)
class DayReading:
    """How the days of one column are read.

    `latest_year` is the last year a year of two digits may mean, in the Gregorian calendar.
    """

    order: Order
    calendar: CalendarName = "gregorian"
    latest_year: int = 2068


@dataclass(frozen=True)
class Written:
    """A day as it was written, with the time of day and the zone where they stood there."""

    day: date
    at: time | None = None
    zone: tzinfo | None = None

    def moment(self, zone: tzinfo) -> datetime:
        """The instant; in the club's zone where the file names none."""
        return datetime.combine(self.day, self.at or time.min, tzinfo=self.zone or zone)


class DayTally:
    """What a whole column says about its order."""

    def __init__(self) -> None:
        self.seen = 0
        self._fits: Counter[Order] = Counter()
        self._told_apart = 0

    def add(self, text: str) -> None:
        """Count one cell. Only days written with two or three numbers and no four-digit year first matter."""
        if _ISO.match(text):
            return
        found = _TRIPLE.match(_date_part(_plain(text)))
        if found is None or len(found[1]) > 2:
            return
        self.seen += 1
        a, b, c = int(found[1]), int(found[2]), int(found[3])
        fits: list[Order] = []
        if 1 <= a <= 31 and 1 <= b <= 12:
            fits.append("dmy")
        if 1 <= a <= 12 and 1 <= b <= 31:
            fits.append("mdy")
        if len(found[3]) <= 2 and 1 <= b <= 12 and 1 <= c <= 31:
            fits.append("ymd")
        self._fits.update(fits)
        if len(fits) > 1 and not (a == b and len(found[3]) == 4):
            self._told_apart += 1

    def decide(self, default: Order) -> tuple[Order, bool]:
        """The order that fits most cells, and whether the column left it open.

        Left open means: two orders fit equally well and would read some cell differently; then the
        default, the order of the club's country, is taken if it is one of them.
        """
        if not self.seen:
            return default, False
        most = max(self._fits.values(), default=0)
        best = [order for order in ORDERS if self._fits[order] == most]
        chosen = default if default in best else best[0]
        return chosen, len(best) > 1 and self._told_apart > 0


@lru_cache(maxsize=256)
def usual_order(territory: str, calendar: CalendarName) -> Order:
    """In which order a country writes its days in numbers."""
    if calendar == "jalali":
        return "ymd"
    try:
        pattern = str(Locale.parse(f"und_{territory.upper()}").date_formats["short"].pattern)
    except (UnknownLocaleError, ValueError):
        return "dmy"
    order = "".join(sorted("dmy", key=pattern.lower().find))
    return next((known for known in ORDERS if known == order), "dmy")


def read_day(text: str, reading: DayReading) -> Written:
    """Read a day, and the time of day where there is one.

    Raises NotADay for what is none, such as 31/02/2017 or 30 Esfand of a common year.
    """
    iso = _ISO.fullmatch(text)
    if iso is not None:
        year, month, day, hour, minute, second = iso.groups()
        on = _on(int(year), int(month), int(day), text)
        return Written(on, _clock(hour, minute, second, "", text) if hour else None)
    plain = _plain(text)
    if len(plain) > 60:
        raise NotADay(entry=plain[:40] + "…")
    serial = _SERIAL.fullmatch(plain)
    if serial is not None and int(serial[1]) in _SERIALS:
        return _from_serial(serial)
    clock = _TIME.search(plain)
    at = zone = None
    if clock is not None:
        at = _clock(clock[1], clock[2], clock[3], clock[4] or "", plain)
        zone = _zone(clock[5])
    date_part = _date_part(plain)
    day = _numbers(date_part, reading) or _names(date_part, reading)
    if day is None:
        raise NotADay(entry=plain[:40])
    return Written(day, at, zone)


def joined_moment(texts: Sequence[str]) -> str:
    """One text from several cells: the first with a day, and the time of day of another.

    In a log a day and a time stand side by side, or a day beside a whole moment.
    """
    times = [text for text in texts if _TIME_ALONE.fullmatch(_plain(text))]
    # A spreadsheet writes a day alone as its midnight.
    days = [_MIDNIGHT.sub("", text) for text in texts if text not in times]
    whole = next((text for text in days if _TIME.search(_plain(text))), None)
    return whole or " ".join([*days[:1], *times[:1]])


def _plain(text: str) -> str:
    plain = _INVISIBLE.sub("", ascii_digits(text)).strip()
    found = _OTHER_TIME.search(plain)
    if found is None or _TRIPLE.fullmatch(plain) or not _starts_with_day(plain[: found.start()]):
        return plain
    # 18h30, 18h and 18.30, as French, Portuguese and German write them.
    minutes = found[3] or found[4] or "00"
    return f"{plain[: found.start()]} {found[2]}:{minutes}:{found[5] or '00'}"


def _starts_with_day(text: str) -> bool:
    return _TRIPLE.fullmatch(text) is not None or len(_TOKENS.findall(text)) >= 3


def _date_part(plain: str) -> str:
    """The text without its time of day and the word that leads to it (at, às, ساعت)."""
    clock = _TIME.search(plain)
    if clock is None:
        return plain
    return _LEADING_WORD.sub("", plain[: clock.start()].rstrip(" T,،"))


def _on(year: int, month: int, day: int, entry: str) -> date:
    """The day of a year of four digits: Jalali from 1300 to 1499, else Gregorian."""
    if year in _JALALI_YEARS:
        return parse_jalali(year, month, day)
    if year not in _GREGORIAN_YEARS and year != date.max.year:
        raise NotADay(entry=entry[:40])
    try:
        return date(year, month, day)
    except ValueError as error:
        raise NotADay(entry=entry[:40]) from error


def _numbers(plain: str, reading: DayReading) -> date | None:
    """A day written in numbers only."""
    found = _TRIPLE.fullmatch(plain)
    if found is not None:
        a, b, c = found.groups()
        if len(a) == 4:
            return _on(int(a), int(b), int(c), plain)
        if len(a) > 2 or len(c) == 3:
            return None
        return _short(int(a), int(b), int(c), len(c) == 4, reading, plain)
    if _EIGHT.fullmatch(plain):
        year = int(plain[:4])
        if year in _JALALI_YEARS or year in _GREGORIAN_YEARS:
            return _on(year, int(plain[4:6]), int(plain[6:]), plain)
        return _short(int(plain[:2]), int(plain[2:4]), int(plain[4:]), True, reading, plain)
    return None


def _short(a: int, b: int, c: int, is_full: bool, reading: DayReading, entry: str) -> date:
    order = reading.order
    if is_full:
        day, month = (b, a) if order == "mdy" else (a, b)
        return _on(c, month, day, entry)
    if order == "ymd":
        year, month, day = a, b, c
    elif order == "mdy":
        month, day, year = a, b, c
    else:
        day, month, year = a, b, c
    return _on(_full_year(year, reading), month, day, entry)


def _full_year(short: int, reading: DayReading) -> int:
    """A year of two digits: the last such year up to the latest one the column can mean."""
    latest = reading.latest_year - (621 if reading.calendar == "jalali" else 0)
    return latest - (latest - short) % 100


def _names(plain: str, reading: DayReading) -> date | None:
    """A day whose month is written as a word: 16 Sep 2017, September 16th, 2017, ۱۲ مرداد ۱۳۹۸."""
    month: tuple[CalendarName, int] | None = None
    numbers = []
    for token in _TOKENS.findall(plain):
        if token.isdigit():
            numbers.append(token)
        elif month is None:
            month = _month_names().get(fold(token))
    if month is None or len(numbers) != 2:
        return None
    first, second = numbers
    year, day = (first, second) if len(first) == 4 else (second, first)
    if len(year) not in (2, 4):
        return None
    calendar, number = month
    if len(year) == 2:
        full = _full_year(int(year), DayReading(reading.order, calendar, reading.latest_year))
    else:
        full = int(year)
    if (calendar == "jalali") != (full in _JALALI_YEARS):
        raise NotADay(entry=plain[:40])
    return _on(full, number, int(day), plain)


@lru_cache(maxsize=1)
def _month_names() -> dict[str, tuple[CalendarName, int]]:
    """Folded month name -> calendar and number, in all languages an import reads."""
    names: dict[str, tuple[CalendarName, int]] = {}
    for language in _LANGUAGES:
        months = Locale.parse(language).months
        for context in ("format", "stand-alone"):
            for width in ("wide", "abbreviated"):
                for number, name in months[context][width].items():
                    names.setdefault(fold(name), ("gregorian", number))
    names["sept"] = ("gregorian", 9)
    for number, written in enumerate(_JALALI_MONTHS, 1):
        for name in written.split():
            names[fold(name)] = ("jalali", number)
    names.pop("", None)
    return names


def _from_serial(found: re.Match[str]) -> Written:
    """A day as a spreadsheet numbers it; the fraction is the time of day."""
    on = _SERIAL_ZERO + timedelta(days=int(found[1]))
    if not found[2]:
        return Written(on)
    seconds = min(86_399, round(float(f"0.{found[2]}") * 86_400))
    return Written(on, time(seconds // 3600, seconds // 60 % 60, seconds % 60))


def _clock(hour: str, minute: str, second: str | None, half: str, entry: str) -> time:
    hours, word = int(hour), fold(half).strip()
    if word in _AFTERNOON and hours < 12:
        hours += 12
    elif word in _MORNING and word not in ("h", "uhr") and hours == 12:
        hours = 0
    try:
        whole, _, fraction = (second or "0").replace(",", ".").partition(".")
        micro = int((fraction + "000000")[:6])
        return time(hours, int(minute), min(59, int(whole)), micro)
    except ValueError as error:
        raise NotADay(entry=entry[:40]) from error


def _zone(written: str | None) -> tzinfo | None:
    if not written:
        return None
    if written in ("Z", "z"):
        return timezone.utc  # noqa: UP017
    sign = -1 if written[0] == "-" else 1
    digits = written[1:].replace(":", "")
    return timezone(sign * timedelta(hours=int(digits[:2]), minutes=int(digits[2:4])))
