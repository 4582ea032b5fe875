"""Checking in: what is answered, what is written down, and in how many statements."""

from datetime import date, timedelta
from typing import Any

import pytest
from flask import Flask
from sqlalchemy import event, select
from sqlalchemy.orm import Session

from clubcrm.accounts.models import Club
from clubcrm.accounts.operations import open_club
from clubcrm.billing.operations import take_payment
from clubcrm.billing.states import PaymentMethod
from clubcrm.core.actor import OPERATOR
from clubcrm.core.db import db
from clubcrm.core.models import EventLog
from clubcrm.core.money import Money
from clubcrm.core.period import Period
from clubcrm.core.prepared import openly
from clubcrm.core.transactions import transaction
from clubcrm.members.errors import UnknownPerson
from clubcrm.members.models import Person, PersonClub
from clubcrm.members.operations import declare_closure, end_freeze, freeze_membership
from clubcrm.visits.errors import DeviceKeyReused, NobodyNamed, NotYet, ReasonMissing, UnknownCard
from clubcrm.visits.models import AccessPoint, EntryDecision, Visit
from clubcrm.visits.operations import (
    BalanceValues,
    answer_prompt,
    check_in,
    check_out,
    set_opening_balances,
)
from clubcrm.visits.states import Decision, PointKind, PromptCode, PromptReply, VisitSource
from tests.conftest import NOW
from tests.integration.visits.door import (
    CLERK,
    TODAY,
    a_debt,
    a_member,
    a_person,
    a_plan,
    a_term,
    at,
    codes,
    count,
    days_of,
    on,
    scan,
    set_rules,
    visits_left,
)


def test_a_member_comes_in(in_app: Flask, a_club: int) -> None:
    with transaction() as session:
        person, term = a_member(session, a_club)
        answer = scan(session, a_club)
        assert (answer.decision, codes(answer)) == (Decision.IN, ["first_visit"])
        assert (answer.person.id, answer.person.full_name) == (person, "Ana Silva")
        assert answer.term is not None
        assert (answer.term.days_left, answer.term.visits_left) == (199, None)
        assert answer.term.ends_on == on(199)
        visit = session.get_one(Visit, answer.visit_id)
        assert (visit.person_id, visit.membership_id, visit.on) == (person, term, TODAY)
        assert (visit.checked_in_at, visit.source, visit.recorded_by) == (NOW, "desk", "Inês")
        assert days_of(session, person) == {TODAY: 1}
        kept = session.get_one(EntryDecision, answer.entry_id)
        assert (kept.decision, kept.visit_id, kept.asked_by) == ("in", answer.visit_id, "Inês")


def test_the_second_scan_says_already_in_with_the_earlier_time(in_app: Flask, a_club: int) -> None:
    with transaction() as session:
        person, term = a_member(session, a_club, visits_left=5)
        first = scan(session, a_club)
        again = scan(session, a_club, at=at(0.1))
        assert (again.decision, codes(again)) == (Decision.ALREADY_IN, ["already_in"])
        assert (again.visit_id, again.at) == (first.visit_id, NOW)
        assert again.reason_texts()[0][1] == "Came in at 09:00 already."
        assert (count(session, Visit), count(session, EntryDecision)) == (1, 2)
        assert (visits_left(session, term), days_of(session, person)) == (4, {TODAY: 1})
        later = scan(session, a_club, at=at(5))
        assert later.decision is Decision.IN
        assert (visits_left(session, term), days_of(session, person)) == (3, {TODAY: 2})


def test_a_stop_is_kept_with_its_reasons_and_makes_no_visit(in_app: Flask, a_club: int) -> None:
    with transaction() as session:
        person, _ = a_member(session, a_club, until=-2)
        a_debt(session, a_club, person, 4000, due=-30)
        answer = scan(session, a_club)
        assert (answer.decision, codes(answer)) == (Decision.STOP, ["expired", "debt"])
        assert answer.visit_id is None
        assert answer.reason_texts() == [
            ("expired", "The membership ended on Fri 27 Feb, 3 days ago."),
            ("debt", "€40.00 is owed since Sat 31 Jan."),
        ]
        assert answer.term is not None
        assert answer.term.days_left == -3
        assert count(session, Visit) == 0
        kept = session.scalars(select(EntryDecision)).one()
        assert [reason[0] for reason in kept.reasons] == ["expired", "debt"]
        told = session.scalars(select(EventLog).where(EventLog.name == "EntryStopped")).one()
        assert (told.person_id, told.payload["reasons"]) == (person, ["expired", "debt"])


