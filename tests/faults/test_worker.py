"""The worker killed, its Redis emptied or gone, two of it at once: each piece of work is done once."""

import contextlib
import os
import signal
import socket
import subprocess
import sys
import threading
import time
from collections.abc import Callable, Iterator
from datetime import timedelta
from pathlib import Path
from typing import Any

import psutil
import pytest
from flask import Flask
from redis import Redis
from sqlalchemy import select, update
from sqlalchemy.exc import OperationalError

from clubcrm.core import clock, events, jobs
from clubcrm.core.db import db
from clubcrm.core.models import EventDelivery, EventLog, Job, WorkState
from clubcrm.core.schedule import Scheduled
from clubcrm.core.transactions import reading, set_doorbell, transaction
from clubcrm.wiring import JOBS, WIRING
from clubcrm.worker import EmbeddedWorker, RedisBell, Turns
from clubcrm.worker.bell import BELL, QUEUE, SWEEP, queue_on
from clubcrm.worker.queue import keep_schedule
from config import Settings
from tests.faults.pieces import (
    PATIENCE,
    effects,
    leave_deliveries,
    leave_effect,
    leave_jobs,
    wire_pieces,
)

ROOT = Path(__file__).resolve().parents[2]


@pytest.fixture
def pieces(app: Flask) -> Iterator[None]:
    """The work of these tests instead of the club's."""
    wire_pieces()
    yield
    events.wire(WIRING)
    jobs.set_kinds(JOBS)


class Workers:
    """Worker processes of one test; none outlives it."""

    def __init__(self, settings: Settings, redis_url: str | None, folder: Path) -> None:
        self.folder = folder
        self.environment = {
            **os.environ,
            "PYTHONPATH": str(ROOT),
            "CLUBCRM_DATA_DIR": str(settings.data_dir),
            "DATABASE_URL": settings.database_url,
            "SECRET_KEY": "test",
            "HOLD_UP_FOLDER": str(folder),
        }
        self.environment.pop("REDIS_URL", None)
        if redis_url:
            self.environment["REDIS_URL"] = redis_url
        self.started: list[subprocess.Popen[bytes]] = []
        self.orphans: list[int] = []

    def start(self, **environment: str) -> subprocess.Popen[bytes]:
        said = self.folder / f"worker-{len(self.started)}.log"
        with said.open("wb") as log:
            process = subprocess.Popen(
                [sys.executable, "-W", "error", "-m", "tests.faults.child"],
                cwd=ROOT,
                env=self.environment | environment,
                stdout=log,
                stderr=log,
            )
        self.started.append(process)
        return process

    def held(self) -> int:
        """The process that stands in the middle of its work."""
        wait_for((self.folder / "held").exists)
        pid = int((self.folder / "held").read_text(encoding="ascii"))
        self.orphans.append(pid)
        return pid

    def release(self) -> None:
        (self.folder / "release").touch()

    def words(self) -> str:
        return "\n".join(path.read_text() for path in sorted(self.folder.glob("*.log")))

    def end(self) -> None:
        for process in self.started:
            process.kill()
            process.wait()
        for pid in self.orphans:
            with contextlib.suppress(psutil.NoSuchProcess):
                psutil.Process(pid).kill()


@pytest.fixture
def workers(app: Flask, settings: Settings, redis_url: str, tmp_path: Path) -> Iterator[Workers]:
    """RQ workers on an empty Redis."""
    processes = Workers(settings, redis_url, tmp_path)
    yield processes
    processes.end()


@pytest.fixture
def plain_workers(app: Flask, settings: Settings, tmp_path: Path) -> Iterator[Workers]:
    """Workers without Redis."""
    processes = Workers(settings, None, tmp_path)
    yield processes
    processes.end()


def wait_for(condition: Callable[[], bool], words: Callable[[], str] = str) -> None:
    until = time.monotonic() + PATIENCE
    while not condition():
        assert time.monotonic() < until, words() or "it did not happen"
        time.sleep(0.02)


def is_all_done(app: Flask) -> bool:
    with app.app_context(), reading() as session:
        return not any(
            session.scalar(select(table.id).where(table.state != WorkState.DONE).limit(1))
            for table in (EventDelivery, Job)
        )


def effects_in(app: Flask) -> dict[str, int]:
    with app.app_context():
        return effects()


def leave(app: Flask, kind: str, club_id: int, *names: str) -> None:
    with app.app_context():
        leave_jobs(*names) if kind == "job" else leave_deliveries(club_id, *names)


@pytest.mark.parametrize("kind", ["delivery", "job"])
def test_worker_and_child_killed_in_the_middle(
    app: Flask, pieces: None, a_club: int, workers: Workers, kind: str
) -> None:
    leave(app, kind, a_club, "towels")
    first = workers.start(HOLD_UP=kind)
    horse = workers.held()
    assert horse != first.pid
    os.kill(horse, signal.SIGKILL)
    first.kill()
    first.wait()
    assert effects_in(app) == {}

    workers.start()
    wait_for(lambda: is_all_done(app), workers.words)
    assert effects_in(app) == {"towels": 1}


