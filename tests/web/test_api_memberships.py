"""Selling, renewing, freezing and ending memberships through the API."""

from typing import Any

import pytest
from flask import Flask

from clubcrm.accounts.states import Role
from tests.web.api import Caller
from tests.web.conftest import MakeCaller


@pytest.fixture
def ana(boss: Caller, plans: dict[str, int]) -> str:
    """A person without a membership."""
    return str(boss.post("/members", name="Ana Pereira")["id"])


def test_a_sale_copies_the_plan_and_makes_a_debt(
    boss: Caller, ana: str, plans: dict[str, int]
) -> None:
    sold = boss.post("/memberships", member_id=ana, plan="annual", starts_on="2026-03-02")
    assert sold == {
        "id": sold["id"],
        "member_id": ana,
        "external_id": None,
        "club": "aurora",
        "plan": "Annual",
        "plan_id": str(plans["Annual"]),
        "state": "active",
        "starts_on": "2026-03-02",
        "ends_on": "2027-03-01",
        "days_left": 364,
        "visits_left": None,
        "price": {"minor": 48000, "currency": "EUR"},
        "auto_renew": False,
        "sold_at": "2026-03-02T09:00:00Z",
        "previous_id": None,
        "link": None,
        "cancelled_last_day": None,
        "end_reason": None,
        "freezes": [],
    }
    assert boss.get(f"/memberships/{sold['id']}") == sold
    assert boss.get(f"/members/{ana}/memberships") == {"items": [sold], "next": None}
    shown = boss.get(f"/members/{ana}")
    assert shown["membership"] == {
        "id": sold["id"],
        "plan": "Annual",
        "state": "active",
        "starts_on": "2026-03-02",
        "ends_on": "2027-03-01",
        "days_left": 364,
        "visits_left": None,
    }
    assert shown["owed"] == {"minor": 48000, "currency": "EUR"}


def test_a_sale_takes_a_price_of_its_own_and_money(boss: Caller, ana: str) -> None:
    sold = boss.post(
        "/memberships",
        member_id=ana,
        plan="Monthly",
        price={"minor": 4000, "currency": "EUR"},
        paid={"minor": 2500, "currency": "EUR"},
        method="card",
    )
    assert sold["starts_on"] == "2026-03-02"
    assert sold["ends_on"] == "2026-04-01"
    assert sold["price"] == {"minor": 4000, "currency": "EUR"}
    assert boss.get(f"/members/{ana}")["owed"] == {"minor": 1500, "currency": "EUR"}


def test_a_plan_is_named_or_numbered(boss: Caller, ana: str, plans: dict[str, int]) -> None:
    for plan in ("Ten visits", " TEN  visits ", str(plans["Ten visits"])):
        assert boss.post("/memberships", member_id=ana, plan=plan)["visits_left"] == 10
    problem = boss.post("/memberships", 404, member_id=ana, plan="Platinum")
    assert problem["code"] == "unknown_plan"


def test_a_sale_may_name_its_last_day(boss: Caller, ana: str) -> None:
    sold = boss.post("/memberships", member_id=ana, plan="Annual", ends_on="2026-12-31")
    assert (sold["starts_on"], sold["ends_on"]) == ("2026-03-02", "2026-12-31")
    new = boss.post(f"/memberships/{sold['id']}/renewals", ends_on="2027-01-15")
    assert (new["starts_on"], new["ends_on"]) == ("2027-01-01", "2027-01-15")
    for path in ("/memberships", f"/memberships/{new['id']}/renewals"):
        told = {"member_id": ana, "plan": "Annual"} if path == "/memberships" else {}
        problem = boss.post(path, 422, **told, starts_on="2027-06-01", ends_on="2027-05-31")
        assert problem["code"] == "bad_term"


def test_a_renewal_and_a_notice_need_no_body(boss: Caller, ana: str) -> None:
    sold = boss.post("/memberships", member_id=ana, plan="Monthly")
    assert boss.call("POST", f"/memberships/{sold['id']}/renewals").status_code == 201
    rolling = boss.post("/memberships", member_id=ana, plan="Rolling")
    assert boss.call("POST", f"/memberships/{rolling['id']}/cancellation").status_code == 201


