"""What is done with sessions: planned, given an outcome, taken back, written up.

The person is held first, so whoever taps at the same moment answers one after the other; then the
package, then the trainer whose time is taken.
"""

from collections.abc import Collection
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any, cast
from zoneinfo import ZoneInfo

from sqlalchemy import Table, delete, select, update
from sqlalchemy.orm import Session

from clubcrm.accounts.queries import ClubRow, get_club
from clubcrm.core.actor import Actor
from clubcrm.core.events import record
from clubcrm.core.folding import clean_text
from clubcrm.core.sql import insert_many
from clubcrm.core.transactions import on_violation
from clubcrm.members.models import Membership
from clubcrm.members.operations import hold_people
from clubcrm.members.queries import get_person
from clubcrm.schedule.errors import (
    BadTime,
    NoSuchPackage,
    OutcomeStands,
    TimeTaken,
    TooEarly,
    UnknownSession,
    WhenMissing,
)
from clubcrm.schedule.events import SessionLogged, SessionNoted, SessionPlanned, SessionReopened
from clubcrm.schedule.models import Appointment
from clubcrm.schedule.policies import (
    TakenTime,
    clash_of,
    is_length_of_a_session,
    may_become,
    package_for,
    session_rules,
)
from clubcrm.schedule.queries import SessionRow, get_session, packages_of, taken_times
from clubcrm.schedule.states import FREES_THE_TIME, SessionState
from clubcrm.trainers.operations import hold_trainer
from clubcrm.trainers.queries import TrainerRow, get_trainer
from clubcrm.visits.operations.packs import give_back_visits, take_a_visit
from clubcrm.visits.policies import TermFacts

on_violation("ex_appointment_overlap", TimeTaken)

MAX_LOG = 4000
MAX_NOTE = 240

_appointment = cast(Table, Appointment.__table__)
_term = cast(Table, Membership.__table__)


@dataclass(frozen=True, kw_only=True)
class SessionValues:
    """What is told of a session when it is planned.

    Without a package the one that ends first is meant; `is_free` says that there is none to take from.
    """

    person_id: int
    starts_at: datetime
    minutes: int
    membership_id: int | None = None
    is_free: bool = False
    previous_id: int | None = None


@dataclass(frozen=True)
class Logged:
    """What came of telling an outcome: `left` in the package that was meant; `next_id` where it moved.

    `is_uncovered` where a session should have been taken and no package had one.
    """

    state: SessionState
    took: bool
    left: int | None
    is_uncovered: bool = False
    next_id: int | None = None
    is_repeat: bool = False


def plan_session(
    session: Session,
    trainer_id: int,
    values: SessionValues,
    *,
    scope: Collection[int],
    by: Actor,
    now: datetime,
) -> int:
    """Plan a session of a trainer with a person; returns its id.

    Raises UnknownTrainer, UnknownPerson, BadTime, NoSuchPackage, TimeTaken.
    """
    trainer = get_trainer(session, trainer_id, scope)
    person = get_person(session, values.person_id, {trainer.club_id})
    club = get_club(session, trainer.club_id)
    ends_at = values.starts_at + timedelta(minutes=values.minutes)
    if not is_length_of_a_session(values.starts_at, ends_at):
        raise BadTime
    hold_people(session, [person.id])
    if values.membership_id is not None:
        packages = packages_of(session, [person.id], club.id).get(person.id, ())
        if values.is_free or values.membership_id not in {one.id for one in packages}:
            raise NoSuchPackage
    _take_time(session, trainer.id, club, values.starts_at, ends_at)
    row = {
        "club_id": club.id,
        "trainer_id": trainer.id,
        "person_id": person.id,
        "starts_at": values.starts_at,
        "ends_at": ends_at,
        "on": club.today(values.starts_at),
        "membership_id": values.membership_id,
        "is_free": values.is_free,
        "previous_id": values.previous_id,
    }
    return _insert(session, row, trainer, by=by, now=now)


