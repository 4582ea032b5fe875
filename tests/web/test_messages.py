"""The sender's page, messages in doubt, and the page behind the link in a message."""

import re
from collections.abc import Iterator
from typing import Any

import pytest
from flask import Flask
from sqlalchemy import func, select, update

from clubcrm.accounts.states import Role
from clubcrm.core import jobs
from clubcrm.core.models import EventLog
from clubcrm.core.transactions import reading, transaction
from clubcrm.members.models import Person
from clubcrm.members.operations import ConsentValues, record_consents
from clubcrm.members.queries import consents_of
from clubcrm.members.states import ConsentChannel
from clubcrm.messaging.channels import Delivery, Fate, set_channels
from clubcrm.messaging.channels.fake import FakeChannel
from clubcrm.messaging.links import unsubscribe_token
from clubcrm.messaging.models import Message, Suppression
from clubcrm.messaging.queries import sender_of
from clubcrm.messaging.states import Channel, MessageState
from tests.conftest import NOW, post
from tests.web.places import Place

PAGE = "/settings/messages"
SENDER = {"name": "Aurora", "address": "hello@aurora.example", "reply_to": "desk@aurora.example"}


@pytest.fixture
def channel(app: Flask) -> Iterator[FakeChannel]:
    """The way out, which goes nowhere."""
    fake = FakeChannel()
    set_channels({Channel.EMAIL: fake})
    yield fake
    set_channels({})


def _state(app: Flask, message_id: str) -> tuple[MessageState, str]:
    with app.app_context(), reading() as session:
        row = session.get_one(Message, int(message_id))
        return row.state, row.reason


def test_a_sender_is_written_down_and_switched_on(
    app: Flask, a_club: int, sign_in: Any, channel: FakeChannel
) -> None:
    client = sign_in(Role.MANAGER)
    assert post(client, PAGE, {**SENDER, "is_on": "y"}).status_code == 303
    with app.app_context(), reading() as session:
        sender = sender_of(session, a_club, Channel.EMAIL)
    assert (sender.is_on, sender.name, sender.address, sender.reply_to) == (True, *SENDER.values())
    page = client.get(PAGE).text
    assert "switched on" in page
    assert 'value="hello@aurora.example"' in page
    assert "Nothing was different." in _after(client, SENDER | {"is_on": "y"})
    assert "Changed." in _after(client, SENDER)


def _after(client: Any, form: dict[str, str], path: str = PAGE) -> str:
    return client.get(post(client, path, form, page=PAGE).headers["Location"]).text


@pytest.mark.parametrize("address", ["", "nobody", "a@b\r\nBcc: c@d.e"])
def test_an_address_that_is_none_is_not_taken(
    app: Flask, a_club: int, sign_in: Any, channel: FakeChannel, address: str
) -> None:
    answer = post(sign_in(Role.OWNER), PAGE, {**SENDER, "address": address})
    assert answer.status_code == 422
    assert "is-invalid" in answer.text


def test_nothing_is_switched_on_without_a_server(a_club: int, sign_in: Any) -> None:
    answer = post(sign_in(Role.OWNER), PAGE, {**SENDER, "is_on": "y"})
    assert answer.status_code == 422
    assert "SMTP_URL is not set" in answer.text


