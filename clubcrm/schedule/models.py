"""Tables of sessions."""

from datetime import date, datetime

from sqlalchemy import (
    DDL,
    CheckConstraint,
    ForeignKey,
    Index,
    String,
    Text,
    event,
)
from sqlalchemy.orm import Mapped, mapped_column

from clubcrm.core.db import Id, Model, words_of
from clubcrm.schedule.states import SessionState


class Appointment(Model):
    """A one-to-one session of a person with a trainer: an hour that is planned, and what came of it.

    `membership_id` is the package meant, and the one it took from once `took` is set. `is_free` says that
    it belongs to no package, as a trial training does. `previous_id` is the session it was planned in
    place of (moved) or planned at.
    """

    __tablename__ = "appointment"
    __table_args__ = (
        CheckConstraint("ends_at > starts_at", name="ends_after_start"),
        CheckConstraint(
            "NOT took OR (membership_id IS NOT NULL AND state NOT IN ('planned', 'moved'))",
            name="taken_by_an_outcome",
        ),
        CheckConstraint("NOT (took AND is_free)", name="free_takes_nothing"),
        Index("ix_appointment_trainer_id_starts_at", "trainer_id", "starts_at"),
        Index("ix_appointment_person_id_starts_at", "person_id", "starts_at"),
        Index("ix_appointment_membership_id", "membership_id"),
        Index("ix_appointment_previous_id", "previous_id"),
        {"sqlite_autoincrement": True},  # the log names sessions by id, so no id is given out twice
    )

    id: Mapped[Id]
    club_id: Mapped[int] = mapped_column(ForeignKey("club.id"))
    trainer_id: Mapped[int] = mapped_column(ForeignKey("trainer.id"))
    person_id: Mapped[int] = mapped_column(ForeignKey("person.id"))
    starts_at: Mapped[datetime]
    ends_at: Mapped[datetime]
    on: Mapped[date]  # the club day of its start
    state: Mapped[SessionState] = mapped_column(words_of(SessionState, 20))
    membership_id: Mapped[int | None] = mapped_column(ForeignKey("membership.id"))
    took: Mapped[bool] = mapped_column(default=False)
    is_free: Mapped[bool] = mapped_column(default=False)
    log: Mapped[str] = mapped_column(Text, default="")  # what was trained, a line an exercise
    note: Mapped[str] = mapped_column(String(240), default="")
    previous_id: Mapped[int | None] = mapped_column(ForeignKey("appointment.id"))
    outcome_at: Mapped[datetime | None]
    outcome_by: Mapped[str] = mapped_column(String(120), default="")
    created_at: Mapped[datetime]
    created_by: Mapped[str] = mapped_column(String(120), default="")


# PostgreSQL is the last judge of sessions that overlap, as it is of freezes; on SQLite the one writer
# cannot race.
NO_OVERLAPPING_SESSIONS = """
ALTER TABLE appointment ADD CONSTRAINT ex_appointment_overlap EXCLUDE USING gist (
    int8range(trainer_id, trainer_id, '[]') WITH &&,
    tstzrange(starts_at, ends_at) WITH &&
) WHERE (state NOT IN ('cancelled_in_time', 'moved'))
"""
event.listen(
    Appointment.__table__,
    "after_create",
    DDL(NO_OVERLAPPING_SESSIONS).execute_if(dialect="postgresql"),
)
