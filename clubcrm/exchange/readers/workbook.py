"""Excel workbooks: sizes checked first, unpacked by a child process, read from its lines."""

import json
import subprocess
import sys
import zipfile
from collections.abc import Iterator, Sequence
from itertools import islice
from pathlib import Path
from typing import Final

from clubcrm.exchange.errors import (
    FileEmpty,
    NotATable,
    TooManyColumns,
    TooManyRows,
    WorkbookDamaged,
    WorkbookLocked,
    WorkbookTooLarge,
)
from clubcrm.exchange.policies.headings import recognised
from clubcrm.exchange.readers import sheet_child
from clubcrm.exchange.readers.delimited import bare, fitted, says_nothing, without_own
from clubcrm.exchange.readers.port import HEADING_LINES, MAX_CELL, MAX_COLUMNS, MAX_ROWS, RawRow

MAX_UNPACKED: Final = 256 * 1024 * 1024
MAX_RATIO: Final = 150  # a real list packs to a tenth or a twentieth
RATIO_COUNTS_FROM: Final = 20 * 1024 * 1024
MAX_PARTS: Final = 2_000
MAX_MEMORY: Final = 1536 * 1024 * 1024
MAX_SECONDS: Final = 60
SHEETS_TRIED: Final = 5  # a cover sheet may stand before the list

ZIP_MARK: Final = b"PK\x03\x04"
_OLD_OFFICE_MARK: Final = b"\xd0\xcf\x11\xe0"


def is_workbook(path: Path) -> bool:
    """Whether a file begins like an Excel workbook, whatever it is called."""
    with path.open("rb") as file:
        return file.read(4) == ZIP_MARK


def check_sizes(path: Path) -> None:
    """Refuse a workbook that would unpack to too much, before anything is unpacked.

    Raises WorkbookTooLarge, WorkbookDamaged, and NotATable for a zip file that is no workbook.
    """
    try:
        with zipfile.ZipFile(path) as archive:
            parts = archive.infolist()
    except (zipfile.BadZipFile, OSError, ValueError) as error:
        raise WorkbookDamaged from error
    names = {part.filename for part in parts}
    if not any(name.startswith("xl/") for name in names):
        raise NotATable(what="a compressed archive")
    unpacked = sum(part.file_size for part in parts)
    if len(parts) > MAX_PARTS:
        raise WorkbookTooLarge(why=f"{len(parts)} parts")
    packed = path.stat().st_size
    if unpacked > MAX_UNPACKED or (
        unpacked > RATIO_COUNTS_FROM and unpacked > MAX_RATIO * max(packed, 1)
    ):
        raise WorkbookTooLarge(why=f"{packed / 1e6:.1f} MB to {unpacked / 1e6:.0f} MB")


class WorkbookTable:
    """One sheet of a workbook, unpacked once into a file of lines beside it.

    It is the first visible one whose headings are known, else the first that holds cells.
    """

    def __init__(self, path: Path, spool: Path) -> None:
        self._spool = spool
        check_sizes(path)
        self._open_first_known(path)
        self.heading_line, self._has_own, self.headings = self._find_headings()
        self.what = "Excel"

    @property
    def unread(self) -> Sequence[str]:
        """The names of the other visible sheets."""
        return self._others

    @property
    def has_lost_characters(self) -> bool:
        """Workbooks name their encoding, so none are lost."""
        return False

    def rows(self) -> Iterator[RawRow]:
        """The rows beneath the headings, as `Table` says. Raises TooManyRows."""
        count = 0
        for line, cells in self._records():
            if line <= self.heading_line or says_nothing(cells, self._first):
                continue
            count += 1
            if count > MAX_ROWS:
                raise TooManyRows(most=f"{MAX_ROWS:,}")
            fault = None
            if any(len(cell) > MAX_CELL for cell in cells):
                fault, cells = "cell_too_long", [""]
            yield fitted(line, cells, self.headings, has_own=self._has_own, fault=fault)

    def _open_first_known(self, path: Path) -> None:
        for number in range(SHEETS_TRIED):
            try:
                _unpack(path, self._spool, number)
            except FileEmpty:
                if not number:
                    raise
                break
            self._read_names()
            if len(self._others) == 0 or self._knows_headings():
                return
        _unpack(path, self._spool, 0)
        self._read_names()

    def _read_names(self) -> None:
        with self._spool.open(encoding="utf-8") as file:
            names, own = json.loads(next(file))
        self._others = tuple(name for name in names if name != own)

    def _knows_headings(self) -> bool:
        return any(recognised(cells) for _line, cells in islice(self._records(), HEADING_LINES))

    def _records(self) -> Iterator[tuple[int, list[str]]]:
        with self._spool.open(encoding="utf-8") as file:
            next(file)
            for text in file:
                line, cells = json.loads(text)
                yield line, [cell.replace("\0", "") for cell in cells]

    def _find_headings(self) -> tuple[int, bool, Sequence[str]]:
        best: tuple[int, list[str]] | None = None
        best_known = 0
        for seen, (line, cells) in enumerate(self._records()):
            if seen >= HEADING_LINES:
                break
            if len(cells) > MAX_COLUMNS:
                raise TooManyColumns(line=line, columns=len(cells), most=MAX_COLUMNS)
            if not any(cell.strip() for cell in cells):
                continue
            known = recognised(cells)
            if best is None or (known >= 2 and known > best_known and best_known < 2):
                best, best_known = (line, cells), known
        if best is None:
            raise FileEmpty
        self._first = bare(best[1])
        return best[0], *without_own(best[1])


def _unpack(path: Path, spool: Path, number: int) -> None:
    script = Path(sheet_child.__file__)
    limits = (str(MAX_MEMORY), str(MAX_SECONDS), str(MAX_ROWS), str(number))
    try:
        done = subprocess.run(
            [sys.executable, "-I", str(script), str(path), str(spool), *limits],
            capture_output=True,
            timeout=MAX_SECONDS * 2,
            check=False,
        )
    except subprocess.TimeoutExpired as error:
        raise WorkbookTooLarge(why=f"{MAX_SECONDS * 2} s") from error
    if done.returncode == 0:
        return
    if done.returncode == sheet_child.DAMAGED:
        raise WorkbookDamaged
    if done.returncode == sheet_child.LOCKED:
        raise WorkbookLocked
    if done.returncode == sheet_child.EMPTY:
        raise FileEmpty
    raise WorkbookTooLarge(why=f"{MAX_MEMORY // 2**20} MB, {MAX_SECONDS} s")


def is_locked(path: Path) -> bool:
    """Whether a file is an Office document in the old container, as one with a password is."""
    with path.open("rb") as file:
        return file.read(4) == _OLD_OFFICE_MARK and b"E\x00n\x00c\x00r\x00y\x00p\x00t" in file.read(
            1 << 20
        )
