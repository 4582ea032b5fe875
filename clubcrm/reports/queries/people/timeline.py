"""What happened with one person, newest first: visits, money, memberships, phases and changes.

Visits and payments stand at the time at which they happened, also where an import brought them later;
everything else at the time at which it was recorded.
"""

from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime
from enum import StrEnum
from typing import Any, cast

from sqlalchemy import (
    BindParameter,
    ColumnElement,
    CompoundSelect,
    Select,
    String,
    Table,
    bindparam,
    func,
    literal,
    select,
    union_all,
)
from sqlalchemy.orm import Session

from clubcrm.billing.models import Payment
from clubcrm.core.models import EventLog, FieldChange
from clubcrm.core.prepared import Prepared
from clubcrm.members.models import Consent, Plan
from clubcrm.messaging.models import Message, Task
from clubcrm.retention.models import PhaseChange
from clubcrm.visits.models import AccessPoint, Visit

PAGE = 20


class Kind(StrEnum):
    """What sort of thing happened."""

    VISIT = "visit"
    MONEY = "money"
    MEMBERSHIP = "membership"
    PHASE = "phase"
    CONTACT = "contact"
    CHANGE = "change"


EVENTS: Mapping[Kind, frozenset[str]] = {
    Kind.VISIT: frozenset(
        {
            "EntryStopped",
            "OpeningBalanceSet",
            "VisitsRemoved",
            "SessionPlanned",
            "SessionLogged",
            "SessionReopened",
            "SessionNoted",
        }
    ),
    Kind.MONEY: frozenset({"InvoiceIssued", "InvoiceVoided", "InvoiceWrittenOff", "CreditUsed"}),
    Kind.MEMBERSHIP: frozenset(
        {
            "MembershipSold",
            "MembershipImported",
            "MembershipRenewed",
            "MembershipUpgraded",
            "MembershipVoided",
            "MembershipEndedEarly",
            "CancellationRequested",
            "CancellationWithdrawn",
            "MembershipFrozen",
            "FreezeEnded",
            "FreezeCancelled",
            "TermsMoved",
        }
    ),
    Kind.CONTACT: frozenset({"MessageSent", "TaskClosed", "TaskTried"}),
    Kind.CHANGE: frozenset({"PersonAdded", "PersonChanged", "CardIssued", "CardEnded"}),
}
"""The recorded events each sort shows. Visits, payments and phases have tables of their own."""

KIND_OF = {name: kind for kind, names in EVENTS.items() for name in names}


@dataclass(frozen=True)
class TimelineItem:
    """One thing that happened. `what` is a stable code, `figures` what belongs to it.

    `by` is who did it; empty for the engine. `undo_id` is the visit that may still be taken back.
    """

    key: str
    at: datetime
    kind: Kind
    what: str
    figures: Mapping[str, Any] = field(default_factory=dict)
    by: str = ""
    is_undone: bool = False
    club_id: int | None = None


@dataclass(frozen=True)
class Timeline:
    """A page of the timeline, and the cursor of the next one."""

    items: list[TimelineItem]
    next_cursor: tuple[str, int] | None


def timeline_of(
    session: Session,
    person_id: int,
    *,
    scope: Collection[int],
    kind: Kind | None = None,
    cursor: tuple[str, int] | None = None,
    limit: int = PAGE,
) -> Timeline:
    """What happened with a person at the clubs in scope; eight statements at most.

    The cursor is an instant and how many items of exactly that instant were shown. ValueError for a
    cursor that is none.
    """
    until = datetime.fromisoformat(cursor[0]) if cursor else datetime.max.replace(tzinfo=UTC)
    if until.tzinfo is None:
        raise ValueError("a cursor holds an instant")
    skip = max(0, int(cursor[1])) if cursor else 0
    most = limit + skip + 1
    wanted = set(Kind) if kind is None else {kind}
    asked = _Asked(person_id, tuple(scope), until, most)
    sources = {
        Kind.VISIT: _visits,
        Kind.MONEY: _payments,
        Kind.PHASE: _phases,
        Kind.CHANGE: _consents,
    }
    found = [item for one in sources if one in wanted for item in sources[one](session, asked)]
    names = {name for one in wanted for name in EVENTS.get(one, ())}
    if names:
        found += _events(session, asked, sorted(names))
    found.sort(key=lambda item: (item.at, item.key), reverse=True)
    # What was shown before: the first so many of exactly the cursor's instant.
    found = found[min(skip, sum(1 for item in found if item.at == until)) :]
    page = found[:limit]
    if len(found) <= limit:
        return Timeline(page, None)
    last = page[-1].at
    shown = sum(1 for item in page if item.at == last) + (skip if last == until else 0)
    return Timeline(page, (last.isoformat(), shown))


