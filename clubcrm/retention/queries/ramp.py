"""Reading the ramp of a club: who waits, and what contacting them comes to."""

from collections import Counter
from collections.abc import Collection, Iterable, Mapping
from dataclasses import dataclass, field
from datetime import date, datetime
from typing import Protocol, cast

from sqlalchemy import Table, bindparam, func, select
from sqlalchemy.orm import Session

from clubcrm.accounts.queries import ClubRow
from clubcrm.core.sql import chunks
from clubcrm.messaging.policies import GateFacts, barred
from clubcrm.messaging.queries import gate_facts
from clubcrm.messaging.states import Channel, Refusal
from clubcrm.retention.models import MemberState, Ramp, Touchpoint
from clubcrm.retention.policies.keys import Key
from clubcrm.retention.policies.plays import PlayRules
from clubcrm.retention.policies.ramp import PER_DAY, days_needed
from clubcrm.retention.queries.plays import standing_plays
from clubcrm.retention.states import RampEnd, Risk, TouchpointState
from clubcrm.retention.triggers import Occasion, standing_named

AT_ONCE = 2000

_state = cast(Table, MemberState.__table__)
_touch = cast(Table, Touchpoint.__table__)
_ramp = cast(Table, Ramp.__table__)


class APlay(Protocol):
    """A play, whether it stands in the club's tables already or as it is shipped."""

    @property
    def code(self) -> str: ...
    @property
    def is_on(self) -> bool: ...
    @property
    def rules(self) -> PlayRules: ...


def standing_occasions(
    session: Session, club: ClubRow, plays: Iterable[APlay], day: date, from_on: date
) -> dict[Key, Occasion]:
    """The backlog of a club on a day, by key, whether contacted already or not."""
    found = {}
    for play in plays:
        ask = standing_named(play.rules.trigger) if play.is_on else None
        if ask is None:
            continue
        for one in ask(session, club, day, play.rules, from_on):
            found[Key(one.person_id, play.code, one.on, one.step)] = one
    return found


_RANKS = select(_state.c.person_id, _state.c.risk, _state.c.value_minor).where(
    _state.c.person_id.in_(bindparam("people", expanding=True))
)


def ranks_of(session: Session, person_ids: Collection[int]) -> dict[int, tuple[Risk, int | None]]:
    """(risk, worth a year) of people, by which their turn comes."""
    found = {}
    for people in chunks(sorted(person_ids), AT_ONCE):
        for person_id, risk, value in session.execute(_RANKS, {"people": people}):
            found[person_id] = (risk, value)
    return found


@dataclass(frozen=True)
class RampSight:
    """How far a club is with its backlog, and what is still to come."""

    per_day: int = PER_DAY
    ended_at: datetime | None = None
    ended_because: RampEnd | None = None
    waiting: int = 0
    calls: int = 0
    messages: Mapping[Channel, int] = field(default_factory=dict)
    unreachable: int = 0  # of those waiting: nobody may contact them, or by no way
    begun: int = 0  # people who were begun with so far

    @property
    def days(self) -> int | None:
        """In how many days those who can be reached are through; None = never."""
        return days_needed(self.waiting - self.unreachable, self.per_day)

    @property
    def message_count(self) -> int:
        """How many messages it comes to at most."""
        return sum(self.messages.values())


_DECIDED = select(
    _touch.c.person_id, _touch.c.play, _touch.c.occasion_on, _touch.c.step, _touch.c.state
).where(_touch.c.club_id == bindparam("club"), _touch.c.is_backlog)

_BEGUN = select(func.count(_touch.c.person_id.distinct())).where(
    _touch.c.club_id == bindparam("club"), _touch.c.is_backlog, _touch.c.arm.is_not(None)
)


def ramp_sight(session: Session, club: ClubRow, now: datetime) -> RampSight:
    """Who waits at a club, and how many messages and calls that comes to at most.

    Counted anew from who stands where, so that it can be seen right after an import, before anybody
    was planned for. Nobody is counted for what somebody ended.
    """
    query = select(_ramp).where(_ramp.c.club_id == club.id)
    row = session.execute(query).one_or_none()
    today = club.today(now)
    from_on = row.from_on if row is not None else today
    begun = session.scalar(_BEGUN, {"club": club.id}) or 0
    per_day = row.per_day if row is not None else PER_DAY
    if row is not None and row.ended_at is not None:
        return RampSight(per_day, row.ended_at, row.ended_because, begun=begun)
    plays = {play.code: play for play in standing_plays(session, club.id)}
    standing = standing_occasions(session, club, list(plays.values()), today, from_on)
    for told in session.execute(_DECIDED, {"club": club.id}):
        if told.state is not TouchpointState.PLANNED:
            standing.pop(Key(told.person_id, told.play, told.occasion_on, told.step), None)
    wanted: dict[int, list[tuple[PlayRules, str]]] = {}
    for key, one in standing.items():
        rules = plays[key.play].rules.of_step(key.step)
        wanted.setdefault(key.person_id, []).append((rules, one.variant))
    gates: dict[int, GateFacts] = {}
    for people in chunks(sorted(wanted), AT_ONCE):
        gates |= gate_facts(session, club.id, people)
    ways: Counter[Channel] = Counter()
    unreachable = 0
    for person_id, contacts in wanted.items():
        own = [_way(gates[person_id], rules, variant) for rules, variant in contacts]
        ways.update(way for way in own if way is not None)
        unreachable += all(way is None for way in own)
    calls = ways.pop(Channel.CALL, 0)
    return RampSight(
        per_day,
        waiting=len(wanted),
        calls=calls,
        messages=dict(sorted(ways.items())),
        unreachable=unreachable,
        begun=begun,
    )


def _way(gate: GateFacts, rules: PlayRules, variant: str) -> Channel | None:
    """By which channel somebody would be contacted; one that is merely off may be switched on yet."""
    off = None
    for channel in rules.channels_of(variant):
        refused = barred(gate, channel, rules.purpose)
        if refused is None:
            return channel
        if refused is Refusal.CHANNEL_OFF and off is None:
            off = channel
    return off
