"""Rows of text become typed values; a cell that cannot be read becomes a problem, never a guess."""

import re
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date, datetime, timedelta
from typing import Any, Final
from zoneinfo import ZoneInfo

from babel import Locale
from babel.core import UnknownLocaleError

from clubcrm.core.calendars import CalendarName
from clubcrm.core.days import club_day
from clubcrm.core.errors import DayOutOfRange, NotADay, NotAnAmount
from clubcrm.core.folding import ascii_digits, clean_text, fold, phone_e164
from clubcrm.core.money import TOMAN, Money, exponent
from clubcrm.exchange.policies.columns import COLUMNS, Column, Form
from clubcrm.exchange.policies.days import DayReading, Order, Written, joined_moment, read_day
from clubcrm.exchange.policies.figures import (
    Mark,
    read_decimal,
    read_direction,
    read_gender,
    read_method,
    read_money,
    read_share,
    read_status,
    read_whole,
    read_yes_no,
)
from clubcrm.exchange.policies.guarding import unguarded
from clubcrm.exchange.policies.mapping import TAGS, Layout, value_key
from clubcrm.exchange.states import REJECTING, ProblemCode
from clubcrm.members.policies import clean_email

SHOWN: Final = 60
"""How much of a cell a problem quotes."""

MOST_MAJOR: Final = 10**9
"""The largest amount, in major units, that is believed; of money without decimals a thousand times."""

LAST_YEAR: Final = 2100
"""An end from this year on means no end."""

YEARS_AHEAD: Final = 30
"""A day that lies further ahead is a slip, or of a calendar no import reads (1447 of the Hijra)."""

_FIRST_YEARS: Final = {
    **dict.fromkeys(("checked_in_at", "checked_out_at", "paid_at", "last_visit_on"), 1980),
    **dict.fromkeys(("joined_on", "sold_on", "due_on"), 1930),
}
"""A day before is what a program writes for none: 1900-01-01, 1970-01-01."""

_NOTHING: Final = frozenset(
    {"", "-", "--", "—", "–", "null", "none", "nan", "n/a", "na", "nil", "\\n", "?", "0000-00-00"}
    | {"00/00/0000", "0000-00-00 00:00:00", "unknown", "نامشخص", "غير معروف", "неизвестно"}
)
_WORDY: Final = frozenset({Form.TEXT, Form.NOTE, Form.TAGS})
_NEVER_TEXT: Final = frozenset(
    {"\\N", "NULL", "#N/A", "#REF!", "#VALUE!", "#NAME?", "#NULL!", "#DIV/0!", "#NUM!"}
)
_WHOLE_FLOAT: Final = re.compile(r"\d{1,15}\.0+")
_SHORTENED: Final = re.compile(r"\d[.,]\d+[eE]\+?\d{1,2}|\d[eE]\+\d{1,2}")
_LIST: Final = re.compile(r"[;,|\n،؛]+")
_LOST: Final = "\ufffd"


@dataclass(frozen=True, slots=True)
class Problem:
    """One thing to say about a row: a code, the column it is about, and what its words quote."""

    code: ProblemCode
    column: str | None = None
    figures: Mapping[str, str | int] = field(default_factory=dict)

    @property
    def rejects(self) -> bool:
        """Whether the row cannot be stored for it."""
        return self.code in REJECTING

    @classmethod
    def of(cls, kept: Sequence[Any]) -> "Problem":
        """A problem as it was kept."""
        code, column, figures = kept
        return cls(ProblemCode(code), column, figures)

    def as_json(self) -> list[Any]:
        """The problem as it is kept with the row."""
        return [self.code.value, self.column, dict(self.figures)]


@dataclass(slots=True)
class Row:
    """One row of a file as typed values; a column that says nothing is not among them.

    `is_repeated`: another row of the file speaks of the same person.
    """

    line: int
    values: dict[str, Any]
    problems: list[Problem]
    is_repeated: bool = False

    def get(self, column: str) -> Any:
        """The value of a column, None where the row says nothing."""
        return self.values.get(column)

    def bad(self, column: str) -> bool:
        """Whether the row says something there that cannot be read."""
        return any(problem.column == column for problem in self.problems)

    def add(self, code: ProblemCode, column: str | None = None, **figures: str | int) -> None:
        """Say something about the row."""
        self.problems.append(Problem(code, column, figures))

    @property
    def is_rejected(self) -> bool:
        """Whether the row cannot be stored."""
        return any(problem.rejects for problem in self.problems)


