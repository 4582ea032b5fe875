"""`run.py` says what is wrong in a sentence, and sets up only when something changed."""

import importlib.util
import json
import os
import shutil
import subprocess
import sys
import threading
from pathlib import Path

import pytest

import run

RUN = Path(run.__file__)


@pytest.fixture
def venv(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """The files of an environment that was set up for the program alone, a moment ago."""
    folder = tmp_path / "venv"
    monkeypatch.setenv("CLUBCRM_VENV", str(folder))
    programs = folder / ("Scripts" if run.WINDOWS else "bin")
    programs.mkdir(parents=True)
    for name in ("python", "clubcrm"):
        run.program(name).write_text("")
    version = ".".join(str(number) for number in sys.version_info[:3])
    (folder / "pyvenv.cfg").write_text(f"home = /usr/bin\nversion = {version}\n")
    _stamp("runtime", run._hashes())
    return folder


def _stamp(kind: str, hashes: dict[str, str]) -> None:
    run._stamp_file().write_text(json.dumps({"kind": kind, "hashes": hashes}))


def test_an_old_python_gets_a_sentence() -> None:
    script = (
        "import runpy, sys\n"
        "sys.version_info = (3, 9, 2, 'final', 0)\n"
        f"runpy.run_path({str(RUN)!r}, run_name='__main__')\n"
    )
    done = subprocess.run(
        [sys.executable, "-c", script], capture_output=True, text=True, check=False
    )
    assert done.returncode == 1
    assert done.stderr.startswith("clubcrm needs Python 3.11 or newer; this is 3.9.")
    assert done.stdout == ""


@pytest.mark.usefixtures("venv")
def test_an_environment_is_current_until_its_lock_or_place_changes() -> None:
    assert run._is_environment_current("runtime")
    assert not run._is_environment_current("dev")
    _stamp("dev", run._hashes())
    assert run._is_environment_current("dev")
    assert run._is_environment_current("runtime")
    _stamp("dev", run._hashes() | {"dev": "older"})
    assert not run._is_environment_current("runtime")
    _stamp("runtime", run._hashes() | {"dev": "older"})
    assert run._is_environment_current("runtime")
    _stamp("runtime", run._hashes() | {"project": "elsewhere"})
    assert not run._is_environment_current("runtime")


def test_an_environment_of_another_python_is_not_used(venv: Path) -> None:
    (venv / "pyvenv.cfg").write_text("home = /usr/bin\nversion = 3.1.4\n")
    assert not run._is_environment_current("runtime")


def test_an_environment_without_the_program_is_not_used(venv: Path) -> None:
    assert venv.exists()
    run.program("clubcrm").unlink()
    assert not run._is_environment_current("runtime")


@pytest.mark.usefixtures("venv")
def test_a_broken_stamp_counts_as_none() -> None:
    run._stamp_file().write_text('{"kind": "dev", ')
    assert not run._is_environment_current("runtime")


def test_a_failing_step_shows_its_own_words() -> None:
    command: list[str | Path] = [
        sys.executable,
        "-c",
        "import sys; print('the disk is full'); sys.exit(3)",
    ]
    with pytest.raises(run.SetUpError, match=r"the disk is full\nset-up: copying failed"):
        run.do_step("copying", command)


def test_a_long_step_shows_that_it_lives(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str], tmp_path: Path
) -> None:
    monkeypatch.setattr(run, "HEARTBEAT_SECONDS", 0.01)
    told = threading.Event()
    end = tmp_path / "end"
    os.mkfifo(end)

    def say(line: str) -> None:
        print(line, file=sys.stderr)
        if line.endswith(" s)") and not told.is_set():
            told.set()
            end.write_text("enough")

    monkeypatch.setattr(run, "say", say)
    run.do_step("waiting", [sys.executable, "-c", f"open({str(end)!r}).read()"])
    captured = capsys.readouterr()
    assert "set-up: waiting (" in captured.err
    assert captured.out == ""


@pytest.mark.usefixtures("venv")
def test_a_second_set_up_waits_for_the_first(monkeypatch: pytest.MonkeyPatch) -> None:
    entered, order = threading.Event(), list[str]()
    waiting = threading.Event()
    monkeypatch.setattr(run, "say", lambda _line: waiting.set())

    def second() -> None:
        entered.wait()
        with run._one_at_a_time():
            order.append("second")

    thread = threading.Thread(target=second)
    thread.start()
    with run._one_at_a_time():
        entered.set()
        assert waiting.wait(30)
        order.append("first")
    thread.join(30)
    assert order == ["first", "second"]


def test_debian_without_venv_is_told_the_one_line(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(importlib.util, "find_spec", lambda _name: None)
    monkeypatch.setattr(shutil, "which", lambda _name: "/usr/bin/apt-get")
    monkeypatch.setattr(os, "geteuid", lambda: 1000)
    with pytest.raises(run.SetUpError, match=r"sudo apt-get install -y .* python3-venv"):
        run._ensure_venv_module()


def test_what_python_compiles_is_kept_where_the_caller_forbids_it_beside_sources(
    venv: Path,
) -> None:
    """Without, every start compiles all modules anew."""
    assert run._with_bytecode_kept({"HOME": "/"}) == {"HOME": "/"}
    kept = run._with_bytecode_kept({"PYTHONDONTWRITEBYTECODE": "1"})
    assert kept == {"PYTHONPYCACHEPREFIX": str(venv / "bytecode")}
    module = venv / "compiled_once.py"
    module.write_text("")
    subprocess.run(
        [sys.executable, "-c", "import compiled_once"],
        env={**os.environ, "PYTHONPATH": str(venv), "PYTHONDONTWRITEBYTECODE": "", **kept},
        check=True,
    )
    assert list((venv / "bytecode").rglob("compiled_once*.pyc"))
    assert not list(venv.glob("__pycache__"))
