"""Readers of files: text with delimiters and Excel workbooks give the same kind of table."""

import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from clubcrm.exchange.errors import FileTooLarge, WorkbookLocked
from clubcrm.exchange.readers.delimited import DelimitedTable
from clubcrm.exchange.readers.port import MAX_BYTES, RawRow, Table
from clubcrm.exchange.readers.workbook import WorkbookTable, is_locked, is_workbook

__all__ = ["RawRow", "Table", "open_table"]


@contextmanager
def open_table(path: Path, language: str) -> Iterator[Table]:
    """Open a file as a table, by its content and not by its name; refused in words where it is none.

    `language` is the club's, for text whose bytes leave the encoding open.
    """
    size = path.stat().st_size
    if size > MAX_BYTES:
        raise FileTooLarge(size=f"{size / 2**20:.0f}", most=MAX_BYTES // 2**20)
    if is_workbook(path):
        with tempfile.TemporaryDirectory(prefix="clubcrm-import-") as folder:
            yield WorkbookTable(path, Path(folder) / "rows.jsonl")
    elif is_locked(path):
        raise WorkbookLocked
    else:
        yield DelimitedTable(path, language)
