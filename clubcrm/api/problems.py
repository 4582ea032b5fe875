"""Errors of the API as problem+json (RFC 9457), each with a stable `code`."""

import json
from typing import Any

from apiflask.exceptions import HTTPError
from flask import Response
from flask_babel import gettext as _
from werkzeug.exceptions import HTTPException
from werkzeug.http import HTTP_STATUS_CODES

from clubcrm.core.errors import DomainError, Invalid

MEDIA_TYPE = "application/problem+json"

CODES = {
    400: "bad_request",
    401: "unauthorized",
    403: "forbidden",
    404: "not_found",
    405: "method_not_allowed",
    406: "not_acceptable",
    413: "too_large",
    415: "unsupported_media_type",
    422: "invalid",
    429: "too_many_requests",
    500: "internal_error",
    503: "unavailable",
}


def problem_of(error: Exception, reference: str | None = None) -> Response:
    """The answer for an error: a refusal with its words, a framework error with its code."""
    if isinstance(error, DomainError):
        extra: dict[str, Any] = {}
        if isinstance(error, Invalid) and error.fields:
            extra["errors"] = error.field_texts()
        return problem(error.status, error.code, error.text(), **extra)
    if isinstance(error, HTTPException) and error.code:
        code = CODES.get(error.code, f"http_{error.code}")
        response = problem(error.code, code, str(error.description or ""))
        if error.code == 401:
            response.headers["WWW-Authenticate"] = "Bearer"
        allowed = getattr(error, "valid_methods", None)
        if allowed:
            response.headers["Allow"] = ", ".join(allowed)
        return response
    words = _(
        "Something went wrong here. Nothing was changed. Reference: %(ref)s", ref=reference or "-"
    )
    return problem(500, "internal_error", words, reference=reference)


def invalid_input(error: HTTPError) -> Response:
    """The answer for a body or query that does not fit: every field at fault with its sentences."""
    fields: dict[str, list[str]] = {}
    places = error.detail if isinstance(error.detail, dict) else {}
    for found in places.values():
        for name, sentences in found.items():
            # A body that is no object at all has no field to name.
            fields.setdefault("body" if name == "_schema" else name, []).extend(sentences)
    code = CODES.get(error.status_code, f"http_{error.status_code}")
    return problem(error.status_code, code, _("Some entries are not right."), errors=fields)


def unavailable() -> Response:
    """The answer while the database is away or too busy; the same request may be sent again."""
    words = _("The database is busy or away. Nothing was changed; send the request again.")
    return problem(503, "unavailable", words)


def problem(status: int, code: str, detail: str, **extra: Any) -> Response:
    """One problem document."""
    body = {
        "type": "about:blank",
        "title": HTTP_STATUS_CODES.get(status, "Error"),
        "status": status,
        "code": code,
        "detail": detail,
        **extra,
    }
    return Response(json.dumps(body), status=status, content_type=MEDIA_TYPE)
