"""The first day of a club, in a real browser: from an empty installation to members at the door."""

import re
from collections.abc import Callable

import pytest
from playwright.sync_api import Page, expect

from tests.conftest import PASSWORD
from tests.journeys.conftest import assert_usable

pytestmark = pytest.mark.journey


def set_up(page: Page) -> None:
    """Open the club on the set-up page."""
    page.goto("/")
    expect(page).to_have_url(re.compile(r"/set-up$"))
    page.get_by_label("Name of the club").fill("Nordlicht Süd")
    expect(page.get_by_label("Short code")).to_have_value("nordlicht-sud")
    page.get_by_label("Time zone").select_option("Europe/Lisbon")
    page.get_by_label("Your name").fill("Nora Nord")
    page.get_by_label("Your e-mail").fill("nora@example.com")
    page.get_by_label("Password").fill(PASSWORD)
    page.get_by_role("button", name="Open the club").click()
    expect(page.get_by_role("status").first).to_contain_text("Nordlicht Süd stands.")


def add_plan(page: Page, name: str, months: str, price: str) -> None:
    """Offer a plan, in the drawer of the settings."""
    page.goto("/settings/plans")
    page.get_by_role("link", name=re.compile("New plan|Add the first plan")).click()
    drawer = page.get_by_role("dialog")
    expect(drawer.get_by_label("Name")).to_be_focused()
    drawer.get_by_label("Name").fill(name)
    drawer.get_by_label("Length").fill(months)
    drawer.get_by_label("Price").fill(price)
    drawer.get_by_role("button", name="Save").click()
    expect(page.get_by_role("status")).to_contain_text(f"{name} is on offer.")


def add_member(page: Page, first: str, last: str, card: str) -> None:
    """Add somebody and sell the first membership, paid by card."""
    page.goto("/people/new")
    main = page.get_by_role("main")
    main.get_by_label("First name").fill(first)
    main.get_by_label("Last name").fill(last)
    main.get_by_label("Phone").fill("912 555 318")
    main.get_by_label("Card").fill(card)
    main.get_by_role("button", name="Save and sell a membership").click()
    quote = page.locator(".quote dl")
    main.get_by_label("Plan").select_option(label="Annual · €480.00")
    expect(quote).to_contain_text("365 days")
    expect(quote).to_contain_text("€480.00")
    main.get_by_label("How").select_option(label="Card")
    main.get_by_role("button", name="Sell").click()
    expect(page.get_by_role("status").filter(has_text="Sold")).to_contain_text("Sold: Annual")


def test_from_nothing_to_members_at_the_door(page: Page) -> None:
    page.goto("/")
    assert_usable(page)
    set_up(page)
    page.goto("/people")
    expect(page.get_by_text("Nobody is here yet")).to_be_visible()
    assert_usable(page)
    page.goto("/settings/plans")
    expect(page.get_by_text("Nothing is on sale yet")).to_be_visible()
    add_plan(page, "Annual", "12", "480")
    assert_usable(page)

    add_member(page, "Lia", "Castanho", "400123")
    expect(page.get_by_role("heading", name="Lia Castanho")).to_be_visible()
    expect(page.get_by_text("364 days left")).to_be_visible()
    assert_usable(page)

    # Somebody like that is known already: said while one types.
    page.goto("/people/new")
    page.get_by_label("First name").fill("Lia")
    page.get_by_label("Last name").press_sequentially("Castanho")
    expect(page.locator("#duplicates")).to_contain_text("name alike")
    page.locator("#duplicates").get_by_role("link", name="Lia Castanho").click()

    # A renewal sold early is queued; with the plan filled in it is one press.
    page.get_by_role("link", name="Renew", exact=True).click()
    drawer = page.get_by_role("dialog")
    expect(drawer.locator(".quote dl")).to_contain_text("Then still owed")
    assert_usable(page)
    drawer.get_by_role("button", name="Renew").click()
    expect(page.get_by_role("status")).to_contain_text("Renewed: Annual")
    expect(page.get_by_text("renewed, next from")).to_be_visible()

    # The freeze says before it is done where the end will be, and refuses in its own words.
    page.get_by_role("link", name="Freeze", exact=True).click()
    drawer.get_by_label("First frozen day").fill("2026-05-01")
    drawer.get_by_label("Last frozen day").fill("2026-04-01")
    drawer.get_by_role("button", name="Freeze").click()
    expect(drawer.get_by_role("alert")).to_be_focused()
    expect(drawer.locator(".form-error")).to_contain_text("The last day lies before the first.")
    drawer.get_by_label("Last frozen day").fill("2026-05-10")
    expect(drawer.locator(".quote dl")).to_contain_text("10 days")
    drawer.get_by_role("button", name="Freeze").click()
    expect(page.get_by_role("status")).to_contain_text("Frozen through")

    # The timeline knows all of it, and filters without leaving the card.
    page.locator("#timeline").get_by_role("link", name=re.compile("Money")).click()
    expect(page.locator("#timeline")).to_contain_text("Paid €480.00")
    expect(page.locator("#timeline")).not_to_contain_text("Freeze")


