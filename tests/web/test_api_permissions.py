"""Who may do what through the API: every route x every role x own club and other club.

The cells are generated from the application's routes; a route without an example request fails. A
denied cell answers 401, 403 or 404, changes no row, and says not a byte about the other club.
"""

from collections.abc import Iterator
from datetime import timedelta
from typing import Any

import pytest
from flask import Flask
from sqlalchemy import event

from clubcrm.accounts.access import PUBLIC, SIGNED_IN, rule_of
from clubcrm.accounts.policies import GRANTS
from clubcrm.accounts.states import Permission, Role
from clubcrm.core import clock
from clubcrm.core.db import db
from tests.conftest import NOW
from tests.web.api import ROOT, Caller
from tests.web.conftest import MakeCaller
from tests.web.places import STRANGER, Place, rows_of

EXAMPLES: dict[tuple[str, str], Any] = {
    ("GET", "/clubs"): None,
    ("GET", "/plans"): None,
    ("GET", "/members"): None,
    ("POST", "/members"): {"name": "New", "club": "{club}"},
    ("GET", "/members/<member_id>"): None,
    ("PATCH", "/members/<member_id>"): {"city": "Faro"},
    ("GET", "/members/<member_id>/timeline"): None,
    ("GET", "/members/<member_id>/memberships"): None,
    ("GET", "/members/<member_id>/retention"): None,
    ("POST", "/memberships"): {"member_id": "{member_id}", "plan": "{plan_id}"},
    ("GET", "/memberships/<membership_id>"): None,
    ("POST", "/memberships/<membership_id>/renewals"): {},
    ("POST", "/memberships/<membership_id>/freezes"): {"from": "2026-03-09", "until": "2026-03-12"},
    ("POST", "/memberships/<rolling_id>/cancellation"): {},
    ("DELETE", "/freezes/<freeze_id>"): None,
    ("GET", "/invoices"): None,
    ("POST", "/payments"): {
        "member_id": "{member_id}",
        "invoice_id": "{invoice_id}",
        "amount": {"minor": 90, "currency": "EUR"},
        "method": "cash",
    },
    ("POST", "/check-ins"): {"member_id": "{member_id}"},
    ("DELETE", "/visits/<visit_id>"): None,
    ("GET", "/reports/renewals"): None,
    ("GET", "/touchpoints"): None,
}
"""A request of each route; what stands in braces or angles is an id of the club it is tried on."""

LISTS = {"/clubs", "/plans", "/members", "/invoices", "/reports/renewals", "/touchpoints"}


def _routes(app: Flask) -> Iterator[tuple[str, str, Any]]:
    """Method, path and what the view declares, of every call of the API."""
    for rule in app.url_map.iter_rules():
        declared = rule_of(app.view_functions[rule.endpoint])
        if rule.rule.startswith(f"{ROOT}/") and declared != PUBLIC:
            for method in sorted((rule.methods or set()) - {"HEAD", "OPTIONS"}):
                yield method, rule.rule.removeprefix(ROOT), declared


def _example(method: str, path: str, place: Place) -> tuple[str, Any]:
    """The request of a route, on a club."""
    name = path
    if path.endswith("/cancellation"):
        name = path.replace("membership_id", "rolling_id")
    body = EXAMPLES[method, name]
    for key, value in place.ids.items():
        name = name.replace(f"<{key}>", value)
    return name, _filled(body, place.ids)


def _filled(part: Any, ids: dict[str, str]) -> Any:
    if isinstance(part, dict):
        return {name: _filled(value, ids) for name, value in part.items()}
    return part.format(**ids) if isinstance(part, str) else part


def test_every_route_has_an_example(app: Flask) -> None:
    known = {(method, path.replace("rolling_id", "membership_id")) for method, path in EXAMPLES}
    assert {(method, path) for method, path, _declared in _routes(app)} == known


@pytest.mark.parametrize("role", Role)
def test_a_role_does_what_it_may_at_its_club(
    app: Flask, own: Place, caller: MakeCaller, role: Role
) -> None:
    one = caller(role)
    for method, path, declared in _routes(app):
        address, body = _example(method, path, own)
        before = rows_of(app)
        answer = one.call(method, address, json=body)
        may = declared == SIGNED_IN or declared in GRANTS[role]
        if may:
            assert answer.status_code in (200, 201), (method, path, answer.text)
        else:
            assert answer.status_code == 403, (method, path, answer.text)
        assert may or before == rows_of(app), (method, path)


@pytest.mark.parametrize("role", Role)
def test_no_role_reaches_the_other_club(
    app: Flask, own: Place, foreign: Place, caller: MakeCaller, role: Role
) -> None:
    one = caller(role)
    before = rows_of(app)
    for method, path, declared in _routes(app):
        address, body = _example(method, path, foreign)
        answer = one.call(method, address, json=body)
        may = declared == SIGNED_IN or declared in GRANTS[role]
        if path in LISTS and method == "GET" and may:
            assert answer.status_code == 200
        else:
            assert answer.status_code == (404 if may else 403), (method, path, answer.text)
        for secret in (STRANGER, "borealis", "card-borealis"):
            assert secret not in answer.text, (method, path)
    assert before == rows_of(app)


