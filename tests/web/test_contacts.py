"""Contacts where people and machines read them: the member's card, its timeline, and the API."""

from datetime import datetime, timedelta
from typing import Any

from flask import Flask
from sqlalchemy import insert

from clubcrm.accounts.states import Role
from clubcrm.core.actor import OPERATOR
from clubcrm.core.transactions import transaction
from clubcrm.messaging.operations import TaskValues, close_task, open_tasks
from clubcrm.messaging.states import Outcome, TaskKind
from clubcrm.retention.models import Touchpoint
from tests.conftest import NOW
from tests.web.api import Caller
from tests.web.conftest import MakeCaller

DAY = timedelta(days=1)


def a_member(boss: Caller, plans: dict[str, int]) -> str:
    member: str = boss.post("/members", name="Ana Reis")["id"]
    boss.post("/memberships", member_id=member, plan=str(plans["Annual"]))
    return member


def a_contact(app: Flask, club: int, member: str, play: str, state: str, **told: Any) -> None:
    at: datetime = told.pop("at", NOW)
    row = {
        "club_id": club,
        "person_id": int(member),
        "play": play,
        "version": 1,
        "cycle_on": NOW.date(),
        "occasion_on": at.date(),
        "state": state,
        "planned_at": at,
        "due_at": at,
        "valid_until": at + 3 * DAY,
        **told,
    }
    with app.app_context(), transaction() as session:
        session.execute(insert(Touchpoint).values(row))


def test_the_api_lists_contacts_page_by_page(
    app: Flask, a_club: int, boss: Caller, caller: MakeCaller, plans: dict[str, int]
) -> None:
    member = a_member(boss, plans)
    a_contact(app, a_club, member, "K07", "held_out", arm="held_out", channel="email")
    a_contact(app, a_club, member, "K01", "sent", arm="treated", channel="email", at=NOW + DAY)
    a_contact(app, a_club, member, "K14", "skipped", reason="no_consent", due_at=None)
    first = boss.get("/touchpoints", limit=2)
    assert [one["play"] for one in first["items"]] == ["K07", "K01"]
    rest = boss.get("/touchpoints", limit=2, cursor=first["next"])
    assert [one["play"] for one in rest["items"]] == ["K14"]
    assert rest["next"] is None
    (held,) = boss.get("/touchpoints", member_id=member, state="held_out")["items"]
    assert (held["arm"], held["due_on"], held["member_id"]) == ("held_out", "2026-03-02", member)
    assert boss.get("/touchpoints", play="K02")["items"] == []
    (late,) = boss.get("/touchpoints", **{"from": "2026-03-03", "to": "2026-03-03"})["items"]
    assert late["play"] == "K01"
    contacts = boss.get(f"/members/{member}/retention")["contacts"]
    assert {one["play"]: (one["state"], one["reason"]) for one in contacts} == {
        "K01": ("sent", ""),
        "K07": ("held_out", ""),
        "K14": ("skipped", "no_consent"),
    }
    assert set(contacts[0]) == {"play", "state", "arm", "due_on", "channel", "reason"}
    caller(Role.DESK).get("/touchpoints", 403)


def test_the_card_says_in_words_how_contacts_went(
    app: Flask, a_club: int, boss: Caller, plans: dict[str, int], sign_in: Any
) -> None:
    member = a_member(boss, plans)
    a_contact(app, a_club, member, "K07", "held_out", arm="held_out", channel="email")
    a_contact(app, a_club, member, "K14", "skipped", reason="no_consent", due_at=None)
    manager, desk = sign_in(Role.MANAGER), sign_in(Role.DESK)
    page = manager.get(f"/people/{member}").text
    assert "Missed rhythm" in page
    assert "left alone on purpose, to compare" in page
    assert "did not agree to be contacted this way" in page
    assert "K07" not in page
    page = desk.get(f"/people/{member}").text
    assert "Renewal call" in page
    assert "left alone" not in page
    assert "Missed rhythm" not in page


def test_the_card_shows_what_is_to_be_done_and_what_was(
    app: Flask, a_club: int, boss: Caller, plans: dict[str, int], sign_in: Any
) -> None:
    member = a_member(boss, plans)
    with app.app_context(), transaction() as session:
        call = TaskValues(
            club_id=a_club,
            person_id=int(member),
            reference="call",
            kind=TaskKind.CALL,
            title="Not seen for a while",
            script="",
            due_on=NOW.date(),
        )
        (task_id,) = open_tasks(session, [call], by=OPERATOR, now=NOW)
    desk = sign_in(Role.DESK)
    page = desk.get(f"/people/{member}").text
    assert f"/tasks/{task_id}/outcome" in page
    more: Any = {"club_id": a_club, "by": OPERATOR, "now": NOW}
    with app.app_context(), transaction() as session:
        close_task(session, task_id, Outcome.NO_ANSWER, **more)
        close_task(
            session,
            task_id,
            Outcome.REACHED_PLAN,
            note="Knee is better",
            promised_on=NOW.date() + DAY,
            **more,
        )
    page = desk.get(f"/people/{member}/timeline?kind=contact").text
    assert "Not seen for a while: No answer, again Tue 3 Mar" in page
    assert "Reached, agreed, promised for Tue 3 Mar" in page
    assert "Knee is better" in page
