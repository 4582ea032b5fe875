"""Opening balances of people known already: last visit, total, visits a week."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from sqlalchemy.orm import Session

from clubcrm.exchange.operations.memory import added_to, digest_of, marks_of, new_cells, recall
from clubcrm.exchange.operations.people_held import balances_of
from clubcrm.exchange.operations.people_stored import plain
from clubcrm.exchange.operations.tasks import REVISION, Effects, Said, Task, Touched
from clubcrm.exchange.policies.columns import OPENING_COLUMNS
from clubcrm.exchange.policies.row import Row
from clubcrm.exchange.states import Kind, ProblemCode, Touch
from clubcrm.visits.operations import BalanceValues, set_opening_balances


@dataclass(frozen=True, slots=True)
class BalanceVerdict:
    """What a row says of somebody's visits so far."""

    person_id: int
    balance: dict[str, Any]
    before: dict[str, Any]
    is_news: bool
    marks: dict[str, int]


class BalanceDesk:
    """Decides about opening balances, part after part."""

    def __init__(self, task: Task) -> None:
        self._task = task

    def decide(
        self, session: Session, rows: Sequence[tuple[Row, int]]
    ) -> dict[int, BalanceVerdict]:
        """Line -> what is new; a row that says what it said before is no news."""
        standing = balances_of(session, sorted({person_id for _, person_id in rows}))
        known = recall(
            session,
            self._task.club.id,
            Kind.VISITS,
            {digest_of("b", person_id) for _, person_id in rows},
        )
        verdicts: dict[int, BalanceVerdict] = {}
        told_by: dict[int, int] = {}
        for row, person_id in rows:
            last = row.get("last_visit_on")
            if last is not None and last > self._task.as_of_on:
                row.add(ProblemCode.IN_FUTURE, "last_visit_on", value=last.isoformat())
                del row.values["last_visit_on"]
            if person_id in told_by:
                row.add(ProblemCode.CONFLICTS, None, line=told_by[person_id], columns="member")
                continue
            told_by[person_id] = row.line
            marks = marks_of({c: row.values[c] for c in OPENING_COLUMNS & row.values.keys()})
            before = standing.get(person_id, {})
            said_before = known.get(digest_of("b", person_id))
            fresh = new_cells(said_before, marks)
            changes = {c: row.values[c] for c in fresh if before.get(c) != row.values[c]}
            balance = {c: changes.get(c, before.get(c)) for c in OPENING_COLUMNS}
            verdicts[row.line] = BalanceVerdict(
                person_id, balance, before, bool(changes), added_to(said_before, marks)
            )
        return verdicts

    def store(self, session: Session, verdicts: Sequence[BalanceVerdict], effects: Effects) -> None:
        """Set the balances that are news."""
        task = self._task
        rows = []
        for verdict in verdicts:
            said = Said(Kind.VISITS, digest_of("b", verdict.person_id), verdict.person_id)
            said.cells.update(verdict.marks)
            effects.said.append(said)
            if not verdict.is_news:
                continue
            before = verdict.before
            as_of_on = max(task.as_of_on, before.get("as_of_on", task.as_of_on))
            rows.append(BalanceValues(verdict.person_id, as_of_on, **verdict.balance))
            old = {name: plain(before.get(name)) for name in (*OPENING_COLUMNS, "as_of_on")}
            old[REVISION] = before.get("revision")
            effects.touched.append(
                Touched(
                    "visit_opening_balance",
                    verdict.person_id,
                    Touch.CHANGED if before else Touch.CREATED,
                    before.get("revision", 0) + 1,
                    old if before else None,
                )
            )
        set_opening_balances(session, rows, club_id=task.club.id, by=task.by, now=task.now)
