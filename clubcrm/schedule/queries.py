"""Reads about sessions: those of a trainer and of a person, packages, and who came in for them."""

from collections.abc import Collection
from dataclasses import dataclass
from datetime import UTC, date, datetime, timedelta
from typing import Any, cast

from sqlalchemy import Select, Table, func, select
from sqlalchemy.orm import Session

from clubcrm.members.models import Membership, Person, Plan
from clubcrm.members.states import PlanKind
from clubcrm.schedule.errors import UnknownSession
from clubcrm.schedule.models import Appointment
from clubcrm.schedule.policies import PackageFacts
from clubcrm.schedule.states import FREES_THE_TIME, HELD, SessionState
from clubcrm.trainers.models import Trainer
from clubcrm.visits.models import Visit

_appointment = cast(Table, Appointment.__table__)
_trainer = cast(Table, Trainer.__table__)
_person = cast(Table, Person.__table__)
_term = cast(Table, Membership.__table__)
_plan = cast(Table, Plan.__table__)
_visit = cast(Table, Visit.__table__)


@dataclass(frozen=True)
class SessionRow:
    """A session, with the names of the trainer and of the person."""

    id: int
    club_id: int
    trainer_id: int
    person_id: int
    starts_at: datetime
    ends_at: datetime
    on: date
    state: SessionState
    membership_id: int | None
    took: bool
    is_free: bool
    log: str
    note: str
    previous_id: int | None
    outcome_at: datetime | None
    outcome_by: str
    trainer: str
    name: str

    @property
    def minutes(self) -> int:
        """How long it is."""
        return int((self.ends_at - self.starts_at).total_seconds() // 60)

    @property
    def is_open(self) -> bool:
        """Whether nobody told its outcome yet."""
        return self.state is SessionState.PLANNED

    def misses_outcome(self, now: datetime) -> bool:
        """Whether it is over and nobody told its outcome."""
        return self.is_open and self.ends_at <= now


_NAMES = {
    "trainer": _trainer.c.name.label("trainer"),
    "name": func.coalesce(func.nullif(_person.c.full_name, ""), _person.c.number).label("name"),
}
_COLUMNS = [
    _NAMES[name] if name in _NAMES else _appointment.c[name]
    for name in SessionRow.__dataclass_fields__
]


def _sessions() -> Select[Any]:
    return (
        select(*_COLUMNS)
        .join(_trainer, _trainer.c.id == _appointment.c.trainer_id)
        .join(_person, _person.c.id == _appointment.c.person_id)
    )


def sessions_between(
    session: Session, trainer_id: int, since: datetime, until: datetime
) -> list[SessionRow]:
    """A trainer's sessions that start within a half-open span, in order; those moved away too."""
    query = _sessions().where(
        _appointment.c.trainer_id == trainer_id,
        _appointment.c.starts_at >= since,
        _appointment.c.starts_at < until,
    )
    query = query.order_by(_appointment.c.starts_at, _appointment.c.id)
    return [SessionRow(*row) for row in session.execute(query)]


def sessions_without_outcome(
    session: Session, trainer_id: int, before: datetime, *, most: int = 50
) -> list[SessionRow]:
    """A trainer's sessions that were over before an instant and have no outcome, the oldest first."""
    query = _sessions().where(
        _appointment.c.trainer_id == trainer_id,
        _appointment.c.state == SessionState.PLANNED,
        _appointment.c.starts_at < before,
        _appointment.c.ends_at <= before,
    )
    query = query.order_by(_appointment.c.starts_at, _appointment.c.id).limit(most)
    return [SessionRow(*row) for row in session.execute(query)]


def get_session(
    session: Session,
    appointment_id: int,
    scope: Collection[int],
    *,
    trainer_id: int | None = None,
) -> SessionRow:
    """One session at a club in scope, of one trainer where that is told. Raises UnknownSession."""
    query = _sessions().where(
        _appointment.c.id == appointment_id, _appointment.c.club_id.in_(scope)
    )
    if trainer_id is not None:
        query = query.where(_appointment.c.trainer_id == trainer_id)
    found = session.execute(query).one_or_none()
    if found is None:
        raise UnknownSession
    return SessionRow(*found)


def sessions_of(
    session: Session, person_id: int, scope: Collection[int], *, most: int = 8
) -> list[SessionRow]:
    """A person's sessions at the clubs in scope, the latest first, planned ones too."""
    query = _sessions().where(
        _appointment.c.person_id == person_id,
        _appointment.c.club_id.in_(scope),
        _appointment.c.state != SessionState.MOVED,
    )
    query = query.order_by(_appointment.c.starts_at.desc(), _appointment.c.id.desc()).limit(most)
    return [SessionRow(*row) for row in session.execute(query)]


@dataclass(frozen=True)
class LogRow:
    """What was trained the last time."""

    appointment_id: int
    starts_at: datetime
    log: str


def last_logs_of(
    session: Session, person_ids: Collection[int], club_id: int, before: datetime
) -> dict[int, LogRow]:
    """What each person trained at a club at the last session that has a log, before an instant."""
    logged = (
        _appointment.c.person_id.in_(list(person_ids)),
        _appointment.c.club_id == club_id,
        _appointment.c.starts_at < before,
        _appointment.c.state.in_(HELD),
        _appointment.c.log != "",
    )
    latest = (
        select(_appointment.c.person_id, func.max(_appointment.c.starts_at).label("at"))
        .where(*logged)
        .group_by(_appointment.c.person_id)
        .subquery()
    )
    query = (
        select(
            _appointment.c.person_id,
            _appointment.c.id,
            _appointment.c.starts_at,
            _appointment.c.log,
        )
        .join(
            latest,
            (latest.c.person_id == _appointment.c.person_id)
            & (latest.c.at == _appointment.c.starts_at),
        )
        .where(*logged)
        .order_by(_appointment.c.id)
    )
    return {person: LogRow(*row) for person, *row in session.execute(query)}


def held_sessions_of(session: Session, person_ids: Collection[int], club_id: int) -> dict[int, int]:
    """How many sessions each person has had at a club; who had none is left out."""
    query = (
        select(_appointment.c.person_id, func.count())
        .where(
            _appointment.c.person_id.in_(list(person_ids)),
            _appointment.c.club_id == club_id,
            _appointment.c.state.in_(HELD),
        )
        .group_by(_appointment.c.person_id)
    )
    return {row[0]: row[1] for row in session.execute(query)}


def next_sessions_of(
    session: Session, person_ids: Collection[int], club_id: int, now: datetime
) -> dict[int, datetime]:
    """When each person's next planned session at a club starts; who has none is left out."""
    query = (
        select(_appointment.c.person_id, func.min(_appointment.c.starts_at))
        .where(
            _appointment.c.person_id.in_(list(person_ids)),
            _appointment.c.club_id == club_id,
            _appointment.c.state == SessionState.PLANNED,
            _appointment.c.starts_at > now,
        )
        .group_by(_appointment.c.person_id)
    )
    return {row[0]: row[1] for row in session.execute(query)}


@dataclass(frozen=True)
class PackageRow:
    """A package of sessions somebody bought."""

    id: int
    person_id: int
    plan: str
    starts_on: date
    until_on: date | None
    total: int | None
    left: int

    @property
    def facts(self) -> PackageFacts:
        """What decides whether a session may take from it."""
        return PackageFacts(self.id, self.starts_on, self.until_on, self.left)

    @property
    def ends_on(self) -> date | None:
        """The last day on which it may be used; None = no end."""
        return None if self.until_on is None else self.until_on - timedelta(days=1)


def packages_of(
    session: Session, person_ids: Collection[int], club_id: int
) -> dict[int, list[PackageRow]]:
    """The packages people bought at a club, the one that ends first before the others.

    A package is a pack that opens no door: its visits left are the sessions left.
    """
    query = (
        select(
            _term.c.id,
            _term.c.person_id,
            _plan.c.name,
            _term.c.starts_on,
            _term.c.until_on,
            _term.c.visits_total,
            _term.c.visits_left,
        )
        .join(_plan, _plan.c.id == _term.c.plan_id)
        .where(
            _term.c.person_id.in_(list(person_ids)),
            _term.c.club_id == club_id,
            _term.c.kind == PlanKind.PACK,
            _term.c.is_access.is_(False),
            _term.c.visits_left.is_not(None),
            _term.c.voided_at.is_(None),
        )
    )
    found: dict[int, list[PackageRow]] = {}
    for row in session.execute(query):
        found.setdefault(row.person_id, []).append(PackageRow(*row))
    for packages in found.values():
        packages.sort(key=lambda one: (one.until_on or date.max, one.id))
    return found


@dataclass(frozen=True)
class Arrival:
    """When somebody came in on a day, and when that person left again, if so."""

    at: datetime
    left_at: datetime | None


def arrivals_on(
    session: Session, club_id: int, person_ids: Collection[int], days: Collection[date]
) -> dict[tuple[int, date], Arrival]:
    """The first time each person came in on each of these days."""
    if not person_ids or not days:
        return {}
    first, last = min(days), max(days)
    query = (
        select(_visit.c.person_id, _visit.c.on, _visit.c.checked_in_at, _visit.c.checked_out_at)
        .where(
            _visit.c.person_id.in_(list(person_ids)),
            # A club day begins and ends within a day of the date it is called by.
            _visit.c.checked_in_at >= _midnight(first - timedelta(days=1)),
            _visit.c.checked_in_at < _midnight(last + timedelta(days=3)),
            _visit.c.on.in_(list(days)),
            _visit.c.club_id == club_id,
            _visit.c.undone_at.is_(None),
        )
        .order_by(_visit.c.checked_in_at.desc())
    )
    return {
        (row.person_id, row.on): Arrival(row.checked_in_at, row.checked_out_at)
        for row in session.execute(query)
    }


def _midnight(day: date) -> datetime:
    return datetime.combine(day, datetime.min.time(), tzinfo=UTC)


def taken_times(
    session: Session, trainer_id: int, since: datetime, until: datetime
) -> list[SessionRow]:
    """A trainer's sessions that lie, wholly or in part, within a span and take its time, in order."""
    query = _sessions().where(
        _appointment.c.trainer_id == trainer_id,
        _appointment.c.starts_at < until,
        _appointment.c.ends_at > since,
        _appointment.c.state.not_in(FREES_THE_TIME),
    )
    return [SessionRow(*row) for row in session.execute(query.order_by(_appointment.c.starts_at))]
