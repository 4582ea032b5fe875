"""The phase model. Pure: facts and a day in, a standing out; no database, no clock, no memory."""

from clubcrm.retention.policies.calendar import ClubDays
from clubcrm.retention.policies.facts import (
    FAR,
    LOOK_BACK,
    WALK_BACK,
    ClubFacts,
    Cohorts,
    Facts,
    Term,
)
from clubcrm.retention.policies.phases import evaluate
from clubcrm.retention.policies.rules import DEFAULTS, Rules, rules_of
from clubcrm.retention.policies.standing import NOBODY, Because, Standing

__all__ = [
    "DEFAULTS",
    "FAR",
    "LOOK_BACK",
    "NOBODY",
    "WALK_BACK",
    "Because",
    "ClubDays",
    "ClubFacts",
    "Cohorts",
    "Facts",
    "Rules",
    "Standing",
    "Term",
    "evaluate",
    "rules_of",
]
