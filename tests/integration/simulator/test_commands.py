"""`clubcrm demo` and `clubcrm simulate`, as somebody types them on a fresh installation."""

import json
import os
import signal
import subprocess
import sys
import urllib.request
from collections.abc import Iterator
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest
from sqlalchemy import create_engine, func, select, text
from sqlalchemy.engine import make_url

from clubcrm.accounts.models import Club
from clubcrm.accounts.operations import check_password
from clubcrm.app import create_app
from clubcrm.cli import run
from clubcrm.core.db import db
from clubcrm.core.models import EventLog
from clubcrm.core.transactions import reading, transaction
from clubcrm.members.models import Person
from clubcrm.retention.models import DailyRun
from clubcrm.simulator.club import LOGINS, PASSWORD
from clubcrm.worker import LockFile
from config import Settings

NOW = datetime(2026, 3, 2, 18, 40, tzinfo=UTC)
SMALL = ["demo", "--no-serve", "--members", "8", "--days", "12"]
REAL = ["init", "--club", "real", "--name", "Iron Lions"]


@pytest.fixture
def environment(
    database_kind: str,
    tmp_path: Path,
    request: pytest.FixtureRequest,
    monkeypatch: pytest.MonkeyPatch,
) -> Iterator[dict[str, str]]:
    """An installation in which nothing was ever started; the clock stands on a Monday evening."""
    url, admin = f"sqlite:///{tmp_path / 'club.sqlite3'}", None
    name = f"demo_{os.getpid()}"
    if database_kind == "postgresql":
        server = make_url(request.getfixturevalue("postgresql"))
        admin = create_engine(
            server.set(drivername="postgresql+psycopg"), isolation_level="AUTOCOMMIT"
        )
        with admin.connect() as connection:
            connection.execute(text(f"CREATE DATABASE {name}"))
        url = server.set(database=name).render_as_string(hide_password=False)
    given = {
        "DATABASE_URL": url,
        "CLUBCRM_DATA_DIR": str(tmp_path / "data"),
        "SECRET_KEY": "test",
        "CLUBCRM_NOW": NOW.isoformat(),
    }
    for unwanted in ("REDIS_URL", "SMTP_URL", "CLUBCRM_BASE_URL"):
        monkeypatch.delenv(unwanted, raising=False)
    for key, value in given.items():
        monkeypatch.setenv(key, value)
    yield given
    if admin is not None:
        with admin.connect() as connection:
            connection.execute(text(f"DROP DATABASE {name} WITH (FORCE)"))
        admin.dispose()


def look(statement: Any) -> Any:
    """One value from the installation's database."""
    app = create_app(Settings.from_env())
    with app.app_context():
        with reading() as session:
            found = session.scalar(statement)
        db.session.remove()
        db.engine.dispose()
    return found


PEOPLE = select(func.count()).select_from(Person)
LAST_NAME = select(Person.last_name).order_by(Person.id)
EVENTS = select(func.count()).select_from(EventLog)
LAST_RUN = select(func.max(DailyRun.on))


def test_a_demo_is_made_made_anew_and_left_alone_if_one_is_there(
    environment: dict[str, str], capsys: pytest.CaptureFixture[str]
) -> None:
    assert run(SMALL) == 0
    told = capsys.readouterr()
    for login in LOGINS:
        assert login.email in told.out
        assert can_sign_in(login.email)
    assert PASSWORD in told.out
    assert "member@" not in told.out
    assert "8 people live through 12 days" in told.err
    assert "Ready after" in told.err
    assert look(PEOPLE) == 8
    first, events = look(LAST_NAME), look(EVENTS)

    # Another seed: another club in the place of the first.
    assert run([*SMALL, "--seed", "2"]) == 0
    assert look(PEOPLE) == 8
    assert look(LAST_NAME) != first

    # And the first again is the first again.
    assert run(SMALL) == 0
    assert (look(LAST_NAME), look(EVENTS)) == (first, events)

    capsys.readouterr()
    assert run([*SMALL, "--seed", "2", "--if-empty"]) == 0
    assert "owner@aurora.example" in capsys.readouterr().out
    assert (look(LAST_NAME), look(EVENTS)) == (first, events)

    assert run(["doctor"]) == 0


