"""The rules of people and terms. Pure: values in, values out; no database, no clock."""

from clubcrm.members.policies.names import clean_email, full_name_of, sort_name_of
from clubcrm.members.policies.pauses import (
    agreed_before_pauses,
    agreed_end,
    end_with_pauses,
    first_end,
)
from clubcrm.members.policies.seasons import SeasonRule, season_days, season_periods, share_of_days
from clubcrm.members.policies.terms import (
    CHAIN_BREAK_DAYS,
    Spell,
    TermFacts,
    current_term,
    how_it_compares,
    length_of,
    monthly_price,
    shown_term,
    spells,
    state_on,
)

__all__ = [
    "CHAIN_BREAK_DAYS",
    "SeasonRule",
    "Spell",
    "TermFacts",
    "agreed_before_pauses",
    "agreed_end",
    "clean_email",
    "current_term",
    "end_with_pauses",
    "first_end",
    "full_name_of",
    "how_it_compares",
    "length_of",
    "monthly_price",
    "season_days",
    "season_periods",
    "share_of_days",
    "shown_term",
    "sort_name_of",
    "spells",
    "state_on",
]
