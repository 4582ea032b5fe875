"""Signing in and out, and one's own account."""

from datetime import timedelta
from typing import Any

import pytest
from flask import Flask
from flask.testing import FlaskClient

from clubcrm.accounts.access import safe_next
from clubcrm.accounts.states import Role
from clubcrm.core import clock
from tests.conftest import NOW, PASSWORD, csrf_of, post

OWNER = {"email": "owner@example.com", "password": PASSWORD}


@pytest.fixture
def client(app: Flask, a_club: int) -> FlaskClient:
    return app.test_client()


def test_a_stranger_is_sent_to_the_sign_in_page_and_back(client: FlaskClient) -> None:
    answer = client.get("/account?tab=2")
    assert (answer.status_code, answer.location) == (302, "/sign-in?next=/account?tab%3D2")
    answer = post(client, "/sign-in?next=/account", OWNER)
    assert (answer.status_code, answer.location) == (302, "/account")
    assert "Olga Owner" in client.get("/account").text


def test_e_mail_is_taken_in_any_case_and_with_blanks(client: FlaskClient) -> None:
    answer = post(client, "/sign-in", {"email": " OWNER@Example.com ", "password": PASSWORD})
    assert answer.status_code == 302


@pytest.mark.parametrize(
    "data",
    [
        {"email": "owner@example.com", "password": "wrong"},
        {"email": "nobody@example.com", "password": PASSWORD},
    ],
)
def test_a_wrong_pair_is_refused_without_saying_which(
    client: FlaskClient, data: dict[str, str]
) -> None:
    answer = post(client, "/sign-in", data)
    assert answer.status_code == 401
    assert "E-mail or password is wrong." in answer.text
    assert client.get("/account").status_code == 302


def test_after_ten_wrong_passwords_the_right_one_waits_too(client: FlaskClient) -> None:
    for _ in range(10):
        assert post(client, "/sign-in", {**OWNER, "password": "wrong"}).status_code == 401
    refused = post(client, "/sign-in", OWNER)
    assert refused.status_code == 429
    assert "Wait fifteen minutes" in refused.text
    clock.set_clock(NOW + timedelta(minutes=16))
    assert post(client, "/sign-in", OWNER).status_code == 302


@pytest.mark.parametrize(
    "path",
    [
        "https://evil.example/",
        "//evil.example/",
        "/\\evil.example",
        "\\\\evil.example",
        "/\t/evil.example",
        "javascript:alert(1)",
        "evil",
        "",
        None,
    ],
)
def test_the_way_on_never_leaves_this_installation(path: str | None) -> None:
    assert safe_next(path) == "/"


@pytest.mark.parametrize("path", ["/people", "/people?q=ana&phase=at_risk", "/people/7#money"])
def test_the_way_on_is_kept(path: str) -> None:
    assert safe_next(path) == path


def test_signing_in_starts_a_fresh_session(client: FlaskClient) -> None:
    page = client.get("/sign-in").text
    before = csrf_of(page)
    client.post("/sign-in", data={**OWNER, "csrf_token": before})
    after = csrf_of(client.get("/account").text)
    with client.session_transaction() as session:
        assert "_user_id" in session
    answer = client.post("/account/theme", data={"theme": "dark", "csrf_token": before})
    assert answer.status_code == 400, "a form of the session before is out of date"
    answer = client.post("/account/theme", data={"theme": "dark", "csrf_token": after})
    assert answer.status_code == 302


def test_signing_out_ends_the_session(client: FlaskClient) -> None:
    post(client, "/sign-in", OWNER)
    assert client.get("/sign-out").status_code == 405, "no page signs out by being looked at"
    answer = post(client, "/sign-out", {}, page="/account")
    assert (answer.status_code, answer.location) == (302, "/sign-in")
    assert client.get("/account").status_code == 302


def test_changing_the_password_ends_every_other_session(app: Flask, client: FlaskClient) -> None:
    post(client, "/sign-in", OWNER)
    elsewhere = app.test_client()
    post(elsewhere, "/sign-in", OWNER)
    new = {"old": PASSWORD, "new": "quite another one", "again": "quite another one"}
    assert post(client, "/account/password", new, page="/account").status_code == 302
    assert client.get("/account").status_code == 200
    assert elsewhere.get("/account").status_code == 302
    assert post(app.test_client(), "/sign-in", OWNER).status_code == 401
    signed_in = post(app.test_client(), "/sign-in", {**OWNER, "password": "quite another one"})
    assert signed_in.status_code == 302


