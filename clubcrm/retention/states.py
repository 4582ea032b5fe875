"""The vocabularies of the life cycle."""

from collections.abc import Mapping
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


class Arm(StrEnum):
    """Whether somebody is contacted, or held out so that the contact can be judged."""

    TREATED = "treated"
    HELD_OUT = "held_out"
    PROGRAMME_HELD_OUT = "programme_held_out"


class TouchpointState(StrEnum):
    """Where a contact with a member stands."""

    PLANNED = "planned"  # waits for its turn: another one was made too lately
    SKIPPED = "skipped"  # the gate let it not pass, and why
    HELD_OUT = "held_out"
    PROGRAMME_HELD_OUT = "programme_held_out"
    QUEUED = "queued"  # will be made when it is due
    SENT = "sent"
    TASK_OPEN = "task_open"  # staff were asked to make it
    DONE = "done"  # staff did, with an outcome
    FAILED = "failed"
    UNCERTAIN = "uncertain"
    CANCELLED = "cancelled"  # not needed or not allowed any more when it was due
    EXPIRED = "expired"


NEXT_TOUCHPOINT_STATES: Mapping[TouchpointState, frozenset[TouchpointState]] = {
    TouchpointState.PLANNED: frozenset(
        {
            TouchpointState.SKIPPED,
            TouchpointState.HELD_OUT,
            TouchpointState.PROGRAMME_HELD_OUT,
            TouchpointState.QUEUED,
            TouchpointState.CANCELLED,
            TouchpointState.EXPIRED,
        }
    ),
    TouchpointState.QUEUED: frozenset(
        {
            TouchpointState.SENT,
            TouchpointState.TASK_OPEN,
            TouchpointState.FAILED,
            TouchpointState.UNCERTAIN,
            TouchpointState.CANCELLED,
            TouchpointState.EXPIRED,
        }
    ),
    TouchpointState.TASK_OPEN: frozenset(
        {
            TouchpointState.DONE,
            TouchpointState.CANCELLED,
            TouchpointState.EXPIRED,
            TouchpointState.QUEUED,  # the task came to nothing, and another channel is left
        }
    ),
    TouchpointState.SENT: frozenset({TouchpointState.FAILED, TouchpointState.QUEUED}),
    TouchpointState.UNCERTAIN: frozenset({TouchpointState.SENT, TouchpointState.FAILED}),
    TouchpointState.FAILED: frozenset(),
    TouchpointState.SKIPPED: frozenset(),
    TouchpointState.HELD_OUT: frozenset(),
    TouchpointState.PROGRAMME_HELD_OUT: frozenset(),
    TouchpointState.DONE: frozenset({TouchpointState.TASK_OPEN}),  # an outcome was taken back
    TouchpointState.CANCELLED: frozenset(),
    TouchpointState.EXPIRED: frozenset(),
}
"""State -> states that may follow. Which arm somebody is in never changes on the way."""

COUNTED = frozenset(
    {
        TouchpointState.HELD_OUT,
        TouchpointState.PROGRAMME_HELD_OUT,
        TouchpointState.QUEUED,
        TouchpointState.SENT,
        TouchpointState.TASK_OPEN,
        TouchpointState.DONE,
        TouchpointState.UNCERTAIN,
    }
)
"""What consumes caps and cooldown: held out counts exactly as if it had been made."""


class RampEnd(StrEnum):
    """Why the ramp of a club is over."""

    WORKED_OFF = "worked_off"  # nobody of the backlog waits any more
    BY_HAND = "by_hand"  # somebody said that those who still wait are left alone


class Goal(StrEnum):
    """What a contact is for; looked for in every arm."""

    VISIT = "visit"
    VISIT_DAYS = "visit_days"  # so many days with a visit
    NEW_TERM = "new_term"  # an access term was sold


class Hour(StrEnum):
    """At which hour of its day a contact is made."""

    NOW = "now"
    MORNING = "morning"  # at ten
    USUAL = "usual"  # two hours before the member's usual training hour
