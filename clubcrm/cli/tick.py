"""The daily run of a club's local day, for a timer of the operating system or by hand."""

from datetime import date, datetime
from typing import Any

import click
from flask.cli import with_appcontext

from clubcrm.accounts.queries import ClubRow, clubs, find_club
from clubcrm.billing.jobs import block_debtors, roll_over_ended_terms
from clubcrm.cli.frame import json_option, print_json, say
from clubcrm.core import clock
from clubcrm.core.jobs import drain
from clubcrm.core.transactions import reading
from clubcrm.reports.jobs import count_club, count_for_owner
from clubcrm.retention.errors import TooManyMoved
from clubcrm.retention.jobs import make_contacts, plan_day, run_day, run_missed_days


@click.command()
@click.option("--club", "code", help="Only the club with this code.")
@click.option(
    "--on",
    type=click.DateTime(["%Y-%m-%d"]),
    metavar="YYYY-MM-DD",
    help="Run this day alone, a past one too; without it every day that was missed, in order.",
)
@click.option(
    "--allow",
    is_flag=True,
    help="Also where a run would move more people at once than the club's rules say.",
)
@json_option
@with_appcontext
def tick(code: str | None, on: datetime | None, allow: bool, as_json: bool) -> int:
    """Do the daily run of each club's local day. Running it twice does nothing twice.

    Exit code 1 when the run of a club was stopped; the other clubs are run all the same.
    """
    with reading() as session:
        chosen = clubs(session) if code is None else [find_club(session, code)]
    # What happened until now is heard by everybody before the day is closed, and after.
    drain(clock.now)
    answers = [_run(club, on.date() if on else None, allow) for club in chosen]
    drain(clock.now)
    if as_json:
        print_json({"clubs": answers})
    return 1 if any("error" in answer for answer in answers) else 0


def _run(club: ClubRow, on: date | None, allow: bool) -> dict[str, Any]:
    """Run one club, and say what came of it."""
    day = on or club.today(clock.now())
    answer: dict[str, Any] = {"club": club.code, "on": day.isoformat()}
    try:
        if on is not None:
            looked = run_day(club.id, on, clock=clock.now, is_allowed=allow)
            answer |= {"days": 1, "looked_at": looked.looked_at, "changed": looked.changed}
        else:
            roll_over_ended_terms(club.id, clock.now)
            ran = run_missed_days(club.id, clock.now, is_allowed=allow)
            answer |= {"days": ran.days, "looked_at": ran.looked_at, "changed": ran.changed}
        block_debtors(club.id, clock.now)
        count_club(club.id, clock.now)
        count_for_owner(club, clock.now)
        planned = plan_day(club.id, day, clock.now)
        made = make_contacts(club.id, clock.now)
        answer["contacts"] = {
            "queued": planned.queued,
            "held_out": planned.held_out,
            "waiting": planned.waiting,
            "skipped": planned.skipped,
            "messages": made.messages,
            "tasks": made.tasks,
        }
    except TooManyMoved as refusal:
        say(f"{club.name}: {refusal.text()} (tick --club {club.code} --allow)")
        return answer | {"error": {"code": refusal.code, "message": refusal.text()}}
    say(
        f"{club.name}, {answer['on']}: {answer['looked_at']} people looked at, "
        f"{answer['changed']} changed."
    )
    return answer
