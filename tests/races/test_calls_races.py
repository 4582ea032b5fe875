"""Two who assign calls to one list at once: everybody is called once."""

from typing import Any

import pytest
from flask import Flask
from sqlalchemy import func, select
from sqlalchemy.exc import OperationalError

from clubcrm.core.actor import OPERATOR
from clubcrm.core.transactions import reading, transaction
from clubcrm.messaging.models import Task
from clubcrm.messaging.operations import CallsWanted, ask_for_calls, calls
from clubcrm.messaging.queries import gate_facts
from tests.conftest import NOW, Database
from tests.integration.members.desk import TODAY, a_person
from tests.races.together import LONG, SHORT, Meeting, at_once, refusals, write_without_order


@pytest.fixture
def people(app: Flask, a_club: int) -> list[int]:
    """Two people who slipped."""
    with app.app_context(), transaction() as session:
        return [a_person(session, a_club, phone=f"+35191200011{no}") for no in range(2)]


def _ask_twice(
    app: Flask, club: int, people: list[int], meeting: Meeting, monkeypatch: pytest.MonkeyPatch
) -> list[Any]:
    """Both have looked who has a call before either of them asks for one, if they are let."""
    monkeypatch.setattr(calls, "gate_facts", meeting.before(gate_facts))

    def ask(batch: str) -> Any:
        wanted = CallsWanted(
            club_id=club, batch=batch, title="Ask how it goes", script="", due_on=TODAY
        )
        return lambda session: (
            ask_for_calls(session, people, wanted, values={}, by=OPERATOR, now=NOW).made
        )

    return at_once(app, [ask("first"), ask("second")])


def _calls(app: Flask) -> int:
    with app.app_context(), reading() as session:
        return session.scalar(select(func.count()).select_from(Task)) or 0


def test_nobody_is_called_twice(
    app: Flask, a_club: int, people: list[int], monkeypatch: pytest.MonkeyPatch
) -> None:
    outcomes = _ask_twice(app, a_club, people, Meeting(2, SHORT), monkeypatch)
    assert sorted(outcomes) == [0, 2]
    assert _calls(app) == 2


def test_control_without_the_lock_everybody_is_called_twice(
    app: Flask,
    a_club: int,
    people: list[int],
    database: Database,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(calls, "hold_people", lambda _session, _people: None)
    write_without_order(monkeypatch)
    meeting = Meeting(2, LONG)
    outcomes = _ask_twice(app, a_club, people, meeting, monkeypatch)
    assert meeting.all_met
    if database.kind == "sqlite":
        assert refusals(outcomes) == [OperationalError]
        return
    assert outcomes == [2, 2]
    assert _calls(app) == 4
