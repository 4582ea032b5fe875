"""Tables of the life cycle."""

from datetime import date, datetime
from typing import Any

from sqlalchemy import (
    Float,
    ForeignKey,
    Index,
    PrimaryKeyConstraint,
    String,
    UniqueConstraint,
    text,
)
from sqlalchemy.orm import Mapped, mapped_column

from clubcrm.core.db import Id, Model, words_of
from clubcrm.messaging.states import Channel, Outcome
from clubcrm.retention.states import (
    Arm,
    DailyRunState,
    Phase,
    RampEnd,
    Reason,
    Risk,
    Status,
    Sub,
    TouchpointState,
    Transition,
)


class MemberState(Model):
    """Where one member stands: the answer of the phase policy on the day it was last asked.

    Phase, sub, risk and since are true on every day from `evaluated_on` up to (not including)
    `next_check_on`, unless `dirty_seq` != `clean_seq`: then facts changed, the earliest on `dirty_from_on`.
    Marks are counters, so that a change that commits while the row is being looked at is not lost.
    """

    __tablename__ = "member_state"
    __table_args__ = (
        Index("ix_member_state_club_id_phase", "club_id", "phase"),
        Index("ix_member_state_club_id_next_check_on", "club_id", "next_check_on"),
        Index("ix_member_state_club_id_spell_from_on", "club_id", "spell_from_on"),
        Index("ix_member_state_club_id_ends_on", "club_id", "ends_on"),
        Index(
            "ix_member_state_dirty",
            "club_id",
            sqlite_where=text("dirty_seq != clean_seq"),
            postgresql_where=text("dirty_seq != clean_seq"),
        ),
        # Whom a call is worth most: counted, summed and ranked without reading a row.
        Index(
            "ix_member_state_at_risk",
            *("club_id", "value_minor", "person_id", "risk"),
            sqlite_where=text("risk != 'none'"),
            postgresql_where=text("risk != 'none'"),
        ),
    )

    person_id: Mapped[int] = mapped_column(ForeignKey("person.id"), primary_key=True)
    club_id: Mapped[int] = mapped_column(ForeignKey("club.id"))
    is_imported: Mapped[bool] = mapped_column(default=False)  # first seen through an import
    imported_on: Mapped[
        date | None
    ]  # the day on which that was; the file may speak of an earlier one
    baseline_on: Mapped[date]  # first day that is looked at; nothing is claimed about earlier days
    phase: Mapped[Phase | None] = mapped_column(words_of(Phase, 12))
    sub: Mapped[Sub | None] = mapped_column(words_of(Sub, 12))
    risk: Mapped[Risk] = mapped_column(words_of(Risk, 8), default=Risk.NONE)
    status: Mapped[Status] = mapped_column(words_of(Status, 12), default=Status.POTENTIAL)
    since_on: Mapped[date | None]  # first day of the phase in an unbroken run
    reasons: Mapped[list[Any]] = mapped_column(
        default=list
    )  # [[code, {figures}], ...], strongest first
    base: Mapped[float | None] = mapped_column(Float)  # own visits a week
    has_habit: Mapped[bool] = mapped_column(default=False)
    v28: Mapped[int | None]
    last_visit_on: Mapped[date | None]
    ends_on: Mapped[date | None]  # last valid day of the running (or last) term, for lists
    spell_from_on: Mapped[date | None]  # first day of the latest time of belonging
    value_minor: Mapped[int | None]  # what the member brings a year; None = unknown
    evaluated_on: Mapped[date | None]
    next_check_on: Mapped[date | None]
    dirty_seq: Mapped[int] = mapped_column(default=1)
    clean_seq: Mapped[int] = mapped_column(default=0)
    dirty_from_on: Mapped[date | None]


class PhaseChange(Model):
    """The phase history, append-only. A correction by late facts supersedes rows and writes new ones."""

    __tablename__ = "phase_change"
    __table_args__ = (
        Index("ix_phase_change_person_id_from_on", "person_id", "from_on"),
        Index("ix_phase_change_club_id_from_on", "club_id", "from_on"),
    )

    id: Mapped[Id]
    club_id: Mapped[int] = mapped_column(ForeignKey("club.id"))
    person_id: Mapped[int] = mapped_column(ForeignKey("person.id"))
    transition: Mapped[Transition] = mapped_column(words_of(Transition, 16))
    from_phase: Mapped[Phase | None] = mapped_column(words_of(Phase, 12))
    phase: Mapped[Phase] = mapped_column(words_of(Phase, 12))
    sub: Mapped[Sub | None] = mapped_column(words_of(Sub, 12))
    risk: Mapped[Risk] = mapped_column(words_of(Risk, 8))
    from_on: Mapped[date]
    reason: Mapped[Reason] = mapped_column(words_of(Reason, 20))
    measures: Mapped[dict[str, Any]]
    recorded_at: Mapped[datetime]
    superseded_at: Mapped[datetime | None]


class Cohort(Model):
    """The mean habit of a club's plan in one month, stored once and never changed.

    A rebuild reads the stored row, so that it equals the incremental state when other people's late visits
    arrive. `plan_id` 0 is the club as a whole.
    """

    __tablename__ = "cohort"
    __table_args__ = (PrimaryKeyConstraint("club_id", "plan_id", "month_on"),)

    club_id: Mapped[int] = mapped_column(ForeignKey("club.id"))
    plan_id: Mapped[int]
    month_on: Mapped[date]
    visits_per_week: Mapped[float] = mapped_column(Float)
    people: Mapped[int]
    recorded_at: Mapped[datetime]


