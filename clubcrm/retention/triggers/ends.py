"""Occasions that lie in the end of a term: so many days before it, or after it."""

from datetime import date, timedelta
from typing import cast

from sqlalchemy import Table, and_, bindparam, or_, select
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

_state = cast(Table, MemberState.__table__)
_term = cast(Table, Membership.__table__)

_is_followed = or_(
    _state.c.is_imported.is_(False),
    and_(_state.c.is_imported, _state.c.baseline_on < bindparam("occasion")),
)

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

_ENDED = select(_state.c.person_id, _state.c.ends_on).where(
    _state.c.club_id == bindparam("club"),
    _state.c.phase == Phase.LAPSED,
    _state.c.ends_on.between(bindparam("first"), bindparam("last")),
    _is_followed,
)

YEAR = 300
YEAR_CALL = 21
"""Days before the end of a year's term at which the last word is spoken."""

SHORT = 75
"""Terms under so many days are renewed by messages only: nobody is rung up every month."""


def before_end(session: Session, club: ClubRow, day: date, rules: PlayRules) -> list[Occasion]:
    """Whose renewal window is half over, and nothing is sold."""
    phase_rules = rules_of(club.settings)
    longest = max(YEAR_CALL, phase_rules.half_window, phase_rules.year_window)
    asked = {"club": club.id, "day": day, "last": day + timedelta(days=longest)}
    found = {}
    for row in session.connection().execute(_ENDING, asked):
        if row.until_on - timedelta(days=1) != row.ends_on or row.kind is not PlanKind.TERM:
            continue
        length = length_of(row.months, row.days, row.starts_on, row.agreed_until_on) or FAR
        term = Term(row.id, row.plan_id, row.kind, 0, 0, ((0, 0),), length)
        half = YEAR_CALL if length >= YEAR else -(-window(term, phase_rules) // 2)
        on = row.ends_on - timedelta(days=half)
        is_followed = not row.is_imported or row.baseline_on < on
        if on <= day < on + timedelta(days=max(1, rules.valid_days)) and is_followed:
            found[row.person_id] = Occasion(row.person_id, on, "short" if length < SHORT else "")
    return list(found.values())


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
            found.append(Occasion(row.person_id, on, f"day{days}"))
    return found
