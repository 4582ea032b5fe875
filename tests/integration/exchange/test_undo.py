"""Taking an import back: what only it made goes, what somebody touched since stays."""

from datetime import UTC, date, datetime
from typing import Any

import pytest
from sqlalchemy import select, update
from sqlalchemy.orm import Session

from clubcrm.billing.models import Invoice, Payment
from clubcrm.billing.operations import take_payment
from clubcrm.billing.queries import owed_by
from clubcrm.billing.states import InvoiceState, PaymentMethod
from clubcrm.core.actor import ENGINE, OPERATOR, Actor
from clubcrm.core.models import EventLog
from clubcrm.core.money import Money
from clubcrm.core.transactions import reading, transaction
from clubcrm.exchange.errors import NotReady, UnknownBatch
from clubcrm.exchange.queries import undo_preview
from clubcrm.exchange.words import undone_text
from clubcrm.members.models import Closure, Freeze, Membership, Person, Plan
from clubcrm.members.operations import change_person
from clubcrm.members.queries import find_people, tags_of
from clubcrm.messaging.models import Message, Task
from clubcrm.messaging.states import Channel, MessageState, Purpose, TaskKind, TaskState
from clubcrm.retention.models import Assignment, Touchpoint
from clubcrm.retention.states import Arm, TouchpointState
from clubcrm.visits.models import OpeningBalance, Visit, VisitDay
from clubcrm.visits.operations import VisitValues, record_visits, undo_visit
from clubcrm.visits.states import VisitSource
from tests.conftest import NOW
from tests.integration.exchange.conftest import Desk

TERMS = (
    "external_id,full_name,phone,plan,starts_on,ends_on,price,paid,tags,card_code,last_visit_on\n"
    "A,Ana Dias,912345678,Annual,2026-01-01,2026-12-31,100,100,vip,71,2026-02-20\n"
    "B,Eva Luz,912345679,Annual,2026-01-01,2026-12-31,100,100,vip,72,2026-02-20\n"
    "C,Rui Sá,912345670,Annual,2026-01-01,2026-12-31,100,100,,73,\n"
)


def _id(desk: Desk, external_id: str) -> int:
    ((person_id,),) = desk.rows(select(Person.id).where(Person.external_id == external_id))
    return int(person_id)


def test_an_undone_import_leaves_nothing_but_the_log(desk: Desk) -> None:
    before = desk.everything()
    outcome = desk.take_in("memberships", TERMS)
    assert desk.everything() != before
    done = desk.undo(outcome.batch_id)
    assert desk.everything() == before
    assert done["kept"] == 0
    assert done["removed"] >= 9
    assert "rows were removed" in undone_text(done)[0]
    assert desk.count(EventLog) > 0
    with transaction() as session:
        assert find_people(session, "ana", scope={desk.club_id}) == []
    again = desk.take_in("memberships", TERMS)
    assert again.figures.stored == 3


def test_an_undo_is_done_once(desk: Desk) -> None:
    outcome = desk.take_in("memberships", TERMS)
    desk.undo(outcome.batch_id)
    with pytest.raises(NotReady):
        desk.undo(outcome.batch_id)
    with pytest.raises(UnknownBatch):
        desk.undo(9999)


def test_what_was_touched_since_stays_and_is_listed(desk: Desk) -> None:
    outcome = desk.take_in("memberships", TERMS)
    with transaction() as session:
        change_person(session, _id(desk, "A"), {"city": "Porto"}, by=OPERATOR, now=NOW)
        visit = VisitValues(_id(desk, "B"), datetime(2026, 3, 2, 8, tzinfo=UTC))
        record_visits(
            session, [visit], club_id=desk.club_id, source=VisitSource.DESK, by=OPERATOR, now=NOW
        )
    done = desk.undo(outcome.batch_id)
    people = desk.rows(select(Person.external_id).order_by(Person.id))
    assert people == [("A",), ("B",)]
    # B's term has a visit; A's had nothing but A.
    terms = desk.rows(
        select(Person.external_id).join(Membership, Membership.person_id == Person.id)
    )
    assert terms == [("B",)]
    assert done["kept"] >= 3
    listed = {(table, why) for table, _, why in done["kept_rows"]}
    assert {("person", "changed"), ("person", "hangs"), ("membership", "hangs")} <= listed
    assert len(undone_text(done)) == 2


