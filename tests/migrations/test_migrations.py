"""The migrations make what the models say, on both databases, and lead back again."""

from collections.abc import Iterator
from typing import Any

import pytest
from alembic import command
from alembic.autogenerate import compare_metadata
from alembic.migration import MigrationContext
from sqlalchemy import Connection, create_engine, inspect, text

from clubcrm.core.db import UtcDateTime, db
from clubcrm.core.schema import migration_config
from tests.conftest import Database


@pytest.fixture
def connection(database: Database) -> Iterator[Connection]:
    """A connection to an empty database beside the one of the tests."""
    if database.kind == "sqlite":
        engine = create_engine("sqlite://")
        with engine.connect() as connection:
            yield connection
        engine.dispose()
        return
    engine = create_engine(database.url)
    with engine.connect() as connection:
        connection.execute(text("DROP SCHEMA IF EXISTS elsewhere CASCADE"))
        connection.execute(text("CREATE SCHEMA elsewhere"))
        connection.execute(text("SET search_path TO elsewhere"))
        yield connection
        connection.rollback()
    engine.dispose()


def _to(connection: Connection, revision: str, *, down: bool = False) -> None:
    config = migration_config()
    config.attributes["connection"] = connection
    (command.downgrade if down else command.upgrade)(config, revision)


def _is_other_type(
    _context: Any, _inspected: Any, _column: Any, _found: Any, wanted: Any
) -> bool | None:
    """An instant is a plain date-time on SQLite; everything else is compared as usual."""
    return False if isinstance(wanted, UtcDateTime) else None


def test_up_from_empty_gives_what_the_models_say(connection: Connection) -> None:
    _to(connection, "head")
    context = MigrationContext.configure(connection, opts={"compare_type": _is_other_type})
    assert compare_metadata(context, db.metadata) == []


def test_down_and_up_again(connection: Connection) -> None:
    _to(connection, "head")
    tables = set(inspect(connection).get_table_names())
    _to(connection, "base", down=True)
    assert set(inspect(connection).get_table_names()) <= {"alembic_version"}
    _to(connection, "head")
    assert set(inspect(connection).get_table_names()) == tables


def test_rules_that_no_model_tells_stand_after_the_migrations(connection: Connection) -> None:
    """Triggers and exclusion constraints are compared by nothing else."""
    _to(connection, "head")
    if connection.dialect.name == "sqlite":
        query = "SELECT name FROM sqlite_master WHERE type = 'trigger'"
    else:
        query = "SELECT conname FROM pg_constraint WHERE contype = 'x' UNION SELECT tgname FROM pg_trigger"
    names = set(connection.scalars(text(query)))
    if connection.dialect.name == "sqlite":
        assert {"payment_append_only_update", "payment_append_only_delete"} <= names
    else:
        assert {"payment_append_only", "ex_membership_freeze_overlap"} <= names