class DailyRun(Model):
    """The daily run of one club's local day; its key keeps two workers from running it twice."""

    __tablename__ = "daily_run"
    __table_args__ = (PrimaryKeyConstraint("club_id", "on"),)

    club_id: Mapped[int] = mapped_column(ForeignKey("club.id"))
    on: Mapped[date]
    state: Mapped[DailyRunState] = mapped_column(words_of(DailyRunState, 8))
    looked_at: Mapped[int] = mapped_column(default=0)
    changed: Mapped[int] = mapped_column(default=0)
    started_at: Mapped[datetime]
    finished_at: Mapped[datetime | None]
    note: Mapped[str] = mapped_column(String(240), default="")


class Play(Model):
    """One version of a contact as a club runs it: when, to whom, how, with what aim.

    An edit starts a new version and never changes one that was measured. `rules` is read by
    `policies.plays`; `is_on` alone may change within a version.
    """

    __tablename__ = "play"
    __table_args__ = (UniqueConstraint("club_id", "code", "version"),)

    id: Mapped[Id]
    club_id: Mapped[int] = mapped_column(ForeignKey("club.id"))
    code: Mapped[str] = mapped_column(String(8))
    version: Mapped[int]
    is_current: Mapped[bool] = mapped_column(default=True)
    is_on: Mapped[bool] = mapped_column(default=True)
    rules: Mapped[dict[str, Any]]
    seed: Mapped[str] = mapped_column(String(64))  # of the draw; shown to nobody
    made_at: Mapped[datetime]
    made_by: Mapped[str] = mapped_column(String(120), default="")


class Ramp(Model):
    """How a club begins to make contacts: with whom something came about before, a few a day.

    `from_on` is the first day on which contacts were planned. Its row is held by whoever lets people
    of the backlog through, so that no day has more than `per_day`.
    """

    __tablename__ = "ramp"

    club_id: Mapped[int] = mapped_column(ForeignKey("club.id"), primary_key=True)
    from_on: Mapped[date]
    per_day: Mapped[int]
    imported_on: Mapped[date | None]  # the last day on which an import brought members
    looked_at: Mapped[datetime | None]  # when the backlog was gone through; None = at once
    ended_at: Mapped[datetime | None]
    ended_because: Mapped[RampEnd | None] = mapped_column(words_of(RampEnd, 12))


class Assignment(Model):
    """The arm somebody is in: drawn once for a play's version and a cycle, and kept for good."""

    __tablename__ = "assignment"
    __table_args__ = (PrimaryKeyConstraint("person_id", "play", "version", "cycle_on"),)

    person_id: Mapped[int] = mapped_column(ForeignKey("person.id"))
    play: Mapped[str] = mapped_column(String(8))
    version: Mapped[int]
    cycle_on: Mapped[date]
    club_id: Mapped[int] = mapped_column(ForeignKey("club.id"))
    arm: Mapped[Arm] = mapped_column(words_of(Arm, 20))
    drawn_at: Mapped[datetime]


class Touchpoint(Model):
    """One contact with one member: planned, and then sent, done, held out, or left out with its reason.

    `cycle_on` is the first day of the membership cycle, `occasion_on` the day that gave the occasion.
    `due_at` is when it was or would have been made, in every arm; `goal_at` when its aim was reached, in
    every arm too. `tried` counts the channels that were tried before.
    """

    __tablename__ = "touchpoint"
    __table_args__ = (
        UniqueConstraint("person_id", "play", "version", "cycle_on", "occasion_on", "step"),
        Index("ix_touchpoint_club_id_state_due_at", "club_id", "state", "due_at"),
        Index("ix_touchpoint_person_id_due_at", "person_id", "due_at"),
        Index("ix_touchpoint_club_id_play_occasion_on", "club_id", "play", "occasion_on"),
        Index(
            "ix_touchpoint_goal_open",
            *("club_id", "goal_until_on"),
            sqlite_where=text("goal_at IS NULL AND arm IS NOT NULL"),
            postgresql_where=text("goal_at IS NULL AND arm IS NOT NULL"),
        ),
        Index(
            "ix_touchpoint_backlog",
            *("club_id", "state"),
            sqlite_where=text("is_backlog = 1"),
            postgresql_where=text("is_backlog"),
        ),
    )

    id: Mapped[Id]
    club_id: Mapped[int] = mapped_column(ForeignKey("club.id"))
    person_id: Mapped[int] = mapped_column(ForeignKey("person.id"))
    play: Mapped[str] = mapped_column(String(8))
    version: Mapped[int]
    cycle_on: Mapped[date]
    occasion_on: Mapped[date]
    step: Mapped[int] = mapped_column(default=1)
    is_backlog: Mapped[bool] = mapped_column(
        default=False
    )  # it came about before contacts were made
    variant: Mapped[str] = mapped_column(String(12), default="")  # which of its texts
    arm: Mapped[Arm | None] = mapped_column(words_of(Arm, 20))
    state: Mapped[TouchpointState] = mapped_column(words_of(TouchpointState, 20))
    reason: Mapped[str] = mapped_column(String(40), default="")
    channel: Mapped[Channel | None] = mapped_column(words_of(Channel, 8))
    tried: Mapped[int] = mapped_column(default=0)
    planned_at: Mapped[datetime]  # of the backlog: when its turn came
    due_at: Mapped[datetime | None]
    valid_until: Mapped[datetime]
    released_at: Mapped[datetime | None]  # handed over to be sent or done
    sent_at: Mapped[datetime | None]
    closed_at: Mapped[datetime | None]
    outcome: Mapped[Outcome | None] = mapped_column(words_of(Outcome, 16))
    goal_at: Mapped[datetime | None]
    goal_until_on: Mapped[date | None]
