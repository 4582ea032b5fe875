"""Club days: the cut-off, days of 23 and 25 hours, skipped hours and days, weeks by territory."""

from datetime import UTC, date, datetime, timedelta
from zoneinfo import ZoneInfo

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from clubcrm.core.days import (
    club_day,
    day_bounds,
    day_no,
    day_of,
    first_weekday,
    week_start,
    weekend,
)

BERLIN, CAIRO, TEHRAN, APIA = "Europe/Berlin", "Africa/Cairo", "Asia/Tehran", "Pacific/Apia"
ZONES = (BERLIN, CAIRO, TEHRAN, APIA, "America/St_Johns", "Australia/Lord_Howe", "Asia/Gaza")
HOUR = timedelta(hours=1)


def local(zone: str, *parts: int, fold: int = 0) -> datetime:
    return datetime(*parts, tzinfo=ZoneInfo(zone), fold=fold)  # type: ignore[misc,arg-type]


def test_days_are_numbered_from_the_first_of_january_of_year_one():
    assert day_no(date(1, 1, 1)) == 1
    assert day_no(date(2026, 11, 21)) == 739941
    assert day_of(739941) == date(2026, 11, 21)


@given(st.dates())
def test_a_day_and_its_number_are_one(day):
    assert day_of(day_no(day)) == day
    assert day_no(day) == (day - date(1, 1, 1)).days + 1


def test_before_the_cut_off_it_is_still_the_day_before():
    four = 4 * 60
    assert club_day(local(TEHRAN, 2026, 11, 22, 3, 59, 59), TEHRAN, four) == date(2026, 11, 21)
    assert club_day(local(TEHRAN, 2026, 11, 22, 4, 0), TEHRAN, four) == date(2026, 11, 22)
    assert club_day(local(TEHRAN, 2026, 11, 22, 0, 0), TEHRAN, 0) == date(2026, 11, 22)


def test_the_club_s_zone_decides_not_utc():
    moment = datetime(2026, 11, 21, 21, 0, tzinfo=UTC)
    assert club_day(moment, TEHRAN) == date(2026, 11, 22)
    assert club_day(moment, BERLIN) == date(2026, 11, 21)
    assert club_day(moment, ZoneInfo(TEHRAN)) == date(2026, 11, 22)


def test_a_day_is_bounded_at_the_cut_off():
    start, until = day_bounds(date(2026, 11, 21), TEHRAN, 240)
    assert start == datetime(2026, 11, 21, 0, 30, tzinfo=UTC)
    assert until == datetime(2026, 11, 22, 0, 30, tzinfo=UTC)
    assert start.tzinfo is UTC


@pytest.mark.parametrize(
    ("zone", "day", "hours"),
    [
        (BERLIN, date(2026, 3, 29), 23),
        (BERLIN, date(2026, 10, 25), 25),
        (CAIRO, date(2026, 4, 24), 23),
        (CAIRO, date(2026, 10, 29), 25),
        (TEHRAN, date(2026, 3, 22), 24),
        (TEHRAN, date(2021, 3, 22), 23),
    ],
)
def test_a_day_has_as_many_hours_as_the_clocks_give_it(zone, day, hours):
    start, until = day_bounds(day, zone)
    assert until - start == hours * HOUR


def test_a_day_whose_midnight_is_skipped_begins_with_the_change():
    # Cairo, 24 April 2026: after 23:59:59 the clocks show 01:00.
    start, _ = day_bounds(date(2026, 4, 24), CAIRO)
    assert start == datetime(2026, 4, 23, 22, 0, tzinfo=UTC)
    assert start.astimezone(ZoneInfo(CAIRO)).hour == 1
    assert club_day(start, CAIRO) == date(2026, 4, 24)
    assert club_day(start - timedelta(microseconds=1), CAIRO) == date(2026, 4, 23)


def test_a_cut_off_inside_the_skipped_hour_falls_on_the_change():
    # Berlin, 29 March 2026: 02:00 becomes 03:00. With a cut-off of 02:30 the day begins at 03:00.
    start, _ = day_bounds(date(2026, 3, 29), BERLIN, 150)
    assert start == datetime(2026, 3, 29, 1, 0, tzinfo=UTC)
    assert club_day(start, BERLIN, 150) == date(2026, 3, 29)
    assert club_day(start - timedelta(microseconds=1), BERLIN, 150) == date(2026, 3, 28)