def timeline_figures(
    session: Session, person_id: int, *, scope: Collection[int]
) -> dict[Kind, int]:
    """How many things of each sort happened, in one statement."""
    counts: dict[Kind, int] = dict.fromkeys(Kind, 0)
    asked = {"person": person_id, "clubs": tuple(scope)}
    for name, count in _COUNTS.all(session, asked):
        counts[KIND_OF[name] if name in KIND_OF else Kind(name)] += count
    return counts


# --- where it comes from --------------------------------------------------------------------

# The card of a member asks all of these: they are put together once, of plain tables.
_visit = cast(Table, Visit.__table__)
_point = cast(Table, AccessPoint.__table__)
_payment = cast(Table, Payment.__table__)
_change = cast(Table, PhaseChange.__table__)
_consent = cast(Table, Consent.__table__)
_event = cast(Table, EventLog.__table__)
_plan = cast(Table, Plan.__table__)
_changed = cast(Table, FieldChange.__table__)

_PERSON: BindParameter[int] = bindparam("person")
_CLUBS: BindParameter[int] = bindparam("clubs", expanding=True)
_UNTIL: BindParameter[datetime] = bindparam("until", type_=_event.c.at.type)
_MOST: BindParameter[int] = bindparam("most")
_NAMES: BindParameter[str] = bindparam("names", expanding=True)


def _newest(query: Select[Any], table: Table, at: ColumnElement[datetime]) -> Prepared:
    """The newest of what somebody did, up to an instant."""
    return Prepared(
        query.where(table.c.person_id == _PERSON, at <= _UNTIL)
        .order_by(at.desc(), table.c.id.desc())
        .limit(_MOST)
    )


_VISITS = _newest(
    select(_visit, _point.c.name.label("point"))
    .outerjoin_from(_visit, _point, _point.c.id == _visit.c.access_point_id)
    .where(_visit.c.club_id.in_(_CLUBS)),
    _visit,
    _visit.c.checked_in_at,
)
_PAYMENTS = _newest(
    select(_payment).where(_payment.c.club_id.in_(_CLUBS)), _payment, _payment.c.paid_at
)
_PHASES = _newest(
    select(_change).where(_change.c.club_id.in_(_CLUBS), _change.c.superseded_at.is_(None)),
    _change,
    _change.c.recorded_at,
)
_CONSENTS = _newest(select(_consent), _consent, _consent.c.at)
_EVENTS = _newest(
    select(_event).where(_event.c.club_id.in_(_CLUBS), _event.c.name.in_(_NAMES)),
    _event,
    _event.c.at,
)

_IDS: BindParameter[int] = bindparam("ids", expanding=True)
_PLANS = Prepared(select(_plan.c.id, _plan.c.name).where(_plan.c.id.in_(_IDS)))
_CHANGES = Prepared(
    select(_changed.c.event_id, _changed.c.field, _changed.c.old, _changed.c.new)
    .where(_changed.c.event_id.in_(_IDS))
    .order_by(_changed.c.id)
)


def _counts() -> CompoundSelect[Any]:
    """How many things of each sort, and how many events of each name, happened to somebody."""

    def of(kind: Kind, table: Table, *more: ColumnElement[bool]) -> Select[str, int]:
        name = literal(kind.value, String).label("name")
        return select(name, func.count()).where(table.c.person_id == _PERSON, *more)

    events = (
        select(_event.c.name, func.count())
        .where(
            _event.c.person_id == _PERSON,
            _event.c.club_id.in_(_CLUBS),
            _event.c.name.in_(tuple(KIND_OF)),
        )
        .group_by(_event.c.name)
    )
    return union_all(
        events,
        of(Kind.VISIT, _visit, _visit.c.club_id.in_(_CLUBS)),
        of(Kind.MONEY, _payment, _payment.c.club_id.in_(_CLUBS)),
        of(Kind.PHASE, _change, _change.c.club_id.in_(_CLUBS), _change.c.superseded_at.is_(None)),
        of(Kind.CHANGE, _consent),
    )


_COUNTS = Prepared(_counts())


@dataclass(frozen=True)
class _Asked:
    """Whose past, at which clubs, up to when, and how much of it at most."""

    person: int
    clubs: tuple[int, ...]
    until: datetime
    most: int

    def values(self, **more: Any) -> dict[str, Any]:
        """As the statements are asked."""
        mine = {"person": self.person, "clubs": self.clubs}
        return mine | {"until": self.until, "most": self.most} | more


