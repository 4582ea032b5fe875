"""The term that a line of a list speaks of: read for many people at once, and no more of it than is shown."""

from collections.abc import Collection, Sequence
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from typing import Any, Final, cast

from sqlalchemy import BindParameter, ColumnElement, Date, Select, Table, and_, bindparam, select
from sqlalchemy.orm import Session

from clubcrm.core.period import Period
from clubcrm.core.prepared import Prepared
from clubcrm.core.sql import chunks
from clubcrm.members.models import Freeze, Membership, Plan
from clubcrm.members.policies import shown_term, state_on
from clubcrm.members.states import MembershipState

AT_ONCE: Final = 5000
_ONE_DAY = timedelta(days=1)
_term = cast(Table, Membership.__table__)
_plan = cast(Table, Plan.__table__)
_freeze = cast(Table, Freeze.__table__)


@dataclass(frozen=True)
class BriefTerm:
    """A term that stands, as it is on the day it was read for; half-open inside."""

    id: int
    person_id: int
    plan_name: str
    is_access: bool
    is_trial: bool
    starts_on: date
    until_on: date | None
    visits_left: int | None
    pause: Period | None
    """The freeze that covers the day."""

    @property
    def voided_at(self) -> datetime | None:
        """None: a term that was taken back is not shown."""
        return None

    @property
    def pauses(self) -> tuple[Period, ...]:
        """The frozen days about this day."""
        return (self.pause,) if self.pause else ()

    @property
    def ends_on(self) -> date | None:
        """The last valid day, inclusive; None = open."""
        return None if self.until_on is None else self.until_on - _ONE_DAY

    def state_on(self, day: date) -> MembershipState:
        """Where the term stands on the day it was read for."""
        return state_on(self, day)


_DAY: BindParameter[date] = bindparam("day", type_=Date)
TERM_COLUMNS: Final[Sequence[ColumnElement[Any]]] = (
    _term.c.id.label("term_id"),
    _term.c.person_id.label("term_of"),
    _plan.c.name.label("plan"),
    _term.c.is_access,
    _term.c.is_trial,
    _term.c.starts_on,
    _term.c.until_on,
    _term.c.visits_left,
    _freeze.c.from_on.label("frozen"),
    _freeze.c.until_on.label("thawed"),
)
"""What `brief_term` is made of, the last columns of a row."""

FROZEN_NOW: Final = and_(
    _freeze.c.membership_id == _term.c.id,
    _freeze.c.cancelled_at.is_(None),
    _freeze.c.from_on <= _DAY,
    _freeze.c.until_on > _DAY,
)
"""How a term and the freeze that covers `day` belong together."""

LATEST_FIRST: Final = (_term.c.starts_on.desc(), _term.c.id.desc())

_TERMS = Prepared(
    select(*TERM_COLUMNS)
    .join_from(_term, _plan, _plan.c.id == _term.c.plan_id)
    .outerjoin(_freeze, FROZEN_NOW)
    .where(_term.c.person_id.in_(bindparam("people", expanding=True)), _term.c.voided_at.is_(None))
    .order_by(*LATEST_FIRST)
)


def with_terms(query: Select[Any], person_id: ColumnElement[int]) -> Select[Any]:
    """A query about people, with a row for each term of each on `day`; whoever has none keeps his row."""
    stands = and_(_term.c.person_id == person_id, _term.c.voided_at.is_(None))
    return (
        query.outerjoin(_term, stands)
        .outerjoin(_plan, _plan.c.id == _term.c.plan_id)
        .outerjoin(_freeze, FROZEN_NOW)
        .add_columns(*TERM_COLUMNS)
    )


def brief_term(row: Sequence[Any]) -> BriefTerm:
    """The term in the last columns of a row."""
    frozen, thawed = row[-2:]
    values = [*row[-len(TERM_COLUMNS) : -2], Period(frozen, thawed) if frozen else None]
    return BriefTerm(*values)


def shown_terms_of(
    session: Session, person_ids: Collection[int], day: date
) -> dict[int, BriefTerm]:
    """The term that each person's line shows on a day: the running one, the next, or the last."""
    held: dict[int, list[BriefTerm]] = {}
    for people in chunks(list(person_ids), AT_ONCE):
        for row in _TERMS.all(session, {"people": people, "day": day}):
            held.setdefault(row.term_of, []).append(brief_term(row))
    shown = ((person_id, shown_term(terms, day)) for person_id, terms in held.items())
    return {person_id: term for person_id, term in shown if term is not None}