def test_what_the_engine_only_planned_goes_with_the_person(desk: Desk) -> None:
    before = desk.everything()
    outcome = desk.take_in("memberships", TERMS)
    ana, eva, rui = (_id(desk, each) for each in "ABC")
    with transaction() as session:
        _plan_contact(session, desk.club_id, ana)
        session.add_all([_task(desk.club_id, ana, ENGINE), _message(desk.club_id, ana, attempts=0)])
        session.add(_task(desk.club_id, eva, OPERATOR))
        session.add(_message(desk.club_id, rui, attempts=1))
    with reading() as session:
        assert undo_preview(session, outcome.batch_id or 0).stays == {"person": 2}
    done = desk.undo(outcome.batch_id)
    kept = {(table, row_id, why) for table, row_id, why in done["kept_rows"]}
    assert kept == {("person", eva, "hangs"), ("person", rui, "hangs")}
    left = desk.everything()
    assert {name for name in left if left[name] != before[name]} >= {"person", "task", "message"}
    assert (left["task"], left["message"], left["touchpoint"], left["assignment"]) == (1, 1, 0, 0)


def _plan_contact(session: Session, club_id: int, person_id: int) -> None:
    told = {
        "club_id": club_id,
        "person_id": person_id,
        "play": "K07",
        "version": 1,
        "cycle_on": NOW.date(),
    }
    session.add(Assignment(**told, arm=Arm.TREATED, drawn_at=NOW))
    session.add(
        Touchpoint(
            **told,
            occasion_on=NOW.date(),
            arm=Arm.TREATED,
            state=TouchpointState.PLANNED,
            planned_at=NOW,
            valid_until=NOW,
        )
    )


def _task(club_id: int, person_id: int, by: Actor) -> Task:
    return Task(
        club_id=club_id,
        person_id=person_id,
        reference=f"test:{person_id}",
        kind=TaskKind.CALL,
        purpose=Purpose.MARKETING,
        title="Call",
        state=TaskState.OPEN,
        due_on=NOW.date(),
        created_at=NOW,
        created_by=by.name,
    )


def _message(club_id: int, person_id: int, *, attempts: int) -> Message:
    return Message(
        club_id=club_id,
        person_id=person_id,
        reference=f"test:{person_id}",
        channel=Channel.EMAIL,
        purpose=Purpose.MARKETING,
        language="en",
        body="Hello",
        state=MessageState.QUEUED,
        attempts=attempts,
        send_at=NOW,
        valid_until=NOW,
        created_at=NOW,
    )


def test_changed_fields_get_their_old_values_back(desk: Desk) -> None:
    first = desk.take_in("memberships", TERMS)
    changed = (
        TERMS.replace("912345678", "912345000")
        .replace("Rui Sá", "Rui Silva")
        .replace("vip,72", "gold,72")
        .replace("2026-12-31,100,100,,73", "2027-01-31,120,100,,73")
        .replace("2026-02-20\nB", "2026-02-25\nB")
    )
    second = desk.take_in("memberships", changed)
    assert second.figures.stored == 3
    done = desk.undo(second.batch_id)
    assert (done["kept"], done["removed"]) == (0, 0)
    people = desk.rows(
        select(Person.external_id, Person.full_name, Person.phone).order_by(Person.id)
    )
    assert people == [
        ("A", "Ana Dias", "+351912345678"),
        ("B", "Eva Luz", "+351912345679"),
        ("C", "Rui Sá", "+351912345670"),
    ]
    terms = desk.rows(select(Membership.until_on, Membership.price_minor).order_by(Membership.id))
    assert terms == [(date(2027, 1, 1), 10000)] * 3
    with transaction() as session:
        assert tags_of(session, [_id(desk, "B")])[_id(desk, "B")] == ("vip",)
    assert desk.rows(select(OpeningBalance.last_visit_on).order_by(OpeningBalance.person_id))[
        0
    ] == (date(2026, 2, 20),)
    # Taking the second back left the first as untouched as it was.
    assert desk.undo(first.batch_id)["kept"] == 0
    assert desk.count(Person) == 0


