"""Sessions: planned, told, taken back; what they take from packages."""

from datetime import timedelta
from typing import Any

import pytest
from flask import Flask
from sqlalchemy import select

from clubcrm.accounts.operations import open_club
from clubcrm.accounts.queries import get_club
from clubcrm.core.actor import OPERATOR
from clubcrm.core.models import EventLog
from clubcrm.core.transactions import transaction
from clubcrm.doctor import examine
from clubcrm.exchange.queries.tables import TABLES
from clubcrm.members.errors import UnknownPerson
from clubcrm.schedule.errors import (
    BadTime,
    NoSuchPackage,
    OutcomeStands,
    TimeTaken,
    TooEarly,
    UnknownSession,
    WhenMissing,
)
from clubcrm.schedule.models import Appointment
from clubcrm.schedule.operations import undo_outcome, write_up
from clubcrm.schedule.queries import arrivals_on, get_session, last_logs_of, packages_of
from clubcrm.schedule.states import OUTCOMES, TRANSITIONS, SessionState
from clubcrm.trainers.errors import UnknownTrainer
from tests.conftest import NOW
from tests.integration.schedule.floor import (
    COACH,
    a_client,
    a_package,
    a_session,
    a_trainer,
    in_hours,
    set_session_rules,
    state_of,
    tell,
)
from tests.integration.visits.door import TODAY, a_member, a_person, scan, visits_left

S = SessionState
pytestmark = pytest.mark.usefixtures("in_app")


def undo(session: Any, club: int, appointment: int) -> bool:
    return undo_outcome(session, appointment, scope={club}, by=COACH, now=NOW)


def nothing_broken(app: Flask) -> None:
    """What the doctor finds about trainers, sessions and packages."""
    found = [
        check
        for check in examine(None, now=NOW)
        if check.code.startswith(("schedule", "trainers", "visits", "core"))
    ]
    assert found
    assert [check.code for check in found if check.rows] == []


@pytest.mark.parametrize(
    ("outcome", "left"), [(S.CAME, 7), (S.LATE, 7), (S.NO_SHOW, 7), (S.CANCELLED_IN_TIME, 8)]
)
def test_an_outcome_takes_what_the_rules_say_and_gives_it_back(
    app: Flask, a_club: int, outcome: SessionState, left: int
) -> None:
    with transaction() as session:
        person, package = a_client(session, a_club)
        assert package is not None
        one = a_session(session, a_club, person)
        logged = tell(session, a_club, one, outcome)
        assert (logged.took, visits_left(session, package)) == (left == 7, left)
        assert state_of(session, one) == (outcome, left == 7)
    nothing_broken(app)
    with transaction() as session:
        assert undo(session, a_club, one) is True
        assert undo(session, a_club, one) is False
        assert visits_left(session, package) == 8
        assert state_of(session, one) == (S.PLANNED, False)
    nothing_broken(app)


def test_the_same_outcome_again_is_the_same_answer(a_club: int) -> None:
    with transaction() as session:
        person, package = a_client(session, a_club)
        assert package is not None
        one = a_session(session, a_club, person)
        first = tell(session, a_club, one, S.CAME)
        again = tell(session, a_club, one, S.CAME)
        assert (again.state, again.took, again.left) == (first.state, first.took, first.left)
        assert again.is_repeat
        assert visits_left(session, package) == 7


def test_a_club_may_take_other_outcomes(a_club: int) -> None:
    with transaction() as session:
        set_session_rules(session, a_club, no_show_takes=False, cancelled_takes=True)
        person, package = a_client(session, a_club)
        assert package is not None
        missed = a_session(session, a_club, person)
        tell(session, a_club, missed, S.NO_SHOW)
        assert visits_left(session, package) == 8
        cancelled = a_session(session, a_club, person, at=in_hours(2))
        tell(session, a_club, cancelled, S.CANCELLED_IN_TIME)
        assert visits_left(session, package) == 7


def test_every_transition_that_is_in_no_table_is_refused(a_club: int) -> None:
    with transaction() as session:
        person, _ = a_client(session, a_club)
        for place, state in enumerate(OUTCOMES):
            one = a_session(session, a_club, person, at=in_hours(2 * place))
            tell(session, a_club, one, state, moved_to=in_hours(20))
            for other in set(OUTCOMES) - {state}:
                assert other not in TRANSITIONS[state]
                with pytest.raises(OutcomeStands):
                    tell(session, a_club, one, other, moved_to=in_hours(22))


