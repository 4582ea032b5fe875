"""Long lists stay quick: who was merged, and who has a running term of a plan, found by an index.

Revision ID: 0004
Revises: 0003
"""

import sqlalchemy as sa
from alembic import op

revision = "0004"
down_revision = "0003"
branch_labels = None
depends_on = None

MERGED, STANDING = sa.text("merged_into_id IS NOT NULL"), sa.text("voided_at IS NULL")


def upgrade() -> None:
    op.create_index(
        "ix_person_merged_into_id",
        "person",
        ["merged_into_id"],
        sqlite_where=MERGED,
        postgresql_where=MERGED,
    )
    op.create_index(
        "ix_membership_running",
        "membership",
        ["plan_id", "until_on", "starts_on", "person_id"],
        sqlite_where=STANDING,
        postgresql_where=STANDING,
    )


def downgrade() -> None:
    op.drop_index("ix_membership_running", "membership")
    op.drop_index("ix_person_merged_into_id", "person")
