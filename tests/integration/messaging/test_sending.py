"""A message goes out at most once, and never against the gate."""

from collections.abc import Callable, Iterator
from datetime import datetime, timedelta
from typing import Any

import pytest
from flask import Flask
from sqlalchemy import delete, select, update

from clubcrm.accounts.models import Club
from clubcrm.core import clock, jobs
from clubcrm.core.actor import OPERATOR
from clubcrm.core.failpoints import FailPointError, fp
from clubcrm.core.models import EventLog, Job, WorkState
from clubcrm.core.transactions import reading, transaction
from clubcrm.members.models import Person
from clubcrm.members.operations import ConsentValues, PersonValues, add_people, record_consents
from clubcrm.members.states import ConsentChannel
from clubcrm.messaging.channels import Delivery, Fate, Mail, set_channels
from clubcrm.messaging.channels.fake import FakeChannel
from clubcrm.messaging.errors import MessageIsOver
from clubcrm.messaging.jobs import settle
from clubcrm.messaging.models import Message, Sender, Suppression
from clubcrm.messaging.operations import (
    BlockValues,
    MessageValues,
    block_contacts,
    bounce_by_key,
    confirm_message,
    leave_message,
    queue_messages,
    resend_message,
    suppress,
)
from clubcrm.messaging.operations.sending import Claim, Site, claim_message, note_delivery
from clubcrm.messaging.states import (
    BlockKind,
    Channel,
    MessageState,
    Purpose,
    SuppressionReason,
)
from tests.conftest import NOW

SITE = Site("secret", "https://club.example")


@pytest.fixture
def channel(in_app: Flask) -> Iterator[FakeChannel]:
    """The way out, which goes nowhere."""
    fake = FakeChannel()
    set_channels({Channel.EMAIL: fake})
    yield fake
    set_channels({})


@pytest.fixture
def person(in_app: Flask, a_club: int) -> int:
    """Somebody who agreed to be written to, at a club that writes."""
    with transaction() as session:
        session.add(
            Sender(
                club_id=a_club,
                channel=Channel.EMAIL,
                is_on=True,
                settings={"name": "Aurora", "address": "hello@aurora.example"},
                changed_at=NOW,
            )
        )
        values = PersonValues(full_name="Ana Pereira", email="ana@example.com")
        (person_id,) = add_people(session, [values], club_id=a_club, by=OPERATOR, now=NOW)
        agreed = ConsentValues(
            person_id=person_id, channel=ConsentChannel.EMAIL, is_given=True, source="test"
        )
        record_consents(session, [agreed], now=NOW)
    return person_id


Queue = Callable[..., int]


@pytest.fixture
def queue(person: int, a_club: int) -> Queue:
    """Ask for a message to that person; returns its id."""

    def ask(reference: str = "test:1", **changes: Any) -> int:
        values: dict[str, Any] = {
            "club_id": a_club,
            "person_id": person,
            "reference": reference,
            "channel": Channel.EMAIL,
            "purpose": Purpose.MARKETING,
            "language": "en",
            "subject": "Hello",
            "body": "Hello Ana.",
            "send_at": NOW,
            "valid_until": NOW + timedelta(days=3),
        }
        with transaction() as session:
            (message_id,) = queue_messages(
                session, [MessageValues(**{**values, **changes})], now=clock.now()
            )
        return message_id

    return ask


def work() -> None:
    jobs.drain(clock.now)


def later(**much: float) -> datetime:
    moment = clock.now() + timedelta(**much)
    clock.set_clock(moment)
    return moment


def row(message_id: int) -> Message:
    with reading() as session:
        found = session.get_one(Message, message_id)
        session.expunge(found)
        return found


def told(message_id: int) -> list[str]:
    """What was said of a message."""
    with reading() as session:
        rows = session.scalars(select(EventLog).order_by(EventLog.id))
        return [one.name for one in rows if one.payload.get("message_id") == message_id]


def suppressed() -> list[SuppressionReason]:
    with reading() as session:
        return list(session.scalars(select(Suppression.reason)))


def waiting_jobs() -> list[tuple[str, datetime]]:
    with reading() as session:
        rows = session.execute(
            select(Job.key, Job.run_at).where(
                Job.kind == "message.send", Job.state == WorkState.WAITING
            )
        )
        return [(key, at) for key, at in rows]


def answer(fate: Fate, why: str = "") -> Callable[[Mail], Delivery]:
    return lambda _mail: Delivery(fate, why)


