"""The mean habit of plans and club, by hand."""

import pytest

from clubcrm.retention.policies.calendar import ClubDays
from clubcrm.retention.policies.cohorts import Seen, days_before, means_of, seen_by
from tests.unit.retention.facts import START, a_club, a_member, a_term, every

MONTH = START + 200


def test_the_last_84_eligible_days_reach_over_a_closed_month() -> None:
    assert days_before(ClubDays(), MONTH) == MONTH - 85
    august = ClubDays(dict.fromkeys(range(MONTH - 31, MONTH), 0))
    assert days_before(august, MONTH) == MONTH - 85 - 31
    shut_for_long = ClubDays(dict.fromkeys(range(MONTH - 300, MONTH), 0))
    assert days_before(shut_for_long, MONTH) == MONTH - 1 - 168


def test_a_member_adds_the_visits_and_the_days_that_count() -> None:
    steady = a_member(visits=every(7, START, MONTH + 50))
    assert seen_by(steady, MONTH) == Seen(1, 12, 8400)
    newer = a_member(a_term(MONTH - 14), visits=[MONTH - 3])
    assert seen_by(newer, MONTH) == Seen(1, 1, 1400)
    known_lately = a_member(visits=every(7, START, MONTH), known_from=MONTH - 21)
    assert seen_by(known_lately, MONTH) == Seen(1, 3, 2100)
    half = a_club(dict.fromkeys(range(MONTH - 84, MONTH), 50))
    slow = seen_by(a_member(visits=every(7, START, MONTH), club=half), MONTH)
    assert slow is not None
    assert slow.counted == 8400


def test_who_does_not_run_or_is_frozen_or_hardly_known_adds_nothing() -> None:
    assert seen_by(a_member(a_term(days=100)), MONTH) is None
    assert seen_by(a_member(a_term(MONTH + 1)), MONTH) is None
    frozen = a_term(freezes=((MONTH - 3, MONTH + 3),))
    assert seen_by(a_member(frozen), MONTH) is None
    assert seen_by(a_member(known_from=MONTH - 6), MONTH) is None
    assert seen_by(a_member(is_gone=True), MONTH) is None


def test_means_of_plans_and_club() -> None:
    many = [Seen(1, 24, 8400)] * 30 + [Seen(2, 12, 8400)] * 29
    means = means_of(many)
    assert means[1].visits_per_week == pytest.approx(2.0)
    assert means[1].people == 30
    assert 2 not in means  # fewer than 30: the club's
    assert means[0].visits_per_week == pytest.approx((30 * 24 + 29 * 12) / (59 * 12))
    few = means_of([Seen(1, 24, 8400)] * 29)
    assert few == {0: (1.5, 29)}
    idle = means_of([Seen(1, 0, 8400)] * 30)
    assert idle[0].visits_per_week == 0.25
    assert means_of([])[0] == (1.5, 0)
