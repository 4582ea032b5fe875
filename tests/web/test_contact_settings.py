"""Which contacts a club makes: on, off, how many calls, who is left alone."""

from typing import Any

import pytest
from flask import Flask
from sqlalchemy import select

from clubcrm.accounts.queries import get_club
from clubcrm.accounts.states import Role
from clubcrm.core.models import EventLog
from clubcrm.core.transactions import reading
from clubcrm.retention.models import Play
from clubcrm.retention.policies.choices import choices_of
from tests.conftest import post

PAGE = "/settings/contacts"
CHOICES = {"learning": "none", "calls_per_day": "7"}


def _is_on(app: Flask, club_id: int, code: str) -> bool:
    with app.app_context(), reading() as session:
        query = select(Play.is_on).where(
            Play.club_id == club_id, Play.code == code, Play.is_current
        )
        return bool(session.scalar(query))


def _after(client: Any, path: str, form: dict[str, str]) -> str:
    return client.get(post(client, path, form, page=PAGE).headers["Location"]).text


def test_every_contact_is_shown_with_its_words(app: Flask, a_club: int, sign_in: Any) -> None:
    page = sign_in(Role.MANAGER).get(PAGE).text
    for code in ("K01", "K02", "K03", "K07", "K08", "K13", "K14", "K15", "K18", "K19"):
        assert code in page
    assert "On day 28 of the membership" in page
    assert "15, 45 or 90 days after the end" in page
    assert "Welcome to Aurora Fitness" in page
    assert "{{" not in page
    assert "E-mails are switched off" in page


def test_a_contact_is_switched_off_and_on(app: Flask, a_club: int, sign_in: Any) -> None:
    client = sign_in(Role.OWNER)
    client.get(PAGE)
    words = _after(client, f"{PAGE}/K13", {"is_on": "no"})
    assert "Renew early is not made any more." in words
    assert "switched off" in words
    assert not _is_on(app, a_club, "K13")
    assert _is_on(app, a_club, "K14")
    assert "Renew early is made again." in _after(client, f"{PAGE}/K13", {"is_on": "yes"})
    assert _is_on(app, a_club, "K13")
    with app.app_context(), reading() as session:
        query = select(EventLog.payload).where(EventLog.name == "PlayChanged").order_by(EventLog.id)
        told = [row["is_on"] for row in session.scalars(query)]
    assert told == [False, True]


def test_choices_are_kept(app: Flask, a_club: int, sign_in: Any) -> None:
    client = sign_in(Role.OWNER)
    assert "Changed." in _after(client, PAGE, CHOICES)
    assert "Nothing was different." in _after(client, PAGE, CHOICES)
    with app.app_context(), reading() as session:
        chosen = choices_of(get_club(session, a_club).settings)
    assert (chosen.learning, chosen.calls_per_day) == ("none", 7)
    assert "0 of 7 calls made today" in client.get("/tasks").text


@pytest.mark.parametrize("calls", ["", "-1", "501", "many"])
def test_calls_that_make_no_sense_are_refused(
    app: Flask, a_club: int, sign_in: Any, calls: str
) -> None:
    answer = post(sign_in(Role.OWNER), PAGE, {**CHOICES, "calls_per_day": calls}, page=PAGE)
    assert answer.status_code == 422
    with app.app_context(), reading() as session:
        assert "contacts" not in get_club(session, a_club).settings
