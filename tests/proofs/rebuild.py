"""Phases kept day by day equal a full rebuild: phase, sub, risk, status, since, habit, history.

A demo club lives thirty days through the real operations, with freezes, a closure, door logs that
arrive late and visits that are taken back. Each of the thirty daily runs is done by two workers at
once and then again; the second time nothing may be left to do. After each, everybody is worked out
anew from the facts, every single day from the first one on, and compared. A change made by hand at
the end has to be found, or the comparison itself would prove nothing.
"""

import argparse
import tempfile
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import UTC, date, datetime, timedelta
from pathlib import Path

from flask import Flask
from sqlalchemy import func, select
from sqlalchemy.orm import Session

from clubcrm.app import create_app
from clubcrm.core import clock
from clubcrm.core.actor import OPERATOR
from clubcrm.core.db import db
from clubcrm.core.models import EventLog
from clubcrm.core.period import Period
from clubcrm.core.schema import rebuild_schema
from clubcrm.core.transactions import reading, transaction
from clubcrm.members.operations import declare_closure, freeze_membership
from clubcrm.members.queries import memberships_of
from clubcrm.retention.jobs import compare, run_day
from clubcrm.retention.models import MemberState, PhaseChange
from clubcrm.retention.states import Phase
from clubcrm.simulator.demo import make_demo
from clubcrm.simulator.door import Troubles
from clubcrm.simulator.run import Hooks, live
from config import Settings
from tests.servers import postgresql_server

NOW = datetime(2026, 8, 20, 22, 0, tzinfo=UTC)
DAYS = 30
FROZEN_EVERY = 3
NEWCOMERS = 100_000
"""The first number of those who join in the thirty days, one a day."""

CLOSED = (12, 15)
"""The days of the thirty on which the club is shut, half-open."""

COUNTED = (
    "VisitRecorded",
    "VisitUndone",
    "MembershipFrozen",
    "FreezeEnded",
    "FreezeCancelled",
    "ClosureDeclared",
    "MembershipSold",
    "MembershipRenewed",
    "MembershipUpgraded",
    "CancellationRequested",
)


def main(arguments: list[str]) -> int:
    """Live and compare on both databases; 1 where anything differs."""
    parser = argparse.ArgumentParser(prog="prove rebuild", description=__doc__)
    parser.add_argument("--db", choices=("sqlite", "postgresql", "both"), default="both")
    parser.add_argument("--members", type=int, default=120)
    parser.add_argument("--before", type=int, default=150, help="days the club has lived before")
    parser.add_argument("--seed", type=int, default=7)
    asked = parser.parse_args(arguments)
    kinds = ("sqlite", "postgresql") if asked.db == "both" else (asked.db,)
    good = True
    for kind in kinds:
        with _application(kind) as app, app.app_context():
            good = _prove(app, kind, asked.members, asked.before, asked.seed) and good
            db.session.remove()
            db.engine.dispose()
    print("held" if good else "FELL SHORT")
    return 0 if good else 1


@contextmanager
def _application(kind: str) -> Iterator[Flask]:
    with tempfile.TemporaryDirectory(prefix="clubcrm-rebuild-") as name:
        folder = Path(name)
        if kind == "sqlite":
            yield _made(folder, f"sqlite:///{folder / 'proof.sqlite3'}")
            return
        with postgresql_server() as url:
            yield _made(folder, url.replace("postgresql://", "postgresql+psycopg://", 1))


def _made(folder: Path, url: str) -> Flask:
    settings = Settings(
        data_dir=folder,
        database_url=url,
        redis_url=None,
        secret_key="proof",
        base_url="http://localhost",
        smtp_url=None,
        now=NOW,
        is_testing=True,
    )
    return create_app(settings)


@dataclass
class _Figures:
    """What the thirty days came to."""

    days: int = 0
    compared: int = 0
    differences: int = 0
    left_over: int = 0
    looked_at: int = 0
    comparing: float = 0


def _prove(app: Flask, kind: str, members: int, before: int, seed: int) -> bool:
    print(f"\n{kind}: {members} people join over {before} days, then {DAYS} days are compared")
    rebuild_schema()
    clock.set_clock(NOW)
    club, told = make_demo(
        members=members, days=before, seed=seed, tell=lambda _told: None, contacts=timedelta(0)
    )
    first = told.day + timedelta(days=1)
    figures = _Figures()
    seen = _last_event()
    hooks = Hooks(
        daily_run=lambda club_id, day: _run_and_compare(app, club_id, day, first, figures),
        after_day=lambda day: _more_happens(club.id, day, first),
    )
    troubles = Troubles(offline=1 / 5, undone=0.05)
    last = first + timedelta(days=DAYS - 1)
    joiners = {first + timedelta(days=no): (NEWCOMERS + no,) for no in range(DAYS)}
    live(club.id, first, last, seed=seed, joiners=joiners, troubles=troubles, hooks=hooks)
    for name, count in _happened(seen).items():
        print(f"  {name:22} {count:6}")
    found = _planted_is_found(club.id, last)
    late = _superseded()
    print(
        f"  {figures.days} days, {figures.looked_at} looks, {figures.compared} comparisons in "
        f"{figures.comparing:.0f} s\n"
        f"  differences: {figures.differences}; left to do in a second run: {figures.left_over}; "
        f"history rows late facts put right: {late}; planted change found: {found}"
    )
    exact = figures.differences == 0 and figures.left_over == 0
    return exact and found and late > 0 and figures.days == DAYS


