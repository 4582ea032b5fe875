"""What time it is: the only reader of the wall clock in the project.

Everything else is handed a moment. The clock can be set to a fixed instant, by the setting
``CLUBCRM_NOW``, by a test, or by the simulator, which lives a club day by day. The setting holds
for the whole process: request threads and the embedded worker see the same moment.
"""

from collections.abc import Iterator
from contextlib import contextmanager
from datetime import UTC, datetime
from threading import Lock


class _Clock:
    """The one clock of the process; its lock keeps two setters from undoing each other."""

    def __init__(self) -> None:
        self.fixed: datetime | None = None
        self.lock = Lock()


_clock = _Clock()


def now() -> datetime:
    """The present instant, aware and in UTC; the fixed instant while one is set."""
    fixed = _clock.fixed
    return fixed if fixed is not None else datetime.now(UTC)


def is_fixed() -> bool:
    """Whether the clock stands still at an instant somebody set."""
    return _clock.fixed is not None


def set_clock(fixed: datetime | None) -> None:
    """Stop the clock at an aware instant, or let it run again with ``None``."""
    instant = None if fixed is None else utc(fixed)
    with _clock.lock:
        _clock.fixed = instant


@contextmanager
def clock_at(moment: datetime) -> Iterator[datetime]:
    """Hold the clock at a moment for the block; afterwards it is as it was before.

    Yields the moment in UTC. Blocks may be nested. Inside a block ``set_clock`` moves the clock on,
    as the simulator does from day to day.
    """
    instant = utc(moment)
    with _clock.lock:
        before, _clock.fixed = _clock.fixed, instant
    try:
        yield instant
    finally:
        with _clock.lock:
            _clock.fixed = before


def utc(moment: datetime) -> datetime:
    """The same instant in UTC. A moment without a zone is refused: nobody knows which one it is."""
    if moment.tzinfo is None or moment.utcoffset() is None:
        raise ValueError(f"the moment {moment.isoformat()} carries no time zone")
    return moment.astimezone(UTC)
