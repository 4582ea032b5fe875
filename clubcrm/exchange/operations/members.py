"""A file of people."""

from collections.abc import Sequence

from sqlalchemy.orm import Session

from clubcrm.exchange.operations.people import PeopleDesk, Somebody, Verdict
from clubcrm.exchange.operations.people_stored import said_of, store_people
from clubcrm.exchange.operations.tasks import Decision, Effects, Task
from clubcrm.exchange.policies.row import Row
from clubcrm.exchange.states import RowOutcome


class MembersImporter:
    """Takes in people."""

    def __init__(self, task: Task) -> None:
        self._task = task
        self._desk = PeopleDesk(task)

    def decide(self, session: Session, rows: Sequence[Row]) -> list[Decision]:
        """New or changed people are stored, others are unchanged."""
        verdicts = self._desk.decide(session, rows)
        return [
            Decision(row, _outcome(verdict), verdict)
            for row, verdict in zip(rows, verdicts, strict=True)
        ]

    def store(self, session: Session, decisions: Sequence[Decision]) -> Effects:
        """Store the people of rows that say something new."""
        people = people_of(decisions)
        effects = store_people(session, self._task, people)
        for decision in decisions:
            effects.said += said_of(decision.what)
        return effects

    def settle(self, done: bool) -> None:
        """Keep or forget what the last part taught."""
        self._desk.settle(done)

    def finish(self, session: Session) -> Effects | None:
        """Nothing waits for the end."""
        del session
        return None


def people_of(decisions: Sequence[Decision]) -> list[Somebody]:
    """The people of the rows to be stored, each once, in order."""
    people: dict[int, Somebody] = {}
    for decision in decisions:
        if decision.outcome is RowOutcome.STORED:
            people.setdefault(id(decision.what.somebody), decision.what.somebody)
    return list(people.values())


def _outcome(verdict: Verdict | None) -> RowOutcome:
    if verdict is None:
        return RowOutcome.REJECTED
    return RowOutcome.STORED if verdict.is_news else RowOutcome.UNCHANGED
