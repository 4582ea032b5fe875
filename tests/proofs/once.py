"""Messages go out once: workers killed at every step, Redis flushed, servers that hang, refuse or drop.

Real mails to a real SMTP server on both databases. Two to three worker processes, each with a schedule
of its own, are killed -9 with their children, at each fail point in turn and at random, and Redis
forgets everything now and then. At the end no mail may have arrived twice, none may be called sent
that did not arrive, each must have ended or be uncertain and listed. The control sends without claims
and must double.
"""

import argparse
import contextlib
import os
import random
import re
import subprocess
import sys
import tempfile
import time
from collections import Counter
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from datetime import timedelta
from pathlib import Path

import psutil
from flask import Flask
from redis import Redis
from sqlalchemy import func, select

from clubcrm.accounts.operations import set_up
from clubcrm.app import create_app
from clubcrm.core import clock
from clubcrm.core.actor import OPERATOR
from clubcrm.core.db import db
from clubcrm.core.invariants import Examined
from clubcrm.core.schema import ensure_schema
from clubcrm.core.transactions import reading, transaction
from clubcrm.members.operations import PersonValues, add_people
from clubcrm.messaging.invariants import INVARIANTS
from clubcrm.messaging.models import Message, Sender
from clubcrm.messaging.operations import MessageValues, queue_messages
from clubcrm.messaging.operations.sending import settle_messages
from clubcrm.messaging.queries import uncertain_messages
from clubcrm.messaging.states import Channel, MessageState, Purpose
from config import Settings
from tests.post_office import PostOffice, post_office
from tests.proofs._sender import CLAIM_HOLDS, hurry
from tests.servers import postgresql_server, redis_server

ROOT = Path(__file__).resolve().parents[2]
SECRET = "proof"
WORKERS = 3
KILL_EVERY = 2.0
GROWN = 1.0
"""Seconds for which a worker works at least before it is killed."""

FLUSH_EVERY = 5.0
PATIENCE = 900.0

TROUBLES = (
    "nobody",
    "policy",
    "later",
    "away",
    "hang",
    "drop",
    "lost",
    "mute",
    "spam",
    "busy",
    "once",
)
"""How the server treats one address in fifty each."""

LASTING = frozenset({"later", "away", "hang", "busy"})
"""Troubles that never end; such messages are good for seconds only, so that they come to an end."""

BETWEEN = "message.after_send"
"""Where a mail is out and not yet written down: the only place the control has."""

OPEN = (MessageState.QUEUED, MessageState.SENDING)


def fail_points() -> list[str]:
    """Every fail point of a message in the source."""
    found: set[str] = set()
    for path in (ROOT / "clubcrm").rglob("*.py"):
        found |= set(re.findall(r'\bfp\("(message\.\w+)"\)', path.read_text(encoding="utf-8")))
    return sorted(found)


def main(arguments: list[str]) -> int:
    """Send under kills; 1 where a mail doubled or got lost, or the control did not double."""
    parser = argparse.ArgumentParser(prog="prove once", description=__doc__)
    parser.add_argument("--db", choices=("sqlite", "postgresql", "both"), default="both")
    parser.add_argument("--messages", type=int, default=2000)
    parser.add_argument("--kills", type=int, default=40, help="at least so many a database")
    parser.add_argument("--seed", type=int, default=7)
    asked = parser.parse_args(arguments)
    good = True
    for kind in ("sqlite", "postgresql") if asked.db == "both" else (asked.db,):
        figures = _prove(kind, asked.messages, asked.kills, asked.seed, has_claims=True)
        print(f"{kind}: {figures.words()}")
        good = good and figures.is_good
    few = min(asked.messages, 200)
    kind = "sqlite" if asked.db == "both" else asked.db
    control = _prove(kind, few, min(asked.kills, 15), asked.seed, has_claims=False)
    print(f"control without claims, {kind}: {control.doubled} of {few} mails doubled")
    good = good and control.doubled > 0
    print("held" if good else "FELL SHORT")
    return 0 if good else 1


@dataclass
class _Figures:
    """What one run came to."""

    messages: int
    states: Counter[str] = field(default_factory=Counter)
    kills: int = 0
    at_points: Counter[str] = field(default_factory=Counter)
    flushes: int = 0
    arrived: int = 0
    doubled: int = 0
    lost: list[str] = field(default_factory=list)
    unlisted: int = 0
    broken: list[str] = field(default_factory=list)
    seconds: float = 0

    @property
    def is_good(self) -> bool:
        """Whether the promise held."""
        return not (self.doubled or self.lost or self.unlisted or self.broken)

    def words(self) -> str:
        """The figures in a few lines."""
        states = ", ".join(f"{count} {state}" for state, count in sorted(self.states.items()))
        points = ", ".join(f"{name} {count}" for name, count in sorted(self.at_points.items()))
        return (
            f"{self.messages} messages in {self.seconds:.0f} s, {self.kills} kills -9 (of them at "
            f"fail points: {points}), Redis flushed {self.flushes} times\n"
            f"  {states}; {self.arrived} arrived\n"
            f"  doubled {self.doubled}, lost {len(self.lost)}, uncertain and not listed "
            f"{self.unlisted}, broken invariants {len(self.broken)}"
            + "".join(f"\n  {one}" for one in [*self.lost[:10], *self.broken[:10]])
        )


