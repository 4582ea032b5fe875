"""Messages: asked for once by their key, and withdrawn while they have not gone out."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Final, cast

from sqlalchemy import Table, bindparam, select, update
from sqlalchemy.orm import Session

from clubcrm.core import jobs
from clubcrm.core.sql import chunks, insert_ignoring
from clubcrm.messaging.models import Message
from clubcrm.messaging.states import Channel, MessageState, Purpose

AT_ONCE: Final = 400
SEND_JOB: Final = "message.send"

_message = cast(Table, Message.__table__)


@dataclass(frozen=True, kw_only=True)
class MessageValues:
    """A message to one person, with all its places filled in.

    `reference` is the asker's key: the same key is the same message. It is sent from `send_at` on, and
    not at all from `valid_until` on.
    """

    club_id: int
    person_id: int
    reference: str
    channel: Channel
    purpose: Purpose
    language: str
    subject: str
    body: str
    send_at: datetime
    valid_until: datetime


_BY_REFERENCE = select(_message.c.reference, _message.c.id).where(
    _message.c.reference.in_(bindparam("references", expanding=True))
)


def queue_messages(session: Session, rows: Sequence[MessageValues], *, now: datetime) -> list[int]:
    """Ask for messages; their ids in the order given. One that was asked for before stays as it is."""
    if not rows:
        return []
    for chunk in chunks(rows, AT_ONCE):
        insert_ignoring(session, _message, [_row(row, now) for row in chunk])
    found = _ids(session, [row.reference for row in rows])
    for row in rows:
        key = f"{found[row.reference]}:1"
        payload = {"message_id": found[row.reference]}
        jobs.enqueue(session, SEND_JOB, key, payload, now=now, run_at=row.send_at)
    return [found[row.reference] for row in rows]


def _row(row: MessageValues, now: datetime) -> dict[str, object]:
    return {
        "club_id": row.club_id,
        "person_id": row.person_id,
        "reference": row.reference,
        "channel": row.channel,
        "purpose": row.purpose,
        "language": row.language,
        "subject": row.subject,
        "body": row.body,
        "address": "",
        "state": MessageState.QUEUED,
        "reason": "",
        "send_at": row.send_at,
        "valid_until": row.valid_until,
        "attempts": 0,
        "claim_no": 0,
        "created_at": now,
    }


def _ids(session: Session, references: Sequence[str]) -> dict[str, int]:
    found: dict[str, int] = {}
    for chunk in chunks(references, AT_ONCE):
        rows = session.execute(_BY_REFERENCE, {"references": chunk})
        found.update({row.reference: row.id for row in rows})
    return found


def cancel_messages(session: Session, references: Sequence[str], *, reason: str) -> list[str]:
    """Cancel the messages with these keys that have not gone out; returns which it were."""
    cancelled: list[str] = []
    for chunk in chunks(references, AT_ONCE):
        held = (
            update(_message)
            .where(_message.c.reference.in_(chunk), _message.c.state == MessageState.QUEUED)
            .values(state=MessageState.CANCELLED, reason=reason)
            .returning(_message.c.reference)
        )
        cancelled += session.execute(held).scalars()
    return cancelled
