"""Lists of people: who is the same, what is new, what is never taken away."""

from datetime import date
from pathlib import Path
from typing import Any

from sqlalchemy import event, select

from clubcrm.core.actor import OPERATOR
from clubcrm.core.db import db
from clubcrm.core.transactions import transaction
from clubcrm.exchange.models import ImportRow
from clubcrm.exchange.words import note_text, problem_text
from clubcrm.members.models import Consent, Person
from clubcrm.members.operations import PersonValues, add_person, change_person
from clubcrm.members.queries import consents_of, find_people, tags_of
from clubcrm.members.states import ConsentBasis, ConsentChannel
from clubcrm.visits.models import Credential, OpeningBalance
from tests.conftest import NOW
from tests.integration.exchange.conftest import AS_OF, Desk

FULL = (
    "external_id,first_name,last_name,phone,email,birth_date,gender,national_id,address,city,"
    "postcode,emergency_contact,guardian,payer,trainer,joined_on,card_code,club,tags,locale,"
    "consent_email,consent_sms,notes\n"
    "M1,Ana,Dias,912 345 678,ANA@Example.com,1990-05-06,F,12345678Z,Rua A 1,Porto,4000-001,"
    "Rui 911111111,,Rui Dias,Marta,2020-01-02,0012AB,aurora,vip; yoga,pt,yes,no,Likes mornings\n"
)


def _person(desk: Desk, external_id: str) -> Person:
    ((person,),) = desk.rows(select(Person).where(Person.external_id == external_id))
    return person


def _said(desk: Desk) -> dict[int, str]:
    rows = desk.rows(select(ImportRow.line, ImportRow.problems).order_by(ImportRow.line))
    return {line: " ".join(problem_text(problem) for problem in found) for line, found in rows}


def test_every_column_finds_its_place(desk: Desk) -> None:
    outcome = desk.take_in("members", FULL)
    assert outcome.figures.as_dict() == {
        "read": 1,
        "stored": 1,
        "unchanged": 0,
        "rejected": 0,
        "warnings": 0,
    }
    person = _person(desk, "M1")
    assert person.full_name == "Ana Dias"
    assert (person.phone, person.email) == ("+351912345678", "ana@example.com")
    assert (person.birth_date, person.gender) == (date(1990, 5, 6), "female")
    assert (person.city, person.postcode, person.locale) == ("Porto", "4000-001", "pt")
    assert (person.joined_on, person.note) == (date(2020, 1, 2), "Likes mornings")
    assert person.emergency_contact == "Rui 911111111"
    assert person.visits_known_from == AS_OF
    assert desk.rows(select(Credential.code)) == [("0012ab",)]
    with transaction() as session:
        assert tags_of(session, [person.id])[person.id] == ("vip", "yoga")
        consents = consents_of(session, [person.id])[person.id]
        assert consents[ConsentChannel.EMAIL].is_given
        assert not consents[ConsentChannel.SMS].is_given
        hits = find_people(session, "dias", scope={desk.club_id})
        assert [hit.id for hit in hits] == [person.id]
        assert [hit.id for hit in find_people(session, "0012ab", scope={desk.club_id})]


def test_the_same_file_again_changes_nothing_whatever_the_staff_did_meanwhile(desk: Desk) -> None:
    desk.take_in("members", FULL)
    person = _person(desk, "M1")
    with transaction() as session:
        change_person(session, person.id, {"city": "Braga", "note": ""}, by=OPERATOR, now=NOW)
    outcome = desk.take_in("members", FULL)
    assert (outcome.figures.stored, outcome.figures.unchanged) == (0, 1)
    assert _person(desk, "M1").city == "Braga"


def test_a_changed_cell_changes_that_field_alone_and_blanks_wipe_nothing(desk: Desk) -> None:
    desk.take_in("members", FULL)
    person = _person(desk, "M1")
    with transaction() as session:
        change_person(session, person.id, {"city": "Braga"}, by=OPERATOR, now=NOW)
    newer = FULL.replace("Marta", "Nuno").replace("Rui Dias", "").replace("vip; yoga", "gold")
    outcome = desk.take_in("members", newer)
    assert outcome.figures.stored == 1
    person = _person(desk, "M1")
    assert (person.trainer, person.city, person.payer) == ("Nuno", "Braga", "Rui Dias")
    with transaction() as session:
        assert tags_of(session, [person.id])[person.id] == ("gold", "vip", "yoga")


def test_a_row_with_its_own_number_is_never_merged_on_likeness(desk: Desk) -> None:
    outcome = desk.take_in(
        "members",
        "external_id,full_name,phone,email\nA,Ana Dias,912345678,a@example.com\n"
        "B,Ana  DIAS,+351 912 345 678,a@example.com\n"
        "C,Rui Dias,912345678,\n",
    )
    assert (outcome.figures.stored, outcome.figures.warnings) == (3, 1)
    assert desk.count(Person) == 3
    assert "line 2" in _said(desk)[3]


