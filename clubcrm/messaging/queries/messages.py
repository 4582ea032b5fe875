"""Messages of which somebody should know: uncertain ones, and those that did not go out."""

from collections.abc import Collection
from dataclasses import dataclass
from datetime import datetime
from typing import Any, Final, cast

from sqlalchemy import Select, Table, select
from sqlalchemy.orm import Session

from clubcrm.members.models import Person
from clubcrm.messaging.errors import UnknownMessage
from clubcrm.messaging.models import Message
from clubcrm.messaging.states import Channel, MessageState

_message = cast(Table, Message.__table__)
_person = cast(Table, Person.__table__)

LEFT: Final = "left"
"""The reason of an uncertain message that somebody decided to leave as it is."""


@dataclass(frozen=True)
class MessageRow:
    """A message and whom it is to."""

    id: int
    club_id: int
    person_id: int
    person_name: str
    reference: str
    channel: Channel
    subject: str
    state: MessageState
    reason: str
    claimed_at: datetime | None
    created_at: datetime


def _rows() -> Select[Any]:
    return select(
        _message.c.id,
        _message.c.club_id,
        _message.c.person_id,
        _person.c.full_name,
        _message.c.reference,
        _message.c.channel,
        _message.c.subject,
        _message.c.state,
        _message.c.reason,
        _message.c.claimed_at,
        _message.c.created_at,
    ).join(_person, _person.c.id == _message.c.person_id)


def uncertain_messages(
    session: Session, scope: Collection[int], *, limit: int = 100
) -> list[MessageRow]:
    """Messages of which nobody can tell whether they went out, and nobody has decided; oldest first."""
    query = _rows().where(
        _message.c.club_id.in_(scope),
        _message.c.state == MessageState.UNCERTAIN,
        _message.c.reason != LEFT,
    )
    return [MessageRow(*row) for row in session.execute(query.order_by(_message.c.id).limit(limit))]


def unsent_messages(
    session: Session, scope: Collection[int], *, since: datetime, limit: int = 50
) -> list[MessageRow]:
    """Messages that failed or came back, newest first."""
    query = _rows().where(
        _message.c.club_id.in_(scope),
        _message.c.state.in_((MessageState.FAILED, MessageState.BOUNCED)),
        _message.c.created_at >= since,
    )
    newest = query.order_by(_message.c.id.desc()).limit(limit)
    return [MessageRow(*row) for row in session.execute(newest)]


def get_message(session: Session, message_id: int, scope: Collection[int] | None) -> MessageRow:
    """One message; `scope` None = of any club (its signed link). Raises UnknownMessage."""
    query = _rows().where(_message.c.id == message_id)
    if scope is not None:
        query = query.where(_message.c.club_id.in_(scope))
    row = session.execute(query).one_or_none()
    if row is None:
        raise UnknownMessage
    return MessageRow(*row)
