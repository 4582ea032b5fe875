"""Roll-ups: figures kept ready so that a page need not count again. All of them can be rebuilt."""

from datetime import date, datetime
from typing import Any

from sqlalchemy import ForeignKey, Index, PrimaryKeyConstraint, String
from sqlalchemy.orm import Mapped, mapped_column

from clubcrm.core.db import Model, words_of
from clubcrm.reports.states import Direction, Excluded


class RenewalOutcome(Model):
    """One access term that ends, and what follows it.

    Holds facts only, nothing that depends on today or on the days of grace: the report decides at read
    which bucket a term is in. Kept in the transaction that changes a term or a payment.
    """

    __tablename__ = "renewal_outcome"
    __table_args__ = (
        # With what is excluded apart, since the report asks for one or the other; and with all that it
        # counts, so that the rows themselves need not be read.
        Index(
            "ix_renewal_outcome_report",
            *("club_id", "excluded", "ends_on", "sold_after", "starts_after", "window_days"),
            *("is_auto", "direction", "monthly_minor", "successor_monthly_minor"),
            *("plan_id", "trainer", "seller"),
        ),
        Index("ix_renewal_outcome_person_id", "person_id"),
        Index("ix_renewal_outcome_club_id_successor_sold_on", "club_id", "successor_sold_on"),
    )

    membership_id: Mapped[int] = mapped_column(ForeignKey("membership.id"), primary_key=True)
    club_id: Mapped[int] = mapped_column(ForeignKey("club.id"))
    person_id: Mapped[int] = mapped_column(ForeignKey("person.id"))
    plan_id: Mapped[int] = mapped_column(ForeignKey("plan.id"))
    seller: Mapped[str] = mapped_column(String(120), default="")
    trainer: Mapped[str] = mapped_column(String(120), default="")
    ends_on: Mapped[date]  # last valid day, after freezes
    window_days: Mapped[int]  # the renewal window opens this many days before the end
    is_auto: Mapped[bool] = mapped_column(default=False)
    monthly_minor: Mapped[int | None]  # price a month; None = unknown
    currency: Mapped[str] = mapped_column(String(3))
    excluded: Mapped[Excluded | None] = mapped_column(words_of(Excluded, 12))
    successor_id: Mapped[int | None] = mapped_column(ForeignKey("membership.id"), index=True)
    successor_sold_on: Mapped[date | None]
    successor_starts_on: Mapped[date | None]
    # Days from the end to those two, negative = before it: the report compares them row by row.
    sold_after: Mapped[int | None]
    starts_after: Mapped[int | None]
    successor_monthly_minor: Mapped[int | None]
    direction: Mapped[Direction | None] = mapped_column(words_of(Direction, 12))


class BaseDay(Model):
    """How many members a club had on a day: people with a running access term that is no trial.

    The last days are counted anew every hour, so that what was told late is in them.
    """

    __tablename__ = "base_day"
    __table_args__ = (PrimaryKeyConstraint("club_id", "on"),)

    club_id: Mapped[int] = mapped_column(ForeignKey("club.id"))
    on: Mapped[date]
    members: Mapped[int]
    counted_at: Mapped[datetime]


class VisitHour(Model):
    """How many visits that count began within one hour of a club's day, on the club's clock.

    Counted with the base, for days that are over: a door's late log and visits taken back are in it
    from the next count on.
    """

    __tablename__ = "visit_hour"
    __table_args__ = (PrimaryKeyConstraint("club_id", "on", "hour"),)

    club_id: Mapped[int] = mapped_column(ForeignKey("club.id"))
    on: Mapped[date]
    hour: Mapped[int]  # 0 to 23
    visits: Mapped[int]


class OwnerCount(Model):
    """What the owner's page counts over a whole club, as it was at a moment of the club's day `on`.

    `event_id` and `change_id` are how far the log of events and the phase history had come.
    """

    __tablename__ = "owner_count"
    __table_args__ = (PrimaryKeyConstraint("club_id"),)

    club_id: Mapped[int] = mapped_column(ForeignKey("club.id"))
    on: Mapped[date]
    counted_at: Mapped[datetime]
    event_id: Mapped[int]
    change_id: Mapped[int]
    figures: Mapped[dict[str, Any]]
