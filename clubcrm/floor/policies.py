"""What a trainer is told of a client. Pure: values in, values out."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date
from typing import Any, Final

from clubcrm.floor.states import Flag
from clubcrm.retention.states import Phase, Reason, Risk
from clubcrm.visits.policies import is_birthday

FEW_LEFT: Final = 2
"""So many sessions left are said, so that the next package is talked about in time."""

SLIPPED: Final = frozenset({Phase.AT_RISK, Phase.SLEEPING})
_ORDER: Final = {Phase.SLEEPING: 0, Phase.AT_RISK: 1}


@dataclass(frozen=True, slots=True)
class ClientFacts:
    """What is known of a client. `left` None = has no package; `held` counts sessions that took place."""

    phase: Phase | None = None
    risk: Risk = Risk.NONE
    birth_date: date | None = None
    left: int | None = None
    held: int = 0


def flags_of(facts: ClientFacts, on: date, calendar: str) -> tuple[Flag, ...]:
    """What to know of a client on a day, the most pressing first."""
    is_few = facts.left is not None and 0 < facts.left <= FEW_LEFT
    born = facts.birth_date
    told = {
        Flag.NOTHING_LEFT: facts.left == 0,
        Flag.SLIPPED: is_slipping(facts),
        Flag.FEW_LEFT: is_few,
        Flag.FIRST_SESSION: facts.held == 0,
        Flag.NEW: facts.phase is Phase.ADAPTATION and facts.risk is not Risk.HIGH,
        Flag.BIRTHDAY: born is not None and is_birthday(born, on, calendar),
    }
    return tuple(flag for flag in Flag if told[flag])


def is_slipping(facts: ClientFacts) -> bool:
    """Whether somebody comes less than usual and should hear from the trainer."""
    return facts.phase in SLIPPED or facts.risk is Risk.HIGH


_TELL_OF_SLIPPING: Final = frozenset(
    {Reason.GAP, Reason.DROP, Reason.LONG_GAP, Reason.SLOW_START, Reason.NO_VISIT_YET}
)


def why_slipping(reasons: Sequence[Any]) -> Sequence[Any]:
    """The reason that says how somebody slipped, of the kept codes and figures; else the strongest."""
    return [one for one in reasons if one[0] in _TELL_OF_SLIPPING][:1] or reasons[:1]


def urgency_of(facts: ClientFacts) -> int:
    """The place in a trainer's list: 0 first. Who slipped first, then who is watched, then the others."""
    if is_slipping(facts):
        return _ORDER.get(facts.phase, 1) if facts.phase else 1
    return 2 if facts.risk is Risk.WATCH else 3
