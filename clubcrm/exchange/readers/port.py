"""What every reader of files gives, and how much of a file is read.

The limits keep one bad file from taking the machine with it; they stand in docs/import.md.
"""

from collections.abc import Iterator, Sequence
from typing import Final, NamedTuple, Protocol

MAX_BYTES: Final = 256 * 1024 * 1024
MAX_ROWS: Final = 1_000_000
MAX_COLUMNS: Final = 500
MAX_CELL: Final = 131_072  # characters in one cell
MAX_LINE: Final = 1_048_576  # characters in one line of text
TOO_MANY_CELLS: Final = "too_many_cells"
HEADING_LINES: Final = 20  # a title or an empty line may stand above the headings


class RawRow(NamedTuple):
    """One row as text: its line in the file and its cells; `fault` says what keeps it from being read.

    Faults: `cell_too_long`, `too_many_cells`. `beyond` is what stands further right than the headings.
    """

    line: int
    cells: Sequence[str]
    fault: str | None = None
    beyond: str = ""


class Table(Protocol):
    """A file as headings and rows of text. Rows can be gone through any number of times."""

    headings: Sequence[str]
    heading_line: int
    what: str  # "CSV, UTF-8, parted by commas", for the screen

    @property
    def unread(self) -> Sequence[str]:
        """The names of other sheets of a workbook, of which nothing is read."""
        ...

    @property
    def has_lost_characters(self) -> bool:
        """Whether some bytes may fit no encoding and read as \ufffd."""
        ...

    def rows(self) -> Iterator[RawRow]:
        """The rows beneath the headings; blank ones and headings told again are left out."""
        ...
