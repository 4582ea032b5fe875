#!/usr/bin/env python3
"""clubcrm: one command for everything. Needs Python 3.11 or newer and nothing else.

    python3 run.py                    set up, make a demo club where there is no club yet, serve
    python3 run.py COMMAND ...        set up, then the command of `clubcrm` (try: run.py --help)
    python3 run.py test               every check: linters, types, imports, tests, browser
    python3 run.py test PYTEST-ARGS   only pytest, with these arguments
    python3 run.py prove [NAME ...]   list the long proofs, or run one

The environment goes to `.venv` beside this file, or where CLUBCRM_VENV says, and is renewed
when the locked dependencies change. All set-up talk goes to the error stream.
"""

import sys

if sys.version_info < (3, 11):  # noqa: UP036 - an older Python gets a sentence, not a traceback
    sys.exit(
        "clubcrm needs Python 3.11 or newer; this is {}.{}. Start run.py with a newer one, "
        "for example: python3.12 run.py".format(*sys.version_info[:2])
    )

import contextlib
import hashlib
import importlib.util
import json
import os
import shutil
import subprocess
import tempfile
import threading
import time
import tomllib
from collections.abc import Iterator
from pathlib import Path
from typing import NoReturn

from frontend.build import is_current

ROOT = Path(__file__).resolve().parent
WINDOWS = os.name == "nt"
LOCKS = {"runtime": "requirements.lock", "dev": "requirements-dev.lock"}
HEARTBEAT_SECONDS = 5


class SetUpError(Exception):
    """The environment could not be made; the words say what to do."""


def say(line: str) -> None:
    """Tell the person waiting; standard output belongs to the command that is run."""
    print(line, file=sys.stderr, flush=True)


# --- the environment ------------------------------------------------------------------------


def venv_folder() -> Path:
    """Where the environment stands or will stand."""
    return Path(os.environ.get("CLUBCRM_VENV") or ROOT / ".venv").absolute()


def program(name: str) -> Path:
    """A program inside the environment."""
    folder = venv_folder() / ("Scripts" if WINDOWS else "bin")
    return folder / (f"{name}.exe" if WINDOWS else name)


def ensure_environment(kind: str) -> None:
    """Make or renew the environment for `kind` (runtime or dev) unless it is up to date."""
    if _is_environment_current(kind) and is_current(ROOT):
        return
    with _one_at_a_time():
        if not _is_environment_current(kind):
            _make_environment(kind)
        if not is_current(ROOT):
            _build_front_end()


def _make_environment(kind: str) -> None:
    started = time.monotonic()
    stamp = _read_stamp()
    if stamp.get("kind") == "dev":
        kind = "dev"  # what the checks need stays when only the program is started again
    uv = shutil.which("uv")
    if not _is_venv_usable():
        shutil.rmtree(venv_folder(), ignore_errors=True)
        if uv:
            do_step(
                "making the environment", [uv, "venv", "-q", "-p", sys.executable, venv_folder()]
            )
        else:
            _ensure_venv_module()
            do_step("making the environment", [sys.executable, "-m", "venv", venv_folder()])
    lock = ROOT / LOCKS[kind]
    python = program("python")
    installer: list[str | Path]
    if uv:
        installer = [uv, "pip", "install", "-q", "-p", python]
    else:
        # Without compiling every module ahead: that would be a third of the time, for modules
        # most of which are never imported.
        installer = [python, "-m", "pip", "install", "-q", "--no-compile"]
    count = sum(1 for line in lock.read_text().splitlines() if line[:1].isalnum())
    do_step(
        f"installing {count} locked packages",
        [*installer, "--no-deps", "--require-hashes", "-r", lock],
    )
    _build_front_end()
    do_step(
        "installing clubcrm itself",
        [*installer, "--no-deps", "--no-build-isolation", "-e", ROOT],
    )
    _stamp_file().write_text(json.dumps({"kind": kind, "hashes": _hashes()}, indent=1) + "\n")
    say(f"set-up: ready after {time.monotonic() - started:.0f} s")


def _build_front_end() -> None:
    do_step("building the browser's files", [program("python"), ROOT / "frontend/build.py"])


def _is_environment_current(kind: str) -> bool:
    stamp = _read_stamp()
    if stamp.get("kind") not in {kind, "dev"} or not program("clubcrm").exists():
        return False
    hashes = stamp.get("hashes")
    wanted = _hashes()
    kept = str(stamp["kind"])
    return (
        isinstance(hashes, dict)
        and hashes.get(kept) == wanted[kept]
        and hashes.get("project") == wanted["project"]
        and _is_venv_usable()
    )


def _hashes() -> dict[str, str]:
    # Only the parts of pyproject.toml that shape the installation, and the place, since the
    # programs of an environment name it: a moved folder needs a new one.
    project = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))
    shape = [project["build-system"], project["project"], project["tool"]["hatch"], str(ROOT)]
    hashes = {kind: _hash_of((ROOT / lock).read_bytes()) for kind, lock in LOCKS.items()}
    return hashes | {"project": _hash_of(json.dumps(shape, sort_keys=True).encode())}


def _hash_of(content: bytes) -> str:
    return hashlib.sha256(content).hexdigest()


def _stamp_file() -> Path:
    return venv_folder() / "clubcrm-stamp.json"


def _read_stamp() -> dict[str, object]:
    try:
        stamp = json.loads(_stamp_file().read_text(encoding="utf-8"))
    except (OSError, ValueError):
        return {}
    return stamp if isinstance(stamp, dict) else {}


