"""Who may open which page: every route x every role, and every id of another club.

Cells come from the application's routes. A denied one answers 403 or 404 (or sends to the sign-in
page), changes no row, and says not a byte about the other club.
"""

import re
from collections.abc import Iterator
from typing import Any

import pytest
from flask import Flask
from flask.testing import FlaskClient
from werkzeug.test import TestResponse

from clubcrm.accounts.access import rule_of
from clubcrm.accounts.policies import GRANTS
from clubcrm.accounts.states import Permission, Role
from tests.conftest import csrf_of
from tests.web.places import STRANGER, Place, rows_of

PART = re.compile(r"<(?:\w+:)?(\w+)>")
EXAMPLES = {"group": "renewed", "place": "0", "code": "K13"}
"""What stands for parts of a path that are no ids."""

NOBODYS = {"/settings/staff/<int:user_id>/take-role"}
"""Pages about somebody who may work at several clubs; the form names the club."""

STAFF = [role for role in Role if role not in (Role.KIOSK, Role.DEVICE)]
MACHINES = [Role.KIOSK, Role.DEVICE]


def _pages(app: Flask) -> Iterator[tuple[str, str, Permission]]:
    """Method, path and permission of every page that asks for one."""
    for rule in app.url_map.iter_rules():
        declared = rule_of(app.view_functions[rule.endpoint])
        if isinstance(declared, Permission) and not rule.rule.startswith("/api/"):
            for method in sorted((rule.methods or set()) - {"HEAD", "OPTIONS"}):
                yield method, rule.rule, declared


def _open(client: FlaskClient, method: str, path: str, token: str) -> TestResponse:
    return client.open(path, method=method, headers={"X-CSRFToken": token} if token else {})


def _address(path: str, place: Place) -> str:
    return PART.sub(lambda part: {**place.ids, **EXAMPLES}[part[1]], path)


def _token(client: FlaskClient) -> str:
    return csrf_of(client.get("/account").text)


def test_there_are_pages(app: Flask) -> None:
    assert len(list(_pages(app))) > 40


@pytest.mark.parametrize("role", [*STAFF, *MACHINES])
def test_a_role_opens_what_it_may_and_nothing_else(
    app: Flask, own: Place, sign_in: Any, role: Role
) -> None:
    client = sign_in(role)
    token = _token(client)
    before = rows_of(app)
    for method, path, permission in _pages(app):
        address = _address(path, own)
        if permission not in GRANTS[role]:
            answer = _open(client, method, address, token)
            assert answer.status_code == 403, (method, path, answer.status_code)
        elif method == "GET":
            answer = _open(client, method, address, token)
            assert answer.status_code < 400, (method, path, answer.status_code)
    assert before == rows_of(app)


def test_no_id_of_another_club_opens_a_page(
    app: Flask, own: Place, foreign: Place, sign_in: Any
) -> None:
    client = sign_in(Role.OWNER)
    token = _token(client)
    before = rows_of(app)
    tried = 0
    for method, path, _permission in _pages(app):
        names = PART.findall(path)
        if not set(names) & foreign.ids.keys() or path in NOBODYS:
            continue
        address = _address(path, foreign)
        answer = _open(client, method, address, token)
        assert answer.status_code == 404, (method, path, answer.status_code)
        for secret in (STRANGER, "borealis"):
            assert secret not in answer.text, (method, path)
        tried += 1
    assert tried > 30
    assert before == rows_of(app)


def test_no_role_is_taken_at_another_club(
    app: Flask, own: Place, foreign: Place, sign_in: Any
) -> None:
    client = sign_in(Role.OWNER)
    before = rows_of(app)
    answer = client.post(
        f"/settings/staff/{foreign.ids['user_id']}/take-role",
        data={"club_id": foreign.club_id, "role": "desk", "csrf_token": _token(client)},
    )
    assert answer.status_code == 303
    assert before == rows_of(app)


def test_no_list_names_the_other_club(app: Flask, own: Place, foreign: Place, sign_in: Any) -> None:
    client = sign_in(Role.OWNER)
    for method, path, _permission in _pages(app):
        if method == "GET" and not PART.search(path):
            for address in (path, f"{path}?q=xeno", f"{path}?club=borealis"):
                answer = client.get(address)
                assert STRANGER not in answer.text, address
                assert "Annual borealis" not in answer.text, address
                assert "Desk of borealis" not in answer.text, address


def test_nobody_gets_in_without_signing_in(app: Flask, own: Place) -> None:
    client = app.test_client()
    token = csrf_of(client.get("/sign-in").text)
    before = rows_of(app)
    for method, path, _permission in _pages(app):
        address = _address(path, own)
        answer = _open(client, method, address, token)
        if method == "GET":
            assert answer.status_code == 302, (method, path)
            assert answer.headers["Location"].startswith("/sign-in")
        else:
            assert answer.status_code == 401, (method, path)
        assert "Ana Pereira" not in answer.text
    assert before == rows_of(app)


def test_no_form_goes_through_without_its_token(app: Flask, own: Place, sign_in: Any) -> None:
    client = sign_in(Role.OWNER)
    before = rows_of(app)
    for method, path, _permission in _pages(app):
        if method != "GET":
            address = _address(path, own)
            assert _open(client, method, address, "").status_code == 400, (method, path)
    assert before == rows_of(app)
