"""Is everything as it must be? Every invariant, asked and answered."""

from typing import Any

import click
from flask.cli import with_appcontext

from clubcrm.cli.frame import json_option, print_json
from clubcrm.core import clock
from clubcrm.doctor import Finding, examine

SHOWN = 20
"""Rows shown of one invariant on a terminal; `--json` tells of all."""


@click.command()
@json_option
@click.option("--club", "code", help="Only this club.")
@with_appcontext
def doctor(as_json: bool, code: str | None) -> int:
    """Check every invariant of the data, read-only.

    Exit code 1 with the rows that break one.
    """
    findings = examine(code, now=clock.now(), tell=(lambda _f: None) if as_json else _print)
    is_well = all(finding.holds for finding in findings)
    if as_json:
        print_json({"ok": is_well, "invariants": [_plain(finding) for finding in findings]})
    else:
        broken = sum(not finding.holds for finding in findings)
        click.echo(
            f"All {len(findings)} invariants hold."
            if is_well
            else f"{broken} of {len(findings)} invariants are broken."
        )
    return 0 if is_well else 1


def _print(finding: Finding) -> None:
    if finding.holds:
        click.echo(f"ok      {finding.code}: {finding.words}")
        return
    click.echo(f"BROKEN  {finding.code}: {finding.words}")
    for row in finding.rows[:SHOWN]:
        click.echo(f"          {row}")
    if finding.has_more or len(finding.rows) > SHOWN:
        count = f"more than {len(finding.rows)}" if finding.has_more else len(finding.rows)
        click.echo(f"          ... {count} rows in all")


def _plain(finding: Finding) -> dict[str, Any]:
    return {
        "code": finding.code,
        "words": finding.words,
        "ok": finding.holds,
        "rows": list(finding.rows),
    }