def test_nothing_real_is_switched_on_while_the_clock_stands(
    a_club: int, sign_in: Any, channel: FakeChannel, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(FakeChannel, "is_real", True)
    answer = post(sign_in(Role.OWNER), PAGE, {**SENDER, "is_on": "y"})
    assert answer.status_code == 422
    assert "CLUBCRM_NOW" in answer.text
    post(client := sign_in(Role.MANAGER), PAGE, SENDER)
    assert "stands still" in _after(client, {}, f"{PAGE}/test")
    assert not channel.asked


def test_a_test_goes_to_whoever_asks_and_says_the_truth(
    app: Flask, a_club: int, sign_in: Any, channel: FakeChannel
) -> None:
    client = sign_in(Role.OWNER)
    assert "Save an address" in _after(client, {}, f"{PAGE}/test")
    post(client, PAGE, SENDER)
    assert "The server took the test" in _after(client, {}, f"{PAGE}/test")
    (mail,) = channel.sent
    assert mail.to_address.startswith("owner-")
    assert mail.from_address == "hello@aurora.example"
    assert "tested" in client.get(PAGE).text
    channel.answer = lambda _mail: Delivery(Fate.REJECTED, "sender_refused", "550 5.7.1")
    told = _after(client, {}, f"{PAGE}/test")
    assert "The test was not sent. The server does not let this sender write. (550 5.7.1)" in told
    channel.answer = lambda _mail: Delivery(Fate.UNKNOWN, "answer_lost")
    assert "It may have arrived" in _after(client, {}, f"{PAGE}/test")


@pytest.mark.parametrize(
    ("decision", "ends"),
    [
        ("arrived", (MessageState.SENT, "")),
        ("again", (MessageState.QUEUED, "")),
        ("leave", (MessageState.UNCERTAIN, "left")),
        ("nonsense", (MessageState.UNCERTAIN, "answer_lost")),
    ],
)
def test_a_person_decides_about_a_message_in_doubt(
    app: Flask,
    own: Place,
    sign_in: Any,
    channel: FakeChannel,
    decision: str,
    ends: tuple[MessageState, str],
) -> None:
    client = sign_in(Role.MANAGER)
    assert "Ana Pereira" in client.get(PAGE).text
    way = f"{PAGE}/{own.ids['message_id']}/decide"
    page = _after(client, {"decision": decision}, way)
    assert _state(app, own.ids["message_id"]) == ends
    assert ("Ana Pereira" in page) is (decision == "nonsense")
    if decision == "arrived":
        assert "somebody has decided already" in _after(client, {"decision": "again"}, way)


def _link(own: Place, app: Flask) -> str:
    secret = app.extensions["settings"].secret_key
    return f"/unsubscribe/{unsubscribe_token(secret, int(own.ids['message_id']))}"


def _written_down(app: Flask, person_id: int) -> tuple[bool, int, int]:
    """Whether somebody said no, how many addresses are left alone, and how often it was said."""
    with app.app_context(), reading() as session:
        answers = consents_of(session, [person_id]).get(person_id, {})
        answer = answers.get(ConsentChannel.EMAIL)
        left_alone = session.scalar(select(func.count()).select_from(Suppression)) or 0
        said = session.scalar(
            select(func.count()).select_from(EventLog).where(EventLog.name == "Unsubscribed")
        )
        return answer is not None and not answer.is_given, left_alone, said or 0


def test_looking_at_the_link_changes_nothing(app: Flask, own: Place) -> None:
    answer = app.test_client().get(_link(own, app))
    assert answer.status_code == 200
    assert "Aurora Fitness" in answer.text
    assert "Ana" not in answer.text
    assert "Unsubscribe</button>" in re.sub(r"\s+<", "<", answer.text)
    assert _written_down(app, int(own.ids["person_id"])) == (False, 0, 0)


@pytest.mark.parametrize("data", [{}, {"List-Unsubscribe": "One-Click"}])
def test_pressing_it_is_enough_however_often(app: Flask, own: Place, data: dict[str, str]) -> None:
    for _ in range(3):
        answer = app.test_client().post(_link(own, app), data=data)
        assert answer.status_code == 200
        assert "no more news" in answer.text
    assert _written_down(app, int(own.ids["person_id"])) == (True, 1, 1)


def test_a_link_nobody_made_opens_nothing(app: Flask, own: Place) -> None:
    link = _link(own, app)
    for forged in (link[:-1] + "x", "/unsubscribe/1", f"/unsubscribe/{unsubscribe_token('x', 1)}"):
        assert app.test_client().post(forged).status_code == 404
    assert _written_down(app, int(own.ids["person_id"])) == (False, 0, 0)


def test_the_link_in_a_mail_leads_to_the_page(
    app: Flask, own: Place, sign_in: Any, channel: FakeChannel
) -> None:
    client = sign_in(Role.MANAGER)
    post(client, PAGE, {**SENDER, "is_on": "y"})
    person_id = own.ids["person_id"]
    with app.app_context(), transaction() as session:
        session.execute(
            update(Person).where(Person.id == int(person_id)).values(email="ana@example.com")
        )
        agreed = ConsentValues(
            person_id=int(person_id),
            channel=ConsentChannel.EMAIL,
            is_given=True,
            source="test",
        )
        record_consents(session, [agreed], now=NOW)
    post(client, f"{PAGE}/{own.ids['message_id']}/decide", {"decision": "again"}, page=PAGE)
    with app.app_context():
        jobs.drain(lambda: NOW)
    (mail,) = channel.sent
    path = mail.unsubscribe_url.removeprefix("http://localhost")
    assert app.test_client().post(path).status_code == 200
    assert _written_down(app, int(person_id)) == (True, 1, 1)
