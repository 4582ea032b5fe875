"""Selling terms: the term, its invoice and the money stand or fall together."""

from datetime import date
from typing import Any

import pytest
from flask import Flask
from sqlalchemy import func, select

from clubcrm.billing.errors import MoreThanOwed, NoAmount, PaymentStands
from clubcrm.billing.events import CreditUsed, InvoiceIssued, InvoiceVoided, PaymentTaken
from clubcrm.billing.models import Invoice, Payment
from clubcrm.billing.operations import (
    renew,
    reverse_payment,
    sell_membership,
    take_back_sale,
    take_payment,
    upgrade,
)
from clubcrm.billing.queries import (
    first_paid_at,
    get_invoice,
    get_payment,
    invoices_of,
    on_account_of,
    owed_by,
)
from clubcrm.billing.states import InvoiceState, PaymentMethod
from clubcrm.core.actor import OPERATOR
from clubcrm.core.errors import CurrencyMismatch
from clubcrm.core.money import Money
from clubcrm.core.transactions import transaction
from clubcrm.members.errors import HasSuccessor, PlanHasNoLength, UnknownPerson
from clubcrm.members.models import Membership
from clubcrm.members.operations import TermValues, start_memberships, void_membership
from clubcrm.members.queries import get_term, memberships_of
from clubcrm.members.states import Link, PlanKind
from tests.conftest import NOW
from tests.integration.members.desk import TODAY, a_person, a_plan, happened, on

ME: dict[str, Any] = {"by": OPERATOR, "now": NOW}


def eur(minor: int) -> Money:
    return Money(minor, "EUR")


def test_a_sale_with_payment_leaves_nothing_owed(in_app: Flask, a_club: int) -> None:
    with transaction() as session:
        person = a_person(session, a_club)
        plan = a_plan(session, a_club, "Monthly", price=eur(4000))
        sale = sell_membership(
            session, person, plan, starts_on=TODAY, paid=eur(4000), method=PaymentMethod.CARD, **ME
        )
        assert sale.invoice_id is not None
        assert sale.payment_id is not None
        invoice = get_invoice(session, sale.invoice_id)
        payment = get_payment(session, sale.payment_id)
        assert get_term(session, sale.membership_id).price == eur(4000)
        assert owed_by(session, [person]) == {}
        assert first_paid_at(session, [sale.membership_id]) == {sale.membership_id: NOW}
        events = [e.name for e in happened(session, InvoiceIssued, PaymentTaken)]
    assert (invoice.number, invoice.state, invoice.purpose) == (1, InvoiceState.PAID, "Monthly")
    assert (invoice.membership_id, invoice.due_on) == (sale.membership_id, TODAY)
    assert (payment.invoice_id, payment.membership_id) == (sale.invoice_id, sale.membership_id)
    assert (payment.amount, payment.method) == (eur(4000), PaymentMethod.CARD)
    assert events == ["InvoiceIssued", "PaymentTaken"]


def test_what_is_not_paid_is_owed(in_app: Flask, a_club: int) -> None:
    with transaction() as session:
        person = a_person(session, a_club)
        plan = a_plan(session, a_club)
        sale = sell_membership(
            session,
            person,
            plan,
            starts_on=TODAY,
            price=eur(3500),
            paid=eur(1000),
            due_on=on(10),
            **ME,
        )
        owed = owed_by(session, [person, 99])[person]
        assert (owed.amount, owed.oldest_due_on) == (eur(2500), on(10))
        assert get_invoice(session, sale.invoice_id or 0).open_amount == eur(2500)


def test_a_free_or_unpriced_term_makes_no_invoice(in_app: Flask, a_club: int) -> None:
    with transaction() as session:
        person = a_person(session, a_club)
        priced = a_plan(session, a_club, "Priced")
        unpriced = a_plan(session, a_club, "Unpriced", price=None)
        free = sell_membership(session, person, priced, starts_on=TODAY, price=eur(0), **ME)
        unknown = sell_membership(session, person, unpriced, starts_on=TODAY, **ME)
        assert (free.invoice_id, free.payment_id) == (None, None)
        assert (unknown.invoice_id, unknown.payment_id) == (None, None)
        assert get_term(session, free.membership_id).price == eur(0)
        assert get_term(session, unknown.membership_id).price is None
        assert invoices_of(session, person) == []


