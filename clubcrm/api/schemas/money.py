"""Invoices and payments as the API takes and answers them."""

from datetime import date

from pydantic import Field

from clubcrm.api.schemas.base import (
    Amount,
    Id,
    Instant,
    Page,
    PageQuery,
    Shape,
    ShortText,
    Text,
    shown_id,
)
from clubcrm.billing.queries import InvoiceRow, PaymentRow
from clubcrm.billing.states import InvoiceState, PaymentMethod


class InvoiceOut(Shape):
    """What a person owes for one thing."""

    id: str
    number: int = Field(description="Number within the club's series.")
    club: str = Field(description="Code of the club.")
    member_id: str
    membership_id: str | None
    state: InvoiceState
    issued_on: date
    due_on: date
    purpose: str
    total: Amount
    paid: Amount
    open: Amount = Field(description="What is still owed.")
    created_at: Instant

    @classmethod
    def of(cls, invoice: InvoiceRow, club: str) -> "InvoiceOut":
        """An invoice as the API writes it."""
        names = ("number", "state", "issued_on", "due_on", "purpose", "created_at")
        return cls(
            id=shown_id(invoice.id),
            club=club,
            member_id=shown_id(invoice.person_id),
            membership_id=(
                None if invoice.membership_id is None else shown_id(invoice.membership_id)
            ),
            total=Amount.of(invoice.total),
            paid=Amount(minor=invoice.paid_minor, currency=invoice.currency),
            open=Amount.of(invoice.open_amount),
            **{name: getattr(invoice, name) for name in names},
        )


class InvoicePage(Page[InvoiceOut]):
    """Invoices, newest first."""


class InvoicesQuery(PageQuery):
    """Which invoices."""

    member_id: Id | None = None
    state: InvoiceState | None = None
    club: ShortText | None = Field(None, description="Code of one club.")


class PaymentNew(Shape):
    """Money received from a member."""

    member_id: Id
    amount: Amount
    method: PaymentMethod
    invoice_id: Id | None = Field(
        None, description="The invoice it is for; null = the oldest debts first."
    )
    paid_at: Instant | None = Field(None, description="null = now.")
    purpose: Text = ""


class PaymentOut(Shape):
    """A payment. What no invoice asked for stays on account and pays the next one."""

    id: str
    club: str = Field(description="Code of the club.")
    member_id: str
    invoice_id: str | None = Field(description="null where it paid several, or none.")
    membership_id: str | None
    amount: Amount
    method: PaymentMethod
    paid_at: Instant
    purpose: str
    taken_by: str

    @classmethod
    def of(cls, payment: PaymentRow, club: str) -> "PaymentOut":
        """A payment as the API writes it."""
        return cls(
            id=shown_id(payment.id),
            club=club,
            member_id=shown_id(payment.person_id),
            invoice_id=None if payment.invoice_id is None else shown_id(payment.invoice_id),
            membership_id=(
                None if payment.membership_id is None else shown_id(payment.membership_id)
            ),
            amount=Amount.of(payment.amount),
            method=payment.method,
            paid_at=payment.paid_at,
            purpose=payment.purpose,
            taken_by=payment.taken_by,
        )
