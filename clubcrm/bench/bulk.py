"""What is done to everybody at once, the daily run and an import, against the least a database does."""

import csv
import random
import statistics
import time
from collections.abc import Callable
from dataclasses import asdict, dataclass
from datetime import date, datetime, timedelta
from pathlib import Path
from typing import Any, Final

from sqlalchemy import func, select, text
from sqlalchemy.orm import Session

from clubcrm.bench.seed import FIRST_NAMES, LAST_NAMES, take_in
from clubcrm.core.sql import is_sqlite
from clubcrm.core.transactions import reading, transaction
from clubcrm.exchange.states import Kind
from clubcrm.members.models import Person
from clubcrm.retention.jobs import run_day
from clubcrm.retention.models import MemberState
from clubcrm.retention.operations.marks import mark_club

FLOORS: Final = 3
"""So many times the floor is measured: before the work and after it, and the middle one counts."""

FIVE_RULES = """
INSERT INTO bench_phase SELECT person_id, CASE
WHEN ends_on < :lost THEN 'lost' WHEN ends_on < :today THEN 'lapsed'
WHEN last_visit_on < :asleep THEN 'sleeping' WHEN v28 < 2 * base THEN 'at_risk'
WHEN ends_on < :window THEN 'renewal' ELSE 'active' END
FROM member_state WHERE phase IS NOT NULL
"""
PEOPLE_COLUMNS: Final = ("member", "first_name", "last_name", "phone", "email", "birth_date")


@dataclass
class BulkFigures:
    """How long it took for so many people, in seconds, and how long the floor takes for as many."""

    name: str
    people: int
    seconds: float
    floor_seconds: float
    is_right: bool
    most: float | None = None

    @property
    def ratio(self) -> float:
        """In times the floor."""
        return self.seconds / max(self.floor_seconds, 0.000_1)

    @property
    def holds(self) -> bool:
        """Whether it did what it should, and within its bar where there is one."""
        return self.is_right and (self.most is None or self.ratio <= self.most)

    def as_json(self) -> dict[str, Any]:
        """For scripts."""
        return {**asdict(self), "ratio": round(self.ratio, 2), "holds": self.holds}


def daily_run(club_id: int, now: datetime) -> BulkFigures:
    """The daily run of the next day with everybody marked, against five rules as one statement."""
    tomorrow = now + timedelta(days=1)
    with transaction() as session:
        mark_club(session, club_id, tomorrow.date())
        session.execute(text("CREATE TABLE bench_phase (person_id BIGINT, phase VARCHAR(12))"))
    before = [_timed(lambda: _five_rules(now.date())) for _ in range(FLOORS - 1)]
    began = time.perf_counter()
    ran = run_day(club_id, tomorrow.date(), clock=lambda: tomorrow, is_allowed=True)
    took = time.perf_counter() - began
    after = _timed(lambda: _five_rules(now.date()))
    with reading() as session:
        followed = session.scalar(select(func.count()).where(MemberState.club_id == club_id)) or 0
    floor = statistics.median([*before, after])
    return BulkFigures("daily", ran.looked_at, took, floor, is_right=ran.looked_at == followed)


def _five_rules(today: date) -> None:
    days = {
        "today": today,
        "lost": today - timedelta(days=90),
        "asleep": today - timedelta(days=28),
        "window": today + timedelta(days=60),
    }
    with transaction() as session:
        session.execute(text("DELETE FROM bench_phase"))
        told = days if not is_sqlite(session) else {k: v.isoformat() for k, v in days.items()}
        session.execute(text(FIVE_RULES), told)


def an_import(folder: Path, club_id: int, people: int, now: datetime) -> BulkFigures:
    """So many new members from a file, against reading it and filling a bare table with a search index."""
    path = folder / "people.csv"
    write_people(path, people)
    before = _timed(lambda: _bare_import(path))
    with reading() as session:
        stood = _count(session)
    began = time.perf_counter()
    stored = take_in(path, Kind.MEMBERS, club_id, now)
    took = time.perf_counter() - began
    floor = statistics.median([before, _timed(lambda: _bare_import(path))])
    with reading() as session:
        is_right = stored == people and _count(session) == stood + people
    return BulkFigures("import", people, took, floor, is_right=is_right, most=4.0)


def _count(session: Session) -> int:
    return session.scalar(select(func.count()).select_from(Person)) or 0


def write_people(path: Path, people: int) -> None:
    """Write a file of people nobody knows yet."""
    dice = random.Random(53)
    with path.open("w", encoding="utf-8", newline="") as file:
        writer = csv.writer(file)
        writer.writerow(PEOPLE_COLUMNS)
        for no in range(people):
            first, last = dice.choice(FIRST_NAMES), dice.choice(LAST_NAMES)
            born = date(1950, 1, 1) + timedelta(days=dice.randrange(20_000))
            writer.writerow((f"N{no}", first, last, f"+35193{no:07}", f"n{no}@example.com", born))


def _bare_import(path: Path) -> None:
    with path.open(encoding="utf-8", newline="") as file:
        rows = [tuple(row) for row in csv.reader(file)][1:]
    with transaction() as session:
        # The driver's own connection: nothing of the product is in the way.
        connection: Any = session.connection().connection.driver_connection
        for table in ("bench_person", "bench_search"):
            connection.execute(f"DROP TABLE IF EXISTS {table}")
        columns = ", ".join(f"{name} TEXT" for name in PEOPLE_COLUMNS)
        connection.execute(f"CREATE TABLE bench_person ({columns})")
        (_fill_sqlite if is_sqlite(session) else _fill_postgresql)(connection, rows)


_INDEXES = (
    "CREATE INDEX bench_person_name ON bench_person (last_name, first_name)",
    "CREATE INDEX bench_person_member ON bench_person (member)",
)


def _fill_sqlite(connection: Any, rows: list[tuple[str, ...]]) -> None:
    connection.executemany("INSERT INTO bench_person VALUES (?, ?, ?, ?, ?, ?)", rows)
    for index in _INDEXES:
        connection.execute(index)
    connection.execute(
        "CREATE VIRTUAL TABLE bench_search USING fts5 (first_name, last_name, phone, prefix='2 3 4')"
    )
    connection.executemany(
        "INSERT INTO bench_search VALUES (?, ?, ?)", [(row[1], row[2], row[3]) for row in rows]
    )


def _fill_postgresql(connection: Any, rows: list[tuple[str, ...]]) -> None:
    cursor = connection.cursor()
    names = ", ".join(PEOPLE_COLUMNS)
    with cursor.copy(f"COPY bench_person ({names}) FROM STDIN") as copy:
        for row in rows:
            copy.write_row(row)
    for index in _INDEXES:
        cursor.execute(index)
    cursor.execute('CREATE TABLE bench_search (token TEXT COLLATE "C", member TEXT)')
    with cursor.copy("COPY bench_search (token, member) FROM STDIN") as copy:
        for member, first, last, phone, *_more in rows:
            for token in (first, last, phone):
                copy.write_row((token.lower(), member))
    cursor.execute("CREATE INDEX bench_search_token ON bench_search (token)")


def _timed(work: Callable[[], None]) -> float:
    began = time.perf_counter()
    work()
    return time.perf_counter() - began
