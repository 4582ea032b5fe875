"""Tables of the mechanisms: what happened, what is still to be done, and which requests were answered."""

from datetime import datetime
from enum import StrEnum
from typing import Any

from sqlalchemy import ForeignKey, Index, String, UniqueConstraint
from sqlalchemy.orm import Mapped, mapped_column

from clubcrm.core.actor import ActorKind
from clubcrm.core.db import Id, Model, words_of


class EventLog(Model):
    """What happened, once and for good: audit trail, member timeline and outbox in one.

    The payload holds ids, codes and figures; personal values go to `field_change`, which can be
    erased. Club and person are plain numbers here because the tables they name stand above this
    package.
    """

    __tablename__ = "event_log"
    __table_args__ = (
        Index("ix_event_log_person_id_at", "person_id", "at"),
        Index("ix_event_log_club_id_at", "club_id", "at"),
    )

    id: Mapped[Id]
    at: Mapped[datetime]
    name: Mapped[str] = mapped_column(String(60))
    club_id: Mapped[int | None]
    person_id: Mapped[int | None]
    actor_kind: Mapped[ActorKind] = mapped_column(words_of(ActorKind))
    actor_id: Mapped[int | None]
    actor_name: Mapped[str] = mapped_column(String(120))
    payload: Mapped[dict[str, Any]]


class FieldChange(Model):
    """Old and new value of a personal field, apart from the event so that it can be erased."""

    __tablename__ = "field_change"

    id: Mapped[Id]
    event_id: Mapped[int] = mapped_column(ForeignKey("event_log.id"), index=True)
    person_id: Mapped[int] = mapped_column(index=True)
    field: Mapped[str] = mapped_column(String(60))
    old: Mapped[str | None]
    new: Mapped[str | None]


class WorkState(StrEnum):
    """How far a piece of background work is."""

    WAITING = "waiting"
    DONE = "done"
    FAILED = "failed"  # given up after the last attempt; the doctor lists it


class EventDelivery(Model):
    """One event to one handler, afterwards: its effect and its `done` commit together."""

    __tablename__ = "event_delivery"
    __table_args__ = (
        UniqueConstraint("event_id", "handler"),
        Index("ix_event_delivery_state_run_at", "state", "run_at"),
    )

    id: Mapped[Id]
    event_id: Mapped[int] = mapped_column(ForeignKey("event_log.id"))
    handler: Mapped[str] = mapped_column(String(120))
    state: Mapped[WorkState] = mapped_column(words_of(WorkState), default=WorkState.WAITING)
    run_at: Mapped[datetime]
    attempts: Mapped[int] = mapped_column(default=0)
    last_error: Mapped[str | None]


class Job(Model):
    """A longer piece of background work, with a lease and a fencing number.

    A worker that lost its lease can no longer finish the job: the number it holds is out of date.
    """

    __tablename__ = "job"
    __table_args__ = (
        UniqueConstraint("kind", "key"),
        Index("ix_job_state_run_at", "state", "run_at"),
    )

    id: Mapped[Id]
    kind: Mapped[str] = mapped_column(String(60))
    key: Mapped[str] = mapped_column(String(120))
    payload: Mapped[dict[str, Any]]
    state: Mapped[WorkState] = mapped_column(words_of(WorkState), default=WorkState.WAITING)
    run_at: Mapped[datetime]
    lease_until: Mapped[datetime | None]
    fence: Mapped[int] = mapped_column(default=0)
    attempts: Mapped[int] = mapped_column(default=0)
    last_error: Mapped[str | None]
    created_at: Mapped[datetime]


class IdempotencyKey(Model):
    """A request that was answered: the same key and body gets the same answer again."""

    __tablename__ = "idempotency_key"
    __table_args__ = (UniqueConstraint("scope", "key"),)

    id: Mapped[Id]
    scope: Mapped[str] = mapped_column(String(60))
    key: Mapped[str] = mapped_column(String(255))
    fingerprint: Mapped[str] = mapped_column(String(64))
    status: Mapped[int | None]
    answer: Mapped[dict[str, Any] | None]
    created_at: Mapped[datetime] = mapped_column(index=True)
