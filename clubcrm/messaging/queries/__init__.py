"""Reading contacts: what the gate decides from, the tasks of the staff, the words of a club."""

from clubcrm.messaging.queries.reach import gate_facts, texts_of
from clubcrm.messaging.queries.tasks import TaskRow, arrival_tasks_of, get_task, tasks

__all__ = [
    "TaskRow",
    "arrival_tasks_of",
    "gate_facts",
    "get_task",
    "tasks",
    "texts_of",
]
