"""The names behind the figures of the owner's page, and who of them has no call yet."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date
from typing import Any, Final, cast

from sqlalchemy import Select, Subquery, Table, exists, func, literal_column, null, select
from sqlalchemy.orm import Session

from clubcrm.members.models import Person
from clubcrm.messaging.models import Task
from clubcrm.messaging.queries import RINGS_UP, OpenCall, open_calls_of
from clubcrm.reports.models import BaseDay
from clubcrm.reports.queries.owner.groups import Asked, is_at_risk, who
from clubcrm.reports.states import Group
from clubcrm.retention.models import MemberState
from clubcrm.retention.states import Phase, Risk, Sub

_person = cast(Table, Person.__table__)
_state = cast(Table, MemberState.__table__)
_task = cast(Table, Task.__table__)

NO_VALUE: Final = -1
"""Who is worth nobody knows what stands last."""


@dataclass(frozen=True)
class Name:
    """One line of a list: a person, where he stands, what he brings a year, and his open call.

    `on` is the day the list is about: of the last visit, of the end, of what happened.
    """

    person_id: int
    number: str
    full_name: str
    phone: str | None
    visits_known_from: date | None
    phase: Phase | None
    sub: Sub | None
    risk: Risk | None
    reasons: Sequence[Any]
    value_minor: int | None
    last_visit_on: date | None
    ends_on: date | None
    on: date | None
    minor: int | None
    call: OpenCall | None = None


def names_behind(session: Session, asked: Asked, *, limit: int, offset: int = 0) -> list[Name]:
    """A page of the names behind a figure, who brings most a year first. Two statements."""
    found = who(asked).subquery()
    page = select(found).outerjoin_from(found, _state, _state.c.person_id == found.c.person_id)
    # Only who is shown is read in full: what is sorted stays narrow.
    shown = _in_order(page, asked.group, found).limit(limit).offset(offset).subquery()
    rows = session.execute(_in_order(_lines(shown), asked.group, shown)).all()
    return _with_calls(session, asked.club_id, rows)


def most_at_risk(session: Session, club_id: int, *, limit: int) -> list[Name]:
    """The first names of those at risk, read from the end of their index however many there are."""
    rows: list[Any] = []
    is_known = _state.c.value_minor.is_not(None)
    for some in (is_known, ~is_known):
        if len(rows) < limit:
            first = (
                select(
                    _state.c.person_id, _state.c.last_visit_on.label("on"), null().label("minor")
                )
                .where(is_at_risk(club_id), some)
                .order_by(_state.c.value_minor.desc(), _state.c.person_id.desc())
                .limit(limit - len(rows))
                .subquery()
            )
            rows += session.execute(_in_order(_lines(first), Group.AT_RISK, first)).all()
    return _with_calls(session, club_id, rows)


def _lines(found: Subquery) -> Select[Any]:
    """What a line tells of each of those found."""
    return (
        select(
            _person.c.id.label("person_id"),
            _person.c.number,
            _person.c.full_name,
            _person.c.phone,
            _person.c.visits_known_from,
            _state.c.phase,
            _state.c.sub,
            _state.c.risk,
            _state.c.reasons,
            _state.c.value_minor,
            _state.c.last_visit_on,
            _state.c.ends_on,
            found.c.on,
            found.c.minor,
        )
        .select_from(found)
        .join(_person, _person.c.id == found.c.person_id)
        .outerjoin(_state, _state.c.person_id == found.c.person_id)
    )


def _with_calls(session: Session, club_id: int, rows: Sequence[Any]) -> list[Name]:
    calls = open_calls_of(session, club_id, {row.person_id for row in rows})
    return [
        Name(
            # A sum of money comes as a Decimal from PostgreSQL.
            **{**row._asdict(), "minor": None if row.minor is None else int(row.minor)},
            call=calls.get(row.person_id),
        )
        for row in rows
    ]


def _in_order(query: Select[Any], group: Group, found: Subquery) -> Select[Any]:
    """The most valuable first; of all members the newest, which needs no sorting."""
    if group is Group.MEMBERS:
        return query.order_by(found.c.person_id.desc())
    value = func.coalesce(_state.c.value_minor, literal_column(str(NO_VALUE)))
    return query.order_by(value.desc(), found.c.person_id.desc(), found.c.on)


def count_names(session: Session, asked: Asked) -> int:
    """How many lines there are behind a figure; of all members as many as were counted last."""
    if asked.group is Group.MEMBERS:
        counted = session.get(BaseDay, (asked.club_id, asked.today))
        if counted is not None:
            return counted.members
    return session.scalar(select(func.count()).select_from(who(asked).subquery())) or 0


def count_to_call(session: Session, asked: Asked, *, most: int) -> int:
    """How many people of a list have a phone and no open call; counted up to one more than `most`."""
    found = who(asked).subquery()
    free = (
        select(found.c.person_id)
        .join(_person, _person.c.id == found.c.person_id)
        .where(_person.c.phone.is_not(None), ~_has_call(asked.club_id, found.c.person_id))
    )
    if asked.group is Group.DUE:  # there a line is a term, and somebody may have two
        free = free.distinct()
    return session.scalar(select(func.count()).select_from(free.limit(most + 1).subquery())) or 0


def people_behind(
    session: Session, asked: Asked, *, most: int, ticked: Sequence[int] | None = None
) -> dict[int, int | None]:
    """The people of a list in its order with what they bring a year: those without a call first of all.

    Who has an open call is left out once there are `most` without; `ticked` narrows the list.
    """
    found = who(asked).subquery()
    query = (
        select(found.c.person_id, _state.c.value_minor)
        .select_from(found)
        .outerjoin(_state, _state.c.person_id == found.c.person_id)
    )
    if ticked is not None:
        query = query.where(found.c.person_id.in_(ticked))
    has_call = _has_call(asked.club_id, found.c.person_id)
    free = session.execute(_in_order(query.where(~has_call), asked.group, found).limit(most)).all()
    busy = session.execute(query.where(has_call).limit(most)).all()
    return {row.person_id: row.value_minor for row in (*free, *busy)}


def _has_call(club_id: int, person_id: Any) -> Any:
    return exists().where(
        _task.c.person_id == person_id,
        _task.c.state == literal_column("'open'"),
        _task.c.club_id == club_id,
        _task.c.kind.in_(RINGS_UP),
    )
