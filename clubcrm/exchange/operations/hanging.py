"""What hangs on a row: found in the tables' own foreign keys, so that no table can be forgotten."""

from collections.abc import Sequence
from functools import lru_cache
from typing import Any, Final, cast

from sqlalchemy import Column, ColumnElement, Table, exists, func, or_, select
from sqlalchemy.orm import Session

from clubcrm.core.actor import ENGINE
from clubcrm.core.db import Base
from clubcrm.exchange.models import ImportTouch
from clubcrm.exchange.states import Touch
from clubcrm.messaging.states import MessageState, TaskState

DERIVED: Final = frozenset(
    {
        "person_search",
        "person_tag",
        "person_club",
        "consent",
        "credential",
        "prompt_answer",
        "visit_opening_balance",
        "member_state",
        "phase_change",
        "renewal_outcome",
        "membership_freeze",
        "client_assignment",
        "assignment",
        "touchpoint",
    }
)
"""Tables whose rows follow the row they hang on, and go with it."""

_touch = cast(Table, ImportTouch.__table__)


def only_planned(table: str, columns: Any) -> ColumnElement[bool] | None:
    """Which rows of a table the engine only planned: nobody was called or written to yet.

    They go with the person. None: the table holds no plans.
    """
    found: ColumnElement[bool] | None = None
    if table == "task":
        by_engine = columns.created_by == ENGINE.name
        found = (columns.state == TaskState.OPEN) & (columns.attempts == 0) & by_engine
    elif table == "message":
        is_waiting = columns.state.in_((MessageState.QUEUED, MessageState.CANCELLED))
        found = is_waiting & (columns.attempts == 0)
    return found


def hanging_on(session: Session, table: Table, row_ids: Sequence[int]) -> dict[int, set[str]]:
    """Of these rows, those on which something hangs that stays: id -> names of the tables."""
    found: dict[int, set[str]] = {}
    if not row_ids:
        return found
    for column in _pointing_at(table.name):
        query = select(column).where(column.in_(list(row_ids))).distinct()
        planned = only_planned(column.table.name, column.table.c)
        if planned is not None:
            query = query.where(~planned)
        for row_id in session.scalars(query):
            found.setdefault(row_id, set()).add(column.table.name)
    return found


def rows_that_stay(session: Session, table: Table, batch_id: int) -> int:
    """Of the rows an import made, how many an undo would leave: changed, or held by others' rows."""
    made = select(_touch.c.row_id).where(
        _touch.c.batch_id == batch_id,
        _touch.c.table_name == table.name,
        _touch.c.touch == Touch.CREATED,
    )
    own = _touch.alias("own")
    now = _touch.alias("now")
    held = [table.c.revision != now.c.revision]
    for column in _pointing_at(table.name):
        hanging = column.table.alias()
        # Asked once for the whole import: asked for each row anew, a column without an index would
        # be gone through as often as there are rows.
        by_others = select(hanging.c[column.name]).where(hanging.c[column.name].in_(made))
        planned = only_planned(column.table.name, hanging.c)
        if planned is not None:
            by_others = by_others.where(~planned)
        if "id" in hanging.c:
            is_own = exists().where(
                own.c.batch_id == batch_id,
                own.c.table_name == column.table.name,
                own.c.row_id == hanging.c.id,
                own.c.touch == Touch.CREATED,
            )
            by_others = by_others.where(~is_own)
        held.append(table.c.id.in_(by_others))
    query = (
        select(func.count())
        .select_from(table.join(now, now.c.row_id == table.c.id))
        .where(
            now.c.batch_id == batch_id,
            now.c.table_name == table.name,
            now.c.touch == Touch.CREATED,
            or_(*held),
        )
    )
    return session.scalar(query) or 0


@lru_cache(maxsize=16)
def _pointing_at(name: str) -> tuple[Column[int], ...]:
    """The columns that name rows of a table, save those of derived rows."""
    return tuple(
        column
        for table in Base.metadata.sorted_tables
        if table.name not in DERIVED
        for column in table.columns
        for key in column.foreign_keys
        if key.column.table.name == name
    )
