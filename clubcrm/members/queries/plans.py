"""What a club sells."""

from collections import Counter
from dataclasses import dataclass
from datetime import date, timedelta
from typing import Final, cast

from sqlalchemy import Table, select
from sqlalchemy.orm import Session

from clubcrm.core.calendars import CalendarName, months_between, term_until
from clubcrm.core.folding import fold
from clubcrm.core.money import Money
from clubcrm.members.errors import PlanHasNoLength, UnknownPlan
from clubcrm.members.models import Membership, Plan
from clubcrm.members.states import PlanKind

LOOKED_AT: Final = 200
"""Of how many of its last terms the length of a plan is taken."""

_plan = cast(Table, Plan.__table__)
_term = cast(Table, Membership.__table__)


@dataclass(frozen=True)
class PlanRow:
    """A plan of a club."""

    id: int
    club_id: int
    name: str
    folded_name: str
    kind: PlanKind
    months: int | None
    days: int | None
    visits: int | None
    calendar: str
    is_access: bool
    is_trial: bool
    auto_renew: bool
    hours: str | None
    debt_grace_days: int
    price_minor: int | None
    currency: str
    is_imported: bool
    is_on_sale: bool

    @property
    def price(self) -> Money | None:
        """What it costs; None where that is not known."""
        return None if self.price_minor is None else Money(self.price_minor, self.currency)

    @property
    def has_length(self) -> bool:
        """Whether it is known how long it runs; an import tells of a plan no more than its name."""
        return self.kind != PlanKind.TERM or self.months is not None or self.days is not None


_COLUMNS = [_plan.c[name] for name in PlanRow.__dataclass_fields__]


def plans(session: Session, club_id: int, *, on_sale: bool = False) -> list[PlanRow]:
    """The plans of a club by name; with `on_sale` only those that are sold now."""
    query = select(*_COLUMNS).where(_plan.c.club_id == club_id)
    if on_sale:
        query = query.where(_plan.c.is_on_sale)
    return sorted((PlanRow(*row) for row in session.execute(query)), key=lambda p: p.folded_name)


def get_plan(session: Session, plan_id: int) -> PlanRow:
    """One plan. Raises UnknownPlan."""
    row = session.execute(select(*_COLUMNS).where(_plan.c.id == plan_id)).one_or_none()
    if row is None:
        raise UnknownPlan
    return PlanRow(*row)


def find_plan(session: Session, club_id: int, name: str) -> PlanRow | None:
    """The club's plan of this name, however it is spelt; None where there is none."""
    query = select(*_COLUMNS).where(
        _plan.c.club_id == club_id, _plan.c.folded_name == fold(name)[:120]
    )
    row = session.execute(query).one_or_none()
    return None if row is None else PlanRow(*row)


def usual_end(session: Session, plan: PlanRow, starts_on: date) -> date | None:
    """The first day after a term that is as long as the plan's terms mostly are; None = month to month.

    For a plan whose own length nobody told. Raises PlanHasNoLength where it has no term either.
    """
    query = (
        select(_term.c.starts_on, _term.c.agreed_until_on)
        .where(_term.c.plan_id == plan.id, _term.c.voided_at.is_(None))
        .order_by(_term.c.id.desc())
        .limit(LOOKED_AT)
    )
    calendar = cast(CalendarName, plan.calendar)
    lengths: Counter[tuple[int | None, int | None]] = Counter(
        _length(start, until, calendar) for start, until in session.execute(query)
    )
    if not lengths:
        raise PlanHasNoLength(plan=plan.name)
    months, days = lengths.most_common(1)[0][0]
    if months is not None:
        return term_until(starts_on, months, calendar)
    return None if days is None else starts_on + timedelta(days=days)


def _length(
    start: date, until: date | None, calendar: CalendarName
) -> tuple[int | None, int | None]:
    """Months where a term is whole months long, else days, else neither."""
    if until is None:
        return None, None
    months = months_between(start, until, calendar)
    return (months, None) if months else (None, (until - start).days)
