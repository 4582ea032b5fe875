"""The end of a term: recomputed from its start, its length and its pauses, whatever their order."""

from datetime import date, timedelta

import pytest
from dateutil.relativedelta import relativedelta
from hypothesis import given
from hypothesis import strategies as st

from clubcrm.core.calendars import parse_jalali
from clubcrm.core.period import Period
from clubcrm.members.policies import (
    agreed_before_pauses,
    agreed_end,
    end_with_pauses,
    first_end,
)

START = date(2026, 1, 10)
DAY = timedelta(days=1)


def on(day: int) -> date:
    """A day counted from the start of the term."""
    return START + timedelta(days=day)


def pause(begin: int, until: int) -> Period:
    return Period(on(begin), on(until))


lengths = st.integers(1, 400)
pauses = st.lists(
    st.builds(
        lambda begin, days: pause(begin, begin + days), st.integers(-40, 500), st.integers(1, 60)
    ),
    max_size=8,
)


def end_day_by_day(length: int, given_back: list[Period]) -> date:
    """The slow way: walk on until as many days were usable as were sold."""
    day, used = START, 0
    while used < length:
        used += not any(p.contains(day) for p in given_back)
        day += DAY
    return day


@given(lengths, pauses)
def test_the_term_keeps_the_days_that_were_sold(length: int, given_back: list[Period]) -> None:
    end = end_with_pauses(START, on(length), given_back)
    assert end == end_day_by_day(length, given_back)


@given(lengths, pauses, st.randoms(use_true_random=False))
def test_the_order_of_pauses_does_not_matter(length: int, given_back: list[Period], random) -> None:
    shuffled = random.sample(given_back, len(given_back))
    end = end_with_pauses(START, on(length), given_back)
    assert end_with_pauses(START, on(length), shuffled) == end


@given(lengths, pauses, st.data())
def test_taking_a_pause_back_restores_the_end(
    length: int, given_back: list[Period], data: st.DataObject
) -> None:
    end = end_with_pauses(START, on(length), given_back)
    taken_back = data.draw(pauses)
    for position, one in enumerate(taken_back):
        more = [*given_back, *taken_back[: position + 1]]
        assert end_with_pauses(START, on(length), more) >= end
        assert one in more
    assert end_with_pauses(START, on(length), given_back) == end


@given(lengths, pauses)
def test_a_pause_told_twice_counts_once(length: int, given_back: list[Period]) -> None:
    end = end_with_pauses(START, on(length), given_back)
    assert end_with_pauses(START, on(length), [*given_back, *given_back]) == end


@given(lengths, pauses)
def test_the_agreed_end_is_found_again(length: int, given_back: list[Period]) -> None:
    """Every end that pauses lead to can be led back to an agreed end with the same end."""
    end = end_with_pauses(START, on(length), given_back)
    agreed = agreed_before_pauses(START, end, given_back)
    assert agreed is not None
    assert end_with_pauses(START, agreed, given_back) == end


def test_overlapping_pauses_count_once() -> None:
    assert end_with_pauses(START, on(30), [pause(5, 15), pause(10, 20)]) == on(45)


def test_a_moved_end_reaches_the_next_pause() -> None:
    # The second pause begins after the agreed end, and counts all the same.
    assert end_with_pauses(START, on(30), [pause(20, 30), pause(35, 40)]) == on(45)


def test_a_pause_that_begins_when_the_term_is_over_moves_nothing() -> None:
    assert end_with_pauses(START, on(30), [pause(30, 40)]) == on(30)


def test_a_pause_before_the_start_counts_only_from_the_start() -> None:
    assert end_with_pauses(START, on(30), [pause(-10, 4)]) == on(34)


def test_a_term_without_an_end_has_none() -> None:
    assert end_with_pauses(START, None, [pause(5, 15)]) is None


def test_an_end_that_no_agreed_end_leads_to_is_told() -> None:
    assert agreed_before_pauses(START, on(10), [pause(5, 15)]) is None


def test_a_pause_has_an_end() -> None:
    with pytest.raises(ValueError, match="has an end"):
        end_with_pauses(START, on(30), [Period(on(3))])


@given(st.dates(date(1930, 1, 1), date(2100, 1, 1)), st.integers(1, 36))
def test_gregorian_months_agree_with_dateutil(start: date, months: int) -> None:
    end = agreed_end(start, months=months, days=None, calendar="gregorian", anchor_on=start)
    assert end == start + relativedelta(months=months)


@given(st.integers(0, 60), st.integers(1, 12))
def test_a_chain_of_terms_ends_where_one_long_term_does(before: int, months: int) -> None:
    anchor = date(2025, 1, 31)
    begin = anchor + relativedelta(months=before)
    end = agreed_end(begin, months=months, days=None, calendar="gregorian", anchor_on=anchor)
    assert end == anchor + relativedelta(months=before + months)


def test_jalali_months_are_counted_in_their_calendar() -> None:
    begin = parse_jalali(1404, 6, 31)
    end = agreed_end(begin, months=6, days=None, calendar="jalali", anchor_on=begin)
    assert end == parse_jalali(1404, 12, 29), "1404 has no 30 Esfand"
    end = agreed_end(
        parse_jalali(1403, 6, 31), months=6, days=None, calendar="jalali", anchor_on=None
    )
    assert end == parse_jalali(1403, 12, 30), "1403 has one"


def test_days_are_counted_as_days() -> None:
    assert agreed_end(START, months=None, days=10, calendar="jalali") == on(10)
    assert agreed_end(START, months=None, days=None, calendar="jalali") is None


def test_the_first_of_several_ends_counts() -> None:
    assert first_end(None, on(5), on(3)) == on(3)
    assert first_end(None, None) is None
