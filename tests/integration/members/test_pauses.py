"""Freezes and closures move the end; taking them back restores it exactly."""

from datetime import date, timedelta
from typing import Any

import pytest
from flask import Flask
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from sqlalchemy import event, select, update

from clubcrm.accounts.models import Club
from clubcrm.core.actor import OPERATOR
from clubcrm.core.db import db
from clubcrm.core.period import Period
from clubcrm.core.prepared import openly
from clubcrm.core.transactions import transaction
from clubcrm.members.errors import (
    BadClosure,
    ClosureStands,
    FreezeIsOver,
    FreezeOutsideTerm,
    FreezesOverlap,
    FreezeTooLong,
    MembershipIsVoid,
    UnknownClosure,
    UnknownFreeze,
)
from clubcrm.members.events import (
    ClosureDeclared,
    ClosureWithdrawn,
    FreezeCancelled,
    FreezeEnded,
    MembershipFrozen,
    TermsMoved,
)
from clubcrm.members.models import Membership
from clubcrm.members.operations import (
    FreezeValues,
    TermValues,
    cancel_freeze,
    declare_closure,
    end_freeze,
    freeze_membership,
    freeze_memberships,
    renew_membership,
    start_memberships,
    void_membership,
    withdraw_closure,
)
from clubcrm.members.queries import closures_of, end_with_pauses, get_freeze, get_term
from clubcrm.members.states import PlanKind
from tests.conftest import NOW
from tests.integration.members.desk import (
    TODAY,
    a_person,
    a_plan,
    a_term,
    days,
    happened,
    later,
    on,
    span,
    thirty_days,
)

ME: dict[str, Any] = {"by": OPERATOR, "now": NOW}


def test_a_freeze_moves_the_end_by_its_days(in_app: Flask, a_club: int) -> None:
    with transaction() as session:
        term = thirty_days(session, a_club)
        freeze = freeze_membership(session, term, days(5, 12), reason="knee", **ME)
        assert span(session, term) == (0, 37)
        assert get_freeze(session, freeze).reason == "knee"
        (row,) = happened(session, MembershipFrozen)
    assert row.payload["until_on"] == on(37).isoformat()
    assert row.payload["affects_from_on"] == TODAY.isoformat()
    assert "knee" not in str(row.payload)


def test_a_return_gives_the_rest_back(in_app: Flask, a_club: int) -> None:
    with transaction() as session:
        term = thirty_days(session, a_club)
        freeze = freeze_membership(session, term, days(5, 12), **ME)
        end_freeze(session, freeze, on=on(8), **ME)
        assert span(session, term) == (0, 33)
        (row,) = happened(session, FreezeEnded)
        assert row.payload["freeze_until_on"] == on(8).isoformat()
        with pytest.raises(FreezeIsOver):
            end_freeze(session, freeze, on=on(8), **ME)


def test_a_return_on_the_first_day_takes_the_freeze_back(in_app: Flask, a_club: int) -> None:
    with transaction() as session:
        term = thirty_days(session, a_club)
        freeze = freeze_membership(session, term, days(0, 7), **ME)
        end_freeze(session, freeze, on=TODAY, **ME)
        assert span(session, term) == (0, 30)
        assert len(happened(session, FreezeCancelled)) == 1
        with pytest.raises(FreezeIsOver):
            cancel_freeze(session, freeze, **ME)
        with pytest.raises(UnknownFreeze):
            cancel_freeze(session, 99, **ME)
        # The days are free again.
        freeze_membership(session, term, days(0, 7), **ME)


