"""What an import knew of visits before this system."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, datetime
from typing import Any

from sqlalchemy import Table, select
from sqlalchemy.orm import Session

from clubcrm.core.actor import Actor
from clubcrm.core.events import record
from clubcrm.core.sql import chunks, upsert
from clubcrm.visits.events import OpeningBalanceSet
from clubcrm.visits.models import OpeningBalance

_balances: Table = OpeningBalance.__table__  # type: ignore[assignment]
_FIGURES = ("club_id", "as_of_on", "last_visit_on", "visits_total", "visits_per_week")


@dataclass(frozen=True, slots=True)
class BalanceValues:
    """What is known of somebody's visits up to a day; None = not said, never zero."""

    person_id: int
    as_of_on: date
    last_visit_on: date | None = None
    visits_total: int | None = None
    visits_per_week: float | None = None


def set_opening_balances(
    session: Session, rows: Sequence[BalanceValues], *, club_id: int, by: Actor, now: datetime
) -> set[int]:
    """Set what was known of people's visits; returns the people for whom that says anything new.

    The last row of a person counts; what it does not say stays as it was. `revision` grows with every
    change.
    """
    changed: set[int] = set()
    for chunk in chunks(list({row.person_id: row for row in rows}.values()), 5000):
        standing = {
            row.person_id: row
            for row in session.execute(
                select(_balances).where(_balances.c.person_id.in_([r.person_id for r in chunk]))
            )
        }
        new: list[dict[str, Any]] = []
        events = []
        for row in chunk:
            old = standing.get(row.person_id)
            values = {
                "person_id": row.person_id,
                "club_id": club_id,
                "as_of_on": row.as_of_on,
                "last_visit_on": row.last_visit_on,
                "visits_total": row.visits_total,
                "visits_per_week": row.visits_per_week,
            }
            if old is not None:
                values = {
                    name: getattr(old, name) if value is None else value
                    for name, value in values.items()
                }
            if old is not None and all(getattr(old, name) == values[name] for name in _FIGURES):
                continue
            new.append({**values, "revision": old.revision + 1 if old else 1})
            days = [row.last_visit_on, row.as_of_on, old.last_visit_on if old else None]
            events.append(
                OpeningBalanceSet(
                    club_id=club_id,
                    person_id=row.person_id,
                    as_of_on=row.as_of_on,
                    affects_from_on=min(day for day in days if day is not None),
                )
            )
        upsert(session, _balances, new, key=("person_id",))
        record(session, *events, by=by, now=now)
        changed.update(row["person_id"] for row in new)
    return changed
