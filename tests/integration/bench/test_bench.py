"""The bench in its small form: the club it makes is sound, and its figures are there."""

import json
import os
from pathlib import Path
from typing import Any

import pytest
from flask import Flask
from sqlalchemy import func, select

from clubcrm.bench.areas import areas_of
from clubcrm.bench.club import multiply, people_who_may_come_in
from clubcrm.bench.run import NOW
from clubcrm.bench.seed import make_seed
from clubcrm.cli import run
from clubcrm.core.transactions import reading
from clubcrm.doctor import examine
from clubcrm.members.models import Person
from clubcrm.members.queries import find_people
from clubcrm.visits.models import Visit
from tests.conftest import empty_database

PAGES = {"search", "check-in", "card", "home"}
BULK = {"daily", "import"}


def test_the_big_club_is_as_sound_as_the_small_one(app: Flask, tmp_path: Path) -> None:
    with app.app_context():
        club_id = make_seed(tmp_path, 50, 12, NOW)
        with reading() as session:
            before = session.scalar(select(func.count()).select_from(Visit)) or 0
        multiply(20)
        with reading() as session:
            assert session.scalar(select(func.count()).select_from(Person)) == 1000
            assert session.scalar(select(func.count()).select_from(Visit)) == 20 * before
            assert find_people(session, "silva", scope={club_id})
            people = people_who_may_come_in(session, 100)
            assert len(set(people)) == 100
        broken = [finding for finding in examine(None, now=NOW) if not finding.holds]
    assert not broken, [(one.code, one.rows[:3]) for one in broken]


def test_nobody_comes_in_twice() -> None:
    (check_in,) = (area for area in areas_of(range(40)) if area.name == "check-in")
    asked = [call.body["member_id"] for call in check_in.calls(0, 20) if call.body]
    under = [call.body["member_id"] for call in check_in.floor_calls(0, 20) if call.body]
    assert len({*asked, *under}) == 40


def test_the_bench_tells_its_figures(
    capsys: pytest.CaptureFixture[str], database_kind: str, request: pytest.FixtureRequest
) -> None:
    words = ["bench", "--members", "400", "--visits", "4000", "--requests", "5", "--rounds", "1"]
    if database_kind == "postgresql":  # on SQLite it makes a database of its own
        server = request.getfixturevalue("postgresql")
        words += ["--database", empty_database(server, f"bench_{os.getpid()}")]
    assert run([*words, "--json"]) in (0, 1)  # how dear it is here is no matter
    told: dict[str, Any] = json.loads(capsys.readouterr().out)
    assert "areas" in told, told["error"]
    assert told["areas"].keys() == PAGES | BULK
    assert all(one["is_right"] for one in told["areas"].values()), told
    assert all(told["areas"][name]["people"] == 400 for name in BULK)
    for name in PAGES:
        one = told["areas"][name]
        assert one["p50"]["1"] > 0
        assert one["per_second"]["8"] > 0
        assert 0 < one["statements"] < 60
