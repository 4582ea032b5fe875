"""A file of debts: what people owe on the day the file speaks of."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any, cast

from sqlalchemy import Table, select
from sqlalchemy.orm import Session

from clubcrm.billing.models import Invoice
from clubcrm.billing.operations import DebtValues, record_debts, void_invoices
from clubcrm.billing.states import InvoiceState
from clubcrm.core.sql import chunks
from clubcrm.exchange.operations.counting import Counted
from clubcrm.exchange.operations.finding import find_members, name_member
from clubcrm.exchange.operations.memory import digest_of, marks_of, recall
from clubcrm.exchange.operations.tasks import Decision, Effects, Said, Task, Touched
from clubcrm.exchange.policies.row import Row
from clubcrm.exchange.states import Kind, ProblemCode, RowOutcome, Touch

REPLACED = "replaced by a newer import"

_invoice = cast(Table, Invoice.__table__)


@dataclass(slots=True)
class _Told:
    """A debt as a row tells it; `replaces` is the invoice of what the row said before."""

    values: DebtValues
    digest: str
    replaces: int | None = None


class DebtsImporter:
    """Takes in debts of people known already."""

    def __init__(self, task: Task) -> None:
        self._task = task
        self._counted = Counted()
        self._claimed: set[int] = set()

    def decide(self, session: Session, rows: Sequence[Row]) -> list[Decision]:
        """A debt told before is unchanged; one whose amount changed takes the place of the old one."""
        live = [row for row in rows if not row.is_rejected]
        references = {row.get("member") for row in live} - {None}
        found = find_members(session, self._task.club, references)
        told = {row.line: self._read(row, name_member(row, found)) for row in live}
        all_told = [one for one in told.values() if one is not None]
        known = recall(session, self._task.club.id, Kind.DEBTS, {one.digest for one in all_told})
        invoices = self._invoices(session, all_told, {entry.row_id for entry in known.values()})
        decisions = []
        for row in rows:
            one = told.get(row.line)
            if row.is_rejected:
                decisions.append(Decision(row, RowOutcome.REJECTED))
            elif one is None:
                decisions.append(Decision(row, RowOutcome.UNCHANGED))
            else:
                outcome = self._judge(row, one, known, invoices)
                decisions.append(Decision(row, outcome, one))
        return decisions

    def store(self, session: Session, decisions: Sequence[Decision]) -> Effects:
        """Issue the debts as open invoices."""
        effects = Effects()
        task = self._task
        new: list[_Told] = [d.what for d in decisions if d.outcome is RowOutcome.STORED]
        old = [one.replaces for one in new if one.replaces is not None]
        if old:
            effects.touched += _as_they_were(session, old)
            void_invoices(session, old, reason=REPLACED, by=task.by, now=task.now)
        ids = record_debts(
            session, [one.values for one in new], club_id=task.club.id, by=task.by, now=task.now
        )
        for one, invoice_id in zip(new, ids):
            cells = dict(marks_of({"amount": one.values.amount}))
            effects.said.append(Said(Kind.DEBTS, one.digest, invoice_id, cells))
            effects.touched.append(Touched("invoice", invoice_id, Touch.CREATED))
        return effects

    def settle(self, done: bool) -> None:
        """Keep or forget what the last part taught."""
        self._counted.settle(done)

    def finish(self, session: Session) -> Effects | None:
        """Nothing waits for the end."""
        del session
        return None

    def _read(self, row: Row, person_id: int | None) -> _Told | None:
        amount = row.get("amount")
        if amount is None:
            row.add(ProblemCode.MISSING, "amount")
        elif amount.is_negative:
            row.add(ProblemCode.NEGATIVE, "amount", value=str(amount.major))
            row.add(ProblemCode.MISSING, "amount")
        if person_id is None or row.is_rejected or amount is None or amount.is_zero:
            return None
        due_on = row.get("due_on") or self._task.as_of_on
        values = DebtValues(
            person_id=person_id, amount=amount, due_on=due_on, purpose=row.get("for") or ""
        )
        given_due = row.get("due_on") or ""
        content = digest_of(person_id, given_due, values.purpose, amount.currency)
        count, _first = self._counted.count(content, row.line)
        return _Told(values, digest_of(content, count))

    def _invoices(
        self, session: Session, told: Sequence[_Told], known_ids: set[int]
    ) -> dict[int, Any]:
        """The open invoices of the people named, and those that earlier files made."""
        people = sorted({one.values.person_id for one in told})
        found: dict[int, Any] = {}
        for column, ids, is_open in (
            (_invoice.c.person_id, people, True),
            (_invoice.c.id, sorted(known_ids), False),
        ):
            for chunk in chunks(ids, 2000):
                query = select(_invoice).where(column.in_(chunk))
                if is_open:
                    query = query.where(
                        _invoice.c.club_id == self._task.club.id,
                        _invoice.c.state == InvoiceState.ISSUED,
                    )
                found.update({row.id: row for row in session.execute(query)})
        return found

    def _judge(
        self, row: Row, one: _Told, known: dict[str, Any], invoices: dict[int, Any]
    ) -> RowOutcome:
        before = known.get(one.digest)
        if before is None:
            return self._same_as_standing(one, invoices)
        if before.cells == marks_of({"amount": one.values.amount}):
            return RowOutcome.UNCHANGED
        invoice = invoices.get(before.row_id)
        if invoice is not None and invoice.state == InvoiceState.ISSUED and invoice.paid_minor:
            row.add(ProblemCode.STANDS, "amount", value=str(one.values.amount.major), line=0)
            return RowOutcome.REJECTED
        if invoice is not None and invoice.state == InvoiceState.ISSUED:
            one.replaces = before.row_id
        return RowOutcome.STORED

    def _same_as_standing(self, one: _Told, invoices: dict[int, Any]) -> RowOutcome:
        """A debt that stands already is not told again: the rest of a price, or one due that day."""
        values = one.values
        for invoice in invoices.values():
            is_same = (
                invoice.id not in self._claimed
                and invoice.person_id == values.person_id
                and invoice.state == InvoiceState.ISSUED
                and invoice.total_minor - invoice.paid_minor == values.amount.minor
                and invoice.currency == values.amount.currency
                and (invoice.membership_id is not None or invoice.due_on == values.due_on)
            )
            if is_same:
                self._claimed.add(invoice.id)
                return RowOutcome.UNCHANGED
        return RowOutcome.STORED


def _as_they_were(session: Session, invoice_ids: Sequence[int]) -> list[Touched]:
    """What the undo needs to tell the old debts again."""
    rows = session.execute(select(_invoice).where(_invoice.c.id.in_(invoice_ids))).all()
    return [
        Touched(
            "invoice",
            row.id,
            Touch.CHANGED,
            None,
            {
                "person_id": row.person_id,
                "minor": row.total_minor,
                "currency": row.currency,
                "due_on": row.due_on.isoformat(),
                "purpose": row.purpose,
            },
        )
        for row in rows
    ]
