"""Two doors at once, on both databases, each race with a control that must go wrong."""

import random
import threading
from collections import Counter
from collections.abc import Callable
from typing import Any

import pytest
from flask import Flask
from sqlalchemy import func, select, update
from sqlalchemy.orm import Session

from clubcrm.core.db import db
from clubcrm.core.transactions import reading, transaction
from clubcrm.members.models import Membership
from clubcrm.visits.models import EntryDecision, Visit
from clubcrm.visits.operations import CheckIn, VisitValues, entry, record_visits, undo_visit
from clubcrm.visits.policies import TermFacts
from clubcrm.visits.queries.entry import Entry, read_entry
from clubcrm.visits.states import Decision, VisitSource
from tests.conftest import NOW
from tests.integration.visits.door import (
    CLERK,
    TODAY,
    a_member,
    at,
    days_of,
    on,
    scan,
    visits_left,
)

DOORS = 8
CARD = "c1"


def at_once(app: Flask, *works: Callable[[], Any]) -> list[Any]:
    """Do pieces of work at the same moment, each in a thread of its own; results or errors."""
    start = threading.Barrier(len(works))
    results: list[Any] = [None] * len(works)

    def run(position: int, work: Callable[[], Any]) -> None:
        with app.app_context():
            try:
                start.wait(30)
                results[position] = work()
            except Exception as error:  # noqa: BLE001 - the test looks at it
                results[position] = error
            finally:
                db.session.remove()

    threads = [threading.Thread(target=run, args=pair) for pair in enumerate(works)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(60)
    assert not any(thread.is_alive() for thread in threads)
    return results


def door(club: int, **more: Any) -> Callable[[], CheckIn]:
    """A door that asks for the card."""

    def ask() -> CheckIn:
        with transaction() as session:
            return scan(session, club, CARD, **more)

    return ask


class HastyDoors:
    """The control: doors that read the facts without a lock, all of them before anybody writes."""

    def __init__(self, monkeypatch: pytest.MonkeyPatch, doors: int) -> None:
        self._read = threading.local()
        self._all_have_read = threading.Barrier(doors)
        monkeypatch.setattr(entry, "read_entry", self._what_was_read)

    def _what_was_read(self, _session: Session, **_asked: Any) -> Entry:
        return self._read.entry

    def door(self, club: int, **more: Any) -> Callable[[], CheckIn]:
        def ask() -> CheckIn:
            with reading() as session:
                moment = more.get("at") or NOW
                self._read.entry = read_entry(session, club_id=club, at=moment, code=CARD)
            self._all_have_read.wait(30)
            return door(club, **more)()

        return ask


def member(app: Flask, club: int, **told: Any) -> tuple[int, int]:
    with app.app_context(), transaction() as session:
        return a_member(session, club, card=CARD, **told)


def number_of_visits(session: Session) -> int:
    return session.scalar(select(func.count()).select_from(Visit)) or 0


# --- one card at many doors -----------------------------------------------------------------


def test_one_card_at_many_doors_makes_one_visit(app: Flask, a_club: int) -> None:
    person, term = member(app, a_club, visits_left=9)
    answers = at_once(app, *[door(a_club) for _ in range(DOORS)])
    decisions = Counter(getattr(answer, "decision", repr(answer)) for answer in answers)
    assert decisions == {Decision.IN: 1, Decision.ALREADY_IN: DOORS - 1}
    assert len({answer.visit_id for answer in answers}) == 1
    with app.app_context(), reading() as session:
        assert (number_of_visits(session), visits_left(session, term)) == (1, 8)
        assert days_of(session, person) == {TODAY: 1}
        kept = session.scalar(select(func.count()).select_from(EntryDecision))
        assert kept == DOORS


def test_control_doors_that_do_not_wait_make_many_visits(
    app: Flask, a_club: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    _, term = member(app, a_club, visits_left=9)
    hasty = HastyDoors(monkeypatch, DOORS)
    answers = at_once(app, *[hasty.door(a_club) for _ in range(DOORS)])
    assert {answer.decision for answer in answers} == {Decision.IN}
    with app.app_context(), reading() as session:
        assert (number_of_visits(session), visits_left(session, term)) == (DOORS, 1)


# --- the last visit of a pack ---------------------------------------------------------------


def two_hours_of_a_day(doors: Callable[..., Callable[[], CheckIn]], club: int) -> list[Any]:
    """Two records of one card, too far apart to be one visit, told at once."""
    late = {"now": at(20), "source": VisitSource.DOOR_LOG}
    return [doors(club, at=at(hour), **late) for hour in (0, 9)]


def test_the_last_visit_of_a_pack_is_taken_once(app: Flask, a_club: int) -> None:
    _, term = member(app, a_club, visits_left=1)
    answers = at_once(app, *two_hours_of_a_day(door, a_club))
    assert sorted(answer.decision for answer in answers) == [Decision.STOP, Decision.WARN]
    with app.app_context(), reading() as session:
        assert (number_of_visits(session), visits_left(session, term)) == (1, 0)


def test_the_last_visit_is_taken_once_even_by_doors_that_do_not_wait(
    app: Flask, a_club: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    _, term = member(app, a_club, visits_left=1)
    hasty = HastyDoors(monkeypatch, 2)
    answers = at_once(app, *two_hours_of_a_day(hasty.door, a_club))
    stopped = [answer for answer in answers if answer.decision is Decision.STOP]
    assert [code for code, _ in stopped[0].reason_texts()] == ["no_visits_left"]
    with app.app_context(), reading() as session:
        assert (number_of_visits(session), visits_left(session, term)) == (1, 0)


def test_control_without_the_conditional_update_the_last_visit_is_taken_twice(
    app: Flask, a_club: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    def take_what_was_read(session: Session, term: TermFacts) -> bool:
        left = (term.visits_left or 0) - 1
        session.execute(update(Membership).where(Membership.id == term.id).values(visits_left=left))
        return True

    _, term = member(app, a_club, visits_left=1)
    hasty = HastyDoors(monkeypatch, 2)
    monkeypatch.setattr(entry, "take_a_visit", take_what_was_read)
    answers = at_once(app, *two_hours_of_a_day(hasty.door, a_club))
    assert {answer.decision for answer in answers} == {Decision.WARN}
    with app.app_context(), reading() as session:
        assert (number_of_visits(session), visits_left(session, term)) == (2, 0)


# --- records that come more than once -------------------------------------------------------


def test_a_devices_record_sent_many_times_at_once_is_one_visit(app: Flask, a_club: int) -> None:
    _, term = member(app, a_club, visits_left=9)
    record = door(a_club, device_key="door-1:5", at=NOW, now=at(1), source=VisitSource.DOOR_LOG)
    answers = at_once(app, *[record] * DOORS)
    assert len({(answer.decision, answer.visit_id) for answer in answers}) == 1
    with app.app_context(), reading() as session:
        assert (number_of_visits(session), visits_left(session, term)) == (1, 8)


@pytest.mark.parametrize("seed", range(3))
def test_one_log_from_several_senders_in_any_order_is_stored_once(
    app: Flask, a_club: int, seed: int
) -> None:
    people = [member(app, a_club)] + [_another(app, a_club, no) for no in range(4)]
    rows = [
        VisitValues(person, at(hour, -day), device_key=f"{person}:{day}:{hour}")
        for person, _ in people
        for day in range(1, 11)
        for hour in (0, 6)
    ]

    def send(order: int) -> Callable[[], list[int | None]]:
        shuffled = random.Random(f"{seed}:{order}").sample(rows, len(rows))

        def work() -> list[int | None]:
            with transaction() as session:
                return record_visits(
                    session,
                    shuffled,
                    club_id=a_club,
                    source=VisitSource.DOOR_LOG,
                    by=CLERK,
                    now=NOW,
                )

        return work

    sent = at_once(app, *[send(order) for order in range(4)])
    stored = [one for ids in sent for one in ids if one is not None]
    assert len(stored) == len(set(stored)) == len(rows)
    with app.app_context(), reading() as session:
        assert number_of_visits(session) == len(rows)
        for person, term in people:
            assert days_of(session, person) == {on(-day): 2 for day in range(1, 11)}
            assert visits_left(session, term) in (None, 30 - 10)


def _another(app: Flask, club: int, no: int) -> tuple[int, int]:
    with app.app_context(), transaction() as session:
        return a_member(session, club, card=f"other{no}", visits_left=30)


def test_a_visit_undone_twice_at_once_gives_back_one(app: Flask, a_club: int) -> None:
    person, term = member(app, a_club, visits_left=5)
    with app.app_context(), transaction() as session:
        visit = scan(session, a_club, CARD).visit_id
        assert visit is not None

    def undo() -> bool:
        with transaction() as session:
            return undo_visit(session, visit, by=CLERK, now=NOW)

    assert Counter(at_once(app, *[undo] * DOORS)) == {True: 1, False: DOORS - 1}
    with app.app_context(), reading() as session:
        assert (visits_left(session, term), days_of(session, person)) == (5, {})
