"""A worker process as `clubcrm worker` runs it, in a hurry; `CLAIMS=off` sends without claims."""

import os
from collections.abc import Mapping
from datetime import timedelta
from pathlib import Path
from typing import Any

from sqlalchemy import update

from clubcrm.app import create_app
from clubcrm.core import jobs
from clubcrm.core.failpoints import fp
from clubcrm.core.logs import set_up_logs
from clubcrm.core.schedule import Scheduled
from clubcrm.core.transactions import reading, transaction
from clubcrm.messaging.channels import Mail, set_channels
from clubcrm.messaging.channels.smtp import SmtpChannel
from clubcrm.messaging.models import Message
from clubcrm.messaging.operations import sending
from clubcrm.messaging.operations.messages import SEND_JOB
from clubcrm.messaging.states import Channel, MessageState
from clubcrm.wiring import JOBS
from clubcrm.worker import bell, work_queue

CLAIM_HOLDS = timedelta(seconds=8)
FIRST_WAIT = timedelta(seconds=1)
LONGEST_WAIT = timedelta(seconds=3)
LEASE = timedelta(seconds=4)
SILENCE = 1.0


def hurry() -> None:
    """Wait seconds where a club waits minutes; nothing else is different."""
    sending.CLAIM_HOLDS = CLAIM_HOLDS  # type: ignore[misc]
    sending.FIRST_WAIT = FIRST_WAIT  # type: ignore[misc]
    sending.LONGEST_WAIT = LONGEST_WAIT  # type: ignore[misc]
    jobs.LEASE = LEASE
    bell.SWEEP = Scheduled("sweep", timedelta(seconds=1), lambda _clock: None)


def send_without_claim(payload: Mapping[str, Any], lease: jobs.Lease) -> None:
    """The control: send, then write it down."""
    with reading() as session:
        row = session.get_one(Message, payload["message_id"])
        if row.state is not MessageState.QUEUED:
            return
        mail = Mail(
            key=f"<message-{row.id}.control@club.example>",
            to_address=row.subject,
            to_name="",
            from_address="hello@club.example",
            from_name="",
            reply_to="",
            subject=row.subject,
            body=row.body,
            language="en",
            at=lease.clock(),
        )
    SmtpChannel(os.environ["SMTP_URL"], timeout=SILENCE).send(mail)
    fp("message.after_send")
    with transaction() as session:
        held = update(Message).where(Message.id == payload["message_id"])
        session.execute(held.values(state=MessageState.SENT))


if __name__ == "__main__":
    set_up_logs()
    hurry()
    app = create_app()
    set_channels({Channel.EMAIL: SmtpChannel(os.environ["SMTP_URL"], timeout=SILENCE)})
    if os.environ.get("CLAIMS") == "off":
        jobs.set_kinds({**JOBS, SEND_JOB: send_without_claim})
    Path(os.environ["READY"]).touch()
    work_queue(app)
