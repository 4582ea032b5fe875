"""Lists page by page: a signed cursor that holds a place in the order, and nothing else."""

import json
from collections.abc import Sequence
from functools import lru_cache
from typing import Any

from flask import current_app
from flask_babel import lazy_gettext as _l
from itsdangerous import Signer
from itsdangerous.encoding import base64_decode, base64_encode

from clubcrm.core.errors import Invalid

MOST = 500
USUAL = 100


class BadCursor(Invalid):
    """A cursor this list did not give."""

    code = "bad_cursor"
    message = _l("This cursor does not belong to this list. Begin again without one.")


def write_cursor(name: str, place: Sequence[Any] | None) -> str | None:
    """The cursor of the page after this place in the list `name`; None = there is none."""
    if place is None:
        return None
    written = base64_encode(json.dumps(list(place), ensure_ascii=False, separators=(",", ":")))
    return (written + b"." + _signer().get_signature(_signed(name, written))).decode()


def read_cursor(name: str, cursor: str | None) -> list[Any] | None:
    """The place a cursor holds. Raises BadCursor for anything this list did not give."""
    if cursor is None:
        return None
    written, _, signature = cursor.encode().rpartition(b".")
    if not _signer().verify_signature(_signed(name, written), signature):
        raise BadCursor
    place: list[Any] = json.loads(base64_decode(written))
    return place


def _signed(name: str, written: bytes) -> bytes:
    """What the signature is of: the place, and the list in which it is one."""
    return name.encode() + b"\0" + written


def _signer() -> Signer:
    return _signer_with(current_app.config["SECRET_KEY"])


@lru_cache(4)
def _signer_with(key: str) -> Signer:
    return Signer(key, salt="api.cursor")