def test_a_message_is_sent(channel: FakeChannel, queue: Queue) -> None:
    message_id = queue()
    work()
    (mail,) = channel.sent
    assert (mail.to_address, mail.from_name) == ("ana@example.com", "Aurora")
    assert mail.unsubscribe_url.startswith("http://localhost/unsubscribe/")
    sent = row(message_id)
    assert (sent.state, sent.claim_no, sent.attempts) == (MessageState.SENT, 1, 1)
    assert (sent.address, sent.provider_key) == ("ana@example.com", mail.key)
    assert sent.sent_at == NOW
    assert told(message_id) == ["MessageSent"]
    work()
    assert len(channel.asked) == 1


def test_a_demo_writes_to_nobody(channel: FakeChannel, queue: Queue, a_club: int) -> None:
    with transaction() as session:
        session.execute(update(Club).where(Club.id == a_club).values(is_demo=True))
    message_id = queue()
    work()
    assert (channel.asked, row(message_id).state) == ([], MessageState.SENT)


def test_asked_for_twice_it_is_sent_once(channel: FakeChannel, queue: Queue) -> None:
    assert queue() == queue()
    work()
    assert queue()
    work()
    assert len(channel.sent) == 1


def test_what_belongs_to_the_contract_has_no_way_out_of_it(
    channel: FakeChannel, queue: Queue
) -> None:
    queue(purpose=Purpose.SERVICE)
    work()
    assert channel.sent[0].unsubscribe_url == ""


def _no_contact(session: Any, person_id: int, club_id: int) -> None:
    session.execute(update(Person).where(Person.id == person_id).values(no_contact=True))


def _withdraws(session: Any, person_id: int, club_id: int) -> None:
    said_no = ConsentValues(
        person_id=person_id, channel=ConsentChannel.EMAIL, is_given=False, source="phone"
    )
    record_consents(session, [said_no], now=NOW)


def _owes(session: Any, person_id: int, club_id: int) -> None:
    block = BlockValues(
        club_id=club_id,
        person_id=person_id,
        kind=BlockKind.DEBT,
        source="invoice:1",
        since_on=NOW.date(),
    )
    block_contacts(session, [block])


def _came_back(session: Any, person_id: int, club_id: int) -> None:
    address, reason = "ana@example.com", SuppressionReason.BOUNCED
    suppress(session, club_id, Channel.EMAIL, address, reason, by=OPERATOR, now=NOW)


def _unsubscribed(session: Any, person_id: int, club_id: int) -> None:
    address, reason = "ana@example.com", SuppressionReason.UNSUBSCRIBED
    suppress(session, club_id, Channel.EMAIL, address, reason, by=OPERATOR, now=NOW)


def _off(session: Any, person_id: int, club_id: int) -> None:
    session.execute(update(Sender).values(is_on=False))


def _no_address(session: Any, person_id: int, club_id: int) -> None:
    session.execute(update(Person).where(Person.id == person_id).values(email=None))


@pytest.mark.parametrize(
    ("happens", "reason", "service_too"),
    [
        (_no_contact, "do_not_contact", True),
        (_withdraws, "no_consent", False),
        (_owes, "in_debt", False),
        (_came_back, "suppressed", True),
        (_unsubscribed, "suppressed", False),
        (_off, "channel_off", True),
        (_no_address, "no_address", True),
    ],
)
def test_the_gate_is_asked_again_at_the_last_moment(
    channel: FakeChannel,
    queue: Queue,
    person: int,
    a_club: int,
    happens: Callable[..., None],
    reason: str,
    service_too: bool,
) -> None:
    asked_for = queue()
    service = queue("test:2", purpose=Purpose.SERVICE)
    with transaction() as session:
        happens(session, person, a_club)
    work()
    assert (row(asked_for).state, row(asked_for).reason) == (MessageState.CANCELLED, reason)
    assert told(asked_for) == ["MessageNotSent"]
    went = MessageState.CANCELLED if service_too else MessageState.SENT
    assert row(service).state is went
    assert len(channel.sent) == int(not service_too)


def test_what_is_out_of_date_is_not_sent(channel: FakeChannel, queue: Queue) -> None:
    message_id = queue()
    later(days=4)
    work()
    assert not channel.asked
    assert (row(message_id).state, row(message_id).reason) == (
        MessageState.CANCELLED,
        "out_of_date",
    )


def test_marketing_waits_for_the_morning(channel: FakeChannel, queue: Queue) -> None:
    clock.set_clock(NOW.replace(hour=22, minute=30))
    message_id = queue()
    work()
    assert row(message_id).state is MessageState.QUEUED
    morning = NOW.replace(day=3, hour=7)
    assert [at for _key, at in waiting_jobs()] == [morning]
    clock.set_clock(morning)
    work()
    assert row(message_id).state is MessageState.SENT
    assert len(channel.sent) == 1


