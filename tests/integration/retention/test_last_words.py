"""The renewal call and its later steps: on which days, to whom, and what stops them."""

from datetime import date, timedelta
from typing import Any

import pytest
from sqlalchemy import select

from clubcrm.accounts.models import Club
from clubcrm.core.period import Period
from clubcrm.core.transactions import reading, transaction
from clubcrm.members.models import Membership
from clubcrm.members.operations import freeze_membership, renew_membership, request_cancellation
from clubcrm.messaging.models import Message, Task
from clubcrm.messaging.operations import close_task
from clubcrm.messaging.states import Channel, Outcome, Purpose
from clubcrm.retention.models import Assignment, Play, Touchpoint
from clubcrm.retention.operations.contacts import plays_of
from clubcrm.retention.policies.arms import draw
from clubcrm.retention.states import Arm, TouchpointState
from tests.integration.retention.life import Life, on
from tests.integration.retention.test_contacts import found, make, plan, reachable, somebody
from tests.integration.retention.test_triggers import occasions

__all__ = ["reachable"]

YEAR = {"months": 12}
JALALI = {"calendar": "jalali"}


def last_day(person_id: int) -> date:
    with reading() as session:
        query = select(Membership.until_on).where(Membership.person_id == person_id)
        (until_on,) = session.scalars(query)
    assert until_on is not None
    return until_on - timedelta(days=1)


def term_of(person_id: int) -> int:
    with reading() as session:
        (term_id,) = session.scalars(select(Membership.id).where(Membership.person_id == person_id))
    return term_id


def to(life: Life, day: date) -> None:
    """Days pass up to a date, the last ones with visits and everything that is due."""
    life.day = (day - on(0)).days
    life.run()


def lives(life: Life, person_id: int, end: date, *days: int) -> None:
    """On days counted from the end the daily run comes round, and contacts are planned and made."""
    for days_to_end in days:
        to(life, end + timedelta(days=days_to_end))
        if days_to_end <= 0:
            life.comes(person_id, life.day)
            life.run()
        plan(life)
        make(life)


@pytest.mark.parametrize(
    ("told", "call", "last"),
    [
        (YEAR, 21, 5),
        ({"months": 6}, 15, 5),
        ({"months": 3}, 11, 5),
        ({"months": 1}, None, 4),
        ({**JALALI, "months": 12}, 21, 5),
        ({**JALALI, "months": 6}, 15, 5),
        ({**JALALI, "months": 3}, 11, 5),
        ({**JALALI, "months": 1}, None, 4),
    ],
)
def test_each_step_has_its_day_before_the_end(
    life: Life, told: dict[str, Any], call: int | None, last: int
) -> None:
    person_id = life.member(plan_id=life.plan("Term", **told))
    life.comes(person_id, 0)
    life.run()
    end = last_day(person_id)
    seen: dict[int, set[date]] = {1: set(), 2: set(), 3: set()}
    for days in range(-24, 12):
        if end + timedelta(days=days) <= on(1):
            continue
        to(life, end + timedelta(days=days))
        for one in occasions(life, "K14"):
            assert one.on <= on(life.day)
            seen[one.step].add(one.on)
    assert seen[1] == (set() if call is None else {end - timedelta(days=call)})
    assert seen[2] == {end - timedelta(days=last)}
    assert seen[3] == {end + timedelta(days=3)}


def going_on(life: Life) -> int:
    """A plan of a year that goes on by itself unless notice is given."""
    return life.plan("Going on", months=12, auto_renew=True)


def contacts(life: Life, person_id: int) -> dict[str, tuple[str, str]]:
    rows = found(life, person_id)
    return {key: (row.state, row.reason) for key, row in rows.items() if key.startswith("K14")}


def member_near_the_end(life: Life) -> tuple[int, date]:
    person_id = somebody(life, plan_id=life.plan("Year", **YEAR))
    life.run()
    plan(life)
    end = last_day(person_id)
    to(life, end - timedelta(days=60))
    life.comes(person_id, *range(life.day - 40, life.day, 3))
    life.run()
    return person_id, end


def test_call_then_the_word_of_the_contract_then_grace(reachable: Life) -> None:
    life = reachable
    person_id, end = member_near_the_end(life)
    lives(life, person_id, end, -21)
    assert contacts(life, person_id) == {"K14": (TouchpointState.TASK_OPEN, "")}
    lives(life, person_id, end, -5)
    assert contacts(life, person_id)["K14.2"] == (TouchpointState.QUEUED, "")
    lives(life, person_id, end, 1, 3)
    assert contacts(life, person_id)["K14.3"] == (TouchpointState.QUEUED, "")
    with reading() as session:
        rows = list(session.execute(select(Message.purpose, Message.subject).order_by(Message.id)))
    last, grace = rows[-2:]
    assert last.purpose is Purpose.SERVICE
    assert grace.purpose is Purpose.MARKETING
    assert last.subject.startswith("Your membership ends on")
    assert grace.subject.startswith("Your membership ended on")


