"""Alembic's environment: the models' metadata, and the connection `clubcrm` hands in."""

from typing import Any, Literal

from alembic import context
from sqlalchemy import DateTime
from sqlalchemy.engine import Connection

from clubcrm import wiring  # noqa: F401  (imports every mapped class)
from clubcrm.core.db import UtcDateTime, db


def render_plainly(kind: str, item: Any, _context: Any) -> str | Literal[False]:
    """Write our own column types as the plain ones they are, so that no migration needs models."""
    if kind == "type" and isinstance(item, UtcDateTime):
        return "sa.DateTime(timezone=True)"
    return False


def same_type(
    _context: Any, _inspected: Any, _column: Any, _found: Any, wanted: Any
) -> bool | None:
    """An instant is a plain date-time on SQLite; everything else is compared as usual."""
    return False if isinstance(wanted, UtcDateTime | DateTime) else None


def run(connection: Connection) -> None:
    """Run the migrations on this connection; the caller commits."""
    context.configure(
        connection=connection,
        target_metadata=db.metadata,
        render_as_batch=True,
        render_item=render_plainly,
        compare_type=same_type,
    )
    with context.begin_transaction():
        context.run_migrations()


run(context.config.attributes["connection"])
