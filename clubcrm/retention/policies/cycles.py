"""Membership cycles: what caps, draws and contacts are counted in. Pure."""

from datetime import date
from typing import Final

from clubcrm.core.calendars import add_months

SHORT_TERM: Final = 75
"""Terms under so many days form no cycle of their own."""


def cycle_of(starts_on: date, length: int | None, spell_from_on: date | None, day: date) -> date:
    """The first day of the cycle a day lies in.

    A term of 75 days or more is a cycle. For shorter ones, packs and month-to-month contracts (no
    `length`) a cycle is twelve months from the beginning of the spell.
    """
    if length is not None and length >= SHORT_TERM:
        return starts_on
    first = spell_from_on or starts_on
    if first > day:
        return first
    years = max(0, day.year - first.year - 1)
    while add_months(first, 12 * (years + 1), "gregorian") <= day:
        years += 1
    return add_months(first, 12 * years, "gregorian")
