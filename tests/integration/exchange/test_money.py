"""Payments and debts."""

from datetime import UTC, date, datetime

import pytest
from sqlalchemy import select

from clubcrm.billing.models import Invoice, Payment
from clubcrm.billing.operations import reverse_payment, take_payment
from clubcrm.billing.states import InvoiceState, PaymentMethod
from clubcrm.core.actor import OPERATOR
from clubcrm.core.money import Money
from clubcrm.core.transactions import transaction
from clubcrm.exchange.models import ImportRow
from clubcrm.exchange.words import problem_text
from clubcrm.members.models import Person
from tests.conftest import NOW
from tests.integration.exchange.conftest import AS_OF, Desk


@pytest.fixture
def known(desk: Desk) -> Desk:
    """A club that knows two people."""
    desk.take_in(
        "members", "external_id,full_name,email\nA,Ana,a@example.com\nB,Eva,b@example.com\n"
    )
    return desk


def _said(desk: Desk) -> dict[int, str]:
    rows = desk.rows(select(ImportRow.line, ImportRow.problems).order_by(ImportRow.line))
    return {line: " ".join(problem_text(problem) for problem in found) for line, found in rows}


def test_payments_are_history(known: Desk) -> None:
    content = (
        "external_id,member,paid_at,amount,currency,method,for\n"
        'R1,A,2026-01-05 10:00,"1.234,50 €",EUR,Cartão,Annual\n'
        "R2,B,05/02/2026,50,,cash,\n"
        "R1,A,2026-01-05 10:00,999,EUR,card,\n"
        "R3,A,2027-01-05,5,EUR,cash,\n"
        "R4,A,,5,EUR,cash,\n"
        "R5,A,2026-01-06,-20,EUR,pigeons,\n"
    )
    outcome = known.take_in("payments", content)
    assert (outcome.figures.stored, outcome.figures.rejected) == (3, 3)
    payments = known.rows(
        select(
            Payment.external_id, Payment.amount_minor, Payment.method, Payment.is_imported
        ).order_by(Payment.external_id)
    )
    assert payments == [
        ("R1", 123450, PaymentMethod.CARD, True),
        ("R2", 5000, PaymentMethod.CASH, True),
        ("R5", -2000, PaymentMethod.OTHER, True),
    ]
    assert "stands already" in _said(known)[4]
    again = known.take_in("payments", content)
    assert (again.figures.stored, again.figures.unchanged) == (0, 3)


def test_equal_payments_without_numbers_are_several_payments(known: Desk) -> None:
    content = "member,paid_at,amount\nA,2026-01-05,5\nA,2026-01-05,5\nB,2026-01-05,5\n"
    outcome = known.take_in("payments", content)
    assert (outcome.figures.stored, outcome.figures.warnings) == (3, 1)
    assert known.take_in("payments", content).figures.unchanged == 3
    more = known.take_in("payments", content + "A,2026-01-05,5\n")
    assert (more.figures.stored, known.count(Payment)) == (1, 4)


def test_a_number_that_stands_with_another_amount_is_not_changed(known: Desk) -> None:
    known.take_in("payments", "external_id,member,paid_at,amount\nR1,A,2026-01-05,5\n")
    outcome = known.take_in("payments", "external_id,member,paid_at,amount\nR1,B,2026-01-05,5\n")
    # What the file said under this number before is what counts: nothing is paid twice.
    assert outcome.figures.stored == 0
    assert known.count(Payment) == 1


def test_a_payment_the_club_took_back_does_not_return(known: Desk) -> None:
    content = "external_id,member,paid_at,amount\nR1,A,2026-01-05,5\n"
    known.take_in("payments", content)
    ((payment_id,),) = known.rows(select(Payment.id))
    with transaction() as session:
        reverse_payment(session, payment_id, reason="wrong person", by=OPERATOR, now=NOW)
    assert known.take_in("payments", content).figures.unchanged == 1
    assert known.count(Payment) == 2


