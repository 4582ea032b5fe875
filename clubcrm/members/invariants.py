"""What must always hold for people and their terms."""

from collections.abc import Iterator
from typing import Any

from flask_babel import lazy_gettext as _l
from sqlalchemy import and_, func, or_, select
from sqlalchemy.orm import Session, aliased

from clubcrm.core.invariants import Examined, Invariant, rows_of
from clubcrm.core.sql import chunks
from clubcrm.members.models import (
    Freeze,
    Membership,
    NumberSeries,
    Person,
    PersonClub,
    PersonSearch,
)
from clubcrm.members.operations.ends import (
    end_of,
    extending_closures,
    freezes_by_term,
    pauses_of,
)
from clubcrm.members.operations.numbers import MEMBER_NUMBERS
from clubcrm.members.operations.search_index import keys_of
from clubcrm.members.states import TokenKind

AT_ONCE = 5000
SAMPLE = 2000
"""People whose search words are worked out anew; of more than that every so many-th is taken."""


def _wrong_ends(session: Session, examined: Examined) -> Iterator[str]:
    """Terms whose end is not what their agreed end and their pauses make of it."""
    term = Membership.__table__
    closures = extending_closures(session, *examined.clubs)
    by_club: dict[int, list[Any]] = {}
    for closure in closures:
        by_club.setdefault(closure.club_id, []).append(closure)
    ids = session.scalars(
        select(term.c.id)
        .where(term.c.club_id.in_(examined.clubs), term.c.voided_at.is_(None))
        .order_by(term.c.id)
    ).all()
    for chunk in chunks(ids, AT_ONCE):
        freezes = freezes_by_term(session, chunk)
        rows = session.execute(select(term).where(term.c.id.in_(chunk)).order_by(term.c.id))
        for row in map(dict, rows.mappings()):
            pauses = pauses_of(row, freezes.get(row["id"], ()), by_club.get(row["club_id"], ()))
            end = end_of(row, row["agreed_until_on"], row["starts_on"], pauses)
            if end != row["until_on"]:
                yield f"membership {row['id']} (until {row['until_on']}, should be {end})"


def _overlapping_freezes(examined: Examined) -> Any:
    other = aliased(Freeze)
    return (
        select(Freeze.id, Freeze.membership_id.label("membership"), other.id.label("overlaps"))
        .join(
            other,
            and_(
                other.membership_id == Freeze.membership_id,
                other.id > Freeze.id,
                other.cancelled_at.is_(None),
                other.from_on < Freeze.until_on,
                Freeze.from_on < other.until_on,
            ),
        )
        .where(Freeze.cancelled_at.is_(None), Freeze.club_id.in_(examined.clubs))
        .order_by(Freeze.id)
    )


def _freezes_outside(examined: Examined) -> Any:
    """Freezes that miss their term.

    A term may have been moved or cut after it was frozen: then nobody can tell, and it is let pass.
    """
    others = aliased(Freeze)
    was_moved = or_(
        Membership.previous_id.is_not(None),
        Membership.cancel_until_on.is_not(None),
        Membership.cut_until_on.is_not(None),
        select(others.id)
        .where(others.membership_id == Freeze.membership_id, others.id != Freeze.id)
        .exists(),
    )
    return (
        select(Freeze.id, Freeze.membership_id.label("membership"))
        .join(Membership, Membership.id == Freeze.membership_id)
        .where(
            Freeze.cancelled_at.is_(None),
            Freeze.club_id.in_(examined.clubs),
            Membership.voided_at.is_(None),
            or_(
                Freeze.until_on <= Membership.starts_on,
                and_(
                    or_(
                        Freeze.from_on < Membership.starts_on,
                        Freeze.from_on >= Membership.until_on,
                    ),
                    ~was_moved,
                ),
            ),
        )
        .order_by(Freeze.id)
    )


def _visits_left(examined: Examined) -> Any:
    left, total = Membership.visits_left, Membership.visits_total
    return (
        select(Membership.id, left.label("left"), total.label("total"))
        .where(
            Membership.club_id.in_(examined.clubs),
            or_(
                left < 0,
                left > total,
                and_(left.is_(None), total.is_not(None)),
            ),
        )
        .order_by(Membership.id)
    )


