"""Two writers at once: member numbers, freezes, renewals, and a closure beside a sale."""

from collections.abc import Iterator
from datetime import date
from functools import partial
from typing import Any

import pytest
from flask import Flask
from sqlalchemy import func, select, text
from sqlalchemy.exc import IntegrityError, OperationalError
from sqlalchemy.orm import Session

from clubcrm.core.actor import OPERATOR
from clubcrm.core.db import db
from clubcrm.core.period import Period
from clubcrm.core.sql import insert_many
from clubcrm.core.transactions import reading, transaction
from clubcrm.members.errors import AlreadyRenewed, FreezesOverlap
from clubcrm.members.models import NO_OVERLAPPING_FREEZES, Freeze, Membership, Person
from clubcrm.members.operations import (
    PersonValues,
    add_people,
    cancel_freeze,
    declare_closure,
    freeze_membership,
    locks,
    pauses,
    people,
    renew_membership,
    renewals,
    seasons,
    start_membership,
    terms,
)
from clubcrm.members.queries import get_term
from clubcrm.members.states import PlanKind
from clubcrm.visits.operations import check_in
from clubcrm.visits.states import VisitSource
from tests.conftest import NOW, Database
from tests.integration.members.desk import (
    TODAY,
    a_person,
    a_plan,
    a_term,
    days,
    on,
    span,
    thirty_days,
)
from tests.races.together import (
    LONG,
    SHORT,
    Job,
    Meeting,
    at_once,
    nobody_listens,
    refusals,
    write_without_order,
)

ME: dict[str, Any] = {"by": OPERATOR, "now": NOW}


# --- Member numbers ---------------------------------------------------------------------------


def test_numbers_are_given_once_and_in_a_row(app: Flask, a_club: int) -> None:
    def add_five(session: Session) -> list[int]:
        return add_people(session, [PersonValues()] * 5, club_id=a_club, **ME)

    def add_and_give_up(session: Session) -> None:
        add_five(session)
        raise ZeroDivisionError

    outcomes = at_once(app, [add_five, add_and_give_up, add_five, add_and_give_up, add_five])
    assert refusals(outcomes) == [ZeroDivisionError] * 2
    with app.app_context(), reading() as session:
        numbers = sorted(int(number) for number in session.scalars(select(Person.number)))
    assert numbers == list(range(10001, 10016))


def test_control_numbers_read_first_are_given_twice(
    app: Flask, a_club: int, database: Database, monkeypatch: pytest.MonkeyPatch
) -> None:
    def highest_and_one(session: Session, count: int) -> list[str]:
        last = int(session.scalar(select(func.max(Person.number))) or 10000)
        meeting.wait()
        return [str(last + 1 + n) for n in range(count)]

    meeting = Meeting(2, LONG)
    monkeypatch.setattr(people, "take_member_numbers", highest_and_one)
    write_without_order(monkeypatch)
    outcomes = at_once(
        app, [lambda session: add_people(session, [PersonValues()], club_id=a_club, **ME)] * 2
    )
    assert meeting.all_met
    (error,) = [one for one in outcomes if isinstance(one, Exception)]
    # PostgreSQL finds the number taken; SQLite finds that what was read is no longer true.
    expected = OperationalError if database.kind == "sqlite" else IntegrityError
    assert isinstance(error, expected)


# --- Freezes that overlap ---------------------------------------------------------------------


@pytest.fixture
def a_term_id(app: Flask, a_club: int) -> int:
    with app.app_context(), transaction() as session:
        return thirty_days(session, a_club)


def _freeze_twice(app: Flask, term: int) -> list[Any]:
    return at_once(
        app,
        [
            lambda session: freeze_membership(session, term, days(5, 12), **ME),
            lambda session: freeze_membership(session, term, days(10, 15), **ME),
        ],
    )


