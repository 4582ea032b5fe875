"""Payments: spread over what is owed, taken back by rows of their own, brought along by imports."""

from datetime import UTC, datetime
from typing import Any

import pytest
from flask import Flask
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from sqlalchemy import func, select, text
from sqlalchemy.exc import DatabaseError
from sqlalchemy.orm import Session

from clubcrm.billing.errors import (
    AlreadyReversed,
    InvoiceNotOpen,
    MoreThanOwed,
    NoAmount,
    NotReversible,
    PaymentIdTaken,
    PaymentStands,
    UnknownInvoice,
    UnknownPayment,
)
from clubcrm.billing.events import InvoiceWrittenOff, PaymentReversed
from clubcrm.billing.models import Invoice, Payment, PaymentAllocation
from clubcrm.billing.operations import (
    DebtValues,
    PaymentValues,
    record_debts,
    record_payments,
    reverse_payment,
    reverse_payments,
    take_payment,
    void_invoice,
    void_invoices,
    write_off_invoice,
)
from clubcrm.billing.queries import (
    get_invoice,
    get_payment,
    invoices,
    invoices_of,
    on_account_of,
    owed_by,
    payments_of,
)
from clubcrm.billing.states import InvoiceState, PaymentMethod
from clubcrm.core.actor import OPERATOR
from clubcrm.core.errors import CurrencyMismatch
from clubcrm.core.money import Money
from clubcrm.core.transactions import transaction
from clubcrm.members.errors import UnknownPerson
from tests.conftest import NOW
from tests.integration.members.desk import a_person, happened, on

ME: dict[str, Any] = {"by": OPERATOR, "now": NOW}
CASH = PaymentMethod.CASH


def eur(minor: int) -> Money:
    return Money(minor, "EUR")


def debts(session: Session, club_id: int, person: int, *owed: tuple[int, int]) -> list[int]:
    """Debts of (cents, day due counted from today)."""
    rows = [
        DebtValues(person_id=person, amount=eur(minor), due_on=on(day), purpose="old debt")
        for minor, day in owed
    ]
    return record_debts(session, rows, club_id=club_id, **ME)


def test_the_oldest_debt_is_paid_first(in_app: Flask, a_club: int) -> None:
    with transaction() as session:
        person = a_person(session, a_club)
        newer, older, newest = debts(session, a_club, person, (100, 5), (200, -5), (300, 9))
        payment = take_payment(session, person, eur(250), method=CASH, **ME)
        states = [get_invoice(session, one) for one in (older, newer, newest)]
        assert [(row.state, row.paid_minor) for row in states] == [
            (InvoiceState.PAID, 200),
            (InvoiceState.ISSUED, 50),
            (InvoiceState.ISSUED, 0),
        ]
        owed = owed_by(session, [person])[person]
        assert (owed.amount, owed.oldest_due_on) == (eur(350), on(5))
        assert get_payment(session, payment).invoice_id is None, "it was given for two"


def test_a_payment_for_one_invoice_pays_that_one(in_app: Flask, a_club: int) -> None:
    with transaction() as session:
        person = a_person(session, a_club)
        stranger = a_person(session, a_club)
        older, newer = debts(session, a_club, person, (100, -5), (200, 5))
        take_payment(session, person, eur(150), method=CASH, invoice_id=newer, **ME)
        assert get_invoice(session, older).paid_minor == 0
        pay: dict[str, Any] = {"method": CASH, "invoice_id": newer, **ME}
        with pytest.raises(MoreThanOwed):
            take_payment(session, person, eur(51), **pay)
        with pytest.raises(CurrencyMismatch):
            take_payment(session, person, Money(5, "IRR"), **pay)
        with pytest.raises(UnknownInvoice):
            take_payment(session, stranger, eur(10), **pay)
        with pytest.raises(NoAmount):
            take_payment(session, person, eur(0), **pay)
        with pytest.raises(UnknownInvoice):
            take_payment(session, person, eur(10), method=CASH, invoice_id=99, **ME)
        with pytest.raises(UnknownPerson):
            take_payment(session, 99, eur(10), method=CASH, **ME)
        take_payment(session, person, eur(50), **pay)
        with pytest.raises(InvoiceNotOpen):
            take_payment(session, person, eur(1), **pay)


def test_what_is_left_over_stays_on_account(in_app: Flask, a_club: int) -> None:
    with transaction() as session:
        person = a_person(session, a_club)
        debts(session, a_club, person, (100, 0))
        take_payment(session, person, eur(130), method=CASH, **ME)
        assert owed_by(session, [person]) == {}
        assert on_account_of(session, person) == [eur(30)]


def test_money_in_another_currency_pays_no_debt(in_app: Flask, a_club: int) -> None:
    with transaction() as session:
        person = a_person(session, a_club)
        debts(session, a_club, person, (100, 0))
        take_payment(session, person, Money(500000, "IRR"), method=CASH, **ME)
        assert owed_by(session, [person])[person].amount == eur(100)
        assert on_account_of(session, person) == [Money(500000, "IRR")]


