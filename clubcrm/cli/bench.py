"""How dear the pages are, against a floor that does only what nobody can do without."""

import click

from clubcrm.bench.run import ROUNDS, bench, table
from clubcrm.cli.frame import json_option, print_json, say

AREAS = ("search", "check-in", "card", "home", "daily", "import")


@click.command("bench")
@click.argument("area", type=click.Choice(AREAS), required=False)
@click.option("--members", type=click.IntRange(100, 1_000_000), default=100_000, show_default=True)
@click.option("--visits", type=click.IntRange(1000), default=5_000_000, show_default=True)
@click.option("--requests", type=click.IntRange(5), default=300, show_default=True, help="A round.")
@click.option("--rounds", type=click.IntRange(1, 50), default=ROUNDS, show_default=True)
@click.option("--database", metavar="URL", help="An empty database; SQLite of its own without it.")
@json_option
def bench_(
    area: str | None,
    members: int,
    visits: int,
    requests: int,
    rounds: int,
    database: str | None,
    as_json: bool,
) -> int:
    """Measure pages, the daily run and an import on a club made for it. No club that lives here is touched.

    Exit code 1 when a page costs more than it may, or answers wrong.
    """
    figures = bench(
        members=members,
        visits=visits,
        count=requests,
        only=area or "",
        database=database,
        rounds=rounds,
        tell=say,
    )
    holds = all(one.holds for one in figures)
    if as_json:
        areas = {one.name: one.as_json() for one in figures}
        print_json({"ok": holds, "members": members, "visits": visits, "areas": areas})
    else:
        for line in table(figures):
            click.echo(line)
    return 0 if holds else 1
