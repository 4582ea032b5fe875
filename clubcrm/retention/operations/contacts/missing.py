"""Missed prompts: the person came, by a turnstile or in the rush, and what was to be said was not.

The day itself is left to the desk. On the next one the occasion is over: nobody is greeted for a first
visit at the second.
"""

from collections.abc import Sequence
from datetime import date, datetime
from typing import Any, Final, cast

from sqlalchemy import Table, bindparam, select
from sqlalchemy.orm import Session

from clubcrm.accounts.queries import ClubRow, get_club
from clubcrm.core.sql import chunks
from clubcrm.messaging.operations import miss_tasks
from clubcrm.messaging.states import Channel
from clubcrm.retention.models import Play, Touchpoint
from clubcrm.retention.operations.contacts.releasing import reference_of
from clubcrm.retention.policies.plays import play_rules
from clubcrm.retention.states import TouchpointState
from clubcrm.visits.models import Visit

AT_ONCE: Final = 2000

_touch = cast(Table, Touchpoint.__table__)
_play = cast(Table, Play.__table__)
_visit = cast(Table, Visit.__table__)

_PROMPTS = (
    select(
        _touch.c.id,
        _touch.c.person_id,
        _touch.c.play,
        _touch.c.step,
        _touch.c.tried,
        _touch.c.planned_at,
        _play.c.rules,
    )
    .join(
        _play,
        (_play.c.club_id == _touch.c.club_id)
        & (_play.c.code == _touch.c.play)
        & (_play.c.version == _touch.c.version),
    )
    .where(
        _touch.c.club_id == bindparam("club"),
        _touch.c.state == TouchpointState.TASK_OPEN,
        _touch.c.channel == Channel.ARRIVAL,
    )
    .order_by(_touch.c.id)
)

_VISITS = select(_visit.c.person_id, _visit.c.checked_in_at).where(
    _visit.c.person_id.in_(bindparam("people", expanding=True)),
    _visit.c.checked_in_at > bindparam("after"),
    _visit.c.undone_at.is_(None),
)


def miss_prompts(session: Session, club_id: int, *, now: datetime) -> int:
    """End what was to be said to those of a club who were there since, on days before today; how many."""
    club = get_club(session, club_id)
    prompts = session.execute(_PROMPTS, {"club": club_id}).all()
    missed: list[str] = []
    for rows in chunks(prompts, AT_ONCE):
        days = _days(session, club, rows, now)
        missed += [reference_of(row.id, row.tried) for row in rows if _is_missed(row, days)]
    return miss_tasks(session, missed, now=now) if missed else 0


def _days(
    session: Session, club: ClubRow, rows: Sequence[Any], now: datetime
) -> dict[int, list[tuple[datetime, date]]]:
    """(instant, day) of people's visits on days before today, since the first of the prompts."""
    today = club.today(now)
    asked = {
        "people": sorted({row.person_id for row in rows}),
        "after": min(row.planned_at for row in rows),
    }
    found: dict[int, list[tuple[datetime, date]]] = {}
    for person_id, at in session.execute(_VISITS, asked):
        day = club.today(at)
        if day < today:
            found.setdefault(person_id, []).append((at, day))
    return found


def _is_missed(row: Any, days: dict[int, list[tuple[datetime, date]]]) -> bool:
    """Whether somebody was there on so many days since the prompt that it makes no sense any more."""
    most = play_rules(row.play, row.rules).of_step(row.step).missed_after_visits
    was_here = {day for at, day in days.get(row.person_id, ()) if at > row.planned_at}
    return 0 < most <= len(was_here)
