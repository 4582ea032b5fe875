"""The SQL that differs between SQLite and PostgreSQL, and nothing else."""

import re
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from functools import cache, lru_cache
from itertools import chain, islice
from typing import Any, TypeVar

from sqlalchemy import (
    Column,
    ColumnElement,
    Dialect,
    Engine,
    Insert,
    Integer,
    Select,
    Table,
    UniqueConstraint,
    event,
    func,
    insert,
    select,
    text,
)
from sqlalchemy.dialects import postgresql, sqlite
from sqlalchemy.exc import DBAPIError, IntegrityError
from sqlalchemy.ext.compiler import compiles
from sqlalchemy.orm import Session
from sqlalchemy.sql.compiler import SQLCompiler
from sqlalchemy.sql.functions import FunctionElement

from clubcrm.core.db import Base
from clubcrm.core.prepared import Prepared

Query = TypeVar("Query", bound=Select[Any])
Row = TypeVar("Row")


class day_number(FunctionElement[int]):  # noqa: N801
    """A date column as the number `core.days.day_no` gives, so that the same SQL counts days on both."""

    type = Integer()
    inherit_cache = True
    name = "day_number"


@compiles(day_number, "postgresql")
def _day_number_postgresql(element: Any, compiler: SQLCompiler, **kw: Any) -> str:
    return f"({compiler.process(element.clauses, **kw)} - DATE '0001-01-01' + 1)"


@compiles(day_number, "sqlite")
def _day_number_sqlite(element: Any, compiler: SQLCompiler, **kw: Any) -> str:
    return f"CAST(julianday({compiler.process(element.clauses, **kw)}) - 1721424.5 AS INTEGER)"


def insert_ignoring(session: Session, table: Table, rows: Sequence[dict[str, Any]]) -> int:
    """Insert the rows that break no unique rule and say how many went in.

    On PostgreSQL this waits for another transaction that is inserting the same key right now.
    """
    dialect = sqlite if is_sqlite(session) else postgresql
    key = next(iter(table.primary_key.columns))
    if len(rows) == 1:
        # Said with its values in the statement it would be compiled anew each time.
        one = dialect.insert(table).on_conflict_do_nothing().returning(key)
        return len(session.execute(one, dict(rows[0])).all())
    inserted = 0
    for chunk in chunks(rows, 400):
        statement = dialect.insert(table).values(list(chunk)).on_conflict_do_nothing()
        # Counting what comes back: the drivers do not agree on the row count of such a statement.
        inserted += len(session.execute(statement.returning(key)).all())
    return inserted


def insert_missing(session: Session, table: Table, rows: Sequence[dict[str, Any]]) -> None:
    """Insert the rows that break no unique rule, however many; `insert_ignoring` also counts them."""
    if rows:
        dialect = sqlite if is_sqlite(session) else postgresql
        session.connection().execute(dialect.insert(table).on_conflict_do_nothing(), list(rows))


FEW = 50
"""Up to so many rows PostgreSQL takes one ordinary statement quicker than what suits very many."""


def insert_many(session: Session, table: Table, rows: Sequence[Mapping[str, Any]]) -> list[int]:
    """Insert rows and return their ids, in the order given; very many as fast as the database takes them.

    Every row must name the same columns, and all that cannot be null: no default of the mapping is filled
    in. The table's key is `id`.
    """
    if not rows:
        return []
    if len(rows) == 1:
        return [_insert_one(session, table, rows[0])]
    # SQLite would be asked row by row, since it promises no order of what comes back.
    if len(rows) <= FEW and not is_sqlite(session):
        statement = insert(table).returning(table.c.id, sort_by_parameter_order=True)
        return list(session.scalars(statement, [dict(row) for row in rows]))
    ids = _new_ids(session, table, len(rows))
    columns: dict[str, Sequence[Any]] = {"id": ids}
    columns |= {name: [row[name] for row in rows] for name in rows[0]}
    insert_columns(session, table, columns)
    return ids


def _insert_one(session: Session, table: Table, row: Mapping[str, Any]) -> int:
    row_id: int = _one_row(table).all(session, row)[0].id
    return row_id


