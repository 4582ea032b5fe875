"""Invoices: what is owed, and taking that back."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime
from typing import Any, cast

from sqlalchemy import Table, bindparam, case, or_, select, update
from sqlalchemy.orm import Session

from clubcrm.accounts.queries import get_club
from clubcrm.billing.errors import (
    InvoiceNotOpen,
    NoAmount,
    PaidMeanwhile,
    PaymentStands,
    UnknownInvoice,
)
from clubcrm.billing.events import InvoiceIssued, InvoiceVoided, InvoiceWrittenOff
from clubcrm.billing.models import Invoice
from clubcrm.billing.operations.blocks import follow_debts
from clubcrm.billing.operations.series import take_invoice_numbers
from clubcrm.billing.states import NEXT_STATES, InvoiceState
from clubcrm.core.actor import Actor
from clubcrm.core.events import record
from clubcrm.core.folding import clean_text
from clubcrm.core.money import Money
from clubcrm.core.sql import chunks, insert_many, locked
from clubcrm.core.transactions import on_violation
from clubcrm.members.operations import hold_people

on_violation("ck_invoice_paid_within_total", PaidMeanwhile)

_invoice = cast(Table, Invoice.__table__)


@dataclass(frozen=True, kw_only=True)
class DebtValues:
    """Something owed: how much, since or until when, and what for."""

    person_id: int
    amount: Money
    due_on: date
    purpose: str = ""
    membership_id: int | None = None


def record_debts(
    session: Session, rows: Sequence[DebtValues], *, club_id: int, by: Actor, now: datetime
) -> list[int]:
    """Take over debts from elsewhere as open invoices; returns their ids in the order given.

    Raises NoAmount.
    """
    return issue_invoices(session, rows, club_id=club_id, by=by, now=now, imported=True)


def issue_invoices(
    session: Session,
    rows: Sequence[DebtValues],
    *,
    club_id: int,
    by: Actor,
    now: datetime,
    imported: bool = False,
) -> list[int]:
    """Issue invoices of a club with its next numbers; returns their ids in the order given."""
    if not rows:
        return []
    if any(row.amount.minor <= 0 for row in rows):
        raise NoAmount
    issued_on = get_club(session, club_id).today(now)
    hold_people(session, {row.person_id for row in rows})
    numbers = take_invoice_numbers(session, club_id, len(rows))
    values = [
        {
            "club_id": club_id,
            "person_id": row.person_id,
            "membership_id": row.membership_id,
            "number": number,
            "state": InvoiceState.ISSUED,
            "issued_on": issued_on,
            "due_on": row.due_on,
            "purpose": clean_text(row.purpose, 240),
            "total_minor": row.amount.minor,
            "paid_minor": 0,
            "currency": row.amount.currency,
            "note": "",
            "created_at": now,
        }
        for row, number in zip(rows, numbers)
    ]
    ids = insert_many(session, _invoice, values)
    events = (
        InvoiceIssued(
            club_id=club_id,
            person_id=row.person_id,
            invoice_id=invoice_id,
            number=number,
            membership_id=row.membership_id,
            total_minor=row.amount.minor,
            currency=row.amount.currency,
            due_on=row.due_on,
            is_imported=imported,
        )
        for invoice_id, row, number in zip(ids, rows, numbers)
    )
    record(session, *events, by=by, now=now)
    return ids


def void_invoice(
    session: Session, invoice_id: int, *, reason: str, by: Actor, now: datetime
) -> None:
    """Take one invoice back. Refusals as `void_invoices`."""
    void_invoices(session, [invoice_id], reason=reason, by=by, now=now)


def void_invoices(
    session: Session, invoice_ids: Sequence[int], *, reason: str, by: Actor, now: datetime
) -> None:
    """Take invoices back: nothing is owed for them; their numbers stay used.

    Raises InvoiceNotOpen, PaymentStands where money was taken, UnknownInvoice.
    """
    hold_people(session, _people_of(session, invoice_ids))
    rows = locked_invoices(session, invoice_ids)
    if any(row["paid_minor"] for row in rows):
        raise PaymentStands
    _set_state(session, rows, InvoiceState.VOID, reason)
    follow_debts(session, rows, now=now)
    events = (
        InvoiceVoided(
            club_id=row["club_id"],
            person_id=row["person_id"],
            invoice_id=row["id"],
            total_minor=row["total_minor"],
            currency=row["currency"],
        )
        for row in rows
    )
    record(session, *events, by=by, now=now)


def write_off_invoice(
    session: Session, invoice_id: int, *, reason: str, by: Actor, now: datetime
) -> None:
    """Give up what is still owed on an invoice. Raises InvoiceNotOpen, UnknownInvoice."""
    hold_people(session, _people_of(session, [invoice_id]))
    rows = locked_invoices(session, [invoice_id])
    _set_state(session, rows, InvoiceState.WRITTEN_OFF, reason)
    follow_debts(session, rows, now=now)
    (row,) = rows
    event = InvoiceWrittenOff(
        club_id=row["club_id"],
        person_id=row["person_id"],
        invoice_id=row["id"],
        open_minor=row["total_minor"] - row["paid_minor"],
        currency=row["currency"],
    )
    record(session, event, by=by, now=now)


def locked_invoices(session: Session, invoice_ids: Sequence[int]) -> list[dict[str, Any]]:
    """Invoices as they are, locked in the order of their ids. Raises UnknownInvoice."""
    rows: list[dict[str, Any]] = []
    for chunk in chunks(sorted(set(invoice_ids)), 5000):
        query = select(_invoice).where(_invoice.c.id.in_(chunk)).order_by(_invoice.c.id)
        rows += [dict(row) for row in session.execute(locked(session, query)).mappings()]
    if len(rows) != len(set(invoice_ids)):
        raise UnknownInvoice
    return rows


def _people_of(session: Session, invoice_ids: Sequence[int]) -> set[int]:
    """Whose invoices these are, read without a lock: that never changes."""
    found: set[int] = set()
    for chunk in chunks(invoice_ids, 5000):
        found.update(session.scalars(select(_invoice.c.person_id).where(_invoice.c.id.in_(chunk))))
    return found


_NEW_PAID = _invoice.c.paid_minor + bindparam("change", type_=_invoice.c.paid_minor.type)
_FOLLOWS = case((_invoice.c.total_minor <= _NEW_PAID, InvoiceState.PAID), else_=InvoiceState.ISSUED)
# Spelled out: a list of values cannot go with many rows of parameters.
_IS_LIVE = or_(_invoice.c.state == InvoiceState.ISSUED, _invoice.c.state == InvoiceState.PAID)
_SETTLE = (
    update(_invoice)
    .where(_invoice.c.id == bindparam("invoice"))
    .values(paid_minor=_NEW_PAID, state=case((_IS_LIVE, _FOLLOWS), else_=_invoice.c.state))
)


def settle(session: Session, changes: Mapping[int, int]) -> None:
    """Add to what is paid on invoices (or take off), and let their states follow. Held locked."""
    if not changes:
        return
    rows = [{"invoice": invoice_id, "change": change} for invoice_id, change in changes.items()]
    session.connection().execute(_SETTLE, rows)
    _forget(session, list(changes))


def _set_state(
    session: Session, rows: Sequence[dict[str, Any]], state: InvoiceState, reason: str
) -> None:
    if any(state not in NEXT_STATES[row["state"]] for row in rows):
        raise InvoiceNotOpen
    ids = [row["id"] for row in rows]
    for chunk in chunks(ids, 5000):
        statement = update(_invoice).where(_invoice.c.id.in_(chunk))
        session.execute(statement.values(state=state, note=clean_text(reason, 240)))
    _forget(session, ids)


def _forget(session: Session, invoice_ids: Sequence[int]) -> None:
    """Let loaded objects be read anew: statements changed their rows."""
    ids = set(invoice_ids)
    for row in list(session.identity_map.values()):
        if isinstance(row, Invoice) and row.id in ids:
            session.expire(row)