def test_a_sale_that_is_refused_leaves_nothing(in_app: Flask, a_club: int) -> None:
    with transaction() as session:
        person = a_person(session, a_club)
        plan = a_plan(session, a_club, price=eur(4000))
        free = a_plan(session, a_club, "Free", price=eur(0))
    refused: list[tuple[type[Exception], int, int, dict[str, Any]]] = [
        (MoreThanOwed, person, plan, {"paid": eur(4001)}),
        (MoreThanOwed, person, free, {"paid": eur(1)}),
        (NoAmount, person, plan, {"price": eur(-1)}),
        (NoAmount, person, plan, {"paid": eur(-1)}),
        (CurrencyMismatch, person, plan, {"paid": Money(100, "IRR")}),
        (UnknownPerson, 99, plan, {"paid": eur(100)}),
    ]
    for refusal, who, what, told in refused:
        with pytest.raises(refusal), transaction() as session:
            sell_membership(session, who, what, starts_on=TODAY, **told, **ME)
    with transaction() as session:
        for table in (Membership, Invoice, Payment):
            assert session.scalar(select(func.count()).select_from(table)) == 0
        sale = sell_membership(session, person, plan, starts_on=TODAY, **ME)
        assert get_invoice(session, sale.invoice_id or 0).number == 1, "no number was lost"


def test_a_renewal_and_an_upgrade_are_sold_alike(in_app: Flask, a_club: int) -> None:
    with transaction() as session:
        person = a_person(session, a_club)
        month = a_plan(session, a_club, "Month", price=eur(4000))
        year = a_plan(session, a_club, "Year", months=12, price=eur(30000))
        first = sell_membership(session, person, month, starts_on=on(-10), **ME)
        second = upgrade(session, first.membership_id, year, on=TODAY, paid=eur(100), **ME)
        third = renew(session, second.membership_id, price=eur(25000), paid=eur(25000), **ME)
        assert get_term(session, second.membership_id).link == Link.UPGRADE
        assert get_term(session, third.membership_id).previous_id == second.membership_id
        numbers = [invoice.number for invoice in invoices_of(session, person)]
        assert numbers == [3, 2, 1]
        assert owed_by(session, [person])[person].amount == eur(4000 + 29900)


def test_a_sale_is_taken_back_with_its_money(in_app: Flask, a_club: int) -> None:
    with transaction() as session:
        person = a_person(session, a_club)
        plan = a_plan(session, a_club, price=eur(4000))
        sale = sell_membership(session, person, plan, starts_on=TODAY, paid=eur(1500), **ME)
        take_payment(session, person, eur(500), method=PaymentMethod.CASH, **ME)
        take_back_sale(session, sale.membership_id, reason="typed twice", **ME)
        assert memberships_of(session, person) == []
        assert owed_by(session, [person]) == {}
        assert on_account_of(session, person) == []
        assert first_paid_at(session, [sale.membership_id]) == {}
        invoice = get_invoice(session, sale.invoice_id or 0)
        assert (invoice.state, invoice.paid_minor) == (InvoiceState.VOID, 0)
        assert len(happened(session, InvoiceVoided)) == 1
        assert session.scalar(select(func.sum(Payment.amount_minor))) == 0


def test_a_paid_term_is_not_voided_alone(in_app: Flask, a_club: int) -> None:
    with transaction() as session:
        person = a_person(session, a_club)
        plan = a_plan(session, a_club, price=eur(4000))
        sale = sell_membership(session, person, plan, starts_on=TODAY, paid=eur(4000), **ME)
    with pytest.raises(PaymentStands), transaction() as session:
        void_membership(session, sale.membership_id, reason="", **ME)
    with transaction() as session:
        assert len(memberships_of(session, person)) == 1
        reverse_payment(session, sale.payment_id or 0, reason="", **ME)
        void_membership(session, sale.membership_id, reason="", **ME)
        assert owed_by(session, [person]) == {}


