"""From when on somebody is followed: what an import brought is the past, and no occasion."""

from datetime import date
from typing import Any

from sqlalchemy import ColumnElement, FromClause, func, or_


def is_followed(occasion: Any, state: FromClause) -> ColumnElement[bool]:
    """Whether somebody was followed before a day: the clause of a query over the state of members."""
    known_on = func.coalesce(state.c.imported_on, state.c.baseline_on)
    return or_(state.c.is_imported.is_(False), known_on < occasion)


def known_on(row: Any) -> date:
    """The day on which an import told of somebody."""
    found: date = row.imported_on or row.baseline_on
    return found


def was_followed(row: Any, on: date) -> bool:
    """Whether somebody was followed before the day of an occasion."""
    return not row.is_imported or known_on(row) < on
