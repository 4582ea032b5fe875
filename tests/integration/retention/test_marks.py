"""Who is marked by what, in the transaction of the change, and at which cost."""

from typing import Any

import pytest
from sqlalchemy import delete, event

from clubcrm.accounts.events import ClubSettingsChanged
from clubcrm.core.db import db
from clubcrm.core.events import record
from clubcrm.core.period import Period
from clubcrm.core.prepared import openly
from clubcrm.core.transactions import transaction
from clubcrm.members.operations import change_person, declare_closure, withdraw_closure
from clubcrm.retention.models import MemberState
from clubcrm.retention.operations import FROM_THE_BEGINNING, mark_people
from tests.integration.retention.life import Life, on


def dirty(life: Life, person_id: int) -> tuple[int, Any]:
    """(marks nobody has looked at yet, the earliest day they affect)."""
    state = life.state(person_id)
    return state.dirty_seq - state.clean_seq, state.dirty_from_on


@pytest.fixture
def two(life: Life) -> list[int]:
    """Two members whom a run has looked at."""
    people = [life.member(), life.member()]
    life.runs_to(10)
    assert [dirty(life, p) for p in people] == [(0, None)] * 2
    return people


def test_marks_add_up_and_keep_the_earliest_day(life: Life, two: list[int]) -> None:
    life.comes(two[0], 9)
    life.comes(two[0], 4)
    life.comes(two[0], 10)
    assert dirty(life, two[0]) == (3, on(4))
    assert dirty(life, two[1]) == (0, None)


def test_a_change_that_decides_nothing_marks_nobody(life: Life, two: list[int]) -> None:
    with life.at_the_desk() as session:
        change_person(session, two[0], {"city": "Faro"}, **life.by)
    assert dirty(life, two[0]) == (0, None)
    with life.at_the_desk() as session:
        change_person(session, two[0], {"visits_known_from": on(5)}, **life.by)
    assert dirty(life, two[0]) == (1, FROM_THE_BEGINNING)


def test_a_closure_marks_everybody_at_the_club(life: Life, two: list[int]) -> None:
    with life.at_the_desk() as session:
        period = Period(on(3), on(5))
        closure = declare_closure(session, life.club_id, period, extends_terms=False, **life.by)
    assert [dirty(life, p) for p in two] == [(1, on(3))] * 2
    life.run()
    with life.at_the_desk() as session:
        withdraw_closure(session, closure, **life.by)
    assert [dirty(life, p) for p in two] == [(1, FROM_THE_BEGINNING)] * 2


def test_the_clubs_own_numbers_mark_everybody(life: Life, two: list[int]) -> None:
    for names, marks in ((["entry"], 0), (["entry", "retention"], 1)):
        with life.at_the_desk() as session:
            record(session, ClubSettingsChanged(club_id=life.club_id, names=names), **life.by)
        assert [dirty(life, p)[0] for p in two] == [marks] * 2


def test_a_refused_change_leaves_no_mark(life: Life, two: list[int]) -> None:
    with pytest.raises(ZeroDivisionError), transaction() as session:
        mark_people(session, {two[0]: on(3)})
        raise ZeroDivisionError
    assert dirty(life, two[0]) == (0, None)


def test_a_mark_costs_one_statement(life: Life, two: list[int]) -> None:
    statements: list[str] = []

    def note(_conn: Any, _cursor: Any, statement: str, *_more: Any) -> None:
        statements.append(statement)

    with life.at_the_desk() as session:
        event.listen(db.engine, "before_cursor_execute", note)
        try:
            with openly():
                mark_people(session, {two[0]: on(3)})
        finally:
            event.remove(db.engine, "before_cursor_execute", note)
    assert len(statements) == 1


def test_whoever_is_not_followed_yet_is_from_the_first_mark_on(life: Life, two: list[int]) -> None:
    with life.at_the_desk() as session:
        session.execute(delete(MemberState).where(MemberState.person_id == two[1]))
    with life.at_the_desk() as session:
        mark_people(session, dict.fromkeys(two, on(6)))
    assert dirty(life, two[0]) == (1, on(6))
    state = life.state(two[1])
    assert (state.baseline_on, state.dirty_from_on, state.phase) == (on(6), on(6), None)


def test_many_people_with_many_days(life: Life) -> None:
    people = life.people(60)
    life.run()
    with life.at_the_desk() as session:
        mark_people(session, {person_id: on(-no) for no, person_id in enumerate(people)})
    assert [dirty(life, p) for p in people] == [(1, on(-no)) for no in range(60)]
