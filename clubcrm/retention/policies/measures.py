"""The measures of one running member on one day: gap, visit-days, own habit and the limits from it.

Days that do not count (frozen, closed, without a term) make no gap and no drop; days of a slow season
make a part. What no log tells is unknown: it enters nothing.
"""

from bisect import bisect_right
from collections.abc import Sequence
from math import ceil
from typing import Final, NamedTuple

from clubcrm.retention.policies.facts import LEAST_COHORT, Facts
from clubcrm.retention.policies.known import Known, Spell, counted_days
from clubcrm.retention.policies.rules import Rules

MONTH: Final = 28
BASE_DAYS: Final = 84
PRIOR_WEEKS: Final = 4
INTERVALS: Final = 21  # three intervals of a week over the visits in it, in days
HABIT_WEEKS: Final = 6
FULL_MONTH: Final = MONTH * 100


class Measures(NamedTuple):
    """What a member did lately, against his own habit."""

    gap: int  # whole eligible days since the last visit-day, or since the spell began
    gap_percent: int
    v28: int
    v14: int
    base: float  # visits a week
    gap_limit: int
    drop_limit: int | None  # None = too little is expected, or known, to call anything a drop
    counted28: int  # percent of the last 28 days that count
    known_days: int
    last: int | None
    has_started: bool  # came in this spell, or nobody can know
    has_habit: bool


def measure(
    facts: Facts, known: Known, spell: Spell, plan_id: int, day: int, rules: Rules
) -> Measures:
    """Measure one running member."""
    visits = facts.visits
    upto = bisect_right(visits, day)
    v28 = upto - bisect_right(visits, day - MONTH, 0, upto)
    v14 = upto - bisect_right(visits, day - 14, 0, upto) if v28 else 0
    last = _last_visit(facts, upto, day)
    is_unknown = facts.known_from > spell.first and not facts.is_past_told
    anchor = spell.first if last is None or last < spell.first else last
    if is_unknown and anchor < facts.known_from:
        anchor = min(facts.known_from, day)
    gap_percent = counted_days(facts, known, anchor, day)
    base = base_on(facts, known, plan_id, day - (day + facts.person_id) % 7)
    since = max(day - MONTH, facts.known_from - 1)
    counted28 = counted_days(facts, known, since, day) if since < day else 0
    known_days = day - facts.known_from + 1
    expected = base * counted28 / 700
    return Measures(
        gap=gap_percent // 100,
        gap_percent=gap_percent,
        v28=v28,
        v14=v14,
        base=base,
        gap_limit=gap_limit(base, rules),
        drop_limit=drop_limit(expected) if known_days >= MONTH else None,
        counted28=counted28,
        known_days=known_days,
        last=last,
        has_started=is_unknown or (last is not None and last >= spell.first),
        has_habit=known_days >= 7 * HABIT_WEEKS and has_habit(visits, upto, day, rules),
    )


def visits_in_14(facts: Facts, day: int) -> int:
    """Visit-days in the 14 days up to a day."""
    return bisect_right(facts.visits, day) - bisect_right(facts.visits, day - 14)


def last_visit_by(facts: Facts, day: int) -> int | None:
    """The last visit-day up to a day: of the log, or of the opening balance where that is later."""
    return _last_visit(facts, bisect_right(facts.visits, day), day)


def _last_visit(facts: Facts, upto: int, day: int) -> int | None:
    last = facts.visits[upto - 1] if upto else facts.before
    told = facts.told_last
    if told is not None and told <= day and (last is None or told > last):
        return told
    return last


def base_on(facts: Facts, known: Known, plan_id: int, day: int) -> float:
    """A member's own habit in visits a week, as of his base day.

    (visits in the 84 days before the last 28 + 4 x mean) / (eligible weeks in them + 4): the four weeks
    draw a short history towards the mean of the cohort, or towards the mean an import told of while
    the unknown time lies within those days.
    """
    after, through = day - MONTH - BASE_DAYS, day - MONTH
    told = facts.told_mean
    if told is not None and facts.known_from > after + 1:
        mean = max(told, LEAST_COHORT)
    else:
        mean = facts.club.cohorts.rate(plan_id, day)
    if after < facts.known_from - 1:
        after = facts.known_from - 1
    if after >= through:
        return mean
    counted = counted_days(facts, known, after, through)
    came = visits_within(facts.visits, known.open, after, through) if counted else 0
    return (came + PRIOR_WEEKS * mean) / (counted / 700 + PRIOR_WEEKS)


def visits_within(
    visits: Sequence[int], open_days: Sequence[tuple[int, int]], after: int, through: int
) -> int:
    """Visit-days after `after`, up to `through`, on days on which a term ran."""
    came = 0
    for begin, until in open_days:
        low = begin - 1 if begin > after + 1 else after
        high = until - 1 if until <= through else through
        if high > low:
            came += bisect_right(visits, high) - bisect_right(visits, low)
    return came


def gap_limit(base: float, rules: Rules) -> int:
    """Three own mean intervals in days, within the club's least and most.

    Somebody who comes at random exceeds that by chance in 5 % of the gaps (exp(-3)).
    """
    if base * rules.gap_most <= INTERVALS:
        return rules.gap_most
    return min(max(ceil(INTERVALS / base), rules.gap_least), rules.gap_most)


def drop_limit(expected: float) -> int | None:
    """So few visit-days in 28 are a drop, where so many are expected; None = no number is.

    At most half of what is expected, and unlikely by chance: Poisson P(X <= limit) <= .10.
    """
    if expected >= 8:
        return int(expected / 2)
    for least, limit in ((7, 3), (6, 2), (4, 1), (2.5, 0)):
        if expected >= least:
            return limit
    return None


def has_habit(visits: Sequence[int], upto: int, day: int, rules: Rules) -> bool:
    """Twice a week on average over the last six weeks, and no week without a visit."""
    needed = rules.habit_visits * HABIT_WEEKS
    if upto < needed or visits[upto - needed] <= day - 7 * HABIT_WEEKS:
        return False
    high = upto
    for week in range(1, HABIT_WEEKS + 1):
        low = bisect_right(visits, day - 7 * week, 0, high)
        if low == high:
            return False
        high = low
    return True
