"""What the reports listen to: the terms and payments of people, and what else their figures hold."""

from collections.abc import Sequence
from datetime import datetime

from sqlalchemy.orm import Session

from clubcrm.accounts.events import ClubSettingsChanged
from clubcrm.core.events import Event
from clubcrm.members.events import PersonChanged
from clubcrm.reports.operations import keep_outcomes, rebuild_outcomes

COUNTED_SETTINGS = frozenset({"retention", "timezone", "day_cutoff_minutes"})
"""What of a club decides on which day a term was sold, and when its renewal window opens."""


def keep_renewal_outcomes(session: Session, events: Sequence[Event], now: datetime) -> None:
    """A term or a payment changed: what follows this person's terms is looked at again."""
    keep_outcomes(session, {event.person_id for event in events if event.person_id is not None})


def keep_trainers(session: Session, events: Sequence[PersonChanged], now: datetime) -> None:
    """Somebody has another trainer: the ends of his terms are counted under that one."""
    changed = (event.person_id for event in events if "trainer" in event.fields)
    keep_outcomes(session, {person_id for person_id in changed if person_id is not None})


def count_renewals_again(
    session: Session, events: Sequence[ClubSettingsChanged], now: datetime
) -> None:
    """A club's windows or days are others now: all its ends are counted again."""
    changed = (event.club_id for event in events if COUNTED_SETTINGS & set(event.names))
    for club_id in sorted({club_id for club_id in changed if club_id is not None}):
        rebuild_outcomes(session, club_id)