@dataclass(frozen=True)
class Surroundings:
    """What a cell cannot know by itself: the club's money, country, zone and day."""

    currency: str
    territory: str
    timezone: str
    cutoff_minutes: int
    as_of_on: date
    calendar: CalendarName


@dataclass(frozen=True)
class Findings:
    """What was found out from whole columns: how days and numbers are written there."""

    orders: Mapping[str, Order] = field(default_factory=dict)
    marks: Mapping[str, Mark | None] = field(default_factory=dict)
    m_is_female: bool = False


class RowReader:
    """Reads the rows of one file, as laid out and found out."""

    def __init__(self, layout: Layout, about: Surroundings, found: Findings) -> None:
        self._layout = layout
        self._about = about
        self._found = found
        self._zone = ZoneInfo(about.timezone)
        self._last_day = about.as_of_on + timedelta(days=YEARS_AHEAD * 365)
        table = COLUMNS[layout.kind]
        self._columns = [
            (table[name], layout.sources.get(name, ()), layout.constants.get(name, ""))
            for name in table
            if name in layout.columns and name != "currency"
        ]
        self._meanings = layout.values
        self._readings = {name: self._reading(name) for name in table}
        self._readers: dict[Form, Callable[[Row, Column, str], Any]] = {
            Form.TEXT: _text,
            Form.NOTE: _text,
            Form.CODE: _code,
            Form.PHONE: self._phone,
            Form.EMAIL: _email,
            Form.DAY: self._day,
            Form.MOMENT: self._moment,
            Form.AMOUNT: self._amount,
            Form.WHOLE: _whole,
            Form.DECIMAL: self._decimal,
            Form.SHARE: _share,
            Form.YES_NO: _yes_no,
            Form.GENDER: self._gender,
            Form.TAGS: _tags,
            Form.LOCALE: _locale,
            Form.METHOD: _word(read_method),
            Form.STATUS: _word(read_status),
            Form.DIRECTION: _word(read_direction),
        }

    def read(
        self, line: int, cells: Sequence[str], fault: str | None = None, beyond: str = ""
    ) -> Row:
        """Read one row. With a `fault` of the file's own nothing of it is read.

        `beyond` stands in the row, but under no heading.
        """
        row = Row(line, {}, [])
        if fault is not None:
            row.add(ProblemCode(fault), None, headings=len(self._layout.headings))
            return row
        if beyond:
            row.add(ProblemCode.NO_HEADING, None, value=beyond[:SHOWN])
        if "currency" in self._layout.columns:
            self._read_currency(row, cells)
        for column, places, constant in self._columns:
            text = self._cell(column, places, cells) or constant
            if not text:
                continue
            if _LOST in text:
                row.add(ProblemCode.LOST_CHARACTERS, column.name)
            meanings = self._meanings.get(column.name)
            if meanings:
                text = meanings.get(value_key(text), text)
                if not text:
                    continue
            value = self._readers[column.form](row, column, text)
            if value is not None:
                row.values[column.name] = value
        if self._layout.tags:
            self._read_tags(row, cells)
        return row

    def _cell(self, column: Column, places: Sequence[int], cells: Sequence[str]) -> str:
        """The text of a column in a row: the first cell that says something, or several joined."""
        if len(places) == 1:
            cell = cells[places[0]]
            return told(column, cell) if cell else ""
        texts = [text for place in places if (text := told(column, cells[place]))]
        if column.form is Form.MOMENT:
            return joined_moment(texts)
        return ", ".join(texts)

    def _read_currency(self, row: Row, cells: Sequence[str]) -> None:
        column = COLUMNS[self._layout.kind]["currency"]
        places = self._layout.sources.get("currency", ())
        text = self._cell(column, places, cells) or self._layout.constants.get("currency", "")
        text = self._meanings.get("currency", {}).get(value_key(text), text) if text else ""
        if not text:
            return
        try:
            code = _currency(text, self._about.currency)
        except ValueError:
            row.add(ProblemCode.BAD_CURRENCY, "currency", value=text[:SHOWN])
        else:
            row.values["currency"] = code

    def _read_tags(self, row: Row, cells: Sequence[str]) -> None:
        tags = list(row.values.get(TAGS, ()))
        for place, tag in self._layout.tags.items():
            text = cells[place]
            is_so = read_yes_no(text)
            if is_so is None:
                if text.strip().casefold() in _NOTHING:
                    continue
                row.add(ProblemCode.BAD_WORD, self._layout.headings[place], value=text[:SHOWN])
            elif is_so and tag not in tags:
                tags.append(tag)
        if tags:
            row.values[TAGS] = tuple(tags)

    def _reading(self, column: str) -> DayReading:
        about = self._about
        latest = about.as_of_on.year + (0 if column == "birth_date" else 30)
        order: Order = self._found.orders.get(column, "dmy")
        return DayReading(order, about.calendar, latest)

    def _day(self, row: Row, column: Column, text: str) -> date | None:
        written = self._written(row, column, text)
        if written is None:
            return None
        if written.day > self._last_day:
            return self._far_end(row, column, text, written.day)
        if written.day.year < _FIRST_YEARS.get(column.name, 0):
            row.add(ProblemCode.FAR_DAY, column.name, value=text[:SHOWN])
            return None
        if written.at is not None and (written.zone or self._about.cutoff_minutes):
            moment = written.moment(self._zone)
            is_visit = column.name == "last_visit_on"
            cutoff = self._about.cutoff_minutes if is_visit else 0
            return club_day(moment, self._zone, cutoff)
        return written.day

    def _far_end(self, row: Row, column: Column, text: str, day: date) -> date | None:
        """A day far ahead: of all days only an end may lie there, if its year was written so."""
        year = str(day.year)
        is_as_written = year in ascii_digits(text) or text.strip().isdecimal()
        if column.name != "ends_on" or not is_as_written:
            row.add(ProblemCode.FAR_DAY, column.name, value=text[:SHOWN])
            return None
        if day.year < LAST_YEAR:
            return day
        row.add(ProblemCode.NO_END, column.name, value=text[:SHOWN])
        return None

    def _moment(self, row: Row, column: Column, text: str) -> datetime | None:
        written = self._written(row, column, text)
        if written is None:
            return None
        is_early = written.day.year < _FIRST_YEARS.get(column.name, 0)
        if is_early or written.day > self._last_day:
            row.add(ProblemCode.FAR_DAY, column.name, value=text[:SHOWN])
            return None
        if written.at is None:
            row.values[f"{column.name}.day"] = written.day
        return written.moment(self._zone)

    def _written(self, row: Row, column: Column, text: str) -> Written | None:
        try:
            return read_day(text, self._readings[column.name])
        except (NotADay, DayOutOfRange):
            row.add(ProblemCode.BAD_DAY, column.name, value=text.strip()[:SHOWN])
            return None

    def _amount(self, row: Row, column: Column, text: str) -> Money | None:
        if row.bad("currency"):
            return None
        currency = row.values.get("currency", self._about.currency)
        try:
            money, is_rounded = read_money(text, currency, self._found.marks.get(column.name))
        except NotAnAmount:
            row.add(ProblemCode.BAD_AMOUNT, column.name, value=text[:SHOWN])
            return None
        if abs(money.minor) > _most_minor(money.currency):
            row.add(ProblemCode.BAD_AMOUNT, column.name, value=text[:SHOWN])
            return None
        if is_rounded:
            row.add(ProblemCode.ROUNDED, column.name, value=text[:SHOWN])
        return money

    def _decimal(self, row: Row, column: Column, text: str) -> float | None:
        try:
            number = read_decimal(text, self._found.marks.get(column.name))
        except NotAnAmount:
            row.add(ProblemCode.BAD_NUMBER, column.name, value=text[:SHOWN])
            return None
        if not 0 <= number <= 1000:
            row.add(ProblemCode.BAD_NUMBER, column.name, value=text[:SHOWN])
            return None
        return float(number)

    def _gender(self, row: Row, column: Column, text: str) -> str | None:
        gender = read_gender(text, m_is_female=self._found.m_is_female)
        if gender is None:
            row.add(ProblemCode.BAD_WORD, column.name, value=text[:SHOWN])
        return gender

    def _phone(self, row: Row, column: Column, text: str) -> str | None:
        if phone_e164(text, self._about.territory) is None:
            lost = _SHORTENED.fullmatch(text.strip()) is not None
            code = ProblemCode.DIGITS_LOST if lost else ProblemCode.BAD_PHONE
            row.add(code, column.name, value=text[:SHOWN])
        # Kept as given even where it is no number, so that somebody can mend it.
        return clean_text(text, SHOWN) or None


