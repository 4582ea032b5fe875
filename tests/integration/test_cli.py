"""The command line as scripts use it: exit codes, one sentence, one JSON object, both databases."""

import json
import os
import signal
import subprocess
import sys
import time
import urllib.error
import urllib.request
from collections.abc import Iterator
from datetime import UTC, date, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest
from alembic import command
from flask import Flask
from sqlalchemy import create_engine, inspect, select, text
from sqlalchemy.engine import make_url

from clubcrm.accounts.models import ApiToken, Club, RoleAssignment, StaffUser
from clubcrm.accounts.operations import check_password, open_club
from clubcrm.accounts.queries import whoever_has_token
from clubcrm.accounts.states import Permission, Role
from clubcrm.app import create_app
from clubcrm.cli import commands, run
from clubcrm.core import clock
from clubcrm.core.actor import OPERATOR
from clubcrm.core.db import db
from clubcrm.core.models import IdempotencyKey
from clubcrm.core.schema import ensure_schema, migration_config, newest_revision, schema_revision
from clubcrm.core.transactions import reading, transaction
from clubcrm.members.operations import (
    PersonValues,
    PlanValues,
    TermValues,
    add_person,
    add_plan,
    start_membership,
)
from clubcrm.members.states import PlanKind
from clubcrm.retention.models import MemberState
from clubcrm.retention.states import Phase
from config import Settings
from tests.conftest import NOW, PASSWORD

ROOT = Path(__file__).resolve().parents[2]
OPEN = ["init", "--club", "aurora", "--name", "Aurora Fitness"]
OWNER = ["--owner-email", "owner@example.com", "--owner-password", PASSWORD]


@pytest.fixture
def empty_database(
    database_kind: str, tmp_path: Path, request: pytest.FixtureRequest
) -> Iterator[str]:
    """The address of a database in which nothing stands."""
    if database_kind == "sqlite":
        yield f"sqlite:///{tmp_path / 'club.sqlite3'}"
        return
    server = make_url(request.getfixturevalue("postgresql"))
    name = f"cli_{os.getpid()}"
    admin = create_engine(server.set(drivername="postgresql+psycopg"), isolation_level="AUTOCOMMIT")
    with admin.connect() as connection:
        connection.execute(text(f"CREATE DATABASE {name}"))
    yield server.set(database=name).render_as_string(hide_password=False)
    with admin.connect() as connection:
        connection.execute(text(f"DROP DATABASE {name} WITH (FORCE)"))
    admin.dispose()


