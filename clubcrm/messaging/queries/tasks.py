"""The tasks of the staff, the most valuable first."""

from collections.abc import Collection
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from typing import Any, Final, cast

from sqlalchemy import (
    BindParameter,
    Date,
    Integer,
    Select,
    Table,
    bindparam,
    case,
    func,
    literal,
    literal_column,
    or_,
    select,
)
from sqlalchemy.orm import Session

from clubcrm.accounts.models import StaffUser
from clubcrm.core.prepared import Prepared
from clubcrm.core.sql import chunks
from clubcrm.members.models import Person
from clubcrm.messaging.errors import UnknownTask
from clubcrm.messaging.models import Task
from clubcrm.messaging.states import Outcome, TaskKind, TaskState

CALLS_AT_ONCE: Final = 5000

_task = cast(Table, Task.__table__)
_person = cast(Table, Person.__table__)
_staff = cast(Table, StaffUser.__table__)


@dataclass(frozen=True)
class TaskRow:
    """A task with whom it is about and who does it."""

    id: int
    club_id: int
    person_id: int
    person_name: str
    person_number: str
    phone: str | None
    kind: TaskKind
    on_arrival: bool
    title: str
    script: str
    state: TaskState
    assigned_to: int | None
    assignee: str | None
    rank: int
    value_minor: int | None
    due_on: date
    expires_on: date | None
    attempts: int
    outcome: Outcome | None
    note: str
    promised_on: date | None
    closed_at: datetime | None
    closed_by: str
    created_at: datetime
    reference: str


def _rows() -> Select[Any]:
    return (
        select(
            _task.c.id,
            _task.c.club_id,
            _task.c.person_id,
            _person.c.full_name.label("person_name"),
            _person.c.number.label("person_number"),
            _person.c.phone,
            _task.c.kind,
            _task.c.on_arrival,
            _task.c.title,
            _task.c.script,
            _task.c.state,
            _task.c.assigned_to,
            _staff.c.full_name.label("assignee"),
            _task.c.rank,
            _task.c.value_minor,
            _task.c.due_on,
            _task.c.expires_on,
            _task.c.attempts,
            _task.c.outcome,
            _task.c.note,
            _task.c.promised_on,
            _task.c.closed_at,
            _task.c.closed_by,
            _task.c.created_at,
            _task.c.reference,
        )
        .join(_person, _person.c.id == _task.c.person_id)
        .outerjoin(_staff, _staff.c.id == _task.c.assigned_to)
    )


_OPEN = _rows().where(_task.c.state == TaskState.OPEN)
_MOST_VALUABLE = (
    _task.c.rank.desc(),
    func.coalesce(_task.c.value_minor, 0).desc(),
    _task.c.due_on,
    _task.c.id,
)
_OF_PERSON = Prepared(
    _OPEN.where(
        _task.c.person_id == bindparam("person"),
        # Reckoned, so that a person's few are not looked up among all those of a club.
        (_task.c.club_id + 0).in_(bindparam("clubs", expanding=True)),
    )
)
"""The card of a member asks this: it is put together once."""


def tasks_of_person(session: Session, scope: Collection[int], person_id: int) -> list[TaskRow]:
    """Every open task about a person at the clubs in scope, the most valuable first.

    They are so few that they are put in order here: a database makes room for that before it looks.
    """
    asked = {"person": person_id, "clubs": tuple(scope)}
    found = [TaskRow(*row) for row in _OF_PERSON.all(session, asked)]
    return sorted(found, key=lambda one: (-one.rank, -(one.value_minor or 0), one.due_on, one.id))


def tasks(
    session: Session,
    scope: Collection[int],
    *,
    today: date,
    staff_id: int | None = None,
    is_late: bool = False,
    kinds: Collection[TaskKind] = (),
    person_id: int | None = None,
    only_of: int | None = None,
    at_arrival: bool = False,
    limit: int = 100,
    offset: int = 0,
) -> list[TaskRow]:
    """Open tasks of some clubs that are due, the most valuable first.

    With `staff_id` those of one employee and those that are nobody's, with `only_of` those of one alone
    (0 = nobody's). What waits for an arrival is not due until then: it is shown with `at_arrival`, and
    where a person is asked for, of whom every open task is.
    """
    query = _OPEN.where(_task.c.club_id.in_(scope))
    if person_id is not None:
        query = query.where(_task.c.person_id == person_id)
    elif at_arrival:
        query = query.where(_task.c.on_arrival)
    else:
        query = query.where(_task.c.on_arrival.is_(False), _task.c.due_on <= today)
    if only_of is not None:
        query = query.where(_task.c.assigned_to == (only_of or None))
    if staff_id is not None:
        query = query.where(or_(_task.c.assigned_to == staff_id, _task.c.assigned_to.is_(None)))
    if is_late:
        query = query.where(_task.c.due_on < today)
    if kinds:
        query = query.where(_task.c.kind.in_(kinds))
    query = query.order_by(*_MOST_VALUABLE)
    return [TaskRow(*row) for row in session.execute(query.limit(limit).offset(offset))]