def test_an_override_lets_in_and_keeps_why(in_app: Flask, a_club: int) -> None:
    with transaction() as session:
        person, _ = a_member(session, a_club, until=-2)
        answer = scan(session, a_club, override_reason="  pays tomorrow ")
        assert (answer.decision, codes(answer)) == (Decision.WARN, ["expired"])
        visit = session.get_one(Visit, answer.visit_id)
        assert (visit.override_reason, visit.membership_id) == ("pays tomorrow", None)
        kept = session.get_one(EntryDecision, answer.entry_id)
        assert (kept.override_reason, kept.visit_id) == ("pays tomorrow", visit.id)
        assert days_of(session, person) == {TODAY: 1}


def test_an_override_needs_a_reason_and_is_not_written_where_nothing_stops(
    in_app: Flask, a_club: int
) -> None:
    with transaction() as session:
        a_member(session, a_club)
        with pytest.raises(ReasonMissing):
            scan(session, a_club, override_reason=" \u200f ")
        answer = scan(session, a_club, override_reason="a regular")
        assert answer.decision is Decision.IN
        assert session.get_one(Visit, answer.visit_id).override_reason is None


def test_a_pack_gives_one_visit_each_time_until_none_is_left(in_app: Flask, a_club: int) -> None:
    with transaction() as session:
        person, term = a_member(session, a_club, visits_left=2)
        first = scan(session, a_club)
        assert first.term is not None
        assert (first.decision, first.term.visits_left) == (Decision.WARN, 1)
        assert "After this one 1 visit is left." in dict(first.reason_texts()).values()
        last = scan(session, a_club, at=at(days=1))
        assert dict(last.reason_texts())["few_visits_left"] == (
            "This is the last visit that was paid for."
        )
        stopped = scan(session, a_club, at=at(days=2))
        assert (stopped.decision, codes(stopped)) == (Decision.STOP, ["no_visits_left"])
        assert (visits_left(session, term), len(days_of(session, person))) == (0, 2)
        let_in = scan(session, a_club, at=at(days=2), override_reason="paid at the bar")
        assert let_in.decision is Decision.WARN
        assert visits_left(session, term) == 0


def test_an_unlimited_term_spares_the_pack(in_app: Flask, a_club: int) -> None:
    with transaction() as session:
        person, pack = a_member(session, a_club, visits_left=5)
        plan = a_plan(session, a_club, "Open")
        term = a_term(session, a_club, person, plan, until=20)
        answer = scan(session, a_club)
        assert session.get_one(Visit, answer.visit_id).membership_id == term
        assert visits_left(session, pack) == 5


def test_a_frozen_member_is_asked_whether_to_end_the_freeze(in_app: Flask, a_club: int) -> None:
    with transaction() as session:
        _, term = a_member(session, a_club)
        freeze_membership(session, term, Period(on(-5), on(7)), reason="", by=CLERK, now=NOW)
        answer = scan(session, a_club)
        assert (answer.decision, codes(answer)) == (Decision.STOP, ["frozen"])
        assert answer.prompt is not None
        assert answer.prompt.code is PromptCode.END_FREEZE
        assert answer.prompt_text() == "“Shall I end the freeze today?”"
        assert [reply for reply, _ in answer.prompt_replies()] == ["yes", "later"]
        end_freeze(session, answer.prompt.figures["freeze"], on=TODAY, by=CLERK, now=NOW)
        assert scan(session, a_club).decision is Decision.IN


