"""Reads about clubs, staff and tokens."""

import hashlib
from collections.abc import Collection
from dataclasses import dataclass
from datetime import date, datetime
from typing import Any

from sqlalchemy import bindparam, or_, select
from sqlalchemy.orm import Session

from clubcrm.accounts.errors import UnknownClub
from clubcrm.accounts.models import ApiToken, Club, RoleAssignment, StaffUser
from clubcrm.accounts.policies import Principal, grants_of
from clubcrm.accounts.states import Role
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
    roles = session.execute(
        select(RoleAssignment.role, RoleAssignment.club_id).where(RoleAssignment.user_id == user_id)
    )
    return Principal(
        Actor(ActorKind.STAFF, user_id, user.full_name),
        grants_of((role, club_id) for role, club_id in roles),
        user.language,
    )


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
