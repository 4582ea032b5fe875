"""What a trainer is told of a client, and who stands first."""

from datetime import date

from hypothesis import given
from hypothesis import strategies as st

from clubcrm.floor.policies import (
    ClientFacts,
    flags_of,
    is_slipping,
    urgency_of,
    why_slipping,
)
from clubcrm.floor.states import Flag
from clubcrm.retention.states import Phase, Risk

TODAY = date(2026, 3, 2)

facts = st.builds(
    ClientFacts,
    phase=st.none() | st.sampled_from(Phase),
    risk=st.sampled_from(Risk),
    birth_date=st.none() | st.dates(date(1940, 1, 1), date(2010, 12, 31)),
    left=st.none() | st.integers(0, 12),
    held=st.integers(0, 40),
)


def told(**known: object) -> tuple[Flag, ...]:
    return flags_of(ClientFacts(**{"held": 3, **known}), TODAY, "gregorian")  # type: ignore[arg-type]


def test_each_fact_has_its_flag() -> None:
    assert told() == ()
    assert told(held=0) == (Flag.FIRST_SESSION,)
    assert told(left=2) == (Flag.FEW_LEFT,)
    assert told(left=3) == ()
    assert told(left=0) == (Flag.NOTHING_LEFT,)
    assert told(phase=Phase.AT_RISK) == (Flag.SLIPPED,)
    assert told(phase=Phase.ADAPTATION) == (Flag.NEW,)
    assert told(phase=Phase.ADAPTATION, risk=Risk.HIGH) == (Flag.SLIPPED,)
    assert told(birth_date=date(1990, 3, 2)) == (Flag.BIRTHDAY,)


@given(facts)
def test_nothing_is_told_twice_or_against_itself(known: ClientFacts) -> None:
    flags = flags_of(known, TODAY, "gregorian")
    assert len(flags) == len(set(flags))
    assert not {Flag.NOTHING_LEFT, Flag.FEW_LEFT} <= set(flags)
    assert not {Flag.SLIPPED, Flag.NEW} <= set(flags)
    assert (Flag.SLIPPED in flags) == is_slipping(known)


@given(facts, facts)
def test_whoever_slipped_stands_before_whoever_did_not(
    one: ClientFacts, other: ClientFacts
) -> None:
    if is_slipping(one) and not is_slipping(other):
        assert urgency_of(one) < urgency_of(other)


def test_the_reason_shown_is_the_one_about_slipping() -> None:
    gap = ["gap", {"usual": 2, "gap": 9}]
    assert why_slipping([["came_back", {}], gap, ["drop", {}]]) == [gap]
    assert why_slipping([["new", {}]]) == [["new", {}]]
    assert why_slipping(()) == ()
