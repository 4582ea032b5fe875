"""What happens on the floor in these tests, said shortly."""

from datetime import datetime, timedelta
from typing import Any

from sqlalchemy import func, select, update
from sqlalchemy.orm import Session

from clubcrm.accounts.models import Club
from clubcrm.core.actor import OPERATOR, Actor, ActorKind
from clubcrm.members.models import Person, Plan
from clubcrm.members.operations import TermValues, start_membership
from clubcrm.members.states import PlanKind
from clubcrm.schedule.models import Appointment
from clubcrm.schedule.operations import Logged, SessionValues, log_outcome, plan_session
from clubcrm.schedule.states import SessionState
from clubcrm.trainers.operations import know_trainers
from tests.conftest import NOW
from tests.integration.visits.door import a_person, a_plan, on

COACH = Actor(ActorKind.STAFF, None, "Tess Moreau")


def a_trainer(session: Session, club_id: int, name: str = "Tess Moreau") -> int:
    (trainer_id,) = know_trainers(session, [name], club_id=club_id, now=NOW).values()
    return trainer_id


def a_client(
    session: Session,
    club_id: int,
    *,
    sessions_left: int | None = 8,
    name: str = "Vera Lund",
    **told: Any,
) -> tuple[int, int | None]:
    """Somebody with a package of ten (or none); returns person and package."""
    person_id = a_person(session, club_id, full_name=name, **told)
    if sessions_left is None:
        return person_id, None
    return person_id, a_package(session, club_id, person_id, sessions_left)


def a_package(
    session: Session, club_id: int, person_id: int, sessions: int = 10, *, until: int | None = 200
) -> int:
    """A package of so many sessions, none of them used."""
    plan = {"kind": PlanKind.PACK, "visits": 10, "is_access": False}
    names = session.scalar(select(func.count()).select_from(Plan))
    plan_id = a_plan(session, club_id, f"Ten sessions ({names})", **plan)
    values = TermValues(
        person_id=person_id,
        plan_id=plan_id,
        starts_on=on(-10),
        until_on=None if until is None else on(until),
        visits_left=sessions,
        visits_total=sessions,
    )
    return start_membership(session, values, club_id=club_id, by=OPERATOR, now=NOW)


def a_session(
    session: Session,
    club_id: int,
    person_id: int,
    *,
    at: datetime = NOW,
    trainer_id: int | None = None,
    **more: Any,
) -> int:
    """A session of an hour, at NOW unless told otherwise."""
    trainer_id = trainer_id or a_trainer(session, club_id)
    more = {"minutes": 60, **more}
    values = SessionValues(person_id=person_id, starts_at=at, **more)
    return plan_session(session, trainer_id, values, scope={club_id}, by=COACH, now=NOW)


def tell(
    session: Session, club_id: int, appointment_id: int, outcome: SessionState, **more: Any
) -> Logged:
    more.setdefault("now", NOW)
    return log_outcome(session, appointment_id, outcome, scope={club_id}, by=COACH, **more)


def state_of(session: Session, appointment_id: int) -> tuple[SessionState, bool]:
    """Where a session stands, and whether it took one from a package."""
    row = session.execute(
        select(Appointment.state, Appointment.took).where(Appointment.id == appointment_id)
    ).one()
    return row.state, row.took


def in_hours(hours: float, days: int = 0) -> datetime:
    return NOW + timedelta(hours=hours, days=days)


def set_session_rules(session: Session, club_id: int, **rules: Any) -> None:
    """Change what the club says about sessions."""
    club = session.get_one(Club, club_id)
    club.settings = {**club.settings, "sessions": rules}
    session.flush()


def name_trainer(session: Session, person_id: int, name: str | None) -> None:
    """Write a trainer's name behind everybody's back."""
    session.execute(update(Person).where(Person.id == person_id).values(trainer=name))
