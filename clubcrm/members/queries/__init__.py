"""Reads about people, plans and terms: frozen rows out, nothing written.

The pure rules over these rows (`state_on`, `current_term`, `spells`, `share_of_days`) are handed on
here, so that other packages need one import.
"""

from clubcrm.members.policies import (
    CHAIN_BREAK_DAYS,
    Spell,
    agreed_end,
    current_term,
    end_with_pauses,
    season_days,
    season_periods,
    share_of_days,
    shown_term,
    spells,
    state_on,
)
from clubcrm.members.queries.brief import BriefTerm, shown_terms_of
from clubcrm.members.queries.duplicates import LikelyDuplicate, likely_duplicates
from clubcrm.members.queries.people import (
    ConsentRow,
    PersonRow,
    consents_of,
    get_person,
    has_people,
    people_by_ids,
    tags_of,
    visible_at,
)
from clubcrm.members.queries.plans import PlanRow, find_plan, get_plan, plans, usual_end
from clubcrm.members.queries.search import PersonHit, Place, find_people
from clubcrm.members.queries.seasons import ClosureRow, SeasonRow, closures_of, seasons_of
from clubcrm.members.queries.terms import (
    FreezeRow,
    TermRow,
    freezes_of,
    get_freeze,
    get_term,
    memberships_of,
    memberships_of_many,
    term_on,
    terms_to_roll_over,
)
from clubcrm.members.queries.worth import yearly_values

__all__ = [
    "CHAIN_BREAK_DAYS",
    "BriefTerm",
    "ClosureRow",
    "ConsentRow",
    "FreezeRow",
    "LikelyDuplicate",
    "PersonHit",
    "PersonRow",
    "Place",
    "PlanRow",
    "SeasonRow",
    "Spell",
    "TermRow",
    "agreed_end",
    "closures_of",
    "consents_of",
    "current_term",
    "end_with_pauses",
    "find_people",
    "find_plan",
    "freezes_of",
    "get_freeze",
    "get_person",
    "get_plan",
    "get_term",
    "has_people",
    "likely_duplicates",
    "memberships_of",
    "memberships_of_many",
    "people_by_ids",
    "plans",
    "season_days",
    "season_periods",
    "seasons_of",
    "share_of_days",
    "shown_term",
    "shown_terms_of",
    "spells",
    "state_on",
    "tags_of",
    "term_on",
    "terms_to_roll_over",
    "usual_end",
    "visible_at",
    "yearly_values",
]
