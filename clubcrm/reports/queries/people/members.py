"""The list of people: searched, filtered, ordered, and read page by page however long it is."""

from collections.abc import Collection, Sequence
from dataclasses import dataclass, field, replace
from datetime import date
from enum import StrEnum
from typing import Any, cast

from sqlalchemy import (
    ColumnElement,
    Select,
    Table,
    and_,
    case,
    exists,
    func,
    literal,
    or_,
    select,
)
from sqlalchemy.orm import Session

from clubcrm.accounts.models import Club
from clubcrm.core.folding import query_words
from clubcrm.members.models import Membership, Person, PersonClub, PersonSearch
from clubcrm.members.queries import visible_at
from clubcrm.members.queries.search import begins_with
from clubcrm.reports.queries.people.lines import LINES, ListRow, is_stale, rows_of
from clubcrm.retention.models import MemberState
from clubcrm.retention.states import Phase, Risk, Status

PAGE = 50
MANY = 5000
"""From so many people on a search is not counted, and a list is read along its order."""

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
class MemberList:
    """A page of the list, and the cursor of the next one."""

    rows: Sequence[ListRow]
    next_cursor: list[Any] | None


@dataclass(frozen=True)
class Figures:
    """How many people there are, in all and by phase; nothing where `is_counted` is not set."""

    total: int = 0
    by_phase: dict[Phase, int] = field(default_factory=dict)
    is_counted: bool = True


def member_list(
    session: Session,
    *,
    scope: Collection[int],
    filters: ListFilter,
    today: date,
    cursor: Sequence[Any] | None = None,
    limit: int = PAGE,
) -> MemberList:
    """A page of the people in sight at the clubs in scope: five statements, whatever their number.

    The cursor is what the page before gave; people added or renamed meanwhile shift nothing.
    """
    order, who = _order(filters.order, today), _who(filters.order)
    chosen = (
        select(
            who.label("person_id"),
            *(column.label(f"order_{no}") for no, (column, _up) in enumerate(order)),
        )
        .where(*_seen(session, who, scope), *_conditions(session, who, filters, today))
        .order_by(*(column if up else column.desc() for column, up in order))
        .limit(limit + 1)
    )
    if who is PERSON:
        chosen = chosen.outerjoin_from(Person, MemberState, MemberState.person_id == Person.id)
    if cursor is not None:
        chosen = chosen.where(_after(order, _typed(cursor, filters.order)))
    # Only who is shown is read in full: what is sorted stays narrow.
    page = chosen.subquery()
    places = [page.c[f"order_{no}"] for no in range(len(order))]
    in_order = [
        place if up else place.desc() for place, (_column, up) in zip(places, order, strict=True)
    ]
    lines = LINES.join(page, page.c.person_id == Person.id).add_columns(*places)
    found = session.execute(lines.order_by(*in_order)).all()
    has_more = len(found) > limit
    found = found[:limit]
    rows = rows_of(session, found, today)
    last = (
        [_plain(getattr(found[-1], f"order_{no}")) for no in range(len(order))]
        if has_more
        else None
    )
    return MemberList(rows, last)


def who_may_stand(
    session: Session,
    person_ids: Collection[int],
    *,
    phase: Phase | None = None,
    status: Status | None = None,
) -> Collection[int]:
    """Whom of these people one may find in a phase or status: who stands there, and who is stale."""
    if not person_ids or (phase is None and status is None):
        return person_ids
    conditions = []
    if phase is not None:
        conditions.append(MemberState.phase == phase)
    if status is not None:
        kept = func.coalesce(MemberState.status, Status.POTENTIAL)
        conditions.append(kept == status)
    fits = or_(is_stale(), and_(*conditions))
    query = (
        select(Person.id)
        .outerjoin(MemberState, MemberState.person_id == Person.id)
        .where(Person.id.in_(person_ids), fits)
    )
    return set(session.scalars(query))


def member_figures(session: Session, *, scope: Collection[int], text: str = "") -> Figures:
    """How many people of the clubs in scope there are, and in which phases they stand.

    Whoever is at home at a club is seen there: those are counted from their index. A search that very
    many fit is not counted.
    """
    if text.strip():
        return _figures_of_search(session, scope, text)
    total, other_clubs = _count_all(session, scope)
    phases = _phases_at_home(session, scope)
    if other_clubs:
        total = _count_in_sight(session, scope)
        for phase, count in _phases_of_guests(session, scope).items():
            phases[phase] = phases.get(phase, 0) + count
    return Figures(total, phases)


