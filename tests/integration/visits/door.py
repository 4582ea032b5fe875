"""What happens at a door in these tests, said shortly."""

from datetime import date, datetime, timedelta
from typing import Any

from sqlalchemy import func, select
from sqlalchemy.orm import Session

from clubcrm.accounts.models import Club
from clubcrm.billing.operations import DebtValues, record_debts
from clubcrm.core.actor import OPERATOR, Actor, ActorKind
from clubcrm.core.money import Money
from clubcrm.members.models import Membership
from clubcrm.members.operations import (
    PersonValues,
    PlanValues,
    TermValues,
    add_person,
    add_plan,
    start_membership,
)
from clubcrm.members.states import PlanKind
from clubcrm.visits.models import EntryDecision, Visit, VisitDay
from clubcrm.visits.operations import CheckIn, check_in, issue_card
from clubcrm.visits.states import VisitSource
from tests.conftest import NOW

TODAY = date(2026, 3, 2)
"""The club's day at NOW, a Monday, nine in the morning in Lisbon."""

CLERK = Actor(ActorKind.STAFF, None, "Inês")


def on(days: int) -> date:
    """A day counted from today."""
    return TODAY + timedelta(days=days)


def at(hours: float = 0, days: int = 0) -> datetime:
    """An instant counted from NOW."""
    return NOW + timedelta(days=days, hours=hours)


def a_person(session: Session, club_id: int, *, card: str | None = None, **told: Any) -> int:
    told.setdefault("full_name", "Ana Silva")
    person_id = add_person(session, PersonValues(**told), club_id=club_id, by=OPERATOR, now=NOW)
    if card:
        issue_card(session, person_id, card, club_id=club_id, by=OPERATOR, now=NOW)
    return person_id


def a_plan(session: Session, club_id: int, name: str = "Annual", **told: Any) -> int:
    told.setdefault("kind", PlanKind.TERM)
    told.setdefault("days", 365)
    told.setdefault("price", Money(40000, "EUR"))
    return add_plan(session, PlanValues(name=name, **told), club_id=club_id, by=OPERATOR, now=NOW)


def a_member(
    session: Session,
    club_id: int,
    *,
    card: str | None = "C1",
    starts: int = -100,
    until: int | None = 200,
    visits_left: int | None = None,
    plan: dict[str, Any] | None = None,
    **told: Any,
) -> tuple[int, int]:
    """Somebody with a running term, days counted from today; returns person and term."""
    person_id = a_person(session, club_id, card=card, **told)
    plan_id = a_plan(session, club_id, f"Plan of {person_id}", **(plan or {}))
    term_id = a_term(
        session, club_id, person_id, plan_id, starts=starts, until=until, visits_left=visits_left
    )
    return person_id, term_id


def a_term(
    session: Session,
    club_id: int,
    person_id: int,
    plan_id: int,
    *,
    starts: int = -100,
    until: int | None = 200,
    visits_left: int | None = None,
) -> int:
    values = TermValues(
        person_id=person_id,
        plan_id=plan_id,
        starts_on=on(starts),
        until_on=None if until is None else on(until),
        visits_left=visits_left,
        visits_total=10 if visits_left is not None else None,
    )
    return start_membership(session, values, club_id=club_id, by=OPERATOR, now=NOW)


def a_debt(session: Session, club_id: int, person_id: int, minor: int, due: int) -> None:
    row = DebtValues(
        person_id=person_id, due_on=on(due), amount=Money(minor, "EUR"), purpose="Bar tab"
    )
    record_debts(session, [row], club_id=club_id, by=OPERATOR, now=NOW)


def scan(session: Session, club_id: int, code: str = "C1", **more: Any) -> CheckIn:
    """Show a card at the desk, now or at `at`."""
    more.setdefault("now", max(NOW, more.get("at") or NOW))
    more.setdefault("source", VisitSource.DESK)
    return check_in(session, club_id=club_id, code=code, by=CLERK, **more)


def codes(answer: CheckIn) -> list[str]:
    """The codes of an answer's reasons."""
    return [code for code, _ in answer.reason_texts()]


def visits_left(session: Session, term_id: int) -> int | None:
    return session.scalar(select(Membership.visits_left).where(Membership.id == term_id))


def days_of(session: Session, person_id: int) -> dict[date, int]:
    """The person's days with visits, and how many each holds."""
    rows = session.execute(
        select(VisitDay.on, VisitDay.visits).where(VisitDay.person_id == person_id)
    )
    return {row.on: row.visits for row in rows}


def count(session: Session, table: type[Visit] | type[EntryDecision]) -> int:
    return session.scalar(select(func.count()).select_from(table)) or 0


def set_rules(session: Session, club_id: int, **entry: Any) -> None:
    """Change the club's rules of the door."""
    club = session.get_one(Club, club_id)
    club.settings = {**club.settings, "entry": entry}
    session.flush()
