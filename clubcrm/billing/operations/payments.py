"""Payments: money taken, spread over what is owed, and given back."""

from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any, cast

from sqlalchemy import Table, func, insert, select
from sqlalchemy.orm import Session

from clubcrm.billing.errors import (
    AlreadyReversed,
    InvoiceNotOpen,
    MoreThanOwed,
    NoAmount,
    NotPaidYet,
    NotReversible,
    PaymentIdTaken,
    UnknownInvoice,
    UnknownPayment,
)
from clubcrm.billing.events import CreditUsed, PaymentReversed, PaymentTaken
from clubcrm.billing.models import Invoice, Payment, PaymentAllocation
from clubcrm.billing.operations.blocks import follow_debts
from clubcrm.billing.operations.invoices import locked_invoices, settle
from clubcrm.billing.queries import taken_at
from clubcrm.billing.states import InvoiceState, PaymentMethod
from clubcrm.core.actor import Actor
from clubcrm.core.errors import CurrencyMismatch
from clubcrm.core.events import record
from clubcrm.core.folding import clean_text
from clubcrm.core.money import Money
from clubcrm.core.sql import chunks, insert_many, locked
from clubcrm.core.transactions import on_violation
from clubcrm.members.errors import UnknownPerson
from clubcrm.members.operations import hold_people
from clubcrm.members.queries import people_by_ids

on_violation("uq_payment_reverses_id", AlreadyReversed)
on_violation("uq_payment_club_id_external_id_external_round", PaymentIdTaken)

CLOCK_SKEW = timedelta(minutes=10)
"""How far the clock of a terminal may run ahead."""

_payment = cast(Table, Payment.__table__)
_invoice = cast(Table, Invoice.__table__)
_part = cast(Table, PaymentAllocation.__table__)


@dataclass(frozen=True, kw_only=True)
class PaymentValues:
    """Money that moved elsewhere, as an import tells it; an amount below zero was given back."""

    person_id: int
    amount: Money
    paid_at: datetime
    method: PaymentMethod = PaymentMethod.OTHER
    purpose: str = ""
    external_id: str | None = None
    membership_id: int | None = None


def take_payment(
    session: Session,
    person_id: int,
    amount: Money,
    *,
    method: PaymentMethod,
    invoice_id: int | None = None,
    paid_at: datetime | None = None,
    purpose: str = "",
    scope: Collection[int] | None = None,
    by: Actor,
    now: datetime,
) -> int:
    """Take money from somebody; returns the payment's id.

    For one invoice, or for the oldest debts first; what is left over then stays on account and pays
    the next invoice. `scope` are the clubs for which the taker may take it (None = any): no debt
    to another one is paid. Raises CurrencyMismatch, InvoiceNotOpen, MoreThanOwed (for one invoice),
    NoAmount, NotPaidYet, UnknownInvoice, UnknownPerson.
    """
    if amount.minor <= 0:
        raise NoAmount
    if paid_at is not None and paid_at > now + CLOCK_SKEW:
        raise NotPaidYet
    person = people_by_ids(session, [person_id]).get(person_id)
    if person is None:
        raise UnknownPerson
    hold_people(session, [person_id])
    if invoice_id is None:
        owed = _open_invoices(session, person_id, amount.currency, scope)
        parts = _spread(amount.minor, owed)
    else:
        invoice = _one_open_invoice(session, invoice_id, person_id, amount, scope)
        owed, parts = [invoice], {invoice_id: amount.minor}
    only = owed[0] if len(parts) == 1 and sum(parts.values()) == amount.minor else None
    row = {
        "club_id": only["club_id"] if only else taken_at(person.home_club_id, scope),
        "person_id": person_id,
        "invoice_id": only["id"] if only else None,
        "membership_id": only["membership_id"] if only else None,
        "amount_minor": amount.minor,
        "currency": amount.currency,
        "method": method,
        "paid_at": paid_at or now,
        "purpose": clean_text(purpose or (only["purpose"] if only else ""), 240),
    }
    (payment_id,) = _insert(session, [row], by=by, now=now)
    allocate(session, payment_id, parts)
    follow_debts(session, [one for one in owed if one["id"] in parts], now=now)
    event = _taken(payment_id, row, is_imported=False)
    record(session, event, by=by, now=now)
    return payment_id


