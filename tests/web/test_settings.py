"""The pages of the settings."""

from datetime import date, timedelta
from typing import Any

import pytest
from flask import Flask
from flask.testing import FlaskClient

from clubcrm.accounts.queries import get_club, staff
from clubcrm.accounts.queries import tokens as tokens_of
from clubcrm.accounts.states import Role
from clubcrm.core.actor import OPERATOR
from clubcrm.core.transactions import reading, transaction
from clubcrm.members.operations import (
    PersonValues,
    TermValues,
    add_people,
    start_memberships,
)
from clubcrm.members.queries import closures_of, memberships_of, seasons_of
from clubcrm.members.queries import plans as plans_of
from tests.conftest import NOW, PASSWORD, csrf_of, post

TODAY = date(2026, 3, 2)

CLUB = {
    "name": "Aurora Fitness",
    "timezone": "Europe/Lisbon",
    "territory": "PT",
    "language": "en",
    "calendar": "gregorian",
    "day_begins": "00:00",
    "ends_soon_days": "14",
    "few_visits": "2",
    "debt_grace": "0",
    "inside_hours": "4",
}


@pytest.fixture
def owner(sign_in: Any) -> FlaskClient:
    return sign_in(Role.OWNER)


def test_the_first_page_is_one_the_reader_may_see(app: Flask, sign_in: Any) -> None:
    desk = sign_in(Role.DESK)
    page = desk.get("/settings", follow_redirects=True)
    assert page.status_code == 200
    assert "/settings/staff" not in page.text
    assert "New plan" not in page.text


# --- plans ----------------------------------------------------------------------------------


def test_a_plan_is_added_and_changed_for_what_is_sold_from_now_on(
    app: Flask, a_club: int, owner: FlaskClient
) -> None:
    assert "Nothing is on sale yet" in owner.get("/settings/plans").text
    data = {
        "name": "Mornings",
        "kind": "term",
        "length": "6",
        "unit": "months",
        "price": "180",
        "hours": "mon-fri 06:00-12:00",
        "debt_grace_days": "7",
        "is_access": "y",
        "is_on_sale": "y",
    }
    assert post(owner, "/settings/plans/new", data).status_code == 303
    with app.app_context(), reading() as session:
        (plan,) = plans_of(session, a_club)
    assert (plan.months, plan.price_minor, plan.hours) == (6, 18000, "mon-fri 06:00-12:00")
    form = owner.get(f"/settings/plans/{plan.id}").text
    assert 'value="180.00"' in form
    data |= {"price": "190", "unit": "days", "length": "180", "is_on_sale": ""}
    del data["is_on_sale"]
    assert post(owner, f"/settings/plans/{plan.id}", data).status_code == 303
    with app.app_context(), reading() as session:
        (plan,) = plans_of(session, a_club)
    assert (plan.months, plan.days, plan.price_minor, plan.is_on_sale) == (None, 180, 19000, False)
    assert "not on sale" in owner.get("/settings/plans").text


@pytest.mark.parametrize(
    ("changes", "words"),
    [
        ({"length": ""}, "Say how long the plan lasts."),
        ({"kind": "pack", "visits": ""}, "Say how many visits the plan holds."),
        ({"length": "six"}, "Please enter a whole number."),
        ({"length": "0"}, "A number from 1 to 3660."),
        ({"name": " "}, "Please fill this in."),
    ],
)
def test_a_plan_that_cannot_be_is_refused_at_its_field(
    app: Flask, a_club: int, owner: FlaskClient, changes: dict[str, str], words: str
) -> None:
    data = {"name": "P", "kind": "term", "length": "6", "unit": "months", "debt_grace_days": "7"}
    answer = post(owner, "/settings/plans/new", {**data, **changes})
    assert answer.status_code == 422
    assert words in answer.text
    with app.app_context(), reading() as session:
        assert plans_of(session, a_club) == []


def test_two_plans_of_one_name_are_refused(owner: FlaskClient, plans: dict[str, int]) -> None:
    data = {
        "name": "ANNUAL",
        "kind": "term",
        "length": "6",
        "unit": "months",
        "debt_grace_days": "7",
    }
    answer = post(owner, "/settings/plans/new", data)
    assert answer.status_code == 422
    assert "already has a plan with this name" in answer.text


# --- the club -------------------------------------------------------------------------------


