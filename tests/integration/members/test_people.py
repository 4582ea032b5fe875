"""People: numbers, what is kept of what was typed, changes with their history, tags, consents."""

import time
from datetime import date
from typing import Any

import pytest
from flask import Flask
from sqlalchemy import func, select

from clubcrm.core.actor import OPERATOR
from clubcrm.core.models import FieldChange
from clubcrm.core.transactions import reading, transaction
from clubcrm.members.errors import BadPerson, ExternalIdTaken, UnknownPerson
from clubcrm.members.events import PersonAdded, PersonChanged
from clubcrm.members.models import PersonSearch
from clubcrm.members.operations import (
    ConsentValues,
    PersonValues,
    add_people,
    change_people,
    change_person,
    record_consents,
)
from clubcrm.members.queries import consents_of, get_person, people_by_ids, tags_of
from clubcrm.members.states import ConsentChannel
from tests.conftest import NOW
from tests.integration.members.desk import TODAY, a_person, happened


def test_numbers_ascend_from_10001(in_app: Flask, a_club: int) -> None:
    with transaction() as session:
        ids = add_people(session, [PersonValues()] * 3, club_id=a_club, by=OPERATOR, now=NOW)
    with transaction() as session:
        ids.append(a_person(session, a_club))
        people = people_by_ids(session, ids)
        assert [people[pid].number for pid in ids] == ["10001", "10002", "10003", "10004"]
        assert people[ids[0]].name == "10001", "who has no name is called by the number"


def test_a_number_that_was_given_up_is_given_again(in_app: Flask, a_club: int) -> None:
    with pytest.raises(ZeroDivisionError), transaction() as session:
        a_person(session, a_club)
        raise ZeroDivisionError
    with transaction() as session:
        person_id = a_person(session, a_club)
        assert people_by_ids(session, [person_id])[person_id].number == "10001"


def test_what_was_typed_is_kept_clean(in_app: Flask, a_club: int) -> None:
    with transaction() as session:
        person_id = a_person(
            session,
            a_club,
            first_name="  Ana\u202e ",
            last_name="Silva\x00",
            phone="۹۱۲ ۳۴۵ ۶۷۸",
            email="ANA@Example.com",
            note="first\nsecond",
        )
        person = get_person(session, person_id, {a_club})
    assert (person.first_name, person.last_name, person.full_name) == ("Ana", "Silva", "Ana Silva")
    assert person.phone == "+351912345678", "with the territory of a club in Lisbon"
    assert person.phone_as_given == "۹۱۲ ۳۴۵ ۶۷۸"
    assert person.email == "ana@example.com"
    assert person.note == "first\nsecond"


def test_a_wrong_phone_or_address_is_refused_at_the_desk(in_app: Flask, a_club: int) -> None:
    with pytest.raises(BadPerson) as refusal, transaction() as session:
        a_person(session, a_club, phone="12", email="nobody", gender="x")
    assert set(refusal.value.fields) == {"phone", "email", "gender"}


def test_an_import_keeps_the_row_for_all_that(in_app: Flask, a_club: int) -> None:
    values = PersonValues(full_name="Rui", phone="12", email="nobody", birth_date=date(1066, 1, 1))
    with transaction() as session:
        (pid,) = add_people(session, [values], club_id=a_club, by=OPERATOR, now=NOW, imported=True)
        person = get_person(session, pid, {a_club})
        (event,) = happened(session, PersonAdded)
    assert (person.phone, person.phone_as_given, person.email) == (None, "12", None)
    assert person.birth_date is None
    assert event.payload == {"affects_from_on": TODAY.isoformat(), "is_imported": True}


def test_an_external_id_stands_for_one_person(in_app: Flask, a_club: int) -> None:
    with transaction() as session:
        a_person(session, a_club, external_id="A-1")
    with pytest.raises(ExternalIdTaken), transaction() as session:
        a_person(session, a_club, external_id="A-1")


def test_a_change_keeps_old_and_new(in_app: Flask, a_club: int) -> None:
    with transaction() as session:
        pid = a_person(session, a_club, first_name="Ana", last_name="Silva", phone="912345678")
    with transaction() as session:
        changes = {"last_name": "Souza", "phone": "+351 913 000 000", "first_name": "Ana"}
        assert change_person(session, pid, changes, by=OPERATOR, now=NOW)
    with reading() as session:
        person = get_person(session, pid, {a_club})
        (event,) = happened(session, PersonChanged)
        rows = session.execute(
            select(FieldChange.field, FieldChange.old, FieldChange.new, FieldChange.event_id)
        ).all()
    assert (person.full_name, person.phone, person.revision) == (
        "Ana Souza",
        "+351913000000",
        2,
    )
    kept = {row.field: (row.old, row.new) for row in rows}
    assert kept["last_name"] == ("Silva", "Souza")
    assert kept["full_name"] == ("Ana Silva", "Ana Souza")
    assert kept["phone"] == ("+351912345678", "+351913000000")
    assert {row.event_id for row in rows} == {event.id}
    assert "Silva" not in str(event.payload), "personal values stay out of the log"


