"""What every writer of an export does."""

from collections.abc import Iterable, Sequence
from pathlib import Path
from typing import Protocol

from clubcrm.exchange.queries.tables import Cell


class Writer(Protocol):
    """Writes one table to a folder."""

    def write(
        self, folder: Path, name: str, headings: Sequence[str], rows: Iterable[Sequence[Cell]]
    ) -> tuple[list[Path], int]:
        """Write a table; returns its files and how many rows they hold.

        A file has its name only when it is whole. Nobody but the owner of the folder reads it.
        """
        ...
