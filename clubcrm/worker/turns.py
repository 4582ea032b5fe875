"""Whose turn it is on the schedule, and who may keep it."""

import logging
import sys
import time
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import IO

from flask import Flask

from clubcrm.core import clock
from clubcrm.core.schedule import Scheduled

log = logging.getLogger(__name__)


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


def run_scheduled_here(app: Flask, entry: Scheduled) -> None:
    """Do one piece of the schedule; a broken one is written down and hinders no other."""
    try:
        with app.app_context():
            entry.work(clock.now)
    except Exception:
        log.exception("Scheduled work failed", extra={"work": entry.name})


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
