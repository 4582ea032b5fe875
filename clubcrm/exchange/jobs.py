"""Imports as background work: a file is gone through part by part, each in a transaction of its own.

The same functions serve the command line. A run that is cut off goes on after the last part that was
committed; run by two at once, the second stops.
"""

from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import date
from itertools import islice
from pathlib import Path
from typing import Any, Final

from flask import current_app
from sqlalchemy.exc import IntegrityError

from clubcrm.accounts.queries import ClubRow, get_club
from clubcrm.core.actor import Actor, ActorKind
from clubcrm.core.errors import DomainError
from clubcrm.core.jobs import Clock, Lease
from clubcrm.core.transactions import reading, transaction
from clubcrm.exchange.errors import RunsElsewhere
from clubcrm.exchange.operations import batches
from clubcrm.exchange.operations.files import OpenFile, consent_of, open_file
from clubcrm.exchange.operations.parts import (
    Figures,
    Part,
    importer_for,
    keep_effects,
    note_rows,
    other_clubs,
    reject_part,
    store_part,
)
from clubcrm.exchange.operations.tasks import Decision, Importer, Task
from clubcrm.exchange.operations.undoing import STEPS_OF_UNDO, Undo, undo_some
from clubcrm.exchange.policies.mapping import ColumnMapping, mapping_of
from clubcrm.exchange.policies.row import Row
from clubcrm.exchange.queries import BatchRow, get_batch, touched_count
from clubcrm.exchange.readers import RawRow
from clubcrm.exchange.states import BatchState, Kind, ProblemCode, RowOutcome
from clubcrm.exchange.uploads import (
    KEPT_IMPORTED,
    KEPT_UNUSED,
    digest_of_file,
    forget_upload,
    path_of,
    shown_name,
)
from clubcrm.exchange.words import CONSENTS, CONTRADICTS
from clubcrm.exchange.writers.rejected import RejectedRows
from clubcrm.members.states import ConsentBasis
from config import Settings

ROWS_AT_ONCE: Final = 1000
"""Rows of a file in one transaction: a row is up to ten in the tables, and the desk must not wait."""

MOST_SHOWN: Final = 10
"""Rows about which the command line says what there is to say; the page shows them all."""

Progress = Callable[[int, int], None]
Keep = Callable[[Sequence[Decision], Sequence[RawRow]], None]


@dataclass(frozen=True)
class Order:
    """What somebody asks for: this file, as this kind, for this club, told like this."""

    path: Path
    kind: Kind
    club_id: int
    mapping: ColumnMapping
    as_of_on: date | None
    consent: ConsentBasis | None
    by: Actor


@dataclass
class Outcome:
    """What came of it. `batch_id` is None for a rehearsal; `rows` are the first there is a word about."""

    batch_id: int | None
    figures: Figures = field(default_factory=Figures)
    notes: list[list[Any]] = field(default_factory=list)
    rows: list[Row] = field(default_factory=list)

    def note(self, decisions: Sequence[Decision]) -> None:
        """Keep the first rows about which there is something to say."""
        room = MOST_SHOWN - len(self.rows)
        if room > 0:
            told = (decision.row for decision in decisions if decision.row.problems)
            self.rows += islice(told, room)


@dataclass
class LatestVisit:
    """The latest of the last visits a list of members tells."""

    day: date | None = None

    def add(self, decisions: Sequence[Decision]) -> None:
        """Look at some rows."""
        told = (decision.row.get("last_visit_on") for decision in decisions)
        days = [day for day in (self.day, *told) if day is not None]
        self.day = max(days, default=None)


def rehearse(
    order: Order, clock: Clock, *, progress: Progress, rejects: Path | None = None
) -> Outcome:
    """Go through a file as an import would, and write nothing."""
    club, as_of_on = _club_and_day(order, clock)
    with open_file(order.path, order.kind, order.mapping, club=club, as_of_on=as_of_on) as file:
        task = _task(order, club, as_of_on, file, clock, is_rehearsal=True)
        outcome = Outcome(None, Figures(), file.notes)
        latest = LatestVisit()
        with _rejects(rejects, file) as keep:
            for part, raws in _rehearsed(task, file):
                outcome.figures.add(part.figures)
                latest.add(part.decisions)
                outcome.note(part.decisions)
                keep(part.decisions, raws)
                progress(outcome.figures.read, file.total)
        file.note_latest_visit(latest.day, as_of_on)
        outcome.figures.warnings += file.warnings
        return outcome


