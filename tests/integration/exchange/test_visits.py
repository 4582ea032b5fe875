"""Logs of visits and opening balances."""

from datetime import UTC, date, datetime

import pytest
from sqlalchemy import select

from clubcrm.core.actor import OPERATOR
from clubcrm.core.transactions import transaction
from clubcrm.exchange.models import ImportRow
from clubcrm.exchange.words import problem_text
from clubcrm.members.models import Person
from clubcrm.visits.models import AccessPoint, OpeningBalance, Visit, VisitDay
from clubcrm.visits.operations import undo_visit
from tests.conftest import NOW
from tests.integration.exchange.conftest import AS_OF, Desk

PEOPLE = "external_id,full_name,phone,card_code\nA,Ana,912345678,77\nB,Eva,912345679,88\nC,Rui,,\n"


@pytest.fixture
def known(desk: Desk) -> Desk:
    """A club that knows three people, of whose visits before the import nothing is known."""
    desk.take_in("members", PEOPLE)
    return desk


def _said(desk: Desk) -> dict[int, str]:
    rows = desk.rows(select(ImportRow.line, ImportRow.problems).order_by(ImportRow.line))
    return {line: " ".join(problem_text(problem) for problem in found) for line, found in rows}


def _known_from(desk: Desk) -> dict[str | None, date | None]:
    return dict(desk.rows(select(Person.external_id, Person.visits_known_from)))


def test_a_log_becomes_visits_and_days(known: Desk) -> None:
    content = (
        "member,checked_in_at,checked_out_at,access_point,direction\n"
        "A,2026-01-05 18:02:10,2026-01-05 19:30,Door 1,in\n"
        "77,2026-01-05 20:00,,Door 1,in\n"
        "912 345 679,05/01/2026 07:15,,,\n"
        "A,2026-01-05 18:02:10,,,in\n"
        "X,2026-01-05 18:02:10,,,in\n"
        "A,2027-01-05 18:02:10,,,in\n"
        "A,never,,,in\n"
    )
    outcome = known.take_in("visits", content)
    figures = outcome.figures
    assert (figures.stored, figures.unchanged, figures.rejected) == (3, 1, 3)
    visits = known.rows(
        select(Visit.checked_in_at, Visit.checked_out_at, Visit.on).order_by(Visit.id)
    )
    assert len(visits) == 3
    assert visits[0].on == date(2026, 1, 5)
    assert {visit.checked_in_at for visit in visits} >= {
        datetime(2026, 1, 5, 18, 2, 10, tzinfo=UTC)
    }
    assert known.count(VisitDay) == 2
    assert known.count(AccessPoint) == 1
    said = _said(known)
    assert "No member" in said[6]
    assert "in the future" in said[7]
    assert "missing" in said[8]
    again = known.take_in("visits", content)
    assert (again.figures.stored, again.figures.unchanged, again.figures.rejected) == (0, 4, 3)


def test_a_visit_that_was_undone_stays_undone(known: Desk) -> None:
    content = "member,checked_in_at\nA,2026-01-05 18:00\n"
    known.take_in("visits", content)
    ((visit_id,),) = known.rows(select(Visit.id))
    with transaction() as session:
        undo_visit(session, visit_id, by=OPERATOR, now=NOW)
    again = known.take_in("visits", content)
    assert (again.figures.stored, again.figures.unchanged) == (0, 1)
    assert known.count(VisitDay) == 0


def test_a_log_makes_visits_known_from_its_first_day(known: Desk) -> None:
    assert _known_from(known) == dict.fromkeys("ABC", AS_OF)
    known.take_in("visits", "member,checked_in_at\nA,2025-09-02 18:00\nB,2025-10-01 18:00\n")
    # Whoever the log does not name did not come: the log is the log of all.
    assert _known_from(known) == dict.fromkeys("ABC", date(2025, 9, 2))


def test_a_log_of_few_says_nothing_of_the_others(desk: Desk) -> None:
    rows = "".join(f"P{n}\n" for n in range(30))
    desk.take_in("members", "external_id\n" + rows)
    desk.take_in("visits", "member,checked_in_at\nP1,2025-09-02 18:00\nP2,2025-09-03 18:00\n")
    known_from = _known_from(desk)
    assert known_from["P1"] == known_from["P2"] == date(2025, 9, 2)
    assert known_from["P3"] == AS_OF


