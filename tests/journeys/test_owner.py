"""The owner at a laptop: from "14 at risk" to fourteen assigned calls, and back."""

import re
from collections.abc import Callable
from datetime import timedelta

import pytest
from flask import Flask
from playwright.sync_api import Page, expect

from clubcrm.accounts.states import Role
from clubcrm.core import clock
from clubcrm.reports.jobs import count_club
from tests.conftest import PASSWORD
from tests.journeys.conftest import assert_usable
from tests.web.conftest import add_plans
from tests.web.test_owner import TODAY, slipping
from tests.web.test_people import add, look, sell

pytestmark = pytest.mark.journey


@pytest.fixture
def club(app: Flask, a_club: int, sign_in: Callable[..., object]) -> int:
    """A club with a desk, fourteen at risk, and somebody whose term ends."""
    plans = add_plans(app, a_club)
    sign_in(Role.DESK)
    sign_in(Role.SALES)
    slipping(app, a_club, plans["Annual"], 14)
    (ending,) = add(app, a_club, "Ends Soon", phone="+351912000999")
    sell(app, ending, plans["Monthly"], TODAY - timedelta(days=2))
    look(app, a_club)
    with app.app_context():
        count_club(a_club, clock.now)
    return a_club


def test_the_owner_assigns_fourteen_calls(
    open_page: Callable[..., Page], club: int, app: Flask
) -> None:
    page = open_page(width=1366, height=768)
    page.goto("/sign-in")
    page.get_by_label("E-mail").fill("owner@example.com")
    page.get_by_label("Password").fill(PASSWORD)
    page.get_by_role("button", name="Sign in").click()
    expect(page).to_have_url(re.compile(r"/home$"))
    assert_usable(page)
    expect(page.locator(".owner-since")).to_contain_text("Since yesterday")
    expect(page.locator(".owner-due")).to_contain_text("Terms that end")

    page.get_by_role("link", name="14 people").click()
    expect(page.get_by_role("heading", name="At risk")).to_be_visible()
    expect(page.locator("a.row-link")).to_have_count(14)
    assert_usable(page)
    # Whose work calls are is ticked already: one press is enough.
    expect(page.get_by_label(f"Desk {club}")).to_be_checked()
    page.get_by_role("button", name="Assign 14 calls").click()
    expect(page.get_by_role("status")).to_contain_text("14 calls assigned to")
    expect(page.locator(".name-call .chip")).to_have_count(14)

    page.goto("/home/names/at_risk")
    expect(page.get_by_text("Whoever can be called has an open call.")).to_be_visible()


def test_calls_to_those_ticked_are_taken_back(open_page: Callable[..., Page], club: int) -> None:
    page = open_page(width=1366, height=768, theme="dark")
    page.goto("/sign-in?next=/home/names/at_risk")
    page.get_by_label("E-mail").fill("owner@example.com")
    page.get_by_label("Password").fill(PASSWORD)
    page.get_by_role("button", name="Sign in").click()
    page.get_by_label("Tick Slipping 03").check()
    page.get_by_label("Tick Slipping 07").check()
    page.get_by_role("button", name="Only to those ticked").click()
    expect(page.get_by_role("status")).to_contain_text("2 calls assigned to")
    page.get_by_role("button", name="Undo").click()
    expect(page.get_by_role("status")).to_contain_text("2 calls taken back")
    expect(page.get_by_role("button", name="Assign 14 calls")).to_be_visible()


def test_it_is_usable_on_a_phone(open_page: Callable[..., Page], club: int) -> None:
    page = open_page(width=390, height=844, theme="dark")
    page.goto("/sign-in")
    page.get_by_label("E-mail").fill("owner@example.com")
    page.get_by_label("Password").fill(PASSWORD)
    page.get_by_role("button", name="Sign in").click()
    expect(page).to_have_url(re.compile(r"/home$"))
    assert_usable(page)
    page.goto("/home/names/due?days=30")
    expect(page.locator("a.row-link")).to_have_count(1)
    assert_usable(page)