def test_a_changed_field_somebody_changed_again_stays(desk: Desk) -> None:
    desk.take_in("memberships", TERMS)
    second = desk.take_in("memberships", TERMS.replace("Rui Sá", "Rui Silva"))
    with transaction() as session:
        change_person(session, _id(desk, "C"), {"full_name": "Rui Santos"}, by=OPERATOR, now=NOW)
    done = desk.undo(second.batch_id)
    assert done["kept"] == 1
    assert ("Rui Santos",) in desk.rows(select(Person.full_name))


def test_posted_money_is_reversed_and_never_deleted(desk: Desk) -> None:
    people = desk.take_in("members", "external_id,full_name\nA,Ana\n")
    money = desk.take_in("payments", "external_id,member,paid_at,amount\nR1,A,2026-01-05,50\n")
    debts = desk.take_in("debts", "member,due_on,amount\nA,2026-02-01,40\nA,2026-02-02,10\n")
    with transaction() as session:
        take_payment(
            session,
            _id(desk, "A"),
            Money(1000, "EUR"),
            method=PaymentMethod.CASH,
            by=OPERATOR,
            now=NOW,
        )
    undone = desk.undo(money.batch_id)
    assert undone["reversed"] == 1
    amounts = desk.rows(select(Payment.amount_minor).where(Payment.is_imported | (Payment.id > 2)))
    assert sorted(amount for (amount,) in amounts) == [-5000, 5000]
    undone = desk.undo(debts.batch_id)
    assert (undone["reversed"], undone["kept"]) == (1, 1)
    states = desk.rows(select(Invoice.state).order_by(Invoice.id))
    assert states == [(InvoiceState.ISSUED,), (InvoiceState.VOID,)]
    # Whoever has a posted document stays.
    undone = desk.undo(people.batch_id)
    assert (undone["removed"], undone["kept"]) == (0, 1)
    again = desk.take_in("payments", "external_id,member,paid_at,amount\nR1,A,2026-01-05,50\n")
    assert again.figures.stored == 1


def test_a_term_with_an_unpaid_rest_counts_nowhere_afterwards(desk: Desk) -> None:
    outcome = desk.take_in("memberships", TERMS.replace("100,100,vip,71", "100,60,vip,71"))
    done = desk.undo(outcome.batch_id)
    assert done["reversed"] == 1
    ((term,),) = desk.rows(select(Membership))
    assert term.voided_at is not None
    assert desk.rows(select(Person.external_id)) == [("A",)]
    with transaction() as session:
        assert owed_by(session, [term.person_id]) == {}


def test_a_line_of_terms_with_unpaid_rests_counts_nowhere(desk: Desk) -> None:
    content = (
        "external_id,member,plan,full_name,starts_on,ends_on,price,paid,previous\n"
        "T1,A,Annual,Ana,2024-01-01,2024-12-31,100,100,\n"
        "T2,A,Annual,Ana,2025-01-01,2025-12-31,100,60,T1\n"
        "T3,A,Annual,Ana,2026-01-01,2026-12-31,100,100,T2\n"
        "T4,B,Annual,Eva,2026-01-01,2026-12-31,100,100,\n"
    )
    outcome = desk.take_in("memberships", content)
    done = desk.undo(outcome.batch_id)
    terms = desk.rows(select(Membership.external_id, Membership.voided_at.is_not(None)))
    assert sorted(tuple(term) for term in terms) == [("T1", True), ("T2", True)]
    assert done["reversed"] == 1
    assert desk.rows(select(Person.external_id)) == [("A",)]


