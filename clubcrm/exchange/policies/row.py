"""One row of a file, and what there is to say about it."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, Final

from clubcrm.exchange.states import REJECTING, ProblemCode

SHOWN: Final = 60
"""How much of a cell a problem quotes."""


@dataclass(frozen=True, slots=True)
class Problem:
    """One thing to say about a row: a code, the column it is about, and what its words quote."""

    code: ProblemCode
    column: str | None = None
    figures: Mapping[str, str | int] = field(default_factory=dict)

    @property
    def rejects(self) -> bool:
        """Whether the row cannot be stored for it."""
        return self.code in REJECTING

    @classmethod
    def of(cls, kept: Sequence[Any]) -> "Problem":
        """A problem as it was kept."""
        code, column, figures = kept
        return cls(ProblemCode(code), column, figures)

    def as_json(self) -> list[Any]:
        """The problem as it is kept with the row."""
        return [self.code.value, self.column, dict(self.figures)]


@dataclass(slots=True)
class Row:
    """One row of a file as typed values; a column that says nothing is not among them.

    `is_repeated`: another row of the file speaks of the same person.
    """

    line: int
    values: dict[str, Any]
    problems: list[Problem]
    is_repeated: bool = False

    def get(self, column: str) -> Any:
        """The value of a column, None where the row says nothing."""
        return self.values.get(column)

    def bad(self, column: str) -> bool:
        """Whether the row says something there that cannot be read."""
        return any(problem.column == column for problem in self.problems)

    def add(self, code: ProblemCode, column: str | None = None, **figures: str | int) -> None:
        """Say something about the row."""
        self.problems.append(Problem(code, column, figures))

    @property
    def is_rejected(self) -> bool:
        """Whether the row cannot be stored."""
        return bool(self.problems) and any(problem.rejects for problem in self.problems)
