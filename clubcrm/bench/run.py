"""The whole run: a place of its own, the club, the servers, the figures."""

import tempfile
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from datetime import UTC, datetime
from pathlib import Path
from typing import Any, Final

from flask import Flask
from sqlalchemy import Engine, event

from clubcrm.accounts.operations import add_staff, create_token
from clubcrm.accounts.queries import clubs
from clubcrm.accounts.states import Role
from clubcrm.app import create_app
from clubcrm.bench.areas import ROUNDS, Area, Figures, areas_of, measure, needed
from clubcrm.bench.bulk import BulkFigures, an_import, daily_run
from clubcrm.bench.club import multiply, people_who_may_come_in
from clubcrm.bench.errors import NotEmpty
from clubcrm.bench.load import Asker, floor, product
from clubcrm.bench.seed import make_seed
from clubcrm.core import clock
from clubcrm.core.actor import OPERATOR
from clubcrm.core.db import db
from clubcrm.core.prepared import openly
from clubcrm.core.schema import ensure_schema
from clubcrm.core.sql import in_a_hurry
from clubcrm.core.transactions import reading, transaction
from config import Settings

NOW: Final = datetime(2026, 8, 20, 18, 0, tzinfo=UTC)
"""The clock of the bench stands still, so that every run sees the same club."""

SEED: Final = 250
CLUB: Final = 1
BULK: Final = ("daily", "import")
PASSWORD: Final = "bench-bench-bench"  # noqa: S105 - of a club that is thrown away
EMAIL: Final = "owner@bench.example"

Tell = Callable[[str], None]


