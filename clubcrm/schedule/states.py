"""The vocabulary of sessions, and which outcome may follow which state."""

from collections.abc import Mapping
from enum import StrEnum
from typing import Final


class SessionState(StrEnum):
    """Where a session stands: planned, or its outcome."""

    PLANNED = "planned"
    CAME = "came"
    LATE = "late"  # came late
    NO_SHOW = "no_show"
    CANCELLED_IN_TIME = "cancelled_in_time"
    MOVED = "moved"  # to another session, planned instead


_S = SessionState

OUTCOMES: Final = (_S.CAME, _S.LATE, _S.NO_SHOW, _S.CANCELLED_IN_TIME, _S.MOVED)
"""The outcomes in the order of their buttons."""

TRANSITIONS: Final[Mapping[SessionState, frozenset[SessionState]]] = {
    _S.PLANNED: frozenset(OUTCOMES),
    **{outcome: frozenset({_S.PLANNED}) for outcome in OUTCOMES},
}
"""State -> the states that may follow. An outcome is taken back before another one is given."""

HELD: Final = frozenset({_S.CAME, _S.LATE})
"""States of a session that took place."""

FREES_THE_TIME: Final = frozenset({_S.CANCELLED_IN_TIME, _S.MOVED})
"""States in which the trainer's time is free for somebody else."""
