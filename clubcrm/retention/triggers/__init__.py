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

Standing = Callable[[Session, ClubRow, date, PlayRules, date], Sequence[Occasion]]
"""The counterpart of a trigger for the backlog: the last argument is the first day of contacts."""

_triggers: dict[str, Trigger] = {}
_standing: dict[str, Standing] = {}


def set_triggers(triggers: Mapping[str, Trigger], standing: Mapping[str, Standing]) -> None:
    """Name the trigger for each kind, and its counterpart (once, when the application is made)."""
    _triggers.clear()
    _triggers.update(triggers)
    _standing.clear()
    _standing.update(standing)


def trigger_named(name: str) -> Trigger | None:
    """Find the trigger that a play names; None when it is wired no longer."""
    return _triggers.get(name)


def standing_named(name: str) -> Standing | None:
    """Find what asks for the backlog of a trigger; None where the past is no occasion."""
    return _standing.get(name)
