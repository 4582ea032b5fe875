"""Ramp mode: a club that was imported contacts its backlog little by little, and floods nobody."""

import random
import threading
from collections import Counter
from collections.abc import Sequence
from datetime import timedelta
from typing import Any

import pytest
from flask import Flask
from sqlalchemy import select, update

from clubcrm.accounts.models import Club
from clubcrm.accounts.queries import get_club
from clubcrm.core import jobs
from clubcrm.core.db import db
from clubcrm.core.jobs import Clock
from clubcrm.core.models import EventLog
from clubcrm.core.transactions import reading, transaction
from clubcrm.members.operations import (
    ConsentValues,
    PersonValues,
    TermValues,
    add_people,
    record_consents,
)
from clubcrm.members.states import ConsentChannel
from clubcrm.messaging.models import Sender
from clubcrm.messaging.states import Channel
from clubcrm.retention.jobs import make_contacts, plan_day
from clubcrm.retention.models import MemberState, Ramp, Touchpoint
from clubcrm.retention.operations.contacts import (
    begin_ramp,
    change_ramp,
    end_ramp,
    switch_play,
)
from clubcrm.retention.queries import RampSight, ramp_sight
from clubcrm.retention.states import RampEnd, TouchpointState
from clubcrm.visits.operations import BalanceValues, set_opening_balances
from tests.integration.retention.life import Life, on
from tests.races.together import LONG


def club_that_writes(life: Life) -> None:
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
        club = session.get_one(Club, life.club_id)
        club.settings = {**club.settings, "contacts": {"learning": "none"}}


def known_people(life: Life, count: int, no: int = 0) -> list[int]:
    """People with an address and a telephone; most agreed to be written to."""
    values = [
        PersonValues(
            full_name=f"Member {no + one}",
            email=f"m{no + one}@example.com",
            phone=f"+35191{no + one:07}",
            visits_known_from=on(life.day),
        )
        for one in range(count)
    ]
    with transaction() as session:
        people = add_people(session, values, club_id=life.club_id, **life.by)
        agreed = [
            ConsentValues(person_id=who, channel=channel, is_given=True, source="test")
            for place, who in enumerate(people)
            for channel in (ConsentChannel.EMAIL, ConsentChannel.CALL)
            if place % 10
        ]
        record_consents(session, agreed, now=life.now())
    return people


def imported(
    life: Life, starts: Sequence[int], gaps: Sequence[int], as_of: int | None = None
) -> list[int]:
    """A list of an old club: terms of a year from some days on, and when each was last here."""
    people = known_people(life, len(starts), no=life.day * 1000)
    plan_id = life.plan(f"Old year {life.day}")
    day = life.day if as_of is None else as_of
    terms = [
        TermValues(person_id=who, plan_id=plan_id, starts_on=on(day + start))
        for who, start in zip(people, starts)
    ]
    life.imports(terms, as_of=day)
    balances = [
        BalanceValues(
            person_id=who, as_of_on=on(day), last_visit_on=on(day - gap), visits_per_week=2.0
        )
        for who, gap in zip(people, gaps)
    ]
    with life.at_the_desk() as session:
        set_opening_balances(session, balances, club_id=life.club_id, **life.by)
    return people


def a_day(life: Life) -> None:
    """A day's run; plannings at midnight and noon; what is due is made at noon and in the evening."""
    life.run()
    plans(life, -12, 0)
    for hour in (0, 6):
        make_contacts(life.club_id, at(life, hour))
    jobs.drain(life.now)


def at(life: Life, hours: float) -> Clock:
    """A clock so many hours from noon."""
    return lambda: life.now() + timedelta(hours=hours)


def plans(life: Life, *hours: float) -> None:
    """The day is planned, at some hours from noon."""
    for hour in hours:
        plan_day(life.club_id, on(life.day), at(life, hour))


def backlog(life: Life) -> list[Any]:
    """What became of the backlog."""
    columns = (
        Touchpoint.person_id,
        Touchpoint.play,
        Touchpoint.state,
        Touchpoint.reason,
        Touchpoint.arm,
        Touchpoint.planned_at,
    )
    with reading() as session:
        query = select(*columns).where(Touchpoint.is_backlog).order_by(Touchpoint.id)
        return list(session.execute(query))


def begun(life: Life, day: int | None = None) -> set[int]:
    """The people of the backlog whose turn came; on one day alone if asked for."""
    return {
        row.person_id
        for row in backlog(life)
        if row.arm is not None and day in (None, (row.planned_at.date() - on(0)).days)
    }


def sight(life: Life) -> RampSight:
    with reading() as session:
        return ramp_sight(session, get_club(session, life.club_id), life.now())


def ramp(life: Life) -> Ramp:
    with reading() as session:
        row = session.get_one(Ramp, life.club_id, populate_existing=True)
        session.expunge(row)
        return row