def log_outcome(
    session: Session,
    appointment_id: int,
    outcome: SessionState,
    *,
    scope: Collection[int],
    trainer_id: int | None = None,
    moved_to: datetime | None = None,
    by: Actor,
    now: datetime,
) -> Logged:
    """Tell the outcome of a session; it takes one from a package where the club's rules say so.

    Told again it is the same answer and changes nothing. `trainer_id` limits it to that trainer's own
    sessions. Raises UnknownSession, OutcomeStands, TooEarly, WhenMissing, TimeTaken.
    """
    row = _held(session, appointment_id, scope, trainer_id)
    if row.state is outcome:
        return _as_it_stands(session, row)
    if not may_become(row.state, outcome):
        raise OutcomeStands
    club = get_club(session, row.club_id)
    if outcome not in FREES_THE_TIME and club.today(now) < row.on:
        raise TooEarly
    next_id = None
    if outcome is SessionState.MOVED:
        if moved_to is None:
            raise WhenMissing
        next_id = _plan_instead(session, row, moved_to, club, by=by, now=now)
    is_due = session_rules(club.settings).takes(outcome) and not row.is_free
    package = _take_one(session, row) if is_due else None
    _change(
        session,
        row.id,
        state=outcome,
        took=package is not None,
        membership_id=package or row.membership_id,
        outcome_at=now,
        outcome_by=clean_text(by.name, 120),
    )
    left = _left_of(session, package or row.membership_id)
    event = SessionLogged(
        club_id=row.club_id,
        person_id=row.person_id,
        appointment_id=row.id,
        trainer=row.trainer,
        outcome=outcome,
        starts_at=row.starts_at,
        took_from_id=package,
        left=left,
        moved_to=moved_to if outcome is SessionState.MOVED else None,
    )
    record(session, event, by=by, now=now)
    return Logged(outcome, package is not None, left, is_due and package is None, next_id)


def undo_outcome(
    session: Session,
    appointment_id: int,
    *,
    scope: Collection[int],
    trainer_id: int | None = None,
    by: Actor,
    now: datetime,
) -> bool:
    """Take the outcome of a session back, and give back what it took; False when there was none.

    A session that was planned in its place goes with it, as long as nothing came of that one. Raises
    UnknownSession, OutcomeStands, TimeTaken.
    """
    row = _held(session, appointment_id, scope, trainer_id)
    if row.is_open:
        return False
    if row.state is SessionState.MOVED:
        _drop_the_one_instead(session, row)
    if row.took and row.membership_id is not None:
        give_back_visits(session, {row.membership_id: 1})
    if row.state in FREES_THE_TIME:
        club = get_club(session, row.club_id)
        _take_time(session, row.trainer_id, club, row.starts_at, row.ends_at, but=row.id)
    _change(
        session,
        row.id,
        state=SessionState.PLANNED,
        took=False,
        outcome_at=None,
        outcome_by="",
    )
    event = SessionReopened(
        club_id=row.club_id,
        person_id=row.person_id,
        appointment_id=row.id,
        trainer=row.trainer,
        outcome=row.state,
        starts_at=row.starts_at,
    )
    record(session, event, by=by, now=now)
    return True


def write_up(
    session: Session,
    appointment_id: int,
    *,
    log: str,
    note: str,
    scope: Collection[int],
    trainer_id: int | None = None,
    by: Actor,
    now: datetime,
) -> bool:
    """Write down what was trained and a note; False when nothing was different. Raises UnknownSession."""
    row = _held(session, appointment_id, scope, trainer_id)
    told = {
        "log": clean_text(log, MAX_LOG, multiline=True),
        "note": clean_text(note, MAX_NOTE),
    }
    if told == {"log": row.log, "note": row.note}:
        return False
    _change(session, row.id, **told)
    event = SessionNoted(
        club_id=row.club_id,
        person_id=row.person_id,
        appointment_id=row.id,
        trainer=row.trainer,
        starts_at=row.starts_at,
    )
    record(session, event, by=by, now=now)
    return True


def _held(
    session: Session, appointment_id: int, scope: Collection[int], trainer_id: int | None
) -> SessionRow:
    """The session as it is, once its person is held: everything about it is written under that lock."""
    person_id = session.scalar(
        select(_appointment.c.person_id).where(_appointment.c.id == appointment_id)
    )
    if person_id is None:
        raise UnknownSession
    hold_people(session, [person_id])
    return get_session(session, appointment_id, scope, trainer_id=trainer_id)


