"""What retention does when something happens below: mark who has to be looked at again, end contacts.

Marks are made together with the change, in its transaction; contacts are followed afterwards.
"""

from collections.abc import Iterable, Sequence
from datetime import date, datetime
from typing import Any

from sqlalchemy.orm import Session

from clubcrm.accounts.events import ClubSettingsChanged
from clubcrm.accounts.queries import get_club
from clubcrm.core.events import Event
from clubcrm.members.events import MembershipImported, PersonAdded, PersonChanged
from clubcrm.messaging.events import MessageNotSent, MessageSent, MessageUncertain, TaskClosed
from clubcrm.retention.operations.contacts import (
    contact_is_uncertain,
    contact_not_sent,
    contact_sent,
    import_needs_ramp,
    task_over,
)
from clubcrm.retention.operations.marks import (
    FROM_THE_BEGINNING,
    follow_people,
    mark_club,
    mark_imported,
    mark_people,
)

DECIDING_FIELDS = frozenset({"no_contact", "visits_known_from", "joined_on", "merged_into_id"})
"""Fields of a person from which the phase is decided, for every day."""


DECIDING_SETTINGS = frozenset({"retention", "timezone", "day_cutoff_minutes"})
"""Settings of a club from which phases are decided: its own numbers, and which day an instant is on."""


def follow_newcomers(session: Session, events: Sequence[PersonAdded], now: datetime) -> None:
    """Begin to follow people who became known."""
    days = {
        event.person_id: (event.club_id, event.affects_from_on)
        for event in events
        if event.person_id is not None and event.club_id is not None
    }
    follow_people(session, days)


def look_again_from_then(session: Session, events: Sequence[Any], now: datetime) -> None:
    """Look again at whom it happened to, from the earliest day it affects."""
    mark_people(session, _earliest((e.person_id, e.affects_from_on) for e in events))


def look_again_at_all_days(session: Session, events: Sequence[Event], now: datetime) -> None:
    """Look again at whom it happened to, from the first day looked at.

    For what moves or takes back something that was known for a while: which day it changes first only
    going through all of them tells.
    """
    mark_people(session, _earliest((e.person_id, FROM_THE_BEGINNING) for e in events))


def look_again_where_it_decides(
    session: Session, events: Sequence[PersonChanged], now: datetime
) -> None:
    """Look again at people of whom a field changed that the phase is decided from."""
    deciding = (e.person_id for e in events if DECIDING_FIELDS & set(e.fields))
    mark_people(session, _earliest((person_id, FROM_THE_BEGINNING) for person_id in deciding))


def take_over_imported(
    session: Session, events: Sequence[MembershipImported], now: datetime
) -> None:
    """Look at people of whom an import told a term, from the day it speaks of; a ramp begins for them."""
    by_day: dict[tuple[int, date], set[int]] = {}
    for event in events:
        if event.person_id is not None and event.club_id is not None:
            by_day.setdefault((event.club_id, event.as_of_on), set()).add(event.person_id)
    for (club_id, as_of_on), people in sorted(by_day.items()):
        today = get_club(session, club_id).today(now)
        mark_imported(session, people, as_of_on, imported_on=today)
        import_needs_ramp(session, club_id, today, now=now)


def look_again_at_everybody(session: Session, events: Sequence[Any], now: datetime) -> None:
    """Look again at everybody at the club, from the earliest day it affects."""
    for club_id, day in _earliest((e.club_id, e.affects_from_on) for e in events).items():
        mark_club(session, club_id, min(day, get_club(session, club_id).today(now)))


def look_again_at_everybody_on_all_days(
    session: Session, events: Sequence[Event], now: datetime
) -> None:
    """Look again at everybody at the club, from the first day looked at."""
    for club_id in {event.club_id for event in events if event.club_id is not None}:
        mark_club(session, club_id, FROM_THE_BEGINNING)


def look_again_by_new_rules(
    session: Session, events: Sequence[ClubSettingsChanged], now: datetime
) -> None:
    """Look again at everybody where the club's own numbers of the life cycle, or its days, changed."""
    changed = [event for event in events if DECIDING_SETTINGS & set(event.names)]
    look_again_at_everybody_on_all_days(session, changed, now)


def _earliest(marks: Iterable[tuple[int | None, date]]) -> dict[int, date]:
    days: dict[int, date] = {}
    for who, day in marks:
        if who is not None:
            days[who] = min(day, days.get(who, day))
    return days


def contact_went_out(session: Session, event: MessageSent, now: datetime) -> None:
    """Write down that a message of a contact was sent."""
    contact_sent(session, event.reference, now=now)


def contact_stayed_here(session: Session, event: MessageNotSent, now: datetime) -> None:
    """Give a contact's next channel its turn, or end it."""
    contact_not_sent(session, event.reference, event.state, event.reason, now=now)


def contact_is_open_to_doubt(session: Session, event: MessageUncertain, now: datetime) -> None:
    """Write down that nobody can tell whether a message of a contact went out."""
    contact_is_uncertain(session, event.reference, now=now)


def contact_was_made(session: Session, event: TaskClosed, now: datetime) -> None:
    """Write down what came of a call or a prompt."""
    task_over(session, event.reference, event.state, event.outcome, now=now)
