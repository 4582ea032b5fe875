"""Lists of terms: with their people, once and again."""

from datetime import date
from typing import Any

from sqlalchemy import select

from clubcrm.billing.models import Invoice, Payment
from clubcrm.billing.queries import owed_by
from clubcrm.core.actor import OPERATOR
from clubcrm.core.period import Period
from clubcrm.core.transactions import transaction
from clubcrm.exchange.models import ImportRow
from clubcrm.exchange.words import problem_text
from clubcrm.members.models import Membership, Person, Plan
from clubcrm.members.operations import freeze_membership, renew_membership
from clubcrm.members.states import EndReason, PlanKind
from clubcrm.visits.models import OpeningBalance
from tests.conftest import NOW
from tests.integration.exchange.conftest import Desk


def _terms(desk: Desk) -> list[Any]:
    rows = desk.rows(select(Membership).order_by(Membership.id))
    return [row[0] for row in rows]


def _said(desk: Desk) -> dict[int, str]:
    rows = desk.rows(select(ImportRow.line, ImportRow.problems).order_by(ImportRow.line))
    return {line: " ".join(problem_text(problem) for problem in found) for line, found in rows}


def test_one_row_carries_person_term_and_opening_balances(desk: Desk) -> None:
    content = (
        "external_id,full_name,phone,plan,starts_on,ends_on,sold_on,price,currency,renewals_before,"
        "auto_renew,last_visit_on,visits_total,visits_per_week\n"
        'A,Ana Dias,912345678,Annual,2025-06-01,2026-05-31,2025-05-20,"1.234,50",EUR,2,no,'
        '2026-02-20,96,"1,45"\n'
    )
    outcome = desk.take_in("memberships", content)
    assert (outcome.figures.stored, outcome.figures.warnings) == (1, 0)
    (term,) = _terms(desk)
    assert (term.external_id, term.starts_on, term.until_on) == (
        "A",
        date(2025, 6, 1),
        date(2026, 6, 1),
    )
    assert (term.price_minor, term.currency, term.renewals_before) == (123450, "EUR", 2)
    assert (term.sold_here, term.kind) == (False, PlanKind.TERM)
    ((plan,),) = desk.rows(select(Plan))
    assert (plan.name, plan.is_imported, plan.months, plan.visits) == ("Annual", True, None, None)
    ((balance,),) = desk.rows(select(OpeningBalance))
    assert (balance.visits_total, balance.visits_per_week) == (96, 1.45)
    again = desk.take_in("memberships", content)
    assert (again.figures.stored, again.figures.unchanged) == (0, 1)


def test_no_end_is_month_to_month_and_no_plan_is_imported(desk: Desk) -> None:
    desk.take_in(
        "memberships", "external_id,starts_on,ends_on\nA,2025-06-01,\nB,2025-06-01,9999-12-31\n"
    )
    for term in _terms(desk):
        assert (term.until_on, term.kind) == (None, PlanKind.ROLLING)
    assert desk.rows(select(Plan.name)) == [("Imported",)]
    assert "no end" in _said(desk)[3]


def test_a_corrected_end_changes_the_end(desk: Desk) -> None:
    content = "external_id,starts_on,ends_on,price\nA,2025-06-01,2026-05-31,100\n"
    desk.take_in("memberships", content)
    outcome = desk.take_in("memberships", content.replace("2026-05-31", "2026-06-30"))
    assert outcome.figures.stored == 1
    (term,) = _terms(desk)
    assert (term.until_on, term.price_minor) == (date(2026, 7, 1), 10000)
    desk.take_in(
        "memberships", content.replace("2025-06-01", "2025-06-15").replace("05-31", "06-30")
    )
    (term,) = _terms(desk)
    assert (term.starts_on, term.until_on) == (date(2025, 6, 15), date(2026, 7, 1))


def test_what_the_club_did_since_is_not_undone_by_the_same_file(desk: Desk) -> None:
    content = "external_id,starts_on,ends_on\nA,2025-06-01,2026-05-31\n"
    desk.take_in("memberships", content)
    (term,) = _terms(desk)
    with transaction() as session:
        period = Period(date(2026, 3, 10), date(2026, 3, 20))
        freeze_membership(session, term.id, period, by=OPERATOR, now=NOW)
    again = desk.take_in("memberships", content + "B,2025-06-01,2026-05-31\n")
    assert (again.figures.stored, again.figures.unchanged) == (1, 1)
    assert _terms(desk)[0].until_on == date(2026, 6, 11)


