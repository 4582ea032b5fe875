"""The worker inside the server: a thread, woken by the transactions of its own process."""

import logging
import signal
import threading
from collections.abc import Sequence
from types import FrameType

from flask import Flask

from clubcrm.core import clock, jobs
from clubcrm.core.schedule import Scheduled
from clubcrm.core.transactions import set_doorbell
from clubcrm.wiring import SCHEDULE
from clubcrm.worker.turns import LockFile, Turns, run_scheduled_here
from config import Settings

log = logging.getLogger(__name__)

LOOK_EVERY = 5.0
"""Seconds after which the embedded worker looks without having been rung for."""

PIECES = 200
"""Pieces of work after which the schedule has its turn."""


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
        settings: Settings = app.extensions["settings"]
        self._app = app
        self._turns = Turns(schedule)
        self._lock = LockFile(settings.data_dir / "worker.lock")
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
