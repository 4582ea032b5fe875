"""Carrying out: what the turns of people come to. Arms are drawn, moments chosen, rows written."""

from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from typing import Any, Final, cast
from zoneinfo import ZoneInfo

from sqlalchemy import BindParameter, Table, and_, bindparam, select, update
from sqlalchemy.orm import Session

from clubcrm.accounts.queries import ClubRow
from clubcrm.core.days import day_bounds
from clubcrm.core.sql import chunks, insert_missing
from clubcrm.members.queries import closures_of
from clubcrm.messaging.states import Channel, Refusal
from clubcrm.retention.models import Assignment, Touchpoint
from clubcrm.retention.operations.contacts.plays import PlayRow
from clubcrm.retention.policies.arms import draw, share_held_out
from clubcrm.retention.policies.choices import choices_of
from clubcrm.retention.policies.keys import Key
from clubcrm.retention.policies.moments import moment_of
from clubcrm.retention.policies.turns import Turn, Wish
from clubcrm.retention.queries.contacts import active_members, usual_minutes
from clubcrm.retention.states import Arm, Hour, TouchpointState

_touch = cast(Table, Touchpoint.__table__)
_arm = cast(Table, Assignment.__table__)

_HELD_OUT: Final = {
    Arm.HELD_OUT: TouchpointState.HELD_OUT,
    Arm.PROGRAMME_HELD_OUT: TouchpointState.PROGRAMME_HELD_OUT,
}

AT_ONCE: Final = 2000

OPEN_DAYS: Final = 400
"""So long at most somebody of the backlog waits; left the state, the contact is over sooner."""


@dataclass(frozen=True, slots=True)
class Planned:
    """What a planning did: contacts queued, held out, waiting and left out."""

    queued: int = 0
    held_out: int = 0
    waiting: int = 0
    skipped: int = 0
    expired: int = 0

    def __add__(self, other: "Planned") -> "Planned":
        return Planned(
            self.queued + other.queued,
            self.held_out + other.held_out,
            self.waiting + other.waiting,
            self.skipped + other.skipped,
            self.expired + other.expired,
        )


_KNOWN = select(_touch.c.person_id, _touch.c.play, _touch.c.occasion_on, _touch.c.step).where(
    _touch.c.person_id.in_(bindparam("people", expanding=True)),
    _touch.c.occasion_on >= bindparam("first"),
)


def known(session: Session, keys: Collection[Key]) -> list[Key]:
    """Which occasions a touchpoint speaks of, of whatever version."""
    found: list[Key] = []
    if not keys:
        return found
    first = min(key.occasion_on for key in keys)
    for people in chunks(sorted({key.person_id for key in keys}), AT_ONCE):
        rows = session.execute(_KNOWN, {"people": people, "first": first})
        found += [Key(row.person_id, row.play, row.occasion_on, row.step) for row in rows]
    return found


def carry_out(
    session: Session,
    club: ClubRow,
    plays: Mapping[str, PlayRow],
    turns: Sequence[tuple[int, Turn]],
    day: date,
    now: datetime,
) -> Planned:
    """Write down what becomes of wishes, by person: whoever goes on is drawn into an arm first."""
    on = [(person_id, turn.wish) for person_id, turn in turns if turn.channel is not None]
    arms = _draw(session, club, plays, on, now)
    moments = _Moments(session, club, on, day, now)
    rows = [_row(club, person_id, turn, arms, moments, day, now) for person_id, turn in turns]
    _write(session, rows)
    return _tally(rows)


def _draw(
    session: Session,
    club: ClubRow,
    plays: Mapping[str, PlayRow],
    wishes: Sequence[tuple[int, Wish]],
    now: datetime,
) -> dict[tuple[int, str, int, date], Arm]:
    """The arm of each (person, play, version, cycle): the one drawn before, else a new one.

    A step nobody is held out of draws nothing: another one may have to draw later.
    """
    people = {person_id for person_id, _ in wishes}
    if not people:
        return {}
    wanted = {
        (person_id, wish.rules.code, wish.version, wish.cycle_on): wish.rules
        for person_id, wish in wishes
        if _is_drawn(wish)
    }
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


def _is_drawn(wish: Wish) -> bool:
    """Whether somebody may be held out of a contact: of a later step only where it says so itself."""
    return wish.step == 1 or wish.rules.hold_out > 0


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
    day: date,
    now: datetime,
) -> dict[str, Any]:
    """The values of the touchpoint that a turn becomes."""
    wish, rules = turn.wish, turn.wish.rules
    until = _until(club, turn, day)
    arm, due_at, state = None, None, turn.state
    reason = turn.reason.value if turn.reason else ""
    goal_until_on = None
    if turn.channel is not None:
        due_at = moments.of(person_id, wish, turn.channel, now)
        if due_at >= until and turn.channel is not Channel.ARRIVAL:
            state, reason, due_at = TouchpointState.EXPIRED, Refusal.OUT_OF_DATE.value, None
        else:
            arm = arms.get((person_id, rules.code, wish.version, wish.cycle_on), Arm.TREATED)
            state = TouchpointState.QUEUED
            if _is_drawn(wish):
                state = _HELD_OUT.get(arm, state)
            goal_until_on = club.today(due_at) + timedelta(days=rules.goal_days)
    is_closed = state not in (TouchpointState.PLANNED, TouchpointState.QUEUED)
    return {
        "id": wish.touchpoint_id,
        "club_id": club.id,
        "person_id": person_id,
        "play": rules.code,
        "version": wish.version,
        "cycle_on": wish.cycle_on,
        "occasion_on": wish.occasion_on,
        "step": wish.step,
        "is_backlog": wish.is_backlog,
        "variant": wish.variant,
        "arm": arm,
        "state": state,
        "reason": reason,
        "channel": turn.channel,
        "tried": 0,
        "planned_at": _planned_at(turn, now),
        "due_at": due_at,
        "valid_until": until,
        "closed_at": now if is_closed else None,
        "goal_until_on": goal_until_on,
    }


def _until(club: ClubRow, turn: Turn, day: date) -> datetime:
    """Until when a contact may be made: of the backlog from the day its turn comes."""
    wish = turn.wish
    if not wish.is_backlog:
        return valid_until(club, wish.occasion_on, wish.rules.valid_days)
    if turn.channel is None:
        return valid_until(club, wish.occasion_on, OPEN_DAYS)
    return valid_until(club, day, wish.rules.valid_days)


def _planned_at(turn: Turn, now: datetime) -> datetime:
    """From when on the goal counts: of the backlog since its turn came, in either arm."""
    begins = turn.wish.is_backlog and turn.channel is not None
    return now if begins else turn.wish.planned_at or now


_CHANGES = (
    "arm",
    "state",
    "reason",
    "channel",
    "planned_at",
    "due_at",
    "valid_until",
    "closed_at",
    "goal_until_on",
)


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


def valid_until(club: ClubRow, on: date, valid_days: int) -> datetime:
    """The first instant at which a contact makes no sense any more."""
    last = on + timedelta(days=max(1, valid_days))
    return day_bounds(last, club.timezone, club.day_cutoff_minutes)[0]
