"""Occasions that lie in the end of a term: so many days before it, or after it."""

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import date, timedelta
from typing import Any, cast

from sqlalchemy import Table, bindparam, select
from sqlalchemy.orm import Session

from clubcrm.accounts.queries import ClubRow
from clubcrm.members.models import Membership
from clubcrm.members.policies import length_of
from clubcrm.members.states import PlanKind
from clubcrm.retention.models import MemberState
from clubcrm.retention.policies import FAR, Term, rules_of
from clubcrm.retention.policies.plays import PlayRules
from clubcrm.retention.policies.terms import window
from clubcrm.retention.states import Phase
from clubcrm.retention.triggers import Occasion
from clubcrm.retention.triggers.followed import is_followed, was_followed

_state = cast(Table, MemberState.__table__)
_term = cast(Table, Membership.__table__)

_ENDING = (
    select(
        _state.c.person_id,
        _state.c.ends_on,
        _term.c.id,
        _term.c.plan_id,
        _term.c.kind,
        _term.c.months,
        _term.c.days,
        _term.c.starts_on,
        _term.c.agreed_until_on,
        _term.c.until_on,
        _state.c.is_imported,
        _state.c.baseline_on,
        _state.c.imported_on,
    )
    .join(_term, _term.c.person_id == _state.c.person_id)
    .where(
        _state.c.club_id == bindparam("club"),
        _state.c.phase == Phase.RENEWAL,
        _state.c.ends_on.between(bindparam("day"), bindparam("last")),
        _term.c.is_access,
        _term.c.is_trial.is_(False),
        _term.c.voided_at.is_(None),
        _term.c.starts_on <= bindparam("day"),
        _term.c.until_on > bindparam("day"),
    )
)

_ENDED = select(
    _state.c.person_id,
    _state.c.ends_on,
    _state.c.is_imported,
    _state.c.baseline_on,
    _state.c.imported_on,
).where(
    _state.c.club_id == bindparam("club"),
    _state.c.phase == Phase.LAPSED,
    _state.c.ends_on.between(bindparam("first"), bindparam("last")),
    is_followed(bindparam("occasion"), _state),
)

_OVER = (
    select(
        _state.c.person_id,
        _state.c.ends_on,
        _state.c.is_imported,
        _state.c.baseline_on,
        _state.c.imported_on,
        _state.c.since_on,
        _term.c.until_on,
    )
    .join(_term, _term.c.person_id == _state.c.person_id)
    .where(
        _state.c.club_id == bindparam("club"),
        _state.c.phase == Phase.GRACE,
        _state.c.ends_on.between(bindparam("first"), bindparam("last")),
        _term.c.is_access,
        _term.c.is_trial.is_(False),
        _term.c.voided_at.is_(None),
        _term.c.kind == PlanKind.TERM,
        _term.c.cancel_requested_at.is_(None),
        _term.c.cut_until_on.is_(None),
    )
    .order_by(_state.c.person_id)
)

YEAR = 300
YEAR_CALL = 21
"""Days before the end of a year's term at which the last word is spoken."""

SHORT = 75
"""Terms under so many days are renewed by messages only: nobody is rung up every month."""


@dataclass(frozen=True, slots=True)
class Ending:
    """The end of a term nothing continues: its last day, how many days before it the window opens, and
    how many before it half of that is over."""

    person_id: int
    ends_on: date
    window: int
    half: int
    is_short: bool
    row: Any


def endings(session: Session, club: ClubRow, day: date) -> list[Ending]:
    """The ends of terms whose renewal window is open on a day."""
    phase_rules = rules_of(club.settings)
    longest = max(YEAR_CALL, phase_rules.half_window, phase_rules.year_window)
    asked = {"club": club.id, "day": day, "last": day + timedelta(days=longest)}
    found = {}
    for row in session.connection().execute(_ENDING, asked):
        if row.until_on - timedelta(days=1) != row.ends_on or row.kind is not PlanKind.TERM:
            continue
        length = length_of(row.months, row.days, row.starts_on, row.agreed_until_on) or FAR
        term = Term(row.id, row.plan_id, row.kind, 0, 0, ((0, 0),), length)
        opens = window(term, phase_rules)
        half = -(-opens // 2)
        if length >= YEAR:
            half = min(half, YEAR_CALL)
        found[row.person_id] = Ending(row.person_id, row.ends_on, opens, half, length < SHORT, row)
    return list(found.values())


def before_end(session: Session, club: ClubRow, day: date, rules: PlayRules) -> list[Occasion]:
    """Whose renewal window is half over, and nothing is sold; and the steps that follow.

    Terms that end every month or two have no first step: nobody is rung up for each.
    """
    found = []
    for end in endings(session, club, day):
        for step, own, on in steps_before(end, rules):
            is_valid = on <= day < on + timedelta(days=max(1, own.valid_days))
            if is_valid and was_followed(end.row, on):
                found.append(Occasion(end.person_id, on, own.variant, step))
    for step, own in enumerate(rules.steps, 2):
        for days in own.after:
            found += _after_end(session, club, day, step, own, days)
    return found


def steps_before(end: Ending, rules: PlayRules) -> Iterator[tuple[int, PlayRules, date]]:
    """(step, its rules, its day) of what is said before an end."""
    if not end.is_short:
        yield 1, rules, end.ends_on - timedelta(days=end.half)
    for step, own in enumerate(rules.steps, 2):
        if own.before_days:
            days = min(own.before_days, -(-end.window // 2))
            yield step, own, end.ends_on - timedelta(days=days)


def _after_end(
    session: Session, club: ClubRow, day: date, step: int, own: PlayRules, days: int
) -> Iterator[Occasion]:
    """Whose term ended so many days ago, to whom nothing is sold, and who gave no notice."""
    last = day - timedelta(days=days)
    first = last - timedelta(days=max(0, own.valid_days - 1))
    for row in over(session, club, first, last):
        on = row.ends_on + timedelta(days=days)
        if was_followed(row, on):
            yield Occasion(row.person_id, on, own.variant, step)


def over(session: Session, club: ClubRow, first: date, last: date) -> list[Any]:
    """The terms of people in grace that ended of themselves, on days between two."""
    asked = {"club": club.id, "first": first, "last": last}
    rows = session.connection().execute(_OVER, asked)
    return [row for row in rows if row.until_on - timedelta(days=1) == row.ends_on]


def ended(session: Session, club: ClubRow, day: date, rules: PlayRules) -> list[Occasion]:
    """Whose membership ended so many days ago, and who has not come back."""
    found = []
    for days in rules.after:
        last = day - timedelta(days=days)
        asked = {
            "club": club.id,
            "first": last - timedelta(days=max(0, rules.valid_days - 1)),
            "last": last,
            "occasion": day,
        }
        for row in session.connection().execute(_ENDED, asked):
            on = row.ends_on + timedelta(days=days)
            if was_followed(row, on):
                found.append(Occasion(row.person_id, on, f"day{days}"))
    return found
