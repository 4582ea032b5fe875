"""What must always hold at the door."""

from collections import Counter
from collections.abc import Iterator
from typing import Any

from flask_babel import lazy_gettext as _l
from sqlalchemy import and_, case, func, or_, select
from sqlalchemy.orm import Session

from clubcrm.accounts.models import Club
from clubcrm.core.folding import search_tokens
from clubcrm.core.invariants import Examined, Invariant, rows_of
from clubcrm.core.sql import day_number
from clubcrm.members.models import Membership, PersonSearch
from clubcrm.members.states import TokenKind
from clubcrm.visits.models import Credential, EntryDecision, Visit, VisitDay
from clubcrm.visits.policies import entry_rules, inside_until
from clubcrm.visits.states import Decision, VisitSource

DECIDED = (VisitSource.DESK, VisitSource.API)
"""Where somebody was let in by a decision; a log tells what a door read, twice if need be."""


def _wrong_days(session: Session, examined: Examined) -> Iterator[str]:
    """Days on which the count of visits is not that of the visits."""
    counted = (
        select(
            Visit.person_id.label("person"),
            Visit.on.label("day"),
            func.count().label("visits"),
        )
        .where(Visit.undone_at.is_(None))
        .group_by(Visit.person_id, Visit.on)
        .subquery()
    )
    same_day = and_(counted.c.person == VisitDay.person_id, counted.c.day == VisitDay.on)
    wrong = (
        select(
            VisitDay.person_id,
            VisitDay.on,
            VisitDay.visits,
            func.coalesce(counted.c.visits, 0).label("real"),
        )
        .outerjoin(counted, same_day)
        .where(
            VisitDay.club_id.in_(examined.clubs),
            or_(
                VisitDay.visits != func.coalesce(counted.c.visits, 0),
                VisitDay.day_no != day_number(VisitDay.on),
            ),
        )
        .order_by(VisitDay.person_id, VisitDay.on)
    )
    for row in session.execute(wrong):
        yield f"person {row.person_id} on {row.on} (counted {row.visits}, came {row.real} times)"
    missing = (
        select(Visit.person_id, Visit.on)
        .outerjoin(VisitDay, and_(VisitDay.person_id == Visit.person_id, VisitDay.on == Visit.on))
        .where(
            Visit.club_id.in_(examined.clubs),
            Visit.undone_at.is_(None),
            VisitDay.person_id.is_(None),
        )
        .distinct()
        .order_by(Visit.person_id, Visit.on)
    )
    for row in session.execute(missing):
        yield f"person {row.person_id} on {row.on} (came, and the day is not counted)"


def _open_twice(session: Session, examined: Examined) -> Iterator[str]:
    """People who are inside twice at this moment."""
    clubs = session.execute(
        select(Club.id, Club.timezone, Club.day_cutoff_minutes, Club.settings).where(
            Club.id.in_(examined.clubs)
        )
    ).all()
    for club in clubs:
        rules = entry_rules(club.settings or {})
        since = examined.now - rules.inside
        inside: Counter[int] = Counter()
        visits = session.execute(
            select(Visit.person_id, Visit.checked_in_at).where(
                Visit.club_id == club.id,
                Visit.checked_in_at >= since,
                Visit.checked_in_at <= examined.now,
                Visit.checked_out_at.is_(None),
                Visit.undone_at.is_(None),
                Visit.source.in_(DECIDED),
            )
        )
        for person_id, at in visits:
            over = inside_until(at, club.timezone, club.day_cutoff_minutes, rules.inside)
            inside[person_id] += examined.now < over
        for person_id, times in sorted(inside.items()):
            if times > 1:
                yield f"person {person_id} (inside {times} times)"


def _wrong_takes(examined: Examined) -> Any:
    """Terms sold here that open the door, with visits counted down otherwise than visits took them."""
    took = func.sum(case((and_(Visit.took_a_visit, Visit.undone_at.is_(None)), 1), else_=0))
    taken = (
        select(Visit.membership_id, took.label("taken")).group_by(Visit.membership_id).subquery()
    )
    count = func.coalesce(taken.c.taken, 0)
    return (
        select(
            Membership.id,
            Membership.visits_total.label("total"),
            Membership.visits_left.label("left"),
            count.label("taken"),
        )
        .outerjoin(taken, taken.c.membership_id == Membership.id)
        .where(
            Membership.club_id.in_(examined.clubs),
            Membership.sold_here,
            Membership.is_access,  # a package of sessions is counted down by sessions
            Membership.visits_total.is_not(None),
            Membership.visits_left.is_not(None),
            Membership.visits_total - Membership.visits_left != count,
        )
        .order_by(Membership.id)
    )


def _let_in_against(examined: Examined) -> Any:
    """Visits of a door that said stop and that nobody overrode."""
    return (
        select(EntryDecision.id, EntryDecision.visit_id.label("visit"))
        .where(
            EntryDecision.club_id.in_(examined.clubs),
            or_(
                and_(EntryDecision.decision == Decision.STOP, EntryDecision.visit_id.is_not(None)),
                and_(
                    EntryDecision.decision.in_((Decision.IN, Decision.WARN)),
                    EntryDecision.visit_id.is_(None),
                ),
            ),
        )
        .order_by(EntryDecision.id)
    )


def _card_words(session: Session, examined: Examined) -> Iterator[str]:
    """People who are not found by the cards they hold, or are by cards they no longer hold."""
    held: dict[int, set[str]] = {}
    cards = session.execute(
        select(Credential.person_id, Credential.code).where(
            Credential.ended_at.is_(None), Credential.club_id.in_(examined.clubs)
        )
    )
    for person_id, code in cards:
        held.setdefault(person_id, set()).update(search_tokens((), [code]))
    standing: dict[int, set[str]] = {}
    words = session.execute(
        select(PersonSearch.person_id, PersonSearch.token).where(
            PersonSearch.kind == TokenKind.CARD,
            PersonSearch.person_id.in_(
                select(Credential.person_id).where(Credential.club_id.in_(examined.clubs))
            ),
        )
    )
    for person_id, token in words:
        standing.setdefault(person_id, set()).add(token)
    elsewhere = set(
        session.scalars(
            select(Credential.person_id).where(
                Credential.ended_at.is_(None), Credential.club_id.not_in(examined.clubs)
            )
        )
    )
    for person_id in sorted((held.keys() | standing.keys()) - elsewhere):
        if held.get(person_id, set()) != standing.get(person_id, set()):
            yield f"person {person_id} (other words than the cards)"


INVARIANTS: tuple[Invariant, ...] = (
    Invariant(
        "visits.days",
        _l("A person’s day counts exactly the visits of that day."),
        _wrong_days,
    ),
    Invariant(
        "visits.inside_once",
        _l("Nobody is inside twice."),
        _open_twice,
    ),
    Invariant(
        "visits.taken",
        _l("The visits left of a term are those sold, less those that visits took."),
        rows_of("membership", _wrong_takes),
    ),
    Invariant(
        "visits.decisions",
        _l("Whoever was stopped has no visit, and whoever was let in has one."),
        rows_of("entry decision", _let_in_against),
    ),
    Invariant(
        "visits.cards",
        _l("Everybody is found by the cards held now, and by no others."),
        _card_words,
    ),
)
"""The invariants of the door."""