def reverse_payment(
    session: Session, payment_id: int, *, reason: str, by: Actor, now: datetime
) -> int:
    """Take one payment back; returns the id of the reversal. Refusals as `reverse_payments`."""
    return reverse_payments(session, [payment_id], reason=reason, by=by, now=now)[0]


def reverse_payments(
    session: Session, payment_ids: Sequence[int], *, reason: str, by: Actor, now: datetime
) -> list[int]:
    """Take payments back by payments of their own; what they paid is owed again.

    Returns the ids of the reversals in the order given. Raises AlreadyReversed, NotReversible,
    UnknownPayment.
    """
    hold_people(session, _people_of(session, payment_ids))
    rows = _locked_payments(session, payment_ids)
    if any(row["reverses_id"] is not None for row in rows.values()):
        raise NotReversible
    if _reversed(session, payment_ids):
        raise AlreadyReversed
    reversals = [_mirrored(rows[payment_id], reason, now) for payment_id in payment_ids]
    ids = _insert(session, reversals, by=by, now=now)
    parts: list[dict[str, Any]] = []
    changes: dict[int, int] = {}
    reversal_of = dict(zip(payment_ids, ids))
    for part in _parts(session, payment_ids):
        minor = -part["amount_minor"]
        parts.append({**part, "payment_id": reversal_of[part["payment_id"]], "amount_minor": minor})
        changes[part["invoice_id"]] = changes.get(part["invoice_id"], 0) + minor
    paid = locked_invoices(session, list(changes))
    if parts:
        session.execute(insert(_part), parts)
    settle(session, changes)
    follow_debts(session, paid, now=now)
    events = (
        PaymentReversed(
            club_id=row["club_id"],
            person_id=row["person_id"],
            payment_id=reversal_id,
            reverses_id=row["reverses_id"],
            amount_minor=row["amount_minor"],
            currency=row["currency"],
        )
        for reversal_id, row in zip(ids, reversals)
    )
    record(session, *events, by=by, now=now)
    return ids


def record_payments(
    session: Session, rows: Sequence[PaymentValues], *, club_id: int, by: Actor, now: datetime
) -> list[int]:
    """Take over payments from elsewhere as history; returns their ids in the order given.

    They pay no invoice here and are nobody's credit. One whose external id stands already is
    refused with PaymentIdTaken, unless that one was taken back. Raises NoAmount.
    """
    if any(row.amount.minor == 0 for row in rows):
        raise NoAmount
    hold_people(session, {row.person_id for row in rows})
    rounds = _rounds(session, [row.external_id for row in rows if row.external_id], club_id)
    values = [
        {
            "club_id": club_id,
            "person_id": row.person_id,
            "membership_id": row.membership_id,
            "external_id": row.external_id,
            "external_round": rounds.get(row.external_id or "", 0),
            "is_imported": True,
            "amount_minor": row.amount.minor,
            "currency": row.amount.currency,
            "method": row.method,
            "paid_at": row.paid_at,
            "purpose": clean_text(row.purpose, 240),
        }
        for row in rows
    ]
    ids = _insert(session, values, by=by, now=now)
    events = (_taken(pid, row, is_imported=True) for pid, row in zip(ids, values))
    record(session, *events, by=by, now=now)
    return ids


