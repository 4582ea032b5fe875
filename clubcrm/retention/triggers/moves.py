"""Occasions that lie in a move from phase to phase."""

from collections.abc import Collection
from datetime import date, timedelta
from typing import cast

from sqlalchemy import Table, bindparam, select
from sqlalchemy.orm import Session

from clubcrm.accounts.queries import ClubRow
from clubcrm.retention.models import MemberState, PhaseChange
from clubcrm.retention.policies.plays import PlayRules
from clubcrm.retention.states import Phase, Risk, Transition
from clubcrm.retention.triggers import Occasion
from clubcrm.retention.triggers.followed import is_followed

_state = cast(Table, MemberState.__table__)
_change = cast(Table, PhaseChange.__table__)

_MOVED = (
    select(_change.c.person_id, _change.c.from_on, _change.c.transition)
    .join(_state, _state.c.person_id == _change.c.person_id)
    .where(
        _change.c.club_id == bindparam("club"),
        _change.c.from_on > bindparam("after"),
        _change.c.from_on <= bindparam("day"),
        _change.c.superseded_at.is_(None),
        _change.c.transition.in_(bindparam("transitions", expanding=True)),
        _state.c.phase.in_(bindparam("phases", expanding=True)),
        _state.c.risk.in_(bindparam("risks", expanding=True)),
        is_followed(_change.c.from_on, _state),
    )
    .order_by(_change.c.from_on, _change.c.id)
)


def moved(
    session: Session,
    club: ClubRow,
    day: date,
    valid_days: int,
    transitions: Collection[Transition],
    phases: Collection[Phase],
    risks: Collection[Risk] = tuple(Risk),
) -> list[tuple[int, date, Transition]]:
    """(person, day, move) of the moves not too long ago of people who are in these phases now."""
    rows = session.connection().execute(
        _MOVED,
        {
            "club": club.id,
            "after": day - timedelta(days=max(1, valid_days)),
            "day": day,
            "transitions": list(transitions),
            "phases": list(phases),
            "risks": list(risks),
        },
    )
    return [(row[0], row[1], row[2]) for row in rows]


def slipped(session: Session, club: ClubRow, day: date, rules: PlayRules) -> list[Occasion]:
    """Whoever missed the own rhythm, and is still away."""
    found = moved(session, club, day, rules.valid_days, [Transition.SLIPPED], [Phase.AT_RISK])
    return [Occasion(person_id, on) for person_id, on, _ in found]


def window_opened(session: Session, club: ClubRow, day: date, rules: PlayRules) -> list[Occasion]:
    """Whose term came up for renewal; whoever hardly comes is spoken to before being asked to pay."""
    found = moved(
        session,
        club,
        day,
        rules.valid_days,
        [Transition.WINDOW_OPENED],
        [Phase.RENEWAL],
        [Risk.NONE, Risk.WATCH],
    )
    return [Occasion(person_id, on) for person_id, on, _ in found]


AFTER_FIRST_VISIT = 24 * 60
"""Minutes after the first visit at which somebody is asked how it was."""


def welcome(session: Session, club: ClubRow, day: date, rules: PlayRules) -> list[Occasion]:
    """Whoever has just joined; and, once more, whoever has just been here for the first time."""
    found = moved(
        session,
        club,
        day,
        rules.valid_days,
        [Transition.JOINED, Transition.FIRST_VISIT],
        [Phase.ADAPTATION],
    )
    return [
        Occasion(person_id, on)
        if transition is Transition.JOINED
        else Occasion(person_id, on, "after", step=2, delay_minutes=AFTER_FIRST_VISIT)
        for person_id, on, transition in found
    ]


def returns(session: Session, club: ClubRow, day: date, rules: PlayRules) -> list[Occasion]:
    """Whoever slipped or fell asleep: at the next arrival the desk asks for the day after it."""
    found = moved(
        session,
        club,
        day,
        rules.valid_days,
        [Transition.SLIPPED, Transition.FELL_ASLEEP],
        [Phase.AT_RISK, Phase.SLEEPING],
    )
    # One absence is one occasion, however it went on.
    first: dict[int, date] = {}
    for person_id, on, _ in found:
        first.setdefault(person_id, on)
    return [Occasion(person_id, on) for person_id, on in first.items()]
