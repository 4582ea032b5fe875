"""What the desk and everything that counts visits read."""

from datetime import timedelta
from typing import Any

import pytest
from flask import Flask
from sqlalchemy import select

from clubcrm.core.days import day_no
from clubcrm.core.errors import Invalid
from clubcrm.core.models import EventLog
from clubcrm.core.period import Period
from clubcrm.core.transactions import transaction
from clubcrm.members.operations import freeze_membership
from clubcrm.visits.operations import (
    BalanceValues,
    VisitValues,
    answer_prompt,
    check_out,
    record_visits,
    set_opening_balances,
    undo_visit,
)
from clubcrm.visits.queries import (
    desk_card,
    entry_row,
    last_visits_of,
    latest_entries,
    opening_balances_of,
    visit_days_of,
    visitors_on,
    visits_of,
    who_is_inside,
)
from clubcrm.visits.states import Decision, Effect, PromptCode, PromptReply, VisitSource
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
    on,
    scan,
    set_rules,
)


def test_who_is_inside(in_app: Flask, a_club: int) -> None:
    with transaction() as session:
        for no, name in enumerate(("Ana", "Rui", "Eva", "Leo")):
            a_member(session, a_club, card=f"C{no}", full_name=name)
        scan(session, a_club, "C0", at=at(-5))
        scan(session, a_club, "C1", at=at(-3))
        left = scan(session, a_club, "C2", at=at(-1)).visit_id
        undone = scan(session, a_club, "C3", at=at(-0.5)).visit_id
        assert left is not None
        assert undone is not None
        check_out(session, left, by=CLERK, now=at(-0.2))
        undo_visit(session, undone, by=CLERK, now=NOW)
        scan(session, a_club, "C0", at=at(-0.1))
        inside = who_is_inside(session, a_club, NOW)
        assert [row.full_name for row in inside.people] == ["Ana", "Rui"]
        assert inside.people[1].since == at(-3)
        cut = who_is_inside(session, a_club, NOW, limit=1)
        assert (cut.count, len(cut.people)) == (2, 1)
        assert who_is_inside(session, a_club, at(1)).count == 1
        assert who_is_inside(session, a_club, at(4)).count == 0
        assert visitors_on(session, a_club, TODAY) == 3


def test_nobody_is_inside_after_the_clubs_own_hours(in_app: Flask, a_club: int) -> None:
    with transaction() as session:
        a_member(session, a_club)
        set_rules(session, a_club, inside_minutes=60)
        scan(session, a_club)
        assert who_is_inside(session, a_club, at(1) - timedelta(seconds=1)).count == 1
        assert who_is_inside(session, a_club, at(1)).count == 0


def test_the_day_ends_for_everybody(in_app: Flask, a_club: int) -> None:
    with transaction() as session:
        a_member(session, a_club)
        scan(session, a_club, at=at(14))  # 23:00 in Lisbon
        assert who_is_inside(session, a_club, at(15) - timedelta(seconds=1)).count == 1
        assert who_is_inside(session, a_club, at(15)).count == 0


def test_the_latest_entries_tell_every_answer(in_app: Flask, a_club: int) -> None:
    with transaction() as session:
        a_member(session, a_club, full_name="Ana")
        a_member(session, a_club, card="C2", full_name="Rui", until=-1)
        first = scan(session, a_club)
        stopped = scan(session, a_club, "C2", at=at(0.1))
        scan(session, a_club, at=at(0.2))
        rows = latest_entries(session, a_club)
        assert [(row.full_name, row.decision) for row in rows] == [
            ("Ana", Decision.ALREADY_IN),
            ("Rui", Decision.STOP),
            ("Ana", Decision.IN),
        ]
        assert rows[1].reasons[0].effect is Effect.BLOCK
        assert first.visit_id is not None
        undo_visit(session, first.visit_id, by=CLERK, now=at(0.3))
        assert [row.is_undone for row in latest_entries(session, a_club)] == [True, False, True]
        assert len(latest_entries(session, a_club, since=at(0.1), limit=1)) == 1
        assert stopped.entry_id is not None
        assert entry_row(session, stopped.entry_id, [a_club]) == rows[1]
        assert entry_row(session, stopped.entry_id, [a_club + 1]) is None


def test_visits_days_and_last_visits(in_app: Flask, a_club: int) -> None:
    with transaction() as session:
        person = a_person(session, a_club)
        nobody = a_person(session, a_club, full_name="Rui")
        rows = [VisitValues(person, at(0, -day), access_point="door") for day in (9, 5, 2)]
        ids = record_visits(
            session, rows, club_id=a_club, source=VisitSource.IMPORT, by=CLERK, now=NOW
        )
        today = day_no(TODAY)
        found = visit_days_of(session, [person, nobody], today - 9, today - 2)
        assert found == {person: [today - 9, today - 5], nobody: []}
        assert last_visits_of(session, [person, nobody]) == {person: on(-2)}
        assert ids[2] is not None
        undo_visit(session, ids[2], by=CLERK, now=NOW)
        assert last_visits_of(session, [person]) == {person: on(-5)}
        listed = visits_of(session, person)
        assert [(row.on, row.access_point) for row in listed] == [
            (on(-5), "door"),
            (on(-9), "door"),
        ]
        assert len(visits_of(session, person, with_undone=True)) == 3
        assert visits_of(session, person, scope=[a_club + 1]) == []
        assert len(visits_of(session, person, before=at(0, -5))) == 1


