"""The SQL that differs between SQLite and PostgreSQL, and nothing else."""

import re
from collections.abc import Callable, Sequence
from typing import Any, TypeVar

from sqlalchemy import Column, ColumnElement, Integer, Select, Table, UniqueConstraint
from sqlalchemy.dialects import postgresql, sqlite
from sqlalchemy.exc import DBAPIError, IntegrityError
from sqlalchemy.ext.compiler import compiles
from sqlalchemy.orm import Session
from sqlalchemy.sql.compiler import SQLCompiler
from sqlalchemy.sql.functions import FunctionElement

from clubcrm.core.db import Base

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
    inserted = 0
    for chunk in chunks(rows, 400):
        statement = dialect.insert(table).values(list(chunk)).on_conflict_do_nothing()
        # Counting what comes back: the drivers do not agree on the row count of such a statement.
        inserted += len(session.execute(statement.returning(key)).all())
    return inserted


def insert_quickly(
    session: Session, table: Table, columns: Sequence[str], rows: Sequence[tuple[Any, ...]]
) -> None:
    """Insert very many rows as fast as the database takes them.

    Values go to the driver as they are: texts, numbers, days and None, in the order of `columns`; no
    default of the mapping is filled in. 150,000 rows take a second or less.
    """
    if not rows:
        return
    connection = session.connection()
    names = ", ".join(columns)
    if is_sqlite(session):
        places = ", ".join("?" for _ in columns)
        statement = f"INSERT INTO {table.name} ({names}) VALUES ({places})"  # noqa: S608
        connection.exec_driver_sql(statement, list(rows))
        return
    cursor: Any = connection.connection.cursor()
    with cursor, cursor.copy(f"COPY {table.name} ({names}) FROM STDIN") as copy:
        for row in rows:
            copy.write_row(row)


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
    if not rows:
        return
    dialect = sqlite if is_sqlite(session) else postgresql
    names = [column if isinstance(column, str) else column.name for column in key]
    for chunk in chunks(rows, 400):
        statement = dialect.insert(table).values(list(chunk))
        incoming = statement.excluded
        if changes is None:
            new = {name: incoming[name] for name in chunk[0] if name not in names}
        else:
            new = changes(incoming)
        session.execute(statement.on_conflict_do_update(index_elements=names, set_=new))


def skip_locked(session: Session, statement: Query) -> Query:
    """Lock the rows taken and pass over rows another worker holds (SQLite has one writer anyway)."""
    return statement if is_sqlite(session) else statement.with_for_update(skip_locked=True)


def locked(session: Session, statement: Query) -> Query:
    """Lock the rows read until the transaction ends (on SQLite the transaction is the lock).

    Rows the session knows already are read again: what counts is what stands once the lock is held.
    """
    statement = statement.execution_options(populate_existing=True)
    return statement if is_sqlite(session) else statement.with_for_update()


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
