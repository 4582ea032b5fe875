"""How clubs write: the sender of a channel."""

from dataclasses import dataclass
from datetime import datetime
from typing import cast

from sqlalchemy import Table, select
from sqlalchemy.orm import Session

from clubcrm.messaging.models import Sender
from clubcrm.messaging.states import Channel

_sender = cast(Table, Sender.__table__)


@dataclass(frozen=True)
class SenderRow:
    """The sender of a club on a channel; a club that never looked at it has one that is off."""

    club_id: int
    channel: Channel
    is_on: bool = False
    name: str = ""
    address: str = ""
    reply_to: str = ""
    tested_at: datetime | None = None


def sender_of(session: Session, club_id: int, channel: Channel) -> SenderRow:
    """How a club writes on a channel."""
    query = select(_sender).where(_sender.c.club_id == club_id, _sender.c.channel == channel)
    row = session.execute(query).mappings().one_or_none()
    if row is None:
        return SenderRow(club_id, channel)
    told = row["settings"] or {}
    return SenderRow(
        club_id,
        channel,
        row["is_on"],
        str(told.get("name") or ""),
        str(told.get("address") or ""),
        str(told.get("reply_to") or ""),
        row["tested_at"],
    )
