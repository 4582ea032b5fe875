"""Spans of days, half-open: a period holds its start and not its ``until``.

Screens, files and the API speak of the last valid day, inclusive (``last_day``); inside it is
``until``, the first day after, so that consecutive terms meet without a gap or an overlap.
"""

from dataclasses import dataclass
from datetime import date, datetime, timedelta
from typing import Self

from clubcrm.core.errors import EmptyPeriod

_ONE_DAY = timedelta(days=1)


@dataclass(frozen=True, slots=True)
class Period:
    """Days from ``start`` up to but not including ``until``; ``None`` means open-ended.

    Holds at least one day: an empty or backward period is refused with ``EmptyPeriod``.
    """

    start: date
    until: date | None = None

    def __post_init__(self) -> None:
        for bound in (self.start, self.until):
            if isinstance(bound, datetime):
                raise TypeError("a period is made of days, not of moments")
        if self.until is not None and self.until <= self.start:
            raise EmptyPeriod(start=self.start.isoformat(), until=self.until.isoformat())

    @classmethod
    def through(cls, start: date, last_day: date | None) -> Self:
        """The period whose last day is ``last_day``, inclusive, as screens and files say it."""
        return cls(start, None if last_day is None else last_day + _ONE_DAY)

    @classmethod
    def one_day(cls, day: date) -> Self:
        """The period of a single day."""
        return cls(day, day + _ONE_DAY)

    @property
    def is_open(self) -> bool:
        """Whether no end is set."""
        return self.until is None

    @property
    def last_day(self) -> date | None:
        """The last valid day, inclusive; ``None`` while open."""
        return None if self.until is None else self.until - _ONE_DAY

    @property
    def days(self) -> int | None:
        """How many days it holds; ``None`` while open."""
        return None if self.until is None else (self.until - self.start).days

    def contains(self, day: date) -> bool:
        """Whether the day lies within."""
        return self.start <= day and (self.until is None or day < self.until)

    def covers(self, other: "Period") -> bool:
        """Whether every day of the other lies within."""
        return self.start <= other.start and (
            self.until is None or (other.until is not None and other.until <= self.until)
        )

    def overlaps(self, other: "Period") -> bool:
        """Whether the two have a day in common; meeting end to start is not overlapping."""
        return (self.until is None or other.start < self.until) and (
            other.until is None or self.start < other.until
        )

    def intersection(self, other: "Period") -> "Period | None":
        """The days both have, or ``None`` where there are none."""
        if not self.overlaps(other):
            return None
        ends = [until for until in (self.until, other.until) if until is not None]
        return Period(max(self.start, other.start), min(ends) if ends else None)

    def shifted(self, days: int) -> "Period":
        """The same span, later by so many days; earlier where negative."""
        moved = timedelta(days=days)
        return Period(self.start + moved, None if self.until is None else self.until + moved)