def use_credit(
    session: Session,
    person_id: int,
    invoice_id: int,
    owed: Money,
    *,
    club_id: int,
    by: Actor,
    now: datetime,
) -> int:
    """Pay a new invoice from what the person has on account, oldest money first.

    Returns how much was used, in minor units.
    """
    ids = [payment_id for payment_id, _ in _credits(session, person_id, owed.currency)]
    if not ids:
        return 0
    # Lock, then look again: another sale may have used it.
    _locked_payments(session, ids)
    left = owed.minor
    for payment_id, credit in _credits(session, person_id, owed.currency):
        used = min(credit, left)
        if used > 0:
            allocate(session, payment_id, {invoice_id: used})
            left -= used
    all_used = owed.minor - left
    if all_used:
        event = CreditUsed(
            club_id=club_id,
            person_id=person_id,
            invoice_id=invoice_id,
            amount_minor=all_used,
            currency=owed.currency,
        )
        record(session, event, by=by, now=now)
    return all_used


def allocate(session: Session, payment_id: int, parts: Mapping[int, int]) -> None:
    """Let a payment pay invoices (id -> minor units), which must be locked or new."""
    rows = [
        {"payment_id": payment_id, "invoice_id": invoice_id, "amount_minor": minor}
        for invoice_id, minor in parts.items()
    ]
    if rows:
        session.execute(insert(_part), rows)
        settle(session, parts)


def _insert(
    session: Session, rows: Sequence[Mapping[str, Any]], *, by: Actor, now: datetime
) -> list[int]:
    if not rows:
        return []
    common = {
        "invoice_id": None,
        "external_id": None,
        "external_round": 0,
        "is_imported": False,
        "reverses_id": None,
        "reason": "",
        "taken_by": clean_text(by.name, 120),
        "created_at": now,
    }
    return insert_many(session, _payment, [{**common, **row} for row in rows])


def _open_invoices(
    session: Session, person_id: int, currency: str, scope: Collection[int] | None
) -> list[dict[str, Any]]:
    """What a person owes in a currency, oldest debt first, locked."""
    query = (
        select(_invoice)
        .where(
            _invoice.c.person_id == person_id,
            _invoice.c.state == InvoiceState.ISSUED,
            _invoice.c.currency == currency,
        )
        .order_by(_invoice.c.id)
    )
    if scope is not None:
        query = query.where(_invoice.c.club_id.in_(scope))
    rows = [dict(row) for row in session.execute(locked(session, query)).mappings()]
    return sorted(rows, key=lambda row: (row["due_on"], row["id"]))


def _one_open_invoice(
    session: Session,
    invoice_id: int,
    person_id: int,
    amount: Money,
    scope: Collection[int] | None,
) -> dict[str, Any]:
    """The invoice that is to be paid, locked."""
    (invoice,) = locked_invoices(session, [invoice_id])
    is_in_sight = scope is None or invoice["club_id"] in scope
    if invoice["person_id"] != person_id or not is_in_sight:
        raise UnknownInvoice
    if invoice["currency"] != amount.currency:
        raise CurrencyMismatch(left=amount.currency, right=invoice["currency"])
    if invoice["state"] != InvoiceState.ISSUED:
        raise InvoiceNotOpen
    owed = invoice["total_minor"] - invoice["paid_minor"]
    if amount.minor > owed:
        raise MoreThanOwed(owed=f"{Money(owed, amount.currency).major} {amount.currency}")
    return invoice


def _spread(minor: int, invoices: Iterable[Mapping[str, Any]]) -> dict[int, int]:
    """How much of an amount each invoice gets, in their order."""
    parts: dict[int, int] = {}
    for invoice in invoices:
        part = min(minor, invoice["total_minor"] - invoice["paid_minor"])
        if part > 0:
            parts[invoice["id"]] = part
            minor -= part
    return parts


def _mirrored(row: Mapping[str, Any], reason: str, now: datetime) -> dict[str, Any]:
    kept = ("club_id", "person_id", "invoice_id", "membership_id", "currency", "method", "purpose")
    return {
        **{name: row[name] for name in kept},
        "is_imported": row["is_imported"],
        "amount_minor": -row["amount_minor"],
        "paid_at": now,
        "reverses_id": row["id"],
        "reason": clean_text(reason, 240),
    }


