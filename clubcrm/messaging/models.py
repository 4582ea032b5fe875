"""Tables of contacts."""

from datetime import date, datetime
from typing import Any

from sqlalchemy import CheckConstraint, ForeignKey, Index, String, Text, UniqueConstraint, text
from sqlalchemy.orm import Mapped, mapped_column

from clubcrm.core.db import Id, Model, words_of
from clubcrm.messaging.states import (
    BlockKind,
    Channel,
    MessageState,
    Outcome,
    Purpose,
    SuppressionReason,
    TaskKind,
    TaskState,
)


class Sender(Model):
    """How a club writes on one channel: off until somebody switched it on.

    `settings` holds what a channel needs besides (name and address of the sender, reply address);
    secrets stand in the environment, never here.
    """

    __tablename__ = "sender"
    __table_args__ = (UniqueConstraint("club_id", "channel"),)

    id: Mapped[Id]
    club_id: Mapped[int] = mapped_column(ForeignKey("club.id"))
    channel: Mapped[Channel] = mapped_column(words_of(Channel, 8))
    is_on: Mapped[bool] = mapped_column(default=False)
    settings: Mapped[dict[str, Any]] = mapped_column(default=dict)
    tested_at: Mapped[datetime | None]  # a test message was taken by the server
    changed_at: Mapped[datetime]


class Message(Model):
    """One message to one person, as it is or was sent.

    `reference` is the sender's key: the same reference is the same message, however often it is asked
    for. `claim_no` grows with each attempt; only the newest attempt may say how it ended.
    """

    __tablename__ = "message"
    __table_args__ = (
        UniqueConstraint("reference"),
        Index("ix_message_person_id_created_at", "person_id", "created_at"),
        Index("ix_message_club_id_state", "club_id", "state"),
        Index("ix_message_provider_key", "provider_key"),
        {"sqlite_autoincrement": True},  # links in mails name messages by id
    )

    id: Mapped[Id]
    club_id: Mapped[int] = mapped_column(ForeignKey("club.id"))
    person_id: Mapped[int] = mapped_column(ForeignKey("person.id"))
    reference: Mapped[str] = mapped_column(String(80))
    channel: Mapped[Channel] = mapped_column(words_of(Channel, 8))
    purpose: Mapped[Purpose] = mapped_column(words_of(Purpose, 12))
    language: Mapped[str] = mapped_column(String(12))
    subject: Mapped[str] = mapped_column(String(240), default="")
    body: Mapped[str] = mapped_column(Text)  # plain text; mails are given their shape when sent
    address: Mapped[str] = mapped_column(String(254), default="")  # where it went; known when sent
    state: Mapped[MessageState] = mapped_column(words_of(MessageState, 12))
    reason: Mapped[str] = mapped_column(String(40), default="")  # why it failed or was cancelled
    send_at: Mapped[datetime]
    valid_until: Mapped[datetime]
    attempts: Mapped[int] = mapped_column(default=0)
    claim_no: Mapped[int] = mapped_column(default=0)
    claimed_at: Mapped[datetime | None]
    provider_key: Mapped[str | None] = mapped_column(String(200))  # our id as the provider knows it
    sent_at: Mapped[datetime | None]
    created_at: Mapped[datetime]


class Task(Model):
    """Something staff are asked to do about a person.

    `reference` is the asker's key, as with a message. `script` is what may be said, in the language of
    the club. `value_minor` ranks: what the person is worth a year. Attempts of a call are counted in
    `attempts`; the next one is due on `due_on`.
    """

    __tablename__ = "task"
    __table_args__ = (
        UniqueConstraint("reference"),
        CheckConstraint("state != 'done' OR outcome IS NOT NULL", name="done_has_outcome"),
        Index("ix_task_person_id_state", "person_id", "state"),
        Index("ix_task_club_id_state_due_on", "club_id", "state", "due_on"),
        Index(
            "ix_task_on_arrival",
            "person_id",
            sqlite_where=text("state = 'open' AND on_arrival"),
            postgresql_where=text("state = 'open' AND on_arrival"),
        ),
    )

    id: Mapped[Id]
    club_id: Mapped[int] = mapped_column(ForeignKey("club.id"))
    person_id: Mapped[int] = mapped_column(ForeignKey("person.id"))
    reference: Mapped[str] = mapped_column(String(80))
    kind: Mapped[TaskKind] = mapped_column(words_of(TaskKind, 12))
    on_arrival: Mapped[bool] = mapped_column(default=False)
    purpose: Mapped[Purpose] = mapped_column(words_of(Purpose, 12))
    title: Mapped[str] = mapped_column(String(240))
    script: Mapped[str] = mapped_column(Text, default="")
    state: Mapped[TaskState] = mapped_column(words_of(TaskState, 12))
    assigned_to: Mapped[int | None] = mapped_column(ForeignKey("staff_user.id"), index=True)
    rank: Mapped[int] = mapped_column(default=0)  # the higher the sooner
    value_minor: Mapped[int | None]
    due_on: Mapped[date]
    expires_on: Mapped[date | None]  # first day on which it makes no sense any more
    attempts: Mapped[int] = mapped_column(default=0)
    outcome: Mapped[Outcome | None] = mapped_column(words_of(Outcome, 16))
    note: Mapped[str] = mapped_column(Text, default="")
    promised_on: Mapped[date | None]
    closed_at: Mapped[datetime | None]
    closed_by: Mapped[str] = mapped_column(String(120), default="")
    created_at: Mapped[datetime]
    created_by: Mapped[str] = mapped_column(String(120), default="")


class Suppression(Model):
    """An address that is not written to (or called) again, whoever has it.

    The address itself is not kept, only a digest, so that it outlives an erasure.
    """

    __tablename__ = "suppression"
    __table_args__ = (UniqueConstraint("club_id", "channel", "digest"),)

    id: Mapped[Id]
    club_id: Mapped[int] = mapped_column(ForeignKey("club.id"))
    channel: Mapped[Channel] = mapped_column(words_of(Channel, 8))
    digest: Mapped[str] = mapped_column(String(64))
    reason: Mapped[SuppressionReason] = mapped_column(words_of(SuppressionReason, 16))
    at: Mapped[datetime]


class ContactBlock(Model):
    """While it stands, a person hears of the contract only. Written by those who know why.

    `source` is the writer's key (an invoice, a complaint): one block each, lifted by its writer.
    """

    __tablename__ = "contact_block"
    __table_args__ = (
        UniqueConstraint("kind", "source"),
        Index("ix_contact_block_person_id", "person_id"),
    )

    id: Mapped[Id]
    club_id: Mapped[int] = mapped_column(ForeignKey("club.id"))
    person_id: Mapped[int] = mapped_column(ForeignKey("person.id"))
    kind: Mapped[BlockKind] = mapped_column(words_of(BlockKind, 12))
    source: Mapped[str] = mapped_column(String(80))
    since_on: Mapped[date]
    lifted_at: Mapped[datetime | None]


class MessageText(Model):
    """A club's own words for a contact, in one language; without a row the shipped words stand."""

    __tablename__ = "message_text"
    __table_args__ = (UniqueConstraint("club_id", "key", "language"),)

    id: Mapped[Id]
    club_id: Mapped[int] = mapped_column(ForeignKey("club.id"))
    key: Mapped[str] = mapped_column(String(60))
    language: Mapped[str] = mapped_column(String(12))
    subject: Mapped[str] = mapped_column(String(240), default="")
    body: Mapped[str] = mapped_column(Text)
    changed_at: Mapped[datetime]
    changed_by: Mapped[str] = mapped_column(String(120), default="")
