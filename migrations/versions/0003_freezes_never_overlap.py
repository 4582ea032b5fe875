"""Freezes of one term never overlap: PostgreSQL is the last judge.

Ranges of one id stand in for equality, so that no extension is needed. On SQLite the one writer
cannot race.

Revision ID: 0003
Revises: 0002
"""

from alembic import op

revision = "0003"
down_revision = "0002"
branch_labels = None
depends_on = None

RULE = """
ALTER TABLE membership_freeze ADD CONSTRAINT ex_membership_freeze_overlap EXCLUDE USING gist (
    int8range(membership_id, membership_id, '[]') WITH &&,
    daterange(from_on, until_on) WITH &&
) WHERE (cancelled_at IS NULL)
"""


def upgrade() -> None:
    if op.get_bind().dialect.name == "postgresql":
        op.execute(RULE)


def downgrade() -> None:
    if op.get_bind().dialect.name == "postgresql":
        op.execute("ALTER TABLE membership_freeze DROP CONSTRAINT ex_membership_freeze_overlap")
