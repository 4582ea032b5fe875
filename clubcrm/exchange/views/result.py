"""One import: how far it is, what the check found, what was stored, and taking it back."""

from collections.abc import Iterator

from flask import Response as FlaskResponse
from flask import flash, render_template, request, stream_with_context, url_for
from flask_babel import gettext as _
from werkzeug.utils import redirect
from werkzeug.wrappers import Response

from clubcrm.accounts.access import principal, requires
from clubcrm.accounts.queries import get_club
from clubcrm.accounts.states import Permission
from clubcrm.core import clock
from clubcrm.core.calendars import CalendarName
from clubcrm.core.transactions import reading, transaction
from clubcrm.exchange.operations.batches import (
    forget_batch,
    queue_import,
    queue_undo,
)
from clubcrm.exchange.operations.comparing import compare_duplicates
from clubcrm.exchange.queries import (
    Alike,
    BatchRow,
    LineRow,
    lines_of,
    made_counts,
    names_of_kept,
    problems_alike,
    rejected_lines,
    undo_preview,
    undo_progress,
)
from clubcrm.exchange.readers import open_table
from clubcrm.exchange.states import WARNING_NOTES, BatchState, RowOutcome
from clubcrm.exchange.uploads import forget_upload, path_of
from clubcrm.exchange.views import batch_in_sight, blueprint, data_dir
from clubcrm.exchange.words import (
    CONSENTS,
    KEPT_WORDS,
    KINDS,
    STATES,
    TABLE_WORDS,
    note_text,
    problem_text,
    undone_text,
)
from clubcrm.exchange.writers.rejected import EchoOfRows, RejectedRows

LINES = 25
MOST_ALIKE = 12
ONLY = {"rejected": RowOutcome.REJECTED, "warned": RowOutcome.STORED}


@blueprint.get("/<int:batch_id>")
@requires(Permission.IMPORT)
def result(batch_id: int) -> str:
    """One import, whatever its state: progress, findings, or what became of it."""
    batch = batch_in_sight(batch_id)
    if batch.is_under_way:
        at, total = _progress(batch)
        return render_template(
            "exchange/progress.html", batch=batch, at=at, total=total, kinds=KINDS, states=STATES
        )
    only = request.args.get("only", "")
    lines = _lines(batch, only)
    with reading() as session:
        club = get_club(session, batch.club_id)
        made = made_counts(session, [batch_id]).get(batch_id, {})
        kept_names = names_of_kept(session, batch)
    calendar: CalendarName = "jalali" if club.calendar == "jalali" else "gregorian"
    duplicates = []
    if batch.state is BatchState.CHECKED and batch.warnings:
        with reading() as session:
            duplicates = compare_duplicates(
                session, batch, path_of(data_dir(), batch.stored_as), club
            )
    return render_template(
        "exchange/result.html",
        batch=batch,
        kinds=KINDS,
        states=STATES,
        consents=CONSENTS,
        notes=[(note[0] in WARNING_NOTES, note_text(note, calendar)) for note in batch.notes],
        lines=lines[:LINES],
        has_more=len(lines) > LINES,
        only=only,
        alike=_alike(batch, lines),
        problem_text=problem_text,
        duplicates=duplicates,
        made=made,
        tables=TABLE_WORDS,
        kept_words=KEPT_WORDS,
        kept_names=kept_names,
        undone=undone_text(batch.undone) if batch.undone else [],
    )


@blueprint.get("/<int:batch_id>/progress")
@requires(Permission.IMPORT)
def progress(batch_id: int) -> str | Response:
    """How far the work is, asked for again and again; when it is done the page comes anew."""
    batch = batch_in_sight(batch_id)
    if batch.is_under_way:
        at, total = _progress(batch)
        return render_template(
            "exchange/progress_bar.html", batch=batch, at=at, total=total, states=STATES
        )
    address = url_for("exchange.result", batch_id=batch_id)
    return FlaskResponse(status=204, headers={"HX-Redirect": address})


@blueprint.post("/<int:batch_id>/run")
@requires(Permission.IMPORT)
def run(batch_id: int) -> Response:
    """Import what was checked."""
    batch = batch_in_sight(batch_id)
    with transaction() as session:
        queue_import(session, batch.id, now=clock.now())
    return redirect(url_for("exchange.result", batch_id=batch_id), 303)


@blueprint.route("/<int:batch_id>/undo", methods=["GET", "POST"])
@requires(Permission.IMPORT)
def undo(batch_id: int) -> str | Response:
    """Show what taking the import back would do, and do it."""
    batch = batch_in_sight(batch_id)
    if request.method == "POST":
        with transaction() as session:
            queue_undo(session, batch.id, by=principal().actor, now=clock.now())
        return redirect(url_for("exchange.result", batch_id=batch_id), 303)
    with reading() as session:
        preview = undo_preview(session, batch_id)
    return render_template(
        "exchange/undo.html", batch=batch, preview=preview, tables=TABLE_WORDS, kinds=KINDS
    )


@blueprint.post("/<int:batch_id>/forget")
@requires(Permission.IMPORT)
def forget(batch_id: int) -> Response:
    """Drop an upload of which nothing was stored."""
    batch = batch_in_sight(batch_id)
    with transaction() as session:
        stored_as = forget_batch(session, batch.id)
    if stored_as is not None:
        forget_upload(data_dir(), stored_as)
    flash(
        _("The file “%(name)s” was dropped; nothing of it was stored.", name=batch.file_name), "in"
    )
    return redirect(url_for("exchange.imports"), 303)


@blueprint.get("/<int:batch_id>/rejected.csv")
@requires(Permission.IMPORT)
def rejected(batch_id: int) -> Response:
    """The rejected rows as a file, each with its line and the reasons; to be mended and imported."""
    batch = batch_in_sight(batch_id)
    path = path_of(data_dir(), batch.stored_as)
    with reading() as session:
        club = get_club(session, batch.club_id)
        lines = rejected_lines(session, batch_id)

    def rows() -> Iterator[str]:
        with open_table(path, club.language) as table:
            echo = EchoOfRows()
            writer = RejectedRows(echo, table.headings)
            yield "\ufeff" + echo.take()
            for raw in table.rows():
                if raw.line in lines:
                    writer.write(raw, lines[raw.line])
                    yield echo.take()

    answer = FlaskResponse(stream_with_context(rows()), mimetype="text/csv")
    answer.headers.set(
        "Content-Disposition", "attachment", filename=f"rejected-{batch.kind}-{batch.id}.csv"
    )
    return answer


def _progress(batch: BatchRow) -> tuple[int, int]:
    """How many rows the work under way has dealt with, and of how many."""
    if batch.state is not BatchState.UNDOING:
        return batch.read, batch.total
    with reading() as session:
        return undo_progress(session, batch.id)


def _lines(batch: BatchRow, only: str) -> list[LineRow]:
    after = request.args.get("after", 0, type=int)
    with reading() as session:
        return lines_of(
            session,
            batch.id,
            outcome=ONLY.get(only),
            mark="" if only in ONLY else only,
            after_line=after,
            limit=LINES + 1,
        )


def _alike(batch: BatchRow, lines: list[LineRow]) -> list[Alike]:
    """What is said of many rows, where the rows are too many to be read one by one."""
    if len(lines) <= LINES or request.args.get("after"):
        return []
    with reading() as session:
        return problems_alike(session, batch.id)[:MOST_ALIKE]
