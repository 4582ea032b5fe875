"""Tables of money owed and received."""

from datetime import date, datetime

from sqlalchemy import CheckConstraint, ForeignKey, Index, String, UniqueConstraint
from sqlalchemy.orm import Mapped, mapped_column

from clubcrm.billing.states import InvoiceState, PaymentMethod
from clubcrm.core.db import Id, Model, words_of


class Invoice(Model):
    """What a person owes for one thing: a term sold here, or a debt brought along by an import.

    `paid_minor` is the sum of its allocations, kept so that a balance costs no sum.
    """

    __tablename__ = "invoice"
    __table_args__ = (
        UniqueConstraint("club_id", "number"),
        CheckConstraint("total_minor >= 0", name="total_not_negative"),
        CheckConstraint("paid_minor BETWEEN 0 AND total_minor", name="paid_within_total"),
        Index("ix_invoice_person_id_state", "person_id", "state"),
        Index("ix_invoice_club_id_state_due_on", "club_id", "state", "due_on"),
    )

    id: Mapped[Id]
    club_id: Mapped[int] = mapped_column(ForeignKey("club.id"))
    person_id: Mapped[int] = mapped_column(ForeignKey("person.id"))
    membership_id: Mapped[int | None] = mapped_column(ForeignKey("membership.id"), index=True)
    number: Mapped[int]  # gapless within the club
    state: Mapped[InvoiceState] = mapped_column(words_of(InvoiceState, 12))
    issued_on: Mapped[date]
    due_on: Mapped[date]
    purpose: Mapped[str] = mapped_column(String(240))
    total_minor: Mapped[int]
    paid_minor: Mapped[int] = mapped_column(default=0)
    currency: Mapped[str] = mapped_column(String(3))
    note: Mapped[str] = mapped_column(String(240), default="")  # why it is void or written off
    created_at: Mapped[datetime]


class InvoiceSeries(Model):
    """The last invoice number of a club. Its row is the lock under which numbers are taken."""

    __tablename__ = "invoice_series"

    club_id: Mapped[int] = mapped_column(ForeignKey("club.id"), primary_key=True)
    last_number: Mapped[int] = mapped_column(default=0)


class Payment(Model):
    """Money received (positive) or given back (negative, naming the payment it takes back).

    Never changed once written. `invoice_id` and `membership_id` say what it was given for where that
    is one thing; how it is spread over invoices stands in its allocations. `external_round` counts
    the payments with this external id that were taken back before, so that a file whose import was
    undone can be imported again.
    """

    __tablename__ = "payment"
    __table_args__ = (
        UniqueConstraint("club_id", "external_id", "external_round"),
        UniqueConstraint("reverses_id"),
        CheckConstraint("amount_minor != 0", name="amount_not_zero"),
        Index("ix_payment_person_id_paid_at", "person_id", "paid_at"),
        Index("ix_payment_club_id_paid_at", "club_id", "paid_at"),
    )

    id: Mapped[Id]
    club_id: Mapped[int] = mapped_column(ForeignKey("club.id"))
    person_id: Mapped[int] = mapped_column(ForeignKey("person.id"))
    invoice_id: Mapped[int | None] = mapped_column(ForeignKey("invoice.id"), index=True)
    membership_id: Mapped[int | None] = mapped_column(ForeignKey("membership.id"), index=True)
    external_id: Mapped[str | None] = mapped_column(String(120))
    external_round: Mapped[int] = mapped_column(default=0)
    is_imported: Mapped[bool] = mapped_column(default=False)  # history: pays nothing here
    amount_minor: Mapped[int]
    currency: Mapped[str] = mapped_column(String(3))
    method: Mapped[PaymentMethod] = mapped_column(words_of(PaymentMethod, 16))
    paid_at: Mapped[datetime]
    purpose: Mapped[str] = mapped_column(String(240), default="")
    reverses_id: Mapped[int | None] = mapped_column(ForeignKey("payment.id"))
    reason: Mapped[str] = mapped_column(String(240), default="")
    taken_by: Mapped[str] = mapped_column(String(120), default="")
    created_at: Mapped[datetime]


class PaymentAllocation(Model):
    """A part of a payment that pays an invoice; negative where a reversal takes it off again."""

    __tablename__ = "payment_allocation"
    __table_args__ = (
        UniqueConstraint("payment_id", "invoice_id"),
        CheckConstraint("amount_minor != 0", name="amount_not_zero"),
    )

    id: Mapped[Id]
    payment_id: Mapped[int] = mapped_column(ForeignKey("payment.id"))
    invoice_id: Mapped[int] = mapped_column(ForeignKey("invoice.id"), index=True)
    amount_minor: Mapped[int]
