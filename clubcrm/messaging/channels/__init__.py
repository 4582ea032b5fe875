"""The channels by which messages leave, behind one port; which there are is said when the app is made."""

from collections.abc import Mapping

from clubcrm.messaging.channels.port import Delivery, Fate, Mail, MessageChannel
from clubcrm.messaging.channels.smtp import SmtpChannel
from clubcrm.messaging.states import Channel

__all__ = [
    "Delivery",
    "Fate",
    "Mail",
    "MessageChannel",
    "channel_for",
    "real_channels",
    "set_channels",
]

_channels: dict[Channel, MessageChannel] = {}


def set_channels(table: Mapping[Channel, MessageChannel]) -> None:
    """Put the channels in force (once, when the application is made)."""
    _channels.clear()
    _channels.update(table)


def channel_for(channel: Channel) -> MessageChannel | None:
    """The way out for a channel; None where this installation has none."""
    return _channels.get(channel)


def real_channels(smtp_url: str | None) -> dict[Channel, MessageChannel]:
    """The channels that an installation's settings give."""
    return {Channel.EMAIL: SmtpChannel(smtp_url)} if smtp_url else {}
