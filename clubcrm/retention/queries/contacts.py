"""Reading contacts: of one member, of many, and what planning them needs to know."""

from collections.abc import Collection, Mapping
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from functools import cache
from statistics import median_low
from typing import Any, Final, cast
from zoneinfo import ZoneInfo

from sqlalchemy import Date, Table, bindparam, func, select
from sqlalchemy.orm import Session

from clubcrm.core.prepared import Prepared
from clubcrm.members.models import Membership
from clubcrm.members.policies import length_of
from clubcrm.members.states import PlanKind
from clubcrm.messaging.states import ANSWERS, Channel, Outcome, Purpose
from clubcrm.retention.models import MemberState, Play, Touchpoint
from clubcrm.retention.policies.cycles import cycle_of
from clubcrm.retention.policies.turns import Earlier
from clubcrm.retention.states import COUNTED, Arm, Phase, TouchpointState
from clubcrm.visits.models import Visit

LOOK_BACK: Final = timedelta(days=400)
"""So long a contact may count: a cycle of a year and a cooldown."""

USUAL_DAYS: Final = timedelta(days=60)
RUNNING: Final = (
    Phase.FROZEN,
    Phase.LEAVING,
    Phase.RENEWAL,
    Phase.WON_BACK,
    Phase.ADAPTATION,
    Phase.SLEEPING,
    Phase.AT_RISK,
    Phase.ACTIVE,
)

_touch = cast(Table, Touchpoint.__table__)
_state = cast(Table, MemberState.__table__)
_term = cast(Table, Membership.__table__)
_visit = cast(Table, Visit.__table__)
_play = cast(Table, Play.__table__)


@dataclass(frozen=True)
class ContactRow:
    """A contact with a member, as it is or would have been."""

    id: int
    club_id: int
    person_id: int
    play: str
    version: int
    cycle_on: date
    occasion_on: date
    step: int
    variant: str
    arm: Arm | None
    state: TouchpointState
    reason: str
    channel: Channel | None
    planned_at: datetime
    due_at: datetime | None
    valid_until: datetime
    sent_at: datetime | None
    closed_at: datetime | None
    outcome: Outcome | None
    goal_at: datetime | None


_CONTACT = select(*(_touch.c[name] for name in ContactRow.__dataclass_fields__))


@cache
def _contacts(*, in_cycle: bool, in_scope: bool) -> Prepared:
    """The card of a member asks this: it is put together once."""
    query = _CONTACT.where(_touch.c.person_id == bindparam("person"))
    if in_cycle:
        query = query.where(_touch.c.cycle_on == bindparam("cycle", type_=Date))
    if in_scope:
        # Reckoned, so that nobody looks the few contacts of a person up among all those of a club.
        query = query.where((_touch.c.club_id + 0).in_(bindparam("clubs", expanding=True)))
    newest = func.coalesce(_touch.c.due_at, _touch.c.planned_at).desc()
    return Prepared(query.order_by(newest, _touch.c.id.desc()).limit(bindparam("most")))


def contacts_of(
    session: Session,
    person_id: int,
    scope: Collection[int] | None = None,
    *,
    cycle_on: date | None = None,
    most: int = 100,
) -> list[ContactRow]:
    """The contacts of somebody with the clubs in scope (None = with any), newest first.

    With a cycle those of that one alone.
    """
    query = _contacts(in_cycle=cycle_on is not None, in_scope=scope is not None)
    asked = {"person": person_id, "most": most, "cycle": cycle_on, "clubs": tuple(scope or ())}
    return [ContactRow(*row) for row in query.all(session, asked)]


def touchpoints(
    session: Session,
    scope: Collection[int],
    *,
    person_id: int | None = None,
    play: str | None = None,
    states: Collection[TouchpointState] = (),
    from_on: date | None = None,
    to_on: date | None = None,
    after: int = 0,
    limit: int = 100,
) -> list[ContactRow]:
    """Contacts of some clubs in the order in which they were planned, those after an id.

    `from_on` and `to_on` are the days of their occasions, both included.
    """
    query = _CONTACT.where(_touch.c.club_id.in_(scope), _touch.c.id > after)
    if person_id is not None:
        query = query.where(_touch.c.person_id == person_id)
    if play is not None:
        query = query.where(_touch.c.play == play)
    if states:
        query = query.where(_touch.c.state.in_(states))
    if from_on is not None:
        query = query.where(_touch.c.occasion_on >= from_on)
    if to_on is not None:
        query = query.where(_touch.c.occasion_on <= to_on)
    return [ContactRow(*row) for row in session.execute(query.order_by(_touch.c.id).limit(limit))]