def test_the_same_again_changes_nothing(in_app: Flask, a_club: int) -> None:
    with transaction() as session:
        pid = a_person(session, a_club, full_name="Ana Silva", email="a@b.pt", tags=("VIP",))
    with transaction() as session:
        same = {"full_name": " Ana  Silva", "email": "A@B.pt", "tags": ["vip"], "note": None}
        assert not change_person(session, pid, same, by=OPERATOR, now=NOW)
        assert get_person(session, pid, {a_club}).revision == 1
        assert happened(session, PersonChanged) == []


def test_search_words_follow_a_change(in_app: Flask, a_club: int) -> None:
    with transaction() as session:
        pid = a_person(session, a_club, full_name="Ana Silva")
        change_person(session, pid, {"full_name": "Bea Souza"}, by=OPERATOR, now=NOW)
        words = set(session.scalars(select(PersonSearch.token)))
    assert words == {"10001", "bea", "souza"}


def test_a_full_name_that_was_told_stays(in_app: Flask, a_club: int) -> None:
    with transaction() as session:
        pid = a_person(session, a_club, first_name="Ana", full_name="Dona Ana")
        change_person(session, pid, {"first_name": "Anna"}, by=OPERATOR, now=NOW)
        assert get_person(session, pid, {a_club}).full_name == "Dona Ana"
        change_person(session, pid, {"full_name": ""}, by=OPERATOR, now=NOW)
        assert get_person(session, pid, {a_club}).full_name == "Anna"


def test_many_change_at_once_and_only_those_that_differ_are_told(
    in_app: Flask, a_club: int
) -> None:
    with transaction() as session:
        ids = [a_person(session, a_club, city="Porto") for _ in range(3)]
        changes: dict[int, dict[str, Any]] = {
            ids[0]: {"city": "Porto"},
            ids[1]: {"city": "Faro"},
            ids[2]: {"tags": ["x"]},
        }
        assert change_people(session, changes, by=OPERATOR, now=NOW) == {ids[1], ids[2]}


def test_the_day_from_which_visits_are_known_touches_the_days_before(
    in_app: Flask, a_club: int
) -> None:
    with transaction() as session:
        pid = a_person(session, a_club)
        known = date(2025, 6, 1)
        change_person(session, pid, {"visits_known_from": known}, by=OPERATOR, now=NOW)
        (event,) = happened(session, PersonChanged)
    assert event.payload["affects_from_on"] == "2025-06-01"


def test_nobody_unknown_is_changed(in_app: Flask, a_club: int) -> None:
    with pytest.raises(UnknownPerson), transaction() as session:
        change_person(session, 99, {"city": "Faro"}, by=OPERATOR, now=NOW)
    with pytest.raises(TypeError, match="no field"), transaction() as session:
        change_person(session, 99, {"number": "1"}, by=OPERATOR, now=NOW)


def test_tags_are_one_whatever_their_spelling(in_app: Flask, a_club: int) -> None:
    with transaction() as session:
        one = a_person(session, a_club, tags=("VIP", "Família"))
        other = a_person(session, a_club, tags=("vip", "familia", " "))
        assert tags_of(session, [one, other]) == {
            one: ("Família", "VIP"),
            other: ("Família", "VIP"),
        }
        change_person(session, one, {"tags": ()}, by=OPERATOR, now=NOW)
        assert set(tags_of(session, [one, other])) == {other}


def test_the_last_answer_counts_and_the_earlier_ones_stay(in_app: Flask, a_club: int) -> None:
    with transaction() as session:
        pid = a_person(session, a_club)
        answers = [(ConsentChannel.SMS, True), (ConsentChannel.EMAIL, True)]
        answers.append((ConsentChannel.SMS, False))
        rows = [
            ConsentValues(person_id=pid, channel=channel, is_given=given, source="form")
            for channel, given in answers
        ]
        record_consents(session, rows, now=NOW)
        current = consents_of(session, [pid])[pid]
    assert {channel: row.is_given for channel, row in current.items()} == {
        ConsentChannel.SMS: False,
        ConsentChannel.EMAIL: True,
    }


def test_a_person_is_seen_only_at_clubs_in_scope(in_app: Flask, a_club: int) -> None:
    with transaction() as session:
        pid = a_person(session, a_club)
        assert get_person(session, pid, [a_club, 77]).id == pid
        for scope in ([], [77]):
            with pytest.raises(UnknownPerson):
                get_person(session, pid, scope)


def test_ten_thousand_people_cost_a_handful_of_statements(in_app: Flask, a_club: int) -> None:
    people = [
        PersonValues(
            external_id=f"P{n:05}",
            full_name=f"Name{n % 700} Surname{n % 900}",
            phone=f"91{n:07}",
            email=f"person{n}@example.com",
        )
        for n in range(10_000)
    ]
    began = time.perf_counter()
    with transaction() as session:
        ids = add_people(session, people, club_id=a_club, by=OPERATOR, now=NOW, imported=True)
        tokens = session.scalar(select(func.count()).select_from(PersonSearch))
    print(f"10,000 people with {tokens} words: {time.perf_counter() - began:.2f} s")
    assert len(set(ids)) == 10_000
    with reading() as session:
        row = people_by_ids(session, ids)[ids[4321]]
    assert (row.external_id, row.number) == ("P04321", "14322")
