"""What every test stands on: both databases, real servers, a club, and a clock that can be set.

A test that asks for `app` (or for anything built on it) runs twice, on SQLite and on PostgreSQL.
Each test finds an empty, migrated database. Integration tests ask for `in_app`; web tests must
not, because a pushed application context would be shared by the requests of two clients.
"""

import os
import shutil
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest
from alembic import command
from argon2 import PasswordHasher
from flask import Flask
from flask.testing import FlaskClient
from redis import Redis
from sqlalchemy import create_engine, text

from clubcrm.accounts.operations import add_staff, create_token, set_hasher, set_up
from clubcrm.accounts.states import Role
from clubcrm.app import create_app
from clubcrm.core import clock
from clubcrm.core.actor import OPERATOR
from clubcrm.core.db import db
from clubcrm.core.schema import migration_config
from clubcrm.core.transactions import set_doorbell, transaction
from config import Settings
from tests.loopback import stay_on_this_machine
from tests.servers import postgresql_server, redis_server

NOW = datetime(2026, 3, 2, 9, 0, tzinfo=UTC)
"""A Monday morning; the day on which tests live unless they say otherwise."""

PASSWORD = "a long enough password"


def pytest_addoption(parser: pytest.Parser) -> None:
    parser.addoption(
        "--db",
        choices=("both", "sqlite", "postgresql"),
        default=os.environ.get("CLUBCRM_TEST_DB", "both"),
        help="the databases on which tests that need one run",
    )


def pytest_configure() -> None:
    stay_on_this_machine()
    # A real hash costs half a second; the tests are not about its strength.
    set_hasher(PasswordHasher(time_cost=1, memory_cost=8, parallelism=1))


def pytest_generate_tests(metafunc: pytest.Metafunc) -> None:
    if "database_kind" in metafunc.fixturenames:
        wanted = metafunc.config.getoption("--db")
        kinds = ["sqlite", "postgresql"] if wanted == "both" else [wanted]
        metafunc.parametrize("database_kind", kinds, scope="session")


@pytest.fixture(scope="session")
def postgresql() -> Iterator[str]:
    """The address of a PostgreSQL server of this test run alone."""
    with postgresql_server() as url:
        yield url


@pytest.fixture(scope="session")
def redis_of_the_run() -> Iterator[str]:
    """The address of a Redis server of this test run alone."""
    with redis_server() as url:
        yield url


@pytest.fixture
def redis_url(redis_of_the_run: str) -> str:
    """The address of an empty Redis: whose turn it was in the last test is forgotten."""
    with Redis.from_url(redis_of_the_run) as redis:
        redis.flushall()
    return redis_of_the_run


@pytest.fixture(autouse=True)
def _the_clock_runs_again() -> Iterator[None]:
    """Whatever a test (or an application it made) set the clock to ends with it."""
    yield
    clock.set_clock(None)


# Most tests fill a dozen tables with a few rows: deleting those takes a tenth of the time of making
# every table anew, which is left for tables that have grown.
_EMPTY_POSTGRESQL = """
DO $$
DECLARE
    name regclass;
    is_filled boolean;
    grown text[] := '{}';
BEGIN
    SET LOCAL session_replication_role = replica;
    FOR name IN
        SELECT oid FROM pg_class
        WHERE relnamespace = 'public'::regnamespace AND relkind = 'r' AND relname <> 'alembic_version'
    LOOP
        IF pg_relation_size(name) > 1000000 THEN
            grown := grown || name::text;
        ELSIF pg_relation_size(name) > 0 THEN
            EXECUTE format('SELECT EXISTS (SELECT FROM %s)', name) INTO is_filled;
            IF is_filled THEN
                EXECUTE format('DELETE FROM %s', name);
            END IF;
        END IF;
    END LOOP;
    IF grown <> '{}' THEN
        EXECUTE 'TRUNCATE ' || array_to_string(grown, ', ') || ' CASCADE';
    END IF;
    PERFORM setval(format('%I.%I', schemaname, sequencename)::regclass, 1, false)
    FROM pg_sequences WHERE schemaname = 'public' AND last_value IS NOT NULL;
END
$$
"""


@dataclass(frozen=True)
class Database:
    """One database of this run: its address and how it is emptied."""

    kind: str
    url: str
    template: Path | None

    def reset(self) -> None:
        """Empty every table, as the migrations left them."""
        if self.template is not None:
            path = Path(self.url.removeprefix("sqlite:///"))
            for leftover in (
                path,
                path.with_name(path.name + "-wal"),
                path.with_name(path.name + "-shm"),
            ):
                leftover.unlink(missing_ok=True)
            shutil.copyfile(self.template, path)
            return
        engine = create_engine(self.url)
        with engine.begin() as connection:
            connection.execute(text(_EMPTY_POSTGRESQL))
        engine.dispose()


@pytest.fixture(scope="session")
def database(
    database_kind: str, tmp_path_factory: pytest.TempPathFactory, request: pytest.FixtureRequest
) -> Database:
    """A migrated database of the kind this test runs on."""
    folder = tmp_path_factory.mktemp("database")
    if database_kind == "sqlite":
        template = folder / "template.sqlite3"
        _build_schema(f"sqlite:///{template}")
        return Database("sqlite", f"sqlite:///{folder / 'test.sqlite3'}", template)
    url = empty_database(request.getfixturevalue("postgresql"), f"test_{os.getpid()}")
    _build_schema(url)
    return Database("postgresql", url, None)