def test_visits_go_with_their_days(desk: Desk) -> None:
    people = desk.take_in("members", "external_id\nA\nB\n")
    log = desk.take_in(
        "visits",
        "member,checked_in_at\nA,2026-01-05 18:00\nA,2026-01-06 18:00\nB,2026-01-05 18:00\n",
    )
    ((undone_one,),) = desk.rows(
        select(Visit.id).join(Person, Person.id == Visit.person_id).where(Person.external_id == "B")
    )
    with transaction() as session:
        undo_visit(session, undone_one, by=OPERATOR, now=NOW)
    done = desk.undo(log.batch_id)
    assert desk.rows(select(Visit.id)) == [(undone_one,)]
    assert desk.count(VisitDay) == 0
    assert done["kept"] == 1
    known_from = desk.rows(select(Person.visits_known_from).distinct())
    assert known_from == [(date(2026, 3, 1),)]
    assert desk.undo(people.batch_id)["kept"] == 1
    assert desk.rows(select(Person.external_id)) == [("B",)]


def test_freezes_give_the_ends_back(desk: Desk) -> None:
    desk.take_in("memberships", TERMS)
    before = desk.rows(
        select(Membership.until_on, Membership.agreed_until_on).order_by(Membership.id)
    )
    freezes = desk.take_in(
        "freezes",
        "member,from,until\nA,2026-02-01,2026-02-11\nA,2026-04-01,2026-04-11\nB,2026-12-20,2027-01-20\n",
    )
    done = desk.undo(freezes.batch_id)
    assert (done["removed"], done["kept"]) == (3, 0)
    assert desk.count(Freeze) == 0
    after = desk.rows(
        select(Membership.until_on, Membership.agreed_until_on).order_by(Membership.id)
    )
    assert after == before


def test_closures_give_the_ends_back(desk: Desk) -> None:
    desk.take_in("memberships", TERMS)
    closures = desk.take_in(
        "closures", "from,until,share,extends_terms\n2026-08-01,2026-08-11,0,yes\n"
    )
    assert desk.rows(select(Membership.until_on).distinct()) == [(date(2027, 1, 11),)]
    assert desk.undo(closures.batch_id)["removed"] == 1
    assert desk.count(Closure) == 0
    assert desk.rows(select(Membership.until_on).distinct()) == [(date(2027, 1, 1),)]


def test_balances_of_people_known_before_go_back(desk: Desk) -> None:
    desk.take_in("members", "external_id,visits_total\nA,5\nB,\n")
    later = desk.take_in("visits", "member,visits_total\nA,9\nB,3\n")
    desk.undo(later.batch_id)
    rows: list[Any] = desk.rows(select(OpeningBalance.visits_total))
    assert rows == [(5,)]


def test_plans_somebody_sells_from_stay(desk: Desk) -> None:
    first = desk.take_in("memberships", TERMS)
    desk.take_in("memberships", "external_id,plan,starts_on\nZ,Annual,2026-01-01\n")
    done = desk.undo(first.batch_id)
    assert ["plan", 1, "hangs"] in [[table, 1, why] for table, _, why in done["kept_rows"]]
    assert desk.rows(select(Plan.name)) == [("Annual",)]


def test_a_line_of_terms_of_one_file_goes_whole(desk: Desk) -> None:
    head = "external_id,member,full_name,plan,starts_on,ends_on,previous\n"
    # The later ones stand first, and C's last one is touched.
    content = head + "".join(
        f"{who}{n},{who},{who},Annual,{2020 + n}-01-01,{2020 + n}-12-31,{f'{who}{n - 1}' if n else ''}\n"
        for who in "ABC"
        for n in reversed(range(4))
    )
    outcome = desk.take_in("memberships", content)
    assert desk.count(Membership) == 12
    ((last,),) = desk.rows(select(Membership.id).where(Membership.external_id == "C3"))
    with transaction() as session:
        session.execute(update(Membership).where(Membership.id == last).values(revision=9))
    done = desk.undo(outcome.batch_id)
    left = desk.rows(select(Membership.external_id).order_by(Membership.external_id))
    assert left == [("C0",), ("C1",), ("C2",), ("C3",)]
    assert desk.rows(select(Person.external_id)) == [("C",)]
    kept = [[table, why] for table, _, why in done["kept_rows"] if table == "membership"]
    assert sorted(kept) == [["membership", "changed"], *[["membership", "hangs"]] * 3]
