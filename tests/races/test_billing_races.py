"""Two cashiers at once: invoice numbers, one invoice paid twice, one payment taken back twice."""

import threading
from collections.abc import Iterator
from functools import partial
from typing import Any

import pytest
from flask import Flask
from sqlalchemy import func, select, text
from sqlalchemy.exc import IntegrityError, OperationalError
from sqlalchemy.orm import Session

from clubcrm.billing import jobs
from clubcrm.billing.errors import AlreadyReversed, InvoiceNotOpen, MoreThanOwed, PaidMeanwhile
from clubcrm.billing.models import Invoice
from clubcrm.billing.operations import (
    DebtValues,
    blocks,
    invoices,
    payments,
    record_debts,
    reverse_payment,
    sell_membership,
    take_payment,
)
from clubcrm.billing.queries import get_invoice, on_account_of, owed_by
from clubcrm.billing.states import PaymentMethod
from clubcrm.core.actor import OPERATOR
from clubcrm.core.db import db
from clubcrm.core.money import Money
from clubcrm.core.sql import insert_many
from clubcrm.core.transactions import reading, transaction
from clubcrm.members.operations import locks
from clubcrm.messaging.queries import gate_facts
from tests.conftest import NOW, Database
from tests.integration.members.desk import TODAY, a_person, a_plan, later
from tests.races.together import (
    LONG,
    SHORT,
    Meeting,
    at_once,
    nobody_listens,
    refusals,
    write_without_order,
)

ME: dict[str, Any] = {"by": OPERATOR, "now": NOW}
CASH = PaymentMethod.CASH


def eur(minor: int) -> Money:
    return Money(minor, "EUR")


@pytest.fixture
def a_debtor(app: Flask, a_club: int) -> tuple[int, int]:
    """Somebody who owes one euro: person and invoice."""
    with app.app_context(), transaction() as session:
        person = a_person(session, a_club)
        debt = DebtValues(person_id=person, amount=eur(100), due_on=TODAY)
        (invoice,) = record_debts(session, [debt], club_id=a_club, **ME)
        return person, invoice


# --- Invoice numbers --------------------------------------------------------------------------


@pytest.fixture
def six_people(app: Flask, a_club: int) -> list[int]:
    """People who have nothing to do with one another."""
    with app.app_context(), transaction() as session:
        return [a_person(session, a_club) for _ in range(6)]


def test_invoice_numbers_have_neither_gap_nor_twin(
    app: Flask, a_club: int, six_people: list[int]
) -> None:
    def issue_three(session: Session, person: int) -> None:
        debt = DebtValues(person_id=person, amount=eur(100), due_on=TODAY)
        record_debts(session, [debt] * 3, club_id=a_club, **ME)
        if person in six_people[:3]:
            raise ZeroDivisionError

    outcomes = at_once(app, [partial(issue_three, person=person) for person in six_people])
    assert refusals(outcomes) == [ZeroDivisionError] * 3
    with app.app_context(), reading() as session:
        numbers = list(session.scalars(select(Invoice.number).order_by(Invoice.number)))
    assert numbers == list(range(1, 10))


