"""At the desk in a real browser: hands on a keyboard, a card reader, a line that breaks."""

import re
from collections.abc import Callable
from typing import Any

import pytest
from flask import Flask
from playwright.sync_api import Page, expect
from sqlalchemy import func, select

from clubcrm.accounts.operations import add_staff
from clubcrm.accounts.states import LANGUAGE_COOKIE, Role
from clubcrm.core.actor import OPERATOR
from clubcrm.core.period import Period
from clubcrm.core.transactions import reading, transaction
from clubcrm.members.operations import freeze_membership
from clubcrm.visits.models import EntryDecision, Visit
from tests.conftest import NOW, PASSWORD
from tests.integration.visits.door import CLERK, a_debt, a_member, on
from tests.journeys.conftest import assert_usable

pytestmark = pytest.mark.journey

Open = Callable[..., Page]
CUT = ("net::ERR",)


@pytest.fixture
def at_desk(app: Flask, a_club: int, address: str, open_page: Open) -> Open:
    """Open a window signed in as the desk: `at_desk("/desk", language="qps")`."""
    with app.app_context(), transaction() as session:
        add_staff(
            session,
            full_name="Inês Duarte",
            email="desk@example.com",
            password=PASSWORD,
            role=Role.DESK,
            club_id=a_club,
            by=OPERATOR,
            now=NOW,
        )

    def open_at(path: str, *, language: str = "en", **how: Any) -> Page:
        page = open_page(**how)
        page.context.add_cookies([{"name": LANGUAGE_COOKIE, "value": language, "url": address}])
        page.goto("/sign-in")
        page.locator("input[name=email]").fill("desk@example.com")
        page.locator("input[name=password]").fill(PASSWORD)
        page.keyboard.press("Enter")
        expect(page.get_by_role("main")).to_be_visible()
        page.wait_for_url(lambda url: "/sign-in" not in url)
        page.goto(path)
        return page

    return open_at


# What a card reader set to the usual layout sends while a Persian one is active: the keys are those
# of the digits, the letters are not.
SCAN = """(digits) => {
  const press = (code, key) => {
    const field = document.activeElement;
    const made = { code, key, bubbles: true, cancelable: true };
    const taken = !field.dispatchEvent(new KeyboardEvent("keydown", made));
    if (!taken && key !== "Enter" && "value" in field) field.value += key;
  };
  for (const digit of digits) press(`Digit${digit}`, "۰۱۲۳۴۵۶۷۸۹"[Number(digit)]);
  press("Enter", "Enter");
}"""


def member(app: Flask, club: int, **told: Any) -> tuple[int, int]:
    with app.app_context(), transaction() as session:
        return a_member(session, club, **told)


def scan(page: Page, digits: str) -> None:
    page.evaluate(SCAN, digits)


def state(page: Page) -> Any:
    return page.locator(".band-state")


def count(app: Flask, table: Any) -> int:
    with app.app_context(), reading() as session:
        return session.scalar(select(func.count()).select_from(table)) or 0


def test_a_scan_is_heard_whatever_the_layout_and_once(
    app: Flask, a_club: int, at_desk: Open
) -> None:
    member(app, a_club, card="700123", full_name="Sofia Marques")
    page = at_desk("/desk")
    scan(page, "700123")
    expect(state(page)).to_have_text("In – first visit")
    expect(page.locator("#answer-name")).to_have_text("Sofia Marques")
    expect(page.locator("#desk-say")).to_have_text("Sofia Marques. In – first visit.")
    expect(page).to_have_url(re.compile(r"/desk\?entry=\d+$"))
    # The reader's beam stays on the card: the same scan again is the same scan.
    scan(page, "700123")
    scan(page, "700123")
    expect(page.locator("#desk-scanner")).to_have_attribute("data-state", "ready")
    expect(state(page)).to_have_text("In – first visit")
    assert count(app, EntryDecision) == 1


