"""The entry matrix in the browser: for all plans, and for one."""

import re
from typing import Any

from flask import Flask
from flask.testing import FlaskClient
from sqlalchemy import select

from clubcrm.accounts.queries import get_club
from clubcrm.accounts.states import Role
from clubcrm.core.transactions import reading, transaction
from clubcrm.members.models import Membership
from clubcrm.visits.operations import check_in
from clubcrm.visits.policies import entry_rules
from clubcrm.visits.states import Decision, Effect, Fact, PointKind, VisitSource
from tests.conftest import post
from tests.integration.visits.door import CLERK, a_member, a_plan, at

PAGE = "/settings/door"


SELECT = re.compile(r'<select[^>]*name="(\w+_at_\w+)"[^>]*>(.*?)</select>', re.DOTALL)
CHOSEN = re.compile(r'<option selected value="(\w*)"')


def _cells(client: FlaskClient, path: str, **changes: str) -> dict[str, str]:
    """What the form would send as it stands, with some cells changed."""
    cells = {}
    for name, options in SELECT.findall(client.get(path).text):
        chosen = CHOSEN.search(options)
        cells[name] = chosen[1] if chosen else ""
    assert len(cells) > 20
    return cells | changes


def _after(client: FlaskClient, path: str, **changes: str) -> str:
    cells = _cells(client, path, **changes)
    return client.get(post(client, path, cells, page=path).headers["Location"]).text


def test_the_matrix_is_changed_for_all(app: Flask, a_club: int, sign_in: Any) -> None:
    client = sign_in(Role.OWNER)
    assert "Nothing was different." in _after(client, PAGE)
    assert "Changed." in _after(client, PAGE, debt_at_desk="message")
    with app.app_context(), reading() as session:
        settings = get_club(session, a_club).settings
    assert settings["entry"]["matrix"] == {"debt": {"desk": "message"}}
    assert entry_rules(settings).effect(Fact.DEBT, PointKind.DESK) is Effect.MESSAGE
    assert "Changed." in _after(client, PAGE, debt_at_desk="block")


def test_one_plan_differs(app: Flask, a_club: int, sign_in: Any) -> None:
    with app.app_context(), transaction() as session:
        off_peak = a_plan(session, a_club, "Off-peak", hours="mon-fri 10:00-12:00")
        person_id, _ = a_member(session, a_club, card="77", plan={"hours": "mon-fri 10:00-12:00"})
    client = sign_in(Role.OWNER)
    page = client.get(f"{PAGE}?plan={off_peak}").text
    assert "as for all: stops" in page
    assert "Never had a membership" not in page
    with app.app_context(), reading() as session:
        plan_id = _plan_of(session, person_id)
    assert "Changed." in _after(client, f"{PAGE}?plan={plan_id}", wrong_hours_at_desk="message")
    with app.app_context(), transaction() as session:
        answer = check_in(
            session, club_id=a_club, code="77", now=at(), source=VisitSource.DESK, by=CLERK
        )
    assert answer.decision is Decision.WARN
    assert "differs" in client.get(PAGE).text


def _plan_of(session: Any, person_id: int) -> int:
    return int(session.scalar(select(Membership.plan_id).where(Membership.person_id == person_id)))


def test_an_effect_nobody_knows_is_refused(app: Flask, a_club: int, sign_in: Any) -> None:
    client = sign_in(Role.OWNER)
    cells = _cells(client, PAGE, debt_at_desk="explode")
    assert post(client, PAGE, cells, page=PAGE).status_code == 422
