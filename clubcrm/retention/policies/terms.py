"""What a term itself says: its renewal window, its visits left, and whether another continues it."""

from collections.abc import Sequence

from clubcrm.members.states import PlanKind
from clubcrm.retention.policies.facts import Term
from clubcrm.retention.policies.known import Span
from clubcrm.retention.policies.rules import Rules


def window(term: Term, rules: Rules) -> int:
    """How many days before its last one a term comes up for renewal; -1 = never.

    Month-to-month contracts have no end to renew.
    """
    if term.kind is PlanKind.PACK:
        return rules.pack_window
    if term.kind is not PlanKind.TERM:
        return -1
    if term.length >= 300:
        return rules.year_window
    if term.length >= 150:
        return rules.half_window
    return rules.quarter_window if term.length >= 75 else rules.short_window


def visits_left_on(term: Term, day: int) -> int | None:
    """Visits left at the end of a day: what is left now and what was taken after that day."""
    if term.visits_left is None:
        return None
    return term.visits_left + sum(1 for taken in term.takes if taken > day)


def has_successor(spans: Sequence[Span], current: Span, rules: Rules) -> bool:
    """Whether a term is on the books that continues this one: the linked one, or one in time."""
    for span in spans:
        if span.term.previous_id == current.term.id:
            return True
        is_later = span.starts > current.starts and span.end > current.end
        if is_later and span.starts - current.end < rules.spell_break:
            return True
    return False
