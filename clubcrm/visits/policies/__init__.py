"""The rules of the door. Pure: values in, values out."""

from clubcrm.visits.policies.entry import (
    decide,
    inside_until,
    is_birthday,
    last_term,
    open_visit,
    prompt_for,
    undo_until,
)
from clubcrm.visits.policies.facts import (
    ArrivalFacts,
    DebtFacts,
    EntryFacts,
    Prompt,
    Reason,
    TermFacts,
    Verdict,
    VisitFacts,
)
from clubcrm.visits.policies.hours import HoursNotReadable, is_within_hours, read_hours
from clubcrm.visits.policies.rules import DEFAULT_MATRIX, EntryRules, Matrix, entry_rules

__all__ = [
    "DEFAULT_MATRIX",
    "ArrivalFacts",
    "DebtFacts",
    "EntryFacts",
    "EntryRules",
    "HoursNotReadable",
    "Matrix",
    "Prompt",
    "Reason",
    "TermFacts",
    "Verdict",
    "VisitFacts",
    "decide",
    "entry_rules",
    "inside_until",
    "is_birthday",
    "is_within_hours",
    "last_term",
    "open_visit",
    "prompt_for",
    "read_hours",
    "undo_until",
]
