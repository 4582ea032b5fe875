"""Who owes what is past its day hears of the contract only, until it is settled."""

from collections.abc import Callable
from datetime import timedelta
from typing import Any

import pytest
from flask import Flask
from sqlalchemy import select

from clubcrm.billing.jobs import block_debtors
from clubcrm.billing.operations import (
    DebtValues,
    record_debts,
    reverse_payment,
    take_payment,
    void_invoice,
    write_off_invoice,
)
from clubcrm.billing.operations import (
    blocks as block_rows,
)
from clubcrm.billing.states import PaymentMethod
from clubcrm.core.actor import OPERATOR
from clubcrm.core.invariants import Examined
from clubcrm.core.money import Money
from clubcrm.core.transactions import reading, transaction
from clubcrm.members.operations import PersonValues, add_people
from clubcrm.messaging.models import ContactBlock
from clubcrm.messaging.queries import gate_facts
from clubcrm.messaging.states import BlockKind
from clubcrm.wiring import INVARIANTS
from tests.conftest import NOW

ME: dict[str, Any] = {"by": OPERATOR, "now": NOW}
DUE = NOW.date()
LATER: dict[str, Any] = {"by": OPERATOR, "now": NOW + timedelta(days=1)}


@pytest.fixture
def debtor(in_app: Flask, a_club: int) -> int:
    with transaction() as session:
        values = PersonValues(full_name="Ana Pereira")
        (person_id,) = add_people(session, [values], club_id=a_club, **ME)
    return person_id


@pytest.fixture
def invoice(debtor: int, a_club: int) -> int:
    """Ten euros, to be paid today."""
    with transaction() as session:
        debt = DebtValues(person_id=debtor, amount=Money(1000, "EUR"), due_on=DUE)
        (invoice_id,) = record_debts(session, [debt], club_id=a_club, **ME)
    return invoice_id


def broken(club_id: int) -> list[str]:
    """What the doctor says of blocks ten days later."""
    (invariant,) = (one for one in INVARIANTS if one.code == "billing.blocks")
    with reading() as session:
        return list(invariant.find(session, Examined([club_id], NOW + timedelta(days=10))))


def look(club_id: int, days: int) -> int:
    return block_debtors(club_id, lambda: NOW + timedelta(days=days))


def blocks(club_id: int, person_id: int) -> frozenset[BlockKind]:
    with reading() as session:
        return gate_facts(session, club_id, [person_id])[person_id].blocks


def test_the_day_itself_is_in_time(a_club: int, debtor: int, invoice: int) -> None:
    assert [look(a_club, 0), look(a_club, 1), look(a_club, 1)] == [0, 1, 0]
    assert blocks(a_club, debtor) == {BlockKind.DEBT}
    with reading() as session:
        (row,) = session.scalars(select(ContactBlock))
        assert (row.source, row.since_on) == (f"invoice:{invoice}", DUE)


def _pay(session: Any, invoice_id: int, debtor: int) -> None:
    amount = Money(1000, "EUR")
    take_payment(session, debtor, amount, method=PaymentMethod.CASH, **LATER)


def _pay_a_part(session: Any, invoice_id: int, debtor: int) -> None:
    amount = Money(400, "EUR")
    take_payment(session, debtor, amount, method=PaymentMethod.CASH, **LATER)


def _void(session: Any, invoice_id: int, debtor: int) -> None:
    void_invoice(session, invoice_id, reason="a mistake", **LATER)


def _write_off(session: Any, invoice_id: int, debtor: int) -> None:
    write_off_invoice(session, invoice_id, reason="given up", **LATER)


@pytest.mark.parametrize(
    ("settle", "is_lifted"), [(_pay, True), (_pay_a_part, False), (_void, True), (_write_off, True)]
)
def test_what_is_settled_blocks_nobody(
    a_club: int, debtor: int, invoice: int, settle: Callable[..., None], is_lifted: bool
) -> None:
    look(a_club, 1)
    with transaction() as session:
        settle(session, invoice, debtor)
    assert blocks(a_club, debtor) == (frozenset() if is_lifted else {BlockKind.DEBT})
    assert look(a_club, 2) == 0


def test_what_is_owed_again_blocks_again(a_club: int, debtor: int, invoice: int) -> None:
    look(a_club, 1)
    with transaction() as session:
        paid = take_payment(session, debtor, Money(1000, "EUR"), method=PaymentMethod.CASH, **LATER)
    assert not blocks(a_club, debtor)
    with transaction() as session:
        reverse_payment(session, paid, reason="came back", **LATER)
    assert blocks(a_club, debtor) == {BlockKind.DEBT}
    with reading() as session:
        assert len(session.scalars(select(ContactBlock)).all()) == 1


def test_however_many_there_are_one_look_finds_them(
    a_club: int, debtor: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    debt = DebtValues(person_id=debtor, amount=Money(1000, "EUR"), due_on=DUE - timedelta(days=9))
    with transaction() as session:
        record_debts(session, [debt] * 5, club_id=a_club, **ME)
    monkeypatch.setattr(block_rows, "_LATE", block_rows._LATE.limit(2))
    assert look(a_club, 0) == 5
    assert broken(a_club) == []


def test_the_doctor_names_debts_that_block_nobody_and_blocks_for_nothing(
    a_club: int, debtor: int, invoice: int
) -> None:
    assert broken(a_club) == [f"invoice {invoice} (overdue, and blocks nobody)"]
    look(a_club, 1)
    assert broken(a_club) == []
    with transaction() as session:
        _pay(session, invoice, debtor)
        (block,) = session.scalars(select(ContactBlock))
        block.lifted_at = None
    assert broken(a_club) == [f"contact block {block.id} (for nothing overdue)"]
