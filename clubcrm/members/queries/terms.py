"""The terms of people, with their freezes."""

from collections.abc import Collection, Iterable, Sequence
from dataclasses import dataclass, replace
from datetime import date, datetime, timedelta
from typing import Any, cast

from sqlalchemy import BindParameter, Table, bindparam, select
from sqlalchemy.orm import Session

from clubcrm.core.money import Money
from clubcrm.core.period import Period
from clubcrm.core.prepared import Prepared
from clubcrm.core.sql import chunks
from clubcrm.members.errors import UnknownFreeze, UnknownMembership
from clubcrm.members.models import Freeze, Membership, Person, Plan
from clubcrm.members.policies import current_term, state_on
from clubcrm.members.states import EndReason, Link, MembershipState, PlanKind

_ONE_DAY = timedelta(days=1)
_term = cast(Table, Membership.__table__)
_plan = cast(Table, Plan.__table__)
_person = cast(Table, Person.__table__)
_freeze = cast(Table, Freeze.__table__)


@dataclass(frozen=True)
class FreezeRow:
    """A freeze; half-open, `until_on` is the first day back."""

    id: int
    club_id: int
    membership_id: int
    person_id: int
    from_on: date
    until_on: date
    reason: str
    cancelled_at: datetime | None

    @property
    def period(self) -> Period:
        """The frozen days."""
        return Period(self.from_on, self.until_on)


@dataclass(frozen=True)
class TermRow:
    """A term with its plan's name and the freezes that count; half-open inside."""

    id: int
    club_id: int
    person_id: int
    plan_id: int
    external_id: str | None
    kind: PlanKind
    calendar: str
    months: int | None
    days: int | None
    is_access: bool
    is_trial: bool
    starts_on: date
    agreed_until_on: date | None
    until_on: date | None
    visits_total: int | None
    visits_left: int | None
    auto_renew: bool
    price_minor: int | None
    currency: str
    sold_at: datetime
    sold_here: bool
    seller: str
    previous_id: int | None
    link: Link | None
    renewals_before: int
    cancel_requested_at: datetime | None
    cancel_until_on: date | None
    end_reason: EndReason | None
    end_note: str
    voided_at: datetime | None
    revision: int
    created_at: datetime
    plan_name: str
    hours: str | None
    debt_grace_days: int
    freezes: tuple[FreezeRow, ...] = ()

    @property
    def pauses(self) -> tuple[Period, ...]:
        """The frozen days."""
        return tuple(freeze.period for freeze in self.freezes)

    @property
    def ends_on(self) -> date | None:
        """The last valid day, inclusive, as screens, files and the API say it; None = open."""
        return None if self.until_on is None else self.until_on - _ONE_DAY

    @property
    def price(self) -> Money | None:
        """What it cost; None where that is not known."""
        return None if self.price_minor is None else Money(self.price_minor, self.currency)

    def state_on(self, day: date) -> MembershipState:
        """Where the term stands on a day."""
        return state_on(self, day)

    def freeze_on(self, day: date) -> FreezeRow | None:
        """The freeze that covers a day."""
        return next((f for f in self.freezes if f.period.contains(day)), None)

    def days_left(self, day: date) -> int | None:
        """Days after this one on which it runs: 0 on its last day and when over, None when open."""
        if self.until_on is None:
            return None
        return max((self.until_on - max(day, self.starts_on)).days - 1, 0)


_FROM_PLAN = {"plan_name": _plan.c.name, "hours": _plan.c.hours}
_FROM_PLAN["debt_grace_days"] = _plan.c.debt_grace_days
_COLUMNS = [
    _FROM_PLAN[name] if name in _FROM_PLAN else _term.c[name]
    for name in TermRow.__dataclass_fields__
    if name != "freezes"
]
_FREEZE_COLUMNS = [_freeze.c[name] for name in FreezeRow.__dataclass_fields__]
_NEWEST_FIRST = (
    select(*_COLUMNS)
    .join(_plan, _plan.c.id == _term.c.plan_id)
    .order_by(_term.c.starts_on.desc(), _term.c.id.desc())
)
_STANDING_FREEZES = (
    select(*_FREEZE_COLUMNS)
    .where(_freeze.c.cancelled_at.is_(None))
    .order_by(_freeze.c.from_on, _freeze.c.id)
)

