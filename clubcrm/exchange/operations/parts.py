"""One part of a file in one transaction: decided, stored, and its figures moved on together."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, Final, cast

from sqlalchemy import Table, select, update
from sqlalchemy.orm import Session

from clubcrm.accounts.queries import ClubRow, clubs
from clubcrm.core.folding import fold
from clubcrm.core.sql import insert_columns, upsert
from clubcrm.exchange.errors import RunsElsewhere
from clubcrm.exchange.models import ImportBatch, ImportRow, ImportTouch
from clubcrm.exchange.operations.debts import DebtsImporter
from clubcrm.exchange.operations.members import MembersImporter
from clubcrm.exchange.operations.memory import remember
from clubcrm.exchange.operations.pauses import ClosuresImporter, FreezesImporter
from clubcrm.exchange.operations.payments import PaymentsImporter
from clubcrm.exchange.operations.tasks import Decision, Effects, Importer, Task, Touched
from clubcrm.exchange.operations.terms import MembershipsImporter
from clubcrm.exchange.operations.visits import VisitsImporter
from clubcrm.exchange.policies.row import Problem
from clubcrm.exchange.states import BatchState, Kind, RowOutcome, Touch

IMPORTERS: Final[Mapping[Kind, type[Any]]] = {
    Kind.MEMBERS: MembersImporter,
    Kind.MEMBERSHIPS: MembershipsImporter,
    Kind.VISITS: VisitsImporter,
    Kind.PAYMENTS: PaymentsImporter,
    Kind.DEBTS: DebtsImporter,
    Kind.FREEZES: FreezesImporter,
    Kind.CLOSURES: ClosuresImporter,
}

_batch = cast(Table, ImportBatch.__table__)
_row = cast(Table, ImportRow.__table__)
_touch = cast(Table, ImportTouch.__table__)


@dataclass
class Figures:
    """What became of the rows so far: read = stored + unchanged + rejected, always."""

    read: int = 0
    stored: int = 0
    unchanged: int = 0
    rejected: int = 0
    warnings: int = 0

    def add(self, other: "Figures") -> None:
        """Add another part's figures."""
        for name in self.__dataclass_fields__:
            setattr(self, name, getattr(self, name) + getattr(other, name))

    def as_dict(self) -> dict[str, int]:
        """The figures by name."""
        return {name: getattr(self, name) for name in self.__dataclass_fields__}


@dataclass
class Part:
    """What became of some rows."""

    decisions: list[Decision]
    figures: Figures = field(default_factory=Figures)

    def __post_init__(self) -> None:
        for decision in self.decisions:
            self.figures.read += 1
            if decision.outcome is RowOutcome.STORED:
                self.figures.stored += 1
            elif decision.outcome is RowOutcome.UNCHANGED:
                self.figures.unchanged += 1
            else:
                self.figures.rejected += 1
            if decision.row.problems:
                self.figures.warnings += sum(not p.rejects for p in decision.row.problems)


def importer_for(task: Task) -> Importer:
    """Who takes in files of this kind."""
    importer: Importer = IMPORTERS[task.kind](task)
    return importer


def other_clubs(session: Session, club: ClubRow) -> dict[str, str]:
    """The other clubs here: folded code or name -> code."""
    found: dict[str, str] = {}
    for other in clubs(session):
        if other.id != club.id:
            found |= {fold(other.code): other.code, fold(other.name): other.code}
    return found


def store_part(
    session: Session, importer: Importer, task: Task, batch_id: int, part: Part, *, read: int
) -> None:
    """Store what was decided about a part, and move the import's figures on from `read` rows.

    Raises RunsElsewhere where somebody else moved them on meanwhile.
    """
    _advance(session, batch_id, part.figures, read)
    effects = importer.store(session, part.decisions)
    keep_effects(session, task, batch_id, effects)
    note_rows(session, batch_id, part.decisions)


def reject_part(session: Session, batch_id: int, part: Part, *, read: int) -> None:
    """Note rows of which nothing is stored. Raises RunsElsewhere."""
    _advance(session, batch_id, part.figures, read)
    note_rows(session, batch_id, part.decisions)


def keep_effects(session: Session, task: Task, batch_id: int, effects: Effects) -> None:
    """Keep what an undo and a second run need: the rows touched, and what the file said."""
    touched: dict[tuple[str, int], Touched] = {}
    for one in effects.touched:
        key = one.table, one.row_id
        known = touched.get(key)
        touched[key] = one if known is None else known._replace(revision=one.revision)
    made = [one for one in touched.values() if one.touch is Touch.CREATED]
    changed = [one for one in touched.values() if one.touch is not Touch.CREATED]
    # New rows were never touched before; changed ones keep their first old values.
    _insert(session, _touch, [_touch_row(batch_id, one) for one in made])
    upsert(
        session,
        _touch,
        [_touch_row(batch_id, one) for one in changed],
        key=("batch_id", "table_name", "row_id"),
        changes=lambda incoming: {"revision": incoming.revision},
    )
    remember(session, task.club.id, batch_id, effects.said)
    _add_late(session, batch_id, effects.late)


def _touch_row(batch_id: int, one: Touched) -> dict[str, Any]:
    return {
        "batch_id": batch_id,
        "table_name": one.table,
        "row_id": one.row_id,
        "touch": one.touch,
        "revision": one.revision,
        "before": one.before,
    }


def note_rows(session: Session, batch_id: int, decisions: Sequence[Decision]) -> None:
    """Keep what there is to say about rows."""
    rows = [
        {
            "batch_id": batch_id,
            "line": decision.row.line,
            "outcome": decision.outcome,
            "problems": [problem.as_json() for problem in decision.row.problems],
        }
        for decision in decisions
        if decision.row.problems
    ]
    _insert(session, _row, rows)


def _insert(session: Session, table: Table, rows: Sequence[Mapping[str, Any]]) -> None:
    """Insert many rows whose keys are given."""
    if rows:
        insert_columns(session, table, {name: [row[name] for row in rows] for name in rows[0]})


def _advance(session: Session, batch_id: int, figures: Figures, read: int) -> None:
    moved = session.execute(
        update(_batch)
        .where(
            _batch.c.id == batch_id,
            _batch.c.read == read,
            _batch.c.state == BatchState.RUNNING,
        )
        .values({name: _batch.c[name] + count for name, count in figures.as_dict().items()})
    )
    if moved.rowcount != 1:  # type: ignore[attr-defined]
        raise RunsElsewhere


def _add_late(session: Session, batch_id: int, late: Sequence[tuple[int, Problem]]) -> None:
    """Add problems that were found out when the row was stored already."""
    if not late:
        return
    lines = [line for line, _ in late]
    query = select(_row.c.line, _row.c.problems).where(
        _row.c.batch_id == batch_id, _row.c.line.in_(lines)
    )
    standing = {line: list(problems) for line, problems in session.execute(query)}
    rows = []
    for line, problem in late:
        problems = [*standing.get(line, ()), problem.as_json()]
        rows.append(
            {
                "batch_id": batch_id,
                "line": line,
                "outcome": RowOutcome.STORED,
                "problems": problems,
            }
        )
    upsert(
        session,
        _row,
        rows,
        key=("batch_id", "line"),
        changes=lambda incoming: {"problems": incoming.problems},
    )
    session.execute(
        update(_batch).where(_batch.c.id == batch_id).values(warnings=_batch.c.warnings + len(late))
    )
