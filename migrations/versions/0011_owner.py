"""The owner's page: what members bring a year, visits by the hour, and the base day by day.

Whoever was looked at before is marked, so that the next run writes down what he brings. The two roll-ups
are counted by their job.

Revision ID: 0011
Revises: 0010
"""

import sqlalchemy as sa
from alembic import op

revision = "0011"
down_revision = "0010"
branch_labels = None
depends_on = None

BIG = sa.BigInteger().with_variant(sa.Integer(), "sqlite")
AT = sa.DateTime(timezone=True)
AT_RISK = sa.text("risk != 'none'")
MARK = """
UPDATE member_state SET dirty_seq = dirty_seq + 1, dirty_from_on = evaluated_on
WHERE evaluated_on IS NOT NULL AND phase IS NOT NULL AND dirty_seq = clean_seq
"""


def upgrade() -> None:
    op.add_column("member_state", sa.Column("value_minor", BIG, nullable=True))
    op.create_index(
        "ix_member_state_at_risk",
        "member_state",
        ["club_id", "value_minor", "person_id", "risk"],
        sqlite_where=AT_RISK,
        postgresql_where=AT_RISK,
    )
    op.execute(MARK)
    op.create_index(
        "ix_renewal_outcome_club_id_successor_sold_on",
        "renewal_outcome",
        ["club_id", "successor_sold_on"],
    )
    op.create_table(
        "visit_hour",
        sa.Column("club_id", BIG, nullable=False),
        sa.Column("on", sa.Date(), nullable=False),
        sa.Column("hour", BIG, nullable=False),
        sa.Column("visits", BIG, nullable=False),
        sa.ForeignKeyConstraint(["club_id"], ["club.id"], name=op.f("fk_visit_hour_club_id")),
        sa.PrimaryKeyConstraint("club_id", "on", "hour", name=op.f("pk_visit_hour")),
    )
    op.create_table(
        "base_day",
        sa.Column("club_id", BIG, nullable=False),
        sa.Column("on", sa.Date(), nullable=False),
        sa.Column("members", BIG, nullable=False),
        sa.Column("counted_at", AT, nullable=False),
        sa.ForeignKeyConstraint(["club_id"], ["club.id"], name=op.f("fk_base_day_club_id")),
        sa.PrimaryKeyConstraint("club_id", "on", name=op.f("pk_base_day")),
    )


def downgrade() -> None:
    op.drop_table("base_day")
    op.drop_table("visit_hour")
    op.drop_index("ix_renewal_outcome_club_id_successor_sold_on", "renewal_outcome")
    op.drop_index("ix_member_state_at_risk", "member_state")
    op.drop_column("member_state", "value_minor")