def test_days_without_a_time_are_noon_of_that_day(known: Desk) -> None:
    known.take_in("visits", "member,checked_in_at\nA,2026-01-05\nA,2026-01-05\n")
    visits = known.rows(select(Visit.checked_in_at, Visit.on))
    assert visits == [(datetime(2026, 1, 5, 12, tzinfo=UTC), date(2026, 1, 5))]


def test_entries_and_exits_on_rows_of_their_own(known: Desk) -> None:
    content = (
        "member,time,direction\nA,2026-01-05 18:00,in\nA,2026-01-05 19:30,out\n"
        "B,2026-01-05 19:30,out\nA,2026-01-06 18:00,IN\nA,2026-01-06 18:45,exit\n"
    )
    outcome = known.take_in("visits", content)
    assert (outcome.figures.stored, outcome.figures.rejected) == (4, 1)
    assert "never came in" in _said(known)[4]
    out = known.rows(select(Visit.checked_out_at).order_by(Visit.id))
    assert [row[0].hour for row in out] == [19, 18]
    again = known.take_in("visits", content)
    assert (again.figures.stored, again.figures.unchanged) == (0, 4)


def test_opening_balances_for_clubs_without_a_log(known: Desk) -> None:
    content = (
        'member,last_visit_on,visits_total,visits_per_week\nA,2026-02-20,96,"1,45"\nB,,0,\n'
        "C,2026-03-05,4,\nA,2026-02-21,97,\n,2026-02-20,1,\n"
    )
    outcome = known.take_in("visits", content)
    assert (outcome.figures.stored, outcome.figures.rejected) == (3, 2)
    balances = known.rows(
        select(OpeningBalance.last_visit_on, OpeningBalance.visits_total).order_by(
            OpeningBalance.person_id
        )
    )
    assert balances == [(date(2026, 2, 20), 96), (None, 0), (None, 4)]
    assert known.count(Visit) == 0
    assert _known_from(known) == dict.fromkeys("ABC", AS_OF)
    again = known.take_in("visits", content)
    assert (again.figures.stored, again.figures.unchanged) == (0, 3)
    newer = known.take_in("visits", "member,visits_total\nA,98\n")
    assert newer.figures.stored == 1
    ((balance,),) = known.rows(select(OpeningBalance).where(OpeningBalance.visits_total == 98))
    assert balance.last_visit_on == date(2026, 2, 20)


def test_a_rehearsal_tells_the_same_as_the_import(known: Desk) -> None:
    rows = "".join(
        f"{'AB'[n % 2]},2025-{n % 12 + 1:02d}-{n % 28 + 1:02d} 18:0{n % 7}\n" for n in range(1200)
    )
    content = "member,checked_in_at\n" + rows
    tried = known.rehearse("visits", content)
    assert known.count(Visit) == 0
    done = known.take_in("visits", content)
    assert tried.figures == done.figures
    assert done.figures.stored == known.count(Visit)


def test_a_day_and_a_time_apart_are_one_moment(known: Desk) -> None:
    content = "Date;Member;Time in\n15/01/2026;A;18:02\n16.01.2026 00:00;A;7.30\n2026-01-23;B;\n"
    outcome = known.take_in("visits", content)
    assert (outcome.figures.stored, outcome.figures.warnings) == (3, 0)
    visits = known.rows(select(Visit.checked_in_at).order_by(Visit.checked_in_at))
    assert [at for (at,) in visits] == [
        datetime(2026, 1, 15, 18, 2, tzinfo=UTC),
        datetime(2026, 1, 16, 7, 30, tzinfo=UTC),
        datetime(2026, 1, 23, 12, tzinfo=UTC),
    ]


def test_a_way_out_before_the_way_in_is_left_out_and_said(known: Desk) -> None:
    content = "member,checked_in_at,checked_out_at\nA,2026-01-05 18:00,2026-01-05 17:00\n"
    outcome = known.take_in("visits", content)
    assert (outcome.figures.stored, outcome.figures.warnings) == (1, 1)
    assert "“2026-01-05 17:00” in checked_out_at" in _said(known)[2]


def test_the_first_day_of_computers_is_no_visit(known: Desk) -> None:
    content = "member,checked_in_at\nA,1970-01-01 00:00\nA,2026-01-05 18:00\n"
    assert known.take_in("visits", content).figures.rejected == 1
    assert _known_from(known) == dict.fromkeys("ABC", date(2026, 1, 5))
