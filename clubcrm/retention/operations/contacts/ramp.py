"""Ramp mode: what came about before a club made contacts is worked off, a few people a day.

The backlog is gone through once an hour, and at once after an import or a change of the number. Everybody
in it has a contact from the first look on, which says why its turn has not come; whoever leaves the state
meanwhile is left alone. The row of the ramp is held meanwhile, so that two at once let no more through
than one.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import date, datetime, timedelta
from typing import Any, Final, cast

from sqlalchemy import Table, bindparam, func, or_, select, update
from sqlalchemy.orm import Session

from clubcrm.accounts.queries import ClubRow, get_club
from clubcrm.core.actor import ENGINE, Actor
from clubcrm.core.days import day_bounds
from clubcrm.core.events import record
from clubcrm.core.sql import chunks, insert_missing, locked
from clubcrm.messaging.queries import gate_facts
from clubcrm.messaging.states import Refusal
from clubcrm.retention.events import RampBegan, RampChanged, RampEnded
from clubcrm.retention.models import MemberState, Ramp, Touchpoint
from clubcrm.retention.operations.contacts.carrying import (
    Planned,
    carry_out,
    known,
)
from clubcrm.retention.operations.contacts.plays import PlayRow, plays_of
from clubcrm.retention.policies.keys import Key
from clubcrm.retention.policies.ramp import MOST_A_DAY, PER_DAY, in_turn
from clubcrm.retention.policies.turns import Turn, Wish, turns_of
from clubcrm.retention.queries.contacts import cycles_of, earlier_contacts
from clubcrm.retention.queries.ramp import ranks_of, standing_occasions
from clubcrm.retention.states import RampEnd, TouchpointState
from clubcrm.retention.triggers import Occasion

AGAIN_AFTER: Final = timedelta(hours=1)
AT_ONCE: Final = 200
PHASE_LEFT: Final = "phase_left"
RAMP_ENDED: Final = "ramp_ended"

_touch = cast(Table, Touchpoint.__table__)
_ramp = cast(Table, Ramp.__table__)
_state = cast(Table, MemberState.__table__)

_ROW = select(
    _ramp.c.from_on,
    _ramp.c.per_day,
    _ramp.c.imported_on,
    _ramp.c.looked_at,
    _ramp.c.ended_at,
    _ramp.c.ended_because,
).where(_ramp.c.club_id == bindparam("club"))

_WAITING = select(
    _touch.c.id,
    _touch.c.person_id,
    _touch.c.play,
    _touch.c.version,
    _touch.c.occasion_on,
    _touch.c.cycle_on,
    _touch.c.variant,
    _touch.c.step,
    _touch.c.planned_at,
    _touch.c.reason,
).where(
    _touch.c.club_id == bindparam("club"),
    _touch.c.is_backlog,
    _touch.c.state == TouchpointState.PLANNED,
)

_BEGUN_WITH = select(func.count(_touch.c.person_id.distinct())).where(
    _touch.c.club_id == bindparam("club"),
    _touch.c.is_backlog,
    _touch.c.arm.is_not(None),
    _touch.c.planned_at >= bindparam("since"),
)


@dataclass(frozen=True, slots=True)
class RampRow:
    """How far the ramp of a club is."""

    from_on: date
    per_day: int
    imported_on: date | None
    looked_at: datetime | None
    ended_at: datetime | None
    ended_because: RampEnd | None


def hold_ramp(session: Session, club_id: int, day: date, *, now: datetime) -> RampRow:
    """The ramp of a club, held; it begins on the first day on which contacts are planned."""
    row = _held(session, club_id)
    if row is not None:
        return row
    values = {"club_id": club_id, "from_on": day, "per_day": PER_DAY}
    insert_missing(session, _ramp, [values])
    began = RampBegan(club_id=club_id, from_on=day, per_day=PER_DAY)
    record(session, began, by=ENGINE, now=now)
    row = _held(session, club_id)
    assert row is not None
    return row


def _held(session: Session, club_id: int) -> RampRow | None:
    row = session.execute(locked(session, _ROW), {"club": club_id}).one_or_none()
    return None if row is None else RampRow(*row)


def _set(session: Session, club_id: int, **values: Any) -> None:
    session.execute(update(_ramp).where(_ramp.c.club_id == club_id).values(values))


def change_ramp(session: Session, club_id: int, per_day: int, *, by: Actor, now: datetime) -> bool:
    """Say how many people of the backlog are contacted in a day; whether that is another number."""
    per_day = max(0, min(per_day, MOST_A_DAY))
    row = hold_ramp(session, club_id, get_club(session, club_id).today(now), now=now)
    if row.per_day == per_day:
        return False
    _set(session, club_id, per_day=per_day, looked_at=None)
    record(session, RampChanged(club_id=club_id, per_day=per_day), by=by, now=now)
    return True


def end_ramp(session: Session, club_id: int, *, by: Actor, now: datetime) -> int:
    """Leave alone whoever still waits; how many people that is. What is under way goes on.

    Whoever was not planned for yet is written down too, so that everybody's card says why.
    """
    club = get_club(session, club_id)
    plays = {play.code: play for play in plays_of(session, club_id, now=now, hold=True)}
    row = hold_ramp(session, club_id, club.today(now), now=now)
    if row.ended_because is RampEnd.BY_HAND:
        return 0
    nobody = replace(row, per_day=0, looked_at=None)
    plan_backlog(session, club, plays, nobody, club.today(now), now)
    values = {"state": TouchpointState.SKIPPED, "reason": RAMP_ENDED, "closed_at": now}
    waits = (
        _touch.c.club_id == club_id,
        _touch.c.is_backlog,
        _touch.c.state == TouchpointState.PLANNED,
    )
    ended = update(_touch).where(*waits).values(values).returning(_touch.c.person_id)
    people = set(session.execute(ended).scalars())
    _end(session, club_id, RampEnd.BY_HAND, len(people), by, now)
    return len(people)


def begin_ramp(session: Session, club_id: int, *, by: Actor, now: datetime) -> None:
    """Begin again with the backlog after it was ended: with those an import brings from here on."""
    row = hold_ramp(session, club_id, get_club(session, club_id).today(now), now=now)
    if row.ended_at is not None:
        _begin(session, club_id, row, by, now)


def import_needs_ramp(session: Session, club_id: int, today: date, *, now: datetime) -> None:
    """Let the ramp begin once more for those an import brought, unless somebody ended it for good.

    Where it stands ready already nothing is written, so that a long import holds nobody up.
    """
    is_other = or_(
        _ramp.c.imported_on.is_(None),
        _ramp.c.imported_on != today,
        _ramp.c.looked_at.is_not(None),
        _ramp.c.ended_at.is_not(None),
    )
    is_open = or_(_ramp.c.ended_at.is_(None), _ramp.c.ended_because == RampEnd.WORKED_OFF)
    needs = (_ramp.c.club_id == club_id, is_other, is_open)
    if session.execute(select(_ramp.c.club_id).where(*needs)).first() is None:
        return
    row = _held(session, club_id)
    assert row is not None
    if row.ended_because is RampEnd.WORKED_OFF:
        _begin(session, club_id, row, ENGINE, now)
    _set(session, club_id, imported_on=today, looked_at=None)


def _begin(session: Session, club_id: int, row: RampRow, by: Actor, now: datetime) -> None:
    _set(session, club_id, ended_at=None, ended_because=None, looked_at=None)
    began = RampBegan(club_id=club_id, from_on=row.from_on, per_day=row.per_day)
    record(session, began, by=by, now=now)


def _end(
    session: Session, club_id: int, because: RampEnd, left_alone: int, by: Actor, now: datetime
) -> None:
    _set(session, club_id, ended_at=now, ended_because=because)
    ended = RampEnded(club_id=club_id, because=because, left_alone=left_alone)
    record(session, ended, by=by, now=now)


# --- going through the backlog --------------------------------------------------------------


def plan_backlog(
    session: Session,
    club: ClubRow,
    plays: Mapping[str, PlayRow],
    ramp: RampRow,
    day: date,
    now: datetime,
) -> Planned:
    """Let so many people of the backlog through as a day may have; the others wait with the reason."""
    if ramp.ended_at is not None or day != club.today(now):
        return Planned()
    if ramp.looked_at is not None and _looked_lately(club, ramp.looked_at, day, now):
        return Planned()
    standing = standing_occasions(session, club, list(plays.values()), day, ramp.from_on)
    waiting = _waiting(session, club, plays, standing, now)
    is_open = _is_undecided(session, club.id) or _waits_for_a_play(session, club, plays)
    wishes = _new_wishes(session, plays, standing, day)
    before = {}
    for person_id, wish, reason in waiting:
        wishes.setdefault(person_id, []).append(wish)
        before[wish.touchpoint_id] = reason
    turns = _turns(session, club, wishes, _places(session, club, ramp, day), day, now)
    told = [(who, turn) for who, turn in turns if not _is_as_before(turn, before)]
    tally = carry_out(session, club, plays, told, day, now)
    _set(session, club.id, looked_at=now)
    begun = max(ramp.from_on, ramp.imported_on or ramp.from_on)
    is_through = all(turn.state is not TouchpointState.PLANNED for _, turn in turns)
    if day > begun and is_through and not is_open:
        _end(session, club.id, RampEnd.WORKED_OFF, 0, ENGINE, now)
    return tally


def _looked_lately(club: ClubRow, looked_at: datetime, day: date, now: datetime) -> bool:
    return club.today(looked_at) == day and looked_at <= now < looked_at + AGAIN_AFTER


def _waiting(
    session: Session,
    club: ClubRow,
    plays: Mapping[str, PlayRow],
    standing: Mapping[Key, Occasion],
    now: datetime,
) -> list[tuple[int, Wish, str]]:
    """(person, wish, reason) of those who wait; whoever has left the state waits no longer."""
    found, gone = [], []
    for row in session.execute(_WAITING, {"club": club.id}):
        if not _is_on(plays, row.play):
            continue  # it waits until the play is switched on again
        if Key(row.person_id, row.play, row.occasion_on, row.step) not in standing:
            gone.append(row.id)
            continue
        wish = Wish(
            plays[row.play].rules.of_step(row.step),
            row.version,
            row.occasion_on,
            row.cycle_on,
            row.variant,
            row.step,
            touchpoint_id=row.id,
            planned_at=row.planned_at,
            is_backlog=True,
        )
        found.append((row.person_id, wish, row.reason))
    values = {"state": TouchpointState.CANCELLED, "reason": PHASE_LEFT, "closed_at": now}
    for ids in chunks(gone, AT_ONCE):
        session.execute(update(_touch).where(_touch.c.id.in_(ids)).values(values))
    return found


def _is_on(plays: Mapping[str, PlayRow], code: str) -> bool:
    return code in plays and plays[code].is_on


def _waits_for_a_play(session: Session, club: ClubRow, plays: Mapping[str, PlayRow]) -> bool:
    """Whether somebody waits for a play that is switched off."""
    waiting = session.execute(_WAITING, {"club": club.id})
    return any(not _is_on(plays, row.play) for row in waiting)


def _is_undecided(session: Session, club_id: int) -> bool:
    """Whether there is somebody of whom nobody knows yet where he stands, after an import say."""
    marked = select(_state.c.person_id).where(
        _state.c.club_id == club_id, _state.c.dirty_seq != _state.c.clean_seq
    )
    return session.scalar(marked.limit(1)) is not None


def _new_wishes(
    session: Session,
    plays: Mapping[str, PlayRow],
    standing: Mapping[Key, Occasion],
    day: date,
) -> dict[int, list[Wish]]:
    """The wishes of those in the backlog that no touchpoint speaks of yet, by person."""
    new = dict(standing)
    for key in known(session, new):
        new.pop(key, None)
    cycles = cycles_of(session, {key.person_id for key in new}, day)
    wishes: dict[int, list[Wish]] = {}
    for key, one in new.items():
        play = plays[key.play]
        rules = play.rules.of_step(key.step)
        wish = Wish(
            rules,
            play.version,
            key.occasion_on,
            cycles.get(key.person_id, key.occasion_on),
            one.variant,
            key.step,
            rules.delay_minutes,
            is_backlog=True,
        )
        wishes.setdefault(key.person_id, []).append(wish)
    return wishes


def _places(session: Session, club: ClubRow, ramp: RampRow, day: date) -> int:
    """How many more people may be begun with on a day."""
    since, _ = day_bounds(day, club.timezone, club.day_cutoff_minutes)
    begun = session.scalar(_BEGUN_WITH, {"club": club.id, "since": since}) or 0
    return max(0, ramp.per_day - begun)


def _turns(
    session: Session,
    club: ClubRow,
    wishes: Mapping[int, Sequence[Wish]],
    places: int,
    day: date,
    now: datetime,
) -> list[tuple[int, Turn]]:
    """What becomes of everybody in the backlog, those who come first as long as there are places.

    On the day of the import itself nobody is begun with: the owner sees first what it comes to.
    """
    ready = {who for who, wanted in wishes.items() if all(w.occasion_on < day for w in wanted)}
    ranked = in_turn(
        {who: [wish.rules for wish in wanted] for who, wanted in wishes.items()},
        ranks_of(session, wishes),
    )
    turns: list[tuple[int, Turn]] = []
    for people in chunks(ranked, AT_ONCE):
        asked = [person_id for person_id in people if places and person_id in ready]
        gates = gate_facts(session, club.id, asked) if asked else {}
        earlier = earlier_contacts(session, asked, now) if asked else {}
        for person_id in people:
            if not places or person_id not in gates:
                turns += [(person_id, _later(wish)) for wish in wishes[person_id]]
                continue
            own = turns_of(wishes[person_id], gates[person_id], earlier.get(person_id, ()), now)
            turns += [(person_id, turn) for turn in own]
            places -= any(turn.channel is not None for turn in own)
    return turns


def _later(wish: Wish) -> Turn:
    return Turn(wish, TouchpointState.PLANNED, reason=Refusal.RAMP)


def _is_as_before(turn: Turn, before: Mapping[int | None, str]) -> bool:
    """Whether a contact waits for the same reason as it did, so that there is nothing to write."""
    if turn.state is not TouchpointState.PLANNED or turn.wish.touchpoint_id is None:
        return False
    return turn.reason is not None and before[turn.wish.touchpoint_id] == turn.reason.value
