"""What is done to clubs, staff and tokens: one public function a use case."""

import re
import secrets
from collections.abc import Mapping
from datetime import datetime
from typing import Any
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

from argon2 import PasswordHasher
from argon2.exceptions import InvalidHashError, VerifyMismatchError
from babel import Locale, UnknownLocaleError
from babel.core import get_global
from babel.numbers import list_currencies
from sqlalchemy import func, select
from sqlalchemy.orm import Session

from clubcrm.accounts.errors import (
    AlreadySetUp,
    BadClubSetting,
    ClubCodeTaken,
    EmailTaken,
    LastOwner,
    NotAnEmail,
    TooManyTries,
    UnknownToken,
    WeakPassword,
    WrongSignIn,
)
from clubcrm.accounts.events import (
    ClubOpened,
    ClubSettingsChanged,
    StaffAdded,
    StaffRoleTaken,
    TokenCreated,
    TokenRevoked,
)
from clubcrm.accounts.models import AccessLog, ApiToken, Club, RoleAssignment, StaffUser
from clubcrm.accounts.queries import is_set_up, token_digest
from clubcrm.accounts.states import AccessOutcome, Role
from clubcrm.core.actor import Actor
from clubcrm.core.days import club_day
from clubcrm.core.events import record
from clubcrm.core.transactions import kept, on_violation

MIN_PASSWORD = 10
_EMAIL = re.compile(r"[^@\s]+@[^@\s]+")
TRIES = 10
TRIES_WITHIN_MINUTES = 15
CALENDARS = ("gregorian", "jalali")

# Where a club speaks a language and its time zone is no country's.
TERRITORIES = {"fa": "IR", "ar": "AE", "ru": "RU", "en": "GB", "pt": "PT"}

_hasher = PasswordHasher()

on_violation("uq_club_code", ClubCodeTaken)
on_violation("uq_staff_user_email", EmailTaken)


def set_hasher(hasher: PasswordHasher) -> None:
    """Choose the cost of password hashes (the tests choose a cheap one)."""
    global _hasher
    _hasher = hasher


def set_up(
    session: Session,
    *,
    code: str,
    name: str,
    timezone: str,
    currency: str,
    language: str,
    calendar: str,
    owner_name: str,
    owner_email: str | None,
    owner_password: str | None,
    by: Actor,
    now: datetime,
    territory: str | None = None,
    is_demo: bool = False,
) -> int:
    """Open the first club here and give its owner access; returns the club's id.

    Raises AlreadySetUp when a club lives here, BadClubSetting, NotAnEmail, WeakPassword.
    """
    if is_set_up(session):
        raise AlreadySetUp
    club_id = open_club(
        session,
        code=code,
        name=name,
        timezone=timezone,
        currency=currency,
        language=language,
        calendar=calendar,
        territory=territory,
        by=by,
        now=now,
        is_demo=is_demo,
    )
    if owner_email:
        add_staff(
            session,
            full_name=owner_name or owner_email,
            email=owner_email,
            password=owner_password or "",
            role=Role.OWNER,
            club_id=club_id,
            by=by,
            now=now,
        )
    return club_id


def open_club(
    session: Session,
    *,
    code: str,
    name: str,
    timezone: str,
    currency: str,
    language: str,
    calendar: str,
    by: Actor,
    now: datetime,
    territory: str | None = None,
    is_demo: bool = False,
) -> int:
    """Open a club; everybody who owns a club here owns this one too. Returns its id.

    Without a territory it is the one the language names, or the one the time zone lies in.
    """
    zone, currency, locale = _checked(timezone, currency, language, calendar)
    club = Club(
        code=code.strip().lower(),
        name=name.strip(),
        timezone=zone,
        currency=currency,
        language=locale.language if not locale.script else str(locale),
        calendar=calendar,
        territory=territory or locale.territory or _territory(zone, locale.language),
        is_demo=is_demo,
        went_live_on=club_day(now, zone, 0),
        settings={},
        created_at=now,
    )
    session.add(club)
    session.flush()
    owners = select(RoleAssignment.user_id).where(RoleAssignment.role == Role.OWNER).distinct()
    for user_id in session.scalars(owners).all():
        session.add(RoleAssignment(user_id=user_id, role=Role.OWNER, club_id=club.id))
    record(session, ClubOpened(club_id=club.id, code=club.code), by=by, now=now)
    return club.id


