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
