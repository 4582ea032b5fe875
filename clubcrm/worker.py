"""The worker: whatever is due gets done, by a thread of the server or by RQ on any number of hosts.

The rows in the database are the truth; a bell, be it an event of this process or Redis, only says
that looking now is worth while. So nothing is lost when Redis is flushed or away: the schedule looks
again soon. Two workers, or two schedules, do nothing twice.
"""

import logging
import os
import signal
import sys
import threading
import time
from collections.abc import Callable, Sequence
from datetime import timedelta
from pathlib import Path
from types import FrameType
from typing import IO, Any

from flask import Flask
from redis import Redis
from redis.exceptions import RedisError
from rq import Queue, Worker
from rq.serializers import JSONSerializer

from clubcrm.app import create_app
from clubcrm.core import clock, jobs
from clubcrm.core.db import db
from clubcrm.core.schedule import Scheduled
from clubcrm.core.transactions import set_doorbell
from clubcrm.wiring import SCHEDULE
from config import SettingError, Settings

log = logging.getLogger(__name__)

LOOK_EVERY = 5.0
"""Seconds after which the embedded worker looks without having been rung for."""

SWEEP = Scheduled("sweep", timedelta(seconds=20), lambda _clock: None)
"""How often the queue's schedule rings without a reason."""

REDIS_PATIENCE = 0.5
"""Seconds a request may wait for Redis; the bell is not worth more."""

REDIS_REST = 10.0
"""Seconds for which a Redis that did not answer is left alone."""

QUEUE = "clubcrm"
BELL = "clubcrm:bell"
TURN = "clubcrm:turn:"
A_DRAIN = 1800
BACKLOG = 50
PIECES = 200


# --- the worker inside the server ------------------------------------------------------------


class EmbeddedWorker:
    """A thread that does what is due and keeps the schedule.

    Of several processes on one machine each has such a thread and does its own work at once; the
    schedule is kept by the one that holds the lock file.
    """

    def __init__(
        self,
        app: Flask,
        schedule: Sequence[Scheduled] = SCHEDULE,
        *,
        pause: float | None = None,
    ) -> None:
        self._app = app
        self._turns = Turns(schedule)
        self._lock = LockFile(_settings(app).data_dir / "worker.lock")
        self._pause = LOOK_EVERY if pause is None else pause
        self._bell = threading.Event()
        self._over = threading.Event()
        self._thread = threading.Thread(target=self._live, name="clubcrm-worker", daemon=True)

    def start(self) -> None:
        """Begin; the bell of this process's transactions rings here from now on."""
        set_doorbell(self.ring)
        self._thread.start()

    def ring(self) -> None:
        """Say that there may be something to do."""
        self._bell.set()

    def stop(self, patience: float = 30.0) -> bool:
        """Finish the piece at hand and end; whether it ended within so many seconds."""
        self._over.set()
        self._bell.set()
        if self._thread.ident is not None:
            self._thread.join(patience)
        self._lock.release()
        return not self._thread.is_alive()

    def _live(self) -> None:
        while not self._over.is_set():
            self._bell.clear()
            try:
                is_busy = self.work_once()
            except Exception:
                # The database is away, say: the rows wait, and so does this thread.
                log.exception("The worker could not look for work")
                is_busy = False
            if not is_busy:
                self._bell.wait(self._pause)

    def work_once(self) -> bool:
        """Do some of what is due and whatever the schedule says; whether more may be waiting."""
        with self._app.app_context():
            done = jobs.drain(clock.now, most=PIECES)
        if self._lock.hold():
            for entry in self._turns.due():
                run_scheduled_here(self._app, entry)
        return done >= PIECES


def embed(app: Flask) -> EmbeddedWorker:
    """Start a worker inside this process."""
    worker = EmbeddedWorker(app)
    worker.start()
    return worker


def serving_app() -> Flask:
    """The application as a server process runs it: with its bell, and its worker if it needs one."""
    app = create_app()
    settings = _settings(app)
    if settings.redis_url:
        ring_through(settings.redis_url)
    else:
        embed(app)
    return app


def run_scheduled_here(app: Flask, entry: Scheduled) -> None:
    """Do one piece of the schedule; a broken one is written down and hinders no other."""
    try:
        with app.app_context():
            entry.work(clock.now)
    except Exception:
        log.exception("Scheduled work failed", extra={"work": entry.name})


