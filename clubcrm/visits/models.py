"""Tables of the door."""

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
from clubcrm.visits.states import (
    CredentialKind,
    Decision,
    PointKind,
    PromptCode,
    PromptReply,
    VisitSource,
)


class Credential(Model):
    """A card a person shows. One code opens for one person at a time; a lost card is put out of use."""

    __tablename__ = "credential"
    __table_args__ = (
        Index(
            "uq_credential_code_in_use",
            "code",
            unique=True,
            sqlite_where=text("ended_at IS NULL"),
            postgresql_where=text("ended_at IS NULL"),
        ),
        Index("ix_credential_person_id", "person_id"),
    )

    id: Mapped[Id]
    club_id: Mapped[int] = mapped_column(ForeignKey("club.id"))
    person_id: Mapped[int] = mapped_column(ForeignKey("person.id", ondelete="CASCADE"))
    kind: Mapped[CredentialKind] = mapped_column(words_of(CredentialKind, 8))
    code: Mapped[str] = mapped_column(String(60))  # folded: ASCII digits, lower case, no spaces
    issued_at: Mapped[datetime]
    ended_at: Mapped[datetime | None]


class AccessPoint(Model):
    """A desk, a kiosk or a door of a club."""

    __tablename__ = "access_point"
    __table_args__ = (UniqueConstraint("club_id", "code"),)

    id: Mapped[Id]
    club_id: Mapped[int] = mapped_column(ForeignKey("club.id"))
    code: Mapped[str] = mapped_column(String(40))
    name: Mapped[str] = mapped_column(String(120))
    kind: Mapped[PointKind] = mapped_column(words_of(PointKind, 8))


class Visit(Model):
    """Somebody came in. An undone visit stays as a row and counts nowhere."""

    __tablename__ = "visit"
    __table_args__ = (
        UniqueConstraint("club_id", "device_key"),
        Index("ix_visit_person_id_checked_in_at", "person_id", "checked_in_at"),
        Index("ix_visit_club_id_checked_in_at", "club_id", "checked_in_at"),
        {"sqlite_autoincrement": True},
    )

    id: Mapped[Id]
    club_id: Mapped[int] = mapped_column(ForeignKey("club.id"))
    person_id: Mapped[int] = mapped_column(ForeignKey("person.id"))
    membership_id: Mapped[int | None] = mapped_column(ForeignKey("membership.id"))
    access_point_id: Mapped[int | None] = mapped_column(ForeignKey("access_point.id"))
    checked_in_at: Mapped[datetime]
    checked_out_at: Mapped[datetime | None]
    on: Mapped[date]  # the club day, with the club's cut-off
    source: Mapped[VisitSource] = mapped_column(words_of(VisitSource, 12))
    decision: Mapped[Decision] = mapped_column(words_of(Decision, 12))
    override_reason: Mapped[str | None] = mapped_column(String(240))
    took_a_visit: Mapped[bool] = mapped_column(default=False)  # one visit of a pack or limited term
    device_key: Mapped[str | None] = mapped_column(
        String(120)
    )  # the sender's own key of this record
    undone_at: Mapped[datetime | None]
    undone_by: Mapped[str | None] = mapped_column(String(120))
    recorded_by: Mapped[str] = mapped_column(String(120), default="")
    created_at: Mapped[datetime]


class VisitDay(Model):
    """A person's day with at least one visit that counts, whatever the number of doors and clubs.

    `day_no` is the day as a number (`core.days.day_no`), so that both databases count alike.
    """

    __tablename__ = "visit_day"
    __table_args__ = (
        PrimaryKeyConstraint("person_id", "day_no"),
        Index("ix_visit_day_club_id_day_no", "club_id", "day_no"),
    )

    person_id: Mapped[int] = mapped_column(ForeignKey("person.id"))
    day_no: Mapped[int]
    on: Mapped[date]
    club_id: Mapped[int] = mapped_column(ForeignKey("club.id"))
    visits: Mapped[int] = mapped_column(default=1)


class OpeningBalance(Model):
    """What an import knew about visits of a club without a visit-by-visit log.

    Never turned into visits: the last visit counts for the gap, the total for milestones, the mean
    may seed the baseline habit.
    """

    __tablename__ = "visit_opening_balance"

    person_id: Mapped[int] = mapped_column(ForeignKey("person.id"), primary_key=True)
    club_id: Mapped[int] = mapped_column(ForeignKey("club.id"))
    as_of_on: Mapped[date]
    last_visit_on: Mapped[date | None]
    visits_total: Mapped[int | None]
    visits_per_week: Mapped[float | None] = mapped_column(Float)
    revision: Mapped[int] = mapped_column(default=1)


class EntryDecision(Model):
    """What a door answered and why, kept for every question."""

    __tablename__ = "entry_decision"
    __table_args__ = (
        Index("ix_entry_decision_club_id_at", "club_id", "at"),
        Index("ix_entry_decision_person_id_at", "person_id", "at"),
    )

    id: Mapped[Id]
    club_id: Mapped[int] = mapped_column(ForeignKey("club.id"))
    person_id: Mapped[int] = mapped_column(ForeignKey("person.id"))
    access_point_id: Mapped[int | None] = mapped_column(ForeignKey("access_point.id"))
    at: Mapped[datetime]
    decision: Mapped[Decision] = mapped_column(words_of(Decision, 12))
    reasons: Mapped[list[Any]]
    visit_id: Mapped[int | None] = mapped_column(ForeignKey("visit.id"), index=True)
    override_reason: Mapped[str | None] = mapped_column(String(240))
    asked_by: Mapped[str] = mapped_column(String(120), default="")


class PromptAnswer(Model):
    """The last reply to one question of the desk, so that the same is not asked at every visit."""

    __tablename__ = "prompt_answer"
    __table_args__ = (PrimaryKeyConstraint("person_id", "prompt"),)

    person_id: Mapped[int] = mapped_column(ForeignKey("person.id", ondelete="CASCADE"))
    prompt: Mapped[PromptCode] = mapped_column(words_of(PromptCode))
    reply: Mapped[PromptReply] = mapped_column(words_of(PromptReply, 8))
    replied_at: Mapped[datetime]
    ask_again_on: Mapped[date]
    asked_by: Mapped[str] = mapped_column(String(120), default="")
