"""Imports as rows: begun, chosen for, checked, queued, run and finished."""

import secrets
from collections.abc import Mapping
from datetime import date, datetime
from typing import Any, cast

from sqlalchemy import CursorResult, Table, delete, or_, select, update
from sqlalchemy.orm import Session

from clubcrm.core.actor import Actor
from clubcrm.core.events import record
from clubcrm.core.jobs import enqueue
from clubcrm.core.sql import locked
from clubcrm.exchange.errors import NotReady, RunsElsewhere, UnknownBatch
from clubcrm.exchange.events import FileImported, ImportUndone
from clubcrm.exchange.models import ImportBatch, ImportRow, RowKey
from clubcrm.exchange.operations.files import OpenFile
from clubcrm.exchange.operations.parts import Figures
from clubcrm.exchange.operations.undoing import Undone
from clubcrm.exchange.policies.mapping import ColumnMapping
from clubcrm.exchange.states import STEPS, BatchState, Kind
from clubcrm.exchange.words import CONSENTS, STATES
from clubcrm.members.states import ConsentBasis

CHECK_JOB = "exchange.check"
RUN_JOB = "exchange.run"
UNDO_JOB = "exchange.undo"

_batch = cast(Table, ImportBatch.__table__)
_row = cast(Table, ImportRow.__table__)
_key = cast(Table, RowKey.__table__)
_NO_FIGURES: Mapping[str, int] = dict.fromkeys(Figures().as_dict(), 0)


def begin_batch(
    session: Session,
    *,
    club_id: int,
    kind: Kind,
    file_name: str,
    sha256: str,
    stored_as: str | None,
    mapping: ColumnMapping,
    as_of_on: date,
    by: Actor,
    now: datetime,
) -> int:
    """Note that a file is here to be imported; returns the number of the import."""
    batch = ImportBatch(
        club_id=club_id,
        kind=kind,
        state=BatchState.UPLOADED,
        file_name=file_name,
        file_sha256=sha256,
        stored_as=stored_as,
        mapping=mapping.as_json(),
        as_of_on=as_of_on,
        consent_basis=ConsentBasis.UNKNOWN,
        started_by=by.name,
        started_by_id=by.id,
        created_at=now,
    )
    session.add(batch)
    session.flush()
    return batch.id


def choose(
    session: Session,
    batch_id: int,
    *,
    kind: Kind,
    mapping: ColumnMapping,
    as_of_on: date,
    consent: ConsentBasis,
    now: datetime,
) -> None:
    """Say what the columns are, of which day the file speaks, and on which consent; then check it.

    Leaves the check as a job. Raises NotReady, UnknownBatch.
    """
    batch = held_batch(session, batch_id)
    _step(batch, BatchState.CHECKING)
    batch.kind = kind
    batch.mapping = mapping.as_json()
    batch.as_of_on = as_of_on
    batch.consent_basis = consent
    batch.consent_wording = str(CONSENTS[consent])
    _reset(session, batch)
    # Each check is work of its own, also one asked for in the same second.
    key = f"{batch_id}:{secrets.token_hex(8)}"
    enqueue(session, CHECK_JOB, key, {"batch": batch_id}, now=now)


def queue_import(session: Session, batch_id: int, *, now: datetime) -> None:
    """Import a checked file as a job. Raises NotReady, UnknownBatch."""
    batch = held_batch(session, batch_id)
    _step(batch, BatchState.QUEUED)
    _reset(session, batch)
    enqueue(session, RUN_JOB, str(batch_id), {"batch": batch_id}, now=now)


def queue_undo(session: Session, batch_id: int, *, by: Actor, now: datetime) -> None:
    """Undo an import as a job. Raises NotReady, UnknownBatch."""
    batch = held_batch(session, batch_id)
    _step(batch, BatchState.UNDOING)
    told = {"batch": batch_id, "by": by.name, "by_id": by.id}
    enqueue(session, UNDO_JOB, str(batch_id), told, now=now)


def begin_run(
    session: Session,
    batch_id: int,
    file: OpenFile,
    *,
    consent: ConsentBasis,
) -> int:
    """Start a run, or go on with one that was cut off; returns how many rows are done already."""
    batch = held_batch(session, batch_id)
    is_going_on = batch.state is BatchState.RUNNING
    _step(batch, BatchState.RUNNING)
    if not is_going_on:
        _reset(session, batch)
        batch.consent_basis = consent
        batch.consent_wording = str(CONSENTS[consent])
        batch.warnings = file.warnings
    batch.total = file.total
    batch.notes = file.notes
    return batch.read


def end_check(
    session: Session, batch_id: int, file: OpenFile, figures: Figures, *, now: datetime
) -> None:
    """Keep what a check found out."""
    batch = held_batch(session, batch_id)
    _step(batch, BatchState.CHECKED)
    for name, count in figures.as_dict().items():
        setattr(batch, name, count)
    batch.warnings += file.warnings
    batch.total = file.total
    batch.notes = file.notes
    batch.finished_at = now


def end_run(session: Session, batch_id: int, *, by: Actor, now: datetime) -> None:
    """Note that every row is in."""
    batch = held_batch(session, batch_id)
    _step(batch, BatchState.DONE)
    batch.finished_at = now
    event = FileImported(
        club_id=batch.club_id,
        batch_id=batch.id,
        kind=batch.kind,
        read=batch.read,
        stored=batch.stored,
        unchanged=batch.unchanged,
        rejected=batch.rejected,
    )
    record(session, event, by=by, now=now)


