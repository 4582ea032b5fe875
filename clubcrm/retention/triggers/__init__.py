"""What gives the occasion for a contact: one small rule a file, each over a whole club at once.

A trigger is asked for a club and a day and answers with every occasion that is still valid then, also
those of days that were missed; which were acted upon already is known by the touchpoints. `wiring.py`
names them. Nothing an import brought is an occasion: that is no behaviour.
"""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from datetime import date

from sqlalchemy.orm import Session

from clubcrm.accounts.queries import ClubRow
from clubcrm.retention.policies.plays import PlayRules


@dataclass(frozen=True, slots=True)
class Occasion:
    """Why somebody may be contacted: the day that gave the occasion, and which of the texts fits."""

    person_id: int
    on: date
    variant: str = ""
    step: int = 1
    delay_minutes: int | None = None  # instead of the play's own


Trigger = Callable[[Session, ClubRow, date, PlayRules], Sequence[Occasion]]

_triggers: dict[str, Trigger] = {}


def set_triggers(triggers: Mapping[str, Trigger]) -> None:
    """Name the trigger for each kind (once, when the application is made)."""
    _triggers.clear()
    _triggers.update(triggers)


def trigger_named(name: str) -> Trigger | None:
    """Find the trigger that a play names; None when it is wired no longer."""
    return _triggers.get(name)
