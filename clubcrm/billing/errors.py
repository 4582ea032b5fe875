"""What this package refuses, in the words of the screen."""

from flask_babel import lazy_gettext as _l

from clubcrm.core.errors import DomainError, Invalid, NotFound


class UnknownInvoice(NotFound):
    """The person has no such invoice."""

    code = "unknown_invoice"
    message = _l("There is no such invoice.")


class UnknownPayment(NotFound):
    """There is no such payment."""

    code = "unknown_payment"
    message = _l("There is no such payment.")


class NoAmount(Invalid):
    """A payment, price or debt that is nothing or below."""

    code = "no_amount"
    message = _l("Enter an amount above zero.")


class NotPaidYet(Invalid):
    """Money that is said to come in later than now."""

    code = "not_paid_yet"
    message = _l("Money is entered when it has been received; this moment lies ahead.")


class MoreThanOwed(DomainError):
    """More money than the invoice still asks for."""

    code = "more_than_owed"
    status = 422
    message = _l("Only %(owed)s is still to be paid here.")


class PaidMeanwhile(MoreThanOwed):
    """Somebody else took money for the invoice at the same moment."""

    message = _l("Somebody has just taken money for this. Look at the invoice again.")


class InvoiceNotOpen(DomainError):
    """The invoice is void, written off or paid."""

    code = "invoice_not_open"
    message = _l("This invoice is not open any more.")


class PaymentStands(DomainError):
    """Money was taken for what is to be taken back."""

    code = "payment_stands"
    message = _l("Money was taken for this. Take the payment back first.")


class AlreadyReversed(DomainError):
    """The payment was taken back before."""

    code = "already_reversed"
    message = _l("This payment was already taken back.")


class NotReversible(DomainError):
    """A reversal cannot be reversed."""

    code = "not_reversible"
    message = _l("This is money given back. Take a new payment instead.")


class PaymentIdTaken(DomainError):
    """Another payment of the club has this external id."""

    code = "payment_id_taken"
    message = _l("Another payment of this club already has this external number.")
