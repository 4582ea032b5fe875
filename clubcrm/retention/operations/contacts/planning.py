"""Planning: who is to be contacted on a day, who waits, who is left out and why, and who is held out."""

from collections.abc import Mapping, Sequence
from datetime import date, datetime
from typing import cast

from sqlalchemy import Table, bindparam, select, update
from sqlalchemy.orm import Session

from clubcrm.accounts.queries import ClubRow, get_club
from clubcrm.core.sql import chunks
from clubcrm.messaging.queries import gate_facts
from clubcrm.retention.models import Touchpoint
from clubcrm.retention.operations.contacts.carrying import (
    AT_ONCE,
    Planned,
    carry_out,
    known,
    valid_until,
)
from clubcrm.retention.operations.contacts.plays import PlayRow, plays_of
from clubcrm.retention.operations.contacts.ramp import hold_ramp, plan_backlog
from clubcrm.retention.policies.keys import Key
from clubcrm.retention.policies.turns import Wish, turns_of
from clubcrm.retention.queries.contacts import cycles_of, earlier_contacts
from clubcrm.retention.states import TouchpointState
from clubcrm.retention.triggers import trigger_named

_touch = cast(Table, Touchpoint.__table__)
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
    _touch.c.valid_until,
).where(
    _touch.c.club_id == bindparam("club"),
    _touch.c.state == TouchpointState.PLANNED,
    _touch.c.is_backlog.is_(False),
)


def plan_contacts(session: Session, club_id: int, day: date, *, now: datetime) -> Planned:
    """Plan the contacts of a club for a day: every occasion that is valid and was not planned yet.

    Whoever plans holds the plays of the club, so that two at once neither draw twice nor pass a cap
    together. Doing it again changes nothing more. What came about today goes first; a few of the backlog
    follow (`operations.contacts.ramp`).
    """
    club = get_club(session, club_id)
    plays = {play.code: play for play in plays_of(session, club_id, now=now, hold=True)}
    ramp = hold_ramp(session, club.id, day, now=now)
    waiting, expired = _waiting(session, club, plays, now)
    wishes = _new_wishes(session, club, plays, day, ramp.from_on, now)
    for person_id, wish in waiting:
        wishes.setdefault(person_id, []).append(wish)
    tally = Planned(expired=expired)
    for people in chunks(sorted(wishes), AT_ONCE):
        tally += _plan(session, club, plays, {p: wishes[p] for p in people}, day, now)
    return tally + plan_backlog(session, club, plays, ramp, day, now)


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
            play.rules.of_step(row.step),
            row.version,
            row.occasion_on,
            row.cycle_on,
            row.variant,
            row.step,
            touchpoint_id=row.id,
            planned_at=row.planned_at,
        )
        found.append((row.person_id, wish))
    if late:
        values = {"state": TouchpointState.EXPIRED, "closed_at": now}
        session.execute(update(_touch).where(_touch.c.id.in_(late)).values(values))
    return found, len(late)


def _new_wishes(
    session: Session,
    club: ClubRow,
    plays: Mapping[str, PlayRow],
    day: date,
    from_on: date,
    now: datetime,
) -> dict[int, list[Wish]]:
    """The wishes of occasions that no touchpoint speaks of yet, by person.

    What came about before the first day of contacts is the backlog's, but for a word at the desk:
    nobody is flooded by that.
    """
    found: dict[Key, tuple[PlayRow, str, int]] = {}
    for play in plays.values():
        trigger = trigger_named(play.rules.trigger) if play.is_on else None
        if trigger is None:
            continue
        for one in trigger(session, club, day, play.rules):
            rules = play.rules.of_step(one.step)
            delay = rules.delay_minutes if one.delay_minutes is None else one.delay_minutes
            if one.on < from_on and not play.rules.is_for_arrival:
                continue
            if valid_until(club, one.on, rules.valid_days) > now:
                key = Key(one.person_id, play.code, one.on, one.step)
                found[key] = (play, one.variant, delay)
    for key in known(session, found):
        found.pop(key, None)
    cycles = cycles_of(session, {key.person_id for key in found}, day)
    wishes: dict[int, list[Wish]] = {}
    for key, (play, variant, delay) in found.items():
        cycle_on = cycles.get(key.person_id, key.occasion_on)
        rules = play.rules.of_step(key.step)
        wish = Wish(rules, play.version, key.occasion_on, cycle_on, variant, key.step, delay)
        wishes.setdefault(key.person_id, []).append(wish)
    return wishes


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
    return carry_out(session, club, plays, turns, day, now)
