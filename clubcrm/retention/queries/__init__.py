"""Reading the life cycle and the contacts that go with it."""

from clubcrm.retention.queries.contacts import (
    ContactRow,
    active_members,
    contacts_of,
    cycles_of,
    touchpoints,
)
from clubcrm.retention.queries.plays import (
    PlayCount,
    StandingPlay,
    play_counts,
    sample_words,
    standing_plays,
)
from clubcrm.retention.queries.ramp import RampSight, ramp_sight
from clubcrm.retention.queries.standings import (
    PhaseRow,
    RunRow,
    StandingRow,
    people_in_phase,
    phase_history_of,
    runs_of,
    standing_at,
    standing_of,
    standings_of,
    stopped_runs,
)
from clubcrm.retention.shipped import PlayWords

__all__ = [
    "ContactRow",
    "PhaseRow",
    "PlayCount",
    "PlayWords",
    "RampSight",
    "RunRow",
    "StandingPlay",
    "StandingRow",
    "active_members",
    "contacts_of",
    "cycles_of",
    "people_in_phase",
    "phase_history_of",
    "play_counts",
    "ramp_sight",
    "runs_of",
    "sample_words",
    "standing_at",
    "standing_of",
    "standing_plays",
    "standings_of",
    "stopped_runs",
    "touchpoints",
]
