"""What was there once: of every kind of thing one that is voided, undone, merged or put out of use."""

from datetime import date, timedelta
from typing import Any

from flask import Flask
from sqlalchemy import select, update
from sqlalchemy.orm import Session

from clubcrm.accounts.models import ApiToken, StaffUser
from clubcrm.accounts.operations import add_staff, create_token, revoke_token
from clubcrm.accounts.states import Role
from clubcrm.billing.models import Invoice
from clubcrm.billing.operations import sell_membership, take_back_sale
from clubcrm.core.actor import OPERATOR
from clubcrm.core.money import Money
from clubcrm.core.period import Period
from clubcrm.core.transactions import transaction
from clubcrm.exchange.models import ImportBatch
from clubcrm.exchange.operations.batches import begin_batch
from clubcrm.exchange.policies.mapping import ColumnMapping
from clubcrm.exchange.states import BatchState, Kind
from clubcrm.members.models import Person
from clubcrm.members.operations import (
    PersonValues,
    PlanValues,
    SeasonValues,
    add_person,
    add_plan,
    cancel_freeze,
    declare_closure,
    declare_season,
    freeze_membership,
    remove_season,
    withdraw_closure,
)
from clubcrm.members.states import PlanKind
from clubcrm.messaging.models import Message
from clubcrm.messaging.operations import (
    MessageValues,
    TaskValues,
    cancel_tasks,
    open_tasks,
    queue_messages,
)
from clubcrm.messaging.states import Channel, MessageState, Purpose, TaskKind
from clubcrm.schedule.operations import SessionValues, log_outcome, plan_session
from clubcrm.schedule.states import SessionState
from clubcrm.trainers.operations import know_trainers
from clubcrm.visits.operations import check_in, undo_visit
from clubcrm.visits.states import VisitSource
from tests.conftest import NOW, PASSWORD
from tests.web.places import Place

TODAY = NOW.date()
BY: dict[str, Any] = {"by": OPERATOR, "now": NOW}


def take_away(app: Flask, place: Place) -> dict[str, str]:
    """Make one of everything at a club and take it away again: ids by the names that routes use."""
    with app.app_context(), transaction() as session:
        person_id = add_person(session, PersonValues(full_name="Gone"), club_id=place.club_id, **BY)
        ids = {
            "person_id": person_id,
            "member_id": person_id,
            **_terms(session, place),
            **_visits(session, place),
            **_work(session, place),
            **_settings(session, place.club_id),
            **_access(session, place.club_id),
        }
        merged = update(Person).where(Person.id == person_id)
        session.execute(merged.values(merged_into_id=int(place.ids["person_id"])))
    return {name: str(number) for name, number in ids.items()}


def _terms(session: Session, place: Place) -> dict[str, int]:
    """A sale that was taken back: the term and its invoice are void, its payment is given back."""
    sale = sell_membership(
        session,
        int(place.ids["person_id"]),
        int(place.ids["plan_id"]),
        starts_on=date(2027, 5, 1),
        paid=Money(100, "EUR"),
        **BY,
    )
    freeze_id = freeze_membership(
        session, sale.membership_id, Period(date(2027, 6, 1), date(2027, 6, 8)), **BY
    )
    cancel_freeze(session, freeze_id, **BY)
    take_back_sale(session, sale.membership_id, reason="by mistake", **BY)
    invoice_id = session.scalar(
        select(Invoice.id).where(Invoice.membership_id == sale.membership_id)
    )
    assert sale.payment_id is not None
    assert invoice_id is not None
    return {
        "membership_id": sale.membership_id,
        "freeze_id": freeze_id,
        "payment_id": sale.payment_id,
        "invoice_id": invoice_id,
    }


