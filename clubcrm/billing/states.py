"""The vocabularies of money."""

from enum import StrEnum


class InvoiceState(StrEnum):
    """Where an invoice stands: `issued -> paid | void | written_off`, and back to issued by a reversal."""

    ISSUED = "issued"
    PAID = "paid"
    VOID = "void"
    WRITTEN_OFF = "written_off"


class PaymentMethod(StrEnum):
    """How money came in."""

    CASH = "cash"
    CARD = "card"
    TRANSFER = "transfer"
    CHEQUE = "cheque"
    DIRECT_DEBIT = "direct_debit"
    ONLINE = "online"
    OTHER = "other"
