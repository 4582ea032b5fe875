"""What makes a contact one of its own: who, which play, the day of the occasion, and the step. Pure."""

from datetime import date
from typing import NamedTuple


class Key(NamedTuple):
    """By this two plannings know that they speak of the same contact."""

    person_id: int
    play: str
    occasion_on: date
    step: int