def test_a_freeze_fits_its_term(in_app: Flask, a_club: int) -> None:
    with transaction() as session:
        term = thirty_days(session, a_club)
        for outside in (days(-1, 5), days(30, 35), Period(on(3))):
            with pytest.raises(FreezeOutsideTerm):
                freeze_membership(session, term, outside, **ME)
        freeze_membership(session, term, days(10, 15), **ME)
        for overlapping in (days(14, 20), days(5, 11), days(11, 12), days(9, 16)):
            with pytest.raises(FreezesOverlap):
                freeze_membership(session, term, overlapping, **ME)
        freeze_membership(session, term, days(15, 16), **ME)
        # The end has moved, and with it what lies in the term.
        freeze_membership(session, term, days(35, 40), **ME)
        assert span(session, term) == (0, 41)
        void_membership(session, term, reason="", **ME)
        with pytest.raises(MembershipIsVoid):
            freeze_membership(session, term, days(1, 2), **ME)


def test_a_club_may_limit_frozen_days(in_app: Flask, a_club: int) -> None:
    with transaction() as session:
        session.execute(update(Club).values(settings={"freeze_days_a_term": 10}))
        term = thirty_days(session, a_club)
        freeze_membership(session, term, days(1, 8), **ME)
        with pytest.raises(FreezeTooLong):
            freeze_membership(session, term, days(10, 14), **ME)
        freeze_membership(session, term, days(10, 13), **ME)


def test_an_open_contract_is_frozen_too(in_app: Flask, a_club: int) -> None:
    with transaction() as session:
        person = a_person(session, a_club)
        plan = a_plan(session, a_club, "Rolling", kind=PlanKind.ROLLING)
        term = a_term(session, a_club, person, plan, TODAY)
        freeze_membership(session, term, days(5, 12), **ME)
        assert span(session, term) == (0, None)


def test_a_queued_renewal_moves_along_and_back(in_app: Flask, a_club: int) -> None:
    with transaction() as session:
        term = thirty_days(session, a_club)
        second = renew_membership(session, term, **ME)
        third = renew_membership(session, second, **ME)
        freeze = freeze_membership(session, term, days(5, 12), **ME)
        moved = [span(session, one) for one in (term, second, third)]
        assert moved == [(0, 37), (37, 67), (67, 97)]
        assert {row.payload["membership_id"] for row in happened(session, TermsMoved)} == {
            second,
            third,
        }
        cancel_freeze(session, freeze, **ME)
        back = [span(session, one) for one in (term, second, third)]
        assert back == [(0, 30), (30, 60), (60, 90)]


def test_months_of_a_moved_renewal_are_counted_anew(in_app: Flask, a_club: int) -> None:
    with transaction() as session:
        person = a_person(session, a_club)
        plan = a_plan(session, a_club, months=1)
        first = a_term(session, a_club, person, plan, date(2026, 2, 28))
        second = renew_membership(session, first, **ME)
        assert get_term(session, second).until_on == date(2026, 4, 28)
        freeze = freeze_membership(session, first, days(5, 8), **ME)
        row = get_term(session, second)
        assert (row.starts_on, row.until_on) == (date(2026, 3, 31), date(2026, 4, 30))
        cancel_freeze(session, freeze, **ME)
        row = get_term(session, second)
        assert (row.starts_on, row.until_on) == (date(2026, 3, 28), date(2026, 4, 28))


def test_a_renewal_with_a_gap_or_one_that_began_stays(in_app: Flask, a_club: int) -> None:
    with transaction() as session:
        gap = thirty_days(session, a_club)
        after_gap = renew_membership(session, gap, starts_on=on(33), **ME)
        freeze_membership(session, gap, days(5, 7), **ME)
        assert (span(session, gap), span(session, after_gap)) == ((0, 32), (33, 63))
        begun = thirty_days(session, a_club, on(-40))
        running = renew_membership(session, begun, starts_on=on(-10), **ME)
        freeze_membership(session, begun, days(-15, -13), **ME)
        assert (span(session, begun), span(session, running)) == ((-40, -8), (-10, 20))


