"""A real SMTP server for the tests, which misbehaves as the address asks: `hang@...`, `drop@...`."""

import asyncio
import contextlib
import threading
from collections import Counter
from collections.abc import Iterator
from email import message_from_bytes
from email.message import Message
from typing import Any

from aiosmtpd.controller import Controller

from tests.servers import free_port


class PostOffice:
    """Keeps what it took, by Message-ID. The first part of an address, up to `-`, says how it behaves.

    Before the message: `nobody` 550, `later` 451, `policy` 550 5.7.1, `away` closes, `hang` is silent.
    With the message in hand: `drop` takes it and closes, `lost` forgets it and closes, `mute` takes it
    and is silent, `spam` refuses it, `busy` puts it off, `once` closes before, the first time only.
    """

    def __init__(self, *, silence: float = 30.0) -> None:
        self.taken: Counter[str] = Counter()
        self.mails: dict[str, Message] = {}
        self.addresses: dict[str, str] = {}
        self.asked: Counter[str] = Counter()
        self._silence = silence
        self._lock = threading.Lock()

    async def handle_RCPT(  # noqa: N802
        self, server: Any, session: Any, envelope: Any, address: str, options: Any
    ) -> str:
        """Take an address, or not."""
        kind = _kind(address)
        self.asked[address] += 1
        if kind == "nobody":
            return "550 5.1.1 no such user here"
        if kind == "policy":
            return "550 5.7.1 not from you"
        if kind == "later":
            return "451 4.3.0 try again later"
        if kind == "away" or (kind == "once" and self.asked[address] == 1):
            server.transport.abort()
            return "421 bye"
        if kind == "hang":
            await asyncio.sleep(self._silence)
        envelope.rcpt_tos.append(address)
        return "250 OK"

    async def handle_DATA(self, server: Any, session: Any, envelope: Any) -> str:  # noqa: N802
        """Take a message, or not."""
        address = envelope.rcpt_tos[0]
        kind = _kind(address)
        if kind == "spam":
            return "554 5.6.0 we do not like this"
        if kind == "busy":
            return "452 4.3.1 too much to do"
        if kind == "lost":
            server.transport.abort()
            return "421 bye"
        self._keep(address, envelope.content)
        if kind == "drop":
            server.transport.abort()
        if kind == "mute":
            await asyncio.sleep(self._silence)
        return "250 2.0.0 taken"

    def _keep(self, address: str, content: bytes) -> None:
        mail = message_from_bytes(content)
        key = str(mail["Message-ID"])
        with self._lock:
            self.taken[key] += 1
            self.mails[key] = mail
            self.addresses[key] = address


def _kind(address: str) -> str:
    return address.partition("@")[0].partition("-")[0]


@contextlib.contextmanager
def post_office(
    office: PostOffice | None = None, **server: Any
) -> Iterator[tuple[PostOffice, str]]:
    """A server on a free port of this machine; yields it and its SMTP_URL."""
    office = office or PostOffice()
    port = free_port()
    controller = Controller(office, hostname="127.0.0.1", port=port, **server)
    controller.start()
    try:
        yield office, f"smtp://127.0.0.1:{port}"
    finally:
        controller.stop()
