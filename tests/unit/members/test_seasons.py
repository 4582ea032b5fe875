"""Slow seasons in three calendars, expanded to days."""

from dataclasses import dataclass
from datetime import date, timedelta

import pytest
from hijridate import Gregorian
from hypothesis import given
from hypothesis import strategies as st

from clubcrm.core.calendars import to_jalali
from clubcrm.members.policies import season_days, season_periods, share_of_days


@dataclass(frozen=True)
class Season:
    calendar: str
    start_month: int
    start_day: int
    end_month: int
    end_day: int
    share_percent: int = 50
    valid_from_on: date = date(2000, 1, 1)
    valid_until_on: date | None = None


@dataclass(frozen=True)
class Closure:
    from_on: date
    until_on: date
    share_percent: int = 0


AUGUST = Season("gregorian", 8, 1, 8, 31)
CHRISTMAS = Season("gregorian", 12, 24, 1, 2)
NOWRUZ = Season("jalali", 1, 1, 1, 13)
RAMADAN = Season("hijri", 9, 1, 9, 30)


def days_of(season: Season, start: date, until: date) -> list[date]:
    return sorted(season_days([season], start, until))


def test_august_returns_every_year() -> None:
    days = days_of(AUGUST, date(2024, 1, 1), date(2027, 1, 1))
    assert len(days) == 93
    assert {day.month for day in days} == {8}


def test_a_season_over_the_turn_of_the_year_is_whole() -> None:
    days = days_of(CHRISTMAS, date(2025, 12, 1), date(2026, 2, 1))
    assert days == [date(2025, 12, 24) + timedelta(days=n) for n in range(10)]
    # Seen from inside the new year its first days belong to the old year's season.
    assert days_of(CHRISTMAS, date(2026, 1, 1), date(2026, 2, 1)) == [
        date(2026, 1, 1),
        date(2026, 1, 2),
    ]


def test_nowruz_follows_the_jalali_year() -> None:
    days = days_of(NOWRUZ, date(2025, 1, 1), date(2027, 1, 1))
    assert len(days) == 26
    assert days[0] == date(2025, 3, 21)
    assert days[13] == date(2026, 3, 21)


def test_ramadan_moves_through_the_year_and_may_come_twice() -> None:
    starts = [p.start for p in season_periods(RAMADAN, date(2024, 1, 1), date(2031, 1, 1))]
    assert date(2026, 2, 18) in starts
    assert len([day for day in starts if day.year == 2030]) == 2


def test_the_last_day_of_a_shorter_month_stands_for_one_it_does_not_have() -> None:
    esfand = Season("jalali", 12, 30, 12, 30)
    days = days_of(esfand, date(2020, 1, 1), date(2027, 1, 1))
    assert all(to_jalali(day).month == 12 and to_jalali(day).day in (29, 30) for day in days)
    assert len(days) == 7


def test_a_season_rewrites_no_past() -> None:
    declared = Season("gregorian", 8, 1, 8, 31, valid_from_on=date(2025, 8, 15))
    assert days_of(declared, date(2024, 1, 1), date(2026, 1, 1))[0] == date(2025, 8, 15)
    removed = Season("gregorian", 8, 1, 8, 31, valid_until_on=date(2025, 8, 10))
    assert days_of(removed, date(2025, 1, 1), date(2027, 1, 1))[-1] == date(2025, 8, 9)


def test_where_seasons_and_closures_meet_the_smaller_share_counts() -> None:
    shares = share_of_days(
        [Closure(date(2026, 8, 10), date(2026, 8, 12))],
        [AUGUST, Season("gregorian", 8, 5, 8, 6, share_percent=20)],
        date(2026, 8, 1),
        date(2026, 8, 15),
    )
    assert len(shares) == 14
    assert shares[date(2026, 8, 5)] == 20
    assert shares[date(2026, 8, 10)] == 0
    assert shares[date(2026, 8, 12)] == 50


def test_beyond_the_known_years_of_the_hijri_calendar_nothing_is_claimed() -> None:
    assert days_of(RAMADAN, date(2078, 1, 1), date(2090, 1, 1)) == []


@pytest.mark.parametrize("season", [AUGUST, CHRISTMAS, NOWRUZ, RAMADAN])
@given(st.dates(date(2001, 1, 1), date(2070, 1, 1)), st.integers(1, 800))
def test_a_span_cut_in_two_has_the_same_days(season: Season, start: date, length: int) -> None:
    middle, until = start + timedelta(days=length // 2), start + timedelta(days=length)
    whole = days_of(season, start, until)
    halves = days_of(season, start, middle) + days_of(season, middle, until)
    assert whole == halves


@given(st.dates(date(1930, 1, 1), date(2070, 1, 1)))
def test_a_day_is_in_ramadan_when_its_month_is_the_ninth(day: date) -> None:
    long_ago = Season("hijri", 9, 1, 9, 30, valid_from_on=date(1925, 1, 1))
    is_slow = bool(days_of(long_ago, day, day + timedelta(days=1)))
    assert is_slow == (Gregorian.fromdate(day).to_hijri().month == 9)
