"""What changes in the life cycle: looking again, the cohorts of a month, and the daily run's key."""

from clubcrm.retention.operations.cohorts import Means, store_cohorts
from clubcrm.retention.operations.looking import MOST, Looked, look_again
from clubcrm.retention.operations.marks import (
    FROM_THE_BEGINNING,
    follow_people,
    mark_club,
    mark_imported,
    mark_people,
)
from clubcrm.retention.operations.runs import allow_run

__all__ = [
    "FROM_THE_BEGINNING",
    "MOST",
    "Looked",
    "Means",
    "allow_run",
    "follow_people",
    "look_again",
    "mark_club",
    "mark_imported",
    "mark_people",
    "store_cohorts",
]