def test_a_later_term_under_the_same_number_is_a_new_term(desk: Desk) -> None:
    content = "external_id,plan,starts_on,ends_on\nA,Annual,2024-06-01,2025-05-31\n"
    desk.take_in("memberships", content)
    newer = "external_id,plan,starts_on,ends_on\nA,Annual,2025-06-10,2026-06-09\n"
    outcome = desk.take_in("memberships", newer)
    assert outcome.figures.stored == 1
    assert [term.starts_on for term in _terms(desk)] == [date(2024, 6, 1), date(2025, 6, 10)]
    assert desk.count(Person) == 1
    both = content + newer.splitlines()[1] + "\n"
    again = desk.take_in("memberships", both)
    assert (again.figures.stored, again.figures.unchanged) == (0, 2)


def test_several_terms_of_one_person_in_one_file(desk: Desk) -> None:
    content = (
        "external_id,plan,starts_on,ends_on\nA,Gym,2024-01-01,2024-12-31\nA,Gym,2025-01-01,2025-12-31\n"
        "A,Pool,2025-01-01,2025-06-30\nA,Gym,2025-01-01,2025-12-31\nA,Gym,2025-01-01,2025-11-30\n"
    )
    outcome = desk.take_in("memberships", content)
    assert (outcome.figures.stored, outcome.figures.unchanged, outcome.figures.rejected) == (
        3,
        1,
        1,
    )
    assert "line 3" in _said(desk)[6].lower()
    again = desk.take_in("memberships", content)
    assert (again.figures.stored, again.figures.unchanged, again.figures.rejected) == (0, 4, 1)


def test_a_member_column_names_the_person_and_external_id_the_term(desk: Desk) -> None:
    desk.take_in(
        "members", "external_id,full_name,phone,email,card_code\nA,Ana,912345678,a@example.com,5\n"
    )
    content = (
        "external_id,member,plan,starts_on,ends_on,previous\n"
        "T2,912 345 678,Annual,2025-01-01,2025-12-31,T1\n"
        "T1,A,Annual,2024-01-01,2024-12-31,\n"
        "T3,a@EXAMPLE.com,Annual,2026-01-01,2026-12-31,T9\n"
        "T4,5,Annual,2027-01-01,2027-12-31,T3\n"
        "T5,nobody,Annual,2026-01-01,2026-12-31,\n"
    )
    outcome = desk.take_in("memberships", content)
    assert (outcome.figures.stored, outcome.figures.rejected) == (4, 1)
    terms = {term.external_id: term for term in _terms(desk)}
    assert terms["T2"].previous_id == terms["T1"].id
    assert terms["T4"].previous_id == terms["T3"].id
    assert terms["T3"].previous_id is None
    assert "“T9”, was not found" in _said(desk)[4]
    assert "nobody" in _said(desk)[6]
    assert desk.count(Person) == 1
    again = desk.take_in("memberships", content)
    assert (again.figures.stored, again.figures.unchanged, again.figures.rejected) == (0, 4, 1)


def test_a_member_column_makes_people_only_where_they_are_told(desk: Desk) -> None:
    content = "member,full_name,starts_on\n7,Ana Dias,2025-01-01\n8,,2025-01-01\n"
    outcome = desk.take_in("memberships", content)
    assert (outcome.figures.stored, outcome.figures.rejected) == (1, 1)
    assert desk.rows(select(Person.external_id, Person.full_name)) == [("7", "Ana Dias")]


def test_a_term_of_somebody_else_is_not_taken_over(desk: Desk) -> None:
    desk.take_in("members", "external_id\nA\nB\n")
    desk.take_in("memberships", "external_id,member,starts_on\nT1,A,2025-01-01\n")
    outcome = desk.take_in("memberships", "external_id,member,starts_on\nT1,B,2025-01-01\n")
    assert outcome.figures.rejected == 1
    assert "belongs to somebody else" in _said(desk)[2]


def test_an_ambiguous_member_is_not_guessed(desk: Desk) -> None:
    desk.take_in("members", "external_id,full_name,phone\nA,Ana,912345678\nB,Rui,912345678\n")
    outcome = desk.take_in("memberships", "member,starts_on\n912345678,2025-01-01\n")
    assert outcome.figures.rejected == 1
    assert "fits 2 people" in _said(desk)[2]


