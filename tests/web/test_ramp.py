"""Ramp mode on the page of contacts: what it comes to, another number, and its end."""

from typing import Any

import pytest
from flask import Flask
from sqlalchemy import select

from clubcrm.accounts.states import Role
from clubcrm.core.models import EventLog
from clubcrm.core.transactions import reading
from clubcrm.members.operations import TermValues
from tests.conftest import post
from tests.integration.retention.life import Life, on

PAGE = "/settings/contacts"
RAMP = f"{PAGE}/ramp"


@pytest.fixture
def taken_over(app: Flask, a_club: int) -> Life:
    """A club whose list of three was taken over today: they have been members and were never here."""
    life = Life(a_club)
    with app.app_context():
        plan_id = life.plan("Old year")
        people = [
            *life.people(1, phone="+351912345678"),
            *life.people(1, phone="+351912345679"),
            *life.people(1),
        ]
        terms = [TermValues(person_id=who, plan_id=plan_id, starts_on=on(-20)) for who in people]
        life.imports(terms, as_of=0)
        life.run()
    return life


def _after(client: Any, path: str, form: dict[str, str]) -> str:
    return client.get(post(client, path, form, page=PAGE).headers["Location"]).text


def _told(app: Flask, name: str) -> list[dict[str, Any]]:
    with app.app_context(), reading() as session:
        query = select(EventLog.payload).where(EventLog.name == name).order_by(EventLog.id)
        return list(session.scalars(query))


def test_nothing_is_said_where_nobody_waits(app: Flask, a_club: int, sign_in: Any) -> None:
    assert "Little by little" not in sign_in(Role.OWNER).get(PAGE).text


def test_the_owner_sees_what_it_comes_to_before_anybody_is_contacted(
    app: Flask, taken_over: Life, sign_in: Any
) -> None:
    page = " ".join(sign_in(Role.OWNER).get(PAGE).text.split())
    assert '<dt>People waiting</dt><dd class="fact-figure">3</dd>' in page
    assert '<dt>Calls at most</dt><dd class="fact-figure">2</dd>' in page
    assert '<dt>Days it takes</dt><dd class="fact-figure">1</dd>' in page
    assert "1 person cannot be contacted at present" in page
    assert _told(app, "RampBegan") == []  # looking writes nothing


def test_another_number_a_day_takes_longer(app: Flask, taken_over: Life, sign_in: Any) -> None:
    client = sign_in(Role.MANAGER)
    assert "Changed." in _after(client, RAMP, {"per_day": "1"})
    assert "Nothing was different." in _after(client, RAMP, {"per_day": "1"})
    page = client.get(PAGE).text
    assert '<dt>Days it takes</dt><dd class="fact-figure">2</dd>' in page
    assert _told(app, "RampChanged") == [{"per_day": 1}]


@pytest.mark.parametrize("number", ["", "-1", "501", "many"])
def test_a_number_that_makes_no_sense_is_refused(
    app: Flask, taken_over: Life, sign_in: Any, number: str
) -> None:
    answer = post(sign_in(Role.OWNER), RAMP, {"per_day": number}, page=PAGE)
    assert answer.status_code == 422
    assert "Little by little" in answer.text
    assert _told(app, "RampChanged") == []


def test_it_is_ended_with_one_press_and_begun_again(
    app: Flask, taken_over: Life, sign_in: Any
) -> None:
    client = sign_in(Role.OWNER)
    words = _after(client, f"{RAMP}/end", {})
    assert "3 people are left alone." in words
    assert "was left alone" in words
    words = _after(client, f"{RAMP}/begin", {})
    assert "is contacted little by little again" in words
    assert "People waiting" not in words  # who was left alone stays so
    assert [row["because"] for row in _told(app, "RampEnded")] == ["by_hand"]


def test_the_price_is_said_where_that_of_a_message_is_known(
    app: Flask, a_club: int, sign_in: Any
) -> None:
    client = sign_in(Role.OWNER)
    form = {"learning": "none", "calls_per_day": "7", "price": "0.05"}
    assert "Changed." in _after(client, PAGE, form)
    assert 'value="0.05"' in client.get(PAGE).text