def _count_all(session: Session, scope: Collection[int]) -> tuple[int, int]:
    """Everybody, without those who were merged into somebody else; and how many other clubs there are."""
    merged = select(func.count()).where(Person.merged_into_id.is_not(None))
    everybody, gone, other_clubs = session.execute(
        select(
            select(func.count()).select_from(Person).scalar_subquery(),
            merged.scalar_subquery(),
            _elsewhere(scope).scalar_subquery(),
        )
    ).one()
    return everybody - gone, other_clubs


def _count_in_sight(session: Session, scope: Collection[int]) -> int:
    merged = (
        select(func.count())
        .select_from(Person)
        .where(Person.merged_into_id.is_not(None), visible_at(scope))
    )
    seen = PersonClub.club_id.in_(scope)
    # At one club everybody stands once.
    number = func.count() if len(scope) == 1 else func.count(PersonClub.person_id.distinct())
    everybody = select(number).select_from(PersonClub).where(seen).scalar_subquery()
    return session.scalar(select(everybody - merged.scalar_subquery())) or 0


def _phases_at_home(session: Session, scope: Collection[int]) -> dict[Phase, int]:
    counted = (
        select(MemberState.phase, func.count())
        .where(MemberState.club_id.in_(scope), MemberState.phase.is_not(None))
        .group_by(MemberState.phase)
    )
    return {phase: count for phase, count in session.execute(counted) if phase}


def _phases_of_guests(session: Session, scope: Collection[int]) -> dict[Phase, int]:
    """Of whom the clubs see, but who are at home elsewhere."""
    counted = (
        select(MemberState.phase, func.count(MemberState.person_id.distinct()))
        .join(PersonClub, PersonClub.person_id == MemberState.person_id)
        .where(
            PersonClub.club_id.in_(scope),
            MemberState.club_id.not_in(scope),
            MemberState.phase.is_not(None),
        )
        .group_by(MemberState.phase)
    )
    return {phase: count for phase, count in session.execute(counted) if phase}


def _figures_of_search(session: Session, scope: Collection[int], text: str) -> Figures:
    found = _rarest_first(session, _named(FOLLOWED, text))
    if not found or found[0].is_common:
        return Figures(is_counted=not found)
    counted = (
        select(MemberState.phase, func.count())
        .where(*_seen(session, FOLLOWED, scope), *_told(FOLLOWED, found))
        .group_by(MemberState.phase)
    )
    rows = session.execute(counted).all()
    return Figures(sum(n for _phase, n in rows), {phase: n for phase, n in rows if phase})


# --- which people ---------------------------------------------------------------------------


Who = ColumnElement[int]
PERSON: Who = cast(Table, Person.__table__).c.id
FOLLOWED: Who = cast(Table, MemberState.__table__).c.person_id
"""The same people by where they stand: whoever becomes known is followed from then on."""


def _who(order: Order) -> Who:
    """The table a list is read along."""
    return FOLLOWED if order in (Order.LAST_VISIT, Order.AWAY, Order.ENDS) else PERSON


@dataclass(frozen=True)
class _Narrowing:
    """One thing that people of a list have in common: as the set of them, and as a question to one.

    `is_common`: MANY have it; `is_found`: anybody has.
    """

    ids: Select[Any]
    test: ColumnElement[bool]
    is_common: bool = False
    is_found: bool = True


def _sees_all(session: Session, scope: Collection[int]) -> bool:
    """Whether the clubs in scope are all there are; then nobody needs to be looked up."""
    return not session.scalar(_elsewhere(scope))


def _elsewhere(scope: Collection[int]) -> Select[Any]:
    return select(func.count()).select_from(Club).where(Club.id.not_in(scope))


def _seen(session: Session, who: Who, scope: Collection[int]) -> list[ColumnElement[bool]]:
    """Whom the clubs in scope see. Who was merged into somebody else is found there."""
    merged = select(Person.id).where(Person.merged_into_id.is_not(None))
    standing = Person.merged_into_id.is_(None) if who is PERSON else who.not_in(merged)
    return [standing] if _sees_all(session, scope) else [visible_at(scope, who), standing]


