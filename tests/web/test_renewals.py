"""The renewal page: the figures of the hand-worked club, the names behind them, and who may see them."""

import re
from datetime import UTC, datetime
from typing import Any

import pytest
from flask import Flask

from clubcrm.accounts.states import Role
from clubcrm.core import clock
from clubcrm.core.db import db
from clubcrm.core.transactions import transaction
from clubcrm.frontdesk.views import renewals
from tests.hand_worked_club import live_hand_worked_club

SPAN = "from=2026-01-01&to=2026-06-30"


@pytest.fixture
def owner(app: Flask, a_club: int, sign_in: Any) -> Any:
    with app.app_context(), transaction() as session:
        live_hand_worked_club(session, a_club)
    with app.app_context():
        db.session.remove()
    clock.set_clock(datetime(2026, 6, 15, 18, tzinfo=UTC))
    return sign_in(Role.OWNER)


def _text(html: str) -> str:
    return re.sub(r"\s+", " ", re.sub(r"<[^>]+>", " ", html))


def test_the_page_shows_the_rate_with_its_count_and_range(owner: Any) -> None:
    page = _text(owner.get(f"/renewals?{SPAN}").text)
    assert "66.7%" in page
    assert "6 of 9 final ends; the true rate lies between 35% and 88%" in page
    assert "1 trial and guest passes" in page
    assert "1 replaced by an upgrade" in page


def test_every_figure_opens_as_many_names_as_it_says(owner: Any) -> None:
    page = owner.get(f"/renewals?{SPAN}").text
    figures = re.findall(r'class="figure-link" href="([^"]+)">(\d+)<', page)
    assert len(figures) > 10
    for address, count in figures:
        names = owner.get(address.replace("&amp;", "&"))
        assert names.status_code == 200
        assert names.text.count('class="row-link"') == int(count), address


def test_many_names_come_page_by_page(owner: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(renewals, "NAMES", 4)
    path, seen = f"/renewals/names/due?{SPAN}", []
    while True:
        page = owner.get(path).text
        assert "11 terms" in page
        seen += re.findall(r'class="row-link" href="([^"]+)"', page)
        if 'rel="next"' not in page:
            break
        path = page.split('rel="next" href="', 1)[1].split('"', 1)[0].replace("&amp;", "&")
    monkeypatch.undo()
    whole = owner.get(f"/renewals/names/due?{SPAN}").text
    assert seen == re.findall(r'class="row-link" href="([^"]+)"', whole)
    assert len(seen) == 11
    assert owner.get(f"/renewals/names/due?{SPAN}&after=x").text.count('class="row-link"') == 11


@pytest.mark.parametrize("by", ["month", "plan", "club", "trainer", "staff"])
def test_each_grouping_adds_up(owner: Any, by: str) -> None:
    page = _text(owner.get(f"/renewals?{SPAN}&by={by}").text)
    assert re.search(r"Together 11 2 4 1 3 1", page)


def test_days_without_ends_say_what_to_do(owner: Any) -> None:
    page = _text(owner.get("/renewals?from=2020-01-01&to=2020-02-01").text)
    assert "No term ends in these days" in page


@pytest.mark.parametrize(
    "query", ["from=yesterday&to=x", "by=moon", "grace=99", "club=77", "club=x"]
)
def test_an_odd_address_is_no_error(owner: Any, query: str) -> None:
    assert owner.get(f"/renewals?{query}").status_code == 200
