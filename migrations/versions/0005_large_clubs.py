"""Large clubs: the renewal report reads an index alone, and a term knows at once what follows it.

Revision ID: 0005
Revises: 0004
"""

from alembic import op

revision = "0005"
down_revision = "0004"
branch_labels = None
depends_on = None

REPORT = [
    *("club_id", "excluded", "ends_on", "sold_after", "starts_after", "window_days"),
    *("is_auto", "direction", "monthly_minor", "successor_monthly_minor"),
    *("plan_id", "trainer", "seller"),
]


def upgrade() -> None:
    op.create_index("ix_membership_previous_id", "membership", ["previous_id"])
    op.create_index("ix_renewal_outcome_report", "renewal_outcome", REPORT)
    op.drop_index("ix_renewal_outcome_club_id_excluded_ends_on", "renewal_outcome")


def downgrade() -> None:
    op.create_index(
        "ix_renewal_outcome_club_id_excluded_ends_on",
        "renewal_outcome",
        ["club_id", "excluded", "ends_on"],
    )
    op.drop_index("ix_renewal_outcome_report", "renewal_outcome")
    op.drop_index("ix_membership_previous_id", "membership")