def import_file(
    order: Order, clock: Clock, *, progress: Progress, rejects: Path | None = None
) -> Outcome:
    """Import a file that lies on this machine; one that was cut off before is gone on with."""
    club, as_of_on = _club_and_day(order, clock)
    with open_file(order.path, order.kind, order.mapping, club=club, as_of_on=as_of_on) as file:
        sha256 = digest_of_file(order.path)
        told: dict[str, Any] = {
            "club_id": club.id,
            "kind": order.kind,
            "sha256": sha256,
            "mapping": order.mapping,
            "as_of_on": as_of_on,
        }
        with transaction() as session:
            batch_id = batches.find_cut_off(session, **told)
            if batch_id is None:
                batch_id = batches.begin_batch(
                    session,
                    file_name=shown_name(order.path.name),
                    stored_as=None,
                    by=order.by,
                    now=clock(),
                    **told,
                )
        task = _task(order, club, as_of_on, file, clock)
        outcome = Outcome(batch_id, notes=file.notes)
        with _rejects(rejects, file) as keep:

            def keep_and_note(decisions: Sequence[Decision], raws: Sequence[RawRow]) -> None:
                outcome.note(decisions)
                keep(decisions, raws)

            _run(batch_id, task, file, clock, progress, keep_and_note)
        with reading() as session:
            outcome.figures = get_batch(session, batch_id, {club.id}).figures
        return outcome


def check_batch(payload: Mapping[str, Any], lease: Lease) -> None:
    """The job of a check: go through an uploaded file, and keep what there is to say about it."""
    batch_id = int(payload["batch"])
    try:
        batch, order = _order_of(batch_id)
        if batch.state is not BatchState.CHECKING:
            return
        club, as_of_on = _club_and_day(order, lease.clock)
        with open_file(order.path, order.kind, order.mapping, club=club, as_of_on=as_of_on) as file:
            task = _task(order, club, as_of_on, file, lease.clock, is_rehearsal=True)
            figures, latest = Figures(), LatestVisit()
            for part, _raws in _rehearsed(task, file):
                figures.add(part.figures)
                latest.add(part.decisions)
                with transaction() as session:
                    note_rows(session, batch.id, part.decisions)
                    batches.show_progress(session, batch.id, figures, file.total)
                _renew(lease)
            file.note_latest_visit(latest.day, as_of_on)
            with transaction() as session:
                batches.end_check(session, batch.id, file, figures, now=lease.clock())
    except RunsElsewhere:
        return
    except DomainError as refusal:
        _fail(batch_id, refusal, lease.clock)


def run_batch(payload: Mapping[str, Any], lease: Lease) -> None:
    """The job of an import: store an uploaded file that was checked."""
    batch_id = int(payload["batch"])
    try:
        batch, order = _order_of(batch_id)
        if batch.state not in (BatchState.QUEUED, BatchState.RUNNING):
            return
        club, as_of_on = _club_and_day(order, lease.clock)
        with open_file(order.path, order.kind, order.mapping, club=club, as_of_on=as_of_on) as file:
            task = _task(order, club, as_of_on, file, lease.clock)
            _run(batch.id, task, file, lease.clock, lambda *_: _renew(lease), _nowhere)
    except RunsElsewhere:
        return
    except DomainError as refusal:
        _fail(batch_id, refusal, lease.clock)


def undo_import(batch_id: int, clock: Clock, *, by: Actor, progress: Progress) -> dict[str, Any]:
    """Take an import back; returns in figures what went, what was given back and what was kept.

    Goes on where an undo was cut off. Raises NotReady, UnknownBatch.
    """
    with transaction() as session:
        club_id, done = batches.begin_undo(session, batch_id)
        total = touched_count(session, batch_id)
    undo = Undo(batch_id, club_id, by, clock(), done)
    for step in STEPS_OF_UNDO:
        last: int | None = 0
        while last is not None:
            with transaction() as session:
                last = undo_some(session, undo, step, last)
                batches.keep_undone(session, batch_id, undo.done)
                left = touched_count(session, batch_id)
            progress(total - left, total)
    with transaction() as session:
        stored_as = batches.end_undo(session, batch_id, undo.done, by=by, now=clock())
    if stored_as is not None:
        forget_upload(_settings().data_dir, stored_as)
    return undo.done.as_dict()


def undo_batch(payload: Mapping[str, Any], lease: Lease) -> None:
    """The job of an undo."""
    batch_id = int(payload["batch"])
    with reading() as session:
        batch = get_batch(session, batch_id)
    if batch.state is not BatchState.UNDOING:
        return
    by = Actor(ActorKind.STAFF, payload["by_id"], payload["by"])
    try:
        undo_import(batch_id, lease.clock, by=by, progress=lambda *_: _renew(lease))
    except RunsElsewhere:
        return


def forget_uploads(clock: Clock) -> int:
    """Remove uploads that are kept no longer (see `uploads`); how many."""
    with transaction() as session:
        names = batches.let_go_of_uploads(
            session,
            unused_before=clock() - KEPT_UNUSED,
            imported_before=clock() - KEPT_IMPORTED,
        )
    for name in names:
        forget_upload(_settings().data_dir, name)
    return len(names)


