"""The numbers of the life cycle: every one a setting of the club, with its default."""

from collections.abc import Mapping
from dataclasses import dataclass, fields
from typing import Any, Final

SETTING: Final = "retention"
"""Name under which a club's own numbers stand in its settings."""


@dataclass(frozen=True, slots=True)
class Rules:
    """The thresholds by which phases are told apart; days are whole club days."""

    spell_break: int = 30  # g: a later start begins a new spell
    grace: int = 14
    lost_after: int = 180
    year_window: int = 45  # renewal window of a term of 300 days or more
    half_window: int = 30  # ... of 150 days or more
    quarter_window: int = 21  # ... of 75 days or more
    short_window: int = 7
    pack_window: int = 14
    pack_visits: int = 2  # a pack with so few visits left is up for renewal
    auto_window: bool = False  # whether auto-renewing terms have a renewal window too
    won_back: int = 60
    adaptation: int = 90
    early: int = 28
    sleeping_gap: int = 60
    gap_least: int = 14
    gap_most: int = 30
    core_visits: int = 8  # visit-days in 28
    regular_visits: int = 4
    first_visit_by: int = 7  # day of the spell
    adaptation_gap: int = 10
    start_visits: int = 4  # fewer in 28 days is a slow start
    habit_visits: int = 2  # a week, on average over six weeks without an empty one
    recovered_visits: int = 2  # in 14 days
    loyal_after: int = 365
    stop_percent: int = 40  # a run that moves more of the club's people than this asks first
    stop_people: int = 200  # ... and at least so many


DEFAULTS: Final = Rules()


def rules_of(settings: Mapping[str, Any]) -> Rules:
    """The rules of a club: the defaults, with what its settings say under `retention`.

    `{"retention": {"grace": 21, "year_window": 60}}`. Names nobody knows and values that are no whole
    number from 0 up are passed over.
    """
    said = settings.get(SETTING)
    if not isinstance(said, Mapping):
        return DEFAULTS
    chosen: dict[str, Any] = {}
    for field in fields(Rules):
        value: Any = said.get(field.name)
        if type(value) is type(getattr(DEFAULTS, field.name)) and value >= 0:
            chosen[field.name] = value
    return Rules(**chosen)