def test_one_of_two_freezes_that_overlap_is_refused(
    app: Flask, a_term_id: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(pauses, "_insert", Meeting(2, SHORT).before(pauses._insert))
    outcomes = _freeze_twice(app, a_term_id)
    assert refusals(outcomes) == [FreezesOverlap]
    with app.app_context(), reading() as session:
        row = get_term(session, a_term_id)
        frozen = sum((f.until_on - f.from_on).days for f in row.freezes)
        assert span(session, a_term_id) == (0, 30 + frozen)


def test_without_the_lock_the_database_still_refuses(
    app: Flask, a_term_id: int, database: Database, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(locks, "held", lambda query: query)
    write_without_order(monkeypatch)
    meeting = Meeting(2, LONG)
    monkeypatch.setattr(pauses, "_insert", meeting.before(pauses._insert))
    outcomes = _freeze_twice(app, a_term_id)
    assert meeting.all_met
    assert refusals(outcomes) == [OperationalError if database.kind == "sqlite" else FreezesOverlap]


@pytest.fixture
def no_exclusion(app: Flask, database: Database) -> Iterator[None]:
    """PostgreSQL without its rule against freezes that overlap."""
    if database.kind == "sqlite":
        yield
        return
    with app.app_context(), db.engine.begin() as connection:
        rule = "ALTER TABLE membership_freeze DROP CONSTRAINT ex_membership_freeze_overlap"
        connection.execute(text(rule))
    yield
    with app.app_context(), db.engine.begin() as connection:
        connection.execute(text("DELETE FROM membership_freeze"))
        connection.execute(text(NO_OVERLAPPING_FREEZES))


def test_control_freezes_overlap_without_lock_and_rule(
    app: Flask,
    a_term_id: int,
    no_exclusion: None,
    database: Database,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(locks, "held", lambda query: query)
    write_without_order(monkeypatch)
    meeting = Meeting(2, LONG)
    monkeypatch.setattr(pauses, "_insert", meeting.before(pauses._insert))
    outcomes = _freeze_twice(app, a_term_id)
    assert meeting.all_met
    if database.kind == "sqlite":
        assert refusals(outcomes) == [OperationalError]
        return
    assert refusals(outcomes) == []
    with app.app_context(), reading() as session:
        assert session.scalar(select(func.count()).select_from(Freeze)) == 2


# --- Freezes and returns of one term at once: no change is lost -------------------------------


def test_the_end_holds_every_freeze_made_at_once(app: Flask, a_term_id: int) -> None:
    def freeze(session: Session, period: Period) -> int:
        return freeze_membership(session, a_term_id, period, **ME)

    spans = [days(n * 3, n * 3 + 2) for n in range(6)]
    made = at_once(app, [partial(freeze, period=one) for one in spans])
    assert refusals(made) == []
    with app.app_context(), reading() as session:
        assert span(session, a_term_id) == (0, 42)
    taken_back = at_once(app, [partial(cancel_freeze, freeze_id=one, **ME) for one in made])
    assert refusals(taken_back) == []
    with app.app_context(), reading() as session:
        assert span(session, a_term_id) == (0, 30)


def test_freezes_and_visits_of_a_pack_do_not_wait_for_each_other_in_a_ring(
    app: Flask, a_club: int
) -> None:
    with app.app_context(), transaction() as session:
        person = a_person(session, a_club)
        plan = a_plan(session, a_club, kind=PlanKind.PACK, visits=10, days=60)
        pack = a_term(session, a_club, person, plan, TODAY)

    def freeze(session: Session, period: Period) -> int:
        return freeze_membership(session, pack, period, **ME)

    def come_in(session: Session) -> Any:
        told: dict[str, Any] = {"club_id": a_club, "person_id": person}
        return check_in(session, **told, source=VisitSource.DESK, **ME)

    jobs: list[Job] = [come_in, *(partial(freeze, period=days(n, n + 1)) for n in (5, 7, 9))]
    assert refusals(at_once(app, [*jobs, come_in])) == []
    with app.app_context(), reading() as session:
        row = get_term(session, pack)
    assert (row.visits_left, row.until_on) == (9, on(63))


# --- One term renewed by two ------------------------------------------------------------------


def _renew_twice(app: Flask, term: int) -> list[Any]:
    return at_once(app, [lambda session: renew_membership(session, term, **ME)] * 2)


def test_a_term_is_renewed_by_one_of_two(
    app: Flask, a_term_id: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    meeting = Meeting(2, SHORT)
    monkeypatch.setattr(renewals, "start_membership", meeting.before(start_membership))
    assert refusals(_renew_twice(app, a_term_id)) == [AlreadyRenewed]


@pytest.fixture
def no_unique_link(app: Flask) -> Iterator[None]:
    """A database that lets two terms follow one."""
    name = "uq_membership_previous_id"
    (rule,) = [index for index in Membership.__table__.indexes if index.name == name]  # type: ignore[attr-defined]
    with app.app_context(), db.engine.begin() as connection:
        connection.execute(text(f"DROP INDEX {name}"))
    yield
    with app.app_context(), db.engine.begin() as connection:
        connection.execute(text("UPDATE membership SET previous_id = NULL"))
        rule.create(connection)


def test_control_a_term_is_renewed_twice_without_lock_and_rule(
    app: Flask,
    a_term_id: int,
    no_unique_link: None,
    database: Database,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(locks, "held", lambda query: query)
    nobody_listens(monkeypatch)
    write_without_order(monkeypatch)
    meeting = Meeting(2, LONG)
    monkeypatch.setattr(renewals, "start_membership", meeting.before(start_membership))
    outcomes = _renew_twice(app, a_term_id)
    assert meeting.all_met
    assert refusals(outcomes) == ([OperationalError] if database.kind == "sqlite" else [])


# --- A closure declared beside a sale ---------------------------------------------------------


@pytest.fixture
def a_buyer(app: Flask, a_club: int) -> tuple[int, int]:
    with app.app_context(), transaction() as session:
        return a_person(session, a_club), a_plan(session, a_club, days=30)


def _sell_and_close(app: Flask, a_club: int, buyer: tuple[int, int]) -> tuple[list[Any], date]:
    outcomes = at_once(
        app,
        [
            lambda session: a_term(session, a_club, *buyer, TODAY),
            lambda session: declare_closure(
                session, a_club, days(10, 15), extends_terms=True, **ME
            ),
        ],
    )
    with app.app_context(), reading() as session:
        ends = session.scalars(select(Membership.until_on)).all()
    return outcomes, ends[0] or TODAY if ends else TODAY


def _meet_in_the_middle(monkeypatch: pytest.MonkeyPatch, patience: float) -> Meeting:
    """The sale has read the closures, the closure has moved the terms; neither has committed."""
    meeting = Meeting(2, patience)
    monkeypatch.setattr(terms, "insert_many", meeting.before(insert_many))
    monkeypatch.setattr(seasons, "_move_terms", meeting.after(seasons._move_terms))
    return meeting


def test_a_term_sold_beside_a_closure_holds_its_days(
    app: Flask, a_club: int, a_buyer: tuple[int, int], monkeypatch: pytest.MonkeyPatch
) -> None:
    _meet_in_the_middle(monkeypatch, SHORT)
    outcomes, until_on = _sell_and_close(app, a_club, a_buyer)
    assert refusals(outcomes) == []
    assert until_on == on(35)


def test_control_without_the_book_a_sale_misses_the_closure(
    app: Flask,
    a_club: int,
    a_buyer: tuple[int, int],
    database: Database,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(terms, "hold_closures", lambda _session, _club_id: 0)
    write_without_order(monkeypatch)
    meeting = _meet_in_the_middle(monkeypatch, LONG if database.kind != "sqlite" else SHORT)
    outcomes, until_on = _sell_and_close(app, a_club, a_buyer)
    if database.kind == "sqlite":
        # The closure has the pen already; the sale finds that what it read is no longer true.
        assert OperationalError in refusals(outcomes)
        return
    assert meeting.all_met
    assert refusals(outcomes) == []
    assert until_on == on(30), "the days of the closure are missing"
