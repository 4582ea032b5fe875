"""The roll-ups of the owner's page: the base and the visits by the hour, counted against a slow way."""

import random
from datetime import UTC, date, datetime, timedelta
from typing import Any

import pytest
from flask import Flask
from sqlalchemy import delete, select, update

from clubcrm.accounts.operations import change_club
from clubcrm.core import clock
from clubcrm.core.actor import OPERATOR
from clubcrm.core.invariants import Examined
from clubcrm.core.transactions import reading, transaction
from clubcrm.members.models import Membership
from clubcrm.members.operations import PersonValues, TermValues, add_people, start_memberships
from clubcrm.reports.invariants import _stale_counts
from clubcrm.reports.jobs import count_club, count_everywhere
from clubcrm.reports.models import BaseDay, VisitHour
from clubcrm.reports.queries.counting import BASE_DAYS, HEAT_DAYS
from clubcrm.reports.queries.owner import growth, heat
from clubcrm.retention.jobs import run_day
from clubcrm.visits.models import Visit
from clubcrm.visits.operations import VisitValues, record_visits, undo_visit
from clubcrm.visits.states import VisitSource
from tests.conftest import NOW
from tests.integration.members.desk import TODAY, a_plan

A_DAY = timedelta(days=1)


def _base(club: int) -> dict[date, int]:
    with reading() as session:
        rows = session.execute(select(BaseDay.on, BaseDay.members).where(BaseDay.club_id == club))
        return {row.on: row.members for row in rows}


def _hours(club: int) -> dict[tuple[date, int], int]:
    with reading() as session:
        rows = session.execute(
            select(VisitHour.on, VisitHour.hour, VisitHour.visits).where(VisitHour.club_id == club)
        )
        return {(on, hour): visits for on, hour, visits in rows}


@pytest.mark.parametrize("seed", [1, 2, 3])
def test_the_base_counts_each_member_once_a_day(in_app: Flask, a_club: int, seed: int) -> None:
    dice = random.Random(seed)
    with transaction() as session:
        plan = a_plan(session, a_club)
        people = add_people(
            session,
            [PersonValues(full_name=f"Member {no}") for no in range(25)],
            club_id=a_club,
            by=OPERATOR,
            now=NOW,
        )
        terms = [
            TermValues(
                person_id=dice.choice(people),
                plan_id=plan,
                starts_on=TODAY - dice.randrange(-20, 160) * A_DAY,
            )
            for _ in range(60)
        ]
        start_memberships(
            session, terms, club_id=a_club, imported=True, as_of_on=TODAY, by=OPERATOR, now=NOW
        )
        some = select(Membership.id).where(Membership.id % 9 == 0)
        session.execute(update(Membership).where(Membership.id.in_(some)).values(is_trial=True))
        some = select(Membership.id).where(Membership.id % 10 == 0)
        session.execute(update(Membership).where(Membership.id.in_(some)).values(until_on=None))
    count_club(a_club, clock.now)
    with reading() as session:
        held = session.execute(select(Membership.__table__)).all()
    slowly = {
        day: len(
            {
                term.person_id
                for term in held
                if not term.is_trial
                and term.voided_at is None
                and term.starts_on <= day
                and (term.until_on is None or term.until_on > day)
            }
        )
        for day in (TODAY - no * A_DAY for no in range(BASE_DAYS))
    }
    assert _base(a_club) == slowly
    assert max(slowly.values()) > 5


def _comes(club: int, person: int, *moments: datetime) -> list[int | None]:
    rows = [VisitValues(person_id=person, checked_in_at=moment) for moment in moments]
    with transaction() as session:
        return record_visits(
            session, rows, club_id=club, source=VisitSource.IMPORT, by=OPERATOR, now=NOW
        )


@pytest.fixture
def person(in_app: Flask, a_club: int) -> int:
    with transaction() as session:
        (person_id,) = add_people(
            session, [PersonValues(full_name="Ana")], club_id=a_club, by=OPERATOR, now=NOW
        )
        return person_id