def test_an_imported_freeze_is_in_the_imported_end_already(in_app: Flask, a_club: int) -> None:
    with transaction() as session:
        person = a_person(session, a_club)
        plan = a_plan(session, a_club, "Imported", is_imported=True)
        term = a_term(session, a_club, person, plan, on(-60), until_on=on(30))
        past = FreezeValues(membership_id=term, period=days(-20, -10))
        (freeze,) = freeze_memberships(session, [past], club_id=a_club, imported=True, **ME)
        assert span(session, term) == (-60, 30)
        assert get_term(session, term).agreed_until_on == on(20)
        # Taken back, its days are no longer given.
        cancel_freeze(session, freeze, **ME)
        assert span(session, term) == (-60, 20)
        # One that passes the end cannot be in it.
        running = FreezeValues(membership_id=term, period=days(10, 25))
        freeze_memberships(session, [running], club_id=a_club, imported=True, **ME)
        assert span(session, term) == (-60, 35)


def test_a_closure_gives_its_days_back_to_all_who_run(in_app: Flask, a_club: int) -> None:
    with transaction() as session:
        running = thirty_days(session, a_club)
        ended = thirty_days(session, a_club, on(-60))
        coming = thirty_days(session, a_club, on(12))
        later_on = thirty_days(session, a_club, on(50))
        closure = declare_closure(session, a_club, days(10, 15), extends_terms=True, **ME)
        terms = (running, ended, coming, later_on)
        assert [span(session, one) for one in terms] == [
            (0, 35),
            (-60, -30),
            (12, 45),
            (50, 80),
        ]
        assert len(happened(session, TermsMoved)) == 2
        (row,) = happened(session, ClosureDeclared)
        assert (row.person_id, row.payload["affects_from_on"]) == (None, on(10).isoformat())
        withdraw_closure(session, closure, **ME)
        assert [span(session, one) for one in terms] == [
            (0, 30),
            (-60, -30),
            (12, 42),
            (50, 80),
        ]
        assert len(happened(session, ClosureWithdrawn)) == 1
        assert closures_of(session, a_club) == []
        with pytest.raises(UnknownClosure):
            withdraw_closure(session, closure, **ME)


def test_a_closure_declared_again_has_a_number_of_its_own(in_app: Flask, a_club: int) -> None:
    """An imported end holds the closures before it; a number given twice would hide a later one."""
    with transaction() as session:
        first = declare_closure(session, a_club, days(10, 15), extends_terms=True, **ME)
        person = a_person(session, a_club)
        plan = a_plan(session, a_club, "Imported", is_imported=True)
        term = a_term(session, a_club, person, plan, TODAY, until_on=on(30))
        withdraw_closure(session, first, **ME)
        declare_closure(session, a_club, days(10, 15), extends_terms=True, **ME)
        assert span(session, term) == (0, 35)


def test_a_slow_week_gives_nothing_back(in_app: Flask, a_club: int) -> None:
    with transaction() as session:
        term = thirty_days(session, a_club)
        declare_closure(
            session, a_club, days(1, 8), share_percent=40, extends_terms=False, name="Exams", **ME
        )
        assert span(session, term) == (0, 30)
        (row,) = closures_of(session, a_club, from_on=on(7), until_on=on(8))
        assert (row.share_percent, row.name) == (40, "Exams")
        assert closures_of(session, a_club, from_on=on(8)) == []
        with pytest.raises(BadClosure):
            declare_closure(session, a_club, days(1, 8), share_percent=40, extends_terms=True, **ME)
        with pytest.raises(BadClosure):
            declare_closure(session, a_club, Period(on(1)), extends_terms=False, **ME)


def test_the_same_closure_stands_once(in_app: Flask, a_club: int) -> None:
    with transaction() as session:
        declare_closure(session, a_club, days(1, 8), extends_terms=True, **ME)
    with pytest.raises(ClosureStands), transaction() as session:
        declare_closure(session, a_club, days(1, 8), extends_terms=True, **ME)


