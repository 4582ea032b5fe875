"""When a term ends: its agreed end, moved by what pauses it."""

from collections.abc import Iterable
from datetime import date, timedelta
from typing import cast, overload

from clubcrm.core.calendars import CalendarName, term_until
from clubcrm.core.period import Period


def agreed_end(
    starts_on: date,
    *,
    months: int | None,
    days: int | None,
    calendar: str,
    anchor_on: date | None = None,
) -> date | None:
    """The first day after a term by its length alone; None for a term without an end.

    Months are counted in the plan's calendar from the anchor, the first day of the chain, so that a
    chain of monthly terms keeps its day of the month (`core.calendars.term_until`).
    """
    if months is not None:
        return term_until(starts_on, months, cast(CalendarName, calendar), anchor=anchor_on)
    return None if days is None else starts_on + timedelta(days=days)


@overload
def end_with_pauses(starts_on: date, agreed_until: date, pauses: Iterable[Period]) -> date: ...
@overload
def end_with_pauses(starts_on: date, agreed_until: None, pauses: Iterable[Period]) -> None: ...
@overload
def end_with_pauses(
    starts_on: date, agreed_until: date | None, pauses: Iterable[Period]
) -> date | None: ...


def end_with_pauses(
    starts_on: date, agreed_until: date | None, pauses: Iterable[Period]
) -> date | None:
    """The first day after a term when the paused days are given back.

    The earliest day before which the term holds as many days that are not paused as it has without
    any pause. So the order of the pauses does not matter, a day paused twice counts once, a pause
    that only the moved end reaches counts too, and one that begins when the term is over does not.
    """
    if agreed_until is None:
        return None
    end = agreed_until
    done = starts_on
    for begin, until in sorted(_bounds(pause) for pause in pauses):
        if begin >= end:
            break
        counted_from = max(begin, done)
        if until > counted_from:
            end += until - counted_from
            done = until
    return end


def agreed_before_pauses(starts_on: date, until: date, pauses: Iterable[Period]) -> date | None:
    """The agreed end that the pauses move to `until`; None where they move no end there.

    For terms that come from elsewhere with an end in which the pauses are contained already.
    """
    given_back = timedelta()
    done = starts_on
    pauses = list(pauses)
    for begin, stop in sorted(_bounds(pause) for pause in pauses):
        counted_from, counted_until = max(begin, done), min(stop, until)
        if counted_until > counted_from:
            given_back += counted_until - counted_from
            done = counted_until
    agreed = until - given_back
    return agreed if end_with_pauses(starts_on, agreed, pauses) == until else None


def first_end(*ends: date | None) -> date | None:
    """The earliest of several ends, where None is no end."""
    return min((end for end in ends if end is not None), default=None)


def _bounds(pause: Period) -> tuple[date, date]:
    if pause.until is None:
        raise ValueError("a pause has an end")
    return pause.start, pause.until
