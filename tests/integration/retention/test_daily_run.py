"""The daily run: what it writes, twice, past days, missed days, and the stop."""

from datetime import timedelta

import pytest
from sqlalchemy import func, select

from clubcrm.core.actor import OPERATOR
from clubcrm.core.period import Period
from clubcrm.core.transactions import reading
from clubcrm.members.operations import TermValues, change_person, freeze_membership
from clubcrm.retention.errors import RunNotStopped, TooManyMoved
from clubcrm.retention.jobs import run_due, run_missed_days
from clubcrm.retention.models import Cohort, DailyRun, PhaseChange
from clubcrm.retention.operations import allow_run
from clubcrm.retention.queries import people_in_phase, runs_of, stopped_runs
from clubcrm.retention.states import DailyRunState, Phase, Reason, Risk, Status, Sub
from tests.integration.retention.life import FIRST, Life, on, told


def test_a_new_member_is_followed_from_the_day_he_is_known(life: Life) -> None:
    person_id = life.member()
    state = life.state(person_id)
    assert (state.phase, state.baseline_on, state.is_imported) == (None, FIRST, False)
    assert state.dirty_seq > state.clean_seq

    assert life.run().looked_at == 1

    state = life.state(person_id)
    assert (state.phase, state.sub) == (Phase.ADAPTATION, Sub.NOT_STARTED)
    assert (state.status, state.risk, state.since_on) == (Status.ACTIVE, Risk.NONE, FIRST)
    assert state.dirty_seq == state.clean_seq
    assert state.dirty_from_on is None
    assert state.reasons == [["no_visit_yet", {"days": 0, "on": FIRST.isoformat()}]]
    assert state.next_check_on == on(1)
    assert state.ends_on == on(364)
    assert life.history(person_id) == [(0, "joined", "adaptation")]
    with reading() as session:
        assert told(session) == [(person_id, "joined")]


def test_running_a_day_again_changes_nothing_more(life: Life) -> None:
    people = [life.member() for _ in range(3)]
    life.comes(people[0], 0)
    life.run()
    before = [life.state(p).__dict__ for p in people]
    rows = [life.rows(p, with_superseded=True) for p in people]
    again = life.run()
    assert (again.looked_at, again.changed) == (0, 0)
    for was, is_now in zip(before, [life.state(p).__dict__ for p in people]):
        was.pop("_sa_instance_state")
        is_now.pop("_sa_instance_state")
        assert was == is_now
    assert rows == [life.rows(p, with_superseded=True) for p in people]


def test_a_visit_marks_the_person_and_the_next_run_sees_it(life: Life) -> None:
    person_id = life.member()
    life.runs_to(3)
    life.comes(person_id, 3)
    state = life.state(person_id)
    assert (state.dirty_seq - state.clean_seq, state.dirty_from_on) == (1, on(3))
    life.run()
    assert life.history(person_id) == [
        (0, "joined", "adaptation"),
        (3, "first_visit", "adaptation"),
    ]
    assert life.state(person_id).last_visit_on == on(3)
    life.is_as_rebuilt()


def test_the_whole_year_of_somebody_who_never_comes_and_never_renews(life: Life) -> None:
    person_id = life.member()
    for day in (1, 7, 30, 90, 200, 330, 365, 380, 545, 560):
        life.day = day
        life.run()
        life.is_as_rebuilt()
    assert life.history(person_id) == [
        (0, "joined", "adaptation"),
        (90, "fell_asleep", "sleeping"),
        (319, "window_opened", "renewal"),
        (365, "expired", "grace"),
        (379, "lapsed", "lapsed"),
        (545, "lost", "lost"),
    ]
    assert life.state(person_id).status is Status.LOST
    assert life.state(person_id).next_check_on is None


def test_missed_days_are_run_in_order_and_empty_ones_cost_nothing(life: Life) -> None:
    person_id = life.member()
    life.day = 1200
    ran = run_missed_days(life.club_id, life.now)
    assert ran.days == 1201
    assert [day for day, _, _ in life.history(person_id)] == [0, 90, 319, 365, 379, 545]
    with reading() as session:
        runs = session.scalars(select(DailyRun).order_by(DailyRun.on)).all()
        assert [run.on for run in runs] == [on(day) for day in range(1201)]
        assert {run.state for run in runs} == {DailyRunState.DONE}
        # One look at a person a day at most, and none once he is lost.
        assert sum(run.looked_at for run in runs) < 400
        months = session.scalar(select(func.count()).select_from(Cohort))
        assert months == 41  # February 2026, with the first base days, to June 2029
    life.is_as_rebuilt()
    assert run_missed_days(life.club_id, life.now).looked_at == 0


