"""Visits that happened already: a door's log and old records, folded into days."""

import random
from datetime import UTC, date, datetime, timedelta

from flask import Flask
from sqlalchemy import event, select
from sqlalchemy.orm import Session

from clubcrm.core.db import db
from clubcrm.core.models import EventLog
from clubcrm.core.transactions import transaction
from clubcrm.visits.models import AccessPoint, Visit
from clubcrm.visits.operations import (
    VisitValues,
    record_visits,
    remove_visits,
    undo_visit,
)
from clubcrm.visits.states import VisitSource
from tests.conftest import NOW
from tests.integration.visits.door import (
    CLERK,
    TODAY,
    a_member,
    a_person,
    at,
    count,
    days_of,
    on,
    scan,
    visits_left,
)


def store(
    session: Session,
    club_id: int,
    rows: list[VisitValues],
    source: VisitSource = VisitSource.IMPORT,
    now: datetime = NOW,
) -> list[int | None]:
    return record_visits(session, rows, club_id=club_id, source=source, by=CLERK, now=now)


def test_a_log_becomes_visits_and_days(in_app: Flask, a_club: int) -> None:
    with transaction() as session:
        person, term = a_member(session, a_club)
        other = a_person(session, a_club, full_name="Rui Costa")
        rows = [
            VisitValues(person, at(0, -3), at(1, -3), access_point="door 1"),
            VisitValues(person, at(8, -3), access_point="door 1"),
            VisitValues(other, at(0, -2), access_point="door 2"),
            VisitValues(person, at(13, -200)),
        ]
        ids = store(session, a_club, rows)
        assert len(set(ids)) == 4
        assert None not in ids
        assert days_of(session, person) == {on(-3): 2, on(-200): 1}
        assert days_of(session, other) == {on(-2): 1}
        visit = session.get_one(Visit, ids[0])
        assert (visit.checked_out_at, visit.membership_id) == (at(1, -3), term)
        # A day on which no term ran belongs to none.
        assert session.get_one(Visit, ids[3]).membership_id is None
        assert {point.code for point in session.scalars(select(AccessPoint))} == {
            "door 1",
            "door 2",
        }


def test_the_same_log_again_in_any_order_changes_nothing(in_app: Flask, a_club: int) -> None:
    with transaction() as session:
        person, term = a_member(session, a_club, visits_left=9)
        rows = [
            VisitValues(person, at(hour, -day), device_key=f"door:{day}:{hour}")
            for day in range(1, 4)
            for hour in (0, 1, 5)
        ]
        random.Random(4).shuffle(rows)
        first = store(session, a_club, rows, VisitSource.DOOR_LOG)
        assert None not in first
        before = (days_of(session, person), visits_left(session, term), count(session, Visit))
        random.Random(5).shuffle(rows)
        assert store(session, a_club, rows, VisitSource.DOOR_LOG) == [None] * 9
        assert (
            days_of(session, person),
            visits_left(session, term),
            count(session, Visit),
        ) == before
        assert before == ({on(-1): 3, on(-2): 3, on(-3): 3}, 6, 9)


def test_a_row_twice_in_one_file_is_one_visit(in_app: Flask, a_club: int) -> None:
    with transaction() as session:
        person, _ = a_member(session, a_club)
        row = VisitValues(person, at(0, -1))
        lisbon = VisitValues(person, at(0, -1).astimezone(UTC))
        ids = store(session, a_club, [row, lisbon, row])
        assert [one is None for one in ids] == [False, True, True]
        assert days_of(session, person) == {on(-1): 1}


def test_a_doors_log_takes_one_visit_a_day_from_a_pack(in_app: Flask, a_club: int) -> None:
    with transaction() as session:
        person, term = a_member(session, a_club, visits_left=2)
        rows = [VisitValues(person, at(hour, -1), device_key=f"a{hour}") for hour in (0, 1, 9)]
        ids = store(session, a_club, rows, VisitSource.DOOR_LOG)
        assert visits_left(session, term) == 1
        took = select(Visit.id).where(Visit.took_a_visit)
        assert session.scalars(took).all() == [ids[0]]
        # What is in the log happened, even beyond the last visit.
        more = [VisitValues(person, at(0, -day), device_key=f"b{day}") for day in (5, 4, 3)]
        store(session, a_club, more, VisitSource.DOOR_LOG)
        assert (visits_left(session, term), len(days_of(session, person))) == (0, 4)
        assert len(session.scalars(took).all()) == 2


