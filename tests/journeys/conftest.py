"""A real browser on the real application: what the journeys share.

A page that writes an error to the console, or breaks the content policy, fails its journey at the end.
"""

import threading
from collections.abc import Callable, Iterator
from typing import Any

import pytest
from axe_playwright_python.sync_playwright import Axe
from flask import Flask
from playwright.sync_api import Browser, ConsoleMessage, Page, Playwright
from werkzeug.serving import make_server

from tests.servers import chromium_launch_options

# What axe calls serious or critical keeps somebody from using the page.
GRAVE = {"serious", "critical"}
# A refused form answers 422, and the browser reports that as an error of loading.
EXPECTED = ("status of 422", "status of 401")


@pytest.fixture(scope="session")
def browser(playwright: Playwright) -> Iterator[Browser]:
    """The installed Chromium; nothing is downloaded."""
    options = chromium_launch_options()
    options["args"] += ["--disable-background-networking", "--disable-gpu"]
    browser = playwright.chromium.launch(**options)
    yield browser
    browser.close()


@pytest.fixture
def address(app: Flask) -> Iterator[str]:
    """The application, served on a loopback port for one journey."""
    server = make_server("127.0.0.1", 0, app, threaded=True)
    thread = threading.Thread(target=server.serve_forever)
    thread.start()
    yield f"http://127.0.0.1:{server.server_port}"
    server.shutdown()
    thread.join()
    server.server_close()


@pytest.fixture
def open_page(browser: Browser, address: str) -> Iterator[Callable[..., Page]]:
    """Make a browser window of its own: `open_page(width=390, theme="dark")`.

    `expected` are words of console errors that the journey is about: a cut line, something unknown.
    """
    contexts = []
    troubles: list[str] = []

    def note(message: ConsoleMessage, expected: tuple[str, ...]) -> None:
        if message.type == "error" and not any(words in message.text for words in expected):
            troubles.append(f"{message.text} ({message.location.get('url')})")

    def make(
        *,
        width: int = 1440,
        height: int = 900,
        theme: Any = "light",
        expected: tuple[str, ...] = (),
    ) -> Page:
        context = browser.new_context(
            viewport={"width": width, "height": height},
            color_scheme=theme,
            locale="en-GB",
            base_url=address,
        )
        contexts.append(context)
        page = context.new_page()
        page.set_default_timeout(15_000)
        page.on("console", lambda message: note(message, EXPECTED + expected))
        page.on("pageerror", lambda error: troubles.append(str(error)))
        return page

    yield make
    for context in contexts:
        context.close()
    assert troubles == []


@pytest.fixture
def page(open_page: Callable[..., Page]) -> Page:
    """One window on a desk."""
    return open_page()


def assert_usable(page: Page) -> None:
    """Nothing on the page keeps somebody from using it, and nothing runs out of the window."""
    results = Axe().run(page)
    grave = [
        f"{found['id']}: {found['help']}: {node['html'][:160]} {node.get('failureSummary', '')}"
        for found in results.response["violations"]
        if found["impact"] in GRAVE
        for node in found["nodes"]
    ]
    assert grave == [], f"{page.url}: {grave}"
    width, room = page.evaluate(
        "[document.documentElement.scrollWidth, document.documentElement.clientWidth]"
    )
    assert width <= room, f"{page.url} is {width - room} px too wide"
    assert page.evaluate(STAYS_IN_SIGHT), (
        f"{page.url}: the ways of the rail hide the page, or scroll away"
    )


STAYS_IN_SIGHT = """() => {
  const rail = document.querySelector('.rail');
  if (!rail) return true;
  const before = window.scrollY;
  window.scrollTo({ top: document.documentElement.scrollHeight, behavior: 'instant' });
  const bar = rail.getBoundingClientRect();
  const end = document.querySelector('main').getBoundingClientRect().bottom;
  const isAtFoot = bar.width >= window.innerWidth - 1;
  const stays = bar.top >= -1 && bar.bottom <= window.innerHeight + 1;
  window.scrollTo({ top: before, behavior: 'instant' });
  return stays && (!isAtFoot || end <= bar.top + 1);
}"""
"""Whether, at the end of a page, its ways are in sight, and on a phone do not lie over the last row."""
