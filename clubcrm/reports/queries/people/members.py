"""The list of people: searched, filtered, ordered, and read page by page however long it is."""

from collections.abc import Collection, Sequence
from dataclasses import dataclass, field
from datetime import date
from enum import StrEnum
from typing import Any

from sqlalchemy import ColumnElement, Select, and_, case, exists, func, literal, or_, select
from sqlalchemy.orm import Session

from clubcrm.accounts.models import Club
from clubcrm.billing.queries import Owed, owed_by
from clubcrm.core.folding import query_words
from clubcrm.members.models import Membership, Person, PersonClub, PersonSearch
from clubcrm.members.queries import TermRow, memberships_of_many, shown_term, visible_at
from clubcrm.members.queries.search import begins_with
from clubcrm.retention.models import MemberState
from clubcrm.retention.states import Phase, Risk, Status, Sub

PAGE = 50
FAR = date.max
LONG_AGO = date.min


class Order(StrEnum):
    """In which order a list runs."""

    NAME = "name"
    LAST_VISIT = "last_visit"  # the latest first; who never came stands last
    AWAY = "away"  # the longest away first
    ENDS = "ends"  # what ends next first, then open ends, then what has ended
    NEWEST = "newest"


@dataclass(frozen=True)
class ListFilter:
    """Which people a list shows; everything together.

    `members_only` leaves out who never had an access term.
    """

    text: str = ""
    phase: Phase | None = None
    status: Status | None = None
    risk: Risk | None = None
    plan_id: int | None = None
    order: Order = Order.NAME
    members_only: bool = False


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
    term: TermRow | None = None
    is_stale: bool = False


@dataclass(frozen=True)
class MemberList:
    """A page of the list, and the cursor of the next one."""

    rows: Sequence[ListRow]
    next_cursor: list[Any] | None


@dataclass(frozen=True)
class Figures:
    """How many people there are, in all and by phase."""

    total: int = 0
    by_phase: dict[Phase, int] = field(default_factory=dict)


def member_list(
    session: Session,
    *,
    scope: Collection[int],
    filters: ListFilter,
    today: date,
    cursor: Sequence[Any] | None = None,
    limit: int = PAGE,
) -> MemberList:
    """A page of the people in sight at the clubs in scope: three statements, whatever their number.

    The cursor is what the page before gave; people added or renamed meanwhile shift nothing.
    """
    order = _order(filters.order, today)
    chosen = (
        _lines()
        .add_columns(*(column.label(f"order_{no}") for no, (column, _up) in enumerate(order)))
        .where(*_seen(filters, scope), *_conditions(filters, today))
        .order_by(*(column if up else column.desc() for column, up in order))
        .limit(limit + 1)
    )
    if cursor is not None:
        chosen = chosen.where(_after(order, _typed(cursor, filters.order)))
    found = session.execute(chosen).all()
    has_more = len(found) > limit
    found = found[:limit]
    rows = _rows(session, found, today)
    last = (
        [_plain(getattr(found[-1], f"order_{no}")) for no in range(len(order))]
        if has_more
        else None
    )
    return MemberList(rows, last)


def hits_of(session: Session, person_ids: Sequence[int], *, today: date) -> list[ListRow]:
    """The lines of these people, in the order given; whether they may be seen is the caller's matter."""
    found = session.execute(_lines().where(Person.id.in_(person_ids))).all() if person_ids else []
    by_id = {row.id: row for row in _rows(session, found, today)}
    return [by_id[person_id] for person_id in person_ids if person_id in by_id]


def member_figures(session: Session, *, scope: Collection[int], text: str = "") -> Figures:
    """How many people of the clubs in scope there are, and in which phases they stand.

    Where every club is in scope nobody needs to be looked up: the phases are counted from their index.
    """
    elsewhere = select(func.count()).select_from(Club).where(Club.id.not_in(scope))
    if not text.strip() and not session.scalar(elsewhere):
        total = select(func.count()).select_from(Person).where(Person.merged_into_id.is_(None))
        phases = (
            select(MemberState.phase, func.count())
            .where(MemberState.club_id.in_(scope), MemberState.phase.is_not(None))
            .group_by(MemberState.phase)
        )
        return Figures(
            session.scalar(total) or 0, {phase: n for phase, n in session.execute(phases) if phase}
        )
    counted = (
        select(MemberState.phase, func.count())
        .select_from(Person)
        .outerjoin(MemberState, MemberState.person_id == Person.id)
        .where(_in_sight(scope), Person.merged_into_id.is_(None), *_named(text))
        .group_by(MemberState.phase)
    )
    rows = session.execute(counted).all()
    return Figures(sum(n for _phase, n in rows), {phase: n for phase, n in rows if phase})


# --- which people ---------------------------------------------------------------------------


def _in_sight(scope: Collection[int]) -> ColumnElement[bool]:
    """Whom the clubs in scope see, as a set that is made once: for lists that are sorted or counted."""
    return Person.id.in_(select(PersonClub.person_id).where(PersonClub.club_id.in_(scope)))


def _seen(filters: ListFilter, scope: Collection[int]) -> list[ColumnElement[bool]]:
    """Whom the clubs in scope see. Who was merged into somebody else is found there.

    A list by name alone is read along its index and each person asked about: a page of any list is
    read without looking at the others.
    """
    by_name_alone = filters == ListFilter()
    sight = visible_at(scope) if by_name_alone else _in_sight(scope)
    return [sight, Person.merged_into_id.is_(None)]