def _most_minor(currency: str) -> int:
    """The largest amount that is believed, in minor units."""
    decimals = exponent(currency)
    return MOST_MAJOR * (10**decimals if decimals else 1000)


def told(column: Column, cell: str) -> str:
    """What a cell says in this column; nothing for the many ways to say nothing."""
    text = (unguarded(cell) if cell[0] == "'" else cell).strip() if cell else ""
    if column.form in _WORDY:
        return "" if text in _NEVER_TEXT else text
    if text in _NEVER_TEXT or text.casefold() in _NOTHING:
        return ""
    return text


def _text(row: Row, column: Column, text: str) -> str | None:
    is_note = column.form is Form.NOTE
    kept = clean_text(text, column.most, multiline=is_note)
    if len(text) > column.most and len(clean_text(text, column.most + 1, multiline=is_note)) > len(
        kept
    ):
        row.add(ProblemCode.CUT, column.name, most=column.most)
    return kept or None


def _code(row: Row, column: Column, text: str) -> str | None:
    """An identity as it was written, digits as 0-9, without the point a spreadsheet adds."""
    kept = clean_text(ascii_digits(text), column.most + 1)
    if _WHOLE_FLOAT.fullmatch(kept):
        kept = kept.partition(".")[0]
    if _SHORTENED.fullmatch(kept):
        row.add(ProblemCode.DIGITS_LOST, column.name, value=kept[:SHOWN])
        return None
    if len(kept) > column.most:
        row.add(ProblemCode.CUT, column.name, most=column.most)
        return None
    return kept or None


