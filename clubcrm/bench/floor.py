"""The floor: a bare Flask application that runs only the SQL nobody can do without.

No session, no rights, no audit, no rules, no template. What the product costs above it is what it adds.
"""

import sqlite3
import threading
from collections.abc import Callable
from datetime import datetime
from typing import Any

import psycopg
from flask import Flask, jsonify, request
from flask.typing import ResponseReturnValue
from sqlalchemy.engine import make_url

from clubcrm.core import clock
from config import Settings

SEARCH = """
SELECT p.id, p.number, p.full_name, p.phone FROM person_search s JOIN person p ON p.id = s.person_id
WHERE s.token >= ? AND s.token < ? ORDER BY s.token, s.name_key, s.person_id LIMIT 10
"""
PERSON = "SELECT id, number, full_name, phone, email FROM person WHERE id = ?"
MAY_ENTER = """
SELECT p.id, m.id, m.until_on FROM person p JOIN membership m ON m.person_id = p.id
WHERE p.id = ? AND m.starts_on <= ? AND (m.until_on IS NULL OR m.until_on > ?) LIMIT 1
"""
COME_IN = """
INSERT INTO visit (club_id, person_id, membership_id, checked_in_at, "on", source, decision,
took_a_visit, recorded_by, created_at) VALUES (1, ?, ?, ?, ?, 'api', 'in', ?, 'floor', ?) RETURNING id
"""
COUNT = """
INSERT INTO visit_day (person_id, day_no, "on", club_id, visits) VALUES (?, ?, ?, 1, 1)
ON CONFLICT (person_id, day_no) DO UPDATE SET visits = visit_day.visits + 1
"""
LAST = "\U0010ffff"

Execute = Callable[[str, tuple[Any, ...]], Any]


class _Database:
    """A connection a thread, in the driver's own words."""

    def __init__(self, url: str) -> None:
        self._url = make_url(url)
        self._mine = threading.local()
        self.is_sqlite = self._url.get_backend_name() == "sqlite"

    def connection(self) -> Any:
        """This thread's connection."""
        found = getattr(self._mine, "connection", None)
        if found is None:
            found = self._mine.connection = self._open()
        return found

    def _open(self) -> Any:
        if not self.is_sqlite:
            plain = self._url.set(drivername="postgresql")
            return psycopg.connect(plain.render_as_string(hide_password=False), autocommit=True)
        connection = sqlite3.connect(str(self._url.database), isolation_level=None)
        for pragma in ("journal_mode=WAL", "synchronous=NORMAL", "busy_timeout=10000"):
            connection.execute(f"PRAGMA {pragma}")
        return connection

    def execute(self, statement: str, values: tuple[Any, ...] = ()) -> Any:
        """Run one statement, written with the marks of SQLite."""
        if not self.is_sqlite:
            statement = statement.replace("?", "%s")
        return self.connection().execute(statement, values)


def floor_app() -> Flask:
    """The application, on the database of the installation."""
    app = Flask("floor")
    settings = Settings.from_env()
    database = _Database(settings.database_url)
    now = settings.now or clock.now()

    @app.get("/search")
    def search() -> ResponseReturnValue:
        word = request.args["q"]
        return jsonify([list(row) for row in database.execute(SEARCH, (word, word + LAST))])

    @app.get("/person/<int:person_id>")
    def person(person_id: int) -> ResponseReturnValue:
        return jsonify(list(database.execute(PERSON, (person_id,)).fetchone()))

    @app.post("/check-in")
    def check_in() -> ResponseReturnValue:
        return jsonify(_check_in(database, int(request.get_json()["member_id"]), now))

    return app


def _check_in(database: _Database, person_id: int, now: datetime) -> dict[str, Any]:
    at = now.replace(tzinfo=None).isoformat(" ") if database.is_sqlite else now
    day = now.date().isoformat() if database.is_sqlite else now.date()
    database.execute("BEGIN IMMEDIATE" if database.is_sqlite else "BEGIN")
    _person, term, _until = database.execute(MAY_ENTER, (person_id, day, day)).fetchone()
    came = (person_id, term, at, day, 0 if database.is_sqlite else False, at)
    (visit_id,) = database.execute(COME_IN, came).fetchone()
    database.execute(COUNT, (person_id, now.date().toordinal(), day))
    database.execute("COMMIT")
    return {"visit_id": visit_id}
