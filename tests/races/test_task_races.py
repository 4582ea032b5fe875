"""Two at once with one task: one of them is told that it is over."""

from typing import Any

import pytest
from flask import Flask
from sqlalchemy.exc import OperationalError

from clubcrm.core.actor import OPERATOR
from clubcrm.core.transactions import reading, transaction
from clubcrm.messaging.errors import TaskIsOver
from clubcrm.messaging.events import TaskClosed
from clubcrm.messaging.operations import TaskValues, close_task, open_tasks, tasks
from clubcrm.messaging.states import Outcome, TaskKind
from tests.conftest import NOW, Database
from tests.integration.members.desk import TODAY, a_person, happened
from tests.races.together import LONG, SHORT, Meeting, at_once, refusals, write_without_order

ME: dict[str, Any] = {"by": OPERATOR, "now": NOW}


@pytest.fixture
def call(app: Flask, a_club: int) -> int:
    """A call that two people see on their lists."""
    with app.app_context(), transaction() as session:
        row = TaskValues(
            club_id=a_club,
            person_id=a_person(session, a_club),
            reference="call",
            kind=TaskKind.CALL,
            title="Coach call",
            script="",
            due_on=TODAY,
        )
        (task_id,) = open_tasks(session, [row], **ME)
        return task_id


def _close_twice(
    app: Flask, club: int, call: int, meeting: Meeting, monkeypatch: pytest.MonkeyPatch
) -> list[Any]:
    """Both have read the task before either of them writes, if they are let."""
    monkeypatch.setattr(tasks, "_again_on", meeting.before(tasks._again_on))

    def close(session: Any) -> Any:
        return close_task(
            session, call, Outcome.REACHED_PLAN, club_id=club, promised_on=TODAY, **ME
        )

    return at_once(app, [close, close])


def _closings(app: Flask) -> int:
    with app.app_context(), reading() as session:
        return len(happened(session, TaskClosed))


def test_a_task_is_done_once(
    app: Flask, a_club: int, call: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    outcomes = _close_twice(app, a_club, call, Meeting(2, SHORT), monkeypatch)
    assert refusals(outcomes) == [TaskIsOver]
    assert _closings(app) == 1


def test_control_without_the_lock_it_is_done_twice(
    app: Flask, a_club: int, call: int, database: Database, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(tasks, "locked", lambda _session, query: query)
    write_without_order(monkeypatch)
    meeting = Meeting(2, LONG)
    outcomes = _close_twice(app, a_club, call, meeting, monkeypatch)
    assert meeting.all_met
    if database.kind == "sqlite":
        assert refusals(outcomes) == [OperationalError]
        return
    assert refusals(outcomes) == []
    assert _closings(app) == 2
