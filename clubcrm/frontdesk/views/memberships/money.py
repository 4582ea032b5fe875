"""Money is taken from a member, and given back."""

from flask_babel import gettext as _
from sqlalchemy.orm import Session

from clubcrm.accounts.access import principal, requires
from clubcrm.accounts.queries import get_club
from clubcrm.accounts.states import Permission
from clubcrm.billing.errors import UnknownPayment
from clubcrm.billing.operations import reverse_payment, take_payment
from clubcrm.billing.queries import get_payment, invoices_of, owed_by, taken_at
from clubcrm.billing.states import InvoiceState
from clubcrm.core import clock
from clubcrm.core.money import Money
from clubcrm.core.transactions import reading
from clubcrm.frontdesk.forms.memberships import PaymentForm, TakeBackForm
from clubcrm.frontdesk.views import blueprint
from clubcrm.frontdesk.views.memberships.task import Answer, answer_task, person_for


@blueprint.route("/people/<int:person_id>/pay", methods=["GET", "POST"])
@requires(Permission.TAKE_PAYMENT)
def pay(person_id: int) -> Answer:
    """Money from a member: for one invoice, or for the oldest debts to the reader's clubs first."""
    scope = principal().scope(Permission.TAKE_PAYMENT)
    with reading() as session:
        person = person_for(session, person_id, Permission.TAKE_PAYMENT)
        club = get_club(session, taken_at(person.home_club_id, scope))
        issued = [
            invoice
            for invoice in reversed(invoices_of(session, person.id))
            if invoice.state is InvoiceState.ISSUED and invoice.club_id in scope
        ]
        owed = owed_by(session, [person.id], scope).get(person.id)
    form = PaymentForm(club=club, invoices=issued, amount=owed.amount if owed else None)

    def do(session: Session) -> Money:
        amount: Money = form.amount.data
        take_payment(
            session,
            person.id,
            amount,
            method=form.way,
            invoice_id=form.invoice_id,
            scope=scope,
            by=principal().actor,
            now=clock.now(),
        )
        return amount

    return answer_task(
        form,
        "frontdesk/memberships/pay.html",
        person=person,
        do=do,
        told=lambda amount: _("%(amount)s received.", amount=form.money(amount)),
        owed=owed,
    )


@blueprint.route("/payments/<int:payment_id>/reverse", methods=["GET", "POST"])
@requires(Permission.TAKE_PAYMENT)
def reverse(payment_id: int) -> Answer:
    """A payment taken by mistake, or money given back."""
    with reading() as session:
        payment = get_payment(session, payment_id)
        if not principal().may(Permission.TAKE_PAYMENT, payment.club_id):
            raise UnknownPayment
        person = person_for(session, payment.person_id, Permission.TAKE_PAYMENT)
        club = get_club(session, payment.club_id)
    form = TakeBackForm(club=club)

    def do(session: Session) -> None:
        reverse_payment(
            session,
            payment.id,
            reason=form.reason.data or "",
            by=principal().actor,
            now=clock.now(),
        )

    return answer_task(
        form,
        "frontdesk/memberships/reverse.html",
        person=person,
        do=do,
        told=lambda _done: _("%(amount)s given back.", amount=form.money(payment.amount)),
        payment=payment,
    )
