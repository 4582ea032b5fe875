"""Which states of an invoice may follow which."""

from clubcrm.billing.states import NEXT_STATES, InvoiceState

ALLOWED = {
    (InvoiceState.ISSUED, InvoiceState.PAID),
    (InvoiceState.ISSUED, InvoiceState.VOID),
    (InvoiceState.ISSUED, InvoiceState.WRITTEN_OFF),
    (InvoiceState.PAID, InvoiceState.ISSUED),
}


def test_only_these_changes_are_allowed() -> None:
    every = {(state, after) for state in InvoiceState for after in InvoiceState}
    allowed = {pair for pair in every if pair[1] in NEXT_STATES[pair[0]]}
    assert allowed == ALLOWED


def test_void_and_written_off_are_final() -> None:
    assert not NEXT_STATES[InvoiceState.VOID]
    assert not NEXT_STATES[InvoiceState.WRITTEN_OFF]
