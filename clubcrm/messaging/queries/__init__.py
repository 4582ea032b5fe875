"""Reading contacts: what the gate decides from, the tasks of the staff, the words of a club."""

from clubcrm.messaging.queries.messages import (
    MessageRow,
    get_message,
    uncertain_messages,
    unsent_messages,
)
from clubcrm.messaging.queries.reach import gate_facts, texts_of
from clubcrm.messaging.queries.senders import SenderRow, sender_of
from clubcrm.messaging.queries.tasks import (
    RINGS_UP,
    ArrivalTask,
    OpenCall,
    TaskCount,
    TaskRow,
    arrival_task,
    calls_made,
    get_task,
    open_calls_of,
    task_counts,
    tasks,
    tasks_of_person,
)

__all__ = [
    "RINGS_UP",
    "ArrivalTask",
    "MessageRow",
    "OpenCall",
    "SenderRow",
    "TaskCount",
    "TaskRow",
    "arrival_task",
    "calls_made",
    "gate_facts",
    "get_message",
    "get_task",
    "open_calls_of",
    "sender_of",
    "task_counts",
    "tasks",
    "tasks_of_person",
    "texts_of",
    "uncertain_messages",
    "unsent_messages",
]
