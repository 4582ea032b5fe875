"""The server killed while it answers, and answers lost on the way: one effect, the same answer."""

import http.client
import json
import os
import subprocess
import sys
import threading
import time
from collections import Counter
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from alembic.migration import MigrationContext
from alembic.script import ScriptDirectory
from flask import Flask
from sqlalchemy import select, text

from clubcrm.core.db import db
from clubcrm.core.schema import migration_config
from clubcrm.core.transactions import reading
from clubcrm.members.models import Person
from config import Settings
from tests.servers import free_port

PATIENCE = 180.0
SENDERS = 4
REQUESTS = 24
KILLS = 2


class Server:
    """`clubcrm serve` on the test's database, killed and started again on the same port."""

    def __init__(self, settings: Settings, folder: Path) -> None:
        self.port = free_port()
        self._log = folder / "server.log"
        self._environment = {
            **{name: value for name, value in os.environ.items() if name != "REDIS_URL"},
            "CLUBCRM_DATA_DIR": str(settings.data_dir),
            "DATABASE_URL": settings.database_url,
            "SECRET_KEY": settings.secret_key,
        }
        self._process: subprocess.Popen[bytes] | None = None

    def start(self) -> None:
        program = str(Path(sys.executable).with_name("clubcrm"))
        with self._log.open("ab") as log:
            self._process = subprocess.Popen(
                [program, "serve", "--port", str(self.port)],
                env=self._environment,
                stdout=log,
                stderr=log,
            )

    def kill(self) -> None:
        if self._process is not None:
            self._process.kill()
            self._process.wait()

    def words(self) -> str:
        return self._log.read_text(encoding="utf-8")


@pytest.fixture
def server(app: Flask, a_club: int, settings: Settings, tmp_path: Path) -> Iterator[Server]:
    config = migration_config()
    with app.app_context(), db.engine.begin() as connection:
        # The tests' tables come from the models; say that they are up to date.
        config.attributes["connection"] = connection
        MigrationContext.configure(connection).stamp(ScriptDirectory.from_config(config), "head")
    one = Server(settings, tmp_path)
    one.start()
    yield one
    one.kill()
    with app.app_context(), db.engine.begin() as connection:
        connection.execute(text("DROP TABLE alembic_version"))


def send(
    port: int, token: dict[str, str], body: Any, key: str | None, *, listen: bool = True
) -> tuple[int, dict[str, Any]] | None:
    """Send one request; None where there was no answer, or nobody listened for it."""
    headers = {**token, "Content-Type": "application/json"}
    if key is not None:
        headers["Idempotency-Key"] = key
    connection = http.client.HTTPConnection("127.0.0.1", port, timeout=30)
    try:
        connection.request("POST", "/api/v1/members", json.dumps(body), headers)
        if not listen:
            # The request is on its way; the answer finds nobody.
            connection.sock.shutdown(1)
            connection.sock.recv(1)
            return None
        answer = connection.getresponse()
        return answer.status, json.loads(answer.read())
    except (OSError, http.client.HTTPException, ValueError):
        return None
    finally:
        connection.close()


def send_until_answered(
    port: int, token: dict[str, str], body: Any, key: str | None
) -> tuple[int, dict[str, Any]]:
    until = time.monotonic() + PATIENCE
    while time.monotonic() < until:
        answer = send(port, token, body, key)
        if answer is not None and answer[0] != 503:
            return answer
        time.sleep(0.05)
    raise AssertionError("the server did not come back")


def names_in(app: Flask) -> Counter[str]:
    with app.app_context(), reading() as session:
        return Counter(session.scalars(select(Person.full_name)))


def test_a_server_that_is_killed_loses_nothing_and_doubles_nothing(
    app: Flask, server: Server, api_token: Any
) -> None:
    token = api_token()
    answers: dict[str, dict[str, Any]] = {}
    lock = threading.Lock()

    def work(sender: int) -> None:
        for number in range(REQUESTS // SENDERS):
            name = f"Member {sender} {number}"
            status, body = send_until_answered(server.port, token, {"name": name}, f"key {name}")
            assert status == 201, body
            with lock:
                answers[name] = body

    senders = [threading.Thread(target=work, args=(sender,)) for sender in range(SENDERS)]
    for thread in senders:
        thread.start()
    for kill in range(KILLS):
        until = time.monotonic() + PATIENCE
        while len(answers) < (kill + 1) * REQUESTS // (KILLS + 1):
            assert time.monotonic() < until, server.words()
            time.sleep(0.01)
        server.kill()
        server.start()
    for thread in senders:
        thread.join(PATIENCE)
    assert len(answers) == REQUESTS, server.words()
    assert names_in(app) == dict.fromkeys(answers, 1)
    # Who asks again gets the answer that was given, by the server after the last kill too.
    for name, body in answers.items():
        again = send_until_answered(server.port, token, {"name": name}, f"key {name}")
        assert again == (201, body)
    assert names_in(app) == dict.fromkeys(answers, 1)
    assert "Traceback" not in server.words()


@pytest.mark.parametrize("with_key", [True, False])
def test_an_answer_that_was_lost_on_the_way(
    app: Flask, server: Server, api_token: Any, with_key: bool
) -> None:
    """Every answer is dropped once and the request sent again; without a key, the control, it doubles."""
    token = api_token()
    names = [f"Member {number}" for number in range(5)]
    send_until_answered(server.port, token, {"name": "first"}, "first")
    for name in names:
        key = name if with_key else None
        send(server.port, token, {"name": name}, key, listen=False)
        send_until_answered(server.port, token, {"name": name}, key)
    del (counts := names_in(app))["first"]
    assert counts == dict.fromkeys(names, 1 if with_key else 2)
