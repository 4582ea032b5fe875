"""A day in the life of a club: something of every kind happens, told with the club's code."""

from dataclasses import replace
from datetime import date, timedelta
from io import BytesIO
from typing import Any

from flask import Flask
from sqlalchemy import insert, update
from sqlalchemy.orm import Session

from clubcrm.billing.operations import sell_membership, take_payment
from clubcrm.billing.states import PaymentMethod
from clubcrm.core import clock
from clubcrm.core.actor import OPERATOR, Actor, ActorKind
from clubcrm.core.money import Money
from clubcrm.core.period import Period
from clubcrm.core.transactions import transaction
from clubcrm.exchange.models import ImportBatch, ImportRow
from clubcrm.exchange.operations.batches import begin_batch
from clubcrm.exchange.policies.mapping import ColumnMapping
from clubcrm.exchange.states import BatchState, Kind, RowOutcome
from clubcrm.exchange.uploads import keep_upload
from clubcrm.members.operations import (
    PersonValues,
    PlanValues,
    add_person,
    add_plan,
    change_person,
    freeze_membership,
    request_cancellation,
)
from clubcrm.members.states import PlanKind
from clubcrm.messaging.models import Message
from clubcrm.messaging.operations import (
    CallsWanted,
    MessageValues,
    TaskValues,
    ask_for_calls,
    change_sender,
    close_task,
    open_tasks,
    queue_messages,
)
from clubcrm.messaging.states import Channel, MessageState, Outcome, Purpose, TaskKind
from clubcrm.reports.jobs import count_club
from clubcrm.retention.jobs import run_day
from clubcrm.retention.models import Touchpoint
from clubcrm.retention.operations.runs import begin_run, stop_run
from clubcrm.retention.states import Arm, TouchpointState
from clubcrm.schedule.operations import SessionValues, log_outcome, plan_session, write_up
from clubcrm.schedule.states import SessionState
from clubcrm.trainers.operations import know_trainers
from clubcrm.visits.operations import VisitValues, record_visits
from clubcrm.visits.states import VisitSource
from config import Settings
from tests.conftest import NOW
from tests.web.api import Caller
from tests.web.places import Place, furnish

TODAY = NOW.date()
YESTERDAY = TODAY - timedelta(days=1)
BY: dict[str, Any] = {"by": OPERATOR, "now": NOW}


def calls_key(code: str) -> str:
    """The key of calls that were asked for at a club."""
    return code.encode().hex()


def live_at(app: Flask, chain: Caller, club_id: int, code: str) -> Place:
    """Let a club live for a day: something of every kind, told with its code."""
    place = furnish(app, chain, club_id, code, f"Ana {code}")
    with app.app_context(), transaction() as session:
        more = _live(session, app, place, code)
    with app.app_context():
        run_day(club_id, TODAY, clock=clock.now, is_allowed=True)
        count_club(club_id, clock.now)
    with app.app_context(), transaction() as session:
        begin_run(session, club_id, YESTERDAY, now=NOW)
        stop_run(session, club_id, YESTERDAY, moved=900, people=1000, now=NOW)
    return replace(place, ids={**place.ids, **more, "club_id": str(club_id)})


def _live(session: Session, app: Flask, place: Place, code: str) -> dict[str, str]:
    """What `furnish` leaves out: a second member with whom all goes on, work, files and contacts."""
    club_id, person_id = place.club_id, int(place.ids["person_id"])
    _tell_all(session, person_id, code)
    mate_id = add_person(
        session,
        PersonValues(full_name=f"Bia {code}", phone="+351912000111", trainer=f"Coach {code}"),
        club_id=club_id,
        **BY,
    )
    free_id = add_person(
        session,
        PersonValues(full_name=f"Cleo {code}", phone="+351912000333"),
        club_id=club_id,
        **BY,
    )
    # She began weeks ago and never came: she is at risk.
    plan_id, began_on = int(place.ids["plan_id"]), TODAY - timedelta(days=40)
    sell_membership(session, free_id, plan_id, starts_on=began_on, **BY)
    ids = {
        **_terms_of(session, club_id, mate_id, place, code),
        **_tasks_of(session, club_id, person_id, mate_id, code),
        **_sessions_of(session, club_id, person_id, code),
        **_files_of(session, app, club_id, code),
        "mate_id": mate_id,
        "free_id": free_id,
    }
    _contacts_of(session, club_id, person_id, code)
    return {name: str(number) for name, number in ids.items()}


