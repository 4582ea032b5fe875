"""The daily run of a club's local day, and the days that were missed.

The run works through rows, a short transaction at a time, and can be taken up by anybody at any point:
what is done is clean and not due, what is not done still is. Its key (club, day) only says how far it
is. So running twice, or two workers at once, changes nothing more.
"""

import logging
from dataclasses import dataclass
from datetime import date, timedelta
from itertools import pairwise
from typing import cast

from sqlalchemy import Table, bindparam, func, or_, select
from sqlalchemy.orm import Session

from clubcrm.accounts.queries import clubs, get_club
from clubcrm.core.calendars import add_months
from clubcrm.core.jobs import Clock
from clubcrm.core.transactions import reading, transaction
from clubcrm.retention.errors import TooManyMoved
from clubcrm.retention.jobs.cohorts import ensure_cohorts
from clubcrm.retention.models import DailyRun, MemberState
from clubcrm.retention.operations.looking import Looked, look_again
from clubcrm.retention.operations.runs import (
    add_to_run,
    begin_run,
    finish_run,
    skip_days,
    stop_run,
)
from clubcrm.retention.policies import rules_of
from clubcrm.retention.states import DailyRunState

log = logging.getLogger(__name__)

AT_ONCE = 1000
"""People in one transaction: the desk must never wait long for the database."""

_ONE_DAY = timedelta(days=1)


@dataclass(frozen=True)
class Ran:
    """What the runs of one club did."""

    days: int
    looked_at: int
    changed: int


def run_day(
    club_id: int, day: date, *, clock: Clock, is_allowed: bool = False, at_once: int = AT_ONCE
) -> Looked:
    """Run one club's day: decide anew about everybody who is marked or due by that day.

    A run that would move more of the club's people than its rules say (40 % and at least 200 by
    default; first looks do not count) is stopped before the part that passes the mark, and raises
    TooManyMoved until it is allowed (`operations.allow_run`, or `is_allowed`).
    """
    ensure_cohorts(club_id, day, clock=clock)
    with transaction() as session:
        is_allowed |= begin_run(session, club_id, day, now=clock()) is DailyRunState.ALLOWED
    looked_at = changed = 0
    while True:
        looked = _look(club_id, day, clock, at_once, is_allowed=is_allowed)
        looked_at += looked.looked_at
        changed += looked.changed
        if looked.looked_at < at_once:
            break
    with transaction() as session:
        # Rows another worker holds are still due here; then it is for that one to finish the run.
        if not is_anything_due(session, club_id, day):
            finish_run(session, club_id, day, now=clock())
    return Looked(looked_at, changed)


def run_missed_days(club_id: int, clock: Clock, *, is_allowed: bool = False) -> Ran:
    """Run each day of a club up to its today that was not run, in order; then what is marked today.

    Begins at the first day that was left out, else at the first day anybody is looked at. Days on which
    nothing is due cost next to nothing. Stops with TooManyMoved at a day that somebody has to allow.
    """
    with reading() as session:
        today = get_club(session, club_id).today(clock())
        day = min(_first_missed(session, club_id, today), today)
    days = looked_at = changed = 0
    while day <= today:
        with reading() as session:
            busy = min(_next_busy_day(session, club_id, day), today)
        if busy > day:
            days += _skip(club_id, day, busy, clock)
        looked = run_day(club_id, busy, clock=clock, is_allowed=is_allowed)
        days += 1
        looked_at += looked.looked_at
        changed += looked.changed
        day = busy + _ONE_DAY
    return Ran(days, looked_at, changed)


def run_due(clock: Clock) -> None:
    """What comes round every few minutes: missed days, and people marked since, at every club."""
    with reading() as session:
        found = [(club.id, club.today(clock())) for club in clubs(session)]
    for club_id, today in found:
        with reading() as session:
            if _is_at_rest(session, club_id, today):
                continue
        try:
            run_missed_days(club_id, clock)
        except TooManyMoved as refusal:
            log.warning(
                "A daily run waits to be allowed", extra={"club": club_id, **refusal.params}
            )


