"""What holds for every call: tokens, errors, cursors, keys, and answers when the database is away."""

import json
import threading
from typing import Any

import psycopg
import pytest
from flask import Flask
from sqlalchemy import event, func, select
from sqlalchemy.exc import OperationalError

from clubcrm.accounts.models import ApiToken
from clubcrm.accounts.states import Role
from clubcrm.api import answers
from clubcrm.app import create_app
from clubcrm.core import clock
from clubcrm.core.db import db
from clubcrm.core.models import IdempotencyKey
from clubcrm.core.prepared import openly
from clubcrm.core.transactions import reading, transaction
from clubcrm.members.models import Person
from config import Settings
from tests.servers import free_port
from tests.web.api import Caller, new_key
from tests.web.conftest import MakeCaller


def people_in(app: Flask) -> int:
    with app.app_context(), reading() as session:
        return session.scalar(select(func.count()).select_from(Person)) or 0


# --- who asks --------------------------------------------------------------------------------


@pytest.mark.parametrize(
    "headers",
    [
        {},
        {"Authorization": "Bearer"},
        {"Authorization": "Bearer clubcrm_wrong"},
        {"Authorization": "Basic b3duZXI6cGFzc3dvcmQ="},
    ],
)
def test_without_a_token_nothing_is_answered(
    app: Flask, a_club: int, headers: dict[str, str]
) -> None:
    answer = Caller(app, headers).call("GET", "/members")
    assert answer.status_code == 401
    assert answer.headers["WWW-Authenticate"] == "Bearer"
    assert answer.json["code"] == "unauthorized"  # type: ignore[index]


def test_a_token_that_was_taken_back_opens_nothing(app: Flask, boss: Caller) -> None:
    boss.get("/members")
    with app.app_context(), transaction() as session:
        session.scalars(select(ApiToken)).one().revoked_at = clock.now()
    boss.get("/members", 401)


def test_a_signed_in_browser_is_no_token(sign_in: Any) -> None:
    """A page of another site could make a browser send its cookie, never a token."""
    client = sign_in(Role.OWNER)
    assert client.get("/api/v1/members").status_code == 401
    assert client.post("/api/v1/members", json={"name": "Ana"}).status_code == 401


# --- errors ----------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("method", "path", "status", "code"),
    [
        ("GET", "/nothing", 404, "not_found"),
        ("PUT", "/members", 405, "method_not_allowed"),
        ("GET", "/members/0", 404, "unknown_member"),
        ("GET", "/members/-1", 404, "unknown_member"),
        ("GET", "/members/1%00", 404, "unknown_member"),
        ("GET", "/members/٣", 404, "unknown_member"),
        ("GET", "/members/999999999999999999", 404, "unknown_member"),
        ("GET", "/members/99999999999999999999999", 404, "unknown_member"),
        ("DELETE", "/visits/abc", 404, "unknown_visit"),
        ("DELETE", "/freezes/7", 404, "unknown_freeze"),
        ("GET", "/memberships/7", 404, "unknown_membership"),
        ("GET", "/members?limit=0", 422, "invalid"),
        ("GET", "/members?limit=501", 422, "invalid"),
        ("GET", "/members?limit=many", 422, "invalid"),
        ("GET", "/members?phase=happy", 422, "invalid"),
        ("GET", "/members?stauts=lost", 422, "invalid"),
        ("GET", "/members?q=a%00b", 422, "invalid"),
        ("GET", "/members?cursor=abc", 422, "bad_cursor"),
        ("GET", "/members?q=ana&cursor=abc", 422, "bad_cursor"),
    ],
)
def test_every_error_is_a_problem_with_a_code(
    boss: Caller, method: str, path: str, status: int, code: str
) -> None:
    answer = boss.call(method, path)
    assert (answer.status_code, answer.json["code"]) == (status, code)  # type: ignore[index]


def test_an_empty_query_value_is_none(boss: Caller) -> None:
    assert boss.call("GET", "/members?q=&phase=&club=&status=&cursor=").status_code == 200


def test_a_method_that_is_not_there_names_those_that_are(boss: Caller) -> None:
    assert set(boss.call("PUT", "/members").headers["Allow"].split(", ")) >= {"GET", "POST"}


