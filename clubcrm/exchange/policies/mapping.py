"""What a club says about its columns, and what becomes of each heading then."""

import tomllib
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, Final, cast

from rapidfuzz import process

from clubcrm.core.calendars import CalendarName
from clubcrm.core.folding import clean_text, fold
from clubcrm.exchange.errors import BadMapping
from clubcrm.exchange.policies.columns import COLUMNS, NEEDED
from clubcrm.exchange.policies.days import ORDERS, Order
from clubcrm.exchange.policies.headings import Guess, guess_columns, heading_key
from clubcrm.exchange.states import HeadingFate, Kind

TAGS: Final = "tags"
_TABLES: Final = ("columns", "constants", "dates", "values", "tags")
_CALENDARS: Final = ("gregorian", "jalali")
_MOST_BYTES: Final = 256 * 1024


@dataclass(frozen=True)
class ColumnMapping:
    """A mapping file, or the choices on the page.

    `columns`: heading -> our column, "" = leave out. `constants`: our column -> text for every row
    that says nothing. `values`: our column -> what a cell says -> what it means. `tags`: heading -> the
    tag a row gets where that cell says yes. `order` and `calendar` of days, None = found out.
    """

    columns: Mapping[str, str] = field(default_factory=dict)
    constants: Mapping[str, str] = field(default_factory=dict)
    values: Mapping[str, Mapping[str, str]] = field(default_factory=dict)
    tags: Mapping[str, str] = field(default_factory=dict)
    order: Order | None = None
    calendar: CalendarName | None = None

    def as_json(self) -> dict[str, Any]:
        """The mapping as it is kept with the import."""
        return {
            "columns": dict(self.columns),
            "constants": dict(self.constants),
            "values": {column: dict(table) for column, table in self.values.items()},
            "tags": dict(self.tags),
            "dates": {
                name: value
                for name, value in (("order", self.order), ("calendar", self.calendar))
                if value
            },
        }


@dataclass(frozen=True)
class Layout:
    """Which cells of a row fill which column.

    `sources`: our column -> places of its cells, in order. `fates` says for each heading what becomes
    of it. `missing_headings` are headings a mapping names that the file does not have.
    """

    kind: Kind
    headings: tuple[str, ...]
    sources: Mapping[str, tuple[int, ...]]
    tags: Mapping[int, str]
    constants: Mapping[str, str]
    values: Mapping[str, Mapping[str, str]]
    fates: tuple[Guess, ...]
    missing_headings: tuple[str, ...]

    @property
    def columns(self) -> frozenset[str]:
        """The columns that can hold something."""
        has_tags = frozenset({TAGS}) if self.tags else frozenset()
        return frozenset(self.sources) | frozenset(self.constants) | has_tags

    def missing(self) -> tuple[str, ...] | None:
        """The first group of needed columns of which there is none; None = all there."""
        for group in NEEDED[self.kind]:
            if not self.columns & set(group):
                return group
        return None


def parse_mapping_file(content: bytes, kind: Kind) -> ColumnMapping:
    """Read a mapping file in TOML. Raises BadMapping with what is wrong and where."""
    if len(content) > _MOST_BYTES:
        raise BadMapping(why="the file is larger than a mapping can be.")
    try:
        told = tomllib.loads(content.decode("utf-8-sig"))
    except (UnicodeDecodeError, tomllib.TOMLDecodeError) as error:
        raise BadMapping(why=f"it is not valid TOML ({error}).") from error
    return mapping_of(told, kind)


def mapping_of(told: Mapping[str, Any], kind: Kind) -> ColumnMapping:
    """A mapping from plain tables. Raises BadMapping."""
    for name in told:
        if name not in _TABLES:
            raise BadMapping(why=f"[{name}] is none of {', '.join(f'[{t}]' for t in _TABLES)}.")
    columns = _texts(told, "columns")
    constants = _texts(told, "constants")
    tags = _texts(told, "tags")
    for column in (*filter(None, columns.values()), *constants):
        _check_column(column, kind)
    if tags and TAGS not in COLUMNS[kind]:
        raise BadMapping(why=f"a file of “{kind.value}” has no tags.")
    _check_once(columns, kind)
    return ColumnMapping(
        columns=columns,
        constants=constants,
        values=_values(told.get("values", {}), kind),
        tags={heading: clean_text(tag, 60) for heading, tag in tags.items()},
        order=_order(told.get("dates", {})),
        calendar=_calendar(told.get("dates", {})),
    )


