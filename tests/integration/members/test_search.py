"""Finding people as one types, and whoever may be the same one."""

from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

import pytest
from flask import Flask
from sqlalchemy import event
from sqlalchemy.orm import Session

from clubcrm.accounts.operations import open_club
from clubcrm.core.actor import OPERATOR
from clubcrm.core.db import db
from clubcrm.core.prepared import openly
from clubcrm.core.sql import is_sqlite
from clubcrm.core.transactions import transaction
from clubcrm.members.operations import (
    PersonValues,
    add_people,
    change_person,
    set_card_words,
    show_at_clubs,
)
from clubcrm.members.queries import find_people, likely_duplicates
from tests.conftest import NOW
from tests.integration.members.desk import a_person


@contextmanager
def counted() -> Iterator[list[str]]:
    statements: list[str] = []

    def count(_connection: Any, _cursor: Any, statement: str, *_rest: Any) -> None:
        statements.append(statement)

    event.listen(db.engine, "before_cursor_execute", count)
    try:
        with openly():
            yield statements
    finally:
        event.remove(db.engine, "before_cursor_execute", count)


@pytest.fixture
def people(in_app: Flask, a_club: int) -> dict[str, int]:
    """A few people whose names, numbers and phones come near each other."""
    told = {
        "ana": {"full_name": "Ana Beatriz Silva", "phone": "912345678", "external_id": "P0042"},
        "bea": {"full_name": "Beatriz Ávila", "phone": "919995678", "email": "bea.avila@mail.pt"},
        "anabela": {"full_name": "Anabela Souza"},
        "obrien": {"first_name": "Seán", "last_name": "O'Brien"},
        "ali": {"full_name": "علی‌رضا کریمی"},
        "nameless": {},
    }
    with transaction() as session:
        return {key: a_person(session, a_club, **values) for key, values in told.items()}


@pytest.mark.parametrize(
    ("typed", "found"),
    [
        ("ana", ["anabela", "ana"]),  # by last name: Anabela Souza has only a full name
        ("AN BE", ["ana"]),
        ("be an", ["ana"]),
        ("avila", ["bea"]),
        ("ávila beatriz", ["bea"]),
        ("5678", ["ana", "bea"]),
        ("۵۶۷۸", ["ana", "bea"]),
        ("٩١٢٣٤٥٦٧٨", ["ana"]),
        ("912 345 678", ["ana"]),
        ("+351 912 345 678", ["ana"]),
        ("00351912345678", ["ana"]),
        ("p0042", ["ana"]),
        ("obrien", ["obrien"]),
        ("O’Brien Sean", ["obrien"]),
        ("عليرضا", ["ali"]),
        ("رضا كريمي", ["ali"]),
        ("bea.avila@mail.pt", ["bea"]),
        ("bea.av", ["bea"]),
        ("10006", ["nameless"]),
        ("۱۰۰۰۶", ["nameless"]),
        ("nobody", []),
        ("ana nobody", []),
        ("", []),
        (" . ", []),
    ],
)
def test_people_are_found_as_one_types(
    people: dict[str, int], a_club: int, typed: str, found: list[str]
) -> None:
    with transaction() as session:
        hits = find_people(session, typed, scope=[a_club])
    assert {hit.id for hit in hits} == {people[key] for key in found}


def test_the_exact_number_or_card_comes_first(people: dict[str, int], a_club: int) -> None:
    with transaction() as session:
        set_card_words(session, {people["bea"]: ["100-01"], people["obrien"]: ["10001999"]})
        hits = find_people(session, "10001", scope=[a_club])
        # Ana has the number, Bea the card; the longer card comes after.
        assert [hit.id for hit in hits] == [people[key] for key in ("ana", "bea", "obrien")]
        change_person(session, people["bea"], {"city": "Faro"}, by=OPERATOR, now=NOW)
        change_person(session, people["bea"], {"first_name": "B"}, by=OPERATOR, now=NOW)
        assert [hit.id for hit in find_people(session, "100-01", scope=[a_club])] == [people["bea"]]
        set_card_words(session, {people["bea"]: []})
        found = {hit.id for hit in find_people(session, "10001", scope=[a_club])}
        assert found == {people["ana"], people["obrien"]}


def test_names_come_in_order(in_app: Flask, a_club: int) -> None:
    names = ["Ana Zuzarte", "Ana Abreu", "Ana Ávila", "ana azevedo", "Zé Ana"]
    with transaction() as session:
        for name in names:
            first, _, last = name.partition(" ")
            a_person(session, a_club, first_name=first, last_name=last)
        hits = find_people(session, "ana", scope=[a_club])
    in_order = [hit.name for hit in hits]
    assert in_order == ["Ana Abreu", "Zé Ana", "Ana Ávila", "ana azevedo", "Ana Zuzarte"]


