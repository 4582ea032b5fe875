"""The rules of sessions. Pure: values in, values out."""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, date, datetime, timedelta
from typing import Any, Final
from zoneinfo import ZoneInfo

from clubcrm.schedule.states import FREES_THE_TIME, TRANSITIONS, SessionState

SHORTEST: Final = timedelta(minutes=5)
LONGEST: Final = timedelta(hours=8)
USUAL_MINUTES: Final = 60

_ALWAYS_TAKE: Final = frozenset({SessionState.CAME, SessionState.LATE})


@dataclass(frozen=True)
class SessionRules:
    """What a club says about sessions: which outcomes take one from the package, and how long one is."""

    no_show_takes: bool = True
    cancelled_takes: bool = False
    minutes: int = USUAL_MINUTES

    def takes(self, state: SessionState) -> bool:
        """Whether a session in this state takes one from the package."""
        if state is SessionState.NO_SHOW:
            return self.no_show_takes
        if state is SessionState.CANCELLED_IN_TIME:
            return self.cancelled_takes
        return state in _ALWAYS_TAKE


def session_rules(settings: Mapping[str, Any]) -> SessionRules:
    """The rules of a club: the defaults, with what its settings say under `sessions`.

    `{"no_show_takes": false, "cancelled_takes": true, "minutes": 45}`. Words nobody knows are passed
    over.
    """
    said = settings.get("sessions")
    if not isinstance(said, Mapping):
        return SessionRules()
    rules = SessionRules()
    return SessionRules(
        no_show_takes=_yes_no(said, "no_show_takes", rules.no_show_takes),
        cancelled_takes=_yes_no(said, "cancelled_takes", rules.cancelled_takes),
        minutes=_length(said.get("minutes"), rules.minutes),
    )


def _length(minutes: Any, default: int) -> int:
    if type(minutes) is int and SHORTEST <= timedelta(minutes=minutes) <= LONGEST:
        return minutes
    return default


def _yes_no(said: Mapping[str, Any], name: str, default: bool) -> bool:
    value = said.get(name, default)
    return value if type(value) is bool else default


def may_become(state: SessionState, new: SessionState) -> bool:
    """Whether a session in one state may come to another."""
    return new in TRANSITIONS[state]


def is_length_of_a_session(starts_at: datetime, ends_at: datetime) -> bool:
    """Whether somebody can train from one instant to another."""
    return SHORTEST <= ends_at - starts_at <= LONGEST


@dataclass(frozen=True, slots=True)
class TakenTime:
    """A span of a trainer's time, half-open, and the session that takes it."""

    id: int
    starts_at: datetime
    ends_at: datetime
    state: SessionState


def clash_of(
    taken: Iterable[TakenTime], starts_at: datetime, ends_at: datetime, *, but: int | None = None
) -> TakenTime | None:
    """The first session that is in the way of a span, the session `but` itself left out.

    One that ends when the other begins is not in the way, nor is one that gave its time free.
    """
    in_the_way = [
        one
        for one in taken
        if one.id != but
        and one.state not in FREES_THE_TIME
        and one.starts_at < ends_at
        and starts_at < one.ends_at
    ]
    return min(in_the_way, key=lambda one: (one.starts_at, one.id), default=None)


@dataclass(frozen=True, slots=True)
class PackageFacts:
    """A package of sessions: when it may be used (half-open), and what is left of it."""

    id: int
    starts_on: date
    until_on: date | None
    left: int

    def is_usable_on(self, day: date) -> bool:
        """Whether a session of that day may take one."""
        in_time = self.starts_on <= day and (self.until_on is None or day < self.until_on)
        return in_time and self.left > 0


def package_for(
    packages: Sequence[PackageFacts], day: date, wanted: int | None = None
) -> PackageFacts | None:
    """The package a session of a day takes from: the one meant, else the one that ends first."""
    usable = [one for one in packages if one.is_usable_on(day)]
    meant = next((one for one in usable if one.id == wanted), None)
    return meant or min(usable, key=lambda one: (one.until_on or date.max, one.id), default=None)


def same_time_next_week(starts_at: datetime, timezone: str, now: datetime) -> datetime:
    """The first instant after now that is whole weeks later on the club's clock."""
    local = starts_at.astimezone(ZoneInfo(timezone))
    weeks = max(1, (now - starts_at).days // 7)
    while (later := _on_the_wall(local, 7 * weeks)) <= now:
        weeks += 1
    return later


def _on_the_wall(local: datetime, days: int) -> datetime:
    """The same time of the clock on the wall so many days later, whatever the clocks did between."""
    wall = local.replace(tzinfo=None) + timedelta(days=days)
    return wall.replace(tzinfo=local.tzinfo).astimezone(UTC)