def lay_out(headings: Sequence[str], kind: Kind, mapping: ColumnMapping) -> Layout:
    """Say which cells fill which column: what the mapping says first, the rest as guessed."""
    told, missing = _told(headings, mapping)
    fixed = {at: column for at, column in told.items() if at not in _tag_places(headings, mapping)}
    guesses = guess_columns(headings, kind, fixed)
    tags = _tag_places(headings, mapping)
    sources: dict[str, tuple[int, ...]] = {}
    fates = []
    for at, guess in enumerate(guesses):
        if at in tags:
            fates.append(Guess(guess.heading, TAGS, HeadingFate.MAPPED))
            continue
        fates.append(guess)
        if guess.column:
            sources[guess.column] = (*sources.get(guess.column, ()), at)
    return Layout(
        kind=kind,
        headings=tuple(headings),
        sources=sources,
        tags=tags,
        constants=mapping.constants,
        values=mapping.values,
        fates=tuple(fates),
        missing_headings=tuple(missing),
    )


def value_key(text: str) -> str:
    """A cell as it is compared with the keys of a `[values.…]` table: 1, 1.0 and 01 are one."""
    plain = fold(text)
    try:
        number = float(text.strip())
    except ValueError:
        return plain
    return format(number, ".10g")


def _told(headings: Sequence[str], mapping: ColumnMapping) -> tuple[dict[int, str], list[str]]:
    """Place of a heading -> what the mapping says of it; and the headings that are not in the file."""
    by_text = {heading: at for at, heading in reversed(list(enumerate(headings)))}
    by_key = {heading_key(heading): at for at, heading in reversed(list(enumerate(headings)))}
    told: dict[int, str] = {}
    missing = []
    for heading, column in [*mapping.columns.items(), *((tag, "") for tag in mapping.tags)]:
        at = by_text.get(heading, by_key.get(heading_key(heading)))
        if at is None:
            missing.append(heading)
        else:
            told[at] = column
    return told, missing


def _tag_places(headings: Sequence[str], mapping: ColumnMapping) -> dict[int, str]:
    wanted = {heading_key(heading): tag for heading, tag in mapping.tags.items()}
    return {
        at: wanted[key]
        for at, heading in enumerate(headings)
        if (key := heading_key(heading)) in wanted
    }


def _texts(told: Mapping[str, Any], name: str) -> dict[str, str]:
    table = told.get(name, {})
    if not isinstance(table, Mapping):
        raise BadMapping(why=f"[{name}] must be a table.")
    texts = {}
    for key, value in table.items():
        if isinstance(value, bool) or not isinstance(value, str | int | float):
            raise BadMapping(why=f"[{name}] “{key}” must be text.")
        texts[key] = str(value)
    return texts


def _values(told: object, kind: Kind) -> dict[str, dict[str, str]]:
    if not isinstance(told, Mapping):
        raise BadMapping(why="[values] must hold tables such as [values.gender].")
    tables = {}
    for column in told:
        _check_column(column, kind)
        tables[column] = {
            value_key(cell): meaning for cell, meaning in _texts(told, column).items()
        }
    return tables


def _order(dates: object) -> Order | None:
    told = _of_dates(dates, "order")
    if told is not None and told not in ORDERS:
        raise BadMapping(why=f"[dates] order is one of {', '.join(ORDERS)}, not “{told}”.")
    return told


def _calendar(dates: object) -> CalendarName | None:
    told = _of_dates(dates, "calendar")
    if told is not None and told not in _CALENDARS:
        raise BadMapping(why=f"[dates] calendar is gregorian or jalali, not “{told}”.")
    return cast("CalendarName | None", told)


def _of_dates(dates: object, name: str) -> str | None:
    if not isinstance(dates, Mapping):
        raise BadMapping(why="[dates] must be a table.")
    for key in dates:
        if key not in ("order", "calendar"):
            raise BadMapping(why=f"[dates] knows order and calendar, not “{key}”.")
    value = dates.get(name)
    return None if value is None else str(value)


def _check_column(column: str, kind: Kind) -> None:
    if column in COLUMNS[kind]:
        return
    near = process.extractOne(column, list(COLUMNS[kind]), score_cutoff=60)
    hint = f" Did you mean “{near[0]}”?" if near else ""
    raise BadMapping(why=f"“{column}” is no column of “{kind.value}”.{hint}")


def _check_once(columns: Mapping[str, str], kind: Kind) -> None:
    taken: dict[str, str] = {}
    for heading, column in columns.items():
        if column and column in taken and not COLUMNS[kind][column].joins:
            raise BadMapping(why=f"“{taken[column]}” and “{heading}” are both “{column}”.")
        taken[column] = heading
