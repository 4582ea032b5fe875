"""The figures of the owner's page: roll-ups and indexes, each in one statement."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date
from typing import Any, Final, cast

from sqlalchemy import Table, case, func, select
from sqlalchemy.orm import Session

from clubcrm.reports.models import RenewalOutcome
from clubcrm.reports.queries.owner.groups import (
    A_DAY,
    SPANS,
    due_between,
    due_part,
    is_at_risk,
)
from clubcrm.reports.states import DuePart
from clubcrm.retention.models import MemberState
from clubcrm.retention.states import Risk

_state = cast(Table, MemberState.__table__)
_outcome = cast(Table, RenewalOutcome.__table__)


@dataclass(frozen=True)
class AtRisk:
    """How many are at risk, and what they bring a year together, as far as that is known."""

    people: int = 0
    high: int = 0
    known: int = 0
    value_minor: int = 0

    @property
    def watch(self) -> int:
        """Those whose risk is watch."""
        return self.people - self.high


def at_risk(session: Session, club_id: int) -> AtRisk:
    """The figures of those at risk, from their index."""
    row = session.execute(
        select(
            func.count(),
            func.sum(case((_state.c.risk == Risk.HIGH, 1), else_=0)),
            func.count(_state.c.value_minor),
            func.sum(_state.c.value_minor),
        ).where(is_at_risk(club_id))
    ).one()
    return AtRisk(*(int(value or 0) for value in row))


@dataclass(frozen=True)
class DueRow:
    """The terms of one part (None = all) that end soon, in each of the SPANS of days."""

    part: DuePart | None
    counts: Sequence[int]


SHORT: Final = SPANS[0]


def renewals_due(session: Session, club_id: int, today: date) -> list[DueRow]:
    """The terms that end in 7 and in 30 days: all, and by part, in the parts' order."""
    is_soon = case((_outcome.c.ends_on < today + SHORT * A_DAY, 1), else_=0)
    part = due_part().label("part")
    query = (
        select(part, func.sum(is_soon), func.count())
        .select_from(_outcome.outerjoin(_state, _state.c.person_id == _outcome.c.person_id))
        .where(due_between(club_id, today, SPANS[-1]))
        .group_by(part)
    )
    found: dict[str, tuple[int, int]] = {
        name: (int(soon or 0), int(count)) for name, soon, count in session.execute(query)
    }
    rows = [DueRow(one, found.get(str(one), (0, 0))) for one in DuePart]
    total: Any = tuple(sum(row.counts[no] for row in rows) for no in range(len(SPANS)))
    return [DueRow(None, total), *rows]
