"""Statements that are sent again and again: put together once, and sent at the driver's own cursor.

What a search or a check-in asks takes the database less time than it takes to write the question anew.
A `Prepared` writes it once for each database, and once for each length of its lists. Values go to the
driver and come back through the types of their columns, as they do everywhere else, and what the database
refuses is raised as everywhere else.
"""

from collections import namedtuple
from collections.abc import Callable, Collection, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Any, Final, cast

from sqlalchemy import CompoundSelect, Insert, Select, Update
from sqlalchemy.engine import Dialect
from sqlalchemy.orm import Session
from sqlalchemy.sql import visitors
from sqlalchemy.sql.compiler import SQLCompiler

from clubcrm.core.db import WRITING, as_elsewhere

SIZES: Final = (1, 2, 5, 10, 20, 50, 100, 200, 500, 1000, 2000, 5000)
"""A list is filled up with its last value to one of these lengths, or a multiple of the last of them, so that
few texts stand for all."""

Statement = Select[Any] | CompoundSelect[Any] | Insert | Update
Turn = Callable[[Any], Any]
Values = Mapping[str, Any]

_open: list[bool] = []


@dataclass
class _Text:
    """A statement in the words of one database."""

    sql: str
    dialect: Dialect
    places: Sequence[str] | None
    """The values in the order in which they are sent, where they go by place; None: by name."""
    given: Values
    """Values that stand in the statement itself."""
    turns: Sequence[tuple[str, Turn]]
    """What a value goes through on its way to the driver."""
    lists: Sequence[tuple[str, Sequence[str]]]
    """The names under which the values of a list are sent."""
    back: Sequence[tuple[int, Turn]] | None = None
    """What the value of a column goes through on its way back, by its place; known once the database told
    of what kind its columns are."""


@dataclass(frozen=True)
class Look:
    """A connection for prepared statements alone; see `transactions.looking`."""

    dialect: Dialect
    driver: Any

    def get_bind(self) -> "Look":
        """What knows the dialect, as with a session."""
        return self


Reader = Session | Look


