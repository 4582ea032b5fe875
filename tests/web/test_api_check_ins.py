"""The door through the API."""

import threading
from datetime import timedelta
from typing import Any

import pytest
from flask import Flask

from clubcrm.accounts.states import Role
from clubcrm.core import clock
from tests.conftest import NOW
from tests.web.api import Caller, new_key
from tests.web.conftest import MakeCaller


@pytest.fixture
def ana(boss: Caller, plans: dict[str, int]) -> str:
    """A member with a card and a month that began a fortnight ago, paid."""
    member = boss.post("/members", name="Ana Pereira", card_code="0042")
    boss.post(
        "/memberships",
        member_id=member["id"],
        plan="Monthly",
        starts_on="2026-02-16",
        paid={"minor": 4500, "currency": "EUR"},
    )
    return str(member["id"])


@pytest.fixture
def door(caller: MakeCaller) -> Caller:
    """A turnstile."""
    return caller(Role.DEVICE)


def test_a_member_comes_in(boss: Caller, ana: str, door: Caller) -> None:
    number = boss.get(f"/members/{ana}")["number"]
    answer = door.post("/check-ins", 200, code="0042")
    assert answer["decision"] == "in"
    (reason,) = answer["reasons"]
    assert reason["code"] == "first_visit"
    assert reason["text"]
    assert answer["prompt"]["code"] == "greet"
    assert [one["code"] for one in answer["prompt"]["replies"]] == ["yes", "later"]
    assert answer["visit_id"] is not None
    assert answer["member"] == {
        "id": ana,
        "external_id": number,
        "number": number,
        "name": "Ana Pereira",
    }
    membership = answer["membership"]
    assert {name: membership[name] for name in ("plan", "days_left", "visits_left", "ends_on")} == {
        "plan": "Monthly",
        "days_left": 13,
        "visits_left": None,
        "ends_on": "2026-03-15",
    }
    assert answer["at"] == "2026-03-02T09:00:00Z"


def test_a_second_scan_says_since_when(ana: str, door: Caller) -> None:
    first = door.post("/check-ins", 200, code="0042")
    clock.set_clock(NOW + timedelta(minutes=3))
    again = door.post("/check-ins", 200, member_id=ana)
    assert again["decision"] == "already_in"
    assert again["visit_id"] == first["visit_id"]
    assert again["at"] == first["at"]


def test_a_stop_is_an_answer(boss: Caller, door: Caller) -> None:
    bo = boss.post("/members", name="Bo")
    answer = door.post("/check-ins", 200, member_id=bo["id"])
    assert (answer["decision"], answer["visit_id"]) == ("stop", None)
    assert [one["code"] for one in answer["reasons"]] == ["no_membership"]
    assert answer["membership"] is None


def test_an_unknown_code_is_not_found(ana: str, door: Caller, caller: MakeCaller) -> None:
    assert door.post("/check-ins", 404, code="9999")["code"] == "unknown_card"
    assert door.post("/check-ins", 404, member_id="987654")["code"] == "unknown_member"
    chain = caller(Role.DEVICE, club_id=None)
    assert chain.post("/check-ins", 404, code="9999")["code"] == "unknown_card"


@pytest.mark.parametrize(
    "body",
    [
        {},
        {"code": "0042", "member_id": "1"},
        {"code": ""},
        {"code": "0042", "at": "2026-03-02T09:00:00"},
        {"code": "0042", "at": "yesterday"},
        {"code": "0042", "at": 1772442000},
        {"code": "0042", "when": "2026-03-02T09:00:00Z"},
        {"code": "0042", "at": "2026-03-02T10:00:00Z"},  # in an hour
        {"code": "0042", "override_reason": " "},
    ],
)
def test_a_question_that_makes_no_sense_is_refused(
    boss: Caller, ana: str, body: dict[str, Any]
) -> None:
    boss.post("/check-ins", 422, **body)
    assert boss.get(f"/members/{ana}/timeline", kind="visit")["items"] == []


