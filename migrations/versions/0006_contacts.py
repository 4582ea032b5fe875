"""Contacts of the life cycle: plays, the arms people are in, and touchpoints.

Revision ID: 0006
Revises: 0005
"""

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects import postgresql

revision = "0006"
down_revision = "0005"
branch_labels = None
depends_on = None

BIG = sa.BigInteger().with_variant(sa.Integer(), "sqlite")
JSON = sa.JSON().with_variant(postgresql.JSONB(), "postgresql")
GOAL_OPEN = sa.text("goal_at IS NULL AND arm IS NOT NULL")


def upgrade() -> None:
    op.add_column("member_state", sa.Column("spell_from_on", sa.Date(), nullable=True))
    op.create_index(
        "ix_member_state_club_id_spell_from_on", "member_state", ["club_id", "spell_from_on"]
    )
    op.create_index("ix_member_state_club_id_ends_on", "member_state", ["club_id", "ends_on"])
    # Everybody is looked at once more, which fills the new column.
    op.execute("UPDATE member_state SET dirty_seq = dirty_seq + 1")
    op.create_table(
        "play",
        sa.Column("id", BIG, autoincrement=True, nullable=False),
        sa.Column("club_id", BIG, nullable=False),
        sa.Column("code", sa.String(8), nullable=False),
        sa.Column("version", BIG, nullable=False),
        sa.Column("is_current", sa.Boolean(), nullable=False),
        sa.Column("is_on", sa.Boolean(), nullable=False),
        sa.Column("rules", JSON, nullable=False),
        sa.Column("seed", sa.String(64), nullable=False),
        sa.Column("made_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("made_by", sa.String(120), nullable=False),
        sa.ForeignKeyConstraint(["club_id"], ["club.id"], name=op.f("fk_play_club_id")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_play")),
        sa.UniqueConstraint(
            "club_id", "code", "version", name=op.f("uq_play_club_id_code_version")
        ),
    )
    op.create_table(
        "assignment",
        sa.Column("person_id", BIG, nullable=False),
        sa.Column("play", sa.String(8), nullable=False),
        sa.Column("version", BIG, nullable=False),
        sa.Column("cycle_on", sa.Date(), nullable=False),
        sa.Column("club_id", BIG, nullable=False),
        sa.Column("arm", sa.String(20), nullable=False),
        sa.Column("drawn_at", sa.DateTime(timezone=True), nullable=False),
        sa.ForeignKeyConstraint(["person_id"], ["person.id"], name=op.f("fk_assignment_person_id")),
        sa.ForeignKeyConstraint(["club_id"], ["club.id"], name=op.f("fk_assignment_club_id")),
        sa.PrimaryKeyConstraint(
            "person_id", "play", "version", "cycle_on", name=op.f("pk_assignment")
        ),
    )
    op.create_table(
        "touchpoint",
        sa.Column("id", BIG, autoincrement=True, nullable=False),
        sa.Column("club_id", BIG, nullable=False),
        sa.Column("person_id", BIG, nullable=False),
        sa.Column("play", sa.String(8), nullable=False),
        sa.Column("version", BIG, nullable=False),
        sa.Column("cycle_on", sa.Date(), nullable=False),
        sa.Column("occasion_on", sa.Date(), nullable=False),
        sa.Column("step", BIG, nullable=False),
        sa.Column("variant", sa.String(12), nullable=False),
        sa.Column("arm", sa.String(20), nullable=True),
        sa.Column("state", sa.String(20), nullable=False),
        sa.Column("reason", sa.String(40), nullable=False),
        sa.Column("channel", sa.String(8), nullable=True),
        sa.Column("tried", BIG, nullable=False),
        sa.Column("planned_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("due_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("valid_until", sa.DateTime(timezone=True), nullable=False),
        sa.Column("released_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("sent_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("closed_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("outcome", sa.String(16), nullable=True),
        sa.Column("goal_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("goal_until_on", sa.Date(), nullable=True),
        sa.ForeignKeyConstraint(["club_id"], ["club.id"], name=op.f("fk_touchpoint_club_id")),
        sa.ForeignKeyConstraint(["person_id"], ["person.id"], name=op.f("fk_touchpoint_person_id")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_touchpoint")),
        sa.UniqueConstraint(
            "person_id",
            "play",
            "version",
            "cycle_on",
            "occasion_on",
            "step",
            name=op.f("uq_touchpoint_person_id_play_version_cycle_on_occasion_on_step"),
        ),
    )
    op.create_index(
        "ix_touchpoint_club_id_state_due_at", "touchpoint", ["club_id", "state", "due_at"]
    )
    op.create_index("ix_touchpoint_person_id_due_at", "touchpoint", ["person_id", "due_at"])
    op.create_index(
        "ix_touchpoint_club_id_play_occasion_on", "touchpoint", ["club_id", "play", "occasion_on"]
    )
    op.create_index(
        "ix_touchpoint_goal_open",
        "touchpoint",
        ["club_id", "goal_until_on"],
        sqlite_where=GOAL_OPEN,
        postgresql_where=GOAL_OPEN,
    )


def downgrade() -> None:
    op.drop_table("touchpoint")
    op.drop_table("assignment")
    op.drop_table("play")
    op.drop_index("ix_member_state_club_id_ends_on", "member_state")
    op.drop_index("ix_member_state_club_id_spell_from_on", "member_state")
    op.drop_column("member_state", "spell_from_on")
