"""Everything out: every table of the club, in one file to take away."""

import shutil
import tempfile
import zipfile
from datetime import datetime
from functools import partial
from pathlib import Path

from flask import render_template, send_file
from werkzeug.wrappers import Response

from clubcrm.accounts.access import current_club, principal, requires
from clubcrm.accounts.queries import ClubRow
from clubcrm.accounts.states import Permission
from clubcrm.core import clock
from clubcrm.core.transactions import reading, transaction
from clubcrm.exchange.forms import ExportForm
from clubcrm.exchange.operations.exporting import export_all, note_export
from clubcrm.exchange.states import ExportFormat
from clubcrm.exchange.views import blueprint


@blueprint.route("/export", methods=["GET", "POST"])
@requires(Permission.EXPORT)
def export() -> str | tuple[str, int] | Response:
    """Hand out everything that is known of the club, and write down that it was."""
    club = current_club(Permission.EXPORT)
    form = ExportForm()
    if form.validate_on_submit():
        with transaction() as session:
            note_export(session, [club], by=principal().actor, now=clock.now())
        return _archive(club, ExportFormat(form.format.data))
    page = render_template("exchange/export.html", form=form, club=club)
    return (page, 422) if form.errors else page


def _archive(club: ClubRow, format_: ExportFormat) -> Response:
    """Every table, packed; the files are gone when the answer is."""
    home = Path(tempfile.mkdtemp(prefix="clubcrm-export-"))

    now = clock.now()
    try:
        packed = _pack(home, club, format_, now)
    except BaseException:
        shutil.rmtree(home, ignore_errors=True)
        raise
    name = f"{club.code}-{club.today(now).isoformat()}.zip"
    answer = send_file(packed, as_attachment=True, download_name=name, max_age=0)
    # Handed on as it is, an answer would never tell that it was closed.
    answer.direct_passthrough = False
    answer.call_on_close(partial(shutil.rmtree, home, ignore_errors=True))
    return answer


def _pack(home: Path, club: ClubRow, format_: ExportFormat, now: datetime) -> Path:
    tables = home / "tables"
    with reading() as session:
        written = export_all(
            session, tables, format_, [club], now=now, progress=lambda _name, _rows: None
        )
    packed = home / "export.zip"
    with zipfile.ZipFile(packed, "w", zipfile.ZIP_DEFLATED) as archive:
        for table in written:
            for name in table.files:
                archive.write(tables / name, name)
                (tables / name).unlink()
    return packed