def test_a_day_paid_for_at_the_desk_is_not_taken_again_by_the_doors_log(
    in_app: Flask, a_club: int
) -> None:
    with transaction() as session:
        person, term = a_member(session, a_club, visits_left=5)
        scan(session, a_club)
        rows = [VisitValues(person, at(0.1), device_key="x")]
        store(session, a_club, rows, VisitSource.DOOR_LOG, now=at(1))
        assert visits_left(session, term) == 4
        assert days_of(session, person) == {TODAY: 2}


def test_an_import_takes_nothing_for_its_file_says_what_is_left(in_app: Flask, a_club: int) -> None:
    with transaction() as session:
        person, term = a_member(session, a_club, visits_left=5)
        store(session, a_club, [VisitValues(person, at(0, -day)) for day in range(1, 5)])
        assert visits_left(session, term) == 5


def test_thousands_of_rows_cost_a_few_statements_and_one_event_a_person(
    in_app: Flask, a_club: int
) -> None:
    with transaction() as session:
        people = [a_person(session, a_club, full_name=f"Person {no}") for no in range(20)]
    rows = [
        VisitValues(person, at(hour, -day))
        for person in people
        for day in range(1, 101)
        for hour in (0, 2)
    ]
    statements: list[str] = []

    def note(_c: object, _cursor: object, statement: str, *_rest: object) -> None:
        statements.append(statement)

    event.listen(db.engine, "before_cursor_execute", note)
    try:
        with transaction() as session:
            statements.clear()
            ids = store(session, a_club, rows)
            # How many statements the log of events takes is its own matter.
            assert len([s for s in statements if "event_log" not in s]) <= 12
    finally:
        event.remove(db.engine, "before_cursor_execute", note)
    assert len({one for one in ids if one is not None}) == 4000
    with transaction() as session:
        told = session.scalars(select(EventLog).where(EventLog.name == "VisitRecorded")).all()
        assert len(told) == 20
        assert {row.payload["visits"] for row in told} == {200}
        assert {row.payload["affects_from_on"] for row in told} == {on(-100).isoformat()}
        assert days_of(session, people[0]) == {on(-day): 2 for day in range(1, 101)}


def test_what_an_import_brought_goes_whole_with_its_undo(in_app: Flask, a_club: int) -> None:
    with transaction() as session:
        person, term = a_member(session, a_club, visits_left=5)
        scan(session, a_club)
        rows = [
            VisitValues(person, at(-2), device_key="same day"),
            VisitValues(person, at(0, -3), device_key="another day"),
            VisitValues(person, at(0, -4), device_key="taken back before"),
        ]
        ids = [one for one in store(session, a_club, rows, VisitSource.DOOR_LOG) if one]
        assert visits_left(session, term) == 2
        undo_visit(session, ids[2], by=CLERK, now=NOW)
        assert remove_visits(session, ids, by=CLERK, now=NOW) == 3
        assert (days_of(session, person), count(session, Visit)) == ({TODAY: 1}, 1)
        assert visits_left(session, term) == 4
        told = session.scalars(select(EventLog).where(EventLog.name == "VisitsRemoved")).one()
        assert told.payload == {"visits": 2, "affects_from_on": on(-3).isoformat()}
        assert remove_visits(session, ids, by=CLERK, now=NOW) == 0


def test_days_follow_the_clubs_clock_not_utc(in_app: Flask, a_club: int) -> None:
    with transaction() as session:
        person, _ = a_member(session, a_club)
        summer = datetime(2025, 7, 1, 23, 30, tzinfo=UTC)  # half past midnight in Lisbon
        store(
            session,
            a_club,
            [VisitValues(person, summer), VisitValues(person, summer - timedelta(hours=1))],
        )
        assert days_of(session, person) == {date(2025, 7, 2): 1, date(2025, 7, 1): 1}


def test_an_empty_log_is_nothing(in_app: Flask, a_club: int) -> None:
    with transaction() as session:
        assert store(session, a_club, []) == []