def test_rows_without_numbers_are_known_by_contact_and_name(desk: Desk) -> None:
    content = (
        "full_name,phone,email,city\nAna Dias,912345678,,Porto\nRui Dias,912345678,,Porto\n"
        "Eva Luz,,EVA@example.com,\nIvo Sá,,,Faro\nIvo Sá,,,Faro\n"
    )
    outcome = desk.take_in("members", content)
    assert (outcome.figures.stored, outcome.figures.unchanged) == (4, 1)
    again = desk.take_in("members", content)
    assert (again.figures.stored, again.figures.unchanged) == (0, 5)
    moved = content.replace("Ana Dias,912345678,,Porto", "ana dias,+351912345678,,Braga")
    newer = desk.take_in("members", moved)
    assert newer.figures.stored == 1
    assert desk.count(Person) == 4


def test_somebody_the_desk_added_is_found_by_contact_and_name(desk: Desk) -> None:
    with transaction() as session:
        values = PersonValues(full_name="Ana Dias", phone="912345678")
        person_id = add_person(session, values, club_id=desk.club_id, by=OPERATOR, now=NOW)
    outcome = desk.take_in("members", "full_name,phone,city\nAna Dias,912 345 678,Porto\n")
    assert outcome.figures.stored == 1
    assert desk.rows(select(Person.id, Person.city)) == [(person_id, "Porto")]
    assert desk.rows(select(Person.visits_known_from)) == [(None,)]


def test_the_same_number_twice_in_a_file(desk: Desk) -> None:
    content = (
        "external_id,full_name,city,email\nA,Ana,Porto,\nA,Ana,Porto,\nA,,,a@example.com\n"
        "A,Ana,Braga,\n"
    )
    for stored in (2, 0):
        outcome = desk.take_in("members", content)
        assert outcome.figures.stored == stored
        assert outcome.figures.rejected == 1
        assert "line 2 tells the same thing otherwise (city)" in _said(desk)[5].lower()
    person = _person(desk, "A")
    assert (person.city, person.email) == ("Porto", "a@example.com")


def test_a_member_number_stands_for_people_without_a_number_of_their_own(desk: Desk) -> None:
    desk.take_in("members", "full_name,phone\nAna Dias,912345678\n")
    ((number,),) = desk.rows(select(Person.number))
    outcome = desk.take_in("members", f"external_id,city\n{number},Porto\n")
    assert outcome.figures.stored == 1
    assert desk.rows(select(Person.city)) == [("Porto",)]


def test_consents_follow_the_basis(desk: Desk) -> None:
    content = "external_id,consent_email\nA,yes\nB,no\nC,\n"
    desk.take_in("members", content, consent=ConsentBasis.UNKNOWN)
    assert desk.rows(select(Consent.is_given)) == [(False,)]
    desk.take_in("members", content.replace("A,", "D,"), consent=ConsentBasis.OWN_MEMBERS)
    given = desk.rows(
        select(Consent.channel, Consent.is_given, Consent.wording)
        .join(Person)
        .where(Person.external_id == "D")
        .order_by(Consent.id)
    )
    assert [(row.channel, row.is_given) for row in given] == [
        (ConsentChannel.EMAIL, True),
        (ConsentChannel.SMS, True),
    ]
    assert all("similar services" in row.wording for row in given)


def test_other_clubs_rows_are_not_taken_and_unknown_clubs_are_said(desk: Desk) -> None:
    outcome = desk.take_in("members", "external_id,club\nA,AURORA\nB,Aurora Fitness\nC,Somewhere\n")
    assert (outcome.figures.stored, outcome.figures.warnings) == (3, 1)
    assert "Somewhere" in _said(desk)[4]


def test_cards_somebody_holds_are_not_given_twice(desk: Desk) -> None:
    outcome = desk.take_in("members", "external_id,card_code\nA,77\nB,77\n")
    assert (outcome.figures.stored, outcome.figures.warnings) == (2, 1)
    again = desk.take_in("members", "external_id,card_code\nC,۷۷\n")
    assert (again.figures.stored, again.figures.warnings) == (1, 1)


def test_a_rehearsal_says_what_would_be_and_writes_nothing(desk: Desk, tmp_path: Path) -> None:
    content = (
        "external_id,full_name,phone,card_code\nA,Ana,912345678,1\nB,Ana,912345678,1\nA,Rui,,\n,,,\n"
        ",,912345679,\n"
    )
    before = desk.everything()
    tried = desk.rehearse("members", content, rejects=tmp_path / "a.csv")
    assert desk.everything() == before
    assert tried.batch_id is None
    done = desk.take_in("members", content, rejects=tmp_path / "b.csv")
    assert tried.figures == done.figures
    assert (tmp_path / "a.csv").read_bytes() == (tmp_path / "b.csv").read_bytes()


