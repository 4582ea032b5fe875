"""What the commands share: the application on an up-to-date database, and how they speak."""

import json
import sys
from collections.abc import Callable
from datetime import datetime
from typing import Any, TypeVar

import click
from flask import Flask
from sqlalchemy.engine import make_url

from clubcrm import worker
from clubcrm.app import create_app
from clubcrm.core.db import db
from clubcrm.core.schema import ensure_schema
from config import SettingError, Settings

Command = TypeVar("Command", bound=Callable[..., Any])


def make_app() -> Flask:
    """The application, its tables up to date, and its bell where there is a queue.

    Commands get it through Flask's `with_appcontext`.
    """
    app = create_app()
    context = click.get_current_context(silent=True)
    if context is not None:
        context.find_root().call_on_close(lambda: _close(app))
    with app.app_context():
        if ensure_schema():
            say("The database is up to date now.")
    settings: Settings = app.extensions["settings"]
    if settings.redis_url:
        worker.ring_through(settings.redis_url)
    return app


def _close(app: Flask) -> None:
    """Leave no connection behind at the end of the command."""
    with app.app_context():
        db.engine.dispose()


def json_option(command: Command) -> Command:
    """Give a command `--json`; its function gets `as_json`."""
    return click.option(
        "--json", "as_json", is_flag=True, help="Print one JSON object, for scripts."
    )(command)


def print_json(answer: dict[str, Any]) -> None:
    """Print the one JSON object of a command."""
    sys.stdout.write(json.dumps(answer, ensure_ascii=False, default=_plain) + "\n")
    sys.stdout.flush()


def say(line: str) -> None:
    """Tell the person at the terminal; standard output belongs to the answer."""
    click.echo(line, err=True)


def place_of_database() -> str:
    """Where the database is, without its password."""
    try:
        return make_url(Settings.from_env().database_url).render_as_string(hide_password=True)
    except SettingError:
        return ""


def _plain(value: Any) -> Any:
    if isinstance(value, datetime) or hasattr(value, "isoformat"):
        return value.isoformat()
    raise TypeError(f"{type(value).__name__} has no place in JSON")
