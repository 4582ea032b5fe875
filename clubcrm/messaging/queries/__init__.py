"""Reading contacts: what the gate decides from, the tasks of the staff, the words of a club."""

from clubcrm.messaging.queries.reach import gate_facts, texts_of
from clubcrm.messaging.queries.tasks import (
    ArrivalTask,
    TaskCount,
    TaskRow,
    arrival_task,
    calls_made,
    get_task,
    task_counts,
    tasks,
)

__all__ = [
    "ArrivalTask",
    "TaskCount",
    "TaskRow",
    "arrival_task",
    "calls_made",
    "gate_facts",
    "get_task",
    "task_counts",
    "tasks",
    "texts_of",
]
