"""What is said of contacts: where messages stand and why they stayed, what came of tasks."""

from collections.abc import Mapping
from typing import Final

from flask_babel import gettext as _
from flask_babel import lazy_gettext as _l

from clubcrm.core.errors import Words
from clubcrm.messaging.states import Channel, MessageState, Outcome, Refusal, TaskKind

STATES: Final[Mapping[MessageState, Words]] = {
    MessageState.QUEUED: _l("waits"),
    MessageState.SENDING: _l("is being sent"),
    MessageState.SENT: _l("sent"),
    MessageState.DELIVERED: _l("delivered"),
    MessageState.BOUNCED: _l("came back"),
    MessageState.FAILED: _l("not sent"),
    MessageState.UNCERTAIN: _l("uncertain"),
    MessageState.CANCELLED: _l("cancelled"),
}

REASONS: Final[Mapping[str, Words]] = {
    # what the server, or the way to it, said
    "address_refused": _l("The server says that this address does not exist or takes nothing."),
    "bad_address": _l("This is no address that mail can be sent to."),
    "sender_refused": _l("The server does not let this sender write."),
    "server_refuses": _l("The server refuses to take it."),
    "content_refused": _l("The server refused what was written."),
    "not_signed_in": _l("The server does not accept the user or the password of SMTP_URL."),
    "no_connection": _l("The server cannot be reached."),
    "no_answer": _l("The server did not answer in time."),
    "certificate": _l("The server’s certificate is not to be trusted."),
    "answer_lost": _l("The message was under way when the answer was lost. It may have arrived."),
    "no_server": _l("No server is set: SMTP_URL is missing."),
    "clock_stands": _l(
        "The clock of this installation stands still (CLUBCRM_NOW); nothing is sent."
    ),
    "claim_too_old": _l("Whatever was sending it ended in the middle. It may have arrived."),
    "came_back": _l("It came back: the address does not exist or takes nothing."),
    "left": _l("Left as it is."),
    # what the gate said
    Refusal.DO_NOT_CONTACT: _l("This person must not be contacted."),
    Refusal.NO_CONSENT: _l("There is no consent."),
    Refusal.IN_DEBT: _l("There is a debt."),
    Refusal.OPEN_COMPLAINT: _l("There is an open complaint."),
    Refusal.LEGAL_HOLD: _l("There is a legal dispute."),
    Refusal.NO_ADDRESS: _l("There is no address."),
    Refusal.SUPPRESSED: _l("This address is not used any more."),
    Refusal.CHANNEL_OFF: _l("Sending is switched off."),
    Refusal.OUT_OF_DATE: _l("It was out of date."),
}
"""Code of a reason -> its words."""


def reason_words(reason: str) -> str:
    """A reason in words; nothing for one that has none."""
    return str(REASONS.get(reason, ""))


def unsubscribe_words() -> str:
    """What stands beneath a message, before the link."""
    return _("You do not want such messages any more? Unsubscribe here:")


def test_subject(club: str) -> str:
    """The subject of a test message."""
    return _("A test from %(club)s", club=club)


def test_body(club: str) -> str:
    """The words of a test message."""
    return _(
        "This is a test.\n\nIf you read it, %(club)s can write to its members by e-mail.", club=club
    )


OUTCOME_WORDS: Final[Mapping[Outcome, Words]] = {
    Outcome.REACHED_PLAN: _l("Reached, agreed"),
    Outcome.REACHED_NO: _l("Reached, nothing agreed"),
    Outcome.LEFT_MESSAGE: _l("Left a message"),
    Outcome.NO_ANSWER: _l("No answer"),
    Outcome.WRONG_NUMBER: _l("Wrong number"),
    Outcome.DO_NOT_CALL: _l("Wants no calls"),
    Outcome.INJURED: _l("Ill or injured"),
    Outcome.MOVED: _l("Moved away"),
    Outcome.COMPLAINT: _l("Complained"),
    Outcome.SAID: _l("Said"),
    Outcome.DONE: _l("Done"),
    Outcome.MISSED: _l("Came by, and it was not said"),
}
"""What came of a task, as its button says it."""

_OUTCOMES_OF: Final[Mapping[tuple[TaskKind, Outcome], Words]] = {
    (TaskKind.FOLLOW_UP, Outcome.DONE): _l("It happened"),
    (TaskKind.FOLLOW_UP, Outcome.REACHED_PLAN): _l("Reached, another day"),
    (TaskKind.ARRIVAL, Outcome.REACHED_PLAN): _l("Agreed a day"),
    (TaskKind.ARRIVAL, Outcome.REACHED_NO): _l("Said, nothing agreed"),
}

KIND_WORDS: Final[Mapping[TaskKind, Words]] = {
    TaskKind.CALL: _l("Call"),
    TaskKind.ARRIVAL: _l("At arrival"),
    TaskKind.FOLLOW_UP: _l("Promised day"),
    TaskKind.TODO: _l("To do"),
}

CHANNEL_WORDS: Final[Mapping[Channel, Words]] = {
    Channel.EMAIL: _l("e-mail"),
    Channel.SMS: _l("SMS"),
    Channel.CALL: _l("call"),
    Channel.ARRIVAL: _l("at arrival"),
}

LEFT_OUT: Final[Mapping[Refusal, Words]] = {
    Refusal.DO_NOT_CONTACT: _l("is not to be contacted"),
    Refusal.NO_CONSENT: _l("did not agree to be contacted this way"),
    Refusal.IN_DEBT: _l("owes money; that comes first"),
    Refusal.OPEN_COMPLAINT: _l("a complaint is open"),
    Refusal.LEGAL_HOLD: _l("a legal matter is open"),
    Refusal.NO_ADDRESS: _l("no phone or e-mail is known"),
    Refusal.SUPPRESSED: _l("this number or address is not used any more"),
    Refusal.CHANNEL_OFF: _l("the club does not write this way"),
    Refusal.TOO_SOON: _l("another contact was made less than three days before"),
    Refusal.CAP_WEEK: _l("two contacts in a week are enough"),
    Refusal.CAP_MONTH: _l("five contacts in a month are enough"),
    Refusal.CAP_CYCLE: _l("fifteen contacts in a membership are enough"),
    Refusal.CAP_CALLS: _l("one call in three weeks is enough"),
    Refusal.CAP_SMS: _l("two text messages in a month are enough"),
    Refusal.COOLDOWN: _l("the same was done not long ago"),
    Refusal.OUT_OF_DATE: _l("its time was over"),
    Refusal.ANSWERED: _l("has answered already"),
    Refusal.RAMP: _l("others come first; only so many are begun with in a day"),
}


def outcome_words(outcome: Outcome, kind: TaskKind | None = None) -> str:
    """What came of a task of a kind, in words."""
    if kind is not None and (kind, outcome) in _OUTCOMES_OF:
        return str(_OUTCOMES_OF[kind, outcome])
    return str(OUTCOME_WORDS[outcome])
