"""What hangs on a row: found in the tables' own foreign keys, so that no table can be forgotten."""

from collections.abc import Sequence
from functools import lru_cache
from typing import Final

from sqlalchemy import Column, Table, select
from sqlalchemy.orm import Session

from clubcrm.core.db import Base

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
    }
)
"""Tables whose rows follow the row they hang on, and go with it."""


def hanging_on(session: Session, table: Table, row_ids: Sequence[int]) -> dict[int, set[str]]:
    """Of these rows, those on which something hangs that stays: id -> names of the tables."""
    found: dict[int, set[str]] = {}
    if not row_ids:
        return found
    for column in _pointing_at(table.name):
        query = select(column).where(column.in_(list(row_ids))).distinct()
        for row_id in session.scalars(query):
            found.setdefault(row_id, set()).add(column.table.name)
    return found


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
