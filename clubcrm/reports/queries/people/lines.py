"""One person as a line of a list: of the people list, of a search, of the API."""

from collections.abc import Collection, Sequence
from dataclasses import dataclass
from datetime import date
from functools import cache
from itertools import groupby
from operator import itemgetter
from typing import Any, Final, cast

from sqlalchemy import ColumnElement, Select, Table, bindparam, func, select
from sqlalchemy.orm import Session

from clubcrm.billing.queries import Owed, owed_by
from clubcrm.core.prepared import Prepared, Reader
from clubcrm.members.models import Person
from clubcrm.members.queries import BriefTerm, shown_term, shown_terms_of
from clubcrm.members.queries.brief import LATEST_FIRST, brief_term, with_terms
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

_THESE = Prepared(LINES.where(_person.c.id.in_(bindparam("people", expanding=True))))


def hits_of(session: Session, person_ids: Sequence[int], *, today: date) -> list[ListRow]:
    """The lines of these people, in the order given; whether they may be seen is the caller's matter."""
    found = _THESE.all(session, {"people": person_ids}) if person_ids else []
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
) -> Found:
    """The lines of whom a search finds, in the order of `find_people`: three or four statements."""
    search = search_for(session, text, scope=scope, limit=limit + 1, after=after)
    if search is None:
        return Found((), None)
    found = _found_lines(search.shape).all(session, search.values)
    following = tuple(found[limit - 1][-4:]) if len(found) > limit else None
    return Found(rows_of(session, found[:limit], today), following)


@cache
def _found_lines(shape: Shape) -> Prepared:
    return Prepared(_joined(LINES, shape).order_by(*in_order(found_by(shape))))


def _joined(lines: Select[*tuple[Any, ...]], shape: Shape) -> Select[Any]:
    found = found_by(shape)
    return lines.join(found, found.c.person_id == _person.c.id).add_columns(*in_order(found))


@dataclass(frozen=True)
class BriefLine:
    """As much of a person's line as is answered while one types; see `ListRow`."""

    id: int
    number: str
    external_id: str | None
    full_name: str
    phone: str | None
    phase: Phase | None
    status: Status
    is_stale: bool
    term: BriefTerm | None


_BRIEF: Select[*tuple[Any, ...]] = select(
    *(_person.c.id, _person.c.number, _person.c.external_id, _person.c.full_name),
    *(_person.c.phone, _state.c.phase, _state.c.status, is_stale().label("is_stale")),
).outerjoin_from(_person, _state, _state.c.person_id == _person.c.id)
PLACE: Final = slice(8, 12)
"""Where `_found_briefly` has the place in the order of the search."""


@cache
def _found_briefly(shape: Shape) -> Prepared:
    lines = with_terms(_joined(_BRIEF, shape), _person.c.id)
    return Prepared(lines.order_by(*in_order(found_by(shape)), *LATEST_FIRST))


def search_briefly(
    look: Reader,
    text: str,
    *,
    scope: Collection[int],
    today: date,
    limit: int,
    after: Place | None = None,
) -> tuple[list[BriefLine], Place | None]:
    """Whom a search finds, as `search_lines` but with less of each; and where the next page goes on.

    One statement for one word.
    """
    search = search_for(look, text, scope=scope, limit=limit + 1, after=after)
    if search is None:
        return [], None
    asked = {**search.values, "day": today}
    people = [
        list(rows) for _id, rows in groupby(_found_briefly(search.shape).all(look, asked), _id_of)
    ]
    following = people[limit - 1][0][PLACE] if len(people) > limit else None
    return [_briefly(rows, today) for rows in people[:limit]], following


_id_of = itemgetter(0)


def _briefly(rows: Sequence[Any], today: date) -> BriefLine:
    """The line of one person, of whom there is a row for each term."""
    first = rows[0]
    terms = () if first.term_id is None else [brief_term(row) for row in rows]
    return BriefLine(
        id=first.id,
        number=first.number,
        external_id=first.external_id,
        full_name=first.full_name,
        phone=first.phone,
        phase=first.phase,
        status=first.status or Status.POTENTIAL,
        is_stale=bool(first.is_stale),
        term=shown_term(terms, today),
    )


def rows_of(session: Session, found: Sequence[Any], today: date) -> list[ListRow]:
    """Lines that were read, with the term and the debt of each."""
    ids = [row.id for row in found]
    terms = shown_terms_of(session, ids, today)
    debts = owed_by(session, ids)
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
