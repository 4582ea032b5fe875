"""Where terms stand on a day, and how they chain into spells."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import date, datetime
from fractions import Fraction
from typing import Final, Generic, Protocol, TypeVar

from clubcrm.core.period import Period
from clubcrm.members.states import MembershipState

CHAIN_BREAK_DAYS = 30
"""g: a chain goes on when the next term starts at most so many days after the last valid day."""


DAYS_A_MONTH: Final = Fraction(146097, 4800)
"""The mean Gregorian month: 400 years of 146,097 days."""

SAME_DAYS: Final = 5
"""Months and years differ by so many days; terms that do are equally long."""

SAME_PRICE: Final = 0.02
"""Prices a month that differ by no more than this share are the same."""


class TermFacts(Protocol):
    """What the rules read of a term."""

    @property
    def starts_on(self) -> date: ...
    @property
    def until_on(self) -> date | None: ...
    @property
    def is_access(self) -> bool: ...
    @property
    def is_trial(self) -> bool: ...
    @property
    def voided_at(self) -> datetime | None: ...
    @property
    def pauses(self) -> Sequence[Period]: ...


Term = TypeVar("Term", bound=TermFacts)


def state_on(term: TermFacts, day: date) -> MembershipState:
    """Where a term stands on a day; a term that was taken back has ended."""
    if term.voided_at is not None or not _ends_after(term, day):
        return MembershipState.ENDED
    if day < term.starts_on:
        return MembershipState.PENDING
    if any(pause.contains(day) for pause in term.pauses):
        return MembershipState.FROZEN
    return MembershipState.ACTIVE


def current_term(terms: Iterable[Term], day: date) -> Term | None:
    """The term that counts on a day: running, one that opens the door first, then the latest end."""
    running = [term for term in terms if _is_running(term, day)]
    return max(running, key=_standing, default=None)


def shown_term(terms: Iterable[Term], day: date) -> Term | None:
    """The term a card shows: the running one, else the next to start, else the last that ended."""
    standing = [term for term in terms if term.voided_at is None]
    current = current_term(standing, day)
    if current is not None:
        return current
    coming = [term for term in standing if term.starts_on > day]
    if coming:
        return min(coming, key=lambda term: (term.starts_on, not term.is_access))
    return max(standing, key=_standing, default=None)


@dataclass(frozen=True)
class Spell(Generic[Term]):
    """A chain of access terms without a break that counts; half-open, `until_on` None = open."""

    start_on: date
    until_on: date | None
    terms: tuple[Term, ...]

    def contains(self, day: date) -> bool:
        """Whether the day lies between the spell's start and its end, small breaks included."""
        return self.start_on <= day and (self.until_on is None or day < self.until_on)


def spells(terms: Iterable[Term], g: int = CHAIN_BREAK_DAYS) -> list[Spell[Term]]:
    """The spells of one person, oldest first.

    Only access terms that count form a spell: no trials, guest or staff passes, nothing taken back.
    The next term belongs to the spell when it starts at most `g` days after the last valid day of
    all terms before it, the same rule by which a renewal counts.
    """
    chosen = sorted(
        (t for t in terms if t.is_access and not t.is_trial and t.voided_at is None),
        key=lambda t: (t.starts_on, t.until_on or date.max),
    )
    found: list[Spell[Term]] = []
    for term in chosen:
        last = found[-1] if found else None
        if last is None or not _continues(last.until_on, term.starts_on, g):
            found.append(Spell(term.starts_on, term.until_on, (term,)))
            continue
        open_ended = last.until_on is None or term.until_on is None
        until = None if open_ended else max(last.until_on or date.min, term.until_on or date.min)
        found[-1] = Spell(last.start_on, until, (*last.terms, term))
    return found


def length_of(
    months: int | None, days: int | None, starts_on: date, agreed_until_on: date | None
) -> int | None:
    """Days of a whole term of its plan, without pauses; None for one without an end.

    What was agreed counts, also where an upgrade began in the middle.
    """
    if months:
        return round(months * DAYS_A_MONTH)
    if days:
        return days
    return None if agreed_until_on is None else (agreed_until_on - starts_on).days


def monthly_price(price_minor: int | None, length: int) -> int | None:
    """The price a month in minor units, rounded; None where the price is unknown."""
    if price_minor is None:
        return None
    return round(Fraction(price_minor) * DAYS_A_MONTH / max(1, length))


def how_it_compares(longer: int, monthly_before: int | None, monthly_after: int | None) -> int:
    """1 for a term that is longer or dearer a month, else -1 for a shorter or cheaper one, else 0.

    `longer` is by how many days. Where a price is unknown only the length is compared.
    """
    dearer = 0.0
    if monthly_before is not None and monthly_after is not None:
        dearer = (monthly_after - monthly_before) / max(monthly_before, 1)
    if longer > SAME_DAYS or dearer > SAME_PRICE:
        return 1
    return -1 if longer < -SAME_DAYS or dearer < -SAME_PRICE else 0


def _continues(until_on: date | None, next_start: date, g: int) -> bool:
    # Half-open: the last valid day is the day before `until_on`.
    return until_on is None or (next_start - until_on).days < g


def _is_running(term: TermFacts, day: date) -> bool:
    return term.voided_at is None and term.starts_on <= day and _ends_after(term, day)


def _ends_after(term: TermFacts, day: date) -> bool:
    return term.until_on is None or day < term.until_on


def _standing(term: TermFacts) -> tuple[bool, bool, date, date]:
    return term.is_access, not term.is_trial, term.until_on or date.max, term.starts_on
