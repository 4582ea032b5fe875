"""Check-ins survive kills: a stream of keyed ones, the database or its process killed in the middle.

`clubcrm serve` answers doors over HTTP, each scan with a key of its own, asked again with the same key
until it is answered; one answer in fifty is lost on the way. On PostgreSQL the database is killed -9 and
started again; on SQLite the process that holds it. At the end each acknowledged visit must be there,
once, the pack must have lost one visit, and who asks again must get the answer that was given. The
control asks again without keys, and must leave more than one decision for a scan.
"""

import argparse
import contextlib
import http.client
import json
import os
import random
import subprocess
import sys
import tempfile
import threading
import time
from collections import Counter
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from datetime import timedelta
from pathlib import Path

from flask import Flask
from sqlalchemy import func, select

from clubcrm.accounts.operations import create_token, set_up
from clubcrm.accounts.states import Role
from clubcrm.app import create_app
from clubcrm.core import clock
from clubcrm.core.actor import OPERATOR
from clubcrm.core.db import db
from clubcrm.core.schema import ensure_schema
from clubcrm.core.transactions import reading, transaction
from clubcrm.members.models import Membership
from clubcrm.members.operations import (
    PersonValues,
    PlanValues,
    TermValues,
    add_people,
    add_plan,
    start_memberships,
)
from clubcrm.members.states import PlanKind
from clubcrm.visits.models import EntryDecision, Visit
from config import Settings
from tests.servers import free_port, mortal_postgresql

DOORS = 4
PACK = 10
PATIENCE = 120.0
LOST = 0.02
"""The share of answers that are lost on the way, besides those that a kill takes with it."""

ZONE = "Europe/Lisbon"


def main(arguments: list[str]) -> int:
    """Stream check-ins under kills; 1 where one was lost or doubled, or the control did not double."""
    parser = argparse.ArgumentParser(prog="prove checkins", description=__doc__)
    parser.add_argument("--db", choices=("sqlite", "postgresql", "both"), default="both")
    parser.add_argument("--scans", type=int, default=5000)
    parser.add_argument("--kills", type=int, default=10)
    asked = parser.parse_args(arguments)
    good = True
    for kind in ("sqlite", "postgresql") if asked.db == "both" else (asked.db,):
        figures = _prove(kind, asked.scans, asked.kills, has_keys=True)
        print(f"{kind}: {figures.words()}")
        good = good and figures.is_good
        few = min(asked.scans, 1000)
        control = _prove(kind, few, asked.kills, has_keys=False)
        print(f"{kind}, control without keys: {control.doubled} of {few} scans decided twice")
        good = good and control.doubled > 0
    print("held" if good else "FELL SHORT")
    return 0 if good else 1


@dataclass
class _Figures:
    """What a run came to."""

    scans: int
    kills: int = 0
    asked_again: int = 0
    acknowledged: dict[int, str] = field(default_factory=dict)  # person -> visit
    strange: list[str] = field(default_factory=list)
    lost: int = 0
    doubled: int = 0
    other_answers: int = 0
    seconds: float = 0

    @property
    def is_good(self) -> bool:
        """Whether the promise held."""
        is_whole = len(self.acknowledged) == self.scans
        return is_whole and not (self.strange or self.lost or self.doubled or self.other_answers)

    def words(self) -> str:
        """The figures in a few lines."""
        return (
            f"{self.scans} check-ins in {self.seconds:.0f} s, {self.kills} kills -9, asked again "
            f"{self.asked_again} times\n"
            f"  acknowledged {len(self.acknowledged)}, of them lost {self.lost}; doubled "
            f"{self.doubled}; answered otherwise when asked once more {self.other_answers}"
            + "".join(f"\n  {one}" for one in self.strange[:10])
        )


def _prove(kind: str, scans: int, kills: int, *, has_keys: bool) -> _Figures:
    with contextlib.ExitStack() as stack:
        folder = Path(stack.enter_context(tempfile.TemporaryDirectory(prefix="clubcrm-doors-")))
        cluster = stack.enter_context(mortal_postgresql()) if kind == "postgresql" else None
        url = cluster.url if cluster else f"sqlite:///{folder / 'proof.sqlite3'}"
        app = _application(folder, url)
        people, token = _club(app, scans)
        server = stack.enter_context(_server(folder, url))
        figures = _Figures(scans)

        def kill() -> None:
            if cluster is None:
                server.kill()
                server.start()
            else:
                cluster.kill()
                cluster.start_again()

        started = time.monotonic()
        _Stream(server.port, token, people, figures, has_keys=has_keys).run(kill, kills)
        figures.seconds = time.monotonic() - started
        with app.app_context():
            _count(figures)
            db.session.remove()
            db.engine.dispose()
        return figures


def _application(folder: Path, url: str) -> Flask:
    settings = Settings(
        data_dir=folder,
        database_url=url,
        redis_url=None,
        secret_key="proof",
        base_url="http://localhost",
        smtp_url=None,
        now=None,
    )
    return create_app(settings)


