"""Somebody wants no more marketing by a channel, and says so by the link in a message."""

from datetime import datetime
from typing import Final, cast

from sqlalchemy import Table, select
from sqlalchemy.orm import Session

from clubcrm.core.actor import Actor, ActorKind
from clubcrm.core.events import record
from clubcrm.members.models import Person
from clubcrm.members.operations import ConsentValues, hold_people, record_consents
from clubcrm.members.states import ConsentChannel
from clubcrm.messaging.errors import UnknownMessage
from clubcrm.messaging.events import Unsubscribed
from clubcrm.messaging.models import Message
from clubcrm.messaging.operations.suppressions import suppress
from clubcrm.messaging.queries.reach import CHANNELS, gate_facts
from clubcrm.messaging.states import Channel, SuppressionReason

_message = cast(Table, Message.__table__)
_person = cast(Table, Person.__table__)

SOURCE: Final = "unsubscribe link"
RECEIVER: Final = Actor(ActorKind.ENGINE, None, "unsubscribe link")
_CONSENT: Final[dict[Channel, ConsentChannel]] = {ours: theirs for theirs, ours in CHANNELS.items()}


def unsubscribe(session: Session, message_id: int, *, now: datetime) -> bool:
    """Write no more marketing to whoever got a message; False where that was so before.

    What belongs to the contract may still be written. Raises UnknownMessage.
    """
    query = (
        select(
            _message.c.club_id,
            _message.c.person_id,
            _message.c.channel,
            _message.c.address,
            _person.c.email,
        )
        .join(_person, _person.c.id == _message.c.person_id)
        .where(_message.c.id == message_id)
    )
    row = session.execute(query).one_or_none()
    if row is None:
        raise UnknownMessage
    hold_people(session, [row.person_id])
    facts = gate_facts(session, row.club_id, [row.person_id])[row.person_id]
    is_known = facts.consents.get(row.channel) is False
    is_new = not is_known
    if not is_known:
        said_no = ConsentValues(
            person_id=row.person_id,
            channel=_CONSENT[row.channel],
            is_given=False,
            source=SOURCE,
        )
        record_consents(session, [said_no], now=now)
    for address in {row.address, row.email} - {"", None}:
        is_new = (
            suppress(
                session,
                row.club_id,
                row.channel,
                address,
                SuppressionReason.UNSUBSCRIBED,
                person_id=row.person_id,
                by=RECEIVER,
                now=now,
            )
            or is_new
        )
    if is_new:
        event = Unsubscribed(
            club_id=row.club_id,
            person_id=row.person_id,
            channel=row.channel,
            message_id=message_id,
        )
        record(session, event, by=RECEIVER, now=now)
    return is_new