class Turns:
    """Whose turn it is: each entry at once, then again whenever its time has passed.

    Counts on the monotonic clock, so that setting the clock neither skips nor repeats work.
    """

    def __init__(
        self, schedule: Sequence[Scheduled], ticking: Callable[[], float] = time.monotonic
    ) -> None:
        self._schedule = tuple(schedule)
        self._ticking = ticking
        self._next: dict[str, float] = {}

    def due(self) -> list[Scheduled]:
        """The entries whose time has come; asking takes the turn."""
        now = self._ticking()
        ready = [entry for entry in self._schedule if self._next.get(entry.name, now) <= now]
        for entry in ready:
            self._next[entry.name] = now + entry.every.total_seconds()
        return ready


class LockFile:
    """A file that one process of this machine holds at a time; it is free again when that one ends."""

    def __init__(self, path: Path) -> None:
        self._path = path
        self._file: IO[str] | None = None

    def hold(self) -> bool:
        """Take the lock, or keep it; False while another process has it."""
        if self._file is not None:
            return True
        file = self._path.open("a", encoding="ascii")
        if not _try_lock(file.fileno()):
            file.close()
            return False
        self._file = file
        return True

    def release(self) -> None:
        """Let another process have it."""
        if self._file is not None:
            self._file.close()
            self._file = None


if sys.platform == "win32":  # each system has its own module for this
    import msvcrt

    def _try_lock(descriptor: int) -> bool:
        try:
            msvcrt.locking(descriptor, msvcrt.LK_NBLCK, 1)
        except OSError:
            return False
        return True

else:
    import fcntl

    def _try_lock(descriptor: int) -> bool:
        try:
            fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except OSError:
            return False
        return True


# --- the bell in Redis -----------------------------------------------------------------------


class RedisBell:
    """Rings for the RQ workers: at most one job waits, however often it is rung.

    Never raises and never makes a request wait for long: a Redis that is away is left alone for a
    while, and the work is found by the workers' own sweep.
    """

    def __init__(self, url: str) -> None:
        self._redis = Redis.from_url(
            url, socket_timeout=REDIS_PATIENCE, socket_connect_timeout=REDIS_PATIENCE
        )
        self._queue = queue_on(self._redis)
        self._rest_until = 0.0

    def ring(self) -> None:
        """Ask for a drain, unless one is waiting to begin already."""
        # A job id of RQ's own would stay taken for minutes after a worker was killed; this mark is
        # taken away when the drain begins, and goes away by itself if it never does.
        if self._is_resting():
            return
        try:
            if self._redis.set(BELL, "1", nx=True, ex=SWEEP.every):
                enqueue(self._queue, drain_all)
        except RedisError as error:
            self._rest(error)

    def take_turn(self, entry: Scheduled) -> bool:
        """Ask for one piece of the schedule, if no other schedule has just done so."""
        if self._is_resting():
            return False
        hold = max(1, int(entry.every.total_seconds() * 900))
        try:
            if not self._redis.set(TURN + entry.name, "1", nx=True, px=hold):
                return False
            if entry is SWEEP:
                # Whatever the mark says: a worker that was killed may have left it behind.
                enqueue(self._queue, drain_all)
            else:
                enqueue(self._queue, run_scheduled, entry.name)
        except RedisError as error:
            self._rest(error)
            return False
        return True

    def answered(self) -> None:
        """Say that a drain has begun: what is rung for from now on needs another one."""
        try:
            self._redis.delete(BELL)
        except RedisError as error:
            self._rest(error)

    def _is_resting(self) -> bool:
        return time.monotonic() < self._rest_until

    def _rest(self, error: RedisError) -> None:
        self._rest_until = time.monotonic() + REDIS_REST
        log.warning("Redis did not answer", extra={"kind": type(error).__name__})


def ring_through(url: str) -> RedisBell:
    """Let the transactions of this process ring through Redis."""
    bell = RedisBell(url)
    set_doorbell(bell.ring)
    return bell


def queue_on(connection: Redis) -> Queue:
    """The one queue; its jobs are JSON, so that nobody's pickle is ever opened here."""
    return Queue(QUEUE, connection=connection, serializer=JSONSerializer)


