"""Figures and the life cycle as the API answers them."""

from collections.abc import Sequence
from datetime import date
from typing import Annotated

from pydantic import Field

from clubcrm.accounts.queries import ClubRow
from clubcrm.api.schemas.base import (
    Day,
    Instant,
    Page,
    PageQuery,
    Query,
    Shape,
    ShortText,
    shown_id,
)
from clubcrm.messaging.states import Channel, Outcome
from clubcrm.reports.queries.renewals import GRACE_DAYS, RenewalRow
from clubcrm.reports.states import By
from clubcrm.retention.queries import ContactRow, StandingRow
from clubcrm.retention.states import Arm, Phase, Risk, Sub, TouchpointState


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
    state: TouchpointState
    arm: Arm | None = Field(description="null where nothing was drawn, as it was not to be made.")
    due_on: date
    channel: Channel | None
    reason: str = Field(description="Code of why it was not made; empty for none.")

    @classmethod
    def of(cls, row: ContactRow, club: ClubRow) -> "ContactOut":
        """A contact as the API writes it."""
        return cls(
            play=row.play,
            state=row.state,
            arm=row.arm,
            due_on=due_day(row, club),
            channel=row.channel,
            reason=row.reason,
        )


def due_day(row: ContactRow, club: ClubRow) -> date:
    """The club day of a contact: when it is or would have been made, else that of its occasion."""
    return club.today(row.due_at) if row.due_at else row.occasion_on


class TouchpointsQuery(PageQuery):
    """Which contacts."""

    member_id: ShortText | None = None
    play: ShortText | None = None
    state: TouchpointState | None = None
    from_: Day | None = Field(None, alias="from", description="First day of the occasion.")
    to: Day | None = Field(None, description="Last day of the occasion, inclusive.")
    club: ShortText | None = Field(None, description="Code of one club.")


class TouchpointOut(ContactOut):
    """A contact with a member, made or not."""

    id: str
    member_id: str
    club: str = Field(description="Code of the club.")
    version: int
    cycle_on: date = Field(description="First day of the membership cycle.")
    occasion_on: date
    step: int
    planned_at: Instant
    due_at: Instant | None
    sent_at: Instant | None
    closed_at: Instant | None
    outcome: Outcome | None
    goal_at: Instant | None = Field(description="When its aim was reached, in every arm.")

    @classmethod
    def of(cls, row: ContactRow, club: ClubRow) -> "TouchpointOut":
        """A contact as the API writes it."""
        own = ("version", "cycle_on", "occasion_on", "step", "planned_at", "due_at")
        ends = ("sent_at", "closed_at", "outcome", "goal_at")
        return cls(
            **ContactOut.of(row, club).model_dump(),
            id=shown_id(row.id),
            member_id=shown_id(row.person_id),
            club=club.code,
            **{name: getattr(row, name) for name in (*own, *ends)},
        )


class TouchpointPage(Page[TouchpointOut]):
    """Contacts in the order in which they were planned."""


class RetentionOut(Shape):
    """Where a person stands in the life cycle, and why."""

    phase: Phase | None = Field(description="null for people who never had an access term.")
    sub: Sub | None
    since: date | None = Field(description="First day of the phase.")
    risk: Risk
    reasons: list[str] = Field(description="In words, the strongest first.")
    measures: Measures
    contacts: list[ContactOut] = Field(description="Of the present cycle, newest first.")

    @classmethod
    def of(
        cls, standing: StandingRow, contacts: Sequence[ContactRow], club: ClubRow
    ) -> "RetentionOut":
        """A standing as the API writes it."""
        known = {name: standing.measures.get(name) for name in Measures.model_fields}
        return cls(
            phase=standing.phase,
            sub=standing.sub,
            since=standing.since_on,
            risk=standing.risk,
            reasons=standing.reasons,
            measures=Measures(**known),
            contacts=[ContactOut.of(row, club) for row in contacts],
        )