def _tell_all(session: Session, person_id: int, code: str) -> None:
    told: dict[str, Any] = {
        name: f"{name} {code}"
        for name in ("address", "city", "emergency_contact", "guardian", "payer", "note")
    }
    told |= {"email": f"ana@{code}.example", "trainer": f"Coach {code}", "tags": (f"tag {code}",)}
    told |= {"phone": "+351912000222", "external_id": f"old {code}", "birth_date": date(1990, 3, 2)}
    change_person(session, person_id, told, **BY)
    money = Money(25, "EUR")
    take_payment(
        session,
        person_id,
        money,
        method=PaymentMethod.CASH,
        purpose=f"ahead {code}",
        **BY,
    )


def _terms_of(
    session: Session, club_id: int, mate_id: int, place: Place, code: str
) -> dict[str, int]:
    plus = PlanValues(name=f"Plus {code}", kind=PlanKind.TERM, months=6, price=Money(900, "EUR"))
    pack = PlanValues(
        name=f"Ten sessions {code}",
        kind=PlanKind.PACK,
        visits=10,
        is_access=False,
        price=Money(500, "EUR"),
    )
    plus_id, pack_id = (add_plan(session, one, club_id=club_id, **BY) for one in (plus, pack))

    seller = Actor(ActorKind.STAFF, None, f"Seller {code}")

    def sell(person_id: int, plan_id: int, starts_on: date) -> int:
        told: Any = {"starts_on": starts_on, "by": seller, "now": NOW}
        return sell_membership(session, person_id, plan_id, **told).membership_id

    ends_soon = sell(mate_id, plus_id, TODAY - timedelta(days=170))
    frozen_id = sell(mate_id, int(place.ids["plan_id"]), TODAY - timedelta(days=60))
    freeze_id = freeze_membership(
        session,
        frozen_id,
        Period(YESTERDAY, TODAY + timedelta(days=9)),
        reason=f"ill {code}",
        **BY,
    )
    rolling_plan = PlanValues(name=f"Monthly {code}", kind=PlanKind.ROLLING)
    rolling_plan_id = add_plan(session, rolling_plan, club_id=club_id, **BY)
    noticed_id = sell(mate_id, rolling_plan_id, TODAY - timedelta(days=40))
    request_cancellation(session, noticed_id, reason=f"moves {code}", **BY)
    days = [YESTERDAY - timedelta(days=7 * week) for week in range(1, 9)]
    visits = [
        VisitValues(mate_id, NOW - (TODAY - day), access_point=f"door-{code}") for day in days
    ]
    record_visits(session, visits, club_id=club_id, source=VisitSource.DOOR_LOG, **BY)
    package_id = sell(int(place.ids["person_id"]), pack_id, TODAY)
    return {
        "plus_plan_id": plus_id,
        "pack_plan_id": pack_id,
        "ends_soon_id": ends_soon,
        "frozen_id": frozen_id,
        "running_freeze_id": freeze_id,
        "noticed_id": noticed_id,
        "package_id": package_id,
    }


def _tasks_of(
    session: Session, club_id: int, person_id: int, mate_id: int, code: str
) -> dict[str, int]:
    def task(what: str, **more: Any) -> TaskValues:
        told: dict[str, Any] = {
            "kind": TaskKind.CALL,
            "due_on": YESTERDAY,
            "title": f"{what} {code}",
        }
        told |= {"script": f"Say {what} {code}", "reference": f"{what}-{code}"} | more
        return TaskValues(club_id=club_id, person_id=person_id, **told)

    arrival, closed, _late = open_tasks(
        session,
        [task("welcome", kind=TaskKind.ARRIVAL, on_arrival=True), task("ask"), task("late")],
        **BY,
    )
    close_task(
        session,
        closed,
        Outcome.REACHED_NO,
        club_id=club_id,
        note=f"told {code}",
        **BY,
    )
    wanted = CallsWanted(
        club_id=club_id,
        batch=calls_key(code),
        title=f"Ask {code}",
        script=f"How is it at {code}?",
        due_on=TODAY,
        doers=[None],
    )
    ask_for_calls(session, [mate_id], wanted, values={}, **BY)
    return {"arrival_id": arrival, "closed_task_id": closed}


