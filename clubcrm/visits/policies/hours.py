"""Hours within which a plan opens the door, as a plan writes them.

`mon-fri 06:00-16:00`, `sat,sun 09:00-13:00`, several parted by semicolons; without days every day is
meant. A span whose end comes before its start runs past midnight and belongs to the day it began.
"""

import re
from datetime import datetime
from functools import lru_cache
from typing import Final

DAYS: Final = ("mon", "tue", "wed", "thu", "fri", "sat", "sun")

_RULE: Final = re.compile(
    r"^(?:(?P<days>[a-z][a-z,\s-]*)\s+)?(?P<start>\d{1,2}:\d{2})\s*-\s*(?P<end>\d{1,2}:\d{2})$"
)
_MINUTES_A_DAY: Final = 24 * 60

Span = tuple[frozenset[int], int, int]


class HoursNotReadable(ValueError):
    """A text that says no hours."""


@lru_cache(maxsize=1024)
def read_hours(text: str) -> tuple[Span, ...]:
    """The spans a text says: weekdays (0 Monday), first minute, and minute at which it ends.

    An end at or before the start is given past 1,440. Raises HoursNotReadable.
    """
    spans = []
    for part in text.lower().split(";"):
        if not part.strip():
            continue
        match = _RULE.match(part.strip().replace("–", "-"))
        if match is None:
            raise HoursNotReadable(part.strip())
        start, end = _minute(match["start"]), _minute(match["end"])
        if end <= start:
            end += _MINUTES_A_DAY
        spans.append((_days(match["days"]), start, end))
    if not spans:
        raise HoursNotReadable(text)
    return tuple(spans)


def is_within_hours(text: str | None, local: datetime) -> bool:
    """Whether a moment of the club's clock lies within the hours; no hours = always.

    The start counts, the end does not: `06:00-16:00` holds 15:59:59 and not 16:00:00. Hours nobody
    can read shut nobody out.
    """
    if not text or not text.strip():
        return True
    try:
        spans = read_hours(text)
    except HoursNotReadable:
        return True
    minute = local.hour * 60 + local.minute
    today = local.weekday()
    yesterday = (today - 1) % 7
    return any(
        (today in days and start <= minute < end)
        or (yesterday in days and minute + _MINUTES_A_DAY < end)
        for days, start, end in spans
    )


def _minute(written: str) -> int:
    hour, minute = written.split(":")
    value = int(hour) * 60 + int(minute)
    if int(minute) > 59 or value > _MINUTES_A_DAY:
        raise HoursNotReadable(written)
    return value


def _days(written: str | None) -> frozenset[int]:
    if not written:
        return frozenset(range(7))
    days: set[int] = set()
    for part in re.split(r"[,\s]+", re.sub(r"\s*-\s*", "-", written.strip())):
        if not part:
            continue
        first, _, last = part.partition("-")
        start, end = _day(first), _day(last or first)
        days.update((start + offset) % 7 for offset in range((end - start) % 7 + 1))
    return frozenset(days)


def _day(written: str) -> int:
    if written[:3] not in DAYS:
        raise HoursNotReadable(written)
    return DAYS.index(written[:3])
