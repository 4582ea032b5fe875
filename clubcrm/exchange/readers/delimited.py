"""Text files of rows: CSV and its kin, with any usual delimiter, encoding and line end."""

import csv
import io
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import IO, Final

from flask_babel import lazy_gettext as _l

from clubcrm.exchange.errors import FileEmpty, NotATable, OpenQuote, TooManyColumns, TooManyRows
from clubcrm.exchange.policies.headings import recognised
from clubcrm.exchange.readers.encodings import encoding_of
from clubcrm.exchange.readers.port import (
    HEADING_LINES,
    MAX_CELL,
    MAX_COLUMNS,
    MAX_LINE,
    MAX_ROWS,
    TOO_MANY_CELLS,
    RawRow,
)
from clubcrm.exchange.states import OWN_COLUMNS

DELIMITERS: Final = (",", ";", "\t", "|")
_NAMES: Final = {
    ",": _l("parted by commas"),
    ";": _l("parted by semicolons"),
    "\t": _l("parted by tabs"),
    "|": _l("parted by bars"),
}
_SAMPLE_LINES: Final = 200
_END_OF_FILE: Final = "\x1a"
_HARMLESS: Final = f"\t\n\r\0{_END_OF_FILE}"
_SIGNATURES: Final = (
    (b"%PDF", "a PDF document"),
    (b"\x89PNG", "a picture"),
    (b"\xff\xd8\xff", "a picture"),
    (b"GIF8", "a picture"),
    (b"\xd0\xcf\x11\xe0", "an old Excel or Word file (.xls, .doc)"),
    (b"{\\rtf", "a text document (RTF)"),
    (b"SQLite format 3", "a database"),
    (b"\x1f\x8b", "a compressed archive"),
    (b"Rar!", "a compressed archive"),
    (b"7z\xbc\xaf", "a compressed archive"),
    (b"MZ", "a program"),
    (b"\x7fELF", "a program"),
)
_OPENINGS: Final = (
    (b"<!doctype html", "a web page, as some programs save it for Excel"),
    (b"<html", "a web page, as some programs save it for Excel"),
    (b"<table", "a web page, as some programs save it for Excel"),
    (b"<?xml", "an XML document"),
    (b'{"', "JSON"),
    (b"[{", "JSON"),
    (b"begin:vcard", "a list of contacts (vCard)"),
)

# One number for the whole process; a cell above it is refused, see `_Lines`.
csv.field_size_limit(MAX_CELL)


class _LineTooLong(Exception):
    """One line of the file is longer than any row should be; it has been passed over."""


class _Lines:
    """The lines of a text, each bounded, counted, without NUL and the old mark of a file's end.

    `ended` tells whether somebody asked for a line after the last one: a row that did has a quote that
    was never closed.
    """

    def __init__(self, stream: IO[str]) -> None:
        self._stream = stream
        self.number = 0
        self.ended = False

    def __iter__(self) -> "_Lines":
        return self

    def __next__(self) -> str:
        line = self._read()
        if not line:
            self.ended = True
            raise StopIteration
        self.number += 1
        if len(line) >= MAX_LINE and not line.endswith("\n"):
            while (rest := self._read()) and not rest.endswith("\n"):
                pass
            raise _LineTooLong
        if "\0" in line or _END_OF_FILE in line:
            return line.replace("\0", "").replace(_END_OF_FILE, "")
        return line

    def _read(self) -> str:
        """The next line. Raises NotATable where its bytes are no text of the file's encoding."""
        try:
            return self._stream.readline(MAX_LINE)
        except UnicodeError as error:
            raise _damaged(error) from error


