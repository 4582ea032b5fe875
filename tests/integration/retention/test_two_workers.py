"""Two workers at one run, and a mark that comes in the middle of a look. Each with its control."""

import threading
from collections.abc import Iterator
from typing import Any

import pytest
from flask import Flask
from sqlalchemy import func, select

from clubcrm.core.db import db
from clubcrm.core.transactions import reading
from clubcrm.retention.models import DailyRun, MemberState, PhaseChange
from clubcrm.retention.operations import looking, mark_people
from clubcrm.retention.states import DailyRunState
from tests.conftest import Database
from tests.integration.retention.life import Life, on
from tests.races.together import LONG, Meeting, write_without_order

PEOPLE = 40


@pytest.fixture
def busy(life: Life) -> Life:
    """A club at which forty people have to be looked at today, one of them gone through again."""
    plan_id = life.plan()
    people = life.people(PEOPLE)
    for person_id in people:
        life.sells(person_id, plan_id)
    life.run()
    life.day = 95
    for person_id in people:
        life.comes(person_id, *range(0, 95, 4))
    return life


def run_twice_at_once(app: Flask, life: Life, at_once: int = 7) -> None:
    """The same run by two workers that begin together, each in its own thread."""
    start = threading.Barrier(2)
    failures: list[BaseException] = []

    def work() -> None:
        with app.app_context():
            start.wait(LONG)
            try:
                life.run(at_once=at_once)
            except Exception as error:  # noqa: BLE001
                failures.append(error)
            finally:
                db.session.remove()

    workers = [threading.Thread(target=work) for _ in range(2)]
    for worker in workers:
        worker.start()
    for worker in workers:
        worker.join()
    assert failures == []


def rows_too_many() -> int:
    """Rows of the history that say the same day of the same person twice."""
    with reading() as session:
        standing = PhaseChange.superseded_at.is_(None)
        everything = session.scalar(select(func.count(PhaseChange.id)).where(standing)) or 0
        days = select(PhaseChange.person_id, PhaseChange.from_on).where(standing).distinct()
        return everything - len(session.execute(days).all())


def test_two_workers_do_the_work_of_one(app: Flask, busy: Life) -> None:
    run_twice_at_once(app, busy)
    assert rows_too_many() == 0
    busy.is_as_rebuilt()
    with reading() as session:
        run = session.get_one(DailyRun, (busy.club_id, on(95)))
        assert run.state is DailyRunState.DONE
        assert run.looked_at == PEOPLE  # nobody twice
    assert busy.run().looked_at == 0


def test_without_the_lock_both_look_at_the_same_people(
    app: Flask, busy: Life, database: Database, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The control: they pick the same people and write their history twice."""
    both_picked = Meeting(2, LONG)
    monkeypatch.setattr(looking, "skip_locked", lambda _session, statement: statement)
    monkeypatch.setattr(looking, "_pick", both_picked.after(looking._pick))
    if database.kind == "sqlite":
        # Here the one pen is the lock: the second to write is turned away by the database itself.
        write_without_order(monkeypatch)
        with pytest.raises(AssertionError, match="locked"):
            run_twice_at_once(app, busy, at_once=PEOPLE + 1)
    else:
        run_twice_at_once(app, busy, at_once=PEOPLE + 1)
        assert rows_too_many() > 0
    assert both_picked.all_met


def a_mark_comes_in(monkeypatch: pytest.MonkeyPatch, person_id: int) -> None:
    """Let somebody mark a person after the facts were read and before the answer is written."""
    write = looking._write_states

    def marked_in_between(session: Any, states: Any) -> None:
        mark_people(session, {person_id: on(50)})
        write(session, states)

    monkeypatch.setattr(looking, "_write_states", marked_in_between)


def test_a_mark_in_the_middle_of_a_look_is_not_lost(
    life: Life, monkeypatch: pytest.MonkeyPatch
) -> None:
    person_id = life.member()
    life.day = 60
    with monkeypatch.context() as patch:
        a_mark_comes_in(patch, person_id)
        with life.at_the_desk() as session:
            looking.look_again(session, life.club_id, on(60), now=life.now())
    state = life.state(person_id)
    assert (state.dirty_seq, state.clean_seq) == (3, 2)  # known, sold to, and the mark
    assert state.dirty_from_on is not None
    assert life.run().looked_at == 1
    state = life.state(person_id)
    assert state.dirty_seq == state.clean_seq == 3
    assert state.dirty_from_on is None


@pytest.fixture
def a_held_row(app: Flask, life: Life, database: Database) -> Iterator[threading.Event]:
    """Somebody of whom another worker holds the row until it is told to let go.

    On SQLite nobody can: its one writer holds everything, so there the row is free.
    """
    person_id = life.member()
    held, let_go = threading.Event(), threading.Event()

    def hold() -> None:
        with app.app_context(), life.at_the_desk() as session:
            query = select(MemberState).where(MemberState.person_id == person_id)
            session.scalars(query.with_for_update()).all()
            held.set()
            let_go.wait(LONG)

    if database.kind == "sqlite":
        yield let_go
        return
    holder = threading.Thread(target=hold)
    holder.start()
    assert held.wait(LONG)
    yield let_go
    let_go.set()
    holder.join()


def test_people_another_worker_holds_are_passed_over(
    life: Life, a_held_row: threading.Event, database: Database
) -> None:
    is_held = database.kind == "postgresql"
    life.member()
    assert life.run().looked_at == (1 if is_held else 2)
    with reading() as session:
        run = session.get_one(DailyRun, (life.club_id, on(0)))
        # Where somebody is still due the run is not done.
        assert run.state is (DailyRunState.RUNNING if is_held else DailyRunState.DONE)
    a_held_row.set()
    life.run_until_rest()
    with reading() as session:
        run = session.get_one(DailyRun, (life.club_id, on(0)), populate_existing=True)
        assert (run.state, run.looked_at) == (DailyRunState.DONE, 2)