def _at(day: date, hour: int) -> datetime:
    return datetime(day.year, day.month, day.day, hour, 20, tzinfo=UTC)


def test_visits_stand_at_the_hour_of_the_clubs_clock_and_day(a_club: int, person: int) -> None:
    with transaction() as session:
        change_club(
            session,
            a_club,
            {"timezone": "Asia/Tokyo", "day_cutoff_minutes": 240},
            by=OPERATOR,
            now=NOW,
        )
    # 16:20 UTC is 01:20 at the club: still the day before, which ends at four.
    _comes(a_club, person, _at(date(2026, 2, 20), 16), _at(date(2026, 2, 21), 1))
    count_club(a_club, clock.now)
    assert _hours(a_club) == {(date(2026, 2, 20), 1): 1, (date(2026, 2, 21), 10): 1}
    with reading() as session:
        found = heat(session, a_club, TODAY, cutoff_minutes=240)
    assert found.hours[0] == 10
    assert found.hours[-1] == 1


def test_the_mean_is_over_the_days_that_are_known(a_club: int, person: int) -> None:
    first = TODAY - 9 * A_DAY
    _comes(a_club, person, _at(first, 18), _at(first + 7 * A_DAY, 18), _at(TODAY, 8))
    count_club(a_club, clock.now)
    with reading() as session:
        found = heat(session, a_club, TODAY, cutoff_minutes=0)
    assert found.means == {(first.weekday(), 18): 1.0}
    assert sum(found.days.values()) == 9
    assert found.days[first.weekday()] == 2
    later = TODAY + (HEAT_DAYS - 9) * A_DAY
    with reading() as session:
        found = heat(session, a_club, later, cutoff_minutes=0)
    assert found.means == {(first.weekday(), 18): 0.5}


def test_what_is_told_late_is_in_the_next_count(a_club: int, person: int) -> None:
    yesterday = TODAY - A_DAY
    (visit,) = _comes(a_club, person, _at(yesterday, 18))
    assert visit is not None
    count_club(a_club, clock.now)
    _comes(a_club, person, _at(yesterday, 7))
    with transaction() as session:
        undo_visit(session, visit, by=OPERATOR, now=NOW)
    count_everywhere(clock.now)
    assert _hours(a_club) == {(yesterday, 18): 1}
    clock.set_clock(NOW + timedelta(hours=1))
    count_everywhere(clock.now)
    assert _hours(a_club) == {(yesterday, 7): 1}


def test_growth_before_the_first_run_is_unknown(a_club: int, person: int) -> None:
    with transaction() as session:
        plan = a_plan(session, a_club, months=12)
        terms = [TermValues(person_id=person, plan_id=plan, starts_on=TODAY - timedelta(days=80))]
        start_memberships(
            session, terms, club_id=a_club, imported=True, as_of_on=TODAY, by=OPERATOR, now=NOW
        )
    count_club(a_club, clock.now)

    def grown() -> Any:
        with reading() as session:
            return growth(session, a_club, TODAY)

    assert grown().members is None
    run_day(a_club, TODAY - 5 * A_DAY, clock=clock.now)
    run_day(a_club, TODAY, clock=clock.now)
    assert len(grown().days) == 6
    assert grown().net is None


def test_the_doctor_sees_a_count_that_is_wrong(a_club: int, person: int) -> None:
    _comes(a_club, person, _at(TODAY - A_DAY, 18))
    clock.set_clock(NOW + timedelta(minutes=10))
    count_club(a_club, clock.now)
    examined = Examined(clubs=[a_club], now=clock.now())

    def found() -> list[str]:
        with reading() as session:
            return list(_stale_counts(session, examined))

    assert found() == []
    with transaction() as session:
        session.execute(update(VisitHour).values(visits=3))
        session.execute(update(BaseDay).where(BaseDay.on == TODAY).values(members=7))
    assert len(found()) == 2
    # The control: what happened since the count is no fault.
    with transaction() as session:
        session.execute(delete(Visit))
    count_club(a_club, clock.now)
    assert found() == []
