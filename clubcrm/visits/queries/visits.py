"""Who came when."""

from collections.abc import Collection
from dataclasses import dataclass
from datetime import date, datetime
from typing import cast

from sqlalchemy import BindParameter, Table, bindparam, func, select
from sqlalchemy.orm import Session

from clubcrm.core.prepared import Prepared
from clubcrm.core.sql import chunks
from clubcrm.visits.models import AccessPoint, OpeningBalance, Visit, VisitDay
from clubcrm.visits.states import Decision, VisitSource

AT_ONCE = 5000
_day = cast(Table, VisitDay.__table__)
_balance = cast(Table, OpeningBalance.__table__)


@dataclass(frozen=True)
class VisitRow:
    """One visit; one with `undone_at` counts nowhere."""

    id: int
    club_id: int
    checked_in_at: datetime
    checked_out_at: datetime | None
    on: date
    source: VisitSource
    decision: Decision
    override_reason: str | None
    took_a_visit: bool
    access_point: str | None
    undone_at: datetime | None
    undone_by: str | None
    recorded_by: str
    created_at: datetime


def visits_of(
    session: Session,
    person_id: int,
    *,
    scope: Collection[int] | None = None,
    limit: int = 20,
    before: datetime | None = None,
    with_undone: bool = False,
) -> list[VisitRow]:
    """A person's visits, newest first; with `scope` those to these clubs alone."""
    query = (
        select(
            Visit.id,
            Visit.club_id,
            Visit.checked_in_at,
            Visit.checked_out_at,
            Visit.on,
            Visit.source,
            Visit.decision,
            Visit.override_reason,
            Visit.took_a_visit,
            AccessPoint.name.label("access_point"),
            Visit.undone_at,
            Visit.undone_by,
            Visit.recorded_by,
            Visit.created_at,
        )
        .outerjoin(AccessPoint, AccessPoint.id == Visit.access_point_id)
        .where(Visit.person_id == person_id)
        .order_by(Visit.checked_in_at.desc(), Visit.id.desc())
        .limit(limit)
    )
    if scope is not None:
        query = query.where(Visit.club_id.in_(scope))
    if before is not None:
        query = query.where(Visit.checked_in_at < before)
    if not with_undone:
        query = query.where(Visit.undone_at.is_(None))
    return [VisitRow(**row) for row in session.execute(query).mappings()]


# The card of a member asks these: they are put together once.
_PEOPLE: BindParameter[int] = bindparam("people", expanding=True)
_DAYS = Prepared(
    select(_day.c.person_id, _day.c.day_no)
    .where(
        _day.c.person_id.in_(_PEOPLE),
        _day.c.day_no >= bindparam("from"),
        _day.c.day_no < bindparam("until"),
    )
    .order_by(_day.c.person_id, _day.c.day_no)
)
_LAST = Prepared(
    select(_day.c.person_id, func.max(_day.c.on))
    .where(_day.c.person_id.in_(_PEOPLE))
    .group_by(_day.c.person_id)
)


def visit_days_of(
    session: Session, person_ids: Collection[int], from_no: int, until_no: int
) -> dict[int, list[int]]:
    """The days on which people came, as day numbers in order; half-open: `until_no` is not in it."""
    found: dict[int, list[int]] = {person_id: [] for person_id in person_ids}
    for chunk in chunks(sorted(found), AT_ONCE):
        rows = _DAYS.all(session, {"people": chunk, "from": from_no, "until": until_no})
        for person_id, day in rows:
            found[person_id].append(day)
    return found


def last_visits_of(session: Session, person_ids: Collection[int]) -> dict[int, date]:
    """The last day on which each person came; who never came is missing."""
    found: dict[int, date] = {}
    for chunk in chunks(sorted(person_ids), AT_ONCE):
        rows = _LAST.all(session, {"people": chunk})
        found.update((person_id, on) for person_id, on in rows)
    return found


@dataclass(frozen=True)
class BalanceRow:
    """What was known of somebody's visits when an import brought them."""

    person_id: int
    as_of_on: date
    last_visit_on: date | None
    visits_total: int | None
    visits_per_week: float | None
    revision: int


_BALANCES = Prepared(
    select(*(_balance.c[name] for name in BalanceRow.__dataclass_fields__)).where(
        _balance.c.person_id.in_(_PEOPLE)
    )
)


def opening_balances_of(session: Session, person_ids: Collection[int]) -> dict[int, BalanceRow]:
    """The opening balances of people who have one."""
    found: dict[int, BalanceRow] = {}
    for chunk in chunks(sorted(person_ids), AT_ONCE):
        rows = _BALANCES.all(session, {"people": chunk})
        found.update({row.person_id: BalanceRow(*row) for row in rows})
    return found
