"""Two at once: threads that meet at the narrow place, and locks that can be taken away for a control.

A race test shows that what must not happen does not happen. Its control takes the lock away and must
go wrong; otherwise the test would prove nothing.
"""

import threading
from collections.abc import Callable, Sequence
from typing import Any

import pytest
from flask import Flask
from sqlalchemy.orm import Session

from clubcrm.core import events, transactions
from clubcrm.core.db import db
from clubcrm.core.transactions import transaction

LONG = 20.0
"""How long one waits for the other in a control: they meet, however busy the machine is."""

SHORT = 0.4
"""How long the first waits where the lock keeps the other away: nothing depends on it."""

Job = Callable[[Session], Any]


class Meeting:
    """The narrow place: whoever comes waits there for the others, for a while."""

    def __init__(self, parties: int, patience: float) -> None:
        self._barrier = threading.Barrier(parties)
        self._patience = patience
        self.all_met = False

    def wait(self) -> None:
        """Wait until all are here, or go on alone."""
        try:
            self._barrier.wait(self._patience)
            self.all_met = True
        except threading.BrokenBarrierError:
            pass

    def before(self, function: Callable[..., Any]) -> Callable[..., Any]:
        """The function, with everybody met before it is done."""

        def held(*args: Any, **kw: Any) -> Any:
            self.wait()
            return function(*args, **kw)

        return held

    def after(self, function: Callable[..., Any]) -> Callable[..., Any]:
        """The function, with everybody met once it is done."""

        def held(*args: Any, **kw: Any) -> Any:
            result = function(*args, **kw)
            self.wait()
            return result

        return held


def at_once(app: Flask, jobs: Sequence[Job]) -> list[Any]:
    """Do each job in a transaction and a thread of its own; returns results, or what was raised."""
    outcomes: list[Any] = [None] * len(jobs)
    start = threading.Barrier(len(jobs))

    def work(position: int) -> None:
        with app.app_context():
            start.wait(LONG)
            try:
                with transaction() as session:
                    outcomes[position] = jobs[position](session)
            except Exception as error:  # noqa: BLE001
                outcomes[position] = error
            finally:
                db.session.remove()

    threads = [threading.Thread(target=work, args=(n,)) for n in range(len(jobs))]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    return outcomes


class _NoLock:
    def acquire(self) -> None:
        """Let anybody in."""

    def release(self) -> None:
        """Let anybody in."""


def write_without_order(monkeypatch: pytest.MonkeyPatch) -> None:
    """Take away what keeps two writers apart on SQLite: the one pen and BEGIN IMMEDIATE."""
    monkeypatch.setattr(transactions, "_writer", _NoLock())
    monkeypatch.setattr(transactions, "WRITING", "nobody_reads_this_option")


def nobody_listens(monkeypatch: pytest.MonkeyPatch) -> None:
    """Let events reach nobody: listeners have locks and rules of their own."""
    monkeypatch.setattr(events, "_wiring", {})


def refusals(outcomes: Sequence[Any]) -> list[type[Exception]]:
    """What was raised."""
    return [type(one) for one in outcomes if isinstance(one, Exception)]
