"""What is done about contacts: one public function a use case."""

from collections.abc import Sequence
from datetime import datetime

from sqlalchemy.orm import Session

from clubcrm.core.actor import Actor
from clubcrm.messaging.operations.calls import (
    MOST_CALLS,
    CallsMade,
    CallsWanted,
    ask_for_calls,
    take_back_calls,
)
from clubcrm.messaging.operations.messages import MessageValues, cancel_messages, queue_messages
from clubcrm.messaging.operations.senders import change_sender, note_test, send_test
from clubcrm.messaging.operations.sending import (
    bounce_by_key,
    confirm_message,
    leave_message,
    resend_message,
)
from clubcrm.messaging.operations.suppressions import (
    BlockValues,
    block_contacts,
    lift_blocks,
    suppress,
)
from clubcrm.messaging.operations.tasks import (
    TaskValues,
    assign_tasks,
    cancel_tasks,
    close_task,
    expire_tasks,
    miss_tasks,
    open_tasks,
    reopen_task,
    write_task,
)
from clubcrm.messaging.operations.unsubscribing import unsubscribe

__all__ = [
    "MOST_CALLS",
    "BlockValues",
    "CallsMade",
    "CallsWanted",
    "MessageValues",
    "TaskValues",
    "ask_for_calls",
    "assign_tasks",
    "block_contacts",
    "bounce_by_key",
    "cancel_messages",
    "cancel_tasks",
    "change_sender",
    "close_task",
    "confirm_message",
    "expire_tasks",
    "leave_message",
    "lift_blocks",
    "miss_tasks",
    "note_test",
    "open_tasks",
    "queue_messages",
    "reopen_task",
    "resend_message",
    "send_test",
    "suppress",
    "take_back_calls",
    "unsubscribe",
    "withdraw_contacts",
    "write_task",
]


def withdraw_contacts(
    session: Session, references: Sequence[str], *, reason: str, by: Actor, now: datetime
) -> int:
    """Withdraw what was asked for by these keys and has not been done: how many messages and tasks.

    What was sent stays sent. Nothing is told of it: whoever withdraws knows.
    """
    messages = cancel_messages(session, references, reason=reason)
    return len(messages) + cancel_tasks(session, references, by=by, now=now)
