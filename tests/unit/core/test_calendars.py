"""Months in two calendars, against dateutil, persiantools and cases worked out by hand."""

from datetime import UTC, date, datetime, timedelta
from itertools import pairwise

import pytest
from dateutil.relativedelta import relativedelta
from hypothesis import example, given
from hypothesis import strategies as st
from persiantools.jdatetime import JalaliDate

from clubcrm.core.calendars import (
    FIRST_DAY,
    LAST_DAY,
    add_months,
    days_in_month,
    iter_months,
    month_key,
    month_period,
    month_start,
    months_between,
    next_month_start,
    parse_jalali,
    term_until,
    to_jalali,
)
from clubcrm.core.errors import DayOutOfRange, NotADay

# Days whose Gregorian month lies in the span as a whole.
WHOLE_MONTHS = st.dates(date(1921, 4, 1), date(2124, 1, 31))
WITH_ROOM = st.dates(date(1950, 1, 1), date(2090, 1, 1))
CALENDARS = st.sampled_from(["gregorian", "jalali"])
LEAP_YEARS = (1399, 1403, 1408, 1412, 1416)


def jalali(year: int, month: int, day: int) -> date:
    """The oracle: persiantools, day by day."""
    return JalaliDate(year, month, day).to_gregorian()


def test_every_supported_day_is_the_day_persiantools_says():
    day, count = FIRST_DAY, 0
    while day <= LAST_DAY:
        theirs = JalaliDate(day)
        assert to_jalali(day) == (theirs.year, theirs.month, theirs.day)
        assert parse_jalali(theirs.year, theirs.month, theirs.day) == day
        day += timedelta(days=1)
        count += 1
    assert count == 74_144


@pytest.mark.parametrize("year", LEAP_YEARS)
def test_leap_years_have_a_thirtieth_of_esfand(year):
    day = parse_jalali(year, 12, 30)
    assert to_jalali(day) == (year, 12, 30)
    assert to_jalali(day + timedelta(days=1)) == (year + 1, 1, 1)


@pytest.mark.parametrize("year", [1400, 1402, 1404, 1405, 1407, 1409])
def test_common_years_have_none(year):
    with pytest.raises(NotADay) as refused:
        parse_jalali(year, 12, 30)
    assert refused.value.text() == f"{year}/12/30 is not a day of the calendar."


@pytest.mark.parametrize(
    ("parts", "day"),
    [
        ((1300, 1, 1), date(1921, 3, 21)),
        ((1357, 11, 22), date(1979, 2, 11)),
        ((1399, 12, 30), date(2021, 3, 20)),
        ((1403, 12, 30), date(2025, 3, 20)),
        ((1404, 1, 1), date(2025, 3, 21)),
        ((1404, 12, 29), date(2026, 3, 20)),
        ((1405, 8, 30), date(2026, 11, 21)),
        ((1408, 12, 30), date(2030, 3, 20)),
        ((1502, 12, 29), date(2124, 3, 19)),
    ],
)
def test_days_known_from_printed_calendars(parts, day):
    assert parse_jalali(*parts) == day
    assert tuple(to_jalali(day)) == parts


@pytest.mark.parametrize("parts", [(1404, 0, 1), (1404, 13, 1), (1404, 7, 31), (1404, 1, 0)])
def test_what_is_no_jalali_day_is_refused(parts):
    with pytest.raises(NotADay):
        parse_jalali(*parts)


@pytest.mark.parametrize("day", [FIRST_DAY - timedelta(days=1), LAST_DAY + timedelta(days=1)])
@pytest.mark.parametrize("calendar", ["gregorian", "jalali"])
def test_days_outside_the_span_are_refused_with_the_span_named(day, calendar):
    with pytest.raises(DayOutOfRange) as refused:
        month_start(day, calendar)
    assert "1921-03-21 to 2124-03-19" in refused.value.text()


