"""The vocabularies of the door."""

from enum import StrEnum


class CredentialKind(StrEnum):
    """What a person shows at the door."""

    CARD = "card"


class PointKind(StrEnum):
    """Where somebody comes in."""

    DESK = "desk"
    KIOSK = "kiosk"
    DOOR = "door"


class Decision(StrEnum):
    """What the door answers."""

    IN = "in"
    WARN = "warn"  # in, but there is something to do
    STOP = "stop"
    ALREADY_IN = "already_in"


class Fact(StrEnum):
    """What may stand against coming in (or is worth saying); the rows of the entry matrix."""

    NO_MEMBERSHIP = "no_membership"
    EXPIRED = "expired"
    NOT_STARTED = "not_started"
    FROZEN = "frozen"
    NO_VISITS_LEFT = "no_visits_left"
    WRONG_HOURS = "wrong_hours"
    WRONG_CLUB = "wrong_club"
    CLUB_CLOSED = "club_closed"
    DEBT = "debt"
    NO_CONTACT = "no_contact"  # banned or erased
    ENDS_SOON = "ends_soon"
    FEW_VISITS_LEFT = "few_visits_left"
    BIRTHDAY = "birthday"
    FIRST_VISIT = "first_visit"
    ALREADY_IN = "already_in"  # came in earlier and is still inside; no row of the matrix


class Effect(StrEnum):
    """What a fact does at a door."""

    NOTHING = "nothing"
    MESSAGE = "message"
    BLOCK = "block"


class VisitSource(StrEnum):
    """Where a visit was recorded."""

    DESK = "desk"
    API = "api"
    DOOR_LOG = "door_log"  # arrived later than it happened
    IMPORT = "import"
    SIMULATOR = "simulator"


class PromptCode(StrEnum):
    """The one question the desk asks with an answer; the first that applies wins."""

    END_FREEZE = "end_freeze"
    TAKE_PAYMENT = "take_payment"
    RENEW = "renew"
    GREET = "greet"
    CONGRATULATE = "congratulate"
    CONTACT = "contact"  # a task that waits for the arrival; it comes before all others


class PromptReply(StrEnum):
    """What came of a question, keys 1 to 3 at the desk."""

    YES = "yes"
    LATER = "later"
    NO = "no"
    SAID = "said"
    AGREED = "agreed"  # and on which day


REPLIES: dict[PromptCode, dict[PromptReply, int]] = {
    PromptCode.END_FREEZE: {PromptReply.YES: 0, PromptReply.LATER: 1},
    PromptCode.TAKE_PAYMENT: {PromptReply.YES: 0, PromptReply.LATER: 3},
    PromptCode.RENEW: {PromptReply.YES: 0, PromptReply.LATER: 3, PromptReply.NO: 30},
    PromptCode.GREET: {PromptReply.YES: 365, PromptReply.LATER: 1},
    PromptCode.CONGRATULATE: {PromptReply.YES: 30},
    PromptCode.CONTACT: {PromptReply.SAID: 0, PromptReply.AGREED: 0, PromptReply.LATER: 1},
}
"""Question -> the replies it takes, each with the days for which it is then not asked again."""
