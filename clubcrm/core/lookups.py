"""Looking up very many values at once, by the index that finds them."""

import json
from collections.abc import Collection
from typing import Any

from sqlalchemy import ColumnElement, any_, bindparam, func, select
from sqlalchemy.dialects.postgresql import ARRAY
from sqlalchemy.orm import Session

from clubcrm.core.sql import is_sqlite


def one_of(
    session: Session, column: ColumnElement[Any], values: Collection[Any]
) -> ColumnElement[bool]:
    """Whether a column holds one of these texts, numbers or days, sent as one value however many.

    The statement stays the same for any number of them, so that it is put together once.
    """
    if is_sqlite(session):
        given = func.json_each(json.dumps(list(values), default=str)).table_valued("value")
        return column.in_(select(given.c.value))
    return column == any_(bindparam(None, list(values), type_=ARRAY(column.type)))


def without_index(column: ColumnElement[int]) -> ColumnElement[int]:
    """A column for a condition that holds for very many rows, such as the club.

    Without figures about the tables SQLite takes an index on it for the best, and reads the whole club.
    """
    return column + 0
