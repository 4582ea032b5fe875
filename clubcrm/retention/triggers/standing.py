"""The backlog: who is now in a state that deserves a contact, and came into it before contacts were made.

Asked while a club is in ramp mode. Each trigger has its counterpart here, which needs no day of its own:
the day of the occasion is the last one that belongs to the past (`line_of`), and stays the same for as
long as somebody waits.
"""

from collections.abc import Collection, Iterator
from datetime import date, timedelta
from typing import Any, cast

from sqlalchemy import Table, bindparam, or_, select
from sqlalchemy.orm import Session

from clubcrm.accounts.queries import ClubRow
from clubcrm.retention.models import MemberState
from clubcrm.retention.policies import rules_of
from clubcrm.retention.policies.plays import PlayRules
from clubcrm.retention.policies.ramp import line_of
from clubcrm.retention.states import Phase, Risk, Sub
from clubcrm.retention.triggers import Occasion
from clubcrm.retention.triggers.ends import endings, over, steps_before

A_MONTH = timedelta(days=31)

_state = cast(Table, MemberState.__table__)

_STANDING = (
    select(
        _state.c.person_id,
        _state.c.is_imported,
        _state.c.imported_on,
        _state.c.baseline_on,
        _state.c.since_on,
        _state.c.spell_from_on,
        _state.c.ends_on,
        _state.c.last_visit_on,
        _state.c.sub,
        _state.c.risk,
    )
    .where(
        _state.c.club_id == bindparam("club"),
        _state.c.phase.in_(bindparam("phases", expanding=True)),
        or_(_state.c.is_imported, _state.c.since_on < bindparam("from_on")),
    )
    .order_by(_state.c.person_id)
)


def _standing(
    session: Session, club: ClubRow, phases: Collection[Phase], from_on: date
) -> Iterator[tuple[Any, date]]:
    """(row, the last day that is the past for this person) of those in some phases."""
    asked = {"club": club.id, "phases": list(phases), "from_on": from_on}
    for row in session.connection().execute(_STANDING, asked):
        yield row, line_of(row, from_on)


def idle_since(
    session: Session, club: ClubRow, _day: date, rules: PlayRules, from_on: date
) -> list[Occasion]:
    """Whoever had joined long enough before, and has still not been here."""
    least = timedelta(days=min(rules.after, default=0))
    return [
        Occasion(row.person_id, line)
        for row, line in _standing(session, club, [Phase.ADAPTATION], from_on)
        if row.sub is Sub.NOT_STARTED and row.spell_from_on + least <= line
    ]


def slow_since(
    session: Session, club: ClubRow, _day: date, rules: PlayRules, from_on: date
) -> list[Occasion]:
    """Whoever is past the first weeks and hardly comes; who came often needs no late word about it."""
    least = timedelta(days=min(rules.after, default=0))
    return [
        Occasion(row.person_id, line, "low")
        for row, line in _standing(session, club, [Phase.ADAPTATION], from_on)
        if row.sub is not Sub.NOT_STARTED
        and row.risk is Risk.HIGH
        and row.spell_from_on + least <= line
    ]


def slipped_before(
    session: Session, club: ClubRow, _day: date, _rules: PlayRules, from_on: date
) -> list[Occasion]:
    """Whoever had missed the own rhythm by then, and is still away."""
    return [
        Occasion(row.person_id, line)
        for row, line in _standing(session, club, [Phase.AT_RISK], from_on)
        if row.since_on <= line
    ]


def asleep_before(
    session: Session, club: ClubRow, _day: date, _rules: PlayRules, from_on: date
) -> list[Occasion]:
    """Whoever sleeps, and had been away for long by then: a message is not enough any more."""
    least = rules_of(club.settings).gap_least
    found = []
    for row, line in _standing(session, club, [Phase.SLEEPING], from_on):
        last = row.last_visit_on or row.spell_from_on
        if row.since_on <= line or (last is not None and (line - last).days >= least):
            found.append(Occasion(row.person_id, line))
    return found


def in_window(
    session: Session, club: ClubRow, day: date, _rules: PlayRules, from_on: date
) -> list[Occasion]:
    """Whose renewal window had opened by then, and is not half over yet."""
    opened = {
        row.person_id: line
        for row, line in _standing(session, club, [Phase.RENEWAL], from_on)
        if row.risk is not Risk.HIGH
    }
    found = []
    for end in endings(session, club, day):
        line = opened.get(end.person_id)
        opens_on = end.ends_on - timedelta(days=end.window)
        half_on = end.ends_on - timedelta(days=end.half)
        if line is not None and opens_on <= line and day < half_on:
            found.append(Occasion(end.person_id, line))
    return found


def near_end(
    session: Session, club: ClubRow, day: date, rules: PlayRules, from_on: date
) -> list[Occasion]:
    """Whose renewal window was half over by then, or whose term had ended, and nothing is sold.

    The latest step alone: what came before it is not said the same day too.
    """
    lines = {
        row.person_id: line
        for row, line in _standing(session, club, [Phase.RENEWAL, Phase.GRACE], from_on)
    }
    found = {}
    for end in endings(session, club, day):
        line = lines.get(end.person_id)
        for step, own, on in steps_before(end, rules):
            if line is not None and on <= line:
                found[end.person_id] = Occasion(end.person_id, line, own.variant, step)
    for step, own in enumerate(rules.steps, 2):
        for days in own.after:
            for row in over(session, club, day - A_MONTH, day):
                line = lines.get(row.person_id)
                if line is not None and row.ends_on + timedelta(days=days) <= line:
                    found[row.person_id] = Occasion(row.person_id, line, own.variant, step)
    return list(found.values())


def lapsed_before(
    session: Session, club: ClubRow, _day: date, rules: PlayRules, from_on: date
) -> list[Occasion]:
    """Whose membership had ended lately by then, and who has not come back."""
    found = []
    for row, line in _standing(session, club, [Phase.LAPSED], from_on):
        ago = (line - row.ends_on).days
        passed = [days for days in rules.after if days <= ago]
        if passed and ago <= max(rules.after) + rules.valid_days:
            found.append(Occasion(row.person_id, line, f"day{max(passed)}"))
    return found
