"""The search index in the order of the answer: what is no name and no number of ours stands after those.

Revision ID: 0012
Revises: 0011
"""

from alembic import op

revision = "0012"
down_revision = "0011"
branch_labels = None
depends_on = None

MARK = """
UPDATE person_search SET name_key = '!' WHERE kind = 'person' AND name_key = ''
AND token <> (SELECT number FROM person WHERE person.id = person_search.person_id)
"""


def upgrade() -> None:
    op.execute(MARK)


def downgrade() -> None:
    op.execute("UPDATE person_search SET name_key = '' WHERE name_key = '!'")