@pytest.mark.parametrize(("fence", "times"), [("kept", 1), ("ignored", 2)])
def test_the_parent_alone_killed_and_the_child_lives_on(
    app: Flask, pieces: None, a_club: int, workers: Workers, fence: str, times: int
) -> None:
    """The orphan wakes when the job is done already. With `ignored`, the control, it does it again."""
    leave(app, "job", a_club, "towels")
    first = workers.start(HOLD_UP="job", FENCE=fence)
    horse = psutil.Process(workers.held())
    first.kill()
    first.wait()
    workers.start()
    wait_for(lambda: effects_in(app) == {"towels": 1}, workers.words)

    workers.release()
    horse.wait(PATIENCE)
    assert effects_in(app) == {"towels": times}


def test_a_flushed_redis_loses_nothing(
    app: Flask, pieces: None, a_club: int, workers: Workers, redis_url: str
) -> None:
    redis = Redis.from_url(redis_url)
    set_doorbell(RedisBell(redis_url).ring)
    names = [f"towel {number}" for number in range(40)]
    leave(app, "delivery", a_club, *names[:20])
    assert redis.llen(f"rq:queue:{QUEUE}") == 1
    redis.flushall()
    process = workers.start()
    wait_for(lambda: is_all_done(app), workers.words)

    # And while the worker runs: it forgets who it is, its mark and its queue.
    redis.flushall()
    leave(app, "delivery", a_club, *names[20:])
    redis.flushall()
    wait_for(lambda: is_all_done(app), workers.words)
    assert effects_in(app) == dict.fromkeys(names, 1)

    process.terminate()
    assert process.wait(PATIENCE) == 0, workers.words()


def test_a_worker_outlives_lost_connections(
    app: Flask, pieces: None, a_club: int, workers: Workers, redis_url: str
) -> None:
    redis = Redis.from_url(redis_url)
    process = workers.start()
    leave(app, "delivery", a_club, "before")
    wait_for(lambda: is_all_done(app), workers.words)
    for kind in ("normal", "pubsub"):
        redis.execute_command("CLIENT", "KILL", "TYPE", kind, "SKIPME", "yes")
    leave(app, "delivery", a_club, "after")
    wait_for(lambda: is_all_done(app), workers.words)
    assert process.poll() is None
    assert effects_in(app) == {"before": 1, "after": 1}


@pytest.mark.parametrize("trouble", ["gone", "hanging"])
def test_no_request_waits_for_redis(app: Flask, pieces: None, a_club: int, trouble: str) -> None:
    with socket.socket() as silent:  # takes connections when it listens, and never says a word
        silent.bind(("127.0.0.1", 0))
        if trouble == "hanging":
            silent.listen()
        bell = RedisBell(f"redis://127.0.0.1:{silent.getsockname()[1]}/0")
        asked: list[Any] = []
        ask = bell._redis.set
        bell._redis.set = lambda *a, **k: asked.append(a) or ask(*a, **k)  # type: ignore[method-assign, redundant-expr, func-returns-value]
        set_doorbell(bell.ring)
        for name in ("one", "two", "three"):
            leave(app, "delivery", a_club, name)
    # Asked once, then left alone; the work waits in its rows.
    assert len(asked) == 1
    with app.app_context():
        assert jobs.drain(clock.now) == 3


def test_the_bell_leaves_one_job_until_a_drain_begins(redis_url: str) -> None:
    redis = Redis.from_url(redis_url)
    bell = RedisBell(redis_url)
    for _ in range(5):
        bell.ring()
    assert redis.llen(f"rq:queue:{QUEUE}") == 1
    bell.answered()
    bell.ring()
    assert redis.llen(f"rq:queue:{QUEUE}") == 2
    assert 0 < redis.ttl(BELL) <= 20  # and never stays for good


@pytest.mark.parametrize("kind", ["delivery", "job"])
def test_two_workers_at_once_do_each_piece_once(
    app: Flask, pieces: None, a_club: int, plain_workers: Workers, kind: str
) -> None:
    names = [f"towel {number}" for number in range(150)]
    both = [plain_workers.start(), plain_workers.start()]
    wait_for(lambda: len(list(plain_workers.folder.glob("up-*"))) == 2, plain_workers.words)
    leave(app, kind, a_club, *names)
    wait_for(lambda: is_all_done(app), plain_workers.words)
    assert effects_in(app) == dict.fromkeys(names, 1)
    for process in both:
        process.terminate()
    assert [process.wait(PATIENCE) for process in both] == [0, 0], plain_workers.words()