def test_missed_days_on_which_people_came_are_run_as_if_none_had_been_missed(life: Life) -> None:
    """While the worker stood still the desk went on: each day is told as it was on that day."""
    present, missed = life.member(), life.member()
    (frozen,) = life.people()
    term = life.sells(frozen, life.plan("Paused"))
    with life.at_the_desk() as session:
        freeze_membership(session, term, Period(on(101), on(190)), **life.by)
    for person_id in (present, missed, frozen):
        life.comes(person_id, *range(0, 100, 2))
    life.day = 100
    life.run()
    for day in (130, 134, 150, 152, 154, 156):
        life.day = day
        life.comes(missed, day)
    life.comes(frozen, 140)
    life.day = 178
    run_missed_days(life.club_id, life.now)
    assert (154, "recovered", "active") in life.history(missed)
    assert life.state(frozen).last_visit_on == on(140)
    life.is_as_rebuilt()


def test_a_day_that_was_run_ahead_does_not_stand_for_those_before_it(life: Life) -> None:
    life.member()
    run_missed_days(life.club_id, life.now)
    life.day = 9
    life.run(6)
    life.run(9)
    assert run_missed_days(life.club_id, life.now).days == 9
    with reading() as session:
        days = session.scalars(select(DailyRun.on).order_by(DailyRun.on)).all()
    assert days == [on(day) for day in range(10)]
    assert run_missed_days(life.club_id, life.now).days == 1


def test_a_past_day_can_be_run_alone_and_takes_nobody_back(life: Life) -> None:
    person_id = life.member()
    life.day = 100
    life.run()
    state = life.state(person_id)
    assert life.run(50).looked_at == 0
    assert life.state(person_id).evaluated_on == state.evaluated_on == on(100)
    life.comes(person_id, 40)
    assert life.run(50).looked_at == 1
    assert life.state(person_id).evaluated_on == on(100)
    life.is_as_rebuilt()


def test_the_worker_runs_what_is_due_and_rests(life: Life) -> None:
    person_id = life.member()
    life.day = 3
    run_due(life.now)
    assert life.state(person_id).evaluated_on == on(3)
    with reading() as session:
        assert [run.on for run in runs_of(session, life.club_id)] == [on(3), on(2), on(1), on(0)]
    life.comes(person_id, 3)
    run_due(life.now)
    assert life.state(person_id).last_visit_on == on(3)
    with reading() as session:
        assert people_in_phase(session, [life.club_id]) == {Phase.ADAPTATION: 1}


def test_the_baseline_of_an_import_triggers_nothing(life: Life) -> None:
    plan_id = life.plan("Imported", is_imported=True)
    (person_id,) = life.people(visits_known_from=on(-40))
    (other,) = life.people()
    term = TermValues(
        person_id=person_id,
        plan_id=plan_id,
        starts_on=on(-300),
        until_on=on(65),
        sold_at=life.now(),
    )
    life.imports([term], as_of=-40)
    state = life.state(person_id)
    assert (state.is_imported, state.baseline_on) == (True, on(-40))
    run_missed_days(life.club_id, life.now)
    (baseline,) = [row for row in life.rows(person_id) if row.from_on == on(-40)]
    assert baseline.reason is Reason.IMPORTED
    assert baseline.phase is Phase.ACTIVE
    assert life.history(person_id)[0] == (-40, "imported", "active")
    assert life.state(other).phase is None
    with reading() as session:
        assert "imported" not in [name for _, name in told(session)]
        # What follows the baseline is behaviour again: fourteen days away.
        assert told(session)[0] == (person_id, "slipped")
    life.is_as_rebuilt()


def test_who_must_not_be_contacted_has_no_phase_and_keeps_his_history(life: Life) -> None:
    person_id = life.member()
    life.runs_to(5)
    with life.at_the_desk() as session:
        change_person(session, person_id, {"no_contact": True}, **life.by)
    life.run()
    state = life.state(person_id)
    assert (state.phase, state.risk, state.next_check_on) == (None, Risk.NONE, None)
    assert life.history(person_id) == [(0, "joined", "adaptation")]
    life.is_as_rebuilt()
    life.day = 20
    with life.at_the_desk() as session:
        change_person(session, person_id, {"no_contact": False}, **life.by)
    life.run()
    assert life.state(person_id).since_on == FIRST
    life.is_as_rebuilt()