class DelimitedTable:
    """A text file of rows, read line by line each time anew."""

    def __init__(self, path: Path, language: str) -> None:
        self._path = path
        _refuse_other_things(path)
        self._encoding = encoding_of(path, language)
        self._refuse_control_characters()
        self._delimiter, self._skipped = self._find_delimiter()
        self.heading_line, self._has_own, self.headings = self._find_headings()
        name = self._encoding.name.upper().replace("-SIG", "")
        self.what = f"CSV, {name}, {_NAMES[self._delimiter]}"

    @property
    def unread(self) -> Sequence[str]:
        """A text holds one table."""
        return ()

    @property
    def has_lost_characters(self) -> bool:
        """Whether some bytes fit no encoding and read as �."""
        return self._encoding.replaces

    def rows(self) -> Iterator[RawRow]:
        """The rows beneath the headings. Raises OpenQuote, TooManyRows, NotATable."""
        count = 0
        for row in self._records():
            if row.line <= self.heading_line:
                continue
            if row.fault is None and says_nothing(row.cells, self._first):
                continue
            count += 1
            if count > MAX_ROWS:
                raise TooManyRows(most=f"{MAX_ROWS:,}")
            yield self._fitted(row)

    def _fitted(self, row: RawRow) -> RawRow:
        """The row with as many cells as there are headings, without our own first two."""
        cells = row.cells
        if (
            row.fault is None
            and len(cells) > self._width
            and any(cell.strip() for cell in cells[self._width :])
        ):
            is_own = self._has_own
            return RawRow(row.line, cells[len(OWN_COLUMNS) :] if is_own else cells, TOO_MANY_CELLS)
        return fitted(row.line, cells, self.headings, has_own=self._has_own, fault=row.fault)

    def _records(self) -> Iterator[RawRow]:
        with self._open() as stream:
            lines = _Lines(stream)
            for _ in range(self._skipped):
                next(lines)
            reader = csv.reader(lines, delimiter=self._delimiter)
            while True:
                first = lines.number + 1
                try:
                    cells = next(reader)
                except StopIteration:
                    return
                except _LineTooLong:
                    yield RawRow(first, (), "cell_too_long")
                    continue
                except csv.Error as error:
                    if lines.number > first:
                        raise OpenQuote(line=first) from error
                    yield RawRow(first, (), "cell_too_long")
                    continue
                if lines.ended and lines.number >= first:
                    raise OpenQuote(line=first)
                yield RawRow(first, cells)

    def _open(self) -> IO[str]:
        errors = "replace" if self._encoding.replaces else "strict"
        raw = self._path.open("rb")
        return io.TextIOWrapper(raw, self._encoding.name, errors=errors, newline=None)

    def _refuse_control_characters(self) -> None:
        """Refuse what decodes but is no text: more than one control character in a hundred."""
        with self._open() as stream:
            try:
                sample = stream.read(65_536)
            except UnicodeError as error:
                raise _damaged(error) from error
        if not sample.strip("\ufeff \t\r\n\0"):
            raise FileEmpty
        control = sum((ord(c) < 32 and c not in _HARMLESS) or c == "\ufffd" for c in sample)
        # Old databases fill their columns up with NUL.
        if control > max(2, len(sample) // 50) or sample.count("\0") > max(8, len(sample) // 4):
            raise NotATable(what="binary data")

    def _find_delimiter(self) -> tuple[str, int]:
        """The delimiter that cuts most lines alike, and how many lines stand before the table."""
        with self._open() as stream:
            lines = _Lines(stream)
            sample: list[str] = []
            while len(sample) < _SAMPLE_LINES:
                try:
                    sample.append(next(lines))
                except StopIteration:
                    break
                except _LineTooLong:
                    continue
        told = sample[0].strip().strip('"').lower().removeprefix("\ufeff") if sample else ""
        if told.startswith("sep=") and told[4:5] in DELIMITERS:
            return told[4], 1
        if told in ("sep=\\t", "sep="):
            return "\t", 1
        return max(DELIMITERS, key=lambda delimiter: _evenness(sample, delimiter)), 0

    def _find_headings(self) -> tuple[int, bool, Sequence[str]]:
        """The line of the headings: the first that is not blank, unless a later one is known better."""
        best: tuple[int, Sequence[str]] | None = None
        best_known = 0
        for seen, row in enumerate(self._records()):
            if seen >= HEADING_LINES:
                break
            if len(row.cells) > MAX_COLUMNS:
                raise TooManyColumns(line=row.line, columns=len(row.cells), most=MAX_COLUMNS)
            if row.fault or not any(cell.strip() for cell in row.cells):
                continue
            known = recognised(row.cells)
            if best is None or (known >= 2 and known > best_known and best_known < 2):
                best, best_known = (row.line, row.cells), known
        if best is None:
            raise FileEmpty
        line, cells = best
        # Blank headings at the end are none, but cells may stand beneath them.
        self._width, self._first = len(cells), bare(cells)
        return line, *without_own(cells)


def bare(cells: Sequence[str]) -> list[str]:
    """Cells without marks and spaces around them, up to the last one that says something."""
    texts = [cell.replace("\ufeff", "").strip() for cell in cells]
    while texts and not texts[-1]:
        texts.pop()
    return texts


def says_nothing(cells: Sequence[str], first: Sequence[str]) -> bool:
    """Whether a row is blank, or the line of the headings (`first`) again, as where lists were joined."""
    if cells and (head := cells[0].replace("\ufeff", "").strip()) and [head] != first[:1]:
        return False
    texts = bare(cells)
    return not texts or (len(texts) > 1 and texts == first)


def fitted(
    line: int, cells: Sequence[str], headings: Sequence[str], *, has_own: bool, fault: str | None
) -> RawRow:
    """A row with as many cells as there are headings, without our own first two; the rest apart."""
    own = len(OWN_COLUMNS) if has_own else 0
    width = own + len(headings)
    if len(cells) == width:
        return RawRow(line, cells[own:] if own else cells, fault)
    beyond = "" if fault else " ".join(text for cell in cells[width:] if (text := cell.strip()))
    row = (list(cells) + [""] * (width - len(cells)))[own:width]
    return RawRow(line, row, fault, beyond)


def without_own(cells: Sequence[str]) -> tuple[bool, list[str]]:
    """Whether the headings begin with those of our own file of rejected rows, and the rest of them."""
    headings = bare(cells)
    has_own = tuple(headings[: len(OWN_COLUMNS)]) == OWN_COLUMNS
    return has_own, headings[len(OWN_COLUMNS) :] if has_own else headings


def _damaged(error: UnicodeError) -> NotATable:
    encoding = error.encoding if isinstance(error, UnicodeDecodeError) else "?"
    return NotATable(what=f"damaged text ({encoding.upper()})")


def _refuse_other_things(path: Path) -> None:
    with path.open("rb") as file:
        start = file.read(512)
    if not start:
        raise FileEmpty
    for signature, what in _SIGNATURES:
        if start.startswith(signature):
            raise NotATable(what=what)
    text = start.removeprefix(b"\xef\xbb\xbf").lstrip().lower()
    for opening, what in _OPENINGS:
        if text.startswith(opening):
            raise NotATable(what=what)


def _evenness(sample: Sequence[str], delimiter: str) -> tuple[float, int]:
    """How alike a delimiter cuts the lines, and into how many cells; nothing where it cuts none."""
    try:
        widths = [len(cells) for cells in csv.reader(sample, delimiter=delimiter) if cells]
    except csv.Error:
        return 0.0, 0
    if not widths:
        return 0.0, 0
    usual = max(set(widths), key=lambda width: (widths.count(width), width))
    if usual < 2:
        return 0.0, max(widths)
    return widths.count(usual) / len(widths), usual
