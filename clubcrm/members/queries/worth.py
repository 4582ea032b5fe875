"""What people bring a year."""

from collections.abc import Collection
from datetime import date
from typing import Final, cast

from sqlalchemy import Table, bindparam, select
from sqlalchemy.orm import Session

from clubcrm.core.sql import chunks
from clubcrm.members.models import Membership
from clubcrm.members.policies import length_of, monthly_price
from clubcrm.members.states import PlanKind

AT_ONCE: Final = 5000

_term = cast(Table, Membership.__table__)
_TERMS = (
    select(
        _term.c.person_id,
        _term.c.kind,
        _term.c.months,
        _term.c.days,
        _term.c.starts_on,
        _term.c.agreed_until_on,
        _term.c.price_minor,
    )
    .where(
        _term.c.person_id.in_(bindparam("people", expanding=True)),
        _term.c.is_access,
        _term.c.is_trial.is_(False),
        _term.c.voided_at.is_(None),
        _term.c.starts_on <= bindparam("day"),
    )
    .order_by(_term.c.starts_on, _term.c.id)
)


def yearly_values(session: Session, person_ids: Collection[int], day: date) -> dict[int, int]:
    """What the term that runs on a day, or the last one before, brings a year in minor units.

    Who never had a term, or one of an unknown price, is not in the answer. A pack without an end is
    worth what it costs.
    """
    found: dict[int, int] = {}
    for people in chunks(sorted(person_ids), AT_ONCE):
        for row in session.execute(_TERMS, {"people": people, "day": day}):
            value = row.price_minor
            if row.kind is PlanKind.ROLLING:
                value = None if value is None else value * 12
            else:
                length = length_of(row.months, row.days, row.starts_on, row.agreed_until_on)
                monthly = monthly_price(value, length) if length else None
                value = value if monthly is None else monthly * 12
            if value is not None:
                found[row.person_id] = value
    return found
