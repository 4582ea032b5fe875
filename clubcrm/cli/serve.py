"""The server, and the worker beside it."""

import gc
import logging
import os
import shutil
import signal
import socket
import sys
from collections.abc import Callable
from pathlib import Path
from types import FrameType

import click
from flask import Flask
from flask.cli import ScriptInfo
from waitress.server import create_server  # type: ignore[import-untyped]

from clubcrm.cli.frame import say
from clubcrm.core.db import db
from clubcrm.core.logs import set_up_logs
from clubcrm.worker import embed, work_queue, work_without_queue
from config import SettingError, Settings

THREADS = 8


@click.command()
@click.option("--host", default="127.0.0.1", show_default=True, help="Address to listen on.")
@click.option(
    "--port", type=click.IntRange(0, 65535), default=8000, show_default=True, help="0 = any free."
)
@click.option(
    "--workers",
    type=click.IntRange(1, 64),
    default=1,
    show_default=True,
    help="Processes; more than one runs gunicorn.",
)
@click.pass_obj
def serve(info: ScriptInfo, host: str, port: int, workers: int) -> None:
    """Bring the database up to date and serve until stopped.

    Does the background work too, unless REDIS_URL says that workers of their own do it.
    """
    serve_app(info.load_app(), host=host, port=port, workers=workers)


@click.command()
@click.option("--burst", is_flag=True, help="Do what waits on the queue, then end.")
@click.pass_obj
def worker(info: ScriptInfo, burst: bool) -> None:
    """Do the background work until stopped; start as many as you like, on any number of hosts."""
    app = info.load_app()
    set_up_logs(for_people=sys.stderr.isatty())
    if not _settings(app).redis_url:
        say("There is no REDIS_URL: working straight from the database.")
        work_without_queue(app)
        return
    if sys.platform == "win32":
        raise SettingError("RQ cannot work on Windows; leave REDIS_URL away there.")
    say("Working on the queue (Ctrl+C stops it).")
    work_queue(app, burst=burst)


def serve_app(app: Flask, *, host: str, port: int, workers: int = 1) -> None:
    """Serve an application whose database is up to date; returns when told to stop."""
    set_up_logs(for_people=sys.stderr.isatty())
    with app.app_context():
        # Nothing opened so far may be shared with the processes that serve.
        db.engine.dispose()
    if workers > 1:
        _serve_with_gunicorn(_settings(app).data_dir / "figures", host, port, workers)
        return
    logging.getLogger("waitress").setLevel(logging.WARNING)
    try:
        server = create_server(app, host=host, port=port, threads=THREADS, ident=None)
    except OSError as error:
        raise _taken(host, port, error) from error
    with _ends_on_sigterm():
        embedded = None if _settings(app).redis_url else embed(app)
        _announce(host, getattr(server, "effective_port", port))
        # What is loaded by now stays: to look through it for rubbish would hold up a page for long.
        gc.freeze()
        try:
            server.run()
        finally:
            server.close()
            if embedded is not None:
                embedded.stop()


def _serve_with_gunicorn(figures: Path, host: str, port: int, workers: int) -> None:
    """Become gunicorn: it starts afresh, so that its processes share nothing with this one."""
    if sys.platform == "win32":
        raise SettingError("Several processes need gunicorn, which does not run on Windows.")
    if port == 0:
        port = _free_port(host)
    refuse_taken_port(host, port)
    # The processes add their figures up in files of this folder; those of the last start are over.
    shutil.rmtree(figures, ignore_errors=True)
    figures.mkdir(parents=True)
    command = [
        *(sys.executable, "-m", "gunicorn", "--bind", f"{_bracketed(host)}:{port}"),
        *("--workers", str(workers), "--worker-class", "gthread", "--threads", str(THREADS)),
        *("--worker-tmp-dir", str(figures), "--config", "python:clubcrm.cli.gunicorn"),
        "clubcrm.worker:serving_app()",
    ]
    _announce(host, port)
    os.execve(  # noqa: S606 - fixed arguments, no shell
        command[0], command, {**os.environ, "PROMETHEUS_MULTIPROC_DIR": str(figures)}
    )


def _announce(host: str, port: int) -> None:
    shown = {"0.0.0.0": "127.0.0.1", "::": "[::1]"}.get(host, _bracketed(host))  # noqa: S104
    click.echo(f"clubcrm is running at http://{shown}:{port} (Ctrl+C stops it)")
    sys.stdout.flush()


def _bracketed(host: str) -> str:
    return f"[{host}]" if ":" in host else host


def refuse_taken_port(host: str, port: int) -> None:
    """Raise SettingError where somebody else listens on this port."""
    try:
        with socket.create_server((host, port), family=_family(host)):
            pass
    except OSError as error:
        raise _taken(host, port, error) from error


def _free_port(host: str) -> int:
    with socket.create_server((host, 0), family=_family(host)) as probe:
        port: int = probe.getsockname()[1]
        return port


def _family(host: str) -> socket.AddressFamily:
    return socket.AF_INET6 if ":" in host else socket.AF_INET


def _taken(host: str, port: int, error: OSError) -> SettingError:
    words = error.strerror or str(error)
    return SettingError(f"Cannot listen on {_bracketed(host)}:{port}: {words}. Choose --port.")


class _ends_on_sigterm:  # noqa: N801 - reads as a sentence after `with`
    """Turn SIGTERM into an orderly end, as Ctrl+C is."""

    def __enter__(self) -> None:
        self._before: Callable[[int, FrameType | None], object] | int | None
        self._before = signal.signal(signal.SIGTERM, self._end)

    def __exit__(self, *_error: object) -> None:
        signal.signal(signal.SIGTERM, self._before)

    def _end(self, _signum: int, _frame: FrameType | None) -> None:
        raise SystemExit(0)


def _settings(app: Flask) -> Settings:
    return app.extensions["settings"]