def _run(
    batch_id: int, task: Task, file: OpenFile, clock: Clock, progress: Progress, keep: Keep
) -> None:
    """Store a file part by part, going on where an earlier run was cut off."""
    with transaction() as session:
        done = batches.begin_run(session, batch_id, file, consent=task.consent)
    importer = importer_for(task)
    read = 0
    for raws in file.parts(ROWS_AT_ONCE):
        skip = min(len(raws), max(0, done - read))
        if skip:
            # Stored before the run was cut off; looked at again for what it says of later rows.
            part = _decided(importer, file, raws[:skip])
            keep(part.decisions, raws[:skip])
        for part, stored in _stored(importer, task, file, batch_id, raws[skip:], read + skip):
            keep(part.decisions, stored)
        read += len(raws)
        progress(read, file.total)
    while True:
        with transaction() as session:
            effects = importer.finish(session)
            if effects is not None:
                keep_effects(session, task, batch_id, effects)
        if effects is None:
            break
    with transaction() as session:
        batches.end_run(session, batch_id, by=task.by, now=clock())


def _stored(
    importer: Importer, task: Task, file: OpenFile, batch_id: int, raws: list[RawRow], read: int
) -> Iterator[tuple[Part, list[RawRow]]]:
    """Store some rows; where one of them is refused, halves, down to the row that is rejected."""
    if not raws:
        return
    rows = file.read(raws)
    try:
        with transaction() as session:
            part = Part(importer.decide(session, rows))
            store_part(session, importer, task, batch_id, part, read=read)
    except RunsElsewhere:
        raise
    except (DomainError, IntegrityError) as refusal:
        importer.settle(False)
        if len(raws) == 1:
            part = _refused(file, raws, refusal)
            with transaction() as session:
                reject_part(session, batch_id, part, read=read)
            yield part, raws
            return
        middle = len(raws) // 2
        yield from _stored(importer, task, file, batch_id, raws[:middle], read)
        yield from _stored(importer, task, file, batch_id, raws[middle:], read + middle)
    else:
        importer.settle(True)
        yield part, raws


def _refused(file: OpenFile, raws: list[RawRow], refusal: Exception) -> Part:
    (row,) = file.read(raws)
    words = refusal.text() if isinstance(refusal, DomainError) else str(CONTRADICTS)
    row.add(ProblemCode.REFUSED, None, why=words)
    return Part([Decision(row, RowOutcome.REJECTED)])


def _decided(importer: Importer, file: OpenFile, raws: list[RawRow]) -> Part:
    """Decide about some rows without storing them."""
    with reading() as session:
        part = Part(importer.decide(session, file.read(raws)))
    importer.settle(True)
    return part


def _rehearsed(task: Task, file: OpenFile) -> Iterator[tuple[Part, list[RawRow]]]:
    importer = importer_for(task)
    for raws in file.parts(ROWS_AT_ONCE):
        yield _decided(importer, file, raws), raws


def _task(
    order: Order,
    club: ClubRow,
    as_of_on: date,
    file: OpenFile,
    clock: Clock,
    *,
    is_rehearsal: bool = False,
) -> Task:
    consent = consent_of(order.consent, file.layout)
    with reading() as session:
        others = other_clubs(session, club)
    return Task(
        club=club,
        kind=order.kind,
        layout=file.layout,
        as_of_on=as_of_on,
        consent=consent,
        wording=str(CONSENTS[consent]),
        by=order.by,
        now=clock(),
        other_clubs=others,
        is_rehearsal=is_rehearsal,
    )


def _club_and_day(order: Order, clock: Clock) -> tuple[ClubRow, date]:
    with reading() as session:
        club = get_club(session, order.club_id)
    return club, order.as_of_on or club.today(clock())


def _order_of(batch_id: int) -> tuple[BatchRow, Order]:
    """An uploaded import, and what was asked for. Raises FileGone, UnknownBatch."""
    with reading() as session:
        batch = get_batch(session, batch_id)
    order = Order(
        path=path_of(_settings().data_dir, batch.stored_as),
        kind=batch.kind,
        club_id=batch.club_id,
        mapping=mapping_of(batch.mapping, batch.kind),
        as_of_on=batch.as_of_on,
        consent=batch.consent_basis,
        by=Actor(ActorKind.STAFF, batch.started_by_id, batch.started_by),
    )
    return batch, order


def _settings() -> Settings:
    settings: Settings = current_app.extensions["settings"]
    return settings


def _fail(batch_id: int, refusal: DomainError, clock: Clock) -> None:
    with transaction() as session:
        batches.fail(session, batch_id, refusal.text(), now=clock())


def _renew(lease: Lease) -> None:
    if not lease.renew():
        raise RunsElsewhere


@contextmanager
def _rejects(path: Path | None, file: OpenFile) -> Iterator[Keep]:
    """Where rejected rows are written while they are found."""
    if path is None:
        yield _nowhere
        return
    with path.open("w", encoding="utf-8-sig", newline="") as out:
        yield RejectedRows(out, file.layout.headings).keep


def _nowhere(_decisions: Sequence[Decision], _raws: Sequence[RawRow]) -> None:
    """Rejected rows are kept with the import; nobody wants them as a file now."""