def test_opening_balances_change_only_what_is_new(in_app: Flask, a_club: int) -> None:
    with transaction() as session:
        person = a_person(session, a_club)
        told = BalanceValues(person, on(-1), last_visit_on=on(-6), visits_total=80)
        more: dict[str, Any] = {"club_id": a_club, "by": CLERK, "now": NOW}
        assert set_opening_balances(session, [told], **more) == {person}
        assert set_opening_balances(session, [told], **more) == set()
        better = BalanceValues(person, on(-1), last_visit_on=on(-3), visits_per_week=1.5)
        assert set_opening_balances(session, [told, better], **more) == {person}
        row = opening_balances_of(session, [person])[person]
        assert (row.last_visit_on, row.visits_total, row.visits_per_week) == (on(-3), 80, 1.5)
        assert row.revision == 2
        events = session.scalars(select(EventLog).where(EventLog.name == "OpeningBalanceSet")).all()
        assert [row.payload["affects_from_on"] for row in events] == [on(-6).isoformat()] * 2


def test_the_desk_card_shows_what_is_at_hand(in_app: Flask, a_club: int) -> None:
    with transaction() as session:
        person, term = a_member(
            session,
            a_club,
            until=6,
            visits_left=4,
            note="Left knee",
            trainer="Rui T.",
            joined_on=on(-400),
        )
        a_debt(session, a_club, person, 640, due=-3)
        a_term(session, a_club, person, a_plan(session, a_club, "Next"), starts=30, until=300)
        scan(session, a_club, at=at(0, -3))
        answer = scan(session, a_club)
        assert answer.entry_id is not None
        row = entry_row(session, answer.entry_id, [a_club])
        assert row is not None
        card = desk_card(session, row, at(0.05))
        assert card.term is not None
        assert (card.term.days_left, card.term.visits_left, card.term.visits_total) == (5, 2, 10)
        assert (card.note, card.trainer, card.joined_on) == ("Left knee", "Rui T.", on(-400))
        assert (card.last_visit_on, card.last_visit_at) == (on(-3), at(0, -3))
        assert (card.days_came, card.known_from_on) == ((on(-3), TODAY), None)
        assert card.debt is not None
        assert (card.debt.minor, card.debt_effect) == (640, Effect.MESSAGE)
        assert (card.next_starts_on, card.terms_held, card.is_running) == (on(30), 1, True)
        assert (card.is_inside, card.undo_until) == (True, NOW + timedelta(minutes=5))
        assert card.prompt is not None
        assert card.prompt.code is PromptCode.TAKE_PAYMENT
        later = desk_card(session, row, at(5))
        assert not later.is_inside
        assert term


def test_the_card_asks_only_what_is_still_open(in_app: Flask, a_club: int) -> None:
    with transaction() as session:
        person, term = a_member(session, a_club, until=6)
        answer = scan(session, a_club)
        assert answer.entry_id is not None
        row = entry_row(session, answer.entry_id, [a_club])
        assert row is not None
        asked = desk_card(session, row, NOW).prompt
        assert asked is not None
        assert asked.code is PromptCode.RENEW
        more: dict[str, Any] = {"club_id": a_club, "by": CLERK, "now": NOW}
        with pytest.raises(Invalid):
            answer_prompt(session, person, PromptCode.GREET, PromptReply.NO, **more)
        answer_prompt(session, person, PromptCode.RENEW, PromptReply.NO, **more)
        greet = desk_card(session, row, NOW).prompt
        assert greet is not None
        assert greet.code is PromptCode.GREET
        told = session.scalars(select(EventLog).where(EventLog.name == "PromptAnswered")).one()
        assert told.payload["reply"] == "no"
        # Renewed in the meantime: nobody is asked.
        a_term(session, a_club, person, a_plan(session, a_club, "Next"), starts=6, until=300)
        answer_prompt(session, person, PromptCode.GREET, PromptReply.YES, **more)
        assert desk_card(session, row, NOW).prompt is None
        assert term


def test_the_card_of_a_frozen_member(in_app: Flask, a_club: int) -> None:
    with transaction() as session:
        person, term = a_member(session, a_club, visits_known_from=on(-9))
        balance = BalanceValues(person, on(-10), last_visit_on=on(-30))
        set_opening_balances(session, [balance], club_id=a_club, by=CLERK, now=NOW)
        freeze_membership(session, term, Period(on(-5), on(7)), reason="", by=CLERK, now=NOW)
        answer = scan(session, a_club)
        assert answer.entry_id is not None
        row = entry_row(session, answer.entry_id, [a_club])
        assert row is not None
        card = desk_card(session, row, NOW)
        assert (card.frozen_until_on, card.undo_until, card.is_inside) == (on(7), None, False)
        assert (card.last_visit_on, card.last_visit_at) == (on(-30), None)
        assert (card.days_came, card.known_from_on) == ((), on(-9))
        assert card.prompt is not None
        assert card.prompt.code is PromptCode.END_FREEZE
