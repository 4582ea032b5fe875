"""Text files of rows: CSV and its kin, with any usual delimiter, encoding and line end."""

import csv
import io
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import IO, Final

from clubcrm.exchange.errors import FileEmpty, NotATable, OpenQuote, TooManyColumns, TooManyRows
from clubcrm.exchange.policies.headings import recognised
from clubcrm.exchange.readers.encodings import encoding_of
from clubcrm.exchange.readers.port import (
    HEADING_LINES,
    MAX_CELL,
    MAX_COLUMNS,
    MAX_LINE,
    MAX_ROWS,
    RawRow,
)
from clubcrm.exchange.states import OWN_COLUMNS

DELIMITERS: Final = (",", ";", "\t", "|")
_NAMES: Final = {",": ",", ";": ";", "\t": "tab", "|": "|"}
_SAMPLE_LINES: Final = 200
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

# One number for the whole process; a cell above it is refused, see `_Lines`.
csv.field_size_limit(MAX_CELL)


class _LineTooLong(Exception):
    """One line of the file is longer than any row should be; it has been passed over."""


class _Lines:
    """The lines of a text, each bounded, counted, with NUL characters taken out.

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
        line = self._stream.readline(MAX_LINE)
        if not line:
            self.ended = True
            raise StopIteration
        self.number += 1
        if len(line) >= MAX_LINE and not line.endswith("\n"):
            while (rest := self._stream.readline(MAX_LINE)) and not rest.endswith("\n"):
                pass
            raise _LineTooLong
        return line.replace("\0", "") if "\0" in line else line


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
    def has_lost_characters(self) -> bool:
        """Whether some bytes fit no encoding and read as �."""
        return self._encoding.replaces

    def rows(self) -> Iterator[RawRow]:
        """The rows beneath the headings. Raises OpenQuote, TooManyRows."""
        width = len(self.headings) + (len(OWN_COLUMNS) if self._has_own else 0)
        count = 0
        for row in self._records():
            if row.line <= self.heading_line:
                continue
            if row.fault is None and not any(cell.strip() for cell in row.cells):
                continue
            count += 1
            if count > MAX_ROWS:
                raise TooManyRows(most=f"{MAX_ROWS:,}")
            yield self._fitted(row, width)

    def _fitted(self, row: RawRow, width: int) -> RawRow:
        """The row with as many cells as there are headings, without our own first two."""
        cells = list(row.cells)
        fault = row.fault
        if any(cell.strip() for cell in cells[width:]):
            fault = fault or "too_many_cells"
        else:
            cells = (cells + [""] * (width - len(cells)))[:width]
        return RawRow(row.line, cells[len(OWN_COLUMNS) :] if self._has_own else cells, fault)

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
        try:
            with self._open() as stream:
                sample = stream.read(65_536)
        except UnicodeError as error:
            raise NotATable(what="damaged text (UTF-16)") from error
        if not sample.strip("\ufeff \t\r\n\0"):
            raise FileEmpty
        control = sum((ord(c) < 32 and c not in "\t\n\r") or c == "\ufffd" for c in sample)
        if control > max(2, len(sample) // 50):
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
        return line, *without_own(cells)


def without_own(cells: Sequence[str]) -> tuple[bool, list[str]]:
    """Whether the headings begin with those of our own file of rejected rows, and the rest of them."""
    headings = [cell.replace("\ufeff", "").strip() for cell in cells]
    while headings and not headings[-1]:
        headings.pop()
    has_own = tuple(headings[: len(OWN_COLUMNS)]) == OWN_COLUMNS
    return has_own, headings[len(OWN_COLUMNS) :] if has_own else headings


def _refuse_other_things(path: Path) -> None:
    with path.open("rb") as file:
        start = file.read(16)
    if not start:
        raise FileEmpty
    for signature, what in _SIGNATURES:
        if start.startswith(signature):
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
