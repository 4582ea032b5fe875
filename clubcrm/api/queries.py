"""What a caller may name: clubs, people, plans and terms in sight; everything else is not found.

An id of another club gets the same answer as one that never existed.
"""

from collections.abc import Collection
from dataclasses import dataclass
from datetime import date, datetime

from flask_babel import lazy_gettext as _l
from sqlalchemy import select
from sqlalchemy.orm import Session

from clubcrm.accounts.access import clubs_where
from clubcrm.accounts.errors import NotAllowed, UnknownClub
from clubcrm.accounts.queries import ClubRow, clubs
from clubcrm.accounts.states import Permission
from clubcrm.api.schemas.base import LONGEST_ID
from clubcrm.api.schemas.memberships import MembershipOut
from clubcrm.core.errors import Invalid, NotFound
from clubcrm.members.errors import UnknownMembership, UnknownPerson, UnknownPlan
from clubcrm.members.queries import (
    PersonRow,
    PlanRow,
    TermRow,
    find_plan,
    get_person,
    get_plan,
    get_term,
)
from clubcrm.visits.errors import UnknownCard
from clubcrm.visits.models import AccessPoint
from clubcrm.visits.operations import fold_code
from clubcrm.visits.queries import holders_of


class ClubMissing(Invalid):
    """It is not clear which club is meant."""

    code = "club_missing"
    message = _l("Say which club: this token works at several.")


@dataclass(frozen=True)
class Sight:
    """The clubs at which the caller holds a permission, by id and by code."""

    by_id: dict[int, ClubRow]

    @property
    def scope(self) -> frozenset[int]:
        """Their ids, to which every query is limited."""
        return frozenset(self.by_id)

    def named(self, code: str) -> ClubRow:
        """The club with this code. Raises UnknownClub."""
        wanted = code.strip().lower()
        for club in self.by_id.values():
            if club.code == wanted:
                return club
        raise UnknownClub

    def narrowed(self, code: str | None) -> "Sight":
        """The same, or the one club with this code. Raises UnknownClub."""
        if code is None:
            return self
        club = self.named(code)
        return Sight({club.id: club})

    def one(self, code: str | None = None) -> ClubRow:
        """The club meant: the one with this code, else the only one. Raises ClubMissing."""
        if code is not None:
            return self.named(code)
        if len(self.by_id) != 1:
            raise ClubMissing
        return next(iter(self.by_id.values()))

    def code_of(self, club_id: int) -> str:
        """The code of a club; empty for one out of sight."""
        club = self.by_id.get(club_id)
        return club.code if club else ""

    def today(self, now: datetime) -> date:
        """The day at the first of the clubs; clubs of one owner mostly share it."""
        first = min(self.by_id)
        return self.by_id[first].today(now)


def sight(permission: Permission) -> Sight:
    """The clubs at which the caller holds a permission. Raises NotAllowed when there is none."""
    found = clubs_where(permission)
    if not found:
        raise NotAllowed
    return Sight(found)


def number_of(given: str, missing: type[NotFound]) -> int:
    """The id in a path; what cannot be one does not exist."""
    if not given.isascii() or not given.isdigit() or len(given) > LONGEST_ID:
        raise missing
    return int(given)


def person_in(session: Session, given: str, scope: Collection[int]) -> PersonRow:
    """The person with this id. Raises UnknownPerson."""
    return get_person(session, number_of(given, UnknownPerson), scope)


def term_in(session: Session, given: str, scope: Collection[int]) -> TermRow:
    """The term with this id, at a club in scope. Raises UnknownMembership."""
    term = get_term(session, number_of(given, UnknownMembership))
    if term.club_id not in scope:
        raise UnknownMembership
    return term


def plan_at(session: Session, given: str, club_id: int) -> PlanRow:
    """The club's plan with this name or id. Raises UnknownPlan."""
    named = find_plan(session, club_id, given)
    if named is not None:
        return named
    plan = get_plan(session, number_of(given, UnknownPlan))
    if plan.club_id != club_id:
        raise UnknownPlan
    return plan


def club_that_sells(
    session: Session, seen: Sight, plan: str, person: PersonRow, code: str | None
) -> tuple[ClubRow, PlanRow]:
    """Which club sells a plan to a person, and the plan.

    The club with the code; else the home club, where it has the plan; else the only club in sight
    that has it. Raises ClubMissing, UnknownPlan.
    """
    if code is not None:
        club = seen.named(code)
        return club, plan_at(session, plan, club.id)
    order = sorted(seen.by_id, key=lambda club_id: (club_id != person.home_club_id, club_id))
    found: list[tuple[ClubRow, PlanRow]] = []
    for club_id in order:
        try:
            found.append((seen.by_id[club_id], plan_at(session, plan, club_id)))
        except UnknownPlan:
            continue
        if club_id == person.home_club_id:
            break
    if not found:
        raise UnknownPlan
    if len(found) > 1:
        raise ClubMissing
    return found[0]


def membership_out(session: Session, seen: Sight, term_id: int, now: datetime) -> MembershipOut:
    """A term as the API answers it, read again."""
    term = get_term(session, term_id)
    return MembershipOut.of(term, seen.code_of(term.club_id), seen.by_id[term.club_id].today(now))


def club_of_door(
    session: Session,
    scope: Collection[int],
    *,
    club: str | None,
    access_point: str | None,
    code: str | None,
    person_id: int | None,
) -> int:
    """The club at whose door somebody stands.

    The club that was named; else the only one in scope; else the one that has this entrance; else
    the home of the person. Raises ClubMissing, UnknownCard, UnknownClub, UnknownPerson.
    """
    if club is None and len(scope) == 1:
        return next(iter(scope))
    if club is not None:
        return Sight({row.id: row for row in clubs(session, scope)}).named(club).id
    if access_point is not None:
        holders = select(AccessPoint.club_id).where(
            AccessPoint.code == access_point, AccessPoint.club_id.in_(scope)
        )
        found = session.scalars(holders.limit(2)).all()
        if len(found) == 1:
            return found[0]
    if code is not None:
        holder = holders_of(session, [fold_code(code)]).get(fold_code(code))
        if holder is None:
            raise UnknownCard
        person_id = holder.person_id
    person = get_person(session, person_id or 0, scope)
    if person.home_club_id not in scope:
        raise ClubMissing
    return person.home_club_id
