"""Contacts with members: planned for a day, made when they are due, and followed to their end."""

from clubcrm.retention.operations.contacts.carrying import Planned
from clubcrm.retention.operations.contacts.endings import (
    contact_is_uncertain,
    contact_not_sent,
    contact_sent,
    task_over,
)
from clubcrm.retention.operations.contacts.goals import settle_goals
from clubcrm.retention.operations.contacts.missing import miss_prompts
from clubcrm.retention.operations.contacts.planning import plan_contacts
from clubcrm.retention.operations.contacts.plays import (
    PlayRow,
    plays_of,
    switch_play,
)
from clubcrm.retention.operations.contacts.ramp import (
    begin_ramp,
    change_ramp,
    end_ramp,
    import_needs_ramp,
)
from clubcrm.retention.operations.contacts.releasing import Released, release_contacts

__all__ = [
    "Planned",
    "PlayRow",
    "Released",
    "begin_ramp",
    "change_ramp",
    "contact_is_uncertain",
    "contact_not_sent",
    "contact_sent",
    "end_ramp",
    "import_needs_ramp",
    "miss_prompts",
    "plan_contacts",
    "plays_of",
    "release_contacts",
    "settle_goals",
    "switch_play",
    "task_over",
]
