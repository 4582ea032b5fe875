"""What happens at the door."""

from dataclasses import dataclass
from datetime import date

from clubcrm.core.events import Event


@dataclass(frozen=True, kw_only=True)
class VisitRecorded(Event):
    """Somebody came in.

    A batch (an import, a door's log) records one event a person, with the last visit in it, the
    number of visits, and the earliest day as `affects_from_on`.
    """

    visit_id: int
    on: date
    affects_from_on: date
    visits: int = 1
    decision: str = "in"
    override_reason: str | None = None


@dataclass(frozen=True, kw_only=True)
class VisitUndone(Event):
    """A visit was taken back and counts no longer."""

    visit_id: int
    on: date
    affects_from_on: date


@dataclass(frozen=True, kw_only=True)
class VisitsRemoved(Event):
    """Visits that only an import had brought went with its undo; one event a person."""

    visits: int
    affects_from_on: date


@dataclass(frozen=True, kw_only=True)
class CheckedOut(Event):
    """Somebody left."""

    visit_id: int


@dataclass(frozen=True, kw_only=True)
class EntryStopped(Event):
    """A door kept somebody out, and why."""

    entry_id: int
    on: date
    reasons: list[str]


@dataclass(frozen=True, kw_only=True)
class PromptAnswered(Event):
    """Somebody was asked the desk's question."""

    prompt: str
    reply: str
    ask_again_on: date


@dataclass(frozen=True, kw_only=True)
class CardIssued(Event):
    """A card was given to somebody."""

    credential_id: int


@dataclass(frozen=True, kw_only=True)
class CardEnded(Event):
    """A card opens nothing any more: lost, replaced or taken back."""

    credential_id: int


@dataclass(frozen=True, kw_only=True)
class OpeningBalanceSet(Event):
    """An import said what it knew of the visits before this system."""

    as_of_on: date
    affects_from_on: date
