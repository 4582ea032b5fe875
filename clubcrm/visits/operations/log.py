"""Visits that happened already: a door's own log, or a club's old records.

Nothing is decided about them; they are facts. Every row carries its sender's key, so the same log in
any order and any number of times leaves the same visits.
"""

from collections import Counter
from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime
from typing import Any

from sqlalchemy import Table, bindparam, delete, select, update
from sqlalchemy.orm import Session

from clubcrm.accounts.queries import get_club
from clubcrm.core.actor import Actor
from clubcrm.core.clock import utc
from clubcrm.core.events import record
from clubcrm.core.sql import chunks, insert_many
from clubcrm.members.operations import hold_people, show_at_clubs
from clubcrm.visits.events import VisitRecorded, VisitsRemoved
from clubcrm.visits.models import EntryDecision, Visit
from clubcrm.visits.operations.days import PersonDay, add_to_days, take_from_days
from clubcrm.visits.operations.packs import give_back_visits, take_visits
from clubcrm.visits.operations.points import add_access_points
from clubcrm.visits.policies import TermFacts
from clubcrm.visits.queries.entry import EntryPoint, read_terms_of
from clubcrm.visits.states import Decision, PointKind, VisitSource

_visits: Table = Visit.__table__  # type: ignore[assignment]

AT_ONCE = 5000
"""Rows worked on together; a larger batch costs memory, a smaller one statements."""


@dataclass(frozen=True, slots=True)
class VisitValues:
    """One visit as a log tells it. Without a device's key the person and the instant are the key."""

    person_id: int
    checked_in_at: datetime
    checked_out_at: datetime | None = None
    access_point: str | None = None
    device_key: str | None = None


def record_visits(
    session: Session,
    rows: Sequence[VisitValues],
    *,
    club_id: int,
    source: VisitSource,
    by: Actor,
    now: datetime,
) -> list[int | None]:
    """Write down visits that happened; their ids in the order given, None for one that stood already.

    A door's log takes visits from packs and limited terms, at most one a person and day, since doors
    read a card more than once; an import takes none, for its file tells what is left. Statements are
    few whatever the number of rows; one event is recorded for each person.
    """
    club = get_club(session, club_id)
    points = add_access_points(
        session, club_id, {row.access_point for row in rows if row.access_point}
    )
    ids: list[int | None] = []
    for chunk in chunks(rows, AT_ONCE):
        days = [club.today(row.checked_in_at) for row in chunk]
        terms = read_terms_of(session, {row.person_id for row in chunk}, club.today(now))
        values = [
            _row(row, on, terms, points, club_id=club_id, source=source, by=by, now=now)
            for row, on in zip(chunk, days)
        ]
        fresh = _insert(session, values)
        ids += fresh
        new = [
            _New(visit_id, value["person_id"], value["on"], value["membership_id"], value)
            for visit_id, value in zip(fresh, values)
            if visit_id is not None
        ]
        add_to_days(session, club_id, Counter((one.person_id, one.on) for one in new))
        show_at_clubs(session, {(one.person_id, club_id) for one in new})
        if source is VisitSource.DOOR_LOG:
            _take_from_packs(session, new, terms)
        _tell(session, new, club_id, by, now)
    return ids


def remove_visits(session: Session, visit_ids: Collection[int], *, by: Actor, now: datetime) -> int:
    """Remove visits that only an import had brought, with all that was counted of them.

    For the undo of an import; anything else takes visits back with `undo_visit`. Returns how many
    visits stood.
    """
    removed = 0
    for chunk in chunks(sorted(visit_ids), AT_ONCE):
        who = select(Visit.person_id).where(Visit.id.in_(chunk)).distinct()
        hold_people(session, session.scalars(who))
        rows = session.execute(
            select(
                Visit.club_id,
                Visit.person_id,
                Visit.on,
                Visit.membership_id,
                Visit.took_a_visit,
                Visit.undone_at,
            ).where(Visit.id.in_(chunk))
        ).all()
        counted = [row for row in rows if row.undone_at is None]
        take_from_days(session, Counter((row.person_id, row.on) for row in counted))
        give_back_visits(session, Counter(row.membership_id for row in counted if row.took_a_visit))
        session.execute(delete(EntryDecision).where(EntryDecision.visit_id.in_(chunk)))
        session.execute(delete(Visit).where(Visit.id.in_(chunk)))
        by_person: dict[tuple[int, int], list[date]] = {}
        for row in counted:
            by_person.setdefault((row.club_id, row.person_id), []).append(row.on)
        events = [
            VisitsRemoved(
                club_id=club, person_id=person, visits=len(days), affects_from_on=min(days)
            )
            for (club, person), days in by_person.items()
        ]
        record(session, *events, by=by, now=now)
        removed += len(rows)
    return removed


@dataclass(frozen=True, slots=True)
class _New:
    """A visit that this call stored."""

    id: int
    person_id: int
    on: date
    membership_id: int | None
    values: Mapping[str, Any]