def change_club(
    session: Session, club_id: int, changes: Mapping[str, Any], *, by: Actor, now: datetime
) -> list[str]:
    """Change what a club is and how it works; returns the names of what differs now.

    Names are `name`, `timezone`, `language`, `calendar`, `territory`, `day_cutoff_minutes` and
    `settings`, a mapping whose entries replace those of the same name (None takes one away). Raises
    BadClubSetting.
    """
    # Rows that refer to the club may be written meanwhile: nobody at the door waits for a setting.
    club = session.get_one(Club, club_id, with_for_update={"key_share": True})
    zone, _currency, locale = _checked(
        changes.get("timezone", club.timezone),
        club.currency,
        changes.get("language", club.language),
        changes.get("calendar", club.calendar),
    )
    wanted = {**changes, "timezone": zone}
    if "language" in changes:
        wanted["language"] = locale.language if not locale.script else str(locale)
    told = wanted.pop("settings", {})
    settings = {
        n: value for n, value in {**(club.settings or {}), **told}.items() if value is not None
    }
    names = [name for name, value in wanted.items() if getattr(club, name) != value]
    for name in names:
        setattr(club, name, wanted[name])
    names += [name for name in told if settings.get(name) != (club.settings or {}).get(name)]
    club.settings = settings
    kept(session).pop((Club, club_id), None)
    if names:
        record(session, ClubSettingsChanged(club_id=club_id, names=sorted(names)), by=by, now=now)
    return sorted(names)


def _territory(zone: str, language: str) -> str:
    """The country of a club that told only its time zone; of its language where no country has it."""
    country = get_global("zone_territories").get(zone, "")
    return country if len(country) == 2 else TERRITORIES.get(language, "GB")


def _checked(timezone: str, currency: str, language: str, calendar: str) -> tuple[str, str, Locale]:
    try:
        ZoneInfo(timezone)
    except (ZoneInfoNotFoundError, ValueError, OSError) as error:
        raise BadClubSetting(value=timezone, what="time zone") from error
    currency = currency.strip().upper()
    if currency not in list_currencies():
        raise BadClubSetting(value=currency, what="currency")
    try:
        locale = Locale.parse(language.replace("-", "_"))
    except (UnknownLocaleError, ValueError) as error:
        raise BadClubSetting(value=language, what="language") from error
    if calendar not in CALENDARS:
        raise BadClubSetting(value=calendar, what="calendar")
    return timezone, currency, locale


def add_staff(
    session: Session,
    *,
    full_name: str,
    email: str,
    password: str,
    role: Role,
    club_id: int,
    by: Actor,
    now: datetime,
) -> int:
    """Give somebody access with a role at one club; returns the employee's id.

    Somebody who has access already gets the further role and keeps the password. Raises NotAnEmail,
    WeakPassword.
    """
    email = email.strip().lower()
    user = session.scalar(select(StaffUser).where(StaffUser.email == email))
    if user is None:
        if _EMAIL.fullmatch(email) is None:
            raise NotAnEmail
        if len(password) < MIN_PASSWORD:
            raise WeakPassword
        user = StaffUser(
            email=email,
            full_name=full_name.strip(),
            password_hash=_hasher.hash(password),
            is_active=True,
            session_key=secrets.token_urlsafe(32),
            created_at=now,
        )
        session.add(user)
        session.flush()
    held = select(RoleAssignment.id).where(
        RoleAssignment.user_id == user.id,
        RoleAssignment.role == role,
        RoleAssignment.club_id == club_id,
    )
    if session.scalar(held) is None:
        session.add(RoleAssignment(user_id=user.id, role=role, club_id=club_id))
        record(session, StaffAdded(club_id=club_id, user_id=user.id, role=role), by=by, now=now)
    return user.id


def take_role(
    session: Session, user_id: int, role: Role, club_id: int, *, by: Actor, now: datetime
) -> None:
    """Take a role at one club from somebody. The last owner of a club stays. Raises LastOwner."""
    held = session.scalar(
        select(RoleAssignment).where(
            RoleAssignment.user_id == user_id,
            RoleAssignment.role == role,
            RoleAssignment.club_id == club_id,
        )
    )
    if held is None:
        return
    if role is Role.OWNER and not _other_owners(session, user_id, club_id):
        raise LastOwner
    session.delete(held)
    record(session, StaffRoleTaken(club_id=club_id, user_id=user_id, role=role), by=by, now=now)


