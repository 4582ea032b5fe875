"""What happens in the life of a member."""

from dataclasses import dataclass
from datetime import date

from clubcrm.core.events import Event
from clubcrm.retention.states import Phase, RampEnd, Reason, Risk, Sub, Transition


@dataclass(frozen=True, kw_only=True)
class PhaseChanged(Event):
    """A member came into another phase, or renewed, or came for the first time.

    Never told of the baseline of an import: that is no behaviour. `from_on` lies before the day of the
    event where facts came late; whoever acts on it looks at that.
    """

    from_on: date
    transition: Transition
    from_phase: Phase | None
    phase: Phase
    sub: Sub | None
    risk: Risk
    reason: Reason


@dataclass(frozen=True, kw_only=True)
class RunStopped(Event):
    """A daily run would have moved so many people that somebody has to say that it is right."""

    on: date
    moved: int
    people: int


@dataclass(frozen=True, kw_only=True)
class RunAllowed(Event):
    """Somebody said that a stopped daily run is right."""

    on: date


@dataclass(frozen=True, kw_only=True)
class PlayChanged(Event):
    """A contact was switched on or off."""

    code: str
    version: int
    is_on: bool


@dataclass(frozen=True, kw_only=True)
class RampBegan(Event):
    """From here on a few people of the backlog are contacted each day; after an import once more."""

    from_on: date
    per_day: int


@dataclass(frozen=True, kw_only=True)
class RampChanged(Event):
    """Somebody said how many people of the backlog are contacted in a day."""

    per_day: int


@dataclass(frozen=True, kw_only=True)
class RampEnded(Event):
    """The backlog is worked off, or whoever still waited is left alone."""

    because: RampEnd
    left_alone: int