def _take_time(
    session: Session,
    trainer_id: int,
    club: ClubRow,
    starts_at: datetime,
    ends_at: datetime,
    *,
    but: int | None = None,
) -> None:
    """Hold the trainer and refuse a time that another session takes."""
    hold_trainer(session, trainer_id)
    rows = {row.id: row for row in taken_times(session, trainer_id, starts_at, ends_at)}
    spans = [TakenTime(row.id, row.starts_at, row.ends_at, row.state) for row in rows.values()]
    clash = clash_of(spans, starts_at, ends_at, but=but)
    if clash is not None:
        zone = ZoneInfo(club.timezone)
        raise TimeTaken(
            name=rows[clash.id].name,
            starts=clash.starts_at.astimezone(zone),
            ends=clash.ends_at.astimezone(zone),
        )


def _plan_instead(
    session: Session,
    row: SessionRow,
    starts_at: datetime,
    club: ClubRow,
    *,
    by: Actor,
    now: datetime,
) -> int:
    """Plan the session again at another time; its old time is free by then."""
    ends_at = starts_at + (row.ends_at - row.starts_at)
    _take_time(session, row.trainer_id, club, starts_at, ends_at, but=row.id)
    # First its own time goes free: the new one may well overlap the old.
    _change(session, row.id, state=SessionState.MOVED)
    trainer = get_trainer(session, row.trainer_id, {row.club_id})
    new = {
        "club_id": row.club_id,
        "trainer_id": row.trainer_id,
        "person_id": row.person_id,
        "starts_at": starts_at,
        "ends_at": ends_at,
        "on": club.today(starts_at),
        "membership_id": row.membership_id,
        "is_free": row.is_free,
        "previous_id": row.id,
    }
    return _insert(session, new, trainer, by=by, now=now)


def _drop_the_one_instead(session: Session, row: SessionRow) -> None:
    """Remove what was planned in place of a moved session, as long as nothing came of it."""
    instead = session.execute(
        select(_appointment.c.id, _appointment.c.state, _appointment.c.log, _appointment.c.note)
        .where(_appointment.c.previous_id == row.id)
        .order_by(_appointment.c.id)
    ).all()
    if any(one.state != SessionState.PLANNED or one.log or one.note for one in instead):
        raise OutcomeStands
    session.execute(delete(_appointment).where(_appointment.c.previous_id == row.id))


def _take_one(session: Session, row: SessionRow) -> int | None:
    """Take one session from the package meant, or from another of the person; which one it was."""
    packages = [
        p.facts for p in packages_of(session, [row.person_id], row.club_id).get(row.person_id, ())
    ]
    chosen = package_for(packages, row.on, row.membership_id)
    if chosen is None:
        return None
    term = TermFacts(chosen.id, row.club_id, chosen.starts_on, chosen.until_on)
    return chosen.id if take_a_visit(session, term) else None


def _left_of(session: Session, membership_id: int | None) -> int | None:
    if membership_id is None:
        return None
    return session.scalar(select(_term.c.visits_left).where(_term.c.id == membership_id))


def _as_it_stands(session: Session, row: SessionRow) -> Logged:
    next_id = None
    if row.state is SessionState.MOVED:
        next_id = session.scalar(
            select(_appointment.c.id).where(_appointment.c.previous_id == row.id)
        )
    left = _left_of(session, row.membership_id)
    return Logged(row.state, row.took, left, next_id=next_id, is_repeat=True)


def _insert(
    session: Session, values: dict[str, Any], trainer: TrainerRow, *, by: Actor, now: datetime
) -> int:
    row = {
        **values,
        "state": SessionState.PLANNED,
        "took": False,
        "log": "",
        "note": "",
        "outcome_at": None,
        "outcome_by": "",
        "created_at": now,
        "created_by": clean_text(by.name, 120),
    }
    (appointment_id,) = insert_many(session, _appointment, [row])
    event = SessionPlanned(
        club_id=row["club_id"],
        person_id=row["person_id"],
        appointment_id=appointment_id,
        trainer_id=trainer.id,
        trainer=trainer.name,
        starts_at=row["starts_at"],
    )
    record(session, event, by=by, now=now)
    return appointment_id


def _change(session: Session, appointment_id: int, **values: Any) -> None:
    session.execute(
        update(_appointment).where(_appointment.c.id == appointment_id).values(**values)
    )
