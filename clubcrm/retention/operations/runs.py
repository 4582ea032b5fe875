"""The daily run's key: begun, stopped, allowed, done."""

from datetime import date, datetime
from typing import cast

from sqlalchemy import Table, bindparam, select, update
from sqlalchemy.orm import Session

from clubcrm.core.actor import ENGINE, Actor
from clubcrm.core.events import record
from clubcrm.core.sql import insert_ignoring
from clubcrm.retention.errors import RunNotStopped
from clubcrm.retention.events import RunAllowed, RunStopped
from clubcrm.retention.models import DailyRun
from clubcrm.retention.states import DailyRunState

_run = cast(Table, DailyRun.__table__)

# What each daily run of each club says is put together once.
_THE_RUN = (_run.c.club_id == bindparam("club")) & (_run.c.on == bindparam("day"))
_STATE = select(_run.c.state).where(_THE_RUN)
_ADD = (
    update(_run)
    .where(_THE_RUN)
    .values(
        looked_at=_run.c.looked_at + bindparam("more_looked_at"),
        changed=_run.c.changed + bindparam("more_changed"),
    )
    .returning(_run.c.changed)
)
_FINISH = (
    update(_run)
    .where(_THE_RUN, _run.c.state != DailyRunState.DONE)
    .values(state=DailyRunState.DONE, finished_at=bindparam("now"))
)


def begin_run(session: Session, club_id: int, on: date, *, now: datetime) -> DailyRunState:
    """Take up the run of a day, or go on with it; says how far it is."""
    row = {
        "club_id": club_id,
        "on": on,
        "state": DailyRunState.RUNNING,
        "looked_at": 0,
        "changed": 0,
        "started_at": now,
        "finished_at": None,
        "note": "",
    }
    insert_ignoring(session, _run, [row])
    return session.execute(_STATE, {"club": club_id, "day": on}).scalar_one()


def add_to_run(session: Session, club_id: int, on: date, *, looked_at: int, changed: int) -> int:
    """Add what a look did to the run of a day; returns how many people it has moved so far."""
    added = {"club": club_id, "day": on, "more_looked_at": looked_at, "more_changed": changed}
    return session.execute(_ADD, added).scalar_one()


def finish_run(session: Session, club_id: int, on: date, *, now: datetime) -> None:
    """Mark the run of a day as done."""
    session.execute(_FINISH, {"club": club_id, "day": on, "now": now})


def skip_days(session: Session, club_id: int, days: list[date], *, now: datetime) -> None:
    """Mark days on which nothing was due as done."""
    rows = [
        {
            "club_id": club_id,
            "on": day,
            "state": DailyRunState.DONE,
            "looked_at": 0,
            "changed": 0,
            "started_at": now,
            "finished_at": now,
            "note": "",
        }
        for day in days
    ]
    insert_ignoring(session, _run, rows)


def stop_run(
    session: Session, club_id: int, on: date, *, moved: int, people: int, now: datetime
) -> None:
    """Stop the run of a day until somebody allows it; one that is stopped already stays so."""
    stopped = session.execute(
        update(_run)
        .where(_run.c.club_id == club_id, _run.c.on == on, _run.c.state != DailyRunState.STOPPED)
        .values(
            state=DailyRunState.STOPPED,
            # Kept as figures: the words are made where somebody reads them.
            note=f"{moved}/{people}",
        )
        .returning(_run.c.on)
    )
    if stopped.first() is None:
        return
    record(
        session,
        RunStopped(club_id=club_id, on=on, moved=moved, people=people),
        by=ENGINE,
        now=now,
    )


def allow_run(session: Session, club_id: int, on: date, *, by: Actor, now: datetime) -> None:
    """Allow a stopped run: it goes on with the next daily run. Raises RunNotStopped."""
    allowed = session.execute(
        update(_run)
        .where(_run.c.club_id == club_id, _run.c.on == on, _run.c.state == DailyRunState.STOPPED)
        .values(state=DailyRunState.ALLOWED)
        .returning(_run.c.on)
    )
    if allowed.first() is None:
        raise RunNotStopped
    record(session, RunAllowed(club_id=club_id, on=on), by=by, now=now)
