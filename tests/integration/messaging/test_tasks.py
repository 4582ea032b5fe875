"""Tasks: asked for once, tried on different days, done with an outcome, and taken back whole."""

from datetime import datetime, timedelta
from typing import Any

import pytest
from flask import Flask
from sqlalchemy import select

from clubcrm.core.actor import OPERATOR
from clubcrm.core.transactions import reading, transaction
from clubcrm.messaging.errors import OutcomeNotTaken, PromiseInThePast, TaskIsOver, UnknownTask
from clubcrm.messaging.events import AddressSuppressed, TaskClosed, TaskOpened, TaskTried
from clubcrm.messaging.models import Suppression, Task
from clubcrm.messaging.operations import (
    TaskValues,
    assign_tasks,
    close_task,
    expire_tasks,
    open_tasks,
    reopen_task,
    suppress,
    withdraw_contacts,
)
from clubcrm.messaging.queries import gate_facts
from clubcrm.messaging.states import (
    OUTCOMES,
    Channel,
    Outcome,
    SuppressionReason,
    TaskKind,
    TaskState,
)
from tests.conftest import NOW
from tests.integration.members.desk import a_person, happened, on

PHONE = "+351912000111"
ME: dict[str, Any] = {"by": OPERATOR, "now": NOW}


@pytest.fixture
def sofia(in_app: Flask, a_club: int) -> int:
    with transaction() as session:
        return a_person(session, a_club, full_name="Sofia Marques", phone=PHONE)


class Desk:
    """A club whose staff do tasks; days are counted from today."""

    def __init__(self, club_id: int, person_id: int) -> None:
        self.club_id, self.person_id = club_id, person_id

    def task(self, reference: str = "call:1", **told: Any) -> int:
        values: dict[str, Any] = {"kind": TaskKind.CALL, "due_on": on(0), **told}
        row = TaskValues(
            club_id=self.club_id,
            person_id=self.person_id,
            reference=reference,
            title="Coach call",
            script="",
            **values,
        )
        with transaction() as session:
            (task_id,) = open_tasks(session, [row], **ME)
        return task_id

    def close(self, task_id: int, outcome: Outcome, day: int = 0, **told: Any) -> TaskState:
        with transaction() as session:
            return close_task(
                session,
                task_id,
                outcome,
                club_id=told.pop("club_id", self.club_id),
                by=OPERATOR,
                now=moment(day),
                **told,
            )

    def reopen(self, task_id: int) -> None:
        with transaction() as session:
            reopen_task(session, task_id, club_id=self.club_id, **ME)

    def row(self, key: int | str) -> Task:
        with reading() as session:
            named = Task.id if isinstance(key, int) else Task.reference
            return session.scalars(select(Task).where(named == key)).one()

    def may_ring(self) -> bool:
        with reading() as session:
            facts = gate_facts(session, self.club_id, [self.person_id])[self.person_id]
        return Channel.CALL not in facts.suppressed

    def objects(self) -> bool:
        with reading() as session:
            facts = gate_facts(session, self.club_id, [self.person_id])[self.person_id]
        return facts.consents.get(Channel.CALL) is False


@pytest.fixture
def desk(a_club: int, sofia: int) -> Desk:
    return Desk(a_club, sofia)


def moment(day: int) -> datetime:
    return NOW + timedelta(days=day)


def test_the_same_key_is_the_same_task(desk: Desk) -> None:
    first = desk.task("call:1")
    assert desk.task("call:1", due_on=on(3)) == first
    assert desk.task("call:2") != first
    assert desk.row(first).due_on == on(0)
    with reading() as session:
        assert len(happened(session, TaskOpened)) == 2


@pytest.mark.parametrize("kind", TaskKind)
def test_a_kind_takes_its_own_outcomes_and_no_others(desk: Desk, kind: TaskKind) -> None:
    task_id = desk.task(kind=kind)
    for outcome in set(Outcome) - set(OUTCOMES[kind]):
        with pytest.raises(OutcomeNotTaken):
            desk.close(task_id, outcome)
    assert desk.close(task_id, OUTCOMES[kind][0]) is TaskState.DONE
    with pytest.raises(TaskIsOver):
        desk.close(task_id, OUTCOMES[kind][0])


@pytest.mark.parametrize(
    ("due", "days", "left_open"),
    [
        (0, (0, 1), True),
        (0, (0, 1, 2), False),
        (0, (0, 3), True),  # the next try would be on the fifth day
        (0, (0, 4), False),
        (-9, (0,), True),  # late to begin with: it is tried as often as any other
        (-9, (0, 1, 2), False),
        (3, (0, 1), True),  # before it was due
        (1, (0, 1), True),
    ],
)
def test_a_call_is_tried_on_three_days_of_five(
    desk: Desk, due: int, days: tuple[int, ...], left_open: bool
) -> None:
    task_id = desk.task(due_on=on(due))
    states = [desk.close(task_id, Outcome.NO_ANSWER, day) for day in days]
    assert states[:-1] == [TaskState.OPEN] * (len(days) - 1)
    assert states[-1] is (TaskState.OPEN if left_open else TaskState.DONE)
    row = desk.row(task_id)
    assert row.attempts == len(days)
    assert row.due_on == on(days[-1] + 1) if left_open else row.outcome is Outcome.NO_ANSWER
    with reading() as session:
        tried, closed = happened(session, TaskTried), happened(session, TaskClosed)
    assert (len(tried), len(closed)) == (len(days) - (not left_open), int(not left_open))


