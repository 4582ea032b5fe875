"""Messages and tasks: what goes between a club and its people, and who is left alone.

Revision ID: 0007
Revises: 0006
"""

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects import postgresql

revision = "0007"
down_revision = "0006"
branch_labels = None
depends_on = None

BIG = sa.BigInteger().with_variant(sa.Integer(), "sqlite")
JSON = sa.JSON().with_variant(postgresql.JSONB(), "postgresql")
ON_ARRIVAL = sa.text("state = 'open' AND on_arrival")


def upgrade() -> None:
    op.create_table(
        "message_text",
        sa.Column("id", BIG, autoincrement=True, nullable=False),
        sa.Column("club_id", BIG, nullable=False),
        sa.Column("key", sa.String(length=60), nullable=False),
        sa.Column("language", sa.String(length=12), nullable=False),
        sa.Column("subject", sa.String(length=240), nullable=False),
        sa.Column("body", sa.Text(), nullable=False),
        sa.Column("changed_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("changed_by", sa.String(length=120), nullable=False),
        sa.ForeignKeyConstraint(["club_id"], ["club.id"], name=op.f("fk_message_text_club_id")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_message_text")),
        sa.UniqueConstraint(
            "club_id", "key", "language", name=op.f("uq_message_text_club_id_key_language")
        ),
    )
    op.create_table(
        "sender",
        sa.Column("id", BIG, autoincrement=True, nullable=False),
        sa.Column("club_id", BIG, nullable=False),
        sa.Column("channel", sa.String(8), nullable=False),
        sa.Column("is_on", sa.Boolean(), nullable=False),
        sa.Column("settings", JSON, nullable=False),
        sa.Column("tested_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("changed_at", sa.DateTime(timezone=True), nullable=False),
        sa.ForeignKeyConstraint(["club_id"], ["club.id"], name=op.f("fk_sender_club_id")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_sender")),
        sa.UniqueConstraint("club_id", "channel", name=op.f("uq_sender_club_id_channel")),
    )
    op.create_table(
        "suppression",
        sa.Column("id", BIG, autoincrement=True, nullable=False),
        sa.Column("club_id", BIG, nullable=False),
        sa.Column("channel", sa.String(8), nullable=False),
        sa.Column("digest", sa.String(length=64), nullable=False),
        sa.Column("reason", sa.String(16), nullable=False),
        sa.Column("at", sa.DateTime(timezone=True), nullable=False),
        sa.ForeignKeyConstraint(["club_id"], ["club.id"], name=op.f("fk_suppression_club_id")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_suppression")),
        sa.UniqueConstraint(
            "club_id", "channel", "digest", name=op.f("uq_suppression_club_id_channel_digest")
        ),
    )
    op.create_table(
        "contact_block",
        sa.Column("id", BIG, autoincrement=True, nullable=False),
        sa.Column("club_id", BIG, nullable=False),
        sa.Column("person_id", BIG, nullable=False),
        sa.Column("kind", sa.String(12), nullable=False),
        sa.Column("source", sa.String(length=80), nullable=False),
        sa.Column("since_on", sa.Date(), nullable=False),
        sa.Column("lifted_at", sa.DateTime(timezone=True), nullable=True),
        sa.ForeignKeyConstraint(["club_id"], ["club.id"], name=op.f("fk_contact_block_club_id")),
        sa.ForeignKeyConstraint(
            ["person_id"], ["person.id"], name=op.f("fk_contact_block_person_id")
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_contact_block")),
        sa.UniqueConstraint("kind", "source", name=op.f("uq_contact_block_kind_source")),
    )
    op.create_index("ix_contact_block_person_id", "contact_block", ["person_id"])
    op.create_table(
        "message",
        sa.Column("id", BIG, autoincrement=True, nullable=False),
        sa.Column("club_id", BIG, nullable=False),
        sa.Column("person_id", BIG, nullable=False),
        sa.Column("reference", sa.String(length=80), nullable=False),
        sa.Column("channel", sa.String(8), nullable=False),
        sa.Column("purpose", sa.String(12), nullable=False),
        sa.Column("language", sa.String(length=12), nullable=False),
        sa.Column("subject", sa.String(length=240), nullable=False),
        sa.Column("body", sa.Text(), nullable=False),
        sa.Column("address", sa.String(length=254), nullable=False),
        sa.Column("state", sa.String(12), nullable=False),
        sa.Column("reason", sa.String(length=40), nullable=False),
        sa.Column("send_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("valid_until", sa.DateTime(timezone=True), nullable=False),
        sa.Column("attempts", BIG, nullable=False),
        sa.Column("claim_no", BIG, nullable=False),
        sa.Column("claimed_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("provider_key", sa.String(length=200), nullable=True),
        sa.Column("sent_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("created_at", sa.DateTime(timezone=True), nullable=False),
        sa.ForeignKeyConstraint(["club_id"], ["club.id"], name=op.f("fk_message_club_id")),
        sa.ForeignKeyConstraint(["person_id"], ["person.id"], name=op.f("fk_message_person_id")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_message")),
        sa.UniqueConstraint("reference", name=op.f("uq_message_reference")),
        sqlite_autoincrement=True,
    )
    op.create_index("ix_message_club_id_state", "message", ["club_id", "state"])
    op.create_index("ix_message_person_id_created_at", "message", ["person_id", "created_at"])
    op.create_index("ix_message_provider_key", "message", ["provider_key"])
    op.create_table(
        "task",
        sa.Column("id", BIG, autoincrement=True, nullable=False),
        sa.Column("club_id", BIG, nullable=False),
        sa.Column("person_id", BIG, nullable=False),
        sa.Column("reference", sa.String(length=80), nullable=False),
        sa.Column("kind", sa.String(12), nullable=False),
        sa.Column("on_arrival", sa.Boolean(), nullable=False),
        sa.Column("purpose", sa.String(12), nullable=False),
        sa.Column("title", sa.String(length=240), nullable=False),
        sa.Column("script", sa.Text(), nullable=False),
        sa.Column("state", sa.String(12), nullable=False),
        sa.Column("assigned_to", BIG, nullable=True),
        sa.Column("rank", BIG, nullable=False),
        sa.Column("value_minor", BIG, nullable=True),
        sa.Column("due_on", sa.Date(), nullable=False),
        sa.Column("expires_on", sa.Date(), nullable=True),
        sa.Column("attempts", BIG, nullable=False),
        sa.Column("outcome", sa.String(16), nullable=True),
        sa.Column("note", sa.Text(), nullable=False),
        sa.Column("promised_on", sa.Date(), nullable=True),
        sa.Column("closed_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("closed_by", sa.String(length=120), nullable=False),
        sa.Column("created_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("created_by", sa.String(length=120), nullable=False),
        sa.CheckConstraint(
            "state != 'done' OR outcome IS NOT NULL", name=op.f("ck_task_done_has_outcome")
        ),
        sa.ForeignKeyConstraint(
            ["assigned_to"], ["staff_user.id"], name=op.f("fk_task_assigned_to")
        ),
        sa.ForeignKeyConstraint(["club_id"], ["club.id"], name=op.f("fk_task_club_id")),
        sa.ForeignKeyConstraint(["person_id"], ["person.id"], name=op.f("fk_task_person_id")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_task")),
        sa.UniqueConstraint("reference", name=op.f("uq_task_reference")),
    )
    op.create_index(op.f("ix_task_assigned_to"), "task", ["assigned_to"])
    op.create_index("ix_task_club_id_state_due_on", "task", ["club_id", "state", "due_on"])
    op.create_index(
        "ix_task_on_arrival",
        "task",
        ["person_id"],
        sqlite_where=ON_ARRIVAL,
        postgresql_where=ON_ARRIVAL,
    )
    op.create_index("ix_task_person_id_state", "task", ["person_id", "state"])


def downgrade() -> None:
    op.drop_table("task")
    op.drop_table("message")
    op.drop_table("contact_block")
    op.drop_table("suppression")
    op.drop_table("sender")
    op.drop_table("message_text")
