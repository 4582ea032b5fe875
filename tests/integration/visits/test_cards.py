"""Cards: given out, replaced, and how people are found by them."""

from typing import Any

import pytest
from flask import Flask
from sqlalchemy import select

from clubcrm.core.models import EventLog
from clubcrm.core.transactions import transaction
from clubcrm.members.queries import find_people
from clubcrm.visits.errors import CardTaken, NotACard, UnknownCard
from clubcrm.visits.models import Credential
from clubcrm.visits.operations import (
    CardClash,
    end_card,
    fold_code,
    issue_card,
    issue_cards,
    replace_card,
)
from clubcrm.visits.queries import codes_of, holders_of
from clubcrm.visits.states import Decision
from tests.conftest import NOW
from tests.integration.visits.door import CLERK, a_member, a_person, scan

ISSUE: dict[str, Any] = {"by": CLERK, "now": NOW}


@pytest.mark.parametrize(
    ("typed", "kept"),
    [
        (" 12 34-AB ", "1234-ab"),
        ("۱۲۳٤", "1234"),
        ("12\u200c34\u200f", "1234"),
        ("１２３４", "1234"),
        ("x" * 200, "x" * 60),
        ("", ""),
    ],
)
def test_codes_are_kept_as_readers_send_them(typed: str, kept: str) -> None:
    assert fold_code(typed) == kept


def test_cards_are_given_found_and_never_held_twice(in_app: Flask, a_club: int) -> None:
    with transaction() as session:
        ana = a_person(session, a_club)
        rui = a_person(session, a_club, full_name="Rui Costa")
        wanted = {ana: ["700 1", "7002"], rui: ["7003", "7001", ""]}
        clashes = issue_cards(session, wanted, club_id=a_club, **ISSUE)
        assert clashes == [CardClash(rui, "7001", ana)]
        assert codes_of(session, [ana, rui]) == {ana: ["7002", "7001"], rui: ["7003"]}
        assert {hit.id for hit in find_people(session, "7001", scope=[a_club])} == {ana}
        # The same file again changes nothing.
        assert issue_cards(session, {ana: ["7001"]}, club_id=a_club, **ISSUE) == []
        told = session.scalars(select(EventLog).where(EventLog.name == "CardIssued")).all()
        assert sorted(row.person_id or 0 for row in told) == sorted([ana, ana, rui])
        with pytest.raises(CardTaken):
            issue_card(session, rui, "7001", club_id=a_club, **ISSUE)
        with pytest.raises(NotACard):
            issue_card(session, rui, " \u200f", club_id=a_club, **ISSUE)


def test_a_lost_card_opens_nothing_and_may_go_to_somebody_else(in_app: Flask, a_club: int) -> None:
    with transaction() as session:
        ana, _ = a_member(session, a_club, card="7001")
        replace_card(session, ana, "7009", club_id=a_club, **ISSUE)
        with pytest.raises(UnknownCard):
            scan(session, a_club, "7001")
        assert scan(session, a_club, "7009").decision is Decision.IN
        assert find_people(session, "7001", scope=[a_club]) == []
        assert [hit.id for hit in find_people(session, "7009", scope=[a_club])] == [ana]
        rui = a_person(session, a_club, full_name="Rui Costa")
        issue_card(session, rui, "7001", club_id=a_club, **ISSUE)
        assert holders_of(session, ["7001"])["7001"].person_id == rui
        held = session.scalars(select(Credential).where(Credential.code == "7001")).all()
        assert [card.ended_at is None for card in held] == [False, True]


def test_replacing_a_card_by_itself_keeps_it(in_app: Flask, a_club: int) -> None:
    with transaction() as session:
        ana, _ = a_member(session, a_club, card="7001")
        replace_card(session, ana, "7001", club_id=a_club, **ISSUE)
        assert codes_of(session, [ana]) == {ana: ["7001"]}


def test_a_card_out_of_use_is_unknown(in_app: Flask, a_club: int) -> None:
    with transaction() as session:
        a_member(session, a_club, card="7001")
        end_card(session, "7001", **ISSUE)
        with pytest.raises(UnknownCard):
            end_card(session, "7001", **ISSUE)
        with pytest.raises(UnknownCard):
            scan(session, a_club, "7001")