class Prepared:
    """A statement to be sent with other values each time, made at import.

    Lists are `bindparam(..., expanding=True)`; who asks with an empty one is told nothing and the database
    is not asked. Rows are named tuples of the columns. An insert has a column for each value it is sent
    with, and no default of the mapping is filled in.
    """

    def __init__(self, statement: Statement) -> None:
        self._statement = statement
        columns = statement.exported_columns  # of an insert or update: what it gives back
        self._types = [column.type for column in columns]
        self._row = _named([str(name) for name in columns.keys()])  # noqa: SIM118 - no mapping
        self._lists = _lists_of(statement)
        self._texts: dict[tuple[Any, ...], _Text] = {}

    def all(self, session: Reader, values: Values) -> list[Any]:
        """Every row."""
        sent = self._send(session, values)
        if sent is None:
            return []
        cursor, text = sent
        if text.back is None:
            told = getattr(
                cursor, "cursor", cursor
            ).description  # the engine's result has the cursor in it
            text.back = _turns_back(self._types, text.dialect, [column[1] for column in told])
        return _made(cursor.fetchall(), self._row, text.back)

    def first(self, session: Reader, values: Values) -> Any | None:
        """The first row, or None."""
        found = self.all(session, values)
        return found[0] if found else None

    def raw(self, session: Reader, values: Values) -> tuple[tuple[Any, ...], ...]:
        """Every row as the driver gives it, which is not the same on both databases.

        For whoever keeps what rows were made into, by what they were; `made` makes them, but for figures
        with a point.
        """
        sent = self._send(session, values)
        return () if sent is None else tuple(sent[0].fetchall())

    def made(self, rows: Sequence[Sequence[Any]], dialect: Dialect) -> list[Any]:
        """Rows that were read raw, as `all` gives them."""
        kinds = [None] * len(self._types)
        return _made(rows, self._row, _turns_back(self._types, dialect, kinds))

    def send(self, session: Session, values: Values) -> int:
        """Change what the statement changes, and tell how many rows that were."""
        sent = self._send(session, values)
        return 0 if sent is None else cast(int, sent[0].rowcount)

    def _send(self, session: Reader, values: Values) -> tuple[Any, _Text] | None:
        told = dict(values)
        for name in self._lists:
            told[name] = _filled_up(told[name])
            if not told[name]:
                return None
        connection = None
        if isinstance(session, Look):
            dialect, driver = session.dialect, session.driver
        else:
            if session.info.get(WRITING):
                session.flush()
            connection = session.connection()
            dialect, driver = connection.dialect, connection.connection.driver_connection
        text = self._text(dialect, told)
        for name, names in text.lists:
            told.update(zip(names, told.pop(name), strict=True))
        for name, turn in text.turns:
            told[name] = turn(told[name])
        told.update(text.given)
        arguments = told if text.places is None else [told[name] for name in text.places]
        if _open and connection is not None:
            given = told if text.places is None else tuple(arguments)
            return connection.exec_driver_sql(text.sql, given), text
        try:
            return driver.execute(text.sql, arguments), text
        except dialect.loaded_dbapi.Error as error:
            is_lost = dialect.is_disconnect(error, driver, None)
            if is_lost and connection is not None:
                connection.invalidate(error)
            raise as_elsewhere(dialect, text.sql, error, is_lost=is_lost) from error

    def _text(self, dialect: Dialect, told: Values) -> _Text:
        names = told if isinstance(self._statement, Insert) else ()
        key = (dialect.name, *names, *[len(told[name]) for name in self._lists])
        found = self._texts.get(key)
        if found is None:
            found = self._texts[key] = self._written(dialect, told)
        return found

    def _written(self, dialect: Dialect, told: Values) -> _Text:
        columns = list(told) if isinstance(self._statement, Insert) else None
        compiled: SQLCompiler = self._statement.compile(dialect=dialect, column_keys=columns)
        state = compiled.construct_expanded_state(dict(told))
        turns = {
            name: bind.type.dialect_impl(dialect).bind_processor(dialect)
            for bind, name in compiled.bind_names.items()
        }
        for name, many in state.parameter_expansion.items():
            turns |= dict.fromkeys(many, turns.pop(name))
        lists = [(name, state.parameter_expansion[name]) for name in self._lists]
        known = {*told, *(one for _name, many in lists for one in many)}
        given = {n: value for n, value in state.parameters.items() if n not in known}
        return _Text(
            sql=state.statement,
            dialect=dialect,
            places=state.positiontup,
            given={n: turn(given[n]) if (turn := turns.get(n)) else given[n] for n in given},
            turns=[(n, turn) for n, turn in turns.items() if turn is not None and n not in given],
            lists=lists,
        )


def _named(names: Sequence[str]) -> Turn:
    row: Any = namedtuple("Row", names, rename=True)  # type: ignore[misc]  # noqa: PYI024
    return cast(Turn, row._make)


def _lists_of(statement: Statement) -> tuple[str, ...]:
    found = (one for one in visitors.iterate(statement) if one.__visit_name__ == "bindparam")
    return tuple(
        dict.fromkeys(one.key for one in cast(Any, found) if one.expanding and one.required)
    )


def _filled_up(values: Collection[Any]) -> list[Any]:
    many = list(values)
    most = SIZES[-1]
    size = next((size for size in SIZES if size >= len(many)), -(-len(many) // most) * most)
    return many + many[-1:] * (size - len(many))


def _turns_back(
    types: Sequence[Any], dialect: Dialect, kinds: Sequence[Any]
) -> list[tuple[int, Turn]]:
    pairs = zip(types, kinds, strict=True)
    turns = (one.dialect_impl(dialect).result_processor(dialect, kind) for one, kind in pairs)
    return [(place, turn) for place, turn in enumerate(turns) if turn is not None]


def _made(
    rows: Sequence[Sequence[Any]], make: Turn, turns: Sequence[tuple[int, Turn]]
) -> list[Any]:
    if not turns:
        return [make(row) for row in rows]
    made = []
    for row in rows:
        cells = list(row)
        for place, turn in turns:
            cells[place] = turn(cells[place])
        made.append(make(cells))
    return made


@contextmanager
def openly() -> Iterator[None]:
    """Send prepared statements through the engine meanwhile, so that who listens to its events hears them."""
    _open.append(True)
    try:
        yield
    finally:
        _open.pop()


def is_open() -> bool:
    """Whether somebody listens."""
    return bool(_open)