@pytest.fixture
def environment(
    empty_database: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> dict[str, str]:
    """An installation in which nothing was ever started."""
    given = {
        "DATABASE_URL": empty_database,
        "CLUBCRM_DATA_DIR": str(tmp_path / "data"),
        "SECRET_KEY": "test",
    }
    for name in ("REDIS_URL", "SMTP_URL", "CLUBCRM_NOW", "CLUBCRM_BASE_URL"):
        monkeypatch.delenv(name, raising=False)
    for name, value in given.items():
        monkeypatch.setenv(name, value)
    return given


@pytest.fixture
def installed(environment: dict[str, str]) -> Iterator[Flask]:
    """The application on that installation, after its first set-up."""
    assert run([*OPEN, *OWNER]) == 0
    app = create_app(Settings.from_env())
    yield app
    with app.app_context():
        db.session.remove()
        db.engine.dispose()


def test_init_makes_the_tables_and_opens_the_club(installed: Flask) -> None:
    with installed.app_context():
        assert schema_revision() == newest_revision() is not None
        with reading() as session:
            club = session.scalars(select(Club)).one()
            assert (club.code, club.timezone, club.currency, club.calendar) == (
                "aurora",
                "Europe/Lisbon",
                "EUR",
                "gregorian",
            )
        with transaction() as session:
            owner = check_password(session, "owner@example.com", PASSWORD, now=NOW)
        assert owner is not None


def test_init_takes_everything_it_offers(environment: dict[str, str]) -> None:
    code = run(
        [
            *("init", "--club", "tehran", "--name", "باشگاه", "--timezone", "Asia/Tehran"),
            *("--currency", "irr", "--language", "fa", "--calendar", "jalali"),
        ]
    )
    assert code == 0
    app = create_app(Settings.from_env())
    with app.app_context():
        with reading() as session:
            club = session.scalars(select(Club)).one()
            assert (club.name, club.timezone, club.currency) == ("باشگاه", "Asia/Tehran", "IRR")
            assert (club.language, club.calendar, club.territory) == ("fa", "jalali", "IR")
        db.engine.dispose()


@pytest.mark.parametrize(
    ("arguments", "words"),
    [
        ([*OPEN, *OWNER], "already set up"),
        (["token", "create", "--role", "king"], "'king' is not one of"),
        (["token", "create", "--role", "desk", "--club", "nowhere"], "no such club"),
        (
            ["staff", "add", "--email", "a@b.c", "--role", "desk", "--password", "short"],
            "at least 10",
        ),
        (["serve", "--port", "99999"], "is not in the range"),
        (["fly"], "No such command"),
    ],
)
def test_a_refusal_is_one_sentence_and_exit_code_2(
    installed: Flask, capsys: pytest.CaptureFixture[str], arguments: list[str], words: str
) -> None:
    capsys.readouterr()
    assert run(arguments) == 2
    said = capsys.readouterr()
    assert words in said.err
    assert "Traceback" not in said.err
    assert said.out == ""
    with installed.app_context(), reading() as session:
        assert len(session.scalars(select(Club)).all()) == 1
        assert len(session.scalars(select(StaffUser)).all()) == 1
        assert session.scalars(select(ApiToken)).all() == []


@pytest.mark.parametrize(
    ("name", "value", "words"),
    [
        ("DATABASE_URL", "mysql://localhost/club", "use postgresql or sqlite"),
        ("DATABASE_URL", "sqlite:////nowhere/at/all/club.sqlite3", "cannot be used"),
        ("DATABASE_URL", "postgresql://me@localhost:door/club", "is not a database address"),
        ("REDIS_URL", "http://localhost", "REDIS_URL must start with"),
        ("REDIS_URL", "redis://localhost:door", "REDIS_URL is not an address"),
        ("CLUBCRM_BASE_URL", "https://", "CLUBCRM_BASE_URL names no host"),
        ("CLUBCRM_NOW", "yesterday", "CLUBCRM_NOW must be an instant"),
        ("CLUBCRM_DATA_DIR", "/dev/null/data", "CLUBCRM_DATA_DIR"),
    ],
)
def test_a_wrong_setting_stops_the_start_with_one_sentence(
    environment: dict[str, str],
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
    name: str,
    value: str,
    words: str,
) -> None:
    monkeypatch.setenv(name, value)
    assert run(OPEN) == 2
    said = capsys.readouterr()
    assert words in said.err
    assert said.err.count("\n") == 1
    assert said.out == ""


def test_a_file_that_is_no_database_stops_the_start_with_one_sentence(
    environment: dict[str, str],
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
) -> None:
    (tmp_path / "list.xlsx").write_bytes(b"no database " * 500)
    monkeypatch.setenv("DATABASE_URL", f"sqlite:///{tmp_path / 'list.xlsx'}")
    assert run(OPEN) == 2
    said = capsys.readouterr()
    assert "cannot be used: file is not a database" in said.err
    assert said.err.count("\n") == 1


def test_who_signs_in_needs_an_email(installed: Flask, capsys: pytest.CaptureFixture[str]) -> None:
    told = ["staff", "add", "--email", "nobody", "--role", "desk", "--password", PASSWORD]
    assert run(told) == 2
    assert "not an e-mail address" in capsys.readouterr().err
    with installed.app_context(), reading() as session:
        assert len(session.scalars(select(StaffUser)).all()) == 1


def test_a_token_stands_alone_on_standard_output(
    installed: Flask, capsys: pytest.CaptureFixture[str]
) -> None:
    capsys.readouterr()
    assert run(["token", "create", "--role", "desk", "--club", "Aurora"]) == 0
    said = capsys.readouterr()
    assert said.out.count("\n") == 1
    with installed.app_context(), reading() as session:
        who = whoever_has_token(session, said.out.strip())
        assert who is not None
        may = who.principal.may
        club_id = session.scalars(select(Club.id)).one()
        assert may(Permission.CHECK_IN, club_id)
        assert not may(Permission.MANAGE_STAFF, club_id)


def test_a_token_needs_a_club_to_open(environment: dict[str, str]) -> None:
    assert run(["token", "create", "--role", "owner"]) == 2


def test_staff_add_gives_access_and_further_roles(
    installed: Flask, capsys: pytest.CaptureFixture[str]
) -> None:
    add = ["staff", "add", "--email", "Dora@Example.com", "--password", PASSWORD]
    assert run([*add, "--role", "desk"]) == 0
    assert run([*add, "--role", "sales", "--club", "aurora"]) == 0
    assert run([*add, "--role", "sales", "--club", "aurora"]) == 0
    with installed.app_context(), reading() as session:
        dora = session.scalars(select(StaffUser).where(StaffUser.email == "dora@example.com")).one()
        roles = session.scalars(
            select(RoleAssignment.role).where(RoleAssignment.user_id == dora.id)
        ).all()
        assert sorted(roles) == [Role.DESK, Role.SALES]


def _a_member(app: Flask) -> int:
    """Somebody who joined on 1 February for a month."""
    started = datetime(2026, 2, 1, 9, tzinfo=UTC)
    with app.app_context(), transaction() as session:
        club = session.scalars(select(Club)).one()
        plan = PlanValues(name="Monthly", kind=PlanKind.TERM, months=1)
        plan_id = add_plan(session, plan, club_id=club.id, by=OPERATOR, now=started)
        who = PersonValues(full_name="Ana Pereira")
        person_id = add_person(session, who, club_id=club.id, by=OPERATOR, now=started)
        term = TermValues(person_id=person_id, plan_id=plan_id, starts_on=date(2026, 2, 1))
        start_membership(session, term, club_id=club.id, by=OPERATOR, now=started)
        return person_id


def _phase(app: Flask, person_id: int) -> Phase | None:
    with app.app_context(), reading() as session:
        return session.get_one(MemberState, person_id).phase


def test_tick_runs_every_missed_day_and_nothing_twice(
    installed: Flask, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    person_id = _a_member(installed)
    monkeypatch.setenv("CLUBCRM_NOW", "2026-03-20T09:00:00+00:00")
    capsys.readouterr()
    assert run(["tick", "--json"]) == 0
    first = json.loads(capsys.readouterr().out)
    (answer,) = first["clubs"]
    assert (answer["club"], answer["on"]) == ("aurora", "2026-03-20")
    assert answer["days"] == 48  # 1 February to 20 March
    assert answer["looked_at"] >= 1
    assert _phase(installed, person_id) is Phase.LAPSED
    for arguments in (["tick", "--json"], ["tick", "--club", "aurora", "--json"]):
        assert run(arguments) == 0
        (answer,) = json.loads(capsys.readouterr().out)["clubs"]
        assert (answer["looked_at"], answer["changed"]) == (0, 0)


def test_tick_runs_one_day_alone(
    installed: Flask, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    person_id = _a_member(installed)
    monkeypatch.setenv("CLUBCRM_NOW", "2026-03-20T09:00:00+00:00")
    capsys.readouterr()
    assert run(["tick", "--on", "2026-02-10", "--json"]) == 0
    said = capsys.readouterr()
    (answer,) = json.loads(said.out)["clubs"]
    assert isinstance(answer.pop("changed"), int)
    assert answer.pop("contacts")["messages"] == 0  # that day is long over
    assert answer == {"club": "aurora", "on": "2026-02-10", "days": 1, "looked_at": 1}
    assert "Aurora Fitness, 2026-02-10: 1 people looked at" in said.err
    assert _phase(installed, person_id) is Phase.ADAPTATION


def test_a_stopped_run_keeps_no_other_club_waiting(
    installed: Flask, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    """A run that would move everybody at a club stops until it is allowed."""
    person_id = _a_member(installed)
    with installed.app_context(), transaction() as session:
        club = session.scalars(select(Club)).one()
        club.settings = {"retention": {"stop_percent": 1, "stop_people": 1}}
        open_club(
            session,
            code="zenith",
            name="Zenith",
            timezone="Europe/Lisbon",
            currency="EUR",
            language="en",
            calendar="gregorian",
            by=OPERATOR,
            now=NOW,
        )
    monkeypatch.setenv("CLUBCRM_NOW", "2026-02-10T09:00:00+00:00")
    assert run(["tick"]) == 0  # the first look at somebody moves nobody
    monkeypatch.setenv("CLUBCRM_NOW", "2026-03-20T09:00:00+00:00")
    capsys.readouterr()
    assert run(["tick", "--json"]) == 1
    said = capsys.readouterr()
    stopped, other = json.loads(said.out)["clubs"]
    assert stopped["error"]["code"] == "too_many_moved"
    assert (other["club"], "error" in other) == ("zenith", False)
    assert "--allow" in said.err
    assert _phase(installed, person_id) is Phase.ADAPTATION
    assert run(["tick", "--allow"]) == 0
    assert _phase(installed, person_id) is Phase.LAPSED


def test_a_refusal_to_a_script_is_one_json_object(
    installed: Flask, capsys: pytest.CaptureFixture[str]
) -> None:
    capsys.readouterr()
    for arguments, code in (
        (["tick", "--club", "nowhere", "--json"], "unknown_club"),
        (["tick", "--on", "soon", "--json"], "refused"),
    ):
        assert run(arguments) == 2
        said = capsys.readouterr()
        assert json.loads(said.out)["error"]["code"] == code
        assert said.err


def _commands(group: Any, path: tuple[str, ...] = ()) -> Iterator[tuple[str, ...]]:
    for name, known in group.commands.items():
        if hasattr(known, "commands"):
            yield from _commands(known, (*path, name))
        yield (*path, name)


def test_every_command_helps(capsys: pytest.CaptureFixture[str]) -> None:
    known = list(_commands(commands))
    assert ("token", "create") in known
    for path in known:
        assert run([*path, "--help"]) == 0
        said = capsys.readouterr().out
        assert said.startswith(f"Usage: clubcrm {' '.join(path)}")
        lines = said.split("\n\n")
        assert len(lines) > 1, path
        assert lines[1].strip(), path


# --- the tables ------------------------------------------------------------------------------


def test_the_tables_are_made_once(environment: dict[str, str]) -> None:
    app = create_app(Settings.from_env())
    with app.app_context():
        assert schema_revision() is None
        assert ensure_schema()
        assert not ensure_schema()
        db.engine.dispose()


def test_an_older_database_is_brought_up_to_date(environment: dict[str, str]) -> None:
    app = create_app(Settings.from_env())
    config = migration_config()
    with app.app_context():
        with db.engine.begin() as connection:
            config.attributes["connection"] = connection
            command.upgrade(config, "0001")
        assert schema_revision() == "0001"
        assert ensure_schema()
        assert schema_revision() == newest_revision()
        db.engine.dispose()


def test_a_migration_that_breaks_leaves_nothing(
    environment: dict[str, str], monkeypatch: pytest.MonkeyPatch
) -> None:
    migrate = command.upgrade

    def break_down(config: Any, revision: str) -> None:
        migrate(config, revision)
        raise ZeroDivisionError

    app = create_app(Settings.from_env())
    with app.app_context():
        monkeypatch.setattr("clubcrm.core.schema.command.upgrade", break_down)
        with pytest.raises(ZeroDivisionError):
            ensure_schema()
        assert inspect(db.engine).get_table_names() == []
        monkeypatch.undo()
        assert ensure_schema()
        with db.engine.connect() as connection:
            if connection.dialect.name == "sqlite":
                assert connection.exec_driver_sql("PRAGMA foreign_keys").scalar() == 1
        db.engine.dispose()


def test_a_newer_database_is_refused(installed: Flask, capsys: pytest.CaptureFixture[str]) -> None:
    with installed.app_context(), db.engine.begin() as connection:
        connection.execute(text("UPDATE alembic_version SET version_num = '9999'"))
    capsys.readouterr()
    assert run(["token", "create", "--role", "desk"]) == 2
    assert "newer clubcrm" in capsys.readouterr().err


def test_several_that_start_at_once_make_the_tables_once(environment: dict[str, str]) -> None:
    """Four processes on an empty database: all find their tables, and one alone opens the club."""
    started = [_start(environment, *OPEN) for _ in range(4)]
    ended = [process.communicate(timeout=300) for process in started]
    codes = sorted(process.returncode for process in started)
    assert codes == [0, 2, 2, 2], ended
    assert all("Traceback" not in err for _out, err in ended)


# --- the server ------------------------------------------------------------------------------


def _start(environment: dict[str, str], *arguments: str) -> subprocess.Popen[str]:
    return subprocess.Popen(
        [str(Path(sys.executable).with_name("clubcrm")), *arguments],
        cwd=ROOT,
        env={**os.environ, **environment},
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
    )


def _old_answer(app: Flask) -> None:
    """Leave an answer so old that the schedule forgets it."""
    with app.app_context(), transaction() as session:
        session.add(
            IdempotencyKey(
                scope="token:1",
                key="k",
                fingerprint="f",
                created_at=clock.now() - timedelta(days=8),
            )
        )


def _is_forgotten(app: Flask) -> bool:
    with app.app_context(), reading() as session:
        return session.scalar(select(IdempotencyKey.id)) is None


def _wait_for(condition: Any, process: subprocess.Popen[str]) -> None:
    until = time.monotonic() + 240
    while not condition():
        assert time.monotonic() < until
        assert process.poll() is None, process.communicate()
        time.sleep(0.05)


def _end(process: subprocess.Popen[str]) -> str:
    process.send_signal(signal.SIGTERM)
    out, err = process.communicate(timeout=120)
    assert process.returncode == 0, err
    assert "Traceback" not in err
    return out


@pytest.mark.parametrize("workers", ["1", "2"])
def test_serve_answers_does_the_background_work_and_ends_in_order(
    installed: Flask, environment: dict[str, str], workers: str
) -> None:
    _old_answer(installed)
    process = _start(environment, "serve", "--port", "0", "--workers", workers)
    try:
        assert process.stdout is not None
        line = process.stdout.readline()
        address = line.split()[4]
        assert line == f"clubcrm is running at {address} (Ctrl+C stops it)\n"
        _wait_for(lambda: _answers(f"{address}/healthz"), process)
        _wait_for(lambda: _is_forgotten(installed), process)

        # The port is taken now: one sentence for whoever starts a second server there.
        second = _start(environment, "serve", "--port", address.rpartition(":")[2])
        out, err = second.communicate(timeout=120)
        assert (second.returncode, out, err.count("\n")) == (2, "", 1)
        assert "Choose --port" in err
    finally:
        _end(process)


def _answers(address: str) -> bool:
    try:
        with urllib.request.urlopen(address) as answer:
            return bool(answer.status == 200)
    except (urllib.error.URLError, ConnectionError):
        return False


def test_a_worker_without_redis_works_straight_from_the_database(
    installed: Flask, environment: dict[str, str]
) -> None:
    _old_answer(installed)
    process = _start(environment, "worker")
    try:
        _wait_for(lambda: _is_forgotten(installed), process)
    finally:
        assert _end(process) == ""


def test_a_worker_on_the_queue(
    installed: Flask, environment: dict[str, str], redis_url: str
) -> None:
    _old_answer(installed)
    process = _start({**environment, "REDIS_URL": redis_url}, "worker")
    try:
        _wait_for(lambda: _is_forgotten(installed), process)
    finally:
        _end(process)
