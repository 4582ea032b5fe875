"""A file of payments: history that pays no invoice here."""

import re
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any, cast

from sqlalchemy import Table, select
from sqlalchemy.orm import Session

from clubcrm.billing.models import Payment
from clubcrm.billing.operations import PaymentValues, record_payments
from clubcrm.billing.states import PaymentMethod
from clubcrm.core.sql import chunks
from clubcrm.exchange.operations.counting import Counted
from clubcrm.exchange.operations.finding import find_members, name_member
from clubcrm.exchange.operations.memory import digest_of, recall
from clubcrm.exchange.operations.tasks import Decision, Effects, Said, Task, Touched
from clubcrm.exchange.policies.row import Row
from clubcrm.exchange.states import Kind, ProblemCode, RowOutcome, Touch

NO_MONEY = frozenset({"failed", "pending", "cancelled"})
"""What a payment's status may say so that no money came in."""

OWN_ID = re.compile(r"payment-([0-9]{1,18})")
"""How an export names a payment that has no external id."""

_payment = cast(Table, Payment.__table__)
_returned = _payment.alias("returned")


@dataclass(frozen=True, slots=True)
class _Told:
    """A payment as a row tells it."""

    values: PaymentValues
    digest: str
    is_repeated: bool = False  # an earlier row of the file says exactly the same


class PaymentsImporter:
    """Takes in payments of people known already."""

    def __init__(self, task: Task) -> None:
        self._task = task
        self._counted = Counted()

    def decide(self, session: Session, rows: Sequence[Row]) -> list[Decision]:
        """A payment told before is unchanged; the same one twice in a file is two payments."""
        live = [row for row in rows if not row.is_rejected]
        references = {row.get("member") for row in live} - {None}
        found = find_members(session, self._task.club, references)
        told = {row.line: self._read(row, name_member(row, found)) for row in live}
        digests = {one.digest for one in told.values() if one is not None}
        known = recall(session, self._task.club.id, Kind.PAYMENTS, digests)
        standing = self._standing(session, [one for one in told.values() if one is not None])
        decisions = []
        for row in rows:
            one = told.get(row.line)
            outcome = RowOutcome.REJECTED
            if one is not None and not row.is_rejected:
                is_known = (
                    one.is_repeated or self._stands(row, one, standing) or one.digest in known
                )
                outcome = RowOutcome.UNCHANGED if is_known else RowOutcome.STORED
            if row.is_rejected:
                outcome = RowOutcome.REJECTED
            decisions.append(Decision(row, outcome, one))
        return decisions

    def store(self, session: Session, decisions: Sequence[Decision]) -> Effects:
        """Record the payments as history."""
        effects = Effects()
        new = [d.what for d in decisions if d.outcome is RowOutcome.STORED]
        ids = record_payments(
            session,
            [one.values for one in new],
            club_id=self._task.club.id,
            by=self._task.by,
            now=self._task.now,
        )
        for one, payment_id in zip(new, ids):
            effects.said.append(Said(Kind.PAYMENTS, one.digest, payment_id))
            effects.touched.append(Touched("payment", payment_id, Touch.CREATED))
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
        paid_at = row.get("paid_at")
        for name, value in (("amount", amount), ("paid_at", paid_at)):
            if value is None:
                row.add(ProblemCode.MISSING, name)
        status = row.get("status")
        if status in NO_MONEY:
            row.add(ProblemCode.NOT_PAID, "status", value=status)
        elif amount is not None and amount.is_zero:
            row.add(ProblemCode.NOTHING_TO_SAY, "amount")
        if person_id is None or paid_at is None or amount is None or row.is_rejected:
            return None
        if "paid_at.day" in row.values:
            paid_at = paid_at.replace(hour=12)
        if paid_at > self._task.now:
            row.add(ProblemCode.NOT_YET, "paid_at", value=paid_at.date().isoformat())
            return None
        if status == "refunded" and not amount.is_negative:
            amount = -amount
        values = PaymentValues(
            person_id=person_id,
            amount=amount,
            paid_at=paid_at,
            method=PaymentMethod(row.get("method") or "other"),
            purpose=row.get("for") or "",
            external_id=row.get("external_id"),
        )
        return self._counted_among(row, values)

    def _counted_among(self, row: Row, values: PaymentValues) -> _Told | None:
        """The payment beside the earlier rows of the file; None where one contradicts it."""
        external_id = values.external_id
        content = digest_of(
            values.person_id,
            values.paid_at.isoformat(),
            values.amount,
            values.method,
            values.purpose,
        )
        if external_id is not None:
            digest = digest_of("x", external_id)
            first = self._counted.line_of(digest, row.line)
            same = self._counted.line_of(digest_of(external_id, content), row.line)
            if same is not None:
                row.add(ProblemCode.SAME_AS_LINE, None, line=same)
                return _Told(values, digest, is_repeated=True)
            if first is not None:
                row.add(ProblemCode.STANDS, "external_id", value=external_id[:60], line=first)
                return None
            return _Told(values, digest)
        count, first = self._counted.count(content, row.line)
        if first is not None:
            row.add(ProblemCode.SAME_AS_LINE, None, line=first)
        return _Told(values, digest_of(content, count))

    def _standing(self, session: Session, told: Sequence[_Told]) -> dict[str, Any]:
        """The payments that stand under the external ids of some rows."""
        ids = sorted({one.values.external_id for one in told if one.values.external_id})
        found: dict[str, Any] = self._our_own(session, ids)
        for chunk in chunks(ids, 2000):
            query = (
                select(_payment.c.external_id, _payment.c.person_id, _payment.c.amount_minor)
                .outerjoin(_returned, _returned.c.reverses_id == _payment.c.id)
                .where(
                    _payment.c.club_id == self._task.club.id,
                    _payment.c.external_id.in_(chunk),
                    _returned.c.id.is_(None),
                )
            )
            found.update({row.external_id: row for row in session.execute(query)})
        return found

    def _our_own(self, session: Session, ids: Sequence[str]) -> dict[str, Any]:
        """The payments taken here that an export named by our own number."""
        numbers = {int(own[1]): own[0] for given in ids if (own := OWN_ID.fullmatch(given))}
        found: dict[str, Any] = {}
        for chunk in chunks(sorted(numbers), 2000):
            query = select(_payment.c.id, _payment.c.person_id, _payment.c.amount_minor).where(
                _payment.c.club_id == self._task.club.id,
                _payment.c.id.in_(chunk),
                _payment.c.external_id.is_(None),
            )
            found.update({numbers[row.id]: row for row in session.execute(query)})
        return found

    def _stands(self, row: Row, one: _Told, standing: dict[str, Any]) -> bool:
        values = one.values
        stands = standing.get(values.external_id or "")
        if stands is None:
            return False
        if (stands.person_id, stands.amount_minor) != (values.person_id, values.amount.minor):
            if OWN_ID.fullmatch(values.external_id or ""):
                # Another installation's number; here it means nothing.
                return False
            # A payment is never changed; two with one number are a mistake somebody must look at.
            row.add(
                ProblemCode.STANDS, "external_id", value=(values.external_id or "")[:60], line=0
            )
        return True