@pytest.mark.parametrize(
    ("day", "months", "calendar"),
    [
        (LAST_DAY, 1, "gregorian"),
        (LAST_DAY, 1, "jalali"),
        (FIRST_DAY, -1, "gregorian"),
        (FIRST_DAY, -1, "jalali"),
        (date(2026, 1, 1), 12_000, "jalali"),
        (date(2026, 1, 1), 120_000, "gregorian"),
    ],
)
def test_counting_out_of_the_span_is_refused(day, months, calendar):
    with pytest.raises(DayOutOfRange):
        add_months(day, months, calendar)


@pytest.mark.parametrize("year", [1299, 1503, 0, 9999])
def test_years_outside_the_table_are_refused(year):
    with pytest.raises(DayOutOfRange):
        parse_jalali(year, 1, 1)


def test_months_are_counted_on_days_and_in_a_known_calendar():
    with pytest.raises(TypeError):
        add_months(datetime(2026, 1, 1, tzinfo=UTC), 1, "gregorian")
    with pytest.raises(ValueError, match="hijri"):
        add_months(date(2026, 1, 1), 1, "hijri")  # type: ignore[arg-type]


@pytest.mark.parametrize(
    ("anchor", "months", "expected"),
    [
        (date(2026, 1, 31), 1, date(2026, 2, 28)),
        (date(2028, 1, 31), 1, date(2028, 2, 29)),
        (date(2026, 1, 31), 2, date(2026, 3, 31)),
        (date(2026, 1, 31), 3, date(2026, 4, 30)),
        (date(2028, 2, 29), 12, date(2029, 2, 28)),
        (date(2026, 3, 31), -1, date(2026, 2, 28)),
        (date(2026, 12, 15), 1, date(2027, 1, 15)),
    ],
)
def test_gregorian_months_clamp(anchor, months, expected):
    assert add_months(anchor, months, "gregorian") == expected


@pytest.mark.parametrize(
    ("anchor", "months", "expected"),
    [
        ((1403, 6, 31), 6, (1403, 12, 30)),
        ((1404, 6, 31), 6, (1404, 12, 29)),
        ((1404, 6, 31), 1, (1404, 7, 30)),
        ((1403, 12, 30), 12, (1404, 12, 29)),
        ((1399, 12, 30), 48, (1403, 12, 30)),
        ((1404, 1, 31), -1, (1403, 12, 30)),
        ((1405, 1, 31), -1, (1404, 12, 29)),
        ((1404, 12, 29), 1, (1405, 1, 29)),
    ],
)
def test_jalali_months_clamp(anchor, months, expected):
    assert add_months(jalali(*anchor), months, "jalali") == jalali(*expected)


@given(WITH_ROOM, st.integers(-300, 300))
@example(date(2026, 1, 31), 1)
@example(date(2028, 2, 29), 12)
def test_gregorian_months_are_those_of_dateutil(anchor, months):
    assert add_months(anchor, months, "gregorian") == anchor + relativedelta(months=months)


@given(WITH_ROOM, st.integers(-300, 300))
@example(jalali(1403, 12, 30), 12)
def test_jalali_months_are_those_of_persiantools(anchor, months):
    start = JalaliDate(anchor)
    years, month0 = divmod(start.month - 1 + months, 12)
    year, month = start.year + years, month0 + 1
    last = JalaliDate.days_in_month(month, year)
    assert add_months(anchor, months, "jalali") == jalali(year, month, min(start.day, last))
    assert days_in_month(year, month, "jalali") == last


def test_a_term_runs_through_the_day_before_the_same_day():
    assert term_until(date(2026, 3, 15), 1, "gregorian") == date(2026, 4, 15)
    assert term_until(date(2026, 3, 15), 12, "gregorian") == date(2027, 3, 15)
    assert term_until(date(2026, 1, 31), 1, "gregorian") == date(2026, 2, 28)
    assert term_until(jalali(1404, 1, 1), 12, "jalali") == jalali(1405, 1, 1)
    with pytest.raises(ValueError, match="at least one month"):
        term_until(date(2026, 1, 31), 0, "gregorian")