def _sessions_of(session: Session, club_id: int, person_id: int, code: str) -> dict[str, int]:
    """A session that was held by the trainer who signs in, and one that a marked coach has planned."""
    found = know_trainers(
        session, [f"Trainer {club_id}", f"Coach {code}"], club_id=club_id, now=NOW
    )
    own_id, coach_id = (found[name.casefold()] for name in (f"Trainer {club_id}", f"Coach {code}"))

    def plan(trainer_id: int, hours: int) -> int:
        values = SessionValues(
            person_id=person_id, starts_at=NOW + timedelta(hours=hours), minutes=60, is_free=True
        )
        return plan_session(session, trainer_id, values, scope={club_id}, **BY)

    held_id, moved_id = plan(own_id, -3), plan(own_id, 4)
    plan(coach_id, 5)
    log_outcome(session, held_id, SessionState.CAME, scope={club_id}, **BY)
    write_up(
        session,
        held_id,
        log=f"squats {code}",
        note=f"knee {code}",
        scope={club_id},
        **BY,
    )
    log_outcome(
        session,
        moved_id,
        SessionState.MOVED,
        moved_to=NOW + timedelta(days=2),
        scope={club_id},
        **BY,
    )
    return {"held_id": held_id, "moved_id": moved_id, "coach_id": coach_id}


def _files_of(session: Session, app: Flask, club_id: int, code: str) -> dict[str, int]:
    """Imports at each of their steps. The file of the spare one is never read."""
    settings: Settings = app.extensions["settings"]

    def batch(state: BatchState, name: str) -> int:
        content = f"Member ID,Name,Phone {code}\n1,Ana {code},x\n"
        upload = keep_upload(settings.data_dir, BytesIO(content.encode()), f"{name} {code}.csv")
        batch_id = begin_batch(
            session,
            club_id=club_id,
            kind=Kind.MEMBERS,
            file_name=upload.file_name,
            sha256=upload.sha256,
            stored_as=upload.stored_as,
            mapping=ColumnMapping(),
            as_of_on=TODAY,
            **BY,
        )
        values = {"state": state, "total": 1, "read": 1, "rejected": 1, "finished_at": NOW}
        session.execute(update(ImportBatch).where(ImportBatch.id == batch_id).values(values))
        problem = ["missing", f"Phone {code}", {}]
        row = {"batch_id": batch_id, "line": 2, "outcome": RowOutcome.REJECTED}
        session.execute(insert(ImportRow).values(**row, problems=[problem]))
        return batch_id

    return {
        "checked_batch_id": batch(BatchState.CHECKED, "checked"),
        "done_batch_id": batch(BatchState.DONE, "done"),
        "spare_batch_id": batch(BatchState.CHECKED, "spare"),
    }


def _contacts_of(session: Session, club_id: int, person_id: int, code: str) -> None:
    change_sender(
        session,
        club_id,
        Channel.EMAIL,
        is_on=False,
        name=f"Sender {code}",
        address=f"desk@{code}.example",
        reply_to="",
        **BY,
    )
    failed = MessageValues(
        club_id=club_id,
        person_id=person_id,
        reference=f"failed:{code}",
        channel=Channel.EMAIL,
        purpose=Purpose.SERVICE,
        language="en",
        subject=f"Failed {code}",
        body="Hello.",
        send_at=NOW,
        valid_until=NOW + timedelta(days=3),
    )
    (message_id,) = queue_messages(session, [failed], now=NOW)
    held = update(Message).where(Message.id == message_id)
    session.execute(held.values(state=MessageState.FAILED, reason="no_address"))
    contact = {
        "club_id": club_id,
        "person_id": person_id,
        "play": "K13",
        "version": 1,
        "cycle_on": TODAY,
        "occasion_on": TODAY,
        "step": 1,
        "arm": Arm.TREATED,
        "state": TouchpointState.QUEUED,
        "planned_at": NOW,
        "due_at": NOW,
        "valid_until": NOW + timedelta(days=3),
    }
    session.execute(insert(Touchpoint).values(contact))