# Asked at nearly every page: put together once.
_PEOPLE: BindParameter[int] = bindparam("people", expanding=True)
_TERMS_OF = Prepared(_NEWEST_FIRST.where(_term.c.person_id.in_(_PEOPLE)))
_FREEZES_OF = Prepared(_STANDING_FREEZES.where(_freeze.c.person_id.in_(_PEOPLE)))
_ONE_TERM = _NEWEST_FIRST.where(_term.c.id == bindparam("term"))
_FREEZES_OF_TERM = _STANDING_FREEZES.where(_freeze.c.membership_id == bindparam("term"))


def memberships_of(session: Session, person_id: int, *, with_voided: bool = False) -> list[TermRow]:
    """The terms of a person, newest first, with their freezes; `row.state_on(day)` tells the state.

    Terms that were taken back are left out unless asked for.
    """
    return memberships_of_many(session, [person_id], with_voided=with_voided).get(person_id, [])


def memberships_of_many(
    session: Session, person_ids: Collection[int], *, with_voided: bool = False
) -> dict[int, list[TermRow]]:
    """The terms of many people, newest first; who has none is left out. Two statements."""
    found: dict[int, list[TermRow]] = {}
    for chunk in chunks(list(person_ids), 5000):
        frozen = _FREEZES_OF.all(session, {"people": chunk})
        for row in _rows(_TERMS_OF.all(session, {"people": chunk}), frozen):
            if with_voided or row.voided_at is None:
                found.setdefault(row.person_id, []).append(row)
    return found


def get_term(session: Session, membership_id: int) -> TermRow:
    """One term. Raises UnknownMembership."""
    asked = {"term": membership_id}
    frozen = session.execute(_FREEZES_OF_TERM, asked)
    rows = _rows(session.execute(_ONE_TERM, asked), frozen)
    if not rows:
        raise UnknownMembership
    return rows[0]


def term_on(session: Session, person_id: int, day: date) -> TermRow | None:
    """The term that counts for a person on a day, or None."""
    return current_term(memberships_of(session, person_id), day)


def terms_to_roll_over(
    session: Session, club_id: int, since: date, through: date
) -> list[tuple[int, date, datetime]]:
    """Terms that renew by themselves, ended, and are followed by nothing; the earliest end first.

    Id, first day without it (`since`..`through`), and when it was written down. Left out are those with
    a notice, those that ended for another reason, and people nobody may contact.
    """
    later = _term.alias("later")
    is_followed = select(later.c.id).where(
        later.c.previous_id == _term.c.id, later.c.voided_at.is_(None)
    )
    query = (
        select(_term.c.id, _term.c.until_on, _term.c.created_at)
        .join(_person, _person.c.id == _term.c.person_id)
        .where(
            _term.c.club_id == club_id,
            _term.c.until_on.between(since, through),
            _term.c.auto_renew,
            _term.c.kind == PlanKind.TERM,
            _term.c.voided_at.is_(None),
            _term.c.end_reason.is_(None),
            _term.c.cancel_requested_at.is_(None),
            ~_person.c.no_contact,
            ~is_followed.exists(),
        )
        .order_by(_term.c.until_on, _term.c.id)
    )
    return [(row.id, row.until_on, row.created_at) for row in session.execute(query)]


def freezes_of(
    session: Session, membership_ids: Sequence[int], *, with_cancelled: bool = False
) -> dict[int, list[FreezeRow]]:
    """The freezes of terms, oldest first."""
    found: dict[int, list[FreezeRow]] = {}
    for chunk in chunks(membership_ids, 5000):
        query = select(*_FREEZE_COLUMNS).where(_freeze.c.membership_id.in_(chunk))
        if not with_cancelled:
            query = query.where(_freeze.c.cancelled_at.is_(None))
        for row in session.execute(query.order_by(_freeze.c.from_on, _freeze.c.id)):
            found.setdefault(row.membership_id, []).append(FreezeRow(*row))
    return found


def get_freeze(session: Session, freeze_id: int) -> FreezeRow:
    """One freeze, one that was taken back too. Raises UnknownFreeze."""
    query = select(*_FREEZE_COLUMNS).where(_freeze.c.id == freeze_id)
    row = session.execute(query).one_or_none()
    if row is None:
        raise UnknownFreeze
    return FreezeRow(*row)


def _rows(terms: Iterable[Any], freezes: Iterable[Any]) -> list[TermRow]:
    """Terms, newest first, with their freezes."""
    frozen: dict[int, list[FreezeRow]] = {}
    for row in freezes:
        frozen.setdefault(row.membership_id, []).append(FreezeRow(*row))
    found = [TermRow(*row) for row in terms]
    return [
        replace(term, freezes=tuple(frozen[term.id])) if term.id in frozen else term
        for term in found
    ]
