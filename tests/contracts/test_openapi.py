"""The description of the API is true: valid, complete, and kept by every answer under fuzzing."""

from collections import Counter
from collections.abc import Iterator
from typing import Any
from urllib.parse import parse_qs, urlsplit

import pytest
import schemathesis
from flask import Flask
from hypothesis import HealthCheck, Phase, given, settings
from openapi_spec_validator import validate
from schemathesis import GenerationMode
from schemathesis.checks import CHECKS

from clubcrm.accounts.access import PUBLIC, rule_of
from clubcrm.accounts.states import Role
from tests.web.api import Caller
from tests.web.conftest import add_plans

ROOT = "/api/v1"
OWN_CALLS = {f"{ROOT}/openapi.json", f"{ROOT}/docs"}
PROMISES = (
    "not_a_server_error",
    "status_code_conformance",
    "content_type_conformance",
    "response_headers_conformance",
    "response_schema_conformance",
    "negative_data_rejection",
    "missing_required_header",
    "unsupported_method",
)
EXAMPLES = 15


@pytest.fixture
def owner(app: Flask, a_club: int, api_token: Any) -> dict[str, str]:
    """The owner's token, at a club that sells something."""
    add_plans(app, a_club)
    return dict(api_token(Role.OWNER))


@pytest.fixture
def document(app: Flask) -> dict[str, Any]:
    """The OpenAPI document as a program gets it, without a token."""
    answer = app.test_client().get(f"{ROOT}/openapi.json")
    assert answer.status_code == 200
    assert answer.content_type == "application/json"
    return dict(answer.json or {})


def _operations(document: dict[str, Any]) -> Iterator[tuple[str, str, dict[str, Any]]]:
    for path, methods in document["paths"].items():
        for method, operation in methods.items():
            yield method.upper(), path, operation


def test_the_document_is_valid_openapi(document: dict[str, Any]) -> None:
    validate(document)
    assert document["openapi"].startswith("3.1")


def test_every_call_is_described(app: Flask, document: dict[str, Any]) -> None:
    served = {
        (method, rule.rule.replace("<", "{").replace(">", "}"))
        for rule in app.url_map.iter_rules()
        if rule.rule.startswith(f"{ROOT}/") and rule.rule not in OWN_CALLS
        for method in (rule.methods or set()) - {"HEAD", "OPTIONS"}
    }
    assert {(method, path) for method, path, _operation in _operations(document)} == served
    hidden = {
        rule.rule
        for rule in app.url_map.iter_rules()
        if rule.rule.startswith(f"{ROOT}/") and rule_of(app.view_functions[rule.endpoint]) == PUBLIC
    }
    assert hidden == OWN_CALLS


def test_every_call_says_what_it_does_and_how_it_fails(document: dict[str, Any]) -> None:
    names = set()
    for method, path, operation in _operations(document):
        names.add(operation["operationId"])
        assert operation["summary"].endswith("."), path
        assert {"401", "403", "404", "422", "503"} <= operation["responses"].keys(), path
        if method == "POST":
            assert {"400", "409", "413"} <= operation["responses"].keys(), path
            headers = [one["name"] for one in operation["parameters"] if one["in"] == "header"]
            assert headers == ["Idempotency-Key"], path
    assert len(names) == len(list(_operations(document)))


def test_shapes_have_one_name_each(document: dict[str, Any]) -> None:
    schemas = document["components"]["schemas"]
    assert "Amount" in schemas
    assert not [name for name in schemas if "." in name or "[" in name]
    for name, schema in schemas.items():
        if schema.get("type") == "object" and name != "Problem":
            assert schema["additionalProperties"] is False, name
            assert schema["description"], name


def test_the_page_loads_nothing_from_elsewhere(app: Flask) -> None:
    page = app.test_client().get(f"{ROOT}/docs")
    assert page.status_code == 200
    assert "default-src 'none'" in page.headers["Content-Security-Policy"]
    assert "http://" not in page.text.replace("http://localhost", "")
    assert "https://" not in page.text
    assert "swagger-ui-bundle.js" in page.text


def _furnish(app: Flask, headers: dict[str, str]) -> dict[str, str]:
    """One of everything, so that generated requests meet something; ids by name."""
    caller = Caller(app, headers)
    member = caller.post("/members", name="Ana Pereira", card_code="1")["id"]
    term = caller.post("/memberships", member_id=member, plan="Ten visits")["id"]
    frozen = caller.post(f"/memberships/{term}/freezes", from_="2026-04-01", until="2026-04-09")
    visit = caller.post("/check-ins", 200, member_id=member)["visit_id"]
    (invoice,) = caller.get("/invoices")["items"]
    return {
        "member_id": member,
        "membership_id": term,
        "freeze_id": frozen["freezes"][0]["id"],
        "visit_id": visit,
        "invoice_id": invoice["id"],
        "plan": "Ten visits",
        "code": "1",
    }


def _meet_something(case: Any, ids: dict[str, str]) -> None:
    """Put real ids where made-up ones stand; everything else stays as it was generated."""
    for part in (case.path_parameters, case.query, case.body):
        if isinstance(part, dict):
            part.update({name: value for name, value in ids.items() if name in part})


def _was_lost(case: Any, answer: Any) -> bool:
    """Whether a generated value never left: of an empty list nothing is written into an address."""
    told = parse_qs(urlsplit(answer.request.url).query, keep_blank_values=True)
    return any(name not in told for name in case.query or {})


def _answers_keep_their_word(
    app: Flask, headers: dict[str, str], mode: GenerationMode, ids: dict[str, str]
) -> Counter[int]:
    """Send generated requests to every call; how often each status was answered."""
    schema = schemathesis.openapi.from_wsgi(f"{ROOT}/openapi.json", app)
    checks = CHECKS.get_by_names(PROMISES)
    answered: Counter[int] = Counter()
    for found in schema.get_all_operations():
        operation = found.ok()  # type: ignore[union-attr]

        @settings(
            max_examples=EXAMPLES,
            deadline=None,
            derandomize=True,
            database=None,
            suppress_health_check=list(HealthCheck),
            phases=(Phase.explicit, Phase.generate),
        )
        @given(case=operation.as_strategy(generation_mode=mode))
        def send(case: Any) -> None:
            if mode is GenerationMode.POSITIVE and sum(answered.values()) % 3:
                _meet_something(case, ids)
            answer = case.call(headers=headers)
            if _was_lost(case, answer):
                return
            case.validate_response(answer, checks=checks, headers=headers)
            answered[answer.status_code] += 1

        send()
    return answered


def test_no_request_brings_an_answer_that_is_not_described(
    app: Flask, owner: dict[str, str]
) -> None:
    answered = _answers_keep_their_word(app, owner, GenerationMode.POSITIVE, _furnish(app, owner))
    # The requests did reach what lies behind the checks of their shape.
    assert {200, 201, 404, 409, 422} <= answered.keys()


def test_a_request_of_the_wrong_shape_is_refused(app: Flask, owner: dict[str, str]) -> None:
    answered = _answers_keep_their_word(app, owner, GenerationMode.NEGATIVE, {})
    assert {400, 422} <= answered.keys()


def test_a_lesser_role_is_answered_as_described(
    app: Flask, owner: dict[str, str], api_token: Any
) -> None:
    ids = _furnish(app, owner)
    answered = _answers_keep_their_word(app, api_token(Role.DEVICE), GenerationMode.POSITIVE, ids)
    assert {200, 403} <= answered.keys()
