"""Where the parts of a member's line stand."""

from datetime import date, timedelta
from itertools import pairwise
from typing import Any

from hypothesis import given
from hypothesis import strategies as st

from clubcrm.core.days import day_no
from clubcrm.frontdesk.phase_line import (
    ROOM,
    LineFacts,
    TermSpan,
    habit_scale,
    phase_line,
)
from clubcrm.retention.states import Phase

TODAY = date(2026, 11, 24)


def facts(**more: Any) -> LineFacts:
    """A member of a year who comes twice a week; `more` changes what is told."""
    told: dict[str, Any] = {
        "today": TODAY,
        "territory": "DE",
        "calendar": "gregorian",
        "phases": [(date(2026, 1, 26), Phase.ADAPTATION), (date(2026, 4, 26), Phase.ACTIVE)],
        "terms": [TermSpan(date(2026, 1, 26), date(2027, 1, 26), "joined", 0)],
        "freezes": [],
        "visit_days": [day_no(TODAY) - 3 * n for n in range(60, -1, -1)],
        "known_from": None,
        "closed_days": frozenset(),
        "window_days": 45,
        "base": 2.3,
        "since_on": None,
    }
    return LineFacts(**{**told, **more})


def test_phases_stand_in_true_time_and_end_with_today() -> None:
    line = phase_line(facts())
    first, second = [one for one in line.segments if not one.is_planned]
    assert (first.phase, second.phase) == (Phase.ADAPTATION, Phase.ACTIVE)
    span = (line.until_on - line.from_on).days
    assert abs(first.width - 100 * 90 / span) < 0.01, "ninety days"
    assert abs(first.x + first.width - second.x) < 0.01, "they meet"
    assert line.today_x < second.x + second.width < line.today_x + 100 * 1.5 / span


def test_the_window_of_the_renewal_is_drawn_ahead_and_ends_with_the_term() -> None:
    line = phase_line(facts())
    (planned,) = [one for one in line.segments if one.is_planned]
    assert planned.phase is Phase.RENEWAL
    assert planned.from_on == date(2026, 12, 12), "45 days before the first day without it"
    assert planned.until_on == date(2027, 1, 26)


def test_a_term_without_an_end_has_no_window_and_no_end() -> None:
    line = phase_line(facts(terms=[TermSpan(date(2026, 1, 26), None, "joined", 0)]))
    assert not [one for one in line.segments if one.is_planned]
    assert "ends" not in {mark.kind for mark in line.marks}


def test_a_freeze_to_come_is_planned_and_one_that_was_is_not() -> None:
    past, coming = (
        (TODAY - timedelta(days=60), TODAY - timedelta(days=50)),
        (TODAY + timedelta(days=5), TODAY + timedelta(days=9)),
    )
    line = phase_line(facts(freezes=[past, coming]))
    frozen = [one for one in line.segments if one.phase is Phase.FROZEN]
    assert [one.from_on for one in frozen] == [coming[0]]


def test_before_anybody_looked_a_membership_is_shown_without_a_phase() -> None:
    line = phase_line(
        facts(
            phases=[(date(2026, 11, 1), Phase.ACTIVE)],
            terms=[TermSpan(date(2025, 6, 1), date(2027, 1, 26), "renewed", 2)],
        )
    )
    unknown = [one for one in line.segments if one.phase is None]
    assert len(unknown) == 1
    assert unknown[0].until_on == date(2026, 11, 1)


def test_visits_are_counted_by_the_weeks_of_the_territory() -> None:
    days = [date(2026, 11, 15), date(2026, 11, 16), date(2026, 11, 22), date(2026, 11, 23)]
    visits = [day_no(day) for day in days]
    monday = {bar.from_on: bar.visits for bar in phase_line(facts(visit_days=visits)).bars}
    assert monday[date(2026, 11, 16)] == 2
    saturday = phase_line(facts(visit_days=visits, territory="IR"))
    by_week = {bar.from_on: bar.visits for bar in saturday.bars}
    assert (by_week[date(2026, 11, 14)], by_week[date(2026, 11, 21)]) == (2, 2)


