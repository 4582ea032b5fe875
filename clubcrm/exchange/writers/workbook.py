"""Exports as Excel workbooks, written row by row."""

from collections.abc import Iterable, Iterator, Sequence
from datetime import date, datetime
from decimal import Decimal
from itertools import islice
from pathlib import Path
from typing import Any, Final

import xlsxwriter

from clubcrm.exchange.policies.guarding import guarded, unguarded
from clubcrm.exchange.queries.tables import Cell
from clubcrm.exchange.writers.whole import whole_file

MAX_ROWS: Final = 1_000_000
"""Rows in one workbook; Excel takes 1,048,576. What is more goes into a second file, and on."""

MAX_TEXT: Final = 32_767
_OPTIONS: Final = {
    "constant_memory": True,
    "strings_to_formulas": False,
    "strings_to_urls": False,
    "strings_to_numbers": False,
    "default_date_format": "yyyy-mm-dd",
}


class WorkbookWriter:
    """Writes xlsx. Text is text, so that phones keep their plus and cards their zeros."""

    def __init__(self, *, from_right: bool = False) -> None:
        self._from_right = from_right

    def write(
        self, folder: Path, name: str, headings: Sequence[str], rows: Iterable[Sequence[Cell]]
    ) -> tuple[list[Path], int]:
        """Write one workbook, or several where the rows are too many for one."""
        paths: list[Path] = []
        count = 0
        left = iter(rows)
        while True:
            suffix = f"-{len(paths) + 1}" if paths else ""
            path = folder / f"{name}{suffix}.xlsx"
            with whole_file(path) as part:
                written = self._write_one(part, name, headings, islice(left, MAX_ROWS))
            paths.append(path)
            count += written
            if written < MAX_ROWS:
                return paths, count

    def _write_one(
        self, path: Path, name: str, headings: Sequence[str], rows: Iterator[Sequence[Cell]]
    ) -> int:
        count = 0
        with xlsxwriter.Workbook(str(path), _OPTIONS) as book:
            sheet = book.add_worksheet(name[:31])
            if self._from_right:
                sheet.right_to_left()
            bold = book.add_format({"bold": True})
            for column, heading in enumerate(headings):
                sheet.write_string(0, column, heading, bold)
            for count, row in enumerate(rows, 1):
                for column, cell in enumerate(row):
                    _write(sheet, count, column, cell)
            sheet.freeze_panes(1, 0)
            sheet.autofilter(0, 0, count, len(headings) - 1)
        return count


def _write(sheet: Any, row: int, column: int, cell: Cell) -> None:
    if cell is None or cell == "":
        return
    if isinstance(cell, str):
        # Nothing is reckoned here; only a quote that a reader would take away needs another one.
        text = guarded(cell) if unguarded(cell) != cell else cell
        sheet.write_string(row, column, text[:MAX_TEXT])
    elif isinstance(cell, datetime):
        # With its zone and every digit of its seconds, which Excel's own times cannot hold.
        sheet.write_string(row, column, cell.isoformat())
    elif isinstance(cell, date):
        sheet.write_datetime(row, column, datetime(cell.year, cell.month, cell.day))  # noqa: DTZ001
    else:
        sheet.write_number(row, column, float(cell) if isinstance(cell, Decimal) else cell)
