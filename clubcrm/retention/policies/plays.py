"""What one play says: whom it is about is its trigger, the rest is here. Pure."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, Final

from clubcrm.messaging.states import Channel, Purpose
from clubcrm.retention.states import Goal, Hour, Phase

MAX_DAYS: Final = 400


class PlayFault(ValueError):
    """Rules of a play that say nothing one could follow."""


@dataclass(frozen=True, slots=True)
class PlayRules:
    """The rules of one version of a play; days are club days.

    `after` are the days the trigger counts from its own point (the beginning of the spell, the end of
    the term). A contact is made within `valid_days` of its occasion or not at all. `priority` decides
    between two on one day: the lower goes first. `hold_out` is the share in per cent that is not
    contacted. `stops` says that a reached goal makes the contact needless, `stops_on_answer` that an
    answer within the cycle does. A word at the desk is missed once the person was there on so many days
    (`missed_after_visits`; 0 = it waits while it is valid). `steps` are the later steps of the same
    contact, each with all that holds for it; `before_days` are the days before the end of a term at
    which one is made.
    """

    code: str
    trigger: str
    channels: tuple[Channel, ...]
    valid_days: int
    after: tuple[int, ...] = ()
    purpose: Purpose = Purpose.MARKETING
    cooldown_days: int = 0
    hour: Hour = Hour.MORNING
    delay_minutes: int = 0
    goal: Goal = Goal.VISIT
    goal_days: int = 7
    goal_visits: int = 1
    hold_out: int = 0
    priority: int = 50
    stops: bool = True
    stops_on_answer: bool = False
    missed_after_visits: int = 0
    phases: frozenset[Phase] = frozenset()  # in which it still makes sense; none named = in all
    channels_by: Mapping[str, tuple[Channel, ...]] = field(default_factory=dict)  # variant -> own
    variant: str = ""  # of a step: which of the texts it says
    before_days: int = 0
    steps: tuple["PlayRules", ...] = ()

    def channels_of(self, variant: str) -> tuple[Channel, ...]:
        """The channels to try for a variant, from the first to the last."""
        return self.channels_by.get(variant, self.channels)

    def of_step(self, step: int) -> "PlayRules":
        """The rules of a step; without rules of its own those of the first."""
        return self.steps[step - 2] if 2 <= step <= len(self.steps) + 1 else self

    @property
    def is_for_arrival(self) -> bool:
        """Whether it is only ever said to whoever comes by himself."""
        return set(self.channels) == {Channel.ARRIVAL}

    @property
    def is_automatic(self) -> bool:
        """Whether nobody of the staff has to do anything."""
        return self.channels[0] not in (Channel.CALL, Channel.ARRIVAL)


def play_rules(code: str, values: Mapping[str, Any]) -> PlayRules:
    """Read the rules of a play from plain values; raises PlayFault for what nobody could follow."""
    try:
        return PlayRules(
            code=code,
            trigger=str(values["trigger"]),
            channels=tuple(Channel(one) for one in values["channels"]),
            valid_days=_days(values["valid_days"]),
            after=tuple(_days(one) for one in _listed(values.get("after", ()))),
            purpose=Purpose(values.get("purpose", Purpose.MARKETING)),
            cooldown_days=_days(values.get("cooldown_days", 0)),
            hour=Hour(values.get("hour", Hour.MORNING)),
            delay_minutes=int(values.get("delay_minutes", 0)),
            goal=Goal(values.get("goal", Goal.VISIT)),
            goal_days=_days(values.get("goal_days", 7)),
            goal_visits=int(values.get("goal_visits", 1)),
            hold_out=_percent(values.get("hold_out", 0)),
            priority=int(values.get("priority", 50)),
            stops=bool(values.get("stops", True)),
            missed_after_visits=_days(values.get("missed_after_visits", 0)),
            stops_on_answer=bool(values.get("stops_on_answer", False)),
            phases=frozenset(Phase(one) for one in values.get("phases", ())),
            channels_by={
                str(variant): tuple(Channel(one) for one in channels)
                for variant, channels in values.get("channels_by", {}).items()
            },
            variant=str(values.get("variant", "")),
            before_days=_days(values.get("before_days", 0)),
            steps=tuple(_step(code, values, own) for own in values.get("steps", ())),
        )
    except (KeyError, TypeError, ValueError) as error:
        raise PlayFault(f"{code}: {error}") from error


def _step(code: str, values: Mapping[str, Any], own: Mapping[str, Any]) -> PlayRules:
    """A later step: the rules of the play, but for what it says of its own."""
    shared = {name: value for name, value in values.items() if name not in ("steps", "channels_by")}
    return play_rules(code, {**shared, **own})


def _listed(value: Any) -> Sequence[Any]:
    return value if isinstance(value, list | tuple) else (value,)


def _days(value: Any) -> int:
    days = int(value)
    if not 0 <= days <= MAX_DAYS:
        raise ValueError(f"{days} days")
    return days


def _percent(value: Any) -> int:
    share = int(value)
    if not 0 <= share <= 90:
        raise ValueError(f"a share of {share} per cent")
    return share
