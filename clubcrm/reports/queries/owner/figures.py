"""The figures of the owner's page: roll-ups and indexes, each in one statement."""

from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import date, datetime
from typing import Any, Final, cast

from sqlalchemy import Table, bindparam, case, func, select
from sqlalchemy.orm import Session

from clubcrm.billing.models import Payment
from clubcrm.billing.states import PaymentMethod
from clubcrm.reports.models import RenewalOutcome
from clubcrm.reports.queries.owner.groups import (
    A_DAY,
    MOVES,
    SPANS,
    Asked,
    due_between,
    due_part,
    has_moved,
    is_at_risk,
    who,
)
from clubcrm.reports.states import DuePart, Group
from clubcrm.retention.models import MemberState, PhaseChange
from clubcrm.retention.states import Risk

HAPPENED: Final = (
    Group.RENEWED,
    Group.SLIPPED,
    Group.CAME_BACK,
    Group.JOINED,
    Group.NOTICE,
    Group.LEFT,
)
"""What the page tells of since yesterday."""

_state = cast(Table, MemberState.__table__)
_outcome = cast(Table, RenewalOutcome.__table__)
_change = cast(Table, PhaseChange.__table__)
_payment = cast(Table, Payment.__table__)


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


@dataclass(frozen=True)
class Happened:
    """How many people something happened to since yesterday."""

    group: Group
    people: int


def since_yesterday(session: Session, asked: Asked) -> list[Happened]:
    """What happened since yesterday, in the order of the page: two statements."""
    moves = session.execute(
        select(
            *(
                func.count(case((_change.c.transition.in_(moves), _change.c.person_id)).distinct())
                for moves in MOVES.values()
            )
        ).where(has_moved(asked.club_id, asked.yesterday, asked.today))
    ).one()
    found = dict(zip(MOVES, map(int, moves), strict=True))
    renewed = who(replace(asked, group=Group.RENEWED)).subquery()
    found[Group.RENEWED] = session.scalar(select(func.count()).select_from(renewed)) or 0
    return [Happened(group, found[group]) for group in HAPPENED]


@dataclass(frozen=True)
class MoneyMoved:
    """What was taken in cash today, what was given back since yesterday and to how many; minor units."""

    cash_minor: int = 0
    refunded_minor: int = 0
    refunded_people: int = 0


_is_back = _payment.c.reverses_id.is_not(None)
_is_cash = (_payment.c.method == PaymentMethod.CASH) & (
    _payment.c.paid_at >= bindparam("begins", type_=_payment.c.paid_at.type)
)
_MOVED = select(
    func.sum(case((_is_cash, _payment.c.amount_minor), else_=0)),
    func.sum(case((_is_back, -_payment.c.amount_minor), else_=0)),
    func.count(case((_is_back, _payment.c.person_id)).distinct()),
).where(
    _payment.c.club_id == bindparam("club"),
    _payment.c.paid_at >= bindparam("since", type_=_payment.c.paid_at.type),
    _payment.c.is_imported.is_(False),
)
"""The owner's page asks this: it is put together once."""


def money_moved(session: Session, asked: Asked, begins: datetime) -> MoneyMoved:
    """The money of the last two days; `begins` is when today began."""
    of = {"club": asked.club_id, "since": asked.since, "begins": begins}
    row = session.execute(_MOVED, of).one()
    return MoneyMoved(*(int(value or 0) for value in row))
