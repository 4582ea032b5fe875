"""The database: one `db`, one declarative base, and the column types every table uses.

SQLite and PostgreSQL run the same models. What differs between them (how a transaction begins, what
a connection is told once) stands in this module and in `core.sql`, nowhere else.
"""

import sqlite3
from datetime import UTC, datetime
from enum import StrEnum
from typing import TYPE_CHECKING, Annotated, Any

from flask_sqlalchemy import SQLAlchemy
from sqlalchemy import JSON, BigInteger, DateTime, Engine, Enum, Integer, MetaData, event
from sqlalchemy.dialects.postgresql import JSONB
from sqlalchemy.engine import Connection, Dialect
from sqlalchemy.exc import DBAPIError
from sqlalchemy.orm import DeclarativeBase, mapped_column, registry
from sqlalchemy.types import TypeDecorator

WRITING = "clubcrm_writing"
"""Execution option that marks a connection's next transaction as a writing one."""

NAMING = {
    "ix": "ix_%(table_name)s_%(column_0_N_name)s",
    "uq": "uq_%(table_name)s_%(column_0_N_name)s",
    "ck": "ck_%(table_name)s_%(constraint_name)s",
    "fk": "fk_%(table_name)s_%(column_0_N_name)s",
    "pk": "pk_%(table_name)s",
}

BigInt = BigInteger().with_variant(Integer(), "sqlite")
Json = JSON().with_variant(JSONB(), "postgresql")


class UtcDateTime(TypeDecorator[datetime]):
    """An instant. Aware in Python, stored as UTC; a naive value is refused."""

    impl = DateTime(timezone=True)
    cache_ok = True

    def process_bind_param(self, value: datetime | None, dialect: Dialect) -> datetime | None:
        if value is None:
            return None
        if value.tzinfo is None:
            raise TypeError("An instant needs a time zone.")
        value = value.astimezone(UTC)
        return value.replace(tzinfo=None) if dialect.name == "sqlite" else value

    def process_result_value(self, value: datetime | None, dialect: Dialect) -> datetime | None:
        if value is None:
            return None
        return value.replace(tzinfo=UTC) if value.tzinfo is None else value.astimezone(UTC)


def words_of(kind: type[StrEnum], length: int = 24) -> Enum:
    """A column that holds the words of one vocabulary, stored as text."""
    return Enum(
        kind,
        native_enum=False,
        length=length,
        validate_strings=True,
        values_callable=lambda members: [member.value for member in members],
    )


class Base(DeclarativeBase):
    """What every mapped class inherits: constraint names and the common column types."""

    registry = registry(
        metadata=MetaData(naming_convention=NAMING),
        type_annotation_map={
            int: BigInt,
            datetime: UtcDateTime,
            dict[str, Any]: Json,
            list[Any]: Json,
        },
    )


db = SQLAlchemy(model_class=Base, session_options={"expire_on_commit": False})

if TYPE_CHECKING:

    class Model(Base):
        """A mapped class of clubcrm."""

        __abstract__ = True

else:
    Model = db.Model

Id = Annotated[int, mapped_column(BigInt, primary_key=True, autoincrement=True)]


@event.listens_for(Engine, "connect")
def tell_connection(connection: Any, _record: Any) -> None:
    """Set what a new connection must know: SQLite's write-ahead log, foreign keys and patience."""
    if not isinstance(connection, sqlite3.Connection):
        return
    # The driver's own transaction handling would begin DEFERRED and fail under two writers.
    connection.isolation_level = None
    for pragma in (
        "journal_mode=WAL",
        "synchronous=NORMAL",
        "foreign_keys=ON",
        "busy_timeout=10000",
        "temp_store=MEMORY",
        "cache_size=-32000",
    ):
        connection.execute(f"PRAGMA {pragma}")


@event.listens_for(Engine, "begin")
def begin_as_told(connection: Connection) -> None:
    """Begin a writing transaction with the write lock already held on SQLite.

    A deferred transaction that reads and then writes fails at once when another writer came
    between.
    """
    if connection.dialect.name != "sqlite":
        return
    writing = connection.get_execution_options().get(WRITING, False)
    # At the driver's own hand: a statement of two words takes the engine longer than the database.
    driver: Any = connection.connection.driver_connection
    try:
        driver.execute("BEGIN IMMEDIATE" if writing else "BEGIN")
    except sqlite3.Error as error:
        raise as_elsewhere(connection.dialect, "BEGIN", error, is_lost=False) from error


def as_elsewhere(dialect: Dialect, sql: str, error: Exception, *, is_lost: bool) -> BaseException:
    """What the driver raised, as a statement sent through the engine raises it."""
    return DBAPIError.instance(
        sql,
        None,
        error,
        dialect.loaded_dbapi.Error,
        hide_parameters=True,
        connection_invalidated=is_lost,
        dialect=dialect,
    )
