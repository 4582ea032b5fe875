"""Two taps at once, and two plans for one hour, on both databases, with what must go wrong without locks."""

from typing import Any

import pytest
from flask import Flask
from sqlalchemy import func, select
from sqlalchemy.orm import Session

from clubcrm.core.transactions import reading, transaction
from clubcrm.schedule import operations, queries
from clubcrm.schedule.errors import OutcomeStands, TimeTaken
from clubcrm.schedule.models import Appointment
from clubcrm.schedule.states import SessionState
from tests.integration.schedule.floor import a_client, a_session, a_trainer, tell
from tests.integration.visits.door import visits_left
from tests.races.together import (
    LONG,
    SHORT,
    Job,
    Meeting,
    at_once,
    nobody_listens,
    refusals,
    write_without_order,
)

S = SessionState


def seeded(app: Flask, club: int) -> tuple[int, int]:
    """A planned session and the package it takes from."""
    with app.app_context(), transaction() as session:
        person, package = a_client(session, club)
        assert package is not None
        return a_session(session, club, person), package


def meet_once_read(monkeypatch: pytest.MonkeyPatch, patience: float) -> Meeting:
    """Let both have read the session before either of them changes it, if they can."""
    meeting = Meeting(2, patience)
    monkeypatch.setattr(operations, "_held", meeting.after(operations._held))
    return meeting


def tap(club: int, appointment: int, outcome: SessionState) -> Job:
    return lambda session: tell(session, club, appointment, outcome)


def left(app: Flask, package: int) -> int | None:
    with app.app_context(), reading() as session:
        return visits_left(session, package)


@pytest.mark.parametrize("outcomes", [(S.CAME, S.CAME), (S.CAME, S.NO_SHOW)])
def test_two_taps_at_once_take_one_session(
    app: Flask, a_club: int, monkeypatch: pytest.MonkeyPatch, outcomes: tuple[SessionState, ...]
) -> None:
    one, package = seeded(app, a_club)
    meeting = meet_once_read(monkeypatch, SHORT)
    answers = at_once(app, [tap(a_club, one, outcome) for outcome in outcomes])
    assert not meeting.all_met
    assert left(app, package) == 7
    assert refusals(answers) == ([] if len(set(outcomes)) == 1 else [OutcomeStands])


def test_control_two_taps_without_the_lock_take_two(
    app: Flask, a_club: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    one, package = seeded(app, a_club)
    nobody_listens(monkeypatch)
    write_without_order(monkeypatch)
    monkeypatch.setattr(operations, "hold_people", lambda *_: None)
    meeting = meet_once_read(monkeypatch, LONG)
    answers = at_once(app, [tap(a_club, one, S.CAME)] * 2)
    assert meeting.all_met
    is_sqlite = app.config["SQLALCHEMY_DATABASE_URI"].startswith("sqlite")
    # SQLite refuses the second writer what it read before; PostgreSQL takes a second one.
    assert (left(app, package) == 6) or (is_sqlite and refusals(answers))


def plans(club: int, people: list[int], trainer: int) -> list[Any]:
    def plan(person: int) -> Any:
        return lambda session: a_session(session, club, person, trainer_id=trainer)

    return [plan(person) for person in people]


def two_people(app: Flask, club: int) -> tuple[list[int], int]:
    with app.app_context(), transaction() as session:
        people = [a_client(session, club, name=name)[0] for name in ("Vera Lund", "Ana Prieto")]
        return people, a_trainer(session, club)


def sessions(app: Flask) -> int:
    with app.app_context(), reading() as session:
        return session.scalar(select(func.count()).select_from(Appointment)) or 0


def test_one_hour_of_a_trainer_is_planned_once(
    app: Flask, a_club: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    people, trainer = two_people(app, a_club)
    meeting = Meeting(2, SHORT)
    monkeypatch.setattr(operations, "taken_times", meeting.after(queries.taken_times))
    answers = at_once(app, plans(a_club, people, trainer))
    assert refusals(answers) == [TimeTaken]
    assert sessions(app) == 1


def test_without_the_lock_the_database_is_the_last_judge(
    app: Flask, a_club: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    people, trainer = two_people(app, a_club)

    def no_lock(_session: Session, _trainer_id: int) -> None:
        return

    monkeypatch.setattr(operations, "hold_trainer", no_lock)
    is_sqlite = app.config["SQLALCHEMY_DATABASE_URI"].startswith("sqlite")
    # SQLite's one writer is the lock there: the two never meet.
    meeting = Meeting(2, SHORT if is_sqlite else LONG)
    monkeypatch.setattr(operations, "taken_times", meeting.after(queries.taken_times))
    answers = at_once(app, plans(a_club, people, trainer))
    assert meeting.all_met is not is_sqlite
    assert refusals(answers) == [TimeTaken]
    assert sessions(app) == 1