def test_twice_on_a_day_is_one_try(desk: Desk) -> None:
    task_id = desk.task()
    for _ in range(4):
        assert desk.close(task_id, Outcome.NO_ANSWER, note="rang") is TaskState.OPEN
    assert (desk.row(task_id).attempts, desk.row(task_id).due_on) == (1, on(1))
    assert desk.row(task_id).note == "rang\nrang\nrang\nrang"
    assert desk.close(task_id, Outcome.LEFT_MESSAGE, 1) is TaskState.OPEN
    assert desk.close(task_id, Outcome.LEFT_MESSAGE, 1) is TaskState.OPEN
    assert desk.close(task_id, Outcome.LEFT_MESSAGE, 2) is TaskState.DONE


def test_no_try_lies_beyond_its_validity(desk: Desk) -> None:
    task_id = desk.task(expires_on=on(1))
    assert desk.close(task_id, Outcome.NO_ANSWER) is TaskState.DONE


def test_a_promised_day_is_followed_up(desk: Desk) -> None:
    task_id = desk.task(rank=7, value_minor=900)
    with pytest.raises(PromiseInThePast):
        desk.close(task_id, Outcome.REACHED_PLAN, promised_on=on(-1))
    desk.close(task_id, Outcome.REACHED_PLAN, promised_on=on(2))
    follow = desk.row(f"promise:{task_id}")
    assert (follow.kind, follow.due_on, follow.rank) == (TaskKind.FOLLOW_UP, on(2), 7)


def test_a_promise_taken_back_and_made_anew_is_followed_up_on_its_new_day(desk: Desk) -> None:
    task_id = desk.task()
    desk.close(task_id, Outcome.REACHED_PLAN, promised_on=on(2))
    follow = desk.row(f"promise:{task_id}").id
    desk.reopen(task_id)
    assert desk.row(follow).state is TaskState.CANCELLED
    desk.close(task_id, Outcome.REACHED_PLAN, promised_on=on(4))
    row = desk.row(f"promise:{task_id}")
    assert (row.id, row.state, row.due_on) == (follow, TaskState.OPEN, on(4))
    assert (row.closed_at, row.closed_by) == (None, "")
    with reading() as session:
        assert [one.payload["task_id"] for one in happened(session, TaskOpened)] == [
            task_id,
            follow,
            follow,
        ]


@pytest.mark.parametrize(
    ("outcome", "reason", "objects"),
    [
        (Outcome.WRONG_NUMBER, SuppressionReason.WRONG, False),
        (Outcome.DO_NOT_CALL, SuppressionReason.DO_NOT_CALL, True),
    ],
)
def test_a_number_is_left_alone_until_that_is_taken_back(
    desk: Desk, outcome: Outcome, reason: SuppressionReason, objects: bool
) -> None:
    task_id = desk.task()
    desk.close(task_id, outcome)
    assert (desk.may_ring(), desk.objects()) == (False, objects)
    with reading() as session:
        (told,) = happened(session, AddressSuppressed)
        assert (told.person_id, told.payload["reason"]) == (desk.person_id, reason)
        digest = session.scalars(select(Suppression.digest)).one()
    assert PHONE not in digest
    desk.reopen(task_id)
    assert (desk.may_ring(), desk.objects()) == (True, objects)
    assert (desk.row(task_id).state, desk.row(task_id).attempts) == (TaskState.OPEN, 0)
    with pytest.raises(TaskIsOver):
        desk.reopen(task_id)


def test_what_was_left_alone_before_stays_so(desk: Desk) -> None:
    earlier: dict[str, Any] = {"by": OPERATOR, "now": moment(-3)}
    with transaction() as session:
        reason = SuppressionReason.WRONG
        suppress(session, desk.club_id, Channel.CALL, PHONE, reason, **earlier)
    task_id = desk.task()
    desk.close(task_id, Outcome.WRONG_NUMBER)
    desk.reopen(task_id)
    assert not desk.may_ring()


def test_another_club_knows_no_such_task(desk: Desk) -> None:
    task_id = desk.task()
    with pytest.raises(UnknownTask):
        desk.close(task_id, Outcome.REACHED_NO, club_id=desk.club_id + 1)
    with transaction() as session:
        assert assign_tasks(session, [task_id], None, club_id=desk.club_id + 1, **ME) == 0


def test_what_is_not_wanted_any_more_is_withdrawn_once(desk: Desk) -> None:
    open_one, done = desk.task("call:1"), desk.task("call:2")
    desk.close(done, Outcome.REACHED_NO)
    for count in (1, 0):
        with transaction() as session:
            keys = ["call:1", "call:2", "call:3"]
            assert withdraw_contacts(session, keys, reason="returned", **ME) == count
    assert desk.row(open_one).state is TaskState.CANCELLED
    assert desk.row(done).state is TaskState.DONE


def test_tasks_end_on_the_first_day_on_which_they_make_no_sense(desk: Desk) -> None:
    task_id = desk.task(expires_on=on(2))
    with transaction() as session:
        assert expire_tasks(session, desk.club_id, now=moment(1)) == 0
        assert expire_tasks(session, desk.club_id, now=moment(2)) == 1
    assert desk.row(task_id).state is TaskState.EXPIRED