def test_sessions_are_never_negative_and_another_package_helps_out(app: Flask, a_club: int) -> None:
    with transaction() as session:
        person, first = a_client(session, a_club, sessions_left=1)
        sessions = [a_session(session, a_club, person, at=in_hours(hours)) for hours in range(3)]
        told = [tell(session, a_club, one, S.CAME) for one in sessions[:2]]
        assert [(one.took, one.is_uncovered) for one in told] == [(True, False), (False, True)]
        second = a_package(session, a_club, person)
        assert tell(session, a_club, sessions[2], S.CAME).took
        assert first is not None
        assert (visits_left(session, first), visits_left(session, second)) == (0, 9)
        # What was not covered when it was told stays so, and is not given back either.
        undo(session, a_club, sessions[1])
        assert (visits_left(session, first), visits_left(session, second)) == (0, 9)


def test_a_free_session_takes_nothing(a_club: int) -> None:
    with transaction() as session:
        person, package = a_client(session, a_club)
        assert package is not None
        one = a_session(session, a_club, person, is_free=True)
        logged = tell(session, a_club, one, S.CAME)
        assert (logged.took, logged.is_uncovered, visits_left(session, package)) == (
            False,
            False,
            8,
        )


def test_a_package_must_be_ones_own_and_one_of_sessions(a_club: int) -> None:
    with transaction() as session:
        person, _ = a_client(session, a_club)
        _other, foreign = a_client(session, a_club, name="Ana")
        _member, access = a_member(session, a_club, visits_left=4, full_name="Pedro")
        for wrong in (foreign, access):
            with pytest.raises(NoSuchPackage):
                a_session(session, a_club, person, membership_id=wrong)


def test_a_clash_is_refused_and_named(a_club: int) -> None:
    with transaction() as session:
        vera, _ = a_client(session, a_club)
        ana, _ = a_client(session, a_club, name="Ana Prieto")
        a_session(session, a_club, vera)
        with pytest.raises(TimeTaken) as refused:
            a_session(session, a_club, ana, at=NOW + timedelta(minutes=30))
        assert refused.value.text() == "Vera Lund trains from 09:00 to 10:00. Choose another time."
        # One after the other, and another trainer at the same time, are no clash.
        a_session(session, a_club, ana, at=in_hours(1))
        pavel = a_trainer(session, a_club, "Pavel Dvořák")
        a_session(session, a_club, ana, trainer_id=pavel)


def test_what_is_cancelled_gives_its_time_free(a_club: int) -> None:
    with transaction() as session:
        vera, _ = a_client(session, a_club)
        ana, _ = a_client(session, a_club, name="Ana Prieto")
        one = a_session(session, a_club, vera)
        tell(session, a_club, one, S.CANCELLED_IN_TIME)
        a_session(session, a_club, ana)
        with pytest.raises(TimeTaken):
            undo(session, a_club, one)


def test_a_session_moves_and_comes_back(app: Flask, a_club: int) -> None:
    with transaction() as session:
        person, package = a_client(session, a_club)
        one = a_session(session, a_club, person, membership_id=package)
        with pytest.raises(WhenMissing):
            tell(session, a_club, one, S.MOVED)
        # Half an hour later is no clash with itself.
        moved = tell(session, a_club, one, S.MOVED, moved_to=NOW + timedelta(minutes=30))
        assert moved.next_id is not None
        new = get_session(session, moved.next_id, {a_club})
        assert (new.starts_at, new.minutes, new.membership_id) == (
            NOW + timedelta(minutes=30),
            60,
            package,
        )
        assert tell(session, a_club, one, S.MOVED, moved_to=in_hours(7)).next_id == new.id
        assert undo(session, a_club, one)
        assert session.scalar(select(Appointment.id).where(Appointment.id == new.id)) is None
        again = tell(session, a_club, one, S.MOVED, moved_to=in_hours(3))
        assert again.next_id is not None
        tell(session, a_club, again.next_id, S.CAME)
        with pytest.raises(OutcomeStands):
            undo(session, a_club, one)
    nothing_broken(app)


def test_only_what_may_be_known_is_told_ahead(a_club: int) -> None:
    with transaction() as session:
        person, _ = a_client(session, a_club)
        one = a_session(session, a_club, person, at=in_hours(0, days=3))
        for outcome in (S.CAME, S.LATE, S.NO_SHOW):
            with pytest.raises(TooEarly):
                tell(session, a_club, one, outcome)
        assert tell(session, a_club, one, S.CANCELLED_IN_TIME).state is S.CANCELLED_IN_TIME


