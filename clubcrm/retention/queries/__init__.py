"""Reading the life cycle and the contacts that go with it."""

from clubcrm.retention.queries.contacts import ContactRow, contacts_of, cycles_of, touchpoints
from clubcrm.retention.queries.standings import (
    PhaseRow,
    RunRow,
    StandingRow,
    people_in_phase,
    phase_history_of,
    runs_of,
    standing_of,
    stopped_runs,
)

__all__ = [
    "ContactRow",
    "PhaseRow",
    "RunRow",
    "StandingRow",
    "contacts_of",
    "cycles_of",
    "people_in_phase",
    "phase_history_of",
    "runs_of",
    "standing_of",
    "stopped_runs",
    "touchpoints",
]