def _named(text: str) -> list[ColumnElement[bool]]:
    """Whose words begin with every word of the text, as the search of the top bar finds them."""
    found: list[ColumnElement[bool]] = []
    for word in query_words(text):
        token: ColumnElement[str] = PersonSearch.__table__.c.token
        found.append(Person.id.in_(select(PersonSearch.person_id).where(begins_with(token, word))))
    return found if found or not text.strip() else [literal(False)]


def _conditions(filters: ListFilter, today: date) -> list[ColumnElement[bool]]:
    found = _named(filters.text)
    if filters.phase is not None:
        found.append(MemberState.phase == filters.phase)
    if filters.risk is not None:
        found.append(MemberState.risk == filters.risk)
    if filters.status is Status.POTENTIAL:
        found.append(or_(MemberState.status.is_(None), MemberState.status == Status.POTENTIAL))
        found.append(or_(~_is_stale(), ~_has_access_term()))
    elif filters.status is not None:
        found.append(MemberState.status == filters.status)
    if filters.members_only:
        # Who has just bought a first term is somebody from now on, not from the next look on.
        found.append(or_(MemberState.phase.is_not(None), and_(_is_stale(), _has_access_term())))
    if filters.plan_id is not None:
        running = select(Membership.person_id).where(
            Membership.plan_id == filters.plan_id,
            Membership.voided_at.is_(None),
            Membership.starts_on <= today,
            or_(Membership.until_on.is_(None), Membership.until_on > today),
        )
        found.append(Person.id.in_(running))
    return found


def _is_stale() -> ColumnElement[bool]:
    """Whether something happened since a person was last looked at."""
    return func.coalesce(MemberState.dirty_seq != MemberState.clean_seq, False)


def _has_access_term() -> ColumnElement[bool]:
    return exists().where(
        Membership.person_id == Person.id,
        Membership.is_access,
        Membership.voided_at.is_(None),
    )


# --- in which order -------------------------------------------------------------------------

Ordering = Sequence[tuple[ColumnElement[Any], bool]]


def _order(order: Order, today: date) -> Ordering:
    """The columns a list is ordered by, each with whether it rises; the last one is unique."""
    last_visit = func.coalesce(MemberState.last_visit_on, LONG_AGO)
    ends = func.coalesce(MemberState.ends_on, FAR)
    person: ColumnElement[Any] = Person.id  # type: ignore[assignment]
    if order is Order.LAST_VISIT:
        return [(last_visit, False), (person, False)]
    if order is Order.AWAY:
        return [(last_visit, True), (person, True)]
    if order is Order.ENDS:
        is_past = case((MemberState.ends_on >= today, 0), (MemberState.phase.is_(None), 2), else_=1)
        return [(is_past, True), (ends, True), (person, True)]
    if order is Order.NEWEST:
        return [(person, False)]
    return [(Person.sort_name, True), (person, True)]  # type: ignore[list-item]


def _after(order: Ordering, cursor: Sequence[Any]) -> ColumnElement[bool]:
    """What comes after a place in the order: later in one column, equal in all before it."""
    ways = []
    for no, (column, up) in enumerate(order):
        equal = [before == value for (before, _up), value in zip(order[:no], cursor)]
        here = column > literal(cursor[no]) if up else column < literal(cursor[no])
        ways.append(and_(*equal, here))
    return or_(*ways)


def _plain(value: Any) -> Any:
    return value.isoformat() if isinstance(value, date) else value


def _typed(cursor: Sequence[Any], order: Order) -> list[Any]:
    """A cursor that came back from outside, with the types of its order; ValueError when it is none."""
    kinds: dict[Order, tuple[Any, ...]] = {
        Order.NAME: (str, int),
        Order.LAST_VISIT: (date.fromisoformat, int),
        Order.AWAY: (date.fromisoformat, int),
        Order.ENDS: (int, date.fromisoformat, int),
        Order.NEWEST: (int,),
    }
    if len(cursor) != len(kinds[order]):
        raise ValueError("this cursor belongs to another order")
    return [kind(value) for kind, value in zip(kinds[order], cursor)]


# --- what belongs to a row ------------------------------------------------------------------


def _lines() -> Select[*tuple[Any, ...]]:
    """What a line tells of a person, before the term and the debt."""
    return select(
        Person.id,
        Person.home_club_id.label("club_id"),
        Person.number,
        Person.external_id,
        Person.full_name,
        Person.phone,
        Person.visits_known_from,
        MemberState.phase,
        MemberState.sub,
        MemberState.status,
        MemberState.risk,
        MemberState.since_on,
        MemberState.reasons,
        MemberState.last_visit_on,
        _is_stale().label("is_stale"),
    ).outerjoin(MemberState, MemberState.person_id == Person.id)


def _rows(session: Session, found: Sequence[Any], today: date) -> list[ListRow]:
    ids = [row.id for row in found]
    terms = _terms(session, ids, today)
    debts = owed_by(session, ids)
    return [_row(row, terms.get(row.id), debts.get(row.id)) for row in found]


def _terms(session: Session, ids: Collection[int], today: date) -> dict[int, TermRow]:
    """The term that each person's line shows: the running one, the next, or the last."""
    held = memberships_of_many(session, ids)
    shown = {person_id: shown_term(terms, today) for person_id, terms in held.items()}
    return {person_id: term for person_id, term in shown.items() if term is not None}


def _row(row: Any, term: TermRow | None, owed: Owed | None) -> ListRow:
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
