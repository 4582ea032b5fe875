"""The database killed, locked or restarted under the application: nothing acknowledged is lost."""

import contextlib
import sqlite3
import threading
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest
from flask import Flask
from sqlalchemy import create_engine, select, text

from clubcrm.accounts.operations import create_token, set_up
from clubcrm.accounts.states import Role
from clubcrm.app import create_app
from clubcrm.core.actor import OPERATOR
from clubcrm.core.db import db
from clubcrm.core.schema import ensure_schema
from clubcrm.core.transactions import reading, transaction
from clubcrm.members.models import Person
from config import Settings
from tests.conftest import NOW, PASSWORD, Database
from tests.servers import Cluster, mortal_postgresql
from tests.web.api import Caller

PATIENCE = 120.0


@pytest.fixture
def cluster() -> Iterator[Cluster]:
    with mortal_postgresql() as one:
        yield one


@pytest.fixture
def on_cluster(cluster: Cluster, tmp_path: Path) -> Iterator[tuple[Flask, Caller]]:
    """The application on that PostgreSQL, with a caller of its API."""
    settings = Settings(
        data_dir=tmp_path,
        database_url=cluster.url,
        redis_url=None,
        secret_key="test",
        base_url="http://localhost",
        smtp_url=None,
        now=NOW,
    )
    app = create_app(settings)
    with app.app_context():
        ensure_schema()
        with transaction() as session:
            set_up(
                session,
                code="aurora",
                name="Aurora",
                timezone="Europe/Lisbon",
                currency="EUR",
                language="en",
                calendar="gregorian",
                owner_name="Olga",
                owner_email="owner@example.com",
                owner_password=PASSWORD,
                by=OPERATOR,
                now=NOW,
            )
            token = create_token(
                session, name="t", role=Role.OWNER, club_id=None, by=OPERATOR, now=NOW
            )
    yield app, Caller(app, {"Authorization": f"Bearer {token}"})
    with app.app_context():
        db.session.remove()
        db.engine.dispose()


def names_in(app: Flask) -> list[str]:
    with app.app_context(), reading() as session:
        return sorted(session.scalars(select(Person.full_name)))


@pytest.mark.postgresql
def test_a_killed_postgresql_loses_nothing_that_was_acknowledged(
    cluster: Cluster, on_cluster: tuple[Flask, Caller]
) -> None:
    app, caller = on_cluster
    acknowledged: list[str] = []
    strange: list[Any] = []
    tries: list[int] = []
    over = threading.Event()

    def send(sender: int) -> None:
        number = 0
        while not over.is_set():
            name = f"Member {sender} {number}"
            answer = caller.call("POST", "/members", key=f"key {name}", json={"name": name})
            tries.append(answer.status_code)
            if answer.status_code == 201:
                acknowledged.append(name)
                number += 1
            elif answer.status_code != 503 or answer.headers.get("Retry-After") != "2":
                strange.append((answer.status_code, answer.text))
                return

    senders = [threading.Thread(target=send, args=(sender,)) for sender in range(4)]
    for thread in senders:
        thread.start()
    try:
        for _ in range(2):
            _wait_for_more(acknowledged, 10)
            cluster.kill()
            seen = len(tries)
            _wait_for(lambda seen=seen: 503 in tries[seen:])
            cluster.start_again()
        _wait_for_more(acknowledged, 10)
    finally:
        over.set()
        for thread in senders:
            thread.join(PATIENCE)
    assert strange == []
    stored = names_in(app)
    assert len(stored) == len(set(stored))
    assert set(acknowledged) <= set(stored)
    # What was stored but not acknowledged is answered now, once, to who asks again.
    for name in set(stored) - set(acknowledged):
        caller.post("/members", key=f"key {name}", name=name)
    assert names_in(app) == stored


