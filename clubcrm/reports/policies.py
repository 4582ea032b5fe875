"""What counts as a renewal, and how sure a rate is. Pure: values in, values out.

Definitions: a term is due on its last valid day E. It is renewed when a later access term of the same person
was sold by E + g and starts by E + g (g = days of grace, 30 unless asked otherwise) and, where it was sold in
this system for a price, a payment for it stands. Before E + g has passed an end without a successor is
pending, never lost.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, timedelta
from math import sqrt

from clubcrm.members.policies import how_it_compares, monthly_price
from clubcrm.reports.states import Bucket, Direction, Excluded
from clubcrm.retention.policies.rules import Rules

Z95 = 1.959963984540054
"""Two-sided 95 % quantile of the normal distribution."""


@dataclass(frozen=True)
class Term:
    """What the report must know of one access term. Days are half-open; `until_on` None = open."""

    id: int
    person_id: int
    club_id: int
    plan_id: int
    is_fixed_term: bool
    is_trial: bool
    starts_on: date
    until_on: date | None
    length: int  # days of a whole term of its plan, without pauses; an open one counts as a month
    sold_on: date
    previous_id: int | None
    is_upgrade: bool  # linked to the term before as its replacement, not as its renewal
    price_minor: int | None
    currency: str
    is_auto: bool
    is_paid_or_free: bool
    excluded: Excluded | None
    seller: str
    trainer: str
    is_pack: bool = False


@dataclass(frozen=True)
class Outcome:
    """A term that ends, and what follows it."""

    term: Term
    ends_on: date
    excluded: Excluded | None
    successor: Term | None
    direction: Direction | None


def outcomes_of(terms: Sequence[Term]) -> list[Outcome]:
    """What follows each fixed term of one person. `terms` are the person's access terms, in any order."""
    ordered = sorted(terms, key=lambda term: (term.starts_on, term.id))
    return [
        _outcome(term, ordered)
        for term in ordered
        if term.is_fixed_term and term.until_on is not None
    ]


def _outcome(term: Term, ordered: Sequence[Term]) -> Outcome:
    assert term.until_on is not None
    ends_on = term.until_on - timedelta(days=1)
    excluded = Excluded.TRIAL if term.is_trial else term.excluded
    successor = _successor(term, ordered)
    if excluded is None and _is_covered(term, ordered, successor):
        excluded = Excluded.COVERED
    direction = _direction(term, successor) if successor else None
    return Outcome(term, ends_on, excluded, successor, direction)


def _successor(term: Term, ordered: Sequence[Term]) -> Term | None:
    """The linked term, else the next access term that runs longer than this one."""
    usable = [other for other in ordered if _may_follow(other, term)]
    for other in usable:
        if other.previous_id == term.id:
            return other
    for other in usable:
        # A term that is linked to another one follows that one, not this.
        if other.previous_id is None or other.previous_id == term.id:
            return other
    return None


def _may_follow(other: Term, term: Term) -> bool:
    if other.id == term.id or other.is_trial or not other.is_paid_or_free:
        return False
    if other.excluded in (Excluded.REFUNDED, Excluded.DIED):
        return False
    later = (other.starts_on, other.id) > (term.starts_on, term.id)
    assert term.until_on is not None
    return later and (other.until_on is None or other.until_on > term.until_on)


def _is_covered(term: Term, ordered: Sequence[Term], successor: Term | None) -> bool:
    """Tell whether another term, begun no later, was running at the end and runs on.

    A pack is no such term: its days say only until when its visits would be good.
    """
    assert term.until_on is not None
    return any(
        other.id != term.id
        and other is not successor
        and not other.is_trial
        and not other.is_pack
        and other.excluded is None
        and (other.starts_on, other.id) < (term.starts_on, term.id)
        and (other.until_on is None or other.until_on > term.until_on)
        for other in ordered
    )


def _direction(term: Term, successor: Term) -> Direction:
    """Longer, or dearer a month, is an upgrade; otherwise shorter or cheaper is a downgrade."""
    step = how_it_compares(
        successor.length - term.length, monthly_minor(term), monthly_minor(successor)
    )
    if step == 0:
        return Direction.SAME
    return Direction.UPGRADE if step > 0 else Direction.DOWNGRADE


def monthly_minor(term: Term) -> int | None:
    """The price a month in minor units, rounded; None where the price is unknown."""
    return monthly_price(term.price_minor, term.length)


def bucket(
    ends_on: date,
    window_days: int,
    successor_sold_on: date | None,
    successor_starts_on: date | None,
    *,
    grace: int,
    today: date,
) -> Bucket:
    """In which bucket a due term is on a day. The SQL of the report says the same (a test compares)."""
    last = ends_on + timedelta(days=grace)
    # The day after the end leaves no gap, so that it counts with no days of grace at all.
    last_start = ends_on + timedelta(days=max(grace, 1))
    sold, starts = successor_sold_on, successor_starts_on
    if sold is not None and starts is not None and sold <= last and starts <= last_start:
        if sold < ends_on - timedelta(days=window_days):
            return Bucket.EARLY
        return Bucket.WINDOW if sold <= ends_on else Bucket.LATE
    return Bucket.NOT_RENEWED if last < today else Bucket.PENDING


def window_days(length: int, rules: Rules) -> int:
    """How many days before its end a term of so many days comes up for renewal."""
    if length >= 300:
        return rules.year_window
    if length >= 150:
        return rules.half_window
    return rules.quarter_window if length >= 75 else rules.short_window


def wilson(successes: int, trials: int) -> tuple[float, float] | None:
    """95 % limits of a rate (Wilson 1927, score interval); None without trials.

    Check values: 0 of 20 gives 0 to 0.1611.
    """
    if trials == 0:
        return None
    share = successes / trials
    scale = 1 + Z95**2 / trials
    middle = (share + Z95**2 / (2 * trials)) / scale
    half = Z95 * sqrt(share * (1 - share) / trials + Z95**2 / (4 * trials**2)) / scale
    low = 0.0 if successes == 0 else middle - half
    high = 1.0 if successes == trials else middle + half
    return max(0.0, low), min(1.0, high)
