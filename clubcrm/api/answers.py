"""How the API writes: one transaction a request, and one effect a key.

A view marked `@writes` is given an open transaction. Where the request carries an `Idempotency-Key`,
the key, the effect and the answer commit together: the same request again gets the same answer and
has no second effect, another request with that key is refused. A refusal keeps nothing, so the same
request may succeed later. A deadlock is tried again here, out of the sender's sight.
"""

import json
from collections.abc import Callable, Mapping
from datetime import datetime
from functools import wraps
from typing import Any, Final, TypeVar

from flask import Response, request
from flask_babel import lazy_gettext as _l
from pydantic import BaseModel
from sqlalchemy.exc import DBAPIError
from sqlalchemy.orm import Session

from clubcrm.accounts.access import principal
from clubcrm.core import clock
from clubcrm.core.actor import Actor
from clubcrm.core.errors import Invalid
from clubcrm.core.idempotency import Answer, claim_key, fingerprint, keep_answer
from clubcrm.core.sql import is_deadlock
from clubcrm.core.transactions import transaction

View = TypeVar("View", bound=Callable[..., Any])

KEY_HEADER: Final = "Idempotency-Key"
REPLAYED_HEADER: Final = "Idempotent-Replayed"
LONGEST_KEY: Final = 255
TRIES: Final = 3


class BadKey(Invalid):
    """An Idempotency-Key that cannot be kept."""

    code = "bad_idempotency_key"
    message = _l("An Idempotency-Key has 1 to 255 visible ASCII characters.")


def writes(status: int = 200) -> Callable[[View], View]:
    """Give a view `session`, `by` and `now`; its model is the body of the answer with this status."""

    def mark(view: View) -> View:
        @wraps(view)
        def answering(**given: Any) -> Response:
            _refuse_null()
            key = _key()
            for tries_left in range(TRIES - 1, -1, -1):
                try:
                    return _once(view, given, status, key)
                except DBAPIError as error:
                    if not tries_left or not is_deadlock(error):
                        raise
            raise AssertionError("the last try returns or raises")

        return answering  # type: ignore[return-value]

    return mark


def _once(view: View, given: Mapping[str, Any], status: int, key: str | None) -> Response:
    by, now = principal().actor, clock.now()
    with transaction() as session:
        if key is not None:
            earlier = _claim(session, key, by, now)
            if earlier is not None:
                return _respond(earlier.body["json"], earlier.status, replayed=True)
        made: BaseModel = view(**given, session=session, by=by, now=now)
        text = made.model_dump_json(by_alias=True)
        if key is not None:
            # As text: a database that stores JSON may well turn its fields about.
            keep_answer(session, _sender(by), key, status, {"json": text})
    return _respond(text, status)


def _claim(session: Session, key: str, by: Actor, now: datetime) -> Answer | None:
    print_ = fingerprint(request.method, request.full_path, request.get_data())
    return claim_key(session, _sender(by), key, print_, now)


def _sender(by: Actor) -> str:
    """Each sender has keys of its own."""
    return f"{by.kind}:{by.id}"


def _key() -> str | None:
    if request.method != "POST" or KEY_HEADER not in request.headers:
        return None
    key = request.headers[KEY_HEADER].strip()
    if not 1 <= len(key) <= LONGEST_KEY or not all(
        "!" <= mark <= "~" or mark == " " for mark in key
    ):
        raise BadKey
    return key


def shown(made: Mapping[str, Any]) -> Response:
    """The answer of a call that is asked as one types: JSON values, written as they are."""
    return _respond(json.dumps(made, ensure_ascii=False, separators=(",", ":")), 200)


def _respond(text: str, status: int, *, replayed: bool = False) -> Response:
    response = Response(text, status=status, content_type="application/json")
    if replayed:
        response.headers[REPLAYED_HEADER] = "true"
    return response


def _refuse_null() -> None:
    """APIFlask reads `null` as an empty body."""
    if request.get_data().strip() == b"null":
        raise Invalid(fields={"body": _l("Send an object.")})
