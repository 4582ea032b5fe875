"""What money does by itself: terms that renew by themselves go on, late debtors are blocked."""

from datetime import timedelta
from typing import Final

from clubcrm.accounts.queries import clubs, get_club
from clubcrm.billing.operations import block_late_debtors, roll_over
from clubcrm.core.actor import ENGINE
from clubcrm.core.jobs import Clock
from clubcrm.core.transactions import reading, transaction
from clubcrm.members.errors import AlreadyRenewed
from clubcrm.members.queries import terms_to_roll_over

LATEST: Final = timedelta(days=30)
"""So long after its end a term still goes on by itself; later the member has left."""


def roll_over_ended_terms(club_id: int, clock: Clock) -> int:
    """Go on with the terms of a club that ended and renew by themselves; how many there were.

    Each in a transaction of its own. A term that was over when it was written down, by an import of
    old lists, has ended: nobody is owed what nobody agreed to. Running twice, or two at once, changes
    nothing more.
    """
    with reading() as session:
        club = get_club(session, club_id)
        today = club.today(clock())
        found = terms_to_roll_over(session, club_id, today - LATEST, today)
    done = 0
    for membership_id, until_on, written_at in found:
        if club.today(written_at) >= until_on:
            continue
        try:
            with transaction() as session:
                roll_over(session, membership_id, by=ENGINE, now=clock())
        except AlreadyRenewed:
            continue  # by the desk, or by another worker, since it was read
        done += 1
    return done


def roll_over_everywhere(clock: Clock) -> None:
    """What comes round: the terms of every club that ended since the last time."""
    with reading() as session:
        found = [club.id for club in clubs(session)]
    for club_id in found:
        roll_over_ended_terms(club_id, clock)


def block_debtors(club_id: int, clock: Clock) -> int:
    """Let those of a club hear of the contract only whose debts became due; how many invoices it was."""
    done = 0
    while True:
        with transaction() as session:
            found = block_late_debtors(session, club_id, now=clock())
        done += found
        if not found:
            return done


def block_debtors_everywhere(clock: Clock) -> None:
    """What comes round: debts of every club whose day to be paid is over."""
    with reading() as session:
        found = [club.id for club in clubs(session)]
    for club_id in found:
        block_debtors(club_id, clock)
