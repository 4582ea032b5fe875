"""The term that a line of a list speaks of: read for many people at once, and no more of it than is shown."""

from collections.abc import Collection
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from typing import Final, cast

from sqlalchemy import BindParameter, Date, Table, and_, bindparam, select
from sqlalchemy.orm import Session

from clubcrm.core.period import Period
from clubcrm.core.sql import asked_of, chunks
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
_TERMS = (
    select(
        _term.c.id,
        _term.c.person_id,
        _plan.c.name,
        _term.c.is_access,
        _term.c.is_trial,
        _term.c.starts_on,
        _term.c.until_on,
        _term.c.visits_left,
        _freeze.c.from_on,
        _freeze.c.until_on,
    )
    .join_from(_term, _plan, _plan.c.id == _term.c.plan_id)
    .outerjoin(
        _freeze,
        and_(
            _freeze.c.membership_id == _term.c.id,
            _freeze.c.cancelled_at.is_(None),
            _freeze.c.from_on <= _DAY,
            _freeze.c.until_on > _DAY,
        ),
    )
    .where(_term.c.person_id.in_(bindparam("people", expanding=True)), _term.c.voided_at.is_(None))
    .order_by(_term.c.starts_on.desc(), _term.c.id.desc())
)


def shown_terms_of(
    session: Session, person_ids: Collection[int], day: date
) -> dict[int, BriefTerm]:
    """The term that each person's line shows on a day: the running one, the next, or the last."""
    held: dict[int, list[BriefTerm]] = {}
    for people in chunks(list(person_ids), AT_ONCE):
        for *values, frozen, thawed in asked_of(session, _TERMS, "people", people, day=day):
            pause = Period(frozen, thawed) if frozen else None
            held.setdefault(values[1], []).append(BriefTerm(*(*values, pause)))
    shown = ((person_id, shown_term(terms, day)) for person_id, terms in held.items())
    return {person_id: term for person_id, term in shown if term is not None}