def _prove(kind: str, messages: int, kills: int, seed: int, *, has_claims: bool) -> _Figures:
    hurry()
    with contextlib.ExitStack() as stack:
        folder = Path(stack.enter_context(tempfile.TemporaryDirectory(prefix="clubcrm-once-")))
        url = f"sqlite:///{folder / 'proof.sqlite3'}"
        if kind == "postgresql":
            url = stack.enter_context(postgresql_server())
        redis_url = stack.enter_context(redis_server())
        office, smtp_url = stack.enter_context(post_office(PostOffice(silence=3.0)))
        app = _application(folder, url)
        environment = {
            **os.environ,
            "PYTHONPATH": str(ROOT),
            "CLUBCRM_DATA_DIR": str(folder),
            "DATABASE_URL": url,
            "REDIS_URL": redis_url,
            "SMTP_URL": smtp_url,
            "SECRET_KEY": SECRET,
            "CLAIMS": "on" if has_claims else "off",
        }
        environment.pop("CLUBCRM_NOW", None)
        with app.app_context():
            try:
                club_id, addresses = _queue(messages, seed, is_plain=not has_claims)
                points = fail_points() if has_claims else [BETWEEN]
                crowd = _Crowd(environment, folder, random.Random(seed), points)
                figures = _Figures(messages)
                started = time.monotonic()
                try:
                    _trouble(crowd, figures, redis_url, club_id, kills)
                finally:
                    crowd.end()
                figures.seconds = time.monotonic() - started
                _count(figures, office, club_id, addresses)
            finally:
                db.session.remove()
                db.engine.dispose()
        return figures


def _application(folder: Path, url: str) -> Flask:
    settings = Settings(
        data_dir=folder,
        database_url=url.replace("postgresql://", "postgresql+psycopg://", 1),
        redis_url=None,
        secret_key=SECRET,
        base_url="http://localhost",
        smtp_url=None,
        now=None,
        is_testing=True,
    )
    return create_app(settings)


def _queue(messages: int, seed: int, *, is_plain: bool) -> tuple[int, dict[int, str]]:
    """A club, its people and a message to each; message -> address."""
    ensure_schema()
    dice = random.Random(seed)
    now = clock.now()
    addresses = [_address(number, dice, is_plain) for number in range(messages)]
    with transaction() as session:
        club_id = set_up(
            session,
            code="proof",
            name="Proof",
            timezone="Europe/Lisbon",
            currency="EUR",
            language="en",
            calendar="gregorian",
            owner_name="Owner",
            owner_email="owner@example.com",
            owner_password="a long enough password",
            by=OPERATOR,
            now=now,
        )
        session.add(
            Sender(
                club_id=club_id,
                channel=Channel.EMAIL,
                is_on=True,
                settings={"name": "Proof", "address": "hello@club.example"},
                changed_at=now,
            )
        )
        people = [
            PersonValues(full_name=f"Person {number}", email=address)
            for number, address in enumerate(addresses)
        ]
        ids = add_people(session, people, club_id=club_id, by=OPERATOR, now=now)
        rows = [
            MessageValues(
                club_id=club_id,
                person_id=person_id,
                reference=f"proof:{person_id}",
                channel=Channel.EMAIL,
                # What belongs to the contract knows no quiet hours: the proof may run at night.
                purpose=Purpose.SERVICE,
                language="en",
                subject=address,
                body="Hello.",
                send_at=now,
                valid_until=now
                + (timedelta(seconds=30) if _kind(address) in LASTING else timedelta(hours=2)),
            )
            for person_id, address in zip(ids, addresses)
        ]
        found = queue_messages(session, rows, now=now)
    return club_id, dict(zip(found, addresses))


def _address(number: int, dice: random.Random, is_plain: bool) -> str:
    place = dice.randrange(50)
    kind = TROUBLES[place] if place < len(TROUBLES) and not is_plain else "ana"
    return f"{kind}-{number}@example.com"


def _kind(address: str) -> str:
    return address.partition("-")[0]


