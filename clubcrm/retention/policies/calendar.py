"""The club's calendar: on which days a visit could be expected, and to what part.

A closed day counts nothing, a day of a slow season its share, any other day all. Shares are whole
percent, so that sums are exact.
"""

from collections.abc import Mapping
from itertools import accumulate
from typing import Final

FULL: Final = 100


class ClubDays:
    """How much of each day counts at a club. Days are numbers; days not named count in full."""

    __slots__ = ("_first", "_last", "_lost", "_total")

    def __init__(self, shares: Mapping[int, int] | None = None) -> None:
        """Take day -> share of normal visits expected, in percent."""
        shares = shares or {}
        self._first = min(shares, default=0)
        self._last = max(shares, default=-1)
        span = range(self._first, self._last + 1)
        self._lost = list(accumulate(FULL - shares.get(day, FULL) for day in span))
        self._total = self._lost[-1] if self._lost else 0

    def counted(self, after: int, through: int) -> int:
        """Percent of the days after `after` and up to `through` (100 = one whole day)."""
        full = (through - after) * FULL
        if not self._total or through < self._first or after >= self._last:
            return full
        return full - self._lost_through(through) + self._lost_through(after)

    def _lost_through(self, day: int) -> int:
        if day < self._first:
            return 0
        return self._total if day >= self._last else self._lost[day - self._first]

    def day_before(self, start: int, days: int, most: int) -> int:
        """The day after which `days` whole days count before `start`; at most `most` days back."""
        for after in range(start - 1 - days, start - 1 - most, -1):
            if self.counted(after, start - 1) >= days * FULL:
                return after
        return start - 1 - most
