"""Background work as rows: the rows are the truth, whatever rings for them is a doorbell.

`drain()` does all that is due: deliveries of events (effect and `done` in one commit) and jobs
(claimed with a lease, finished only with the fencing number of the claim). Any number of processes
may drain at once.
"""

import logging
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from sqlalchemy import and_, bindparam, func, or_, select, update
from sqlalchemy.orm import Session

from clubcrm.core.db import db
from clubcrm.core.events import Event, handler_named
from clubcrm.core.models import EventDelivery, EventLog, Job, WorkState
from clubcrm.core.sql import insert_ignoring, skip_locked
from clubcrm.core.transactions import WORK_WAITS, reading, transaction

log = logging.getLogger(__name__)

LEASE = timedelta(minutes=5)
ATTEMPTS = 8

Clock = Callable[[], datetime]


@dataclass(frozen=True)
class Lease:
    """A claimed job. Long work calls `renew()` now and then, and stops when it answers False."""

    job_id: int
    fence: int
    clock: Clock

    def renew(self) -> bool:
        """Hold the job for another lease; False when somebody else has taken it over."""
        with transaction() as session:
            return _touch(session, self, lease_until=self.clock() + LEASE)


Work = Callable[[Mapping[str, Any], Lease], None]
_kinds: dict[str, Work] = {}


def set_kinds(kinds: Mapping[str, Work]) -> None:
    """Name the function for each kind of job (once, when the application is made)."""
    _kinds.clear()
    _kinds.update(kinds)


def enqueue(
    session: Session,
    kind: str,
    key: str,
    payload: Mapping[str, Any],
    *,
    now: datetime,
    run_at: datetime | None = None,
) -> bool:
    """Leave a job in this transaction; a second one with the same kind and key is the same job.

    Returns True when the job is new.
    """
    row = {
        "kind": kind,
        "key": key,
        "payload": dict(payload),
        "state": WorkState.WAITING,
        "run_at": run_at or now,
        "fence": 0,
        "attempts": 0,
        "created_at": now,
    }
    session.info[WORK_WAITS] = True
    return insert_ignoring(session, Job.__table__, [row]) > 0  # type: ignore[arg-type]


def drain(clock: Clock, *, most: int = 1000) -> int:
    """Do the work that is due, oldest first, and say how many pieces were done."""
    done = 0
    while done < most and (_deliver_one(clock) or _run_one(clock)):
        done += 1
    return done


_IS_WORK_DUE = select(
    or_(
        *(
            select(table.id)
            .where(table.state == WorkState.WAITING, table.run_at <= bindparam("now"))
            .exists()
            for table in (EventDelivery, Job)
        )
    )
)


def is_work_due(clock: Clock) -> bool:
    """Tell whether anything waits whose time has come."""
    with reading() as session:
        return bool(session.scalar(_IS_WORK_DUE, {"now": clock()}))


def _deliver_one(clock: Clock) -> bool:
    """Deliver one event; effect and `done` commit together, a failure is noted and tried again later."""
    now = clock()
    due = (
        select(EventDelivery)
        .where(EventDelivery.state == WorkState.WAITING, EventDelivery.run_at <= now)
        .order_by(EventDelivery.run_at, EventDelivery.id)
        .limit(1)
    )
    # A look without the write lock first: most calls find nothing.
    with reading() as session:
        if session.scalar(due) is None:
            return False
    delivery_id = attempts = None
    try:
        with transaction() as session:
            delivery = session.scalar(skip_locked(session, due))
            if delivery is None:
                return False
            delivery_id, attempts = delivery.id, delivery.attempts
            row = session.get_one(EventLog, delivery.event_id)
            handler = handler_named(Event.known[row.name], delivery.handler)
            if handler is not None:
                handler(session, Event.from_row(row), now)
            delivery.state = WorkState.DONE
    except Exception as error:
        if delivery_id is None or attempts is None:
            raise
        log.exception("A delivery failed", extra={"delivery": delivery_id})
        _note_failure(EventDelivery, delivery_id, attempts + 1, error, now)
    return True


def _run_one(clock: Clock) -> bool:
    """Claim one job, run it, and mark it done if the claim still holds."""
    lease = _claim(clock)
    if lease is None:
        return False
    with reading() as session:
        job = session.get_one(Job, lease.job_id)
        kind, payload, attempts = job.kind, dict(job.payload), job.attempts
    try:
        _kinds[kind](payload, lease)
    except Exception as error:
        log.exception("A job failed", extra={"job": lease.job_id, "kind": kind})
        _note_failure(Job, lease.job_id, attempts, error, clock())
        return True
    finally:
        db.session.remove()
    with transaction() as session:
        _touch(session, lease, state=WorkState.DONE, lease_until=None)
    return True


def _claim(clock: Clock) -> Lease | None:
    now = clock()
    free = or_(Job.lease_until.is_(None), Job.lease_until < now)
    due = (
        select(Job)
        .where(and_(Job.state == WorkState.WAITING, Job.run_at <= now, free))
        .order_by(Job.run_at, Job.id)
        .limit(1)
    )
    with reading() as session:
        if session.scalar(due) is None:
            return None
    with transaction() as session:
        job = session.scalar(skip_locked(session, due))
        if job is None:
            return None
        job.fence += 1
        job.attempts += 1
        job.lease_until = now + LEASE
        return Lease(job.id, job.fence, clock)


def _touch(session: Session, lease: Lease, **values: Any) -> bool:
    """Change a job only while the claim is the newest one."""
    held = update(Job).where(Job.id == lease.job_id, Job.fence == lease.fence).values(**values)
    return session.execute(held).rowcount == 1  # type: ignore[attr-defined]


def _note_failure(
    table: type[EventDelivery] | type[Job], id_: int, attempts: int, error: Exception, now: datetime
) -> None:
    """Put the work off, a little longer each time; after the last attempt it stays for a person to see."""
    wait = timedelta(seconds=min(3600, 5 * 2**attempts))
    state = WorkState.FAILED if attempts >= ATTEMPTS else WorkState.WAITING
    values: dict[str, Any] = {
        "attempts": attempts,
        "state": state,
        "run_at": now + wait,
        # The error's kind, never its text: texts carry personal data.
        "last_error": type(error).__name__,
    }
    if table is Job:
        values["lease_until"] = None
    with transaction() as session:
        session.execute(update(table).where(table.id == id_).values(**values))


@dataclass(frozen=True)
class Waiting:
    """How much work waits, how much was given up, and how long the oldest due piece has waited."""

    waiting: Mapping[str, int]  # "delivery" and "job" -> pieces
    failed: Mapping[str, int]
    lag: timedelta


def work_waiting(session: Session, now: datetime) -> Waiting:
    """Tell how the worker keeps up."""
    tables: Mapping[str, type[EventDelivery | Job]] = {"delivery": EventDelivery, "job": Job}
    counts: dict[WorkState, dict[str, int]] = {WorkState.WAITING: {}, WorkState.FAILED: {}}
    oldest = now
    for name, table in tables.items():
        for state, numbers in counts.items():
            count = select(func.count()).select_from(table).where(table.state == state)
            numbers[name] = session.scalar(count) or 0
        due = select(func.min(table.run_at)).where(
            table.state == WorkState.WAITING, table.run_at <= now
        )
        if table is Job:
            # A piece somebody is working on does not wait.
            due = due.where(or_(Job.lease_until.is_(None), Job.lease_until < now))
        oldest = min(oldest, session.scalar(due) or now)
    return Waiting(counts[WorkState.WAITING], counts[WorkState.FAILED], now - oldest)
