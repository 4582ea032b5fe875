"""The calls of the API, one module a resource."""

import logging

from apiflask import APIBlueprint
from apiflask.exceptions import HTTPError
from flask import Request, Response, request
from flask.blueprints import BlueprintSetupState
from werkzeug.exceptions import BadRequest, UnsupportedMediaType

from clubcrm.api.problems import invalid_input, problem_of

log = logging.getLogger(__name__)

LARGEST_BODY = 1024 * 1024
UNTOLD = ("", "application/x-www-form-urlencoded")
"""What tools say of a body when nobody told them what it is; the body itself tells then."""
NOT_JSON = "Send the body as JSON, with Content-Type: application/json."

api = APIBlueprint(
    "api_v1", __name__, url_prefix="/api/v1", template_folder="../templates", tag="clubcrm"
)


@api.record_once
def trust_tokens(state: BlueprintSetupState) -> None:
    """Leave these calls out of the guard against forged forms: a browser sends no token by itself."""
    state.app.extensions["csrf"].exempt(api)


class JsonRequest(Request):
    """A request whose missing body is as good as an empty object."""

    def on_json_loading_failed(self, e: ValueError | None) -> object:
        """Say what is wrong with a body that is no JSON."""
        if self.is_json:
            raise BadRequest("The body is no JSON.")
        if self.get_data():
            raise UnsupportedMediaType(NOT_JSON)
        return {}


@api.record_once
def read_bodies(state: BlueprintSetupState) -> None:
    """Let a call that needs no body be sent without one."""
    state.app.request_class = JsonRequest  # type: ignore[attr-defined]


@api.before_request
def check_body() -> None:
    """Refuse large bodies before they are read (files come through the import), and other kinds."""
    request.max_content_length = LARGEST_BODY
    if request.method != "GET" and not request.is_json and request.mimetype not in UNTOLD:
        raise UnsupportedMediaType(NOT_JSON)


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
