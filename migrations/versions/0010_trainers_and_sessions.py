"""Trainers, who looks after whom, and one-to-one sessions.

The trainers named with people so far, and the staff with that role, become trainers; the people they are
named with are their clients from today on.

Revision ID: 0010
Revises: 0007
"""

from datetime import UTC, datetime
from typing import Any

import sqlalchemy as sa
from alembic import op

from clubcrm.core.folding import clean_text, fold

revision = "0010"
down_revision = "0007"
branch_labels = None
depends_on = None

BIG = sa.BigInteger().with_variant(sa.Integer(), "sqlite")
AT = sa.DateTime(timezone=True)
IS_OPEN = sa.text("until_on IS NULL")
NO_OVERLAP = """
ALTER TABLE appointment ADD CONSTRAINT ex_appointment_overlap EXCLUDE USING gist (
    int8range(trainer_id, trainer_id, '[]') WITH &&,
    tstzrange(starts_at, ends_at) WITH &&
) WHERE (state NOT IN ('cancelled_in_time', 'moved'))
"""


def upgrade() -> None:
    _make_trainers()
    _make_appointments()
    _fill()


def downgrade() -> None:
    op.drop_table("appointment")
    op.drop_table("client_assignment")
    op.drop_table("trainer")


def _make_trainers() -> None:
    op.create_table(
        "trainer",
        sa.Column("id", BIG, autoincrement=True, nullable=False),
        sa.Column("club_id", BIG, nullable=False),
        sa.Column("name", sa.String(120), nullable=False),
        sa.Column("folded_name", sa.String(120), nullable=False),
        sa.Column("user_id", BIG, nullable=True),
        sa.Column("created_at", AT, nullable=False),
        sa.ForeignKeyConstraint(["club_id"], ["club.id"], name=op.f("fk_trainer_club_id")),
        sa.ForeignKeyConstraint(["user_id"], ["staff_user.id"], name=op.f("fk_trainer_user_id")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_trainer")),
        sa.UniqueConstraint("club_id", "folded_name", name=op.f("uq_trainer_club_id_folded_name")),
        sa.UniqueConstraint("club_id", "user_id", name=op.f("uq_trainer_club_id_user_id")),
    )
    op.create_table(
        "client_assignment",
        sa.Column("id", BIG, autoincrement=True, nullable=False),
        sa.Column("club_id", BIG, nullable=False),
        sa.Column("person_id", BIG, nullable=False),
        sa.Column("trainer_id", BIG, nullable=False),
        sa.Column("from_on", sa.Date(), nullable=False),
        sa.Column("until_on", sa.Date(), nullable=True),
        sa.Column("created_at", AT, nullable=False),
        sa.CheckConstraint(
            "until_on IS NULL OR until_on > from_on", name=op.f("ck_client_assignment_not_empty")
        ),
        sa.ForeignKeyConstraint(
            ["club_id"], ["club.id"], name=op.f("fk_client_assignment_club_id")
        ),
        sa.ForeignKeyConstraint(
            ["person_id"],
            ["person.id"],
            name=op.f("fk_client_assignment_person_id"),
            ondelete="CASCADE",
        ),
        sa.ForeignKeyConstraint(
            ["trainer_id"], ["trainer.id"], name=op.f("fk_client_assignment_trainer_id")
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_client_assignment")),
    )
    op.create_index(
        "uq_client_assignment_open",
        "client_assignment",
        ["person_id"],
        unique=True,
        sqlite_where=IS_OPEN,
        postgresql_where=IS_OPEN,
    )
    op.create_index(
        "ix_client_assignment_trainer_id_until_on", "client_assignment", ["trainer_id", "until_on"]
    )
    op.create_index("ix_client_assignment_person_id", "client_assignment", ["person_id"])


def _make_appointments() -> None:
    op.create_table(
        "appointment",
        sa.Column("id", BIG, autoincrement=True, nullable=False),
        sa.Column("club_id", BIG, nullable=False),
        sa.Column("trainer_id", BIG, nullable=False),
        sa.Column("person_id", BIG, nullable=False),
        sa.Column("starts_at", AT, nullable=False),
        sa.Column("ends_at", AT, nullable=False),
        sa.Column("on", sa.Date(), nullable=False),
        sa.Column("state", sa.String(20), nullable=False),
        sa.Column("membership_id", BIG, nullable=True),
        sa.Column("took", sa.Boolean(), nullable=False),
        sa.Column("is_free", sa.Boolean(), nullable=False),
        sa.Column("log", sa.Text(), nullable=False),
        sa.Column("note", sa.String(240), nullable=False),
        sa.Column("previous_id", BIG, nullable=True),
        sa.Column("outcome_at", AT, nullable=True),
        sa.Column("outcome_by", sa.String(120), nullable=False),
        sa.Column("created_at", AT, nullable=False),
        sa.Column("created_by", sa.String(120), nullable=False),
        sa.CheckConstraint("ends_at > starts_at", name=op.f("ck_appointment_ends_after_start")),
        sa.CheckConstraint(
            "NOT took OR (membership_id IS NOT NULL AND state NOT IN ('planned', 'moved'))",
            name=op.f("ck_appointment_taken_by_an_outcome"),
        ),
        sa.CheckConstraint(
            "NOT (took AND is_free)", name=op.f("ck_appointment_free_takes_nothing")
        ),
        sa.ForeignKeyConstraint(["club_id"], ["club.id"], name=op.f("fk_appointment_club_id")),
        sa.ForeignKeyConstraint(
            ["trainer_id"], ["trainer.id"], name=op.f("fk_appointment_trainer_id")
        ),
        sa.ForeignKeyConstraint(
            ["person_id"], ["person.id"], name=op.f("fk_appointment_person_id")
        ),
        sa.ForeignKeyConstraint(
            ["membership_id"], ["membership.id"], name=op.f("fk_appointment_membership_id")
        ),
        sa.ForeignKeyConstraint(
            ["previous_id"], ["appointment.id"], name=op.f("fk_appointment_previous_id")
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_appointment")),
        sqlite_autoincrement=True,
    )
    for columns in (
        ["trainer_id", "starts_at"],
        ["person_id", "starts_at"],
        ["membership_id"],
        ["previous_id"],
    ):
        op.create_index(f"ix_appointment_{'_'.join(columns)}", "appointment", columns)
    if op.get_bind().dialect.name == "postgresql":
        op.execute(NO_OVERLAP)


def _fill() -> None:
    """Make trainers of the names and staff there are, and clients of those they are named with."""
    bind = op.get_bind()
    meta = sa.MetaData()
    trainer, assignment, person = (
        sa.Table(name, meta, autoload_with=bind)
        for name in ("trainer", "client_assignment", "person")
    )
    named = bind.execute(
        sa.select(person.c.home_club_id, person.c.trainer)
        .where(person.c.trainer.is_not(None), person.c.merged_into_id.is_(None))
        .distinct()
    ).all()
    staff = bind.execute(
        sa.text(
            "SELECT r.club_id, u.full_name, u.id FROM staff_user u "
            "JOIN role_assignment r ON r.user_id = u.id WHERE r.role = 'trainer' ORDER BY u.id"
        )
    ).all()
    now = datetime.now(UTC)
    moment = now if bind.dialect.name == "postgresql" else now.replace(tzinfo=None)
    wanted: dict[tuple[int, str], dict[str, Any]] = {}
    for club_id, name, user_id in [*((*row, None) for row in named), *staff]:
        row = wanted.setdefault(
            (club_id, fold(name)[:120]), {"name": clean_text(name, 120), "user_id": None}
        )
        row["user_id"] = row["user_id"] or user_id
    for (club_id, folded), row in wanted.items():
        if not folded:
            continue
        made = bind.execute(
            trainer.insert().values(club_id=club_id, folded_name=folded, created_at=moment, **row)
        )
        (trainer_id,) = made.inserted_primary_key or (None,)
        for told_at, told in named:
            if told_at != club_id or fold(told)[:120] != folded:
                continue
            clients = sa.select(
                person.c.home_club_id,
                person.c.id,
                sa.literal(trainer_id, BIG),
                sa.literal(now.date(), sa.Date()),
                sa.literal(moment, AT),
            ).where(
                person.c.home_club_id == club_id,
                person.c.trainer == told,
                person.c.merged_into_id.is_(None),
            )
            columns = ["club_id", "person_id", "trainer_id", "from_on", "created_at"]
            bind.execute(assignment.insert().from_select(columns, clients))
