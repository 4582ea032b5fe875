"""Storing the mean habits of a month, once and for good."""

from collections.abc import Mapping
from datetime import date, datetime
from typing import Any, cast

from sqlalchemy import Table
from sqlalchemy.orm import Session

from clubcrm.core.sql import insert_ignoring
from clubcrm.retention.models import Cohort
from clubcrm.retention.policies.cohorts import Mean
from clubcrm.retention.policies.facts import CLUB_AS_A_WHOLE

Means = Mapping[int, Mean]
"""Plan -> mean; plan 0 is the club as a whole."""

_cohort = cast(Table, Cohort.__table__)


def store_cohorts(
    session: Session, club_id: int, month_on: date, means: Means, *, now: datetime
) -> bool:
    """Store the means of a month; False where somebody stored that month before, which then stands."""
    rows: dict[int, dict[str, Any]] = {
        plan_id: {
            "club_id": club_id,
            "plan_id": plan_id,
            "month_on": month_on,
            "visits_per_week": mean.visits_per_week,
            "people": mean.people,
            "recorded_at": now,
        }
        for plan_id, mean in means.items()
    }
    # The club's own row is the key of the month: who writes it writes the others.
    if not insert_ignoring(session, _cohort, [rows.pop(CLUB_AS_A_WHOLE)]):
        return False
    insert_ignoring(session, _cohort, list(rows.values()))
    return True
