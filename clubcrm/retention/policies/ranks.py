"""Which task comes first: by how near a member is to being lost, and what the contact is for. Pure."""

from collections.abc import Mapping
from typing import Final

from clubcrm.retention.policies.plays import PlayRules
from clubcrm.retention.states import Goal, Risk

OF_RISK: Final[Mapping[Risk, int]] = {Risk.HIGH: 30, Risk.WATCH: 20, Risk.NONE: 10}
OF_GOAL: Final[Mapping[Goal, int]] = {Goal.NEW_TERM: 15, Goal.VISIT: 5, Goal.VISIT_DAYS: 0}


def rank_of(rules: PlayRules, risk: Risk | None) -> int:
    """The rank of a task; the higher is done the sooner.

    A renewal that is due outweighs a first sign of risk, and high risk with it comes before all.
    """
    return OF_RISK[risk or Risk.NONE] + OF_GOAL[rules.goal]