@pytest.mark.parametrize("minutes", [-60, 0, 4, 481])
def test_nobody_trains_so_long_or_so_short(a_club: int, minutes: int) -> None:
    with transaction() as session:
        person, _ = a_client(session, a_club)
        with pytest.raises(BadTime):
            a_session(session, a_club, person, minutes=minutes)


def test_nothing_of_another_club_or_trainer_is_touched(app: Flask, a_club: int) -> None:
    with transaction() as session:
        other = open_club(
            session,
            code="borealis",
            name="Borealis",
            timezone="Asia/Tokyo",
            currency="JPY",
            language="en",
            calendar="gregorian",
            by=OPERATOR,
            now=NOW,
        )
        person, _ = a_client(session, a_club)
        one = a_session(session, a_club, person)
        pavel = a_trainer(session, a_club, "Pavel")
        far = a_trainer(session, other, "Kenji")
        with pytest.raises(UnknownSession):
            tell(session, other, one, S.CAME)
        with pytest.raises(UnknownSession):
            tell(session, a_club, one, S.CAME, trainer_id=pavel)
        with pytest.raises(UnknownSession):
            tell(session, a_club, 999, S.CAME)
        with pytest.raises(UnknownTrainer):
            a_session(session, a_club, person, trainer_id=far)
        with pytest.raises(UnknownPerson):
            a_session(session, other, person, trainer_id=far)


def test_what_was_trained_is_written_and_found_the_next_time(a_club: int) -> None:
    with transaction() as session:
        person, _ = a_client(session, a_club)
        one = a_session(session, a_club, person)
        told: Any = {"log": "squat 3×10 at 40 kg\r\n\r\n\r\nrow 3×12\x00", "note": " good\n form "}
        by: Any = {"scope": {a_club}, "by": COACH, "now": NOW}
        assert write_up(session, one, **told, **by) is True
        assert write_up(session, one, **told, **by) is False
        row = get_session(session, one, {a_club})
        assert (row.log, row.note) == ("squat 3×10 at 40 kg\n\nrow 3×12", "good form")
        assert last_logs_of(session, [person], a_club, in_hours(1)) == {}, (
            "nobody knows yet that it was held"
        )
        tell(session, a_club, one, S.CAME)
        assert last_logs_of(session, [person], a_club, in_hours(1))[person].log == row.log
        assert last_logs_of(session, [person], a_club, NOW) == {}


def test_the_door_is_shown_with_the_session(a_club: int) -> None:
    with transaction() as session:
        person, _ = a_member(session, a_club, card="C1")
        other = a_person(session, a_club, full_name="Ana")
        scan(session, a_club, "C1", at=in_hours(-1))
        found = arrivals_on(session, a_club, [person, other], [TODAY])
        assert {key: one.at for key, one in found.items()} == {(person, TODAY): in_hours(-1)}
        assert arrivals_on(session, a_club, [person], [TODAY - timedelta(days=1)]) == {}


def test_packages_are_told_the_one_that_ends_first_before_the_others(a_club: int) -> None:
    with transaction() as session:
        person, first = a_client(session, a_club)
        assert packages_of(session, [person], a_club)[person][0].id == first


def test_sessions_trainers_and_clients_are_exported(a_club: int) -> None:
    with transaction() as session:
        person, package = a_client(session, a_club, trainer="Tess Moreau", external_id="M7")
        one = a_session(session, a_club, person)
        tell(session, a_club, one, S.CAME)
        clubs = {a_club: get_club(session, a_club)}
        told = {
            table.name: list(table.read(session, clubs, NOW))
            for table in TABLES
            if table.name in ("trainers", "clients", "sessions")
        }
    assert told["trainers"] == [("Tess Moreau", None, "aurora")]
    assert told["clients"] == [("M7", "Tess Moreau", TODAY, None)]
    ((*row, note, log),) = told["sessions"]
    assert row == ["M7", "Tess Moreau", NOW, in_hours(1), "came", f"term-{package}", "yes"]
    assert (note, log) == ("", "")


def test_the_timeline_is_told_what_happened(a_club: int) -> None:
    with transaction() as session:
        person, package = a_client(session, a_club)
        one = a_session(session, a_club, person)
        tell(session, a_club, one, S.CAME)
        undo(session, a_club, one)
        rows = session.execute(
            select(EventLog.name, EventLog.payload).where(
                EventLog.person_id == person, EventLog.name.like("Session%")
            )
        ).all()
        assert [row.name for row in rows] == ["SessionPlanned", "SessionLogged", "SessionReopened"]
        assert rows[1].payload["outcome"] == "came"
        assert (rows[1].payload["took_from_id"], rows[1].payload["left"]) == (package, 7)
