"""The doctor: asks every invariant whether it holds, and changes nothing.

Everything is read as of one moment, so that what staff do meanwhile raises no false alarm.
"""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import datetime
from itertools import islice

from clubcrm.accounts.queries import clubs, find_club
from clubcrm.core.invariants import Examined, Invariant
from clubcrm.core.sql import hold_still
from clubcrm.core.transactions import reading
from clubcrm.wiring import INVARIANTS

MOST = 1000
"""Rows listed of one invariant; of more it is only said that there are more."""


@dataclass(frozen=True)
class Finding:
    """One invariant, and the rows that break it (none: it holds)."""

    code: str
    words: str
    rows: tuple[str, ...]
    has_more: bool = False

    @property
    def holds(self) -> bool:
        """Whether nothing breaks it."""
        return not self.rows


def examine(
    club_code: str | None,
    *,
    now: datetime,
    invariants: Sequence[Invariant] = INVARIANTS,
    tell: Callable[[Finding], None] = lambda _finding: None,
) -> list[Finding]:
    """Ask every invariant of one club, or of all. Raises UnknownClub."""
    findings = []
    with reading() as session:
        hold_still(session)
        ids = [club.id for club in clubs(session)]
        if club_code is not None:
            ids = [find_club(session, club_code).id]
        examined = Examined(ids, now)
        for invariant in invariants:
            rows = list(islice(invariant.find(session, examined), MOST + 1))
            finding = Finding(
                invariant.code, str(invariant.words), tuple(rows[:MOST]), len(rows) > MOST
            )
            tell(finding)
            findings.append(finding)
    return findings
