"""Reads about imports."""

import json
from collections.abc import Collection, Sequence
from dataclasses import dataclass
from datetime import date, datetime
from typing import Any, cast

from sqlalchemy import String, Table, func, or_, select
from sqlalchemy import cast as cast_to
from sqlalchemy.orm import Session

from clubcrm.exchange.errors import UnknownBatch
from clubcrm.exchange.models import ImportBatch, ImportRow, ImportTouch
from clubcrm.exchange.operations.hanging import rows_that_stay
from clubcrm.exchange.operations.parts import Figures
from clubcrm.exchange.states import REJECTING, BatchState, Kind, ProblemCode, RowOutcome
from clubcrm.members.models import Membership, Person
from clubcrm.members.states import ConsentBasis

LIKELY = (ProblemCode.LIKELY_DUPLICATE, ProblemCode.LIKELY_SAME_AS_LINE)

_batch = cast(Table, ImportBatch.__table__)
_row = cast(Table, ImportRow.__table__)
_touch = cast(Table, ImportTouch.__table__)


@dataclass(frozen=True)
class BatchRow:
    """An import: what was asked for, how far it is, and what became of its rows."""

    id: int
    club_id: int
    kind: Kind
    state: BatchState
    file_name: str
    stored_as: str | None
    mapping: dict[str, Any]
    as_of_on: date
    consent_basis: ConsentBasis
    total: int
    read: int
    stored: int
    unchanged: int
    rejected: int
    warnings: int
    notes: list[Any]
    message: str
    started_by: str
    started_by_id: int | None
    created_at: datetime
    finished_at: datetime | None
    undone_at: datetime | None
    undone: dict[str, Any] | None

    @property
    def figures(self) -> Figures:
        """What became of the rows."""
        return Figures(self.read, self.stored, self.unchanged, self.rejected, self.warnings)

    @property
    def is_under_way(self) -> bool:
        """Whether work on it waits or goes on."""
        return self.state in (
            BatchState.CHECKING,
            BatchState.QUEUED,
            BatchState.RUNNING,
            BatchState.UNDOING,
        )


_COLUMNS = [_batch.c[name] for name in BatchRow.__dataclass_fields__]


def get_batch(session: Session, batch_id: int, scope: Collection[int] | None = None) -> BatchRow:
    """One import at the clubs in scope (None = any, for background work). Raises UnknownBatch."""
    query = select(*_COLUMNS).where(_batch.c.id == batch_id)
    if scope is not None:
        query = query.where(_batch.c.club_id.in_(tuple(scope)))
    row = session.execute(query).one_or_none()
    if row is None:
        raise UnknownBatch
    return BatchRow(*row)


def batches_of(
    session: Session, scope: Collection[int], *, before_id: int | None = None, limit: int = 50
) -> list[BatchRow]:
    """The imports of the clubs in scope, newest first; go on with the last number as `before_id`."""
    query = select(*_COLUMNS).where(_batch.c.club_id.in_(tuple(scope)))
    if before_id is not None:
        query = query.where(_batch.c.id < before_id)
    rows = session.execute(query.order_by(_batch.c.id.desc()).limit(limit))
    return [BatchRow(*row) for row in rows]


@dataclass(frozen=True)
class LineRow:
    """A row of a file about which there is something to say."""

    line: int
    outcome: RowOutcome
    problems: list[Any]


def lines_of(
    session: Session,
    batch_id: int,
    *,
    outcome: RowOutcome | None = None,
    mark: str = "",
    after_line: int = 0,
    limit: int = 50,
) -> list[LineRow]:
    """The rows of an import with something to say, in order; go on with the last line.

    `mark`: only those of which one thing is said (see `Alike`).
    """
    query = select(_row.c.line, _row.c.outcome, _row.c.problems).where(
        _row.c.batch_id == batch_id, _row.c.line > after_line
    )
    if outcome is RowOutcome.REJECTED:
        query = query.where(_row.c.outcome == RowOutcome.REJECTED)
    elif outcome is not None:
        query = query.where(_row.c.outcome != RowOutcome.REJECTED)
    if mark:
        code, _dot, column = mark.partition(".")
        # One database keeps letters beyond ASCII as they are, the other as their numbers.
        ways = {json.dumps([code, column or None], ensure_ascii=way)[:-1] for way in (True, False)}
        text = cast_to(_row.c.problems, String)
        query = query.where(or_(*(text.contains(said, autoescape=True) for said in sorted(ways))))
    rows = session.execute(query.order_by(_row.c.line).limit(limit))
    return [LineRow(*row) for row in rows]