def test_the_club_is_changed_and_settings_of_others_are_kept(
    app: Flask, a_club: int, owner: FlaskClient
) -> None:
    told = {
        **CLUB,
        "name": "Aurora Centro",
        "day_begins": "۰۴:۳۰",
        "ends_soon_days": "21",
        "debt_grace": "12.50",
        "notice_days": "30",
    }
    assert post(owner, "/settings/club", told).status_code == 303
    with app.app_context(), reading() as session:
        club = get_club(session, a_club)
    assert (club.name, club.day_cutoff_minutes) == ("Aurora Centro", 270)
    assert club.settings["entry"]["ends_soon_days"] == 21
    assert club.settings["entry"]["debt_grace_minor"] == 1250
    assert club.settings["notice_days"] == 30
    page = owner.get("/settings/club").text
    assert "Aurora Centro" in page
    assert 'value="04:30"' in page
    assert post(owner, "/settings/club", {**told, "notice_days": ""}).status_code == 303
    with app.app_context(), reading() as session:
        assert "notice_days" not in get_club(session, a_club).settings


@pytest.mark.parametrize(
    ("field", "value", "words"),
    [
        ("day_begins", "25:00", "Please enter a time such as 04:00."),
        ("timezone", "Mars/Base", "Please choose one of the list."),
        ("few_visits", "many", "Please enter a whole number."),
        ("inside_hours", "0", "A number from 1 to 24."),
    ],
)
def test_a_wrong_setting_is_said_and_nothing_changes(
    app: Flask, a_club: int, owner: FlaskClient, field: str, value: str, words: str
) -> None:
    answer = post(owner, "/settings/club", {**CLUB, "name": "Other", field: value})
    assert answer.status_code == 422
    assert words in answer.text
    with app.app_context(), reading() as session:
        assert get_club(session, a_club).name == "Aurora Fitness"


# --- closures and seasons -------------------------------------------------------------------


def test_a_closure_says_first_how_many_memberships_it_moves(
    app: Flask, a_club: int, owner: FlaskClient, plans: dict[str, int]
) -> None:
    with app.app_context(), transaction() as session:
        people = add_people(
            session,
            [PersonValues(full_name=f"Person {n}") for n in range(5)],
            club_id=a_club,
            by=OPERATOR,
            now=NOW,
        )
        starts = [TODAY, TODAY, TODAY, TODAY + timedelta(days=60), TODAY - timedelta(days=400)]
        start_memberships(
            session,
            [
                TermValues(person_id=p, plan_id=plans["Monthly"], starts_on=day)
                for p, day in zip(people, starts)
            ],
            club_id=a_club,
            by=OPERATOR,
            now=NOW,
        )
        ended = memberships_of(session, people[0])[0].ends_on
    data = {
        "name": "Repairs",
        "from_on": "2026-03-10",
        "through": "2026-03-14",
        "share": "0",
        "extends_terms": "y",
    }
    token = csrf_of(owner.get("/settings/closures/new").text)
    page = owner.post("/settings/closures/new?quote=1", data={**data, "csrf_token": token}).text
    assert "<dd>3</dd>" in page, "three of the five run on those days"
    with app.app_context(), reading() as session:
        assert closures_of(session, a_club) == []
        assert memberships_of(session, people[0])[0].ends_on == ended
    assert post(owner, "/settings/closures/new", data).status_code == 303
    with app.app_context(), reading() as session:
        (closure,) = closures_of(session, a_club)
        assert ended is not None
        assert memberships_of(session, people[0])[0].ends_on == ended + timedelta(days=5)
    page = owner.get("/settings/closures").text
    assert "Repairs" in page
    assert "Memberships that end later now: 3." in page
    back = f"/settings/closures/{closure.id}/withdraw"
    assert post(owner, back, {}, page="/settings/closures").status_code == 303
    with app.app_context(), reading() as session:
        assert closures_of(session, a_club) == []
        assert memberships_of(session, people[0])[0].ends_on == ended


def test_a_closure_backwards_is_refused(app: Flask, a_club: int, owner: FlaskClient) -> None:
    data = {"from_on": "2026-03-10", "through": "2026-03-09", "share": "0"}
    answer = post(owner, "/settings/closures/new", data)
    assert answer.status_code == 422
    assert "The last day lies before the first." in answer.text


