"""Getting in and out by command: `import`, `import undo` and `export`."""

import sys
from datetime import datetime
from pathlib import Path
from typing import Any

import click
from flask.cli import with_appcontext

from clubcrm.accounts.errors import UnknownClub
from clubcrm.accounts.queries import ClubRow, clubs, find_club
from clubcrm.cli.frame import json_option, print_json, say
from clubcrm.core import clock
from clubcrm.core.actor import OPERATOR
from clubcrm.core.errors import DomainError
from clubcrm.core.transactions import reading, transaction
from clubcrm.exchange.jobs import (
    MOST_SHOWN,
    Order,
    Outcome,
    import_file,
    rehearse,
    undo_import,
)
from clubcrm.exchange.operations.exporting import export_all, note_export
from clubcrm.exchange.policies.mapping import ColumnMapping, parse_mapping_file
from clubcrm.exchange.states import WARNING_NOTES, ExportFormat, Kept, Kind
from clubcrm.exchange.words import KEPT_WORDS, TABLE_WORDS, note_text, problem_text, undone_text
from clubcrm.members.states import ConsentBasis

NOTHING_TAKEN = 1
REFUSED = 2

_FILE = click.Path(exists=True, dir_okay=False, readable=True, path_type=Path)


class _Kinds(click.Group):
    """`import KIND FILE` beside `import undo BATCH`: one command a kind, made alike."""

    def list_commands(self, ctx: click.Context) -> list[str]:
        """The kinds in the order in which a club goes live, then `undo`."""
        return [*(kind.value for kind in Kind), *super().list_commands(ctx)]

    def get_command(self, ctx: click.Context, cmd_name: str) -> click.Command | None:
        """The command of a kind of file."""
        if cmd_name in Kind.__members__.values():
            return _command_of(Kind(cmd_name))
        return super().get_command(ctx, cmd_name)


@click.group("import", cls=_Kinds, no_args_is_help=True)
def import_() -> None:
    """Take in a file: CSV or xlsx, as KIND FILE; or take an import back."""


def _command_of(kind: Kind) -> click.Command:
    @with_appcontext
    def take_in(**told: Any) -> int:
        return _import(kind, **told)

    return click.Command(
        kind.value,
        callback=take_in,
        params=[
            click.Argument(["file"], type=_FILE),
            click.Option(
                ["--club"], metavar="CODE", help="The club; needed where there are several."
            ),
            click.Option(["--mapping"], type=_FILE, help="A mapping file in TOML."),
            click.Option(
                ["--as-of", "as_of"],
                type=click.DateTime(["%Y-%m-%d"]),
                help="The day of which the file speaks (today without it).",
            ),
            click.Option(
                ["--calendar"],
                type=click.Choice(["gregorian", "jalali"]),
                help="The calendar of the days (found out without it).",
            ),
            click.Option(
                ["--consent"],
                type=click.Choice([basis.value for basis in ConsentBasis]),
                help="Why the club may write to these people; without it only who agreed in the "
                "file gets more than service messages.",
            ),
            click.Option(["--dry-run"], is_flag=True, help="Go through the file, write nothing."),
            click.Option(
                ["--errors"],
                type=click.Path(dir_okay=False, writable=True, path_type=Path),
                help="Where to write the rejected rows, each with its line and the reason.",
            ),
            click.Option(["--json", "as_json"], is_flag=True, help="Print one JSON object."),
        ],
        help=f"Take in a file of {kind.value}.",
        short_help=f"A file of {kind.value}.",
    )


def _import(
    kind: Kind,
    *,
    file: Path,
    club: str | None,
    mapping: Path | None,
    as_of: datetime | None,
    calendar: Any,
    consent: str | None,
    dry_run: bool,
    errors: Path | None,
    as_json: bool,
) -> int:
    with reading() as session:
        where = find_club(session, club)
    order = Order(
        path=file,
        kind=kind,
        club_id=where.id,
        mapping=_mapping(mapping, kind, calendar),
        as_of_on=as_of.date() if as_of else None,
        consent=ConsentBasis(consent) if consent else None,
        by=OPERATOR,
    )
    progress = _Progress()
    try:
        act = rehearse if dry_run else import_file
        outcome = act(order, clock.now, progress=progress.show, rejects=errors)
    except DomainError as refusal:
        progress.end()
        say(f"Error: {refusal.text()}")
        if as_json:
            error = {"code": refusal.code, "message": refusal.text()}
            print_json({**_answer(Outcome(None)), "error": error})
        return REFUSED
    progress.end()
    _tell(outcome, file, where, errors, dry_run=dry_run)
    if as_json:
        print_json(_answer(outcome))
    figures = outcome.figures
    return NOTHING_TAKEN if figures.rejected and figures.rejected == figures.read else 0


def _mapping(path: Path | None, kind: Kind, calendar: Any) -> ColumnMapping:
    told = ColumnMapping() if path is None else parse_mapping_file(path.read_bytes(), kind)
    if calendar is None:
        return told
    return ColumnMapping(told.columns, told.constants, told.values, told.tags, told.order, calendar)