def can_sign_in(email: str) -> bool:
    app = create_app(Settings.from_env())
    with app.app_context():
        with transaction() as session:
            found = check_password(session, email, PASSWORD, now=NOW) is not None
        db.session.remove()
        db.engine.dispose()
    return found


def test_a_demo_that_was_broken_off_is_made_again(
    environment: dict[str, str], capsys: pytest.CaptureFixture[str]
) -> None:
    assert run([*SMALL, "--seed", "2"]) == 0
    half = look(LAST_NAME)
    (Path(environment["CLUBCRM_DATA_DIR"]) / "demo.unfinished").touch()
    assert run([*SMALL, "--if-empty"]) == 0
    assert look(LAST_NAME) != half


def test_a_real_club_is_refused_and_served_when_nothing_is_asked(
    environment: dict[str, str], capsys: pytest.CaptureFixture[str]
) -> None:
    assert run(REAL) == 0
    capsys.readouterr()
    assert run(SMALL) == 2
    assert "Iron Lions lives in this database" in capsys.readouterr().err
    assert run(["simulate", "--days", "2"]) == 2
    assert "no demo club" in capsys.readouterr().err
    assert look(select(Club.code)) == "real"
    assert look(PEOPLE) == 0
    assert run([*SMALL, "--if-empty"]) == 0
    told = capsys.readouterr()
    assert "aurora" not in told.out
    assert look(PEOPLE) == 0


def test_a_demo_is_lived_on(
    environment: dict[str, str], capsys: pytest.CaptureFixture[str]
) -> None:
    assert run(SMALL) == 0
    capsys.readouterr()
    assert run(["simulate", "--days", "3", "--json"]) == 0
    told = capsys.readouterr()
    answer = json.loads(told.out)
    assert (answer["club"], answer["days"], answer["until"]) == ("aurora", 3, "2026-03-05")
    assert "has lived up to 2026-03-05" in told.err
    assert look(LAST_RUN).isoformat() == "2026-03-05"
    assert run(["doctor", "--club", "aurora"]) == 0
    assert run(["doctor", "--club", "nobody"]) == 2


def test_nobody_pulls_the_club_from_under_a_running_server(
    environment: dict[str, str], capsys: pytest.CaptureFixture[str]
) -> None:
    assert run(SMALL) == 0
    lock = LockFile(Path(environment["CLUBCRM_DATA_DIR"]) / "worker.lock")
    assert lock.hold()
    try:
        capsys.readouterr()
        assert run(SMALL) == 2
        assert "Stop it first" in capsys.readouterr().err
    finally:
        lock.release()
    assert look(PEOPLE) == 8


def test_without_more_ado_the_demo_is_served(environment: dict[str, str]) -> None:
    process = subprocess.Popen(
        [
            str(Path(sys.executable).with_name("clubcrm")),
            *("demo", "--if-empty", "--members", "6", "--days", "8", "--port", "0"),
        ],
        env={**os.environ, **environment},
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
    )
    try:
        assert process.stdout is not None
        lines: list[str] = []
        while not (lines and lines[-1].startswith("clubcrm is running at")):
            line = process.stdout.readline()
            assert line, process.communicate()
            lines.append(line)
        address = lines[-1].split()[4]
        with urllib.request.urlopen(f"{address}/sign-in") as answer:
            assert answer.status == 200
        assert any("owner@aurora.example" in line for line in lines)
    finally:
        process.send_signal(signal.SIGTERM)
        _out, err = process.communicate(timeout=120)
    assert process.returncode == 0, err
    assert "Traceback" not in err
