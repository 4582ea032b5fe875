"""Ramp mode: what came about before a club made contacts is worked off, a few people a day.

Clubs that make contacts already have no backlog: their ramp is over, until an import brings people.

Revision ID: 0015
Revises: 0014
"""

import sqlalchemy as sa
from alembic import op

revision = "0015"
down_revision = "0014"
branch_labels = None
depends_on = None

BIG = sa.BigInteger().with_variant(sa.Integer(), "sqlite")
AT = sa.DateTime(timezone=True)
IS_BACKLOG = sa.text("is_backlog")
LEAVE_ALONE = """
UPDATE touchpoint SET state = 'cancelled', reason = 'phase_left', closed_at = planned_at
WHERE is_backlog AND state = 'planned'
"""
"""Without the ramp they would all be contacted at once."""

END = """
INSERT INTO ramp (club_id, from_on, per_day, ended_at, ended_because)
SELECT play.club_id, coalesce(min(club.went_live_on), min(date(play.made_at))), 20,
    min(play.made_at), 'worked_off'
FROM play JOIN club ON club.id = play.club_id GROUP BY play.club_id
"""


def upgrade() -> None:
    op.add_column("member_state", sa.Column("imported_on", sa.Date(), nullable=True))
    op.add_column(
        "touchpoint",
        sa.Column("is_backlog", sa.Boolean(), nullable=False, server_default=sa.false()),
    )
    op.create_index(
        "ix_touchpoint_backlog",
        "touchpoint",
        ["club_id", "state"],
        sqlite_where=sa.text("is_backlog = 1"),
        postgresql_where=IS_BACKLOG,
    )
    op.create_table(
        "ramp",
        sa.Column("club_id", BIG, nullable=False),
        sa.Column("from_on", sa.Date(), nullable=False),
        sa.Column("per_day", BIG, nullable=False),
        sa.Column("imported_on", sa.Date(), nullable=True),
        sa.Column("looked_at", AT, nullable=True),
        sa.Column("ended_at", AT, nullable=True),
        sa.Column("ended_because", sa.String(12), nullable=True),
        sa.ForeignKeyConstraint(["club_id"], ["club.id"], name=op.f("fk_ramp_club_id")),
        sa.PrimaryKeyConstraint("club_id", name=op.f("pk_ramp")),
    )
    op.execute(END)


def downgrade() -> None:
    op.execute(LEAVE_ALONE)
    op.drop_table("ramp")
    op.drop_index("ix_touchpoint_backlog", table_name="touchpoint")
    op.drop_column("touchpoint", "is_backlog")
    op.drop_column("member_state", "imported_on")
