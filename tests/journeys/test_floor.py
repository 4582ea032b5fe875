"""On the floor in a real browser: a phone in one hand, and a network that goes and comes."""

from collections.abc import Callable
from typing import Any

import pytest
from flask import Flask
from playwright.sync_api import Page, Route, expect
from sqlalchemy import select

from clubcrm.accounts.operations import add_staff
from clubcrm.accounts.states import LANGUAGE_COOKIE, Role
from clubcrm.core.actor import OPERATOR
from clubcrm.core.models import EventLog
from clubcrm.core.transactions import reading, transaction
from clubcrm.schedule.operations import write_up
from clubcrm.schedule.states import SessionState
from tests.conftest import NOW, PASSWORD
from tests.integration.schedule.floor import (
    COACH,
    a_client,
    a_session,
    a_trainer,
    in_hours,
    state_of,
    tell,
)
from tests.integration.visits.door import visits_left
from tests.journeys.conftest import assert_usable

pytestmark = pytest.mark.journey

Open = Callable[..., Page]
S = SessionState
CUT = ("net::ERR", "Failed to load resource")


@pytest.fixture
def on_the_floor(app: Flask, a_club: int, address: str, open_page: Open) -> Open:
    """Open the trainer's phone: `on_the_floor(language="qps", theme="dark")`."""
    with app.app_context(), transaction() as session:
        add_staff(
            session,
            full_name="Tess Moreau",
            email="tess@example.com",
            password=PASSWORD,
            role=Role.TRAINER,
            club_id=a_club,
            by=OPERATOR,
            now=NOW,
        )

    def open_at(*, language: str = "en", **how: Any) -> Page:
        page = open_page(**{"width": 390, "height": 844, "expected": CUT, **how})
        page.context.add_cookies([{"name": LANGUAGE_COOKIE, "value": language, "url": address}])
        page.goto("/sign-in")
        page.locator("input[name=email]").fill("tess@example.com")
        page.locator("input[name=password]").fill(PASSWORD)
        page.keyboard.press("Enter")
        page.wait_for_url("**/floor")
        return page

    return open_at


def a_day(app: Flask, club: int) -> dict[str, tuple[int, int]]:
    """Three sessions ahead; (session, package) by name."""
    made = {}
    with app.app_context(), transaction() as session:
        trainer = a_trainer(session, club)
        for hours, name in enumerate(("Ana Prieto", "Karim Haddad", "Vera Lund"), 1):
            person, package = a_client(session, club, name=name, trainer="Tess Moreau")
            last = a_session(session, club, person, at=in_hours(hours, -7), trainer_id=trainer)
            write_up(session, last, log="squat 3×10", note="", scope={club}, by=COACH, now=NOW)
            tell(session, club, last, S.CAME)
            one = a_session(session, club, person, at=in_hours(hours), trainer_id=trainer)
            made[name] = one, package or 0
    return made


def standing(
    app: Flask, day: dict[str, tuple[int, int]]
) -> dict[str, tuple[SessionState, int | None]]:
    with app.app_context(), reading() as session:
        return {
            name: (state_of(session, one)[0], visits_left(session, package))
            for name, (one, package) in day.items()
        }


def told(app: Flask, day: dict[str, tuple[int, int]]) -> list[str]:
    """The outcomes that were recorded for these sessions, whatever became of them."""
    ids = {one for one, _package in day.values()}
    with app.app_context(), reading() as session:
        rows = session.scalars(
            select(EventLog.payload).where(EventLog.name == "SessionLogged").order_by(EventLog.id)
        )
        return [row["outcome"] for row in rows if row["appointment_id"] in ids]


def tap(page: Page, outcome: str, name: str) -> None:
    button = page.get_by_role("button", name=f"{outcome}: {name}")
    box = button.bounding_box()
    assert box is not None
    assert box["height"] >= 50
    button.click()


