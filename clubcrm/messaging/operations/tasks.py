"""Tasks of the staff: opened once by their key, done with an outcome, tried again, given to somebody."""

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from typing import Any, Final, cast

from sqlalchemy import Table, bindparam, select, update
from sqlalchemy.orm import Session

from clubcrm.accounts.queries import get_club
from clubcrm.core.actor import ENGINE, Actor
from clubcrm.core.events import record
from clubcrm.core.folding import clean_text
from clubcrm.core.sql import chunks, insert_ignoring, locked
from clubcrm.members.operations import ConsentValues, record_consents
from clubcrm.members.queries import people_by_ids
from clubcrm.members.states import ConsentChannel
from clubcrm.messaging.errors import (
    OutcomeNotTaken,
    PromiseInThePast,
    TaskIsOver,
    UnknownTask,
)
from clubcrm.messaging.events import TaskClosed, TaskOpened, TasksAssigned, TaskTried
from clubcrm.messaging.models import Task
from clubcrm.messaging.operations.suppressions import suppress, take_back
from clubcrm.messaging.states import (
    OUTCOMES,
    TRIES_AGAIN,
    Channel,
    Outcome,
    Purpose,
    SuppressionReason,
    TaskKind,
    TaskState,
)

AT_ONCE: Final = 400
ATTEMPTS: Final = 3
WITHIN: Final = timedelta(days=5)
"""A call is tried on three different days of the five that begin with the first."""

A_DAY: Final = timedelta(days=1)
PROMISE: Final = "promise:"

LEFT_ALONE: Final[Mapping[Outcome, SuppressionReason]] = {
    Outcome.WRONG_NUMBER: SuppressionReason.WRONG,
    Outcome.DO_NOT_CALL: SuppressionReason.DO_NOT_CALL,
}
"""Outcomes after which a number is not rung again, and why."""

_task = cast(Table, Task.__table__)


@dataclass(frozen=True, kw_only=True)
class TaskValues:
    """Something staff are asked to do. `reference` is the asker's key: the same key is the same task."""

    club_id: int
    person_id: int
    reference: str
    kind: TaskKind
    title: str
    script: str
    due_on: date
    expires_on: date | None = None
    on_arrival: bool = False
    purpose: Purpose = Purpose.MARKETING
    rank: int = 0
    value_minor: int | None = None
    assigned_to: int | None = None


_BY_REFERENCE = select(_task.c.reference, _task.c.id).where(
    _task.c.reference.in_(bindparam("references", expanding=True))
)


def open_tasks(
    session: Session, rows: Sequence[TaskValues], *, by: Actor, now: datetime
) -> list[int]:
    """Ask staff for something; ids in the order given. What was asked for before stays as it is."""
    if not rows:
        return []
    references = [row.reference for row in rows]
    before = _ids(session, references)
    new = {row.reference: row for row in rows if row.reference not in before}
    for chunk in chunks(list(new.values()), AT_ONCE):
        insert_ignoring(session, _task, [_row(row, by, now) for row in chunk])
    found = _ids(session, references)
    events = [_opened(found[row.reference], row) for row in new.values()]
    record(session, *events, by=by, now=now)
    return [found[reference] for reference in references]


def _opened(task_id: int, row: TaskValues) -> TaskOpened:
    return TaskOpened(
        club_id=row.club_id,
        person_id=row.person_id,
        task_id=task_id,
        reference=row.reference,
        kind=row.kind,
    )


def _row(row: TaskValues, by: Actor, now: datetime) -> dict[str, Any]:
    return {
        "club_id": row.club_id,
        "person_id": row.person_id,
        "reference": row.reference,
        "kind": row.kind,
        "on_arrival": row.on_arrival,
        "purpose": row.purpose,
        "title": clean_text(row.title, 240),
        "script": clean_text(row.script, 4000, multiline=True),
        "state": TaskState.OPEN,
        "assigned_to": row.assigned_to,
        "rank": row.rank,
        "value_minor": row.value_minor,
        "due_on": row.due_on,
        "expires_on": row.expires_on,
        "attempts": 0,
        "note": "",
        "closed_by": "",
        "created_at": now,
        "created_by": by.name,
    }


def _ids(session: Session, references: Sequence[str]) -> dict[str, int]:
    found: dict[str, int] = {}
    for chunk in chunks(references, AT_ONCE):
        rows = session.execute(_BY_REFERENCE, {"references": chunk})
        found.update({row.reference: row.id for row in rows})
    return found


