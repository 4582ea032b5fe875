"""The vocabulary of what a trainer must know of a client before the session."""

from enum import StrEnum


class Flag(StrEnum):
    """Something a trainer must know, the most pressing first."""

    NOTHING_LEFT = "nothing_left"  # no session left in any package
    SLIPPED = "slipped"  # comes less than usual
    FEW_LEFT = "few_left"  # the last sessions of the package
    FIRST_SESSION = "first_session"
    NEW = "new"  # in the first weeks of the membership
    BIRTHDAY = "birthday"