def test_a_scan_leaves_a_field_as_it_was(app: Flask, a_club: int, at_desk: Open) -> None:
    member(app, a_club, card="700123")
    page = at_desk("/desk")
    field = page.locator("#find")
    field.press_sequentially("an", delay=150)
    page.evaluate(
        "document.addEventListener('input', (event) => { window.left = event.target.value; })"
    )
    scan(page, "700123")
    expect(state(page)).to_have_text("In – first visit")
    assert page.evaluate("window.left") == "an"
    assert count(app, Visit) == 1


def test_search_arrows_and_enter_check_in_without_a_mouse(
    app: Flask, a_club: int, at_desk: Open
) -> None:
    member(app, a_club, full_name="Marta Leitão")
    member(app, a_club, card="C2", full_name="Sofia Marques")
    page = at_desk("/desk")
    page.evaluate("document.activeElement.blur()")
    page.keyboard.press("/")
    expect(page.locator("#find")).to_be_focused()
    page.keyboard.type("mar", delay=120)
    hits = page.locator(".find-hit")
    expect(hits).to_have_count(2)
    # What was found for fewer letters gives way to what was typed in full, and the choice begins anew.
    expect(hits.first).to_have_attribute("data-text", "mar")
    expect(hits.first).to_have_attribute("aria-selected", "true")
    page.keyboard.press("ArrowDown")
    expect(hits.nth(1)).to_have_attribute("aria-selected", "true")
    page.keyboard.press("Enter")
    expect(page.locator("#answer-name")).to_have_text("Marta Leitão")
    expect(page.locator("#find")).to_have_value("")
    # Enter is the next person, Esc clears.
    page.keyboard.press("Enter")
    expect(page.get_by_role("heading", name="Scan a card")).to_be_visible()
    expect(page.locator("#find")).to_be_focused()


def test_enter_at_once_means_what_is_typed_and_not_what_was(
    app: Flask, a_club: int, at_desk: Open
) -> None:
    member(app, a_club, full_name="Marta Leitão")
    member(app, a_club, card="C2", full_name="Maria Reis")
    page = at_desk("/desk")
    page.locator("#find").press_sequentially("mar", delay=120)
    expect(page.locator(".find-hit")).to_have_count(2)
    page.locator("#find").evaluate(
        "(field) => { field.value = 'maria'; field.dispatchEvent(new Event('input', { bubbles: true })); }"
    )
    page.locator("#find").press("Enter")
    expect(page.locator("#answer-name")).to_have_text("Maria Reis")
    assert count(app, Visit) == 1


def test_keys_answer_the_question_and_let_in(app: Flask, a_club: int, at_desk: Open) -> None:
    _, term = member(app, a_club, card="7001", full_name="Amara Diallo")
    with app.app_context(), transaction() as session:
        freeze_membership(session, term, Period(on(-5), on(7)), reason="", by=CLERK, now=NOW)
    page = at_desk("/desk")
    scan(page, "7001")
    expect(state(page)).to_have_text("Stop – frozen through Sun 8 Mar")
    page.keyboard.press("Digit1")
    expect(state(page)).to_have_text("In – first visit")
    page.keyboard.press("KeyZ")
    expect(state(page)).to_have_text("Taken back")
    with app.app_context(), reading() as session:
        assert session.scalars(select(Visit)).one().undone_at == NOW


def test_an_override_is_two_keys(app: Flask, a_club: int, at_desk: Open) -> None:
    member(app, a_club, card="7001", until=-2)
    page = at_desk("/desk")
    scan(page, "7001")
    expect(state(page)).to_have_text("Stop – ended 3 days ago")
    page.keyboard.press("KeyO")
    expect(page.get_by_role("button", name="Pays today")).to_be_focused()
    page.keyboard.press("Digit2")
    expect(state(page)).to_have_text("Let in – ended 3 days ago")
    expect(page.locator(".band-note").first).to_contain_text("Agreed with the manager")


