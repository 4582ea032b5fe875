"""Prepared statements: the same rows and the same refusals as by the session, only sooner."""

from datetime import timedelta
from typing import Any, cast

import pytest
from flask import Flask
from sqlalchemy import (
    Column,
    Engine,
    Float,
    Integer,
    MetaData,
    Table,
    bindparam,
    event,
    func,
    insert,
    literal,
    select,
    update,
)
from sqlalchemy.exc import IntegrityError, ProgrammingError
from sqlalchemy.exc import OperationalError as WentWrong

from clubcrm.accounts.models import Club, StaffUser
from clubcrm.accounts.states import Role
from clubcrm.core.actor import OPERATOR
from clubcrm.core.prepared import SIZES, Prepared, openly
from clubcrm.core.sql import insert_many, violated_constraint
from clubcrm.core.transactions import looking, reading, transaction
from clubcrm.members.models import Person
from clubcrm.members.operations import PersonValues, add_people
from tests.conftest import NOW

_person = cast(Table, Person.__table__)
_club = cast(Table, Club.__table__)
_user = cast(Table, StaffUser.__table__)

EVERYTHING = select(*_person.c).where(
    _person.c.id.in_(bindparam("people", expanding=True)), _person.c.created_at <= bindparam("now")
)


@pytest.fixture
def people(in_app: Flask, a_club: int) -> list[int]:
    """Seven people of whom some things are known, and some are not."""
    known = [
        PersonValues(full_name=f"Ana {no}", phone=f"91234567{no}" if no % 2 else None)
        for no in range(7)
    ]
    with transaction() as session:
        return add_people(session, known, club_id=a_club, by=OPERATOR, now=NOW)


@pytest.mark.parametrize("count", [1, 2, 3, 6, 7])
def test_the_rows_are_those_of_the_session(people: list[int], count: int) -> None:
    asked: dict[str, Any] = {"people": people[:count], "now": NOW}
    prepared = Prepared(EVERYTHING.order_by(_person.c.id))
    with reading() as session:
        usual = session.execute(EVERYTHING.order_by(_person.c.id), asked).all()
        found = prepared.all(session, asked)
        assert [tuple(row) for row in found] == [tuple(row) for row in usual]
        assert found[0].full_name == "Ana 0"
        assert found[0].created_at == NOW  # aware, as everywhere
        made = prepared.made(prepared.raw(session, asked), session.get_bind().dialect)
        assert made == found
    with looking() as look:
        assert prepared.all(look, asked) == found
        assert prepared.first(look, {**asked, "now": NOW - timedelta(days=1)}) is None
    assert len(usual) == count


def test_json_words_and_truth_come_back_as_elsewhere(in_app: Flask, a_club: int) -> None:
    clubs = select(_club.c.settings, _club.c.is_demo, _club.c.went_live_on, _club.c.created_at)
    with transaction() as session:
        session.execute(update(Club).values(settings={"a": [1, "b"]}, went_live_on=NOW.date()))
    with looking() as look:
        row = Prepared(clubs).first(look, {})
    assert row is not None
    assert tuple(row[:3]) == ({"a": [1, "b"]}, False, NOW.date())
    assert row.created_at.tzinfo is not None


@pytest.mark.parametrize("told", [0.25, 3.0])
def test_figures_with_a_point_come_back_as_elsewhere(
    in_app: Flask, a_club: int, told: float
) -> None:
    rows = select(literal(told, Float).label("figure"), func.avg(_club.c.id), func.sum(_club.c.id))
    with transaction() as session:
        assert Prepared(rows).first(session, {}) == tuple(session.execute(rows).one())


def test_nobody_is_not_asked_about(people: list[int]) -> None:
    with reading() as session:
        assert Prepared(EVERYTHING).all(session, {"people": [], "now": NOW}) == []


def test_a_list_may_be_longer_than_any_text_kept(people: list[int]) -> None:
    many = [*people, *range(10**6, 10**6 + SIZES[-1])]
    with reading() as session:
        assert len(Prepared(EVERYTHING).all(session, {"people": many, "now": NOW})) == len(people)


def test_a_value_of_the_statement_itself_goes_along(people: list[int]) -> None:
    named = select(_person.c.id).where(_person.c.full_name == "Ana 3").limit(1)
    some = select(_person.c.id).where(
        _person.c.full_name.in_(("Ana 3", "Ana 5", "Ana 6")),
        _person.c.id.in_(bindparam("people", expanding=True)),
    )
    with reading() as session:
        assert Prepared(named).first(session, {}) == (people[3],)
        assert Prepared(some).all(session, {"people": people[:6]}) == [(people[3],), (people[5],)]


def test_what_was_not_flushed_yet_is_seen(in_app: Flask, a_club: int) -> None:
    with transaction() as session:
        club = session.get_one(Club, a_club)
        club.name = "Renamed"
        assert Prepared(select(_club.c.name)).first(session, {}) == ("Renamed",)


def test_a_broken_rule_is_named(in_app: Flask, a_club: int, sign_in: Any) -> None:
    sign_in(Role.OWNER)
    with reading() as session:
        row = dict(session.execute(select(*_user.c)).mappings().all()[0])
        before = len(session.scalars(select(_user.c.id)).all())
    copy = Prepared(insert(_user).returning(_user.c.id))
    del row["id"]
    with reading() as session, pytest.raises(IntegrityError) as refused:
        copy.all(session, row)
    assert violated_constraint(refused.value) == "uq_staff_user_email"
    with reading() as session:
        assert len(session.scalars(select(_user.c.id)).all()) == before


def test_an_insert_tells_the_new_id(people: list[int]) -> None:
    with transaction() as session:
        row = dict(session.execute(select(*_person.c).limit(1)).mappings().one())
        del row["id"]
        (new,) = insert_many(session, _person, [row | {"number": "A1"}])
        assert session.get_one(Person, new).number == "A1"
        changed = Prepared(update(_person).where(_person.c.id == bindparam("who")).values(note="x"))
        assert (changed.send(session, {"who": new}), changed.send(session, {"who": 0})) == (1, 0)


@pytest.mark.parametrize("door", [reading, looking])
def test_a_mistake_is_raised_as_elsewhere(in_app: Flask, a_club: int, door: Any) -> None:
    nowhere = Table("nowhere", MetaData(), Column("id", Integer))
    with pytest.raises((WentWrong, ProgrammingError)), door() as look:
        Prepared(select(nowhere.c.id)).all(look, {})
    with door() as look:
        assert Prepared(select(_club.c.id)).all(look, {}) == [(a_club,)]


def test_a_look_inside_a_transaction_is_of_it(people: list[int]) -> None:
    with transaction() as session:
        session.execute(update(_person).values(note="seen"))
        with looking() as look:
            assert {row.note for row in Prepared(select(_person.c.note)).all(look, {})} == {"seen"}


def test_who_listens_openly_hears_all(people: list[int]) -> None:
    heard: list[str] = []

    def hear(_c: Any, _cursor: Any, statement: str, *_more: Any) -> None:
        if statement.startswith("SELECT"):
            heard.append(statement)

    event.listen(Engine, "before_cursor_execute", hear)
    try:
        with openly(), looking() as look:
            found = Prepared(EVERYTHING).all(look, {"people": people, "now": NOW})
    finally:
        event.remove(Engine, "before_cursor_execute", hear)
    assert (len(found), len(heard)) == (len(people), 1)
