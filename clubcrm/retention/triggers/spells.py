"""Occasions that lie in the age of a spell: so many days since somebody joined."""

from collections.abc import Iterator
from datetime import date, timedelta
from typing import Any, cast

from sqlalchemy import Table, bindparam, select
from sqlalchemy.orm import Session

from clubcrm.accounts.queries import ClubRow
from clubcrm.retention.models import MemberState
from clubcrm.retention.policies.plays import PlayRules
from clubcrm.retention.states import Phase, Sub
from clubcrm.retention.triggers import Occasion
from clubcrm.retention.triggers.followed import is_followed, was_followed

_state = cast(Table, MemberState.__table__)

_AGED = select(
    _state.c.person_id,
    _state.c.spell_from_on,
    _state.c.sub,
    _state.c.v28,
    _state.c.is_imported,
    _state.c.baseline_on,
    _state.c.imported_on,
).where(
    _state.c.club_id == bindparam("club"),
    _state.c.spell_from_on.between(bindparam("first"), bindparam("last")),
    _state.c.phase == Phase.ADAPTATION,
    is_followed(bindparam("occasion"), _state),
)

FEW_VISITS = 4
"""Fewer visit-days in the first four weeks are a slow start."""


def _aged(
    session: Session, club: ClubRow, day: date, rules: PlayRules
) -> Iterator[tuple[Any, date]]:
    """(row, the day on which it came of the age) for each age the play names, while it is valid."""
    for age in rules.after:
        last = day - timedelta(days=age)
        first = last - timedelta(days=max(0, rules.valid_days - 1))
        asked = {"club": club.id, "first": first, "last": last, "occasion": day}
        for row in session.connection().execute(_AGED, asked):
            on = row.spell_from_on + timedelta(days=age)
            if was_followed(row, on):
                yield row, on


def not_started(session: Session, club: ClubRow, day: date, rules: PlayRules) -> list[Occasion]:
    """Whoever joined so many days ago and has not been here."""
    return [
        Occasion(row.person_id, on)
        for row, on in _aged(session, club, day, rules)
        if row.sub is Sub.NOT_STARTED
    ]


def spell_day(session: Session, club: ClubRow, day: date, rules: PlayRules) -> list[Occasion]:
    """Whoever joined so many days ago; whoever came seldom is spoken to in another way."""
    return [
        Occasion(row.person_id, on, "low" if (row.v28 or 0) < FEW_VISITS else "")
        for row, on in _aged(session, club, day, rules)
        if row.sub is not Sub.NOT_STARTED
    ]


def first_arrival(session: Session, club: ClubRow, day: date, rules: PlayRules) -> list[Occasion]:
    """Whoever has joined and not been here: the desk is told when that comes about."""
    asked = {
        "club": club.id,
        "first": day - timedelta(days=rules.valid_days),
        "last": day,
        "occasion": day,
    }
    rows = session.connection().execute(_AGED, asked)
    return [
        Occasion(row.person_id, row.spell_from_on) for row in rows if row.sub is Sub.NOT_STARTED
    ]
