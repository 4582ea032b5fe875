"""What is done to staff and to machines: they get access and roles, and lose them."""

import re
import secrets
from datetime import datetime

from sqlalchemy import func, select
from sqlalchemy.orm import Session

from clubcrm.accounts.errors import EmailTaken, LastOwner, NotAnEmail, UnknownToken, WeakPassword
from clubcrm.accounts.events import StaffAdded, StaffRoleTaken, TokenCreated, TokenRevoked
from clubcrm.accounts.models import ApiToken, Club, RoleAssignment, StaffUser
from clubcrm.accounts.operations.hashing import hashed
from clubcrm.accounts.operations.signing_in import MIN_PASSWORD
from clubcrm.accounts.queries import token_digest
from clubcrm.accounts.states import Role
from clubcrm.core.actor import Actor
from clubcrm.core.events import record
from clubcrm.core.transactions import on_violation

_EMAIL = re.compile(r"[^@\s]+@[^@\s]+")

on_violation("uq_staff_user_email", EmailTaken)


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
            password_hash=hashed(password),
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


def revoke_token(session: Session, token_id: int, *, by: Actor, now: datetime) -> None:
    """Put a machine's token out of use, for good. Raises UnknownToken."""
    token = session.get(ApiToken, token_id, with_for_update=True)
    if token is None:
        raise UnknownToken
    if token.revoked_at is None:
        token.revoked_at = now
        record(session, TokenRevoked(club_id=token.club_id, token_id=token_id), by=by, now=now)