def _visits(session: Session, asked: _Asked) -> Iterable[TimelineItem]:
    for visit in _VISITS.all(session, asked.values()):
        yield TimelineItem(
            key=f"v{visit.id:012}",
            at=visit.checked_in_at,
            kind=Kind.VISIT,
            what="visit",
            figures={
                "id": visit.id,
                "left_at": visit.checked_out_at,
                "source": visit.source,
                "access_point": visit.point,
                "override_reason": visit.override_reason,
                "took_a_visit": visit.took_a_visit,
                "undone_by": visit.undone_by,
            },
            by=visit.recorded_by,
            is_undone=visit.undone_at is not None,
            club_id=visit.club_id,
        )


def _payments(session: Session, asked: _Asked) -> Iterable[TimelineItem]:
    for payment in _PAYMENTS.all(session, asked.values()):
        yield TimelineItem(
            key=f"p{payment.id:012}",
            at=payment.paid_at,
            kind=Kind.MONEY,
            what="payment" if payment.amount_minor > 0 else "reversal",
            figures={
                "id": payment.id,
                "amount_minor": payment.amount_minor,
                "currency": payment.currency,
                "method": payment.method,
                "purpose": payment.purpose,
                "reason": payment.reason,
            },
            by=payment.taken_by,
            club_id=payment.club_id,
        )


def _phases(session: Session, asked: _Asked) -> Iterable[TimelineItem]:
    for change in _PHASES.all(session, asked.values()):
        yield TimelineItem(
            key=f"h{change.id:012}",
            at=change.recorded_at,
            kind=Kind.PHASE,
            what=change.transition,
            figures={
                "from_phase": change.from_phase,
                "phase": change.phase,
                "sub": change.sub,
                "from_on": change.from_on,
                "reason": change.reason,
                "measures": change.measures,
            },
            club_id=change.club_id,
        )


def _consents(session: Session, asked: _Asked) -> Iterable[TimelineItem]:
    for consent in _CONSENTS.all(session, asked.values()):
        yield TimelineItem(
            key=f"c{consent.id:012}",
            at=consent.at,
            kind=Kind.CHANGE,
            what="consent_given" if consent.is_given else "consent_withdrawn",
            figures={"channel": consent.channel, "source": consent.source},
        )


def _events(session: Session, asked: _Asked, names: Collection[str]) -> list[TimelineItem]:
    rows = _EVENTS.all(session, asked.values(names=names))
    plan_ids = {row.payload["plan_id"] for row in rows if row.payload.get("plan_id")}
    plans = _plan_names(session, plan_ids)
    changed = _changes(session, [row.id for row in rows if row.name == "PersonChanged"])
    about = _about(session, rows)
    return [
        TimelineItem(
            key=f"e{row.id:012}",
            at=row.at,
            kind=KIND_OF[row.name],
            what=row.name,
            figures={
                **row.payload,
                "plan": plans.get(row.payload.get("plan_id", 0)),
                "changes": changed.get(row.id, ()),
                **about.get(row.id, {}),
            },
            by=row.actor_name if row.actor_kind != "engine" else "",
            club_id=row.club_id,
        )
        for row in rows
    ]


def _about(session: Session, rows: Sequence[Any]) -> dict[int, dict[str, Any]]:
    """What contacts were about: title and note of tasks, subject of messages; by event."""
    task_ids = {row.id: row.payload["task_id"] for row in rows if "task_id" in row.payload}
    message_ids = {row.id: row.payload["message_id"] for row in rows if "message_id" in row.payload}
    found: dict[int, dict[str, Any]] = {}
    if task_ids:
        query = select(Task.id, Task.title, Task.note).where(Task.id.in_(task_ids.values()))
        tasks = {row.id: {"title": row.title, "note": row.note} for row in session.execute(query)}
        found |= {event: tasks.get(task_id, {}) for event, task_id in task_ids.items()}
    if message_ids:
        sent = select(Message.id, Message.subject).where(Message.id.in_(message_ids.values()))
        messages = {row.id: {"title": row.subject} for row in session.execute(sent)}
        found |= {event: messages.get(one, {}) for event, one in message_ids.items()}
    return found


def _plan_names(session: Session, ids: Collection[int]) -> dict[int, str]:
    if not ids:
        return {}
    return {row.id: row.name for row in _PLANS.all(session, {"ids": ids})}


def _changes(
    session: Session, event_ids: Collection[int]
) -> dict[int, list[tuple[str, str | None, str | None]]]:
    """Field, old and new value of what was changed; erased values are not there."""
    if not event_ids:
        return {}
    found: dict[int, list[tuple[str, str | None, str | None]]] = {}
    for event_id, name, old, new in _CHANGES.all(session, {"ids": event_ids}):
        found.setdefault(event_id, []).append((name, old, new))
    return found
