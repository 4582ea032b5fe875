"""Contacts: who is contacted on a day, who waits, who is left out or held out, and how it ends."""

from collections.abc import Iterable
from datetime import timedelta
from typing import Any

import pytest
from sqlalchemy import select, update

from clubcrm.accounts.models import Club
from clubcrm.core import jobs
from clubcrm.core.db import db
from clubcrm.core.transactions import reading, transaction
from clubcrm.members.models import Membership
from clubcrm.members.operations import ConsentValues, PersonValues, add_people, record_consents
from clubcrm.members.states import ConsentChannel
from clubcrm.messaging.models import Message, Sender, Task
from clubcrm.messaging.operations import BlockValues, block_contacts, close_task
from clubcrm.messaging.states import (
    BlockKind,
    Channel,
    MessageState,
    Outcome,
    TaskKind,
    TaskState,
)
from clubcrm.retention.jobs import make_contacts, plan_day
from clubcrm.retention.models import Assignment, Play, Touchpoint
from clubcrm.retention.operations.contacts import plan_contacts, switch_play
from clubcrm.retention.policies.arms import draw
from clubcrm.retention.policies.plays import play_rules
from clubcrm.retention.policies.ranks import rank_of
from clubcrm.retention.queries import ContactRow, contacts_of
from clubcrm.retention.queries.contacts import cycles_of
from clubcrm.retention.shipped import shipped_plays
from clubcrm.retention.states import Arm, TouchpointState
from tests.integration.retention.life import Life, on


@pytest.fixture
def reachable(life: Life) -> Life:
    """A club that may write mails, and holds nobody out."""
    with transaction() as session:
        session.add(
            Sender(
                club_id=life.club_id,
                channel=Channel.EMAIL,
                is_on=True,
                settings={},
                changed_at=life.now(),
            )
        )
    learns(life, "none")
    return life


def learns(life: Life, choice: str) -> None:
    """Let the club hold out as it chose."""
    with transaction() as session:
        club = session.get_one(Club, life.club_id)
        club.settings = {**club.settings, "contacts": {"learning": choice}}


def somebody(life: Life, **told: Any) -> int:
    """A member with an address and a telephone who agreed to be written to."""
    no = len(told) + life.day * 1000 + id(told) % 997
    values = PersonValues(
        full_name="Ana Silva", email=f"ana{no}@example.com", phone=f"+35191234{no % 10000:04}"
    )
    with transaction() as session:
        (person_id,) = add_people(session, [values], club_id=life.club_id, **life.by)
        agreed = [
            ConsentValues(person_id=person_id, channel=channel, is_given=True, source="test")
            for channel in (ConsentChannel.EMAIL, ConsentChannel.SMS, ConsentChannel.CALL)
        ]
        record_consents(session, agreed, now=life.now())
    life.sells(person_id, told.get("plan_id") or life.plan(f"Plan {person_id}"))
    return person_id


def slipped(life: Life) -> int:
    """A steady member who stayed away until the day on which it showed."""
    person_id = somebody(life)
    first = life.day
    life.day = first + 120
    life.comes(person_id, *range(first, first + 121, 3))
    life.run()
    while life.state(person_id).phase != "at_risk":
        life.day += 1
        life.run()
    return person_id


def plan(life: Life) -> None:
    plan_day(life.club_id, on(life.day), life.now)


def make(life: Life, hours: float = 0) -> None:
    make_contacts(life.club_id, lambda: life.now() + timedelta(hours=hours))
    jobs.drain(life.now)


def found(life: Life, person_id: int) -> dict[str, ContactRow]:
    """The contacts of somebody by play (with the step where it is not the first)."""
    with reading() as session:
        rows = contacts_of(session, person_id)
    return {row.play if row.step == 1 else f"{row.play}.{row.step}": row for row in rows}


def states(rows: Iterable[ContactRow]) -> list[tuple[str, TouchpointState, str]]:
    return sorted((row.play, row.state, row.reason) for row in rows)


def messages() -> list[Message]:
    with reading() as session:
        rows = list(session.scalars(select(Message).order_by(Message.id)))
        session.expunge_all()
    return rows


def tasks() -> list[Task]:
    with reading() as session:
        rows = list(session.scalars(select(Task).order_by(Task.id)))
        session.expunge_all()
    return rows


def test_a_newcomer_is_welcomed_and_the_desk_is_told(reachable: Life) -> None:
    life = reachable
    person_id = somebody(life)
    life.run()
    plan(life)
    contacts = found(life, person_id)
    assert set(contacts) == {"K01", "K18"}
    assert contacts["K01"].due_at == life.now() + timedelta(minutes=15)
    assert contacts["K01"].arm is Arm.TREATED
    make(life)
    (prompt,) = tasks()
    assert (prompt.kind, prompt.on_arrival, prompt.state) == (TaskKind.ARRIVAL, True, "open")
    assert "Ana" in prompt.script
    assert messages() == []  # a quarter of an hour is not over
    make(life, hours=0.25)
    (mail,) = messages()
    assert (mail.state, mail.channel) == (MessageState.QUEUED, Channel.EMAIL)
    assert mail.body.startswith("Hello Ana")
    assert found(life, person_id)["K18"].state is TouchpointState.TASK_OPEN