def test_a_debt_warns_within_its_grace_and_stops_after_it(in_app: Flask, a_club: int) -> None:
    with transaction() as session:
        person, _ = a_member(session, a_club)
        a_debt(session, a_club, person, 640, due=-7)
        answer = scan(session, a_club)
        assert (answer.decision, codes(answer)) == (Decision.WARN, ["debt", "first_visit"])
        assert answer.reason_texts()[0][1] == (
            "€6.40 is owed since Mon 23 Feb; there is time until Mon 2 Mar."
        )
        stopped = scan(session, a_club, at=at(days=1))
        assert stopped.decision is Decision.STOP
        take_payment(
            session, person, Money(640, "EUR"), method=PaymentMethod.CASH, by=CLERK, now=NOW
        )
        assert scan(session, a_club, at=at(days=1)).decision is Decision.IN


def test_hours_and_closures_by_the_clubs_clock(in_app: Flask, a_club: int) -> None:
    with transaction() as session:
        a_member(session, a_club, plan={"hours": "06:00-09:00"})
        assert scan(session, a_club, at=NOW - timedelta(seconds=1)).decision is Decision.IN
        late = scan(session, a_club, at=at(days=1))
        assert (late.decision, codes(late)) == (Decision.STOP, ["wrong_hours"])
        declare_closure(
            session,
            a_club,
            Period(on(2), on(3)),
            share_percent=0,
            extends_terms=False,
            name="Holiday",
            by=CLERK,
            now=NOW,
        )
        closed = scan(session, a_club, at=at(-1, days=2))
        assert "club_closed" in codes(closed)


def test_members_of_another_club_and_of_none(in_app: Flask, a_club: int) -> None:
    with transaction() as session:
        other = open_club(
            session,
            code="north",
            name="Aurora North",
            timezone="Europe/Lisbon",
            currency="EUR",
            language="en",
            calendar="gregorian",
            by=OPERATOR,
            now=NOW,
        )
        person, _ = a_member(session, other)
        answer = scan(session, a_club)
        assert (answer.decision, codes(answer)) == (Decision.STOP, ["wrong_club"])
        assert answer.reason_texts()[0][1] == "The membership is for Aurora North."
        # By name only whoever may be seen; let in once, she is seen here too.
        by_name: dict[str, Any] = {
            "club_id": a_club,
            "person_id": person,
            "source": VisitSource.DESK,
        }
        with pytest.raises(UnknownPerson):
            check_in(session, **by_name, by=CLERK, now=NOW)
        assert (
            check_in(session, **by_name, scope=[other], by=CLERK, now=NOW).decision is Decision.STOP
        )
        scan(session, a_club, override_reason="guest of the house")
        seen = select(PersonClub.club_id).where(PersonClub.person_id == person)
        assert set(session.scalars(seen)) == {a_club, other}
        a_person(session, a_club, card="C2", full_name="Rui Novo")
        assert codes(scan(session, a_club, "C2")) == ["no_membership"]


def test_an_unknown_card_and_unclear_questions_are_refused(in_app: Flask, a_club: int) -> None:
    with transaction() as session:
        person, _ = a_member(session, a_club)
        for wrong in ("C2", "", "   ", "C1' OR '1'='1"):
            with pytest.raises(UnknownCard):
                scan(session, a_club, wrong)
        asked: dict[str, Any] = {
            "club_id": a_club,
            "source": VisitSource.DESK,
            "by": CLERK,
            "now": NOW,
        }
        with pytest.raises(NobodyNamed):
            check_in(session, **asked)
        with pytest.raises(NobodyNamed):
            check_in(session, **asked, code="C1", person_id=person)
        with pytest.raises(NotYet):
            check_in(session, **asked, code="C1", at=at(0.2))
        assert (count(session, Visit), count(session, EntryDecision)) == (0, 0)


@pytest.mark.parametrize("typed", ["۱۲۳۴۵", "١٢٣٤٥", " 12 345 ", "12345\u200f"])
def test_a_card_is_read_in_every_script(in_app: Flask, a_club: int, typed: str) -> None:
    with transaction() as session:
        person, _ = a_member(session, a_club, card="12345")
        assert scan(session, a_club, typed).person.id == person