def test_the_rest_of_a_price_is_a_debt_and_never_a_payment(desk: Desk) -> None:
    content = (
        "external_id,plan,starts_on,ends_on,price,paid\nA,Annual,2026-01-01,2026-12-31,100,60\n"
        "B,Annual,2026-01-01,2026-12-31,100,100\nC,Annual,2026-01-01,2026-12-31,,300\n"
    )
    outcome = desk.take_in("memberships", content)
    assert (outcome.figures.stored, outcome.figures.warnings) == (3, 1)
    assert desk.count(Payment) == 0
    ((invoice,),) = desk.rows(select(Invoice))
    assert (invoice.total_minor, invoice.due_on) == (4000, date(2026, 1, 1))
    assert [term.paid_before_minor for term in _terms(desk)] == [6000, 10000, 30000]
    with transaction() as session:
        assert owed_by(session, [invoice.person_id])[invoice.person_id].minor == 4000
    # The same debt in a file of debts is the same debt.
    debts = "member,due_on,amount,currency\nA,2026-02-01,40.00,EUR\n"
    assert desk.take_in("debts", debts).figures.unchanged == 1
    assert desk.count(Invoice) == 1


def test_states_that_ended_or_were_cancelled(desk: Desk) -> None:
    content = (
        "external_id,starts_on,ends_on,status\n"
        "A,2025-01-01,,Cancelled\nB,2025-01-01,2026-04-30,cancelado\nC,2025-01-01,,expired\n"
        "D,2025-01-01,2026-12-31,active\nE,2025-01-01,2026-12-31,frozen\nF,2025-01-01,,deceased\n"
        "G,2025-01-01,2026-12-31,banana\n"
    )
    outcome = desk.take_in("memberships", content)
    assert outcome.figures.stored == 7
    terms = {term.external_id: term for term in _terms(desk)}
    assert terms["A"].until_on == date(2026, 3, 1)
    assert terms["A"].end_reason == EndReason.CANCELLED
    assert terms["B"].cancel_until_on == terms["B"].until_on == date(2026, 5, 1)
    assert (terms["C"].until_on, terms["C"].end_reason) == (date(2026, 3, 1), None)
    assert terms["D"].cancel_until_on is None
    assert terms["F"].end_reason == EndReason.DIED
    ((no_contact,),) = desk.rows(select(Person.no_contact).where(Person.external_id == "F"))
    assert no_contact
    said = _said(desk)
    assert "2026-02-28 was taken" in said[2]
    assert "freezes" in said[6]
    assert "banana" in said[8]


def test_packs_keep_the_visits_left(desk: Desk) -> None:
    desk.take_in(
        "memberships",
        "external_id,plan,starts_on,ends_on,visits_left\nA,Ten,2026-01-01,2026-12-31,4\n",
    )
    (term,) = _terms(desk)
    assert (term.kind, term.visits_left) == (PlanKind.PACK, 4)


def test_a_term_the_club_renewed_here_is_left_alone(desk: Desk) -> None:
    content = "external_id,plan,starts_on,ends_on,price\nA,Annual,2025-04-01,2026-03-31,100\n"
    desk.take_in("memberships", content)
    (term,) = _terms(desk)
    with transaction() as session:
        session.get_one(Plan, term.plan_id).months = 12
    with transaction() as session:
        renew_membership(session, term.id, by=OPERATOR, now=NOW)
    newer = "external_id,plan,starts_on,ends_on,price\nA,Annual,2026-04-01,2027-03-31,120\n"
    outcome = desk.take_in("memberships", newer)
    assert (outcome.figures.stored, outcome.figures.unchanged) == (0, 1)
    assert len(_terms(desk)) == 2


def test_what_a_mapping_file_says(desk: Desk) -> None:
    mapping = {
        "columns": {"Id": "external_id", "inicio": "starts_on", "fim": "ends_on", "x": ""},
        "constants": {"plan": "Annual", "currency": "EUR"},
        "dates": {"order": "mdy"},
        "values": {"gender": {"0": "female", "1": "male"}},
        "tags": {"act_swim": "swimming"},
    }
    content = (
        "Id,genero,inicio,fim,act_swim,x\n1,0,01/02/2026,12/31/2026,1,9\n2,1.0,01/02/2026,,0,9\n"
    )
    outcome = desk.take_in("memberships", content, mapping=mapping)
    assert (outcome.figures.stored, outcome.figures.warnings) == (2, 0)
    people = desk.rows(select(Person.gender).order_by(Person.id))
    assert people == [("female",), ("male",)]
    assert _terms(desk)[0].starts_on == date(2026, 1, 2)


