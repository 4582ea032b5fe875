"""The PINs of clerks, with the wrong ones since the last good one and the lock that follows from five.

Revision ID: 0014
Revises: 0013
"""

import sqlalchemy as sa
from alembic import op

revision = "0014"
down_revision = "0013"
branch_labels = None
depends_on = None

BIG = sa.BigInteger().with_variant(sa.Integer(), "sqlite")
AT = sa.DateTime(timezone=True)


def upgrade() -> None:
    op.create_table(
        "staff_pin",
        sa.Column("user_id", BIG, nullable=False),
        sa.Column("pin_hash", sa.String(200), nullable=False),
        sa.Column("wrong_tries", BIG, nullable=False),
        sa.Column("locked_until", AT, nullable=True),
        sa.Column("chosen_at", AT, nullable=False),
        sa.CheckConstraint("wrong_tries BETWEEN 0 AND 5", name=op.f("ck_staff_pin_tries_counted")),
        sa.CheckConstraint(
            "(wrong_tries = 5) = (locked_until IS NOT NULL)",
            name=op.f("ck_staff_pin_locked_after_five"),
        ),
        sa.ForeignKeyConstraint(["user_id"], ["staff_user.id"], name=op.f("fk_staff_pin_user_id")),
        sa.PrimaryKeyConstraint("user_id", name=op.f("pk_staff_pin")),
    )


def downgrade() -> None:
    op.drop_table("staff_pin")