def _run_and_compare(app: Flask, club_id: int, day: date, first: date, figures: _Figures) -> None:
    """The run of a day by two workers at once, again by one, and the comparison."""
    looked = _two_workers(app, club_id, day)
    again = run_day(club_id, day, clock=clock.now)
    started = time.monotonic()
    differences = compare(club_id, day)
    figures.comparing += time.monotonic() - started
    with reading() as session:
        people = session.scalar(select(func.count()).select_from(MemberState)) or 0
    figures.days += 1
    figures.looked_at += looked
    figures.left_over += again.looked_at
    figures.compared += people
    figures.differences += len(differences)
    if differences or again.looked_at:
        print(f"  day {(day - first).days + 1}: {len(differences)} of {people} differ")
        for difference in differences[:3]:
            print(f"    person {difference.person_id}")
            print(f"      kept    {difference.kept}")
            print(f"      rebuilt {difference.rebuilt}")


def _two_workers(app: Flask, club_id: int, day: date) -> int:
    """Two threads do the same run; how many looks they took together."""
    start = threading.Barrier(2)
    looked: list[int] = []
    failures: list[Exception] = []

    def work() -> None:
        with app.app_context():
            start.wait(60)
            try:
                looked.append(run_day(club_id, day, clock=clock.now, at_once=25).looked_at)
            except Exception as error:  # noqa: BLE001
                failures.append(error)
            finally:
                db.session.remove()

    workers = [threading.Thread(target=work) for _ in range(2)]
    for worker in workers:
        worker.start()
    for worker in workers:
        worker.join()
    if failures:
        raise failures[0]
    return sum(looked)


def _more_happens(club_id: int, day: date, first: date) -> None:
    """Freezes every few days, some of them told late, and one closure that moves the ends."""
    number = (day - first).days
    now = clock.now()
    if number == CLOSED[0] - 2:
        period = Period(first + timedelta(days=CLOSED[0]), first + timedelta(days=CLOSED[1]))
        with transaction() as session:
            declare_closure(
                session, club_id, period, extends_terms=True, name="Works", by=OPERATOR, now=now
            )
    if number % FROZEN_EVERY:
        return
    with transaction() as session:
        term_id = _somebody_to_freeze(session, club_id, day, number)
        if term_id is not None:
            begins = day + timedelta(days=(-4, 0, 3)[number // FROZEN_EVERY % 3])
            period = Period(begins, begins + timedelta(days=9))
            freeze_membership(session, term_id, period, by=OPERATOR, now=now)


def _somebody_to_freeze(session: Session, club_id: int, day: date, number: int) -> int | None:
    """A running term without freezes that has begun a while ago."""
    people = session.scalars(
        select(MemberState.person_id)
        .where(MemberState.club_id == club_id, MemberState.phase == Phase.ACTIVE)
        .order_by(MemberState.person_id)
    ).all()
    for person_id in people[number:]:
        for term in memberships_of(session, person_id):
            is_long = term.until_on is None or term.until_on > day + timedelta(days=20)
            if term.starts_on < day - timedelta(days=10) and is_long and not term.freezes:
                return term.id
    return None


def _last_event() -> int:
    with reading() as session:
        return session.scalar(select(func.max(EventLog.id))) or 0


def _happened(after: int) -> dict[str, int]:
    """How often each kind of event was recorded in the thirty days."""
    with reading() as session:
        query = (
            select(EventLog.name, func.count())
            .where(EventLog.id > after, EventLog.name.in_(COUNTED))
            .group_by(EventLog.name)
            .order_by(EventLog.name)
        )
        return {row[0]: row[1] for row in session.execute(query)}


def _superseded() -> int:
    with reading() as session:
        query = select(func.count(PhaseChange.id)).where(PhaseChange.superseded_at.is_not(None))
        return session.scalar(query) or 0


def _planted_is_found(club_id: int, day: date) -> bool:
    """Change one kept state by hand: exactly that person has to be named."""
    run_day(club_id, day, clock=clock.now)
    with transaction() as session:
        state = session.scalars(
            select(MemberState)
            .where(MemberState.club_id == club_id, MemberState.phase == Phase.ACTIVE)
            .order_by(MemberState.person_id)
        ).first()
        assert state is not None
        person_id, state.phase = state.person_id, Phase.AT_RISK
    return [difference.person_id for difference in compare(club_id, day)] == [person_id]
