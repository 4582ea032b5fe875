"""Whose turn it is among the contacts of one person, and at which moment they are made."""

from dataclasses import replace
from datetime import UTC, date, datetime, timedelta
from typing import Any
from zoneinfo import ZoneInfo

from hypothesis import given
from hypothesis import strategies as st

from clubcrm.messaging.policies import GateFacts
from clubcrm.messaging.states import Channel, Purpose, Refusal
from clubcrm.retention.policies.moments import moment_of
from clubcrm.retention.policies.plays import play_rules
from clubcrm.retention.policies.turns import Earlier, Wish, turns_of
from clubcrm.retention.shipped import shipped_plays
from clubcrm.retention.states import Hour, TouchpointState

NOW = datetime(2026, 3, 2, 9, tzinfo=UTC)
TODAY = date(2026, 3, 2)
CYCLE = date(2026, 1, 1)
OPEN = GateFacts(
    consents=dict.fromkeys(Channel, True),
    addresses=frozenset(Channel),
    switched_on=frozenset(Channel),
)


def wish(code: str, **told: Any) -> Wish:
    rules = play_rules(code, {**shipped_plays()[code], **told.pop("rules", {})})
    return Wish(rules, 1, told.pop("occasion_on", TODAY), CYCLE, **told)


def earlier(code: str, days: float, channel: Channel = Channel.EMAIL) -> Earlier:
    return Earlier(code, CYCLE, channel, Purpose.MARKETING, NOW - timedelta(days=days))


def test_of_two_the_more_pressing_goes_and_the_other_waits() -> None:
    first, second = turns_of([wish("K13"), wish("K14")], OPEN, [], NOW)
    assert (first.wish.rules.code, first.channel) == ("K14", Channel.CALL)
    assert (second.wish.rules.code, second.state) == ("K13", TouchpointState.PLANNED)
    assert second.reason is Refusal.TOO_SOON


def test_a_prompt_at_the_desk_keeps_nobody_waiting() -> None:
    turns = turns_of([wish("K19"), wish("K07")], OPEN, [], NOW)
    assert [turn.state for turn in turns] == [TouchpointState.QUEUED] * 2
    waiting = [Earlier("K19", CYCLE, Channel.ARRIVAL, Purpose.MARKETING, NOW)]
    (turn,) = turns_of([wish("K07")], OPEN, waiting, NOW)
    assert turn.state is TouchpointState.QUEUED


def test_the_same_contact_rests_for_its_cooldown() -> None:
    (turn,) = turns_of([wish("K07")], OPEN, [earlier("K07", 44)], NOW)
    assert (turn.state, turn.reason) == (TouchpointState.SKIPPED, Refusal.COOLDOWN)
    (turn,) = turns_of([wish("K07")], OPEN, [earlier("K07", 45)], NOW)
    assert turn.state is TouchpointState.QUEUED


def test_the_next_channel_is_tried_where_one_is_shut() -> None:
    no_sms = GateFacts(
        consents=dict.fromkeys(Channel, True),
        addresses=frozenset(Channel),
        switched_on=frozenset({Channel.EMAIL}),
    )
    (turn,) = turns_of([wish("K07")], no_sms, [], NOW)
    assert turn.channel is Channel.EMAIL
    nobody = GateFacts(addresses=frozenset({Channel.EMAIL}))
    (turn,) = turns_of([wish("K07")], nobody, [], NOW)
    assert (turn.state, turn.reason) == (TouchpointState.SKIPPED, Refusal.NO_CONSENT)


def test_whoever_answered_hears_no_more_of_it_in_this_cycle() -> None:
    at = NOW - timedelta(days=10)
    heard = Earlier("K14", CYCLE, Channel.CALL, Purpose.MARKETING, at, is_answer=True)
    (turn,) = turns_of([wish("K14")], OPEN, [heard], NOW)
    assert (turn.state, turn.reason) == (TouchpointState.SKIPPED, Refusal.ANSWERED)
    for other in (replace(heard, is_answer=False), replace(heard, cycle_on=TODAY)):
        (turn,) = turns_of([wish("K14", rules={"channels": ["sms"]})], OPEN, [other], NOW)
        assert turn.channel is Channel.SMS
    # Of others each occasion is one of its own.
    (turn,) = turns_of([wish("K02")], OPEN, [replace(heard, play="K02", at=at)], NOW)
    assert turn.reason is not Refusal.ANSWERED


CODES = st.lists(st.sampled_from(sorted(shipped_plays())), unique=True, max_size=10)
PAST = st.lists(
    st.builds(
        earlier,
        st.sampled_from(sorted(shipped_plays())),
        st.floats(0, 60),
        st.sampled_from([Channel.EMAIL, Channel.SMS, Channel.CALL]),
    ),
    max_size=10,
)


@given(CODES, PAST)
def test_marketing_of_one_planning_is_never_more_than_one_word(
    codes: list[str], past: list[Earlier]
) -> None:
    turns = turns_of([wish(code) for code in codes], OPEN, past, NOW)
    assert sorted(turn.wish.rules.code for turn in turns) == sorted(codes)
    made = [
        turn
        for turn in turns
        if turn.channel not in (None, Channel.ARRIVAL)
        and turn.wish.rules.purpose is Purpose.MARKETING
    ]
    assert len(made) <= 1
    assert all((turn.channel is None) == (turn.reason is not None) for turn in turns)


LISBON = ZoneInfo("Europe/Lisbon")


def test_a_word_comes_two_hours_before_the_usual_hour() -> None:
    at = moment_of(Hour.USUAL, Channel.EMAIL, NOW, LISBON, (), usual_minute=18 * 60 + 30)
    assert at == datetime(2026, 3, 2, 16, 30, tzinfo=UTC)
    assert moment_of(Hour.USUAL, Channel.EMAIL, NOW, LISBON, ()) == NOW.replace(hour=10)
    late = NOW.replace(hour=17)
    assert moment_of(Hour.USUAL, Channel.EMAIL, late, LISBON, (), usual_minute=18 * 60) == late


@given(
    st.sampled_from(Hour),
    st.sampled_from(Channel),
    st.integers(0, 2 * 365 * 24 * 60).map(lambda minutes: NOW + timedelta(minutes=minutes)),
    st.integers(0, 3000),
    st.one_of(st.none(), st.integers(0, 1439)),
)
def test_no_moment_lies_in_the_past(
    hour: Hour, channel: Channel, now: datetime, delay: int, usual: int | None
) -> None:
    at = moment_of(hour, channel, now, LISBON, (), delay_minutes=delay, usual_minute=usual)
    assert at >= now
