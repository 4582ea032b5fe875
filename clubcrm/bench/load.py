"""Servers as in production, and a small driver that asks them over loopback."""

import http.client
import json
import os
import socket
import subprocess
import sys
import threading
import time
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from config import HOME

WORKERS = 2
THREADS = 8
START_SECONDS = 120
CALM_SECONDS = 2.0
TICKS = os.sysconf("SC_CLK_TCK") if hasattr(os, "sysconf") else 100


@dataclass(frozen=True)
class Call:
    """One request."""

    path: str
    body: Mapping[str, Any] | None = None


@dataclass
class Run:
    """What some requests to one server came to. Times are in milliseconds."""

    times: list[float] = field(default_factory=list)
    answers: list[Any] = field(default_factory=list)
    seconds: float = 0.0
    cpu: float = 0.0  # of the server's processes, a request


@dataclass(frozen=True)
class Asker:
    """Who asks: programs by a token, people by the cookie of a session. Neither sends the other's."""

    token: str
    cookie: str

    def headers(self, path: str) -> dict[str, str]:
        """What is sent along with a request."""
        if path.startswith("/api/"):
            return {"Authorization": f"Bearer {self.token}"}
        return {"Cookie": self.cookie}


@dataclass(frozen=True)
class Server:
    """A server that runs."""

    process: subprocess.Popen[str]
    port: int
    asker: Asker | None = None

    def headers(self, call: Call) -> dict[str, str]:
        """What is sent along with a call."""
        found = self.asker.headers(call.path) if self.asker else {}
        return found | ({} if call.body is None else {"Content-Type": "application/json"})

    def cpu_seconds(self) -> float:
        """What its processes have used of the processor until now."""
        found = 0.0
        for pid in (self.process.pid, *_children(self.process.pid)):
            try:
                after_name = Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()
            except FileNotFoundError:
                continue
            found += (int(after_name[11]) + int(after_name[12])) / TICKS
        return found


def _children(pid: int) -> list[int]:
    return [int(one) for one in Path(f"/proc/{pid}/task/{pid}/children").read_text().split()]


@contextmanager
def product(environment: Mapping[str, str], asker: Asker) -> Iterator[Server]:
    """The product, served by gunicorn as `clubcrm serve --workers` does."""
    port = _free_port()
    words = ("-m", "clubcrm", "serve", "--workers", str(WORKERS), "--port", str(port))
    with _running(words, port, environment, asker) as server:
        yield server


@contextmanager
def floor(environment: Mapping[str, str]) -> Iterator[Server]:
    """The floor, served alike."""
    port = _free_port()
    words = (
        *("-m", "gunicorn", "--bind", f"127.0.0.1:{port}", "--workers", str(WORKERS)),
        *("--worker-class", "gthread", "--threads", str(THREADS), "--log-level", "warning"),
        "clubcrm.bench.floor:floor_app()",
    )
    with _running(words, port, environment, None) as server:
        yield server


@contextmanager
def _running(
    words: Sequence[str], port: int, environment: Mapping[str, str], asker: Asker | None
) -> Iterator[Server]:
    process = subprocess.Popen(
        [sys.executable, *words],
        cwd=HOME,
        env={**os.environ, **environment},
        stdout=subprocess.DEVNULL,
        stderr=subprocess.DEVNULL,
        text=True,
    )
    try:
        _wait_for(process, port)
        server = Server(process, port, asker)
        _settle(server)
        yield server
    finally:
        process.terminate()
        process.wait(60)


def _wait_for(process: subprocess.Popen[str], port: int) -> None:
    until = time.monotonic() + START_SECONDS
    while time.monotonic() < until and process.poll() is None:
        try:
            with socket.create_connection(("127.0.0.1", port), 1):
                return
        except OSError:
            time.sleep(0.1)
    raise RuntimeError("a server of the bench did not start")


def _settle(server: Server) -> None:
    """Wait until what a server does of its own accord after its start is done."""
    until = time.monotonic() + START_SECONDS
    while time.monotonic() < until:
        before = server.cpu_seconds()
        time.sleep(CALM_SECONDS)
        if server.cpu_seconds() - before < CALM_SECONDS / 20:
            return


def _free_port() -> int:
    with socket.create_server(("127.0.0.1", 0)) as probe:
        port: int = probe.getsockname()[1]
        return port


def ask(server: Server, calls: Sequence[Call], clients: int) -> Run:
    """Ask everything once, by so many clients at a time, each over one connection kept open."""
    parts = [calls[no::clients] for no in range(clients)]
    runs = [Run() for _part in parts]
    faults: list[BaseException] = []

    def work(part: Sequence[Call], run: Run) -> None:
        try:
            _ask_in_turn(server, part, run)
        except BaseException as fault:  # noqa: BLE001 - told by whoever waits
            faults.append(fault)

    threads = [threading.Thread(target=work, args=pair) for pair in zip(parts, runs, strict=True)]
    before, began = server.cpu_seconds(), time.perf_counter()
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    took, used = time.perf_counter() - began, server.cpu_seconds() - before
    if faults:
        raise faults[0]
    return Run(
        times=[one for run in runs for one in run.times],
        answers=[one for run in runs for one in run.answers],
        seconds=took,
        cpu=1000 * used / len(calls),
    )


def _ask_in_turn(server: Server, calls: Sequence[Call], run: Run) -> None:
    connection = http.client.HTTPConnection("127.0.0.1", server.port, timeout=60)
    for call in calls:
        body = None if call.body is None else json.dumps(call.body)
        method, headers = "GET" if body is None else "POST", server.headers(call)
        began = time.perf_counter()
        connection.request(method, call.path, body, headers)
        answer = connection.getresponse()
        text = answer.read()
        run.times.append(1000 * (time.perf_counter() - began))
        if answer.status != 200:
            raise RuntimeError(f"{call.path} was answered with {answer.status}: {text[:200]!r}")
        is_json = (answer.getheader("Content-Type") or "").startswith("application/json")
        run.answers.append((call, json.loads(text) if is_json else None))
    connection.close()