def test_a_renewal_follows_and_is_queued(boss: Caller, ana: str) -> None:
    old = boss.post("/memberships", member_id=ana, plan="Monthly")
    new = boss.post(f"/memberships/{old['id']}/renewals")
    assert (new["starts_on"], new["ends_on"]) == ("2026-04-02", "2026-05-01")
    assert (new["previous_id"], new["link"], new["state"]) == (old["id"], "renewal", "pending")
    problem = boss.post(f"/memberships/{old['id']}/renewals", 409)
    assert problem["code"] == "already_renewed"
    year = boss.post(
        f"/memberships/{new['id']}/renewals",
        plan="Annual",
        price={"minor": 40000, "currency": "EUR"},
        paid={"minor": 40000, "currency": "EUR"},
    )
    assert (year["plan"], year["starts_on"]) == ("Annual", "2026-05-02")
    items = boss.get(f"/members/{ana}/memberships")["items"]
    assert [one["id"] for one in items] == [year["id"], new["id"], old["id"]]


def test_a_freeze_moves_the_end(boss: Caller, ana: str) -> None:
    sold = boss.post("/memberships", member_id=ana, plan="Monthly", starts_on="2026-02-20")
    assert sold["ends_on"] == "2026-03-19"
    frozen = boss.post(
        f"/memberships/{sold['id']}/freezes",
        from_="2026-03-10",
        until="2026-03-17",
        reason="Skiing",
    )
    assert frozen["ends_on"] == "2026-03-26"
    (freeze,) = frozen["freezes"]
    assert freeze == {
        "id": freeze["id"],
        "from": "2026-03-10",
        "until": "2026-03-17",
        "reason": "Skiing",
    }
    problem = boss.post(
        f"/memberships/{sold['id']}/freezes", 409, from_="2026-03-16", until="2026-03-20"
    )
    assert problem["code"] == "freezes_overlap"
    assert boss.delete(f"/freezes/{freeze['id']}") == sold
    assert boss.delete(f"/freezes/{freeze['id']}", 409)["code"] == "freeze_is_over"


def test_a_running_freeze_ends_today(boss: Caller, ana: str) -> None:
    sold = boss.post("/memberships", member_id=ana, plan="Monthly", starts_on="2026-02-20")
    frozen = boss.post(f"/memberships/{sold['id']}/freezes", from_="2026-02-25", until="2026-03-11")
    assert (frozen["state"], frozen["ends_on"]) == ("frozen", "2026-04-02")
    (freeze,) = frozen["freezes"]
    back = boss.delete(f"/freezes/{freeze['id']}")
    # Five days were used: 25 February to 1 March; 2 March is the first day back.
    assert (back["state"], back["ends_on"]) == ("active", "2026-03-24")
    assert back["freezes"][0]["until"] == "2026-03-02"


def test_notice_ends_a_contract(boss: Caller, ana: str) -> None:
    sold = boss.post("/memberships", member_id=ana, plan="Rolling", starts_on="2026-02-20")
    assert (sold["ends_on"], sold["days_left"]) == (None, None)
    path = f"/memberships/{sold['id']}/cancellation"
    assert boss.post(path, 422, last_day="2026-03-01")["code"] == "last_day_past"
    left = boss.post(path, reason="Moves away")
    assert left["cancelled_last_day"] == left["ends_on"] == "2026-03-19"
    assert left["days_left"] == 17
    assert boss.post(path, 409)["code"] == "already_cancelled"
    term = boss.post("/memberships", member_id=ana, plan="Monthly")
    problem = boss.post(f"/memberships/{term['id']}/cancellation", 409)
    assert problem["code"] == "nothing_to_cancel"