def enqueue(queue: Queue, work: Callable[..., Any], *values: str) -> None:
    """Put one coarse job on the queue; how it ended stands in the rows, not in Redis.

    Does nothing while many wait already: without workers the queue would grow for ever.
    """
    if queue.count >= BACKLOG:
        return
    queue.enqueue(work, *values, job_timeout=A_DRAIN, result_ttl=0, failure_ttl=3600)


# --- what RQ runs ----------------------------------------------------------------------------

_app: Flask | None = None
_app_pid = 0


def application() -> Flask:
    """The application of this process; a fork of the worker gets connections of its own."""
    global _app, _app_pid
    if _app is None:
        _app = create_app()
    elif _app_pid != os.getpid():
        with _app.app_context():
            db.engine.dispose(close=False)
    _app_pid = os.getpid()
    return _app


def drain_all() -> int:
    """Do all that is due; how many pieces were done."""
    app = application()
    ring_through(_redis_url(app)).answered()
    done = 0
    while True:
        with app.app_context():
            pieces = jobs.drain(clock.now, most=PIECES)
        done += pieces
        if pieces < PIECES:
            return done


def run_scheduled(name: str) -> None:
    """Do one piece of the schedule; a name no longer in it is passed over."""
    app = application()
    ring_through(_redis_url(app))
    for entry in SCHEDULE:
        if entry.name == name:
            run_scheduled_here(app, entry)


class QueueWorker(Worker):
    """An RQ worker that can tell whether it was asked to stop or lost its Redis."""

    is_asked_to_stop = False

    def request_stop(self, signum: int, frame: FrameType | None) -> None:
        """Finish the job at hand, then end."""
        self.is_asked_to_stop = True
        super().request_stop(signum, frame)


def keep_schedule(
    bell: RedisBell, over: threading.Event, schedule: Sequence[Scheduled] = SCHEDULE
) -> None:
    """Ring for the schedule until told to end. Only Redis is touched here, never the database."""
    turns = Turns([SWEEP, *schedule])
    while not over.is_set():
        for entry in turns.due():
            bell.take_turn(entry)
        over.wait(1.0)


def work_queue(app: Flask, *, burst: bool = False) -> None:
    """Be an RQ worker with its schedule until SIGTERM; outlives a Redis that restarts or forgets.

    `burst`: do what waits on the queue, then return without keeping the schedule.
    """
    global _app
    _app = app
    with app.app_context():
        # Forks must not inherit connections.
        db.engine.dispose()
    url = _redis_url(app)
    over = threading.Event()
    bell = RedisBell(url)
    keeper = threading.Thread(target=keep_schedule, args=(bell, over), daemon=True)
    if not burst:
        keeper.start()
    try:
        while _work_until_it_ends(url, burst=burst):
            log.warning("The queue was lost; trying again")
            time.sleep(1.0)
    finally:
        over.set()
        if keeper.ident is not None:
            keeper.join(5.0)


def _work_until_it_ends(url: str, *, burst: bool) -> bool:
    """Run one RQ worker; whether another one must take its place."""
    connection = Redis.from_url(url)
    worker = None
    try:
        worker = QueueWorker(
            [queue_on(connection)], connection=connection, serializer=JSONSerializer
        )
        worker.log_job_description = False
        worker.work(burst=burst, logging_level=None)
    except (RedisError, OSError) as error:
        log.warning("The worker lost Redis", extra={"kind": type(error).__name__})
    finally:
        connection.close()
    return not burst and not (worker is not None and worker.is_asked_to_stop)


def work_without_queue(app: Flask) -> None:
    """Be a worker without Redis until SIGTERM: the loop of the embedded worker, in the foreground."""
    over = threading.Event()

    def end(_signum: int, _frame: FrameType | None) -> None:
        over.set()

    before = {kind: signal.signal(kind, end) for kind in (signal.SIGTERM, signal.SIGINT)}
    worker = embed(app)
    try:
        over.wait()
    finally:
        worker.stop()
        for kind, handler in before.items():
            signal.signal(kind, handler)


def _redis_url(app: Flask) -> str:
    url = _settings(app).redis_url
    if url is None:
        raise SettingError("REDIS_URL is not set, so there is no queue to work on.")
    return url


def _settings(app: Flask) -> Settings:
    return app.extensions["settings"]
