"""What must always hold for messages."""

from datetime import timedelta
from typing import Any, Final

from flask_babel import lazy_gettext as _l
from sqlalchemy import func, or_, select

from clubcrm.core.invariants import Examined, Invariant, rows_of
from clubcrm.messaging.models import Message, Sender
from clubcrm.messaging.states import MessageState

SENDING_ENDS: Final = timedelta(minutes=10)
"""Claims are given up after two minutes; the rest is patience with a worker that was away."""

LATE: Final = timedelta(hours=1)

HANDED_OVER: Final = (
    MessageState.SENDING,
    MessageState.SENT,
    MessageState.DELIVERED,
    MessageState.BOUNCED,
    MessageState.UNCERTAIN,
)
"""States that only a claim leads to."""


def _left_in_the_middle(examined: Examined) -> Any:
    """Messages that are being sent for so long that nobody is at it."""
    return (
        select(Message.id, Message.claimed_at.label("claimed"))
        .where(
            Message.club_id.in_(examined.clubs),
            Message.state == MessageState.SENDING,
            Message.claimed_at < examined.now - SENDING_ENDS,
        )
        .order_by(Message.id)
    )


def _unclaimed(examined: Examined) -> Any:
    """Messages that went somewhere without having been claimed."""
    return (
        select(Message.id, Message.state.label("state"))
        .where(
            Message.club_id.in_(examined.clubs),
            Message.state.in_(HANDED_OVER),
            or_(
                Message.claim_no == 0,
                Message.claimed_at.is_(None),
                Message.provider_key.is_(None),
                Message.address == "",
            ),
        )
        .order_by(Message.id)
    )


def _forgotten(examined: Examined) -> Any:
    """Messages that wait although they are out of date."""
    return (
        select(Message.id, Message.valid_until.label("valid_until"))
        .where(
            Message.club_id.in_(examined.clubs),
            Message.state == MessageState.QUEUED,
            Message.valid_until < examined.now - LATE,
        )
        .order_by(Message.id)
    )


def _nameless(examined: Examined) -> Any:
    """Channels that are on and have no address to write from."""
    address = Sender.settings["address"].as_string()
    return (
        select(Sender.id, Sender.channel.label("channel"))
        .where(
            Sender.club_id.in_(examined.clubs),
            Sender.is_on,
            func.coalesce(address, "") == "",
        )
        .order_by(Sender.id)
    )


INVARIANTS: tuple[Invariant, ...] = (
    Invariant(
        "messaging.sending",
        _l("No message is being sent for more than ten minutes."),
        rows_of("message", _left_in_the_middle),
    ),
    Invariant(
        "messaging.claimed",
        _l("No message went out that was not claimed first."),
        rows_of("message", _unclaimed),
    ),
    Invariant(
        "messaging.in_time",
        _l("No message waits that is out of date."),
        rows_of("message", _forgotten),
    ),
    Invariant(
        "messaging.senders",
        _l("A channel that is switched on has an address to write from."),
        rows_of("sender", _nameless),
    ),
)
"""The invariants of messages."""
