"""When to look again: the first day on which the answer could be another with no new fact.

A clock may ring too early (the next look says so), never too late. While nothing is known of days that
count only in part, tomorrow is soon enough; else each threshold has its own day.
"""

from bisect import bisect_right
from itertools import pairwise
from typing import Final

from clubcrm.retention.policies.facts import FAR, Facts
from clubcrm.retention.policies.known import Known, Span, Spell, counted_days
from clubcrm.retention.policies.measures import FULL_MONTH, HABIT_WEEKS, MONTH, Measures
from clubcrm.retention.policies.rules import Rules
from clubcrm.retention.policies.terms import window

WEEK: Final = 7


def first_after(day: int, *days: int) -> int | None:
    """The earliest of several days that lies after a day; None when there is none."""
    return min((d for d in days if day < d < FAR), default=None)


def next_visit(facts: Facts, day: int) -> int:
    """The first visit-day on record after a day; there is one where a run makes up for missed days."""
    index = bisect_right(facts.visits, day)
    coming = facts.visits[index] if index < len(facts.visits) else FAR
    told = facts.told_last
    return told if told is not None and day < told < coming else coming


def next_check(
    facts: Facts,
    known: Known,
    spell: Spell,
    current: Span,
    m: Measures,
    day: int,
    rules: Rules,
) -> int:
    """The next day on which a running, unfrozen member has to be looked at again.

    Never later than the member's next base day, on which his own habit is read anew.
    """
    tomorrow = day + 1
    base_day = day + WEEK - (day + facts.person_id) % WEEK
    if base_day == tomorrow or m.counted28 != FULL_MONTH:
        return tomorrow
    if counted_days(facts, known, day, base_day) != (base_day - day) * 100:
        return tomorrow
    soonest = min(base_day, known.next_change, known.next_bound(day))
    for clock in (
        *_term_clocks(current, day, rules),
        *_spell_clocks(spell, rules),
        *_visit_clocks(facts, m, day, rules),
    ):
        if day < clock < soonest:
            soonest = clock
    return soonest


def _term_clocks(current: Span, day: int, rules: Rules) -> tuple[int, ...]:
    """The days on which the renewal window may open, and the next visit taken from a pack."""
    opens = current.end - 1 - window(current.term, rules)
    taken = next((take for take in current.term.takes if take > day), FAR)
    return opens, taken


def _spell_clocks(spell: Spell, rules: Rules) -> tuple[int, ...]:
    start = spell.start
    return (
        start + rules.early,
        start + MONTH,
        start + rules.won_back,
        start + rules.adaptation,
        start + rules.loyal_after,
    )


def _visit_clocks(facts: Facts, m: Measures, day: int, rules: Rules) -> list[int]:
    """The days on which the gap reaches a limit, a visit leaves a window, or a known one comes in."""
    clocks = [
        day + limit - m.gap
        for limit in (
            m.gap_limit,
            rules.sleeping_gap,
            rules.adaptation_gap,
            rules.first_visit_by,
        )
    ]
    clocks.append(next_visit(facts, day))
    visits = facts.visits
    upto = bisect_right(visits, day)
    limits = (
        m.drop_limit,
        rules.core_visits - 1,
        rules.regular_visits - 1,
        rules.start_visits - 1,
    )
    # The day on which the (few + 1)-th visit back leaves the 28 days.
    clocks += [
        visits[upto - few - 1] + MONTH for few in limits if few is not None and 0 <= few < m.v28
    ]
    clocks.append(facts.known_from + MONTH - 1)
    clocks.append(facts.known_from + WEEK * HABIT_WEEKS - 1)
    clocks.append(_habit_clock(facts, m, upto, day, rules))
    return clocks


def _habit_clock(facts: Facts, m: Measures, upto: int, day: int, rules: Rules) -> int:
    """The day on which the habit may begin or end by the weeks moving over the visits alone."""
    needed = rules.habit_visits * HABIT_WEEKS
    visits = facts.visits
    span = WEEK * HABIT_WEEKS
    if upto < needed or visits[upto - needed] <= day - span:
        return FAR  # too few visits, and they only leave
    held = visits[max(0, upto - span - WEEK) : upto]
    recent = [visit for visit in held if visit > day - span - WEEK]
    if any(later - earlier > WEEK for earlier, later in pairwise(recent)):
        return day + 1
    if not m.has_habit:
        return day + 1
    return min(recent[-1] + WEEK, visits[upto - needed] + span)