@cache
def _one_row(table: Table) -> Prepared:
    return Prepared(insert(table).returning(table.c.id))


def insert_quickly(
    session: Session, table: Table, columns: Sequence[str], rows: Sequence[tuple[Any, ...]]
) -> None:
    """Insert very many rows, each a tuple in the order of `columns`, as fast as the database takes them.

    No default of the mapping is filled in.
    """
    if rows:
        insert_columns(session, table, dict(zip(columns, zip(*rows))))


def insert_columns(session: Session, table: Table, columns: Mapping[str, Sequence[Any]]) -> None:
    """Insert very many rows, told as columns: name -> the value of each row. See `insert_quickly`."""
    dialect = session.get_bind().dialect
    stored = {name: _as_stored(table.c[name], dialect, told) for name, told in columns.items()}
    if is_sqlite(session):
        _insert_on_sqlite(session, table.name, stored)
        return
    # The driver takes apart the text of a long INSERT for longer than the database works on it.
    names = ", ".join(f'"{name}"' for name in stored)
    statement = f"COPY {table.name} ({names}) FROM STDIN"
    cursor: Any = session.connection().connection.cursor()
    try:
        with cursor, cursor.copy(statement) as copy:
            for row in zip(*stored.values()):
                copy.write_row(row)
    except dialect.loaded_dbapi.IntegrityError as error:
        raise IntegrityError(statement, None, error) from error


MOST_PLACES = 900
"""So many values at most in one statement to SQLite; older ones take 999."""


