"""Planning: who is to be contacted on a day, who waits, who is left out and why, and who is held out."""

from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from typing import Any, Final, NamedTuple, cast
from zoneinfo import ZoneInfo

from sqlalchemy import BindParameter, Table, and_, bindparam, select, update
from sqlalchemy.orm import Session

from clubcrm.accounts.queries import ClubRow, get_club
from clubcrm.core.days import day_bounds
from clubcrm.core.sql import chunks, insert_missing
from clubcrm.members.queries import closures_of
from clubcrm.messaging.queries import gate_facts
from clubcrm.messaging.states import Channel, Refusal
from clubcrm.retention.models import Assignment, Touchpoint
from clubcrm.retention.operations.contacts.plays import PlayRow, plays_of
from clubcrm.retention.policies.arms import draw, share_held_out
from clubcrm.retention.policies.choices import choices_of
from clubcrm.retention.policies.moments import moment_of
from clubcrm.retention.policies.turns import Turn, Wish, turns_of
from clubcrm.retention.queries.contacts import (
    active_members,
    cycles_of,
    earlier_contacts,
    usual_minutes,
)
from clubcrm.retention.states import Arm, Hour, TouchpointState
from clubcrm.retention.triggers import trigger_named

AT_ONCE: Final = 2000

_touch = cast(Table, Touchpoint.__table__)
_arm = cast(Table, Assignment.__table__)

_HELD_OUT: Final = {
    Arm.HELD_OUT: TouchpointState.HELD_OUT,
    Arm.PROGRAMME_HELD_OUT: TouchpointState.PROGRAMME_HELD_OUT,
}

_WAITING = select(
    _touch.c.id,
    _touch.c.person_id,
    _touch.c.play,
    _touch.c.version,
    _touch.c.occasion_on,
    _touch.c.cycle_on,
    _touch.c.variant,
    _touch.c.step,
    _touch.c.valid_until,
).where(_touch.c.club_id == bindparam("club"), _touch.c.state == TouchpointState.PLANNED)


@dataclass(frozen=True, slots=True)
class Planned:
    """What a planning did: contacts queued, held out, waiting and left out."""

    queued: int = 0
    held_out: int = 0
    waiting: int = 0
    skipped: int = 0
    expired: int = 0


class _Key(NamedTuple):
    person_id: int
    play: str
    occasion_on: date
    step: int


def plan_contacts(session: Session, club_id: int, day: date, *, now: datetime) -> Planned:
    """Plan the contacts of a club for a day: every occasion that is valid and was not planned yet.

    Whoever plans holds the plays of the club, so that two at once neither draw twice nor pass a cap
    together. Doing it again changes nothing more.
    """
    club = get_club(session, club_id)
    plays = {play.code: play for play in plays_of(session, club_id, now=now, hold=True)}
    waiting, expired = _waiting(session, club, plays, now)
    wishes = _new_wishes(session, club, plays, day, now)
    for person_id, wish in waiting:
        wishes.setdefault(person_id, []).append(wish)
    tally = Planned(expired=expired)
    for people in chunks(sorted(wishes), AT_ONCE):
        tally = _add(tally, _plan(session, club, plays, {p: wishes[p] for p in people}, day, now))
    return tally


def _waiting(
    session: Session, club: ClubRow, plays: Mapping[str, PlayRow], now: datetime
) -> tuple[list[tuple[int, Wish]], int]:
    """(person, wish) of those that wait for their turn; and how many waited in vain."""
    found, late = [], []
    for row in session.execute(_WAITING, {"club": club.id}):
        play = plays.get(row.play)
        if row.valid_until <= now or play is None or not play.is_on:
            late.append(row.id)
            continue
        wish = Wish(
            play.rules,
            row.version,
            row.occasion_on,
            row.cycle_on,
            row.variant,
            row.step,
            touchpoint_id=row.id,
        )
        found.append((row.person_id, wish))
    if late:
        values = {"state": TouchpointState.EXPIRED, "closed_at": now}
        session.execute(update(_touch).where(_touch.c.id.in_(late)).values(values))
    return found, len(late)