def test_renewed_it_stops(reachable: Life) -> None:
    life = reachable
    person_id, end = member_near_the_end(life)
    lives(life, person_id, end, -21)
    life.day += 1
    with life.at_the_desk() as session:
        renew_membership(session, term_of(person_id), **life.by)
    make(life)
    lives(life, person_id, end, -5, 0, 3)
    states = contacts(life, person_id)
    assert states == {"K14": (TouchpointState.CANCELLED, "goal_met")}


def test_answered_it_stops(reachable: Life) -> None:
    life = reachable
    person_id, end = member_near_the_end(life)
    lives(life, person_id, end, -21)
    with reading() as session:
        (call,) = session.scalars(select(Task.id).where(Task.kind == "call"))
    with transaction() as session:
        close_task(session, call, Outcome.REACHED_NO, club_id=life.club_id, **life.by)
    make(life)
    lives(life, person_id, end, -5, 1, 3)
    states = contacts(life, person_id)
    assert states["K14"][0] == TouchpointState.DONE
    assert states["K14.2"] == states["K14.3"] == (TouchpointState.SKIPPED, "answered")


def test_frozen_or_cancelled_it_stops(reachable: Life) -> None:
    life = reachable
    (frozen, end), cancelled = member_near_the_end(life), somebody(life, plan_id=going_on(life))
    term = term_of(frozen)
    lives(life, frozen, end, -21)
    with life.at_the_desk() as session:
        period = Period(on(life.day + 1), on(life.day + 30))
        freeze_membership(session, term, period, **life.by)
    lives(life, frozen, end, -5)
    assert set(contacts(life, frozen)) == {"K14"}
    end = last_day(cancelled)
    to(life, end - timedelta(days=10))
    with life.at_the_desk() as session:
        request_cancellation(session, term_of(cancelled), last_day=end, reason="moves", **life.by)
    lives(life, cancelled, end, -5, 1, 3)
    assert contacts(life, cancelled) == {}


def test_whoever_is_held_out_of_the_call_hears_the_word_of_the_contract(reachable: Life) -> None:
    life = reachable
    person_id, end = member_near_the_end(life)
    with transaction() as session:
        club = session.get_one(Club, life.club_id)
        club.settings = {**club.settings, "contacts": {"learning": "full"}}
        row = session.scalar(select(Play).where(Play.code == "K14", Play.is_current))
        assert row is not None
        # A share nobody may choose, so that everybody is drawn out.
        row.rules = {**row.rules, "hold_out": 90}
        row.seed = next(seed for seed in map(str, range(500)) if is_out(seed, person_id))
    lives(life, person_id, end, -21, -5)
    rows = found(life, person_id)
    assert (rows["K14"].state, rows["K14"].arm) == (TouchpointState.HELD_OUT, Arm.HELD_OUT)
    assert rows["K14.2"].state is TouchpointState.QUEUED
    with reading() as session:
        (message,) = session.scalars(select(Message).order_by(Message.id.desc()).limit(1))
    assert message.reference == f"contact:{rows['K14.2'].id}:0"
    assert rows["K14.2"].arm is Arm.HELD_OUT  # nobody changes arms on the way
    with reading() as session:
        arms = session.scalars(select(Assignment.arm).where(Assignment.play == "K14")).all()
    assert arms == [Arm.HELD_OUT]


def is_out(seed: str, person_id: int) -> bool:
    return draw(seed, person_id, "K14", 1, on(0), 90) is Arm.HELD_OUT


def test_a_step_nobody_is_held_out_of_draws_nothing(reachable: Life) -> None:
    life = reachable
    person_id = somebody(life, plan_id=life.plan("Month", months=1))
    life.run()
    plan(life)
    lives(life, person_id, last_day(person_id), -4)
    assert found(life, person_id)["K14.2"].channel is Channel.EMAIL
    with reading() as session:
        query = select(Assignment.person_id).where(Assignment.play == "K14")
        assert session.scalars(query).all() == []


def test_a_club_takes_up_what_a_shipped_contact_has_come_to_say(life: Life) -> None:
    with transaction() as session:
        plays_of(session, life.club_id, now=life.now())
        row = session.scalar(select(Play).where(Play.code == "K14"))
        assert row is not None
        row.rules = {name: value for name, value in row.rules.items() if name != "steps"}
        row.is_on = False
    with transaction() as session:
        plays_of(session, life.club_id, now=life.now())
    with transaction() as session:
        plays = {play.code: play for play in plays_of(session, life.club_id, now=life.now())}
    assert (plays["K14"].version, plays["K14"].is_on) == (2, False)
    assert len(plays["K14"].rules.steps) == 2
    assert {play.version for code, play in plays.items() if code != "K14"} == {1}
    with reading() as session:
        kept = session.scalars(select(Play.is_current).where(Play.code == "K14")).all()
    assert sorted(kept) == [False, True]


def test_a_later_step_is_kept_once(reachable: Life) -> None:
    life = reachable
    person_id, end = member_near_the_end(life)
    lives(life, person_id, end, -5, -4, -3)
    with reading() as session:
        query = select(Touchpoint.id).where(Touchpoint.play == "K14", Touchpoint.step == 2)
        assert len(session.scalars(query).all()) == 1
