"""The one place that commits.

`transaction()` is for whoever writes, `reading()` for whoever only looks. An operation never
commits; its caller (a view, a job, a command, a test) opens one transaction around it.
"""

import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Any

from sqlalchemy.exc import DBAPIError, IntegrityError
from sqlalchemy.orm import Session

from clubcrm.core.db import WRITING, as_elsewhere, db
from clubcrm.core.errors import DomainError
from clubcrm.core.prepared import Look, Reader, is_open
from clubcrm.core.sql import violated_constraint

_writer = threading.Lock()
_refusals: dict[str, Callable[[], DomainError]] = {}
_bell: Callable[[], None] = lambda: None  # noqa: E731

KEPT = "clubcrm_kept"
WORK_WAITS = "clubcrm_work_waits"
"""Key in `session.info`: this transaction left work for the worker."""


GOES_ON = "clubcrm_goes_on"
"""Key in `session.info`: the next look goes on where the last one stopped reading."""


def kept(session: Session) -> dict[Any, Any]:
    """What was read and is asked for again and again until this transaction, or this look, is over.

    Whoever changes such a thing takes it out.
    """
    found: dict[Any, Any] = session.info.setdefault(KEPT, {})
    return found


def on_violation(constraint: str, refusal: Callable[[], DomainError]) -> None:
    """Say in the club's words what a broken named constraint means."""
    _refusals[constraint] = refusal


def set_doorbell(ring: Callable[[], None]) -> None:
    """Name what is rung after a commit that left work: the embedded worker or the queue."""
    global _bell
    _bell = ring


@contextmanager
def transaction() -> Iterator[Session]:
    """Open a writing transaction, commit it at the end, roll all of it back on any error.

    Not re-entrant: a transaction inside a transaction is a bug and raises RuntimeError. A violated
    named constraint is raised as the refusal registered for it. The bell rings only after the
    commit.
    """
    session = db.session()
    if session.info.get(WRITING):
        raise RuntimeError("A transaction is already open here; operations take its session.")
    if session.in_transaction():
        session.rollback()
    is_sqlite = db.engine.dialect.name == "sqlite"
    if is_sqlite:
        # SQLite's own busy handler sleeps; waiting here keeps the order fair within this process.
        _writer.acquire()
    session.info[WRITING] = True
    try:
        # What was read before may be out of date by now; a decision needs the present rows.
        session.expire_all()
        session.info.pop(KEPT, None)
        session.info.pop(GOES_ON, None)
        session.connection(execution_options={WRITING: True})
        yield session
        session.flush()
        session.commit()
    except IntegrityError as error:
        session.rollback()
        refusal = _refusals.get(violated_constraint(error) or "")
        if refusal is None:
            raise
        raise refusal() from error
    except BaseException:
        session.rollback()
        raise
    finally:
        session.info.pop(WRITING, None)
        session.info.pop(KEPT, None)
        waits = session.info.pop(WORK_WAITS, False)
        if is_sqlite:
            _writer.release()
    if waits:
        _bell()


@contextmanager
def looking() -> Iterator[Reader]:
    """Look through prepared statements alone, as `reading` does but without all that a session keeps.

    For what is asked as one types. Inside a transaction it is that transaction's session.
    """
    session = db.session()
    if session.info.get(WRITING):
        yield session
        return
    if is_open():
        with reading() as seen:
            yield seen
        return
    engine = db.engine
    try:
        held = engine.raw_connection()
    except engine.dialect.loaded_dbapi.Error as error:
        raise as_elsewhere(engine.dialect, "connect", error, is_lost=True) from error
    try:
        driver: Any = held.driver_connection
        if engine.dialect.name == "sqlite":
            driver.execute("BEGIN")  # PostgreSQL's driver begins of itself
        yield Look(engine.dialect, driver)
    except DBAPIError as error:
        if error.connection_invalidated:
            held.invalidate(error)
        raise
    finally:
        held.close()  # and with it the moment is over


@contextmanager
def reading(*, goes_on: bool = False) -> Iterator[Session]:
    """Open a session for reading only; it ends without a commit.

    Inside a transaction it hands out that transaction's session, so that queries can be used there. What
    `goes_on` leaves its moment to the next look of the request, which begins none of its own; a transaction
    always does.
    """
    session = db.session()
    if session.info.get(WRITING):
        yield session
        return
    if not session.info.pop(GOES_ON, False):
        session.expire_all()
        session.info.pop(KEPT, None)
    try:
        yield session
    except BaseException:
        goes_on = False
        raise
    finally:
        if goes_on:
            session.info[GOES_ON] = True
        else:
            session.rollback()
            session.info.pop(KEPT, None)