def _new_wishes(
    session: Session, club: ClubRow, plays: Mapping[str, PlayRow], day: date, now: datetime
) -> dict[int, list[Wish]]:
    """The wishes of occasions that no touchpoint speaks of yet, by person."""
    found: dict[_Key, tuple[PlayRow, str, int]] = {}
    for play in plays.values():
        trigger = trigger_named(play.rules.trigger) if play.is_on else None
        if trigger is None:
            continue
        for one in trigger(session, club, day, play.rules):
            delay = one.delay_minutes
            delay = play.rules.delay_minutes if delay is None else delay
            if _valid_until(club, one.on, play.rules.valid_days) > now:
                key = _Key(one.person_id, play.code, one.on, one.step)
                found[key] = (play, one.variant, delay)
    for key in _known(session, found):
        found.pop(key, None)
    cycles = cycles_of(session, {key.person_id for key in found}, day)
    wishes: dict[int, list[Wish]] = {}
    for key, (play, variant, delay) in found.items():
        cycle_on = cycles.get(key.person_id, key.occasion_on)
        wish = Wish(play.rules, play.version, key.occasion_on, cycle_on, variant, key.step, delay)
        wishes.setdefault(key.person_id, []).append(wish)
    return wishes


_KNOWN = select(_touch.c.person_id, _touch.c.play, _touch.c.occasion_on, _touch.c.step).where(
    _touch.c.person_id.in_(bindparam("people", expanding=True)),
    _touch.c.occasion_on >= bindparam("first"),
)


def _known(session: Session, keys: Collection[_Key]) -> list[_Key]:
    """Which occasions a touchpoint speaks of, of whatever version."""
    found: list[_Key] = []
    if not keys:
        return found
    first = min(key.occasion_on for key in keys)
    for people in chunks(sorted({key.person_id for key in keys}), AT_ONCE):
        rows = session.execute(_KNOWN, {"people": people, "first": first})
        found += [_Key(row.person_id, row.play, row.occasion_on, row.step) for row in rows]
    return found


def _plan(
    session: Session,
    club: ClubRow,
    plays: Mapping[str, PlayRow],
    wishes: Mapping[int, Sequence[Wish]],
    day: date,
    now: datetime,
) -> Planned:
    gates = gate_facts(session, club.id, list(wishes))
    earlier = earlier_contacts(session, list(wishes), now)
    turns = [
        (person_id, turn)
        for person_id, wanted in wishes.items()
        for turn in turns_of(wanted, gates[person_id], earlier.get(person_id, ()), now)
    ]
    on = [(person_id, turn.wish) for person_id, turn in turns if turn.channel is not None]
    arms = _draw(session, club, plays, on, now)
    moments = _Moments(session, club, on, day, now)
    rows = [_row(club, person_id, turn, arms, moments, now) for person_id, turn in turns]
    _write(session, rows)
    return _tally(rows)


def _draw(
    session: Session,
    club: ClubRow,
    plays: Mapping[str, PlayRow],
    wishes: Iterable[tuple[int, Wish]],
    now: datetime,
) -> dict[tuple[int, str, int, date], Arm]:
    """The arm of each (person, play, version, cycle): the one drawn before, else a new one."""
    wanted = {
        (person_id, wish.rules.code, wish.version, wish.cycle_on): wish.rules
        for person_id, wish in wishes
    }
    if not wanted:
        return {}
    people = {key[0] for key in wanted}
    query = select(
        _arm.c.person_id, _arm.c.play, _arm.c.version, _arm.c.cycle_on, _arm.c.arm
    ).where(_arm.c.person_id.in_(people))
    arms = {(r.person_id, r.play, r.version, r.cycle_on): r.arm for r in session.execute(query)}
    new = [key for key in wanted if key not in arms]
    if not new:
        return arms
    learning = choices_of(club.settings).learning
    active = active_members(session, club.id) if not learning else 0
    rows = []
    for key in new:
        person_id, code, version, cycle_on = key
        share = share_held_out(wanted[key], learning, active)
        arms[key] = draw(plays[code].seed, person_id, code, version, cycle_on, share)
        rows.append(
            {
                "person_id": person_id,
                "play": code,
                "version": version,
                "cycle_on": cycle_on,
                "club_id": club.id,
                "arm": arms[key],
                "drawn_at": now,
            }
        )
    insert_missing(session, _arm, rows)
    return arms


