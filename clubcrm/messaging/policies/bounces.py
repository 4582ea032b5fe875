"""What a delivery status notification (RFC 3464) says: which of our mails will never arrive. Pure."""

import re
from collections.abc import Iterator
from email.message import Message
from email.parser import BytesHeaderParser, BytesParser
from typing import Final

KEY: Final = re.compile(r"<[^<>\s]+>")


def bounced_key(content: bytes) -> str | None:
    """The Message-ID of a mail that a notification says will never arrive; None for any other mail.

    Only `Action: failed` with a status of class 5 counts: delays and mails that arrived change nothing.
    """
    mail = BytesParser().parsebytes(content)
    if mail.get_content_type() != "multipart/report":
        return None
    if not any(_is_final(part) for part in _parts(mail, "message/delivery-status")):
        return None
    for part in _parts(mail, "message/rfc822"):
        found = _key(part.get_payload(0))
        if found:
            return found
    for part in _parts(mail, "text/rfc822-headers"):
        headers = part.get_payload(decode=True)
        if isinstance(headers, bytes):
            found = _key(BytesHeaderParser().parsebytes(headers))
            if found:
                return found
    return None


def _parts(mail: Message, kind: str) -> Iterator[Message]:
    """The parts of a kind, without those of the mail that came back."""
    payload = mail.get_payload()
    if isinstance(payload, list):
        for part in payload:
            if isinstance(part, Message) and part.get_content_type() == kind:
                yield part


def _is_final(status: Message) -> bool:
    groups = status.get_payload()
    if not isinstance(groups, list):
        return False
    return any(
        str(group.get("Action", "")).strip().lower() == "failed"
        and str(group.get("Status", "")).strip().startswith("5.")
        for group in groups
        if isinstance(group, Message)
    )


def _key(mail: object) -> str | None:
    told = mail.get("Message-ID", "") if isinstance(mail, Message) else ""
    found = KEY.search(str(told))
    return found.group() if found else None
