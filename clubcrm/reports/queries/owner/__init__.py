"""The owner's page: its figures, and the names behind each of them.

Figures read roll-ups and indexes alone; a list and its figure are counted by one rule (`groups`).
"""

from clubcrm.reports.queries.owner.figures import AtRisk, DueRow, at_risk, renewals_due
from clubcrm.reports.queries.owner.groups import SPANS, Asked
from clubcrm.reports.queries.owner.names import (
    Name,
    count_names,
    count_without_call,
    most_at_risk,
    names_behind,
    people_behind,
)

__all__ = [
    "SPANS",
    "Asked",
    "AtRisk",
    "DueRow",
    "Name",
    "at_risk",
    "count_names",
    "count_without_call",
    "most_at_risk",
    "names_behind",
    "people_behind",
    "renewals_due",
]
