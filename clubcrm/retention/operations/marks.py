"""Marking who has to be looked at again, in the transaction that changed a fact.

A mark is a counter and the earliest day that may read differently now. It costs one statement, and a
mark made while a run looks at the same person is not lost: the run only takes back the count it saw.
"""

from collections.abc import Collection, Mapping, Sequence
from datetime import date
from typing import Any, Final, cast

from sqlalchemy import ColumnElement, Table, and_, bindparam, case, or_, select, update
from sqlalchemy.orm import Session

from clubcrm.core.prepared import Prepared
from clubcrm.core.sql import chunks, insert_ignoring, insert_quickly
from clubcrm.members.models import Person
from clubcrm.retention.models import MemberState
from clubcrm.retention.states import Risk, Status

FROM_THE_BEGINNING = date.min
"""A fact that may change what was said of any day: everything is gone through again."""

AT_ONCE = 5000
FEW_DAYS = 50

_state = cast(Table, MemberState.__table__)
_NO_REASONS: Final[list[Any]] = []


def follow_people(session: Session, days: Mapping[int, tuple[int, date]]) -> None:
    """Begin to follow people who became known: person -> (club, first day looked at)."""
    rows = [_new_row(person_id, *days[person_id]) for person_id in sorted(days)]
    for chunk in chunks(rows, AT_ONCE):
        names = list(chunk[0])
        insert_quickly(session, _state, names, [tuple(row.values()) for row in chunk])


def mark_people(session: Session, days: Mapping[int, date]) -> None:
    """Mark people: person -> the earliest day whose phase may be another one now."""
    by_day: dict[date, list[int]] = {}
    for person_id, day in days.items():
        by_day.setdefault(day, []).append(person_id)
    found = 0
    if len(days) == 1 or len(by_day) > FEW_DAYS:
        found += _mark_each(session, days)
    else:
        for day, people in by_day.items():
            for chunk in chunks(sorted(people), AT_ONCE):
                where = _state.c.person_id.in_(chunk)
                found += _rowcount(session, update(_state).where(where).values(_marked(day)))
    if found < len(days):
        _follow_unknown(session, days)


def mark_imported(
    session: Session, people: Collection[int], as_of_on: date, *, imported_on: date
) -> None:
    """Mark people of whom an import told a term, as it was on a day.

    For somebody who was no member so far that is the baseline: a fact of the past, looked at from the
    day of which the file speaks. A member stays what he was.
    """
    was_no_member = and_(_state.c.phase.is_(None))
    earlier = case((_state.c.baseline_on > as_of_on, as_of_on), else_=_state.c.baseline_on)
    for chunk in chunks(sorted(people), AT_ONCE):
        session.execute(
            update(_state)
            .where(_state.c.person_id.in_(chunk), was_no_member)
            .values(is_imported=True, baseline_on=earlier, imported_on=imported_on)
        )
    mark_people(session, dict.fromkeys(people, FROM_THE_BEGINNING))


def mark_club(session: Session, club_id: int, day: date) -> None:
    """Mark everybody at a club."""
    session.execute(update(_state).where(_state.c.club_id == club_id).values(_marked(day)))


def _marked(day: date | ColumnElement[date]) -> dict[Any, Any]:
    is_clean = _state.c.dirty_seq == _state.c.clean_seq
    is_later = or_(is_clean, _state.c.dirty_from_on.is_(None), _state.c.dirty_from_on > day)
    return {
        _state.c.dirty_seq: _state.c.dirty_seq + 1,
        _state.c.dirty_from_on: case((is_later, day), else_=_state.c.dirty_from_on),
    }


_MARK_ONE = (
    update(_state)
    .where(_state.c.person_id == bindparam("who"))
    .values(_marked(bindparam("day", type_=_state.c.dirty_from_on.type)))
)
_MARK_HIM = Prepared(_MARK_ONE)
"""Made once: a check-in marks one person, and must not wait for a statement to be put together."""


def _mark_each(session: Session, days: Mapping[int, date]) -> int:
    rows: Sequence[dict[str, Any]] = [{"who": p, "day": days[p]} for p in sorted(days)]
    connection = session.connection()
    if len(rows) == 1:
        return _MARK_HIM.send(session, rows[0])
    connection.execute(_MARK_ONE, rows)
    known = (
        session.scalars(select(_state.c.person_id).where(_state.c.person_id.in_(chunk))).all()
        for chunk in chunks(sorted(days), AT_ONCE)
    )
    return sum(len(people) for people in known)


def _rowcount(session: Session, statement: Any) -> int:
    return session.connection().execute(statement).rowcount


def _follow_unknown(session: Session, days: Mapping[int, date]) -> None:
    """Follow those who are marked and were not followed so far, from the day of their first mark."""
    for chunk in chunks(sorted(days), AT_ONCE):
        query = (
            select(Person.id, Person.home_club_id)
            .outerjoin(_state, _state.c.person_id == Person.id)
            .where(Person.id.in_(chunk), _state.c.person_id.is_(None))
        )
        rows = [
            _new_row(person_id, club_id, days[person_id])
            for person_id, club_id in session.execute(query)
        ]
        insert_ignoring(session, _state, rows)


def _new_row(person_id: int, club_id: int, baseline_on: date) -> dict[str, Any]:
    return {
        "person_id": person_id,
        "club_id": club_id,
        "is_imported": False,
        "baseline_on": baseline_on,
        "risk": Risk.NONE,
        "status": Status.POTENTIAL,
        "reasons": _NO_REASONS,
        "has_habit": False,
        "dirty_seq": 1,
        "clean_seq": 0,
        "dirty_from_on": baseline_on,
    }
