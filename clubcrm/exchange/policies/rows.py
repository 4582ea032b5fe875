"""Rows of text become typed values; a cell that cannot be read becomes a problem, never a guess."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date, datetime, timedelta
from typing import Any, Final, NamedTuple
from zoneinfo import ZoneInfo

from clubcrm.core.calendars import CalendarName
from clubcrm.core.days import club_day
from clubcrm.core.errors import DayOutOfRange, NotADay, NotAnAmount
from clubcrm.core.folding import ascii_digits, clean_text, phone_e164
from clubcrm.core.money import TOMAN, Money, exponent
from clubcrm.exchange.policies.cells import (
    NOTHING,
    SHORTENED,
    code_cell,
    email_cell,
    locale_cell,
    share_cell,
    tags_cell,
    text_cell,
    told,
    whole_cell,
    word_cell,
    yes_no_cell,
)
from clubcrm.exchange.policies.columns import COLUMNS, Column, Form
from clubcrm.exchange.policies.days import DayReading, Order, Written, joined_moment, read_day
from clubcrm.exchange.policies.figures import (
    Mark,
    read_decimal,
    read_direction,
    read_gender,
    read_method,
    read_money,
    read_status,
    read_yes_no,
)
from clubcrm.exchange.policies.mapping import TAGS, Layout, value_key
from clubcrm.exchange.policies.row import SHOWN, Row
from clubcrm.exchange.states import ProblemCode

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

_LOST: Final = "\ufffd"


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


Reader = Callable[[Row, Column, str], Any]


class _Way(NamedTuple):
    """How one column of a kind is read: where its text stands, and what makes a value of it."""

    column: Column
    places: tuple[int, ...]
    only: int | None  # where it stands in one place
    constant: str
    meanings: Mapping[str, str]
    read: Reader


class RowReader:
    """Reads the rows of one file, as laid out and found out."""

    def __init__(self, layout: Layout, about: Surroundings, found: Findings) -> None:
        self._layout = layout
        self._about = about
        self._found = found
        self._zone = ZoneInfo(about.timezone)
        self._last_day = about.as_of_on + timedelta(days=YEARS_AHEAD * 365)
        table = COLUMNS[layout.kind]
        self._readings = {name: self._reading(name) for name in table}
        self._readers: dict[Form, Reader] = {
            Form.TEXT: text_cell,
            Form.NOTE: text_cell,
            Form.CODE: code_cell,
            Form.PHONE: self._phone,
            Form.EMAIL: email_cell,
            Form.DAY: self._day,
            Form.MOMENT: self._moment,
            Form.AMOUNT: self._amount,
            Form.WHOLE: whole_cell,
            Form.DECIMAL: self._decimal,
            Form.SHARE: share_cell,
            Form.YES_NO: yes_no_cell,
            Form.GENDER: self._gender,
            Form.TAGS: tags_cell,
            Form.LOCALE: locale_cell,
            Form.METHOD: word_cell(read_method),
            Form.STATUS: word_cell(read_status),
            Form.DIRECTION: word_cell(read_direction),
        }
        self._has_currency = "currency" in layout.columns
        self._columns = [
            self._way(table[name])
            for name in table
            if name in layout.columns and name != "currency"
        ]

    def _way(self, column: Column) -> "_Way":
        layout = self._layout
        places = tuple(layout.sources.get(column.name, ()))
        return _Way(
            column=column,
            places=places,
            only=places[0] if len(places) == 1 else None,
            constant=layout.constants.get(column.name, ""),
            meanings=layout.values.get(column.name, {}),
            read=self._readers[column.form],
        )

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
        if self._has_currency:
            self._read_currency(row, cells)
        for way in self._columns:
            column, only = way.column, way.only
            if only is None:
                text = self._cell(column, way.places, cells) or way.constant
            else:
                text = (told(column, cell) if (cell := cells[only]) else "") or way.constant
            if not text:
                continue
            if _LOST in text:
                row.add(ProblemCode.LOST_CHARACTERS, column.name)
            if way.meanings:
                text = way.meanings.get(value_key(text), text)
                if not text:
                    continue
            value = way.read(row, column, text)
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
        text = self._layout.values.get("currency", {}).get(value_key(text), text) if text else ""
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
                if text.strip().casefold() in NOTHING:
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
            lost = SHORTENED.fullmatch(text.strip()) is not None
            code = ProblemCode.DIGITS_LOST if lost else ProblemCode.BAD_PHONE
            row.add(code, column.name, value=text[:SHOWN])
        # Kept as given even where it is no number, so that somebody can mend it.
        return clean_text(text, SHOWN) or None


def _most_minor(currency: str) -> int:
    """The largest amount that is believed, in minor units."""
    decimals = exponent(currency)
    return MOST_MAJOR * (10**decimals if decimals else 1000)


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
