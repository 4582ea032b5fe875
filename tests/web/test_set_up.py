"""The first visit: one page opens the club, and then never again."""

from typing import Any

import pytest
from flask import Flask
from flask.testing import FlaskClient

from clubcrm.accounts.queries import clubs
from clubcrm.core.transactions import reading
from tests.conftest import PASSWORD, post

CLUB = {
    "name": "Nordlicht",
    "code": "nord",
    "timezone": "Europe/Berlin",
    "currency": "EUR",
    "language": "de",
    "calendar": "gregorian",
    "owner_name": "Nora Nord",
    "owner_email": "Nora@Example.com",
    "owner_password": PASSWORD,
}


@pytest.fixture
def client(app: Flask) -> FlaskClient:
    return app.test_client()


def test_every_page_leads_to_the_set_up_while_no_club_lives_here(client: FlaskClient) -> None:
    for path in ("/", "/people", "/sign-in", "/account"):
        answer = client.get(path)
        assert (answer.status_code, answer.location) == (302, "/set-up"), path


def test_set_up_opens_the_club_and_signs_its_owner_in(app: Flask, client: FlaskClient) -> None:
    answer = post(client, "/set-up", CLUB)
    assert (answer.status_code, answer.location) == (302, "/")
    with app.app_context(), reading() as session:
        (club,) = clubs(session)
    assert (club.code, club.timezone, club.language) == ("nord", "Europe/Berlin", "de")
    assert club.territory == "DE", "weekends and phone numbers are those of the zone's country"
    page = client.get("/account")
    assert page.status_code == 200
    assert "Nora Nord" in page.text


def test_set_up_is_refused_for_good_afterwards(app: Flask, client: FlaskClient) -> None:
    post(client, "/set-up", CLUB)
    stranger = app.test_client()
    assert stranger.get("/set-up").status_code == 409
    page = stranger.get("/sign-in").text
    token = page.split('name="csrf_token" value="', 1)[1].split('"', 1)[0]
    answer = stranger.post("/set-up", data={**CLUB, "code": "other", "csrf_token": token})
    assert answer.status_code == 409
    with app.app_context(), reading() as session:
        assert len(clubs(session)) == 1


@pytest.mark.parametrize(
    ("field", "value", "words"),
    [
        ("name", " ", "Please fill this in."),
        ("code", "nord licht", "Use letters a to z, digits and hyphens."),
        ("owner_email", "nora", "This is not an e-mail address."),
        ("owner_password", "short", "Choose a password of at least 10 characters."),
        ("timezone", "Mars/Base", "Please choose one of the list."),
        ("currency", "XXX", "Please choose one of the list."),
    ],
)
def test_what_is_wrong_is_said_and_nothing_is_made(
    app: Flask, client: FlaskClient, field: str, value: str, words: str
) -> None:
    answer = post(client, "/set-up", {**CLUB, field: value})
    assert answer.status_code == 422
    assert words in answer.text
    assert "Nora Nord" in answer.text, "what was typed is kept"
    assert PASSWORD not in answer.text
    with app.app_context(), reading() as session:
        assert clubs(session) == []


def test_a_form_without_its_token_changes_nothing(app: Flask, client: FlaskClient) -> None:
    answer: Any = client.post("/set-up", data=CLUB)
    assert answer.status_code == 400
    assert "Nothing was changed" in answer.text
    with app.app_context(), reading() as session:
        assert clubs(session) == []
