"""The pure half of the gate: whether a contact may pass, and if not, why. Facts in, a refusal out."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Final, NamedTuple

from clubcrm.messaging.states import BlockKind, Channel, Purpose, Refusal

A_WEEK: Final = timedelta(days=7)
A_MONTH: Final = timedelta(days=30)
APART: Final = timedelta(hours=72)
CALLS_APART: Final = timedelta(days=21)

MOST_A_WEEK: Final = 2
MOST_A_MONTH: Final = 5
MOST_A_CYCLE: Final = 15
MOST_SMS_A_MONTH: Final = 2


@dataclass(frozen=True, slots=True)
class GateFacts:
    """What the gate reads of one person. A consent that was never asked for is None."""

    is_no_contact: bool = False
    consents: Mapping[Channel, bool | None] = field(default_factory=dict)
    blocks: frozenset[BlockKind] = frozenset()
    addresses: frozenset[Channel] = frozenset()
    suppressed: frozenset[Channel] = frozenset()
    unsubscribed: frozenset[Channel] = (
        frozenset()
    )  # no marketing by it; the contract may be written of
    switched_on: frozenset[Channel] = frozenset()


class Counted(NamedTuple):
    """A marketing contact that the caps count: one that was made, or held out as if it had been."""

    at: datetime
    channel: Channel


def refusal(
    facts: GateFacts,
    channel: Channel,
    purpose: Purpose,
    counted: Sequence[Counted],
    cycle_count: int,
    now: datetime,
) -> Refusal | None:
    """Why a contact may not pass by a channel; None when it may.

    In order: who must not be contacted, consent, blocks (then service only), a channel that reaches the
    person, caps. Service is outside consent of marketing and caps, never outside the rest. What is said
    in person at the desk needs no address.
    """
    refused = barred(facts, channel, purpose)
    if refused is not None or purpose is Purpose.SERVICE:
        return refused
    return _caps(channel, counted, cycle_count, now)


def barred(facts: GateFacts, channel: Channel, purpose: Purpose) -> Refusal | None:
    """The half of the gate that counts nothing: asked once more when a message is about to go out."""
    if facts.is_no_contact:
        return Refusal.DO_NOT_CONTACT
    if purpose is Purpose.MARKETING:
        refused = _marketing(facts, channel)
        if refused is not None:
            return refused
    if BlockKind.LEGAL in facts.blocks:
        return Refusal.LEGAL_HOLD
    return _reach(facts, channel, purpose)


def _marketing(facts: GateFacts, channel: Channel) -> Refusal | None:
    """What forbids marketing alone: a missing consent, a debt, an open complaint."""
    if channel is Channel.CALL:
        # Own members may be rung up unless they objected.
        if facts.consents.get(channel) is False:
            return Refusal.NO_CONSENT
    elif channel is not Channel.ARRIVAL and not facts.consents.get(channel):
        return Refusal.NO_CONSENT
    if BlockKind.DEBT in facts.blocks:
        return Refusal.IN_DEBT
    if BlockKind.COMPLAINT in facts.blocks:
        return Refusal.OPEN_COMPLAINT
    return None


def _reach(facts: GateFacts, channel: Channel, purpose: Purpose) -> Refusal | None:
    """Whether the channel reaches the person at all."""
    if channel is Channel.ARRIVAL:
        return None
    if channel not in facts.addresses:
        return Refusal.NO_ADDRESS
    if channel in facts.suppressed:
        return Refusal.SUPPRESSED
    if purpose is Purpose.MARKETING and channel in facts.unsubscribed:
        return Refusal.SUPPRESSED
    if channel is not Channel.CALL and channel not in facts.switched_on:
        return Refusal.CHANNEL_OFF
    return None


def _caps(
    channel: Channel, counted: Sequence[Counted], cycle_count: int, now: datetime
) -> Refusal | None:
    """The caps of marketing; what is said at the desk takes part in that of the cycle alone."""
    if cycle_count >= MOST_A_CYCLE:
        return Refusal.CAP_CYCLE
    if channel is Channel.ARRIVAL:
        return None
    if _since(counted, now - APART):
        return Refusal.TOO_SOON
    if _since(counted, now - A_WEEK) >= MOST_A_WEEK:
        return Refusal.CAP_WEEK
    if _since(counted, now - A_MONTH) >= MOST_A_MONTH:
        return Refusal.CAP_MONTH
    if channel is Channel.CALL and _since(counted, now - CALLS_APART, channel):
        return Refusal.CAP_CALLS
    if channel is Channel.SMS and _since(counted, now - A_MONTH, channel) >= MOST_SMS_A_MONTH:
        return Refusal.CAP_SMS
    return None


def _since(counted: Sequence[Counted], after: datetime, channel: Channel | None = None) -> int:
    return sum(one.at > after and channel in (None, one.channel) for one in counted)