@pytest.mark.postgresql
def test_a_connection_that_is_cut_is_replaced(
    cluster: Cluster, on_cluster: tuple[Flask, Caller]
) -> None:
    app, caller = on_cluster
    caller.post("/members", name="before")
    _cut_all(cluster)
    caller.post("/members", name="after")

    # Cut in the middle of a call, which waits behind a lock: 503, and nothing half-written.
    answer = _cut_amid(cluster, lambda: caller.call("POST", "/members", json={"name": "cut"}))
    assert (answer.status_code, answer.headers["Retry-After"]) == (503, "2")
    assert names_in(app) == ["after", "before"]
    caller.post("/members", name="again")


@pytest.mark.postgresql
def test_a_search_that_is_cut_says_so_and_the_next_one_finds(
    cluster: Cluster, on_cluster: tuple[Flask, Caller]
) -> None:
    _app, caller = on_cluster
    caller.post("/members", name="Ana")
    answer = _cut_amid(cluster, lambda: caller.call("GET", "/members?q=ana"))
    assert (answer.status_code, answer.headers["Retry-After"]) == (503, "2")
    assert [one["name"] for one in caller.get("/members", q="ana")["items"]] == ["Ana"]


def _cut_amid(cluster: Cluster, ask: Callable[[], Any]) -> Any:
    """What is answered when the connection is cut while a call waits behind a lock."""
    answers: list[Any] = []
    engine = create_engine(cluster.url)
    with engine.connect() as connection:
        connection.execute(text("LOCK TABLE person IN ACCESS EXCLUSIVE MODE"))
        call = threading.Thread(target=lambda: answers.append(ask()))
        call.start()
        waiting = text(
            "SELECT pg_terminate_backend(pid) FROM pg_stat_activity "
            "WHERE wait_event_type = 'Lock' AND pid <> pg_backend_pid()"
        )
        _wait_for(lambda: bool(connection.execute(waiting).all()))
        call.join(PATIENCE)
        connection.rollback()
    engine.dispose()
    [answer] = answers
    return answer


def test_a_locked_database_is_busy_and_then_goes_on(
    app: Flask, database: Database, a_club: int, api_token: Any
) -> None:
    """Somebody holds the lock for longer than a call may wait: 503, nothing written, then all is well."""
    caller = Caller(app, api_token())
    with _locked(database):
        answer = caller.call("POST", "/members", json={"name": "Ana"})
        assert (answer.status_code, answer.headers["Retry-After"]) == (503, "2")
        assert answer.json["code"] == "unavailable"  # type: ignore[index]
        # Reading goes on meanwhile.
        assert caller.get("/members", status="potential")["items"] == []
    caller.post("/members", name="Ana")
    assert names_in(app) == ["Ana"]


@contextlib.contextmanager
def _locked(database: Database) -> Iterator[None]:
    if database.kind == "sqlite":
        raw = sqlite3.connect(database.url.removeprefix("sqlite:///"), isolation_level=None)
        raw.execute("BEGIN IMMEDIATE")
        try:
            yield
        finally:
            raw.execute("ROLLBACK")
            raw.close()
        return
    engine = create_engine(database.url)
    with engine.connect() as connection:
        connection.execute(text("LOCK TABLE person IN EXCLUSIVE MODE"))
        yield
        connection.rollback()
    engine.dispose()


def _cut_all(cluster: Cluster) -> None:
    engine = create_engine(cluster.url)
    with engine.connect() as connection:
        connection.execute(
            text(
                "SELECT pg_terminate_backend(pid) FROM pg_stat_activity "
                "WHERE backend_type = 'client backend' AND pid <> pg_backend_pid()"
            )
        )
    engine.dispose()


def _wait_for(condition: Any) -> None:
    until = time.monotonic() + PATIENCE
    while not condition():
        assert time.monotonic() < until
        time.sleep(0.01)


def _wait_for_more(found: list[Any], more: int) -> None:
    wanted = len(found) + more
    _wait_for(lambda: len(found) >= wanted)
