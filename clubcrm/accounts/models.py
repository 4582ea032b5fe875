"""Clubs, the people who work there, what they may do, and who looked at what."""

from datetime import date, datetime
from typing import Any

from sqlalchemy import CheckConstraint, ForeignKey, Index, String, UniqueConstraint
from sqlalchemy.orm import Mapped, mapped_column, relationship

from clubcrm.accounts.states import AccessOutcome, Role
from clubcrm.core.db import Id, Model, words_of


class Club(Model):
    """One club: its zone, money, language and calendar, and when its day begins."""

    __tablename__ = "club"

    id: Mapped[Id]
    code: Mapped[str] = mapped_column(String(40), unique=True)
    name: Mapped[str] = mapped_column(String(120))
    timezone: Mapped[str] = mapped_column(String(60))
    currency: Mapped[str] = mapped_column(String(3))
    language: Mapped[str] = mapped_column(String(12))
    calendar: Mapped[str] = mapped_column(String(12))  # gregorian | jalali
    territory: Mapped[str] = mapped_column(String(2))  # decides weekends, phone numbers, formats
    day_cutoff_minutes: Mapped[int] = mapped_column(default=0)
    is_demo: Mapped[bool] = mapped_column(default=False)
    went_live_on: Mapped[date | None]
    settings: Mapped[dict[str, Any]] = mapped_column(default=dict)
    created_at: Mapped[datetime]


class StaffUser(Model):
    """Somebody who works at one club or more and signs in."""

    __tablename__ = "staff_user"

    id: Mapped[Id]
    email: Mapped[str] = mapped_column(String(254), unique=True)  # folded to lower case
    full_name: Mapped[str] = mapped_column(String(120))
    password_hash: Mapped[str] = mapped_column(String(200))
    language: Mapped[str | None] = mapped_column(String(12))
    is_active: Mapped[bool] = mapped_column(default=True)
    session_key: Mapped[str] = mapped_column(String(64))  # changing it ends every session
    created_at: Mapped[datetime]
    last_sign_in_at: Mapped[datetime | None]

    roles: Mapped[list["RoleAssignment"]] = relationship(back_populates="user", lazy="raise")


class StaffPin(Model):
    """The PIN with which somebody takes a desk over, and the wrong ones since the last good one."""

    __tablename__ = "staff_pin"
    __table_args__ = (
        # Locked after five wrong ones (`policies.PIN_TRIES`), and never otherwise.
        CheckConstraint("wrong_tries BETWEEN 0 AND 5", name="tries_counted"),
        CheckConstraint("(wrong_tries = 5) = (locked_until IS NOT NULL)", name="locked_after_five"),
    )

    user_id: Mapped[int] = mapped_column(ForeignKey("staff_user.id"), primary_key=True)
    pin_hash: Mapped[str] = mapped_column(String(200))
    wrong_tries: Mapped[int] = mapped_column(default=0)
    locked_until: Mapped[datetime | None]
    chosen_at: Mapped[datetime]


class RoleAssignment(Model):
    """A role held at one club."""

    __tablename__ = "role_assignment"
    __table_args__ = (UniqueConstraint("user_id", "role", "club_id"),)

    id: Mapped[Id]
    user_id: Mapped[int] = mapped_column(ForeignKey("staff_user.id"))
    role: Mapped[Role] = mapped_column(words_of(Role))
    club_id: Mapped[int] = mapped_column(ForeignKey("club.id"), index=True)

    user: Mapped[StaffUser] = relationship(back_populates="roles", lazy="raise")


class ApiToken(Model):
    """A machine's key to the API: one role, at one club or at all of them. Only a digest is kept."""

    __tablename__ = "api_token"
    __table_args__ = (CheckConstraint("all_clubs != (club_id IS NOT NULL)", name="one_or_all"),)

    id: Mapped[Id]
    name: Mapped[str] = mapped_column(String(120))
    role: Mapped[Role] = mapped_column(words_of(Role))
    club_id: Mapped[int | None] = mapped_column(ForeignKey("club.id"))
    all_clubs: Mapped[bool] = mapped_column(default=False)
    token_hash: Mapped[str] = mapped_column(String(64), unique=True)
    created_at: Mapped[datetime]
    revoked_at: Mapped[datetime | None]


class AccessLog(Model):
    """Sign-ins, refusals, exports and other looks at what is sensitive."""

    __tablename__ = "access_log"
    __table_args__ = (Index("ix_access_log_action_at", "action", "at"),)

    id: Mapped[Id]
    at: Mapped[datetime]
    action: Mapped[str] = mapped_column(String(40))
    outcome: Mapped[AccessOutcome] = mapped_column(words_of(AccessOutcome))
    club_id: Mapped[int | None] = mapped_column(ForeignKey("club.id"))
    user_id: Mapped[int | None] = mapped_column(ForeignKey("staff_user.id"))
    token_id: Mapped[int | None] = mapped_column(ForeignKey("api_token.id"))
    subject: Mapped[str] = mapped_column(
        String(120), default=""
    )  # a digest or a code, never a name
