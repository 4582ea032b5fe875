"""Two clubs with one of everything each, and a digest of all that is stored."""

import hashlib
from dataclasses import dataclass
from datetime import date, timedelta
from io import BytesIO

from flask import Flask
from sqlalchemy import select, update

from clubcrm.accounts.models import ApiToken
from clubcrm.accounts.operations import add_staff, create_token
from clubcrm.accounts.states import Role
from clubcrm.billing.queries import payments_of
from clubcrm.core.actor import OPERATOR
from clubcrm.core.db import db
from clubcrm.core.money import Money
from clubcrm.core.period import Period
from clubcrm.core.transactions import reading, transaction
from clubcrm.exchange.operations.batches import begin_batch
from clubcrm.exchange.policies.mapping import ColumnMapping
from clubcrm.exchange.states import Kind
from clubcrm.exchange.uploads import keep_upload
from clubcrm.members.operations import (
    PlanValues,
    SeasonValues,
    add_plan,
    declare_closure,
    declare_season,
)
from clubcrm.members.states import PlanKind
from clubcrm.messaging.models import Message
from clubcrm.messaging.operations import MessageValues, TaskValues, queue_messages, write_task
from clubcrm.messaging.states import Channel, MessageState, Purpose, TaskKind
from clubcrm.schedule.operations import SessionValues, plan_session
from clubcrm.trainers.operations import know_trainers
from clubcrm.visits.queries import latest_entries
from config import Settings
from tests.conftest import NOW, PASSWORD
from tests.web.api import Caller

STRANGER = "Xenophon Quisling"


@dataclass(frozen=True)
class Place:
    """A club with one of everything: ids as text, by the names that routes and bodies use."""

    club_id: int
    ids: dict[str, str]


def furnish(app: Flask, chain: Caller, club_id: int, code: str, name: str) -> Place:
    """Give a club one of everything, for a member of this name."""
    numbers = _settings(app, club_id, code)
    plan_id, rolling_plan_id = numbers["plan_id"], numbers.pop("rolling_plan_id")
    member = chain.post("/members", name=name, club=code, card_code=f"card-{code}")["id"]
    term = chain.post("/memberships", member_id=member, plan=str(plan_id))["id"]
    endless = chain.post("/memberships", member_id=member, plan=str(rolling_plan_id))["id"]
    frozen = chain.post(f"/memberships/{term}/freezes", from_="2026-04-01", until="2026-04-05")
    visit = chain.post("/check-ins", 200, member_id=member, club=code)["visit_id"]
    (invoice,) = chain.get("/invoices", member_id=member)["items"]
    chain.post(
        "/payments",
        member_id=member,
        amount={"minor": 10, "currency": "EUR"},
        invoice_id=invoice["id"],
        method="cash",
    )
    appointment_id = _session_of(app, club_id, int(member))
    message_id = _message_in_doubt(app, club_id, int(member), code)
    with app.app_context(), reading() as session:
        (payment,) = payments_of(session, int(member))
        (entry,) = latest_entries(session, club_id)
    ids = {
        **{what: str(number) for what, number in numbers.items()},
        "club": code,
        "member_id": member,
        "person_id": member,
        "membership_id": term,
        "rolling_id": endless,
        "freeze_id": frozen["freezes"][0]["id"],
        "visit_id": visit,
        "entry_id": str(entry.id),
        "invoice_id": invoice["id"],
        "payment_id": str(payment.id),
        "task_id": str(_task(app, club_id, int(member), code)),
        "appointment_id": str(appointment_id),
        "message_id": str(message_id),
    }
    assert None not in ids.values()
    return Place(club_id, ids)


def _task(app: Flask, club_id: int, person_id: int, code: str) -> int:
    call = TaskValues(
        club_id=club_id,
        person_id=person_id,
        reference=f"task-{code}",
        kind=TaskKind.CALL,
        title=f"Call from {code}",
        script="",
        due_on=NOW.date(),
    )
    with app.app_context(), transaction() as session:
        return write_task(session, call, by=OPERATOR, now=NOW)


