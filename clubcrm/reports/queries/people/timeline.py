"""What happened with one person, newest first: visits, money, memberships, phases and changes.

Visits and payments stand at the time at which they happened, also where an import brought them later;
everything else at the time at which it was recorded.
"""

from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime
from enum import StrEnum
from typing import Any

from sqlalchemy import func, select
from sqlalchemy.orm import Session

from clubcrm.billing.models import Payment
from clubcrm.core.models import EventLog, FieldChange
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
    found: list[TimelineItem] = []
    if Kind.VISIT in wanted:
        found += _visits(session, person_id, scope, until, most)
    if Kind.MONEY in wanted:
        found += _payments(session, person_id, scope, until, most)
    if Kind.PHASE in wanted:
        found += _phases(session, person_id, scope, until, most)
    if Kind.CHANGE in wanted:
        found += _consents(session, person_id, until, most)
    names = {name for one in wanted for name in EVENTS.get(one, ())}
    if names:
        found += _events(session, person_id, scope, names, until, most)
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
    """How many things of each sort happened: five counts."""
    counts: dict[Kind, int] = dict.fromkeys(Kind, 0)
    by_name = (
        select(EventLog.name, func.count())
        .where(
            EventLog.person_id == person_id,
            EventLog.club_id.in_(scope),
            EventLog.name.in_(KIND_OF),
        )
        .group_by(EventLog.name)
    )
    for name, count in session.execute(by_name):
        counts[KIND_OF[name]] += count
    tables = (
        (
            Kind.VISIT,
            select(func.count(Visit.id)).where(
                Visit.person_id == person_id, Visit.club_id.in_(scope)
            ),
        ),
        (
            Kind.MONEY,
            select(func.count(Payment.id)).where(
                Payment.person_id == person_id, Payment.club_id.in_(scope)
            ),
        ),
        (
            Kind.PHASE,
            select(func.count(PhaseChange.id)).where(
                PhaseChange.person_id == person_id,
                PhaseChange.club_id.in_(scope),
                PhaseChange.superseded_at.is_(None),
            ),
        ),
        (Kind.CHANGE, select(func.count(Consent.id)).where(Consent.person_id == person_id)),
    )
    for kind, query in tables:
        counts[kind] += session.scalar(query) or 0
    return counts


# --- where it comes from --------------------------------------------------------------------


def _visits(
    session: Session, person_id: int, scope: Collection[int], until: datetime, most: int
) -> Iterable[TimelineItem]:
    query = (
        select(Visit, AccessPoint.name)
        .outerjoin(AccessPoint, AccessPoint.id == Visit.access_point_id)
        .where(Visit.person_id == person_id, Visit.club_id.in_(scope), Visit.checked_in_at <= until)
        .order_by(Visit.checked_in_at.desc(), Visit.id.desc())
        .limit(most)
    )
    for visit, point in session.execute(query):
        yield TimelineItem(
            key=f"v{visit.id:012}",
            at=visit.checked_in_at,
            kind=Kind.VISIT,
            what="visit",
            figures={
                "id": visit.id,
                "left_at": visit.checked_out_at,
                "source": visit.source,
                "access_point": point,
                "override_reason": visit.override_reason,
                "took_a_visit": visit.took_a_visit,
                "undone_by": visit.undone_by,
            },
            by=visit.recorded_by,
            is_undone=visit.undone_at is not None,
            club_id=visit.club_id,
        )


def _payments(
    session: Session, person_id: int, scope: Collection[int], until: datetime, most: int
) -> Iterable[TimelineItem]:
    query = (
        select(Payment)
        .where(Payment.person_id == person_id, Payment.club_id.in_(scope), Payment.paid_at <= until)
        .order_by(Payment.paid_at.desc(), Payment.id.desc())
        .limit(most)
    )
    for payment in session.scalars(query):
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


def _phases(
    session: Session, person_id: int, scope: Collection[int], until: datetime, most: int
) -> Iterable[TimelineItem]:
    query = (
        select(PhaseChange)
        .where(
            PhaseChange.person_id == person_id,
            PhaseChange.club_id.in_(scope),
            PhaseChange.superseded_at.is_(None),
            PhaseChange.recorded_at <= until,
        )
        .order_by(PhaseChange.recorded_at.desc(), PhaseChange.id.desc())
        .limit(most)
    )
    for change in session.scalars(query):
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


def _consents(
    session: Session, person_id: int, until: datetime, most: int
) -> Iterable[TimelineItem]:
    query = (
        select(Consent)
        .where(Consent.person_id == person_id, Consent.at <= until)
        .order_by(Consent.at.desc(), Consent.id.desc())
        .limit(most)
    )
    for consent in session.scalars(query):
        yield TimelineItem(
            key=f"c{consent.id:012}",
            at=consent.at,
            kind=Kind.CHANGE,
            what="consent_given" if consent.is_given else "consent_withdrawn",
            figures={"channel": consent.channel, "source": consent.source},
        )


def _events(
    session: Session,
    person_id: int,
    scope: Collection[int],
    names: Collection[str],
    until: datetime,
    most: int,
) -> list[TimelineItem]:
    query = (
        select(EventLog)
        .where(
            EventLog.person_id == person_id,
            EventLog.club_id.in_(scope),
            EventLog.name.in_(names),
            EventLog.at <= until,
        )
        .order_by(EventLog.at.desc(), EventLog.id.desc())
        .limit(most)
    )
    rows = session.scalars(query).all()
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


def _about(session: Session, rows: Sequence[EventLog]) -> dict[int, dict[str, Any]]:
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
    query = select(Plan.id, Plan.name).where(Plan.id.in_(ids))
    return {row.id: row.name for row in session.execute(query)}


def _changes(
    session: Session, event_ids: Collection[int]
) -> dict[int, list[tuple[str, str | None, str | None]]]:
    """Field, old and new value of what was changed; erased values are not there."""
    if not event_ids:
        return {}
    found: dict[int, list[tuple[str, str | None, str | None]]] = {}
    query = (
        select(FieldChange.event_id, FieldChange.field, FieldChange.old, FieldChange.new)
        .where(FieldChange.event_id.in_(event_ids))
        .order_by(FieldChange.id)
    )
    for event_id, name, old, new in session.execute(query):
        found.setdefault(event_id, []).append((name, old, new))
    return found
