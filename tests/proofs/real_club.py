"""A real club's list becomes phases: imported once, unchanged twice, looked at, taken back.

`run.py prove real_club FILE.csv` takes the list of a Portuguese club (8,295 members; headings as in
docs/examples/members_pt.toml, which maps them) through the commands an owner would use, on SQLite
and on PostgreSQL, and prints the time of each step. At the end it sets the phases beside the file's
own label of who dropped out, which the import never reads. It falls short when a row is lost, the
second run stores anything, somebody has no phase, or the undo leaves what only the import made.
"""

import argparse
import csv
import json
import os
import subprocess
import sys
import tempfile
import time
from collections import Counter
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from sqlalchemy import create_engine, text

from tests.servers import postgresql_server

ROOT = Path(__file__).resolve().parents[2]
MAPPING = ROOT / "docs" / "examples" / "members_pt.toml"
AS_OF = "2017-10-31"
LABEL, KEY = "classe_desistencia", "Id"
PHASES = (
    "pending", "adaptation", "active", "renewal", "won_back", "at_risk", "sleeping",
    "frozen", "leaving", "grace", "lapsed", "lost",
)  # fmt: skip


def main(arguments: list[str]) -> int:
    """Run the way of the list on both databases; 1 when it falls short."""
    parser = argparse.ArgumentParser(prog="prove real_club", description=__doc__)
    parser.add_argument("file", type=Path)
    parser.add_argument("--db", choices=("sqlite", "postgresql", "both"), default="both")
    asked = parser.parse_args(arguments)
    wanted = ("sqlite", "postgresql") if asked.db == "both" else (asked.db,)
    good = True
    for kind in wanted:
        with _installation(kind) as club:
            good = _walk(club, asked.file.absolute()) and good
    print("held" if good else "FELL SHORT")
    return 0 if good else 1


class Club:
    """One installation, used by its commands."""

    def __init__(self, kind: str, environment: dict[str, str], url: str) -> None:
        self.kind, self.environment, self.url = kind, environment, url

    def run(self, *words: str) -> tuple[dict[str, Any], float]:
        """Run a command; its JSON answer and its seconds."""
        started = time.monotonic()
        done = subprocess.run(
            [sys.executable, "-m", "clubcrm", *words],
            env=self.environment,
            cwd=ROOT,
            stdout=subprocess.PIPE,
            text=True,
            check=False,
        )
        seconds = time.monotonic() - started
        if done.returncode not in (0, 1):
            raise RuntimeError(f"clubcrm {' '.join(words)} ended with {done.returncode}")
        return (json.loads(done.stdout) if "--json" in words else {}), seconds

    def rows(self, statement: str) -> list[Any]:
        """Look straight into the tables."""
        engine = create_engine(self.url)
        with engine.connect() as connection:
            found = list(connection.execute(text(statement)))
        engine.dispose()
        return found


@contextmanager
def _installation(kind: str) -> Iterator[Club]:
    with tempfile.TemporaryDirectory(prefix="clubcrm-real-club-") as folder:
        environment = {**os.environ, "CLUBCRM_DATA_DIR": folder}
        environment.pop("DATABASE_URL", None)
        if kind == "sqlite":
            yield Club(kind, environment, f"sqlite:///{folder}/clubcrm.sqlite3")
            return
        with postgresql_server() as url:
            environment["DATABASE_URL"] = url
            yield Club(kind, environment, url.replace("postgresql://", "postgresql+psycopg://", 1))


def _walk(club: Club, file: Path) -> bool:
    print(f"\n{club.kind}")
    club.run(
        "init", "--club", "real", "--name", "Real Club", "--timezone", "Europe/Lisbon",
        "--currency", "EUR", "--language", "en",
    )  # fmt: skip
    words = (
        "import",
        "memberships",
        str(file),
        "--as-of",
        AS_OF,
        "--mapping",
        str(MAPPING),
        "--json",
    )
    checks = []
    dry, seconds = club.run(*words, "--dry-run")
    print(f"  checked only    {seconds:6.1f} s  {dry}")
    first, seconds = club.run(*words)
    print(f"  imported        {seconds:6.1f} s  {first}")
    checks.append(("read = stored + unchanged + rejected", _adds_up(first)))
    second, seconds = club.run(*words)
    print(f"  imported again  {seconds:6.1f} s  {second}")
    checks.append(("the second run stores nothing", second["stored"] == 0 and _adds_up(second)))
    _answer, seconds = club.run("tick", "--on", AS_OF)
    print(f"  phases          {seconds:6.1f} s")
    _answer, seconds = club.run("tick", "--on", AS_OF)
    print(f"  phases again    {seconds:6.1f} s")
    phases = {
        row.external_id: row.phase
        for row in club.rows(
            "SELECT p.external_id, s.phase FROM person p LEFT JOIN member_state s ON s.person_id = p.id"
        )
    }
    stored = first["stored"] + first["unchanged"]
    checks.append(("everybody stored has a phase", len(phases) == stored and all(phases.values())))
    _print_table(phases, file)
    undone, seconds = club.run("import", "undo", str(first["batch"]), "--json")
    print(f"  taken back      {seconds:6.1f} s  {undone}")
    left = {
        table: club.rows(f"SELECT count(*) FROM {table}")[0][0]
        for table in (
            "person",
            "membership",
            "person_search",
            "member_state",
            "visit_opening_balance",
        )
    }
    checks.append((f"nothing of the import is left: {left}", not any(left.values())))
    for words_of_check, holds in checks:
        print(f"  {'ok  ' if holds else 'FAIL'} {words_of_check}")
    return all(holds for _words, holds in checks)


def _adds_up(counts: dict[str, Any]) -> bool:
    return counts["read"] == counts["stored"] + counts["unchanged"] + counts["rejected"] > 0


def _print_table(phases: dict[str, str], file: Path) -> None:
    with file.open(encoding="utf-8-sig", newline="") as lines:
        labels = {row[KEY]: row[LABEL] for row in csv.DictReader(lines)}
    counted = Counter((phases.get(key), label) for key, label in labels.items())
    print(f"  {'phase':12} {'stayed':>7} {'dropped out':>12} {'share':>7}")
    for phase in (*PHASES, None):
        stayed, dropped = counted[phase, "0"], counted[phase, "1"]
        if stayed or dropped:
            share = dropped / (stayed + dropped)
            print(f"  {phase or 'no phase':12} {stayed:7} {dropped:12} {share:7.0%}")


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
