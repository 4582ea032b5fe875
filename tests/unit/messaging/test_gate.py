"""The gate: every refusal has its reason, in the order in which they are asked for."""

from datetime import UTC, datetime, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from clubcrm.messaging.policies import Counted, GateFacts, refusal
from clubcrm.messaging.states import BlockKind, Channel, Purpose, Refusal

NOW = datetime(2026, 3, 2, 12, tzinfo=UTC)
MARKETING, SERVICE = Purpose.MARKETING, Purpose.SERVICE
WRITTEN = (Channel.EMAIL, Channel.SMS)
EVERY = frozenset(Channel)


def facts(**told: object) -> GateFacts:
    """Somebody who may be reached by everything, unless told otherwise."""
    open_to_all = {
        "consents": dict.fromkeys(Channel, True),
        "addresses": EVERY,
        "switched_on": EVERY,
    }
    return GateFacts(**{**open_to_all, **told})  # type: ignore[arg-type]


def ask(
    one: GateFacts,
    channel: Channel = Channel.EMAIL,
    purpose: Purpose = MARKETING,
    counted: tuple[Counted, ...] = (),
    in_cycle: int = 0,
) -> Refusal | None:
    return refusal(one, channel, purpose, counted, in_cycle, NOW)


@pytest.mark.parametrize("channel", Channel)
@pytest.mark.parametrize("purpose", Purpose)
def test_whoever_is_open_to_all_is_reached(channel: Channel, purpose: Purpose) -> None:
    assert ask(facts(), channel, purpose) is None


@pytest.mark.parametrize("channel", Channel)
@pytest.mark.parametrize("purpose", Purpose)
def test_who_must_not_be_contacted_never_is(channel: Channel, purpose: Purpose) -> None:
    assert ask(facts(is_no_contact=True), channel, purpose) is Refusal.DO_NOT_CONTACT


@pytest.mark.parametrize("channel", WRITTEN)
@pytest.mark.parametrize("said", [None, False])
def test_marketing_is_written_only_to_whoever_agreed(channel: Channel, said: bool | None) -> None:
    nobody = facts(consents={channel: said})
    assert ask(nobody, channel) is Refusal.NO_CONSENT
    assert ask(nobody, channel, SERVICE) is None


def test_members_are_rung_up_unless_they_objected() -> None:
    assert ask(facts(consents={}), Channel.CALL) is None
    assert ask(facts(consents={Channel.CALL: False}), Channel.CALL) is Refusal.NO_CONSENT


@pytest.mark.parametrize(
    ("kind", "reason"),
    [(BlockKind.DEBT, Refusal.IN_DEBT), (BlockKind.COMPLAINT, Refusal.OPEN_COMPLAINT)],
)
@pytest.mark.parametrize("channel", Channel)
def test_debts_and_complaints_let_service_pass(
    kind: BlockKind, reason: Refusal, channel: Channel
) -> None:
    blocked = facts(blocks=frozenset({kind}))
    assert ask(blocked, channel) is reason
    assert ask(blocked, channel, SERVICE) is None


def test_a_legal_hold_lets_nothing_pass() -> None:
    held = facts(blocks=frozenset({BlockKind.LEGAL}))
    assert ask(held, purpose=SERVICE) is Refusal.LEGAL_HOLD


def test_a_channel_must_reach_and_be_in_use() -> None:
    assert ask(facts(addresses=frozenset())) is Refusal.NO_ADDRESS
    assert ask(facts(suppressed=frozenset({Channel.EMAIL}))) is Refusal.SUPPRESSED
    assert ask(facts(switched_on=frozenset())) is Refusal.CHANNEL_OFF
    assert ask(facts(switched_on=frozenset()), Channel.CALL) is None  # staff are always there
    assert ask(facts(addresses=frozenset()), Channel.ARRIVAL) is None


def ago(**told: float) -> datetime:
    return NOW - timedelta(**told)


@pytest.mark.parametrize(
    ("hours", "channel", "reason"),
    [
        ([71], Channel.EMAIL, Refusal.TOO_SOON),
        ([72], Channel.EMAIL, None),
        ([73, 150], Channel.EMAIL, Refusal.CAP_WEEK),
        ([73, 168], Channel.EMAIL, None),
        ([100, 200, 300, 400, 500], Channel.EMAIL, Refusal.CAP_MONTH),
        ([100, 200, 300, 400, 720], Channel.EMAIL, None),
    ],
)
def test_caps(hours: list[int], channel: Channel, reason: Refusal | None) -> None:
    counted = tuple(Counted(ago(hours=hour), Channel.EMAIL) for hour in hours)
    assert ask(facts(), channel, counted=counted) is reason
    assert ask(facts(), channel, SERVICE, counted=counted) is None


def test_calls_and_text_messages_have_caps_of_their_own() -> None:
    call = (Counted(ago(days=20), Channel.CALL),)
    assert ask(facts(), Channel.CALL, counted=call) is Refusal.CAP_CALLS
    assert ask(facts(), Channel.EMAIL, counted=call) is None
    texts = (Counted(ago(days=8), Channel.SMS), Counted(ago(days=20), Channel.SMS))
    assert ask(facts(), Channel.SMS, counted=texts) is Refusal.CAP_SMS
    assert ask(facts(), Channel.EMAIL, counted=texts) is None


def test_fifteen_contacts_are_enough_for_a_cycle() -> None:
    assert ask(facts(), in_cycle=14) is None
    assert ask(facts(), in_cycle=15) is Refusal.CAP_CYCLE
    assert ask(facts(), Channel.ARRIVAL, in_cycle=15) is Refusal.CAP_CYCLE


FACTS = st.builds(
    GateFacts,
    is_no_contact=st.booleans(),
    consents=st.dictionaries(st.sampled_from(Channel), st.sampled_from([True, False, None])),
    blocks=st.frozensets(st.sampled_from(BlockKind)),
    addresses=st.frozensets(st.sampled_from(Channel)),
    suppressed=st.frozensets(st.sampled_from(Channel)),
    switched_on=st.frozensets(st.sampled_from(Channel)),
)
COUNTED = st.lists(
    st.builds(
        Counted,
        st.integers(0, 60 * 24 * 40).map(lambda minutes: ago(minutes=minutes)),
        st.sampled_from([Channel.EMAIL, Channel.SMS, Channel.CALL]),
    ),
    max_size=8,
).map(tuple)


@given(FACTS, st.sampled_from(Channel), COUNTED, st.integers(0, 20))
def test_what_passes_as_marketing_passes_as_service(
    one: GateFacts, channel: Channel, counted: tuple[Counted, ...], in_cycle: int
) -> None:
    if ask(one, channel, MARKETING, counted, in_cycle) is None:
        assert ask(one, channel, SERVICE, counted, in_cycle) is None


@given(FACTS, st.sampled_from(Channel), COUNTED, st.integers(0, 20))
def test_one_contact_more_never_opens_the_gate(
    one: GateFacts, channel: Channel, counted: tuple[Counted, ...], in_cycle: int
) -> None:
    if ask(one, channel, MARKETING, counted, in_cycle) is not None:
        more = (*counted, Counted(NOW, Channel.EMAIL))
        assert ask(one, channel, MARKETING, more, in_cycle + 1) is not None
