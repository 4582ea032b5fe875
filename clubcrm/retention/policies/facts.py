"""What the phase of one person on one day is decided from. Days are numbers (`core.days.day_no`).

Facts are plain values: reading them is `retention.facts`, deciding is the rest of this folder. Nobody
changes them once made; `Facts.memo` only keeps what follows from them.
"""

from bisect import bisect_right
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Final, NamedTuple

from clubcrm.members.states import PlanKind
from clubcrm.retention.policies.calendar import ClubDays

if TYPE_CHECKING:
    from clubcrm.retention.policies.known import Known

FAR: Final = 10_000_000
"""A day that never comes: the end of what has none."""

LOOK_BACK: Final = 119
"""How many days of visits before the first day asked about a decision needs: the member's own base
day lies up to 6 days back, and its habit is read from the 112 days before it."""

WALK_BACK: Final = LOOK_BACK + 16
"""The same for a walk: to name a recovery it looks at the day before the member became active."""

CLUB_AS_A_WHOLE: Final = 0
"""The plan id under which a club's own cohort row stands."""

LONE_COHORT: Final = 1.5
"""Visits a week where a club has too few people to have a mean of its own."""

LEAST_COHORT: Final = 0.25


class Term(NamedTuple):
    """One access term. Terms that were taken back, trials and passes are not among the facts.

    `ends` says which first day without it was known from which day on, so that a freeze, a notice or
    an upgrade does not rewrite what was true before anybody knew of it.
    """

    id: int
    plan_id: int
    kind: PlanKind
    known: int  # the first day on which it is on the books
    starts: int
    ends: tuple[tuple[int, int], ...]  # (known from, first day without it), ascending
    length: int  # days of a whole term of its plan, without pauses; FAR when open
    auto_renew: bool = False
    previous_id: int | None = None
    is_upgrade: bool = False
    notice: int = FAR  # the day on which notice was given
    visits_left: int | None = None
    takes: tuple[int, ...] = ()  # days on which visits were taken from it, ascending
    renewals_before: int = 0
    price: int | None = None  # minor units
    freezes: tuple[tuple[int, int], ...] = ()  # half-open, ascending

    def end_known_on(self, day: int) -> int:
        """The first day without it, as it was known on a day."""
        ends = self.ends
        if len(ends) == 1:
            return ends[0][1]
        found = ends[0][1]
        for known, end in ends:
            if known > day:
                break
            found = end
        return found


class Cohorts:
    """The stored mean habits of a club, month by month.

    A month without a row takes the latest earlier one, so that the answer is always the same.
    """

    __slots__ = ("_months", "_rates")

    def __init__(self, rows: Mapping[tuple[int, int], float]) -> None:
        """Take (first day of the month, plan) -> visits a week; plan 0 is the club as a whole."""
        by_month: dict[int, dict[int, float]] = {}
        for (month, plan_id), rate in rows.items():
            by_month.setdefault(month, {})[plan_id] = rate
        self._months = sorted(by_month)
        self._rates = [by_month[month] for month in self._months]

    def rate(self, plan_id: int, day: int) -> float:
        """Visits a week that people of the plan make, as stored for the month of the day."""
        index = bisect_right(self._months, day) - 1
        if index < 0:
            return LONE_COHORT
        rates = self._rates[index]
        rate = rates.get(plan_id)
        return rate if rate is not None else rates.get(CLUB_AS_A_WHOLE, LONE_COHORT)


@dataclass(frozen=True, slots=True)
class ClubFacts:
    """What is alike for everybody at a club."""

    days: ClubDays = field(default_factory=ClubDays)
    cohorts: Cohorts = field(default_factory=lambda: Cohorts({}))


@dataclass(slots=True, eq=False)
class Facts:
    """All that decides about one person. Visits reach back `LOOK_BACK` days before the first day asked.

    `known_from` is the first day from which visits are known one by one (0 = always); what lies before
    is unknown and never zero. `told_last` and `told_mean` are the opening balance of an import, and
    `is_past_told` says that it tells of the unknown time (a last visit, or that there was none).
    """

    person_id: int
    club: ClubFacts
    terms: Sequence[Term] = ()
    visits: Sequence[int] = ()  # visit-days since `known_from`, ascending
    before: int | None = None  # the last visit-day before those
    known_from: int = 0
    told_last: int | None = None
    told_mean: float | None = None
    is_past_told: bool = False
    joined: int | None = None  # since when somebody an import brought is a member, as a file says
    is_gone: bool = False  # erased, deceased, banned, or merged into another: no phase
    changes: tuple[int, ...] = ()  # days from which something else is on the books, ascending
    memo: "dict[int, Known]" = field(default_factory=dict, repr=False)

    def __post_init__(self) -> None:
        days = {known for term in self.terms for known, _end in term.ends}
        days.update(term.known for term in self.terms)
        days.update(term.notice for term in self.terms if term.notice != FAR)
        self.changes = tuple(sorted(days))