def test_planning_and_making_again_changes_nothing_more(reachable: Life) -> None:
    life = reachable
    person_id = somebody(life)
    life.run()
    for _ in range(3):
        plan(life)
        make(life, hours=1)
    assert len(messages()) == len(tasks()) == 1
    assert len(found(life, person_id)) == 2


def test_whoever_slips_is_written_to_and_rung_up_a_week_later(reachable: Life) -> None:
    life = reachable
    person_id = slipped(life)
    plan(life)
    mail = found(life, person_id)["K07"]
    assert (mail.state, mail.channel) == (TouchpointState.QUEUED, Channel.EMAIL)
    # They mostly come at six in the evening, so at four, Lisbon time.
    assert mail.due_at is not None
    make(life, hours=6)
    assert [message.reference for message in messages()] == [f"contact:{mail.id}:0"]
    life.runs_to(life.day + 7)
    plan(life)
    assert found(life, person_id)["K08"].state is TouchpointState.QUEUED
    make(life)
    call = next(task for task in tasks() if task.kind is TaskKind.CALL)
    assert "days away" in call.script
    assert found(life, person_id)["K08"].state is TouchpointState.TASK_OPEN


def test_a_return_makes_the_call_needless_and_counts_as_its_goal(reachable: Life) -> None:
    life = reachable
    person_id = slipped(life)
    plan(life)
    make(life, hours=6)
    life.runs_to(life.day + 7)
    plan(life)
    make(life)
    life.day += 1
    life.comes(person_id, life.day - 1)
    life.run()
    make(life, hours=8)
    call = found(life, person_id)["K08"]
    assert (call.state, call.reason) == (TouchpointState.CANCELLED, "goal_met")
    assert call.goal_at is not None
    assert call.arm is Arm.TREATED
    assert [task.state for task in tasks() if task.kind is TaskKind.CALL] == [TaskState.CANCELLED]


def test_what_came_of_a_call_stands_with_the_contact(reachable: Life) -> None:
    life = reachable
    person_id = somebody(life)
    life.run()
    life.runs_to(5)
    plan(life)
    make(life)
    call = next(task for task in tasks() if task.kind is TaskKind.CALL)
    with transaction() as session:
        close_task(
            session,
            call.id,
            Outcome.REACHED_PLAN,
            club_id=life.club_id,
            promised_on=on(7),
            **life.by,
        )
    make(life)
    contact = found(life, person_id)["K02"]
    assert (contact.state, contact.outcome) == (TouchpointState.DONE, Outcome.REACHED_PLAN)
    follow_up = tasks()[-1]
    assert (follow_up.kind, follow_up.due_on) == (TaskKind.FOLLOW_UP, on(7))


def test_a_call_that_reaches_nobody_is_tried_on_three_days(reachable: Life) -> None:
    life = reachable
    person_id = slipped(life)
    plan(life)
    make(life, hours=6)
    life.runs_to(life.day + 7)
    plan(life)
    make(life)
    call = next(task for task in tasks() if task.kind is TaskKind.CALL)
    for attempt in range(3):
        life.day += attempt > 0
        with transaction() as session:
            close_task(session, call.id, Outcome.NO_ANSWER, club_id=life.club_id, **life.by)
        make(life)
    (call,) = [task for task in tasks() if task.id == call.id]
    assert (call.state, call.attempts, call.outcome) == (TaskState.DONE, 3, Outcome.NO_ANSWER)
    assert found(life, person_id)["K08"].state is TouchpointState.DONE


def test_who_is_held_out_takes_a_place_like_who_is_written_to(reachable: Life) -> None:
    life = reachable
    with transaction() as session:
        plan_contacts(session, life.club_id, on(0), now=life.now())
    learns(life, "full")
    person_id = slipped(life)
    with transaction() as session:  # everybody is drawn out
        row = session.scalar(select(Play).where(Play.code == "K07"))
        assert row is not None
        row.rules = {**row.rules, "hold_out": 90}
        row.seed = next(seed for seed in map(str, range(1000)) if _is_out(seed, person_id, life))
    plan(life)
    contact = found(life, person_id)["K07"]
    assert (contact.state, contact.arm) == (TouchpointState.HELD_OUT, Arm.HELD_OUT)
    make(life, hours=9)
    assert messages() == []
    with reading() as session:
        arms = session.scalars(select(Assignment.arm).where(Assignment.play == "K07")).all()
    assert arms == [Arm.HELD_OUT]
    # The call comes a week later all the same: it follows either arm.
    life.runs_to(life.day + 7)
    plan(life)
    assert "K08" in found(life, person_id)


