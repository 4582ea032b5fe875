"""People known at both clubs: one person each, with what the staff of the other club did and said."""

from datetime import timedelta
from typing import Any

from flask import Flask
from sqlalchemy import insert, update
from sqlalchemy.orm import Session

from clubcrm.billing.operations import sell_membership
from clubcrm.core.actor import OPERATOR
from clubcrm.core.events import record
from clubcrm.core.money import Money
from clubcrm.core.transactions import transaction
from clubcrm.members.operations import PersonValues, PlanValues, add_person, add_plan, show_at_clubs
from clubcrm.members.states import PlanKind
from clubcrm.messaging.events import MessageSent
from clubcrm.messaging.models import Message
from clubcrm.messaging.operations import (
    MessageValues,
    TaskValues,
    close_task,
    open_tasks,
    queue_messages,
)
from clubcrm.messaging.states import Channel, MessageState, Outcome, Purpose, TaskKind
from clubcrm.retention.models import Touchpoint
from clubcrm.retention.states import Arm, TouchpointState
from clubcrm.schedule.operations import SessionValues, log_outcome, plan_session, write_up
from clubcrm.schedule.states import SessionState
from clubcrm.trainers.operations import know_trainers
from clubcrm.visits.operations import VisitValues, check_in, record_visits
from clubcrm.visits.states import VisitSource
from tests.conftest import NOW
from tests.web.places import Place

BY: dict[str, Any] = {"by": OPERATOR, "now": NOW}
TODAY = NOW.date()
BEGAN = TODAY - timedelta(days=30)


def invite(app: Flask, own: Place, foreign: Place, mark: str) -> tuple[dict[str, str], ...]:
    """Two guests: one at home at the own club, one at the other. Their terms are of the other club.

    Of each the ids by which pages of the own club speak of them.

    The plan has a name that tells nothing: terms and money are of the person and seen at both clubs.
    """
    with app.app_context(), transaction() as session:
        plan = PlanValues(name="Chain pass", kind=PlanKind.TERM, months=12, price=Money(700, "EUR"))
        plan_id = add_plan(session, plan, club_id=foreign.club_id, **BY)
        return tuple(
            _guest(session, home_id, own, foreign, plan_id, mark)
            for home_id in (own.club_id, foreign.club_id)
        )


def _guest(
    session: Session, home_id: int, own: Place, foreign: Place, plan_id: int, mark: str
) -> dict[str, str]:
    person = PersonValues(full_name="Gina Guest", phone="+351912000444")
    person_id = add_person(session, person, club_id=home_id, **BY)
    show_at_clubs(session, [(person_id, own.club_id), (person_id, foreign.club_id)])
    sell_membership(session, person_id, plan_id, starts_on=BEGAN, paid=Money(100, "EUR"), **BY)
    visits = [VisitValues(person_id, NOW - timedelta(days=1), access_point=f"door {mark}")]
    record_visits(session, visits, club_id=foreign.club_id, source=VisitSource.DOOR_LOG, **BY)
    _work(session, person_id, foreign, mark)
    _contacts(session, person_id, foreign.club_id, mark)
    # Stopped yesterday: the door says of which club the guest is a member.
    at = NOW - timedelta(days=1)
    told = check_in(
        session, club_id=own.club_id, person_id=person_id, at=at, source=VisitSource.DESK, **BY
    )
    ids = {
        "person_id": person_id,
        "member_id": person_id,
        "entry_id": told.entry_id,
        "appointment_id": _planned(session, own.club_id, person_id),
    }
    return {name: str(number) for name, number in ids.items()}


def _planned(session: Session, club_id: int, person_id: int) -> int:
    """A session with the trainer who signs in at the own club."""
    (trainer_id,) = know_trainers(
        session, [f"Trainer {club_id}"], club_id=club_id, now=NOW
    ).values()
    starts_at = NOW + timedelta(days=4, hours=person_id)
    values = SessionValues(person_id=person_id, starts_at=starts_at, minutes=30, is_free=True)
    return plan_session(session, trainer_id, values, scope={club_id}, **BY)


def _work(session: Session, person_id: int, foreign: Place, mark: str) -> None:
    club_id = foreign.club_id
    about: Any = {"club_id": club_id, "person_id": person_id}
    about |= {"title": f"ring {mark}", "due_on": TODAY}
    task_ids = open_tasks(
        session,
        [
            TaskValues(
                **about,
                reference=f"guest-{person_id}-{kind}",
                kind=kind,
                script=f"say {mark}",
                on_arrival=kind is TaskKind.ARRIVAL,
            )
            for kind in (TaskKind.CALL, TaskKind.TODO, TaskKind.ARRIVAL)
        ],
        **BY,
    )
    note = f"said {mark}"
    close_task(session, task_ids[0], Outcome.REACHED_NO, club_id=club_id, note=note, **BY)
    values = SessionValues(
        person_id=person_id,
        starts_at=NOW - timedelta(hours=person_id),
        minutes=30,
        is_free=True,
    )
    scope = {club_id}
    trainer_id = int(foreign.ids["coach_id"])
    session_id = plan_session(session, trainer_id, values, scope=scope, **BY)
    log_outcome(session, session_id, SessionState.CAME, scope=scope, **BY)
    write_up(session, session_id, log=f"lifts {mark}", note=f"knee {mark}", scope=scope, **BY)


def _contacts(session: Session, person_id: int, club_id: int, mark: str) -> None:
    message = MessageValues(
        club_id=club_id,
        person_id=person_id,
        reference=f"guest-{person_id}",
        channel=Channel.EMAIL,
        purpose=Purpose.SERVICE,
        language="en",
        subject=f"Come to {mark}",
        body="Hello.",
        send_at=NOW,
        valid_until=NOW + timedelta(days=3),
    )
    (message_id,) = queue_messages(session, [message], now=NOW)
    held = update(Message).where(Message.id == message_id)
    session.execute(held.values(state=MessageState.SENT, sent_at=NOW))
    sent = MessageSent(
        club_id=club_id,
        person_id=person_id,
        message_id=message_id,
        reference=message.reference,
        channel=Channel.EMAIL,
    )
    record(session, sent, **BY)
    contact = {"club_id": club_id, "person_id": person_id, "play": mark[:8].upper(), "version": 1}
    contact |= {"cycle_on": BEGAN, "occasion_on": TODAY, "step": 1, "arm": Arm.HELD_OUT}
    contact |= {"state": TouchpointState.HELD_OUT, "planned_at": NOW, "due_at": NOW}
    session.execute(insert(Touchpoint).values(**contact, valid_until=NOW + timedelta(days=3)))
