"""What the trainer's phone shows: clients with all a trainer must know, read for many at once."""

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime
from typing import Any, cast

from sqlalchemy import Table, and_, func, or_, select
from sqlalchemy.orm import Session

from clubcrm.accounts.queries import ClubRow
from clubcrm.floor.policies import (
    SLIPPED,
    ClientFacts,
    flags_of,
    is_slipping,
    urgency_of,
    why_slipping,
)
from clubcrm.floor.states import Flag
from clubcrm.members.models import Person
from clubcrm.retention.models import MemberState
from clubcrm.retention.states import Phase, Risk, Sub
from clubcrm.schedule.queries import (
    Arrival,
    LogRow,
    PackageRow,
    SessionRow,
    arrivals_on,
    held_sessions_of,
    last_logs_of,
    next_sessions_of,
    packages_of,
)
from clubcrm.trainers.models import ClientAssignment
from clubcrm.trainers.queries import clients_of

_person = cast(Table, Person.__table__)
_state = cast(Table, MemberState.__table__)
_assignment = cast(Table, ClientAssignment.__table__)


@dataclass(frozen=True)
class ClientRow:
    """A client as a trainer needs one."""

    id: int
    name: str
    number: str
    phone: str | None
    email: str | None
    birth_date: date | None
    note: str
    phase: Phase | None
    sub: Sub | None
    risk: Risk
    reasons: Sequence[Any]
    why_slipping: Sequence[Any]
    since_on: date | None
    packages: tuple[PackageRow, ...]  # those that may still be used
    left: int | None  # in all of them; None for somebody who never had one
    held: int
    last_log: LogRow | None
    next_at: datetime | None
    flags: tuple[Flag, ...]
    is_slipping: bool
    urgency: int


@dataclass(frozen=True)
class SessionCard:
    """A session with its client, and when the client came in that day."""

    session: SessionRow
    client: ClientRow
    arrival: Arrival | None


def clients_by_id(
    session: Session, person_ids: Collection[int], club: ClubRow, now: datetime
) -> dict[int, ClientRow]:
    """Clients with their life cycle, packages and sessions: six statements, however many they are."""
    if not person_ids:
        return {}
    today = club.today(now)
    ids = sorted(set(person_ids))
    packages = packages_of(session, ids, club.id)
    held = held_sessions_of(session, ids, club.id)
    logs = last_logs_of(session, ids, club.id, now)
    ahead = next_sessions_of(session, ids, club.id, now)
    query = (
        select(
            _person.c.id,
            _person.c.full_name,
            _person.c.number,
            _person.c.phone,
            _person.c.email,
            _person.c.birth_date,
            _person.c.note,
            _state.c.phase,
            _state.c.sub,
            _state.c.risk,
            _state.c.reasons,
            _state.c.since_on,
        )
        .outerjoin(_state, _state.c.person_id == _person.c.id)
        .where(_person.c.id.in_(ids))
    )
    found = {}
    for row in session.execute(query):
        bought = packages.get(row.id, [])
        usable = tuple(p for p in bought if p.until_on is None or today < p.until_on)
        facts = ClientFacts(
            phase=row.phase,
            risk=row.risk or Risk.NONE,
            birth_date=row.birth_date,
            left=_left(bought, usable),
            held=held.get(row.id, 0),
        )
        found[row.id] = ClientRow(
            id=row.id,
            name=row.full_name or row.number,
            number=row.number,
            phone=row.phone,
            email=row.email,
            birth_date=row.birth_date,
            note=row.note,
            phase=row.phase,
            sub=row.sub,
            risk=facts.risk,
            reasons=row.reasons or (),
            why_slipping=why_slipping(row.reasons or ()),
            since_on=row.since_on,
            packages=usable,
            left=facts.left,
            held=facts.held,
            last_log=logs.get(row.id),
            next_at=ahead.get(row.id),
            flags=flags_of(facts, today, club.calendar),
            is_slipping=is_slipping(facts),
            urgency=urgency_of(facts),
        )
    return found


def _left(bought: Sequence[PackageRow], usable: Sequence[PackageRow]) -> int | None:
    """What is left; 0 for somebody whose packages are all used up or over, None who never had one."""
    return sum(one.left for one in usable) if bought else None


def cards_of(
    session: Session, rows: Sequence[SessionRow], club: ClubRow, now: datetime
) -> list[SessionCard]:
    """Sessions with what a trainer must know of each client: seven statements more."""
    people = {row.person_id for row in rows}
    clients: Mapping[int, ClientRow] = clients_by_id(session, people, club, now)
    arrivals = arrivals_on(session, club.id, people, {row.on for row in rows})
    return [
        SessionCard(row, clients[row.person_id], arrivals.get((row.person_id, row.on)))
        for row in rows
    ]


def own_clients(session: Session, trainer_id: int, club: ClubRow, now: datetime) -> list[ClientRow]:
    """The people a trainer looks after: who slipped first, then by name."""
    clients = clients_by_id(session, clients_of(session, trainer_id), club, now)
    return sorted(clients.values(), key=lambda one: (one.urgency, one.name.casefold(), one.id))


def count_slipping(session: Session, trainer_id: int) -> int:
    """How many of a trainer's clients slipped, for the way to them."""
    mine = and_(
        _assignment.c.person_id == _state.c.person_id,
        _assignment.c.trainer_id == trainer_id,
        _assignment.c.until_on.is_(None),
    )
    query = (
        select(func.count())
        .select_from(_state.join(_assignment, mine))
        .where(or_(_state.c.phase.in_(SLIPPED), _state.c.risk == Risk.HIGH))
    )
    return session.scalar(query) or 0
