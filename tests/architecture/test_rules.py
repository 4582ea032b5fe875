"""The architecture holds, and each rule finds the break it is there for."""

import shutil
import subprocess
import sys
from pathlib import Path

import pytest
from flask import Flask

from clubcrm.accounts.access import rule_of
from clubcrm.core.events import Event
from clubcrm.wiring import WIRING
from tests.architecture.rules import RULES

ROOT = Path(__file__).resolve().parents[2]

BREAKS = {
    "second_commits": ("clubcrm/members/operations.py", "def f(session):\n    session.commit()\n"),
    "second_clocks": (
        "clubcrm/visits/operations.py",
        "from datetime import datetime\nnow = datetime.now()\n",
    ),
    "hidden_imports": (
        "clubcrm/members/operations.py",
        "def f():\n    from clubcrm.retention import operations\n",
    ),
    "looks_inside_neighbours": (
        "clubcrm/retention/operations.py",
        "from clubcrm.visits.views import blueprint\n",
    ),
    "unusual_files": ("clubcrm/members/helpers.py", '"""A drawer."""\n'),
    "missing_words": ("clubcrm/members/queries.py", "def people(session):\n    return []\n"),
    "inline_style_or_script": (
        "clubcrm/members/templates/members/card.html",
        '<p style="color: red" onclick="f()">Ada</p>\n',
    ),
    "unsafe_markup": ("clubcrm/members/templates/members/card.html", "{{ person.name|safe }}\n"),
}


@pytest.mark.parametrize("rule", RULES)
def test_the_rule_holds(rule: str) -> None:
    assert RULES[rule](ROOT) == []


@pytest.mark.parametrize("rule", RULES)
def test_the_rule_finds_a_planted_break(rule: str, tmp_path: Path) -> None:
    file, source = BREAKS[rule]
    for package in ("members", "visits", "retention"):
        (tmp_path / "clubcrm" / package).mkdir(parents=True)
    (tmp_path / file).parent.mkdir(parents=True, exist_ok=True)
    (tmp_path / file).write_text(source, encoding="utf-8")
    assert RULES[rule](tmp_path)


def _lint_imports(folder: Path) -> subprocess.CompletedProcess[str]:
    program = Path(sys.executable).with_name("lint-imports")
    return subprocess.run(
        [program, "--no-cache", "--config", str(folder / "pyproject.toml")],
        cwd=folder,
        env={"PYTHONPATH": str(folder)},
        capture_output=True,
        text=True,
        check=False,
    )


@pytest.fixture(scope="module")
def copied_tree(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("tree")
    shutil.copytree(
        ROOT / "clubcrm", folder / "clubcrm", ignore=shutil.ignore_patterns("static", "*.pyc")
    )
    shutil.copy(ROOT / "pyproject.toml", folder)
    return folder


def test_the_import_contracts_hold(copied_tree: Path) -> None:
    answer = _lint_imports(copied_tree)
    assert answer.returncode == 0, answer.stdout


@pytest.mark.parametrize(
    ("file", "line"),
    [
        ("clubcrm/core/days.py", "import clubcrm.members.models"),
        ("clubcrm/members/queries.py", "import clubcrm.retention.queries"),
        ("clubcrm/visits/queries.py", "import clubcrm.retention.states"),
        ("clubcrm/trainers/queries.py", "import clubcrm.schedule.queries"),
        ("clubcrm/retention/queries.py", "import clubcrm.reports.queries"),
        ("clubcrm/frontdesk/views/__init__.py", "import clubcrm.api.views"),
        ("clubcrm/reports/queries/__init__.py", "import clubcrm.wiring"),
        # With the order, against purity:
        ("clubcrm/members/policies.py", "import clubcrm.core.transactions"),
        ("clubcrm/visits/policies.py", "import clubcrm.members.models"),
        ("clubcrm/schedule/policies.py", "import clubcrm.schedule.models"),
        ("clubcrm/retention/policies.py", "import clubcrm.core.clock"),
        ("clubcrm/exchange/policies.py", "import clubcrm.exchange.models"),
    ],
)
def test_a_planted_import_against_the_order_is_found(
    copied_tree: Path, file: str, line: str
) -> None:
    path = copied_tree / file
    if not path.exists():  # the file has become a folder of the same name
        path = path.with_suffix("") / "__init__.py"
    before = path.read_text(encoding="utf-8")
    try:
        path.write_text(f"{before}\n{line}\n", encoding="utf-8")
        answer = _lint_imports(copied_tree)
    finally:
        path.write_text(before, encoding="utf-8")
    assert answer.returncode == 1, answer.stdout


def test_a_new_package_without_a_place_in_the_order_is_found(copied_tree: Path) -> None:
    package = copied_tree / "clubcrm" / "drawer"
    package.mkdir()
    (package / "__init__.py").write_text('"""Anything."""\n', encoding="utf-8")
    try:
        assert _lint_imports(copied_tree).returncode == 1
    finally:
        shutil.rmtree(package)


def undeclared(app: Flask) -> list[str]:
    """Routes whose view says neither which permission it asks for nor that it is public."""
    return [
        rule.rule
        for rule in app.url_map.iter_rules()
        if rule.endpoint.rpartition(".")[2] != "static"
        and rule_of(app.view_functions[rule.endpoint]) is None
    ]


def test_every_route_declares_who_may(the_app: Flask) -> None:
    assert undeclared(the_app) == []


def test_a_route_that_declares_nothing_is_found() -> None:
    app = Flask("planted")
    app.add_url_rule("/open", view_func=lambda: "anybody")
    assert undeclared(app) == ["/open"]


def test_every_event_stands_in_an_events_file() -> None:
    strays = [
        name
        for name, kind in Event.known.items()
        if kind.__module__.startswith("clubcrm.") and ".events" not in kind.__module__
    ]
    assert strays == []


def test_what_is_wired_has_stable_names() -> None:
    names = [
        (kind.__name__, subscription.name)
        for kind, subscriptions in WIRING.items()
        for subscription in subscriptions
    ]
    assert len(names) == len(set(names))
    assert all(".handlers." in name for _kind, name in names)