def test_weeks_before_visits_are_known_are_unknown_and_not_empty() -> None:
    line = phase_line(facts(known_from=date(2026, 11, 4), visit_days=[]))
    shares = {bar.from_on: bar.share for bar in line.bars}
    assert shares[date(2026, 10, 26)] is None
    assert shares[date(2026, 11, 2)] == 0, "a part of this week is known"
    assert shares[date(2026, 11, 9)] == 0


def test_a_week_the_club_was_closed_says_so() -> None:
    closed = frozenset(day_no(date(2026, 8, 3)) + n for n in range(7))
    line = phase_line(facts(visit_days=[], closed_days=closed))
    assert [bar.from_on for bar in line.bars if bar.is_closed] == [date(2026, 8, 3)]


def test_the_name_of_a_phase_that_just_began_stands_before_today() -> None:
    line = phase_line(facts(since_on=TODAY - timedelta(days=1)))
    by_kind = {mark.kind: mark for mark in line.marks}
    assert by_kind["since"].x <= by_kind["today"].x - ROOM["today"] / 2


spans = st.lists(
    st.tuples(st.integers(-500, 60), st.integers(1, 400), st.sampled_from(["joined", "renewed"])),
    max_size=8,
)


@given(
    terms=spans,
    changes=st.lists(
        st.tuples(st.integers(-400, 0), st.sampled_from(list(Phase))),
        max_size=12,
        unique_by=lambda change: change[0],
    ),
    visits=st.sets(st.integers(-370, 0)),
    frozen=st.lists(st.tuples(st.integers(-300, 90), st.integers(1, 40)), max_size=4),
    base=st.none() | st.floats(0, 14),
)
def test_nothing_stands_outside_and_no_two_names_meet(
    terms: list[tuple[int, int, str]],
    changes: list[tuple[int, Phase]],
    visits: set[int],
    frozen: list[tuple[int, int]],
    base: float | None,
) -> None:
    def day(offset: int) -> date:
        return TODAY + timedelta(days=offset)

    line = phase_line(
        facts(
            phases=sorted((day(offset), phase) for offset, phase in changes),
            terms=[
                TermSpan(day(a), day(a + n), kind, int(kind == "renewed")) for a, n, kind in terms
            ],
            visit_days=sorted(day_no(day(offset)) for offset in visits),
            freezes=[(day(a), day(a + n)) for a, n in frozen],
            base=base,
            since_on=day(min((o for o, _phase in changes), default=0)),
        )
    )
    places = [(s.x, s.width) for s in line.segments] + [(b.x, b.width) for b in line.bars]
    assert all(x >= 0 and width > 0 and x + width <= 100.01 for x, width in places)
    assert all(bar.share is None or 0 <= bar.share <= 1 for bar in line.bars)
    shown = {offset for offset in visits if line.from_on <= day(offset)}
    assert sum(bar.visits for bar in line.bars) == len(shown)
    assert line.habit_share is None or 0 <= line.habit_share <= 1
    past = [s for s in line.segments if not s.is_planned and s.phase]
    for one, other in pairwise(past):
        assert one.x + one.width <= other.x + 0.01
    reaches = []
    for mark in line.marks:
        room = ROOM[mark.kind]
        left = {"start": mark.x, "end": mark.x - room, "middle": mark.x - room / 2}[mark.anchor]
        reaches.append((left, left + room))
    for (_left, right), (next_left, _right) in pairwise(sorted(reaches)):
        assert right <= next_left + 0.01


@given(
    now=st.integers(0, 500),
    usual=st.none() | st.tuples(st.floats(0, 100), st.floats(0, 100)).map(sorted).map(tuple),
    limit=st.none() | st.integers(0, 300),
)
def test_a_measure_stays_on_its_scale_and_in_its_order(
    now: int, usual: tuple[float, float] | None, limit: int | None
) -> None:
    scale = habit_scale(now, usual=usual, limit=limit)
    places = [scale.dot, *([scale.limit] if scale.limit is not None else [])]
    if scale.band_x is not None and scale.band_width is not None:
        places += [scale.band_x]
        assert scale.band_width >= 3
    assert all(4 <= place <= 96 for place in places)
    if limit is not None and scale.limit is not None and now != limit:
        assert (now > limit) == (scale.dot > scale.limit)
