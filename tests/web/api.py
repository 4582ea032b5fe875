"""A caller of the API for tests: sends a token, and says at once when an answer breaks the rules."""

import uuid
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from flask import Flask
from werkzeug.test import TestResponse

ROOT = "/api/v1"


@dataclass(frozen=True)
class Caller:
    """A program with one token."""

    app: Flask
    headers: Mapping[str, str]

    def call(self, method: str, path: str, *, key: str | None = None, **more: Any) -> TestResponse:
        """Call and check what holds for every answer of the API."""
        headers = {**self.headers, **({"Idempotency-Key": key} if key else {})}
        answer = self.app.test_client().open(ROOT + path, method=method, headers=headers, **more)
        is_problem = answer.status_code >= 400
        wanted = "application/problem+json" if is_problem else "application/json"
        assert answer.content_type == wanted, answer.text
        assert answer.headers["Cache-Control"] == "no-store"
        if is_problem:
            assert answer.json is not None
            assert {"type", "title", "status", "code", "detail"} <= answer.json.keys()
            assert answer.json["status"] == answer.status_code
            assert answer.json["code"]
            assert answer.json["detail"]
        return answer

    def get(self, path: str, status: int = 200, /, **query: Any) -> Any:
        """Read; the JSON of the answer."""
        return self._json("GET", path, status, query_string=query)

    def post(self, path: str, status: int = 201, /, *, key: str | None = None, **body: Any) -> Any:
        """Write; the JSON of the answer. `from_` stands for the field `from`."""
        return self._json("POST", path, status, key=key, json=_named(body))

    def patch(self, path: str, status: int = 200, /, **body: Any) -> Any:
        """Change; the JSON of the answer."""
        return self._json("PATCH", path, status, json=body)

    def delete(self, path: str, status: int = 200) -> Any:
        """Delete; the JSON of the answer."""
        return self._json("DELETE", path, status)

    def everything(self, path: str, /, **query: Any) -> list[Any]:
        """All items of a list, page by page."""
        items: list[Any] = []
        page = self.get(path, **query)
        items += page["items"]
        while page["next"] is not None:
            page = self.get(path, cursor=page["next"], **query)
            items += page["items"]
        return items

    def _json(self, method: str, path: str, status: int, **more: Any) -> Any:
        answer = self.call(method, path, **more)
        assert answer.status_code == status, answer.text
        return answer.json


def _named(body: Mapping[str, Any]) -> dict[str, Any]:
    return {name.rstrip("_"): value for name, value in body.items()}


def new_key() -> str:
    """A key nobody used."""
    return str(uuid.uuid4())
