"""Words at the desk that were not said: they end with the visit, and say so."""

from typing import Any

from sqlalchemy import select

from clubcrm.core import jobs
from clubcrm.core.models import EventLog
from clubcrm.core.transactions import reading, transaction
from clubcrm.members.operations import void_membership
from clubcrm.messaging.models import Task
from clubcrm.messaging.operations import close_task
from clubcrm.messaging.queries import arrival_task
from clubcrm.messaging.states import Outcome, TaskState
from clubcrm.retention.models import Touchpoint
from clubcrm.retention.states import TouchpointState
from clubcrm.retention.words import contact_reason
from clubcrm.visits.operations import undo_visit
from tests.integration.retention.life import Life, on
from tests.integration.retention.test_contacts import found, make, plan, reachable, somebody
from tests.integration.retention.test_last_words import term_of

__all__ = ["reachable"]


def prompts() -> list[Task]:
    with reading() as session:
        rows = list(session.scalars(select(Task).where(Task.on_arrival).order_by(Task.id)))
        session.expunge_all()
    return rows


def waits(life: Life, person_id: int) -> bool:
    """Whether the desk is told something when somebody arrives."""
    with reading() as session:
        return arrival_task(session, person_id, life.club_id, on(life.day)) is not None


def told() -> list[dict[str, Any]]:
    with reading() as session:
        query = select(EventLog.payload).where(EventLog.name == "TaskClosed").order_by(EventLog.id)
        return list(session.scalars(query))


def passes(life: Life) -> None:
    life.day += 1
    life.run()
    plan(life)
    make(life)
    jobs.drain(life.now)


def joined(life: Life) -> int:
    person_id = somebody(life)
    life.run()
    plan(life)
    make(life)
    return person_id


def test_whoever_came_by_the_turnstile_is_not_greeted_the_day_after(reachable: Life) -> None:
    life = reachable
    person_id, other = joined(life), joined(life)
    passes(life)
    life.comes(person_id, life.day)
    make(life, hours=8)
    assert waits(life, person_id)  # the day itself is the desk's
    passes(life)
    assert not waits(life, person_id)
    assert waits(life, other)
    contact = found(life, person_id)["K18"]
    assert (contact.state, contact.outcome) == (TouchpointState.EXPIRED, Outcome.MISSED)
    assert contact_reason(contact.reason) == "came by, and it was not said"
    (prompt, _) = prompts()
    assert (prompt.state, prompt.outcome) == (TaskState.EXPIRED, Outcome.MISSED)
    assert [(row["state"], row["outcome"]) for row in told()] == [("expired", "missed")]
    make(life, hours=1)
    assert len(told()) == 1


def test_what_was_said_is_not_missed(reachable: Life) -> None:
    life = reachable
    person_id = joined(life)
    life.comes(person_id, life.day)
    (prompt,) = prompts()
    with transaction() as session:
        close_task(session, prompt.id, Outcome.SAID, club_id=life.club_id, **life.by)
    passes(life)
    passes(life)
    assert found(life, person_id)["K18"].outcome is Outcome.SAID


def test_a_visit_that_was_undone_is_none(reachable: Life) -> None:
    life = reachable
    person_id = joined(life)
    (visit_id,) = life.comes(person_id, life.day)
    with transaction() as session:
        undo_visit(session, visit_id, **life.by)
    passes(life)
    assert waits(life, person_id)


def test_nobody_comes_and_its_time_is_over(reachable: Life) -> None:
    life = reachable
    person_id = joined(life)
    life.day += 30
    life.run()
    make(life)
    jobs.drain(life.now)
    contact = found(life, person_id)["K18"]
    assert (contact.state, contact.outcome) == (TouchpointState.EXPIRED, None)


def test_nobody_is_greeted_twice_for_one_first_visit(reachable: Life) -> None:
    """The term was sold by mistake and sold anew for the next day: the greeting waits already."""
    life = reachable
    person_id = joined(life)
    with transaction() as session:
        void_membership(session, term_of(person_id), reason="by mistake", **life.by)
    life.day += 1
    life.sells(person_id, life.plan("Other"))
    passes(life)
    open_ones = [task for task in prompts() if task.state is TaskState.OPEN]
    assert len(open_ones) == 1
    with reading() as session:
        query = select(Touchpoint.state, Touchpoint.reason).where(Touchpoint.play == "K18")
        rows = sorted(tuple(row) for row in session.execute(query.order_by(Touchpoint.id)))
    assert rows == [("skipped", "cooldown"), ("task_open", "")]
    life.comes(person_id, life.day)
    (prompt,) = open_ones
    with transaction() as session:
        close_task(session, prompt.id, Outcome.SAID, club_id=life.club_id, **life.by)
    make(life, hours=2)
    assert not waits(life, person_id)