def _club(app: Flask, scans: int) -> tuple[list[int], str]:
    """A club of people with a pack each, and the key of a door."""
    now = clock.now()
    with app.app_context():
        ensure_schema()
        with transaction() as session:
            club_id = set_up(
                session,
                code="proof",
                name="Proof",
                timezone=ZONE,
                currency="EUR",
                language="en",
                calendar="gregorian",
                owner_name="Owner",
                owner_email="owner@example.com",
                owner_password="a long enough password",
                by=OPERATOR,
                now=now,
            )
            pack = PlanValues(name="Ten visits", kind=PlanKind.PACK, days=90, visits=PACK)
            plan_id = add_plan(session, pack, club_id=club_id, by=OPERATOR, now=now)
            rows = [PersonValues(full_name=f"Person {number}") for number in range(scans)]
            people = add_people(session, rows, club_id=club_id, by=OPERATOR, now=now)
            begins = now.date() - timedelta(days=3)
            terms = [TermValues(person_id=one, plan_id=plan_id, starts_on=begins) for one in people]
            start_memberships(session, terms, club_id=club_id, by=OPERATOR, now=now)
            token = create_token(
                session, name="door", role=Role.DEVICE, club_id=club_id, by=OPERATOR, now=now
            )
        db.session.remove()
    return list(people), token


class _Server:
    """`clubcrm serve`, killed and started again on the same port."""

    def __init__(self, folder: Path, url: str) -> None:
        self.port = free_port()
        self._log = folder / "server.log"
        self._environment = {
            **{
                n: value for n, value in os.environ.items() if n not in ("REDIS_URL", "CLUBCRM_NOW")
            },
            "CLUBCRM_DATA_DIR": str(folder),
            "DATABASE_URL": url,
            "SECRET_KEY": "proof",
        }
        self._process: subprocess.Popen[bytes] | None = None

    def start(self) -> None:
        """Start it."""
        program = [sys.executable, "-m", "clubcrm", "serve", "--port", str(self.port)]
        with self._log.open("ab") as log:
            self._process = subprocess.Popen(program, env=self._environment, stdout=log, stderr=log)

    def kill(self) -> None:
        """Kill it in the middle of whatever it does."""
        if self._process is not None:
            self._process.kill()
            self._process.wait()


@contextlib.contextmanager
def _server(folder: Path, url: str) -> Iterator[_Server]:
    server = _Server(folder, url)
    server.start()
    yield server
    server.kill()


class _Stream:
    """Some doors at which everybody comes once."""

    def __init__(
        self, port: int, token: str, people: list[int], figures: _Figures, *, has_keys: bool
    ) -> None:
        self._port, self._token, self._has_keys = port, token, has_keys
        self._people = people
        self._figures = figures
        self._guard = threading.Lock()
        self._dice = random.Random(7)

    def run(self, kill: Callable[[], None], kills: int) -> None:
        """Let everybody in; kill so many times on the way, and ask some once more at the end."""
        doors = [
            threading.Thread(target=self._work, args=(self._people[number::DOORS],))
            for number in range(DOORS)
        ]
        for door in doors:
            door.start()
        for number in range(kills):
            wanted = (number + 1) * len(self._people) // (kills + 1)
            while len(self._figures.acknowledged) < wanted and any(d.is_alive() for d in doors):
                time.sleep(0.01)
            kill()
            self._figures.kills += 1
        for door in doors:
            door.join()
        if self._has_keys:
            for person_id in random.Random(1).sample(self._people, min(200, len(self._people))):
                again = self._let_in(person_id)
                same = again is not None and again == self._figures.acknowledged.get(person_id)
                self._figures.other_answers += not same

    def _work(self, people: list[int]) -> None:
        for person_id in people:
            visit_id = self._let_in(person_id)
            if visit_id is not None:
                with self._guard:
                    self._figures.acknowledged[person_id] = visit_id

    def _let_in(self, person_id: int) -> str | None:
        """Scan until there is an answer; the visit."""
        until = time.monotonic() + PATIENCE
        while time.monotonic() < until:
            answer = self._ask(person_id)
            if answer is not None and answer[0] == 200:
                return str(answer[1]["visit_id"])
            if answer is not None and answer[0] != 503:
                with self._guard:
                    self._figures.strange.append(f"person {person_id}: {answer}")
                return None
            with self._guard:
                self._figures.asked_again += 1
            time.sleep(0.05)
        with self._guard:
            self._figures.strange.append(f"person {person_id}: no answer in {PATIENCE:.0f} s")
        return None

    def _ask(self, person_id: int) -> tuple[int, dict[str, object]] | None:
        headers = {"Authorization": f"Bearer {self._token}", "Content-Type": "application/json"}
        if self._has_keys:
            headers["Idempotency-Key"] = f"scan-{person_id}"
        connection = http.client.HTTPConnection("127.0.0.1", self._port, timeout=30)
        try:
            body = json.dumps({"member_id": str(person_id)})
            connection.request("POST", "/api/v1/check-ins", body, headers)
            answer = connection.getresponse()
            told = answer.status, json.loads(answer.read())
            return None if self._dice.random() < LOST else told
        except (OSError, http.client.HTTPException, ValueError):
            return None
        finally:
            connection.close()


def _count(figures: _Figures) -> None:
    """Compare what was acknowledged with what is stored."""
    with reading() as session:
        visits = Counter(session.scalars(select(Visit.person_id)))
        stored = {
            str(one): person for one, person in session.execute(select(Visit.id, Visit.person_id))
        }
        decided = Counter(session.scalars(select(EntryDecision.person_id)))
        left = dict(session.execute(select(Membership.person_id, Membership.visits_left)).all())
        total = session.scalar(select(func.count()).select_from(Visit)) or 0
    for person_id, visit_id in figures.acknowledged.items():
        is_there = stored.get(visit_id) == person_id and left[person_id] == PACK - 1
        figures.lost += not is_there
    twice = {person for person, count in decided.items() if count > 1}
    twice |= {person for person, count in visits.items() if count > 1}
    figures.doubled = len(twice)
    if total > len(visits):
        figures.strange.append(f"{total} visits of {len(visits)} people")
