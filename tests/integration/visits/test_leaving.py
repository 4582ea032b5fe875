"""Leaving, and visits taken back."""

from datetime import timedelta
from typing import Any

import pytest
from flask import Flask
from sqlalchemy import select

from clubcrm.core.models import EventLog
from clubcrm.core.transactions import transaction
from clubcrm.members.models import Membership
from clubcrm.visits.errors import NotInside, UndoTooLate, UnknownVisit
from clubcrm.visits.models import EntryDecision, Visit
from clubcrm.visits.operations import check_out, undo_visit
from clubcrm.visits.states import Decision
from tests.conftest import NOW
from tests.integration.visits.door import (
    CLERK,
    TODAY,
    a_member,
    at,
    days_of,
    on,
    scan,
    visits_left,
)


def test_an_undone_visit_counts_nowhere_and_gives_back_what_it_took(
    in_app: Flask, a_club: int
) -> None:
    with transaction() as session:
        person, term = a_member(session, a_club, visits_left=3)
        visit = scan(session, a_club).visit_id
        assert visit is not None
        assert undo_visit(session, visit, by=CLERK, now=at(0.05))
        assert (visits_left(session, term), days_of(session, person)) == (3, {})
        row = session.get_one(Visit, visit)
        assert (row.undone_at, row.undone_by) == (at(0.05), "Inês")
        assert session.scalars(select(EntryDecision)).one().visit_id == visit
        told = session.scalars(select(EventLog).where(EventLog.name == "VisitUndone")).one()
        assert told.payload["affects_from_on"] == TODAY.isoformat()
        # Twice is once.
        assert not undo_visit(session, visit, by=CLERK, now=at(0.06))
        assert visits_left(session, term) == 3


def test_a_day_with_two_visits_keeps_the_other(in_app: Flask, a_club: int) -> None:
    with transaction() as session:
        person, _ = a_member(session, a_club)
        first = scan(session, a_club).visit_id
        scan(session, a_club, at=at(6))
        assert first is not None
        undo_visit(session, first, by=CLERK, now=at(7))
        assert days_of(session, person) == {TODAY: 1}


def test_after_an_undo_the_next_scan_is_a_visit_again(in_app: Flask, a_club: int) -> None:
    with transaction() as session:
        _, term = a_member(session, a_club, visits_left=3)
        first = scan(session, a_club).visit_id
        assert first is not None
        undo_visit(session, first, by=CLERK, now=NOW)
        again = scan(session, a_club, at=at(0.01))
        assert again.decision is Decision.WARN
        assert again.visit_id != first
        assert visits_left(session, term) == 2


def test_a_pack_never_holds_more_than_was_sold(in_app: Flask, a_club: int) -> None:
    with transaction() as session:
        _, term = a_member(session, a_club, visits_left=10)
        visit = scan(session, a_club).visit_id
        session.get_one(Membership, term).visits_left = 10  # put right by hand meanwhile
        session.flush()
        assert visit is not None
        undo_visit(session, visit, by=CLERK, now=NOW)
        session.expire_all()
        assert visits_left(session, term) == 10


def test_the_desk_may_undo_for_some_minutes_and_in_its_own_club(in_app: Flask, a_club: int) -> None:
    with transaction() as session:
        a_member(session, a_club)
        visit = scan(session, a_club).visit_id
        assert visit is not None
        five = timedelta(minutes=5)
        late: dict[str, Any] = {"by": CLERK, "now": NOW + five + timedelta(seconds=1)}
        with pytest.raises(UndoTooLate):
            undo_visit(session, visit, within=five, **late)
        with pytest.raises(UnknownVisit):
            undo_visit(session, visit, scope=[a_club + 1], by=CLERK, now=NOW)
        with pytest.raises(UnknownVisit):
            undo_visit(session, visit + 999, by=CLERK, now=NOW)
        assert undo_visit(session, visit, within=five, scope=[a_club], by=CLERK, now=NOW + five)


def test_people_leave_once(in_app: Flask, a_club: int) -> None:
    with transaction() as session:
        a_member(session, a_club)
        visit = scan(session, a_club).visit_id
        assert visit is not None
        check_out(session, visit, by=CLERK, now=at(1))
        session.expire_all()
        assert session.get_one(Visit, visit).checked_out_at == at(1)
        with pytest.raises(NotInside):
            check_out(session, visit, by=CLERK, now=at(1.1))


def test_nobody_leaves_who_is_out_already(in_app: Flask, a_club: int) -> None:
    with transaction() as session:
        a_member(session, a_club)
        visit = scan(session, a_club).visit_id
        assert visit is not None
        with pytest.raises(NotInside):
            check_out(session, visit, by=CLERK, now=at(4))
        undo_visit(session, visit, by=CLERK, now=at(0.01))
        with pytest.raises(NotInside):
            check_out(session, visit, by=CLERK, now=at(0.5))
        assert on(0) == TODAY
