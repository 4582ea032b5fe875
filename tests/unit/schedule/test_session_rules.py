"""The rules of sessions: who takes, what clashes, which package, and the same time next week."""

from datetime import UTC, date, datetime, timedelta
from typing import Any
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given
from hypothesis import strategies as st

from clubcrm.schedule.policies import (
    PackageFacts,
    SessionRules,
    TakenTime,
    clash_of,
    is_length_of_a_session,
    may_become,
    package_for,
    same_time_next_week,
    session_rules,
)
from clubcrm.schedule.states import FREES_THE_TIME, OUTCOMES, TRANSITIONS, SessionState

S = SessionState
NOON = datetime(2026, 3, 2, 12, tzinfo=UTC)
minutes = st.integers(0, 600).map(lambda count: NOON + timedelta(minutes=count))


@st.composite
def spans(draw: Any) -> TakenTime:
    start = draw(minutes)
    length = timedelta(minutes=draw(st.integers(1, 120)))
    state = draw(st.sampled_from(S))
    return TakenTime(draw(st.integers(1, 20)), start, start + length, state)


def test_an_outcome_is_taken_back_before_another_is_told() -> None:
    for state in S:
        for new in S:
            allowed = (state is S.PLANNED) != (new is S.PLANNED)
            assert may_become(state, new) is allowed
    assert set(TRANSITIONS) == set(S)
    assert set(OUTCOMES) == set(S) - {S.PLANNED}


@given(st.booleans(), st.booleans())
def test_what_takes_a_session(no_show: bool, cancelled: bool) -> None:
    rules = session_rules({"sessions": {"no_show_takes": no_show, "cancelled_takes": cancelled}})
    taking = {state for state in S if rules.takes(state)}
    wanted = {S.CAME, S.LATE}
    wanted |= {S.NO_SHOW} if no_show else set()
    wanted |= {S.CANCELLED_IN_TIME} if cancelled else set()
    assert taking == wanted


@given(
    st.dictionaries(
        st.text(max_size=15),
        st.one_of(st.none(), st.text(max_size=5), st.integers(), st.booleans()),
    )
)
def test_settings_nobody_can_read_leave_the_defaults(said: dict[str, Any]) -> None:
    known = {"no_show_takes", "cancelled_takes", "minutes"}
    rules = session_rules({"sessions": {k: v for k, v in said.items() if k not in known}})
    assert rules == SessionRules()


@pytest.mark.parametrize("wrong", [None, 3, "sixty", True, 4, 481, -60])
def test_a_length_nobody_trains_is_passed_over(wrong: Any) -> None:
    assert session_rules({"sessions": {"minutes": wrong}}).minutes == 60
    assert session_rules({"sessions": {"minutes": 45}}).minutes == 45


@given(st.lists(spans(), max_size=8), spans())
def test_a_clash_is_a_minute_in_common(taken: list[TakenTime], wanted: TakenTime) -> None:
    clash = clash_of(taken, wanted.starts_at, wanted.ends_at, but=wanted.id)

    def minutes_of(one: TakenTime) -> set[datetime]:
        count = int((one.ends_at - one.starts_at).total_seconds() // 60)
        return {one.starts_at + timedelta(minutes=minute) for minute in range(count)}

    shared = [
        one
        for one in taken
        if one.id != wanted.id
        and one.state not in FREES_THE_TIME
        and minutes_of(one) & minutes_of(wanted)
    ]
    assert (clash is None) == (not shared)
    if clash is not None:
        assert clash in shared
        assert clash.starts_at == min(one.starts_at for one in shared)


days = st.integers(-30, 30).map(lambda count: date(2026, 3, 2) + timedelta(days=count))
packages = st.builds(
    PackageFacts,
    id=st.integers(1, 9),
    starts_on=days,
    until_on=st.none() | days,
    left=st.integers(0, 3),
)


@given(
    st.lists(packages, max_size=6, unique_by=lambda one: one.id),
    days,
    st.none() | st.integers(1, 9),
)
def test_a_session_takes_from_a_package_that_may_be_used(
    bought: list[PackageFacts], day: date, wanted: int | None
) -> None:
    chosen = package_for(bought, day, wanted)
    usable = [one for one in bought if one.is_usable_on(day)]
    assert (chosen is None) == (not usable)
    if chosen is None:
        return
    assert chosen.left > 0
    if wanted in {one.id for one in usable}:
        assert chosen.id == wanted
    else:
        assert (chosen.until_on or date.max) == min(one.until_on or date.max for one in usable)


@given(
    st.integers(0, 365 * 24 * 60).map(lambda count: NOON + timedelta(minutes=count)),
    st.integers(0, 60 * 24 * 40),
    st.sampled_from(["Europe/Lisbon", "Asia/Tehran", "America/New_York"]),
)
def test_next_week_is_the_same_time_on_the_wall(wall: datetime, ago: int, zone: str) -> None:
    wall = wall.replace(tzinfo=None, hour=max(wall.hour, 5))
    starts_at = wall.replace(tzinfo=ZoneInfo(zone)).astimezone(UTC)
    now = starts_at + timedelta(minutes=ago)
    later = same_time_next_week(starts_at, zone, now)
    local = later.astimezone(ZoneInfo(zone))
    assert later > now
    assert later - now <= timedelta(days=7, hours=2) or ago < 60 * 24 * 7
    assert (local.time(), local.weekday()) == (wall.time(), wall.weekday())


@pytest.mark.parametrize(
    ("length", "is_one"), [(4, False), (5, True), (480, True), (481, False), (-30, False)]
)
def test_how_long_a_session_may_be(length: int, is_one: bool) -> None:
    assert is_length_of_a_session(NOON, NOON + timedelta(minutes=length)) is is_one
