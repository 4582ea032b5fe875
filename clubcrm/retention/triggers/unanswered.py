"""Occasions that lie in an earlier contact that has not helped."""

from datetime import date, timedelta
from typing import cast

from sqlalchemy import Table, bindparam, select
from sqlalchemy.orm import Session

from clubcrm.accounts.queries import ClubRow
from clubcrm.retention.models import MemberState, Touchpoint
from clubcrm.retention.policies.plays import PlayRules
from clubcrm.retention.states import Phase
from clubcrm.retention.triggers import Occasion

_state = cast(Table, MemberState.__table__)
_touch = cast(Table, Touchpoint.__table__)

FIRST = "K07"
"""The contact that comes before: in either of its arms."""

_STILL = (
    select(_touch.c.person_id, _touch.c.occasion_on)
    .join(_state, _state.c.person_id == _touch.c.person_id)
    .where(
        _touch.c.club_id == bindparam("club"),
        _touch.c.play == FIRST,
        _touch.c.occasion_on.between(bindparam("first"), bindparam("last")),
        _touch.c.arm.is_not(None),
        _state.c.phase.in_([Phase.AT_RISK, Phase.SLEEPING]),
        # Whoever came back in between and slipped again is an occasion of its own.
        _state.c.last_visit_on < _touch.c.occasion_on,
    )
)


def still_at_risk(session: Session, club: ClubRow, day: date, rules: PlayRules) -> list[Occasion]:
    """Whoever is still away so many days after being asked back, or held out from being asked."""
    found: dict[int, Occasion] = {}
    for days in rules.after:
        last = day - timedelta(days=days)
        asked = {
            "club": club.id,
            "first": last - timedelta(days=max(0, rules.valid_days - 1)),
            "last": last,
        }
        for person_id, occasion_on in session.connection().execute(_STILL, asked):
            found[person_id] = Occasion(person_id, occasion_on + timedelta(days=days))
    return list(found.values())
