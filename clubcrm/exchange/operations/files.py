"""A file opened for an import: laid out, looked through once, its rows read as typed values."""

from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import date, timedelta
from pathlib import Path
from typing import Any, Final

from clubcrm.accounts.queries import ClubRow
from clubcrm.core.calendars import CalendarName
from clubcrm.core.collector import looking_seldom
from clubcrm.core.folding import clean_text
from clubcrm.exchange.errors import ColumnsMissing, NoHeadings
from clubcrm.exchange.policies.mapping import ColumnMapping, Layout, lay_out
from clubcrm.exchange.policies.row import Row
from clubcrm.exchange.policies.rows import RowReader, Surroundings
from clubcrm.exchange.policies.survey import Survey, identity_of, survey
from clubcrm.exchange.readers import RawRow, Table, open_table
from clubcrm.exchange.states import WARNING_NOTES, HeadingFate, Kind, NoteCode
from clubcrm.exchange.words import COLUMN_WORDS, KINDS
from clubcrm.members.states import ConsentBasis

LONG: Final = timedelta(days=30)
"""A list of members of which nobody came for so long was most likely exported earlier."""

_FATE_NOTES: Mapping[HeadingFate, NoteCode] = {
    HeadingFate.REPEATED: NoteCode.REPEATED_HEADING,
    HeadingFate.TAKEN: NoteCode.TAKEN_HEADING,
    HeadingFate.UNKNOWN: NoteCode.UNKNOWN_HEADING,
    HeadingFate.AGE: NoteCode.USELESS_HEADING,
    HeadingFate.DERIVED: NoteCode.USELESS_HEADING,
    HeadingFate.OTHER_KIND: NoteCode.OTHER_KIND_HEADING,
}


@dataclass(frozen=True)
class OpenFile:
    """A file whose columns are known: what it is, what was found out, and its rows."""

    table: Table
    layout: Layout
    found: Survey
    notes: list[list[Any]]
    _reader: RowReader

    @property
    def total(self) -> int:
        """How many rows it has."""
        return self.found.rows

    @property
    def warnings(self) -> int:
        """How many of the notes are warnings."""
        return sum(note[0] in WARNING_NOTES for note in self.notes)

    def note_latest_visit(self, latest: date | None, as_of_on: date) -> None:
        """Say so where the latest visit lies long before the day the file is taken to speak of."""
        if latest is not None and as_of_on - latest > LONG:
            figures = {"day": latest.isoformat(), "as_of": as_of_on.isoformat()}
            self.notes.append([NoteCode.LONG_BEFORE.value, figures])

    def parts(self, size: int) -> Iterator[list[RawRow]]:
        """The rows as text, so many at a time."""
        part: list[RawRow] = []
        for raw in self.table.rows():
            part.append(raw)
            if len(part) == size:
                yield part
                part = []
        if part:
            yield part

    def read(self, part: list[RawRow]) -> list[Row]:
        """Rows as typed values; each call gives new ones."""
        identity, repeated = identity_of(self.layout), self.found.repeated
        rows = []
        for raw in part:
            row = self._reader.read(raw.line, raw.cells, raw.fault, raw.beyond)
            if repeated and raw.fault is None:
                row.is_repeated = identity(raw.cells) in repeated
            rows.append(row)
        return rows


@contextmanager
def open_file(
    path: Path, kind: Kind, mapping: ColumnMapping, *, club: ClubRow, as_of_on: date
) -> Iterator[OpenFile]:
    """Open a file for an import of this kind; refused in words where that cannot be.

    Looks through all rows once, to find out how days and numbers are written.
    """
    with looking_seldom(), open_table(path, club.language) as table:
        layout = lay_out(table.headings, kind, mapping)
        refuse_useless(layout)
        about = Surroundings(
            currency=club.currency,
            territory=club.territory,
            timezone=club.timezone,
            cutoff_minutes=club.day_cutoff_minutes,
            as_of_on=as_of_on,
            calendar=_calendar(mapping, club),
        )
        found = survey(table.rows(), layout, mapping, about)
        reader = RowReader(layout, about, found.findings)
        yield OpenFile(table, layout, found, _notes(layout, found, table.unread), reader)


def consent_of(asked: ConsentBasis | None, layout: Layout) -> ConsentBasis:
    """The basis of consent: as asked; else what the file says where it has columns for it."""
    if asked is not None:
        return asked
    has_columns = bool(layout.columns & {"consent_email", "consent_sms"})
    return ConsentBasis.FROM_FILE if has_columns else ConsentBasis.UNKNOWN


def _calendar(mapping: ColumnMapping, club: ClubRow) -> CalendarName:
    if mapping.calendar is not None:
        return mapping.calendar
    return "jalali" if club.calendar == "jalali" else "gregorian"


def refuse_useless(layout: Layout) -> None:
    """Refuse columns of which no row of this kind could be made.

    Raises NoHeadings, ColumnsMissing.
    """
    if not layout.sources:
        found = ", ".join(heading for heading in layout.headings if heading)[:300]
        raise NoHeadings(kind=str(KINDS[layout.kind]), found=found)
    missing = layout.missing()
    if missing is not None:
        found = ", ".join(sorted(_called(name) for name in layout.columns))
        needed = " / ".join(_called(name) for name in missing)
        raise ColumnsMissing(kind=str(KINDS[layout.kind]), missing=needed, found=found)


def _notes(layout: Layout, found: Survey, unread: Sequence[str]) -> list[list[Any]]:
    """What there is to say about the file as a whole."""
    notes: list[list[Any]] = [
        [NoteCode.AMBIGUOUS_DAYS.value, {"column": _heading(layout, column), "order": order}]
        for column, order in found.ambiguous
    ]
    notes += [
        [NoteCode.MISSING_HEADING.value, {"heading": heading}]
        for heading in layout.missing_headings
    ]
    if unread:
        sheets = ", ".join(clean_text(name, 40) for name in unread[:5])
        notes.append([NoteCode.OTHER_SHEETS.value, {"sheets": sheets}])
    for guess in layout.fates:
        code = _FATE_NOTES.get(guess.fate)
        if code is None:
            continue
        figures: dict[str, str] = {"heading": guess.heading}
        if code is NoteCode.TAKEN_HEADING:
            figures |= {"other": guess.taken_by or "", "column": guess.likely or ""}
        elif code is NoteCode.USELESS_HEADING:
            figures["why"] = guess.fate.value
        elif guess.likely:
            figures["likely"] = guess.likely
        notes.append([code.value, figures])
    return notes


def _called(column: str) -> str:
    """A column as the page calls it, and as a file or a mapping does."""
    return f"“{COLUMN_WORDS.get(column, column)}” ({column})"


def _heading(layout: Layout, column: str) -> str:
    places = layout.sources.get(column, ())
    return layout.headings[places[0]] if places else column