def test_a_closure_for_a_thousand_terms_costs_a_handful_of_statements(
    in_app: Flask, a_club: int
) -> None:
    with transaction() as session:
        person = a_person(session, a_club)
        plan = a_plan(session, a_club, days=30)
        terms = [TermValues(person_id=person, plan_id=plan, starts_on=TODAY)] * 1000
        ids = start_memberships(session, terms, club_id=a_club, **ME)
        for one in ids[:10]:
            renew_membership(session, one, **ME)
    statements: list[str] = []

    def count(_connection: Any, _cursor: Any, statement: str, *_rest: Any) -> None:
        statements.append(statement)

    event.listen(db.engine, "before_cursor_execute", count)
    try:
        with openly(), transaction() as session:
            declare_closure(session, a_club, days(10, 15), extends_terms=True, **ME)
    finally:
        event.remove(db.engine, "before_cursor_execute", count)
    with transaction() as session:
        ends = session.scalars(select(Membership.until_on)).all()
    assert sorted(end for end in ends if end) == [on(35)] * 1000 + [on(65)] * 10
    assert len(statements) < 40, statements


@settings(
    max_examples=25,
    deadline=None,
    suppress_health_check=[HealthCheck.function_scoped_fixture],
)
@given(
    st.lists(
        st.tuples(st.sampled_from("fcreu"), st.integers(-5, 60), st.integers(1, 12)), max_size=9
    )
)
def test_whatever_happens_the_end_is_its_pauses(
    in_app: Flask, a_club: int, moves: list[tuple[str, int, int]]
) -> None:
    """Freezes, closures, returns and withdrawals in any order; then all is taken back."""
    with transaction() as session:
        term = thirty_days(session, a_club)
        queued = renew_membership(session, term, **ME)
        freezes: list[int] = []
        closures: list[int] = []
        for what, begin, length in moves:
            _move(session, a_club, term, what, begin, length, freezes, closures)
            row = get_term(session, term)
            stops = [c.period for c in closures_of(session, a_club) if c.extends_terms]
            assert row.until_on == end_with_pauses(TODAY, on(30), [*row.pauses, *stops])
            assert get_term(session, queued).starts_on == row.until_on
        for freeze in freezes:
            cancel_freeze(session, freeze, **ME)
        for closure in closures:
            withdraw_closure(session, closure, **ME)
        assert (span(session, term), span(session, queued)) == ((0, 30), (30, 60))


def _move(
    session: Any,
    club_id: int,
    term: int,
    what: str,
    begin: int,
    length: int,
    freezes: list[int],
    closures: list[int],
) -> None:
    span_of_days = days(begin, begin + length)
    if what == "f":
        try:
            freezes.append(freeze_membership(session, term, span_of_days, **ME))
        except (FreezesOverlap, FreezeOutsideTerm):
            return
    elif what == "c":
        known = {closure.period for closure in closures_of(session, club_id)}
        if span_of_days not in known:
            closures.append(
                declare_closure(session, club_id, span_of_days, extends_terms=True, **ME)
            )
    elif what == "r" and freezes:
        freeze = get_freeze(session, freezes[begin % len(freezes)])
        if length < (freeze.until_on - freeze.from_on).days:
            end_freeze(session, freeze.id, on=freeze.from_on + timedelta(days=length), **ME)
    elif what == "e" and freezes:
        cancel_freeze(session, freezes.pop(begin % len(freezes)), **ME)
    elif what == "u" and closures:
        withdraw_closure(session, closures.pop(begin % len(closures)), **ME)


def test_time_goes_on_and_what_began_stays(in_app: Flask, a_club: int) -> None:
    """A freeze told after the renewal began moves only the old end."""
    with transaction() as session:
        term = thirty_days(session, a_club)
        second = renew_membership(session, term, **ME)
        freeze_membership(session, term, days(25, 28), by=OPERATOR, now=later(30))
        assert (span(session, term), span(session, second)) == ((0, 33), (30, 60))
