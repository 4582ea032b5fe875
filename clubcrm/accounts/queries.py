"""Reads about clubs, staff and tokens."""

import hashlib
import json
from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime
from functools import lru_cache
from types import MappingProxyType
from typing import Any, Final, cast

from sqlalchemy import Table, Text, bindparam, or_, select
from sqlalchemy import cast as cast_to
from sqlalchemy.engine import Dialect
from sqlalchemy.orm import Session

from clubcrm.accounts.errors import UnknownClerk, UnknownClub
from clubcrm.accounts.models import ApiToken, Club, RoleAssignment, StaffPin, StaffUser
from clubcrm.accounts.policies import GRANTS, Principal, at_desk_only, grants_of, pin_is_enough
from clubcrm.accounts.states import Permission, Role
from clubcrm.core.actor import Actor, ActorKind
from clubcrm.core.days import club_day
from clubcrm.core.prepared import Prepared, Reader
from clubcrm.core.transactions import kept

MOST_KEPT: Final = 256
"""So many of those who ask are remembered, each as the rows read that made him."""


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
    settings: Mapping[str, Any]

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


Raw = tuple[tuple[Any, ...], ...]
Held = Sequence[tuple[Role, ClubRow]]

_club = cast(Table, Club.__table__)
_user = cast(Table, StaffUser.__table__)
_role = cast(Table, RoleAssignment.__table__)
_token = cast(Table, ApiToken.__table__)

# Every request asks for its club and for who asks: those statements are put together once.
_CLUB_COLUMNS = [_club.c[name] for name in ClubRow.__dataclass_fields__]
_CLUBS = select(*_CLUB_COLUMNS)
_BY_NAME = _CLUBS.order_by(_club.c.name, _club.c.id)
_IN_SCOPE = _BY_NAME.where(_club.c.id.in_(bindparam("scope", expanding=True)))
_BY_ID = Prepared(_CLUBS.where(_club.c.id == bindparam("id")))
# Who asks is read at every request, and is mostly who it was: with the settings as text, a row says so.
_ASKED_COLUMNS = [*_CLUB_COLUMNS[:-1], cast_to(_club.c.settings, Text).label("settings")]
_SIGNED_IN = Prepared(
    select(_user.c.full_name, _user.c.language, _role.c.role, *_ASKED_COLUMNS)
    .outerjoin_from(_user, _role, _role.c.user_id == _user.c.id)
    .outerjoin(_club, _club.c.id == _role.c.club_id)
    .where(
        _user.c.id == bindparam("id"), _user.c.session_key == bindparam("key"), _user.c.is_active
    )
)
_WITH_TOKEN = Prepared(
    select(
        *(_token.c.id.label("token_id"), _token.c.name.label("token")),
        *(_token.c.role, *_ASKED_COLUMNS),
    )
    .join_from(_token, _club, or_(_token.c.all_clubs, _club.c.id == _token.c.club_id))
    .where(_token.c.token_hash == bindparam("digest"), _token.c.revoked_at.is_(None))
)


def _row(club: Any) -> ClubRow:
    return ClubRow(*(*club[:-1], MappingProxyType(club[-1] or {})))


def clubs(session: Session, scope: Collection[int] | None = None) -> list[ClubRow]:
    """The clubs in scope by name; None = all of them (background work and commands only)."""
    if scope is None:
        return [_row(club) for club in session.execute(_BY_NAME)]
    return [_row(club) for club in session.execute(_IN_SCOPE, {"scope": tuple(scope)})]


def get_club(session: Session, club_id: int) -> ClubRow:
    """One club by its id. Raises UnknownClub."""
    found: ClubRow | None = kept(session).get((Club, club_id))
    if found is None:
        row = _BY_ID.first(session, {"id": club_id})
        if row is None:
            raise UnknownClub
        found = kept(session)[Club, club_id] = _row(row)
    return found


def find_club(session: Session, code: str | None) -> ClubRow:
    """The club with this code, in either case; without a code the only club there is. Raises UnknownClub."""
    query = _CLUBS.order_by(_club.c.id)
    if code is not None:
        query = query.where(_club.c.code == code.strip().lower())
    found = session.execute(query.limit(2)).all()
    if len(found) != 1:
        raise UnknownClub
    return _row(found[0])


def is_set_up(session: Session) -> bool:
    """Tell whether a club lives here."""
    return session.scalar(select(Club.id).limit(1)) is not None


@dataclass(frozen=True)
class Known:
    """Somebody who asks, and the clubs at which he holds a role, by id."""

    principal: Principal
    clubs: Mapping[int, ClubRow]

    def clubs_where(self, permission: Permission | None) -> dict[int, ClubRow]:
        """The clubs at which a permission is held (None = any), by id."""
        grants = self.principal.grants
        allowed = self.principal.scope(permission) if permission else frozenset(grants)
        return {club_id: club for club_id, club in self.clubs.items() if club_id in allowed}

    def at_desk_of(self, club_id: int) -> "Known":
        """The same with what a PIN opens: the desk of one club."""
        who = at_desk_only(self.principal, club_id)
        return Known(who, {one: club for one, club in self.clubs.items() if one in who.grants})


def whoever_signed_in(session: Reader, user_id: int, session_key: str) -> Known | None:
    """The signed-in employee with all rights; None when gone, inactive or signed out everywhere."""
    rows = _SIGNED_IN.raw(session, {"id": user_id, "key": session_key})
    return _known(*_signed_in(rows, user_id, session.get_bind().dialect)) if rows else None


@lru_cache(MOST_KEPT)
def _signed_in(raw: Raw, user_id: int, dialect: Dialect) -> tuple[Actor, Held, str | None]:
    rows = _SIGNED_IN.made(raw, dialect)
    full_name, language = rows[0][:2]
    held = [(row.role, _asked_row(row[3:])) for row in rows if row.role is not None]
    return Actor(ActorKind.STAFF, user_id, full_name), held, language


def rights_of(session: Session, user_id: int) -> dict[int, frozenset[Permission]]:
    """What an employee may do, club by club."""
    roles = session.execute(
        select(RoleAssignment.role, RoleAssignment.club_id).where(RoleAssignment.user_id == user_id)
    )
    return grants_of((role, club_id) for role, club_id in roles)


def whoever_has_token(session: Reader, token: str) -> Known | None:
    """The machine with this token and its rights; None when unknown or revoked."""
    rows = _WITH_TOKEN.raw(session, {"digest": token_digest(token)})
    return _known(*_with_token(rows, session.get_bind().dialect)) if rows else None


@lru_cache(MOST_KEPT)
def _with_token(raw: Raw, dialect: Dialect) -> tuple[Actor, Held]:
    rows = _WITH_TOKEN.made(raw, dialect)
    held = [(row.role, _asked_row(row[3:])) for row in rows]
    return Actor(ActorKind.TOKEN, rows[0].token_id, rows[0].token), held


def _asked_row(club: Sequence[Any]) -> ClubRow:
    return _row((*club[:-1], json.loads(club[-1] or "{}")))


def _known(actor: Actor, held: Held, language: str | None = None) -> Known:
    grants = grants_of((role, club.id) for role, club in held)
    return Known(Principal(actor, grants, language), {club.id: club for _role, club in held})


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