def _insert_on_sqlite(session: Session, table: str, columns: Mapping[str, Sequence[Any]]) -> None:
    """Many rows in each statement: to begin one takes longer than a row.

    What is the same in every row is told once.
    """
    connection = session.connection()
    same = {name: told[0] for name, told in columns.items() if _is_same(told)}
    varying = {name: told for name, told in columns.items() if name not in same}
    names, told = (*same, *varying), tuple(same.values())
    left = len(next(iter(columns.values())))
    flat = chain.from_iterable(zip(*varying.values()))
    most = max(1, (MOST_PLACES - len(same)) // max(1, len(varying)))
    for rows in (most, 64, 8, 1):
        many, left = divmod(left, rows) if rows <= most else (0, left)
        if many:
            values = [(*told, *islice(flat, rows * len(varying))) for _ in range(many)]
            connection.exec_driver_sql(_insert_of(table, names, len(same), rows), values)


def _is_same(values: Sequence[Any]) -> bool:
    """Whether a column holds one and the same object all the way down."""
    return values[0] is values[-1] and len(set(map(id, values))) == 1


@lru_cache(maxsize=256)
def _insert_of(table: str, names: tuple[str, ...], same: int, rows: int) -> str:
    """An INSERT of so many rows; the first columns are the `same` in each, and given once."""
    shared = [f"?{no + 1}" for no in range(same)]
    varying = len(names) - same
    places = (
        [*shared, *(f"?{same + row * varying + no + 1}" for no in range(varying))]
        for row in range(rows)
    )
    told = ", ".join(f"({', '.join(row)})" for row in places)
    columns = ", ".join(f'"{name}"' for name in names)
    return f"INSERT INTO {table} ({columns}) VALUES {told}"  # noqa: S608


def _new_ids(session: Session, table: Table, count: int) -> list[int]:
    """Take the table's next ids, ascending."""
    if is_sqlite(session):
        # The transaction holds the only pen; this is how SQLite itself numbers rows.
        last = session.scalar(select(func.max(table.c.id))) or 0
        if table.dialect_options["sqlite"]["autoincrement"]:
            # Ids of rows that were removed are not given out again.
            given = text("SELECT seq FROM sqlite_sequence WHERE name = :name")
            last = max(last, session.scalar(given, {"name": table.name}) or 0)
        return list(range(last + 1, last + 1 + count))
    following = func.nextval(func.pg_get_serial_sequence(table.name, "id"))
    return sorted(session.scalars(select(following).select_from(func.generate_series(1, count))))


def _as_stored(column: Column[Any], dialect: Dialect, values: Sequence[Any]) -> Sequence[Any]:
    """The values as the column's type gives them to the driver; one that comes again is made once."""
    process = column.type.dialect_impl(dialect).bind_processor(dialect)
    if process is None:
        return values
    keys = list(map(id, values))
    distinct = dict(zip(keys, values))
    if len(distinct) == 1:
        return [process(values[0])] * len(values)
    made = {key: process(value) for key, value in distinct.items()}
    return list(map(made.__getitem__, keys))


def upsert(
    session: Session,
    table: Table,
    rows: Sequence[dict[str, Any]],
    key: Sequence[Column[Any]] | Sequence[str],
    changes: Callable[[Any], dict[str, ColumnElement[Any] | Any]] | None = None,
) -> None:
    """Insert rows, or change the ones whose key stands already.

    `changes` is given the incoming row's columns and says column -> new value for a row that stands;
    without it every given column is replaced.
    """
    if rows:
        statement = upserting(is_sqlite(session), table, key, changes, list(rows[0]))
        session.execute(statement, list(rows))


def upserting(
    on_sqlite: bool,
    table: Table,
    key: Sequence[Column[Any]] | Sequence[str],
    changes: Callable[[Any], dict[str, ColumnElement[Any] | Any]] | None = None,
    given: Sequence[str] = (),
) -> Insert:
    """The statement of `upsert`, for whoever sends it so often that it is put together once.

    Short, kept compiled, and sent with many sets of values: a long one takes longer to write than to run.
    """
    statement = (sqlite if on_sqlite else postgresql).insert(table)
    names = [column if isinstance(column, str) else column.name for column in key]
    incoming = statement.excluded
    if changes is None:
        new = {name: incoming[name] for name in given if name not in names}
    else:
        new = changes(incoming)
    return statement.on_conflict_do_update(index_elements=names, set_=new)


def skip_locked(session: Session, statement: Query) -> Query:
    """Lock the rows taken and pass over rows another worker holds (SQLite has one writer anyway)."""
    return statement if is_sqlite(session) else statement.with_for_update(skip_locked=True)


def locked(session: Session, statement: Query) -> Query:
    """Lock the rows read until the transaction ends (on SQLite the transaction is the lock).

    Rows the session knows already are read again: what counts is what stands once the lock is held.
    """
    statement = statement.execution_options(populate_existing=True)
    return statement if is_sqlite(session) else statement.with_for_update()


LOOKED_AT = 1000
"""So many rows of an index tell SQLite enough of it."""


def measure_tables(session: Session) -> None:
    """Let the planner know how many rows each index leads to (PostgreSQL measures by itself).

    Without these figures SQLite takes the club for the best way to a person, and reads the whole club. A
    connection learns them when it is opened. Some milliseconds, however large the tables.
    """
    if is_sqlite(session):
        session.execute(text(f"PRAGMA analysis_limit={LOOKED_AT}"))
        session.execute(text("ANALYZE"))


def is_sqlite(session: Session) -> bool:
    """Tell whether this session talks to SQLite."""
    return session.get_bind().dialect.name == "sqlite"


def chunks(rows: Sequence[Row], size: int) -> list[Sequence[Row]]:
    """Cut a sequence into pieces of at most `size`."""
    return [rows[start : start + size] for start in range(0, len(rows), size)]


def violated_constraint(error: IntegrityError) -> str | None:
    """Name the constraint an integrity error broke, alike on both databases."""
    diagnostics = getattr(error.orig, "diag", None)
    if diagnostics is not None:
        return diagnostics.constraint_name
    text = str(error.orig)
    check = re.match(r"CHECK constraint failed: (\S+)", text)
    if check:
        return check.group(1)
    unique = re.match(r"UNIQUE constraint failed: (.+)", text)
    return _unique_over(unique.group(1)) if unique else None


def _unique_over(columns: str) -> str | None:
    """Find the unique rule over SQLite's list "table.a, table.b"."""
    pairs = [column.strip().split(".") for column in columns.split(",")]
    table = Base.metadata.tables.get(pairs[0][0])
    if table is None:
        return None
    wanted = {pair[1] for pair in pairs}
    for constraint in table.constraints:
        if (
            isinstance(constraint, UniqueConstraint)
            and {c.name for c in constraint.columns} == wanted
        ):
            return str(constraint.name)
    for index in table.indexes:
        if index.unique and {c.name for c in index.columns} == wanted:
            return str(index.name)
    return None


DEADLOCKS = ("40P01", "40001")
PASSING = ("08", "40", "53", "55P03", "57")
"""Beginnings of PostgreSQL's codes for what may well go through a moment later."""

PASSING_WORDS = ("locked", "busy", "unable to open", "disk i/o error", "disk is full")


def is_deadlock(error: DBAPIError) -> bool:
    """Tell whether two transactions stood in each other's way and this one gave in; try it again."""
    return getattr(error.orig, "sqlstate", None) in DEADLOCKS


def is_passing(error: DBAPIError) -> bool:
    """Tell whether the database is away, full or too busy, as against a mistake in a statement."""
    if error.connection_invalidated:
        return True
    if type(error.orig).__module__.startswith("sqlite3"):
        return any(words in str(error.orig).lower() for words in PASSING_WORDS)
    state = getattr(error.orig, "sqlstate", None)
    # Without a code there was no server to give one.
    return state is None or state.startswith(PASSING)


def guarded_tables(session: Session) -> set[str]:
    """The tables whose triggers refuse every change of a row, as they stand in the database."""
    if is_sqlite(session):
        rows = session.execute(text("SELECT name FROM sqlite_master WHERE type = 'trigger'"))
        names = {name for (name,) in rows}
        suffixes = ("_append_only_update", "_append_only_delete")
        tables = {name.removesuffix(suffixes[0]) for name in names if name.endswith(suffixes[0])}
        return {table for table in tables if table + suffixes[1] in names}
    # 27 = for each row, before, on DELETE and on UPDATE.
    rows = session.execute(
        text(
            "SELECT c.relname FROM pg_trigger t JOIN pg_class c ON c.oid = t.tgrelid "
            "WHERE t.tgname = c.relname || '_append_only' AND t.tgenabled = 'O' AND t.tgtype = 27 "
            "AND c.relnamespace = current_schema()::regnamespace"
        )
    )
    return {name for (name,) in rows}


def broken_references(session: Session) -> list[str]:
    """Rows that refer to rows that are gone, in words. PostgreSQL lets none come about."""
    if not is_sqlite(session):
        return []
    rows = session.execute(text("PRAGMA foreign_key_check"))
    return [f"{table} row {rowid} (refers to {parent})" for table, rowid, parent, _key in rows]


def hold_still(session: Session) -> None:
    """Let everything read from now on in this transaction be of one moment, and write nothing."""
    if is_sqlite(session):
        return  # one read transaction sees one moment there
    session.connection(execution_options={"isolation_level": "REPEATABLE READ"})
    session.execute(text("SET TRANSACTION READ ONLY"))


@contextmanager
def in_a_hurry(engine: Engine) -> Iterator[None]:
    """Let commits not wait for the disk: for data that can be made again, such as a demo club.

    Other programs see every commit at once; only a crash of the machine may lose some. When the block
    is over everything is on the disk.
    """
    on_sqlite = engine.dialect.name == "sqlite"

    def hurry(connection: Any, _record: Any, _proxy: Any) -> None:
        if on_sqlite:
            connection.execute("PRAGMA synchronous=OFF")
            return
        connection.autocommit = True
        connection.execute("SET synchronous_commit TO OFF")
        connection.autocommit = False

    event.listen(engine, "checkout", hurry)
    try:
        yield
    finally:
        event.remove(engine, "checkout", hurry)
        engine.dispose()
        if on_sqlite:
            with engine.connect() as connection:
                raw: Any = connection.connection.driver_connection
                raw.execute("PRAGMA wal_checkpoint(TRUNCATE)")