def test_nobody_without_a_token_gets_in(app: Flask, own: Place) -> None:
    before = rows_of(app)
    for method, path, _declared in _routes(app):
        address, body = _example(method, path, own)
        assert Caller(app, {}).call(method, address, json=body).status_code == 401
    assert before == rows_of(app)


def test_every_id_in_a_body_is_checked(
    app: Flask, own: Place, foreign: Place, caller: MakeCaller
) -> None:
    """Each id of a body in turn is one of the other club; all others are right."""
    boss = caller(Role.OWNER)
    before = rows_of(app)
    tried = 0
    for (method, path), body in EXAMPLES.items():
        address, _same = _example(method, path.replace("rolling_id", "membership_id"), own)
        for name, value in (body or {}).items():
            if not isinstance(value, str) or not value.startswith("{"):
                continue
            mixed = {**own.ids, value.strip("{}"): foreign.ids[value.strip("{}")]}
            answer = boss.call(method, address, json=_filled(body, mixed))
            assert answer.status_code == 404, (method, path, name, answer.text)
            assert STRANGER not in answer.text
            tried += 1
    for body in (
        {"plan": foreign.ids["plan_id"]},
        {"plan": "Annual borealis"},
    ):
        boss.post(f"/memberships/{own.ids['membership_id']}/renewals", 404, **body)
    boss.get("/invoices", 404, member_id=foreign.ids["member_id"])
    assert tried == 6
    assert before == rows_of(app)


def test_a_list_shows_the_own_club_alone(
    app: Flask, own: Place, foreign: Place, caller: MakeCaller
) -> None:
    boss, chain = caller(Role.OWNER), caller(Role.OWNER, club_id=None)
    for words in (STRANGER, "xeno", foreign.ids["member_id"], "card-borealis"):
        assert boss.get("/members", q=words)["items"] == []
    assert [one["name"] for one in chain.get("/members", q="xeno")["items"]] == [STRANGER]
    assert len(boss.get("/invoices")["items"]) == 1
    assert len(chain.get("/invoices")["items"]) == 2


def test_a_member_of_two_clubs_is_seen_at_both_with_each_clubs_own(
    app: Flask, own: Place, foreign: Place, caller: MakeCaller
) -> None:
    boss, chain = caller(Role.OWNER), caller(Role.OWNER, club_id=None)
    member = own.ids["member_id"]
    there = chain.post(
        "/memberships", member_id=member, plan=foreign.ids["plan_id"], club="borealis"
    )
    seen = {one["id"] for one in boss.get(f"/members/{member}/memberships")["items"]}
    assert seen == {own.ids["membership_id"], own.ids["rolling_id"]}
    boss.get(f"/memberships/{there['id']}", 404)
    boss.post(f"/memberships/{there['id']}/renewals", 404)
    borealis = caller(Role.OWNER, club_id=foreign.club_id)
    assert [one["id"] for one in borealis.get(f"/members/{member}/memberships")["items"]] == [
        there["id"]
    ]


def test_reading_writes_nothing(app: Flask, own: Place, caller: MakeCaller) -> None:
    """No GET runs a statement that changes anything, answered or refused."""
    statements: list[str] = []

    def note(_conn: Any, _cursor: Any, statement: str, *_more: Any) -> None:
        statements.append(
            statement if statement.startswith("BEGIN") else statement.split(maxsplit=1)[0]
        )

    callers = [caller(role) for role in Role]
    with app.app_context():
        engine = db.engine
    event.listen(engine, "before_cursor_execute", note)
    try:
        for one in callers:
            for method, path, _declared in _routes(app):
                if method == "GET":
                    one.call(method, _example(method, path, own)[0])
    finally:
        event.remove(engine, "before_cursor_execute", note)
    assert len(statements) > 100
    assert set(statements) <= {"BEGIN", "SELECT", "WITH"}  # and no BEGIN IMMEDIATE


def test_a_right_that_is_taken_away_is_gone_at_once(
    app: Flask, own: Place, caller: MakeCaller, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Each route stands on the permission it declares: without it the owner is refused as well."""
    boss = caller(Role.OWNER)
    for method, path, declared in _routes(app):
        if not isinstance(declared, Permission):
            continue
        address, body = _example(method, path, own)
        with monkeypatch.context() as patch:
            patch.setitem(GRANTS, Role.OWNER, frozenset(Permission) - {declared})
            assert boss.call(method, address, json=body).status_code == 403, (method, path)


def test_time_does_not_open_a_door(app: Flask, own: Place, caller: MakeCaller) -> None:
    """A token of one club stays one of that club however long it lives."""
    boss = caller(Role.OWNER)
    clock.set_clock(NOW + timedelta(days=4000))
    assert [one["code"] for one in boss.get("/clubs")["items"]] == ["aurora"]
