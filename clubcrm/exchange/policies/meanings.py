"""What the cells of a column say, counted, and what each of them can be said to mean."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from functools import partial
from typing import Final

from clubcrm.exchange.policies import vocabulary
from clubcrm.exchange.policies.cells import told
from clubcrm.exchange.policies.columns import Column, Form
from clubcrm.exchange.policies.figures import (
    read_direction,
    read_gender,
    read_method,
    read_status,
    read_yes_no,
    writes_m_for_female,
)
from clubcrm.exchange.policies.guarding import unguarded
from clubcrm.exchange.policies.mapping import value_key

MOST_COUNTED: Final = 200
"""Different cells of a column that are told apart; where there are more, nobody lists them."""

MEANINGS: Final[Mapping[Form, tuple[str, ...]]] = {
    Form.GENDER: ("female", "male", "other"),
    Form.YES_NO: ("yes", "no"),
    Form.METHOD: tuple(vocabulary.METHODS),
    Form.STATUS: tuple(vocabulary.STATUSES),
    Form.DIRECTION: tuple(vocabulary.DIRECTIONS),
}
"""What a cell of a column can mean, where it is one of a few things."""

_NAMED: Final = frozenset({"plan"})
"""Columns whose cells are names: each may be given a better one."""


def _yes_or_no(text: str) -> str | None:
    is_so = read_yes_no(text)
    return None if is_so is None else MEANINGS[Form.YES_NO][0 if is_so else 1]


_READERS: Final[Mapping[Form, Callable[[str], str | None]]] = {
    Form.GENDER: read_gender,
    Form.YES_NO: _yes_or_no,
    Form.METHOD: read_method,
    Form.STATUS: read_status,
    Form.DIRECTION: read_direction,
}


@dataclass(frozen=True)
class Said:
    """One thing the cells of a column say: as it is written, by which key it is kept, and how often.

    `read` is what it is taken for where nobody says anything; None = it is not understood, or a name.
    """

    text: str
    key: str
    count: int
    read: str | None


class CellTally:
    """Counts what stands in each column of a file, up to so many different cells."""

    def __init__(self, width: int) -> None:
        self._counts: list[dict[str, int]] = [{} for _ in range(width)]

    def add(self, cells: Sequence[str]) -> None:
        """Count the cells of one row."""
        for counts, cell in zip(self._counts, cells):
            if cell in counts:
                counts[cell] += 1
            elif len(counts) <= MOST_COUNTED:
                counts[cell] = 1

    def said(self, place: int, column: Column) -> list[Said]:
        """What a column says, what is not understood first and then the most frequent."""
        found: dict[str, tuple[str, int]] = {}
        for cell, count in self._counts[place].items():
            text = told(column, cell)
            if text:
                key = value_key(text)
                first, so_far = found.get(key, (text, 0))
                found[key] = (first, so_far + count)
        read = _READERS.get(column.form, _unread)
        if column.form is Form.GENDER and writes_m_for_female(found):
            read = partial(read_gender, m_is_female=True)
        rows = [Said(text, key, count, read(text)) for key, (text, count) in found.items()]
        return sorted(rows, key=lambda row: (row.read is not None, -row.count, row.text))

    def is_yes_or_no(self, place: int) -> bool:
        """Whether a column says yes and no and nothing else."""
        texts = {unguarded(cell).strip() for cell in self._counts[place]} - {""}
        return len(texts) > 1 and all(read_yes_no(text) is not None for text in texts)


def takes_meanings(column: Column) -> bool:
    """Whether one can say what the cells of a column mean."""
    return column.form in MEANINGS or column.name in _NAMED


def meaning_of(column: Column, text: str) -> str:
    """What was told of a cell, as the page offers it: one of the few things, else the text itself."""
    return _READERS.get(column.form, _unread)(text) or text


def _unread(_text: str) -> None:
    return None
