"""What happens to contacts. `reference` is the key of whoever asked for them."""

from dataclasses import dataclass
from datetime import date

from clubcrm.core.events import Event


@dataclass(frozen=True, kw_only=True)
class MessageSent(Event):
    """A message was taken by the server that delivers it."""

    message_id: int
    reference: str
    channel: str


@dataclass(frozen=True, kw_only=True)
class MessageNotSent(Event):
    """A message will certainly not go out: it failed, bounced, or was refused or out of date before."""

    message_id: int
    reference: str
    channel: str
    state: str
    reason: str


@dataclass(frozen=True, kw_only=True)
class MessageUncertain(Event):
    """Nobody can tell whether a message went out."""

    message_id: int
    reference: str
    channel: str


@dataclass(frozen=True, kw_only=True)
class Unsubscribed(Event):
    """Somebody said, by the link in a message, that no more marketing is wanted on a channel."""

    channel: str
    message_id: int | None = None


@dataclass(frozen=True, kw_only=True)
class AddressSuppressed(Event):
    """An address is not used again."""

    channel: str
    reason: str


@dataclass(frozen=True, kw_only=True)
class TaskOpened(Event):
    """Staff were asked to do something about somebody."""

    task_id: int
    reference: str
    kind: str


@dataclass(frozen=True, kw_only=True)
class TaskTried(Event):
    """A call was tried and nobody was reached; it is due again on another day."""

    task_id: int
    reference: str
    outcome: str
    due_on: date


@dataclass(frozen=True, kw_only=True)
class TaskClosed(Event):
    """A task is over: done with an outcome, cancelled, or expired (a prompt that was missed says so)."""

    task_id: int
    reference: str
    kind: str
    state: str
    outcome: str | None = None
    promised_on: date | None = None


@dataclass(frozen=True, kw_only=True)
class TasksAssigned(Event):
    """Tasks were given to somebody (or back to everybody)."""

    task_ids: list[int]
    assigned_to: int | None


@dataclass(frozen=True, kw_only=True)
class SenderChanged(Event):
    """A channel was switched on or off, or its sender changed."""

    channel: str
    is_on: bool
