"""Money owed and received."""

from datetime import datetime

from sqlalchemy.orm import Session

from clubcrm.accounts.access import requires
from clubcrm.accounts.states import Permission as P
from clubcrm.api.answers import writes
from clubcrm.api.pages import read_cursor, write_cursor
from clubcrm.api.queries import number_of, person_in, sight
from clubcrm.api.schemas.money import (
    InvoiceOut,
    InvoicePage,
    InvoicesQuery,
    PaymentNew,
    PaymentOut,
)
from clubcrm.api.views import api
from clubcrm.billing.errors import UnknownInvoice
from clubcrm.billing.operations import take_payment
from clubcrm.billing.queries import get_invoice, get_payment, invoices
from clubcrm.core.actor import Actor
from clubcrm.core.transactions import reading

LIST = "invoices"


@api.get("/invoices")
@requires(P.TAKE_PAYMENT)
@api.input(InvoicesQuery, location="query", arg_name="query")
@api.output(InvoicePage)
@api.doc(tags=["Money"])
def list_invoices(query: InvoicesQuery) -> InvoicePage:
    """List invoices, newest first."""
    place = read_cursor(LIST, query.cursor)
    with reading() as session:
        seen = sight(P.TAKE_PAYMENT)
        scope = seen.narrowed(query.club).scope
        person = person_in(session, query.member_id, seen.scope) if query.member_id else None
        rows = invoices(
            session,
            scope,
            state=query.state,
            person_id=person.id if person else None,
            before_id=place[0] if place else None,
            limit=query.limit + 1,
        )
    shown = rows[: query.limit]
    more = [shown[-1].id] if len(rows) > query.limit else None
    return InvoicePage(
        items=[InvoiceOut.of(row, seen.code_of(row.club_id)) for row in shown],
        next=write_cursor(LIST, more),
    )


@api.post("/payments")
@requires(P.TAKE_PAYMENT)
@api.input(PaymentNew, arg_name="body")
@api.output(PaymentOut, status_code=201)
@api.doc(tags=["Money"])
@writes(201)
def receive_payment(body: PaymentNew, session: Session, by: Actor, now: datetime) -> PaymentOut:
    """Take money from a member: for one invoice, or for the oldest debts first."""
    seen = sight(P.TAKE_PAYMENT)
    person = person_in(session, body.member_id, seen.scope)
    invoice_id = None
    if body.invoice_id is not None:
        invoice = get_invoice(session, number_of(body.invoice_id, UnknownInvoice))
        if invoice.club_id not in seen.scope or invoice.person_id != person.id:
            raise UnknownInvoice
        invoice_id = invoice.id
    payment_id = take_payment(
        session,
        person.id,
        body.amount.money(),
        method=body.method,
        invoice_id=invoice_id,
        paid_at=body.paid_at,
        purpose=body.purpose,
        scope=seen.scope,
        by=by,
        now=now,
    )
    payment = get_payment(session, payment_id)
    return PaymentOut.of(payment, seen.code_of(payment.club_id))
