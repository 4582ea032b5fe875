"""Liveness, readiness, figures and the log: true, and without anything about a person."""

import io
import json
import logging
from collections.abc import Iterator
from datetime import timedelta
from typing import Any

import pytest
from flask import Flask
from sqlalchemy.exc import IntegrityError

from clubcrm.core import clock, jobs
from clubcrm.core.logs import set_up_logs
from clubcrm.core.models import Job, WorkState
from clubcrm.core.transactions import transaction
from tests.conftest import NOW
from tests.web.api import Caller


@pytest.fixture
def log() -> Iterator[io.StringIO]:
    """What the program writes down during the test."""
    root = logging.getLogger()
    before, level = list(root.handlers), root.level
    written = io.StringIO()
    set_up_logs(to=written)
    yield written
    root.handlers[:] = before
    root.setLevel(level)


def lines(log: io.StringIO) -> list[dict[str, Any]]:
    """The log, line by line: each must be one JSON object."""
    return [json.loads(line) for line in log.getvalue().splitlines()]


def leave_job(app: Flask, **more: Any) -> None:
    with app.app_context(), transaction() as session:
        jobs.enqueue(session, "sweep", str(more), {}, now=NOW, **more)


def test_a_process_that_answers_is_alive(app: Flask) -> None:
    answer = app.test_client().get("/healthz")
    assert (answer.status_code, answer.json) == (200, {"status": "ok"})


def test_readiness_follows_the_worker(app: Flask) -> None:
    client = app.test_client()
    ready = {"status": "ready", "database": "ok", "worker_lag_seconds": 0.0}
    assert client.get("/readyz").json == ready
    leave_job(app)
    leave_job(app, run_at=NOW + timedelta(hours=1))
    clock.set_clock(NOW + timedelta(seconds=90))
    assert client.get("/readyz").json == {**ready, "worker_lag_seconds": 90.0}
    clock.set_clock(NOW + timedelta(minutes=6))
    answer = client.get("/readyz")
    assert (answer.status_code, answer.json) == (
        503,
        {"status": "not_ready", "database": "ok", "worker_lag_seconds": 360.0},
    )


def test_work_that_somebody_does_or_that_was_given_up_is_no_lag(app: Flask) -> None:
    leave_job(app)
    leave_job(app, run_at=NOW + timedelta(seconds=1))
    later = NOW + timedelta(minutes=10)
    with app.app_context(), transaction() as session:
        held, given_up = session.query(Job).order_by(Job.id)
        held.lease_until = later + timedelta(minutes=1)
        given_up.state = WorkState.FAILED
    clock.set_clock(later)
    client = app.test_client()
    assert client.get("/readyz").json["worker_lag_seconds"] == 0.0  # type: ignore[index]
    figures = client.get("/metrics").text
    assert 'clubcrm_work_waiting{kind="job"} 1.0' in figures
    assert 'clubcrm_work_failed{kind="job"} 1.0' in figures
    assert "clubcrm_work_lag_seconds 0.0" in figures


def test_figures_count_routes_and_name_nobody(boss: Caller) -> None:
    ana = boss.post("/members", name="Ana Pereira", phone="912345678")
    boss.get("/members", q="Pereira")
    boss.get(f"/members/{ana['id']}")
    answer = boss.app.test_client().get("/metrics")
    assert answer.content_type.startswith("text/plain")
    route = 'clubcrm_requests_total{method="GET",route="/api/v1/members/<member_id>",status="200"}'
    assert route in answer.text
    assert 'clubcrm_request_seconds_count{method="GET",route="/api/v1/members"}' in answer.text
    for secret in ("Pereira", "912345678"):
        assert secret not in answer.text


def test_the_log_names_routes_and_nobody(boss: Caller, log: io.StringIO) -> None:
    ana = boss.post("/members", name="Ana Pereira", phone="912345678", email="ana@example.com")
    boss.get("/members", q="Pereira")
    boss.get("/members", 404, club="pereira-club")
    boss.call("GET", f"/members/{ana['id']}/pereira")
    boss.post("/members", 422, email="pereira")
    written = lines(log)
    requests = [line for line in written if line["logger"] == "clubcrm.request"]
    assert [line["status"] for line in requests] == [201, 200, 404, 404, 422]
    assert requests[1]["route"] == "/api/v1/members"
    assert requests[3]["route"] == "none"
    assert {"timestamp", "level", "event", "method", "ms"} <= requests[0].keys()
    for secret in ("Pereira", "pereira", "912345678", "ana@example.com", "Bearer"):
        assert secret not in log.getvalue()


def test_an_error_is_written_without_its_words(log: io.StringIO) -> None:
    try:
        try:
            raise ValueError("Ana Pereira")
        except ValueError as error:
            raise IntegrityError("INSERT INTO person", {"name": "Ana Pereira"}, error) from error
    except IntegrityError:
        logging.getLogger("clubcrm.test").exception("It failed", extra={"job": 7})
    (line,) = lines(log)
    assert (line["event"], line["job"], line["level"]) == ("It failed", 7, "error")
    assert line["error"][0].startswith("sqlalchemy.exc.IntegrityError at web/test_health.py:")
    assert line["error"][1].startswith("builtins.ValueError at web/test_health.py:")
    assert "Pereira" not in log.getvalue()
