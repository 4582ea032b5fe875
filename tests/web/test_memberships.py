"""Selling, renewing, freezing, cancelling and paying on the pages."""

from datetime import date, timedelta
from typing import Any

import pytest
from flask import Flask
from flask.testing import FlaskClient
from sqlalchemy import func, select

from clubcrm.accounts.operations import change_club, open_club
from clubcrm.accounts.states import Role
from clubcrm.billing.operations import sell_membership
from clubcrm.billing.queries import invoices_of, owed_by, payments_of
from clubcrm.billing.states import PaymentMethod
from clubcrm.core import clock
from clubcrm.core.actor import OPERATOR
from clubcrm.core.models import EventLog
from clubcrm.core.money import Money
from clubcrm.core.period import Period
from clubcrm.core.transactions import reading, transaction
from clubcrm.members.operations import (
    PersonValues,
    PlanValues,
    TermValues,
    add_person,
    add_plan,
    freeze_membership,
    start_memberships,
)
from clubcrm.members.queries import TermRow, memberships_of
from clubcrm.members.states import PlanKind
from tests.conftest import NOW, csrf_of, post

TODAY = date(2026, 3, 2)


@pytest.fixture
def desk(sign_in: Any) -> FlaskClient:
    return sign_in(Role.DESK)


@pytest.fixture
def manager(sign_in: Any) -> FlaskClient:
    return sign_in(Role.MANAGER)


@pytest.fixture
def member(app: Flask, a_club: int) -> int:
    """Somebody the club knows, without a membership."""
    with app.app_context(), transaction() as session:
        return add_person(
            session, PersonValues(full_name="Rui Tavares"), club_id=a_club, by=OPERATOR, now=NOW
        )


def sell(app: Flask, person_id: int, plan_id: int, starts_on: date, paid: int = 0) -> int:
    """Sell a term; returns its id."""
    with app.app_context(), transaction() as session:
        return sell_membership(
            session,
            person_id,
            plan_id,
            starts_on=starts_on,
            paid=Money(paid, "EUR") if paid else None,
            by=OPERATOR,
            now=NOW,
        ).membership_id


def terms(app: Flask, person_id: int) -> list[TermRow]:
    """The person's terms, newest first."""
    with app.app_context(), reading() as session:
        return memberships_of(session, person_id)


def rows(app: Flask) -> int:
    """How much was ever recorded."""
    with app.app_context(), reading() as session:
        return session.scalar(select(func.count(EventLog.id))) or 0


def owed(app: Flask, person_id: int) -> int:
    """What the person owes, in cents."""
    with app.app_context(), reading() as session:
        found = owed_by(session, [person_id]).get(person_id)
    return found.minor if found else 0


def quote(client: FlaskClient, path: str, data: dict[str, Any]) -> Any:
    """Ask what a task would do."""
    token = csrf_of(client.get(path).text)
    return client.post(
        f"{path}?quote=1", data={**data, "csrf_token": token}, headers={"HX-Request": "true"}
    )


# --- selling --------------------------------------------------------------------------------


def test_a_membership_is_sold_and_paid_on_one_form(
    app: Flask, desk: FlaskClient, member: int, plans: dict[str, int]
) -> None:
    data = {
        "plan": plans["Annual"],
        "starts_on": "2026-03-02",
        "pays": "all",
        "method": "card",
        "price": "",
    }
    answer = post(desk, f"/people/{member}/sell", data)
    assert (answer.status_code, answer.location) == (303, f"/people/{member}")
    (term,) = terms(app, member)
    assert (term.starts_on, term.ends_on) == (TODAY, date(2027, 3, 1))
    assert owed(app, member) == 0
    with app.app_context(), reading() as session:
        (payment,) = payments_of(session, member)
    assert (payment.amount_minor, payment.method) == (48000, PaymentMethod.CARD)
    assert "Sold: Annual, through" in desk.get(f"/people/{member}").text


@pytest.mark.parametrize(
    ("pays", "part", "left"), [("part", "100,50", 37950), ("nothing", "", 48000)]
)
def test_what_is_not_paid_is_owed(
    app: Flask,
    desk: FlaskClient,
    member: int,
    plans: dict[str, int],
    pays: str,
    part: str,
    left: int,
) -> None:
    data = {
        "plan": plans["Annual"],
        "starts_on": "2026-03-02",
        "pays": pays,
        "part": part,
        "method": "cash",
    }
    assert post(desk, f"/people/{member}/sell", data).status_code == 303
    assert owed(app, member) == left


