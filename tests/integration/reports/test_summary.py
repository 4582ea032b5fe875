"""What the owner's page counts: kept, right when it was counted, and never shown for long after that."""

from datetime import timedelta

import pytest
from flask import Flask
from sqlalchemy import update

from clubcrm.accounts.queries import get_club
from clubcrm.core import clock
from clubcrm.core.actor import OPERATOR
from clubcrm.core.transactions import reading, transaction
from clubcrm.members.operations import PersonValues, TermValues, add_people, start_memberships
from clubcrm.reports.jobs import count_everywhere
from clubcrm.reports.models import OwnerCount
from clubcrm.reports.queries.owner import Summary, count_summary, summary_of
from clubcrm.reports.queries.owner.summary import FRESH
from clubcrm.retention.jobs import run_day
from clubcrm.retention.models import MemberState
from clubcrm.retention.states import Risk
from tests.conftest import NOW
from tests.integration.members.desk import TODAY, a_plan

A_MINUTE = timedelta(minutes=1)


@pytest.fixture
def busy(in_app: Flask, a_club: int) -> int:
    """A club with terms that ended, end soon and run on, looked at today."""
    _arrive(a_club, "Old", ends=(-40, -3, 2, 5, 20, 29, 60, 200))
    run_day(a_club, TODAY, clock=clock.now)
    return a_club


def _arrive(club_id: int, name: str, *, ends: tuple[int, ...]) -> None:
    with transaction() as session:
        plan = a_plan(session, club_id, name=f"{name} plan", months=3)
        people = add_people(
            session,
            [PersonValues(full_name=f"{name} {no}") for no in range(len(ends))],
            club_id=club_id,
            by=OPERATOR,
            now=NOW,
        )
        terms = [
            TermValues(person_id=person, plan_id=plan, starts_on=TODAY + timedelta(days=end - 90))
            for person, end in zip(people, ends, strict=True)
        ]
        start_memberships(
            session, terms, club_id=club_id, imported=True, as_of_on=TODAY, by=OPERATOR, now=NOW
        )


def _shown(club_id: int) -> Summary:
    with reading() as session:
        return summary_of(session, get_club(session, club_id), clock.now())


def _counted(club_id: int) -> Summary:
    with reading() as session:
        return count_summary(session, get_club(session, club_id), clock.now())


def test_what_is_kept_is_what_was_counted(busy: int) -> None:
    counted = _counted(busy)
    assert counted.due[0].counts[-1] >= 3
    assert counted.months
    count_everywhere(clock.now)
    kept = _shown(busy)
    assert kept == counted


def test_a_kept_count_is_shown_for_a_little_and_no_longer(busy: int) -> None:
    count_everywhere(clock.now)
    before = _shown(busy).due[0].counts
    _arrive(busy, "New", ends=(3, 4))
    clock.set_clock(NOW + A_MINUTE)
    assert _shown(busy).due[0].counts == before
    clock.set_clock(NOW + FRESH)
    assert _shown(busy).due[0].counts == tuple(count + 2 for count in before)
    assert _shown(busy).counted_at == clock.now()


def test_the_next_count_has_what_happened_since(busy: int) -> None:
    count_everywhere(clock.now)
    before = _shown(busy).due[0].counts
    _arrive(busy, "New", ends=(3, 4))
    clock.set_clock(NOW + A_MINUTE)
    count_everywhere(clock.now)
    assert _shown(busy).due[0].counts == tuple(count + 2 for count in before)


def test_nothing_is_counted_again_where_nothing_happened(busy: int) -> None:
    count_everywhere(clock.now)
    planted = {
        **_counted(busy).as_json(),
        "risk": {"people": 77, "high": 1, "known": 0, "value_minor": 0},
    }
    with transaction() as session:
        session.execute(update(OwnerCount).values(figures=planted))
    clock.set_clock(NOW + A_MINUTE)
    count_everywhere(clock.now)
    assert _shown(busy).risk.people == 77
    assert _shown(busy).counted_at == NOW + A_MINUTE
    _arrive(busy, "New", ends=(3,))
    count_everywhere(clock.now)
    assert _shown(busy).risk.people != 77


def test_it_is_counted_again_in_any_case_after_a_while(busy: int) -> None:
    """What is written without a mark, or with one that came late, is in it some minutes later."""
    count_everywhere(clock.now)
    with transaction() as session:
        session.execute(update(MemberState).values(risk=Risk.HIGH))
    for minutes, is_seen in ((1, False), (9, False), (10, True)):
        clock.set_clock(NOW + minutes * A_MINUTE)
        count_everywhere(clock.now)
        assert (_shown(busy).risk.high == 8) == is_seen


def test_a_count_of_another_day_is_not_shown(busy: int) -> None:
    clock.set_clock(NOW.replace(hour=23, minute=59))
    count_everywhere(clock.now)
    clock.set_clock(NOW.replace(hour=23, minute=59) + 2 * A_MINUTE)
    assert _shown(busy).counted_at == clock.now()
