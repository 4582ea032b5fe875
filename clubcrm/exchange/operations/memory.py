"""What files said before: read for many rows at once, and remembered."""

import hashlib
import zlib
from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any, cast

from sqlalchemy import Table, select
from sqlalchemy.orm import Session

from clubcrm.core.lookups import one_of
from clubcrm.core.sql import chunks, insert_columns, upsert
from clubcrm.exchange.models import RowKey
from clubcrm.exchange.operations.tasks import Said
from clubcrm.exchange.states import Kind

_keys = cast(Table, RowKey.__table__)


@dataclass(frozen=True, slots=True)
class Known:
    """What was said of one thing before: its row, and the marks of its cells."""

    row_id: int
    cells: Mapping[str, Any]


def digest_of(*parts: object) -> str:
    """The identity of a row as it is kept: 32 hexadecimal digits."""
    text = "\x1f".join("" if part is None else str(part) for part in parts)
    return hashlib.blake2b(text.encode("utf-8", "surrogatepass"), digest_size=16).hexdigest()


def marks_of(values: Mapping[str, Any]) -> dict[str, int]:
    """A short mark of each cell, to tell later whether it says the same again."""
    return {
        column: zlib.crc32(repr(value).encode("utf-8", "surrogatepass"))
        for column, value in values.items()
    }


def recall(
    session: Session, club_id: int, kind: Kind, digests: Collection[str]
) -> dict[str, Known]:
    """What was said before of the things with these identities."""
    found: dict[str, Known] = {}
    for chunk in chunks(sorted(digests), 2000):
        query = select(_keys.c.digest, _keys.c.row_id, _keys.c.cells).where(
            _keys.c.club_id == club_id, _keys.c.kind == kind, one_of(session, _keys.c.digest, chunk)
        )
        for digest, row_id, cells in session.execute(query):
            found[digest] = Known(row_id, cells)
    return found


def remember(session: Session, club_id: int, batch_id: int, said: Sequence[Said]) -> None:
    """Keep what was said; of one identity the later row adds to the earlier."""
    newest: dict[tuple[Kind, str], Said] = {}
    for one in said:
        before = newest.get((one.kind, one.digest))
        if before is not None:
            cells = {**before.cells, **one.cells}
            one = replace(one, cells=cells, is_new=before.is_new and one.is_new)
        newest[one.kind, one.digest] = one
    told = sorted(newest.values(), key=lambda one: one.digest)
    _remember_new(session, club_id, batch_id, [one for one in told if one.is_new])
    _remember_again(session, club_id, batch_id, [one for one in told if not one.is_new])


def _remember_new(session: Session, club_id: int, batch_id: int, said: Sequence[Said]) -> None:
    """Keep what was said of things of which nothing was said before."""
    if said:
        columns: dict[str, Sequence[Any]] = {
            "club_id": [club_id] * len(said),
            "kind": [one.kind for one in said],
            "digest": [one.digest for one in said],
            "batch_id": [batch_id] * len(said),
            "row_id": [one.row_id for one in said],
            "cells": [one.cells for one in said],
        }
        insert_columns(session, _keys, columns)


def _remember_again(session: Session, club_id: int, batch_id: int, said: Sequence[Said]) -> None:
    """Keep what was said of things of which something may stand already."""
    rows = [
        {
            "club_id": club_id,
            "kind": one.kind,
            "digest": one.digest,
            "batch_id": batch_id,
            "row_id": one.row_id,
            "cells": one.cells,
        }
        for one in said
    ]
    upsert(session, _keys, rows, key=("club_id", "kind", "digest"))


def added_to(known: Known | None, marks: Mapping[str, int]) -> dict[str, int]:
    """All that was said of one thing: a file with fewer columns says nothing of the others."""
    return {**known.cells, **marks} if known is not None else dict(marks)


def new_cells(known: Known | None, marks: Mapping[str, int]) -> set[str]:
    """The columns that say something now which they did not say before."""
    if known is None:
        return set(marks)
    return {column for column, mark in marks.items() if known.cells.get(column) != mark}
