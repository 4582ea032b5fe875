"""Real servers for the tests: a throw-away PostgreSQL, a throw-away Redis, and a browser.

Each is started from the operating system's own programs in a temporary folder that nobody else
sees, and goes away with the `with` block. A program that is missing is an error with the words to
mend it, never a silent skip: a suite that quietly left a database out would prove nothing.
"""

import contextlib
import os
import re
import shutil
import signal
import socket
import subprocess
import sys
import tempfile
import threading
import time
from collections import deque
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import IO, Any
from urllib.parse import quote

# A contributor may point the tests at servers of his own. They are emptied without asking.
POSTGRESQL_URL_SETTING = "TEST_POSTGRESQL_URL"
REDIS_URL_SETTING = "TEST_REDIS_URL"
CHROMIUM_SETTING = "TEST_CHROMIUM"

START_SECONDS = 60
STOP_SECONDS = 20
RESTART_SECONDS = 120

CHROMIUM_NAMES = ("chromium", "chromium-browser", "google-chrome", "google-chrome-stable", "chrome")
CHROMIUM_PLACES = (
    "/Applications/Google Chrome.app/Contents/MacOS/Google Chrome",
    "/Applications/Chromium.app/Contents/MacOS/Chromium",
)
POSTGRESQL_PLACES = (
    "/usr/lib/postgresql/*/bin",  # Debian and Ubuntu
    "/usr/pgsql-*/bin",  # Fedora and its kin
    "/opt/homebrew/opt/postgresql@*/bin",
    "/usr/local/opt/postgresql@*/bin",
)


class ServerMissingError(Exception):
    """A program the tests need is not on this machine; the words say how to get it."""


class ServerStartError(Exception):
    """A server did not come up; the words hold the last lines it said."""


# --- PostgreSQL -----------------------------------------------------------------------------


def postgresql_programs() -> Path:
    """The folder of the newest PostgreSQL's programs (`initdb`, `postgres`)."""
    found = [
        folder
        for pattern in POSTGRESQL_PLACES
        for folder in Path("/").glob(pattern.lstrip("/"))
        if (folder / "initdb").exists()
    ]
    if found:
        return max(found, key=_version_in_path)
    on_path = shutil.which("initdb")
    if on_path:
        return Path(on_path).resolve().parent
    raise ServerMissingError(
        "PostgreSQL is not installed. On Debian or Ubuntu: apt-get install postgresql. "
        f"Or point {POSTGRESQL_URL_SETTING} at a server the tests may empty."
    )


@contextlib.contextmanager
def postgresql_server() -> Iterator[str]:
    """A PostgreSQL of its own; yields the SQLAlchemy URL of its database `postgres`.

    The user of the URL may create and drop databases. It listens on a Unix socket in a private
    folder only, and forgets everything at the end: nothing is flushed to disk for safety. Names
    sort as in a dictionary (ICU, where the version knows it) as on most clubs' servers, so that
    nobody comes to rely on the order of bytes.
    """
    given = os.environ.get(POSTGRESQL_URL_SETTING)
    if given:
        yield given
        return
    programs = postgresql_programs()
    owner = _unprivileged_owner()
    with _private_folder("clubcrm-pg-", owner) as folder:
        _initialise_cluster(programs, folder / "data", owner)
        command = [
            str(programs / "postgres"),
            *("-D", str(folder / "data"), "-k", str(folder), "-c", "listen_addresses="),
            *("-c", "fsync=off", "-c", "synchronous_commit=off", "-c", "full_page_writes=off"),
            *("-c", "shared_buffers=64MB", "-c", "max_connections=100"),
            *("-c", "logging_collector=off", "-c", "log_destination=stderr", "-c", "timezone=UTC"),
        ]
        ready = "database system is ready to accept connections"
        with _running(command, ready, folder, owner, stop_signal=signal.SIGINT):
            yield f"postgresql+psycopg://postgres@/postgres?host={quote(str(folder), safe='')}"


