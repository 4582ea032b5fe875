"""`run.py test`: every check of the project, in the order in which they are quick to fail.

With arguments it is pytest alone, with these. Without, every step runs even when an earlier one
failed, so that one run tells everything; the table at the end says what took how long, and the
last line counts the tests. Missing servers are installed where that is possible (root on Debian).
A skipped test fails the run: a database that is not there is no reason to be content.
"""

import os
import re
import shutil
import subprocess
import sys
import tempfile
import time
import xml.etree.ElementTree as ElementTree
from collections.abc import Callable
from dataclasses import dataclass, field
from pathlib import Path

import run
from tests import servers

ROOT = Path(__file__).resolve().parent.parent
WORKERS = min(os.cpu_count() or 1, 8)
NOTHING_COLLECTED = 5


@dataclass
class Tally:
    """How the tests ended, added up over the runs of pytest."""

    passed: int = 0
    failed: int = 0
    skipped: list[str] = field(default_factory=list)
    by_database: dict[str, int] = field(default_factory=lambda: {"sqlite": 0, "postgresql": 0})

    def add(self, report: Path) -> None:
        """Count the cases of a report in pytest's JUnit form."""
        for case in ElementTree.parse(report).getroot().iter("testcase"):
            name = f"{case.get('classname')}::{case.get('name')}"
            kinds = {child.tag for child in case}
            if kinds & {"failure", "error"}:
                self.failed += 1
            elif "skipped" in kinds:
                reasons = [child.get("message") or "" for child in case if child.tag == "skipped"]
                self.skipped.append(f"{name}: {' '.join(reasons)}")
            else:
                self.passed += 1
            for database in self.by_database:
                if re.search(rf"\[(.*-)?{database}(-.*)?\]", case.get("name") or ""):
                    self.by_database[database] += 1


@dataclass(frozen=True)
class Outcome:
    """How one step ended."""

    name: str
    seconds: float
    is_good: bool


def main(arguments: list[str]) -> int:
    """Run pytest with the arguments, or every check when there are none."""
    install_missing_programs()
    if arguments:
        return call([*python_module("pytest"), *arguments])
    tally = Tally()
    outcomes = [run_step(name, step) for name, step in steps(tally)]
    for skipped in tally.skipped:
        print(f"skipped, which counts as a failure here: {skipped}")
    print()
    for outcome in outcomes:
        verdict = "ok" if outcome.is_good else "FAILED"
        print(f"{outcome.name:18} {outcome.seconds:7.1f} s  {verdict}")
    databases = ", ".join(f"{count} on {name}" for name, count in tally.by_database.items())
    print(f"tests that ran on a database: {databases}")
    # The plain line that a reader of the last lines understands, over all runs of pytest.
    print(f"{tally.passed} passed, {tally.failed} failed, {len(tally.skipped)} skipped", flush=True)
    good = all(outcome.is_good for outcome in outcomes)
    return 0 if good and tally.passed and not tally.failed and not tally.skipped else 1


def steps(tally: Tally) -> list[tuple[str, Callable[[], bool]]]:
    """Every check, quick ones first."""

    def program(*command: str) -> Callable[[], bool]:
        return lambda: call([*python_module(command[0]), *command[1:]]) == 0

    def tests(*arguments: str) -> Callable[[], bool]:
        return lambda: run_pytest([*arguments], tally)

    return [
        ("ruff check", program("ruff", "check", "--quiet")),
        ("ruff format", program("ruff", "format", "--check", "--quiet")),
        ("mypy", program("mypy")),
        (
            "import contracts",
            lambda: call([str(Path(sys.executable).parent / "lint-imports"), "--no-logo"]) == 0,
        ),
        ("tests", tests("-m", "not journey", "-n", str(WORKERS))),
        # One at a time: browsers gain nothing from each other's company on few cores.
        ("browser journeys", tests("-m", "journey")),
    ]


def run_step(name: str, step: Callable[[], bool]) -> Outcome:
    """Run one step, its words going where they happen."""
    print(f"\n--- {name} ---", flush=True)
    started = time.monotonic()
    is_good = step()
    return Outcome(name, time.monotonic() - started, is_good)


def run_pytest(arguments: list[str], tally: Tally) -> bool:
    """Run pytest and add its counts to the tally."""
    with tempfile.TemporaryDirectory(prefix="clubcrm-checks-") as folder:
        report = Path(folder) / "report.xml"
        command = [*python_module("pytest"), "-q", f"--junitxml={report}", *arguments]
        code = call(command)
        if code == NOTHING_COLLECTED:
            print("no test was found")
        if report.exists():
            tally.add(report)
    return code == 0


def python_module(name: str) -> list[str]:
    """The command that runs a module of this environment."""
    return [sys.executable, "-m", name]


def call(command: list[str]) -> int:
    """Run a command at the root of the project."""
    return subprocess.call(command, cwd=ROOT)


# --- programs of the operating system ---------------------------------------------------------


def install_missing_programs() -> None:
    """Get PostgreSQL, Redis and Chromium where they are missing, or end saying which."""
    missing = missing_packages()
    if not missing:
        return
    apt = shutil.which("apt-get")
    command = ["apt-get", "install", "-y", "-q", "--no-install-recommends", *missing]
    if apt is None or os.geteuid() != 0:
        print("The tests run on real servers, and these are missing:", file=sys.stderr)
        for package, words in missing.items():
            print(f"  {package}: {words}", file=sys.stderr)
        if apt is not None:
            print(f"Get them with: sudo {' '.join(command)}", file=sys.stderr)
        sys.exit(1)
    environment = {**os.environ, "DEBIAN_FRONTEND": "noninteractive"}
    try:
        run.do_step("asking Debian for its package lists", [apt, "update", "-q"])
        run.do_step(f"installing {', '.join(missing)} from Debian", [*command], environment)
    except run.SetUpError as refusal:
        sys.exit(str(refusal))
    still_missing = missing_packages()
    if still_missing:
        sys.exit(f"still missing after installing: {', '.join(still_missing)}")


def missing_packages() -> dict[str, str]:
    """Debian's package name -> what is said about it, for each program not found here."""
    wanted: dict[str, tuple[str | None, Callable[[], object]]] = {
        "postgresql": (servers.POSTGRESQL_URL_SETTING, servers.postgresql_programs),
        "redis-server": (servers.REDIS_URL_SETTING, servers.redis_program),
        "chromium": (None, servers.chromium_path),
    }
    missing = {}
    for package, (setting, find) in wanted.items():
        if setting and os.environ.get(setting):
            continue
        try:
            find()
        except servers.ServerMissingError as words:
            missing[package] = str(words)
    return missing


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