def test_rows_whose_status_says_no_money_came_are_rejected(known: Desk) -> None:
    content = (
        "Date,Client Name,Email,Amount,Payment Method,Description,Status\n"
        "05/01/2026,Ana,a@example.com,30,Direct Debit,January,Paid\n"
        "05/02/2026,Ana,a@example.com,30,Direct Debit,February,Failed\n"
        "13/02/2026,Ana,a@example.com,30,Direct Debit,February,Refunded\n"
    )
    outcome = known.take_in("payments", content)
    assert (outcome.figures.stored, outcome.figures.rejected) == (2, 1)
    amounts = known.rows(select(Payment.amount_minor, Payment.method).order_by(Payment.paid_at))
    assert amounts == [(3000, PaymentMethod.DIRECT_DEBIT), (-3000, PaymentMethod.DIRECT_DEBIT)]


def test_debts_are_open_invoices(known: Desk) -> None:
    content = (
        "member,due_on,amount,currency,for\nA,2026-02-01,40,EUR,Locker\nB,,12.5,,\nB,2026-02-01,0,EUR,\n"
        "B,2026-02-01,-3,EUR,\nA,2026-02-01,x,EUR,\n"
    )
    outcome = known.take_in("debts", content)
    figures = outcome.figures
    assert (figures.stored, figures.unchanged, figures.rejected) == (2, 1, 2)
    invoices = known.rows(
        select(Invoice.total_minor, Invoice.due_on, Invoice.purpose, Invoice.state).order_by(
            Invoice.id
        )
    )
    assert invoices == [
        (4000, date(2026, 2, 1), "Locker", InvoiceState.ISSUED),
        (1250, AS_OF, "", InvoiceState.ISSUED),
    ]
    again = known.take_in("debts", content)
    assert (again.figures.stored, again.figures.unchanged) == (0, 3)


def test_a_debt_whose_amount_changed_takes_the_place_of_the_old_one(known: Desk) -> None:
    content = "member,due_on,amount,for\nA,2026-02-01,40,Locker\n"
    known.take_in("debts", content)
    outcome = known.take_in("debts", content.replace("40", "25"))
    assert outcome.figures.stored == 1
    states = known.rows(select(Invoice.total_minor, Invoice.state).order_by(Invoice.id))
    assert states == [(4000, InvoiceState.VOID), (2500, InvoiceState.ISSUED)]
    ((person_id,),) = known.rows(select(Person.id).where(Person.external_id == "A"))
    with transaction() as session:
        take_payment(
            session, person_id, Money(500, "EUR"), method=PaymentMethod.CASH, by=OPERATOR, now=NOW
        )
    later = known.take_in("debts", content.replace("40", "20"))
    assert later.figures.rejected == 1


def test_midnight_is_no_time_for_a_payment(known: Desk) -> None:
    known.take_in("payments", "member,paid_at,amount\nA,2026-01-05,5\n")
    assert known.rows(select(Payment.paid_at)) == [(datetime(2026, 1, 5, 12, tzinfo=UTC),)]


def test_a_receipt_told_twice_alike_is_one(known: Desk) -> None:
    content = "external_id,member,paid_at,amount\nR1,A,2026-01-05,50\nR1,A,2026-01-05,50\n"
    for stored in (1, 0):
        figures = known.take_in("payments", content).figures
        assert (figures.stored, figures.unchanged, figures.rejected) == (stored, 2 - stored, 0)
    assert "same as line 2" in _said(known)[3]


def test_a_receipt_that_says_otherwise_later_is_a_mistake(known: Desk) -> None:
    content = "external_id,member,paid_at,amount\nR1,A,2026-01-05,50\nR2,B,2026-01-05,50\n"
    known.take_in("payments", content)
    changed = content.replace("05,50\nR2", "05,60\nR2")
    figures = known.take_in("payments", changed).figures
    assert (figures.stored, figures.unchanged, figures.rejected) == (0, 1, 1)
    assert known.rows(select(Payment.amount_minor)) == [(5000,), (5000,)]
