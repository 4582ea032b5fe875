"""Errors of the API as problem+json (RFC 9457), each with a stable `code`."""

import json
from typing import Any

from flask import Response
from flask_babel import gettext as _
from werkzeug.exceptions import HTTPException
from werkzeug.http import HTTP_STATUS_CODES

from clubcrm.core.errors import DomainError, Invalid

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
    return Response(json.dumps(body), status=status, content_type="application/problem+json")
