"""What must always hold about trainers and their clients."""

from collections.abc import Iterator
from typing import cast

from flask_babel import lazy_gettext as _l
from sqlalchemy import Table, and_, or_, select
from sqlalchemy.orm import Session

from clubcrm.core.folding import fold
from clubcrm.core.invariants import Examined, Invariant
from clubcrm.members.models import Person
from clubcrm.trainers.models import ClientAssignment, Trainer

_trainer = cast(Table, Trainer.__table__)
_assignment = cast(Table, ClientAssignment.__table__)
_person = cast(Table, Person.__table__)


def _other_trainers(session: Session, examined: Examined) -> Iterator[str]:
    """People who are looked after by another trainer than the one named with them."""
    is_open = and_(_assignment.c.person_id == _person.c.id, _assignment.c.until_on.is_(None))
    query = (
        select(_person.c.id, _person.c.trainer, _trainer.c.folded_name)
        .outerjoin(_assignment, is_open)
        .outerjoin(_trainer, _trainer.c.id == _assignment.c.trainer_id)
        .where(
            _person.c.home_club_id.in_(examined.clubs),
            _person.c.merged_into_id.is_(None),
            or_(_person.c.trainer.is_not(None), _assignment.c.id.is_not(None)),
        )
        .order_by(_person.c.id)
    )
    for person_id, named, assigned in session.execute(query):
        if fold(named or "")[:120] != (assigned or ""):
            yield f"person {person_id} (assigned to {assigned or 'nobody'})"


INVARIANTS: tuple[Invariant, ...] = (
    Invariant(
        "trainers.assigned",
        _l("Everybody is looked after by the trainer named with the person, and by no other."),
        _other_trainers,
    ),
)
"""The invariants of trainers."""
