"""Reads about clubs, staff and tokens."""

import hashlib
from collections.abc import Collection
from dataclasses import dataclass
from datetime import date, datetime
from typing import Any

from sqlalchemy import bindparam, or_, select
from sqlalchemy.orm import Session

from clubcrm.accounts.errors import UnknownClerk, UnknownClub
from clubcrm.accounts.models import ApiToken, Club, RoleAssignment, StaffPin, StaffUser
from clubcrm.accounts.policies import GRANTS, Principal, grants_of, pin_is_enough
from clubcrm.accounts.states import Permission, Role
from clubcrm.core.actor import Actor, ActorKind
from clubcrm.core.days import club_day
from clubcrm.core.transactions import kept


@dataclass(frozen=True)
class ClubRow:
    """A club as rules and screens need it."""

    id: int
    code: str
    name: str
    timezone: str
    currency: str
    language: str
    calendar: str
    territory: str
    day_cutoff_minutes: int
    is_demo: bool
    went_live_on: date | None
    settings: dict[str, Any]

    def today(self, now: datetime) -> date:
        """The club's day at an instant: its local date, with its cut-off."""
        return club_day(now, self.timezone, self.day_cutoff_minutes)

    @property
    def shows_toman(self) -> bool:
        """Whether rials are written and typed as toman, one for ten."""
        return self.currency == "IRR" and bool(self.settings.get("shows_toman"))

    @property
    def locale(self) -> str:
        """Language and territory together, e.g. `fa_IR`: a language alone says nothing of weekends."""
        return self.language if "_" in self.language else f"{self.language}_{self.territory}"


def _row(club: Club) -> ClubRow:
    return ClubRow(
        **{
            name: getattr(club, name) for name in ClubRow.__dataclass_fields__ if name != "settings"
        },
        settings=dict(club.settings or {}),
    )


def clubs(session: Session, scope: Collection[int] | None = None) -> list[ClubRow]:
    """The clubs in scope by name; None = all of them (background work and commands only)."""
    query = select(Club).order_by(Club.name, Club.id)
    if scope is not None:
        query = query.where(Club.id.in_(scope))
    return [_row(club) for club in session.scalars(query)]


# Every operation asks for its club: the statement is put together once.
_BY_ID = select(*(getattr(Club, name) for name in ClubRow.__dataclass_fields__)).where(
    Club.id == bindparam("id")
)


def get_club(session: Session, club_id: int) -> ClubRow:
    """One club by its id. Raises UnknownClub."""
    found: ClubRow | None = kept(session).get((Club, club_id))
    if found is None:
        row = session.execute(_BY_ID, {"id": club_id}).one_or_none()
        if row is None:
            raise UnknownClub
        found = ClubRow(**{**row._asdict(), "settings": dict(row.settings or {})})
        kept(session)[Club, club_id] = found
    return found


def find_club(session: Session, code: str | None) -> ClubRow:
    """The club with this code, in either case; without a code the only club there is. Raises UnknownClub."""
    query = select(Club).order_by(Club.id)
    if code is not None:
        query = query.where(Club.code == code.strip().lower())
    found = session.scalars(query.limit(2)).all()
    if len(found) != 1:
        raise UnknownClub
    return _row(found[0])


def is_set_up(session: Session) -> bool:
    """Tell whether a club lives here."""
    return session.scalar(select(Club.id).limit(1)) is not None


def principal_of_user(session: Session, user_id: int, session_key: str) -> Principal | None:
    """The signed-in employee with all rights; None when gone, inactive or signed out everywhere."""
    user = session.execute(
        select(StaffUser.full_name, StaffUser.language).where(
            StaffUser.id == user_id, StaffUser.session_key == session_key, StaffUser.is_active
        )
    ).one_or_none()
    if user is None:
        return None
    return Principal(
        Actor(ActorKind.STAFF, user_id, user.full_name),
        rights_of(session, user_id),
        user.language,
    )


def rights_of(session: Session, user_id: int) -> dict[int, frozenset[Permission]]:
    """What an employee may do, club by club."""
    roles = session.execute(
        select(RoleAssignment.role, RoleAssignment.club_id).where(RoleAssignment.user_id == user_id)
    )
    return grants_of((role, club_id) for role, club_id in roles)


