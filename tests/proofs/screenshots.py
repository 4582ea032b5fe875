"""Every page opens in every view without an error in the browser, and is pictured for the docs.

`run.py prove screenshots [FOLDER]` makes a demo club in a temporary folder, serves it, and walks the
pages at desk and phone width, in English and mirrored, light and dark: a club's first page, the desk
with each of its answers, people, cards, tasks, renewals, an import from its file to its undo, settings.
It falls short when a page reports an error or a broken content policy, is wider than its screen, or
shows words that are not translated (mirrored, every word of the screens stands in brackets). Pictures
go to docs/screenshots (a few, in the views that matter) or, all of them, to the folder that is named.
"""

import os
import subprocess
import sys
import tempfile
import time
import urllib.error
import urllib.request
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from itertools import product
from pathlib import Path

from playwright.sync_api import Browser, Page, sync_playwright

from tests.servers import chromium_launch_options, free_port

ROOT = Path(__file__).resolve().parents[2]
DOCS = ROOT / "docs" / "screenshots"
LAPTOP, PHONE = (1440, 900), (390, 844)
AN_AFTERNOON = "2026-11-26T17:40:00+00:00"
"""When the pictures are taken: a Thursday on which people come, whenever the proof is run."""
DEMO_OWNER = ("owner@aurora.example", "aurora-demo")