class Cluster:
    """A PostgreSQL of its own, that can be killed and started again."""

    def __init__(self, folder: Path, owner: "_Owner | None") -> None:
        self._folder, self._owner = folder, owner
        self._programs = postgresql_programs()
        _initialise_cluster(self._programs, folder / "data", owner)
        self.url = f"postgresql+psycopg://postgres@/postgres?host={folder}"
        self._running = contextlib.ExitStack()

    def start(self) -> None:
        """Start it, and wait until it takes connections."""
        command = [
            *(str(self._programs / "postgres"), "-D", str(self._folder / "data")),
            *("-k", str(self._folder), "-c", "listen_addresses=", "-c", "log_destination=stderr"),
            *("-c", "logging_collector=off", "-c", "shared_buffers=32MB"),
        ]
        ready = "database system is ready to accept connections"
        self._running.enter_context(
            _running(command, ready, self._folder, self._owner, signal.SIGINT)
        )

    def start_again(self) -> None:
        """Start after a kill: the dead one's children may still hold the memory for a moment."""
        until = time.monotonic() + RESTART_SECONDS
        while True:
            try:
                return self.start()
            except ServerStartError:
                if time.monotonic() > until:
                    raise
                time.sleep(0.2)

    def kill(self) -> None:
        """Kill it in the middle of whatever it does."""
        pid = (self._folder / "data" / "postmaster.pid").read_text(encoding="ascii").split()[0]
        os.kill(int(pid), signal.SIGKILL)
        self._running.close()

    def stop(self) -> None:
        """Stop it in good order."""
        self._running.close()


@contextlib.contextmanager
def mortal_postgresql() -> Iterator[Cluster]:
    """Run a PostgreSQL that whoever asked for it may kill and start again."""
    owner = _unprivileged_owner()
    with _private_folder("clubcrm-pg-", owner) as folder:
        one = Cluster(folder, owner)
        one.start()
        yield one
        one.stop()


def _initialise_cluster(programs: Path, data: Path, owner: "_Owner | None") -> None:
    command = [
        *(str(programs / "initdb"), "-D", str(data), "-U", "postgres", "-A", "trust"),
        *("-E", "UTF8", "--no-sync", "--no-instructions"),
        f"--locale={'C.UTF-8' if sys.platform == 'linux' else 'C'}",
    ]
    version = subprocess.run(
        [str(programs / "initdb"), "--version"], capture_output=True, text=True, check=True
    ).stdout
    number = re.search(r"\d+", version)
    if number and int(number.group()) >= 15:
        command += ["--locale-provider=icu", "--icu-locale=en-US"]
    done = subprocess.run(
        command,
        capture_output=True,
        text=True,
        cwd=data.parent,
        env=_plain_environment(),
        check=False,
        **_as_owner(owner),
    )
    if done.returncode:
        raise ServerStartError(f"initdb failed:\n{done.stdout}{done.stderr}")


def _version_in_path(folder: Path) -> tuple[int, ...]:
    return tuple(int(number) for number in re.findall(r"\d+", str(folder)))


# --- Redis ----------------------------------------------------------------------------------


def redis_program() -> str:
    """The program of the installed Redis (or Valkey)."""
    found = shutil.which("redis-server") or shutil.which("valkey-server")
    if found is None:
        raise ServerMissingError(
            "Redis is not installed. On Debian or Ubuntu: apt-get install redis-server. "
            f"Or point {REDIS_URL_SETTING} at a server the tests may empty."
        )
    return found


@contextlib.contextmanager
def redis_server() -> Iterator[str]:
    """A Redis of its own on a free loopback port; yields its URL. Nothing is kept on disk."""
    given = os.environ.get(REDIS_URL_SETTING)
    if given:
        yield given
        return
    program = redis_program()
    with _private_folder("clubcrm-redis-", None) as folder, contextlib.ExitStack() as stack:
        for attempts_left in (4, 3, 2, 1, 0):
            port = free_port()
            command = [
                *(program, "--port", str(port), "--bind", "127.0.0.1", "--dir", str(folder)),
                *("--save", "", "--appendonly", "no", "--daemonize", "no"),
            ]
            try:
                stack.enter_context(
                    _running(command, "eady to accept connections", folder, None, signal.SIGTERM)
                )
            except ServerStartError:
                if not attempts_left:  # somebody else may take a free port before Redis does
                    raise
            else:
                yield f"redis://127.0.0.1:{port}/0"
                return


