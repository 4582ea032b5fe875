"""Whose turn it is: what becomes of the contacts somebody may have on a day. Pure.

The order of the gate is that of `retention` rule 3.1: who must not be contacted, the channels, caps and
cooldown, and the hold-out draw last, so that both arms passed the same gates. Of two contacts of one day
the more pressing goes first, and the other waits while it is valid: a contact that was held out takes
its place exactly as one that was made.
"""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from typing import Final

from clubcrm.messaging.policies import Counted, GateFacts, refusal
from clubcrm.messaging.states import Channel, Purpose, Refusal
from clubcrm.retention.policies.plays import PlayRules
from clubcrm.retention.states import TouchpointState

WAITS: Final = frozenset(
    {
        Refusal.TOO_SOON,
        Refusal.CAP_WEEK,
        Refusal.CAP_MONTH,
        Refusal.CAP_CALLS,
        Refusal.CAP_SMS,
    }
)
"""Refusals that pass by themselves: the contact waits while it is valid."""

BACKLOG_WAITS: Final = WAITS | {Refusal.CHANNEL_OFF}
"""What came about before contacts were made waits until the club writes at all."""


@dataclass(frozen=True, slots=True)
class Wish:
    """A contact somebody may have: the play, its occasion, and the cycle it belongs to."""

    rules: PlayRules
    version: int
    occasion_on: date
    cycle_on: date
    variant: str = ""
    step: int = 1
    delay_minutes: int = 0
    touchpoint_id: int | None = None  # one that has waited so far
    planned_at: datetime | None = None  # ... and since when
    is_backlog: bool = False  # it came about before contacts were made


@dataclass(frozen=True, slots=True)
class Earlier:
    """A contact that counts: made, or held out as if it had been made."""

    play: str
    cycle_on: date
    channel: Channel
    purpose: Purpose
    at: datetime
    is_answer: bool = False  # staff heard the person


@dataclass(frozen=True, slots=True)
class Turn:
    """What becomes of a wish: it goes on to the draw by a channel, waits, or is left out, and why."""

    wish: Wish
    state: TouchpointState
    channel: Channel | None = None
    reason: Refusal | None = None


def turns_of(
    wishes: Iterable[Wish], gate: GateFacts, earlier: Sequence[Earlier], now: datetime
) -> list[Turn]:
    """What becomes of the wishes of one person, the most pressing first.

    `earlier` are the contacts that count, in any order. A wish that goes on counts for those after it.
    """
    so_far = list(earlier)
    turns = []
    for wish in sorted(wishes, key=lambda one: (one.rules.priority, one.occasion_on)):
        turn = _turn(wish, gate, so_far, now)
        turns.append(turn)
        if turn.channel is not None and turn.channel is not Channel.ARRIVAL:
            rules = wish.rules
            so_far.append(Earlier(rules.code, wish.cycle_on, turn.channel, rules.purpose, now))
    return turns


def _turn(wish: Wish, gate: GateFacts, earlier: Sequence[Earlier], now: datetime) -> Turn:
    rules = wish.rules
    if is_answered(rules, wish.cycle_on, earlier):
        return Turn(wish, TouchpointState.SKIPPED, reason=Refusal.ANSWERED)
    if _is_cooling(wish, earlier, now):
        return Turn(wish, TouchpointState.SKIPPED, reason=Refusal.COOLDOWN)
    counted = counted_of(earlier)
    in_cycle = in_cycle_of(earlier, wish.cycle_on)
    reasons: list[Refusal] = []
    for channel in rules.channels_of(wish.variant):
        reason = refusal(gate, channel, rules.purpose, counted, in_cycle, now)
        if reason is None:
            return Turn(wish, TouchpointState.QUEUED, channel=channel)
        reasons.append(reason)
    # One channel that will open is enough to wait for.
    passing = BACKLOG_WAITS if wish.is_backlog else WAITS
    waits = next((one for one in reasons if one in passing), None)
    if waits is not None:
        return Turn(wish, TouchpointState.PLANNED, reason=waits)
    return Turn(wish, TouchpointState.SKIPPED, reason=telling(reasons))


def telling(reasons: Sequence[Refusal]) -> Refusal:
    """The refusal that says most, of those of several channels: not merely that one is not in use."""
    return next((one for one in reasons if one is not Refusal.CHANNEL_OFF), None) or (
        reasons[0] if reasons else Refusal.NO_ADDRESS
    )


def counted_of(earlier: Iterable[Earlier]) -> list[Counted]:
    """What the caps count: marketing only, and not what waits for somebody to arrive."""
    return [
        Counted(one.at, one.channel)
        for one in earlier
        if one.purpose is Purpose.MARKETING and one.channel is not Channel.ARRIVAL
    ]


def in_cycle_of(earlier: Iterable[Earlier], cycle_on: date) -> int:
    """How many contacts of a cycle count."""
    return sum(one.cycle_on == cycle_on and one.purpose is Purpose.MARKETING for one in earlier)


def is_answered(rules: PlayRules, cycle_on: date, earlier: Iterable[Earlier]) -> bool:
    """Whether somebody has answered the same contact in this cycle, and needs to hear no more of it."""
    return rules.stops_on_answer and any(
        one.is_answer and one.play == rules.code and one.cycle_on == cycle_on for one in earlier
    )


def _is_cooling(wish: Wish, earlier: Iterable[Earlier], now: datetime) -> bool:
    """Whether the same contact was made too lately."""
    rest = timedelta(days=wish.rules.cooldown_days)
    if not rest:
        return False
    return any(one.play == wish.rules.code and one.at > now - rest for one in earlier)
