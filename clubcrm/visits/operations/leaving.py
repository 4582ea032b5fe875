"""People leave, and visits are taken back."""

from collections.abc import Collection
from datetime import datetime, timedelta
from typing import Any, Final

from sqlalchemy import Row, select, update
from sqlalchemy.orm import Session

from clubcrm.accounts.models import Club
from clubcrm.core.actor import Actor
from clubcrm.core.events import record
from clubcrm.members.models import Person
from clubcrm.visits.errors import NotInside, UndoTooLate, UnknownVisit
from clubcrm.visits.events import CheckedOut, VisitUndone
from clubcrm.visits.models import Visit
from clubcrm.visits.operations.days import take_from_days
from clubcrm.visits.operations.packs import give_back_visits
from clubcrm.visits.policies import entry_rules, inside_until

SILENT: Final = {"synchronize_session": False}


def undo_visit(
    session: Session,
    visit_id: int,
    *,
    by: Actor,
    now: datetime,
    scope: Collection[int] | None = None,
    within: timedelta | None = None,
) -> bool:
    """Take a visit back: it counts nowhere, and what it took from a pack is given back.

    False when it was taken back before. `scope` limits it to clubs, `within` to so long after it
    was recorded. Raises UnknownVisit, UndoTooLate.
    """
    visit = _lock(session, visit_id, scope)
    if visit.undone_at is not None:
        return False
    if within is not None and now > visit.created_at + within:
        raise UndoTooLate
    undone = (
        update(Visit)
        .where(Visit.id == visit_id, Visit.undone_at.is_(None))
        .values(undone_at=now, undone_by=by.name)
    )
    if session.execute(undone.execution_options(**SILENT)).rowcount != 1:  # type: ignore[attr-defined]
        return False
    if visit.took_a_visit and visit.membership_id is not None:
        give_back_visits(session, {visit.membership_id: 1})
    take_from_days(session, {(visit.person_id, visit.on): 1})
    event = VisitUndone(
        club_id=visit.club_id,
        person_id=visit.person_id,
        visit_id=visit_id,
        on=visit.on,
        affects_from_on=visit.on,
    )
    record(session, event, by=by, now=now)
    return True


def check_out(
    session: Session,
    visit_id: int,
    *,
    by: Actor,
    now: datetime,
    scope: Collection[int] | None = None,
) -> None:
    """Let somebody leave: the visit ends now. Raises UnknownVisit, NotInside."""
    visit = _lock(session, visit_id, scope)
    club = session.execute(
        select(Club.timezone, Club.day_cutoff_minutes, Club.settings).where(
            Club.id == visit.club_id
        )
    ).one()
    rules = entry_rules(club.settings or {})
    over = inside_until(visit.checked_in_at, club.timezone, club.day_cutoff_minutes, rules.inside)
    if visit.undone_at is not None or visit.checked_out_at is not None or now >= over:
        raise NotInside
    session.execute(
        update(Visit)
        .where(Visit.id == visit_id)
        .values(checked_out_at=max(now, visit.checked_in_at))
        .execution_options(**SILENT)
    )
    event = CheckedOut(club_id=visit.club_id, person_id=visit.person_id, visit_id=visit_id)
    record(session, event, by=by, now=now)


def _lock(session: Session, visit_id: int, scope: Collection[int] | None) -> Row[*tuple[Any, ...]]:
    """The visit, with its person's row locked first as a check-in does."""
    query = (
        select(
            Visit.club_id,
            Visit.person_id,
            Visit.on,
            Visit.membership_id,
            Visit.took_a_visit,
            Visit.checked_in_at,
            Visit.checked_out_at,
            Visit.created_at,
            Visit.undone_at,
        )
        .join(Person, Person.id == Visit.person_id)
        .where(Visit.id == visit_id)
        .with_for_update(of=[Person, Visit], key_share=True)
    )
    if scope is not None:
        query = query.where(Visit.club_id.in_(scope))
    found = session.execute(query).one_or_none()
    if found is None:
        raise UnknownVisit
    return found