def is_anything_due(session: Session, club_id: int, day: date) -> bool:
    """Tell whether anybody at a club is marked or due by a day."""
    rows = session.connection().execute(_DUE, {"club": club_id, "day": day})
    return rows.first() is not None


_state = cast(Table, MemberState.__table__)
_DUE = (
    select(_state.c.person_id)
    .where(
        _state.c.club_id == bindparam("club"),
        _state.c.baseline_on <= bindparam("day"),
        or_(_state.c.dirty_seq != _state.c.clean_seq, _state.c.next_check_on <= bindparam("day")),
    )
    .limit(1)
)


def _look(club_id: int, day: date, clock: Clock, at_once: int, *, is_allowed: bool) -> Looked:
    """One short transaction of a run."""
    moved = people = 0
    now = clock()
    try:
        with transaction() as session:
            looked = look_again(session, club_id, day, most=at_once, now=now)
            if looked.looked_at:
                moved = add_to_run(
                    session, club_id, day, looked_at=looked.looked_at, changed=looked.changed
                )
            if looked.changed and not is_allowed and _is_too_many(session, club_id, moved):
                people = _followed(session, club_id)
                raise TooManyMoved(day=day.isoformat(), moved=moved, people=people)
            return looked
    except TooManyMoved:
        with transaction() as session:
            stop_run(session, club_id, day, moved=moved, people=people, now=now)
        raise


def _is_too_many(session: Session, club_id: int, moved: int) -> bool:
    """Whether a run has moved more people than it may without being asked."""
    rules = rules_of(get_club(session, club_id).settings)
    if moved < rules.stop_people:
        return False
    return moved > _followed(session, club_id) * rules.stop_percent // 100


def _followed(session: Session, club_id: int) -> int:
    is_member = (MemberState.club_id == club_id) & MemberState.phase.is_not(None)
    return session.scalar(select(func.count()).select_from(MemberState).where(is_member)) or 0


def _first_missed(session: Session, club_id: int, today: date) -> date:
    first = session.scalar(
        select(func.min(MemberState.baseline_on)).where(MemberState.club_id == club_id)
    )
    if first is None:
        return today
    done = (
        DailyRun.club_id == club_id,
        DailyRun.state == DailyRunState.DONE,
        DailyRun.on.between(first, today),
    )
    begin, end, count = session.execute(
        select(func.min(DailyRun.on), func.max(DailyRun.on), func.count()).where(*done)
    ).one()
    if not count:
        return first
    if count <= (end - begin).days:
        # A day that was run alone, ahead of others, does not stand for those.
        days = session.scalars(select(DailyRun.on).where(*done).order_by(DailyRun.on))
        end = next(day for day, after in pairwise(days) if after - day > _ONE_DAY)
    return end + _ONE_DAY


def _next_busy_day(session: Session, club_id: int, day: date) -> date:
    """The next day from `day` on that may have anything to do: a mark, a clock, or a new month."""
    state = MemberState
    here = state.club_id == club_id
    marked = session.scalar(
        select(func.min(state.baseline_on)).where(here, state.dirty_seq != state.clean_seq)
    )
    due = session.scalar(select(func.min(state.next_check_on)).where(here))
    month = add_months(day.replace(day=1), 1, "gregorian") if day.day > 1 else day
    return min(max(found, day) for found in (marked, due, month) if found is not None)


def _skip(club_id: int, first: date, until: date, clock: Clock) -> int:
    days = [first + timedelta(days=n) for n in range((until - first).days)]
    with transaction() as session:
        skip_days(session, club_id, days, now=clock())
    return len(days)


def _is_at_rest(session: Session, club_id: int, today: date) -> bool:
    run = session.get(DailyRun, (club_id, today))
    is_done = run is not None and run.state is DailyRunState.DONE
    return is_done and not is_anything_due(session, club_id, today)