def test_days_do_not_run_backwards_when_the_cut_off_comes_twice():
    # Berlin, 25 October 2026: 02:30 comes twice; the day begins the first time.
    days = [
        club_day(local(BERLIN, 2026, 10, 25, 2, minute, fold=fold), BERLIN, 150)
        for fold in (0, 1)
        for minute in (15, 45)
    ]
    assert days == [date(2026, 10, 24), *[date(2026, 10, 25)] * 3]


def test_a_day_that_never_was_holds_no_moment():
    # Samoa went from 29 to 31 December 2011 over night.
    start, until = day_bounds(date(2011, 12, 30), APIA)
    assert start == until
    assert club_day(start, APIA) == date(2011, 12, 31)


@given(
    moment=st.datetimes(
        min_value=datetime(2000, 1, 1),  # noqa: DTZ001
        max_value=datetime(2040, 1, 1),  # noqa: DTZ001
        timezones=st.just(UTC),
    ),
    zone=st.sampled_from(ZONES),
    cutoff=st.integers(0, 1439),
)
@example(datetime(2026, 10, 25, 1, 20, tzinfo=UTC), BERLIN, 150)
@example(datetime(2026, 3, 29, 1, 0, tzinfo=UTC), BERLIN, 150)
@example(datetime(2026, 10, 29, 21, 30, tzinfo=UTC), CAIRO, 0)
@example(datetime(2011, 12, 30, 10, 0, tzinfo=UTC), APIA, 0)
def test_every_moment_lies_within_the_bounds_of_its_day(moment, zone, cutoff):
    day = club_day(moment, zone, cutoff)
    start, until = day_bounds(day, zone, cutoff)
    assert start <= moment < until
    assert day_bounds(day + timedelta(days=1), zone, cutoff)[0] == until


@given(
    moment=st.datetimes(
        min_value=datetime(2026, 3, 28),  # noqa: DTZ001
        max_value=datetime(2026, 10, 31),  # noqa: DTZ001
        timezones=st.just(UTC),
    ),
    step=st.integers(0, 7200),
    zone=st.sampled_from(ZONES),
    cutoff=st.integers(0, 1439),
)
def test_a_later_moment_never_lies_on_an_earlier_day(moment, step, zone, cutoff):
    later = moment + timedelta(seconds=step)
    assert club_day(moment, zone, cutoff) <= club_day(later, zone, cutoff)


def test_a_moment_without_a_zone_is_refused():
    with pytest.raises(ValueError, match="no time zone"):
        club_day(datetime(2026, 11, 21), TEHRAN)  # noqa: DTZ001


@pytest.mark.parametrize("minutes", [-1, 1440])
def test_a_cut_off_lies_within_the_day(minutes):
    with pytest.raises(ValueError, match="cut-off"):
        day_bounds(date(2026, 11, 21), TEHRAN, minutes)


@pytest.mark.parametrize(
    ("territory", "first", "rest"),
    [
        ("IR", 5, {4}),
        ("ir", 5, {4}),
        ("EG", 5, {4, 5}),
        ("AE", 0, {5, 6}),
        ("RU", 0, {5, 6}),
        ("GB", 0, {5, 6}),
        ("PT", 6, {5, 6}),
        ("US", 6, {5, 6}),
        ("DE", 0, {5, 6}),
        (None, 0, {5, 6}),
        ("ZZ", 0, {5, 6}),
        ("nowhere", 0, {5, 6}),
    ],
)
def test_weeks_follow_the_territory(territory, first, rest):
    assert first_weekday(territory) == first
    assert weekend(territory) == rest


@given(st.dates(min_value=date(1970, 1, 1)), st.sampled_from(["IR", "US", "DE"]))
def test_a_week_starts_on_its_first_weekday_at_most_six_days_before(day, territory):
    start = week_start(day, territory)
    assert start.weekday() == first_weekday(territory)
    assert 0 <= (day - start).days <= 6
