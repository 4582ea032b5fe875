"""Reads about money owed and received."""

from collections.abc import Collection, Iterable, Sequence
from dataclasses import dataclass
from datetime import date, datetime
from typing import Any, cast

from sqlalchemy import BindParameter, ColumnElement, Select, Table, bindparam, func, select
from sqlalchemy.orm import Session

from clubcrm.billing.errors import UnknownInvoice, UnknownPayment
from clubcrm.billing.models import Invoice, Payment, PaymentAllocation
from clubcrm.billing.states import InvoiceState, PaymentMethod
from clubcrm.core.money import Money
from clubcrm.core.prepared import Prepared
from clubcrm.core.sql import chunks

_invoice = cast(Table, Invoice.__table__)
_payment = cast(Table, Payment.__table__)
_part = cast(Table, PaymentAllocation.__table__)


@dataclass(frozen=True)
class Owed:
    """What somebody owes, in minor units, and since when at the earliest it is due."""

    minor: int
    currency: str
    oldest_due_on: date

    @property
    def amount(self) -> Money:
        """The sum."""
        return Money(self.minor, self.currency)


_OWED_BY = (
    select(
        _invoice.c.person_id,
        func.sum(_invoice.c.total_minor - _invoice.c.paid_minor),
        _invoice.c.currency,
        func.min(_invoice.c.due_on).label("due_on"),
    )
    .where(
        _invoice.c.person_id.in_(bindparam("people", expanding=True)),
        _invoice.c.state == InvoiceState.ISSUED,
    )
    .group_by(_invoice.c.person_id, _invoice.c.currency)
    .order_by("due_on", _invoice.c.currency)
)

# Asked at every check-in: put together once.
_OWED = Prepared(_OWED_BY)
_OWED_TO = Prepared(_OWED_BY.where(_invoice.c.club_id.in_(bindparam("clubs", expanding=True))))


def owed_by(
    session: Session, person_ids: Collection[int], scope: Collection[int] | None = None
) -> dict[int, Owed]:
    """What people owe to the clubs in scope (None = to any); who owes nothing is left out.

    One statement. Somebody with debts in two currencies is shown with the older one.
    """
    found: dict[int, Owed] = {}
    for chunk in chunks(list(person_ids), 5000):
        if scope is None:
            rows = _OWED.all(session, {"people": chunk})
        else:
            rows = _OWED_TO.all(session, {"people": chunk, "clubs": scope})
        for person_id, minor, currency, due_on in rows:
            found.setdefault(person_id, Owed(int(minor), currency, due_on))
    return found


def taken_at(home_club_id: int, scope: Collection[int] | None) -> int:
    """The club in whose books money on account stands: the home club, or else the taker's."""
    return home_club_id if scope is None or home_club_id in scope else min(scope)


@dataclass(frozen=True)
class InvoiceRow:
    """An invoice."""

    id: int
    club_id: int
    person_id: int
    membership_id: int | None
    number: int
    state: InvoiceState
    issued_on: date
    due_on: date
    purpose: str
    total_minor: int
    paid_minor: int
    currency: str
    note: str
    created_at: datetime

    @property
    def total(self) -> Money:
        """What it asks for."""
        return Money(self.total_minor, self.currency)

    @property
    def open_amount(self) -> Money:
        """What is still owed on it."""
        owed = self.state == InvoiceState.ISSUED
        return Money(self.total_minor - self.paid_minor if owed else 0, self.currency)


@dataclass(frozen=True)
class PaymentRow:
    """A payment; `reversed_by` is the payment that took it back."""

    id: int
    club_id: int
    person_id: int
    invoice_id: int | None
    membership_id: int | None
    external_id: str | None
    is_imported: bool
    amount_minor: int
    currency: str
    method: PaymentMethod
    paid_at: datetime
    purpose: str
    reverses_id: int | None
    reason: str
    taken_by: str
    created_at: datetime
    reversed_by: int | None

    @property
    def amount(self) -> Money:
        """The money: below zero where it was given back."""
        return Money(self.amount_minor, self.currency)

    @property
    def stands(self) -> bool:
        """Whether it is money received that was not taken back."""
        return self.reverses_id is None and self.reversed_by is None


_INVOICE_COLUMNS = [_invoice.c[name] for name in InvoiceRow.__dataclass_fields__]
_taken_back = _payment.alias("taken_back")
_PAYMENT_COLUMNS = [
    _taken_back.c.id.label("reversed_by") if name == "reversed_by" else _payment.c[name]
    for name in PaymentRow.__dataclass_fields__
]


def get_invoice(session: Session, invoice_id: int) -> InvoiceRow:
    """One invoice. Raises UnknownInvoice."""
    query = select(*_INVOICE_COLUMNS).where(_invoice.c.id == invoice_id)
    row = session.execute(query).one_or_none()
    if row is None:
        raise UnknownInvoice
    return InvoiceRow(*row)


def invoices_of(session: Session, person_id: int) -> list[InvoiceRow]:
    """The invoices of a person, newest first."""
    return [InvoiceRow(*row) for row in _INVOICES_OF.all(session, {"person": person_id})]


