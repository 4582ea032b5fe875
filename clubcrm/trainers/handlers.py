"""What trainers listen to: people and the trainer named with them, and staff who train."""

from collections.abc import Sequence
from datetime import datetime

from sqlalchemy.orm import Session

from clubcrm.accounts.events import StaffAdded
from clubcrm.accounts.states import Role
from clubcrm.members.events import PersonAdded, PersonChanged
from clubcrm.trainers.operations import (
    assign_newcomers,
    follow_named_trainers,
    know_staff_trainer,
)


def assign_named_trainers(session: Session, events: Sequence[PersonAdded], now: datetime) -> None:
    """Somebody is new: whoever is named as the trainer looks after this person."""
    added = {event.person_id for event in events if event.person_id is not None}
    assign_newcomers(session, added, now=now)


def reassign_clients(session: Session, events: Sequence[PersonChanged], now: datetime) -> None:
    """Another trainer is named with somebody: the assignment follows."""
    changed = {event.person_id for event in events if "trainer" in event.fields}
    follow_named_trainers(session, {one for one in changed if one is not None}, now=now)


def make_staff_trainers(session: Session, events: Sequence[StaffAdded], now: datetime) -> None:
    """Somebody was given the role trainer: that employee is the trainer of that name."""
    for event in events:
        if event.role == Role.TRAINER and event.club_id is not None:
            know_staff_trainer(session, event.user_id, club_id=event.club_id, now=now)
