"""The answer: where one person stands on one day, and why."""

from collections.abc import Mapping
from datetime import date
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

MEASURES: Final = ("gap", "v28", "v14", "base", "gap_limit", "drop_limit", "dte", "dse")


def measures_of(standing: Standing) -> dict[str, Any]:
    """The measures that are known, as JSON values."""
    values = {name: getattr(standing, name) for name in MEASURES}
    return {name: value for name, value in values.items() if value is not None}


def plain_reason(because: Because) -> list[Any]:
    """A reason and its figures as JSON values; days become ISO text."""
    reason, figures = because
    return [reason.value, plain_figures(figures)]


def plain_figures(figures: Mapping[str, Any]) -> dict[str, Any]:
    """Figures as JSON values: what is called `on`, or ends so, is a day."""
    return {
        name: date.fromordinal(value).isoformat()
        if value is not None and (name == "on" or name.endswith("_on"))
        else value
        for name, value in figures.items()
    }