def free_port() -> int:
    """A loopback port nobody listens on at this moment."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port: int = probe.getsockname()[1]
        return port


# --- the browser ----------------------------------------------------------------------------


def chromium_path() -> str:
    """The program of the installed Chromium (or Chrome); nothing is downloaded."""
    given = os.environ.get(CHROMIUM_SETTING)
    if given:
        return given
    for name in CHROMIUM_NAMES:
        found = shutil.which(name)
        if found:
            return found
    for place in CHROMIUM_PLACES:
        if Path(place).exists():
            return place
    raise ServerMissingError(
        "Chromium is not installed. On Debian or Ubuntu: apt-get install chromium. "
        f"Or name a Chromium or Chrome program in {CHROMIUM_SETTING}."
    )


def chromium_launch_options() -> dict[str, Any]:
    """What Playwright's `launch` needs to start that program on this machine."""
    arguments = ["--disable-dev-shm-usage"]
    if _is_root():
        arguments.append("--no-sandbox")  # Chromium refuses its sandbox to root
    return {"executable_path": chromium_path(), "args": arguments}


# --- processes ------------------------------------------------------------------------------


@dataclass(frozen=True)
class _Owner:
    """The account a server runs under where the tests themselves run as root."""

    uid: int
    gid: int


def _is_root() -> bool:
    return hasattr(os, "geteuid") and os.geteuid() == 0


def _unprivileged_owner() -> _Owner | None:
    # PostgreSQL refuses to run as root.
    if not _is_root():
        return None
    import pwd  # noqa: PLC0415 - does not exist on Windows

    for name in ("postgres", "nobody"):
        with contextlib.suppress(KeyError):
            account = pwd.getpwnam(name)
            return _Owner(account.pw_uid, account.pw_gid)
    raise ServerMissingError("There is no account to run PostgreSQL under: add a user `postgres`.")


def _as_owner(owner: _Owner | None) -> dict[str, Any]:
    return {} if owner is None else {"user": owner.uid, "group": owner.gid, "extra_groups": []}


@contextlib.contextmanager
def _private_folder(prefix: str, owner: _Owner | None) -> Iterator[Path]:
    # Straight under /tmp where there is one: a socket's path may not exceed some 100 characters,
    # and TMPDIR may lie in a folder that the other account cannot enter.
    base = "/tmp" if Path("/tmp").is_dir() else None
    with tempfile.TemporaryDirectory(prefix=prefix, dir=base, ignore_cleanup_errors=True) as name:
        if owner is not None:
            os.chown(name, owner.uid, owner.gid)
        yield Path(name)


@contextlib.contextmanager
def _running(
    command: list[str],
    ready: str,
    folder: Path,
    owner: _Owner | None,
    stop_signal: signal.Signals,
) -> Iterator[None]:
    """Run a server until the block ends; enters once it has said the `ready` words."""
    setpriv = shutil.which("setpriv")
    if setpriv and sys.platform == "linux":
        # Goes down with the tests even when those are killed and cannot stop it.
        command = [setpriv, "--pdeathsig", stop_signal.name.removeprefix("SIG"), *command]
    process = subprocess.Popen(
        command,
        cwd=folder,
        env=_plain_environment(),
        stdin=subprocess.DEVNULL,
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
        errors="replace",
        start_new_session=True,  # Ctrl-C goes to the tests, which then stop it in good order
        **_as_owner(owner),
    )
    said = _Listener(ready)
    assert process.stdout is not None
    thread = threading.Thread(target=said.listen, args=(process.stdout,), daemon=True)
    thread.start()
    try:
        if not said.answered.wait(START_SECONDS) or not said.is_ready:
            raise ServerStartError(f"{command} did not start:\n{''.join(said.last_lines)}")
        yield
    finally:
        process.send_signal(stop_signal)
        try:
            process.wait(STOP_SECONDS)
        except subprocess.TimeoutExpired:
            process.kill()
            process.wait()
        thread.join(STOP_SECONDS)
        process.stdout.close()


@dataclass
class _Listener:
    """Reads what a server says, so that its pipe never fills, and notices when it is ready."""

    ready: str
    is_ready: bool = False
    answered: threading.Event = field(default_factory=threading.Event)
    last_lines: deque[str] = field(default_factory=lambda: deque(maxlen=40))

    def listen(self, stream: IO[str]) -> None:
        for line in stream:
            self.last_lines.append(line)
            if self.ready in line:
                self.is_ready = True
                self.answered.set()
        self.answered.set()  # it ended without being ready


def _plain_environment() -> dict[str, str]:
    # Without the caller's PG* settings, and in English, since the ready line is compared.
    kept = {name: value for name, value in os.environ.items() if not name.startswith("PG")}
    return kept | {"LC_ALL": "C", "LANG": "C"}
