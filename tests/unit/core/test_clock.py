"""The one clock: real by default, settable for all threads, put back after a block."""

import ast
from concurrent.futures import ThreadPoolExecutor
from datetime import UTC, datetime, timedelta, timezone
from pathlib import Path

import pytest

import clubcrm
from clubcrm.core import clock

WALL_CLOCK = {
    ("datetime", "now"),
    ("datetime", "utcnow"),
    ("datetime", "today"),
    ("date", "today"),
    ("time", "time"),
}
NOON = datetime(2026, 11, 21, 12, 0, tzinfo=UTC)


@pytest.fixture(autouse=True)
def _running_clock():
    yield
    clock.set_clock(None)


def test_the_clock_runs_in_utc_and_forward():
    first, second = clock.now(), clock.now()
    assert first.tzinfo is UTC
    assert first <= second
    assert abs(first - datetime.now(UTC)) < timedelta(minutes=1)


def test_a_set_clock_stands_still_until_it_is_let_go():
    clock.set_clock(NOON)
    assert clock.is_fixed()
    assert clock.now() == clock.now() == NOON
    clock.set_clock(None)
    assert not clock.is_fixed()
    assert clock.now() != NOON


def test_a_moment_in_another_zone_is_kept_as_utc():
    clock.set_clock(datetime(2026, 11, 21, 15, 30, tzinfo=timezone(timedelta(hours=3, minutes=30))))
    assert clock.now() == NOON
    assert clock.now().tzinfo is UTC


def test_a_moment_without_a_zone_is_refused_and_changes_nothing():
    clock.set_clock(NOON)
    with pytest.raises(ValueError, match="no time zone"):
        clock.set_clock(datetime(2026, 1, 1))  # noqa: DTZ001
    assert clock.now() == NOON


def test_blocks_nest_and_put_the_clock_back_even_after_an_error():
    later = NOON + timedelta(days=1)
    with clock.clock_at(NOON) as held:
        assert held == NOON
        with pytest.raises(RuntimeError), clock.clock_at(later):
            assert clock.now() == later
            raise RuntimeError
        assert clock.now() == NOON
    assert not clock.is_fixed()


def test_the_clock_can_be_moved_on_inside_a_block():
    with clock.clock_at(NOON):
        for day in range(3):
            clock.set_clock(NOON + timedelta(days=day))
        assert clock.now() == NOON + timedelta(days=2)
    assert not clock.is_fixed()


def test_every_thread_sees_the_same_moment():
    with clock.clock_at(NOON), ThreadPoolExecutor(4) as threads:
        assert set(threads.map(lambda _: clock.now(), range(40))) == {NOON}


def test_nothing_else_reads_the_wall_clock():
    """``now``, ``utcnow`` and ``today`` of datetime, and ``time.time``, stand in clock.py alone."""
    root = Path(clubcrm.__file__).parent
    readers = [
        f"{path.relative_to(root)}:{node.lineno}"
        for path in root.rglob("*.py")
        for node in ast.walk(ast.parse(path.read_text(encoding="utf-8")))
        if isinstance(node, ast.Attribute)
        and isinstance(node.value, ast.Name)
        and (node.value.id, node.attr) in WALL_CLOCK
    ]
    assert [reader.partition(":")[0] for reader in readers] == ["core/clock.py"], readers
