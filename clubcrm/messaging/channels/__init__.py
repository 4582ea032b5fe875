"""The channels by which messages leave, behind one port; which there are is said when the app is made."""

from collections.abc import Mapping
from datetime import datetime, timedelta
from typing import Final

from clubcrm.messaging.channels.nowhere import Nowhere
from clubcrm.messaging.channels.port import Delivery, Fate, Mail, MessageChannel
from clubcrm.messaging.channels.smtp import SmtpChannel
from clubcrm.messaging.states import Channel

__all__ = [
    "Delivery",
    "Fate",
    "Mail",
    "MessageChannel",
    "channel_for",
    "is_resting",
    "let_rest",
    "real_channels",
    "set_channels",
]

REST: Final = timedelta(minutes=1)
"""So long a server that could not be reached is left alone: each try may take half a minute, and the
worker has other work."""

_channels: dict[Channel, MessageChannel] = {}
_OF_DEMOS: Final[Mapping[Channel, MessageChannel]] = {Channel.EMAIL: Nowhere()}
_rest_until: dict[Channel, datetime] = {}


def set_channels(table: Mapping[Channel, MessageChannel]) -> None:
    """Put the channels in force (once, when the application is made)."""
    _channels.clear()
    _channels.update(table)
    _rest_until.clear()


def channel_for(channel: Channel, *, is_demo: bool = False) -> MessageChannel | None:
    """The way out for a channel; None where this installation has none. A demo club has its own."""
    return _OF_DEMOS.get(channel) if is_demo else _channels.get(channel)


def let_rest(channel: Channel, now: datetime) -> None:
    """Leave a server alone for a while that could not be reached, in this process."""
    _rest_until[channel] = now + REST


def is_resting(channel: Channel, now: datetime) -> bool:
    """Whether the server of a channel is left alone at present."""
    until = _rest_until.get(channel)
    return until is not None and now < until


def real_channels(smtp_url: str | None) -> dict[Channel, MessageChannel]:
    """The channels that an installation's settings give."""
    return {Channel.EMAIL: SmtpChannel(smtp_url)} if smtp_url else {}