def test_the_search_is_walked_with_the_keyboard_alone(page: Page) -> None:
    set_up(page)
    add_plan(page, "Annual", "12", "480")
    add_member(page, "Lia", "Castanho", "400123")
    page.goto("/settings/plans")
    page.keyboard.press("/")
    page.keyboard.type("casta")
    hit = page.get_by_role("option", name=re.compile("Lia Castanho"))
    expect(hit).to_have_attribute("aria-selected", "true")
    page.keyboard.press("Escape")
    expect(hit).to_be_hidden()
    page.keyboard.type("5318")
    expect(hit).to_be_visible()
    page.keyboard.press("Enter")
    expect(page.get_by_role("heading", name="Lia Castanho")).to_be_visible()


def test_a_drawer_closes_and_gives_the_focus_back(page: Page) -> None:
    set_up(page)
    page.goto("/settings/staff")
    opener = page.get_by_role("link", name="Add somebody")
    opener.focus()
    page.keyboard.press("Enter")
    drawer = page.get_by_role("dialog")
    expect(drawer.get_by_label("Name")).to_be_focused()
    page.keyboard.press("Escape")
    expect(drawer).to_be_hidden()
    expect(opener).to_be_focused()


def test_every_page_is_usable_dark_mirrored_and_on_a_phone(
    page: Page, open_page: Callable[..., Page]
) -> None:
    set_up(page)
    add_plan(page, "Annual", "12", "480")
    add_member(page, "Lia", "Castanho", "400123")
    card = re.sub(r".*(/people/\d+)$", r"\1", page.url)
    ways = (card, "/people", f"{card}/edit", f"{card}/sell", "/people/new", "/account")
    settings = [f"/settings/{name}" for name in ("club", "plans", "closures", "staff", "tokens")]
    phone = open_page(width=390, height=844, theme="dark")
    phone.goto("/sign-in")
    assert_usable(phone)
    phone.get_by_label("E-mail").fill("nora@example.com")
    phone.get_by_label("Password").fill(PASSWORD)
    phone.get_by_role("button", name="Sign in").click()
    for path in (*ways, *settings):
        phone.goto(path)
        assert_usable(phone)
    page.goto("/account")
    page.get_by_label("Mirrored").check()
    page.get_by_role("button", name="Use this language").click()
    expect(page.locator("html")).to_have_attribute("dir", "rtl")
    for path in (*ways, *settings):
        page.goto(path)
        expect(page.locator("html")).to_have_attribute("dir", "rtl")
        assert_usable(page)
    # Whatever a reader sees in the frame of the page is in the language: in its brackets.
    for words in page.locator(".rail-item span, h1, .segment").all_inner_texts():
        assert words.startswith("⟦"), words


def test_without_scripts_every_task_has_a_page_of_its_own(
    page: Page, open_page: Callable[..., Page], address: str
) -> None:
    set_up(page)
    add_plan(page, "Annual", "12", "480")
    add_member(page, "Lia", "Castanho", "400123")
    card = page.url
    browser = page.context.browser
    assert browser is not None
    context = browser.new_context(java_script_enabled=False, base_url=address)
    plain = context.new_page()
    plain.goto("/sign-in?next=/people")
    plain.get_by_label("E-mail").fill("nora@example.com")
    plain.get_by_label("Password").fill(PASSWORD)
    plain.get_by_role("button", name="Sign in").click()
    plain.get_by_role("link", name="Lia Castanho").click()
    assert plain.url == card
    plain.get_by_role("link", name="Freeze", exact=True).click()
    plain.get_by_label("First frozen day").fill("2026-05-01")
    plain.get_by_label("Last frozen day").fill("2026-05-10")
    plain.get_by_role("button", name="Freeze").click()
    expect(plain.get_by_role("status")).to_contain_text("Frozen through")
    context.close()
