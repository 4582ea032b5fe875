"""The vocabularies of reports."""

from enum import StrEnum


class Bucket(StrEnum):
    """How a term that ended was followed; the five add up to the terms due."""

    EARLY = "early"  # renewed before the renewal window opened
    WINDOW = "window"  # renewed within the window, the last valid day included
    LATE = "late"  # renewed after the end, within the days of grace
    NOT_RENEWED = "not_renewed"  # grace is over and nothing follows
    PENDING = "pending"  # grace still runs: never counted as lost


class Direction(StrEnum):
    """What the member renewed to."""

    SAME = "same"
    UPGRADE = "upgrade"  # longer, or dearer a month
    DOWNGRADE = "downgrade"


class Excluded(StrEnum):
    """Why a term that ends is not due for renewal."""

    TRIAL = "trial"  # trial, guest and staff passes
    UPGRADED = "upgraded"  # replaced inside the cycle, due at its new end
    TRANSFERRED = "transferred"  # due at the other club
    REFUNDED = "refunded"  # cooling-off
    DIED = "died"
    COVERED = "covered"  # another term of the same person was running and runs on


class By(StrEnum):
    """What the report is grouped by."""

    MONTH = "month"
    PLAN = "plan"
    CLUB = "club"
    TRAINER = "trainer"
    STAFF = "staff"


class Group(StrEnum):
    """The lists of people behind the figures of the owner's page."""

    AT_RISK = "at_risk"
    HIGH_RISK = "high_risk"
    WATCH = "watch"
    DUE = "due"
    RENEWED = "renewed"
    SLIPPED = "slipped"
    CAME_BACK = "came_back"
    JOINED = "joined"
    NOTICE = "notice"
    LEFT = "left"
    REFUNDED = "refunded"
    MEMBERS = "members"


class DuePart(StrEnum):
    """Where those stand whose terms end soon; the parts add up to the terms due."""

    RENEWED = "renewed"
    STEADY = "steady"
    WATCH = "watch"
    HIGH = "high"
    ROLLING = "rolling"  # goes on by itself
    FROZEN = "frozen"
    LEAVING = "leaving"
