"""What is on the books on a day: terms with their ends, spells, and the days that count.

Between two changes of the books the answer is the same, so it is made once for each.
"""

from bisect import bisect_right
from collections.abc import Sequence
from typing import NamedTuple

from clubcrm.retention.policies.facts import FAR, Facts, Term
from clubcrm.retention.policies.rules import Rules


class Span(NamedTuple):
    """A term and the end known for it: half-open."""

    starts: int
    end: int
    term: Term


class Spell(NamedTuple):
    """A chain of terms whose breaks are short; `start` may lie before the first known term."""

    first: int  # start of the first known term
    end: int
    start: int  # since when the person has been a member without a long break
    is_newcomer: bool  # the first spell, and nothing tells of a time before it
    renewals: int


class Known:
    """The books as they were on a day, and when they change next."""

    __slots__ = ("bounds", "next_change", "open", "spans", "spells")

    def __init__(self, facts: Facts, day: int, rules: Rules) -> None:
        spans = [
            Span(term.starts, end, term)
            for term in facts.terms
            if term.known <= day and (end := term.end_known_on(day)) > term.starts
        ]
        if len(spans) > 1:
            spans.sort(key=lambda span: (span.starts, span.end, span.term.id))
        index = bisect_right(facts.changes, day)
        self.next_change = facts.changes[index] if index < len(facts.changes) else FAR
        self.spans = spans
        self.spells = _spells(spans, facts, rules)
        self.open = _open_days(spans)
        self.bounds = _bounds(spans)

    def spell_on(self, day: int) -> Spell | None:
        """The last spell that began by a day."""
        for spell in reversed(self.spells):
            if spell.first <= day:
                return spell
        return None

    def next_bound(self, day: int) -> int:
        """The next day on which a term or a freeze begins or ends."""
        index = bisect_right(self.bounds, day)
        return self.bounds[index] if index < len(self.bounds) else FAR


def known_on(facts: Facts, day: int, rules: Rules) -> Known:
    """The books of a day, made once for each state they are in."""
    state = bisect_right(facts.changes, day)
    known = facts.memo.get(state)
    if known is None:
        known = facts.memo[state] = Known(facts, day, rules)
    return known


def counted_days(facts: Facts, known: Known, after: int, through: int) -> int:
    """Percent of days after `after`, up to `through`, on which this person could have come.

    A day counts while a term runs that is not frozen, by its share in the club's calendar.
    """
    total = 0
    counted = facts.club.days.counted
    for begin, until in known.open:
        low = begin - 1 if begin > after + 1 else after
        high = until - 1 if until <= through else through
        if high > low:
            total += counted(low, high)
    return total


def _spells(spans: Sequence[Span], facts: Facts, rules: Rules) -> list[Spell]:
    found: list[Spell] = []
    for span in spans:
        last = found[-1] if found else None
        # The same rule by which a renewal counts: a start at most g days after the last valid day.
        if last is not None and span.starts - last.end < rules.spell_break:
            renewed = last.renewals + _is_renewal(span, last.end)
            found[-1] = last._replace(end=max(last.end, span.end), renewals=renewed)
            continue
        before = span.term.renewals_before
        start = span.starts
        if not found and facts.joined is not None and facts.joined < start:
            start = facts.joined
        is_newcomer = not found and before == 0
        found.append(Spell(span.starts, span.end, start, is_newcomer, before))
    return found


def _is_renewal(span: Span, end_before: int) -> bool:
    """Whether a later term of a spell renews it: not an upgrade, and not one that runs beside."""
    if span.term.is_upgrade:
        return False
    return span.term.previous_id is not None or span.starts >= end_before or span.end > end_before


def _open_days(spans: Sequence[Span]) -> list[tuple[int, int]]:
    """The stretches in which some term runs that is not frozen, ascending and apart."""
    pieces: list[tuple[int, int]] = []
    for begin, until, term in spans:
        for frozen, back in term.freezes:
            if back <= begin or frozen >= until:
                continue
            if frozen > begin:
                pieces.append((begin, frozen))
            begin = back
        if begin < until:
            pieces.append((begin, until))
    if len(pieces) < 2:
        return pieces
    pieces.sort()
    merged = [pieces[0]]
    for begin, until in pieces[1:]:
        if begin <= merged[-1][1]:
            merged[-1] = (merged[-1][0], max(merged[-1][1], until))
        else:
            merged.append((begin, until))
    return merged


def _bounds(spans: Sequence[Span]) -> list[int]:
    days = {span.starts for span in spans}
    days.update(span.end for span in spans)
    for span in spans:
        for frozen, back in span.term.freezes:
            days.add(frozen)
            days.add(back)
    days.discard(FAR)
    return sorted(days)