def test_monthly_renewals_from_the_31st_keep_their_day():
    anchor = start = date(2026, 1, 31)
    starts = []
    for _ in range(5):
        starts.append(start)
        start = term_until(start, 1, "gregorian", anchor=anchor)
    assert starts == [
        date(2026, 1, 31),
        date(2026, 2, 28),
        date(2026, 3, 31),
        date(2026, 4, 30),
        date(2026, 5, 31),
    ]


def test_without_the_anchor_the_same_chain_drifts():
    """The control: this is what the anchor is for."""
    second = term_until(date(2026, 1, 31), 1, "gregorian")
    assert term_until(second, 1, "gregorian") == date(2026, 3, 28)
    assert term_until(second, 1, "gregorian", anchor=date(2026, 1, 31)) == date(2026, 3, 31)


def test_an_anchor_a_freeze_has_moved_away_from_no_longer_counts():
    assert term_until(date(2026, 3, 10), 1, "gregorian", anchor=date(2026, 1, 31)) == date(
        2026, 4, 10
    )


@given(WITH_ROOM, st.lists(st.integers(1, 13), min_size=1, max_size=24), CALENDARS)
@example(date(2026, 1, 31), [1] * 12, "gregorian")
@example(jalali(1404, 6, 31), [1] * 12, "jalali")
def test_a_chain_of_renewals_ends_where_one_long_term_does(anchor, terms, calendar):
    start = anchor
    for months in terms:
        until = term_until(start, months, calendar, anchor=anchor)
        assert until > start
        start = until
    assert start == term_until(anchor, sum(terms), calendar)


@given(WITH_ROOM, st.integers(-200, 200), CALENDARS)
def test_months_between_undoes_add_months(anchor, months, calendar):
    assert months_between(anchor, add_months(anchor, months, calendar), calendar) == months


@given(WITH_ROOM, WITH_ROOM, CALENDARS)
def test_months_between_is_none_off_the_chain(anchor, day, calendar):
    months = months_between(anchor, day, calendar)
    assert months is None or add_months(anchor, months, calendar) == day


@given(WHOLE_MONTHS, CALENDARS)
def test_a_day_lies_in_its_month(day, calendar):
    start, until = month_start(day, calendar), next_month_start(day, calendar)
    assert start <= day < until
    assert month_period(day, calendar).contains(day)
    assert month_key(start, calendar) == month_key(day, calendar) < month_key(until, calendar)
    assert month_start(start, calendar) == start
    assert month_start(until - timedelta(days=1), calendar) == start


def test_months_have_sortable_names():
    assert month_key(date(2026, 11, 22), "gregorian") == "2026-11"
    assert month_key(date(2026, 11, 22), "jalali") == "1405-09"
    assert month_key(date(2026, 11, 21), "jalali") == "1405-08"


def test_months_of_a_span_come_whole_and_in_order():
    months = list(iter_months(date(2026, 1, 31), date(2026, 4, 1), "gregorian"))
    assert [month.start for month in months] == [
        date(2026, 1, 1),
        date(2026, 2, 1),
        date(2026, 3, 1),
    ]
    keys = [m.start for m in iter_months(jalali(1404, 11, 5), jalali(1405, 2, 1), "jalali")]
    assert keys == [jalali(1404, 11, 1), jalali(1404, 12, 1), jalali(1405, 1, 1)]
    assert list(iter_months(date(2026, 1, 31), date(2026, 1, 1), "gregorian")) == []


@given(WITH_ROOM, st.integers(1, 800), CALENDARS)
def test_months_of_a_span_cover_it_without_gap_or_overlap(start, length, calendar):
    until = start + timedelta(days=length)
    months = list(iter_months(start, until, calendar))
    assert months[0].contains(start)
    assert months[-1].contains(until - timedelta(days=1))
    for one, following in pairwise(months):
        assert one.until == following.start
