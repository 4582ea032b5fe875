"""What the reports listen to: the terms and payments of people."""

from collections.abc import Sequence
from datetime import datetime

from sqlalchemy.orm import Session

from clubcrm.core.events import Event
from clubcrm.reports.operations import keep_outcomes


def keep_renewal_outcomes(session: Session, events: Sequence[Event], now: datetime) -> None:
    """A term or a payment changed: what follows this person's terms is looked at again."""
    keep_outcomes(session, {event.person_id for event in events if event.person_id is not None})
