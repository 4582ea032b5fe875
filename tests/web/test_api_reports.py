"""Phases and renewals through the API."""

from datetime import timedelta

import pytest
from flask import Flask

from clubcrm.accounts.states import Role
from clubcrm.core import clock
from clubcrm.retention.jobs import run_missed_days
from tests.conftest import NOW
from tests.web.api import Caller
from tests.web.conftest import MakeCaller


def run(app: Flask, club_id: int) -> None:
    """Do the daily runs up to today."""
    with app.app_context():
        run_missed_days(club_id, clock.now)


@pytest.fixture
def ana(boss: Caller, plans: dict[str, int]) -> str:
    """Somebody who joined today for a month."""
    member = boss.post("/members", name="Ana Pereira")
    boss.post("/memberships", member_id=member["id"], plan="Monthly")
    return str(member["id"])


def test_a_phase_has_reasons_in_words_and_measures(boss: Caller, ana: str) -> None:
    standing = boss.get(f"/members/{ana}/retention")
    assert (standing["phase"], standing["sub"]) == ("adaptation", "not_started")
    assert standing["since"] == "2026-03-02"
    assert standing["risk"] == "none"
    assert standing["reasons"]
    assert all(isinstance(words, str) and words for words in standing["reasons"])
    assert set(standing["measures"]) == {"gap", "v28", "base", "gap_limit", "drop_limit", "dte"}
    assert standing["measures"]["dte"] == 30
    assert standing["contacts"] == []
    boss.post("/check-ins", 200, member_id=ana)
    assert boss.get(f"/members/{ana}/retention")["sub"] == "early"


def test_somebody_without_a_term_has_no_phase(boss: Caller) -> None:
    bo = boss.post("/members", name="Bo")
    standing = boss.get(f"/members/{bo['id']}/retention")
    assert (standing["phase"], standing["since"], standing["reasons"]) == (None, None, [])


def test_the_card_says_the_phase_at_once_and_the_list_after_the_run(
    app: Flask, a_club: int, boss: Caller, ana: str
) -> None:
    shown = boss.get(f"/members/{ana}")
    assert (shown["status"], shown["phase"], shown["since"]) == (
        "active",
        "adaptation",
        "2026-03-02",
    )
    run(app, a_club)
    (item,) = boss.get("/members", phase="adaptation")["items"]
    assert (item["id"], item["status"], item["phase"]) == (ana, "active", "adaptation")
    assert item["membership"]["plan"] == "Monthly"
    assert boss.get("/members", phase="lost")["items"] == []
    assert boss.get("/members", q="ana", phase="lost")["items"] == []
    assert [one["id"] for one in boss.get("/members")["items"]] == [ana]


def test_a_term_that_is_over_lapses(app: Flask, a_club: int, boss: Caller, ana: str) -> None:
    run(app, a_club)
    for days, phase in ((32, "grace"), (60, "lapsed"), (250, "lost")):
        clock.set_clock(NOW + timedelta(days=days))
        assert boss.get(f"/members/{ana}/retention")["phase"] == phase
        run(app, a_club)
        assert [one["phase"] for one in boss.get("/members")["items"]] == [phase]
    assert boss.get(f"/members/{ana}")["status"] == "lost"
    assert [one["id"] for one in boss.get("/members", status="lost")["items"]] == [ana]


def test_renewals_are_reported(boss: Caller, plans: dict[str, int]) -> None:
    """Three monthly terms end on 1 April: one renewed in its last week, one late, one never."""
    terms = []
    for name in ("Ana", "Bo", "Cris"):
        member = boss.post("/members", name=name)
        terms.append(boss.post("/memberships", member_id=member["id"], plan="Monthly")["id"])
    clock.set_clock(NOW + timedelta(days=26))  # 28 March
    money = {"minor": 1000, "currency": "EUR"}  # a first part; without money nothing is renewed
    boss.post(f"/memberships/{terms[0]}/renewals", plan="Annual", paid=money)
    clock.set_clock(NOW + timedelta(days=40))  # 11 April
    late = boss.post(f"/memberships/{terms[1]}/renewals")
    invoice = boss.get("/invoices", member_id=late["member_id"])["items"][0]
    boss.post(
        "/payments",
        member_id=late["member_id"],
        invoice_id=invoice["id"],
        amount=money,
        method="cash",
    )
    clock.set_clock(NOW + timedelta(days=70))  # 11 May: grace is over for all
    query = {"from": "2026-03-01", "to": "2026-04-30"}
    (row,) = boss.get("/reports/renewals", **query)["rows"]
    assert {name: row[name] for name in row if name not in ("label", "low", "high", "rate")} == {
        "key": "2026-04",
        "due": 3,
        "renewed": 2,
        "early": 0,
        "window": 1,
        "late": 1,
        "not_renewed": 1,
        "pending": 0,
    }
    assert row["rate"] == pytest.approx(2 / 3)
    # Wilson's limits for 2 of 3.
    assert (row["low"], row["high"]) == (
        pytest.approx(0.2077, abs=1e-3),
        pytest.approx(0.9385, abs=1e-3),
    )
    (strict,) = boss.get("/reports/renewals", grace=5, **query)["rows"]
    assert (strict["late"], strict["not_renewed"]) == (0, 2)
    for by, key in (("plan", "Monthly"), ("club", "aurora"), ("trainer", ""), ("staff", "owner")):
        (row,) = boss.get("/reports/renewals", by=by, **query)["rows"]
        assert (row["key"], row["due"]) == (key, 3)
    assert boss.get("/reports/renewals", **{"from": "2026-06-01", "to": "2026-06-30"}) == {
        "rows": []
    }
    # Without days: the year up to today, so also the late one's month from 11 April to 10 May.
    assert [row["key"] for row in boss.get("/reports/renewals")["rows"]] == ["2026-04", "2026-05"]


@pytest.mark.parametrize(
    "query",
    [
        {"from": "1 April"},
        {"to": "2026-02-30"},
        {"by": "weather"},
        {"grace": "-1"},
        {"grace": "400"},
    ],
)
def test_a_report_over_nonsense_is_refused(boss: Caller, query: dict[str, str]) -> None:
    assert list(boss.get("/reports/renewals", 422, **query)["errors"]) == list(query)


def test_reports_are_for_those_who_may_see_them(caller: MakeCaller, boss: Caller, ana: str) -> None:
    caller(Role.ACCOUNTANT).get("/reports/renewals")
    caller(Role.DESK).get("/reports/renewals", 403)
    caller(Role.DESK).get(f"/members/{ana}/retention", 403)
    caller(Role.SALES).get(f"/members/{ana}/retention")