def test_a_question_leads_to_its_task_in_a_drawer(app: Flask, a_club: int, at_desk: Open) -> None:
    person, _ = member(app, a_club, card="7001")
    member(app, a_club, card="7002", full_name="Rui Costa")
    with app.app_context(), transaction() as session:
        a_debt(session, a_club, person, 640, due=-3)
    page = at_desk("/desk")
    scan(page, "7001")
    expect(state(page)).to_have_text("In – owes €6.40")
    page.keyboard.press("Digit1")
    drawer = page.locator("#drawer")
    expect(drawer).to_be_visible()
    expect(drawer.locator("input[name=amount]")).to_have_value("6.40")
    # The next person's card waits until the money is taken.
    scan(page, "7002")
    expect(page.locator("#desk-scanner")).to_have_attribute("data-state", "waiting")
    page.keyboard.press("Escape")
    expect(page.locator("#answer-name")).to_have_text("Rui Costa")


def test_a_debt_paid_at_a_stop_opens_the_door_with_enter(
    app: Flask, a_club: int, at_desk: Open
) -> None:
    person, _ = member(app, a_club, card="7001", full_name="Sofia Marques")
    with app.app_context(), transaction() as session:
        a_debt(session, a_club, person, 640, due=-60)
    page = at_desk("/desk")
    scan(page, "7001")
    expect(page.locator("#answer")).to_have_attribute("data-tone", "stop")
    page.keyboard.press("KeyP")
    page.locator("#drawer").get_by_role("button", name="Take the payment").click()
    expect(page.get_by_text("Nothing stands in the way any more.")).to_be_visible()
    assert_usable(page)
    expect(page.get_by_role("button", name="Let in now")).to_be_focused()
    page.keyboard.press("Enter")
    expect(state(page)).to_have_text("In – first visit")
    assert count(app, Visit) == 1


def test_a_scan_into_a_field_for_cards_stays_there(app: Flask, a_club: int, at_desk: Open) -> None:
    page = at_desk("/people/new")
    page.locator("input[name=full_name], input[name=first_name]").first.fill("Nora")
    page.get_by_label("Card", exact=True).focus()
    scan(page, "700123")
    expect(page.get_by_label("Card", exact=True)).to_have_value("700123")
    expect(page).to_have_url(re.compile("/people/new$"))
    assert count(app, EntryDecision) == 0


def test_a_scan_made_while_the_line_is_down_is_kept_and_counts_once(
    app: Flask, a_club: int, at_desk: Open
) -> None:
    member(app, a_club, card="700123", full_name="Sofia Marques")
    page = at_desk("/desk", expected=CUT)
    page.context.set_offline(True)
    scan(page, "700123")
    expect(state(page)).to_have_text("No answer yet")
    expect(page.locator("[data-kept-list]")).to_contain_text("700123")
    expect(page.locator("#desk-scanner")).to_have_attribute("data-state", "offline")
    assert count(app, EntryDecision) == 0
    page.context.set_offline(False)
    # The desk sends it by itself as soon as the line is back.
    expect(state(page)).to_have_text("In – first visit")
    expect(page.locator("#desk-scanner")).to_have_attribute("data-state", "ready")
    assert count(app, Visit) == 1


def test_a_kept_scan_outlives_the_page(app: Flask, a_club: int, at_desk: Open) -> None:
    member(app, a_club, card="700123")
    page = at_desk("/desk", expected=CUT)
    page.route("**/desk/check-ins", lambda route: route.abort())
    scan(page, "700123")
    expect(state(page)).to_have_text("No answer yet")
    page.unroute("**/desk/check-ins")
    page.goto("/people")
    page.goto("/desk")
    expect(state(page)).to_have_text("In – first visit")
    assert count(app, Visit) == 1


def test_a_lost_answer_does_not_count_twice(app: Flask, a_club: int, at_desk: Open) -> None:
    _, _ = member(app, a_club, card="700123", visits_left=5)
    page = at_desk("/desk", expected=CUT)

    def lose_the_answer(route: Any) -> None:
        route.fetch()
        route.abort()

    page.route("**/desk/check-ins", lose_the_answer)
    scan(page, "700123")
    expect(state(page)).to_have_text("No answer yet")
    page.unroute("**/desk/check-ins")
    page.get_by_role("button", name="Try now").click()
    expect(state(page)).to_have_text("In – first visit")
    assert count(app, Visit) == 1