def empty_database(server: str, name: str) -> str:
    """Make a database without a table on a PostgreSQL server, and return its address."""
    admin = create_engine(_psycopg(server), isolation_level="AUTOCOMMIT")
    with admin.connect() as connection:
        connection.execute(text(f"DROP DATABASE IF EXISTS {name}"))
        connection.execute(text(f"CREATE DATABASE {name}"))
    url = admin.url.set(database=name).render_as_string(hide_password=False)
    admin.dispose()
    return url


def _psycopg(url: str) -> str:
    return url.replace("postgresql://", "postgresql+psycopg://", 1)


def _build_schema(url: str) -> None:
    engine = create_engine(url)
    with engine.begin() as connection:
        config = migration_config()
        config.attributes["connection"] = connection
        command.upgrade(config, "head")
    if engine.dialect.name == "sqlite":
        with engine.connect() as connection:
            # The template is copied as one file: nothing may be left in the write-ahead log.
            connection.exec_driver_sql("PRAGMA wal_checkpoint(TRUNCATE)")
            connection.rollback()
    engine.dispose()


@pytest.fixture(scope="session")
def settings(database: Database, tmp_path_factory: pytest.TempPathFactory) -> Settings:
    """Settings of an installation on the test's database."""
    return Settings(
        data_dir=tmp_path_factory.mktemp("data"),
        database_url=database.url,
        redis_url=None,
        secret_key="test",
        base_url="http://localhost",
        smtp_url=None,
        now=None,
        is_testing=True,
    )


@pytest.fixture(scope="session")
def the_app(settings: Settings) -> Flask:
    """The application, made once for each database."""
    return create_app(settings)


@pytest.fixture
def app(the_app: Flask, database: Database) -> Iterator[Flask]:
    """The application on an empty database; the clock stands at NOW."""
    with emptied(the_app, database):
        yield the_app


@contextmanager
def emptied(the_app: Flask, database: Database) -> Iterator[None]:
    """Let the application find an empty database, and leave it to the next."""
    with the_app.app_context():
        db.engine.dispose()
    database.reset()
    the_app.extensions.pop("is_set_up", None)
    clock.set_clock(NOW)
    set_doorbell(lambda: None)
    yield
    clock.set_clock(None)
    with the_app.app_context():
        db.session.remove()
        db.engine.dispose()


@pytest.fixture
def in_app(app: Flask) -> Iterator[Flask]:
    """An application context for tests of operations and queries (never for web tests)."""
    with app.app_context():
        yield app


@pytest.fixture
def a_club(app: Flask) -> int:
    """A club in Lisbon, open and empty, with its owner; returns its id."""
    with app.app_context(), transaction() as session:
        return set_up(
            session,
            code="aurora",
            name="Aurora Fitness",
            timezone="Europe/Lisbon",
            currency="EUR",
            language="en",
            calendar="gregorian",
            owner_name="Olga Owner",
            owner_email="owner@example.com",
            owner_password=PASSWORD,
            by=OPERATOR,
            now=NOW,
        )


@pytest.fixture
def sign_in(app: Flask, a_club: int) -> Any:
    """Make a client signed in with a role: `sign_in(Role.DESK)`; another club with `club_id=`."""

    def make(role: Role = Role.OWNER, club_id: int = a_club) -> FlaskClient:
        email = f"{role}-{club_id}@example.com"
        with app.app_context(), transaction() as session:
            add_staff(
                session,
                full_name=f"{role.title()} {club_id}",
                email=email,
                password=PASSWORD,
                role=role,
                club_id=club_id,
                by=OPERATOR,
                now=NOW,
            )
        client = app.test_client()
        answer = post(client, "/sign-in", {"email": email, "password": PASSWORD})
        assert answer.status_code == 302, answer.text
        return client

    return make


@pytest.fixture
def api_token(app: Flask, a_club: int) -> Any:
    """Make a token: `api_token(Role.MANAGER)`; returns the headers that carry it."""

    def make(role: Role = Role.OWNER, club_id: int | None = a_club) -> dict[str, str]:
        with app.app_context(), transaction() as session:
            token = create_token(
                session, name=str(role), role=role, club_id=club_id, by=OPERATOR, now=NOW
            )
        return {"Authorization": f"Bearer {token}"}

    return make


def post(client: FlaskClient, path: str, data: dict[str, Any], page: str | None = None) -> Any:
    """Send a form as a browser does: with the CSRF token of the page it stands on."""
    form = client.get(page or path, follow_redirects=True)
    return client.post(path, data={**data, "csrf_token": csrf_of(form.text)})


def csrf_of(html: str) -> str:
    """The CSRF token of a page: in its form, or in its meta element."""
    for mark in (
        'name="csrf_token" value="',
        'name="csrf_token" type="hidden" value="',
        'name="csrf-token" content="',
    ):
        if mark in html:
            return html.split(mark, 1)[1].split('"', 1)[0]
    raise AssertionError("the page carries no CSRF token")
