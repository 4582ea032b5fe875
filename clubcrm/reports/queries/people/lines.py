"""One person as a line of a list: of the people list, of a search, of the API."""

from collections.abc import Collection, Sequence
from dataclasses import dataclass
from datetime import date
from functools import cache
from typing import Any, cast

from sqlalchemy import ColumnElement, Select, Table, bindparam, func, select
from sqlalchemy.orm import Session

from clubcrm.billing.queries import Owed, owed_by
from clubcrm.core.sql import asked_of
from clubcrm.members.models import Person
from clubcrm.members.queries import BriefTerm, shown_terms_of
from clubcrm.members.queries.search import Place, Shape, found_by, in_order, search_for
from clubcrm.retention.models import MemberState
from clubcrm.retention.states import Phase, Risk, Status, Sub

_person = cast(Table, Person.__table__)
_state = cast(Table, MemberState.__table__)


@dataclass(frozen=True)
class ListRow:
    """One person of the list. `reasons` are codes with figures, strongest first.

    `is_stale`: something happened since phase and status were decided; soon they are decided anew.
    `last_visit_on` None: never came, or (where `visits_known_from` is set) not known. `ends_on` None with a
    plan: runs month to month.
    """

    id: int
    club_id: int
    number: str
    full_name: str
    phone: str | None
    visits_known_from: date | None
    phase: Phase | None
    sub: Sub | None
    status: Status
    risk: Risk
    since_on: date | None
    reasons: Sequence[Any]
    last_visit_on: date | None
    plan: str | None = None
    starts_on: date | None = None
    ends_on: date | None = None
    visits_left: int | None = None
    owed: Owed | None = None
    external_id: str | None = None
    term: BriefTerm | None = None
    is_stale: bool = False


def is_stale() -> ColumnElement[bool]:
    """Whether something happened since a person was last looked at."""
    return func.coalesce(_state.c.dirty_seq != _state.c.clean_seq, False)


LINES: Select[*tuple[Any, ...]] = select(
    _person.c.id,
    _person.c.home_club_id.label("club_id"),
    _person.c.number,
    _person.c.external_id,
    _person.c.full_name,
    _person.c.phone,
    _person.c.visits_known_from,
    _state.c.phase,
    _state.c.sub,
    _state.c.status,
    _state.c.risk,
    _state.c.since_on,
    _state.c.reasons,
    _state.c.last_visit_on,
    is_stale().label("is_stale"),
).outerjoin_from(_person, _state, _state.c.person_id == _person.c.id)
"""What a line tells of a person, before the term and the debt."""

_THESE = LINES.where(_person.c.id.in_(bindparam("people", expanding=True)))


def hits_of(session: Session, person_ids: Sequence[int], *, today: date) -> list[ListRow]:
    """The lines of these people, in the order given; whether they may be seen is the caller's matter."""
    found = asked_of(session, _THESE, "people", list(person_ids)).all() if person_ids else []
    by_id = {row.id: row for row in rows_of(session, found, today)}
    return [by_id[person_id] for person_id in person_ids if person_id in by_id]


@dataclass(frozen=True)
class Found:
    """A page of what a search found; `following` is where the next one goes on."""

    rows: Sequence[ListRow]
    following: Place | None


def search_lines(
    session: Session,
    text: str,
    *,
    scope: Collection[int],
    today: date,
    limit: int,
    after: Place | None = None,
    with_debts: bool = True,
) -> Found:
    """The lines of whom a search finds, in the order of `find_people`: four or five statements.

    Without `with_debts` nobody is said to owe anything, and one statement less is sent.
    """
    search = search_for(session, text, scope=scope, limit=limit + 1, after=after)
    if search is None:
        return Found((), None)
    found = session.execute(_found_lines(search.shape), search.values).all()
    last = found[limit - 1] if len(found) > limit else None
    rows = rows_of(session, found[:limit], today, with_debts=with_debts)
    return Found(rows, None if last is None else (last[-4], last[-3], last[-2], last[-1]))


@cache
def _found_lines(shape: Shape) -> Select[Any]:
    found = found_by(shape)
    lines = LINES.join(found, found.c.person_id == _person.c.id)
    return lines.add_columns(*in_order(found)).order_by(*in_order(found))


def rows_of(
    session: Session, found: Sequence[Any], today: date, *, with_debts: bool = True
) -> list[ListRow]:
    """Lines that were read, with the term and the debt of each."""
    ids = [row.id for row in found]
    terms = shown_terms_of(session, ids, today)
    debts = owed_by(session, ids) if with_debts else {}
    return [_row(row, terms.get(row.id), debts.get(row.id)) for row in found]


def _row(row: Any, term: BriefTerm | None, owed: Owed | None) -> ListRow:
    return ListRow(
        id=row.id,
        club_id=row.club_id,
        number=row.number,
        full_name=row.full_name,
        phone=row.phone,
        visits_known_from=row.visits_known_from,
        phase=row.phase,
        sub=row.sub,
        status=row.status or Status.POTENTIAL,
        risk=row.risk or Risk.NONE,
        since_on=row.since_on,
        reasons=row.reasons or (),
        last_visit_on=row.last_visit_on,
        plan=term.plan_name if term else None,
        starts_on=term.starts_on if term else None,
        ends_on=term.ends_on if term else None,
        visits_left=term.visits_left if term else None,
        owed=owed,
        external_id=row.external_id,
        term=term,
        is_stale=bool(row.is_stale),
    )