def test_taking_a_payment_back_opens_what_it_paid(in_app: Flask, a_club: int) -> None:
    with transaction() as session:
        person = a_person(session, a_club)
        one, other = debts(session, a_club, person, (100, -5), (200, 5))
        payment = take_payment(session, person, eur(350), method=CASH, **ME)
        reversal = reverse_payment(session, payment, reason="bounced", **ME)
        for invoice in (one, other):
            row = get_invoice(session, invoice)
            assert (row.state, row.paid_minor) == (InvoiceState.ISSUED, 0)
        assert owed_by(session, [person])[person].amount == eur(300)
        assert on_account_of(session, person) == []
        back, taken = payments_of(session, person)
        assert (back.amount, back.reverses_id, back.reason) == (eur(-350), payment, "bounced")
        assert (taken.id, taken.amount, taken.reversed_by) == (payment, eur(350), reversal)
        assert not taken.stands
        assert not back.stands
        (event,) = happened(session, PaymentReversed)
        assert (event.payload["payment_id"], event.payload["reverses_id"]) == (reversal, payment)
        with pytest.raises(AlreadyReversed):
            reverse_payment(session, payment, reason="", **ME)
        with pytest.raises(NotReversible):
            reverse_payment(session, reversal, reason="", **ME)
        with pytest.raises(UnknownPayment):
            reverse_payment(session, 99, reason="", **ME)


def test_a_payment_is_never_changed(in_app: Flask, a_club: int) -> None:
    with transaction() as session:
        person = a_person(session, a_club)
        take_payment(session, person, eur(350), method=CASH, **ME)
    for statement in ("UPDATE payment SET amount_minor = 1", "DELETE FROM payment"):
        with pytest.raises(DatabaseError, match="never changed"), transaction() as session:
            session.execute(text(statement))


def test_numbers_have_no_gap(in_app: Flask, a_club: int) -> None:
    with transaction() as session:
        person = a_person(session, a_club)
        debts(session, a_club, person, (100, 0), (200, 0))
    with pytest.raises(ZeroDivisionError), transaction() as session:
        debts(session, a_club, person, (300, 0))
        raise ZeroDivisionError
    with pytest.raises(NoAmount), transaction() as session:
        debts(session, a_club, person, (300, 0), (0, 0))
    with transaction() as session:
        (third,) = debts(session, a_club, person, (300, 0))
        assert get_invoice(session, third).number == 3


def test_an_invoice_is_voided_while_no_money_stands(in_app: Flask, a_club: int) -> None:
    with transaction() as session:
        person = a_person(session, a_club)
        one, other = debts(session, a_club, person, (100, 0), (200, 0))
        take_payment(session, person, eur(50), method=CASH, invoice_id=one, **ME)
        with pytest.raises(PaymentStands):
            void_invoices(session, [other, one], reason="", **ME)
        void_invoice(session, other, reason="wrong person", **ME)
        row = get_invoice(session, other)
        assert (row.state, row.note, row.open_amount) == (
            InvoiceState.VOID,
            "wrong person",
            eur(0),
        )
        with pytest.raises(InvoiceNotOpen):
            void_invoice(session, other, reason="", **ME)
        with pytest.raises(UnknownInvoice):
            void_invoice(session, 99, reason="", **ME)
        assert owed_by(session, [person])[person].amount == eur(50)


def test_what_is_given_up_is_owed_no_longer(in_app: Flask, a_club: int) -> None:
    with transaction() as session:
        person = a_person(session, a_club)
        (one,) = debts(session, a_club, person, (100, 0))
        payment = take_payment(session, person, eur(30), method=CASH, **ME)
        write_off_invoice(session, one, reason="moved away", **ME)
        assert owed_by(session, [person]) == {}
        (event,) = happened(session, InvoiceWrittenOff)
        assert event.payload["open_minor"] == 70
        # Money taken back later does not open it again.
        reverse_payment(session, payment, reason="", **ME)
        assert get_invoice(session, one).state == InvoiceState.WRITTEN_OFF
        with pytest.raises(InvoiceNotOpen):
            write_off_invoice(session, one, reason="", **ME)


def test_imported_payments_are_history(in_app: Flask, a_club: int) -> None:
    with transaction() as session:
        person = a_person(session, a_club)
        debts(session, a_club, person, (100, 0))
        at = datetime(2024, 5, 1, 12, tzinfo=UTC)
        rows = [
            PaymentValues(person_id=person, amount=eur(5000), paid_at=at, external_id="T-1"),
            PaymentValues(person_id=person, amount=eur(-500), paid_at=at, purpose="given back"),
        ]
        first, second = record_payments(session, rows, club_id=a_club, **ME)
        assert owed_by(session, [person])[person].amount == eur(100)
        assert on_account_of(session, person) == []
        assert get_payment(session, first).is_imported
        assert get_payment(session, second).amount == eur(-500)
        with pytest.raises(NoAmount):
            nothing = PaymentValues(person_id=person, amount=eur(0), paid_at=at)
            record_payments(session, [nothing], club_id=a_club, **ME)


