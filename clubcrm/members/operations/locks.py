"""The locks under which terms are written, in the one order of `docs/locking.md`."""

from collections.abc import Iterable, Sequence
from typing import Any, cast

from sqlalchemy import Select, Table, select, update
from sqlalchemy.orm import Session

from clubcrm.core.sql import chunks, insert_ignoring, is_sqlite
from clubcrm.members.errors import MembershipIsVoid, UnknownMembership
from clubcrm.members.models import ClosureBook, Membership, Person

_book = cast(Table, ClosureBook.__table__)
_term = cast(Table, Membership.__table__)
_person = cast(Table, Person.__table__)


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
    session.execute(held(select(_book.c.club_id).where(_book.c.club_id == club_id)))


def hold_people(session: Session, person_ids: Iterable[int]) -> None:
    """Let one transaction at a time write what belongs to these people: terms, money, visits.

    Locked in the order of their ids. Whoever only refers to a person does not wait. On SQLite the
    transaction is the lock.
    """
    if is_sqlite(session):
        return
    for chunk in chunks(sorted(set(person_ids)), 5000):
        session.execute(
            held(select(_person.c.id).where(_person.c.id.in_(chunk)).order_by(_person.c.id))
        )


def held(query: Select[Any]) -> Select[Any]:
    """Lock the rows read until the transaction ends, but not against rows that refer to them.

    SQLite has no row locks and leaves the clause out: there the transaction is the lock.
    """
    return query.with_for_update(key_share=True)


def whose_term(session: Session, membership_id: int) -> tuple[int, int]:
    """Club and person of a term, read without a lock: they never change.

    Raises UnknownMembership.
    """
    query = select(_term.c.club_id, _term.c.person_id).where(_term.c.id == membership_id)
    found = session.execute(query).one_or_none()
    if found is None:
        raise UnknownMembership
    return found.club_id, found.person_id


def people_of_terms(session: Session, membership_ids: Sequence[int]) -> set[int]:
    """Whose terms these are, read without a lock: that never changes."""
    found: set[int] = set()
    for chunk in chunks(membership_ids, 5000):
        found.update(session.scalars(select(_term.c.person_id).where(_term.c.id.in_(chunk))))
    return found


def locked_terms(session: Session, membership_ids: Sequence[int]) -> list[dict[str, Any]]:
    """Terms as they are, locked in the order of their ids."""
    rows: list[dict[str, Any]] = []
    for chunk in chunks(sorted(membership_ids), 5000):
        query = select(_term).where(_term.c.id.in_(chunk)).order_by(_term.c.id)
        rows += [dict(row) for row in session.execute(held(query)).mappings()]
    return rows


def held_term(session: Session, membership_id: int) -> dict[str, Any]:
    """One term as it is, locked, with its club's closures and its person held.

    Raises UnknownMembership, and MembershipIsVoid for a term that was taken back.
    """
    club_id, person_id = whose_term(session, membership_id)
    hold_closures(session, club_id)
    hold_people(session, [person_id])
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