def owed_on(invoices: Iterable[InvoiceRow], scope: Collection[int] | None = None) -> Owed | None:
    """What one person owes on these invoices, as `owed_by` tells it, where they were read anyway."""
    owed: dict[str, Owed] = {}
    for one in invoices:
        if one.state is not InvoiceState.ISSUED or not (scope is None or one.club_id in scope):
            continue
        open_minor = one.total_minor - one.paid_minor
        before = owed.get(one.currency, Owed(0, one.currency, one.due_on))
        due_on = min(before.oldest_due_on, one.due_on)
        owed[one.currency] = Owed(before.minor + open_minor, one.currency, due_on)
    return min(owed.values(), key=lambda one: (one.oldest_due_on, one.currency), default=None)


def invoices(
    session: Session,
    scope: Collection[int],
    *,
    state: InvoiceState | None = None,
    person_id: int | None = None,
    before_id: int | None = None,
    limit: int = 100,
) -> list[InvoiceRow]:
    """The invoices of the clubs in scope, newest first; go on with the last id as `before_id`."""
    query = select(*_INVOICE_COLUMNS).where(_invoice.c.club_id.in_(tuple(scope)))
    if state is not None:
        query = query.where(_invoice.c.state == state)
    if person_id is not None:
        query = query.where(_invoice.c.person_id == person_id)
    if before_id is not None:
        query = query.where(_invoice.c.id < before_id)
    rows = session.execute(query.order_by(_invoice.c.id.desc()).limit(limit))
    return [InvoiceRow(*row) for row in rows]


def open_invoices_of_memberships(session: Session, membership_ids: Sequence[int]) -> list[int]:
    """The ids of invoices for these terms that are neither void nor written off."""
    query = select(_invoice.c.id).where(
        _invoice.c.membership_id.in_(membership_ids),
        _invoice.c.state.in_((InvoiceState.ISSUED, InvoiceState.PAID)),
    )
    return list(session.scalars(query.order_by(_invoice.c.id)))


def get_payment(session: Session, payment_id: int) -> PaymentRow:
    """One payment. Raises UnknownPayment."""
    row = session.execute(_payments(_payment.c.id == payment_id)).one_or_none()
    if row is None:
        raise UnknownPayment
    return PaymentRow(*row)


def payments_of(session: Session, person_id: int) -> list[PaymentRow]:
    """The payments of a person, newest first."""
    return [PaymentRow(*row) for row in _PAYMENTS_OF.all(session, {"person": person_id})]


def payments_of_membership(session: Session, membership_id: int) -> list[PaymentRow]:
    """The payments that paid, or helped to pay, a term; oldest first."""
    paid = (
        select(_part.c.payment_id)
        .join(_invoice, _invoice.c.id == _part.c.invoice_id)
        .where(_invoice.c.membership_id == membership_id)
    )
    query = _payments(_payment.c.id.in_(paid)).order_by(_payment.c.id)
    return [PaymentRow(*row) for row in session.execute(query)]


def first_paid_at(session: Session, membership_ids: Collection[int]) -> dict[int, datetime]:
    """When the first money that stands came in for terms; terms without any are left out."""
    found: dict[int, datetime] = {}
    for chunk in chunks(list(membership_ids), 5000):
        query = (
            select(_invoice.c.membership_id, func.min(_payment.c.paid_at, type_=_PAID_AT))
            .join(_part, _part.c.invoice_id == _invoice.c.id)
            .join(_payment, _payment.c.id == _part.c.payment_id)
            .outerjoin(_taken_back, _taken_back.c.reverses_id == _payment.c.id)
            .where(
                _invoice.c.membership_id.in_(chunk),
                _payment.c.reverses_id.is_(None),
                _taken_back.c.id.is_(None),
            )
            .group_by(_invoice.c.membership_id)
        )
        found.update(dict(session.execute(query).all()))
    return found


def on_account_of(session: Session, person_id: int) -> list[Money]:
    """Money taken from a person that has paid nothing yet, by currency."""
    left = _ON_ACCOUNT.all(session, {"person": person_id})
    return [Money(int(minor), currency) for currency, minor in left]


_PAID_AT = _payment.c.paid_at.type


def _payments(condition: ColumnElement[bool]) -> Select[Any]:
    return (
        select(*_PAYMENT_COLUMNS)
        .outerjoin(_taken_back, _taken_back.c.reverses_id == _payment.c.id)
        .where(condition)
    )


def _left_over() -> Select[Any]:
    """What the payments of a person have not paid anything with, by currency."""
    # Asked payment by payment: those of everybody else are not added up.
    spent = (
        select(func.coalesce(func.sum(_part.c.amount_minor), 0))
        .where(_part.c.payment_id == _payment.c.id)
        .correlate(_payment)
        .scalar_subquery()
    )
    own = (
        select(_payment.c.currency, (_payment.c.amount_minor - spent).label("minor"))
        .where(_payment.c.person_id == _PERSON, _payment.c.is_imported.is_(False))
        .subquery()
    )
    left = func.sum(own.c.minor)
    return (
        select(own.c.currency, left)
        .group_by(own.c.currency)
        .having(left > 0)
        .order_by(own.c.currency)
    )


# The card of a member asks these: they are put together once.
_PERSON: BindParameter[int] = bindparam("person")
_INVOICES_OF = Prepared(
    select(*_INVOICE_COLUMNS).where(_invoice.c.person_id == _PERSON).order_by(_invoice.c.id.desc())
)
_PAYMENTS_OF = Prepared(
    _payments(_payment.c.person_id == _PERSON).order_by(
        _payment.c.paid_at.desc(), _payment.c.id.desc()
    )
)
_ON_ACCOUNT = Prepared(_left_over())
