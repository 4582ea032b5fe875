"""Reads about trainers and their clients."""

from collections.abc import Collection
from dataclasses import dataclass
from typing import cast

from sqlalchemy import Table, select
from sqlalchemy.orm import Session

from clubcrm.trainers.errors import UnknownTrainer
from clubcrm.trainers.models import ClientAssignment, Trainer

_trainer = cast(Table, Trainer.__table__)
_assignment = cast(Table, ClientAssignment.__table__)


@dataclass(frozen=True)
class TrainerRow:
    """A trainer; `user_id` of the employee who signs in, if any."""

    id: int
    club_id: int
    name: str
    user_id: int | None


_COLUMNS = [_trainer.c[name] for name in TrainerRow.__dataclass_fields__]


def trainers_at(session: Session, scope: Collection[int]) -> list[TrainerRow]:
    """The trainers of the clubs in scope, by name."""
    query = select(*_COLUMNS).where(_trainer.c.club_id.in_(scope))
    return [TrainerRow(*row) for row in session.execute(query.order_by(_trainer.c.folded_name))]


def trainer_of_user(session: Session, user_id: int | None, club_id: int) -> TrainerRow | None:
    """The trainer an employee is at a club; None for who is none there."""
    if user_id is None:
        return None
    query = select(*_COLUMNS).where(_trainer.c.club_id == club_id, _trainer.c.user_id == user_id)
    found = session.execute(query).one_or_none()
    return TrainerRow(*found) if found else None


def get_trainer(session: Session, trainer_id: int, scope: Collection[int]) -> TrainerRow:
    """One trainer of a club in scope. Raises UnknownTrainer."""
    query = select(*_COLUMNS).where(_trainer.c.id == trainer_id, _trainer.c.club_id.in_(scope))
    found = session.execute(query).one_or_none()
    if found is None:
        raise UnknownTrainer
    return TrainerRow(*found)


def clients_of(session: Session, trainer_id: int) -> list[int]:
    """The people whom a trainer looks after now."""
    query = select(_assignment.c.person_id).where(
        _assignment.c.trainer_id == trainer_id, _assignment.c.until_on.is_(None)
    )
    return list(session.scalars(query.order_by(_assignment.c.person_id)))
