"""The application: settings in, a Flask application with everything wired out."""

import logging
import secrets
from collections.abc import Callable
from typing import Any

from apiflask import APIFlask
from flask import Flask, Response, redirect, render_template, request, url_for
from flask_babel import force_locale
from flask_wtf.csrf import CSRFError, CSRFProtect
from sqlalchemy.exc import OperationalError
from sqlalchemy.exc import TimeoutError as PoolTimeoutError
from werkzeug.exceptions import HTTPException
from werkzeug.wrappers import Response as BaseResponse

from clubcrm.accounts.access import entrance, guard
from clubcrm.accounts.queries import is_set_up
from clubcrm.accounts.sessions import Sessions
from clubcrm.api.problems import problem_of, unavailable
from clubcrm.core import clock, events, jobs
from clubcrm.core.db import db
from clubcrm.core.errors import DomainError
from clubcrm.core.schema import MEASURED_EVERY
from clubcrm.core.sql import is_passing
from clubcrm.core.transactions import reading
from clubcrm.messaging.channels import real_channels, set_channels
from clubcrm.presentation import Languages, Templates, choose_locale, register_presentation
from clubcrm.retention.triggers import set_triggers
from clubcrm.wiring import BLUEPRINTS, JOBS, STANDING, TRIGGERS, WIRING
from config import Settings

log = logging.getLogger(__name__)

CSP = (
    "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self' data:; "
    "font-src 'self'; connect-src 'self'; manifest-src 'self'; form-action 'self'; "
    "base-uri 'none'; frame-ancestors 'none'"
)

FOR_FILES = (
    ("Content-Security-Policy", CSP),
    ("X-Content-Type-Options", "nosniff"),
    ("Referrer-Policy", "same-origin"),
    ("Cross-Origin-Opener-Policy", "same-origin"),
)
FOR_PAGES = (
    *FOR_FILES,
    ("Cache-Control", "no-store"),
    ("Vary", "Cookie, Accept-Language, HX-Request"),
)
"""What every answer says where it says nothing else of it."""


class Application(APIFlask):
    """The application; none of its views is a coroutine."""

    def ensure_sync(self, func: Callable[..., Any]) -> Callable[..., Any]:
        """The function itself: Flask would look at each one anew, at each request."""
        return func


def create_app(settings: Settings | None = None) -> Flask:
    """Make the application. Touches no database and starts no thread; `worker.embed` does that."""
    settings = settings or Settings.from_env()
    app = Application(
        __name__, title="clubcrm", version="1", docs_path=None, spec_path=None, json_errors=False
    )
    app.jinja_environment = Templates
    app.config.update(_config(settings))
    app.extensions["settings"] = settings
    app.json.sort_keys = False  # type: ignore[attr-defined]
    app.session_interface = Sessions()
    clock.set_clock(settings.now)
    db.init_app(app)
    CSRFProtect(app)
    Languages(app, locale_selector=choose_locale, default_translation_directories="translations")
    guard(app)
    events.wire(WIRING)
    jobs.set_kinds(JOBS)
    set_triggers(TRIGGERS, STANDING)
    set_channels(real_channels(settings.smtp_url))
    for blueprint in BLUEPRINTS:
        app.register_blueprint(blueprint)
    register_presentation(app)
    _set_headers(app)
    _answer_errors(app)
    _answer_outages(app)
    _send_to_set_up(app)
    return app


