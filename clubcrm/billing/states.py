"""The vocabularies of money."""

from collections.abc import Mapping
from enum import StrEnum


class InvoiceState(StrEnum):
    """Where an invoice stands: `issued -> paid | void | written_off`, and back to issued by a reversal."""

    ISSUED = "issued"
    PAID = "paid"
    VOID = "void"
    WRITTEN_OFF = "written_off"


NEXT_STATES: Mapping[InvoiceState, frozenset[InvoiceState]] = {
    InvoiceState.ISSUED: frozenset(
        {InvoiceState.PAID, InvoiceState.VOID, InvoiceState.WRITTEN_OFF}
    ),
    InvoiceState.PAID: frozenset({InvoiceState.ISSUED}),
    InvoiceState.VOID: frozenset(),
    InvoiceState.WRITTEN_OFF: frozenset(),
}
"""State -> states that may follow. Only a reversed payment leads from paid back to issued."""


class PaymentMethod(StrEnum):
    """How money came in."""

    CASH = "cash"
    CARD = "card"
    TRANSFER = "transfer"
    CHEQUE = "cheque"
    DIRECT_DEBIT = "direct_debit"
    ONLINE = "online"
    OTHER = "other"
