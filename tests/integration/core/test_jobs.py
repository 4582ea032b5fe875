"""Jobs: rows with a lease; whoever lost the lease can no longer finish."""

import threading
from collections import Counter
from collections.abc import Iterator, Mapping
from datetime import timedelta
from typing import Any

import pytest
from flask import Flask
from sqlalchemy import select, update

from clubcrm.core import clock, jobs
from clubcrm.core.db import db
from clubcrm.core.jobs import LEASE, Lease, drain, enqueue, is_work_due, set_kinds
from clubcrm.core.models import Job, WorkState
from clubcrm.core.transactions import reading, transaction
from clubcrm.wiring import JOBS
from tests.conftest import NOW


@pytest.fixture
def done() -> Iterator[list[Any]]:
    yield []
    set_kinds(JOBS)


def _enqueue(*keys: str, **more: Any) -> list[bool]:
    with transaction() as session:
        return [enqueue(session, "sweep", key, {"key": key}, now=NOW, **more) for key in keys]


def _states() -> list[WorkState]:
    with reading() as session:
        return list(session.scalars(select(Job.state).order_by(Job.id)))


def test_a_job_runs_once(in_app: Flask, done: list[Any]) -> None:
    set_kinds({"sweep": lambda payload, lease: done.append(payload["key"])})
    assert _enqueue("hall", "hall", "court") == [True, False, True]
    assert is_work_due(clock.now)
    assert drain(clock.now) == 2
    assert done == ["hall", "court"]
    assert _states() == [WorkState.DONE, WorkState.DONE]
    assert not is_work_due(clock.now)


def test_a_job_waits_for_its_time(in_app: Flask, done: list[Any]) -> None:
    set_kinds({"sweep": lambda payload, lease: done.append(payload["key"])})
    _enqueue("hall", run_at=NOW + timedelta(hours=1))
    assert drain(clock.now) == 0
    clock.set_clock(NOW + timedelta(hours=1))
    assert drain(clock.now) == 1


def test_a_job_that_fails_is_put_off_and_then_given_up(in_app: Flask, done: list[Any]) -> None:
    def break_down(payload: Mapping[str, Any], lease: Lease) -> None:
        done.append(payload["key"])
        raise OSError("out of soap")

    set_kinds({"sweep": break_down})
    _enqueue("hall")
    for _ in range(jobs.ATTEMPTS + 3):
        drain(clock.now)
        clock.set_clock(clock.now() + timedelta(hours=2))
    assert len(done) == jobs.ATTEMPTS
    assert _states() == [WorkState.FAILED]


def test_a_dead_workers_job_is_taken_over_and_the_dead_cannot_finish_it(
    in_app: Flask, done: list[Any]
) -> None:
    """The first claim hangs past its lease; the second worker does the job; the first wakes too late."""

    def sweep(payload: Mapping[str, Any], lease: Lease) -> None:
        done.append(lease.fence)
        if lease.fence == 1:
            clock.set_clock(clock.now() + LEASE + timedelta(seconds=1))
            assert drain(clock.now) == 1
            assert not lease.renew()

    set_kinds({"sweep": sweep})
    _enqueue("hall")
    drain(clock.now)
    assert done == [1, 2]
    assert _states() == [WorkState.DONE]


def test_without_the_fence_the_dead_would_finish_it(in_app: Flask, done: list[Any]) -> None:
    """The control: the same change without the fencing number does go through."""
    set_kinds({"sweep": lambda payload, lease: None})
    _enqueue("hall")
    with transaction() as session:
        session.execute(update(Job).values(fence=2))
    late = Lease(1, 1, clock.now)
    assert not late.renew()
    with transaction() as session:
        unfenced = session.execute(update(Job).where(Job.id == late.job_id).values(fence=1))
        assert unfenced.rowcount == 1  # type: ignore[attr-defined]


def test_many_workers_share_the_work(app: Flask, done: list[Any]) -> None:
    set_kinds({"sweep": lambda payload, lease: done.append(payload["key"])})
    keys = [f"room {number}" for number in range(30)]
    with app.app_context():
        _enqueue(*keys)
        db.session.remove()

    def work() -> None:
        with app.app_context():
            drain(clock.now)
            db.session.remove()

    threads = [threading.Thread(target=work) for _ in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert Counter(done) == Counter(keys)