def _session_of(app: Flask, club_id: int, person_id: int) -> int:
    """A session with the trainer who signs in at this club in the tests."""
    with app.app_context(), transaction() as session:
        name = f"Trainer {club_id}"
        (trainer_id,) = know_trainers(session, [name], club_id=club_id, now=NOW).values()
        values = SessionValues(person_id=person_id, starts_at=NOW, minutes=60)
        return plan_session(session, trainer_id, values, scope={club_id}, by=OPERATOR, now=NOW)


def _message_in_doubt(app: Flask, club_id: int, person_id: int, code: str) -> int:
    with app.app_context(), transaction() as session:
        message = MessageValues(
            club_id=club_id,
            person_id=person_id,
            reference=f"test:{club_id}",
            channel=Channel.EMAIL,
            purpose=Purpose.MARKETING,
            language="en",
            subject=f"Good to see you at {code}",
            body="Hello.",
            send_at=NOW,
            valid_until=NOW + timedelta(days=3),
        )
        (message_id,) = queue_messages(session, [message], now=NOW)
        session.execute(
            update(Message)
            .where(Message.id == message_id)
            .values(
                state=MessageState.UNCERTAIN,
                reason="answer_lost",
                address="ana@example.com",
                claimed_at=NOW,
                claim_no=1,
                attempts=1,
            )
        )
    return message_id


def _settings(app: Flask, club_id: int, code: str) -> dict[str, int]:
    with app.app_context(), transaction() as session:
        annual = PlanValues(
            name=f"Annual {code}", kind=PlanKind.TERM, months=12, price=Money(100, "EUR")
        )
        rolling = PlanValues(name=f"Rolling {code}", kind=PlanKind.ROLLING)
        plan_id, rolling_plan_id = (
            add_plan(session, one, club_id=club_id, by=OPERATOR, now=NOW)
            for one in (annual, rolling)
        )
        days = Period(date(2026, 8, 1), date(2026, 8, 8))
        closure_id = declare_closure(
            session, club_id, days, extends_terms=False, name=f"Paint {code}", by=OPERATOR, now=NOW
        )
        season = SeasonValues(
            name=f"August {code}",
            calendar="gregorian",
            start_month=8,
            start_day=1,
            end_month=8,
            end_day=31,
            share_percent=50,
        )
        season_id = declare_season(session, club_id, season, by=OPERATOR, now=NOW)
        user_id = add_staff(
            session,
            full_name=f"Desk of {code}",
            email=f"desk@{code}.example",
            password=PASSWORD,
            role=Role.DESK,
            club_id=club_id,
            by=OPERATOR,
            now=NOW,
        )
        create_token(
            session, name=f"Door {code}", role=Role.DEVICE, club_id=club_id, by=OPERATOR, now=NOW
        )
        token_id = session.scalars(select(ApiToken.id).order_by(ApiToken.id.desc())).first()
        assert token_id is not None
        settings: Settings = app.extensions["settings"]
        upload = keep_upload(
            settings.data_dir, BytesIO(f"Member ID,Name\n1,Ana {code}\n".encode()), f"{code}.csv"
        )
        batch_id = begin_batch(
            session,
            club_id=club_id,
            kind=Kind.MEMBERS,
            file_name=upload.file_name,
            sha256=upload.sha256,
            stored_as=upload.stored_as,
            mapping=ColumnMapping(),
            as_of_on=NOW.date(),
            by=OPERATOR,
            now=NOW,
        )
        return {
            "batch_id": batch_id,
            "plan_id": plan_id,
            "rolling_plan_id": rolling_plan_id,
            "closure_id": closure_id,
            "season_id": season_id,
            "user_id": user_id,
            "token_id": token_id,
        }


def rows_of(app: Flask) -> str:
    """A digest of every row of every table, apart from the log of accesses."""
    digest = hashlib.sha256()
    with app.app_context(), reading() as session:
        for table in db.metadata.sorted_tables:
            if table.name == "access_log":
                continue
            for row in session.execute(select(table).order_by(*table.primary_key.columns)):
                digest.update(repr(tuple(row)).encode())
            digest.update(table.name.encode())
    return digest.hexdigest()
