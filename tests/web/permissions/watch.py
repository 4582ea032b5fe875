"""What requests do to the database, seen at its door: statements, commits, and whose club they are about."""

import re
import sqlite3
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from typing import Any

from sqlalchemy import Connection, Engine, event, func, select
from sqlalchemy.orm import Session

from clubcrm.core.db import WRITING, db
from clubcrm.core.models import EventLog
from clubcrm.core.prepared import openly

_NO_WRITES = ("BEGIN", "SELECT", "SET ", "SHOW", "PRAGMA")
_WRITES_WITHIN = re.compile(r"\b(INSERT INTO|DELETE FROM|UPDATE \w+ SET)\b")


@dataclass
class Watch:
    """The last request: see `watching`.

    `writes` are its statements that may change something, `begins` tells whether it took the right to,
    `is_kept` whether it committed a changed row, `clubs` at which clubs something happened by it. While
    it `rehearses` nothing is kept. `kept` are all requests that kept something.
    """

    writes: list[str] = field(default_factory=list)
    begins: bool = False
    is_kept: bool = False
    clubs: set[int | None] = field(default_factory=set)
    rehearses: bool = False
    kept: list[str] = field(default_factory=list)
    _newest: int | None = None
    _rows: int = 0
    _sqlite: Any = None
    _before: int = 0

    def start(self, session: Session) -> None:
        """Take what happens from now on as done by the requests."""
        self._newest = session.scalar(select(func.max(EventLog.id))) or 0

    def forget(self) -> None:
        """Begin a request."""
        self.writes.clear()
        self.clubs.clear()
        self.begins = self.is_kept = False
        self._rows, self._sqlite = 0, None

    @contextmanager
    def rehearsal(self) -> Iterator[None]:
        """Let requests do their work and keep nothing of it, so that each role finds the same world."""
        self.rehearses = True
        try:
            yield
        finally:
            self.rehearses = False

    def begin(self, connection: Connection) -> None:
        """Look at how a transaction begins."""
        self.begins |= bool(connection.get_execution_options().get(WRITING))

    def note(self, _c: Any, cursor: Any, statement: str, *_more: Any) -> None:
        """Look at a statement before it runs."""
        told = statement.lstrip()
        if not _may_write(told):
            return
        self.writes.append(told)
        if self._sqlite is None and isinstance(cursor.connection, sqlite3.Connection):
            self._sqlite, self._before = cursor.connection, cursor.connection.total_changes

    def count(self, _c: Any, cursor: Any, statement: str, *_more: Any) -> None:
        """Count the rows a statement changed; SQLite counts them itself."""
        if _may_write(statement.lstrip()):
            self._rows += max(0, cursor.rowcount)

    def see_commit(self, session: Session) -> None:
        """Look at a commit before it is one."""
        rows = self._rows
        if self._sqlite is not None:
            rows = self._sqlite.total_changes - self._before
        self.is_kept |= rows > 0
        if rows > 0 and self._newest is not None:
            news = select(EventLog.club_id).where(EventLog.id > self._newest)
            self.clubs |= set(session.scalars(news))


def _may_write(statement: str) -> bool:
    if statement.startswith("WITH"):
        return bool(_WRITES_WITHIN.search(statement))
    return not statement.startswith(_NO_WRITES)


@contextmanager
def watching() -> Iterator[Watch]:
    """Watch every database and every commit of this process."""
    watch = Watch()
    session_class = db.session.session_factory.class_
    commit = session_class.commit

    def commit_seen(session: Session) -> None:
        watch.see_commit(session)
        if not watch.rehearses:
            commit(session)

    event.listen(Engine, "begin", watch.begin)
    event.listen(Engine, "before_cursor_execute", watch.note)
    event.listen(Engine, "after_cursor_execute", watch.count)
    session_class.commit = commit_seen  # type: ignore[method-assign, assignment]
    try:
        with openly():
            yield watch
    finally:
        session_class.commit = commit  # type: ignore[method-assign]
        event.remove(Engine, "begin", watch.begin)
        event.remove(Engine, "before_cursor_execute", watch.note)
        event.remove(Engine, "after_cursor_execute", watch.count)
