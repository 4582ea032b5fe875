"""The floor: a bare Flask application that runs only the SQL nobody can do without.

No session, no rights, no audit, no rules, no template. What the product costs above it is what it adds. It
reads and keeps what the contract's answer is made of, and nothing more: of a search the people with phase
and term, at the clubs in sight; of a check-in the term, the last visit, the debt and what is to be said, then
the visit, its day, the answer kept and the event. Of the card and the owner's page it reads one row.
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
SELECT p.id, p.number, p.external_id, p.full_name, p.phone, i.status, i.phase,
m.id, t.name, m.starts_on, m.until_on, m.visits_left
FROM (SELECT s.token, s.name_key, s.person_id FROM person_search s
WHERE s.token >= ? AND s.token < ? AND EXISTS (SELECT 1 FROM person_club c
WHERE c.person_id = s.person_id AND c.club_id = 1)
ORDER BY s.token, s.name_key, s.person_id LIMIT 11) f
JOIN person p ON p.id = f.person_id LEFT JOIN member_state i ON i.person_id = p.id
LEFT JOIN membership m ON m.person_id = p.id AND m.voided_at IS NULL LEFT JOIN plan t ON t.id = m.plan_id
ORDER BY f.token, f.name_key, f.person_id
"""
PERSON = "SELECT id, number, full_name, phone, email FROM person WHERE id = ?"
MAY_ENTER = """
SELECT p.id, p.number, p.external_id, p.full_name, m.id, t.name, m.until_on, m.visits_left
FROM person p JOIN membership m ON m.person_id = p.id JOIN plan t ON t.id = m.plan_id
WHERE p.id = ? AND m.starts_on <= ? AND (m.until_on IS NULL OR m.until_on > ?) LIMIT 1
"""
LAST_VISIT = """
SELECT id, checked_in_at, checked_out_at FROM visit
WHERE person_id = ? AND undone_at IS NULL ORDER BY checked_in_at DESC LIMIT 1
"""
OWED = """
SELECT sum(total_minor - paid_minor), min(due_on) FROM invoice WHERE person_id = ? AND state = 'issued'
"""
TO_SAY = """
SELECT id, title, script FROM task WHERE person_id = ? AND club_id = 1 AND state = 'open' LIMIT 1
"""
COME_IN = """
INSERT INTO visit (club_id, person_id, membership_id, checked_in_at, "on", source, decision,
took_a_visit, recorded_by, created_at) VALUES (1, ?, ?, ?, ?, 'api', 'in', ?, 'floor', ?) RETURNING id
"""
COUNT = """
INSERT INTO visit_day (person_id, day_no, "on", club_id, visits) VALUES (?, ?, ?, 1, 1)
ON CONFLICT (person_id, day_no) DO UPDATE SET visits = visit_day.visits + 1
"""
KEEP = """
INSERT INTO entry_decision (club_id, person_id, at, decision, reasons, visit_id, asked_by)
VALUES (1, ?, ?, 'in', '[]', ?, 'floor')
"""
TELL = """
INSERT INTO event_log (at, name, club_id, person_id, actor_kind, actor_name, payload)
VALUES (?, 'VisitRecorded', 1, ?, 'token', 'floor', '{}')
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
    found = database.execute(MAY_ENTER, (person_id, day, day)).fetchone()
    for read in (LAST_VISIT, OWED, TO_SAY):
        database.execute(read, (person_id,)).fetchone()
    came = (person_id, found[4], at, day, 0 if database.is_sqlite else False, at)
    (visit_id,) = database.execute(COME_IN, came).fetchone()
    database.execute(COUNT, (person_id, now.date().toordinal(), day))
    database.execute(KEEP, (person_id, at, visit_id))
    database.execute(TELL, (at, person_id))
    database.execute("COMMIT")
    return {
        "visit_id": visit_id,
        "member": found[:4],
        "membership": [str(one) for one in found[4:]],
    }
