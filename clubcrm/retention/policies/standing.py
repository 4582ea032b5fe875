"""The answer: where one person stands on one day, and why."""

from collections.abc import Mapping
from typing import Any, Final, NamedTuple

from clubcrm.retention.states import Phase, Reason, Risk, Status, Sub

Because = tuple[Reason, Mapping[str, Any]]
"""A reason and its figures; days in the figures are numbers."""


class Standing(NamedTuple):
    """Where somebody stands on a day; the same on every day before `next_check` while no fact changes.

    That holds for phase, sub, status, risk and habit. The measures and the figures of the reasons are
    those of the day itself.
    """

    phase: Phase | None = None
    sub: Sub | None = None
    status: Status = Status.POTENTIAL
    risk: Risk = Risk.NONE
    has_habit: bool = False
    reasons: tuple[Because, ...] = ()
    gap: int | None = None
    v28: int | None = None
    v14: int | None = None
    base: float | None = None
    gap_limit: int | None = None
    drop_limit: int | None = None
    dte: int | None = None  # days from today to the last valid day of the term
    dse: int | None = None  # days since the last valid day of the last term
    last: int | None = None  # the last visit-day
    ends: int | None = None  # the last valid day of the running (else the next, else the last) term
    spell_start: int | None = None
    renewals: int = 0  # in this spell
    next_check: int | None = None  # the first day on which it may be different; None = never


NOBODY: Final = Standing()