@dataclass(frozen=True)
class Alike:
    """What is said of many rows in the same words: one of them, and of how many rows it is said."""

    code: ProblemCode
    column: str | None
    example: list[Any]
    count: int

    @property
    def rejects(self) -> bool:
        """Whether the rows cannot be stored for it."""
        return self.code in REJECTING

    @property
    def mark(self) -> str:
        """By which `lines_of` finds the rows."""
        return f"{self.code.value}.{self.column}" if self.column else self.code.value


def problems_alike(session: Session, batch_id: int) -> list[Alike]:
    """What an import says of more than one row: what rejects first, then the most frequent."""
    text = cast_to(_row.c.problems, String)
    query = select(text, func.count()).where(_row.c.batch_id == batch_id).group_by(text)
    found: dict[tuple[str, str | None], Alike] = {}
    for problems, count in session.execute(query.order_by(func.count().desc(), text)):
        said = {(problem[0], problem[1]): problem for problem in json.loads(problems)}
        for (code, column), problem in said.items():
            first = found.get((code, column))
            so_far, example = (first.count, first.example) if first else (0, problem)
            found[code, column] = Alike(ProblemCode(code), column, example, so_far + count)
    many = (alike for alike in found.values() if alike.count > 1)
    return sorted(many, key=lambda alike: (not alike.rejects, -alike.count, alike.mark))


def rejected_lines(session: Session, batch_id: int) -> dict[int, list[Any]]:
    """The rejected rows of an import: line -> problems."""
    query = select(_row.c.line, _row.c.problems).where(
        _row.c.batch_id == batch_id, _row.c.outcome == RowOutcome.REJECTED
    )
    return dict(session.execute(query).all())


def duplicate_lines(session: Session, batch_id: int, *, limit: int = 50) -> list[LineRow]:
    """Rows of newcomers who may be the same person as somebody else, in order."""
    text = cast_to(_row.c.problems, String)
    query = select(_row.c.line, _row.c.outcome, _row.c.problems).where(
        _row.c.batch_id == batch_id,
        or_(*(text.like(f'%"{code.value}"%') for code in LIKELY)),
    )
    rows = session.execute(query.order_by(_row.c.line).limit(limit))
    return [LineRow(*row) for row in rows]


def touched_count(session: Session, batch_id: int) -> int:
    """How many rows an import made or changed that are not dealt with yet."""
    query = select(func.count()).select_from(_touch).where(_touch.c.batch_id == batch_id)
    return session.scalar(query) or 0


def undo_progress(session: Session, batch_id: int) -> tuple[int, int]:
    """How many rows an undo under way has dealt with, and of how many; what it keeps is dealt with."""
    left = select(func.count()).where(_touch.c.batch_id == batch_id).scalar_subquery()
    # In one statement, so that both figures are of the same moment.
    undone, count = session.execute(
        select(_batch.c.undone, left).where(_batch.c.id == batch_id)
    ).one()
    figures = undone or {}
    done = sum(figures.get(name, 0) for name in ("removed", "restored", "reversed", "kept"))
    return done, done + count - figures.get("kept", 0)


def made_counts(session: Session, batch_ids: Sequence[int]) -> dict[int, dict[str, int]]:
    """What imports made or changed: number -> table -> rows."""
    query = (
        select(_touch.c.batch_id, _touch.c.table_name, func.count())
        .where(_touch.c.batch_id.in_(batch_ids))
        .group_by(_touch.c.batch_id, _touch.c.table_name)
    )
    found: dict[int, dict[str, int]] = {}
    for batch_id, table, count in session.execute(query):
        found.setdefault(batch_id, {})[table] = count
    return found


def names_of_kept(session: Session, batch: BatchRow) -> dict[int, str]:
    """The names of the people an undo left: number -> name."""
    rows = (batch.undone or {}).get("kept_rows", ())
    ids = [row_id for table, row_id, _why in rows if table == "person"]
    query = select(Person.id, Person.full_name).where(Person.id.in_(ids))
    return dict(session.execute(query).all())


@dataclass(frozen=True)
class UndoPreview:
    """What an undo would do: by table, rows it would take away or give back, and rows that stay."""

    goes: dict[str, int]
    stays: dict[str, int]


def undo_preview(session: Session, batch_id: int) -> UndoPreview:
    """What an undo of an import would do if it began now. Reads only."""
    goes = made_counts(session, [batch_id]).get(batch_id, {})
    stays: dict[str, int] = {}
    for model in (Person, Membership):
        table = cast(Table, model.__table__)
        kept = rows_that_stay(session, table, batch_id)
        if kept:
            stays[table.name] = kept
            goes[table.name] = goes[table.name] - kept
    return UndoPreview({name: count for name, count in goes.items() if count}, stays)
