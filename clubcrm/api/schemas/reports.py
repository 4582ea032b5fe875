"""Figures and the life cycle as the API answers them."""

from datetime import date
from typing import Annotated

from pydantic import Field

from clubcrm.api.schemas.base import Day, Query, Shape, ShortText
from clubcrm.reports.queries.renewals import GRACE_DAYS, RenewalRow
from clubcrm.reports.states import By
from clubcrm.retention.queries import StandingRow
from clubcrm.retention.states import Phase, Risk, Sub


class RenewalsQuery(Query):
    """Over which ends, and by what."""

    from_: Day | None = Field(
        None, alias="from", description="First end; null = a year before `to`."
    )
    to: Day | None = Field(None, description="Last end, inclusive; null = today.")
    grace: Annotated[int, Field(ge=0, le=365)] = Field(
        GRACE_DAYS, description="Days after the end within which a renewal counts."
    )
    by: By = By.MONTH
    club: ShortText | None = Field(None, description="Code of one club.")


class RenewalLine(Shape):
    """One line: `due = early + window + late + not_renewed + pending`."""

    key: str
    label: str
    due: int
    renewed: int
    early: int
    window: int
    late: int
    not_renewed: int
    pending: int
    rate: float | None = Field(description="Share of final ends renewed; null without any.")
    low: float | None = Field(description="Lower 95 % limit of the rate (Wilson).")
    high: float | None = Field(description="Upper 95 % limit of the rate (Wilson).")

    @classmethod
    def of(cls, row: RenewalRow) -> "RenewalLine":
        """A line as the API writes it."""
        return cls(**{name: getattr(row, name) for name in cls.model_fields})


class RenewalReport(Shape):
    """The renewal report, in the order of the keys."""

    rows: list[RenewalLine]


class Measures(Shape):
    """What the phase rests on; null = not known or not applicable."""

    gap: int | None = Field(description="Days since the last visit on which one could come.")
    v28: int | None = Field(description="Visit days in the last 28 days.")
    base: float | None = Field(description="Own habit, visits a week.")
    gap_limit: int | None
    drop_limit: int | None
    dte: int | None = Field(description="Days to the end of the term.")


class ContactOut(Shape):
    """A contact of the playbook with this person."""

    play: str
    state: str
    arm: str
    due_on: date
    channel: str
    reason: str


class RetentionOut(Shape):
    """Where a person stands in the life cycle, and why."""

    phase: Phase | None = Field(description="null for people who never had an access term.")
    sub: Sub | None
    since: date | None = Field(description="First day of the phase.")
    risk: Risk
    reasons: list[str] = Field(description="In words, the strongest first.")
    measures: Measures
    contacts: list[ContactOut]

    @classmethod
    def of(cls, standing: StandingRow) -> "RetentionOut":
        """A standing as the API writes it."""
        known = {name: standing.measures.get(name) for name in Measures.model_fields}
        return cls(
            phase=standing.phase,
            sub=standing.sub,
            since=standing.since_on,
            risk=standing.risk,
            reasons=standing.reasons,
            measures=Measures(**known),
            contacts=[],
        )
