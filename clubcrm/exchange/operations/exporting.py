"""Writing every table out."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path

from sqlalchemy.orm import Session

from clubcrm.accounts.operations import log_access
from clubcrm.accounts.queries import ClubRow
from clubcrm.core.actor import Actor
from clubcrm.exchange.queries.tables import TABLES
from clubcrm.exchange.states import ExportFormat
from clubcrm.exchange.writers.delimited import CsvWriter
from clubcrm.exchange.writers.lines import JsonLinesWriter
from clubcrm.exchange.writers.port import Writer
from clubcrm.exchange.writers.workbook import WorkbookWriter

_FROM_RIGHT = ("fa", "ar", "he", "ur")


@dataclass(frozen=True)
class Written:
    """One exported table: its files and rows."""

    table: str
    files: tuple[str, ...]
    rows: int


def note_export(session: Session, clubs: Sequence[ClubRow], *, by: Actor, now: datetime) -> None:
    """Write down, before anything is handed out, that all that is known of these clubs is exported."""
    for club in clubs:
        log_access(session, "export", by=by, now=now, club_id=club.id, subject=club.code)


def export_all(
    session: Session,
    folder: Path,
    format_: ExportFormat,
    clubs: Sequence[ClubRow],
    *,
    now: datetime,
    progress: Callable[[str, int], None],
) -> list[Written]:
    """Write every table of these clubs to a folder; returns what was written. Reads only."""
    folder.mkdir(mode=0o700, parents=True, exist_ok=True)
    writer = _writer(format_, clubs)
    by_id = {club.id: club for club in clubs}
    written = []
    for table in TABLES:
        files, rows = writer.write(
            folder, table.name, table.headings, table.read(session, by_id, now)
        )
        written.append(Written(table.name, tuple(path.name for path in files), rows))
        progress(table.name, rows)
    return written


def _writer(format_: ExportFormat, clubs: Sequence[ClubRow]) -> Writer:
    if format_ is ExportFormat.CSV:
        return CsvWriter()
    if format_ is ExportFormat.JSONL:
        return JsonLinesWriter()
    languages = {club.language.partition("_")[0] for club in clubs}
    return WorkbookWriter(from_right=bool(languages) and languages <= set(_FROM_RIGHT))
