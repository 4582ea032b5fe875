"""Goals: whether what a contact was for has come about, looked for in every arm alike."""

from collections.abc import Iterable, Mapping, Sequence
from datetime import datetime
from typing import Any, Final, cast

from sqlalchemy import Table, bindparam, select, update
from sqlalchemy.orm import Session

from clubcrm.accounts.queries import ClubRow, get_club
from clubcrm.core.actor import ENGINE
from clubcrm.core.sql import chunks
from clubcrm.members.models import Membership
from clubcrm.messaging.operations import withdraw_contacts
from clubcrm.retention.models import Play, Touchpoint
from clubcrm.retention.operations.contacts.releasing import GOAL_MET, reference_of
from clubcrm.retention.policies.plays import PlayRules, play_rules
from clubcrm.retention.states import Goal, TouchpointState
from clubcrm.visits.models import Visit

AT_ONCE: Final = 2000

_touch = cast(Table, Touchpoint.__table__)
_play = cast(Table, Play.__table__)
_visit = cast(Table, Visit.__table__)
_term = cast(Table, Membership.__table__)

_OPEN = (
    select(
        _touch.c.id,
        _touch.c.person_id,
        _touch.c.play,
        _touch.c.step,
        _touch.c.state,
        _touch.c.tried,
        _touch.c.planned_at,
        _touch.c.goal_until_on,
        _play.c.rules,
    )
    .join(
        _play,
        (_play.c.club_id == _touch.c.club_id)
        & (_play.c.code == _touch.c.play)
        & (_play.c.version == _touch.c.version),
    )
    .where(
        _touch.c.club_id == bindparam("club"),
        _touch.c.goal_at.is_(None),
        _touch.c.arm.is_not(None),
        _touch.c.goal_until_on >= bindparam("today"),
    )
    .order_by(_touch.c.id)
)

_VISITS = (
    select(_visit.c.person_id, _visit.c.checked_in_at)
    .where(
        _visit.c.person_id.in_(bindparam("people", expanding=True)),
        _visit.c.checked_in_at > bindparam("after"),
        _visit.c.undone_at.is_(None),
    )
    .order_by(_visit.c.checked_in_at)
)

_SALES = (
    select(_term.c.person_id, _term.c.sold_at)
    .where(
        _term.c.person_id.in_(bindparam("people", expanding=True)),
        _term.c.sold_at > bindparam("after"),
        _term.c.is_access,
        _term.c.is_trial.is_(False),
        _term.c.voided_at.is_(None),
    )
    .order_by(_term.c.sold_at)
)

STOPPABLE: Final = frozenset(
    {TouchpointState.QUEUED, TouchpointState.TASK_OPEN, TouchpointState.PLANNED}
)


def settle_goals(session: Session, club_id: int, *, now: datetime) -> int:
    """Write down the goals that were reached since the contacts of a club were planned; how many.

    Counted from the planning, in every arm, so that an arm that is not contacted has the same time. A
    contact that is not needed any more is withdrawn: its message is not sent, its task is closed.
    """
    club = get_club(session, club_id)
    reached = 0
    asked = {"club": club_id, "today": club.today(now)}
    rows = [row._asdict() for row in session.execute(_OPEN, asked)]
    for chunk in chunks(rows, AT_ONCE):
        met = _met(session, club, chunk)
        if not met:
            continue
        reached += len(met)
        session.connection().execute(
            update(_touch).where(_touch.c.id == bindparam("which")).values(goal_at=bindparam("at")),
            [{"which": touchpoint_id, "at": at} for touchpoint_id, at in sorted(met.items())],
        )
        _stop(session, [row for row in chunk if row["id"] in met], now)
    return reached


def _met(session: Session, club: ClubRow, rows: Sequence[Mapping[str, Any]]) -> dict[int, datetime]:
    """When the goals of contacts were reached, by contact; those that were not are left out."""
    rules = {row["id"]: _rules_of(row) for row in rows}
    visits = _times(session, _VISITS, [r for r in rows if rules[r["id"]].goal is not Goal.NEW_TERM])
    sales = _times(session, _SALES, [r for r in rows if rules[r["id"]].goal is Goal.NEW_TERM])
    met = {}
    for row in rows:
        own = rules[row["id"]]
        times = (sales if own.goal is Goal.NEW_TERM else visits).get(row["person_id"], ())
        since = [at for at in times if at > row["planned_at"]]
        at = _reached(own, since, club)
        if at is not None and club.today(at) <= row["goal_until_on"]:
            met[row["id"]] = at
    return met


def _rules_of(row: Mapping[str, Any]) -> PlayRules:
    return play_rules(row["play"], row["rules"]).of_step(row["step"])


def _reached(rules: PlayRules, times: Iterable[datetime], club: ClubRow) -> datetime | None:
    """The instant of the visit or sale by which a goal was reached."""
    if rules.goal is not Goal.VISIT_DAYS:
        return next(iter(times), None)
    days = set()
    for at in times:
        days.add(club.today(at))
        if len(days) >= rules.goal_visits:
            return at
    return None


def _times(
    session: Session, query: Any, rows: Sequence[Mapping[str, Any]]
) -> dict[int, list[datetime]]:
    found: dict[int, list[datetime]] = {}
    if not rows:
        return found
    asked = {
        "people": sorted({row["person_id"] for row in rows}),
        "after": min(row["planned_at"] for row in rows),
    }
    for person_id, at in session.execute(query, asked):
        found.setdefault(person_id, []).append(at)
    return found


def _stop(session: Session, rows: Sequence[Mapping[str, Any]], now: datetime) -> None:
    """Withdraw contacts that are not needed any more."""
    over = [row for row in rows if row["state"] in STOPPABLE and _rules_of(row).stops]
    if not over:
        return
    references = [reference_of(row["id"], row["tried"]) for row in over]
    withdraw_contacts(session, references, reason=GOAL_MET, by=ENGINE, now=now)
    session.execute(
        update(_touch)
        .where(_touch.c.id.in_([row["id"] for row in over]), _touch.c.state.in_(STOPPABLE))
        .values(state=TouchpointState.CANCELLED, reason=GOAL_MET, closed_at=now)
    )