def test_two_that_do_not_claim_do_it_twice(app: Flask, pieces: None, a_club: int) -> None:
    """The control: two loops that look first and mark afterwards, without a claim, double the effect."""
    leave(app, "delivery", a_club, "towels")
    both_looked = threading.Barrier(2)

    def naive() -> None:
        with app.app_context():
            with reading() as session:
                waiting = session.execute(
                    select(EventDelivery.id, EventDelivery.event_id).where(
                        EventDelivery.state == WorkState.WAITING
                    )
                ).one()
            both_looked.wait(PATIENCE)
            with transaction() as session:
                event = events.Event.from_row(session.get_one(EventLog, waiting.event_id))
                leave_effect(session, event, clock.now())
                session.execute(
                    update(EventDelivery)
                    .where(EventDelivery.id == waiting.id)
                    .values(state=WorkState.DONE)
                )
            db.session.remove()

    threads = [threading.Thread(target=naive) for _ in range(2)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert effects_in(app) == {"towels": 2}


def test_the_embedded_worker_hears_the_bell(app: Flask, pieces: None, a_club: int) -> None:
    worker = EmbeddedWorker(app, schedule=(), pause=3600.0)
    worker.start()
    try:
        leave(app, "delivery", a_club, "towels")
        wait_for(lambda: is_all_done(app))
        assert effects_in(app) == {"towels": 1}
    finally:
        assert worker.stop()


# --- the schedule ----------------------------------------------------------------------------


def _often(
    name: str, seconds: float, work: Callable[[Any], object] = lambda _clock: None
) -> Scheduled:
    return Scheduled(name, timedelta(seconds=seconds), work)


def test_turns_come_round_by_the_monotonic_clock() -> None:
    time_passed = [100.0]
    turns = Turns([_often("a", 10), _often("b", 60)], lambda: time_passed[0])
    seen = []
    for passed in (0, 5, 10, 11, 60, 61):
        time_passed[0] = 100.0 + passed
        seen.append([entry.name for entry in turns.due()])
    assert seen == [["a", "b"], [], ["a"], [], ["a", "b"], []]


def test_two_schedules_ring_once_for_each_turn(redis_url: str) -> None:
    redis = Redis.from_url(redis_url)
    table = [_often("phases", 3600), _often("answers", 3600)]
    over = threading.Event()
    keepers = [
        threading.Thread(target=keep_schedule, args=(RedisBell(redis_url), over, table))
        for _ in range(2)
    ]
    for keeper in keepers:
        keeper.start()
    wait_for(lambda: redis.llen(f"rq:queue:{QUEUE}") >= 3)
    over.set()
    for keeper in keepers:
        keeper.join()
    waiting = [[str(job.func_name).rpartition(".")[2], *job.args] for job in queue_on(redis).jobs]
    assert sorted(waiting) == [
        ["drain_all"],
        ["run_scheduled", "answers"],
        ["run_scheduled", "phases"],
    ]


def test_a_queue_without_workers_does_not_grow(redis_url: str) -> None:
    redis = Redis.from_url(redis_url)
    bell = RedisBell(redis_url)
    for _ in range(80):
        bell.answered()
        bell.ring()
    assert redis.llen(f"rq:queue:{QUEUE}") == 50


def test_a_broken_piece_of_the_schedule_hinders_no_other(app: Flask) -> None:
    done: list[str] = []

    def break_down(_clock: Any) -> None:
        raise ZeroDivisionError

    table = [
        _often("broken", 0.01, break_down),
        _often("whole", 0.01, lambda _clock: done.append("w")),
    ]
    worker = EmbeddedWorker(app, table, pause=0.01)
    worker.start()
    try:
        wait_for(lambda: len(done) >= 3)
    finally:
        assert worker.stop()


def test_one_of_two_on_a_machine_keeps_the_schedule(app: Flask) -> None:
    done: list[str] = []
    first = EmbeddedWorker(app, [_often("a", 0, lambda _clock: done.append("first"))])
    second = EmbeddedWorker(app, [_often("a", 0, lambda _clock: done.append("second"))])
    first.work_once()
    second.work_once()
    assert done == ["first"]
    assert first.stop()
    second.work_once()
    assert done == ["first", "second"]
    assert second.stop()


def test_an_outage_of_the_database_does_not_end_the_worker(
    app: Flask, pieces: None, a_club: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    broken = [3]
    drain = jobs.drain

    def away(*given: Any, **named: Any) -> int:
        if broken[0]:
            broken[0] -= 1
            raise OperationalError("SELECT", {}, Exception("away"))
        return drain(*given, **named)

    monkeypatch.setattr(jobs, "drain", away)
    worker = EmbeddedWorker(app, (), pause=0.01)
    worker.start()
    try:
        leave(app, "delivery", a_club, "towels")
        wait_for(lambda: is_all_done(app))
        assert broken == [0]
        assert effects_in(app) == {"towels": 1}
    finally:
        assert worker.stop()


def test_the_sweep_is_there_for_killed_workers() -> None:
    # Back in work within a minute, whoever was killed.
    assert SWEEP.every <= timedelta(seconds=30)
