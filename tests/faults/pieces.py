"""Work that can be held up in the middle, for tests that kill whoever does it.

Imported by the tests and by `tests.faults.child`, so that both wire the same handler.
"""

import os
import time
from collections.abc import Mapping
from datetime import datetime
from pathlib import Path
from typing import Any

from sqlalchemy import func, select
from sqlalchemy.orm import Session

from clubcrm.accounts.events import ClubSettingsChanged
from clubcrm.accounts.models import AccessLog
from clubcrm.accounts.states import AccessOutcome
from clubcrm.core import events, jobs
from clubcrm.core.actor import ENGINE
from clubcrm.core.events import AFTERWARDS, record
from clubcrm.core.jobs import Lease
from clubcrm.core.transactions import reading, transaction
from tests.conftest import NOW

EFFECT = "effect"
PATIENCE = 60.0


def leave_effect(session: Session, event: Any, now: datetime) -> None:
    """Handle an event afterwards: one effect a name."""
    for name in event.names:
        _effect(session, name, now)
    hold_up("delivery")


def work(payload: Mapping[str, Any], lease: Lease) -> None:
    """Do a job: one effect, if the claim still holds (or, in the control, whatever became of it)."""
    hold_up("job")
    if os.environ.get("FENCE") != "ignored" and not lease.renew():
        return
    with transaction() as session:
        _effect(session, payload["name"], NOW)


def _effect(session: Session, name: str, now: datetime) -> None:
    session.add(AccessLog(at=now, action=EFFECT, outcome=AccessOutcome.ALLOWED, subject=name))
    session.flush()


def hold_up(where: str) -> None:
    """Where the environment says so, and the first time only: say who we are and wait to be released."""
    if os.environ.get("HOLD_UP") != where:
        return
    folder = Path(os.environ["HOLD_UP_FOLDER"])
    mark, release = folder / "held", folder / "release"
    if mark.exists():
        return
    mark.with_suffix(".new").write_text(str(os.getpid()), encoding="ascii")
    mark.with_suffix(".new").rename(mark)
    until = time.monotonic() + PATIENCE
    while not release.exists() and time.monotonic() < until:
        time.sleep(0.02)


def wire_pieces() -> None:
    """Put the handler and the job of this module in force, and nothing else."""
    events.wire({ClubSettingsChanged: [AFTERWARDS(leave_effect)]})
    jobs.set_kinds({"piece": work})


def leave_deliveries(club_id: int, *names: str) -> None:
    """Leave one delivery a name in the database."""
    with transaction() as session:
        happened = [ClubSettingsChanged(club_id=club_id, names=[name]) for name in names]
        record(session, *happened, by=ENGINE, now=NOW)


def leave_jobs(*names: str) -> None:
    """Leave one job a name in the database."""
    with transaction() as session:
        for name in names:
            jobs.enqueue(session, "piece", name, {"name": name}, now=NOW)


def effects() -> dict[str, int]:
    """How often each effect happened."""
    with reading() as session:
        rows = session.execute(
            select(AccessLog.subject, func.count().label("times"))
            .where(AccessLog.action == EFFECT)
            .group_by(AccessLog.subject)
        )
        return {row.subject: row.times for row in rows}
