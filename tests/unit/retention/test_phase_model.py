"""What must hold for every life: one phase a day, and nothing changes before the next check."""

from itertools import pairwise

from hypothesis import given, settings
from hypothesis import strategies as st

from clubcrm.retention.policies import FAR, Facts, Standing, evaluate
from clubcrm.retention.policies.history import walk, walk_every_day
from clubcrm.retention.states import Phase, Status, Sub
from tests.unit.retention.facts import SPAN, START, lives

RUNNING = {
    Phase.LEAVING,
    Phase.RENEWAL,
    Phase.WON_BACK,
    Phase.ADAPTATION,
    Phase.SLEEPING,
    Phase.AT_RISK,
    Phase.ACTIVE,
}
SUBS = {
    Phase.ADAPTATION: {Sub.NOT_STARTED, Sub.EARLY, Sub.SETTLING},
    Phase.ACTIVE: {Sub.CORE, Sub.REGULAR, Sub.LIGHT},
}


def answer(s: Standing) -> tuple[object, ...]:
    return s.phase, s.sub, s.status, s.risk, s.has_habit, s.renewals


@settings(max_examples=200)
@given(lives())
def test_nothing_changes_before_the_next_check(facts: Facts) -> None:
    days = range(START - 10, START + SPAN)
    standings = [evaluate(facts, day) for day in days]
    next_change: int | None = None
    for day, standing, after in zip(days[-2::-1], standings[-2::-1], standings[:0:-1]):
        if answer(standing) != answer(after):
            next_change = day + 1
        following = standing.next_check
        assert following is None or following > day
        if next_change is not None:
            assert following is not None, (day, next_change)
            assert following <= next_change, (day, next_change)


@settings(max_examples=150)
@given(lives())
def test_the_walk_from_check_to_check_is_the_walk_day_by_day(facts: Facts) -> None:
    first, last = START - 10, START + SPAN
    *_, slow = walk_every_day(facts, first, last)
    fast = walk(facts, first, last)
    assert [move.key for move in fast.moves] == [move.key for move in slow.moves]
    assert fast.since == slow.since
    assert fast.standing == slow.standing


@settings(max_examples=100)
@given(lives())
def test_a_visit_of_a_later_day_is_seen_on_its_day(facts: Facts) -> None:
    """A run that makes up for a missed day knows who came since, and lets the clock ring for it."""
    for day, after in pairwise([*facts.visits, FAR]):
        for asked in {day, min(day + 3, after - 1)}:
            following = evaluate(facts, asked).next_check
            assert after == FAR or (following is not None and following <= after)


@settings(max_examples=200)
@given(lives(), st.integers(START - 10, START + SPAN - 1))
def test_every_day_has_one_phase_and_what_belongs_to_it(facts: Facts, day: int) -> None:
    standing = evaluate(facts, day)
    on_the_books = any(term.known <= day for term in facts.terms)
    if not on_the_books:
        assert standing.phase is None
    if standing.phase is None:
        assert standing.status is Status.POTENTIAL
        return
    assert standing.sub in SUBS.get(standing.phase, {None})
    assert standing.reasons
    assert (standing.gap is not None) == (standing.phase in RUNNING)
    assert (standing.status is Status.LOST) == (standing.phase in (Phase.LAPSED, Phase.LOST))