def test_a_quote_says_what_would_happen_and_nothing_happens(
    app: Flask, desk: FlaskClient, member: int, plans: dict[str, int]
) -> None:
    before = rows(app)
    data = {
        "plan": plans["Annual"],
        "starts_on": "2026-03-02",
        "price": "400",
        "pays": "part",
        "part": "150",
        "method": "cash",
    }
    page = quote(desk, f"/people/{member}/sell", data).text
    for words in ("Mon, 1 Mar 2027", "365 days", "€400.00", "€150.00", "€250.00"):
        assert words in page, page
    assert terms(app, member) == []
    assert rows(app) == before


def test_a_quote_names_what_stands_in_the_way(
    app: Flask, desk: FlaskClient, member: int, plans: dict[str, int]
) -> None:
    base = {"plan": plans["Annual"], "starts_on": "2026-03-02", "method": "cash"}
    page = quote(desk, f"/people/{member}/sell", {**base, "pays": "part", "part": ""}).text
    assert "Enter how much is paid now." in page
    page = quote(desk, f"/people/{member}/sell", {**base, "pays": "part", "part": "999"}).text
    assert "Only" in page
    page = quote(desk, f"/people/{member}/sell", {**base, "pays": "all", "starts_on": ""}).text
    assert "Please fill this in." in page


@pytest.mark.parametrize(
    ("field", "value", "words"),
    [
        ("plan", "99999", "Please choose one of the list."),
        ("starts_on", "soon", "Please enter a day as year, month and day"),
        ("price", "much", "is not an amount of money"),
        ("price", "-5", "Please enter an amount that is not negative."),
        ("method", "gold", "Please choose one of the list."),
    ],
)
def test_a_sale_that_makes_no_sense_is_refused_at_its_field(
    app: Flask,
    desk: FlaskClient,
    member: int,
    plans: dict[str, int],
    field: str,
    value: str,
    words: str,
) -> None:
    data = {"plan": plans["Annual"], "starts_on": "2026-03-02", "pays": "all", "method": "cash"}
    answer = post(desk, f"/people/{member}/sell", {**data, field: value})
    assert answer.status_code == 422
    assert words in answer.text
    assert terms(app, member) == []


def test_without_plans_the_page_says_how_to_make_one(
    app: Flask, manager: FlaskClient, member: int
) -> None:
    page = manager.get(f"/people/{member}/sell").text
    assert "Nothing is on sale yet" in page
    assert "Put a plan on sale" in page


def test_amounts_are_typed_in_the_clubs_own_currency_and_way(app: Flask, sign_in: Any) -> None:
    with app.app_context(), transaction() as session:
        tehran = open_club(
            session,
            code="tehran",
            name="Tehran",
            timezone="Asia/Tehran",
            currency="IRR",
            language="fa",
            calendar="jalali",
            by=OPERATOR,
            now=NOW,
        )
        change_club(session, tehran, {"settings": {"shows_toman": True}}, by=OPERATOR, now=NOW)
        plan_id = add_plan(
            session,
            PlanValues(
                name="Salane", kind=PlanKind.TERM, months=12, price=Money(50_000_000, "IRR")
            ),
            club_id=tehran,
            by=OPERATOR,
            now=NOW,
        )
        person_id = add_person(
            session, PersonValues(full_name="Negar"), club_id=tehran, by=OPERATOR, now=NOW
        )
    desk = sign_in(Role.DESK, club_id=tehran)
    form = desk.get(f"/people/{person_id}/sell").text
    assert "5,000,000\u00a0toman" in form
    assert 'value="1404/12/11"' in form, "2 March in the club's calendar"
    data = {
        "plan": plan_id,
        "starts_on": "۱۴۰۴/۱۲/۱۱",
        "price": "۴٬۰۰۰٬۰۰۰",
        "pays": "part",
        "part": "1500000",
        "method": "cash",
    }
    assert post(desk, f"/people/{person_id}/sell", data).status_code == 303
    (term,) = terms(app, person_id)
    assert (term.starts_on, term.price_minor) == (TODAY, 40_000_000)
    assert owed(app, person_id) == 25_000_000
    page = desk.get(f"/people/{person_id}/pay").text
    assert 'value="2500000"' in page
    assert "toman" in page


