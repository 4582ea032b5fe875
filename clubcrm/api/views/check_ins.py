"""The door: may this person come in?"""

from datetime import datetime

from sqlalchemy.orm import Session

from clubcrm.accounts.access import principal, requires
from clubcrm.accounts.errors import NotAllowed
from clubcrm.accounts.states import Permission as P
from clubcrm.api.answers import writes
from clubcrm.api.queries import club_of_door, number_of
from clubcrm.api.schemas.visits import CheckInNew, CheckInOut, VisitUndone
from clubcrm.api.views import api
from clubcrm.core.actor import Actor
from clubcrm.members.errors import UnknownPerson
from clubcrm.visits.errors import UnknownVisit
from clubcrm.visits.operations import check_in, undo_visit
from clubcrm.visits.states import VisitSource


@api.post("/check-ins")
@requires(P.CHECK_IN)
@api.input(CheckInNew, arg_name="body")
@api.output(CheckInOut)
@api.doc(tags=["Visits"])
@writes()
def ask_door(body: CheckInNew, session: Session, by: Actor, now: datetime) -> CheckInOut:
    """Answer a door and record the visit, or the stop, with its reasons.

    A stop is an answer too (200 with `visit_id` null); an unknown card is 404. Send an
    `Idempotency-Key` with each scan, so that a repeat after a lost answer is the same visit.
    """
    scope = principal().scope(P.CHECK_IN)
    person_id = number_of(body.member_id, UnknownPerson) if body.member_id else None
    club_id = club_of_door(
        session,
        scope,
        club=body.club,
        access_point=body.access_point,
        code=body.code,
        person_id=person_id,
    )
    if body.override_reason is not None and not principal().may(P.OVERRIDE_STOP, club_id):
        raise NotAllowed
    answer = check_in(
        session,
        club_id=club_id,
        code=body.code,
        person_id=person_id,
        access_point=body.access_point,
        at=body.at,
        override_reason=body.override_reason,
        source=VisitSource.API,
        by=by,
        now=now,
        scope=scope,
    )
    return CheckInOut.of(answer)


@api.delete("/visits/<visit_id>")
@requires(P.UNDO_VISIT)
@api.output(VisitUndone)
@api.doc(tags=["Visits"])
@writes()
def take_visit_back(visit_id: str, session: Session, by: Actor, now: datetime) -> VisitUndone:
    """Take a visit back: it counts nowhere, and what it took from a pack is given back."""
    number = number_of(visit_id, UnknownVisit)
    scope = principal().scope(P.UNDO_VISIT)
    undone = undo_visit(session, number, by=by, now=now, scope=scope)
    return VisitUndone(id=visit_id, undone=undone)
