"""Two clerks at one computer, in a real browser: hands on the keyboard, a card reader, a line that breaks."""

import re
from collections.abc import Callable
from typing import Any

import pytest
from flask import Flask
from playwright.sync_api import Page, expect
from sqlalchemy import select

from clubcrm.accounts.models import StaffPin
from clubcrm.accounts.operations import add_staff, set_pin
from clubcrm.accounts.states import LANGUAGE_COOKIE, Role
from clubcrm.core.actor import OPERATOR
from clubcrm.core.transactions import reading, transaction
from clubcrm.visits.models import Visit
from tests.conftest import NOW, PASSWORD
from tests.integration.visits.door import a_member
from tests.journeys.conftest import assert_usable
from tests.journeys.test_desk import CUT, scan, state

pytestmark = pytest.mark.journey

Open = Callable[..., Page]
A_HAND = 120  # milliseconds between two keys: no card reader is that slow


@pytest.fixture
def at_desk(app: Flask, a_club: int, address: str, open_page: Open) -> Open:
    """Open the desk as Inês, who signed in with her password; Sam Reed has a PIN, 4711."""
    with app.app_context(), transaction() as session:
        for name, pin in (("Inês Duarte", "8265"), ("Sam Reed", "4711")):
            user_id = add_staff(
                session,
                full_name=name,
                email=f"{name[:3].lower()}@example.com",
                password=PASSWORD,
                role=Role.DESK,
                club_id=a_club,
                by=OPERATOR,
                now=NOW,
            )
            set_pin(session, user_id, pin, by=OPERATOR, now=NOW)
        for card, name in (("700123", "Sofia Marques"), ("700456", "Rui Costa")):
            a_member(session, a_club, card=card, full_name=name)

    def open_at(path: str = "/desk", *, language: str = "en", **how: Any) -> Page:
        page = open_page(**how)
        page.context.add_cookies([{"name": LANGUAGE_COOKIE, "value": language, "url": address}])
        page.goto("/sign-in")
        page.locator("input[name=email]").fill("inê@example.com")
        page.locator("input[name=password]").fill(PASSWORD)
        page.keyboard.press("Enter")
        page.wait_for_url(lambda url: "/sign-in" not in url)
        page.goto(path)
        return page

    return open_at


def check_in(page: Page, text: str, name: str) -> None:
    """Search and let somebody in, on the keyboard alone."""
    page.keyboard.press("Escape")
    expect(page.locator("#find")).to_be_focused()
    page.keyboard.type(text, delay=A_HAND)
    expect(page.locator(".find-hit")).to_have_count(1)
    page.keyboard.press("Enter")
    expect(page.locator("#answer-name")).to_have_text(name)


def visits(app: Flask) -> list[str]:
    """Under whose name each visit was recorded."""
    with app.app_context(), reading() as session:
        return list(session.scalars(select(Visit.recorded_by).order_by(Visit.id)))


def wrong_tries(app: Flask) -> int:
    with app.app_context(), reading() as session:
        return sum(session.scalars(select(StaffPin.wrong_tries)))


def test_two_clerks_share_the_desk_without_a_mouse(app: Flask, at_desk: Open) -> None:
    page = at_desk()
    check_in(page, "sofia", "Sofia Marques")
    page.keyboard.press("F2")
    name = page.get_by_role("link", name="Sam Reed")
    expect(name).to_be_focused()
    expect(page.get_by_text("Inês Duarte is signed in at Aurora Fitness.")).to_be_visible()
    assert_usable(page)
    page.keyboard.press("Digit1")
    expect(page.get_by_label("PIN")).to_be_focused()
    assert_usable(page)
    page.keyboard.type("4117", delay=A_HAND)
    page.keyboard.press("Enter")
    expect(page.get_by_role("alert")).to_contain_text("4 more tries")
    expect(page.get_by_label("PIN")).to_be_focused()
    page.keyboard.type("4711", delay=A_HAND)
    page.keyboard.press("Enter")
    expect(page.get_by_role("button", name="Sam Reed, account")).to_be_visible()
    # The desk stands as it stood.
    expect(page).to_have_url(re.compile(r"/desk\?entry=\d+$"))
    expect(page.locator("#answer-name")).to_have_text("Sofia Marques")
    check_in(page, "rui", "Rui Costa")
    assert visits(app) == ["Inês Duarte", "Sam Reed"]