@pytest.mark.parametrize(
    ("body", "status", "code"),
    [
        ({}, 422, "invalid"),
        ({"plan": "Annual"}, 422, "invalid"),
        ({"member_id": "1x", "plan": "Annual"}, 422, "invalid"),
        ({"member_id": 1, "plan": "Annual"}, 422, "invalid"),
        ({"member_id": "987654", "plan": "Annual"}, 404, "unknown_member"),
        ({"plan": "Annual", "starts_on": "2026-02-30"}, 422, "invalid"),
        ({"plan": "Annual", "starts_on": "9999-12-31"}, 422, "invalid"),
        ({"plan": "Annual", "starts_on": "2124-01-31"}, 422, "day_out_of_range"),
        ({"plan": "Annual", "price": {"minor": -1, "currency": "EUR"}}, 422, "no_amount"),
        ({"plan": "Annual", "price": {"minor": 1.5, "currency": "EUR"}}, 422, "invalid"),
        ({"plan": "Annual", "price": {"minor": 1, "currency": "EURO"}}, 422, "invalid"),
        ({"plan": "Annual", "price": {"minor": 1, "currency": "QQQ"}}, 422, "invalid"),
        ({"plan": "Annual", "price": {"minor": 10**18, "currency": "EUR"}}, 422, "invalid"),
        ({"plan": "Annual", "paid": {"minor": 99900, "currency": "EUR"}}, 422, "more_than_owed"),
        ({"plan": "Annual", "paid": {"minor": 1, "currency": "USD"}}, 422, "currency_mismatch"),
        ({"plan": "Annual", "method": "shells"}, 422, "invalid"),
    ],
)
def test_a_sale_that_cannot_be_is_refused(
    boss: Caller, ana: str, body: dict[str, Any], status: int, code: str
) -> None:
    if body.keys() & {"starts_on", "price", "paid", "method"}:
        body = {"member_id": ana, **body}
    assert boss.post("/memberships", status, **body)["code"] == code
    assert boss.get(f"/members/{ana}/memberships")["items"] == []
    assert boss.get("/invoices")["items"] == []


def test_a_freeze_that_cannot_be_is_refused(boss: Caller, ana: str) -> None:
    sold = boss.post("/memberships", member_id=ana, plan="Monthly")
    path = f"/memberships/{sold['id']}/freezes"
    for days, status, code in (
        (("2026-03-10", "2026-03-10"), 422, "empty_period"),
        (("2026-03-10", "2026-03-09"), 422, "empty_period"),
        (("2026-03-01", "2026-03-09"), 422, "freeze_outside_term"),
        (("2026-04-02", "2026-04-09"), 422, "freeze_outside_term"),
    ):
        assert boss.post(path, status, from_=days[0], until=days[1])["code"] == code
    assert boss.get(f"/memberships/{sold['id']}") == sold


def test_roles_sell_what_they_may(caller: MakeCaller, ana: str) -> None:
    desk, sales, trainer = caller(Role.DESK), caller(Role.SALES), caller(Role.TRAINER)
    sold = desk.post("/memberships", member_id=ana, plan="Rolling")
    trainer.post("/memberships", 403, member_id=ana, plan="Rolling")
    desk.post(f"/memberships/{sold['id']}/cancellation", 403)
    sales.post(f"/memberships/{sold['id']}/freezes", from_="2026-03-10", until="2026-03-17")
    assert caller(Role.MANAGER).post(f"/memberships/{sold['id']}/cancellation")["ends_on"]


def test_plans_and_clubs_are_listed(
    app: Flask, boss: Caller, caller: MakeCaller, plans: dict[str, int], other_club: int
) -> None:
    (club,) = boss.get("/clubs")["items"]
    assert (club["code"], club["timezone"], club["currency"]) == ("aurora", "Europe/Lisbon", "EUR")
    found = boss.get("/plans")["items"]
    assert [one["name"] for one in found] == ["Annual", "Monthly", "Rolling", "Ten visits"]
    assert found[0]["price"] == {"minor": 48000, "currency": "EUR"}
    assert (found[0]["months"], found[3]["visits"], found[2]["kind"]) == (12, 10, "rolling")
    chain = caller(Role.DESK, club_id=None)
    assert [one["code"] for one in chain.get("/clubs")["items"]] == ["aurora", "borealis"]
    assert chain.get("/plans", club="borealis")["items"] == []
    assert len(chain.get("/plans", club="aurora", on_sale="true")["items"]) == 4
    device = caller(Role.DEVICE)
    assert [one["code"] for one in device.get("/clubs")["items"]] == ["aurora"]
    device.get("/plans", 403)
