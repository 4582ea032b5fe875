"""What happened, recorded in the transaction in which it happened, and who hears of it.

A package below records; packages above listen. `clubcrm/wiring.py` holds the one table of event ->
handlers and gives it to `wire()`. TOGETHER handlers run inside the recording transaction (only
truth that must never be seen without the event); AFTERWARDS handlers get a delivery row each and
run later, alone, repeatably.
"""

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, fields
from datetime import date, datetime
from enum import Enum
from typing import Any, ClassVar, cast

from sqlalchemy import Table, insert
from sqlalchemy.orm import Session

from clubcrm.core.actor import Actor
from clubcrm.core.models import EventDelivery, EventLog, WorkState
from clubcrm.core.sql import insert_many
from clubcrm.core.transactions import WORK_WAITS

__all__ = ["AFTERWARDS", "TOGETHER", "Event", "Subscription", "Wiring", "record", "wire"]


@dataclass(frozen=True, kw_only=True)
class Event:
    """Something that happened to a club, and mostly to one person in it. Ids and values only."""

    club_id: int | None
    person_id: int | None = None

    known: ClassVar[dict[str, type["Event"]]] = {}

    def __init_subclass__(cls, **kw: Any) -> None:
        super().__init_subclass__(**kw)
        if Event.known.setdefault(cls.__name__, cls).__module__ != cls.__module__:
            raise TypeError(f"Two events are called {cls.__name__}.")

    def payload(self) -> dict[str, Any]:
        """The event's own fields as JSON values (days as ISO text)."""
        return {name: _plain(getattr(self, name)) for name in self.own_names()}

    @classmethod
    def own_names(cls) -> tuple[str, ...]:
        """The names of the event's own fields."""
        names = _own_names.get(cls.__name__)
        if names is None:
            own = (f.name for f in fields(cls) if f.name not in ("club_id", "person_id"))
            names = _own_names[cls.__name__] = tuple(own)
        return names

    @classmethod
    def from_row(cls, row: EventLog) -> "Event":
        """Read an event back from the log; days and instants come back as ISO text."""
        kind = cls.known[row.name]
        names = {f.name for f in fields(kind)}
        values = {name: value for name, value in row.payload.items() if name in names}
        return kind(club_id=row.club_id, person_id=row.person_id, **values)


_own_names: dict[str, tuple[str, ...]] = {}


def _payloads(events: Sequence[Event]) -> Iterator[dict[str, Any]]:
    """The payload of each event; of those that say the same one after another it is one and the same."""
    last: list[Any] | None = None
    payload: dict[str, Any] = {}
    for event in events:
        said = [type(event), *(getattr(event, name) for name in event.own_names())]
        if said != last:
            last, payload = said, event.payload()
        yield payload


def _plain(value: Any) -> Any:
    if isinstance(value, Enum):
        return value.value
    if isinstance(value, date):  # an instant is one too
        return value.isoformat()
    if isinstance(value, (list, tuple)):
        return [_plain(item) for item in value]
    return value


Together = Callable[[Session, Sequence[Any], datetime], None]
Afterwards = Callable[[Session, Any, datetime], None]


@dataclass(frozen=True)
class Subscription:
    """One listener: its stable name, its function, and when it runs."""

    name: str
    handler: Callable[..., None]
    together: bool


def TOGETHER(handler: Together) -> Subscription:  # noqa: N802
    """Listen inside the recording transaction: `handler(session, events, now)`, all of one kind at once."""
    return Subscription(f"{handler.__module__}.{handler.__name__}", handler, together=True)


def AFTERWARDS(handler: Afterwards) -> Subscription:  # noqa: N802
    """Listen later, through a delivery row: `handler(session, event, now)` in a transaction of its own."""
    return Subscription(f"{handler.__module__}.{handler.__name__}", handler, together=False)


Wiring = Mapping[type[Event], Sequence[Subscription]]
_wiring: dict[type[Event], tuple[Subscription, ...]] = {}


def wire(table: Wiring) -> None:
    """Put the table of listeners in force (once, when the application is made)."""
    _wiring.clear()
    _wiring.update({kind: tuple(subscriptions) for kind, subscriptions in table.items()})


def handler_named(kind: type[Event], name: str) -> Afterwards | None:
    """Find the afterwards-handler a delivery row names; None when it is wired no longer."""
    for subscription in _wiring.get(kind, ()):
        if subscription.name == name and not subscription.together:
            return subscription.handler
    return None


def record(session: Session, *events: Event, by: Actor, now: datetime) -> list[int]:
    """Write down what happened, tell the TOGETHER listeners, and queue the AFTERWARDS ones.

    Returns the ids of the log rows in the order given. Many events in one call cost one statement.
    """
    if not events:
        return []
    session.flush()
    rows = [
        {
            "at": now,
            "name": type(event).__name__,
            "club_id": event.club_id,
            "person_id": event.person_id,
            "actor_kind": by.kind,
            "actor_id": by.id,
            "actor_name": by.name,
            "payload": payload,
        }
        for event, payload in zip(events, _payloads(events))
    ]
    ids = insert_many(session, cast(Table, EventLog.__table__), rows)
    _deliver(session, events, ids, now)
    return ids


def _deliver(session: Session, events: Sequence[Event], ids: list[int], now: datetime) -> None:
    by_kind: dict[type[Event], list[int]] = {}
    for position, event in enumerate(events):
        by_kind.setdefault(type(event), []).append(position)
    deliveries: list[dict[str, Any]] = []
    for kind, positions in by_kind.items():
        for subscription in _wiring.get(kind, ()):
            if subscription.together:
                subscription.handler(session, [events[p] for p in positions], now)
                continue
            deliveries += [
                {
                    "event_id": ids[p],
                    "handler": subscription.name,
                    "state": WorkState.WAITING,
                    "run_at": now,
                    "attempts": 0,
                }
                for p in positions
            ]
    if deliveries:
        session.execute(insert(EventDelivery), deliveries)
        session.info[WORK_WAITS] = True