def _visits(session: Session, place: Place) -> dict[str, int]:
    told = check_in(
        session,
        club_id=place.club_id,
        person_id=int(place.ids["mate_id"]),
        override_reason="by mistake",
        source=VisitSource.DESK,
        **BY,
    )
    assert told.visit_id is not None
    assert told.entry_id is not None
    undo_visit(session, told.visit_id, **BY)
    return {"visit_id": told.visit_id, "entry_id": told.entry_id}


def _work(session: Session, place: Place) -> dict[str, int]:
    club_id, person_id = place.club_id, int(place.ids["person_id"])
    task = TaskValues(
        club_id=club_id,
        person_id=person_id,
        reference="gone",
        kind=TaskKind.CALL,
        title="Not needed",
        script="",
        due_on=TODAY,
    )
    (task_id,) = open_tasks(session, [task], **BY)
    cancel_tasks(session, ["gone"], **BY)
    trainer = f"Trainer {club_id}"
    (trainer_id,) = know_trainers(session, [trainer], club_id=club_id, now=NOW).values()
    values = SessionValues(
        person_id=person_id, starts_at=NOW + timedelta(hours=7), minutes=60, is_free=True
    )
    appointment_id = plan_session(session, trainer_id, values, scope={club_id}, **BY)
    log_outcome(session, appointment_id, SessionState.CANCELLED_IN_TIME, scope={club_id}, **BY)
    message = MessageValues(
        club_id=club_id,
        person_id=person_id,
        reference="gone",
        channel=Channel.EMAIL,
        purpose=Purpose.SERVICE,
        language="en",
        subject="Taken back",
        body="Hello.",
        send_at=NOW,
        valid_until=NOW + timedelta(days=3),
    )
    (message_id,) = queue_messages(session, [message], now=NOW)
    cancelled = update(Message).where(Message.id == message_id)
    session.execute(cancelled.values(state=MessageState.CANCELLED, reason="out_of_date"))
    batch_id = begin_batch(
        session,
        club_id=club_id,
        kind=Kind.MEMBERS,
        file_name="gone.csv",
        sha256="0" * 64,
        stored_as=None,
        mapping=ColumnMapping(),
        as_of_on=TODAY,
        **BY,
    )
    undone = {"state": BatchState.UNDONE, "undone_at": NOW, "undone": {}}
    session.execute(update(ImportBatch).where(ImportBatch.id == batch_id).values(undone))
    return {
        "task_id": task_id,
        "appointment_id": appointment_id,
        "message_id": message_id,
        "batch_id": batch_id,
    }


def _settings(session: Session, club_id: int) -> dict[str, int]:
    values = PlanValues(name="Gone", kind=PlanKind.TERM, months=1, is_on_sale=False)
    days = Period(date(2026, 9, 1), date(2026, 9, 8))
    season = SeasonValues(
        name="Gone",
        calendar="gregorian",
        start_month=5,
        start_day=1,
        end_month=5,
        end_day=31,
        share_percent=50,
        valid_from_on=TODAY - timedelta(days=90),
    )
    ids = {
        "plan_id": add_plan(session, values, club_id=club_id, **BY),
        "closure_id": declare_closure(session, club_id, days, extends_terms=False, **BY),
        "season_id": declare_season(session, club_id, season, **BY),
    }
    withdraw_closure(session, ids["closure_id"], **BY)
    remove_season(session, ids["season_id"], **BY)
    return ids


def _access(session: Session, club_id: int) -> dict[str, int]:
    user_id = add_staff(
        session,
        full_name="Gone",
        email="gone@example.com",
        password=PASSWORD,
        role=Role.DESK,
        club_id=club_id,
        **BY,
    )
    session.execute(update(StaffUser).where(StaffUser.id == user_id).values(is_active=False))
    create_token(session, name="Gone", role=Role.DEVICE, club_id=club_id, **BY)
    token_id = session.scalars(select(ApiToken.id).order_by(ApiToken.id.desc())).first()
    assert token_id is not None
    revoke_token(session, token_id, **BY)
    return {"user_id": user_id, "token_id": token_id}