def test_control_numbers_read_first_are_given_twice(
    app: Flask,
    a_club: int,
    six_people: list[int],
    database: Database,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    def issue(session: Session, person: int) -> None:
        debt = DebtValues(person_id=person, amount=eur(100), due_on=TODAY)
        record_debts(session, [debt], club_id=a_club, **ME)

    def highest_and_one(session: Session, _club_id: int, count: int) -> list[int]:
        last = session.scalar(select(func.max(Invoice.number))) or 0
        meeting.wait()
        return [last + 1 + n for n in range(count)]

    meeting = Meeting(2, LONG)
    monkeypatch.setattr(invoices, "take_invoice_numbers", highest_and_one)
    write_without_order(monkeypatch)
    outcomes = at_once(app, [partial(issue, person=person) for person in six_people[:2]])
    assert meeting.all_met
    expected = OperationalError if database.kind == "sqlite" else IntegrityError
    assert refusals(outcomes) == [expected]


# --- One invoice paid at two desks ------------------------------------------------------------


def _pay_twice(app: Flask, person: int, invoice: int) -> list[Any]:
    def pay(session: Session) -> int:
        return take_payment(session, person, eur(70), method=CASH, invoice_id=invoice, **ME)

    return at_once(app, [pay, pay])


def test_an_invoice_is_not_paid_twice(
    app: Flask, a_debtor: tuple[int, int], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(payments, "insert_many", Meeting(2, SHORT).before(insert_many))
    assert refusals(_pay_twice(app, *a_debtor)) == [MoreThanOwed]
    with app.app_context(), reading() as session:
        assert get_invoice(session, a_debtor[1]).paid_minor == 70


def test_without_the_lock_the_database_still_refuses(
    app: Flask, a_debtor: tuple[int, int], database: Database, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(invoices, "locked", lambda _session, query: query)
    monkeypatch.setattr(locks, "held", lambda query: query)
    write_without_order(monkeypatch)
    meeting = Meeting(2, LONG)
    monkeypatch.setattr(payments, "insert_many", meeting.before(insert_many))
    outcomes = _pay_twice(app, *a_debtor)
    assert meeting.all_met
    assert refusals(outcomes) == [OperationalError if database.kind == "sqlite" else PaidMeanwhile]


@pytest.fixture
def no_limit(app: Flask, database: Database) -> Iterator[None]:
    """PostgreSQL without its rule that no invoice is paid beyond its total."""
    rule = "ck_invoice_paid_within_total"
    if database.kind == "sqlite":
        yield
        return
    with app.app_context(), db.engine.begin() as connection:
        connection.execute(text(f"ALTER TABLE invoice DROP CONSTRAINT {rule}"))
    yield
    with app.app_context(), db.engine.begin() as connection:
        connection.execute(text("UPDATE invoice SET paid_minor = 0"))
        check = "CHECK (paid_minor BETWEEN 0 AND total_minor)"
        connection.execute(text(f"ALTER TABLE invoice ADD CONSTRAINT {rule} {check}"))


def test_control_an_invoice_is_paid_twice_without_lock_and_rule(
    app: Flask,
    a_debtor: tuple[int, int],
    no_limit: None,
    database: Database,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(invoices, "locked", lambda _session, query: query)
    monkeypatch.setattr(locks, "held", lambda query: query)
    nobody_listens(monkeypatch)
    write_without_order(monkeypatch)
    meeting = Meeting(2, LONG)
    monkeypatch.setattr(payments, "insert_many", meeting.before(insert_many))
    outcomes = _pay_twice(app, *a_debtor)
    assert meeting.all_met
    if database.kind == "sqlite":
        assert refusals(outcomes) == [OperationalError]
        return
    assert refusals(outcomes) == []
    with app.app_context(), reading() as session:
        assert get_invoice(session, a_debtor[1]).paid_minor == 140


def test_an_invoice_paid_in_full_is_closed_to_the_other(
    app: Flask, a_debtor: tuple[int, int]
) -> None:
    person, invoice = a_debtor

    def pay_all(session: Session) -> int:
        return take_payment(session, person, eur(100), method=CASH, invoice_id=invoice, **ME)

    outcomes = at_once(app, [pay_all] * 4)
    assert refusals(outcomes) == [InvoiceNotOpen] * 3


# --- One payment taken back by two ------------------------------------------------------------


def test_a_payment_is_taken_back_once(app: Flask, a_debtor: tuple[int, int]) -> None:
    person, invoice = a_debtor
    with app.app_context(), transaction() as session:
        payment = take_payment(session, person, eur(100), method=CASH, **ME)
    outcomes = at_once(app, [lambda s: reverse_payment(s, payment, reason="", **ME)] * 3)
    assert refusals(outcomes) == [AlreadyReversed] * 2
    with app.app_context(), reading() as session:
        assert get_invoice(session, invoice).paid_minor == 0
        assert owed_by(session, [person])[person].minor == 100


# --- Money on account used by two sales -------------------------------------------------------


def test_money_on_account_is_used_once(app: Flask, a_club: int) -> None:
    with app.app_context(), transaction() as session:
        person = a_person(session, a_club)
        plan = a_plan(session, a_club, price=eur(100))
        take_payment(session, person, eur(150), method=CASH, **ME)

    def buy(session: Session) -> Any:
        return sell_membership(session, person, plan, starts_on=TODAY, **ME)

    outcomes = at_once(app, [buy] * 3)
    assert refusals(outcomes) == [], outcomes
    with app.app_context(), reading() as session:
        assert owed_by(session, [person])[person].minor == 150
        assert on_account_of(session, person) == []


# --- A debt is paid while its day passes ------------------------------------------------------


def _pay_while_its_day_passes(
    app: Flask, club: int, person: int, patience: float, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Pay once the work that comes round has read what is overdue, and let it wait for that a while."""
    write = blocks._block_for

    def pay() -> None:
        with app.app_context(), transaction() as session:
            take_payment(session, person, eur(100), method=CASH, by=OPERATOR, now=later(1))

    cashier = threading.Thread(target=pay)

    def wait_and_write(session: Session, rows: Any) -> None:
        if rows and cashier.ident is None:
            cashier.start()
            cashier.join(patience)
        write(session, rows)

    monkeypatch.setattr(blocks, "_block_for", wait_and_write)
    try:
        with app.app_context():
            jobs.block_debtors(club, lambda: later(1))
    finally:
        cashier.join()


def _is_blocked(app: Flask, club: int, person: int) -> bool:
    with app.app_context(), reading() as session:
        return bool(gate_facts(session, club, [person])[person].blocks)


def test_nobody_stays_blocked_for_what_is_paid(
    app: Flask, a_club: int, a_debtor: tuple[int, int], monkeypatch: pytest.MonkeyPatch
) -> None:
    _pay_while_its_day_passes(app, a_club, a_debtor[0], SHORT, monkeypatch)
    assert not _is_blocked(app, a_club, a_debtor[0])


def test_control_without_the_lock_somebody_stays_blocked(
    app: Flask,
    a_club: int,
    a_debtor: tuple[int, int],
    database: Database,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(blocks, "locked", lambda _session, query: query)
    write_without_order(monkeypatch)
    if database.kind == "sqlite":
        with pytest.raises(OperationalError):
            _pay_while_its_day_passes(app, a_club, a_debtor[0], LONG, monkeypatch)
        return
    _pay_while_its_day_passes(app, a_club, a_debtor[0], LONG, monkeypatch)
    assert _is_blocked(app, a_club, a_debtor[0])