def _is_out(seed: str, person_id: int, life: Life) -> bool:
    with reading() as session:
        cycle = cycles_of(session, [person_id], on(life.day))[person_id]
    return draw(seed, person_id, "K07", 1, cycle, 90) is Arm.HELD_OUT


def test_who_owes_money_hears_of_the_contract_only(reachable: Life) -> None:
    life = reachable
    person_id = slipped(life)
    with transaction() as session:
        debt = BlockValues(
            club_id=life.club_id,
            person_id=person_id,
            kind=BlockKind.DEBT,
            source="invoice:1",
            since_on=on(life.day),
        )
        block_contacts(session, [debt])
    plan(life)
    contact = found(life, person_id)["K07"]
    assert (contact.state, contact.reason) == (TouchpointState.SKIPPED, "in_debt")
    assert contact.arm is None


def test_nothing_goes_out_while_the_channel_is_off(life: Life) -> None:
    learns(life, "none")
    person_id = slipped(life)
    plan(life)
    contact = found(life, person_id)["K07"]
    assert (contact.state, contact.reason) == (TouchpointState.SKIPPED, "channel_off")


def test_a_consent_that_is_withdrawn_stops_what_is_queued(reachable: Life) -> None:
    life = reachable
    person_id = slipped(life)
    plan(life)
    with transaction() as session:
        no = ConsentValues(
            person_id=person_id, channel=ConsentChannel.EMAIL, is_given=False, source="test"
        )
        record_consents(session, [no], now=life.now())
    make(life, hours=9)
    contact = found(life, person_id)["K07"]
    assert (contact.state, contact.reason) == (TouchpointState.CANCELLED, "no_consent")
    assert contact.arm is Arm.TREATED
    assert messages() == []


def test_the_less_pressing_of_two_waits_and_expires(reachable: Life) -> None:
    life = reachable
    person_id = slipped(life)
    now = life.now()
    with transaction() as session:  # another contact was made the day before
        session.add(
            Touchpoint(
                club_id=life.club_id,
                person_id=person_id,
                play="K13",
                version=1,
                cycle_on=on(0),
                occasion_on=on(life.day - 1),
                arm=Arm.TREATED,
                state=TouchpointState.SENT,
                channel=Channel.EMAIL,
                planned_at=now - timedelta(days=1),
                due_at=now - timedelta(days=1),
                valid_until=now + timedelta(days=9),
            )
        )
    plan(life)
    contact = found(life, person_id)["K07"]
    assert (contact.state, contact.reason) == (TouchpointState.PLANNED, "too_soon")
    life.runs_to(life.day + 2)
    plan(life)
    assert found(life, person_id)["K07"].state is TouchpointState.QUEUED

    other = slipped(life)
    with transaction() as session:
        session.execute(
            update(Touchpoint).where(Touchpoint.person_id == other).values(state="cancelled")
        )
    plan(life)
    with transaction() as session:
        waits = {"state": TouchpointState.PLANNED, "valid_until": life.now()}
        session.execute(
            update(Touchpoint)
            .where(Touchpoint.person_id == other, Touchpoint.play == "K07")
            .values(waits)
        )
    plan(life)
    assert found(life, other)["K07"].state is TouchpointState.EXPIRED


def test_a_contact_that_is_switched_off_is_not_made(reachable: Life) -> None:
    life = reachable
    person_id = slipped(life)
    with transaction() as session:
        switch_play(session, life.club_id, "K07", is_on=False, **life.by)
    plan(life)
    assert "K07" not in found(life, person_id)


def test_two_who_plan_at_once_draw_once(reachable: Life) -> None:
    life = reachable
    people = [slipped(life)]
    plan(life)
    db.session.remove()
    plan(life)
    with reading() as session:
        drawn = session.scalars(select(Assignment.person_id)).all()
    assert drawn.count(people[0]) == len(set(found(life, people[0])))


def test_a_call_is_worth_what_the_member_brings_a_year(reachable: Life) -> None:
    life = reachable
    person_id = slipped(life)
    with transaction() as session:
        session.execute(update(Membership).values(price_minor=30_000))
    plan(life)
    make(life)
    life.day += 7
    life.run()
    plan(life)
    make(life)
    (call,) = [task for task in tasks() if task.kind is TaskKind.CALL]
    # 300 for 365 days, a year of 365.25.
    assert call.value_minor == 30_024
    rules = play_rules("K08", shipped_plays()["K08"])
    assert call.rank == rank_of(rules, life.state(person_id).risk)


def test_a_call_whose_time_is_over_leaves_the_list(reachable: Life) -> None:
    life = reachable
    slipped(life)
    plan(life)
    make(life)
    life.day += 7
    life.run()
    plan(life)
    make(life)
    life.day += 8
    make(life)
    assert {task.state for task in tasks() if task.kind is TaskKind.CALL} == {TaskState.EXPIRED}
