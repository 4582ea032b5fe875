"""The measures by hand: gap, visit-days, own habit, and the limits that follow from it."""

from math import exp, factorial

import pytest
from hypothesis import given
from hypothesis import strategies as st

from clubcrm.members.states import PlanKind
from clubcrm.retention.policies import ClubFacts, Cohorts, evaluate
from clubcrm.retention.policies.measures import drop_limit, gap_limit
from clubcrm.retention.policies.rules import DEFAULTS
from tests.unit.retention.facts import START, a_club, a_member, a_term, every


def chance_of_at_most(most: int, mean: float) -> float:
    return sum(exp(-mean) * mean**k / factorial(k) for k in range(most + 1))


@pytest.mark.parametrize(
    ("expected", "limit"),
    [
        *((0, None), (2.49, None), (2.5, 0), (3.99, 0), (4, 1), (5.99, 1), (6, 2), (6.99, 2)),
        *((7, 3), (7.99, 3), (8, 4), (9.9, 4), (10, 5), (15, 7)),
    ],
)
def test_the_table_of_drops(expected: float, limit: int | None) -> None:
    assert drop_limit(expected) == limit


@given(st.floats(0, 28, allow_nan=False))
def test_a_drop_is_half_of_the_pattern_and_unlikely_by_chance(expected: float) -> None:
    limit = drop_limit(expected)
    if limit is None:
        assert expected < 2.5
        return
    assert limit <= expected / 2
    assert chance_of_at_most(limit, expected) <= 0.10


@pytest.mark.parametrize(
    ("base", "limit"), [(0.25, 30), (0.7, 30), (0.75, 28), (1.0, 21), (1.5, 14), (4.0, 14)]
)
def test_the_gap_limit_is_three_mean_intervals_within_bounds(base: float, limit: int) -> None:
    assert gap_limit(base, DEFAULTS) == limit


def test_the_gap_counts_from_the_last_visit_or_from_the_start() -> None:
    facts = a_member(visits=[START + 20])
    assert evaluate(facts, START).gap == 0
    assert evaluate(facts, START + 5).gap == 5
    assert evaluate(facts, START + 20).gap == 0
    assert evaluate(facts, START + 33).gap == 13


def test_closed_and_frozen_days_make_no_gap_and_slow_days_a_part() -> None:
    closed = dict.fromkeys(range(START + 101, START + 111), 0)
    slow = dict.fromkeys(range(START + 111, START + 121), 30)
    freeze = ((START + 121, START + 131),)
    term = a_term(freezes=freeze, ends=((START, START + 375),))
    facts = a_member(term, visits=every(2, START, START + 100), club=a_club(closed | slow))
    assert evaluate(facts, START + 110).gap == 0
    assert evaluate(facts, START + 113).gap == 0  # 3 days of 30 percent
    assert evaluate(facts, START + 120).gap == 3
    assert evaluate(facts, START + 135).gap == 8  # 3, and 5 days since the freeze


def test_the_own_habit_is_drawn_to_the_cohort() -> None:
    # Person 7, day 0 of the week cycle when (day + 7) % 7 == 0.
    base_day = START + 200 - (START + 200 + 7) % 7
    came = every(2, base_day - 111, base_day - 28)
    facts = a_member(visits=came, cohort=1.0)
    # 84 eligible days are 12 weeks: (42 visits + 4 x 1.0) / (12 + 4).
    assert len(came) == 42
    for day in range(base_day, base_day + 7):
        assert evaluate(facts, day).base == pytest.approx(46 / 16)


def test_a_newcomer_has_the_habit_of_his_cohort_of_that_month() -> None:
    cohorts = Cohorts({(START - 30, 0): 2.0, (START + 40, 0): 3.0, (START - 30, 1): 1.2})
    facts = a_member(club=ClubFacts(cohorts=cohorts))
    assert evaluate(facts, START + 10).base == pytest.approx(1.2)
    # The month has no row for the plan: then it is the club's. 3 or 4 weeks have gone by for base.
    day = START + 47
    counted = max(0, day - (day + 7) % 7 - 28 - START + 1)
    assert evaluate(facts, day).base == pytest.approx(4 * 3.0 / (counted / 7 + 4))


def test_a_closed_month_is_no_drop() -> None:
    visits = every(3, START, START + 199)
    closed = dict.fromkeys(range(START + 200, START + 231), 0)
    shut = a_member(visits=visits, club=a_club(closed))
    missed = a_member(visits=visits)
    day = START + 231
    assert evaluate(missed, day).drop_limit == 4
    assert evaluate(missed, day).v28 == 0
    assert evaluate(shut, day).drop_limit is None
    assert evaluate(shut, day).gap == 2


def test_unknown_days_are_not_days_without_a_visit() -> None:
    # A list of an old club: a term of a year, known visit by visit from day 150 on.
    known = START + 150
    facts = a_member(known_from=known)
    standing = evaluate(facts, known)
    assert standing.gap == 0
    assert standing.drop_limit is None
    assert standing.base == pytest.approx(1.5)
    assert standing.phase == "active"
    assert evaluate(facts, known + 13).gap == 13
    assert evaluate(facts, known + 26).drop_limit is None
    assert evaluate(facts, known + 27).drop_limit == 2  # 28 known days, 6 visits expected


def test_an_opening_balance_counts_for_gap_and_habit_and_is_no_visit() -> None:
    known = START + 150
    facts = a_member(
        known_from=known, told_last=known - 20, told_mean=0.61, is_past_told=True, cohort=3.0
    )
    standing = evaluate(facts, known)
    assert (standing.gap, standing.v28, standing.last) == (20, 0, known - 20)
    assert standing.base == pytest.approx(0.61)
    assert standing.gap_limit == 30
    # Once 112 days are known the mean an import told has done its work.
    later = evaluate(facts, known + 130)
    assert later.base == pytest.approx(4 * 3.0 / (12 + 4))


def test_a_person_who_is_told_never_to_have_come_has_not_started() -> None:
    known = START + 5
    told = a_member(known_from=known, is_past_told=True)
    unknown = a_member(known_from=known)
    assert evaluate(told, known + 1).sub == "not_started"
    assert evaluate(unknown, known + 1).sub == "early"


def test_habit_is_twice_a_week_without_an_empty_week() -> None:
    term = a_term(days=None, kind=PlanKind.ROLLING)
    steady = a_member(term, visits=every(3, START, START + 200))
    assert evaluate(steady, START + 150).has_habit
    with_a_hole = [day for day in every(2, START, START + 200) if not 120 <= day - START < 130]
    holed = a_member(term, visits=with_a_hole)
    assert not evaluate(holed, START + 140).has_habit
    assert evaluate(holed, START + 180).has_habit
    seldom = a_member(term, visits=every(4, START, START + 200))
    assert not evaluate(seldom, START + 150).has_habit


def test_a_closure_ahead_rings_when_it_begins() -> None:
    """On the first closed day fewer visits are expected: one in 28 days is no drop any more."""
    visits = [*every(7, START, START + 203), START + 224]
    shut = START + 234
    facts = a_member(visits=visits, club=a_club(dict.fromkeys(range(shut, shut + 5), 0), cohort=1))
    before, after = evaluate(facts, shut - 1), evaluate(facts, shut)
    assert (before.base, before.v28, before.drop_limit, before.phase) == (1, 1, 1, "at_risk")
    assert (after.base, after.v28, after.drop_limit, after.phase) == (1, 1, 0, "active")
    for day in range(shut - 7, shut):
        following = evaluate(facts, day).next_check
        assert following is not None
        assert following <= shut
