"""The pages of import and export: upload, columns, check, result, undo; everything out.

The modules at the end are imported for the routes they register.
"""

from pathlib import Path

from flask import Blueprint, current_app

from clubcrm.accounts.access import principal
from clubcrm.accounts.states import Permission
from clubcrm.core.transactions import reading
from clubcrm.exchange.queries import BatchRow, get_batch
from config import Settings

blueprint = Blueprint("exchange", __name__, url_prefix="/import", template_folder="../templates")


def data_dir() -> Path:
    """Where this installation keeps its files."""
    settings: Settings = current_app.extensions["settings"]
    return settings.data_dir


def batch_in_sight(batch_id: int) -> BatchRow:
    """An import at a club where the reader may import. Raises UnknownBatch."""
    with reading() as session:
        return get_batch(session, batch_id, principal().scope(Permission.IMPORT))


from clubcrm.exchange.views import (  # noqa: E402, F401
    columns,
    export,
    imports,
    result,
)