def test_jalali_days(desk: Desk) -> None:
    content = (
        "کد عضویت;نام و نام خانوادگی;نوع عضویت;تاریخ شروع;تاریخ پایان;شهریه\n"
        "۱;علی رضایی;یک ماهه;۱۴۰۴/۱۰/۱۲;۱۴۰۴/۱۱/۱۱;۱۲۵٬۰۰۰ تومان\n"
        "۲;پریسا گچ‌پژ;یک ماهه;1404-10-12;12 بهمن 1404;125000\n"
    )
    outcome = desk.take_in("memberships", content, mapping={"constants": {"currency": "IRR"}})
    assert outcome.figures.stored == 2
    terms = _terms(desk)
    assert {term.starts_on for term in terms} == {date(2026, 1, 2)}
    assert [term.price_minor for term in terms] == [1_250_000, 125_000]
    assert terms[1].until_on == date(2026, 2, 2)


def test_two_digit_jalali_years_need_the_calendar(desk: Desk) -> None:
    content = "external_id,starts_on\n1,04/10/12\n"
    desk.take_in("memberships", content, mapping={"dates": {"calendar": "jalali", "order": "ymd"}})
    assert _terms(desk)[0].starts_on == date(2026, 1, 2)


def test_a_workbook_with_days_and_numbers(desk: Desk) -> None:
    rows: list[list[Any]] = [
        ["Member ID", "Name", "Mobile", "Start", "End", "Price"],
        [1001, "Ana Dias", 912345678, date(2026, 1, 2), date(2026, 12, 31), 99.9],
        [1002, "Eva Luz", "912345679", 46024, 46387, "100"],
    ]
    outcome = desk.take_in("memberships", desk.workbook(rows))
    assert (outcome.figures.stored, outcome.figures.warnings) == (2, 0)
    terms = _terms(desk)
    assert {(term.starts_on, term.until_on) for term in terms} == {
        (date(2026, 1, 2), date(2027, 1, 1))
    }
    assert [term.price_minor for term in terms] == [9990, 10000]
    people = desk.rows(select(Person.external_id, Person.phone).order_by(Person.id))
    assert people == [("1001", "+351912345678"), ("1002", "+351912345679")]


def test_a_rehearsal_tells_the_same_as_the_import(desk: Desk) -> None:
    rows = "".join(
        f"P{n % 900},Plan {n % 5},2025-{n % 12 + 1:02d}-01,2025-12-31,50,{n % 60}\n"
        for n in range(1300)
    )
    content = "external_id,plan,starts_on,ends_on,price,paid\n" + rows
    tried = desk.rehearse("memberships", content)
    done = desk.take_in("memberships", content)
    assert tried.figures == done.figures


def test_two_rows_of_one_term_make_one(desk: Desk) -> None:
    for number, headings in enumerate(("external_id", "member", "external_id,member")):
        ids = ",".join([f"P{number}"] * len(headings.split(",")))
        content = (
            f"{headings},full_name,email,plan,starts_on,ends_on,price,paid\n"
            f"{ids},Ana,,Annual,2026-01-01,2026-12-31,100,40\n"
            f"{ids},Ana,ana{number}@example.org,Annual,2026-01-01,2026-12-31,100,40\n"
        )
        outcome = desk.take_in("memberships", content)
        assert (outcome.figures.stored, outcome.figures.warnings) == (2, 2)
        again = desk.take_in("memberships", content)
        assert again.figures.unchanged == 2
    assert desk.count(Membership) == 3
    # What is still owed is told once, too.
    assert desk.count(Invoice) == 3
    assert {email for (email,) in desk.rows(select(Person.email))} == {
        f"ana{number}@example.org" for number in range(3)
    }


def test_one_contract_number_of_two_members_is_a_mistake(desk: Desk) -> None:
    row = "K1,{},{},Annual,2026-01-01,2026-12-31\n"
    content = (
        "external_id,member,full_name,plan,starts_on,ends_on\n"
        + row.format("A", "Ana")
        + row.format("B", "Eva")
        + row.format("A", "Ana")
    )
    tried = desk.rehearse("memberships", content)
    outcome = desk.take_in("memberships", content)
    assert tried.figures == outcome.figures
    figures = outcome.figures
    assert (figures.stored, figures.unchanged, figures.rejected) == (1, 1, 1)
    assert "belongs to somebody else" in _said(desk)[3]
    assert "line 2" in _said(desk)[4]
    assert desk.rows(select(Person.external_id)) == [("A",)]
    assert desk.count(Membership) == 1