def _config(settings: Settings) -> dict[str, Any]:
    is_sqlite = settings.database_url.startswith("sqlite")
    connect: dict[str, Any] = {"check_same_thread": False, "timeout": 10}
    if not is_sqlite:
        # On the disks of today a single page costs little more than the next one; told so, the planner
        # takes the index for a search where it would read all people.
        told = (
            "lock_timeout=8000",
            "statement_timeout=60000",
            "timezone=UTC",
            "random_page_cost=1.1",
        )
        connect = {"options": " ".join(f"-c {one}" for one in told)}
    return {
        "SECRET_KEY": settings.secret_key,
        "TESTING": settings.is_testing,
        "SQLALCHEMY_DATABASE_URI": settings.database_url,
        "SQLALCHEMY_ENGINE_OPTIONS": {
            "connect_args": connect,
            "pool_pre_ping": not is_sqlite,
            # The connection used last has its pages and statements still in its memory.
            "pool_use_lifo": True,
            "pool_recycle": int(MEASURED_EVERY.total_seconds()) if is_sqlite else 3600,
            # Values are people's data; an error must not carry them into a log.
            "hide_parameters": True,
        },
        "SESSION_COOKIE_NAME": "clubcrm",
        "SESSION_COOKIE_HTTPONLY": True,
        "SESSION_COOKIE_SAMESITE": "Lax",
        "SESSION_COOKIE_SECURE": settings.base_url.startswith("https://"),
        "PERMANENT_SESSION_LIFETIME": 14 * 24 * 3600,
        # `access` does it once a day. An answer that comes late must not bring back the session before.
        "SESSION_REFRESH_EACH_REQUEST": False,
        "WTF_CSRF_TIME_LIMIT": None,
        "MAX_CONTENT_LENGTH": 64 * 1024 * 1024,
        "MAX_FORM_MEMORY_SIZE": 1024 * 1024,
        "OPENAPI_VERSION": "3.1.0",
        "SEND_FILE_MAX_AGE_DEFAULT": 3600,
    }


def _set_headers(app: Flask) -> None:
    @app.after_request
    def headers(response: Response) -> Response:
        said = {name.lower() for name, _value in response.headers}
        usual = FOR_FILES if request.endpoint == "static" else FOR_PAGES
        response.headers.extend([pair for pair in usual if pair[0].lower() not in said])
        return response


def _is_api() -> bool:
    return request.path.startswith("/api/")


def _answer_errors(app: Flask) -> None:
    """Refusals in their own words, anything else with a reference number and no details."""

    @app.errorhandler(DomainError)
    def refused(error: DomainError) -> Any:
        if _is_api():
            return problem_of(error)
        return _page(error.status, error.text())

    @app.errorhandler(CSRFError)
    def stale(error: CSRFError) -> Any:
        return problem_of(error) if _is_api() else _page(400, None, template="stale")

    @app.errorhandler(HTTPException)
    def known(error: HTTPException) -> Any:
        if _is_api():
            return problem_of(error)
        if error.code == 401:
            if request.method == "GET" and not request.headers.get("HX-Request"):
                return redirect(url_for(entrance(), next=request.full_path.rstrip("?")))
            return _page(401, None)
        if error.code is None or error.code < 400:
            return error
        return _page(error.code, None)

    @app.errorhandler(Exception)
    def bug(error: Exception) -> Any:
        if app.testing:
            raise error
        reference = secrets.token_hex(4)
        log.error("Unexpected error %s", reference, exc_info=error)
        return problem_of(error, reference) if _is_api() else _page(500, None, reference=reference)


def _answer_outages(app: Flask) -> None:
    """Say that the database is away, without asking it anything."""

    @app.errorhandler(OperationalError)
    @app.errorhandler(PoolTimeoutError)
    def away(error: OperationalError | PoolTimeoutError) -> Any:
        if isinstance(error, OperationalError) and not is_passing(error):
            raise error
        log.error("The database could not answer", exc_info=error)
        with force_locale(request.accept_languages.best_match(["en"]) or "en"):
            answer = unavailable() if _is_api() else render_template("errors/away.html")
        response = app.make_response((answer, 503))
        response.headers["Retry-After"] = "2"
        return response


def _page(
    status: int, text: str | None, *, reference: str | None = None, template: str = "error"
) -> tuple[str, int]:
    """The error as a page, or as the fragment a page script asked for."""
    name = "errors/fragment.html" if request.headers.get("HX-Request") else "errors/page.html"
    return (
        render_template(name, status=status, text=text, reference=reference, kind=template),
        status,
    )


def _send_to_set_up(app: Flask) -> None:
    """Open the set-up page on the first visit, when no club lives here yet."""

    @app.before_request
    def first_visit() -> BaseResponse | None:
        if app.extensions.get("is_set_up") or request.endpoint is None:
            return None
        if (
            request.blueprint not in ("frontdesk", "accounts")
            or request.endpoint == "accounts.set_up"
        ):
            return None
        with reading() as session:
            app.extensions["is_set_up"] = is_set_up(session)
        return None if app.extensions["is_set_up"] else redirect(url_for("accounts.set_up"))
