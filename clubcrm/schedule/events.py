"""What happens to one-to-one sessions."""

from dataclasses import dataclass
from datetime import datetime

from clubcrm.core.events import Event


@dataclass(frozen=True, kw_only=True)
class SessionPlanned(Event):
    """A session with a trainer was planned."""

    appointment_id: int
    trainer_id: int
    trainer: str
    starts_at: datetime


@dataclass(frozen=True, kw_only=True)
class SessionLogged(Event):
    """The outcome of a session was told; `took_from_id` is the package it took one from."""

    appointment_id: int
    trainer: str
    outcome: str
    starts_at: datetime
    took_from_id: int | None = None
    left: int | None = None
    moved_to: datetime | None = None


@dataclass(frozen=True, kw_only=True)
class SessionReopened(Event):
    """The outcome of a session was taken back; what it took from a package was given back."""

    appointment_id: int
    trainer: str
    outcome: str
    starts_at: datetime


@dataclass(frozen=True, kw_only=True)
class SessionNoted(Event):
    """What was trained, or a note about it, was written down; the words stand with the session."""

    appointment_id: int
    trainer: str
    starts_at: datetime
