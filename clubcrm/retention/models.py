"""Tables of the life cycle."""

from datetime import date, datetime
from typing import Any

from sqlalchemy import Float, ForeignKey, Index, PrimaryKeyConstraint, String, text
from sqlalchemy.orm import Mapped, mapped_column

from clubcrm.core.db import Id, Model, words_of
from clubcrm.retention.states import DailyRunState, Phase, Reason, Risk, Status, Sub, Transition


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
        Index(
            "ix_member_state_dirty",
            "club_id",
            sqlite_where=text("dirty_seq != clean_seq"),
            postgresql_where=text("dirty_seq != clean_seq"),
        ),
    )

    person_id: Mapped[int] = mapped_column(ForeignKey("person.id"), primary_key=True)
    club_id: Mapped[int] = mapped_column(ForeignKey("club.id"))
    is_imported: Mapped[bool] = mapped_column(default=False)  # first seen through an import
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
