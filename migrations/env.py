"""Alembic's environment: the models' metadata and the database the settings name."""

from alembic import context
from sqlalchemy import create_engine, pool

from clubcrm import wiring  # noqa: F401  (imports every mapped class)
from clubcrm.core.db import Base
from clubcrm.core.db import db
from config import Settings

config = context.config


def run() -> None:
    """Run the migrations over a connection that was handed in, or a new one."""
    given = config.attributes.get("connection")
    if given is not None:
        _run_on(given)
        return
    engine = create_engine(Settings.from_env().database_url, poolclass=pool.NullPool)
    with engine.connect() as connection:
        _run_on(connection)
        connection.commit()


def _run_on(connection) -> None:
    context.configure(
        connection=connection,
        target_metadata=db.metadata,
        render_as_batch=True,
        compare_type=True,
        transaction_per_migration=True,
    )
    with context.begin_transaction():
        context.run_migrations()


assert Base.metadata is not None
run()