def principal_of_token(session: Session, token: str) -> Principal | None:
    """The machine with this token and its rights; None when unknown or revoked."""
    row = session.execute(
        select(
            ApiToken.id, ApiToken.name, ApiToken.role, ApiToken.club_id, ApiToken.all_clubs
        ).where(ApiToken.token_hash == token_digest(token), ApiToken.revoked_at.is_(None))
    ).one_or_none()
    if row is None:
        return None
    ids = session.scalars(select(Club.id)).all() if row.all_clubs else [row.club_id]
    return Principal(
        Actor(ActorKind.TOKEN, row.id, row.name), grants_of((row.role, club) for club in ids)
    )


def token_digest(token: str) -> str:
    """What is kept of a token. Tokens are long and random, so a plain digest is enough."""
    return hashlib.sha256(token.encode()).hexdigest()


@dataclass(frozen=True)
class StaffRow:
    """An employee and the roles held."""

    id: int
    full_name: str
    email: str
    is_active: bool
    roles: tuple[tuple[Role, int], ...]


def staff(session: Session, scope: Collection[int]) -> list[StaffRow]:
    """The employees with a role at the clubs in scope, by name."""
    rows = session.execute(
        select(StaffUser, RoleAssignment.role, RoleAssignment.club_id)
        .join(RoleAssignment, RoleAssignment.user_id == StaffUser.id)
        .where(RoleAssignment.club_id.in_(scope))
        .order_by(StaffUser.full_name, StaffUser.id, RoleAssignment.id)
    ).all()
    people: dict[int, StaffRow] = {}
    for user, role, club_id in rows:
        known = people.get(user.id)
        roles = (*known.roles, (role, club_id)) if known else ((role, club_id),)
        people[user.id] = StaffRow(user.id, user.full_name, user.email, user.is_active, roles)
    return list(people.values())


@dataclass(frozen=True)
class ClerkRow:
    """Somebody who may take the desk of a club."""

    id: int
    full_name: str
    email: str
    has_pin: bool
    held: frozenset[Permission]  # at this club
    last_at: datetime | None  # when a session was begun last, by whatever means

    @property
    def pin_is_enough(self) -> bool:
        """Whether a PIN was chosen and does here."""
        return self.has_pin and pin_is_enough(self.held)


def clerks(session: Session, club_id: int) -> list[ClerkRow]:
    """Who may take the desk of a club: those a PIN is enough for, then the others; the latest first."""
    rows = session.execute(
        select(StaffUser, StaffPin.user_id, RoleAssignment.role)
        .join(RoleAssignment, RoleAssignment.user_id == StaffUser.id)
        .outerjoin(StaffPin, StaffPin.user_id == StaffUser.id)
        .where(RoleAssignment.club_id == club_id, StaffUser.is_active)
        .order_by(StaffUser.full_name, StaffUser.id)
    ).all()
    held = {user.id: frozenset[Permission]() for user, _pin, _role in rows}
    for user, _pin, role in rows:
        held[user.id] |= GRANTS[role]
    people = {
        user.id: ClerkRow(
            user.id,
            user.full_name,
            user.email,
            pin is not None,
            held[user.id],
            user.last_sign_in_at,
        )
        for user, pin, _role in rows
        if Permission.SWITCH_CLERK in held[user.id]
    }
    # Sorting twice keeps, among those who never came, the order of the names.
    latest = sorted(people.values(), key=_last_at, reverse=True)
    return sorted(latest, key=lambda one: not one.pin_is_enough)


def _last_at(clerk: ClerkRow) -> float:
    return clerk.last_at.timestamp() if clerk.last_at else 0.0


def get_clerk(session: Session, club_id: int, user_id: int) -> ClerkRow:
    """One of those who may take the desk of a club. Raises UnknownClerk."""
    for clerk in clerks(session, club_id):
        if clerk.id == user_id:
            return clerk
    raise UnknownClerk


def has_pin(session: Session, user_id: int) -> bool:
    """Whether an employee chose a PIN."""
    return session.get(StaffPin, user_id) is not None


@dataclass(frozen=True)
class TokenRow:
    """A machine's token, without what it is made of."""

    id: int
    name: str
    role: Role
    club_id: int | None
    created_at: datetime
    revoked_at: datetime | None


def tokens(session: Session, scope: Collection[int]) -> list[TokenRow]:
    """The tokens for the clubs in scope and for all clubs, in use first, the newest first."""
    rows = session.execute(
        select(
            ApiToken.id,
            ApiToken.name,
            ApiToken.role,
            ApiToken.club_id,
            ApiToken.created_at,
            ApiToken.revoked_at,
        )
        .where(or_(ApiToken.club_id.in_(scope), ApiToken.all_clubs))
        .order_by(ApiToken.id.desc())
    )
    found = [TokenRow(*row) for row in rows]
    return sorted(found, key=lambda token: token.revoked_at is not None)