@dataclass(frozen=True)
class TaskCount:
    """How many open tasks there are of one employee (None = nobody's), of one kind, late or not."""

    assigned_to: int | None
    assignee: str | None
    kind: TaskKind
    on_arrival: bool
    is_late: bool
    count: int


RINGS_UP: Final = (TaskKind.CALL, TaskKind.FOLLOW_UP)
"""Tasks for which somebody is rung up: a call, and a promised day."""
_DAY: BindParameter[date] = bindparam("day", type_=Date)
_CLUB: BindParameter[int] = bindparam("club", type_=Integer)
_COUNTS = (
    select(
        _task.c.assigned_to,
        _staff.c.full_name,
        _task.c.kind,
        _task.c.on_arrival,
        case((_task.c.on_arrival, literal(0)), (_task.c.due_on < _DAY, 1), else_=0).label(
            "is_late"
        ),
        func.count(),
    )
    .outerjoin(_staff, _staff.c.id == _task.c.assigned_to)
    .where(
        _task.c.club_id == _CLUB,
        _task.c.state == TaskState.OPEN,
        or_(_task.c.on_arrival, _task.c.due_on <= _DAY),
    )
    .group_by(_task.c.assigned_to, _staff.c.full_name, _task.c.kind, _task.c.on_arrival, "is_late")
    .order_by(_staff.c.full_name, _task.c.assigned_to, _task.c.kind)
)
_CALLS = (
    select(_task.c.person_id, _task.c.id, _task.c.due_on, _staff.c.full_name)
    .outerjoin(_staff, _staff.c.id == _task.c.assigned_to)
    .where(
        _task.c.person_id.in_(bindparam("people", expanding=True)),
        _task.c.state == TaskState.OPEN,
        _task.c.club_id == _CLUB,
        _task.c.kind.in_(RINGS_UP),
    )
    .order_by(_task.c.due_on, _task.c.id)
)
"""The owner's page asks these: they are put together once."""


def task_counts(session: Session, club_id: int, today: date) -> list[TaskCount]:
    """How many open tasks a club has that are due or wait for an arrival, in one statement."""
    return [
        TaskCount(row[0], row[1], row[2], row[3], bool(row[4]), row[5])
        for row in session.execute(_COUNTS, {"club": club_id, "day": today})
    ]


def calls_made(session: Session, club_id: int, today: date, since: datetime) -> int:
    """How many calls were made at a club since an instant of today, those that reached nobody too.

    A call that is tried again is due on the day after it was tried.
    """
    ended = (_task.c.state == TaskState.DONE) & (_task.c.closed_at >= since)
    tried = (
        (_task.c.state == TaskState.OPEN)
        & (_task.c.attempts > 0)
        & (_task.c.due_on == today + timedelta(days=1))
    )
    query = select(func.count()).where(
        _task.c.club_id == club_id, _task.c.kind == TaskKind.CALL, or_(ended, tried)
    )
    return session.scalar(query) or 0


def get_task(session: Session, task_id: int, scope: Collection[int]) -> TaskRow:
    """One task. Raises UnknownTask where it is not of these clubs."""
    query = _rows().where(_task.c.id == task_id, _task.c.club_id.in_(scope))
    row = session.execute(query).one_or_none()
    if row is None:
        raise UnknownTask
    return TaskRow(*row)


@dataclass(frozen=True)
class OpenCall:
    """The open call or promise of somebody: when it is due, and who makes it (None = whoever has time)."""

    task_id: int
    due_on: date
    assignee: str | None


def open_calls_of(
    session: Session, club_id: int, person_ids: Collection[int]
) -> dict[int, OpenCall]:
    """The open calls of a club to these people; of several the one that is due first."""
    found: dict[int, OpenCall] = {}
    for people in chunks(sorted(person_ids), CALLS_AT_ONCE):
        rows = session.execute(_CALLS, {"people": people, "club": club_id})
        for person_id, *call in rows:
            found.setdefault(person_id, OpenCall(*call))
    return found


@dataclass(frozen=True)
class ArrivalTask:
    """What is to be said to somebody who arrives."""

    id: int
    title: str
    script: str


# Asked at every check-in: put together once, along the index of what waits for an arrival.
_AT_ARRIVAL = Prepared(
    select(_task.c.id, _task.c.title, _task.c.script)
    .where(
        _task.c.person_id == bindparam("person"),
        _task.c.club_id == bindparam("club"),
        _task.c.state == literal_column("'open'"),
        _task.c.on_arrival,
        or_(_task.c.expires_on.is_(None), _task.c.expires_on > bindparam("day")),
    )
    .order_by(_task.c.rank.desc(), _task.c.id)
    .limit(1)
)


def arrival_task(session: Session, person_id: int, club_id: int, day: date) -> ArrivalTask | None:
    """The most pressing of what is to be said to somebody who arrives on a day, if there is any."""
    asked = {"person": person_id, "club": club_id, "day": day}
    row = _AT_ARRIVAL.first(session, asked)
    return ArrivalTask(*row) if row else None