def test_a_run_that_would_move_too_many_people_stops_and_asks(life: Life) -> None:
    plan_id = life.plan("Thirty days", days=30)
    people = life.people(260)
    for person_id in people:
        life.sells(person_id, plan_id)
    first = life.run()
    assert (first.looked_at, first.changed) == (260, 0)  # first looks are spared
    life.day = 22  # seven days before the last one: 260 windows open at once
    with pytest.raises(TooManyMoved) as refusal:
        life.run(at_once=100)
    assert refusal.value.params == {"day": on(22).isoformat(), "moved": 200, "people": 260}
    with reading() as session:
        assert people_in_phase(session, [life.club_id]) == {
            Phase.ADAPTATION: 160,
            Phase.RENEWAL: 100,
        }
        ((club_id, run),) = stopped_runs(session, [life.club_id])
        assert (club_id, run.on, run.note) == (life.club_id, on(22), "200/260")
    run_due(life.now)  # the worker goes on with everything else, and does not pass the stop
    with pytest.raises(TooManyMoved):
        life.run()
    with life.at_the_desk() as session:
        allow_run(session, life.club_id, on(22), by=OPERATOR, now=life.now())
    assert life.run().changed == 160
    with reading() as session:
        assert people_in_phase(session, [life.club_id]) == {Phase.RENEWAL: 260}
        assert stopped_runs(session, [life.club_id]) == []
    with life.at_the_desk() as session, pytest.raises(RunNotStopped):
        allow_run(session, life.club_id, on(22), by=OPERATOR, now=life.now())


def test_a_small_club_is_not_asked(life: Life) -> None:
    plan_id = life.plan("Thirty days", days=30)
    for person_id in life.people(5):
        life.sells(person_id, plan_id)
    life.run()
    life.day = 22
    assert life.run().changed == 5


def test_history_rows_are_only_ever_superseded(life: Life) -> None:
    person_id = life.member()
    life.comes(person_id, *range(0, 91, 3))
    life.day = 110
    life.run()
    assert life.history(person_id)[-1] == (104, "slipped", "at_risk")
    life.comes(person_id, 93, 96, 99, 102, 105)  # the door's log of two weeks arrives late
    life.run()
    assert life.history(person_id)[-1][1] != "slipped"
    everything = life.rows(person_id, with_superseded=True)
    taken_back = {row.from_on: row for row in everything if row.superseded_at is not None}
    assert taken_back[on(104)].phase is Phase.AT_RISK
    assert {row.superseded_at for row in taken_back.values()} == {life.now()}
    assert min(taken_back) > on(93)  # what the late visits do not touch stands as it was written
    life.is_as_rebuilt()
    with reading() as session:
        assert session.scalar(select(func.count()).select_from(PhaseChange)) == len(everything)


def test_a_day_of_the_club_ends_at_its_own_midnight(life: Life) -> None:
    """The run of a day looks at that day's facts, whatever the hour of the worker."""
    person_id = life.member()
    run_missed_days(life.club_id, lambda: life.now() + timedelta(hours=11, minutes=59))
    assert life.state(person_id).evaluated_on == FIRST
    run_missed_days(life.club_id, lambda: life.now() + timedelta(hours=12))
    assert life.state(person_id).evaluated_on == on(1)


def test_a_log_imported_after_the_list_tells_the_baseline_anew_and_is_no_change(life: Life) -> None:
    """At a go-live the list comes first and the log of visits second: nobody has slipped by that."""
    plan_id = life.plan("Imported", is_imported=True)
    (person_id,) = life.people(visits_known_from=on(0))
    term = TermValues(
        person_id=person_id,
        plan_id=plan_id,
        starts_on=on(-200),
        until_on=on(100),
        sold_at=life.now(),
    )
    life.imports([term], as_of=0)
    life.run()
    assert life.history(person_id) == [(0, "imported", "active")]
    with life.at_the_desk() as session:
        change_person(session, person_id, {"visits_known_from": on(-200)}, **life.by)
    life.comes(person_id, *range(-200, -70, 2))
    looked = life.run()
    assert (looked.looked_at, looked.changed) == (1, 0)
    assert life.history(person_id) == [(0, "imported", "sleeping")]
    with reading() as session:
        assert told(session) == []
    life.is_as_rebuilt()
