"""Where terms stand on a day, and how they chain."""

from dataclasses import dataclass, field
from datetime import UTC, date, datetime, timedelta
from itertools import pairwise

from hypothesis import given
from hypothesis import strategies as st

from clubcrm.core.period import Period
from clubcrm.members.policies import current_term, shown_term, spells, state_on
from clubcrm.members.states import MembershipState

DAY_0 = date(2026, 1, 1)


def on(day: int) -> date:
    return DAY_0 + timedelta(days=day)


@dataclass(frozen=True)
class Term:
    starts_on: date
    until_on: date | None
    is_access: bool = True
    is_trial: bool = False
    voided_at: datetime | None = None
    pauses: tuple[Period, ...] = field(default=())


def term(begin: int, until: int | None, **more) -> Term:
    return Term(on(begin), None if until is None else on(until), **more)


TAKEN_BACK = datetime(2026, 1, 1, tzinfo=UTC)


def test_a_term_is_pending_then_active_then_frozen_then_ended() -> None:
    frozen = term(10, 40, pauses=(Period(on(20), on(25)),))
    states = {day: state_on(frozen, on(day)) for day in (9, 10, 19, 20, 24, 25, 39, 40)}
    assert states == {
        9: MembershipState.PENDING,
        10: MembershipState.ACTIVE,
        19: MembershipState.ACTIVE,
        20: MembershipState.FROZEN,
        24: MembershipState.FROZEN,
        25: MembershipState.ACTIVE,
        39: MembershipState.ACTIVE,
        40: MembershipState.ENDED,
    }


def test_a_term_that_was_taken_back_has_ended() -> None:
    assert state_on(term(0, 30, voided_at=TAKEN_BACK), on(5)) == MembershipState.ENDED


def test_an_open_contract_runs_on() -> None:
    assert state_on(term(0, None), on(4000)) == MembershipState.ACTIVE


def test_the_term_that_opens_the_door_counts_before_the_longer_one() -> None:
    gym, massage = term(0, 30), term(0, 300, is_access=False)
    assert current_term([massage, gym], on(5)) is gym
    assert current_term([massage, gym], on(100)) is massage
    assert current_term([gym], on(30)) is None


def test_of_two_running_terms_the_one_that_ends_later_counts() -> None:
    first, second = term(0, 30), term(20, 50)
    assert current_term([first, second], on(25)) is second
    still_open = term(0, None)
    assert current_term([first, second, still_open], on(25)) is still_open


def test_a_card_shows_the_running_then_the_next_then_the_last_term() -> None:
    past, gone, coming = term(0, 30), term(40, 60, voided_at=TAKEN_BACK), term(100, 130)
    assert shown_term([past, coming], on(10)) is past
    assert shown_term([past, gone, coming], on(50)) is coming
    assert shown_term([past, gone], on(50)) is past
    assert shown_term([gone], on(50)) is None


def test_a_break_of_the_limit_keeps_the_spell_and_a_day_more_ends_it() -> None:
    """Last valid day E = day 29; a start up to E + 30 = day 59 goes on."""
    assert len(spells([term(0, 30), term(59, 90)], g=30)) == 1
    assert len(spells([term(0, 30), term(60, 90)], g=30)) == 2


def test_trials_and_terms_that_were_taken_back_form_no_spell() -> None:
    terms = [
        term(0, 10, is_trial=True),
        term(0, 30, is_access=False),
        term(5, 30, voided_at=TAKEN_BACK),
    ]
    assert spells(terms) == []


def test_a_long_term_bridges_a_short_one_within_it() -> None:
    (spell,) = spells([term(0, 300), term(10, 20), term(310, 340)], g=30)
    assert (spell.start_on, spell.until_on, len(spell.terms)) == (on(0), on(340), 3)


def test_after_an_open_term_no_new_spell_begins() -> None:
    (spell,) = spells([term(0, None), term(500, 530)])
    assert spell.until_on is None
    assert spell.contains(on(9999))


spans = st.lists(
    st.tuples(st.integers(0, 800), st.integers(1, 200) | st.none()).map(
        lambda pair: term(pair[0], None if pair[1] is None else pair[0] + pair[1])
    ),
    max_size=8,
)


@given(spans, st.integers(0, 60), st.randoms(use_true_random=False))
def test_spells_hold_every_term_once_and_lie_apart(terms: list[Term], g: int, random) -> None:
    found = spells(random.sample(terms, len(terms)), g)
    assert sum(len(spell.terms) for spell in found) == len(terms)
    for before, after in pairwise(found):
        assert before.until_on is not None
        assert (after.start_on - before.until_on).days >= g
    for spell in found:
        assert spell.start_on == min(t.starts_on for t in spell.terms)
        ends = [t.until_on for t in spell.terms]
        assert spell.until_on == (None if None in ends else max(e for e in ends if e))
