"""What is done with money: one public function a use case.

A payment is never changed: taking it back is a payment of its own, and the invoices follow. Terms
are sold through the operations of `members`, in the same transaction. Locks are taken in the order
that `docs/locking.md` tells.
"""

from clubcrm.billing.operations.blocks import block_late_debtors
from clubcrm.billing.operations.invoices import (
    DebtValues,
    record_debts,
    void_invoice,
    void_invoices,
    write_off_invoice,
)
from clubcrm.billing.operations.payments import (
    PaymentValues,
    record_payments,
    reverse_payment,
    reverse_payments,
    take_payment,
)
from clubcrm.billing.operations.sales import (
    Sale,
    renew,
    roll_over,
    sell_membership,
    take_back_sale,
    upgrade,
)

__all__ = [
    "DebtValues",
    "PaymentValues",
    "Sale",
    "block_late_debtors",
    "record_debts",
    "record_payments",
    "renew",
    "reverse_payment",
    "reverse_payments",
    "roll_over",
    "sell_membership",
    "take_back_sale",
    "take_payment",
    "upgrade",
    "void_invoice",
    "void_invoices",
    "write_off_invoice",
]
