"""Exports as CSV: UTF-8 with a byte order mark, guarded against formulas."""

import csv
from collections.abc import Iterable, Sequence
from datetime import datetime
from pathlib import Path

from clubcrm.exchange.policies.guarding import guarded
from clubcrm.exchange.queries.tables import Cell
from clubcrm.exchange.writers.whole import whole_file


class CsvWriter:
    """Writes CSV."""

    def write(
        self, folder: Path, name: str, headings: Sequence[str], rows: Iterable[Sequence[Cell]]
    ) -> tuple[list[Path], int]:
        """Write one CSV file."""
        path = folder / f"{name}.csv"
        count = 0
        with (
            whole_file(path) as part,
            part.open("w", encoding="utf-8-sig", newline="") as file,
        ):
            writer = csv.writer(file)
            writer.writerow(headings)
            for row in rows:
                writer.writerow([_text(cell) for cell in row])
                count += 1
        return [path], count


def _text(cell: Cell) -> Cell:
    """A cell as CSV holds it; only what people wrote can be a formula."""
    if isinstance(cell, str):
        return guarded(cell)
    return cell.isoformat() if isinstance(cell, datetime) else cell
