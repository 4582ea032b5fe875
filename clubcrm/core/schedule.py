"""Work that comes round again: what it is called, how often, and the function that does it.

`clubcrm/wiring.py` holds the one table of it; the embedded worker and the queue's schedule are both
made from that table. Every piece may run twice, or on two machines at once, without harm.
"""

from collections.abc import Callable
from dataclasses import dataclass
from datetime import timedelta

from clubcrm.core.jobs import Clock


@dataclass(frozen=True)
class Scheduled:
    """One piece of recurring work, with a stable name."""

    name: str
    every: timedelta
    work: Callable[[Clock], object]
