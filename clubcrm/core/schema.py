"""The tables: made where there are none, brought up to date where an older program made them.

Every command and the server call `ensure_schema` before anything else, so nobody runs migrations by
hand. It is safe when several processes start at once: one migrates, the others wait and find it
done.
"""

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from datetime import datetime, timedelta
from typing import Any, Final

from alembic import command
from alembic.config import Config
from alembic.migration import MigrationContext
from alembic.script import ScriptDirectory
from sqlalchemy import Engine, text
from sqlalchemy.engine import Connection

from clubcrm.core.db import WRITING, db
from clubcrm.core.sql import measure_tables
from clubcrm.core.transactions import transaction
from config import HOME, SettingError

MIGRATION_LOCK = 0x636C7562
"""Number of the advisory lock under which one process migrates a PostgreSQL database."""


class SchemaProblem(SettingError):
    """The tables cannot be used by this program; the words say why."""


MEASURED_EVERY: Final = timedelta(minutes=10)
"""So often the tables are measured; a connection to SQLite lives no longer, so that it learns of it."""


def keep_tables_measured(_clock: Callable[[], datetime]) -> None:
    """Measure the tables anew as they grow."""
    with transaction() as session:
        measure_tables(session)


def ensure_schema() -> bool:
    """Bring the database of the current application up to date; whether anything had to be done.

    All migrations go through in one transaction or not at all. Raises SchemaProblem when the
    database was made by a newer program.
    """
    engine = db.engine
    config = migration_config()
    scripts = ScriptDirectory.from_config(config)
    head = scripts.get_current_head()
    with engine.connect() as connection:
        if _revision(connection) == head:
            return False
    with _alone(engine) as connection:
        standing = _revision(connection)
        if standing == head:
            return False
        known = {script.revision for script in scripts.walk_revisions()}
        if standing is not None and standing not in known:
            raise SchemaProblem(
                "This database was made by a newer clubcrm than the one you started. "
                "Start the newer one, or restore a backup made before it."
            )
        config.attributes["connection"] = connection
        command.upgrade(config, "head")
    return True


def rebuild_schema() -> None:
    """Throw away everything in the database: all tables go, and come back empty.

    In one transaction or not at all. Whoever calls makes sure that nobody will miss what was in it.
    """
    config = migration_config()
    with _alone(db.engine) as connection:
        config.attributes["connection"] = connection
        command.downgrade(config, "base")
        command.upgrade(config, "head")


def schema_revision() -> str | None:
    """The revision of the tables as they stand; None = no tables yet."""
    with db.engine.connect() as connection:
        return _revision(connection)


def newest_revision() -> str | None:
    """The revision this program brings along."""
    return ScriptDirectory.from_config(migration_config()).get_current_head()


def migration_config() -> Config:
    """Alembic's configuration, made here so that there is no file to find."""
    config = Config()
    config.set_main_option("script_location", str(HOME / "migrations").replace("%", "%%"))
    config.set_main_option("path_separator", "os")
    return config


def _revision(connection: Connection) -> str | None:
    return MigrationContext.configure(connection).get_current_revision()


@contextmanager
def _alone(engine: Engine) -> Iterator[Connection]:
    """One transaction for the migrations, while no other process can begin its own."""
    with engine.execution_options(**{WRITING: True}).connect() as connection:
        if engine.dialect.name == "sqlite":
            with _without_foreign_keys(connection), connection.begin():
                yield connection
                broken = connection.exec_driver_sql("PRAGMA foreign_key_check").first()
                if broken is not None:
                    raise SchemaProblem(
                        f"A migration would leave rows of {broken[0]} without what they belong to; "
                        "nothing was changed."
                    )
            return
        with connection.begin():
            # Whoever comes second waits as long as the first one needs.
            connection.execute(text("SET LOCAL lock_timeout = 0"))
            connection.execute(text("SET LOCAL statement_timeout = 0"))
            connection.execute(text("SELECT pg_advisory_xact_lock(:no)"), {"no": MIGRATION_LOCK})
            yield connection


@contextmanager
def _without_foreign_keys(connection: Connection) -> Iterator[None]:
    """SQLite rebuilds a table by dropping it, which would take its referring rows along.

    The switch works only outside a transaction, and a waiting process must be patient for longer
    than one that only wants to write a visit.
    """
    raw: Any = connection.connection.driver_connection
    raw.execute("PRAGMA foreign_keys=OFF")
    raw.execute("PRAGMA busy_timeout=600000")
    try:
        yield
    finally:
        raw.execute("PRAGMA busy_timeout=10000")
        raw.execute("PRAGMA foreign_keys=ON")