class _Moments:
    """When the contacts of a planning are made: what that depends on is read once."""

    def __init__(
        self,
        session: Session,
        club: ClubRow,
        wishes: Sequence[tuple[int, Wish]],
        day: date,
        now: datetime,
    ) -> None:
        usual = {p for p, wish in wishes if wish.rules.hour is Hour.USUAL}
        self.zone = ZoneInfo(club.timezone)
        self.usual = usual_minutes(session, usual, self.zone, now) if usual else {}
        self.closed: set[date] = set()
        if wishes:
            for closure in closures_of(
                session, club.id, from_on=day, until_on=day + timedelta(days=60)
            ):
                if closure.share_percent == 0:
                    days = (closure.until_on - closure.from_on).days
                    self.closed |= {closure.from_on + timedelta(days=n) for n in range(days)}

    def of(self, person_id: int, wish: Wish, channel: Channel, now: datetime) -> datetime:
        return moment_of(
            wish.rules.hour,
            channel,
            now,
            self.zone,
            self.closed,
            delay_minutes=wish.delay_minutes,
            usual_minute=self.usual.get(person_id),
        )


def _row(
    club: ClubRow,
    person_id: int,
    turn: Turn,
    arms: Mapping[tuple[int, str, int, date], Arm],
    moments: _Moments,
    now: datetime,
) -> dict[str, Any]:
    """The values of the touchpoint that a turn becomes."""
    wish, rules = turn.wish, turn.wish.rules
    valid_until = _valid_until(club, wish.occasion_on, rules.valid_days)
    arm, due_at, state = None, None, turn.state
    reason = turn.reason.value if turn.reason else ""
    goal_until_on = None
    if turn.channel is not None:
        due_at = moments.of(person_id, wish, turn.channel, now)
        if due_at >= valid_until and turn.channel is not Channel.ARRIVAL:
            state, reason, due_at = TouchpointState.EXPIRED, Refusal.OUT_OF_DATE.value, None
        else:
            arm = arms[person_id, rules.code, wish.version, wish.cycle_on]
            state = _HELD_OUT.get(arm, TouchpointState.QUEUED)
            goal_until_on = club.today(due_at) + timedelta(days=rules.goal_days)
    is_closed = state in (TouchpointState.SKIPPED, TouchpointState.EXPIRED) or arm in _HELD_OUT
    return {
        "id": wish.touchpoint_id,
        "club_id": club.id,
        "person_id": person_id,
        "play": rules.code,
        "version": wish.version,
        "cycle_on": wish.cycle_on,
        "occasion_on": wish.occasion_on,
        "step": wish.step,
        "variant": wish.variant,
        "arm": arm,
        "state": state,
        "reason": reason,
        "channel": turn.channel,
        "tried": 0,
        "planned_at": now,
        "due_at": due_at,
        "valid_until": valid_until,
        "closed_at": now if is_closed else None,
        "goal_until_on": goal_until_on,
    }


_CHANGES = ("arm", "state", "reason", "channel", "due_at", "closed_at", "goal_until_on")


def _write(session: Session, rows: Sequence[dict[str, Any]]) -> None:
    new = [{k: v for k, v in row.items() if k != "id"} for row in rows if row["id"] is None]
    insert_missing(session, _touch, new)
    waited = [row for row in rows if row["id"] is not None]
    if waited:
        changes: dict[str, BindParameter[Any]] = {
            name: bindparam(f"new_{name}") for name in _CHANGES
        }
        session.connection().execute(
            update(_touch)
            .where(
                and_(_touch.c.id == bindparam("which"), _touch.c.state == TouchpointState.PLANNED)
            )
            .values(changes),
            [
                {"which": row["id"]} | {f"new_{name}": row[name] for name in _CHANGES}
                for row in waited
            ],
        )


def _tally(rows: Iterable[Mapping[str, Any]]) -> Planned:
    states = [row["state"] for row in rows]
    return Planned(
        queued=states.count(TouchpointState.QUEUED),
        held_out=states.count(TouchpointState.HELD_OUT),
        waiting=states.count(TouchpointState.PLANNED),
        skipped=states.count(TouchpointState.SKIPPED),
        expired=states.count(TouchpointState.EXPIRED),
    )


def _add(one: Planned, other: Planned) -> Planned:
    return Planned(
        one.queued + other.queued,
        one.held_out + other.held_out,
        one.waiting + other.waiting,
        one.skipped + other.skipped,
        one.expired + other.expired,
    )


def _valid_until(club: ClubRow, on: date, valid_days: int) -> datetime:
    """The first instant at which a contact makes no sense any more."""
    last = on + timedelta(days=max(1, valid_days))
    return day_bounds(last, club.timezone, club.day_cutoff_minutes)[0]
