"""The owner's page: its figures and their lists agree, and a list of names becomes calls."""

import re
from datetime import date, timedelta
from typing import Any

import pytest
from flask import Flask
from flask.testing import FlaskClient
from sqlalchemy import select

from clubcrm.accounts.states import Role
from clubcrm.billing.operations import renew, reverse_payment
from clubcrm.billing.queries import payments_of
from clubcrm.core import clock
from clubcrm.core.actor import OPERATOR
from clubcrm.core.money import Money
from clubcrm.core.transactions import reading, transaction
from clubcrm.frontdesk.views.owner import calls as assigning
from clubcrm.frontdesk.views.owner import names
from clubcrm.members.operations import ConsentValues, change_person, record_consents
from clubcrm.members.states import ConsentChannel
from clubcrm.messaging.models import Task
from clubcrm.messaging.operations import calls as asking
from clubcrm.messaging.operations import close_task
from clubcrm.messaging.states import Outcome, TaskState
from clubcrm.reports.jobs import count_club
from tests.conftest import NOW, csrf_of
from tests.web.test_people import add, look, sell, statements

TODAY = date(2026, 3, 2)


def text_of(html: str) -> str:
    return re.sub(r"\s+", " ", re.sub(r"<[^>]+>", " ", html))


@pytest.fixture
def owner(sign_in: Any) -> FlaskClient:
    client: FlaskClient = sign_in(Role.OWNER)
    return client


def slipping(app: Flask, club: int, plan: int, count: int, start: int = 0) -> list[int]:
    """Members who began forty days ago and never came."""
    ids = []
    for no in range(start, start + count):
        (person,) = add(app, club, f"Slipping {no:02}", phone=f"+3519120001{no:02}")
        sell(app, person, plan, TODAY - timedelta(days=40))
        ids.append(person)
    look(app, club)
    return ids


def calls(app: Flask) -> list[Any]:
    """The tasks there are, in the order in which they were asked for."""
    with app.app_context(), reading() as session:
        return list(session.execute(select(Task.__table__).order_by(Task.id)))


def assign(client: FlaskClient, group: str = "at_risk", **form: Any) -> Any:
    """Send the form of a list as it stands, with changes."""
    page = client.get(f"/home/names/{group}").text
    data: dict[str, Any] = {
        "csrf_token": csrf_of(page),
        "batch": re.findall(r'name="batch"[^>]*value="([0-9a-f]+)"', page)[0],
        "due_on": "2026-03-03",
        "title": "Ask how it goes",
        "whom": "all",
        **form,
    }
    return client.post(f"/home/names/{group}/calls", data=data)


def test_an_owner_lands_on_it_and_the_desk_does_not(owner: Any, sign_in: Any) -> None:
    assert owner.get("/").headers["Location"] == "/home"
    desk = sign_in(Role.DESK)
    assert desk.get("/").headers["Location"] == "/desk"
    assert desk.get("/home").status_code == 403
    assert desk.get("/home/names/at_risk").status_code == 403


def test_an_empty_club_is_told_what_to_do_next(owner: Any) -> None:
    page = text_of(owner.get("/home").text)
    assert "Nobody is at risk" in page
    assert "No term ends in the next 30 days" in page
    assert "Nothing is late" in page


def test_fourteen_at_risk_become_fourteen_calls_and_no_more(
    app: Flask, a_club: int, owner: Any, sign_in: Any, plans: dict[str, int]
) -> None:
    sign_in(Role.DESK)
    slipping(app, a_club, plans["Annual"], 14)
    page = owner.get("/home").text
    assert "14 people" in text_of(page)
    names = owner.get("/home/names/at_risk").text
    assert names.count('class="row-link"') == 14
    assert "Assign 14 calls" in text_of(names)
    answer = assign(owner, doers=[1, 2])
    assert answer.status_code == 303
    assert [task.assigned_to for task in calls(app)] == [1, 2] * 7
    assert {task.due_on for task in calls(app)} == {date(2026, 3, 3)}
    told = text_of(owner.get("/home/names/at_risk").text)
    assert "14 calls assigned to" in told
    assert "Whoever can be called has an open call" in told
    again = assign_again(owner)
    assert "14 people have an open call already" in again
    assert len(calls(app)) == 14


