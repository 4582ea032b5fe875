"""What the owner's page counts over a whole club, kept once a minute.

Revision ID: 0013
Revises: 0012
"""

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects.postgresql import JSONB

revision = "0013"
down_revision = "0012"
branch_labels = None
depends_on = None

BIG = sa.BigInteger().with_variant(sa.Integer(), "sqlite")
AT = sa.DateTime(timezone=True)
JSON = sa.JSON().with_variant(JSONB(), "postgresql")


def upgrade() -> None:
    op.create_table(
        "owner_count",
        sa.Column("club_id", BIG, nullable=False),
        sa.Column("on", sa.Date(), nullable=False),
        sa.Column("counted_at", AT, nullable=False),
        sa.Column("event_id", BIG, nullable=False),
        sa.Column("change_id", BIG, nullable=False),
        sa.Column("figures", JSON, nullable=False),
        sa.ForeignKeyConstraint(["club_id"], ["club.id"], name=op.f("fk_owner_count_club_id")),
        sa.PrimaryKeyConstraint("club_id", name=op.f("pk_owner_count")),
    )


def downgrade() -> None:
    op.drop_table("owner_count")
