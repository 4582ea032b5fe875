"""Lists page by page: a signed cursor that holds a place in the order, and nothing else."""

from collections.abc import Sequence
from typing import Any

from flask import current_app
from flask_babel import lazy_gettext as _l
from itsdangerous import BadSignature, URLSafeSerializer

from clubcrm.core.errors import Invalid

MOST = 500
USUAL = 100


class BadCursor(Invalid):
    """A cursor this list did not give."""

    code = "bad_cursor"
    message = _l("This cursor does not belong to this list. Begin again without one.")


def write_cursor(name: str, place: Sequence[Any] | None) -> str | None:
    """The cursor of the page after this place in the list `name`; None = there is none."""
    return None if place is None else str(_signer(name).dumps(list(place)))


def read_cursor(name: str, cursor: str | None) -> list[Any] | None:
    """The place a cursor holds. Raises BadCursor for anything this list did not give."""
    if cursor is None:
        return None
    try:
        place = _signer(name).loads(cursor)
    except BadSignature as error:
        raise BadCursor from error
    if not isinstance(place, list):
        raise BadCursor
    return place


def _signer(name: str) -> URLSafeSerializer:
    return URLSafeSerializer(current_app.config["SECRET_KEY"], salt=f"api.cursor.{name}")