def assign_again(client: FlaskClient) -> str:
    client.post(
        "/home/names/at_risk/calls",
        data={
            "csrf_token": csrf_of(client.get("/home").text),
            "due_on": "2026-03-03",
            "title": "Again",
            "whom": "all",
        },
    )
    return text_of(client.get("/home/names/at_risk").text)


def test_calls_are_taken_back(app: Flask, a_club: int, owner: Any, plans: dict[str, int]) -> None:
    slipping(app, a_club, plans["Annual"], 3)
    assign(owner)
    page = owner.get("/home/names/at_risk").text
    undo = re.findall(r'action="(/home/calls/take-back[^"]+)"', page)[0].replace("&amp;", "&")
    owner.post(undo, data={"csrf_token": csrf_of(page)})
    assert {task.state for task in calls(app)} == {TaskState.CANCELLED}
    assert "3 calls taken back" in text_of(owner.get("/home/names/at_risk").text)
    assign(owner)
    assert [task.state for task in calls(app)].count(TaskState.OPEN) == 3
    owner.post("/home/calls/take-back?batch=%25", data={"csrf_token": csrf_of(page)})
    assert [task.state for task in calls(app)].count(TaskState.OPEN) == 3


def test_one_form_sent_twice_makes_its_calls_once(
    app: Flask, a_club: int, owner: Any, plans: dict[str, int]
) -> None:
    slipping(app, a_club, plans["Annual"], 2)
    batch = "0123456789abcdef01234567"
    assign(owner, batch=batch)
    with app.app_context(), transaction() as session:
        for task in session.execute(select(Task.__table__)).all():
            close_task(session, task.id, Outcome.REACHED_NO, club_id=a_club, by=OPERATOR, now=NOW)
    assign(owner, batch=batch)
    assert len(calls(app)) == 2
    assert "2 people have an open call already" in text_of(owner.get("/home").text)


def test_only_those_ticked_are_called_and_only_of_the_list(
    app: Flask, a_club: int, owner: Any, plans: dict[str, int]
) -> None:
    people = slipping(app, a_club, plans["Annual"], 3)
    (stranger,) = add(app, a_club, "Stranger", phone="+351912000999")
    assign(owner, whom="ticked", person=[people[1], stranger, 999_999])
    assert [call.person_id for call in calls(app)] == [people[1]]
    assign(owner, whom="ticked")
    assert len(calls(app)) == 1
    assert "Tick somebody first" in text_of(owner.get("/home").text)


def test_who_cannot_or_must_not_be_called_is_left_out_and_told(
    app: Flask, a_club: int, owner: Any, plans: dict[str, int]
) -> None:
    people = slipping(app, a_club, plans["Annual"], 4)
    no_calls = ConsentValues(
        person_id=people[0], channel=ConsentChannel.CALL, is_given=False, source="desk"
    )
    with app.app_context(), transaction() as session:
        record_consents(session, [no_calls], now=NOW)
        change_person(session, people[1], {"phone": None}, by=OPERATOR, now=NOW)
        change_person(session, people[2], {"no_contact": True}, by=OPERATOR, now=NOW)
    assign(owner)
    assert [call.person_id for call in calls(app)] == [people[3]]
    told = text_of(owner.get("/home").text)
    assert "1 call assigned" in told
    assert "Left out: 1, asked not to be called" in told
    assert "Left out: 1, no phone is known" in told


def test_a_call_in_the_past_and_one_about_nothing_are_refused(
    app: Flask, a_club: int, owner: Any, plans: dict[str, int]
) -> None:
    slipping(app, a_club, plans["Annual"], 1)
    past = assign(owner, due_on="2026-02-01")
    assert past.status_code == 422
    assert "lies in the past" in past.text
    assert assign(owner, title=" ").status_code == 422
    assert calls(app) == []


def test_a_long_list_is_called_in_parts(
    app: Flask, a_club: int, owner: Any, plans: dict[str, int], monkeypatch: pytest.MonkeyPatch
) -> None:
    for place in (asking, names, assigning):
        monkeypatch.setattr(place, "MOST_CALLS", 3)
    slipping(app, a_club, plans["Annual"], 5)
    page = text_of(owner.get("/home/names/at_risk").text)
    assert "Assign 3 calls" in page
    assert "At most 3 calls at once" in page
    assign(owner)
    assert len(calls(app)) == 3
    assign(owner)
    assert len({call.person_id for call in calls(app)}) == 5


