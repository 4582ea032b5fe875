"""A club whose days pass, said shortly: what happens at the desk and door, and the daily runs."""

from collections.abc import Iterable
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import UTC, date, datetime, timedelta
from typing import Any

from sqlalchemy import select
from sqlalchemy.orm import Session

from clubcrm.core.actor import OPERATOR
from clubcrm.core.models import EventLog
from clubcrm.core.money import Money
from clubcrm.core.transactions import reading, transaction
from clubcrm.members.operations import (
    PersonValues,
    PlanValues,
    TermValues,
    add_people,
    add_plan,
    start_membership,
    start_memberships,
)
from clubcrm.members.states import PlanKind
from clubcrm.retention.jobs import compare, run_day
from clubcrm.retention.jobs.daily import is_anything_due
from clubcrm.retention.models import MemberState
from clubcrm.retention.operations import Looked
from clubcrm.retention.queries import PhaseRow, phase_history_of
from clubcrm.visits.operations import VisitValues, record_visits
from clubcrm.visits.states import VisitSource

FIRST = date(2026, 3, 2)


def on(days: int) -> date:
    """A day counted from the first one."""
    return FIRST + timedelta(days=days)


@dataclass
class Life:
    """A club that lives: `day` is its today, counted from the first one."""

    club_id: int
    day: int = 0

    def now(self) -> datetime:
        """Noon of today."""
        return datetime.combine(on(self.day), datetime.min.time(), tzinfo=UTC) + timedelta(hours=12)

    @property
    def by(self) -> dict[str, Any]:
        """Who does it, and when: for any operation."""
        return {"by": OPERATOR, "now": self.now()}

    def plan(self, name: str = "Year", **told: Any) -> int:
        """A plan; of a year unless told otherwise."""
        told.setdefault("kind", PlanKind.TERM)
        if told["kind"] is PlanKind.TERM and "months" not in told:
            told.setdefault("days", 365)
        told.setdefault("price", Money(30_000, "EUR"))
        with transaction() as session:
            return add_plan(session, PlanValues(name=name, **told), club_id=self.club_id, **self.by)

    def people(self, count: int = 1, **told: Any) -> list[int]:
        """People who become known today."""
        with transaction() as session:
            values = [PersonValues(full_name=f"Member {no}", **told) for no in range(count)]
            return add_people(session, values, club_id=self.club_id, **self.by)

    def sells(self, person_id: int, plan_id: int, starts: int | None = None, **told: Any) -> int:
        """A term sold today; it starts today unless told otherwise."""
        starts_on = on(self.day if starts is None else starts)
        values = TermValues(person_id=person_id, plan_id=plan_id, starts_on=starts_on, **told)
        with transaction() as session:
            return start_membership(session, values, club_id=self.club_id, **self.by)

    def imports(self, terms: Iterable[TermValues], as_of: int) -> list[int]:
        """Terms an import brings that speaks of a day."""
        with transaction() as session:
            return start_memberships(
                session,
                list(terms),
                club_id=self.club_id,
                imported=True,
                as_of_on=on(as_of),
                **self.by,
            )

    def member(self, **told: Any) -> int:
        """Somebody who joins today for a year."""
        (person_id,) = self.people()
        self.sells(person_id, told.pop("plan_id", None) or self.plan(f"Plan {person_id}"), **told)
        return person_id

    def comes(self, person_id: int, *days: int) -> list[int]:
        """Visits on some days, told today (by a door's log)."""
        rows = [
            VisitValues(
                person_id=person_id,
                checked_in_at=datetime.combine(on(day), datetime.min.time(), tzinfo=UTC)
                + timedelta(hours=18),
            )
            for day in days
        ]
        with transaction() as session:
            ids = record_visits(
                session, rows, club_id=self.club_id, source=VisitSource.DOOR_LOG, **self.by
            )
        return [visit_id for visit_id in ids if visit_id is not None]

    @contextmanager
    def at_the_desk(self) -> Any:
        """A transaction in which the desk does something."""
        with transaction() as session:
            yield session

    def run(self, day: int | None = None, **told: Any) -> Looked:
        """The daily run of today, or of another day."""
        return run_day(self.club_id, on(self.day if day is None else day), clock=self.now, **told)

    def run_until_rest(self) -> None:
        """Runs of today until nobody is due any more, whoever holds whom in the meantime."""
        while self.run().looked_at or self.is_due():
            pass

    def is_due(self) -> bool:
        """Whether anybody is marked or due today."""
        with reading() as session:
            return is_anything_due(session, self.club_id, on(self.day))

    def runs_to(self, day: int) -> None:
        """Days that pass, each with its run."""
        while self.day < day:
            self.day += 1
            self.run()

    def is_as_rebuilt(self, day: int | None = None) -> None:
        """The kept state of everybody equals the rebuild."""
        assert compare(self.club_id, on(self.day if day is None else day)) == []

    def state(self, person_id: int) -> MemberState:
        """What is kept of somebody."""
        with reading() as session:
            state = session.get_one(MemberState, person_id, populate_existing=True)
            session.expunge(state)
            return state

    def history(self, person_id: int, **told: bool) -> list[tuple[int, str, str]]:
        """(day, transition, phase) of the history."""
        return [
            ((row.from_on - FIRST).days, row.transition.value, row.phase.value)
            for row in self.rows(person_id, **told)
        ]

    def rows(self, person_id: int, **told: bool) -> list[PhaseRow]:
        """The rows of the history."""
        with reading() as session:
            return phase_history_of(session, person_id, **told)


def told(session: Session, name: str = "PhaseChanged") -> list[tuple[int | None, str]]:
    """(person, transition) of the events recorded."""
    query = select(EventLog).where(EventLog.name == name).order_by(EventLog.id)
    return [(row.person_id, row.payload["transition"]) for row in session.scalars(query)]
