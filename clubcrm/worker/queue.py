"""The worker on the queue: RQ on any number of hosts, and its schedule."""

import logging
import os
import threading
import time
from collections.abc import Sequence
from types import FrameType

from flask import Flask
from redis import Redis
from redis.exceptions import RedisError
from rq import Worker
from rq.exceptions import StopRequested
from rq.serializers import JSONSerializer

from clubcrm.app import create_app
from clubcrm.core import clock, jobs
from clubcrm.core.db import db
from clubcrm.core.schedule import Scheduled
from clubcrm.wiring import SCHEDULE
from clubcrm.worker import bell as bells
from clubcrm.worker.bell import RedisBell, queue_on, ring_through
from clubcrm.worker.embedded import PIECES
from clubcrm.worker.turns import Turns, run_scheduled_here
from config import SettingError, Settings

log = logging.getLogger(__name__)

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
    turns = Turns([bells.SWEEP, *schedule])
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
    except StopRequested:
        # Asked to stop while no worker was at it.
        pass
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


def _redis_url(app: Flask) -> str:
    url = _settings(app).redis_url
    if url is None:
        raise SettingError("REDIS_URL is not set, so there is no queue to work on.")
    return url


def _settings(app: Flask) -> Settings:
    return app.extensions["settings"]