@pytest.mark.parametrize(
    ("body", "status"),
    [
        (b"", 400),
        (b"\0", 400),
        (b"{", 400),
        (b"\xff\xfe{}", 400),
        (b"[" * 100_000, 400),
        (b'{"name":' * 20_000, 400),
        (b"null", 422),
        (b"[]", 422),
        (b'"Ana"', 422),
        (b"NaN", 422),
        (b'{"name": NaN}', 422),
        (b'{"name": 7}', 422),
        (b'{"name": "\\u0000"}', 422),
        (b'{"name": "\\ud800"}', 422),
        (json.dumps({"name": "x" * 241}).encode(), 422),
        (json.dumps({"notes": "x" * 1_100_000}).encode(), 413),
    ],
)
def test_no_body_breaks_a_call(app: Flask, boss: Caller, body: bytes, status: int) -> None:
    answer = boss.call("POST", "/members", data=body, content_type="application/json")
    assert answer.status_code == status, answer.text
    assert people_in(app) == 0


@pytest.mark.parametrize(
    ("kind", "body", "status"),
    [
        ("text/xml", b"<member/>", 415),
        ("text/plain", b"{}", 415),
        ("multipart/form-data; boundary=x", b"--x--", 415),
        ("application/x-www-form-urlencoded", b"name=Ana", 415),
        ("application/x-www-form-urlencoded", b'{"name": "Ana"}', 201),
        ("application/json; charset=utf-8", b'{"name": "Ana"}', 201),
        (None, b'{"name": "Ana"}', 201),
        (None, b"name=Ana", 415),
    ],
)
def test_a_body_is_json_whatever_it_is_called_by_default(
    boss: Caller, kind: str | None, body: bytes, status: int
) -> None:
    answer = boss.call("POST", "/members", data=body, content_type=kind)
    assert answer.status_code == status, answer.text
    if status == 415:
        assert answer.json is not None
        assert answer.json["code"] == "unsupported_media_type"


def test_a_bug_is_a_problem_with_a_reference_and_no_details(
    settings: Settings, monkeypatch: pytest.MonkeyPatch, boss: Caller
) -> None:
    def break_down(*_given: Any, **_named: Any) -> None:
        raise ZeroDivisionError("Ana Pereira owes money")

    monkeypatch.setattr("clubcrm.api.views.members.member_list", break_down)
    serving = create_app(Settings(**{**vars(settings), "is_testing": False}))
    answer = Caller(serving, boss.headers).call("GET", "/members")
    with serving.app_context():
        db.engine.dispose()
    assert answer.status_code == 500
    assert answer.json["code"] == "internal_error"  # type: ignore[index]
    assert answer.json["reference"]  # type: ignore[index]
    assert "Ana" not in answer.text
    assert "ZeroDivision" not in answer.text


# --- keys ------------------------------------------------------------------------------------


def test_the_same_request_has_one_effect_and_one_answer(app: Flask, boss: Caller) -> None:
    key = new_key()
    first = boss.call("POST", "/members", key=key, json={"name": "Ana"})
    again = boss.call("POST", "/members", key=key, json={"name": "Ana"})
    assert (first.status_code, again.status_code) == (201, 201)
    assert first.data == again.data
    assert "Idempotent-Replayed" not in first.headers
    assert again.headers["Idempotent-Replayed"] == "true"
    assert people_in(app) == 1


def test_another_request_with_the_key_is_refused(app: Flask, boss: Caller) -> None:
    key = new_key()
    boss.post("/members", key=key, name="Ana")
    for path, body in (("/members", {"name": "Bo"}), ("/check-ins", {"code": "7"})):
        problem = boss.post(path, 409, key=key, **body)
        assert problem["code"] == "idempotency_key_reused"
    assert people_in(app) == 1


def test_each_sender_has_keys_of_its_own(app: Flask, boss: Caller, caller: MakeCaller) -> None:
    key = new_key()
    ana = boss.post("/members", key=key, name="Ana")
    bo = caller(Role.DESK).post("/members", key=key, name="Bo")
    assert ana["id"] != bo["id"]


def test_a_refusal_keeps_no_key(app: Flask, boss: Caller) -> None:
    key = new_key()
    boss.post("/members", external_id="7")
    boss.post("/members", 409, key=key, external_id="7")
    boss.post("/members", 422, key=key, email="nobody")
    boss.post("/members", key=key, external_id="8")
    assert people_in(app) == 2


@pytest.mark.parametrize("key", ["", " ", "x" * 256, "schlüssel"])
def test_a_key_that_cannot_be_kept_is_refused(app: Flask, boss: Caller, key: str) -> None:
    headers = {**boss.headers, "Idempotency-Key": key}
    answer = Caller(app, headers).call("POST", "/members", json={"name": "Ana"})
    assert answer.json["code"] == "bad_idempotency_key"  # type: ignore[index]
    assert people_in(app) == 0


