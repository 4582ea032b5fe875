"""The mean habit of a club's plans in a month, towards which short histories are drawn."""

from collections.abc import Iterable, Mapping
from typing import Final, NamedTuple

from clubcrm.retention.policies.calendar import ClubDays
from clubcrm.retention.policies.facts import (
    CLUB_AS_A_WHOLE,
    LEAST_COHORT,
    LONE_COHORT,
    Facts,
)
from clubcrm.retention.policies.known import counted_days, known_on
from clubcrm.retention.policies.measures import BASE_DAYS, visits_within
from clubcrm.retention.policies.rules import DEFAULTS, Rules

LEAST_PEOPLE: Final = 30
MOST_BACK: Final = 2 * BASE_DAYS
"""However long a club was closed, the days looked at lie within this many."""


class Seen(NamedTuple):
    """What one member adds: visit-days, and percent of days on which he could have come."""

    plan_id: int
    visits: int
    counted: int


class Mean(NamedTuple):
    """A cohort's mean in visits a week, and how many people it was taken from."""

    visits_per_week: float
    people: int


def days_before(days: ClubDays, month: int) -> int:
    """The day after which the club's last 84 eligible days before a month begin."""
    return days.day_before(month, BASE_DAYS, MOST_BACK)


def seen_by(facts: Facts, month: int, rules: Rules = DEFAULTS) -> Seen | None:
    """What a member adds to the cohorts of the month that begins on a day.

    None for whoever does not run on that day, is frozen, or was not known on a week of days before.
    """
    if facts.is_gone:
        return None
    known = known_on(facts, month, rules)
    running = [span for span in known.spans if span.starts <= month < span.end]
    if not running or not any(begin <= month < until for begin, until in known.open):
        return None
    after = max(days_before(facts.club.days, month), facts.known_from - 1)
    through = month - 1
    if after >= through:
        return None
    counted = counted_days(facts, known, after, through)
    if counted < 700:
        return None
    current = max(running, key=lambda span: (span.end, span.starts, span.term.id))
    came = visits_within(facts.visits, known.open, after, through)
    return Seen(current.term.plan_id, came, counted)


def means_of(people: Iterable[Seen]) -> Mapping[int, Mean]:
    """Plan -> mean; plan 0 is the club as a whole and always among them.

    A plan with fewer than 30 people has none of its own; a club with fewer takes 1.5 a week. No mean is
    under .25.
    """
    sums: dict[int, tuple[int, int, int]] = {}
    for seen in people:
        for plan_id in (CLUB_AS_A_WHOLE, seen.plan_id):
            count, visits, counted = sums.get(plan_id, (0, 0, 0))
            sums[plan_id] = (count + 1, visits + seen.visits, counted + seen.counted)
    means = {
        plan_id: Mean(max(700 * visits / counted, LEAST_COHORT), count)
        for plan_id, (count, visits, counted) in sums.items()
        if count >= LEAST_PEOPLE
    }
    if CLUB_AS_A_WHOLE not in means:
        means[CLUB_AS_A_WHOLE] = Mean(LONE_COHORT, sums.get(CLUB_AS_A_WHOLE, (0, 0, 0))[0])
    return means