def _is_venv_usable() -> bool:
    # Its Python may have been removed or renewed under it.
    settings = venv_folder() / "pyvenv.cfg"
    if not settings.exists() or not program("python").exists():
        return False
    lines = (line.partition("=") for line in settings.read_text(encoding="utf-8").splitlines())
    said = {name.strip(): value.strip() for name, _, value in lines}
    version = said.get("version") or said.get("version_info") or ""
    return version.split(".")[:2] == [str(number) for number in sys.version_info[:2]]


def _ensure_venv_module() -> None:
    """Debian ships Python without the module that makes environments; get it or say how."""
    if importlib.util.find_spec("ensurepip") and importlib.util.find_spec("venv"):
        return
    command = "apt-get install -y --no-install-recommends python3-venv"
    apt = shutil.which("apt-get")
    if apt is None:
        raise SetUpError(
            "This Python cannot make environments: its modules venv and ensurepip are missing. "
            "Install them from where your Python comes from, or install uv."
        )
    if os.geteuid() != 0:
        raise SetUpError(f"Python's venv module is missing. Get it with: sudo {command}")
    do_step("asking Debian for its package lists", [apt, "update", "-q"])
    environment = {**os.environ, "DEBIAN_FRONTEND": "noninteractive"}
    do_step("installing python3-venv", [apt, *command.split()[1:]], environment)


# --- running things -------------------------------------------------------------------------


def do_step(
    what: str, command: list[str | Path], environment: dict[str, str] | None = None
) -> None:
    """Run one step of the set-up, with a sign of life; its own words are shown if it fails."""
    say(f"set-up: {what}")
    started = time.monotonic()
    over = threading.Event()
    environment = {**(environment or os.environ), "PIP_DISABLE_PIP_VERSION_CHECK": "1"}

    def sign_of_life() -> None:
        while not over.wait(HEARTBEAT_SECONDS):
            say(f"set-up: {what} ({time.monotonic() - started:.0f} s)")

    watcher = threading.Thread(target=sign_of_life, daemon=True)
    with tempfile.TemporaryFile() as log:
        watcher.start()
        try:
            code = subprocess.call(
                [str(part) for part in command],
                stdin=subprocess.DEVNULL,
                stdout=log,
                stderr=subprocess.STDOUT,
                cwd=ROOT,
                env=environment,
            )
        finally:
            over.set()
            watcher.join()
        if code:
            log.seek(0)
            lines = log.read().decode(errors="replace").splitlines()
            told = [line for line in lines if not line.startswith("WARNING: Location")]
            raise SetUpError("\n".join([*told[-40:], f"set-up: {what} failed"]))


@contextlib.contextmanager
def _one_at_a_time() -> Iterator[None]:
    """Let one run.py set up at a time; a second waits and then finds it done."""
    folder = venv_folder().parent
    folder.mkdir(parents=True, exist_ok=True)
    with (folder / f"{venv_folder().name}.lock").open("a+b") as file:
        if not _try_lock(file.fileno()):
            say("set-up: waiting for another run.py that is setting up")
            while not _try_lock(file.fileno()):
                time.sleep(0.2)
        yield


def _try_lock(descriptor: int) -> bool:
    try:
        if sys.platform == "win32":
            import msvcrt  # noqa: PLC0415 - exists on Windows only

            os.lseek(descriptor, 0, os.SEEK_SET)
            msvcrt.locking(descriptor, msvcrt.LK_NBLCK, 1)
        else:
            import fcntl  # noqa: PLC0415 - and this one everywhere else

            fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except OSError:
        return False
    return True


def _with_bytecode_kept(environment: dict[str, str]) -> dict[str, str]:
    """Keep what Python compiles inside the environment, also where the caller forbids it beside sources.

    Else every start would compile some two thousand modules anew, which takes longer than the start.
    """
    if environment.pop("PYTHONDONTWRITEBYTECODE", None):
        environment["PYTHONPYCACHEPREFIX"] = str(venv_folder() / "bytecode")
    return environment


def _become(name: str, arguments: list[str], environment: dict[str, str]) -> NoReturn:
    """Hand over to a program of the environment, in the caller's folder, with its exit code."""
    command = [str(program(name)), *arguments]
    sys.stdout.flush()
    sys.stderr.flush()
    if not WINDOWS:
        os.execve(command[0], command, environment)
    try:
        sys.exit(subprocess.call(command, env=environment))
    except KeyboardInterrupt:
        sys.exit(130)


def main(arguments: list[str]) -> NoReturn:
    """Set up what the arguments need, then hand over."""
    command = arguments[0] if arguments else ""
    checking = command in {"test", "prove"}
    ensure_environment("dev" if checking else "runtime")
    environment = _with_bytecode_kept(dict(os.environ))
    if checking:
        # The checks import `tests`, which is not installed.
        paths = [str(ROOT), environment.get("PYTHONPATH", "")]
        environment["PYTHONPATH"] = os.pathsep.join(path for path in paths if path)
        module = {"test": "tests.checks", "prove": "tests.proofs"}[command]
        _become("python", ["-m", module, *arguments[1:]], environment)
    # Nothing said means: show me. `--if-empty` makes the demo club only where no club lives yet.
    _become("clubcrm", arguments or ["demo", "--if-empty"], environment)


if __name__ == "__main__":
    try:
        main(sys.argv[1:])
    except SetUpError as refusal:
        say(str(refusal))
        sys.exit(1)
    except KeyboardInterrupt:
        sys.exit(130)
