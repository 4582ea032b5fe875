"""Tables of trainers and their clients."""

from datetime import date, datetime

from sqlalchemy import CheckConstraint, ForeignKey, Index, String, UniqueConstraint, text
from sqlalchemy.orm import Mapped, mapped_column

from clubcrm.core.db import Id, Model


class Trainer(Model):
    """Somebody who trains people at a club; `user_id` where that person signs in, too."""

    __tablename__ = "trainer"
    __table_args__ = (
        UniqueConstraint("club_id", "folded_name"),
        UniqueConstraint("club_id", "user_id"),
    )

    id: Mapped[Id]
    club_id: Mapped[int] = mapped_column(ForeignKey("club.id"))
    name: Mapped[str] = mapped_column(String(120))
    folded_name: Mapped[str] = mapped_column(String(120))
    user_id: Mapped[int | None] = mapped_column(ForeignKey("staff_user.id"))
    created_at: Mapped[datetime]


class ClientAssignment(Model):
    """Who looks after a person from a day on: half-open, `until_on` None = still."""

    __tablename__ = "client_assignment"
    __table_args__ = (
        Index(
            "uq_client_assignment_open",
            "person_id",
            unique=True,
            sqlite_where=text("until_on IS NULL"),
            postgresql_where=text("until_on IS NULL"),
        ),
        Index("ix_client_assignment_trainer_id_until_on", "trainer_id", "until_on"),
        Index("ix_client_assignment_person_id", "person_id"),
        CheckConstraint("until_on IS NULL OR until_on > from_on", name="not_empty"),
    )

    id: Mapped[Id]
    club_id: Mapped[int] = mapped_column(ForeignKey("club.id"))
    person_id: Mapped[int] = mapped_column(ForeignKey("person.id", ondelete="CASCADE"))
    trainer_id: Mapped[int] = mapped_column(ForeignKey("trainer.id"))
    from_on: Mapped[date]
    until_on: Mapped[date | None]
    created_at: Mapped[datetime]
