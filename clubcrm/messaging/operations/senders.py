"""The sender of a club: who it writes as, whether it writes at all, and whether that works."""

from datetime import datetime
from typing import cast
from uuid import uuid4

from sqlalchemy import Table, update
from sqlalchemy.orm import Session

from clubcrm.accounts.queries import get_club
from clubcrm.core import clock
from clubcrm.core.actor import Actor
from clubcrm.core.events import record
from clubcrm.core.sql import upsert
from clubcrm.messaging.channels import Delivery, Fate, Mail, channel_for
from clubcrm.messaging.errors import ClockStands, NoServer
from clubcrm.messaging.events import SenderChanged
from clubcrm.messaging.models import Sender
from clubcrm.messaging.queries.senders import SenderRow, sender_of
from clubcrm.messaging.states import Channel
from clubcrm.messaging.words import test_body, test_subject

_sender = cast(Table, Sender.__table__)


def change_sender(
    session: Session,
    club_id: int,
    channel: Channel,
    *,
    is_on: bool,
    name: str,
    address: str,
    reply_to: str,
    by: Actor,
    now: datetime,
) -> bool:
    """Say how a club writes on a channel, and switch it on or off; False where nothing is different.

    Raises NoServer, ClockStands where it cannot be switched on.
    """
    standing = sender_of(session, club_id, channel)
    wanted = SenderRow(club_id, channel, is_on, name, address, reply_to, standing.tested_at)
    if wanted == standing:
        return False
    if is_on and not standing.is_on:
        _check_way_out(channel, is_demo=get_club(session, club_id).is_demo)
    row = {
        "club_id": club_id,
        "channel": channel,
        "is_on": is_on,
        "settings": {"name": name, "address": address, "reply_to": reply_to},
        "changed_at": now,
    }
    upsert(session, _sender, [row], key=("club_id", "channel"))
    record(session, SenderChanged(club_id=club_id, channel=channel, is_on=is_on), by=by, now=now)
    return True


def _check_way_out(channel: Channel, *, is_demo: bool) -> None:
    found = channel_for(channel, is_demo=is_demo)
    if found is None:
        raise NoServer
    if found.is_real and clock.is_fixed():
        raise ClockStands


def send_test(
    sender: SenderRow,
    to_address: str,
    to_name: str,
    *,
    club_name: str,
    language: str,
    now: datetime,
) -> Delivery:
    """Send a test at once, whether the channel is on or not. Called with no transaction open.

    In the language of whoever asks.
    """
    channel = channel_for(sender.channel)
    if channel is None:
        return Delivery(Fate.NOT_NOW, "no_server")
    if channel.is_real and clock.is_fixed():
        return Delivery(Fate.NOT_NOW, "clock_stands")
    mail = Mail(
        key=f"<test-{uuid4().hex}@{sender.address.rpartition('@')[2] or 'localhost'}>",
        to_address=to_address,
        to_name=to_name,
        from_address=sender.address,
        from_name=sender.name or club_name,
        reply_to=sender.reply_to,
        subject=test_subject(club_name),
        body=test_body(club_name),
        language=language,
        at=now,
    )
    return channel.send(mail)


def note_test(session: Session, club_id: int, channel: Channel, *, now: datetime) -> None:
    """A test message was taken by the server."""
    held = update(_sender).where(_sender.c.club_id == club_id, _sender.c.channel == channel)
    session.execute(held.values(tested_at=now))