def bench(
    *,
    members: int,
    visits: int,
    count: int,
    only: str,
    database: str | None,
    rounds: int,
    tell: Tell,
) -> list[Figures | BulkFigures]:
    """Make a club, measure its pages, throw it away. Raises NotEmpty for a database in use.

    Then what is done to everybody at once: the daily run, and an import of as many people again.
    """
    seed = min(SEED, max(1, members // 10))
    with tempfile.TemporaryDirectory(prefix="clubcrm-bench-") as folder, _clock_stands():
        environment = {
            "CLUBCRM_DATA_DIR": folder,
            "CLUBCRM_NOW": NOW.isoformat(),
            "SECRET_KEY": "bench",
            "DATABASE_URL": database or "",
            "REDIS_URL": "",
        }
        app = create_app(Settings.from_env(environment))
        try:
            with app.app_context():
                ensure_schema()
            with app.app_context(), in_a_hurry(db.engine):
                _make(Path(folder), seed, -(-members // seed), visits // members, tell)
            found: list[Figures | BulkFigures] = []
            if only not in BULK:
                found += _measure_all(app, environment, count, rounds, only, tell)
            with app.app_context():
                found += _measure_bulk(Path(folder), members, only, tell)
            return found
        finally:
            with app.app_context():
                db.session.remove()
                db.engine.dispose()


@contextmanager
def _clock_stands() -> Iterator[None]:
    try:
        yield
    finally:
        clock.set_clock(None)


def _make(folder: Path, seed: int, times: int, visits: int, tell: Tell) -> None:
    with reading() as session:
        if clubs(session):
            raise NotEmpty
    club_id = make_seed(folder, seed, visits, NOW)
    tell(f"{seed} members are taken in and looked at; each becomes {times}")
    multiply(times)
    with transaction() as session:
        add_staff(
            session,
            full_name="Owner",
            email=EMAIL,
            password=PASSWORD,
            role=Role.OWNER,
            club_id=club_id,
            by=OPERATOR,
            now=NOW,
        )


def _measure_all(
    app: Flask, environment: dict[str, str], count: int, rounds: int, only: str, tell: Tell
) -> list[Figures]:
    with app.app_context():
        with transaction() as session:
            token = create_token(
                session, name="Bench", role=Role.OWNER, club_id=CLUB, by=OPERATOR, now=NOW
            )
        with reading() as session:
            people = people_who_may_come_in(session, 2 * needed(count, rounds) + 2)
    asker = Asker(token, _signed_in(app))
    count = max(1, min(count, (len(people) - 2) // (2 * needed(1, rounds))))
    found: list[Figures] = []
    with product(environment, asker) as server, floor(environment) as bare:
        for area in areas_of(people):
            if only and only != area.name:
                continue
            tell(f"{area.name}: {count} requests a round")
            with app.app_context():
                statements = _statements(app, area, asker, needed(count, rounds))
                found.append(
                    measure(area, server, bare, count=count, statements=statements, rounds=rounds)
                )
    return found


def _measure_bulk(folder: Path, members: int, only: str, tell: Tell) -> Iterator[BulkFigures]:
    if only in ("", "daily"):
        tell(f"daily: everybody of {members}")
        yield daily_run(CLUB, NOW)
    if only in ("", "import"):
        tell(f"import: {members} new people")
        yield an_import(folder, CLUB, members, NOW)


def _signed_in(app: Flask) -> str:
    """The cookie of an owner who signed in as people do."""
    client = app.test_client()
    page = client.get("/sign-in").text
    csrf = page.partition('name="csrf_token"')[2].partition('value="')[2].partition('"')[0]
    client.post("/sign-in", data={"email": EMAIL, "password": PASSWORD, "csrf_token": csrf})
    client.get("/home")  # the cookie is written anew on the first page of a day
    cookie = client.get_cookie(app.config["SESSION_COOKIE_NAME"])
    assert cookie is not None
    return f"{cookie.key}={cookie.value}"


def _statements(app: Flask, area: Area, asker: Asker, unused: int) -> int:
    """How many statements one request sends to the database, about somebody who is not asked about else."""
    seen: list[str] = []

    def note(_c: Any, _cursor: Any, statement: str, *_more: Any) -> None:
        if not statement.startswith(("BEGIN", "ROLLBACK", "COMMIT")):
            seen.append(statement)

    client = app.test_client(use_cookies=False)
    (call,) = area.calls(unused, 1)
    event.listen(Engine, "before_cursor_execute", note)
    try:
        method = "POST" if call.body else "GET"
        with openly():
            client.open(call.path, method=method, json=call.body, headers=asker.headers(call.path))
    finally:
        event.remove(Engine, "before_cursor_execute", note)
    return len(seen)


def table(figures: Sequence[Figures | BulkFigures]) -> Iterator[str]:
    """The figures in lines, for people."""
    pages = [one for one in figures if isinstance(one, Figures)]
    if pages:
        yield from _table_of_pages(pages)
    for one in figures:
        if isinstance(one, BulkFigures):
            bar = "" if one.most is None else f", bar {one.most:g}"
            took = f"{one.people:8} people in {one.seconds:.1f} s, floor {one.floor_seconds:.2f} s"
            yield f"{one.name:10}{took}: {one.ratio:.1f} times{bar}  {_verdict(one)}"


def _verdict(one: Figures | BulkFigures) -> str:
    return "ok" if one.holds else "SHORT" if one.is_right else "WRONG"


def _table_of_pages(figures: Sequence[Figures]) -> Iterator[str]:
    heads = ("ms CPU", "floor", "ratio", "bar", "p50/1", "p99/1", "p99/8", "a s/8", "floor", "SQL")
    yield " " * 10 + "".join(f"{head:>8}" for head in heads)
    for one in figures:
        bar = f"{one.most:g}" if one.most is not None else f"{one.most_p99:g} ms"
        yield (
            f"{one.name:10}{one.cpu:8.2f}{one.floor_cpu:8.2f}{one.ratio:8.2f}{bar:>8}"
            f"{one.p50[1]:8.1f}{one.p99[1]:8.1f}{one.p99[8]:8.1f}{one.per_second[8]:8.0f}"
            f"{one.floor_per_second[8]:8.0f}{one.statements:8}"
            f"  {_verdict(one)}"
        )


__all__ = ["ROUNDS", "bench", "table"]