# --- renewing and changing ------------------------------------------------------------------


def test_renewing_takes_one_press_and_is_queued(
    app: Flask, desk: FlaskClient, member: int, plans: dict[str, int]
) -> None:
    first = sell(app, member, plans["Monthly"], TODAY - timedelta(days=20), paid=4500)
    form = desk.get(f"/memberships/{first}/renew").text
    assert 'value="2026-03-10"' in form, "the day after the last one is filled in"
    data = {
        "plan": plans["Monthly"],
        "starts_on": "2026-03-10",
        "pays": "all",
        "method": "cash",
    }
    assert post(desk, f"/memberships/{first}/renew", data).status_code == 303
    newest, old = terms(app, member)
    assert newest.previous_id == old.id == first
    assert newest.starts_on == old.until_on
    page = desk.get(f"/people/{member}").text
    assert "renewed, next from" in page
    again = post(desk, f"/memberships/{first}/renew", data)
    assert again.status_code == 422
    assert "already renewed" in again.text


def test_who_came_with_a_list_renews_the_same_though_it_is_not_on_sale(
    app: Flask, desk: FlaskClient, member: int, a_club: int
) -> None:
    with app.app_context(), transaction() as session:
        plan_id = add_plan(
            session,
            PlanValues(name="Old annual", kind=PlanKind.TERM, is_imported=True, is_on_sale=False),
            club_id=a_club,
            by=OPERATOR,
            now=NOW,
        )
        values = TermValues(
            person_id=member,
            plan_id=plan_id,
            starts_on=date(2025, 3, 10),
            until_on=date(2026, 3, 10),
            price=Money(36000, "EUR"),
        )
        (first,) = start_memberships(
            session, [values], club_id=a_club, by=OPERATOR, now=NOW, imported=True
        )
    form = desk.get(f"/memberships/{first}/renew").text
    assert "Old annual" in form
    data = {"plan": plan_id, "starts_on": "2026-03-10", "pays": "all", "method": "cash"}
    assert post(desk, f"/memberships/{first}/renew", data).status_code == 303
    newest = terms(app, member)[0]
    assert (newest.previous_id, newest.until_on) == (first, date(2027, 3, 10))
    assert (newest.price, owed(app, member)) == (Money(36000, "EUR"), 0)


def test_a_renewal_cannot_begin_before_the_end(
    app: Flask, desk: FlaskClient, member: int, plans: dict[str, int]
) -> None:
    first = sell(app, member, plans["Monthly"], TODAY, paid=4500)
    data = {"plan": plans["Monthly"], "starts_on": "2026-03-05", "pays": "all", "method": "cash"}
    answer = post(desk, f"/memberships/{first}/renew", data)
    assert answer.status_code == 422
    assert "at the earliest" in answer.text


def test_the_plan_is_changed_within_the_cycle(
    app: Flask, desk: FlaskClient, member: int, plans: dict[str, int]
) -> None:
    first = sell(app, member, plans["Monthly"], TODAY - timedelta(days=10), paid=4500)
    data = {"plan": plans["Annual"], "starts_on": "2026-03-02", "pays": "nothing", "method": "cash"}
    page = quote(desk, f"/memberships/{first}/upgrade", data).text
    assert "2027" in page
    assert post(desk, f"/memberships/{first}/upgrade", data).status_code == 303
    newest, old = terms(app, member)
    assert newest.plan_name == "Annual"
    assert old.until_on == TODAY
    assert "change of plan" in desk.get(f"/people/{member}").text


# --- pauses and notice ----------------------------------------------------------------------


def test_a_freeze_moves_the_end_and_the_quote_said_so(
    app: Flask, desk: FlaskClient, member: int, plans: dict[str, int]
) -> None:
    term_id = sell(app, member, plans["Annual"], TODAY, paid=48000)
    data = {"from_on": "2026-04-01", "through": "2026-04-10", "reason": "holiday"}
    page = quote(desk, f"/memberships/{term_id}/freeze", data).text
    assert "10 days" in page
    assert "Sat 11 Apr" in page or "Fri 10 Apr" not in page, "the first day back"
    assert "Thu, 11 Mar 2027" in page, "the new last day"
    assert terms(app, member)[0].freezes == ()
    assert post(desk, f"/memberships/{term_id}/freeze", data).status_code == 303
    (term,) = terms(app, member)
    assert term.ends_on == date(2027, 3, 11)
    assert (term.freezes[0].from_on, term.freezes[0].until_on) == (
        date(2026, 4, 1),
        date(2026, 4, 11),
    )
    overlap = post(desk, f"/memberships/{term_id}/freeze", data)
    assert overlap.status_code == 422
    assert "already frozen on some of these days" in overlap.text