def close_task(
    session: Session,
    task_id: int,
    outcome: Outcome,
    *,
    club_id: int,
    note: str = "",
    promised_on: date | None = None,
    by: Actor,
    now: datetime,
) -> TaskState:
    """Write down what came of a task; returns where it stands then.

    A call that reached nobody stays open and is due again on another day, while its attempts and its
    validity last. A wrong number is not rung again, nor is whoever asked for that. A promised day
    becomes a task of its own. Raises UnknownTask, TaskIsOver, OutcomeNotTaken, PromiseInThePast.
    """
    task = _held(session, task_id, club_id)
    if task["state"] is not TaskState.OPEN:
        raise TaskIsOver
    if outcome not in OUTCOMES[task["kind"]]:
        raise OutcomeNotTaken
    today = get_club(session, club_id).today(now)
    if promised_on is not None and promised_on < today:
        raise PromiseInThePast
    said = clean_text(note, 4000, multiline=True)
    again = _again_on(task, outcome, today)
    if again is not None:
        count = task["attempts"] + (not _was_tried_on(task, today))
        values = {"attempts": count, "due_on": again, "note": _joined(task["note"], said)}
        return _try_again(session, task, outcome, values, by, now)
    values = {
        "state": TaskState.DONE,
        "outcome": outcome,
        "attempts": task["attempts"] + 1,
        "note": _joined(task["note"], said),
        "promised_on": promised_on,
        "closed_at": now,
        "closed_by": by.name,
    }
    session.execute(update(_task).where(_task.c.id == task_id).values(values))
    _heed(session, task, outcome, by, now)
    if promised_on is not None:
        _follow_up(session, task, promised_on, by, now)
    record(session, _closed(task, TaskState.DONE, outcome, promised_on), by=by, now=now)
    return TaskState.DONE


def reopen_task(session: Session, task_id: int, *, club_id: int, by: Actor, now: datetime) -> None:
    """Take back the outcome of a task; the follow-up it promised goes with it.

    A number that was left alone for it may be rung again. That somebody objects to calls stays on the
    card, where it can be changed. Raises UnknownTask, TaskIsOver.
    """
    task = _held(session, task_id, club_id)
    if task["state"] is not TaskState.DONE:
        raise TaskIsOver
    _heed_no_more(session, task)
    values = {
        "state": TaskState.OPEN,
        "outcome": None,
        "attempts": max(0, task["attempts"] - 1),
        "promised_on": None,
        "closed_at": None,
        "closed_by": "",
    }
    session.execute(update(_task).where(_task.c.id == task_id).values(values))
    cancel_tasks(session, [f"{PROMISE}{task_id}"], by=by, now=now)
    record(session, _closed(task, TaskState.OPEN, None, None), by=by, now=now)


def write_task(session: Session, row: TaskValues, *, by: Actor, now: datetime) -> int:
    """Write down something to do about somebody, by hand. Raises PromiseInThePast for a day gone by."""
    if row.due_on < get_club(session, row.club_id).today(now):
        raise PromiseInThePast
    (task_id,) = open_tasks(session, [row], by=by, now=now)
    return task_id


def assign_tasks(
    session: Session,
    task_ids: Collection[int],
    staff_id: int | None,
    *,
    club_id: int,
    by: Actor,
    now: datetime,
) -> int:
    """Give open tasks of a club to somebody, or back to everybody; how many it were."""
    held = (
        update(_task)
        .where(
            _task.c.id.in_(sorted(task_ids)),
            _task.c.club_id == club_id,
            _task.c.state == TaskState.OPEN,
        )
        .values(assigned_to=staff_id)
        .returning(_task.c.id)
    )
    given = sorted(session.execute(held).scalars())
    if given:
        event = TasksAssigned(club_id=club_id, task_ids=given, assigned_to=staff_id)
        record(session, event, by=by, now=now)
    return len(given)


def cancel_tasks(session: Session, references: Sequence[str], *, by: Actor, now: datetime) -> int:
    """Cancel the open tasks with these keys: what they were for has come about, or is not wanted."""
    events = []
    for chunk in chunks(references, AT_ONCE):
        events += _end(session, _task.c.reference.in_(chunk), TaskState.CANCELLED, by, now)
    record(session, *events, by=by, now=now)
    return len(events)


def expire_tasks(session: Session, club_id: int, *, now: datetime) -> int:
    """End the open tasks of a club that make no sense any more; how many it were."""
    today = get_club(session, club_id).today(now)
    is_over = (_task.c.club_id == club_id) & (_task.c.expires_on <= today)
    events = _end(session, is_over, TaskState.EXPIRED, ENGINE, now)
    record(session, *events, by=ENGINE, now=now)
    return len(events)


def miss_tasks(session: Session, references: Sequence[str], *, now: datetime) -> int:
    """End the open prompts with these keys as missed: the person came by, and they were not said."""
    events = []
    for chunk in chunks(references, AT_ONCE):
        prompts = _task.c.reference.in_(chunk) & _task.c.on_arrival
        events += _end(session, prompts, TaskState.EXPIRED, ENGINE, now, Outcome.MISSED)
    record(session, *events, by=ENGINE, now=now)
    return len(events)


def _end(
    session: Session,
    where: Any,
    state: TaskState,
    by: Actor,
    now: datetime,
    outcome: Outcome | None = None,
) -> list[TaskClosed]:
    held = (
        update(_task)
        .where(where, _task.c.state == TaskState.OPEN)
        .values(state=state, outcome=outcome, closed_at=now, closed_by=by.name)
        .returning(_task.c.id, _task.c.club_id, _task.c.person_id, _task.c.reference, _task.c.kind)
    )
    rows = session.execute(held).mappings().all()
    ended = sorted((dict(row) for row in rows), key=lambda row: row["id"])
    return [_closed(row, state, outcome, None) for row in ended]