def test_what_the_server_did_not_take_is_tried_again_ever_later(
    channel: FakeChannel, queue: Queue
) -> None:
    channel.answer = answer(Fate.NOT_NOW, "no_connection")
    message_id = queue(purpose=Purpose.SERVICE)
    waits: list[timedelta] = []
    while not waits or row(message_id).state is MessageState.QUEUED:
        work()
        for _key, at in waiting_jobs():
            waits.append(at - clock.now())
            clock.set_clock(at)
    minutes = [wait.total_seconds() / 60 for wait in waits[:6]]
    assert minutes == [1, 4, 16, 64, 240, 240]
    assert row(message_id).state is MessageState.FAILED
    assert row(message_id).reason == "no_connection"
    assert told(message_id) == ["MessageNotSent"]
    assert clock.now() < NOW + timedelta(days=3)


def test_it_goes_out_when_the_server_is_back(channel: FakeChannel, queue: Queue) -> None:
    channel.answer = answer(Fate.NOT_NOW)
    message_id = queue()
    work()
    first_key = channel.asked[0].key
    channel.answer = answer(Fate.TAKEN)
    later(minutes=1)
    work()
    assert row(message_id).state is MessageState.SENT
    assert [mail.key for mail in channel.sent] == [first_key]


def test_a_server_that_is_away_is_left_alone_for_a_minute(
    channel: FakeChannel, queue: Queue
) -> None:
    channel.answer = lambda _mail: Delivery(Fate.NOT_NOW, "no_connection", is_away=True)
    ids = [queue(f"test:{no}") for no in range(3)]
    work()
    assert len(channel.asked) == 1, "each try may take half a minute of the worker"
    assert {row(one).state for one in ids} == {MessageState.QUEUED}
    channel.answer = answer(Fate.TAKEN)
    later(minutes=1)
    work()
    assert [row(one).state for one in ids] == [MessageState.SENT] * 3


def test_an_address_that_takes_nothing_is_not_written_to_again(
    channel: FakeChannel, queue: Queue
) -> None:
    channel.answer = answer(Fate.REFUSED, "address_refused")
    message_id, other = queue(), queue("test:2", purpose=Purpose.SERVICE)
    work()
    assert row(message_id).state is MessageState.BOUNCED
    assert suppressed() == [SuppressionReason.BOUNCED]
    assert (row(other).state, row(other).reason) == (MessageState.CANCELLED, "suppressed")
    assert len(channel.asked) == 1


def test_what_was_refused_for_another_reason_says_nothing_of_the_address(
    channel: FakeChannel, queue: Queue
) -> None:
    channel.answer = answer(Fate.REJECTED, "content_refused")
    message_id = queue()
    work()
    assert row(message_id).state is MessageState.FAILED
    assert suppressed() == []


def test_a_lost_answer_is_uncertain_and_never_sent_again_by_itself(
    channel: FakeChannel, queue: Queue, a_club: int
) -> None:
    channel.answer = answer(Fate.UNKNOWN, "answer_lost")
    message_id = queue()
    for _ in range(5):
        work()
        settle(clock.now)
        later(hours=1)
    assert row(message_id).state is MessageState.UNCERTAIN
    assert told(message_id) == ["MessageUncertain"]
    assert len(channel.asked) == 1


def test_a_claim_whose_holder_died_becomes_uncertain(
    channel: FakeChannel, queue: Queue, monkeypatch: pytest.MonkeyPatch
) -> None:
    message_id = queue()
    monkeypatch.setenv("CLUBCRM_FP", "message.after_claim:raise")
    work()
    monkeypatch.delenv("CLUBCRM_FP")
    assert row(message_id).state is MessageState.SENDING
    later(seconds=30)
    work()
    settle(clock.now)
    assert row(message_id).state is MessageState.SENDING
    later(minutes=2)
    settle(clock.now)
    settle(clock.now)
    work()
    assert (row(message_id).state, row(message_id).reason) == (
        MessageState.UNCERTAIN,
        "claim_too_old",
    )
    assert told(message_id) == ["MessageUncertain"]
    assert not channel.asked


def test_a_death_before_the_claim_costs_nothing(
    channel: FakeChannel, queue: Queue, monkeypatch: pytest.MonkeyPatch
) -> None:
    message_id = queue()
    monkeypatch.setenv("CLUBCRM_FP", "message.before_claim:raise")
    work()
    monkeypatch.delenv("CLUBCRM_FP")
    later(minutes=1)
    work()
    assert row(message_id).state is MessageState.SENT
    assert len(channel.sent) == 1


def test_a_message_nobody_works_on_ends_out_of_date(channel: FakeChannel, queue: Queue) -> None:
    message_id = queue()
    with transaction() as session:
        session.execute(delete(Job))
    later(days=4)
    settle(clock.now)
    assert row(message_id).state is MessageState.CANCELLED
    assert told(message_id) == ["MessageNotSent"]


def _claim(message_id: int) -> Claim | None:
    with transaction() as session:
        return claim_message(session, message_id, SITE, now=clock.now())


