"""Past imports, and the way in for a new file."""

from pathlib import Path

from flask import render_template, request, url_for
from werkzeug.datastructures import FileStorage
from werkzeug.utils import redirect
from werkzeug.wrappers import Response

from clubcrm.accounts.access import current_club, principal, requires
from clubcrm.accounts.queries import ClubRow
from clubcrm.accounts.states import Permission
from clubcrm.core import clock
from clubcrm.core.errors import DomainError
from clubcrm.core.transactions import reading, transaction
from clubcrm.exchange.errors import FileEmpty
from clubcrm.exchange.forms import UploadForm
from clubcrm.exchange.operations.batches import begin_batch
from clubcrm.exchange.policies.headings import likely_kind
from clubcrm.exchange.policies.mapping import ColumnMapping, parse_mapping_file
from clubcrm.exchange.queries import batches_of
from clubcrm.exchange.readers import open_table
from clubcrm.exchange.states import Kind
from clubcrm.exchange.uploads import forget_upload, keep_upload, path_of
from clubcrm.exchange.views import blueprint, data_dir
from clubcrm.exchange.words import KINDS, STATES

AT_ONCE = 30


@blueprint.get("/")
@requires(Permission.IMPORT)
def imports() -> str:
    """The imports so far, newest first."""
    before_id = request.args.get("before", type=int)
    with reading() as session:
        found = batches_of(
            session,
            principal().scope(Permission.IMPORT),
            before_id=before_id,
            limit=AT_ONCE + 1,
        )
    return render_template(
        "exchange/imports.html",
        batches=found[:AT_ONCE],
        has_more=len(found) > AT_ONCE,
        is_first=before_id is None,
        kinds=KINDS,
        states=STATES,
    )


@blueprint.route("/new", methods=["GET", "POST"])
@requires(Permission.IMPORT)
def new() -> str | tuple[str, int] | Response:
    """Take a file in and look at its headings; nothing of it is stored yet."""
    club = current_club(Permission.IMPORT)
    form = UploadForm()
    refusal = None
    if form.validate_on_submit():
        try:
            batch_id = _take(form, club)
        except DomainError as error:
            refusal = error.text()
        else:
            return redirect(url_for("exchange.columns", batch_id=batch_id), 303)
    status = 422 if refusal or form.errors else 200
    page = render_template("exchange/new.html", form=form, refusal=refusal, club=club)
    return page if status == 200 else (page, status)


def _take(form: UploadForm, club: ClubRow) -> int:
    """Keep the file and begin its import; what cannot be read is not kept."""
    sent: FileStorage = form.file.data
    if not sent or not sent.filename:
        raise FileEmpty
    upload = keep_upload(data_dir(), sent.stream, sent.filename)
    try:
        path = path_of(data_dir(), upload.stored_as)
        kind, mapping = _first_look(path, club, form)
        with transaction() as session:
            return begin_batch(
                session,
                club_id=club.id,
                kind=kind,
                file_name=upload.file_name,
                sha256=upload.sha256,
                stored_as=upload.stored_as,
                mapping=mapping,
                as_of_on=club.today(clock.now()),
                by=principal().actor,
                now=clock.now(),
            )
    except BaseException:
        forget_upload(data_dir(), upload.stored_as)
        raise


def _first_look(path: Path, club: ClubRow, form: UploadForm) -> tuple[Kind, ColumnMapping]:
    with open_table(path, club.language) as table:
        kind = Kind(form.kind.data) if form.kind.data else likely_kind(table.headings)
    told: FileStorage | None = form.mapping.data
    if not told or not told.filename:
        return kind, ColumnMapping()
    return kind, parse_mapping_file(told.stream.read(1 << 20), kind)