EXAMPLE = """Nome;Telemóvel;Email;Plano;Início;Fim;Última visita
Ana Silva;+351 912 345 678;ana@example.com;Anual;01/03/2026;28/02/2027;20/11/2026
Rui Costa;+351 913 345 679;rui@example;Anual;15/04/2026;14/04/2027;02/11/2026
Zé Prazeres;+351 914 345 680;ze@example.com;Mensal;01/10/2026;;31/02/2026
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
# Every two choices meet in these: enough for forms, settings and the steps of an import.
PAIRED = frozenset(
    {"laptop-en-light", "laptop-mirrored-dark", "phone-en-dark", "phone-mirrored-light"}
)
FIRST_VIEWS = [view for view in VIEWS if view.language == "en"]  # a new club offers English only
IN_DOCS = {"laptop-en-light": "", "laptop-mirrored-dark": "-rtl-dark", "phone-en-light": "-phone"}
DOCS_NAMES = frozenset(
    {"set-up", "home", "desk", "desk-stop", "people", "member-card", "renewals", "import-check"}
)
UNTRANSLATED = """() => {
  const plain = (words) => /[A-Za-z]{3,}/.test(words) && !/[\u27e6\u27e7\u2068]/.test(words);
  const own = ".rail-item, .panel-head h2, .form-label, th[scope=col], dt, .btn, .form-hint, .nothing-title";
  return [...document.querySelectorAll(own)]
    .filter((part) => !part.querySelector("bdi, strong, input, select") && plain(part.textContent))
    .map((part) => part.textContent.trim().slice(0, 60));
}"""


def main(arguments: list[str]) -> int:
    """Take the pictures; 1 when a page is broken."""
    folder = Path(arguments[0]) if arguments else None
    faults: list[str] = []
    count = 0
    with (
        tempfile.TemporaryDirectory(prefix="clubcrm-pictures-") as scratch,
        sync_playwright() as playwright,
    ):
        options = chromium_launch_options()
        options["args"] += ["--disable-background-networking", "--disable-gpu"]
        browser = playwright.chromium.launch(**options)
        with _served(Path(scratch) / "empty", demo=False) as address:
            count += _walk(browser, address, _first_pages, folder, faults, FIRST_VIEWS)
        with _served(Path(scratch) / "demo", demo=True) as address:
            count += _walk(browser, address, _pages, folder, faults, VIEWS)
        browser.close()
    for fault in faults:
        print(fault)
    print(f"{count} pages pictured, {len(faults)} faults")
    return 1 if faults else 0


@contextmanager
def _served(data: Path, *, demo: bool) -> Iterator[str]:
    """A server on its own data; with the demo club, or empty."""
    environment = {
        **os.environ,
        "CLUBCRM_DATA_DIR": str(data),
        "CLUBCRM_NOW": AN_AFTERNOON,
    }
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
        self.expected: tuple[str, ...] = ()
        page.on("console", lambda said: self._hear(said.type, said.text))
        page.on("pageerror", lambda error: self._hear("error", str(error)))

    def _hear(self, kind: str, words: str) -> None:
        expected = any(one in words for one in self.expected)
        if kind == "error" and not expected:
            self.faults.append(f"{self.view.name} {self.page.url}: {words[:200]}")

    def open(self, path: str) -> None:
        """Go to a page of the server."""
        answer = self.page.goto(self.address + path)
        if answer is None or answer.status >= 400:
            self.faults.append(
                f"{self.view.name} {path}: {answer.status if answer else 'no answer'}"
            )

    def picture(self, name: str, *, whole: bool = True) -> None:
        """Take the page as it is, and look whether it fits its width and speaks one language."""
        self.page.wait_for_load_state("networkidle")
        width = self.page.locator("html").evaluate("root => root.scrollWidth")
        if width > self.view.size[0] + 1:
            self.faults.append(f"{self.view.name} {name}: {width} wide")
        if self.view.language == "qps":
            words = self.page.evaluate(UNTRANSLATED)
            self.faults += [f"{self.view.name} {name}: not translated: {one}" for one in words]
        self.count += 1
        if self.folder is not None:
            self.folder.mkdir(parents=True, exist_ok=True)
            self.page.screenshot(path=self.folder / f"{name}.{self.view.name}.png", full_page=whole)
        elif self.view.name in IN_DOCS and name in DOCS_NAMES:
            DOCS.mkdir(parents=True, exist_ok=True)
            self.page.screenshot(path=DOCS / f"{name}{IN_DOCS[self.view.name]}.png")


def _walk(
    browser: Browser,
    address: str,
    pages: Callable[[Walk], None],
    folder: Path | None,
    faults: list[str],
    views: list[View],
) -> int:
    count = 0
    for view in views:
        context = browser.new_context(
            viewport={"width": view.size[0], "height": view.size[1]},
            color_scheme="dark" if view.theme == "dark" else "light",
            locale="en-GB",
            reduced_motion="reduce",
        )
        context.add_cookies(
            [
                {"name": "clubcrm_language", "value": view.language, "url": address},
                {"name": "clubcrm_theme", "value": view.theme, "url": address},
            ]
        )
        walk = Walk(context.new_page(), view, address, folder, faults)
        pages(walk)
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
        ("home", "/home"),
        ("home-names", "/home/names/at_risk"),
        ("desk-ready", "/desk"),
        ("desk-inside", "/desk?inside=1"),
        ("people", "/people"),
        ("at-risk", "/people?phase=at_risk"),
        ("renewals", "/renewals"),
        ("renewal-names", "/renewals/names/not_renewed"),
        ("imports", "/import"),
        ("plans", "/settings/plans"),
    ):
        walk.open(path)
        walk.picture(name)
    _desk(walk)
    _member_card(walk)
    if walk.view.name in PAIRED:
        _tasks(walk)
        _import(walk)
        _more(walk)


def _more(walk: Walk) -> None:
    """Settings, forms, and pages that have nothing to show."""
    for name, path in (
        ("nobody", "/people?q=zzzzqq"),
        ("new-person", "/people/new"),
        ("renewals-by-plan", "/renewals?by=plan"),
        ("renewals-none", "/renewals?from=2019-01-01&to=2019-02-01"),
        ("export", "/import/export"),
        ("plan", "/settings/plans/new"),
        ("club", "/settings/club"),
        ("closures", "/settings/closures"),
        ("closure", "/settings/closures/new"),
        ("season", "/settings/seasons/new"),
        ("staff", "/settings/staff"),
        ("api-keys", "/settings/tokens"),
        ("account", "/account"),
        ("switch", "/switch"),
        ("switch-pin", "/switch/3"),
    ):
        walk.open(path)
        walk.picture(name)
    walk.expected = ("status of 404",)
    walk.page.goto(walk.address + "/people/999999")
    walk.picture("not-found")
    walk.expected = ()


def _desk(walk: Walk) -> None:
    """The search, and the answers for people of each phase."""
    walk.open("/people")
    name = walk.page.locator("a.row-link").first.inner_text()
    walk.open("/desk")
    walk.page.fill("#find", name[:3])
    walk.page.locator("#find-hits [role=option]").first.wait_for()
    walk.picture("desk-hits", whole=False)
    for name, phase in (("desk", "active"), ("desk-stop", "lapsed"), ("desk-frozen", "frozen")):
        walk.open(f"/people?phase={phase}")
        beside = walk.page.locator("td .cell-note bdi").all_inner_texts()  # number and telephone
        numbers = [text for text in beside if text.isdigit()]
        # Each view lets in somebody of its own: who came for the view before is in already.
        at = VIEWS.index(walk.view)
        for number in (numbers * 2)[at : at + len(numbers)]:
            _ask(walk, number)
            if phase != "active" or walk.page.locator(".answer .band-in").count():
                break
        walk.picture(name, whole=walk.view.size is PHONE)


def _ask(walk: Walk, number: str) -> None:
    """Ask the desk for somebody by their number."""
    walk.open("/desk")
    walk.page.fill("#find", number)
    walk.page.locator("#find-hits [role=option]").first.wait_for()
    walk.page.press("#find", "Enter")
    walk.page.locator(".answer").wait_for()


def _member_card(walk: Walk) -> None:
    """The card of somebody at risk."""
    walk.open("/people?phase=at_risk")
    walk.page.locator("a.row-link").first.click()
    walk.page.wait_for_load_state("networkidle")
    walk.picture("member-card")


def _tasks(walk: Walk) -> None:
    """What is done on the card that is open."""
    card = walk.page.url
    for task in ("sell", "pay", "edit", "note", "consents"):
        walk.open(f"{card.removeprefix(walk.address)}/{task}")
        walk.picture(f"task-{task}")
    walk.open("/people?phase=renewal")
    due = walk.address + (walk.page.locator("a.row-link").first.get_attribute("href") or "")
    for task, whose in (("renew", due), ("freeze", card)):
        walk.page.goto(whose)
        walk.page.locator(f".member-actions a[href$='/{task}']").first.click()
        walk.page.locator("dialog[open] .quote").wait_for()
        walk.picture(f"task-{task}", whole=False)


def _import(walk: Walk) -> None:
    """A file with faults, from its upload to its being taken back."""
    page = walk.page
    walk.open("/import/new")
    walk.picture("import-file")
    page.locator("input[type=file]").first.set_input_files(
        {"name": "membros.csv", "mimeType": "text/csv", "buffer": EXAMPLE.encode()}
    )
    page.locator("main form .btn-primary").click()
    page.locator(".import-columns").wait_for()
    walk.picture("import-columns")
    page.locator("main form .btn-primary").click()
    page.locator("dl.facts").wait_for()
    walk.picture("import-check")
    page.locator(".page-head form .btn-primary").click()
    undo = page.locator(".page-head a[href$='/undo']")
    undo.wait_for()
    walk.picture("import-done")
    undo.click()
    page.locator(".btn-danger").wait_for()
    walk.picture("import-undo")
    page.locator(".btn-danger").click()
    page.locator(".page-head .btn-primary").wait_for()
    walk.picture("import-undone")


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