def _other_owners(session: Session, user_id: int, club_id: int) -> bool:
    """Whether somebody else who can sign in owns the club too. The club is locked until the end."""
    session.get_one(Club, club_id, with_for_update=True)
    others = (
        select(func.count())
        .select_from(RoleAssignment)
        .join(StaffUser, StaffUser.id == RoleAssignment.user_id)
        .where(
            RoleAssignment.role == Role.OWNER,
            RoleAssignment.club_id == club_id,
            RoleAssignment.user_id != user_id,
            StaffUser.is_active,
        )
    )
    return bool(session.scalar(others))


def revoke_token(session: Session, token_id: int, *, by: Actor, now: datetime) -> None:
    """Put a machine's token out of use, for good. Raises UnknownToken."""
    token = session.get(ApiToken, token_id, with_for_update=True)
    if token is None:
        raise UnknownToken
    if token.revoked_at is None:
        token.revoked_at = now
        record(session, TokenRevoked(club_id=token.club_id, token_id=token_id), by=by, now=now)


def check_password(
    session: Session, email: str, password: str, *, now: datetime
) -> StaffUser | None:
    """The employee with this e-mail and password, or None. Every try is written to the access log.

    Raises TooManyTries after ten wrong passwords for one e-mail within a quarter of an hour. The
    caller commits in both cases, so that a wrong try counts.
    """
    email = email.strip().lower()
    subject = token_digest(email)[:32]
    since = now.timestamp() - TRIES_WITHIN_MINUTES * 60
    wrong = session.scalar(
        select(func.count())
        .select_from(AccessLog)
        .where(
            AccessLog.action == "sign_in",
            AccessLog.outcome == AccessOutcome.REFUSED,
            AccessLog.subject == subject,
            AccessLog.at > datetime.fromtimestamp(since, tz=now.tzinfo),
        )
    )
    if (wrong or 0) >= TRIES:
        raise TooManyTries
    user = session.scalar(select(StaffUser).where(StaffUser.email == email, StaffUser.is_active))
    is_right = user is not None and _matches(user.password_hash, password)
    if user is None:
        # As slow as a real comparison, so that the answer's time does not tell who works here.
        _hasher.hash(password)
    session.add(
        AccessLog(
            at=now,
            action="sign_in",
            outcome=AccessOutcome.ALLOWED if is_right else AccessOutcome.REFUSED,
            user_id=user.id if user else None,
            subject=subject,
        )
    )
    if user is None or not is_right:
        return None
    user.last_sign_in_at = now
    return user


def _matches(password_hash: str, password: str) -> bool:
    try:
        return _hasher.verify(password_hash, password)
    except (VerifyMismatchError, InvalidHashError):
        return False


def change_password(
    session: Session, user_id: int, *, old: str, new: str, by: Actor, now: datetime
) -> str:
    """Change one's own password; every other session ends. Returns the new session key."""
    user = session.get_one(StaffUser, user_id)
    if not _matches(user.password_hash, old):
        raise WrongSignIn
    if len(new) < MIN_PASSWORD:
        raise WeakPassword
    user.password_hash = _hasher.hash(new)
    user.session_key = secrets.token_urlsafe(32)
    log_access(session, "change_password", by=by, now=now)
    return user.session_key


def set_language(session: Session, user_id: int, language: str) -> None:
    """Choose the language in which one's own screens speak."""
    session.get_one(StaffUser, user_id).language = language


def create_token(
    session: Session, *, name: str, role: Role, club_id: int | None, by: Actor, now: datetime
) -> str:
    """Make a token for a machine, at one club or (club None) at all; returns it, the only time."""
    token = f"clubcrm_{secrets.token_urlsafe(32)}"
    row = ApiToken(
        name=name,
        role=role,
        club_id=club_id,
        all_clubs=club_id is None,
        token_hash=token_digest(token),
        created_at=now,
    )
    session.add(row)
    session.flush()
    record(session, TokenCreated(club_id=club_id, token_id=row.id, role=role), by=by, now=now)
    return token


def log_access(
    session: Session,
    action: str,
    *,
    by: Actor,
    now: datetime,
    club_id: int | None = None,
    outcome: AccessOutcome = AccessOutcome.ALLOWED,
    subject: str = "",
) -> None:
    """Write down a look at something sensitive, or a refusal."""
    session.add(
        AccessLog(
            at=now,
            action=action,
            outcome=outcome,
            club_id=club_id,
            user_id=by.id if by.kind == "staff" else None,
            token_id=by.id if by.kind == "token" else None,
            subject=subject,
        )
    )