_TERMS = Prepared(
    select(
        _term.c.person_id,
        _term.c.kind,
        _term.c.months,
        _term.c.days,
        _term.c.starts_on,
        _term.c.agreed_until_on,
        _state.c.spell_from_on,
    )
    .outerjoin(_state, _state.c.person_id == _term.c.person_id)
    .where(
        _term.c.person_id.in_(bindparam("people", expanding=True)),
        _term.c.is_access,
        _term.c.is_trial.is_(False),
        _term.c.voided_at.is_(None),
        _term.c.starts_on <= bindparam("day"),
    )
    .order_by(_term.c.starts_on, _term.c.id)
)


def cycles_of(session: Session, person_ids: Collection[int], day: date) -> dict[int, date]:
    """The first day of the cycle that people are in on a day, or were in when their term ended."""
    if not person_ids:
        return {}
    found = {}
    for row in _TERMS.all(session, {"people": sorted(person_ids), "day": day}):
        length = None
        if row.kind is PlanKind.TERM:
            length = length_of(row.months, row.days, row.starts_on, row.agreed_until_on)
        found[row.person_id] = cycle_of(row.starts_on, length, row.spell_from_on, day)
    return found


_EARLIER = (
    select(
        _touch.c.person_id,
        _touch.c.play,
        _touch.c.cycle_on,
        _touch.c.channel,
        _touch.c.due_at,
        _touch.c.state,
        _touch.c.outcome,
        _touch.c.step,
        _play.c.rules,
    )
    .outerjoin(
        _play,
        (_play.c.club_id == _touch.c.club_id)
        & (_play.c.code == _touch.c.play)
        & (_play.c.version == _touch.c.version),
    )
    .where(
        _touch.c.person_id.in_(bindparam("people", expanding=True)),
        _touch.c.due_at > bindparam("after"),
        _touch.c.state.in_(sorted(COUNTED)),
    )
)


def earlier_contacts(
    session: Session,
    person_ids: Collection[int],
    now: datetime,
    *,
    but: Collection[int] = (),
) -> dict[int, list[Earlier]]:
    """The contacts of people that count for caps and cooldowns, held out ones too; by person."""
    found: dict[int, list[Earlier]] = {}
    query = _EARLIER if not but else _EARLIER.where(_touch.c.id.not_in(but))
    asked = {"people": sorted(person_ids), "after": now - LOOK_BACK}
    for row in session.execute(query, asked):
        purpose = _purpose_of(row.rules or {}, row.step)
        channel = row.channel or Channel.EMAIL
        is_answer = row.outcome in ANSWERS
        earlier = Earlier(row.play, row.cycle_on, channel, purpose, row.due_at, is_answer)
        found.setdefault(row.person_id, []).append(earlier)
    return found


def _purpose_of(rules: Mapping[str, Any], step: int) -> Purpose:
    """What a step is for, read from the stored rules alone: of very many contacts at once."""
    steps = rules.get("steps", ())
    own = steps[step - 2] if 2 <= step <= len(steps) + 1 else {}
    return Purpose(own.get("purpose") or rules.get("purpose", Purpose.MARKETING))


_HOURS = select(_visit.c.person_id, _visit.c.checked_in_at).where(
    _visit.c.person_id.in_(bindparam("people", expanding=True)),
    _visit.c.checked_in_at > bindparam("after"),
    _visit.c.undone_at.is_(None),
)


def usual_minutes(
    session: Session, person_ids: Collection[int], zone: ZoneInfo, now: datetime
) -> dict[int, int]:
    """The minute of the day at which people mostly came in the last two months."""
    minutes: dict[int, list[int]] = {}
    asked = {"people": sorted(person_ids), "after": now - USUAL_DAYS}
    for person_id, at in session.execute(_HOURS, asked):
        local = at.astimezone(zone)
        minutes.setdefault(person_id, []).append(local.hour * 60 + local.minute)
    return {person_id: median_low(found) for person_id, found in minutes.items()}


def active_members(session: Session, club_id: int) -> int:
    """How many people of a club have a running term."""
    query = (
        select(func.count())
        .select_from(_state)
        .where(_state.c.club_id == club_id, _state.c.phase.in_(RUNNING))
    )
    return session.scalar(query) or 0