def test_who_brings_most_comes_first(
    app: Flask, a_club: int, owner: Any, plans: dict[str, int]
) -> None:
    (cheap,) = slipping(app, a_club, plans["Rolling"], 1)
    (dear,) = slipping(app, a_club, plans["Annual"], 1, start=1)
    page = owner.get("/home").text
    assert "€480 a year" in text_of(page)
    assert "€468 a year" in text_of(page)
    assert "2 people , €948 a year" in text_of(page)
    assert page.index(f"/people/{dear}") < page.index(f"/people/{cheap}")


def figures(html: str) -> list[tuple[str, int]]:
    found = re.findall(r'class="figure-link[^"]*" href="(/home/names/[^"]+)">(\d+)', html)
    return [(address.replace("&amp;", "&"), int(count)) for address, count in found]


def test_every_figure_opens_as_many_names_as_it_says(
    app: Flask, a_club: int, owner: Any, plans: dict[str, int]
) -> None:
    slipping(app, a_club, plans["Annual"], 3)
    ends = [(0, True), (6, False), (7, False), (28, False), (29, False), (30, False), (40, False)]
    for no, (days, renews) in enumerate(ends):
        (person,) = add(app, a_club, f"Due {no}")
        term = sell(app, person, plans["Monthly"], TODAY + timedelta(days=days + 1 - 31))
        if renews:
            with app.app_context(), transaction() as session:
                renew(session, term, paid=Money(4500, "EUR"), by=OPERATOR, now=NOW)
    look(app, a_club)
    found = figures(owner.get("/home").text)
    assert len(found) >= 6
    for address, count in found:
        page = owner.get(address)
        assert page.status_code == 200
        assert page.text.count('class="row-link"') == count, address


def test_the_page_costs_the_same_few_statements_however_many_there_are(
    app: Flask, a_club: int, owner: Any, plans: dict[str, int]
) -> None:
    slipping(app, a_club, plans["Annual"], 6)
    owner.get("/home")
    with statements() as few:
        owner.get("/home")
    slipping(app, a_club, plans["Annual"], 14, start=6)
    with statements() as many:
        owner.get("/home")
    assert len(many) == len(few)
    assert len(many) <= 20, many
    with statements() as listed:
        owner.get("/home/names/at_risk")
    assert len(listed) <= 12, listed


@pytest.mark.parametrize("query", ["days=x", "days=99", "part=moon", "offset=-3", "offset=x"])
def test_an_odd_address_is_no_error(owner: Any, query: str) -> None:
    assert owner.get(f"/home/names/due?{query}").status_code == 200


def test_what_happened_since_yesterday_opens_its_names(
    app: Flask, a_club: int, owner: Any, plans: dict[str, int]
) -> None:
    (old, new, back) = add(app, a_club, "Old", "New", "Back")  # all are known since today
    term = sell(app, old, plans["Monthly"], TODAY - timedelta(days=29), paid=4500)
    sell(app, new, plans["Annual"], TODAY)
    sell(app, back, plans["Annual"], TODAY - timedelta(days=3), paid=48000)
    look(app, a_club)
    with app.app_context(), transaction() as session:
        renew(session, term, paid=Money(4500, "EUR"), by=OPERATOR, now=NOW)
        (payment,) = payments_of(session, back)
        reverse_payment(session, payment.id, reason="paid twice", by=OPERATOR, now=NOW)
    look(app, a_club)
    page = owner.get("/home").text
    told = dict(figures(page))
    assert told["/home/names/renewed"] == 1
    assert told["/home/names/joined"] == 2
    assert told["/home/names/refunded"] == 1
    assert "€480.00 in all" in text_of(page)
    assert "Cash today €90.00" in text_of(page)
    for group, name in (("renewed", "Old"), ("joined", "New"), ("refunded", "Back")):
        assert name in text_of(owner.get(f"/home/names/{group}").text)


def test_members_are_those_of_the_last_count(
    app: Flask, a_club: int, owner: Any, plans: dict[str, int]
) -> None:
    assert "Not counted yet" in text_of(owner.get("/home").text)
    for no in range(3):
        (person,) = add(app, a_club, f"Member {no}")
        sell(app, person, plans["Annual"], TODAY - timedelta(days=no))
    look(app, a_club)
    with app.app_context():
        count_club(a_club, clock.now)
    page = owner.get("/home").text
    assert dict(figures(page))["/home/names/members"] == 3
    assert owner.get("/home/names/members").text.count('class="row-link"') == 3
    assert "nothing is known of the days before" in text_of(page)
