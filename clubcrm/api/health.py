"""Whether the program lives, whether it can serve, and its figures; nothing about any person.

Every request is counted and logged here by its route, never by its address: an address can hold a
name somebody searched for.
"""

import logging
import os
import time
from collections.abc import Iterator
from datetime import timedelta

from flask import Blueprint, Response, g, jsonify, request
from prometheus_client import (
    CONTENT_TYPE_LATEST,
    CollectorRegistry,
    Counter,
    Histogram,
    generate_latest,
)
from prometheus_client.core import GaugeMetricFamily
from prometheus_client.multiprocess import MultiProcessCollector
from prometheus_client.registry import Collector
from sqlalchemy.exc import SQLAlchemyError

from clubcrm.accounts.access import public
from clubcrm.core import clock
from clubcrm.core.jobs import Waiting, work_waiting
from clubcrm.core.transactions import reading

log = logging.getLogger("clubcrm.request")

blueprint = Blueprint("health", __name__)

TOO_LATE = timedelta(minutes=5)
"""How far behind the worker may be before this installation calls itself not ready."""

FIGURES = CollectorRegistry()
REQUESTS = Counter(
    "clubcrm_requests", "Requests answered.", ["method", "route", "status"], registry=FIGURES
)
SECONDS = Histogram(
    "clubcrm_request_seconds",
    "Time a request took.",
    ["method", "route"],
    buckets=(0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 10),
    registry=FIGURES,
)
METHODS = {"GET", "HEAD", "POST", "PUT", "PATCH", "DELETE", "OPTIONS"}


class WorkFigures(Collector):
    """The background work, counted when somebody asks."""

    def __init__(self, work: Waiting) -> None:
        self._work = work

    def collect(self) -> Iterator[GaugeMetricFamily]:
        """Give each figure in turn."""
        for name, words, counts in (
            ("clubcrm_work_waiting", "Background work that waits.", self._work.waiting),
            ("clubcrm_work_failed", "Background work given up.", self._work.failed),
        ):
            family = GaugeMetricFamily(name, words, labels=["kind"])
            for kind, count in counts.items():
                family.add_metric([kind], count)
            yield family
        yield GaugeMetricFamily(
            "clubcrm_work_lag_seconds",
            "How long the oldest due piece of background work has waited.",
            value=self._work.lag.total_seconds(),
        )


@blueprint.get("/healthz")
@public
def healthz() -> Response:
    """Say that the process answers."""
    return jsonify(status="ok")


@blueprint.get("/readyz")
@public
def readyz() -> tuple[Response, int]:
    """Say whether the database answers and the worker keeps up; 503 when not."""
    try:
        work = _work()
    except SQLAlchemyError:
        log.exception("The database does not answer")
        return jsonify(status="not_ready", database="unreachable", worker_lag_seconds=None), 503
    is_ready = work.lag <= TOO_LATE
    return (
        jsonify(
            status="ready" if is_ready else "not_ready",
            database="ok",
            worker_lag_seconds=round(work.lag.total_seconds(), 1),
        ),
        200 if is_ready else 503,
    )


@blueprint.get("/metrics")
@public
def metrics() -> Response:
    """Give the figures in the format Prometheus reads."""
    text = generate_latest(_figures_of_all_processes())
    try:
        now = CollectorRegistry()
        now.register(WorkFigures(_work()))
        text += generate_latest(now)
    except SQLAlchemyError:
        log.exception("The database does not answer")
    return Response(text, content_type=CONTENT_TYPE_LATEST)


def _figures_of_all_processes() -> CollectorRegistry:
    if not os.environ.get("PROMETHEUS_MULTIPROC_DIR"):
        return FIGURES
    together = CollectorRegistry()
    MultiProcessCollector(together)
    return together


def _work() -> Waiting:
    with reading() as session:
        return work_waiting(session, clock.now())


@blueprint.before_app_request
def start_watch() -> None:
    """Note when a request came."""
    g.came_at = time.perf_counter()


@blueprint.after_app_request
def count_request(response: Response) -> Response:
    """Count and log a request by its route."""
    route = request.url_rule.rule if request.url_rule else "none"
    method = request.method if request.method in METHODS else "other"
    seconds = time.perf_counter() - g.get("came_at", time.perf_counter())
    REQUESTS.labels(method, route, response.status_code).inc()
    SECONDS.labels(method, route).observe(seconds)
    log.info(
        "request",
        extra={
            "method": method,
            "route": route,
            "status": response.status_code,
            "ms": round(seconds * 1000, 1),
        },
    )
    return response
