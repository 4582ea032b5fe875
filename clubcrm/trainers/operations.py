"""Trainers become known, and assignments follow the trainer named with each person."""

from collections.abc import Collection, Iterable, Mapping
from datetime import date, datetime
from typing import Any, cast

from sqlalchemy import Table, delete, insert, select, update
from sqlalchemy.orm import Session

from clubcrm.accounts.models import RoleAssignment, StaffUser
from clubcrm.accounts.queries import get_club
from clubcrm.accounts.states import Role
from clubcrm.core.folding import clean_text, fold
from clubcrm.core.sql import chunks, insert_ignoring
from clubcrm.members.models import Person
from clubcrm.trainers.models import ClientAssignment, Trainer

_trainer = cast(Table, Trainer.__table__)
_assignment = cast(Table, ClientAssignment.__table__)
_person = cast(Table, Person.__table__)

AT_ONCE = 2000


def know_trainers(
    session: Session, names: Iterable[str], *, club_id: int, now: datetime
) -> dict[str, int]:
    """The trainers of a club with these names, made where there were none: folded name -> id.

    A new one is at once the employee with the role trainer and that name. Names that hold no letter
    are passed over.
    """
    wanted = {folded: name for name in names if (folded := _folded(name))}
    if not wanted:
        return {}
    known = _known(session, club_id, wanted)
    missing = wanted.keys() - known.keys()
    if missing:
        staff = _unclaimed_staff(session, club_id)
        rows = [
            {
                "club_id": club_id,
                "name": clean_text(wanted[folded], 120),
                "folded_name": folded,
                "user_id": staff.get(folded),
                "created_at": now,
            }
            for folded in sorted(missing)
        ]
        insert_ignoring(session, _trainer, rows)
        known = _known(session, club_id, wanted)
    return known


def know_staff_trainer(session: Session, user_id: int, *, club_id: int, now: datetime) -> int:
    """The trainer an employee is at a club, made or found by the name; returns the id."""
    own = select(_trainer.c.id).where(_trainer.c.club_id == club_id, _trainer.c.user_id == user_id)
    found = session.scalar(own)
    if found is not None:
        return found
    name = session.get_one(StaffUser, user_id).full_name
    trainer_id = know_trainers(session, [name], club_id=club_id, now=now).get(_folded(name))
    claimed = (
        update(_trainer)
        .where(_trainer.c.id == trainer_id, _trainer.c.user_id.is_(None))
        .values(user_id=user_id)
    )
    session.execute(claimed)
    found = session.scalar(own)
    if found is None:
        # Another employee has this name already (or it holds no letter): told apart by the number.
        apart = f"{name} {user_id}"
        row = {"club_id": club_id, "name": apart, "folded_name": _folded(apart)}
        insert_ignoring(session, _trainer, [{**row, "user_id": user_id, "created_at": now}])
        found = session.scalars(own).one()
    return found


def follow_named_trainers(session: Session, person_ids: Collection[int], *, now: datetime) -> None:
    """Let the assignments of people be what is named with them: ended, begun, or left as they are."""
    for chunk in chunks(sorted(person_ids), AT_ONCE):
        _follow(session, chunk, now)


def assign_newcomers(session: Session, person_ids: Collection[int], *, now: datetime) -> None:
    """Begin the assignments of people who are new and have a trainer named with them."""
    for chunk in chunks(sorted(person_ids), AT_ONCE):
        is_run = chunk[-1] - chunk[0] == len(chunk) - 1
        among = _person.c.id.between(chunk[0], chunk[-1]) if is_run else _person.c.id.in_(chunk)
        named = select(_person.c.id).where(
            among, _person.c.trainer.is_not(None), _person.c.trainer != ""
        )
        found = list(session.scalars(named))
        if found:
            _follow(session, found, now)


def _follow(session: Session, person_ids: Collection[int], now: datetime) -> None:
    people = session.execute(
        select(_person.c.id, _person.c.home_club_id, _person.c.trainer).where(
            _person.c.id.in_(person_ids)
        )
    ).all()
    standing = {
        row.person_id: row
        for row in session.execute(
            select(
                _assignment.c.id,
                _assignment.c.person_id,
                _assignment.c.trainer_id,
                _assignment.c.from_on,
            ).where(_assignment.c.person_id.in_(person_ids), _assignment.c.until_on.is_(None))
        )
    }
    clubs: dict[int, list[str]] = {}
    for row in people:
        clubs.setdefault(row.home_club_id, []).append(row.trainer or "")
    known = {
        club_id: know_trainers(session, set(names), club_id=club_id, now=now)
        for club_id, names in sorted(clubs.items())
    }
    new = []
    for row in people:
        trainer_id = known[row.home_club_id].get(_folded(row.trainer or ""))
        today = get_club(session, row.home_club_id).today(now)
        before = standing.get(row.id)
        if before is not None and before.trainer_id == trainer_id:
            continue
        if before is not None:
            _end(session, before, today)
        if trainer_id is not None:
            new.append(
                {
                    "club_id": row.home_club_id,
                    "person_id": row.id,
                    "trainer_id": trainer_id,
                    "from_on": today,
                    "until_on": None,
                    "created_at": now,
                }
            )
    if new:
        session.execute(insert(_assignment), new)


def _end(session: Session, standing: Any, today: date) -> None:
    """End an assignment today; one that only began today never was."""
    mine = _assignment.c.id == standing.id
    if standing.from_on >= today:
        session.execute(delete(_assignment).where(mine))
    else:
        session.execute(update(_assignment).where(mine).values(until_on=today))


def _known(session: Session, club_id: int, wanted: Mapping[str, str]) -> dict[str, int]:
    query = select(_trainer.c.folded_name, _trainer.c.id).where(
        _trainer.c.club_id == club_id, _trainer.c.folded_name.in_(list(wanted))
    )
    return {row[0]: row[1] for row in session.execute(query)}


def _unclaimed_staff(session: Session, club_id: int) -> dict[str, int]:
    """The employees with the role trainer who are no trainer yet, by folded name."""
    claimed = select(_trainer.c.user_id).where(
        _trainer.c.club_id == club_id, _trainer.c.user_id.is_not(None)
    )
    query = (
        select(StaffUser.full_name, StaffUser.id)
        .join(RoleAssignment, RoleAssignment.user_id == StaffUser.id)
        .where(
            RoleAssignment.club_id == club_id,
            RoleAssignment.role == Role.TRAINER,
            StaffUser.is_active,
            StaffUser.id.not_in(claimed),
        )
        .order_by(StaffUser.id.desc())
    )
    return {_folded(name): user_id for name, user_id in session.execute(query)}


def _folded(name: str) -> str:
    return fold(name)[:120]


def hold_trainer(session: Session, trainer_id: int) -> None:
    """Let one transaction at a time plan a trainer's time. On SQLite the transaction is the lock."""
    query = select(_trainer.c.id).where(_trainer.c.id == trainer_id)
    session.execute(query.with_for_update(key_share=True))
