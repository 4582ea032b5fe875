"""The roll-ups that are counted again and again: the base, the visits by the hour, the owner's figures."""

from datetime import datetime, timedelta
from typing import Final

from sqlalchemy import func, select
from sqlalchemy.orm import Session

from clubcrm.accounts.queries import ClubRow, clubs
from clubcrm.core.jobs import Clock
from clubcrm.core.transactions import reading, transaction
from clubcrm.reports.models import BaseDay
from clubcrm.reports.operations import keep_counts, keep_summary, still_counts
from clubcrm.reports.queries.counting import count
from clubcrm.reports.queries.owner import count_summary, mark_kept, mark_now

EVERY: Final = timedelta(hours=1)


def count_everywhere(clock: Clock) -> None:
    """Count the last days of each club of which the count is an hour old, or of another day.

    And what the owner's page says of a club, where anything happened since it was counted.
    """
    with reading() as session:
        everywhere = clubs(session)
    for club in everywhere:
        count_for_owner(club, clock)
    with reading() as session:
        waiting = [
            club.id
            for club in clubs(session)
            if _is_old(session, club.id, club.today(clock()), clock())
        ]
    for club_id in waiting:
        count_club(club_id, clock)


def count_for_owner(club: ClubRow, clock: Clock) -> None:
    """Count what the owner's page says of a club, unless nothing happened since."""
    now = clock()
    today = club.today(now)
    with reading() as session:
        mark = mark_now(session)
        if mark_kept(session, club.id, today, now) == mark:
            summary = None
        else:
            summary = count_summary(session, club, now)
    with transaction() as session:
        if summary is None:
            still_counts(session, club.id, now=now)
        else:
            keep_summary(session, club.id, today, summary, mark, now=now)


def count_club(club_id: int, clock: Clock) -> None:
    """Count the last days of a club anew: read first, so that nobody waits for it to write."""
    now = clock()
    with reading() as session:
        counts = count(session, club_id, now)
    with transaction() as session:
        keep_counts(session, club_id, counts, now=now)


def _is_old(session: Session, club_id: int, today: object, now: datetime) -> bool:
    at = session.scalar(
        select(func.max(BaseDay.counted_at)).where(BaseDay.club_id == club_id, BaseDay.on == today)
    )
    return at is None or at <= now - EVERY or at > now
