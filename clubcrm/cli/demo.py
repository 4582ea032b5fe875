"""A demo club to look at: made from nothing, and lived on."""

import gc
import shutil
import sys
import time
from pathlib import Path

import click
from flask import Flask
from flask.cli import ScriptInfo, with_appcontext

from clubcrm.accounts.queries import ClubRow
from clubcrm.cli.frame import print_json, say
from clubcrm.cli.serve import refuse_taken_port, serve_app
from clubcrm.simulator.club import LOGINS, PASSWORD
from clubcrm.simulator.demo import live_on, make_demo, the_demo, who_lives_here
from clubcrm.simulator.errors import ServerIsRunning
from clubcrm.simulator.run import Told
from clubcrm.worker import LockFile
from config import Settings

BAR = 24
SHOWN = ("joined", "renewed", "froze", "gave notice")


@click.command()
@click.option(
    "--members",
    type=click.IntRange(1, 20_000),
    default=200,
    show_default=True,
    help="People who join over these days.",
)
@click.option(
    "--days",
    type=click.IntRange(1, 3650),
    default=420,
    show_default=True,
    help="Days the club has lived, up to today.",
)
@click.option(
    "--seed", type=int, default=1, show_default=True, help="The same seed: the same club."
)
@click.option("--serve/--no-serve", default=True, show_default=True, help="Serve it afterwards.")
@click.option("--if-empty", is_flag=True, help="Only where no club lives yet; else serve that.")
@click.option("--host", default="127.0.0.1", show_default=True, help="Address to listen on.")
@click.option(
    "--port", type=click.IntRange(0, 65535), default=8000, show_default=True, help="0 = any free."
)
@click.pass_obj
def demo(
    info: ScriptInfo,
    members: int,
    days: int,
    seed: int,
    serve: bool,
    if_empty: bool,
    host: str,
    port: int,
) -> None:
    """Make a fresh demo club, lived day by day by its members, and serve it.

    A demo that lives here makes room; a real club is never touched (exit code 2).
    """
    if serve:
        refuse_taken_port(host, port)
    app = info.load_app()
    with app.app_context():
        club = _standing_club(app) if if_empty else None
        if club is None:
            club = _make(app, members, days, seed)
        _introduce(club)
    if serve:
        serve_app(app, host=host, port=port)
    else:
        say("Look at it with: clubcrm serve")


@click.command()
@click.option(
    "--days", type=click.IntRange(1, 3650), default=30, show_default=True, help="Days to live on."
)
@click.option("--seed", type=int, default=1, show_default=True, help="Decides who joins.")
@click.option("--club", "code", help="Code of the demo club; may be left out when there is one.")
@click.option("--json", "as_json", is_flag=True, help="Print one JSON object, for scripts.")
@with_appcontext
def simulate(days: int, seed: int, code: str | None, as_json: bool) -> None:
    """Live a demo club on, day by day, after the last day it has lived."""
    club = the_demo(code)
    told = live_on(club, days=days, seed=seed, tell=_Progress(f"{club.name} lives on"))
    say(f"{club.name} has lived up to {told.day}. {_sum(told)}")
    if as_json:
        tally = {"visits": 0, **told.tally}
        print_json({"club": club.code, "days": told.done, "until": told.day, "tally": tally})


def _make(app: Flask, members: int, days: int, seed: int) -> ClubRow:
    """Make the demo while nobody else works on these data."""
    settings: Settings = app.extensions["settings"]
    lock = LockFile(settings.data_dir / "worker.lock")
    if not settings.redis_url and not lock.hold():
        raise ServerIsRunning
    unfinished = _mark(settings)
    started = time.monotonic()
    progress = _Progress(f"{members} people live through {days} days of a club")
    try:
        unfinished.touch()
        gc.freeze()  # what is loaded stays: collections need not go through it over and over
        club, told = make_demo(members=members, days=days, seed=seed, tell=progress)
        unfinished.unlink(missing_ok=True)
    finally:
        lock.release()
    say(f"Ready after {time.monotonic() - started:.0f} s. {_sum(told)}")
    return club


def _standing_club(app: Flask) -> ClubRow | None:
    """A club that lives here already, unless it is a demo whose making was broken off."""
    living = who_lives_here()
    if living.real is not None:
        return living.real
    if not living.clubs or _mark(app.extensions["settings"]).exists():
        return None
    return living.clubs[0]


def _mark(settings: Settings) -> Path:
    """A file that stands while a demo is being made."""
    return settings.data_dir / "demo.unfinished"


def _introduce(club: ClubRow) -> None:
    """Say who can sign in."""
    if not club.is_demo:
        return
    click.echo(f"{club.name}, a demo club. Sign in with the password {PASSWORD} as:")
    for login in LOGINS:
        pin = f" (PIN {login.pin})" if login.pin else ""
        click.echo(f"  {login.role:8} {login.email:24} {login.name}{pin}")
    click.echo("At the desk, F2 hands the computer over: a name and a PIN.")
    click.echo("The page of the members themselves comes later.")


def _sum(told: Told) -> str:
    counts = told.tally
    return (
        f"{told.running} members run on {told.day}: {counts['joined']} joined, "
        f"{counts['visits']} visits, {counts['renewed'] + counts['renewed late']} renewals."
    )


class _Progress:
    """A bar on a terminal, a line a month elsewhere."""

    def __init__(self, title: str) -> None:
        self._is_terminal = sys.stderr.isatty()
        self._shown = ""
        say(title + " ...")

    def __call__(self, told: Told) -> None:
        if self._is_terminal:
            self._draw(told)
        elif told.day.strftime("%Y-%m") != self._shown:
            self._shown = told.day.strftime("%Y-%m")
            say(f"  {told.day:%b %Y}: {self._words(told)}")

    def _draw(self, told: Told) -> None:
        full = BAR * told.done // told.days
        bar = "#" * full + "." * (BAR - full)
        line = f"  [{bar}] {100 * told.done // told.days:3} %  {told.day:%d %b %Y}  {self._words(told)}"
        width = shutil.get_terminal_size().columns - 1
        click.echo(f"\r{line:{width}.{width}}", err=True, nl=told.done == told.days)

    def _words(self, told: Told) -> str:
        counts = ", ".join(f"{told.tally[what]} {what}" for what in SHOWN if told.tally[what])
        return f"{told.running} members ({counts or 'nobody yet'})"