def test_a_merged_person_is_answered_as_the_one_who_stays(in_app: Flask, a_club: int) -> None:
    with transaction() as session:
        person, _ = a_member(session, a_club, card=None)
        twin = a_person(session, a_club, card="OLD")
        session.get_one(Person, twin).merged_into_id = person
        session.flush()
        answer = scan(session, a_club, "OLD")
        assert (answer.person.id, answer.decision) == (person, Decision.IN)


def test_a_devices_record_counts_once_however_often_it_comes(in_app: Flask, a_club: int) -> None:
    with transaction() as session:
        person, term = a_member(session, a_club, visits_left=2)
        a_member(session, a_club, card="C2", full_name="Rui Costa")
        record: dict[str, Any] = {
            "device_key": "door-1:77",
            "source": VisitSource.DOOR_LOG,
            "now": at(days=3),
        }
        first = scan(session, a_club, at=NOW, **record)
        again = scan(session, a_club, at=NOW, **record)
        assert (again.visit_id, again.decision) == (first.visit_id, first.decision)
        assert codes(again) == codes(first)
        assert again.term == first.term
        assert (visits_left(session, term), days_of(session, person)) == (1, {TODAY: 1})
        with pytest.raises(DeviceKeyReused):
            scan(session, a_club, "C2", at=NOW, **record)


def test_late_records_are_decided_by_the_day_they_tell_of(in_app: Flask, a_club: int) -> None:
    with transaction() as session:
        person, _ = a_member(session, a_club, until=1)
        late: dict[str, Any] = {"now": at(days=5), "source": VisitSource.DOOR_LOG}
        answer = scan(session, a_club, at=NOW, device_key="a", **late)
        assert (answer.decision, answer.on) == (Decision.WARN, TODAY)
        assert scan(session, a_club, at=at(days=1), device_key="b", **late).decision is (
            Decision.STOP
        )
        before = scan(session, a_club, at=at(-8), device_key="c", **late)
        assert (before.decision, before.on) == (Decision.WARN, TODAY)
        assert days_of(session, person) == {TODAY: 2}
        events = session.scalars(select(EventLog).where(EventLog.name == "VisitRecorded")).all()
        assert {row.payload["affects_from_on"] for row in events} == {"2026-03-02"}
        assert {row.at for row in events} == {at(days=5)}


def test_a_late_record_before_another_entry_leaves_nobody_inside_twice(
    in_app: Flask, a_club: int
) -> None:
    with transaction() as session:
        a_member(session, a_club)
        scan(session, a_club)
        late = scan(session, a_club, at=at(-2), now=at(0.1), device_key="door:1")
        assert late.decision is Decision.IN
        assert session.get_one(Visit, late.visit_id).checked_out_at == NOW


def test_the_clubs_day_begins_at_its_cutoff(in_app: Flask, a_club: int) -> None:
    with transaction() as session:
        session.get_one(Club, a_club).day_cutoff_minutes = 240
        session.flush()
        person, _ = a_member(session, a_club)
        scan(session, a_club, at=at(18.5))  # 03:30 of the next morning
        assert days_of(session, person) == {TODAY: 1}
        scan(session, a_club, at=at(19))  # 04:00
        assert days_of(session, person) == {TODAY: 1, on(1): 1}


def test_somebody_back_within_minutes_of_leaving_goes_on_with_the_visit(
    in_app: Flask, a_club: int
) -> None:
    with transaction() as session:
        _, term = a_member(session, a_club, visits_left=5)
        first = scan(session, a_club)
        assert first.visit_id is not None
        check_out(session, first.visit_id, by=CLERK, now=at(1))
        back = scan(session, a_club, at=at(1.2))
        assert (back.decision, back.visit_id) == (Decision.ALREADY_IN, first.visit_id)
        assert session.get_one(Visit, first.visit_id).checked_out_at is None
        assert visits_left(session, term) == 4


