"""Every page opens in every view without an error in the browser, and is pictured for the docs.

`run.py prove screenshots [FOLDER]` makes a demo club in a temporary folder, serves it, and walks the
pages at desk and phone width, in English and mirrored, light and dark. It falls short when a page
reports an error or a broken content policy, or is wider than its screen. Pictures go to
docs/screenshots (a few, in the views that matter) or, all of them, to the folder that is named.
"""

import os
import subprocess
import sys
import tempfile
import time
import urllib.error
import urllib.request
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from itertools import product
from pathlib import Path

from playwright.sync_api import Browser, Page, sync_playwright

from tests.servers import chromium_launch_options, free_port

ROOT = Path(__file__).resolve().parents[2]
DOCS = ROOT / "docs" / "screenshots"
LAPTOP, PHONE = (1440, 900), (390, 844)
DEMO_OWNER = ("owner@aurora.example", "aurora-demo")

EXAMPLE = """Nome;Telemóvel;Email;Plano;Início;Fim;Última visita
Ana Silva;912 345 678;ana@example.com;Anual;01/03/2026;28/02/2027;20/11/2026
Rui Costa;913 345 679;rui@example;Anual;15/04/2026;14/04/2027;02/11/2026
Zé Prazeres;914 345 680;ze@example.com;Mensal;01/10/2026;;31/02/2026
;;;;01/10/2026;;
"""


@dataclass(frozen=True)
class View:
    """One way to look at a page."""

    name: str
    size: tuple[int, int]
    language: str
    theme: str


VIEWS = [
    View(
        f"{'phone' if size is PHONE else 'laptop'}-{'mirrored' if language == 'qps' else language}-{theme}",
        size,
        language,
        theme,
    )
    for size, language, theme in product((LAPTOP, PHONE), ("en", "qps"), ("light", "dark"))
]
IN_DOCS = {"laptop-en-light": "", "laptop-mirrored-dark": "-rtl-dark", "phone-en-light": "-phone"}


def main(arguments: list[str]) -> int:
    """Take the pictures; 1 when a page is broken."""
    folder = Path(arguments[0]) if arguments else None
    faults: list[str] = []
    count = 0
    with (
        tempfile.TemporaryDirectory(prefix="clubcrm-pictures-") as scratch,
        sync_playwright() as playwright,
    ):
        browser = playwright.chromium.launch(**chromium_launch_options())
        with _served(Path(scratch) / "empty", demo=False) as address:
            count += _walk(browser, address, _first_pages, folder, faults)
        with _served(Path(scratch) / "demo", demo=True) as address:
            count += _walk(browser, address, _pages, folder, faults)
        browser.close()
    for fault in faults:
        print(fault)
    print(f"{count} pages pictured, {len(faults)} faults")
    return 1 if faults else 0


@contextmanager
def _served(data: Path, *, demo: bool) -> Iterator[str]:
    """A server on its own data; with the demo club, or empty."""
    environment = {**os.environ, "CLUBCRM_DATA_DIR": str(data)}
    environment.pop("DATABASE_URL", None)
    program = [sys.executable, "-m", "clubcrm"]
    if demo:
        subprocess.run([*program, "demo", "--no-serve"], env=environment, cwd=ROOT, check=True)
    port = free_port()
    server = subprocess.Popen(
        [*program, "serve", "--port", str(port)],
        env=environment,
        cwd=ROOT,
        stdout=subprocess.DEVNULL,
    )
    address = f"http://127.0.0.1:{port}"
    try:
        _wait_for(address + "/healthz", server)
        yield address
    finally:
        server.terminate()
        server.wait(20)


def _wait_for(address: str, server: "subprocess.Popen[bytes]") -> None:
    for _attempt in range(300):
        if server.poll() is not None:
            raise RuntimeError("the server ended")
        try:
            urllib.request.urlopen(address, timeout=2)
        except (urllib.error.URLError, OSError):
            time.sleep(0.1)
        else:
            return
    raise RuntimeError("the server does not answer")


class Walk:
    """One browser window in one view, and what goes wrong in it."""

    def __init__(
        self, page: Page, view: View, address: str, folder: Path | None, faults: list[str]
    ) -> None:
        self.page, self.view, self.address = page, view, address
        self.folder, self.faults, self.count = folder, faults, 0
        page.on("console", lambda said: self._hear(said.type, said.text))
        page.on("pageerror", lambda error: self._hear("error", str(error)))

    def _hear(self, kind: str, words: str) -> None:
        if kind == "error":
            self.faults.append(f"{self.view.name} {self.page.url}: {words[:200]}")

    def open(self, path: str) -> None:
        """Go to a page of the server."""
        answer = self.page.goto(self.address + path)
        if answer is None or answer.status >= 400:
            self.faults.append(
                f"{self.view.name} {path}: {answer.status if answer else 'no answer'}"
            )

    def picture(self, name: str) -> None:
        """Take the page as it is, and look whether it fits its width."""
        self.page.wait_for_load_state("networkidle")
        width = self.page.locator("html").evaluate("root => root.scrollWidth")
        if width > self.view.size[0] + 1:
            self.faults.append(f"{self.view.name} {name}: {width} wide")
        self.count += 1
        if self.folder is not None:
            self.folder.mkdir(parents=True, exist_ok=True)
            self.page.screenshot(path=self.folder / f"{name}.{self.view.name}.png", full_page=True)
        elif self.view.name in IN_DOCS:
            DOCS.mkdir(parents=True, exist_ok=True)
            self.page.screenshot(path=DOCS / f"{name}{IN_DOCS[self.view.name]}.png")


def _walk(
    browser: Browser, address: str, pages: "object", folder: Path | None, faults: list[str]
) -> int:
    count = 0
    for view in VIEWS:
        context = browser.new_context(
            viewport={"width": view.size[0], "height": view.size[1]},
            color_scheme="dark" if view.theme == "dark" else "light",
            reduced_motion="reduce",
        )
        context.add_cookies(
            [
                {"name": "clubcrm_language", "value": view.language, "url": address},
                {"name": "clubcrm_theme", "value": view.theme, "url": address},
            ]
        )
        walk = Walk(context.new_page(), view, address, folder, faults)
        pages(walk)  # type: ignore[operator]
        count += walk.count
        context.close()
    return count


def _first_pages(walk: Walk) -> None:
    """What somebody sees who has just installed it."""
    walk.open("/")
    walk.picture("set-up")


def _pages(walk: Walk) -> None:
    """What an owner sees who signs in to the demo club."""
    page = walk.page
    walk.open("/sign-in")
    walk.picture("sign-in")
    page.fill("[name=email]", DEMO_OWNER[0])
    page.fill("[name=password]", DEMO_OWNER[1])
    page.press("[name=password]", "Enter")
    page.wait_for_url(lambda url: "/sign-in" not in url)
    for name, path in (
        ("desk-empty", "/desk"),
        ("members", "/people"),
        ("at-risk", "/people?phase=at_risk"),
        ("renewals", "/renewals"),
        ("renewal-names", "/renewals/names/not_renewed"),
        ("import", "/import"),
        ("settings", "/settings"),
        ("own", "/account"),
        ("new-person", "/people/new"),
    ):
        walk.open(path)
        walk.picture(name)
    _member_card(walk)


def _member_card(walk: Walk) -> None:
    walk.open("/people?phase=at_risk")
    first = walk.page.locator("a.row-link").first
    first.click()
    walk.page.wait_for_load_state("networkidle")
    walk.picture("member-card")


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
