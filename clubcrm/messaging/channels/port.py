"""What a channel must be able to do, and how it says what came of a message."""

from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import datetime
from enum import StrEnum
from typing import Protocol


class Fate(StrEnum):
    """What is known of a message after it was handed to a server."""

    TAKEN = "taken"  # the server said that it delivers it
    REFUSED = "refused"  # certainly not taken: the address does not exist or takes nothing
    REJECTED = "rejected"  # certainly not taken, for a reason that is not the address
    NOT_NOW = "not_now"  # certainly not taken; another time may do
    UNKNOWN = "unknown"  # it was on its way when the answer was lost


@dataclass(frozen=True)
class Delivery:
    """What came of one attempt. `why` is a code of `messaging.words`, never the server's own text.

    A server's text names the address; `status` keeps its figures alone. `is_away` says that the server
    could not be reached at all, so that the next message need not try at once.
    """

    fate: Fate
    why: str = ""
    status: str = ""
    is_away: bool = field(default=False, compare=False)

    @property
    def is_taken(self) -> bool:
        """Whether the server said that it delivers it."""
        return self.fate is Fate.TAKEN

    @property
    def is_unknown(self) -> bool:
        """Whether nobody can tell."""
        return self.fate is Fate.UNKNOWN


@dataclass(frozen=True, kw_only=True)
class Mail:
    """A message with all that a channel needs. `key` is its Message-ID, always the same for a message."""

    key: str
    to_address: str
    to_name: str
    from_address: str
    from_name: str
    reply_to: str
    subject: str
    body: str
    language: str
    at: datetime
    unsubscribe_url: str = ""
    unsubscribe_words: str = ""
    extra: Sequence[tuple[str, str]] = field(default=())


class MessageChannel(Protocol):
    """Hands messages to a server. Never raises: what went wrong is a Delivery."""

    @property
    def is_real(self) -> bool:
        """Whether what is sent leaves this machine for real people."""
        ...

    def send(self, mail: Mail) -> Delivery:
        """Hand one message over, once. Called with no transaction open."""
        ...