def test_doors_are_written_down_when_first_heard_of(in_app: Flask, a_club: int) -> None:
    with transaction() as session:
        a_member(session, a_club, until=4)
        set_rules(session, a_club, matrix={"ends_soon": {"kiosk": "nothing"}})
        at_desk = scan(session, a_club, access_point="desk-2")
        assert at_desk.decision is Decision.WARN
        at_door = scan(session, a_club, access_point="turnstile 1", at=at(5))
        assert (at_door.decision, at_door.prompt) == (Decision.IN, None)
        assert scan(session, a_club, access_point="Kiosk A", at=at(10)).decision is Decision.IN
        kinds = {point.code: point.kind for point in session.scalars(select(AccessPoint))}
        assert kinds == {
            "desk-2": PointKind.DESK,
            "turnstile 1": PointKind.DOOR,
            "Kiosk A": PointKind.KIOSK,
        }
        scan(session, a_club, access_point="turnstile 1", at=at(days=1))
        assert len(session.scalars(select(AccessPoint)).all()) == 3


def test_what_an_import_knew_makes_a_visit_not_the_first(in_app: Flask, a_club: int) -> None:
    with transaction() as session:
        person, _ = a_member(session, a_club)
        balance = BalanceValues(person, on(-1), last_visit_on=on(-4))
        set_opening_balances(session, [balance], club_id=a_club, by=CLERK, now=NOW)
        assert codes(scan(session, a_club)) == []
        a_member(session, a_club, card="C2", visits_known_from=date(2026, 1, 1))
        assert codes(scan(session, a_club, "C2")) == []


def test_a_question_put_off_is_not_asked_again_too_soon(in_app: Flask, a_club: int) -> None:
    with transaction() as session:
        person, _ = a_member(session, a_club, until=6)
        first = scan(session, a_club)
        assert first.prompt is not None
        assert first.prompt.code is PromptCode.RENEW
        again_on = answer_prompt(
            session,
            person,
            PromptCode.RENEW,
            PromptReply.LATER,
            club_id=a_club,
            by=CLERK,
            now=NOW,
        )
        assert again_on == on(3)
        assert scan(session, a_club, at=at(days=2)).prompt is None
        asked = scan(session, a_club, at=at(days=3)).prompt
        assert asked is not None
        assert asked.code is PromptCode.RENEW


def test_a_check_in_costs_few_reads_and_few_writes(in_app: Flask, a_club: int) -> None:
    with transaction() as session:
        person, _ = a_member(session, a_club, visits_left=9)
        a_debt(session, a_club, person, 100, due=-1)
        scan(session, a_club, access_point="door", at=at(-30))
    statements: list[str] = []

    def note(_c: object, _cursor: object, statement: str, *_rest: object) -> None:
        # What listeners write is their own matter, and one statement at most.
        if "member_state" not in statement:
            statements.append(statement.lstrip().split(None, 1)[0].upper())

    event.listen(db.engine, "before_cursor_execute", note)
    try:
        with openly(), transaction() as session:
            statements.clear()
            answer = scan(session, a_club, access_point="door")
            told = list(statements)
        assert answer.decision is Decision.WARN
        assert told.count("SELECT") == 5
        # The visit taken, the visit, its day, the answer kept, the event.
        assert told.count("UPDATE") + told.count("INSERT") == 5
        with openly(), transaction() as session:
            statements.clear()
            scan(session, a_club, access_point="door", device_key="k", at=at(6))
            assert statements.count("SELECT") == 6
            statements.clear()
            scan(session, a_club, access_point="door", at=at(6.1))
            assert (statements.count("SELECT"), statements.count("INSERT")) == (5, 1)
            statements.clear()
            # The desk asks besides what it is to say on arrival.
            scan(session, a_club, at=at(6.2))
            assert (statements.count("SELECT"), statements.count("INSERT")) == (6, 1)
    finally:
        event.remove(db.engine, "before_cursor_execute", note)


def test_session_is_left_usable_after_a_refusal(in_app: Flask, a_club: int) -> None:
    with transaction() as session:
        a_member(session, a_club)
        with pytest.raises(UnknownCard):
            scan(session, a_club, "nobody")
        assert isinstance(session, Session)
        assert scan(session, a_club).decision is Decision.IN