def _answer(outcome: Outcome) -> dict[str, Any]:
    return {"batch": outcome.batch_id, **outcome.figures.as_dict()}


def _tell(
    outcome: Outcome, file: Path, club: ClubRow, errors: Path | None, *, dry_run: bool
) -> None:
    """Say on the error stream what came of it."""
    for note in outcome.notes:
        say(f"{'Warning' if note[0] in WARNING_NOTES else 'Note'}: {note_text(note)}")
    figures = outcome.figures
    if not figures.read:
        say("There are no rows beneath the headings, so there was nothing to store.")
    _tell_rows(outcome)
    done = "would be stored" if dry_run else "stored"
    say(
        f"{file.name} for {club.name}: {figures.read:,} rows read, {figures.stored:,} {done}, "
        f"{figures.unchanged:,} unchanged, {figures.rejected:,} rejected, "
        f"{figures.warnings:,} warnings."
    )
    if figures.rejected:
        where = f"They are in {errors}." if errors else "See them with --errors FILE."
        say(f"{figures.rejected:,} rows were rejected. {where}")
    if outcome.batch_id is not None:
        say(f"Take it back with: clubcrm import undo {outcome.batch_id}")


def _tell_rows(outcome: Outcome) -> None:
    """Say what there is to say about the first rows, so that no warning is a bare number."""
    for row in outcome.rows:
        reasons = " ".join(
            problem_text(problem.as_json())
            for problem in sorted(row.problems, key=lambda problem: not problem.rejects)
        )
        say(f"Line {row.line}{' (rejected)' if row.is_rejected else ''}: {reasons}")
    if len(outcome.rows) == MOST_SHOWN:
        say("There may be more; the page of this import lists them all.")


@import_.command("undo")
@click.argument("batch", type=int)
@json_option
@with_appcontext
def undo(batch: int, as_json: bool) -> int:
    """Take an import back: what only it made goes, what somebody touched since stays."""
    progress = _Progress()
    done = undo_import(batch, clock.now, by=OPERATOR, progress=progress.show)
    progress.end()
    for line in undone_text(done):
        say(line)
    _tell_kept(done["kept_rows"])
    if done["kept"] > len(done["kept_rows"]):
        say(f"Only the first {len(done['kept_rows']):,} of {done['kept']:,} are named.")
    if as_json:
        print_json({"batch": batch, **done})
    return 0


def _tell_kept(kept_rows: list[list[Any]]) -> None:
    """Say which rows an undo left, those of a table and a reason together."""
    kept: dict[tuple[str, str], list[int]] = {}
    for table, row_id, why in kept_rows:
        kept.setdefault((table, why), []).append(row_id)
    for (table, why), ids in kept.items():
        shown = ", ".join(map(str, ids[:MOST_SHOWN])) + (", …" if len(ids) > MOST_SHOWN else "")
        say(f"Kept: {len(ids):,} {TABLE_WORDS[table]} ({shown}), since {KEPT_WORDS[Kept(why)]}.")


class _Progress:
    """How far the work is, on one line of a terminal; nothing where nobody watches."""

    def __init__(self) -> None:
        self._shown = False

    def show(self, done: int, total: int) -> None:
        """Show so many of so many rows."""
        if sys.stderr.isatty() and total:
            self._shown = True
            click.echo(f"\r{done:,} of {total:,} rows ({100 * done // total}%)", nl=False, err=True)

    def end(self) -> None:
        """Leave the line."""
        if self._shown:
            click.echo("", err=True)
            self._shown = False


@click.command()
@click.argument("folder", metavar="DIR", type=click.Path(file_okay=False, path_type=Path))
@click.option(
    "--format",
    "format_",
    type=click.Choice([kind.value for kind in ExportFormat]),
    default=ExportFormat.CSV.value,
    show_default=True,
)
@click.option("--club", metavar="CODE", help="Only this club; all of them without it.")
@json_option
@with_appcontext
def export(folder: Path, format_: str, club: str | None, as_json: bool) -> int:
    """Write every table to DIR, with headings that `import` takes back."""
    now = clock.now()
    with transaction() as session:
        chosen = [find_club(session, club)] if club else clubs(session)
        if not chosen:
            raise UnknownClub
        note_export(session, chosen, by=OPERATOR, now=now)
    try:
        with reading() as session:
            written = export_all(
                session, folder, ExportFormat(format_), chosen, now=now, progress=_tell_table
            )
    except OSError as error:
        raise click.ClickException(f"{folder} cannot be written: {error.strerror}.") from error
    say(f"Everything is in {folder}.")
    if as_json:
        tables = {one.table: {"files": list(one.files), "rows": one.rows} for one in written}
        print_json({"folder": str(folder), "format": format_, "tables": tables})
    return 0


def _tell_table(name: str, rows: int) -> None:
    say(f"{name}: {rows:,} rows")