def told(name: str) -> list[dict[str, Any]]:
    with reading() as session:
        query = select(EventLog.payload).where(EventLog.name == name).order_by(EventLog.id)
        return list(session.scalars(query))


@pytest.fixture
def twelve(life: Life) -> Life:
    """A club on its first day: twelve of those imported are at risk, of whom nobody knows the worth."""
    club_that_writes(life)
    imported(life, [-200] * 12, [35] * 12)
    life.run()
    return life


PER_DAY = 8


@pytest.mark.parametrize("seed", [1, 2])
def test_nobody_is_flooded_after_an_import(life: Life, seed: int) -> None:
    dice = random.Random(seed)
    club_that_writes(life)
    starts = [-dice.choice([*range(2, 100), *range(250, 470)]) for _ in range(300)]
    gaps = [min(-start, dice.choice([1, 3, 9, 20, 35, 80])) for start in starts]
    people = set(imported(life, starts, gaps))
    with transaction() as session:
        change_ramp(session, life.club_id, PER_DAY, **life.by)
    a_day(life)
    assert begun(life) == set()  # the owner sees first what it comes to
    seen = sight(life)
    assert seen.waiting > 3 * PER_DAY
    assert seen.days == -(-(seen.waiting - seen.unreachable) // PER_DAY)
    waiting = {row.person_id for row in backlog(life)}
    assert {row.reason for row in backlog(life)} == {"ramp"}
    assert len(waiting) == seen.waiting
    for _ in range(14):
        life.day += 1
        a_day(life)
        assert len(begun(life, life.day)) <= PER_DAY
        full = Counter(row.state for row in backlog(life))[TouchpointState.PLANNED]
        assert len(begun(life, life.day)) == PER_DAY or not full
    while sight(life).waiting:
        life.day += 1
        a_day(life)
        assert len(begun(life, life.day)) <= PER_DAY
        assert life.day < 100
    for row in backlog(life):
        assert row.arm is not None or row.reason, row
        assert row.person_id in people
    assert waiting <= {row.person_id for row in backlog(life)}
    assert begun(life)
    # Nobody hears more than two things in any week, beside what belongs to the contract.
    with reading() as session:
        is_service = (Touchpoint.play == "K14") & (Touchpoint.step == 2)
        is_made = (Touchpoint.arm.is_not(None), Touchpoint.channel != Channel.ARRIVAL, ~is_service)
        query = select(Touchpoint.person_id, Touchpoint.due_at).where(*is_made)
        times: dict[int, list[Any]] = {}
        for who, due_at in session.execute(query):
            times.setdefault(who, []).append(due_at)
    for own in times.values():
        own.sort()
        assert all(third - first > timedelta(days=6) for first, third in zip(own, own[2:]))


def test_a_day_planned_twice_by_two_workers_begins_with_no_more(twelve: Life) -> None:
    life = twelve
    with transaction() as session:
        change_ramp(session, life.club_id, 5, **life.by)
    life.day += 1
    life.run()
    plans(life, 0, 0, 2, 4)
    assert len(begun(life)) == 5
    states = Counter((row.state, row.reason) for row in backlog(life))
    # Ten of twelve agreed to be written to; two are left out when it would be their turn.
    assert (
        states[TouchpointState.PLANNED, "ramp"] + states[TouchpointState.SKIPPED, "no_consent"] == 7
    )


def test_whoever_brings_most_comes_first(twelve: Life) -> None:
    life = twelve
    dear = sorted({row.person_id for row in backlog(life)} or _at_risk(life))[5]
    with transaction() as session:
        one = update(MemberState).where(MemberState.person_id == dear)
        session.execute(one.values(value_minor=900_000))
        change_ramp(session, life.club_id, 1, **life.by)
    life.day += 1
    plans(life, 0)
    assert begun(life) == {dear}


def _at_risk(life: Life) -> set[int]:
    with reading() as session:
        query = select(MemberState.person_id).where(MemberState.phase == "at_risk")
        return set(session.scalars(query))


def test_whoever_comes_back_while_waiting_is_left_alone(twelve: Life) -> None:
    life = twelve
    with transaction() as session:
        change_ramp(session, life.club_id, 0, **life.by)
    life.day += 1
    a_day(life)
    (one, *_) = sorted(_at_risk(life))
    life.comes(one, life.day)
    life.day += 1
    a_day(life)
    states = {row.person_id: (row.state, row.reason) for row in backlog(life)}
    assert states[one] == (TouchpointState.CANCELLED, "phase_left")
    assert begun(life) == set()
    assert sight(life).days is None


def test_the_backlog_waits_until_the_club_writes_at_all(life: Life) -> None:
    imported(life, [-200] * 3, [35] * 3)
    a_day(life)
    seen = sight(life)
    assert (seen.waiting, seen.message_count, seen.calls) == (3, 2, 0)
    life.day += 1
    a_day(life)
    reasons = Counter((row.state, row.reason) for row in backlog(life))
    assert reasons[TouchpointState.PLANNED, "channel_off"] == 2
    club_that_writes(life)
    life.day += 1
    a_day(life)
    assert len(begun(life)) == 2


def test_whoever_waits_for_a_contact_that_is_switched_off_goes_on_waiting(twelve: Life) -> None:
    life = twelve
    plans(life, 0)
    plays = {row.play for row in backlog(life)}
    assert plays == {"K07"}

    def switch(is_on: bool) -> None:
        with transaction() as session:
            switch_play(session, life.club_id, "K07", is_on=is_on, **life.by)

    switch(False)
    for _ in range(2):
        life.day += 1
        a_day(life)
    assert {row.state for row in backlog(life)} == {TouchpointState.PLANNED}
    assert ramp_is_open(life)
    switch(True)
    life.day += 1
    a_day(life)
    assert begun(life)


def test_ended_by_hand_whoever_waits_is_left_alone_for_good(twelve: Life) -> None:
    life = twelve
    plans(life, 0)
    with transaction() as session:
        assert end_ramp(session, life.club_id, **life.by) == 12
    with transaction() as session:
        assert end_ramp(session, life.club_id, **life.by) == 0
    assert {(row.state, row.reason) for row in backlog(life)} == {
        (TouchpointState.SKIPPED, "ramp_ended")
    }
    life.day += 1
    imported(life, [-200] * 2, [35] * 2)
    for _ in range(3):
        a_day(life)
        life.day += 1
    assert begun(life) == set()
    assert told("RampEnded") == [{"because": "by_hand", "left_alone": 12}]
    with transaction() as session:
        begin_ramp(session, life.club_id, **life.by)
    a_day(life)
    assert 1 <= len(begun(life)) <= 2


def test_worked_off_it_ends_and_begins_again_with_the_next_import(twelve: Life) -> None:
    life = twelve
    while ramp_is_open(life):
        life.day += 1
        a_day(life)
        assert life.day < 9
    assert ramp(life).ended_because is RampEnd.WORKED_OFF
    before = begun(life)
    people = imported(life, [-200] * 2, [35] * 2)
    a_day(life)
    assert ramp(life).ended_at is None
    life.day += 1
    a_day(life)
    assert begun(life) - before <= set(people)
    assert begun(life) - before


def ramp_is_open(life: Life) -> bool:
    with reading() as session:
        row = session.get(Ramp, life.club_id, populate_existing=True)
        return row is None or row.ended_at is None


def test_what_lies_between_the_day_of_the_file_and_the_import_is_no_new_event(life: Life) -> None:
    """A list of three weeks ago: the windows that opened since are the backlog's."""
    club_that_writes(life)
    life.day = 30
    starts = [-(365 - 45) - 1 + days for days in range(20)]
    people = imported(life, starts, [2] * 20, as_of=9)
    a_day(life)
    with reading() as session:
        rows = list(session.execute(select(Touchpoint.play, Touchpoint.is_backlog)))
    assert rows
    assert all(row.is_backlog for row in rows)
    assert {row.person_id for row in backlog(life)} <= set(people)


def test_whoever_was_asked_back_out_of_the_backlog_is_rung_up_a_week_later(twelve: Life) -> None:
    life = twelve
    life.day += 3
    a_day(life)
    asked = begun(life)
    assert asked
    life.day += 6
    a_day(life)
    assert _called(life) == set()
    life.day += 1
    a_day(life)
    assert _called(life) & asked


def _called(life: Life) -> set[int]:
    with reading() as session:
        query = select(Touchpoint.person_id).where(Touchpoint.play == "K08")
        return set(session.scalars(query))


def test_a_new_club_without_an_import_begins_with_what_comes_about(life: Life) -> None:
    club_that_writes(life)
    life.member()
    a_day(life)
    life.day += 1
    life.member()
    a_day(life)
    assert backlog(life) == []
    with reading() as session:
        plays = Counter(session.scalars(select(Touchpoint.play)))
    assert plays["K01"] == 2
    assert ramp(life).ended_because is RampEnd.WORKED_OFF


def test_two_who_plan_at_once_begin_with_no_more_than_one(app: Flask, twelve: Life) -> None:
    life = twelve
    with transaction() as session:
        change_ramp(session, life.club_id, 4, **life.by)
    life.day += 1
    life.run()
    start = threading.Barrier(2)
    failures: list[BaseException] = []

    def work() -> None:
        with app.app_context():
            start.wait(LONG)
            try:
                plans(life, 0)
            except Exception as error:  # noqa: BLE001
                failures.append(error)
            finally:
                db.session.remove()

    workers = [threading.Thread(target=work) for _ in range(2)]
    for worker in workers:
        worker.start()
    for worker in workers:
        worker.join()
    assert failures == []
    assert len(begun(life)) == 4
    assert len(backlog(life)) == 12