def _email(row: Row, column: Column, text: str) -> str | None:
    address = clean_email(text)
    if address is None:
        parts = [part for part in _LIST.split(text) if part.strip()]
        address = clean_email(parts[0]) if len(parts) > 1 else None
    if address is None:
        row.add(ProblemCode.BAD_EMAIL, column.name, value=text[:SHOWN])
    return address


def _whole(row: Row, column: Column, text: str) -> int | None:
    try:
        return read_whole(text)
    except NotAnAmount:
        row.add(ProblemCode.BAD_NUMBER, column.name, value=text[:SHOWN])
        return None


def _share(row: Row, column: Column, text: str) -> int | None:
    try:
        return read_share(text)
    except NotAnAmount:
        row.add(ProblemCode.BAD_NUMBER, column.name, value=text[:SHOWN])
        return None


def _yes_no(row: Row, column: Column, text: str) -> bool | None:
    is_so = read_yes_no(text)
    if is_so is None:
        row.add(ProblemCode.BAD_WORD, column.name, value=text[:SHOWN])
    return is_so


def _tags(row: Row, column: Column, text: str) -> tuple[str, ...] | None:
    del row, column
    # A semicolon parts tags that hold commas themselves.
    parts = text.split(";") if ";" in text else _LIST.split(text)
    tags = (clean_text(part, 60) for part in parts)
    return tuple(dict.fromkeys(tag for tag in tags if tag)) or None


def _locale(row: Row, column: Column, text: str) -> str | None:
    try:
        locale = Locale.parse(text.replace("-", "_"))
    except (UnknownLocaleError, ValueError, TypeError):
        language = _LANGUAGES.get(fold(text))
        if language is None:
            row.add(ProblemCode.BAD_LOCALE, column.name, value=text[:SHOWN])
        return language
    return str(locale)[:12]


def _word(read: Callable[[str], str | None]) -> Callable[[Row, Column, str], str | None]:
    def reader(row: Row, column: Column, text: str) -> str | None:
        meaning = read(text)
        if meaning is None:
            row.add(ProblemCode.BAD_WORD, column.name, value=text[:SHOWN])
        return meaning

    return reader


def _currency(text: str, usual: str) -> str:
    """The code of a currency written as code, sign or word; raises ValueError."""
    code = text.strip().upper()
    if code in ("IRT", "TMN"):
        return TOMAN
    if code in _NO_MONEY:
        raise ValueError(text)
    try:
        exponent(code)
    except ValueError:
        pass
    else:
        return code
    for wanted in (usual, "IRR", "EUR", "USD", "RUB", "AED", "GBP"):
        try:
            money = Money.parse(f"1 {text.strip()}", wanted)
        except NotAnAmount:
            continue
        return TOMAN if money.minor == 10 and money.currency == "IRR" else money.currency
    raise ValueError(text)


_NO_MONEY: Final = ("XXX", "XTS")
"""Codes that stand for no currency, and for tests."""

_LANGUAGES: Final = {
    fold(name): language
    for language in ("en", "fa", "ar", "ru", "pt", "es", "de", "fr", "tr")
    for name in (
        Locale.parse("en").languages[language],
        Locale.parse(language).languages[language],
    )
}
