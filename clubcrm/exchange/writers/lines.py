"""Exports as lines of JSON, one object a row."""

import json
from collections.abc import Iterable, Sequence
from datetime import date
from decimal import Decimal
from pathlib import Path
from typing import Any

from clubcrm.exchange.queries.tables import Cell
from clubcrm.exchange.writers.whole import whole_file


class JsonLinesWriter:
    """Writes JSON lines; amounts are text, so that no digit is lost."""

    def write(
        self, folder: Path, name: str, headings: Sequence[str], rows: Iterable[Sequence[Cell]]
    ) -> tuple[list[Path], int]:
        """Write one file of JSON lines."""
        path = folder / f"{name}.jsonl"
        count = 0
        with whole_file(path) as part, part.open("w", encoding="utf-8") as file:
            for row in rows:
                told = dict(zip(headings, map(_plain, row), strict=True))
                file.write(json.dumps(told, ensure_ascii=False) + "\n")
                count += 1
        return [path], count


def _plain(cell: Cell) -> Any:
    if isinstance(cell, date):
        return cell.isoformat()
    return str(cell) if isinstance(cell, Decimal) else cell