def test_a_slow_season_is_declared_and_removed(app: Flask, a_club: int, owner: FlaskClient) -> None:
    data = {
        "name": "August",
        "calendar": "gregorian",
        "start_month": "8",
        "start_day": "1",
        "end_month": "8",
        "end_day": "31",
        "share_percent": "40",
    }
    assert post(owner, "/settings/seasons/new", data).status_code == 303
    assert "<strong>August</strong>" in owner.get("/settings/closures").text
    again = post(owner, "/settings/seasons/new", data)
    assert again.status_code == 422
    assert "already has a slow season with this name" in again.text
    with app.app_context(), reading() as session:
        (season,) = seasons_of(session, a_club)
    path = f"/settings/seasons/{season.id}/remove"
    assert post(owner, path, {}, page="/settings/closures").status_code == 303
    assert "<strong>August</strong>" not in owner.get("/settings/closures").text


# --- staff and keys -------------------------------------------------------------------------


def test_staff_get_access_and_lose_a_role(app: Flask, a_club: int, owner: FlaskClient) -> None:
    data = {"full_name": "Inês", "email": "Ines@example.com", "password": PASSWORD, "role": "desk"}
    assert post(owner, "/settings/staff/new", data).status_code == 303
    desk = app.test_client()
    signed_in = post(desk, "/sign-in", {"email": "ines@example.com", "password": PASSWORD})
    assert signed_in.status_code == 302
    assert desk.get("/people").status_code == 200
    with app.app_context(), reading() as session:
        (ines,) = [one for one in staff(session, {a_club}) if one.full_name == "Inês"]
    path = f"/settings/staff/{ines.id}/take-role"
    told = {"club_id": str(a_club), "role": "desk"}
    assert post(owner, path, told, page="/settings/staff").status_code == 303
    assert desk.get("/people").status_code == 403


def test_a_weak_first_password_is_refused(owner: FlaskClient) -> None:
    data = {"full_name": "Inês", "email": "ines@example.com", "password": "", "role": "desk"}
    answer = post(owner, "/settings/staff/new", data)
    assert answer.status_code == 422
    assert "at least 10 characters" in answer.text


def test_the_last_owner_stays(app: Flask, a_club: int, sign_in: Any) -> None:
    owner = sign_in(Role.OWNER)
    with app.app_context(), reading() as session:
        people = staff(session, {a_club})
    assert len(people) == 2, "the one who set up, and this one"
    told = {"club_id": str(a_club), "role": "owner"}
    first, second = (f"/settings/staff/{one.id}/take-role" for one in people)
    mine = second if people[1].email.startswith("owner-") else first
    other = first if mine == second else second
    assert post(owner, other, told, page="/settings/staff").status_code == 303
    refused = post(owner, mine, told, page="/settings/staff")
    assert refused.status_code == 409
    assert "A club needs an owner." in refused.text


def test_a_key_is_shown_once_works_and_is_put_out_of_use(
    app: Flask, a_club: int, owner: FlaskClient
) -> None:
    answer = post(owner, "/settings/tokens", {"name": "Front door", "role": "device"})
    assert answer.status_code == 201
    key = answer.text.split('value="clubcrm_', 1)[1].split('"', 1)[0]
    headers = {"Authorization": f"Bearer clubcrm_{key}"}
    assert key not in owner.get("/settings/tokens").text
    call = {"code": "nobody"}
    assert (
        app.test_client().post("/api/v1/check-ins", json=call, headers=headers).status_code == 404
    )
    with app.app_context(), reading() as session:
        (row,) = tokens_of(session, {a_club})
    path = f"/settings/tokens/{row.id}/revoke"
    assert post(owner, path, {}, page="/settings/tokens").status_code == 303
    assert (
        app.test_client().post("/api/v1/check-ins", json=call, headers=headers).status_code == 401
    )
    assert "out of use" in owner.get("/settings/tokens").text


def test_a_key_for_all_clubs_is_ended_by_who_looks_after_all_of_them(
    app: Flask, a_club: int, other_club: int, owner: FlaskClient, api_token: Any
) -> None:
    """The owner of one club sees that there is one, and takes it from no other club."""
    headers = api_token(Role.DEVICE, club_id=None)
    page = owner.get("/settings/tokens").text
    assert "all clubs" in page
    assert "Put out of use" not in page
    with app.app_context(), reading() as session:
        (row,) = tokens_of(session, {a_club})
    path = f"/settings/tokens/{row.id}/revoke"
    assert post(owner, path, {}, page="/settings/tokens").status_code == 403
    assert app.test_client().get("/api/v1/clubs", headers=headers).status_code == 200
    chain = app.test_client()
    own = {"email": "owner@example.com", "password": PASSWORD}
    assert post(chain, "/sign-in", own).status_code == 302
    assert post(chain, path, {}, page="/settings/tokens").status_code == 303
    assert app.test_client().get("/api/v1/clubs", headers=headers).status_code == 401
