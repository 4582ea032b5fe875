"""The calls of the API, one module a resource."""

import logging

from apiflask import APIBlueprint
from apiflask.exceptions import HTTPError
from flask import Response, request
from flask.blueprints import BlueprintSetupState
from werkzeug.exceptions import BadRequest

from clubcrm.api.problems import invalid_input, problem_of

log = logging.getLogger(__name__)

LARGEST_BODY = 1024 * 1024

api = APIBlueprint(
    "api_v1", __name__, url_prefix="/api/v1", template_folder="../templates", tag="clubcrm"
)


@api.record_once
def trust_tokens(state: BlueprintSetupState) -> None:
    """Leave these calls out of the guard against forged forms: a browser sends no token by itself."""
    state.app.extensions["csrf"].exempt(api)


@api.before_request
def limit_body() -> None:
    """Refuse large bodies before they are read; files come through the import."""
    request.max_content_length = LARGEST_BODY


@api.errorhandler(HTTPError)
def refuse_input(error: HTTPError) -> Response:
    """Name every field at fault."""
    return invalid_input(error)


@api.errorhandler(RecursionError)
def refuse_nesting(_error: RecursionError) -> Response:
    """Refuse a body nested so deep that it cannot be read."""
    return problem_of(BadRequest())


from clubcrm.api.views import (  # noqa: E402
    check_ins,
    clubs,
    docs,
    members,
    memberships,
    money,
    reports,
    retention,
)

__all__ = [
    "api",
    "check_ins",
    "clubs",
    "docs",
    "members",
    "memberships",
    "money",
    "reports",
    "retention",
]