def _held(session: Session, task_id: int, club_id: int) -> dict[str, Any]:
    query = select(_task).where(_task.c.id == task_id, _task.c.club_id == club_id)
    row = session.execute(locked(session, query)).mappings().one_or_none()
    if row is None:
        raise UnknownTask
    return {str(name): value for name, value in row.items()}


def _again_on(task: Mapping[str, Any], outcome: Outcome, today: date) -> date | None:
    """The day on which a call is tried again; None where it is over with this outcome."""
    if outcome not in TRIES_AGAIN or task["kind"] not in (TaskKind.CALL, TaskKind.FOLLOW_UP):
        return None
    if _was_tried_on(task, today):
        return task["due_on"]
    again = today + A_DAY
    # Each try moves it to the day after; how late the first one was does not matter.
    first = task["due_on"] - A_DAY if task["attempts"] else today
    if task["attempts"] + 1 >= ATTEMPTS or again >= first + WITHIN:
        return None
    if task["expires_on"] is not None and again >= task["expires_on"]:
        return None
    return again


def _was_tried_on(task: Mapping[str, Any], day: date) -> bool:
    """Whether a day has had its try: each one moves the task to the day after."""
    return bool(task["attempts"]) and task["due_on"] > day


def _try_again(
    session: Session,
    task: Mapping[str, Any],
    outcome: Outcome,
    values: Mapping[str, Any],
    by: Actor,
    now: datetime,
) -> TaskState:
    session.execute(update(_task).where(_task.c.id == task["id"]).values(values))
    tried = TaskTried(
        club_id=task["club_id"],
        person_id=task["person_id"],
        task_id=task["id"],
        reference=task["reference"],
        outcome=outcome,
        due_on=values["due_on"],
    )
    record(session, tried, by=by, now=now)
    return TaskState.OPEN


def _heed(
    session: Session, task: Mapping[str, Any], outcome: Outcome, by: Actor, now: datetime
) -> None:
    """Do what an outcome asks for: a number that is wrong, or whoever wants no calls, is left alone."""
    if outcome not in LEFT_ALONE:
        return
    phone = _phone_of(session, task)
    if phone:
        suppress(
            session,
            task["club_id"],
            Channel.CALL,
            phone,
            LEFT_ALONE[outcome],
            person_id=task["person_id"],
            by=by,
            now=now,
        )
    if outcome is Outcome.DO_NOT_CALL:
        objection = ConsentValues(
            person_id=task["person_id"],
            channel=ConsentChannel.CALL,
            is_given=False,
            source="call",
        )
        record_consents(session, [objection], now=now)


def _heed_no_more(session: Session, task: Mapping[str, Any]) -> None:
    """Let a number be rung again that was left alone for an outcome, and for nothing else."""
    phone = _phone_of(session, task) if task["outcome"] in LEFT_ALONE else None
    if phone:
        reason = LEFT_ALONE[task["outcome"]]
        take_back(session, task["club_id"], Channel.CALL, phone, reason, since=task["closed_at"])


def _phone_of(session: Session, task: Mapping[str, Any]) -> str | None:
    person = people_by_ids(session, [task["person_id"]]).get(task["person_id"])
    return person.phone if person is not None else None


def _follow_up(
    session: Session, task: Mapping[str, Any], promised_on: date, by: Actor, now: datetime
) -> None:
    reference = f"{PROMISE}{task['id']}"
    follow_up = TaskValues(
        club_id=task["club_id"],
        person_id=task["person_id"],
        reference=reference,
        kind=TaskKind.FOLLOW_UP,
        title=task["title"],
        script=task["script"],
        due_on=promised_on,
        expires_on=promised_on + WITHIN + A_DAY,
        purpose=Purpose.SERVICE,
        rank=task["rank"],
        value_minor=task["value_minor"],
        assigned_to=task["assigned_to"],
    )
    # One that an undo cancelled comes back: its key is the same, and the day promised now counts.
    cancelled = (_task.c.reference == reference) & (_task.c.state == TaskState.CANCELLED)
    values = {**_row(follow_up, by, now), "closed_at": None}
    back = update(_task).where(cancelled).values(values).returning(_task.c.id)
    task_id = session.scalar(back)
    if task_id is None:
        open_tasks(session, [follow_up], by=by, now=now)
    else:
        record(session, _opened(task_id, follow_up), by=by, now=now)


def _closed(
    task: Mapping[str, Any], state: TaskState, outcome: Outcome | None, promised_on: date | None
) -> TaskClosed:
    return TaskClosed(
        club_id=task["club_id"],
        person_id=task["person_id"],
        task_id=task["id"],
        reference=task["reference"],
        kind=task["kind"],
        state=state,
        outcome=outcome,
        promised_on=promised_on,
    )


def _joined(before: str, after: str) -> str:
    return "\n".join(part for part in (before, after) if part)
