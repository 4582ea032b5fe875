"""The vocabularies of contacts."""

from collections.abc import Mapping
from enum import StrEnum
from typing import Final


class Channel(StrEnum):
    """How a person is reached. A call and a prompt at arrival are done by staff."""

    EMAIL = "email"
    SMS = "sms"
    CALL = "call"
    ARRIVAL = "arrival"


class Purpose(StrEnum):
    """What a contact is for: `service` belongs to the contract, `marketing` needs a consent."""

    SERVICE = "service"
    MARKETING = "marketing"


class MessageState(StrEnum):
    """Where a message stands."""

    QUEUED = "queued"
    SENDING = "sending"  # claimed: from here on it is never sent again by itself
    SENT = "sent"
    DELIVERED = "delivered"
    BOUNCED = "bounced"
    FAILED = "failed"  # certainly not sent, and not tried again
    UNCERTAIN = "uncertain"  # nobody can tell whether it went out: a person decides
    CANCELLED = "cancelled"  # refused or out of date before it was sent


NEXT_STATES: Mapping[MessageState, frozenset[MessageState]] = {
    MessageState.QUEUED: frozenset({MessageState.SENDING, MessageState.CANCELLED}),
    MessageState.SENDING: frozenset(
        {
            MessageState.SENT,
            MessageState.FAILED,
            MessageState.UNCERTAIN,
            MessageState.BOUNCED,
            MessageState.QUEUED,  # certainly not taken by the server: tried again later
        }
    ),
    MessageState.SENT: frozenset({MessageState.DELIVERED, MessageState.BOUNCED}),
    MessageState.DELIVERED: frozenset({MessageState.BOUNCED}),
    MessageState.BOUNCED: frozenset(),
    MessageState.FAILED: frozenset(),
    MessageState.UNCERTAIN: frozenset(
        {MessageState.SENT, MessageState.FAILED, MessageState.QUEUED, MessageState.BOUNCED}
    ),
    MessageState.CANCELLED: frozenset(),
}
"""State -> states that may follow. Only a person leads from uncertain back to queued."""


class TaskKind(StrEnum):
    """What staff are asked to do."""

    CALL = "call"
    ARRIVAL = "arrival"  # to be said when the member arrives
    FOLLOW_UP = "follow_up"  # a day was promised: did it happen?
    TODO = "todo"  # anything else somebody wrote down


class TaskState(StrEnum):
    """Where a task stands: `open -> done | cancelled | expired`."""

    OPEN = "open"
    DONE = "done"
    CANCELLED = "cancelled"
    EXPIRED = "expired"


class Outcome(StrEnum):
    """What came of a task."""

    REACHED_PLAN = "reached_plan"  # reached, and something was agreed
    REACHED_NO = "reached_no"
    LEFT_MESSAGE = "left_message"
    NO_ANSWER = "no_answer"
    WRONG_NUMBER = "wrong_number"
    DO_NOT_CALL = "do_not_call"
    INJURED = "injured"
    MOVED = "moved"
    COMPLAINT = "complaint"
    SAID = "said"  # a prompt was said at the desk
    DONE = "done"  # a plain task
    MISSED = "missed"  # a prompt: the person came, and nobody could say it


TRIES_AGAIN = frozenset({Outcome.NO_ANSWER, Outcome.LEFT_MESSAGE})
"""After these a call is tried again on another day, while its attempts and its validity last."""

ANSWERS = frozenset(
    {
        Outcome.REACHED_PLAN,
        Outcome.REACHED_NO,
        Outcome.DO_NOT_CALL,
        Outcome.INJURED,
        Outcome.MOVED,
        Outcome.COMPLAINT,
    }
)
"""After these staff have heard the person."""

OUTCOMES: Mapping[TaskKind, tuple[Outcome, ...]] = {
    TaskKind.CALL: (
        Outcome.REACHED_PLAN,
        Outcome.REACHED_NO,
        Outcome.LEFT_MESSAGE,
        Outcome.NO_ANSWER,
        Outcome.WRONG_NUMBER,
        Outcome.DO_NOT_CALL,
        Outcome.INJURED,
        Outcome.MOVED,
        Outcome.COMPLAINT,
    ),
    TaskKind.ARRIVAL: (Outcome.SAID, Outcome.REACHED_PLAN, Outcome.REACHED_NO),
    TaskKind.FOLLOW_UP: (
        Outcome.DONE,
        Outcome.REACHED_PLAN,
        Outcome.REACHED_NO,
        Outcome.NO_ANSWER,
        Outcome.LEFT_MESSAGE,
    ),
    TaskKind.TODO: (Outcome.DONE,),
}
"""Kind of task -> outcomes it takes, in the order in which staff see them."""

BY_HAND: Final = 60
"""The rank of what somebody wrote down: it comes before what the program asks for."""


class BlockKind(StrEnum):
    """Why a person hears of the contract only, for now."""

    DEBT = "debt"
    COMPLAINT = "complaint"
    LEGAL = "legal"


class SuppressionReason(StrEnum):
    """Why an address is never written to again."""

    BOUNCED = "bounced"
    UNSUBSCRIBED = "unsubscribed"
    COMPLAINED = "complained"
    WRONG = "wrong"  # wrong number, or somebody else's
    DO_NOT_CALL = "do_not_call"


class Refusal(StrEnum):
    """Why the gate lets a contact not pass; kept with it and shown."""

    DO_NOT_CONTACT = "do_not_contact"
    NO_CONSENT = "no_consent"
    IN_DEBT = "in_debt"
    OPEN_COMPLAINT = "open_complaint"
    LEGAL_HOLD = "legal_hold"
    NO_ADDRESS = "no_address"
    SUPPRESSED = "suppressed"
    CHANNEL_OFF = "channel_off"
    TOO_SOON = "too_soon"  # one in 72 hours
    CAP_WEEK = "cap_week"  # two in 7 days
    CAP_MONTH = "cap_month"  # five in 30 days
    CAP_CYCLE = "cap_cycle"  # fifteen in a cycle
    CAP_CALLS = "cap_calls"  # one call in 21 days
    CAP_SMS = "cap_sms"  # two text messages in 30 days
    COOLDOWN = "cooldown"
    OUT_OF_DATE = "out_of_date"
    ANSWERED = "answered"  # the same contact, earlier in the cycle
    RAMP = "ramp"  # so many of the backlog in a day, and the day is full
