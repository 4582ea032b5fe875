"""The migrations make what the models say, on both databases, and lead back again."""

from collections.abc import Iterator
from datetime import date, datetime
from typing import Any

import pytest
from alembic import command
from alembic.autogenerate import compare_metadata
from alembic.migration import MigrationContext
from sqlalchemy import Connection, MetaData, Table, create_engine, inspect, text

from clubcrm.core.db import UtcDateTime, db
from clubcrm.core.schema import migration_config
from tests.conftest import NOW, Database


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
        assert {
            "payment_append_only",
            "ex_membership_freeze_overlap",
            "ex_appointment_overlap",
        } <= names


def test_named_trainers_and_staff_become_trainers_with_their_clients(
    connection: Connection,
) -> None:
    _to(connection, "0007")
    _insert(connection, "club", id=1, code="aurora", settings={})
    _insert(connection, "staff_user", id=5, full_name="Tess Moreau", email="t@example.com")
    _insert(connection, "role_assignment", user_id=5, role="trainer", club_id=1)
    for number, named in enumerate(("Tess  Moreau", "tess moreau", "Pavel Dvořák", None, "—"), 1):
        _insert(connection, "person", id=number, home_club_id=1, number=str(number), trainer=named)
    _to(connection, "0010")
    trainers = connection.execute(text("SELECT folded_name, user_id FROM trainer ORDER BY 1")).all()
    assert [tuple(row) for row in trainers] == [("pavel dvorak", None), ("tess moreau", 5)]
    clients = connection.execute(
        text(
            "SELECT t.folded_name, a.person_id FROM client_assignment a "
            "JOIN trainer t ON t.id = a.trainer_id WHERE a.until_on IS NULL ORDER BY 2"
        )
    ).all()
    assert [tuple(row) for row in clients] == [
        ("tess moreau", 1),
        ("tess moreau", 2),
        ("pavel dvorak", 3),
    ]
    _to(connection, "head")


def _insert(connection: Connection, name: str, **told: Any) -> None:
    """A row of a table as it is at this revision; what is not told holds anything that may stand there."""
    table = Table(name, MetaData(), autoload_with=connection)
    anything = {
        bool: False,
        int: 0,
        str: "",
        datetime: NOW,
        date: NOW.date(),
    }
    row = {
        column.name: anything[column.type.python_type]
        for column in table.columns
        if not column.nullable and column.name not in told and not column.primary_key
    }
    connection.execute(table.insert().values(**row, **told))
