"""What an import is told, and what each kind of file must be able to do."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date, datetime
from typing import Any, NamedTuple, Protocol

from sqlalchemy.orm import Session

from clubcrm.accounts.queries import ClubRow
from clubcrm.core.actor import Actor
from clubcrm.exchange.policies.mapping import Layout
from clubcrm.exchange.policies.row import Problem, Row
from clubcrm.exchange.states import Kind, RowOutcome, Touch
from clubcrm.members.states import ConsentBasis

REVISION = "_revision"
"""Among the old values of a touched row: its revision before, which an undo gives back."""


@dataclass(frozen=True)
class Task:
    """One file to take in: for which club, as of which day, on which basis of consent, by whom.

    In a rehearsal nothing is written.
    """

    club: ClubRow
    kind: Kind
    layout: Layout
    as_of_on: date
    consent: ConsentBasis
    wording: str
    by: Actor
    now: datetime
    other_clubs: Mapping[str, str] = field(default_factory=dict)  # folded name or code -> code
    is_rehearsal: bool = False

    @property
    def today(self) -> date:
        """The club's day."""
        return self.club.today(self.now)


@dataclass(slots=True)
class Decision:
    """What is to become of one row; `what` is the kind's own note of how."""

    row: Row
    outcome: RowOutcome
    what: Any = None


class Touched(NamedTuple):
    """A row of another table that was made or changed; `revision` is its revision now."""

    table: str
    row_id: int
    touch: Touch
    revision: int | None = None
    before: Mapping[str, Any] | None = None


@dataclass(slots=True)
class Said:
    """What a row said about one thing, to be remembered: identity, marks of its cells, its row id.

    `is_new` where nothing was said of it so far, as far as whoever decided about the row could see.
    """

    kind: Kind
    digest: str
    row_id: int
    cells: dict[str, Any] = field(default_factory=dict)
    is_new: bool = False


@dataclass(slots=True)
class Effects:
    """What storing some rows left behind; `late` are problems found out after the row, by line."""

    touched: list[Touched] = field(default_factory=list)
    said: list[Said] = field(default_factory=list)
    late: list[tuple[int, Problem]] = field(default_factory=list)


class Importer(Protocol):
    """One kind of file: decides about rows by reading only, then stores what was decided.

    `settle` is called after each part: with True once it is committed, with False when it was given up
    and is about to be tried row by row.
    """

    def decide(self, session: Session, rows: Sequence[Row]) -> list[Decision]:
        """Say what becomes of each row, in order. Reads, never writes."""
        ...

    def store(self, session: Session, decisions: Sequence[Decision]) -> Effects:
        """Do what was decided, through the operations of the packages below."""
        ...

    def settle(self, done: bool) -> None:
        """Keep, or forget, what the last part taught about the file."""
        ...

    def finish(self, session: Session) -> Effects | None:
        """Do a part of what can only be done when every row is known; None when all is done."""
        ...