def test_three_sessions_are_logged_with_the_network_gone_in_the_middle(
    app: Flask, a_club: int, on_the_floor: Open
) -> None:
    day = a_day(app, a_club)
    page = on_the_floor()
    assert_usable(page)
    tap(page, "Came", "Ana Prieto")
    expect(page.locator("#floor-count")).to_have_text("1 of 3 done")
    expect(page.get_by_role("button", name="Undo: Ana Prieto, Came")).to_be_visible()

    # The answer to this one is lost on its way back: the server knows, the phone does not.
    def lose_the_answer(route: Route) -> None:
        route.fetch()
        route.abort()

    page.route("**/outcome", lose_the_answer)
    tap(page, "Late", "Karim Haddad")
    kept = page.locator("#floor-kept")
    expect(kept).to_contain_text("Kept on this phone, 1 waiting")
    page.unroute("**/outcome")
    page.context.set_offline(True)
    # The next one stands open already, and the third tap needs no line either.
    tap(page, "No-show", "Vera Lund")
    expect(kept).to_contain_text("Kept on this phone, 2 waiting")
    expect(page.locator("#floor-count")).to_have_text("3 of 3 done")
    page.get_by_role("link", name="My clients").click()
    expect(page.locator("#floor-told")).to_contain_text("No connection now")
    assert standing(app, day)["Vera Lund"] == (S.PLANNED, 7)

    page.context.set_offline(False)
    expect(kept).to_be_hidden()
    expect(page.get_by_role("button", name="Undo: Vera Lund, No-show")).to_be_visible()
    wanted = {"Ana Prieto": (S.CAME, 6), "Karim Haddad": (S.LATE, 6), "Vera Lund": (S.NO_SHOW, 6)}
    assert standing(app, day) == wanted
    assert told(app, day) == ["came", "late", "no_show"]
    assert_usable(page)


def test_what_was_kept_is_sent_after_the_page_was_closed(
    app: Flask, a_club: int, on_the_floor: Open
) -> None:
    day = a_day(app, a_club)
    page = on_the_floor(theme="dark", language="qps")
    assert_usable(page)
    page.context.set_offline(True)
    page.locator("article.is-next button[value=came]").click()
    waiting = page.locator(".session-waiting")
    expect(waiting).to_be_visible()
    assert_usable(page)
    # The wrong one: taken back on the phone, and told anew, all without a line.
    waiting.get_by_role("button").click()
    page.locator("article.is-next button[value=late]").click()
    page.goto("about:blank")
    page.context.set_offline(False)
    page.goto("/floor")
    # The server may have the first tap already; what still waits is marked on the card until it is told.
    expect(page.locator(".session-waiting")).to_have_count(0)
    expect(page.locator("article[data-done]")).to_have_count(1)
    assert standing(app, day)["Ana Prieto"] == (S.LATE, 6)
    assert told(app, day) == ["came", "late"]


def test_a_session_is_written_up_and_planned_again_with_the_thumb(
    app: Flask, a_club: int, on_the_floor: Open
) -> None:
    day = a_day(app, a_club)
    page = on_the_floor()
    page.locator("article.is-next").get_by_role("link", name="Write up").click()
    page.get_by_role("link", name="Copy last").click()
    expect(page.locator("#log")).to_have_value("squat 3×10")
    assert_usable(page)
    page.get_by_role("button", name="Save").click()
    expect(page.get_by_role("main")).to_contain_text("Written down: Ana Prieto.")
    page.get_by_role("button", name="Plan it").click()
    expect(page.get_by_role("main")).to_contain_text("Planned: Ana Prieto.")
    page.get_by_role("link", name="My clients").click()
    assert_usable(page)
    page.get_by_role("link", name="Ana Prieto").click()
    expect(page.get_by_role("main")).to_contain_text("Mon 9 Mar")
    assert_usable(page)
    page.get_by_role("link", name="Plan", exact=True).click()
    page.locator("#floor-q").press_sequentially("karim", delay=20)
    expect(page.locator(".choice-line")).to_have_count(1)
    page.get_by_role("link", name="Karim Haddad").click()
    assert_usable(page)
    # A time that is taken is refused in place, and nothing entered is lost.
    page.locator("#day").fill("2026-03-02")
    page.locator("#time").fill("10:30")
    page.get_by_role("button", name="Plan it").click()
    expect(page.locator("#floor-told")).to_contain_text("Ana Prieto trains from 10:00 to 11:00")
    expect(page.locator("#time")).to_have_value("10:30")
    assert standing(app, day)["Ana Prieto"] == (S.PLANNED, 7)