def _named(who: Who, text: str) -> list[_Narrowing]:
    """Whose words begin with every word of the text, as the search of the top bar finds them."""
    found = []
    for word in query_words(text):
        token: ColumnElement[str] = PersonSearch.__table__.c.token
        ids = select(PersonSearch.person_id).where(begins_with(token, word))
        other = cast(Table, PersonSearch.__table__).alias()
        has_it = exists().where(other.c.person_id == who, begins_with(other.c.token, word))
        found.append(_Narrowing(ids, has_it))
    return found


def _rarest_first(session: Session, found: Sequence[_Narrowing]) -> list[_Narrowing]:
    """What narrows a list by how many have it, counted only so far as it matters: one statement."""
    if not found:
        return []
    counts = [
        select(func.count()).select_from(one.ids.limit(MANY).subquery()).scalar_subquery()
        for one in found
    ]
    numbers = session.execute(select(*counts)).one()
    judged = [
        (count, replace(one, is_common=count >= MANY, is_found=count > 0))
        for count, one in zip(numbers, found, strict=True)
    ]
    return [one for _count, one in sorted(judged, key=lambda pair: pair[0])]


def _told(who: Who, found: Sequence[_Narrowing]) -> list[ColumnElement[bool]]:
    """The rarest as a set to begin from, each of whom is asked about the others.

    Where even the rarest is common the list is read along its order and each person asked: the page
    is full soon.
    """
    if not found or found[0].is_common:
        return [one.test for one in found]
    if not found[0].is_found:
        return [literal(False)]
    return [who.in_(found[0].ids), *(one.test for one in found[1:])]


def _conditions(
    session: Session, who: Who, filters: ListFilter, today: date
) -> list[ColumnElement[bool]]:
    narrowed = _named(who, filters.text)
    if filters.text.strip() and not narrowed:
        return [literal(False)]
    if state := _state(filters):
        # Every club, so that the phases are found by their index.
        anywhere = MemberState.club_id.in_(select(Club.id))
        ids = select(MemberState.person_id).where(anywhere, *state)
        narrowed.append(_Narrowing(ids, and_(*state)))
    if filters.plan_id is not None:
        narrowed.append(_running(who, filters.plan_id, today))
    found = _told(who, _rarest_first(session, narrowed))
    if filters.members_only:
        # Who has just bought a first term is somebody from now on, not from the next look on.
        is_member = and_(is_stale(), _has_access_term(who))
        found.append(or_(MemberState.phase.is_not(None), is_member))
    return found


def _state(filters: ListFilter) -> list[ColumnElement[bool]]:
    """Where people stand in the life cycle."""
    found: list[ColumnElement[bool]] = []
    if filters.phase is not None:
        found.append(MemberState.phase == filters.phase)
    if filters.risk is not None:
        found.append(MemberState.risk == filters.risk)
    if filters.status is not None:
        found.append(MemberState.status == filters.status)
    if filters.status is Status.POTENTIAL:
        found.append(or_(~is_stale(), ~_has_access_term(FOLLOWED)))
    return found


def _running(who: Who, plan_id: int, today: date) -> _Narrowing:
    """Who has a running term of a plan."""
    term = cast(Table, Membership.__table__).alias()
    runs = (
        term.c.plan_id == plan_id,
        term.c.voided_at.is_(None),
        term.c.starts_on <= today,
        or_(term.c.until_on.is_(None), term.c.until_on > today),
    )
    ids = select(term.c.person_id).where(*runs)
    return _Narrowing(ids, exists().where(term.c.person_id == who, *runs))


def _has_access_term(who: Who) -> ColumnElement[bool]:
    return exists().where(
        Membership.person_id == who,
        Membership.is_access,
        Membership.voided_at.is_(None),
    )


# --- in which order -------------------------------------------------------------------------

Ordering = Sequence[tuple[ColumnElement[Any], bool]]


def _order(order: Order, today: date) -> Ordering:
    """The columns a list is ordered by, each with whether it rises; the last one is unique."""
    last_visit = func.coalesce(MemberState.last_visit_on, LONG_AGO)
    ends = func.coalesce(MemberState.ends_on, FAR)
    person = _who(order)
    if order is Order.LAST_VISIT:
        return [(last_visit, False), (person, False)]
    if order is Order.AWAY:
        return [(last_visit, True), (person, True)]
    if order is Order.ENDS:
        is_past = case((MemberState.ends_on >= today, 0), (MemberState.phase.is_(None), 2), else_=1)
        return [(is_past, True), (ends, True), (person, True)]
    if order is Order.NEWEST:
        return [(person, False)]
    return [(cast(Table, Person.__table__).c.sort_name, True), (person, True)]


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
