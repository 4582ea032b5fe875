"""Notice on contracts that go on by themselves."""

from datetime import date
from typing import Any

import pytest
from flask import Flask
from sqlalchemy import update

from clubcrm.accounts.models import Club
from clubcrm.core.actor import OPERATOR
from clubcrm.core.transactions import transaction
from clubcrm.members.errors import (
    AlreadyCancelled,
    CancelledTooLate,
    LastDayPast,
    MembershipIsOver,
    NotCancelled,
    NothingToCancel,
)
from clubcrm.members.events import CancellationRequested, CancellationWithdrawn
from clubcrm.members.operations import (
    declare_closure,
    freeze_membership,
    request_cancellation,
    withdraw_cancellation,
)
from clubcrm.members.queries import get_term
from clubcrm.members.states import EndReason, PlanKind
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


def a_contract(session: Any, club_id: int, starts_on: date = date(2026, 1, 31)) -> int:
    plan = a_plan(session, club_id, f"Rolling {starts_on}", kind=PlanKind.ROLLING)
    return a_term(session, club_id, a_person(session, club_id), plan, starts_on)


def test_notice_ends_with_the_contract_month(in_app: Flask, a_club: int) -> None:
    with transaction() as session:
        term = a_contract(session, a_club)
        last_day = request_cancellation(session, term, reason="moves away", **ME)
        row = get_term(session, term)
        (event,) = happened(session, CancellationRequested)
    assert last_day == date(2026, 3, 30), "counted from 31 January: until 31 March"
    assert (row.until_on, row.cancel_until_on) == (date(2026, 3, 31), date(2026, 3, 31))
    assert (row.end_reason, row.end_note) == (EndReason.CANCELLED, "moves away")
    assert event.payload["affects_from_on"] == TODAY.isoformat()
    assert "moves" not in str(event.payload)


def test_the_clubs_notice_runs_first(in_app: Flask, a_club: int) -> None:
    with transaction() as session:
        session.execute(update(Club).values(settings={"notice_days": 30}))
        term = a_contract(session, a_club)
        assert request_cancellation(session, term, **ME) == date(2026, 4, 29)


def test_a_last_day_may_be_agreed(in_app: Flask, a_club: int) -> None:
    with transaction() as session:
        term = a_contract(session, a_club)
        with pytest.raises(LastDayPast):
            request_cancellation(session, term, last_day=on(-1), **ME)
        assert request_cancellation(session, term, last_day=TODAY, **ME) == TODAY
        assert get_term(session, term).until_on == on(1)
        with pytest.raises(AlreadyCancelled):
            request_cancellation(session, term, **ME)


def test_a_pause_does_not_move_a_notice(in_app: Flask, a_club: int) -> None:
    with transaction() as session:
        term = a_contract(session, a_club)
        request_cancellation(session, term, last_day=on(20), **ME)
        freeze_membership(session, term, days(3, 6), **ME)
        declare_closure(session, a_club, days(8, 10), extends_terms=True, **ME)
        assert get_term(session, term).ends_on == on(20)


def test_notice_is_taken_back_before_it_takes_effect(in_app: Flask, a_club: int) -> None:
    with transaction() as session:
        term = a_contract(session, a_club)
        request_cancellation(session, term, last_day=on(5), reason="x", **ME)
        withdraw_cancellation(session, term, by=OPERATOR, now=later(5))
        row = get_term(session, term)
        (event,) = happened(session, CancellationWithdrawn)
        assert event.payload["affects_from_on"] == TODAY.isoformat()
        assert (row.until_on, row.cancel_until_on, row.end_reason) == (None, None, None)
        with pytest.raises(NotCancelled):
            withdraw_cancellation(session, term, **ME)
        request_cancellation(session, term, last_day=on(5), **ME)
        with pytest.raises(CancelledTooLate):
            withdraw_cancellation(session, term, by=OPERATOR, now=later(6))
        with pytest.raises(AlreadyCancelled):
            request_cancellation(session, term, by=OPERATOR, now=later(6))


def test_a_term_that_ends_by_itself_needs_no_notice(in_app: Flask, a_club: int) -> None:
    with transaction() as session:
        with pytest.raises(NothingToCancel):
            request_cancellation(session, thirty_days(session, a_club), **ME)
        with pytest.raises(MembershipIsOver):
            request_cancellation(session, thirty_days(session, a_club, on(-40)), **ME)


def test_a_term_that_renews_by_itself_ends_at_its_end(in_app: Flask, a_club: int) -> None:
    with transaction() as session:
        plan = a_plan(session, a_club, days=30, auto_renew=True)
        term = a_term(session, a_club, a_person(session, a_club), plan, TODAY)
        assert request_cancellation(session, term, **ME) == on(29)
        withdraw_cancellation(session, term, **ME)
        assert span(session, term) == (0, 30)