def test_only_people_of_clubs_in_scope_are_found(people: dict[str, int], a_club: int) -> None:
    with transaction() as session:
        other = open_club(
            session,
            code="other",
            name="Other",
            timezone="Europe/Lisbon",
            currency="EUR",
            language="pt",
            calendar="gregorian",
            by=OPERATOR,
            now=NOW,
        )
        assert find_people(session, "ana", scope=[other]) == []
        assert find_people(session, "ana", scope=[]) == []
        show_at_clubs(session, [(people["ana"], other)])
        show_at_clubs(session, [(people["ana"], other)])
        assert [hit.id for hit in find_people(session, "ana", scope=[other])] == [people["ana"]]
        assert len(find_people(session, "ana", scope=[a_club, other])) == 2


@pytest.mark.parametrize(("typed", "count"), [("ana", 1), ("ana be silva", 2), ("5678", 1)])
def test_a_search_costs_one_or_two_statements(
    people: dict[str, int], a_club: int, typed: str, count: int
) -> None:
    with transaction() as session, counted() as statements:
        assert find_people(session, typed, scope=[a_club])
    assert len([one for one in statements if one.startswith("SELECT")]) == count


def _duplicates(
    session: Session, a_club: int, name: str, phone: str | None, email: str | None
) -> list[tuple[int, tuple[str, ...]]]:
    found = likely_duplicates(session, name, phone, email, [a_club])
    return [(one.person.id, one.reasons) for one in found]


def test_whoever_may_be_the_same_is_shown(people: dict[str, int], a_club: int) -> None:
    ana, bea = people["ana"], people["bea"]
    with transaction() as session:
        for typed in ("912345678", "+351 912 345 678", "00351912345678", "۹۱۲۳۴۵۶۷۸"):
            assert _duplicates(session, a_club, "X", typed, None) == [(ana, ("phone",))]
        assert _duplicates(session, a_club, "", None, "BEA.Avila@mail.pt") == [(bea, ("email",))]
        assert _duplicates(session, a_club, "Avila, Beatriz", None, None) == [(bea, ("name",))]
        assert _duplicates(session, a_club, "Beatris Avila", None, None) == [(bea, ("name",))]
        assert _duplicates(session, a_club, "عليرضا كريمى", None, None) == [
            (people["ali"], ("name",))
        ]
        assert _duplicates(session, a_club, "Ana Souza", None, None) == []
        assert _duplicates(session, a_club, "Ana", "5678", None) == []
        assert _duplicates(session, a_club, "", "", "") == []


def test_the_likeliest_comes_first(people: dict[str, int], a_club: int) -> None:
    with transaction() as session:
        found = likely_duplicates(
            session, "Beatriz Avila", "912 345 678", "bea.avila@mail.pt", [a_club]
        )
    assert [one.person.id for one in found] == [people["bea"], people["ana"]]
    assert [one.reasons for one in found] == [("email", "name"), ("phone",)]
    assert found[0].score > found[1].score


def test_duplicates_cost_two_statements(people: dict[str, int], a_club: int) -> None:
    with transaction() as session, counted() as statements:
        likely_duplicates(session, "Beatriz Avila", "912345678", "a@b.pt", [a_club])
    assert len([one for one in statements if one.startswith("SELECT")]) == 2


def test_no_search_scans_the_people(in_app: Flask, a_club: int) -> None:
    """The statement reads a range of the index and single rows by key, on both databases.

    PostgreSQL reads a small table whole because that is quicker; told not to, it must find a way by
    an index for every step.
    """
    people = [
        PersonValues(full_name=f"Name{n % 211} Surname{n % 307}", phone=f"91{n:07}")
        for n in range(2000)
    ]
    with transaction() as session:
        add_people(session, people, club_id=a_club, by=OPERATOR, now=NOW, imported=True)
    with db.engine.connect().execution_options(isolation_level="AUTOCOMMIT") as connection:
        connection.exec_driver_sql("ANALYZE")
    with transaction() as session:
        if not is_sqlite(session):
            session.connection().exec_driver_sql("SET LOCAL enable_seqscan = off")
        for typed in ("name10", "name10 surname2", "4321", "10010"):
            plan = _plan_of(session, typed, a_club)
            scans = [
                line
                for line in plan
                if ("SCAN person" in line and "USING" not in line) or "Seq Scan" in line
            ]
            assert not scans, (typed, plan)


def _plan_of(session: Session, typed: str, club_id: int) -> list[str]:
    """How the database runs the search, line by line."""
    with counted() as statements:
        find_people(session, typed, scope=[club_id])
    parameters: list[Any] = []

    def keep(_c: Any, _cursor: Any, _s: str, given: Any, *_rest: Any) -> None:
        parameters.append(given)

    event.listen(db.engine, "before_cursor_execute", keep)
    try:
        with openly():
            find_people(session, typed, scope=[club_id])
    finally:
        event.remove(db.engine, "before_cursor_execute", keep)
    how = "EXPLAIN QUERY PLAN " if db.engine.dialect.name == "sqlite" else "EXPLAIN "
    rows = session.connection().exec_driver_sql(how + statements[-1], parameters[-1])
    return [str(row[-1]) for row in rows]