def _note(claim: Claim, fate: Fate) -> bool:
    with transaction() as session:
        return note_delivery(session, claim, Delivery(fate), now=clock.now())


def test_one_claim_at_a_time(channel: FakeChannel, queue: Queue) -> None:
    message_id = queue()
    assert _claim(message_id) is not None
    assert _claim(message_id) is None


def test_only_the_newest_claim_says_how_it_ended(
    channel: FakeChannel, queue: Queue, a_club: int
) -> None:
    message_id = queue()
    first = _claim(message_id)
    assert first is not None
    later(minutes=3)
    settle(clock.now)
    with transaction() as session:
        resend_message(session, message_id, club_id=a_club, by=OPERATOR, now=clock.now())
    second = _claim(message_id)
    assert second is not None
    assert not _note(first, Fate.NOT_NOW)
    assert row(message_id).state is MessageState.SENDING
    assert _note(second, Fate.TAKEN)
    assert row(message_id).state is MessageState.SENT


@pytest.mark.parametrize(
    ("fate", "state"),
    [
        (Fate.TAKEN, MessageState.SENT),
        (Fate.NOT_NOW, MessageState.FAILED),
        (Fate.UNKNOWN, MessageState.UNCERTAIN),
    ],
)
def test_a_slow_sender_still_tells_the_truth(
    channel: FakeChannel, queue: Queue, fate: Fate, state: MessageState
) -> None:
    message_id = queue()
    claim = _claim(message_id)
    assert claim is not None
    later(minutes=3)
    settle(clock.now)
    assert _note(claim, fate)
    assert row(message_id).state is state
    work()
    assert not channel.asked


def test_a_person_decides_what_is_uncertain(
    channel: FakeChannel, queue: Queue, a_club: int
) -> None:
    channel.answer = answer(Fate.UNKNOWN)
    arrived, again, left = (queue(f"test:{no}") for no in range(3))
    work()
    channel.answer = answer(Fate.TAKEN)
    later(days=5)
    given: Any = {"club_id": a_club, "by": OPERATOR, "now": clock.now()}
    with transaction() as session:
        confirm_message(session, arrived, **given)
        resend_message(session, again, **given)
        leave_message(session, left, club_id=a_club)
    work()
    states = [row(one).state for one in (arrived, again, left)]
    assert states == [MessageState.SENT, MessageState.SENT, MessageState.UNCERTAIN]
    assert len(channel.sent) == 1
    with pytest.raises(MessageIsOver), transaction() as session:
        resend_message(session, arrived, **given)


def test_a_message_that_comes_back(channel: FakeChannel, queue: Queue) -> None:
    message_id = queue()
    work()
    key = channel.sent[0].key
    for _ in range(2):
        with transaction() as session:
            assert bounce_by_key(session, key, now=NOW) == message_id
    with transaction() as session:
        assert bounce_by_key(session, "<else@where>", now=NOW) is None
    assert row(message_id).state is MessageState.BOUNCED
    assert suppressed() == [SuppressionReason.BOUNCED]
    assert told(message_id) == ["MessageSent", "MessageNotSent"]


def test_a_bounce_outweighs_that_somebody_unsubscribed(a_club: int, person: int) -> None:
    with transaction() as session:
        _unsubscribed(session, person, a_club)
        _came_back(session, person, a_club)
        _unsubscribed(session, person, a_club)
    assert suppressed() == [SuppressionReason.BOUNCED]


class _Real(FakeChannel):
    is_real = True


def test_nothing_leaves_for_real_people_while_the_clock_stands(
    channel: FakeChannel, queue: Queue
) -> None:
    real = _Real()
    set_channels({Channel.EMAIL: real})
    message_id = queue()
    work()
    assert not real.asked
    assert (row(message_id).state, row(message_id).reason) == (MessageState.QUEUED, "clock_stands")


def test_without_a_server_messages_wait(channel: FakeChannel, queue: Queue) -> None:
    set_channels({})
    message_id = queue()
    work()
    assert (row(message_id).state, row(message_id).reason) == (MessageState.QUEUED, "no_server")


def test_nothing_is_open_while_a_message_is_handed_over(channel: FakeChannel, queue: Queue) -> None:
    def look(_mail: Mail) -> Delivery:
        with transaction() as session:  # would be refused within another one
            assert session.scalar(select(Message.state)) is MessageState.SENDING
        return Delivery(Fate.TAKEN)

    channel.answer = look
    message_id = queue()
    work()
    assert row(message_id).state is MessageState.SENT


def test_a_fail_point_does_as_it_is_told(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("CLUBCRM_FP", "here:raise")
    fp("there")
    with pytest.raises(FailPointError):
        fp("here")
    monkeypatch.delenv("CLUBCRM_FP")
    fp("here")
