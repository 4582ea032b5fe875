"""The vocabularies of the life cycle."""

from enum import StrEnum


class Phase(StrEnum):
    """Where a member stands in the life cycle; the first that matches wins (see policies)."""

    PENDING = "pending"
    LOST = "lost"
    LAPSED = "lapsed"
    GRACE = "grace"
    FROZEN = "frozen"
    LEAVING = "leaving"
    RENEWAL = "renewal"
    WON_BACK = "won_back"
    ADAPTATION = "adaptation"
    SLEEPING = "sleeping"
    AT_RISK = "at_risk"
    ACTIVE = "active"


class Sub(StrEnum):
    """A finer division of adaptation and active."""

    NOT_STARTED = "not_started"
    EARLY = "early"
    SETTLING = "settling"
    CORE = "core"
    REGULAR = "regular"
    LIGHT = "light"


class Risk(StrEnum):
    """The overlay kept in every running phase."""

    NONE = "none"
    WATCH = "watch"
    HIGH = "high"


class Status(StrEnum):
    """What somebody is to the club, as shown on the card; derived, never typed."""

    POTENTIAL = "potential"
    ACTIVE = "active"
    LOYAL = "loyal"
    LOST = "lost"


class Transition(StrEnum):
    """What happened to a member's phase."""

    IMPORTED = "imported"  # the first look at somebody an import brought: no transition, no trigger
    JOINED = "joined"
    FIRST_VISIT = "first_visit"
    SETTLED = "settled"
    SLIPPED = "slipped"
    FELL_ASLEEP = "fell_asleep"
    RECOVERED = "recovered"
    WINDOW_OPENED = "window_opened"
    RENEWED = "renewed"
    EXPIRED = "expired"
    LAPSED = "lapsed"
    LOST = "lost"
    WON_BACK = "won_back"
    FROZE = "froze"
    UNFROZE = "unfroze"
    NOTICE = "notice"
    SAVED = "saved"
    MOVED = "moved"  # any other change of phase or sub-phase


class Reason(StrEnum):
    """Why somebody is in this phase; each has its words in `retention/words.py`."""

    IMPORTED = "imported"
    STARTS_LATER = "starts_later"
    ENDED = "ended"
    FREEZE = "freeze"
    NOTICE = "notice"
    WINDOW = "window"
    FEW_VISITS_LEFT = "few_visits_left"
    CAME_BACK = "came_back"
    NEW = "new"
    NO_VISIT_YET = "no_visit_yet"
    LONG_GAP = "long_gap"
    GAP = "gap"
    DROP = "drop"
    SLOW_START = "slow_start"
    AT_OWN_PATTERN = "at_own_pattern"


class DailyRunState(StrEnum):
    """How far the daily run of one club's day is."""

    RUNNING = "running"
    DONE = "done"
    STOPPED = "stopped"  # it would have moved very many people; somebody has to allow it
    ALLOWED = "allowed"  # somebody did