def test_a_refused_taking_back_keeps_the_money(in_app: Flask, a_club: int) -> None:
    with transaction() as session:
        person = a_person(session, a_club)
        plan = a_plan(session, a_club, price=eur(4000))
        sale = sell_membership(session, person, plan, starts_on=TODAY, paid=eur(4000), **ME)
        renew(session, sale.membership_id, **ME)
    with pytest.raises(HasSuccessor), transaction() as session:
        take_back_sale(session, sale.membership_id, reason="", **ME)
    with transaction() as session:
        assert get_payment(session, sale.payment_id or 0).stands


def test_money_on_account_pays_the_next_sale(in_app: Flask, a_club: int) -> None:
    with transaction() as session:
        person = a_person(session, a_club)
        plan = a_plan(session, a_club, price=eur(4000))
        take_payment(session, person, eur(3000), method=PaymentMethod.CASH, **ME)
        take_payment(session, person, eur(3000), method=PaymentMethod.CASH, **ME)
        assert on_account_of(session, person) == [eur(6000)]
        sale = sell_membership(session, person, plan, starts_on=TODAY, paid=eur(500), **ME)
        assert get_invoice(session, sale.invoice_id or 0).state == InvoiceState.PAID
        assert on_account_of(session, person) == [eur(2500)]
        (event,) = happened(session, CreditUsed)
        assert event.payload["amount_minor"] == 3500
        renewal = renew(session, sale.membership_id, **ME)
        assert get_invoice(session, renewal.invoice_id or 0).open_amount == eur(1500)
        assert on_account_of(session, person) == []


LENGTHS = [
    # terms the plan has, each from a day until a day (None = open), and the end of the next one
    ([("2025-01-01", "2026-01-01"), ("2025-03-05", "2026-03-05")], "2027-03-02"),
    ([("2025-01-01", "2025-04-01")] * 2 + [("2025-01-01", "2026-01-01")], "2026-06-02"),
    ([("2025-01-01", "2025-01-11")], "2026-03-12"),
    ([("2025-01-01", None)] * 2 + [("2025-01-01", "2025-01-11")], None),
]


@pytest.mark.parametrize(("terms", "until"), LENGTHS)
def test_a_plan_without_a_length_is_sold_as_it_mostly_ran(
    in_app: Flask, a_club: int, terms: list[tuple[str, str | None]], until: str | None
) -> None:
    with transaction() as session:
        plan = a_plan(session, a_club, is_imported=True)
        values = [
            TermValues(
                person_id=a_person(session, a_club),
                plan_id=plan,
                starts_on=date.fromisoformat(start),
                until_on=None if end is None else date.fromisoformat(end),
            )
            for start, end in terms
        ]
        start_memberships(session, values, club_id=a_club, imported=True, **ME)
        sale = sell_membership(session, a_person(session, a_club), plan, starts_on=TODAY, **ME)
        sold = get_term(session, sale.membership_id)
    assert sold.until_on == (None if until is None else date.fromisoformat(until))
    assert sold.kind == (PlanKind.ROLLING if until is None else PlanKind.TERM)


def test_a_plan_without_a_length_or_a_term_needs_the_last_day(in_app: Flask, a_club: int) -> None:
    with transaction() as session:
        person = a_person(session, a_club)
        plan = a_plan(session, a_club, is_imported=True)
        with pytest.raises(PlanHasNoLength):
            sell_membership(session, person, plan, starts_on=TODAY, **ME)
        sale = sell_membership(session, person, plan, starts_on=TODAY, ends_on=TODAY, **ME)
        assert get_term(session, sale.membership_id).ends_on == TODAY
