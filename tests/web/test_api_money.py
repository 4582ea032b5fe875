"""Money through the API."""

from typing import Any

import pytest

from tests.web.api import Caller, new_key


def eur(minor: int) -> dict[str, Any]:
    return {"minor": minor, "currency": "EUR"}


@pytest.fixture
def ana(boss: Caller, plans: dict[str, int]) -> str:
    """A member who owes a month and a year."""
    member = boss.post("/members", name="Ana Pereira")
    for plan in ("Monthly", "Annual"):
        boss.post("/memberships", member_id=member["id"], plan=plan)
    return str(member["id"])


def test_invoices_are_listed_newest_first(boss: Caller, ana: str) -> None:
    bo = boss.post("/members", name="Bo")
    boss.post("/memberships", member_id=bo["id"], plan="Monthly")
    found = boss.everything("/invoices", limit=2)
    assert [one["total"]["minor"] for one in found] == [4500, 48000, 4500]
    assert found[1] == {
        "id": found[1]["id"],
        "number": 2,
        "club": "aurora",
        "member_id": ana,
        "membership_id": found[1]["membership_id"],
        "state": "issued",
        "issued_on": "2026-03-02",
        "due_on": "2026-03-02",
        "purpose": "Annual",
        "total": eur(48000),
        "paid": eur(0),
        "open": eur(48000),
        "created_at": "2026-03-02T09:00:00Z",
    }
    assert boss.everything("/invoices", member_id=ana, limit=1) == found[1:]
    assert boss.get("/invoices", state="paid")["items"] == []
    assert len(boss.get("/invoices", state="issued", club="aurora")["items"]) == 3


def test_a_payment_goes_to_its_invoice(boss: Caller, ana: str) -> None:
    year, month = boss.get("/invoices")["items"]
    paid = boss.post(
        "/payments",
        member_id=ana,
        amount=eur(48000),
        method="transfer",
        invoice_id=year["id"],
        paid_at="2026-02-27T12:00:00+00:00",
    )
    assert paid == {
        "id": paid["id"],
        "club": "aurora",
        "member_id": ana,
        "invoice_id": year["id"],
        "membership_id": year["membership_id"],
        "amount": eur(48000),
        "method": "transfer",
        "paid_at": "2026-02-27T12:00:00Z",
        "purpose": "Annual",
        "taken_by": "owner",
    }
    states = {one["id"]: one["state"] for one in boss.get("/invoices")["items"]}
    assert states == {year["id"]: "paid", month["id"]: "issued"}
    assert boss.get(f"/members/{ana}")["owed"] == eur(4500)


def test_a_payment_without_an_invoice_pays_the_oldest_debt(boss: Caller, ana: str) -> None:
    boss.post("/payments", member_id=ana, amount=eur(5000), method="cash")
    open_ = [one["open"]["minor"] for one in boss.get("/invoices")["items"]]
    assert open_ == [47500, 0]


def test_a_payment_that_is_sent_again_is_one_payment(boss: Caller, ana: str) -> None:
    key = new_key()
    body: dict[str, Any] = {"member_id": ana, "amount": eur(1000), "method": "cash"}
    first = boss.post("/payments", key=key, **body)
    assert boss.post("/payments", key=key, **body) == first
    boss.post("/payments", 409, key=key, **{**body, "amount": eur(1001)})
    assert boss.get(f"/members/{ana}")["owed"] == eur(51500)


@pytest.mark.parametrize(
    ("change", "status", "code"),
    [
        ({"amount": eur(0)}, 422, "no_amount"),
        ({"amount": eur(-100)}, 422, "no_amount"),
        (
            {"amount": {"minor": 100, "currency": "USD"}, "invoice_id": "MONTH"},
            422,
            "currency_mismatch",
        ),
        ({"amount": eur(4501), "invoice_id": "MONTH"}, 422, "more_than_owed"),
        ({"invoice_id": "987654"}, 404, "unknown_invoice"),
        ({"invoice_id": "BO"}, 404, "unknown_invoice"),
        ({"member_id": "987654"}, 404, "unknown_member"),
        ({"method": "shells"}, 422, "invalid"),
        ({"paid_at": "2026-02-27"}, 422, "invalid"),
        ({"paid_at": "2026-03-02T09:11:00Z"}, 422, "not_paid_yet"),
        ({"amount": {"minor": "100", "currency": "EUR"}}, 422, "invalid"),
    ],
)
def test_a_payment_that_cannot_be_is_refused(
    boss: Caller, ana: str, change: dict[str, Any], status: int, code: str
) -> None:
    bo = boss.post("/members", name="Bo")
    boss.post("/memberships", member_id=bo["id"], plan="Monthly")
    of_bo, _year, month = boss.get("/invoices")["items"]
    body = {"member_id": ana, "amount": eur(100), "method": "cash", **change}
    if body.get("invoice_id") in ("MONTH", "BO"):
        body["invoice_id"] = (month if body["invoice_id"] == "MONTH" else of_bo)["id"]
    assert boss.post("/payments", status, **body)["code"] == code
    assert [one["paid"]["minor"] for one in boss.get("/invoices")["items"]] == [0, 0, 0]
