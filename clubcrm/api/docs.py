"""The description of the API: OpenAPI 3.1, made from the views and shapes themselves."""

from typing import Any, cast

from apiflask import APIFlask

from clubcrm.accounts.access import rule_of
from clubcrm.accounts.states import Permission
from clubcrm.api.answers import KEY_HEADER, LONGEST_KEY, REPLAYED_HEADER
from clubcrm.api.problems import MEDIA_TYPE
from clubcrm.api.schemas.base import Problem

WORDS = """
Ask for a token with `clubcrm token create --role ROLE [--club CODE]` and send it as
`Authorization: Bearer TOKEN`. A token sees the clubs it was made for; what belongs to another club
is answered like something that does not exist.

* Ids are strings. Days are ISO (`2026-03-02`), instants RFC 3339 with a zone, money is
  `{"minor": 4500, "currency": "EUR"}` in the currency's smallest unit.
* Days of a span that are called `ends_on` are the last valid day; `until` is the first day after.
* Lists answer `{"items": [...], "next": cursor}`. Pass `next` back as `cursor`; null = the end.
* Any POST may carry an `Idempotency-Key`: the same key and body gets the same answer again and has
  no second effect, another body with that key is refused with 409. Keys are kept for a week.
* Errors are `application/problem+json`; `code` never changes, `detail` is for people.
* 503 with `Retry-After` means that nothing was changed; send the same request again.
"""

PROBLEMS = {
    "400": "The body is no JSON.",
    "401": "No token, or one that is not known.",
    "403": "The token's role does not allow this.",
    "404": "It does not exist, or belongs to another club.",
    "409": "The club's rules do not allow this now, or the key was used for another request.",
    "413": "The body is too large.",
    "415": "The body is sent as something else than JSON.",
    "422": "Some entries are not right; `errors` names them.",
    "503": "The database is away or too busy; nothing was changed.",
}
ON_WRITES = ("400", "409", "413", "415")
SCHEMAS = "#/components/schemas/"


def openapi(app: APIFlask) -> dict[str, Any]:
    """The OpenAPI document; made once, since neither views nor shapes change while serving."""
    kept = app.extensions.get("openapi")
    if kept is None:
        kept = app.extensions["openapi"] = _document(app)
    return cast("dict[str, Any]", kept)


def _document(app: APIFlask) -> dict[str, Any]:
    raw = cast("dict[str, Any]", app.spec)
    document = {
        "openapi": "3.1.0",
        "info": {"title": "clubcrm", "version": "1", "description": WORDS.strip()},
        "servers": [{"url": "/"}],
        "security": [{"bearer": []}],
        "tags": _tags(raw),
        "paths": raw["paths"],
        "components": {
            "schemas": _with_short_names(raw),
            "securitySchemes": {"bearer": {"type": "http", "scheme": "bearer"}},
            "responses": {status: _problem(words) for status, words in PROBLEMS.items()},
        },
    }
    for rule in app.url_map.iter_rules():
        path = rule.rule.replace("<", "{").replace(">", "}")
        for method in rule.methods or ():
            operation = raw["paths"].get(path, {}).get(method.lower())
            if operation is not None:
                operation["operationId"] = rule.endpoint.rpartition(".")[2]
                _complete(operation, method, rule_of(app.view_functions[rule.endpoint]))
                if "requestBody" in operation:
                    operation["requestBody"]["required"] = _needs_body(operation, raw)
    return cast("dict[str, Any]", _shortened(document))


def _tags(raw: dict[str, Any]) -> list[dict[str, str]]:
    names = {
        tag
        for operations in raw["paths"].values()
        for operation in operations.values()
        for tag in operation.get("tags", ())
    }
    return [{"name": name} for name in sorted(names)]


def _complete(operation: dict[str, Any], method: str, rule: Permission | str | None) -> None:
    """Add to one call what all calls share: errors, the key, and whom it is open to."""
    responses = operation["responses"]
    for status in list(responses):
        if not status.startswith("2"):
            del responses[status]
    is_write = method != "GET"
    for status in PROBLEMS:
        if is_write or status not in ON_WRITES:
            responses[status] = {"$ref": f"#/components/responses/{status}"}
    if method == "POST":
        operation["parameters"] = [*operation.get("parameters", ()), _key_parameter()]
        for status, response in responses.items():
            if status.startswith("2"):
                response["headers"] = {REPLAYED_HEADER: _replayed_header()}
    if isinstance(rule, Permission):
        words = f"Needs the permission `{rule.value}`."
        operation["description"] = "\n\n".join(filter(None, [operation.get("description"), words]))
    for parameter in operation.get("parameters", ()):
        _loosen(parameter)


def _needs_body(operation: dict[str, Any], raw: dict[str, Any]) -> bool:
    """Whether a call cannot do without a body: one of its fields must be told."""
    schema = operation["requestBody"]["content"]["application/json"]["schema"]
    named = schema.get("$ref", "").removeprefix(SCHEMAS)
    return bool(raw["components"]["schemas"].get(named, schema).get("required"))


def _loosen(parameter: dict[str, Any]) -> None:
    """Say that a parameter may be empty or left out, instead of that it may be null."""
    if parameter["in"] == "query":
        parameter["allowEmptyValue"] = True
    schema = parameter.get("schema", {})
    kinds = [one for one in schema.get("anyOf", ()) if one != {"type": "null"}]
    if len(kinds) == 1:
        rest = {k: v for k, v in schema.items() if k not in ("anyOf", "default", "title")}
        parameter["schema"] = {**kinds[0], **rest}


def _key_parameter() -> dict[str, Any]:
    return {
        "name": KEY_HEADER,
        "in": "header",
        "required": False,
        "description": "A key of your own for this request, e.g. a UUID.",
        "schema": {
            "type": "string",
            "minLength": 1,
            "maxLength": LONGEST_KEY,
            "pattern": "^[!-~]([ -~]*[!-~])?$",
        },
    }


def _replayed_header() -> dict[str, Any]:
    return {
        "description": "true where this is the answer given earlier to the same key and body.",
        "schema": {"type": "string", "enum": ["true"]},
    }


def _problem(words: str) -> dict[str, Any]:
    return {
        "description": words,
        "content": {MEDIA_TYPE: {"schema": {"$ref": f"{SCHEMAS}Problem"}}},
    }


def _with_short_names(raw: dict[str, Any]) -> dict[str, Any]:
    """Each shape once, under its own name (APIFlask names nested ones `Outer.Inner`)."""
    schemas = {
        _short(name): schema
        for name, schema in raw["components"]["schemas"].items()
        if name not in ("HTTPError", "ValidationError")
    }
    schemas["Problem"] = Problem.model_json_schema()
    return dict(sorted(schemas.items()))


def _short(name: str) -> str:
    return name.rpartition(".")[2]


def _shortened(part: Any) -> Any:
    """The document with all references by short names."""
    if isinstance(part, dict):
        return {
            name: SCHEMAS + _short(value.removeprefix(SCHEMAS))
            if name == "$ref" and isinstance(value, str) and value.startswith(SCHEMAS)
            else _shortened(value)
            for name, value in part.items()
        }
    if isinstance(part, list):
        return [_shortened(one) for one in part]
    return part