def begin_undo(session: Session, batch_id: int) -> tuple[int, Undone]:
    """Start an undo, or go on with one that was cut off; returns the club and what is done so far."""
    batch = held_batch(session, batch_id)
    _step(batch, BatchState.UNDOING)
    return batch.club_id, Undone(**(batch.undone or {}))


def keep_undone(session: Session, batch_id: int, done: Undone) -> None:
    """Keep how far an undo is."""
    session.execute(update(_batch).where(_batch.c.id == batch_id).values(undone=done.as_dict()))


def end_undo(
    session: Session, batch_id: int, done: Undone, *, by: Actor, now: datetime
) -> str | None:
    """Note that an import was taken back; returns the name of its upload, to be removed."""
    batch = held_batch(session, batch_id)
    _step(batch, BatchState.UNDONE)
    batch.undone = done.as_dict()
    batch.undone_at = now
    stored_as, batch.stored_as = batch.stored_as, None
    session.execute(delete(_key).where(_key.c.batch_id == batch_id))
    event = ImportUndone(
        club_id=batch.club_id,
        batch_id=batch.id,
        kind=batch.kind,
        removed=done.removed,
        restored=done.restored,
        reversed=done.reversed,
        kept=done.kept,
    )
    record(session, event, by=by, now=now)
    return stored_as


def fail(session: Session, batch_id: int, words: str, *, now: datetime) -> None:
    """Note why a check or a run stopped; what a run stored before stays, and can be undone."""
    batch = held_batch(session, batch_id)
    _step(batch, BatchState.FAILED)
    batch.message = words
    batch.finished_at = now


def show_progress(session: Session, batch_id: int, figures: Figures, total: int) -> None:
    """Let the page see how far a check is."""
    moved = cast(
        CursorResult[Any],
        session.execute(
            update(_batch)
            .where(_batch.c.id == batch_id, _batch.c.state == BatchState.CHECKING)
            .values(total=total, **figures.as_dict())
        ),
    )
    if moved.rowcount != 1:
        raise RunsElsewhere


def find_cut_off(
    session: Session,
    *,
    club_id: int,
    kind: Kind,
    sha256: str,
    mapping: ColumnMapping,
    as_of_on: date,
) -> int | None:
    """An import of the same file, told the same, that was cut off; it is gone on with."""
    query = (
        select(ImportBatch)
        .where(
            ImportBatch.club_id == club_id,
            ImportBatch.kind == kind,
            ImportBatch.file_sha256 == sha256,
            ImportBatch.as_of_on == as_of_on,
            ImportBatch.state == BatchState.RUNNING,
        )
        .order_by(ImportBatch.id.desc())
    )
    told = mapping.as_json()
    return next((batch.id for batch in session.scalars(query) if batch.mapping == told), None)


def forget_batch(session: Session, batch_id: int) -> str | None:
    """Forget an import that stored nothing; returns the name of its upload, to be removed.

    Raises NotReady, UnknownBatch.
    """
    batch = held_batch(session, batch_id)
    if batch.state not in (BatchState.UPLOADED, BatchState.CHECKED, BatchState.FAILED):
        raise NotReady(state=str(STATES[batch.state]))
    if batch.state is BatchState.FAILED and batch.stored:
        raise NotReady(state=str(STATES[batch.state]))
    stored_as = batch.stored_as
    session.execute(delete(_row).where(_row.c.batch_id == batch_id))
    session.delete(batch)
    return stored_as


def let_go_of_uploads(
    session: Session, *, unused_before: datetime, imported_before: datetime
) -> list[str]:
    """Let go of uploads that were never imported, or long ago; their names, to be removed."""
    is_unused = _batch.c.state.in_((BatchState.UPLOADED, BatchState.CHECKED, BatchState.FAILED)) & (
        _batch.c.created_at < unused_before
    )
    is_old = (_batch.c.state == BatchState.DONE) & (_batch.c.finished_at < imported_before)
    let_go = select(_batch.c.id, _batch.c.stored_as).where(
        _batch.c.stored_as.is_not(None), or_(is_unused, is_old)
    )
    names = {row.id: row.stored_as for row in session.execute(let_go)}
    session.execute(update(_batch).where(_batch.c.id.in_(list(names))).values(stored_as=None))
    return list(names.values())


def held_batch(session: Session, batch_id: int) -> ImportBatch:
    """An import, locked. Raises UnknownBatch."""
    query = select(ImportBatch).where(ImportBatch.id == batch_id)
    batch = session.scalar(locked(session, query))
    if batch is None:
        raise UnknownBatch
    return batch


def _step(batch: ImportBatch, to: BatchState) -> None:
    if to not in STEPS[batch.state]:
        raise NotReady(state=str(STATES[batch.state]))
    batch.state = to


def _reset(session: Session, batch: ImportBatch) -> None:
    """Forget the figures and rows of a check or run before."""
    session.execute(delete(_row).where(_row.c.batch_id == batch.id))
    for name, count in _NO_FIGURES.items():
        setattr(batch, name, count)
    batch.total, batch.notes, batch.message, batch.finished_at = 0, [], "", None
