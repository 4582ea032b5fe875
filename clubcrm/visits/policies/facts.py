"""What a door knows, and what it answers: the values that go into its rules and come out of them."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date, datetime
from typing import Any, Final

from clubcrm.core.money import Money
from clubcrm.visits.states import REPLIES, Decision, Effect, Fact, PromptCode, PromptReply

DEBT_GRACE_DAYS: Final = 7  # for somebody without a running plan that says otherwise


@dataclass(frozen=True, slots=True)
class TermFacts:
    """A term that opens a door: when it runs (half-open), and what limits it."""

    id: int
    club_id: int
    starts_on: date
    until_on: date | None  # first day without it, a given notice included; None = open
    plan: str = ""
    plan_id: int | None = None
    club: str = ""
    visits_left: int | None = None
    visits_total: int | None = None
    hours: str | None = None
    auto_renew: bool = False
    debt_grace_days: int = DEBT_GRACE_DAYS
    frozen: tuple[tuple[int, date, date], ...] = ()  # freeze id, first day, first day back

    def runs_on(self, day: date) -> bool:
        """Whether the day lies within, freezes included."""
        return self.starts_on <= day and (self.until_on is None or day < self.until_on)

    def freeze_on(self, day: date) -> tuple[int, date, date] | None:
        """The freeze that covers the day."""
        return next((one for one in self.frozen if one[1] <= day < one[2]), None)

    def days_left(self, day: date) -> int | None:
        """Days after this one on which it still runs: 0 on its last day; None while open."""
        return None if self.until_on is None else (self.until_on - day).days - 1


@dataclass(frozen=True, slots=True)
class DebtFacts:
    """What a person owes, and since when the oldest part of it is due."""

    minor: int
    currency: str
    due_on: date

    @property
    def amount(self) -> Money:
        """What is owed."""
        return Money(self.minor, self.currency)


@dataclass(frozen=True, slots=True)
class VisitFacts:
    """A visit that counts."""

    id: int
    club_id: int
    at: datetime
    out_at: datetime | None = None


@dataclass(frozen=True, slots=True)
class ArrivalFacts:
    """What staff were asked to say when somebody arrives."""

    task_id: int
    title: str
    script: str


@dataclass(frozen=True, slots=True)
class EntryFacts:
    """All a door knows when it decides. Visits are the latest ones, newest first."""

    club_id: int
    timezone: str
    cutoff_minutes: int = 0
    calendar: str = "gregorian"
    is_closed: bool = False
    is_barred: bool = False
    birth_date: date | None = None
    has_come_before: bool = True  # somebody whose past is unknown has
    terms: Sequence[TermFacts] = ()
    debt: DebtFacts | None = None
    visits: Sequence[VisitFacts] = ()
    not_asked_until: Mapping[PromptCode, date] = field(default_factory=dict)
    arrival: ArrivalFacts | None = None


@dataclass(frozen=True, slots=True)
class Reason:
    """One fact that the answer rests on; `figures` are plain JSON values for its words."""

    code: Fact
    effect: Effect
    figures: Mapping[str, Any] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class Prompt:
    """The one question to ask, with the replies it takes."""

    code: PromptCode
    figures: Mapping[str, Any] = field(default_factory=dict)

    @property
    def replies(self) -> tuple[PromptReply, ...]:
        """The replies in the order of the keys 1 to 3."""
        return tuple(REPLIES[self.code])


@dataclass(frozen=True, slots=True)
class Verdict:
    """The answer of a door: the decision, every reason (the gravest first), one question at most."""

    decision: Decision
    reasons: tuple[Reason, ...]
    term: TermFacts | None  # the term the visit belongs to, or would
    on: date  # the club day
    prompt: Prompt | None = None
    earlier: VisitFacts | None = None  # the visit that is still going on