@pytest.mark.parametrize(
    ("data", "words"),
    [
        ({"old": "wrong", "new": "quite another one", "again": "quite another one"}, "is wrong"),
        ({"old": PASSWORD, "new": "short", "again": "short"}, "at least 10 characters"),
        (
            {"old": PASSWORD, "new": "quite another one", "again": "a typo of it"},
            "passwords differ",
        ),
    ],
)
def test_a_password_that_cannot_be_changed_stays(
    app: Flask, client: FlaskClient, data: dict[str, str], words: str
) -> None:
    post(client, "/sign-in", OWNER)
    answer = post(client, "/account/password", data, page="/account")
    assert answer.status_code in (401, 422)
    assert words in answer.text
    assert post(app.test_client(), "/sign-in", OWNER).status_code == 302


# --- language and brightness ----------------------------------------------------------------


def test_the_language_is_the_browsers_until_somebody_chooses(client: FlaskClient) -> None:
    page = client.get("/sign-in", headers={"Accept-Language": "xx, en;q=0.5"}).text
    assert '<html lang="en" dir="ltr"' in page
    answer = post(client, "/account/language", {"language": "qps"}, page="/sign-in")
    assert answer.status_code == 302
    page = client.get("/sign-in").text
    assert 'dir="rtl"' in page
    assert "⟦\u2066Šîğñ îñ\u2069⟧" in page
    assert "tabler.rtl.min.css" in page


def test_the_chosen_language_goes_with_the_employee(app: Flask, client: FlaskClient) -> None:
    post(client, "/sign-in", OWNER)
    post(client, "/account/language", {"language": "qps"}, page="/account")
    elsewhere = app.test_client()
    assert 'dir="ltr"' in elsewhere.get("/sign-in").text
    post(elsewhere, "/sign-in", OWNER)
    assert 'dir="rtl"' in elsewhere.get("/account").text


def test_a_language_nobody_offers_is_not_taken(client: FlaskClient) -> None:
    post(client, "/account/language", {"language": "../../etc"}, page="/sign-in")
    assert 'lang="en"' in client.get("/sign-in").text


def test_the_theme_is_applied_by_the_server(client: FlaskClient) -> None:
    assert "data-bs-theme" not in client.get("/sign-in").text
    post(client, "/sign-in", OWNER)
    post(client, "/account/theme", {"theme": "dark"}, page="/account")
    assert 'data-bs-theme="dark"' in client.get("/account").text
    post(client, "/account/theme", {"theme": "purple"}, page="/account")
    assert 'data-bs-theme="dark"' in client.get("/account").text


def test_only_a_club_with_a_role_can_be_chosen(client: FlaskClient, sign_in: object) -> None:
    desk = sign_in(Role.DESK)  # type: ignore[operator]
    answer = post(desk, "/account/club", {"club_id": "99999"}, page="/account")
    assert answer.status_code == 302
    with desk.session_transaction() as session:
        assert "club_id" not in session


def test_pages_carry_the_policy_and_nothing_inline(client: FlaskClient) -> None:
    answer = client.get("/sign-in")
    assert "default-src 'none'" in answer.headers["Content-Security-Policy"]
    assert "<style" not in answer.text
    assert " style=" not in answer.text
    assert "onclick" not in answer.text


def test_files_asked_for_by_fingerprint_are_kept_for_good(client: FlaskClient) -> None:
    page = client.get("/sign-in").text
    path = page.split('href="/static/src/app.css', 1)[1].split('"', 1)[0]
    kept = client.get(f"/static/src/app.css{path}")
    assert kept.headers["Cache-Control"] == "public, max-age=31536000, immutable"
    kept.close()
    asked = client.get("/static/src/app.css")
    assert "immutable" not in asked.headers["Cache-Control"]
    asked.close()


def test_the_rail_names_the_club(sign_in: Any) -> None:
    page = sign_in(Role.DESK).get("/people").text
    assert 'aria-label="Start page of Aurora Fitness"' in page
    assert '<span aria-hidden="true">A</span>' in page
