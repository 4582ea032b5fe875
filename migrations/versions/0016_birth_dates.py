"""People are found by their birth date, so that an import does not read all of them for every part.

Revision ID: 0016
Revises: 0015
"""

from alembic import op

revision = "0016"
down_revision = "0015"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.create_index("ix_person_birth_date", "person", ["birth_date"])


def downgrade() -> None:
    op.drop_index("ix_person_birth_date", table_name="person")
