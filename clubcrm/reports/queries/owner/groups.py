"""Who belongs to which figure of the owner's page: one rule for the figure and for its list."""

from dataclasses import dataclass
from datetime import date, datetime, timedelta
from typing import Any, Final, cast

from sqlalchemy import (
    ColumnElement,
    Select,
    Table,
    case,
    exists,
    func,
    literal,
    literal_column,
    null,
    or_,
    select,
)

from clubcrm.billing.models import Payment
from clubcrm.members.models import Membership, PersonClub
from clubcrm.reports.models import RenewalOutcome
from clubcrm.reports.queries.renewals import GRACE_DAYS, is_followed
from clubcrm.reports.states import DuePart, Group
from clubcrm.retention.models import MemberState, PhaseChange
from clubcrm.retention.states import Phase, Risk, Transition

A_DAY: Final = timedelta(days=1)
SPANS: Final = (7, 30)
"""In how many days, today included, terms are looked at that end soon."""

_state = cast(Table, MemberState.__table__)
_change = cast(Table, PhaseChange.__table__)
_outcome = cast(Table, RenewalOutcome.__table__)
_payment = cast(Table, Payment.__table__)
_term = cast(Table, Membership.__table__)
_seen = cast(Table, PersonClub.__table__)

MOVES: Final = {
    Group.SLIPPED: (Transition.SLIPPED, Transition.FELL_ASLEEP),
    Group.CAME_BACK: (Transition.RECOVERED, Transition.WON_BACK),
    Group.JOINED: (Transition.JOINED,),
    Group.NOTICE: (Transition.NOTICE,),
    Group.LEFT: (Transition.LAPSED,),
}
"""Changes of phase that make a figure of what happened."""


@dataclass(frozen=True)
class Asked:
    """Which list of a club is asked for. `since` is when yesterday began there."""

    club_id: int
    group: Group
    today: date
    since: datetime
    days: int = 30
    part: DuePart | None = None

    @property
    def yesterday(self) -> date:
        """The day from which on things are new."""
        return self.today - A_DAY


def who(asked: Asked) -> Select[Any]:
    """Whom a figure counts: (person_id, on, minor), one row for each that is counted."""
    group = asked.group
    if group in (Group.AT_RISK, Group.HIGH_RISK, Group.WATCH):
        return _at_risk(asked)
    if group is Group.DUE:
        return _due(asked)
    if group is Group.RENEWED:
        return _renewed(asked)
    if group is Group.REFUNDED:
        return _refunded(asked)
    if group is Group.MEMBERS:
        return members_on(asked.club_id, asked.today)
    return _moved(asked)


def is_at_risk(club_id: int) -> ColumnElement[bool]:
    """Whose risk is watch or high, in whatever phase; along the index of those."""
    # Written out: a partial index is taken only where its own words stand.
    return (_state.c.club_id == club_id) & (_state.c.risk != literal_column("'none'"))


def _at_risk(asked: Asked) -> Select[Any]:
    query = select(
        _state.c.person_id, _state.c.last_visit_on.label("on"), null().label("minor")
    ).where(is_at_risk(asked.club_id))
    if asked.group is Group.HIGH_RISK:
        return query.where(_state.c.risk == Risk.HIGH)
    return query.where(_state.c.risk == Risk.WATCH) if asked.group is Group.WATCH else query


def due_between(club_id: int, today: date, days: int) -> ColumnElement[bool]:
    """The terms of a club that end within so many days, today included, and can be renewed."""
    last = today + (days - 1) * A_DAY
    return (
        (_outcome.c.club_id == club_id)
        & _outcome.c.excluded.is_(None)
        & (_outcome.c.ends_on >= today)
        & (_outcome.c.ends_on <= last)
    )


def due_part() -> ColumnElement[str]:
    """In which part a term that ends soon is, by whoever has it; what is renewed comes first."""
    return case(
        (is_followed(GRACE_DAYS), literal(str(DuePart.RENEWED))),
        (_state.c.phase == Phase.FROZEN, literal(str(DuePart.FROZEN))),
        (_state.c.phase == Phase.LEAVING, literal(str(DuePart.LEAVING))),
        (_outcome.c.is_auto, literal(str(DuePart.ROLLING))),
        (_state.c.risk == Risk.HIGH, literal(str(DuePart.HIGH))),
        (_state.c.risk == Risk.WATCH, literal(str(DuePart.WATCH))),
        else_=literal(str(DuePart.STEADY)),
    )


def _due(asked: Asked) -> Select[Any]:
    query = (
        select(_outcome.c.person_id, _outcome.c.ends_on.label("on"), null().label("minor"))
        .select_from(_outcome.outerjoin(_state, _state.c.person_id == _outcome.c.person_id))
        .where(due_between(asked.club_id, asked.today, asked.days))
    )
    return query if asked.part is None else query.where(due_part() == str(asked.part))


def _renewed(asked: Asked) -> Select[Any]:
    return (
        select(
            _outcome.c.person_id,
            func.max(_outcome.c.successor_sold_on).label("on"),
            null().label("minor"),
        )
        .where(
            _outcome.c.club_id == asked.club_id,
            _outcome.c.successor_sold_on >= asked.yesterday,
            _outcome.c.successor_sold_on <= asked.today,
            _outcome.c.excluded.is_(None),
            is_followed(GRACE_DAYS),
        )
        .group_by(_outcome.c.person_id)
    )


def has_moved(club_id: int, since: date, today: date) -> ColumnElement[bool]:
    """The changes of phase of some days that stand."""
    return (
        (_change.c.club_id == club_id)
        & (_change.c.from_on >= since)
        & (_change.c.from_on <= today)
        & _change.c.superseded_at.is_(None)
    )


def _moved(asked: Asked) -> Select[Any]:
    return (
        select(_change.c.person_id, func.max(_change.c.from_on).label("on"), null().label("minor"))
        .where(
            has_moved(asked.club_id, asked.yesterday, asked.today),
            _change.c.transition.in_(MOVES[asked.group]),
        )
        .group_by(_change.c.person_id)
    )


def given_back(club_id: int, since: datetime) -> ColumnElement[bool]:
    """Payments that take back another one, since an instant."""
    return (
        (_payment.c.club_id == club_id)
        & (_payment.c.paid_at >= since)
        & _payment.c.is_imported.is_(False)
        & _payment.c.reverses_id.is_not(None)
    )


def _refunded(asked: Asked) -> Select[Any]:
    return (
        select(
            _payment.c.person_id,
            null().label("on"),
            (-func.sum(_payment.c.amount_minor)).label("minor"),
        )
        .where(given_back(asked.club_id, asked.since))
        .group_by(_payment.c.person_id)
    )


def members_on(club_id: int, day: date) -> Select[Any]:
    """Who has a running access term of a club on a day; trials and passes make nobody a member.

    Each person seen at the club is asked, so that a page of them is read without counting the rest.
    """
    runs = exists().where(
        _term.c.person_id == _seen.c.person_id,
        _term.c.club_id == club_id,
        _term.c.is_access,
        _term.c.is_trial.is_(False),
        _term.c.voided_at.is_(None),
        _term.c.starts_on <= day,
        or_(_term.c.until_on.is_(None), _term.c.until_on > day),
    )
    return select(_seen.c.person_id, null().label("on"), null().label("minor")).where(
        _seen.c.club_id == club_id, runs
    )