def _send_at_once(app: Flask, boss: Caller, keys: list[str | None]) -> list[int]:
    start = threading.Barrier(len(keys))
    statuses: list[int] = []

    def send(key: str | None) -> None:
        start.wait(30)
        statuses.append(boss.call("POST", "/members", key=key, json={"name": "Ana"}).status_code)

    threads = [threading.Thread(target=send, args=(key,)) for key in keys]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    return statuses


def test_the_same_request_many_times_at_once_has_one_effect(app: Flask, boss: Caller) -> None:
    assert _send_at_once(app, boss, [new_key()] * 8) == [201] * 8
    assert people_in(app) == 1


def test_without_a_key_each_of_them_counts(app: Flask, boss: Caller) -> None:
    """The control: it is the key that makes it one."""
    assert _send_at_once(app, boss, [None] * 8) == [201] * 8
    assert people_in(app) == 8


def test_key_and_effect_stand_or_fall_together(
    app: Flask, boss: Caller, monkeypatch: pytest.MonkeyPatch
) -> None:
    def break_down(*_given: Any) -> None:
        raise ZeroDivisionError

    with monkeypatch.context() as patch:
        patch.setattr(answers, "keep_answer", break_down)
        with pytest.raises(ZeroDivisionError):
            boss.post("/members", key="once", name="Ana")
    assert people_in(app) == 0
    with app.app_context(), reading() as session:
        assert session.scalars(select(IdempotencyKey)).all() == []
    boss.post("/members", key="once", name="Ana")
    assert people_in(app) == 1


# --- programs have no session ---------------------------------------------------------------


def test_a_program_is_sent_no_cookie_and_shows_none(app: Flask, sign_in: Any, boss: Caller) -> None:
    browser = sign_in(Role.OWNER)
    assert browser.get("/api/v1/members").status_code == 401
    answer = browser.get("/api/v1/members", headers=boss.headers)
    assert answer.status_code == 200
    assert "Set-Cookie" not in answer.headers
    assert browser.get("/home").status_code == 200  # the browser is still signed in


# --- the database is away, or in the way -----------------------------------------------------


class _Deadlock(psycopg.errors.DeadlockDetected):
    sqlstate = "40P01"


@pytest.mark.parametrize(("times", "status"), [(2, 201), (3, 503)])
def test_a_deadlock_is_tried_three_times(app: Flask, boss: Caller, times: int, status: int) -> None:
    left = [times]

    def stand_in_the_way(*_given: Any) -> None:
        if left[0]:
            left[0] -= 1
            raise OperationalError("INSERT", {}, _Deadlock())

    with app.app_context():
        engine = db.engine
    listener = ("before_cursor_execute", _on_insert(stand_in_the_way))
    event.listen(engine, *listener)
    try:
        with openly():
            answer = boss.call("POST", "/members", key=new_key(), json={"name": "Ana"})
    finally:
        event.remove(engine, *listener)
    assert answer.status_code == status
    assert left == [0]
    assert people_in(app) == (1 if status == 201 else 0)


def _on_insert(work: Any) -> Any:
    def before(_conn: Any, _cursor: Any, statement: str, *_more: Any) -> None:
        if statement.startswith("INSERT INTO person "):
            work()

    return before


def test_a_database_that_is_away_is_no_bug(settings: Settings) -> None:
    url = f"postgresql+psycopg://nobody@127.0.0.1:{free_port()}/nothing"
    app = create_app(Settings(**{**vars(settings), "database_url": url}))
    headers = {"Authorization": "Bearer clubcrm_any"}
    answer = Caller(app, headers).call("GET", "/members")
    assert (answer.status_code, answer.headers["Retry-After"]) == (503, "2")
    assert answer.json["code"] == "unavailable"  # type: ignore[index]
    client = app.test_client()
    page = client.get("/")
    assert (page.status_code, page.headers["Retry-After"]) == (503, "2")
    assert "Nothing was changed" in page.text
    assert client.get("/healthz").json == {"status": "ok"}
    ready = client.get("/readyz")
    assert (ready.status_code, ready.json) == (
        503,
        {"status": "not_ready", "database": "unreachable", "worker_lag_seconds": None},
    )
    assert client.get("/metrics").status_code == 200
