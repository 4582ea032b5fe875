"""Delivery status notifications, as servers write them."""

import pytest

from clubcrm.messaging.policies import bounced_key

KEY = "<message-7.0a1b@aurora.example>"


def notification(
    action: str = "failed",
    status: str = "5.1.1",
    returned: str = "message/rfc822",
    kind: str = "multipart/report; report-type=delivery-status",
) -> bytes:
    return f"""From: MAILER-DAEMON@relay.example
To: hello@aurora.example
Subject: Undelivered Mail Returned to Sender
Message-ID: <bounce-1@relay.example>
MIME-Version: 1.0
Content-Type: {kind}; boundary="edge"

--edge
Content-Type: text/plain

I am sorry. Message-ID: <not-this@one.example>

--edge
Content-Type: message/delivery-status

Reporting-MTA: dns; relay.example

Final-Recipient: rfc822; ana@example.com
Action: {action}
Status: {status}

--edge
Content-Type: {returned}

From: hello@aurora.example
Message-ID: {KEY}
Subject: Good to see you

--edge--
""".replace("\n", "\r\n").encode()


@pytest.mark.parametrize("returned", ["message/rfc822", "text/rfc822-headers"])
def test_a_mail_that_came_back_is_known_by_its_key(returned: str) -> None:
    assert bounced_key(notification(returned=returned)) == KEY


@pytest.mark.parametrize(
    "told",
    [
        notification(action="delayed", status="4.4.1"),
        notification(action="failed", status="4.4.7"),
        notification(action="delivered", status="2.0.0"),
        notification(kind="multipart/mixed"),
        f"Subject: hello\r\nMessage-ID: {KEY}\r\n\r\nAction: failed\r\nStatus: 5.1.1\r\n".encode(),
        b"",
        b"\xff\x00 no mail at all",
    ],
)
def test_any_other_mail_tells_of_none(told: bytes) -> None:
    assert bounced_key(told) is None
