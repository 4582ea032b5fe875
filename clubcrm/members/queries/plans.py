"""What a club sells."""

from dataclasses import dataclass
from typing import cast

from sqlalchemy import Table, select
from sqlalchemy.orm import Session

from clubcrm.core.folding import fold
from clubcrm.core.money import Money
from clubcrm.members.errors import UnknownPlan
from clubcrm.members.models import Plan
from clubcrm.members.states import PlanKind

_plan = cast(Table, Plan.__table__)


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