def test_a_file_whose_import_was_undone_is_imported_again(in_app: Flask, a_club: int) -> None:
    with transaction() as session:
        person = a_person(session, a_club)
        row = PaymentValues(person_id=person, amount=eur(5000), paid_at=NOW, external_id="T-1")
        (first,) = record_payments(session, [row], club_id=a_club, **ME)
        with pytest.raises(PaymentIdTaken):
            record_payments(session, [row], club_id=a_club, **ME)
        reverse_payments(session, [first], reason="import undone", **ME)
        (second,) = record_payments(session, [row], club_id=a_club, **ME)
        with pytest.raises(PaymentIdTaken):
            record_payments(session, [row], club_id=a_club, **ME)
        reverse_payments(session, [second], reason="import undone", **ME)
        record_payments(session, [row], club_id=a_club, **ME)


def test_invoices_are_listed_page_by_page(in_app: Flask, a_club: int) -> None:
    with transaction() as session:
        person = a_person(session, a_club)
        ids = debts(session, a_club, person, (1, 0), (2, 0), (3, 0))
        take_payment(session, person, eur(1), method=CASH, invoice_id=ids[0], **ME)
        page = invoices(session, [a_club], limit=2)
        assert [row.id for row in page] == [ids[2], ids[1]]
        assert [row.id for row in invoices(session, [a_club], before_id=ids[1])] == [ids[0]]
        paid = invoices(session, [a_club], state=InvoiceState.PAID, person_id=person)
        assert [row.id for row in paid] == [ids[0]]
        assert invoices(session, [99]) == []


def test_what_many_owe_is_one_statement(in_app: Flask, a_club: int) -> None:
    with transaction() as session:
        people = [a_person(session, a_club) for _ in range(4)]
        for person in people[:3]:
            debts(session, a_club, person, (100, 0), (200, -1))
        owed = owed_by(session, people)
        assert {person: row.minor for person, row in owed.items()} == dict.fromkeys(people[:3], 300)
        assert owed_by(session, []) == {}


@settings(
    max_examples=25,
    deadline=None,
    suppress_health_check=[HealthCheck.function_scoped_fixture],
)
@given(
    st.lists(
        st.tuples(st.sampled_from(["debt", "pay", "one", "back", "void"]), st.integers(1, 90)),
        max_size=14,
    )
)
def test_the_books_agree_whatever_happens(
    in_app: Flask, a_club: int, moves: list[tuple[str, int]]
) -> None:
    """What is paid on invoices is what their allocations say, and no cent is lost between them."""
    with transaction() as session:
        person = a_person(session, a_club)
        for what, number in moves:
            _move(session, a_club, person, what, number)
            _check_books(session, person)


def _move(session: Session, club_id: int, person: int, what: str, number: int) -> None:
    open_ones = [row for row in invoices_of(session, person) if row.open_amount]
    standing = [row for row in payments_of(session, person) if row.stands]
    if what == "debt":
        debts(session, club_id, person, (number, number % 7))
    elif what == "pay":
        take_payment(session, person, eur(number), method=CASH, **ME)
    elif what == "one" and open_ones:
        invoice = open_ones[number % len(open_ones)]
        part = eur(min(number, invoice.open_amount.minor))
        take_payment(session, person, part, method=CASH, invoice_id=invoice.id, **ME)
    elif what == "back" and standing:
        reverse_payment(session, standing[number % len(standing)].id, reason="", **ME)
    elif what == "void" and open_ones:
        invoice = open_ones[number % len(open_ones)]
        if not invoice.paid_minor:
            void_invoice(session, invoice.id, reason="", **ME)


def _check_books(session: Session, person: int) -> None:
    spread = dict(
        session.execute(
            select(PaymentAllocation.invoice_id, func.sum(PaymentAllocation.amount_minor))
            .join(Invoice, Invoice.id == PaymentAllocation.invoice_id)
            .where(Invoice.person_id == person)
            .group_by(PaymentAllocation.invoice_id)
        ).all()
    )
    rows = invoices_of(session, person)
    for row in rows:
        assert row.paid_minor == spread.get(row.id, 0)
        assert 0 <= row.paid_minor <= row.total_minor
        if row.state in (InvoiceState.ISSUED, InvoiceState.PAID):
            assert (row.state == InvoiceState.PAID) == (row.paid_minor == row.total_minor)
    taken = session.scalar(
        select(func.coalesce(func.sum(Payment.amount_minor), 0)).where(Payment.person_id == person)
    )
    on_account = sum(money.minor for money in on_account_of(session, person))
    assert taken == sum(row.paid_minor for row in rows) + on_account
    owed = owed_by(session, [person]).get(person)
    assert (owed.minor if owed else 0) == sum(row.open_amount.minor for row in rows)
