"""What a desk does in these tests, said shortly."""

from datetime import date, datetime, timedelta
from typing import Any

from sqlalchemy import select
from sqlalchemy.orm import Session

from clubcrm.core.actor import OPERATOR
from clubcrm.core.events import Event
from clubcrm.core.models import EventLog
from clubcrm.core.money import Money
from clubcrm.core.period import Period
from clubcrm.members.operations import (
    PersonValues,
    PlanValues,
    TermValues,
    add_person,
    add_plan,
    start_membership,
)
from clubcrm.members.queries import TermRow, get_term
from clubcrm.members.states import PlanKind
from tests.conftest import NOW

TODAY = date(2026, 3, 2)
"""The club's day at NOW."""


def on(days: int) -> date:
    """A day counted from today."""
    return TODAY + timedelta(days=days)


def later(days: int) -> datetime:
    """The same hour so many days later."""
    return NOW + timedelta(days=days)


def days(begin: int, until: int) -> Period:
    """A period counted from today."""
    return Period(on(begin), on(until))


def a_person(session: Session, club_id: int, **told: Any) -> int:
    return add_person(session, PersonValues(**told), club_id=club_id, by=OPERATOR, now=NOW)


def a_plan(session: Session, club_id: int, name: str = "Monthly", **told: Any) -> int:
    told.setdefault("kind", PlanKind.TERM)
    if told["kind"] == PlanKind.TERM and not {"days", "months", "is_imported"} & told.keys():
        told["months"] = 1
    told.setdefault("price", Money(4000, "EUR"))
    return add_plan(session, PlanValues(name=name, **told), club_id=club_id, by=OPERATOR, now=NOW)


def a_term(
    session: Session, club_id: int, person_id: int, plan_id: int, starts_on: date, **told: Any
) -> int:
    values = TermValues(person_id=person_id, plan_id=plan_id, starts_on=starts_on, **told)
    return start_membership(session, values, club_id=club_id, by=OPERATOR, now=NOW)


def thirty_days(session: Session, club_id: int, starts_on: date = TODAY) -> int:
    """Somebody with a term of thirty days; returns the term."""
    person_id = a_person(session, club_id, full_name="Ana Silva")
    plan_id = a_plan(session, club_id, f"Thirty days {person_id}", days=30)
    return a_term(session, club_id, person_id, plan_id, starts_on)


def span(session: Session, term_id: int) -> tuple[int, int | None]:
    """A term's first day and first day after, counted from today."""
    term: TermRow = get_term(session, term_id)
    until = None if term.until_on is None else (term.until_on - TODAY).days
    return (term.starts_on - TODAY).days, until


def happened(session: Session, *kinds: type[Event]) -> list[EventLog]:
    """What was written down of these kinds, in order."""
    names = [kind.__name__ for kind in kinds]
    query = select(EventLog).where(EventLog.name.in_(names)).order_by(EventLog.id)
    return list(session.scalars(query))