def _broken_links(examined: Examined) -> Any:
    before = aliased(Membership)
    return (
        select(Membership.id, Membership.previous_id.label("follows"))
        .join(before, before.id == Membership.previous_id)
        .where(
            Membership.club_id.in_(examined.clubs),
            Membership.voided_at.is_(None),
            or_(before.starts_on > Membership.starts_on, before.id == Membership.id),
        )
        .order_by(Membership.id)
    )


def _unseen(examined: Examined) -> Any:
    seen = and_(
        PersonClub.person_id == Membership.person_id, PersonClub.club_id == Membership.club_id
    )
    return (
        select(Membership.id, Membership.person_id.label("person"))
        .outerjoin(PersonClub, seen)
        .where(Membership.club_id.in_(examined.clubs), PersonClub.person_id.is_(None))
        .order_by(Membership.id)
    )


def _numbers(session: Session, examined: Examined) -> Iterator[str]:
    """People with a number the series has not given out yet, so that it would be given again."""
    last = session.scalar(
        select(NumberSeries.last_number).where(NumberSeries.name == MEMBER_NUMBERS)
    )
    query = select(Person.id, Person.number).where(Person.home_club_id.in_(examined.clubs))
    longest = len(str(last or 0))
    suspects = query.where(func.length(Person.number) >= longest).order_by(Person.id)
    for person_id, number in session.execute(suspects):
        if number.isdigit() and int(number) > (last or 0):
            yield f"person {person_id} (number {number}, last given {last})"


def _search_words(session: Session, examined: Examined) -> Iterator[str]:
    """People who are not found under the words of their own row, or under others."""
    ids = session.scalars(
        select(Person.id).where(Person.home_club_id.in_(examined.clubs)).order_by(Person.id)
    ).all()
    known = set(
        session.scalars(
            select(PersonSearch.person_id).where(PersonSearch.kind == TokenKind.PERSON).distinct()
        )
    )
    yield from (f"person {person_id} (no words)" for person_id in ids if person_id not in known)
    step = max(1, len(ids) // SAMPLE)
    for chunk in chunks([pid for pid in ids[::step] if pid in known], AT_ONCE):
        standing: dict[int, set[tuple[str, str]]] = {}
        words = select(PersonSearch.person_id, PersonSearch.token, PersonSearch.name_key).where(
            PersonSearch.person_id.in_(chunk), PersonSearch.kind == TokenKind.PERSON
        )
        for person_id, token, name_key in session.execute(words):
            standing.setdefault(person_id, set()).add((token, name_key))
        people = session.execute(select(Person.__table__).where(Person.id.in_(chunk)))
        for person in map(dict, people.mappings()):
            if standing.get(person["id"], set()) != set(keys_of(person).items()):
                yield f"person {person['id']} (other words than its name, number and phone)"


INVARIANTS: tuple[Invariant, ...] = (
    Invariant(
        "members.ends",
        _l("Every term ends where its agreed end and its pauses say."),
        _wrong_ends,
    ),
    Invariant(
        "members.freezes_apart",
        _l("No two freezes of a term have a day in common."),
        rows_of("freeze", _overlapping_freezes),
    ),
    Invariant(
        "members.freezes_inside",
        _l("Every freeze lies in its term."),
        rows_of("freeze", _freezes_outside),
    ),
    Invariant(
        "members.visits_left",
        _l("The visits left of a term lie between none and all of them."),
        rows_of("membership", _visits_left),
    ),
    Invariant(
        "members.links",
        _l("A renewal follows a term that began before it."),
        rows_of("membership", _broken_links),
    ),
    Invariant(
        "members.seen",
        _l("Everybody is seen at each club at which there is a term."),
        rows_of("membership", _unseen),
    ),
    Invariant(
        "members.numbers",
        _l("No member number can be given out twice."),
        _numbers,
    ),
    Invariant(
        "members.search",
        _l("Everybody is found by name, number, phone and e-mail as they stand."),
        _search_words,
    ),
)
"""The invariants of people and terms."""