def _row(
    row: VisitValues,
    on: date,
    terms: Mapping[int, Sequence[TermFacts]],
    points: Mapping[str, EntryPoint],
    *,
    club_id: int,
    source: VisitSource,
    by: Actor,
    now: datetime,
) -> dict[str, Any]:
    term = _term_on(terms.get(row.person_id, ()), club_id, on)
    point = points.get(row.access_point or "", EntryPoint(None, PointKind.DESK))
    at = utc(row.checked_in_at)
    return {
        "club_id": club_id,
        "person_id": row.person_id,
        "membership_id": term.id if term else None,
        "access_point_id": point.id,
        "checked_in_at": at,
        "checked_out_at": row.checked_out_at,
        "on": on,
        "source": source,
        "decision": Decision.IN,
        "took_a_visit": False,
        "device_key": row.device_key or f"{source}:{row.person_id}:{at.isoformat()}",
        "recorded_by": by.name,
        "created_at": now,
    }


def _term_on(terms: Iterable[TermFacts], club_id: int, on: date) -> TermFacts | None:
    """The term a visit belongs to: one that ran here that day, an unlimited one first."""
    running = [term for term in terms if term.club_id == club_id and term.runs_on(on)]
    return min(
        running,
        key=lambda t: (t.visits_left is not None, t.visits_left == 0, t.until_on or date.max, t.id),
        default=None,
    )


# What each part of a log asks is put together once.
_HELD_KEYS = select(_visits.c.device_key).where(
    _visits.c.club_id == bindparam("club"),
    _visits.c.device_key.in_(bindparam("keys", expanding=True)),
)
_TAKEN = select(_visits.c.person_id, _visits.c.on).where(
    _visits.c.person_id.in_(bindparam("people", expanding=True)),
    _visits.c.on.between(bindparam("earliest"), bindparam("latest")),
    _visits.c.took_a_visit,
    _visits.c.undone_at.is_(None),
)
_TAKES = (
    update(_visits)
    .where(_visits.c.id.in_(bindparam("visits", expanding=True)))
    .values(took_a_visit=True)
)


def _insert(session: Session, values: Sequence[dict[str, Any]]) -> list[int | None]:
    """Insert the first row for each new sender's key; ids in the order given, None for the rest."""
    standing = _keys_that_stand(session, values)
    fresh = []
    is_new = []
    for value in values:
        key = value["device_key"]
        is_new.append(key not in standing)
        if key not in standing:
            standing.add(key)
            fresh.append(value)
    ids = iter(insert_many(session, _visits, fresh))
    return [next(ids) if new else None for new in is_new]


def _keys_that_stand(session: Session, values: Sequence[Mapping[str, Any]]) -> set[str]:
    """The senders' keys that a visit holds already, undone or not.

    The people are locked first, in one order: a second copy of the log waits and finds the visits.
    """
    if not values:
        return set()
    hold_people(session, {value["person_id"] for value in values})
    keys = [value["device_key"] for value in values]
    held = session.scalars(_HELD_KEYS, {"club": values[0]["club_id"], "keys": keys})
    return {key for key in held if key is not None}


def _take_from_packs(
    session: Session, new: Sequence[_New], terms: Mapping[int, Sequence[TermFacts]]
) -> None:
    """Take one visit for each person and day that has none taken yet, the earliest first."""
    limited = {term.id for held in terms.values() for term in held if term.visits_left is not None}
    first: dict[PersonDay, _New] = {}
    for one in sorted(new, key=lambda one: (one.values["checked_in_at"], one.id)):
        if one.membership_id in limited:
            first.setdefault((one.person_id, one.on), one)
    if not first:
        return
    people = {person for person, _ in first}
    earliest, latest = min(on for _, on in first), max(on for _, on in first)
    taken = session.execute(
        _TAKEN, {"people": list(people), "earliest": earliest, "latest": latest}
    )
    for person, on in taken:
        first.pop((person, on), None)
    wanted = [(one.membership_id, one.id) for one in first.values() if one.membership_id]
    took = take_visits(session, wanted)
    for chunk in chunks(took, AT_ONCE):
        session.execute(_TAKES, {"visits": chunk})


def _tell(session: Session, new: Sequence[_New], club_id: int, by: Actor, now: datetime) -> None:
    by_person: dict[int, list[_New]] = {}
    for one in new:
        by_person.setdefault(one.person_id, []).append(one)
    events = []
    for person_id, visits in by_person.items():
        last = max(visits, key=lambda one: (one.values["checked_in_at"], one.id))
        events.append(
            VisitRecorded(
                club_id=club_id,
                person_id=person_id,
                visit_id=last.id,
                on=last.on,
                affects_from_on=min(one.on for one in visits),
                visits=len(visits),
            )
        )
    record(session, *events, by=by, now=now)