class _Crowd:
    """The worker processes, and whoever kills them."""

    def __init__(
        self,
        environment: dict[str, str],
        folder: Path,
        dice: random.Random,
        points: Sequence[str],
    ) -> None:
        self.points = points
        self._environment = environment
        self._folder = folder
        self._dice = dice
        self._processes: list[subprocess.Popen[bytes]] = []
        self._ready: dict[int, Path] = {}  # process id -> what it leaves when it begins to work
        self._started = 0
        for point, _ in zip(_in_turn(points), range(WORKERS)):
            self._start(point)

    def _start(self, fail_point: str) -> None:
        environment = dict(self._environment)
        if fail_point:
            environment["CLUBCRM_FP"] = f"{fail_point}:kill"
        self._started += 1
        environment["READY"] = str(self._folder / f"worker-{self._started}.ready")
        with (self._folder / f"worker-{self._started}.log").open("wb") as log:
            self._processes.append(
                subprocess.Popen(
                    [sys.executable, "-m", "tests.proofs._sender"],
                    cwd=ROOT,
                    env=environment,
                    stdout=log,
                    stderr=log,
                )
            )
        self._ready[self._processes[-1].pid] = Path(environment["READY"])

    def grown(self) -> list[subprocess.Popen[bytes]]:
        """The workers that are past their start, so that killing them interrupts work."""
        return [one for one in self._processes if _age(self._ready[one.pid]) > GROWN]

    def kill_one(self, fail_point: str = "") -> None:
        """Kill a worker with its children, and let another one take its place."""
        process = self._dice.choice(self.grown() or self._processes)
        self._processes.remove(process)
        _kill(process)
        self._start(fail_point)

    def end(self) -> None:
        """Kill them all."""
        for process in self._processes:
            _kill(process)
        self._processes.clear()


def _age(path: Path) -> float:
    return time.time() - path.stat().st_mtime if path.exists() else 0.0


def _kill(process: subprocess.Popen[bytes]) -> None:
    with contextlib.suppress(psutil.NoSuchProcess):
        for child in psutil.Process(process.pid).children(recursive=True):
            with contextlib.suppress(psutil.NoSuchProcess):
                child.kill()
    process.kill()
    process.wait()


def _trouble(crowd: _Crowd, figures: _Figures, redis_url: str, club_id: int, kills: int) -> None:
    """Kill and flush until the work is nearly done, then let it end."""
    points = _in_turn(crowd.points)
    next_kill = time.monotonic() + 2 * KILL_EVERY
    next_flush = time.monotonic() + FLUSH_EVERY
    until = time.monotonic() + PATIENCE
    with Redis.from_url(redis_url) as redis:
        while time.monotonic() < until:
            left = _open(club_id)
            if not left:
                return
            if time.monotonic() > next_kill and figures.kills < kills and crowd.grown():
                is_at_random = figures.kills % 2 == 1 and len(crowd.points) > 1
                point = "" if is_at_random else next(points)
                crowd.kill_one(point)
                figures.kills += 1
                figures.at_points[point or "at random"] += 1
                next_kill = time.monotonic() + KILL_EVERY
                if figures.kills >= kills:
                    # Workers that die at a fail point each time would go on dying.
                    for _ in range(WORKERS):
                        crowd.kill_one()
                        figures.kills += 1
            if time.monotonic() > next_flush:
                redis.flushall()
                figures.flushes += 1
                next_flush = time.monotonic() + FLUSH_EVERY
            with transaction() as session:
                settle_messages(session, club_id, now=clock.now())
            time.sleep(0.25)


def _in_turn(names: Sequence[str]) -> Iterator[str]:
    while True:
        yield from names


def _open(club_id: int) -> int:
    with reading() as session:
        query = select(func.count()).where(Message.club_id == club_id, Message.state.in_(OPEN))
        return session.scalar(query) or 0


def _count(figures: _Figures, office: PostOffice, club_id: int, addresses: dict[int, str]) -> None:
    """Compare what the rows say with what the server got."""
    time.sleep(3.5)  # a server that was silent may still be holding a mail it took
    taken = Counter({int(re.findall(r"\d+", key)[0]): times for key, times in office.taken.items()})
    with reading() as session:
        rows = {row.id: row for row in session.scalars(select(Message))}
        listed = {row.id for row in uncertain_messages(session, [club_id], limit=100_000)}
        examined = Examined([club_id], clock.now() + CLAIM_HOLDS)
        figures.broken = [words for one in INVARIANTS for words in one.find(session, examined)]
    figures.states = Counter(row.state.value for row in rows.values())
    figures.arrived = len(taken)
    figures.doubled = sum(times > 1 for times in taken.values())
    for message_id, address in addresses.items():
        row = rows[message_id]
        arrived = taken[message_id] > 0
        told = f"message {message_id} ({_kind(address)}): {row.state}"
        if row.state in OPEN:
            figures.lost.append(f"{told}, nobody works on it")
        elif row.state is MessageState.SENT and not arrived:
            figures.lost.append(f"{told}, and it did not arrive")
        elif arrived and row.state not in (MessageState.SENT, MessageState.UNCERTAIN):
            figures.lost.append(f"{told}, and it arrived")
        elif row.state is MessageState.UNCERTAIN and message_id not in listed:
            figures.unlisted += 1
