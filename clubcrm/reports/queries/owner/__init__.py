"""The owner's page: its figures, and the names behind each of them.

Figures read roll-ups and indexes alone; a list and its figure are counted by one rule (`groups`).
"""

from clubcrm.reports.queries.owner.figures import (
    AtRisk,
    DueRow,
    Happened,
    MoneyMoved,
    at_risk,
    money_moved,
    renewals_due,
    since_yesterday,
)
from clubcrm.reports.queries.owner.groups import SPANS, Asked
from clubcrm.reports.queries.owner.names import (
    Name,
    count_names,
    count_to_call,
    most_at_risk,
    names_behind,
    people_behind,
)
from clubcrm.reports.queries.owner.rollups import Growth, Heat, growth, heat
from clubcrm.reports.queries.owner.summary import (
    Mark,
    Summary,
    count_summary,
    mark_kept,
    mark_now,
    summary_of,
)

__all__ = [
    "SPANS",
    "Asked",
    "AtRisk",
    "DueRow",
    "Growth",
    "Happened",
    "Heat",
    "Mark",
    "MoneyMoved",
    "Name",
    "Summary",
    "at_risk",
    "count_names",
    "count_summary",
    "count_to_call",
    "growth",
    "heat",
    "mark_kept",
    "mark_now",
    "money_moved",
    "most_at_risk",
    "names_behind",
    "people_behind",
    "renewals_due",
    "since_yesterday",
    "summary_of",
]
