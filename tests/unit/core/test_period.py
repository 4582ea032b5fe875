"""Half-open spans of days, open-ended ones too."""

from datetime import UTC, date, datetime, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from clubcrm.core.errors import EmptyPeriod
from clubcrm.core.period import Period

MARCH = Period(date(2026, 3, 1), date(2026, 4, 1))
ANY_DAY = st.dates(date(2020, 1, 1), date(2020, 3, 1))


@st.composite
def periods(draw):
    start = draw(ANY_DAY)
    length = draw(st.none() | st.integers(1, 40))
    return Period(start, None if length is None else start + timedelta(days=length))


def test_a_period_holds_its_start_and_not_its_until():
    assert MARCH.contains(date(2026, 3, 1))
    assert MARCH.contains(date(2026, 3, 31))
    assert not MARCH.contains(date(2026, 4, 1))
    assert not MARCH.contains(date(2026, 2, 28))
    assert MARCH.days == 31
    assert MARCH.last_day == date(2026, 3, 31)


def test_through_speaks_of_the_last_day():
    assert Period.through(date(2026, 3, 1), date(2026, 3, 31)) == MARCH
    assert Period.through(date(2026, 3, 1), None).is_open
    assert Period.one_day(date(2026, 3, 1)) == Period.through(date(2026, 3, 1), date(2026, 3, 1))


def test_an_open_period_has_no_end():
    rolling = Period(date(2026, 3, 1))
    assert rolling.is_open
    assert rolling.contains(date.max)
    assert (rolling.days, rolling.last_day) == (None, None)
    assert rolling.overlaps(Period(date(2100, 1, 1)))
    assert rolling.intersection(MARCH) == MARCH


@pytest.mark.parametrize("until", [date(2026, 3, 1), date(2026, 2, 1)])
def test_an_empty_or_backward_period_is_refused(until):
    with pytest.raises(EmptyPeriod) as refused:
        Period(date(2026, 3, 1), until)
    assert refused.value.code == "empty_period"
    assert "2026-03-01" in refused.value.text()


def test_moments_are_not_days():
    with pytest.raises(TypeError):
        Period(datetime(2026, 3, 1, tzinfo=UTC), None)


def test_meeting_is_not_overlapping():
    april = Period(date(2026, 4, 1), date(2026, 5, 1))
    assert not MARCH.overlaps(april)
    assert not april.overlaps(MARCH)
    assert MARCH.intersection(april) is None


@given(periods(), periods(), ANY_DAY)
def test_overlap_and_intersection_say_what_the_days_say(one, other, day):
    assert one.overlaps(other) == other.overlaps(one) == (one.intersection(other) is not None)
    both = one.intersection(other)
    assert both == other.intersection(one)
    assert (both is not None and both.contains(day)) == (one.contains(day) and other.contains(day))
    assert one.covers(other) == (both == other)


@given(periods())
def test_a_period_has_as_many_days_as_it_contains(period):
    held = sum(period.contains(date(2020, 1, 1) + timedelta(days=n)) for n in range(120))
    if period.days is not None:
        assert period.days == held
        assert Period.through(period.start, period.last_day) == period
    assert period.shifted(7).shifted(-7) == period
