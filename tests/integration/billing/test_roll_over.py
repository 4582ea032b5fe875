"""Terms that renew by themselves go on: once, the same again, and only where nobody said otherwise."""

from datetime import date, datetime, timedelta

from flask import Flask

from clubcrm.billing.jobs import roll_over_ended_terms
from clubcrm.billing.operations import sell_membership
from clubcrm.billing.queries import owed_by
from clubcrm.core import clock
from clubcrm.core.actor import OPERATOR
from clubcrm.core.money import Money
from clubcrm.core.transactions import reading, transaction
from clubcrm.members.operations import (
    TermValues,
    change_person,
    request_cancellation,
    start_memberships,
)
from clubcrm.members.queries import TermRow, memberships_of
from clubcrm.members.states import Link
from clubcrm.retention.jobs import run_missed_days
from clubcrm.retention.queries import standing_of
from clubcrm.retention.states import Phase
from tests.conftest import NOW
from tests.integration.members.desk import TODAY, a_person, a_plan, later, on

PRICE = Money(3500, "EUR")


def _a_term_that_goes_on(club_id: int, **agreed: Money) -> int:
    """Somebody with a term of thirty days that renews by itself; returns the person."""
    with transaction() as session:
        person_id = a_person(session, club_id, full_name="Ana Silva")
        plan_id = a_plan(session, club_id, f"Goes on {person_id}", days=30, auto_renew=True)
        price = agreed.get("price", PRICE)
        sell_membership(
            session,
            person_id,
            plan_id,
            starts_on=TODAY,
            price=price,
            paid=price,
            by=OPERATOR,
            now=NOW,
        )
    return person_id


def _roll_over(club_id: int, moment: datetime) -> int:
    return roll_over_ended_terms(club_id, lambda: moment)


def _terms(person_id: int) -> list[TermRow]:
    with reading() as session:
        return memberships_of(session, person_id)[::-1]


def _spans(person_id: int) -> list[tuple[date, date | None]]:
    return [(term.starts_on, term.until_on) for term in _terms(person_id)]


def test_it_goes_on_the_day_after_its_last_and_only_once(in_app: Flask, a_club: int) -> None:
    person_id = _a_term_that_goes_on(a_club)
    assert _roll_over(a_club, later(29)) == 0
    assert _roll_over(a_club, later(30)) == 1
    assert _roll_over(a_club, later(30)) == 0
    first, second = _terms(person_id)
    assert (second.starts_on, second.until_on) == (on(30), on(60))
    assert (second.previous_id, second.link) == (first.id, Link.RENEWAL)
    assert second.price == PRICE  # as agreed, not as the plan's label says
    assert second.auto_renew
    with reading() as session:
        owed = owed_by(session, [person_id])[person_id]
    assert (owed.amount, owed.oldest_due_on) == (PRICE, on(30))
    assert _roll_over(a_club, later(60)) == 1
    assert _spans(person_id)[-1] == (on(60), on(90))


def test_nobody_who_goes_on_passes_through_grace(in_app: Flask, a_club: int) -> None:
    person_id = _a_term_that_goes_on(a_club)
    for day in range(33):
        _roll_over(a_club, later(day))
        with clock.clock_at(later(day)):
            run_missed_days(a_club, clock.now)
        with reading() as session:
            standing = standing_of(session, person_id, on(day))
        assert standing.phase is Phase.ADAPTATION


def test_after_days_without_the_server_it_leaves_no_gap(in_app: Flask, a_club: int) -> None:
    person_id = _a_term_that_goes_on(a_club)
    assert _roll_over(a_club, later(37)) == 1
    assert _spans(person_id)[-1] == (on(30), on(60))


def test_long_after_its_end_the_member_has_left(in_app: Flask, a_club: int) -> None:
    person_id = _a_term_that_goes_on(a_club)
    assert _roll_over(a_club, later(61)) == 0
    assert len(_terms(person_id)) == 1


def test_a_notice_or_the_end_of_contact_ends_it(in_app: Flask, a_club: int) -> None:
    told, gone = _a_term_that_goes_on(a_club), _a_term_that_goes_on(a_club)
    with transaction() as session:
        term_id = memberships_of(session, told)[0].id
        request_cancellation(session, term_id, reason="moves away", by=OPERATOR, now=NOW)
        change_person(session, gone, {"no_contact": True}, by=OPERATOR, now=NOW)
    assert _roll_over(a_club, later(30)) == 0


def test_what_was_over_when_an_import_brought_it_has_ended(in_app: Flask, a_club: int) -> None:
    with transaction() as session:
        person_id, other_id = a_person(session, a_club), a_person(session, a_club)
        plan_id = a_plan(session, a_club, "Goes on", days=30)
        start_memberships(
            session,
            [
                TermValues(person_id=id_, plan_id=plan_id, starts_on=on(start), auto_renew=True)
                for id_, start in ((person_id, -40), (other_id, -20))
            ],
            club_id=a_club,
            by=OPERATOR,
            now=NOW,
            imported=True,
        )
    assert _roll_over(a_club, NOW + timedelta(days=10)) == 1
    assert len(_terms(person_id)) == 1
    assert _spans(other_id) == [(on(-20), on(10)), (on(10), on(40))]