def test_a_member_comes_back_early_and_a_freeze_by_mistake_is_taken_back(
    app: Flask, desk: FlaskClient, member: int, plans: dict[str, int]
) -> None:
    term_id = sell(app, member, plans["Annual"], TODAY - timedelta(days=30), paid=48000)
    agreed = terms(app, member)[0].ends_on
    with app.app_context(), transaction() as session:
        freeze_id = freeze_membership(
            session,
            term_id,
            Period(TODAY - timedelta(days=5), TODAY + timedelta(days=10)),
            reason="",
            by=OPERATOR,
            now=NOW,
        )
    card = f"/people/{member}"
    assert "Back today" in desk.get(card).text
    assert post(desk, f"/freezes/{freeze_id}/end", {}, page=card).status_code == 303
    (term,) = terms(app, member)
    assert agreed is not None
    assert term.ends_on == agreed + timedelta(days=5), "five days were frozen"
    assert "Back today" not in desk.get(card).text
    with app.app_context(), transaction() as session:
        later = freeze_membership(
            session,
            term_id,
            Period(TODAY + timedelta(days=20), TODAY + timedelta(days=30)),
            reason="",
            by=OPERATOR,
            now=NOW,
        )
    assert post(desk, f"/freezes/{later}/cancel", {}, page=card).status_code == 303
    assert terms(app, member)[0].ends_on == agreed + timedelta(days=5)


def test_notice_is_given_and_withdrawn(
    app: Flask, manager: FlaskClient, desk: FlaskClient, member: int, plans: dict[str, int]
) -> None:
    term_id = sell(app, member, plans["Rolling"], TODAY - timedelta(days=40), paid=3900)
    path = f"/memberships/{term_id}/cancel"
    assert "Cancel the membership" not in desk.get(f"/people/{member}").text, "a manager's matter"
    assert desk.get(path).status_code == 403
    missing = post(manager, path, {"reason": " "})
    assert missing.status_code == 422
    assert "Please fill this in." in missing.text
    page = quote(manager, path, {"reason": "moves away"}).text
    assert "Last day of the membership" in page
    assert terms(app, member)[0].cancel_until_on is None
    assert post(manager, path, {"reason": "moves away"}).status_code == 303
    assert terms(app, member)[0].cancel_until_on is not None
    card = manager.get(f"/people/{member}").text
    assert "moves away" in card
    assert "Stays after all" in card
    page = f"/people/{member}"
    assert post(manager, f"/memberships/{term_id}/withdraw", {}, page=page).status_code == 303
    assert terms(app, member)[0].cancel_until_on is None


def test_a_prepaid_term_needs_no_notice(
    app: Flask, manager: FlaskClient, member: int, plans: dict[str, int]
) -> None:
    term_id = sell(app, member, plans["Annual"], TODAY, paid=48000)
    answer = post(manager, f"/memberships/{term_id}/cancel", {"reason": "moves away"})
    assert answer.status_code == 422
    assert "ends by itself" in answer.text


def test_a_sale_by_mistake_is_taken_back_with_its_money(
    app: Flask, manager: FlaskClient, member: int, plans: dict[str, int]
) -> None:
    term_id = sell(app, member, plans["Annual"], TODAY, paid=48000)
    data = {"reason": "wrong person"}
    assert post(manager, f"/memberships/{term_id}/take-back", data).status_code == 303
    assert terms(app, member) == []
    assert owed(app, member) == 0
    with app.app_context(), reading() as session:
        assert sum(p.amount_minor for p in payments_of(session, member)) == 0


# --- money ----------------------------------------------------------------------------------