def test_opening_balances_come_along(desk: Desk) -> None:
    desk.take_in(
        "members", "Client ID,Name,Last Visit,Visits\n1,Ana,28/02/2026,96\n2,Eva,05/03/2026,\n"
    )
    rows = desk.rows(
        select(OpeningBalance.last_visit_on, OpeningBalance.visits_total, OpeningBalance.as_of_on)
    )
    assert rows == [(date(2026, 2, 28), 96, AS_OF)]
    assert "after the day of the file" in _said(desk)[3]


def test_headings_of_other_systems(desk: Desk) -> None:
    outcome = desk.take_in(
        "members",
        "firstName,lastName,dob,zip,emergency_contact_name,emergency_contact_phone,age,shoe size\n"
        "Ana,Dias,1990-01-02,4000,Rui,911111111,36,38\n",
    )
    assert outcome.figures.stored == 1
    ((person,),) = desk.rows(select(Person))
    assert person.emergency_contact == "Rui, 911111111"
    notes = [note_text(note) for note in outcome.notes]
    assert any("age is no birth date" in note for note in notes)
    assert any("shoe size" in note for note in notes)


def test_a_persian_list(desk: Desk) -> None:
    content = (
        "کد عضویت,نام,نام خانوادگی,موبایل,تاریخ تولد,جنسیت\n"
        "۱۰۱,علی,رضایی,+۹۸ ۹۱۲ ۱۲۳ ۴۵۶۷,۱۳۷۰/۰۶/۳۱,مرد\n"
    )
    desk.take_in("members", content)
    person = _person(desk, "101")
    assert (person.phone, person.birth_date) == ("+989121234567", date(1991, 9, 22))
    assert (person.full_name, person.gender) == ("علی رضایی", "male")


def test_thousands_of_rows_in_many_parts(desk: Desk) -> None:
    rows = "".join(f"N{n},Name {n % 700},9{n:08d}\n" for n in range(1600))
    content = "external_id,full_name,phone\n" + rows + "N3,Name 3,\nN1599,Other,\n"
    outcome = desk.take_in("members", content)
    assert outcome.figures.stored == 1600
    assert (outcome.figures.unchanged, outcome.figures.rejected) == (1, 1)
    again = desk.take_in("members", content)
    assert again.figures.stored == 0


def test_a_file_with_fewer_columns_is_no_reason_to_hear_the_old_one_again(desk: Desk) -> None:
    whole = "external_id,full_name,phone\nA,Ana,912345678\n"
    desk.take_in("members", whole)
    desk.take_in("members", "external_id,city\nA,Porto\n")
    desk.take_in("memberships", "external_id,member,starts_on\nT1,A,2026-01-01\n")
    with transaction() as session:
        ((person_id,),) = desk.rows(select(Person.id))
        change_person(session, person_id, {"full_name": "Ana Dias"}, by=OPERATOR, now=NOW)
    assert desk.take_in("members", whole).figures.unchanged == 1
    assert desk.rows(select(Person.full_name)) == [("Ana Dias",)]


def test_of_several_who_may_be_the_same_the_one_known_longest_is_named(desk: Desk) -> None:
    desk.take_in("members", "external_id,full_name,phone\nZ,Ana Dias,912345678\n")
    desk.take_in("members", "external_id,full_name,phone\nA,Ana Dias,912345678\n")
    outcome = desk.take_in("members", "external_id,full_name,phone\nM,Ana Dias,912345678\n")
    ((problem,),) = [row.problems for row in outcome.rows]
    assert (problem.column, dict(problem.figures)) == ("phone", {"other": "Z"})


def test_newcomers_are_looked_up_by_an_index_and_not_by_reading_the_club(desk: Desk) -> None:
    on_sqlite = db.engine.dialect.name == "sqlite"
    sent_as_one = "json_each" if on_sqlite else "= ANY ("
    asked: list[tuple[str, Any]] = []

    def note(_conn: Any, _cursor: Any, statement: str, values: Any, *_more: Any) -> None:
        if sent_as_one in statement:
            asked.append((statement, values))

    event.listen(db.engine, "before_cursor_execute", note)
    try:
        desk.take_in("members", FULL)
        desk.take_in("members", "full_name,phone,birth_date\nEva Reis,912345679,1990-05-06\n")
        desk.take_in("memberships", "member,starts_on\n912345679,2026-01-01\n")
    finally:
        event.remove(db.engine, "before_cursor_execute", note)
    columns = ("phone", "email", "birth_date", "external_id", "number")
    how = "IN" if on_sqlite else "= ANY"
    assert all(
        any(f"person.{name} {how}" in statement for statement, _ in asked) for name in columns
    )
    if not on_sqlite:  # which measures its tables by itself
        return
    with db.engine.connect() as connection:
        for statement, values in asked:
            plan = connection.exec_driver_sql(f"EXPLAIN QUERY PLAN {statement}", values)
            steps = [step.detail for step in plan if "person" in step.detail]
            assert not [step for step in steps if "SCAN person" in step], statement
            assert not [step for step in steps if step.endswith("(home_club_id=?)")], statement
