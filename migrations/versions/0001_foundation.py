"""The foundation: clubs and staff, people and terms, money, the door, the life cycle, imports.

Revision ID: 0001
Revises:
"""

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects import postgresql

revision = "0001"
down_revision = None
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.create_table(
        "club",
        sa.Column(
            "id",
            sa.BigInteger().with_variant(sa.Integer(), "sqlite"),
            autoincrement=True,
            nullable=False,
        ),
        sa.Column("code", sa.String(length=40), nullable=False),
        sa.Column("name", sa.String(length=120), nullable=False),
        sa.Column("timezone", sa.String(length=60), nullable=False),
        sa.Column("currency", sa.String(length=3), nullable=False),
        sa.Column("language", sa.String(length=12), nullable=False),
        sa.Column("calendar", sa.String(length=12), nullable=False),
        sa.Column("territory", sa.String(length=2), nullable=False),
        sa.Column(
            "day_cutoff_minutes",
            sa.BigInteger().with_variant(sa.Integer(), "sqlite"),
            nullable=False,
        ),
        sa.Column("is_demo", sa.Boolean(), nullable=False),
        sa.Column("went_live_on", sa.Date(), nullable=True),
        sa.Column(
            "settings", sa.JSON().with_variant(postgresql.JSONB(), "postgresql"), nullable=False
        ),
        sa.Column("created_at", sa.DateTime(timezone=True), nullable=False),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_club")),
        sa.UniqueConstraint("code", name=op.f("uq_club_code")),
    )
    op.create_table(
        "event_log",
        sa.Column(
            "id",
            sa.BigInteger().with_variant(sa.Integer(), "sqlite"),
            autoincrement=True,
            nullable=False,
        ),
        sa.Column("at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("name", sa.String(length=60), nullable=False),
        sa.Column("club_id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=True),
        sa.Column("person_id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=True),
        sa.Column(
            "actor_kind",
            sa.Enum(
                "staff",
                "token",
                "operator",
                "engine",
                name="actorkind",
                native_enum=False,
                length=24,
            ),
            nullable=False,
        ),
        sa.Column("actor_id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=True),
        sa.Column("actor_name", sa.String(length=120), nullable=False),
        sa.Column(
            "payload", sa.JSON().with_variant(postgresql.JSONB(), "postgresql"), nullable=False
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_event_log")),
    )
    op.create_index("ix_event_log_club_id_at", "event_log", ["club_id", "at"], unique=False)
    op.create_index("ix_event_log_person_id_at", "event_log", ["person_id", "at"], unique=False)
    op.create_table(
        "idempotency_key",
        sa.Column(
            "id",
            sa.BigInteger().with_variant(sa.Integer(), "sqlite"),
            autoincrement=True,
            nullable=False,
        ),
        sa.Column("scope", sa.String(length=60), nullable=False),
        sa.Column("key", sa.String(length=255), nullable=False),
        sa.Column("fingerprint", sa.String(length=64), nullable=False),
        sa.Column("status", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=True),
        sa.Column(
            "answer", sa.JSON().with_variant(postgresql.JSONB(), "postgresql"), nullable=True
        ),
        sa.Column("created_at", sa.DateTime(timezone=True), nullable=False),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_idempotency_key")),
        sa.UniqueConstraint("scope", "key", name=op.f("uq_idempotency_key_scope_key")),
    )
    op.create_index(
        op.f("ix_idempotency_key_created_at"), "idempotency_key", ["created_at"], unique=False
    )
    op.create_table(
        "job",
        sa.Column(
            "id",
            sa.BigInteger().with_variant(sa.Integer(), "sqlite"),
            autoincrement=True,
            nullable=False,
        ),
        sa.Column("kind", sa.String(length=60), nullable=False),
        sa.Column("key", sa.String(length=120), nullable=False),
        sa.Column(
            "payload", sa.JSON().with_variant(postgresql.JSONB(), "postgresql"), nullable=False
        ),
        sa.Column(
            "state",
            sa.Enum("waiting", "done", "failed", name="workstate", native_enum=False, length=24),
            nullable=False,
        ),
        sa.Column("run_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("lease_until", sa.DateTime(timezone=True), nullable=True),
        sa.Column("fence", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=False),
        sa.Column("attempts", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=False),
        sa.Column("last_error", sa.String(), nullable=True),
        sa.Column("created_at", sa.DateTime(timezone=True), nullable=False),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_job")),
        sa.UniqueConstraint("kind", "key", name=op.f("uq_job_kind_key")),
    )
    op.create_index("ix_job_state_run_at", "job", ["state", "run_at"], unique=False)
    op.create_table(
        "number_series",
        sa.Column("name", sa.String(length=20), nullable=False),
        sa.Column(
            "last_number", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=False
        ),
        sa.PrimaryKeyConstraint("name", name=op.f("pk_number_series")),
    )
    op.create_table(
        "staff_user",
        sa.Column(
            "id",
            sa.BigInteger().with_variant(sa.Integer(), "sqlite"),
            autoincrement=True,
            nullable=False,
        ),
        sa.Column("email", sa.String(length=254), nullable=False),
        sa.Column("full_name", sa.String(length=120), nullable=False),
        sa.Column("password_hash", sa.String(length=200), nullable=False),
        sa.Column("language", sa.String(length=12), nullable=True),
        sa.Column("is_active", sa.Boolean(), nullable=False),
        sa.Column("session_key", sa.String(length=64), nullable=False),
        sa.Column("created_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("last_sign_in_at", sa.DateTime(timezone=True), nullable=True),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_staff_user")),
        sa.UniqueConstraint("email", name=op.f("uq_staff_user_email")),
    )
    op.create_table(
        "access_point",
        sa.Column(
            "id",
            sa.BigInteger().with_variant(sa.Integer(), "sqlite"),
            autoincrement=True,
            nullable=False,
        ),
        sa.Column("club_id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=False),
        sa.Column("code", sa.String(length=40), nullable=False),
        sa.Column("name", sa.String(length=120), nullable=False),
        sa.Column(
            "kind",
            sa.Enum("desk", "kiosk", "door", name="pointkind", native_enum=False, length=8),
            nullable=False,
        ),
        sa.ForeignKeyConstraint(["club_id"], ["club.id"], name=op.f("fk_access_point_club_id")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_access_point")),
        sa.UniqueConstraint("club_id", "code", name=op.f("uq_access_point_club_id_code")),
    )
    op.create_table(
        "api_token",
        sa.Column(
            "id",
            sa.BigInteger().with_variant(sa.Integer(), "sqlite"),
            autoincrement=True,
            nullable=False,
        ),
        sa.Column("name", sa.String(length=120), nullable=False),
        sa.Column(
            "role",
            sa.Enum(
                "owner",
                "manager",
                "desk",
                "sales",
                "trainer",
                "accountant",
                "kiosk",
                "device",
                name="role",
                native_enum=False,
                length=24,
            ),
            nullable=False,
        ),
        sa.Column("club_id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=True),
        sa.Column("all_clubs", sa.Boolean(), nullable=False),
        sa.Column("token_hash", sa.String(length=64), nullable=False),
        sa.Column("created_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("revoked_at", sa.DateTime(timezone=True), nullable=True),
        sa.CheckConstraint(
            "all_clubs != (club_id IS NOT NULL)", name=op.f("ck_api_token_one_or_all")
        ),
        sa.ForeignKeyConstraint(["club_id"], ["club.id"], name=op.f("fk_api_token_club_id")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_api_token")),
        sa.UniqueConstraint("token_hash", name=op.f("uq_api_token_token_hash")),
    )
    op.create_table(
        "closure_book",
        sa.Column("club_id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=False),
        sa.Column("last_no", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=False),
        sa.ForeignKeyConstraint(["club_id"], ["club.id"], name=op.f("fk_closure_book_club_id")),
        sa.PrimaryKeyConstraint("club_id", name=op.f("pk_closure_book")),
    )
    op.create_table(
        "club_closure",
        sa.Column(
            "id",
            sa.BigInteger().with_variant(sa.Integer(), "sqlite"),
            autoincrement=True,
            nullable=False,
        ),
        sa.Column("club_id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=False),
        sa.Column("no", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=False),
        sa.Column("name", sa.String(length=120), nullable=False),
        sa.Column("from_on", sa.Date(), nullable=False),
        sa.Column("until_on", sa.Date(), nullable=False),
        sa.Column(
            "share_percent", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=False
        ),
        sa.Column("extends_terms", sa.Boolean(), nullable=False),
        sa.Column("created_at", sa.DateTime(timezone=True), nullable=False),
        sa.CheckConstraint("share_percent BETWEEN 0 AND 100", name=op.f("ck_club_closure_share")),
        sa.CheckConstraint("until_on > from_on", name=op.f("ck_club_closure_not_empty")),
        sa.ForeignKeyConstraint(["club_id"], ["club.id"], name=op.f("fk_club_closure_club_id")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_club_closure")),
        sa.UniqueConstraint(
            "club_id",
            "from_on",
            "until_on",
            "share_percent",
            name=op.f("uq_club_closure_club_id_from_on_until_on_share_percent"),
        ),
    )
    op.create_table(
        "cohort",
        sa.Column("club_id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=False),
        sa.Column("plan_id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=False),
        sa.Column("month_on", sa.Date(), nullable=False),
        sa.Column("visits_per_week", sa.Float(), nullable=False),
        sa.Column("people", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=False),
        sa.Column("recorded_at", sa.DateTime(timezone=True), nullable=False),
        sa.ForeignKeyConstraint(["club_id"], ["club.id"], name=op.f("fk_cohort_club_id")),
        sa.PrimaryKeyConstraint("club_id", "plan_id", "month_on", name=op.f("pk_cohort")),
    )
    op.create_table(
        "daily_run",
        sa.Column("club_id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=False),
        sa.Column("on", sa.Date(), nullable=False),
        sa.Column(
            "state",
            sa.Enum(
                "running",
                "done",
                "stopped",
                "allowed",
                name="dailyrunstate",
                native_enum=False,
                length=8,
            ),
            nullable=False,
        ),
        sa.Column(
            "looked_at", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=False
        ),
        sa.Column("changed", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=False),
        sa.Column("started_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("finished_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("note", sa.String(length=240), nullable=False),
        sa.ForeignKeyConstraint(["club_id"], ["club.id"], name=op.f("fk_daily_run_club_id")),
        sa.PrimaryKeyConstraint("club_id", "on", name=op.f("pk_daily_run")),
    )
    op.create_table(
        "event_delivery",
        sa.Column(
            "id",
            sa.BigInteger().with_variant(sa.Integer(), "sqlite"),
            autoincrement=True,
            nullable=False,
        ),
        sa.Column("event_id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=False),
        sa.Column("handler", sa.String(length=120), nullable=False),
        sa.Column(
            "state",
            sa.Enum("waiting", "done", "failed", name="workstate", native_enum=False, length=24),
            nullable=False,
        ),
        sa.Column("run_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("attempts", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=False),
        sa.Column("last_error", sa.String(), nullable=True),
        sa.ForeignKeyConstraint(
            ["event_id"], ["event_log.id"], name=op.f("fk_event_delivery_event_id")
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_event_delivery")),
        sa.UniqueConstraint("event_id", "handler", name=op.f("uq_event_delivery_event_id_handler")),
    )
    op.create_index(
        "ix_event_delivery_state_run_at", "event_delivery", ["state", "run_at"], unique=False
    )
    op.create_table(
        "field_change",
        sa.Column(
            "id",
            sa.BigInteger().with_variant(sa.Integer(), "sqlite"),
            autoincrement=True,
            nullable=False,
        ),
        sa.Column("event_id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=False),
        sa.Column(
            "person_id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=False
        ),
        sa.Column("field", sa.String(length=60), nullable=False),
        sa.Column("old", sa.String(), nullable=True),
        sa.Column("new", sa.String(), nullable=True),
        sa.ForeignKeyConstraint(
            ["event_id"], ["event_log.id"], name=op.f("fk_field_change_event_id")
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_field_change")),
    )
    op.create_index(op.f("ix_field_change_event_id"), "field_change", ["event_id"], unique=False)
    op.create_index(op.f("ix_field_change_person_id"), "field_change", ["person_id"], unique=False)
    op.create_table(
        "import_batch",
        sa.Column(
            "id",
            sa.BigInteger().with_variant(sa.Integer(), "sqlite"),
            autoincrement=True,
            nullable=False,
        ),
        sa.Column("club_id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=False),
        sa.Column(
            "kind",
            sa.Enum(
                "members",
                "memberships",
                "visits",
                "payments",
                "debts",
                "freezes",
                "closures",
                name="kind",
                native_enum=False,
                length=16,
            ),
            nullable=False,
        ),
        sa.Column(
            "state",
            sa.Enum(
                "uploaded",
                "checking",
                "checked",
                "queued",
                "running",
                "done",
                "undoing",
                "undone",
                "failed",
                name="batchstate",
                native_enum=False,
                length=12,
            ),
            nullable=False,
        ),
        sa.Column("file_name", sa.String(length=240), nullable=False),
        sa.Column("file_sha256", sa.String(length=64), nullable=False),
        sa.Column("stored_as", sa.String(length=120), nullable=True),
        sa.Column(
            "mapping", sa.JSON().with_variant(postgresql.JSONB(), "postgresql"), nullable=False
        ),
        sa.Column("as_of_on", sa.Date(), nullable=False),
        sa.Column(
            "consent_basis",
            sa.Enum(
                "own_members",
                "from_file",
                "unknown",
                name="consentbasis",
                native_enum=False,
                length=16,
            ),
            nullable=False,
        ),
        sa.Column("consent_wording", sa.Text(), nullable=False),
        sa.Column("total", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=False),
        sa.Column("read", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=False),
        sa.Column("stored", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=False),
        sa.Column(
            "unchanged", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=False
        ),
        sa.Column("rejected", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=False),
        sa.Column("warnings", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=False),
        sa.Column(
            "notes", sa.JSON().with_variant(postgresql.JSONB(), "postgresql"), nullable=False
        ),
        sa.Column("message", sa.Text(), nullable=False),
        sa.Column("started_by", sa.String(length=120), nullable=False),
        sa.Column(
            "started_by_id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=True
        ),
        sa.Column("created_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("finished_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("undone_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column(
            "undone", sa.JSON().with_variant(postgresql.JSONB(), "postgresql"), nullable=True
        ),
        sa.ForeignKeyConstraint(["club_id"], ["club.id"], name=op.f("fk_import_batch_club_id")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_import_batch")),
    )
    op.create_index("ix_import_batch_club_id_id", "import_batch", ["club_id", "id"], unique=False)
    op.create_table(
        "invoice_series",
        sa.Column("club_id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=False),
        sa.Column(
            "last_number", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=False
        ),
        sa.ForeignKeyConstraint(["club_id"], ["club.id"], name=op.f("fk_invoice_series_club_id")),
        sa.PrimaryKeyConstraint("club_id", name=op.f("pk_invoice_series")),
    )
    op.create_table(
        "person",
        sa.Column(
            "id",
            sa.BigInteger().with_variant(sa.Integer(), "sqlite"),
            autoincrement=True,
            nullable=False,
        ),
        sa.Column(
            "home_club_id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=False
        ),
        sa.Column("number", sa.String(length=20), nullable=False),
        sa.Column("external_id", sa.String(length=120), nullable=True),
        sa.Column("first_name", sa.String(length=120), nullable=False),
        sa.Column("last_name", sa.String(length=120), nullable=False),
        sa.Column("full_name", sa.String(length=240), nullable=False),
        sa.Column(
            "sort_name",
            sa.String(length=240).with_variant(sa.String(length=240, collation="C"), "postgresql"),
            nullable=False,
        ),
        sa.Column("phone", sa.String(length=20), nullable=True),
        sa.Column("phone_as_given", sa.String(length=60), nullable=True),
        sa.Column("email", sa.String(length=254), nullable=True),
        sa.Column("birth_date", sa.Date(), nullable=True),
        sa.Column("gender", sa.String(length=12), nullable=True),
        sa.Column("national_id", sa.String(length=40), nullable=True),
        sa.Column("address", sa.String(length=240), nullable=True),
        sa.Column("city", sa.String(length=120), nullable=True),
        sa.Column("postcode", sa.String(length=20), nullable=True),
        sa.Column("emergency_contact", sa.String(length=240), nullable=True),
        sa.Column("guardian", sa.String(length=240), nullable=True),
        sa.Column("payer", sa.String(length=240), nullable=True),
        sa.Column("trainer", sa.String(length=120), nullable=True),
        sa.Column("joined_on", sa.Date(), nullable=True),
        sa.Column("locale", sa.String(length=12), nullable=True),
        sa.Column("note", sa.Text(), nullable=False),
        sa.Column("visits_known_from", sa.Date(), nullable=True),
        sa.Column("no_contact", sa.Boolean(), nullable=False),
        sa.Column(
            "merged_into_id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=True
        ),
        sa.Column("revision", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=False),
        sa.Column("created_at", sa.DateTime(timezone=True), nullable=False),
        sa.ForeignKeyConstraint(["home_club_id"], ["club.id"], name=op.f("fk_person_home_club_id")),
        sa.ForeignKeyConstraint(
            ["merged_into_id"], ["person.id"], name=op.f("fk_person_merged_into_id")
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_person")),
        sa.UniqueConstraint(
            "home_club_id", "external_id", name=op.f("uq_person_home_club_id_external_id")
        ),
        sa.UniqueConstraint("number", name=op.f("uq_person_number")),
        sqlite_autoincrement=True,
    )
    op.create_index("ix_person_email", "person", ["email"], unique=False)
    op.create_index(
        "ix_person_home_club_id_sort_name", "person", ["home_club_id", "sort_name"], unique=False
    )
    op.create_index("ix_person_phone", "person", ["phone"], unique=False)
    op.create_index("ix_person_sort_name_id", "person", ["sort_name", "id"], unique=False)
    op.create_table(
        "plan",
        sa.Column(
            "id",
            sa.BigInteger().with_variant(sa.Integer(), "sqlite"),
            autoincrement=True,
            nullable=False,
        ),
        sa.Column("club_id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=False),
        sa.Column("name", sa.String(length=120), nullable=False),
        sa.Column("folded_name", sa.String(length=120), nullable=False),
        sa.Column(
            "kind",
            sa.Enum("term", "rolling", "pack", name="plankind", native_enum=False, length=8),
            nullable=False,
        ),
        sa.Column("months", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=True),
        sa.Column("days", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=True),
        sa.Column("visits", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=True),
        sa.Column("calendar", sa.String(length=12), nullable=False),
        sa.Column("is_access", sa.Boolean(), nullable=False),
        sa.Column("is_trial", sa.Boolean(), nullable=False),
        sa.Column("auto_renew", sa.Boolean(), nullable=False),
        sa.Column("hours", sa.String(length=120), nullable=True),
        sa.Column(
            "debt_grace_days", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=False
        ),
        sa.Column(
            "price_minor", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=True
        ),
        sa.Column("currency", sa.String(length=3), nullable=False),
        sa.Column("is_imported", sa.Boolean(), nullable=False),
        sa.Column("is_on_sale", sa.Boolean(), nullable=False),
        sa.Column("created_at", sa.DateTime(timezone=True), nullable=False),
        sa.CheckConstraint(
            "kind != 'pack' OR visits IS NOT NULL OR is_imported",
            name=op.f("ck_plan_pack_has_visits"),
        ),
        sa.ForeignKeyConstraint(["club_id"], ["club.id"], name=op.f("fk_plan_club_id")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_plan")),
        sa.UniqueConstraint("club_id", "folded_name", name=op.f("uq_plan_club_id_folded_name")),
    )
    op.create_table(
        "role_assignment",
        sa.Column(
            "id",
            sa.BigInteger().with_variant(sa.Integer(), "sqlite"),
            autoincrement=True,
            nullable=False,
        ),
        sa.Column("user_id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=False),
        sa.Column(
            "role",
            sa.Enum(
                "owner",
                "manager",
                "desk",
                "sales",
                "trainer",
                "accountant",
                "kiosk",
                "device",
                name="role",
                native_enum=False,
                length=24,
            ),
            nullable=False,
        ),
        sa.Column("club_id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=False),
        sa.ForeignKeyConstraint(["club_id"], ["club.id"], name=op.f("fk_role_assignment_club_id")),
        sa.ForeignKeyConstraint(
            ["user_id"], ["staff_user.id"], name=op.f("fk_role_assignment_user_id")
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_role_assignment")),
        sa.UniqueConstraint(
            "user_id", "role", "club_id", name=op.f("uq_role_assignment_user_id_role_club_id")
        ),
    )
    op.create_index(
        op.f("ix_role_assignment_club_id"), "role_assignment", ["club_id"], unique=False
    )
    op.create_table(
        "slow_season",
        sa.Column(
            "id",
            sa.BigInteger().with_variant(sa.Integer(), "sqlite"),
            autoincrement=True,
            nullable=False,
        ),
        sa.Column("club_id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=False),
        sa.Column("name", sa.String(length=120), nullable=False),
        sa.Column("calendar", sa.String(length=12), nullable=False),
        sa.Column(
            "start_month", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=False
        ),
        sa.Column(
            "start_day", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=False
        ),
        sa.Column(
            "end_month", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=False
        ),
        sa.Column("end_day", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=False),
        sa.Column(
            "share_percent", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=False
        ),
        sa.Column("quiet_from", sa.String(length=5), nullable=True),
        sa.Column("quiet_until", sa.String(length=5), nullable=True),
        sa.Column("valid_from_on", sa.Date(), nullable=False),
        sa.Column("valid_until_on", sa.Date(), nullable=True),
        sa.Column("created_at", sa.DateTime(timezone=True), nullable=False),
        sa.CheckConstraint("share_percent BETWEEN 0 AND 100", name=op.f("ck_slow_season_share")),
        sa.ForeignKeyConstraint(["club_id"], ["club.id"], name=op.f("fk_slow_season_club_id")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_slow_season")),
    )
    op.create_index(
        "uq_slow_season_club_id_name",
        "slow_season",
        ["club_id", "name"],
        unique=True,
        sqlite_where=sa.text("valid_until_on IS NULL"),
        postgresql_where=sa.text("valid_until_on IS NULL"),
    )
    op.create_table(
        "tag",
        sa.Column(
            "id",
            sa.BigInteger().with_variant(sa.Integer(), "sqlite"),
            autoincrement=True,
            nullable=False,
        ),
        sa.Column("club_id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=False),
        sa.Column("name", sa.String(length=60), nullable=False),
        sa.Column("folded", sa.String(length=60), nullable=False),
        sa.ForeignKeyConstraint(["club_id"], ["club.id"], name=op.f("fk_tag_club_id")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_tag")),
        sa.UniqueConstraint("club_id", "folded", name=op.f("uq_tag_club_id_folded")),
    )
    op.create_table(
        "access_log",
        sa.Column(
            "id",
            sa.BigInteger().with_variant(sa.Integer(), "sqlite"),
            autoincrement=True,
            nullable=False,
        ),
        sa.Column("at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("action", sa.String(length=40), nullable=False),
        sa.Column(
            "outcome",
            sa.Enum("allowed", "refused", name="accessoutcome", native_enum=False, length=24),
            nullable=False,
        ),
        sa.Column("club_id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=True),
        sa.Column("user_id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=True),
        sa.Column("token_id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=True),
        sa.Column("subject", sa.String(length=120), nullable=False),
        sa.ForeignKeyConstraint(["club_id"], ["club.id"], name=op.f("fk_access_log_club_id")),
        sa.ForeignKeyConstraint(
            ["token_id"], ["api_token.id"], name=op.f("fk_access_log_token_id")
        ),
        sa.ForeignKeyConstraint(["user_id"], ["staff_user.id"], name=op.f("fk_access_log_user_id")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_access_log")),
    )
    op.create_index("ix_access_log_action_at", "access_log", ["action", "at"], unique=False)
    op.create_table(
        "consent",
        sa.Column(
            "id",
            sa.BigInteger().with_variant(sa.Integer(), "sqlite"),
            autoincrement=True,
            nullable=False,
        ),
        sa.Column(
            "person_id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=False
        ),
        sa.Column(
            "channel",
            sa.Enum("email", "sms", "call", name="consentchannel", native_enum=False, length=8),
            nullable=False,
        ),
        sa.Column("is_given", sa.Boolean(), nullable=False),
        sa.Column("source", sa.String(length=60), nullable=False),
        sa.Column("wording", sa.Text(), nullable=False),
        sa.Column("at", sa.DateTime(timezone=True), nullable=False),
        sa.ForeignKeyConstraint(
            ["person_id"], ["person.id"], name=op.f("fk_consent_person_id"), ondelete="CASCADE"
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_consent")),
    )
    op.create_index(
        "ix_consent_person_id_channel_id", "consent", ["person_id", "channel", "id"], unique=False
    )
    op.create_table(
        "credential",
        sa.Column(
            "id",
            sa.BigInteger().with_variant(sa.Integer(), "sqlite"),
            autoincrement=True,
            nullable=False,
        ),
        sa.Column("club_id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=False),
        sa.Column(
            "person_id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=False
        ),
        sa.Column(
            "kind",
            sa.Enum("card", name="credentialkind", native_enum=False, length=8),
            nullable=False,
        ),
        sa.Column("code", sa.String(length=60), nullable=False),
        sa.Column("issued_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("ended_at", sa.DateTime(timezone=True), nullable=True),
        sa.ForeignKeyConstraint(["club_id"], ["club.id"], name=op.f("fk_credential_club_id")),
        sa.ForeignKeyConstraint(
            ["person_id"], ["person.id"], name=op.f("fk_credential_person_id"), ondelete="CASCADE"
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_credential")),
    )
    op.create_index("ix_credential_person_id", "credential", ["person_id"], unique=False)
    op.create_index(
        "uq_credential_code_in_use",
        "credential",
        ["code"],
        unique=True,
        sqlite_where=sa.text("ended_at IS NULL"),
        postgresql_where=sa.text("ended_at IS NULL"),
    )
    op.create_table(
        "import_row",
        sa.Column("batch_id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=False),
        sa.Column("line", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=False),
        sa.Column(
            "outcome",
            sa.Enum(
                "stored", "unchanged", "rejected", name="rowoutcome", native_enum=False, length=12
            ),
            nullable=False,
        ),
        sa.Column(
            "problems", sa.JSON().with_variant(postgresql.JSONB(), "postgresql"), nullable=False
        ),
        sa.ForeignKeyConstraint(
            ["batch_id"], ["import_batch.id"], name=op.f("fk_import_row_batch_id")
        ),
        sa.PrimaryKeyConstraint("batch_id", "line", name=op.f("pk_import_row")),
    )
    op.create_table(
        "import_row_key",
        sa.Column("club_id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=False),
        sa.Column(
            "kind",
            sa.Enum(
                "members",
                "memberships",
                "visits",
                "payments",
                "debts",
                "freezes",
                "closures",
                name="kind",
                native_enum=False,
                length=16,
            ),
            nullable=False,
        ),
        sa.Column("digest", sa.String(length=32), nullable=False),
        sa.Column("batch_id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=False),
        sa.Column("row_id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=False),
        sa.Column(
            "cells", sa.JSON().with_variant(postgresql.JSONB(), "postgresql"), nullable=False
        ),
        sa.ForeignKeyConstraint(
            ["batch_id"], ["import_batch.id"], name=op.f("fk_import_row_key_batch_id")
        ),
        sa.ForeignKeyConstraint(["club_id"], ["club.id"], name=op.f("fk_import_row_key_club_id")),
        sa.PrimaryKeyConstraint("club_id", "kind", "digest", name=op.f("pk_import_row_key")),
    )
    op.create_index(
        op.f("ix_import_row_key_batch_id"), "import_row_key", ["batch_id"], unique=False
    )
    op.create_table(
        "import_touch",
        sa.Column("batch_id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=False),
        sa.Column("table_name", sa.String(length=40), nullable=False),
        sa.Column("row_id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=False),
        sa.Column(
            "touch",
            sa.Enum("created", "changed", name="touch", native_enum=False, length=8),
            nullable=False,
        ),
        sa.Column("revision", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=True),
        sa.Column(
            "before", sa.JSON().with_variant(postgresql.JSONB(), "postgresql"), nullable=True
        ),
        sa.ForeignKeyConstraint(
            ["batch_id"], ["import_batch.id"], name=op.f("fk_import_touch_batch_id")
        ),
        sa.PrimaryKeyConstraint("batch_id", "table_name", "row_id", name=op.f("pk_import_touch")),
    )
    op.create_index(
        "ix_import_touch_table_name_row_id", "import_touch", ["table_name", "row_id"], unique=False
    )
    op.create_table(
        "member_state",
        sa.Column(
            "person_id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=False
        ),
        sa.Column("club_id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=False),
        sa.Column("is_imported", sa.Boolean(), nullable=False),
        sa.Column("baseline_on", sa.Date(), nullable=False),
        sa.Column(
            "phase",
            sa.Enum(
                "pending",
                "lost",
                "lapsed",
                "grace",
                "frozen",
                "leaving",
                "renewal",
                "won_back",
                "adaptation",
                "sleeping",
                "at_risk",
                "active",
                name="phase",
                native_enum=False,
                length=12,
            ),
            nullable=True,
        ),
        sa.Column(
            "sub",
            sa.Enum(
                "not_started",
                "early",
                "settling",
                "core",
                "regular",
                "light",
                name="sub",
                native_enum=False,
                length=12,
            ),
            nullable=True,
        ),
        sa.Column(
            "risk",
            sa.Enum("none", "watch", "high", name="risk", native_enum=False, length=8),
            nullable=False,
        ),
        sa.Column(
            "status",
            sa.Enum(
                "potential", "active", "loyal", "lost", name="status", native_enum=False, length=12
            ),
            nullable=False,
        ),
        sa.Column("since_on", sa.Date(), nullable=True),
        sa.Column(
            "reasons", sa.JSON().with_variant(postgresql.JSONB(), "postgresql"), nullable=False
        ),
        sa.Column("base", sa.Float(), nullable=True),
        sa.Column("has_habit", sa.Boolean(), nullable=False),
        sa.Column("v28", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=True),
        sa.Column("last_visit_on", sa.Date(), nullable=True),
        sa.Column("ends_on", sa.Date(), nullable=True),
        sa.Column("evaluated_on", sa.Date(), nullable=True),
        sa.Column("next_check_on", sa.Date(), nullable=True),
        sa.Column(
            "dirty_seq", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=False
        ),
        sa.Column(
            "clean_seq", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=False
        ),
        sa.Column("dirty_from_on", sa.Date(), nullable=True),
        sa.ForeignKeyConstraint(["club_id"], ["club.id"], name=op.f("fk_member_state_club_id")),
        sa.ForeignKeyConstraint(
            ["person_id"], ["person.id"], name=op.f("fk_member_state_person_id")
        ),
        sa.PrimaryKeyConstraint("person_id", name=op.f("pk_member_state")),
    )
    op.create_index(
        "ix_member_state_club_id_next_check_on",
        "member_state",
        ["club_id", "next_check_on"],
        unique=False,
    )
    op.create_index(
        "ix_member_state_club_id_phase", "member_state", ["club_id", "phase"], unique=False
    )
    op.create_index(
        "ix_member_state_dirty",
        "member_state",
        ["club_id"],
        unique=False,
        sqlite_where=sa.text("dirty_seq != clean_seq"),
        postgresql_where=sa.text("dirty_seq != clean_seq"),
    )
    op.create_table(
        "membership",
        sa.Column(
            "id",
            sa.BigInteger().with_variant(sa.Integer(), "sqlite"),
            autoincrement=True,
            nullable=False,
        ),
        sa.Column("club_id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=False),
        sa.Column(
            "person_id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=False
        ),
        sa.Column("plan_id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=False),
        sa.Column("external_id", sa.String(length=120), nullable=True),
        sa.Column(
            "kind",
            sa.Enum("term", "rolling", "pack", name="plankind", native_enum=False, length=8),
            nullable=False,
        ),
        sa.Column("calendar", sa.String(length=12), nullable=False),
        sa.Column("months", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=True),
        sa.Column("days", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=True),
        sa.Column("is_access", sa.Boolean(), nullable=False),
        sa.Column("is_trial", sa.Boolean(), nullable=False),
        sa.Column("starts_on", sa.Date(), nullable=False),
        sa.Column("anchor_on", sa.Date(), nullable=False),
        sa.Column("agreed_until_on", sa.Date(), nullable=True),
        sa.Column("cut_until_on", sa.Date(), nullable=True),
        sa.Column("until_on", sa.Date(), nullable=True),
        sa.Column(
            "closures_after_no",
            sa.BigInteger().with_variant(sa.Integer(), "sqlite"),
            nullable=False,
        ),
        sa.Column(
            "visits_total", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=True
        ),
        sa.Column(
            "visits_left", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=True
        ),
        sa.Column("auto_renew", sa.Boolean(), nullable=False),
        sa.Column(
            "price_minor", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=True
        ),
        sa.Column(
            "paid_before_minor", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=True
        ),
        sa.Column("currency", sa.String(length=3), nullable=False),
        sa.Column("sold_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("sold_here", sa.Boolean(), nullable=False),
        sa.Column("seller", sa.String(length=120), nullable=False),
        sa.Column(
            "previous_id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=True
        ),
        sa.Column(
            "link",
            sa.Enum("renewal", "upgrade", name="link", native_enum=False, length=8),
            nullable=True,
        ),
        sa.Column(
            "renewals_before", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=False
        ),
        sa.Column("cancel_requested_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("cancel_until_on", sa.Date(), nullable=True),
        sa.Column(
            "end_reason",
            sa.Enum(
                "cancelled",
                "upgraded",
                "transferred",
                "refunded",
                "died",
                name="endreason",
                native_enum=False,
                length=12,
            ),
            nullable=True,
        ),
        sa.Column("end_note", sa.String(length=240), nullable=False),
        sa.Column("voided_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("revision", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=False),
        sa.Column("created_at", sa.DateTime(timezone=True), nullable=False),
        sa.CheckConstraint(
            "until_on IS NULL OR until_on > starts_on", name=op.f("ck_membership_ends_after_start")
        ),
        sa.CheckConstraint(
            "visits_left IS NULL OR visits_left >= 0",
            name=op.f("ck_membership_visits_left_not_negative"),
        ),
        sa.ForeignKeyConstraint(["club_id"], ["club.id"], name=op.f("fk_membership_club_id")),
        sa.ForeignKeyConstraint(["person_id"], ["person.id"], name=op.f("fk_membership_person_id")),
        sa.ForeignKeyConstraint(["plan_id"], ["plan.id"], name=op.f("fk_membership_plan_id")),
        sa.ForeignKeyConstraint(
            ["previous_id"], ["membership.id"], name=op.f("fk_membership_previous_id")
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_membership")),
        sa.UniqueConstraint(
            "club_id", "external_id", name=op.f("uq_membership_club_id_external_id")
        ),
        sqlite_autoincrement=True,
    )
    op.create_index(
        "ix_membership_club_id_until_on", "membership", ["club_id", "until_on"], unique=False
    )
    op.create_index(
        "ix_membership_person_id_starts_on", "membership", ["person_id", "starts_on"], unique=False
    )
    op.create_index(op.f("ix_membership_plan_id"), "membership", ["plan_id"], unique=False)
    op.create_index(
        "uq_membership_previous_id",
        "membership",
        ["previous_id"],
        unique=True,
        sqlite_where=sa.text("voided_at IS NULL"),
        postgresql_where=sa.text("voided_at IS NULL"),
    )
    op.create_table(
        "person_club",
        sa.Column(
            "person_id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=False
        ),
        sa.Column("club_id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=False),
        sa.ForeignKeyConstraint(["club_id"], ["club.id"], name=op.f("fk_person_club_club_id")),
        sa.ForeignKeyConstraint(
            ["person_id"], ["person.id"], name=op.f("fk_person_club_person_id"), ondelete="CASCADE"
        ),
        sa.PrimaryKeyConstraint("person_id", "club_id", name=op.f("pk_person_club")),
    )
    op.create_index(
        "ix_person_club_club_id_person_id", "person_club", ["club_id", "person_id"], unique=False
    )
    op.create_table(
        "person_search",
        sa.Column(
            "token",
            sa.String(length=40).with_variant(sa.String(length=40, collation="C"), "postgresql"),
            nullable=False,
        ),
        sa.Column(
            "name_key",
            sa.String(length=24).with_variant(sa.String(length=24, collation="C"), "postgresql"),
            nullable=False,
        ),
        sa.Column(
            "person_id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=False
        ),
        sa.Column(
            "kind",
            sa.Enum("person", "card", name="tokenkind", native_enum=False, length=8),
            nullable=False,
        ),
        sa.ForeignKeyConstraint(
            ["person_id"],
            ["person.id"],
            name=op.f("fk_person_search_person_id"),
            ondelete="CASCADE",
        ),
        sa.PrimaryKeyConstraint(
            "token", "name_key", "person_id", "kind", name=op.f("pk_person_search")
        ),
        sqlite_with_rowid=False,
    )
    op.create_index(
        "ix_person_search_person_id_token", "person_search", ["person_id", "token"], unique=False
    )
    op.create_table(
        "person_tag",
        sa.Column(
            "person_id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=False
        ),
        sa.Column("tag_id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=False),
        sa.ForeignKeyConstraint(
            ["person_id"], ["person.id"], name=op.f("fk_person_tag_person_id"), ondelete="CASCADE"
        ),
        sa.ForeignKeyConstraint(["tag_id"], ["tag.id"], name=op.f("fk_person_tag_tag_id")),
        sa.PrimaryKeyConstraint("person_id", "tag_id", name=op.f("pk_person_tag")),
    )
    op.create_index(op.f("ix_person_tag_tag_id"), "person_tag", ["tag_id"], unique=False)
    op.create_table(
        "phase_change",
        sa.Column(
            "id",
            sa.BigInteger().with_variant(sa.Integer(), "sqlite"),
            autoincrement=True,
            nullable=False,
        ),
        sa.Column("club_id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=False),
        sa.Column(
            "person_id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=False
        ),
        sa.Column(
            "transition",
            sa.Enum(
                "imported",
                "joined",
                "first_visit",
                "settled",
                "slipped",
                "fell_asleep",
                "recovered",
                "window_opened",
                "renewed",
                "expired",
                "lapsed",
                "lost",
                "won_back",
                "froze",
                "unfroze",
                "notice",
                "saved",
                "moved",
                name="transition",
                native_enum=False,
                length=16,
            ),
            nullable=False,
        ),
        sa.Column(
            "from_phase",
            sa.Enum(
                "pending",
                "lost",
                "lapsed",
                "grace",
                "frozen",
                "leaving",
                "renewal",
                "won_back",
                "adaptation",
                "sleeping",
                "at_risk",
                "active",
                name="phase",
                native_enum=False,
                length=12,
            ),
            nullable=True,
        ),
        sa.Column(
            "phase",
            sa.Enum(
                "pending",
                "lost",
                "lapsed",
                "grace",
                "frozen",
                "leaving",
                "renewal",
                "won_back",
                "adaptation",
                "sleeping",
                "at_risk",
                "active",
                name="phase",
                native_enum=False,
                length=12,
            ),
            nullable=False,
        ),
        sa.Column(
            "sub",
            sa.Enum(
                "not_started",
                "early",
                "settling",
                "core",
                "regular",
                "light",
                name="sub",
                native_enum=False,
                length=12,
            ),
            nullable=True,
        ),
        sa.Column(
            "risk",
            sa.Enum("none", "watch", "high", name="risk", native_enum=False, length=8),
            nullable=False,
        ),
        sa.Column("from_on", sa.Date(), nullable=False),
        sa.Column(
            "reason",
            sa.Enum(
                "imported",
                "starts_later",
                "ended",
                "freeze",
                "notice",
                "window",
                "few_visits_left",
                "came_back",
                "new",
                "no_visit_yet",
                "long_gap",
                "gap",
                "drop",
                "slow_start",
                "at_own_pattern",
                name="reason",
                native_enum=False,
                length=20,
            ),
            nullable=False,
        ),
        sa.Column(
            "measures", sa.JSON().with_variant(postgresql.JSONB(), "postgresql"), nullable=False
        ),
        sa.Column("recorded_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("superseded_at", sa.DateTime(timezone=True), nullable=True),
        sa.ForeignKeyConstraint(["club_id"], ["club.id"], name=op.f("fk_phase_change_club_id")),
        sa.ForeignKeyConstraint(
            ["person_id"], ["person.id"], name=op.f("fk_phase_change_person_id")
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_phase_change")),
    )
    op.create_index(
        "ix_phase_change_club_id_from_on", "phase_change", ["club_id", "from_on"], unique=False
    )
    op.create_index(
        "ix_phase_change_person_id_from_on", "phase_change", ["person_id", "from_on"], unique=False
    )
    op.create_table(
        "prompt_answer",
        sa.Column(
            "person_id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=False
        ),
        sa.Column(
            "prompt",
            sa.Enum(
                "end_freeze",
                "take_payment",
                "renew",
                "greet",
                "congratulate",
                name="promptcode",
                native_enum=False,
                length=24,
            ),
            nullable=False,
        ),
        sa.Column(
            "reply",
            sa.Enum("yes", "later", "no", name="promptreply", native_enum=False, length=8),
            nullable=False,
        ),
        sa.Column("replied_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("ask_again_on", sa.Date(), nullable=False),
        sa.Column("asked_by", sa.String(length=120), nullable=False),
        sa.ForeignKeyConstraint(
            ["person_id"],
            ["person.id"],
            name=op.f("fk_prompt_answer_person_id"),
            ondelete="CASCADE",
        ),
        sa.PrimaryKeyConstraint("person_id", "prompt", name=op.f("pk_prompt_answer")),
    )
    op.create_table(
        "visit_day",
        sa.Column(
            "person_id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=False
        ),
        sa.Column("day_no", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=False),
        sa.Column("on", sa.Date(), nullable=False),
        sa.Column("club_id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=False),
        sa.Column("visits", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=False),
        sa.ForeignKeyConstraint(["club_id"], ["club.id"], name=op.f("fk_visit_day_club_id")),
        sa.ForeignKeyConstraint(["person_id"], ["person.id"], name=op.f("fk_visit_day_person_id")),
        sa.PrimaryKeyConstraint("person_id", "day_no", name=op.f("pk_visit_day")),
    )
    op.create_index("ix_visit_day_club_id_day_no", "visit_day", ["club_id", "day_no"], unique=False)
    op.create_table(
        "visit_opening_balance",
        sa.Column(
            "person_id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=False
        ),
        sa.Column("club_id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=False),
        sa.Column("as_of_on", sa.Date(), nullable=False),
        sa.Column("last_visit_on", sa.Date(), nullable=True),
        sa.Column(
            "visits_total", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=True
        ),
        sa.Column("visits_per_week", sa.Float(), nullable=True),
        sa.Column("revision", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=False),
        sa.ForeignKeyConstraint(
            ["club_id"], ["club.id"], name=op.f("fk_visit_opening_balance_club_id")
        ),
        sa.ForeignKeyConstraint(
            ["person_id"], ["person.id"], name=op.f("fk_visit_opening_balance_person_id")
        ),
        sa.PrimaryKeyConstraint("person_id", name=op.f("pk_visit_opening_balance")),
    )
    op.create_table(
        "invoice",
        sa.Column(
            "id",
            sa.BigInteger().with_variant(sa.Integer(), "sqlite"),
            autoincrement=True,
            nullable=False,
        ),
        sa.Column("club_id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=False),
        sa.Column(
            "person_id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=False
        ),
        sa.Column(
            "membership_id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=True
        ),
        sa.Column("number", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=False),
        sa.Column(
            "state",
            sa.Enum(
                "issued",
                "paid",
                "void",
                "written_off",
                name="invoicestate",
                native_enum=False,
                length=12,
            ),
            nullable=False,
        ),
        sa.Column("issued_on", sa.Date(), nullable=False),
        sa.Column("due_on", sa.Date(), nullable=False),
        sa.Column("purpose", sa.String(length=240), nullable=False),
        sa.Column(
            "total_minor", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=False
        ),
        sa.Column(
            "paid_minor", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=False
        ),
        sa.Column("currency", sa.String(length=3), nullable=False),
        sa.Column("note", sa.String(length=240), nullable=False),
        sa.Column("created_at", sa.DateTime(timezone=True), nullable=False),
        sa.CheckConstraint(
            "paid_minor BETWEEN 0 AND total_minor", name=op.f("ck_invoice_paid_within_total")
        ),
        sa.CheckConstraint("total_minor >= 0", name=op.f("ck_invoice_total_not_negative")),
        sa.ForeignKeyConstraint(["club_id"], ["club.id"], name=op.f("fk_invoice_club_id")),
        sa.ForeignKeyConstraint(
            ["membership_id"], ["membership.id"], name=op.f("fk_invoice_membership_id")
        ),
        sa.ForeignKeyConstraint(["person_id"], ["person.id"], name=op.f("fk_invoice_person_id")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_invoice")),
        sa.UniqueConstraint("club_id", "number", name=op.f("uq_invoice_club_id_number")),
    )
    op.create_index(
        "ix_invoice_club_id_state_due_on", "invoice", ["club_id", "state", "due_on"], unique=False
    )
    op.create_index(op.f("ix_invoice_membership_id"), "invoice", ["membership_id"], unique=False)
    op.create_index("ix_invoice_person_id_state", "invoice", ["person_id", "state"], unique=False)
    op.create_table(
        "membership_freeze",
        sa.Column(
            "id",
            sa.BigInteger().with_variant(sa.Integer(), "sqlite"),
            autoincrement=True,
            nullable=False,
        ),
        sa.Column("club_id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=False),
        sa.Column(
            "membership_id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=False
        ),
        sa.Column(
            "person_id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=False
        ),
        sa.Column("from_on", sa.Date(), nullable=False),
        sa.Column("until_on", sa.Date(), nullable=False),
        sa.Column("reason", sa.String(length=240), nullable=False),
        sa.Column("cancelled_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("revision", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=False),
        sa.Column("created_at", sa.DateTime(timezone=True), nullable=False),
        sa.CheckConstraint("until_on > from_on", name=op.f("ck_membership_freeze_not_empty")),
        sa.ForeignKeyConstraint(
            ["club_id"], ["club.id"], name=op.f("fk_membership_freeze_club_id")
        ),
        sa.ForeignKeyConstraint(
            ["membership_id"], ["membership.id"], name=op.f("fk_membership_freeze_membership_id")
        ),
        sa.ForeignKeyConstraint(
            ["person_id"], ["person.id"], name=op.f("fk_membership_freeze_person_id")
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_membership_freeze")),
    )
    op.create_index(
        "ix_membership_freeze_membership_id", "membership_freeze", ["membership_id"], unique=False
    )
    op.create_index(
        "ix_membership_freeze_person_id", "membership_freeze", ["person_id"], unique=False
    )
    op.create_table(
        "renewal_outcome",
        sa.Column(
            "membership_id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=False
        ),
        sa.Column("club_id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=False),
        sa.Column(
            "person_id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=False
        ),
        sa.Column("plan_id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=False),
        sa.Column("seller", sa.String(length=120), nullable=False),
        sa.Column("trainer", sa.String(length=120), nullable=False),
        sa.Column("ends_on", sa.Date(), nullable=False),
        sa.Column(
            "window_days", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=False
        ),
        sa.Column("is_auto", sa.Boolean(), nullable=False),
        sa.Column(
            "monthly_minor", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=True
        ),
        sa.Column("currency", sa.String(length=3), nullable=False),
        sa.Column(
            "excluded",
            sa.Enum(
                "trial",
                "upgraded",
                "transferred",
                "refunded",
                "died",
                "covered",
                name="excluded",
                native_enum=False,
                length=12,
            ),
            nullable=True,
        ),
        sa.Column(
            "successor_id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=True
        ),
        sa.Column("successor_sold_on", sa.Date(), nullable=True),
        sa.Column("successor_starts_on", sa.Date(), nullable=True),
        sa.Column(
            "sold_after", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=True
        ),
        sa.Column(
            "starts_after", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=True
        ),
        sa.Column(
            "successor_monthly_minor",
            sa.BigInteger().with_variant(sa.Integer(), "sqlite"),
            nullable=True,
        ),
        sa.Column(
            "direction",
            sa.Enum("same", "upgrade", "downgrade", name="direction", native_enum=False, length=12),
            nullable=True,
        ),
        sa.ForeignKeyConstraint(["club_id"], ["club.id"], name=op.f("fk_renewal_outcome_club_id")),
        sa.ForeignKeyConstraint(
            ["membership_id"], ["membership.id"], name=op.f("fk_renewal_outcome_membership_id")
        ),
        sa.ForeignKeyConstraint(
            ["person_id"], ["person.id"], name=op.f("fk_renewal_outcome_person_id")
        ),
        sa.ForeignKeyConstraint(["plan_id"], ["plan.id"], name=op.f("fk_renewal_outcome_plan_id")),
        sa.ForeignKeyConstraint(
            ["successor_id"], ["membership.id"], name=op.f("fk_renewal_outcome_successor_id")
        ),
        sa.PrimaryKeyConstraint("membership_id", name=op.f("pk_renewal_outcome")),
    )
    op.create_index(
        "ix_renewal_outcome_club_id_excluded_ends_on",
        "renewal_outcome",
        ["club_id", "excluded", "ends_on"],
        unique=False,
    )
    op.create_index("ix_renewal_outcome_person_id", "renewal_outcome", ["person_id"], unique=False)
    op.create_index(
        op.f("ix_renewal_outcome_successor_id"), "renewal_outcome", ["successor_id"], unique=False
    )
    op.create_table(
        "visit",
        sa.Column(
            "id",
            sa.BigInteger().with_variant(sa.Integer(), "sqlite"),
            autoincrement=True,
            nullable=False,
        ),
        sa.Column("club_id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=False),
        sa.Column(
            "person_id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=False
        ),
        sa.Column(
            "membership_id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=True
        ),
        sa.Column(
            "access_point_id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=True
        ),
        sa.Column("checked_in_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("checked_out_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("on", sa.Date(), nullable=False),
        sa.Column(
            "source",
            sa.Enum(
                "desk",
                "api",
                "door_log",
                "import",
                "simulator",
                name="visitsource",
                native_enum=False,
                length=12,
            ),
            nullable=False,
        ),
        sa.Column(
            "decision",
            sa.Enum(
                "in", "warn", "stop", "already_in", name="decision", native_enum=False, length=12
            ),
            nullable=False,
        ),
        sa.Column("override_reason", sa.String(length=240), nullable=True),
        sa.Column("took_a_visit", sa.Boolean(), nullable=False),
        sa.Column("device_key", sa.String(length=120), nullable=True),
        sa.Column("undone_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("undone_by", sa.String(length=120), nullable=True),
        sa.Column("recorded_by", sa.String(length=120), nullable=False),
        sa.Column("created_at", sa.DateTime(timezone=True), nullable=False),
        sa.ForeignKeyConstraint(
            ["access_point_id"], ["access_point.id"], name=op.f("fk_visit_access_point_id")
        ),
        sa.ForeignKeyConstraint(["club_id"], ["club.id"], name=op.f("fk_visit_club_id")),
        sa.ForeignKeyConstraint(
            ["membership_id"], ["membership.id"], name=op.f("fk_visit_membership_id")
        ),
        sa.ForeignKeyConstraint(["person_id"], ["person.id"], name=op.f("fk_visit_person_id")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_visit")),
        sa.UniqueConstraint("club_id", "device_key", name=op.f("uq_visit_club_id_device_key")),
        sqlite_autoincrement=True,
    )
    op.create_index(
        "ix_visit_club_id_checked_in_at", "visit", ["club_id", "checked_in_at"], unique=False
    )
    op.create_index(
        "ix_visit_person_id_checked_in_at", "visit", ["person_id", "checked_in_at"], unique=False
    )
    op.create_table(
        "entry_decision",
        sa.Column(
            "id",
            sa.BigInteger().with_variant(sa.Integer(), "sqlite"),
            autoincrement=True,
            nullable=False,
        ),
        sa.Column("club_id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=False),
        sa.Column(
            "person_id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=False
        ),
        sa.Column(
            "access_point_id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=True
        ),
        sa.Column("at", sa.DateTime(timezone=True), nullable=False),
        sa.Column(
            "decision",
            sa.Enum(
                "in", "warn", "stop", "already_in", name="decision", native_enum=False, length=12
            ),
            nullable=False,
        ),
        sa.Column(
            "reasons", sa.JSON().with_variant(postgresql.JSONB(), "postgresql"), nullable=False
        ),
        sa.Column("visit_id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=True),
        sa.Column("override_reason", sa.String(length=240), nullable=True),
        sa.Column("asked_by", sa.String(length=120), nullable=False),
        sa.ForeignKeyConstraint(
            ["access_point_id"], ["access_point.id"], name=op.f("fk_entry_decision_access_point_id")
        ),
        sa.ForeignKeyConstraint(["club_id"], ["club.id"], name=op.f("fk_entry_decision_club_id")),
        sa.ForeignKeyConstraint(
            ["person_id"], ["person.id"], name=op.f("fk_entry_decision_person_id")
        ),
        sa.ForeignKeyConstraint(
            ["visit_id"], ["visit.id"], name=op.f("fk_entry_decision_visit_id")
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_entry_decision")),
    )
    op.create_index(
        "ix_entry_decision_club_id_at", "entry_decision", ["club_id", "at"], unique=False
    )
    op.create_index(
        "ix_entry_decision_person_id_at", "entry_decision", ["person_id", "at"], unique=False
    )
    op.create_index(
        op.f("ix_entry_decision_visit_id"), "entry_decision", ["visit_id"], unique=False
    )
    op.create_table(
        "payment",
        sa.Column(
            "id",
            sa.BigInteger().with_variant(sa.Integer(), "sqlite"),
            autoincrement=True,
            nullable=False,
        ),
        sa.Column("club_id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=False),
        sa.Column(
            "person_id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=False
        ),
        sa.Column(
            "invoice_id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=True
        ),
        sa.Column(
            "membership_id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=True
        ),
        sa.Column("external_id", sa.String(length=120), nullable=True),
        sa.Column(
            "external_round", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=False
        ),
        sa.Column("is_imported", sa.Boolean(), nullable=False),
        sa.Column(
            "amount_minor", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=False
        ),
        sa.Column("currency", sa.String(length=3), nullable=False),
        sa.Column(
            "method",
            sa.Enum(
                "cash",
                "card",
                "transfer",
                "cheque",
                "direct_debit",
                "online",
                "other",
                name="paymentmethod",
                native_enum=False,
                length=16,
            ),
            nullable=False,
        ),
        sa.Column("paid_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("purpose", sa.String(length=240), nullable=False),
        sa.Column(
            "reverses_id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=True
        ),
        sa.Column("reason", sa.String(length=240), nullable=False),
        sa.Column("taken_by", sa.String(length=120), nullable=False),
        sa.Column("created_at", sa.DateTime(timezone=True), nullable=False),
        sa.CheckConstraint("amount_minor != 0", name=op.f("ck_payment_amount_not_zero")),
        sa.ForeignKeyConstraint(["club_id"], ["club.id"], name=op.f("fk_payment_club_id")),
        sa.ForeignKeyConstraint(["invoice_id"], ["invoice.id"], name=op.f("fk_payment_invoice_id")),
        sa.ForeignKeyConstraint(
            ["membership_id"], ["membership.id"], name=op.f("fk_payment_membership_id")
        ),
        sa.ForeignKeyConstraint(["person_id"], ["person.id"], name=op.f("fk_payment_person_id")),
        sa.ForeignKeyConstraint(
            ["reverses_id"], ["payment.id"], name=op.f("fk_payment_reverses_id")
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_payment")),
        sa.UniqueConstraint(
            "club_id",
            "external_id",
            "external_round",
            name=op.f("uq_payment_club_id_external_id_external_round"),
        ),
        sa.UniqueConstraint("reverses_id", name=op.f("uq_payment_reverses_id")),
    )
    op.create_index("ix_payment_club_id_paid_at", "payment", ["club_id", "paid_at"], unique=False)
    op.create_index(op.f("ix_payment_invoice_id"), "payment", ["invoice_id"], unique=False)
    op.create_index(op.f("ix_payment_membership_id"), "payment", ["membership_id"], unique=False)
    op.create_index(
        "ix_payment_person_id_paid_at", "payment", ["person_id", "paid_at"], unique=False
    )
    op.create_table(
        "payment_allocation",
        sa.Column(
            "id",
            sa.BigInteger().with_variant(sa.Integer(), "sqlite"),
            autoincrement=True,
            nullable=False,
        ),
        sa.Column(
            "payment_id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=False
        ),
        sa.Column(
            "invoice_id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=False
        ),
        sa.Column(
            "amount_minor", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=False
        ),
        sa.CheckConstraint("amount_minor != 0", name=op.f("ck_payment_allocation_amount_not_zero")),
        sa.ForeignKeyConstraint(
            ["invoice_id"], ["invoice.id"], name=op.f("fk_payment_allocation_invoice_id")
        ),
        sa.ForeignKeyConstraint(
            ["payment_id"], ["payment.id"], name=op.f("fk_payment_allocation_payment_id")
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_payment_allocation")),
        sa.UniqueConstraint(
            "payment_id", "invoice_id", name=op.f("uq_payment_allocation_payment_id_invoice_id")
        ),
    )
    op.create_index(
        op.f("ix_payment_allocation_invoice_id"), "payment_allocation", ["invoice_id"], unique=False
    )


def downgrade() -> None:
    op.drop_index(op.f("ix_payment_allocation_invoice_id"), table_name="payment_allocation")
    op.drop_table("payment_allocation")
    op.drop_index("ix_payment_person_id_paid_at", table_name="payment")
    op.drop_index(op.f("ix_payment_membership_id"), table_name="payment")
    op.drop_index(op.f("ix_payment_invoice_id"), table_name="payment")
    op.drop_index("ix_payment_club_id_paid_at", table_name="payment")
    op.drop_table("payment")
    op.drop_index(op.f("ix_entry_decision_visit_id"), table_name="entry_decision")
    op.drop_index("ix_entry_decision_person_id_at", table_name="entry_decision")
    op.drop_index("ix_entry_decision_club_id_at", table_name="entry_decision")
    op.drop_table("entry_decision")
    op.drop_index("ix_visit_person_id_checked_in_at", table_name="visit")
    op.drop_index("ix_visit_club_id_checked_in_at", table_name="visit")
    op.drop_table("visit")
    op.drop_index(op.f("ix_renewal_outcome_successor_id"), table_name="renewal_outcome")
    op.drop_index("ix_renewal_outcome_person_id", table_name="renewal_outcome")
    op.drop_index("ix_renewal_outcome_club_id_excluded_ends_on", table_name="renewal_outcome")
    op.drop_table("renewal_outcome")
    op.drop_index("ix_membership_freeze_person_id", table_name="membership_freeze")
    op.drop_index("ix_membership_freeze_membership_id", table_name="membership_freeze")
    op.drop_table("membership_freeze")
    op.drop_index("ix_invoice_person_id_state", table_name="invoice")
    op.drop_index(op.f("ix_invoice_membership_id"), table_name="invoice")
    op.drop_index("ix_invoice_club_id_state_due_on", table_name="invoice")
    op.drop_table("invoice")
    op.drop_table("visit_opening_balance")
    op.drop_index("ix_visit_day_club_id_day_no", table_name="visit_day")
    op.drop_table("visit_day")
    op.drop_table("prompt_answer")
    op.drop_index("ix_phase_change_person_id_from_on", table_name="phase_change")
    op.drop_index("ix_phase_change_club_id_from_on", table_name="phase_change")
    op.drop_table("phase_change")
    op.drop_index(op.f("ix_person_tag_tag_id"), table_name="person_tag")
    op.drop_table("person_tag")
    op.drop_index("ix_person_search_person_id_token", table_name="person_search")
    op.drop_table("person_search")
    op.drop_index("ix_person_club_club_id_person_id", table_name="person_club")
    op.drop_table("person_club")
    op.drop_index(
        "uq_membership_previous_id",
        table_name="membership",
        sqlite_where=sa.text("voided_at IS NULL"),
        postgresql_where=sa.text("voided_at IS NULL"),
    )
    op.drop_index(op.f("ix_membership_plan_id"), table_name="membership")
    op.drop_index("ix_membership_person_id_starts_on", table_name="membership")
    op.drop_index("ix_membership_club_id_until_on", table_name="membership")
    op.drop_table("membership")
    op.drop_index(
        "ix_member_state_dirty",
        table_name="member_state",
        sqlite_where=sa.text("dirty_seq != clean_seq"),
        postgresql_where=sa.text("dirty_seq != clean_seq"),
    )
    op.drop_index("ix_member_state_club_id_phase", table_name="member_state")
    op.drop_index("ix_member_state_club_id_next_check_on", table_name="member_state")
    op.drop_table("member_state")
    op.drop_index("ix_import_touch_table_name_row_id", table_name="import_touch")
    op.drop_table("import_touch")
    op.drop_index(op.f("ix_import_row_key_batch_id"), table_name="import_row_key")
    op.drop_table("import_row_key")
    op.drop_table("import_row")
    op.drop_index(
        "uq_credential_code_in_use",
        table_name="credential",
        sqlite_where=sa.text("ended_at IS NULL"),
        postgresql_where=sa.text("ended_at IS NULL"),
    )
    op.drop_index("ix_credential_person_id", table_name="credential")
    op.drop_table("credential")
    op.drop_index("ix_consent_person_id_channel_id", table_name="consent")
    op.drop_table("consent")
    op.drop_index("ix_access_log_action_at", table_name="access_log")
    op.drop_table("access_log")
    op.drop_table("tag")
    op.drop_index(
        "uq_slow_season_club_id_name",
        table_name="slow_season",
        sqlite_where=sa.text("valid_until_on IS NULL"),
        postgresql_where=sa.text("valid_until_on IS NULL"),
    )
    op.drop_table("slow_season")
    op.drop_index(op.f("ix_role_assignment_club_id"), table_name="role_assignment")
    op.drop_table("role_assignment")
    op.drop_table("plan")
    op.drop_index("ix_person_sort_name_id", table_name="person")
    op.drop_index("ix_person_phone", table_name="person")
    op.drop_index("ix_person_home_club_id_sort_name", table_name="person")
    op.drop_index("ix_person_email", table_name="person")
    op.drop_table("person")
    op.drop_table("invoice_series")
    op.drop_index("ix_import_batch_club_id_id", table_name="import_batch")
    op.drop_table("import_batch")
    op.drop_index(op.f("ix_field_change_person_id"), table_name="field_change")
    op.drop_index(op.f("ix_field_change_event_id"), table_name="field_change")
    op.drop_table("field_change")
    op.drop_index("ix_event_delivery_state_run_at", table_name="event_delivery")
    op.drop_table("event_delivery")
    op.drop_table("daily_run")
    op.drop_table("cohort")
    op.drop_table("club_closure")
    op.drop_table("closure_book")
    op.drop_table("api_token")
    op.drop_table("access_point")
    op.drop_table("staff_user")
    op.drop_table("number_series")
    op.drop_index("ix_job_state_run_at", table_name="job")
    op.drop_table("job")
    op.drop_index(op.f("ix_idempotency_key_created_at"), table_name="idempotency_key")
    op.drop_table("idempotency_key")
    op.drop_index("ix_event_log_person_id_at", table_name="event_log")
    op.drop_index("ix_event_log_club_id_at", table_name="event_log")
    op.drop_table("event_log")
    op.drop_table("club")