def test_the_key_works_within_the_search_and_esc_leads_back(at_desk: Open) -> None:
    page = at_desk()
    page.locator("#find").press_sequentially("so", delay=A_HAND)
    page.keyboard.press("F2")
    expect(page.get_by_role("heading", name="Who is at the desk?")).to_be_visible()
    page.keyboard.press("Enter")
    expect(page.get_by_label("PIN")).to_be_focused()
    page.keyboard.press("Escape")
    expect(page.get_by_role("link", name="Sam Reed")).to_be_visible()
    page.keyboard.press("Escape")
    expect(page).to_have_url(re.compile("/desk$"))
    expect(page.get_by_role("button", name="Inês Duarte, account")).to_be_visible()


def test_a_card_scanned_while_a_pin_is_asked_is_a_scan(app: Flask, at_desk: Open) -> None:
    page = at_desk()
    page.keyboard.press("F2")
    page.get_by_role("link", name="Sam Reed").click()
    field = page.get_by_label("PIN")
    expect(field).to_be_focused()
    scan(page, "700123")
    expect(page.locator("#answer-name")).to_have_text("Sofia Marques")
    assert visits(app) == ["Inês Duarte"]
    assert wrong_tries(app) == 0


def test_a_locked_desk_checks_nobody_in_and_opens_with_a_pin(app: Flask, at_desk: Open) -> None:
    page = at_desk()
    page.get_by_role("button", name="Lock the desk").first.click()
    expect(page.get_by_text("The desk of Aurora Fitness is locked.")).to_be_visible()
    assert_usable(page)
    page.goto("/people")
    expect(page.get_by_text("The desk of Aurora Fitness is locked.")).to_be_visible()
    page.get_by_role("link", name="Sam Reed").click()
    expect(page.get_by_label("PIN")).to_be_focused()
    scan(page, "700123")
    expect(page.get_by_role("alert")).to_contain_text("nobody was checked in")
    expect(page.get_by_label("PIN")).to_have_value("")
    assert (visits(app), wrong_tries(app)) == ([], 0)
    page.keyboard.type("4711", delay=A_HAND)
    page.keyboard.press("Enter")
    expect(page).to_have_url(re.compile("/people$"))
    page.goto("/desk")
    scan(page, "700123")
    expect(page.locator("#answer-name")).to_have_text("Sofia Marques")
    assert visits(app) == ["Sam Reed"]


def test_scans_that_wait_are_sent_under_the_name_under_which_they_were_made(
    app: Flask, at_desk: Open
) -> None:
    page = at_desk(expected=CUT)
    page.context.set_offline(True)
    scan(page, "700123")
    expect(state(page)).to_have_text("No answer yet")
    for leave in (
        lambda: page.keyboard.press("F2"),
        lambda: page.get_by_role("button", name="Lock the desk").first.click(),
    ):
        leave()
        told = page.locator("#answer .notice")
        expect(told).to_have_count(1)
        expect(told).to_contain_text("These scans belong to whoever is at the desk now.")
        expect(page).to_have_url(re.compile("/desk$"))
    page.context.set_offline(False)
    expect(state(page)).to_have_text("In – first visit")
    page.keyboard.press("F2")
    expect(page.get_by_role("link", name="Sam Reed")).to_be_visible()
    assert visits(app) == ["Inês Duarte"]


def test_scans_kept_before_the_desk_was_locked_elsewhere_outlive_it(
    app: Flask, at_desk: Open
) -> None:
    page = at_desk()
    beside = page.context.new_page()
    beside.goto("/switch")
    beside.get_by_role("button", name="Lock the desk").click()
    expect(beside.get_by_text("The desk of Aurora Fitness is locked.")).to_be_visible()
    scan(page, "700123")
    expect(page.get_by_role("link", name="Load the page again")).to_be_visible()
    page.get_by_role("link", name="Load the page again").click()
    page.get_by_role("link", name="Inês Duarte").click()
    expect(page.get_by_label("PIN")).to_be_focused()
    assert visits(app) == []
    page.keyboard.type("8265", delay=A_HAND)
    page.keyboard.press("Enter")
    expect(state(page)).to_have_text("In – first visit")
    assert visits(app) == ["Inês Duarte"]


@pytest.mark.parametrize("language", ["en", "qps"])
@pytest.mark.parametrize("theme", ["light", "dark"])
def test_the_picker_and_the_pin_are_within_everybodys_reach_on_a_phone(
    at_desk: Open, theme: str, language: str
) -> None:
    page = at_desk("/switch", width=390, height=844, theme=theme, language=language)
    assert_usable(page)
    name = page.locator(".clerk").first
    box = name.bounding_box()
    assert box is not None
    assert box["height"] >= 44
    name.click()
    expect(page.locator("input[name=pin]")).to_be_focused()
    assert_usable(page)
