"""Contacts that come round: planned after each run of a day, made when they are due, judged by goals."""

import logging
from datetime import date

from clubcrm.accounts.queries import clubs, get_club
from clubcrm.core.jobs import Clock
from clubcrm.core.transactions import reading, transaction
from clubcrm.messaging.operations import expire_tasks
from clubcrm.retention.operations.contacts import (
    Planned,
    Released,
    miss_prompts,
    plan_contacts,
    release_contacts,
    settle_goals,
)

log = logging.getLogger(__name__)


def plan_day(club_id: int, day: date, clock: Clock) -> Planned:
    """Plan the contacts of a club's day. Doing it again, or twice at once, changes nothing more."""
    with transaction() as session:
        return plan_contacts(session, club_id, day, now=clock())


def make_contacts(club_id: int, clock: Clock) -> Released:
    """Settle goals, end tasks that are over or were missed, and hand over the contacts that are due."""
    with transaction() as session:
        settle_goals(session, club_id, now=clock())
        miss_prompts(session, club_id, now=clock())
        expire_tasks(session, club_id, now=clock())
    messages = tasks = dropped = 0
    while True:
        with transaction() as session:
            released = release_contacts(session, club_id, now=clock())
        messages += released.messages
        tasks += released.tasks
        dropped += released.dropped
        if not released.looked_at:
            return Released(messages, tasks, dropped)


def contacts_due(clock: Clock) -> None:
    """What comes round every half minute: plan for today what has come up, and make what is due."""
    with reading() as session:
        found = [club.id for club in clubs(session)]
    for club_id in found:
        with reading() as session:
            today = get_club(session, club_id).today(clock())
        plan_day(club_id, today, clock)
        make_contacts(club_id, clock)
