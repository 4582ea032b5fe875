"""What happens to money owed and received."""

from dataclasses import dataclass
from datetime import date

from clubcrm.core.events import Event


@dataclass(frozen=True, kw_only=True)
class InvoiceIssued(Event):
    """Somebody owes something: a sale on account, or a debt brought along by an import."""

    invoice_id: int
    number: int
    membership_id: int | None
    total_minor: int
    currency: str
    due_on: date
    is_imported: bool = False


@dataclass(frozen=True, kw_only=True)
class InvoiceVoided(Event):
    """An invoice was taken back; nothing is owed for it."""

    invoice_id: int
    total_minor: int
    currency: str


@dataclass(frozen=True, kw_only=True)
class InvoiceWrittenOff(Event):
    """The club gave up what was still owed on an invoice."""

    invoice_id: int
    open_minor: int
    currency: str


@dataclass(frozen=True, kw_only=True)
class PaymentTaken(Event):
    """Money came in."""

    payment_id: int
    invoice_id: int | None
    amount_minor: int
    currency: str
    method: str
    is_imported: bool = False


@dataclass(frozen=True, kw_only=True)
class CreditUsed(Event):
    """Money that was on account paid a new invoice."""

    invoice_id: int
    amount_minor: int
    currency: str


@dataclass(frozen=True, kw_only=True)
class PaymentReversed(Event):
    """A payment was taken back by one of its own; what it paid is owed again."""

    payment_id: int
    reverses_id: int
    amount_minor: int
    currency: str