def _taken(payment_id: int, row: Mapping[str, Any], *, is_imported: bool) -> PaymentTaken:
    return PaymentTaken(
        club_id=row["club_id"],
        person_id=row["person_id"],
        payment_id=payment_id,
        invoice_id=row.get("invoice_id"),
        amount_minor=row["amount_minor"],
        currency=row["currency"],
        method=row["method"],
        is_imported=is_imported,
    )


def _locked_payments(session: Session, payment_ids: Sequence[int]) -> dict[int, dict[str, Any]]:
    """Payments, locked in the order of their ids. Raises UnknownPayment."""
    rows: dict[int, dict[str, Any]] = {}
    for chunk in chunks(sorted(set(payment_ids)), 5000):
        query = select(_payment).where(_payment.c.id.in_(chunk)).order_by(_payment.c.id)
        for row in session.execute(locked(session, query)).mappings():
            rows[row["id"]] = dict(row)
    if len(rows) != len(payment_ids):
        raise UnknownPayment
    return rows


def _people_of(session: Session, payment_ids: Sequence[int]) -> set[int]:
    """Whose payments these are, read without a lock: that never changes."""
    found: set[int] = set()
    for chunk in chunks(payment_ids, 5000):
        found.update(session.scalars(select(_payment.c.person_id).where(_payment.c.id.in_(chunk))))
    return found


def _reversed(session: Session, payment_ids: Sequence[int]) -> bool:
    for chunk in chunks(payment_ids, 5000):
        query = select(_payment.c.id).where(_payment.c.reverses_id.in_(chunk)).limit(1)
        if session.scalar(query) is not None:
            return True
    return False


def _parts(session: Session, payment_ids: Sequence[int]) -> list[dict[str, Any]]:
    found: list[dict[str, Any]] = []
    columns = (_part.c.payment_id, _part.c.invoice_id, _part.c.amount_minor)
    for chunk in chunks(payment_ids, 5000):
        query = select(*columns).where(_part.c.payment_id.in_(chunk))
        found += [dict(row) for row in session.execute(query).mappings()]
    return found


def _credits(session: Session, person_id: int, currency: str) -> list[tuple[int, int]]:
    """Payments with something left on account: (id, minor units), oldest first."""
    taken_back = _payment.alias()
    spent = func.coalesce(func.sum(_part.c.amount_minor), 0)
    query = (
        select(_payment.c.id, _payment.c.amount_minor - spent)
        .outerjoin(_part, _part.c.payment_id == _payment.c.id)
        .where(
            _payment.c.person_id == person_id,
            _payment.c.currency == currency,
            _payment.c.amount_minor > 0,
            _payment.c.is_imported.is_(False),
            ~select(taken_back.c.id).where(taken_back.c.reverses_id == _payment.c.id).exists(),
        )
        .group_by(_payment.c.id)
        .having(_payment.c.amount_minor > spent)
        .order_by(_payment.c.id)
    )
    return [(payment_id, int(left)) for payment_id, left in session.execute(query)]


def _rounds(session: Session, external_ids: Sequence[str], club_id: int) -> dict[str, int]:
    """How many payments with these external ids were taken back. Raises PaymentIdTaken."""
    rounds: dict[str, int] = {}
    taken_back = _payment.alias()
    for chunk in chunks(external_ids, 5000):
        query = (
            select(_payment.c.external_id, taken_back.c.id)
            .outerjoin(taken_back, taken_back.c.reverses_id == _payment.c.id)
            .where(_payment.c.club_id == club_id, _payment.c.external_id.in_(chunk))
        )
        for external_id, reversal_id in session.execute(query):
            if reversal_id is None:
                raise PaymentIdTaken
            rounds[external_id] = rounds.get(external_id, 0) + 1
    return rounds