def test_a_scan_on_any_page_opens_the_desk(app: Flask, a_club: int, at_desk: Open) -> None:
    member(app, a_club, card="700123", full_name="Sofia Marques")
    page = at_desk("/people")
    scan(page, "700123")
    expect(page.locator("#answer-name")).to_have_text("Sofia Marques")
    expect(state(page)).to_have_text("In – first visit")
    assert count(app, Visit) == 1


def test_a_card_nobody_holds(app: Flask, a_club: int, at_desk: Open) -> None:
    member(app, a_club, card="1", full_name="Sofia Marques")
    page = at_desk("/desk", expected=("status of 404",))
    scan(page, "999999")
    expect(state(page)).to_have_text("Unknown card")
    page.keyboard.press("Escape")
    expect(page.get_by_role("heading", name="Scan a card")).to_be_visible()


def test_the_list_of_those_inside_and_an_earlier_answer(
    app: Flask, a_club: int, at_desk: Open
) -> None:
    member(app, a_club, card="7001", full_name="Ana Silva")
    member(app, a_club, card="7002", full_name="Rui Costa")
    page = at_desk("/desk")
    scan(page, "7001")
    expect(page.locator("#answer-name")).to_have_text("Ana Silva")
    scan(page, "7002")
    expect(page.locator("#answer-name")).to_have_text("Rui Costa")
    page.locator(".desk-latest").get_by_role("link", name="Ana Silva").click()
    expect(page.locator("#answer-name")).to_have_text("Ana Silva")
    page.get_by_role("link", name="2 names").click()
    page.get_by_role("button", name="Check Ana Silva out").click()
    expect(page.get_by_role("heading", name="1 person inside")).to_be_visible()


def test_sound_and_queue_are_switches_of_this_device(
    app: Flask, a_club: int, at_desk: Open
) -> None:
    member(app, a_club, card="7001", until=6)
    page = at_desk("/desk")
    sound = page.get_by_role("button", name="Sound")
    expect(sound).to_have_attribute("aria-pressed", "true")
    sound.click()
    page.reload()
    expect(sound).to_have_attribute("aria-pressed", "false")
    scan(page, "7001")
    expect(page.get_by_text("Ask now")).to_be_visible()
    page.keyboard.press("KeyQ")
    expect(page.get_by_text("Ask now")).to_be_hidden()
    expect(page.get_by_role("button", name="Queue mode")).to_have_attribute("aria-pressed", "true")


@pytest.mark.parametrize("language", ["en", "qps"])
@pytest.mark.parametrize("theme", ["light", "dark"])
def test_the_answer_fits_and_is_within_everybodys_reach(
    app: Flask, a_club: int, at_desk: Open, theme: str, language: str
) -> None:
    person, _ = member(
        app, a_club, card="7001", until=-2, note="Left knee: no jumps until January."
    )
    with app.app_context(), transaction() as session:
        a_debt(session, a_club, person, 640, due=-3)
    page = at_desk("/desk", theme=theme, language=language)
    assert_usable(page)
    scan(page, "7001")
    expect(page.locator("#answer-name")).to_be_visible()
    assert page.evaluate("document.documentElement.scrollHeight - innerHeight") <= 0
    assert_usable(page)
    page.keyboard.press("KeyO")
    expect(page.locator("#override-words")).to_be_visible()
    assert page.evaluate("document.documentElement.scrollHeight - innerHeight") <= 0
    assert_usable(page)


def test_on_a_phone_nothing_runs_off_the_side_and_the_question_comes_first(
    app: Flask, a_club: int, at_desk: Open
) -> None:
    member(app, a_club, card="7001", until=6, full_name="Inês Ferreira da Conceição e Albuquerque")
    page = at_desk("/desk", width=390, height=844)
    scan(page, "7001")
    reply = page.get_by_role("link", name="Renew now")
    expect(reply).to_be_in_viewport()
    assert_usable(page)
    box = reply.bounding_box()
    assert box is not None
    assert box["height"] >= 44
