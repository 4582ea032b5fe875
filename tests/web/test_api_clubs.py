"""What a token of one club and one of all clubs see of the same people."""

from datetime import timedelta

from flask import Flask

from clubcrm.accounts.states import Role
from clubcrm.core import clock
from tests.conftest import NOW
from tests.web.api import Caller
from tests.web.conftest import MakeCaller
from tests.web.places import STRANGER, Place


def test_a_token_of_all_clubs_sees_both(own: Place, foreign: Place, caller: MakeCaller) -> None:
    boss, chain = caller(Role.OWNER), caller(Role.OWNER, club_id=None)
    assert boss.get("/members", q="xeno")["items"] == []
    assert [one["name"] for one in chain.get("/members", q="xeno")["items"]] == [STRANGER]
    assert len(boss.get("/invoices")["items"]) == 1
    assert len(chain.get("/invoices")["items"]) == 2


def test_a_plan_is_named_within_its_club(own: Place, foreign: Place, caller: MakeCaller) -> None:
    boss: Caller = caller(Role.OWNER)
    renewals = f"/memberships/{own.ids['membership_id']}/renewals"
    assert boss.post(renewals, 404, plan="Annual borealis")["code"] == "unknown_plan"
    assert boss.post(renewals, plan="Annual aurora")["club"] == "aurora"


def test_a_member_of_two_clubs_is_seen_at_both_with_each_clubs_own(
    own: Place, foreign: Place, caller: MakeCaller
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


def test_money_is_taken_for_the_clubs_of_the_token(
    own: Place, foreign: Place, caller: MakeCaller
) -> None:
    """A member owes at both clubs: each takes its own, and what is left over stays in its books."""
    chain, borealis = caller(Role.OWNER, club_id=None), caller(Role.DESK, club_id=foreign.club_id)
    member = own.ids["member_id"]
    chain.post("/memberships", member_id=member, plan=foreign.ids["plan_id"], club="borealis")
    taken = borealis.post(
        "/payments", member_id=member, amount={"minor": 150, "currency": "EUR"}, method="cash"
    )
    assert taken["club"] == "borealis"
    states = {
        one["club"]: one["state"] for one in chain.get("/invoices", member_id=member)["items"]
    }
    assert states == {"aurora": "issued", "borealis": "paid"}


def test_time_does_not_open_a_door(app: Flask, own: Place, caller: MakeCaller) -> None:
    """A token of one club stays one of that club however long it lives."""
    boss = caller(Role.OWNER)
    clock.set_clock(NOW + timedelta(days=4000))
    assert [one["code"] for one in boss.get("/clubs")["items"]] == ["aurora"]