def test_a_payment_pays_the_oldest_debt_first_and_is_given_back(
    app: Flask, desk: FlaskClient, member: int, plans: dict[str, int]
) -> None:
    sell(app, member, plans["Monthly"], TODAY)
    sell(app, member, plans["Ten visits"], TODAY)
    form = desk.get(f"/people/{member}/pay").text
    assert 'value="135.00"' in form, "all that is owed is filled in"
    data = {"amount": "50.00", "method": "card", "invoice": ""}
    assert post(desk, f"/people/{member}/pay", data).status_code == 303
    with app.app_context(), reading() as session:
        newest, oldest = invoices_of(session, member)
        (payment,) = payments_of(session, member)
    assert (oldest.open_amount.minor, newest.open_amount.minor) == (0, 8500)
    assert "€85.00" in desk.get(f"/people/{member}").text
    path = f"/payments/{payment.id}/reverse"
    assert post(desk, path, {"reason": "typed wrong"}).status_code == 303
    assert owed(app, member) == 13500
    again = post(desk, path, {"reason": "typed wrong"})
    assert again.status_code == 422
    assert "already taken back" in again.text


def test_a_payment_for_one_invoice_takes_no_more_than_it_asks(
    app: Flask, desk: FlaskClient, member: int, plans: dict[str, int]
) -> None:
    sell(app, member, plans["Monthly"], TODAY)
    with app.app_context(), reading() as session:
        (invoice,) = invoices_of(session, member)
    data = {"amount": "45.01", "method": "cash", "invoice": str(invoice.id)}
    answer = post(desk, f"/people/{member}/pay", data)
    assert answer.status_code == 422
    assert "still to be paid here" in answer.text
    data["amount"] = "0"
    assert post(desk, f"/people/{member}/pay", data).status_code == 422
    data["amount"] = "45"
    assert post(desk, f"/people/{member}/pay", data).status_code == 303
    assert owed(app, member) == 0


# --- who may --------------------------------------------------------------------------------


def test_every_task_needs_the_token_of_its_form(
    app: Flask, manager: FlaskClient, member: int, plans: dict[str, int]
) -> None:
    term_id = sell(app, member, plans["Annual"], TODAY, paid=48000)
    before = rows(app)
    for path in (
        f"/people/{member}/sell",
        f"/people/{member}/pay",
        f"/memberships/{term_id}/renew",
        f"/memberships/{term_id}/freeze",
        f"/memberships/{term_id}/withdraw",
        f"/people/{member}/note",
        "/people/new",
        "/settings/club",
    ):
        answer = manager.post(path, data={"reason": "x", "amount": "1", "note": "x"})
        assert answer.status_code == 400, path
        assert "Nothing was changed" in answer.text
        fragment = manager.post(path, data={}, headers={"HX-Request": "true"})
        assert fragment.status_code == 400
        assert "<html" not in fragment.text
    assert rows(app) == before


def test_tasks_follow_the_state_of_the_term(
    app: Flask, manager: FlaskClient, member: int, plans: dict[str, int]
) -> None:
    """What cannot be done is not offered."""
    card = f"/people/{member}"
    page = manager.get(card).text
    assert "Sell" in page
    assert "Freeze" not in page
    term_id = sell(app, member, plans["Monthly"], TODAY - timedelta(days=60), paid=4500)
    page = manager.get(card).text
    assert f"/memberships/{term_id}/renew" in page
    assert f"/memberships/{term_id}/freeze" not in page, "it is over"
    assert f"/memberships/{term_id}/cancel" not in page
    rolling = sell(app, member, plans["Rolling"], TODAY, paid=3900)
    page = manager.get(card).text
    assert f"/memberships/{rolling}/cancel" in page
    assert f"/memberships/{rolling}/renew" not in page, "it runs on by itself"
    assert f"/memberships/{rolling}/upgrade" in page


def test_the_clock_of_the_card_is_the_clubs(
    app: Flask, desk: FlaskClient, member: int, plans: dict[str, int]
) -> None:
    """A minute before midnight in Lisbon the last day still counts; a minute later it does not."""
    sell(app, member, plans["Monthly"], TODAY, paid=4500)
    clock.set_clock(NOW.replace(month=4, day=1, hour=22, minute=59))
    assert "the last day" in desk.get(f"/people/{member}").text
    clock.set_clock(NOW.replace(month=4, day=1, hour=23, minute=1))
    assert "yesterday" in desk.get(f"/people/{member}").text
