"""What must always hold: the shape of an invariant, those of the mechanisms, and those of every table.

Each package says its own in `invariants.py`; `clubcrm/wiring.py` gathers them and the doctor asks
them, read-only. An invariant finds the rows that break it; none found means that it holds.
"""

from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from flask_babel import lazy_gettext as _l
from sqlalchemy import ForeignKey, Select, Table, and_, or_, select
from sqlalchemy.orm import Session

from clubcrm.core.db import Base
from clubcrm.core.errors import Words
from clubcrm.core.models import EventDelivery, Job, WorkState
from clubcrm.core.sql import broken_references, guarded_tables

APPEND_ONLY = ("event_log", "payment")
"""Tables whose rows the database itself keeps from being changed."""

STUCK = timedelta(minutes=5)
"""Work that is due for longer than this is stuck."""


@dataclass(frozen=True)
class Examined:
    """What the doctor looks at: these clubs, at this instant."""

    clubs: Sequence[int]
    now: datetime


@dataclass(frozen=True)
class Invariant:
    """Something that always holds: a stable code, what it says, and how to find what breaks it.

    `find` yields the rows that break it, each as a few words such as `membership 12`.
    """

    code: str
    words: Words
    find: Callable[[Session, Examined], Iterable[str]]


def rows_of(
    name: str, statement: Callable[[Examined], Select[Any]]
) -> Callable[[Session, Examined], Iterable[str]]:
    """Make a finder of a SELECT: its first column is the row's id, the others explain."""

    def find(session: Session, examined: Examined) -> Iterator[str]:
        for row in session.execute(statement(examined)).mappings():
            (_, row_id), *others = row.items()
            named = ", ".join(f"{key} {value}" for key, value in others)
            yield f"{name} {row_id}" + (f" ({named})" if named else "")

    return find


def _unguarded(session: Session, _examined: Examined) -> Iterator[str]:
    """Tables that could be changed although they must not be."""
    guarded = guarded_tables(session)
    yield from (f"table {table}" for table in APPEND_ONLY if table not in guarded)


def _failed_work(session: Session, examined: Examined) -> Iterator[str]:
    """Work that was given up, or that nobody does although it is due."""
    late = examined.now - STUCK
    free = or_(Job.lease_until.is_(None), Job.lease_until < late)
    for table, name, is_free in ((EventDelivery, "delivery", None), (Job, "job", free)):
        waits = [table.state == WorkState.WAITING, table.run_at < late]
        if is_free is not None:
            waits.append(is_free)
        query = (
            select(table.id, table.state, table.last_error)
            .where(or_(table.state == WorkState.FAILED, and_(*waits)))
            .order_by(table.id)
        )
        for row in session.execute(query):
            what = "failed" if row.state == WorkState.FAILED else "stuck"
            yield f"{name} {row.id} ({what}{', ' + row.last_error if row.last_error else ''})"


def _lost_references(session: Session, _examined: Examined) -> Iterator[str]:
    yield from broken_references(session)


def _pairs(column: str) -> Iterator[tuple[Table, ForeignKey, Table]]:
    """Every reference between two tables that both carry a column of this name."""
    for table in Base.metadata.sorted_tables:
        if column not in table.c:
            continue
        for key in sorted(table.foreign_keys, key=lambda one: one.parent.name):
            other = key.column.table
            if column in other.c and key.parent.name != column:
                yield table, key, other


def _disagreeing(column: str) -> Callable[[Session, Examined], Iterator[str]]:
    """Find rows that refer to a row with another value in the column both carry."""

    def find(session: Session, examined: Examined) -> Iterator[str]:
        for table, key, other in _pairs(column):
            owner = other.alias("owner")
            ids = list(table.primary_key.columns)
            mine, theirs = table.c[column], owner.c[column]
            query = (
                select(*ids, key.parent, theirs.label("their"))
                .join(owner, owner.c[key.column.name] == key.parent)
                .where(mine.is_not(None), theirs.is_not(None), mine != theirs)
            )
            if "club_id" in table.c:
                query = query.where(table.c.club_id.in_(examined.clubs))
            for row in session.execute(query):
                name = ", ".join(str(value) for value in row[: len(ids)])
                yield f"{table.name} {name} ({key.parent.name} {row[len(ids)]} is of {column} {row[-1]})"

    return find


INVARIANTS: tuple[Invariant, ...] = (
    Invariant(
        "core.append_only",
        _l("What happened and what was paid cannot be changed: the triggers stand."),
        _unguarded,
    ),
    Invariant(
        "core.references",
        _l("Every row that another one refers to exists."),
        _lost_references,
    ),
    Invariant(
        "core.same_club",
        _l("Every row belongs to the same club as the rows it refers to."),
        _disagreeing("club_id"),
    ),
    Invariant(
        "core.same_person",
        _l("Every row belongs to the same person as the rows it refers to."),
        _disagreeing("person_id"),
    ),
    Invariant(
        "core.work",
        _l("No background work has failed or waits for more than five minutes."),
        _failed_work,
    ),
)
"""The invariants of the mechanisms, and those that hold for every table."""
