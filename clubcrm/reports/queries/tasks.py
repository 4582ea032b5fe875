"""The tasks of the staff with what the life cycle knows of whom they are about."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date
from typing import Any, cast

from sqlalchemy import Table, select
from sqlalchemy.orm import Session

from clubcrm.messaging.queries import TaskRow
from clubcrm.retention.models import MemberState
from clubcrm.retention.states import Phase, Risk, Sub

_state = cast(Table, MemberState.__table__)


@dataclass(frozen=True)
class TaskLine:
    """A task with where its person stands: `reasons` are codes with figures, the strongest first."""

    task: TaskRow
    phase: Phase | None = None
    sub: Sub | None = None
    risk: Risk = Risk.NONE
    reasons: Sequence[Any] = ()
    last_visit_on: date | None = None


def with_standing(session: Session, tasks: Sequence[TaskRow]) -> list[TaskLine]:
    """The tasks in their order with where their people stand, as the last daily run left it."""
    if not tasks:
        return []
    query = select(
        _state.c.person_id,
        _state.c.phase,
        _state.c.sub,
        _state.c.risk,
        _state.c.reasons,
        _state.c.last_visit_on,
    ).where(_state.c.person_id.in_({task.person_id for task in tasks}))
    found = {row.person_id: row[1:] for row in session.execute(query)}
    return [TaskLine(task, *found.get(task.person_id, ())) for task in tasks]
