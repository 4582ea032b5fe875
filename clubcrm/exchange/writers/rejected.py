"""The rows an import rejected, as a file that can be mended and imported again."""

import csv
from collections.abc import Sequence
from typing import IO, Any

from clubcrm.exchange.operations.tasks import Decision
from clubcrm.exchange.policies.guarding import guarded
from clubcrm.exchange.policies.row import Problem
from clubcrm.exchange.readers import RawRow
from clubcrm.exchange.states import OWN_COLUMNS, RowOutcome
from clubcrm.exchange.words import problem_text


class EchoOfRows:
    """Stands for a file where rows are handed on as they are written."""

    def __init__(self) -> None:
        self._written: list[str] = []

    def write(self, text: str) -> int:
        """Take one line."""
        self._written.append(text)
        return len(text)

    def take(self) -> str:
        """Hand on what was written since."""
        text = "".join(self._written)
        self._written.clear()
        return text


class RejectedRows:
    """Writes rejected rows with their line and the reasons in words, before their own cells."""

    def __init__(self, out: IO[str] | EchoOfRows, headings: Sequence[str]) -> None:
        self._writer = csv.writer(out)
        self._writer.writerow([*OWN_COLUMNS, *map(guarded, headings)])

    def keep(self, decisions: Sequence[Decision], raws: Sequence[RawRow]) -> None:
        """Write those of these rows that were rejected."""
        for decision, raw in zip(decisions, raws, strict=True):
            if decision.outcome is RowOutcome.REJECTED:
                self.write(raw, [problem.as_json() for problem in decision.row.problems])

    def write(self, raw: RawRow, problems: Sequence[list[Any]]) -> None:
        """Write one row; why it was rejected first, what else there is to say after that."""
        ordered = sorted(problems, key=lambda problem: not Problem.of(problem).rejects)
        reason = " ".join(problem_text(problem) for problem in ordered)
        self._writer.writerow([raw.line, guarded(reason), *map(guarded, raw.cells)])
