"""The vocabularies of people and terms."""

from enum import StrEnum


class PlanKind(StrEnum):
    """How a plan runs."""

    TERM = "term"  # a fixed length, renewed by a new term
    ROLLING = "rolling"  # month to month, until cancelled
    PACK = "pack"  # a number of visits


class MembershipState(StrEnum):
    """Where a term stands on a day; derived, never typed."""

    PENDING = "pending"
    ACTIVE = "active"
    FROZEN = "frozen"
    ENDED = "ended"


class EndReason(StrEnum):
    """Why a term ended, or ends, before its natural end."""

    CANCELLED = "cancelled"  # notice given on a month-to-month contract
    UPGRADED = "upgraded"  # replaced inside the cycle, not a renewal
    TRANSFERRED = "transferred"
    REFUNDED = "refunded"  # cooling-off
    DIED = "died"


class Link(StrEnum):
    """What a term is to the one it is linked to."""

    RENEWAL = "renewal"
    UPGRADE = "upgrade"


class ConsentChannel(StrEnum):
    """The channel a consent is about."""

    EMAIL = "email"
    SMS = "sms"
    CALL = "call"


class ConsentBasis(StrEnum):
    """Why the club may write to people that came in by an import; asked once for each import."""

    OWN_MEMBERS = "own_members"  # similar services to own members, where the law allows it
    FROM_FILE = "from_file"  # only what the file's consent columns say
    UNKNOWN = "unknown"  # service messages only


class TokenKind(StrEnum):
    """Where a search token comes from, so that each source replaces only its own."""

    PERSON = "person"
    CARD = "card"