def test_an_override_needs_the_right_and_a_reason(
    boss: Caller, caller: MakeCaller, door: Caller
) -> None:
    bo = boss.post("/members", name="Bo")
    asked = {"member_id": bo["id"], "override_reason": "Comes with the owner"}
    assert door.post("/check-ins", 403, **asked)["code"] == "not_allowed"
    answer = caller(Role.DESK).post("/check-ins", 200, **asked)
    assert answer["decision"] == "warn"
    assert answer["visit_id"] is not None
    (item,) = boss.get(f"/members/{bo['id']}/timeline", kind="visit")["items"]
    assert item["details"]["override_reason"] == "Comes with the owner"


def test_a_pack_is_used_up_visit_by_visit(
    boss: Caller, door: Caller, plans: dict[str, int]
) -> None:
    bo = boss.post("/members", name="Bo")
    paid = {"minor": 9000, "currency": "EUR"}
    boss.post("/memberships", member_id=bo["id"], plan="Ten visits", paid=paid)
    left = []
    for day in range(10):
        clock.set_clock(NOW + timedelta(days=day))
        answer = door.post("/check-ins", 200, member_id=bo["id"])
        left.append(answer["membership"]["visits_left"])
    assert left == list(range(9, -1, -1))
    clock.set_clock(NOW + timedelta(days=11))
    answer = door.post("/check-ins", 200, member_id=bo["id"])
    assert (answer["decision"], answer["visit_id"]) == ("stop", None)
    assert "no_visits_left" in [one["code"] for one in answer["reasons"]]


def test_a_visit_is_taken_back(boss: Caller, door: Caller, plans: dict[str, int]) -> None:
    bo = boss.post("/members", name="Bo")
    sold = boss.post("/memberships", member_id=bo["id"], plan="Ten visits")
    visit = door.post("/check-ins", 200, member_id=bo["id"])["visit_id"]
    assert boss.get(f"/memberships/{sold['id']}")["visits_left"] == 9
    door.delete(f"/visits/{visit}", 403)
    assert boss.delete(f"/visits/{visit}") == {"id": visit, "undone": True}
    assert boss.delete(f"/visits/{visit}") == {"id": visit, "undone": False}
    assert boss.get(f"/memberships/{sold['id']}")["visits_left"] == 10


def test_a_late_record_is_decided_by_its_own_time(boss: Caller, ana: str, door: Caller) -> None:
    answer = door.post("/check-ins", 200, code="0042", at="2026-03-01T23:30:00+01:00")
    assert answer["at"] == "2026-03-01T22:30:00Z"
    assert answer["membership"]["days_left"] == 14
    early = door.post("/check-ins", 200, code="0042", at="2026-02-15T10:00:00Z")
    assert (early["decision"], early["reasons"][0]["code"]) == ("stop", "not_started")


def test_a_scan_that_is_sent_again_is_one_visit(
    app: Flask, boss: Caller, door: Caller, plans: dict[str, int]
) -> None:
    """A lost answer: the device sends the same scan again, from several threads even."""
    bo = boss.post("/members", name="Bo")
    sold = boss.post("/memberships", member_id=bo["id"], plan="Ten visits")
    key, start = new_key(), threading.Barrier(6)
    answers: list[bytes] = []

    def scan() -> None:
        start.wait(30)
        body = {"member_id": bo["id"]}
        answers.append(door.call("POST", "/check-ins", key=key, json=body).data)

    threads = [threading.Thread(target=scan) for _ in range(6)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert len(answers) == 6
    assert len(set(answers)) == 1
    assert boss.get(f"/memberships/{sold['id']}")["visits_left"] == 9


def test_a_token_for_several_clubs_finds_the_door(
    boss: Caller, caller: MakeCaller, ana: str, other_club: int
) -> None:
    chain = caller(Role.DESK, club_id=None)
    assert chain.post("/check-ins", 200, code="0042")["decision"] == "in"
    there = chain.post("/check-ins", 200, code="0042", club="borealis", access_point="north")
    assert (there["decision"], there["reasons"][0]["code"]) == ("stop", "wrong_club")
    again = chain.post("/check-ins", 200, code="0042", access_point="north")
    assert again["reasons"][0]["code"] == "wrong_club"
    assert chain.post("/check-ins", 404, code="0042", club="nowhere")["code"] == "unknown_club"
