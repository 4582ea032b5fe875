"""The locks under which terms are written, in the one order of `docs/locking.md`."""

from collections.abc import Sequence
from typing import Any, cast

from sqlalchemy import Table, select, update
from sqlalchemy.orm import Session

from clubcrm.core.sql import chunks, insert_ignoring, locked
from clubcrm.members.errors import MembershipIsVoid, UnknownMembership
from clubcrm.members.models import ClosureBook, Membership

_book = cast(Table, ClosureBook.__table__)
_term = cast(Table, Membership.__table__)


def hold_closures(session: Session, club_id: int) -> int:
    """Keep a club's closures as they are until the transaction ends; returns how many were declared.

    Any number of writers of terms hold the book in share. Whoever declares a closure waits for them.
    """
    # SQLite has no row locks and ignores the clause: there the transaction is the lock.
    query = select(_book.c.last_no).where(_book.c.club_id == club_id).with_for_update(read=True)
    last_no = session.scalar(query)
    if last_no is None:
        _open_book(session, club_id)
        last_no = session.scalar(query)
    return last_no or 0


def take_closure_no(session: Session, club_id: int) -> int:
    """Hold a club's closures alone, and take the next closure's number."""
    _open_book(session, club_id)
    hold_closures_alone(session, club_id)
    taken = session.scalar(
        update(_book)
        .where(_book.c.club_id == club_id)
        .values(last_no=_book.c.last_no + 1)
        .returning(_book.c.last_no)
    )
    assert taken is not None, "the book was just opened"
    return taken


def hold_closures_alone(session: Session, club_id: int) -> None:
    """Hold a club's closures alone: wait for every writer of terms, and let none in."""
    session.execute(locked(session, select(_book.c.club_id).where(_book.c.club_id == club_id)))


def club_of_term(session: Session, membership_id: int) -> int:
    """The club of a term, read without a lock: it never changes. Raises UnknownMembership."""
    club_id = session.scalar(select(_term.c.club_id).where(_term.c.id == membership_id))
    if club_id is None:
        raise UnknownMembership
    return club_id


def locked_terms(session: Session, membership_ids: Sequence[int]) -> list[dict[str, Any]]:
    """Terms as they are, locked in the order of their ids."""
    rows: list[dict[str, Any]] = []
    for chunk in chunks(sorted(membership_ids), 5000):
        query = select(_term).where(_term.c.id.in_(chunk)).order_by(_term.c.id)
        rows += [dict(row) for row in session.execute(locked(session, query)).mappings()]
    return rows


def held_term(session: Session, membership_id: int) -> dict[str, Any]:
    """One term as it is, locked, with its club's closures held.

    Raises UnknownMembership, and MembershipIsVoid for a term that was taken back.
    """
    hold_closures(session, club_of_term(session, membership_id))
    (term,) = locked_terms(session, [membership_id])
    if term["voided_at"] is not None:
        raise MembershipIsVoid
    return term


def successor_of(session: Session, membership_id: int) -> int | None:
    """The term that follows, where there is one that counts."""
    return session.scalar(
        select(_term.c.id).where(_term.c.previous_id == membership_id, _term.c.voided_at.is_(None))
    )


def _open_book(session: Session, club_id: int) -> None:
    insert_ignoring(session, _book, [{"club_id": club_id, "last_no": 0}])
