"""Occasions that lie in an earlier contact that has not helped."""

from datetime import date, timedelta
from typing import cast

from sqlalchemy import Table, bindparam, select
from sqlalchemy.orm import Session

from clubcrm.accounts.queries import ClubRow
from clubcrm.core.days import day_bounds
from clubcrm.retention.models import MemberState, Touchpoint
from clubcrm.retention.policies.plays import PlayRules
from clubcrm.retention.states import Phase
from clubcrm.retention.triggers import Occasion

_state = cast(Table, MemberState.__table__)
_touch = cast(Table, Touchpoint.__table__)

FIRST = "K07"
"""The contact that comes before: in either of its arms."""

_AWAY = (
    select(
        _touch.c.id,
        _touch.c.person_id,
        _touch.c.occasion_on,
        _touch.c.planned_at,
        _touch.c.is_backlog,
        _state.c.last_visit_on,
    )
    .join(_state, _state.c.person_id == _touch.c.person_id)
    .where(
        _touch.c.club_id == bindparam("club"),
        _touch.c.play == FIRST,
        _touch.c.arm.is_not(None),
        _state.c.phase.in_([Phase.AT_RISK, Phase.SLEEPING]),
    )
    .order_by(_touch.c.id)
)
_BY_OCCASION = _AWAY.where(_touch.c.occasion_on.between(bindparam("first"), bindparam("last")))
_OF_BACKLOG = _AWAY.where(_touch.c.is_backlog, _touch.c.planned_at >= bindparam("since"))


def still_at_risk(session: Session, club: ClubRow, day: date, rules: PlayRules) -> list[Occasion]:
    """Whoever is still away so many days after being asked back, or held out from being asked.

    Of the backlog the days are counted from the one on which its turn came.
    """
    found: dict[int, Occasion] = {}
    for days in rules.after:
        last = day - timedelta(days=days)
        first = last - timedelta(days=max(0, rules.valid_days - 1))
        since, _ = day_bounds(first, club.timezone, club.day_cutoff_minutes)
        asked = {"club": club.id, "first": first, "last": last, "since": since}
        connection = session.connection()
        rows = {
            row.id: row
            for query in (_BY_OCCASION, _OF_BACKLOG)
            for row in connection.execute(query, asked)
        }
        for row in (rows[touch_id] for touch_id in sorted(rows)):
            asked_on = club.today(row.planned_at) if row.is_backlog else row.occasion_on
            # Whoever came back in between and slipped again is an occasion of its own.
            is_away = row.last_visit_on is not None and row.last_visit_on < asked_on
            if is_away and first <= asked_on <= last:
                found[row.person_id] = Occasion(row.person_id, asked_on + timedelta(days=days))
    return list(found.values())
