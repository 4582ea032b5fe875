"""Signing in with a password, and the log of who came and looked."""

import secrets
from datetime import datetime, timedelta

from sqlalchemy import func, select
from sqlalchemy.orm import Session

from clubcrm.accounts.errors import TooManyTries, WeakPassword
from clubcrm.accounts.models import AccessLog, StaffUser
from clubcrm.accounts.operations.hashing import hashed, matches
from clubcrm.accounts.queries import token_digest
from clubcrm.accounts.states import AccessOutcome
from clubcrm.core.actor import Actor

MIN_PASSWORD = 10
TRIES = 10
TRIES_WITHIN = timedelta(minutes=15)


def check_password(
    session: Session, email: str, password: str, *, now: datetime
) -> StaffUser | None:
    """The employee with this e-mail and password, or None. Every try is written to the access log.

    Raises TooManyTries after ten wrong passwords for one e-mail within a quarter of an hour. The
    caller commits in both cases, so that a wrong try counts.
    """
    email = email.strip().lower()
    user = session.scalar(select(StaffUser).where(StaffUser.email == email, StaffUser.is_active))
    if not _is_right(session, "sign_in", email, user, password, now) or user is None:
        return None
    user.last_sign_in_at = now
    return user


def confirm_password(session: Session, user_id: int, password: str, *, now: datetime) -> bool:
    """Whether this is the password of somebody who is signed in, asked once more before what matters.

    Wrong ones count together with those at sign-in: an open session is no place to guess. Raises
    TooManyTries; the caller commits in both cases.
    """
    user = session.get_one(StaffUser, user_id)
    return _is_right(session, "confirm_password", user.email, user, password, now)


def _is_right(
    session: Session,
    action: str,
    email: str,
    user: StaffUser | None,
    password: str,
    now: datetime,
) -> bool:
    subject = token_digest(email)[:32]
    wrong = session.scalar(
        select(func.count())
        .select_from(AccessLog)
        .where(
            AccessLog.action.in_(("sign_in", "confirm_password")),
            AccessLog.outcome == AccessOutcome.REFUSED,
            AccessLog.subject == subject,
            AccessLog.at > now - TRIES_WITHIN,
        )
    )
    if (wrong or 0) >= TRIES:
        raise TooManyTries
    is_right = user is not None and matches(user.password_hash, password)
    if user is None:
        # As slow as a real comparison, so that the answer's time does not tell who works here.
        hashed(password)
    session.add(
        AccessLog(
            at=now,
            action=action,
            outcome=AccessOutcome.ALLOWED if is_right else AccessOutcome.REFUSED,
            user_id=user.id if user else None,
            subject=subject,
        )
    )
    return is_right


def change_password(session: Session, user_id: int, new: str, *, by: Actor, now: datetime) -> str:
    """Change one's own password, confirmed before; every other session ends. Returns the new session key."""
    user = session.get_one(StaffUser, user_id)
    if len(new) < MIN_PASSWORD:
        raise WeakPassword
    user.password_hash = hashed(new)
    user.session_key = secrets.token_urlsafe(32)
    log_access(session, "change_password", by=by, now=now)
    return user.session_key


def set_language(session: Session, user_id: int, language: str) -> None:
    """Choose the language in which one's own screens speak."""
    session.get_one(StaffUser, user_id).language = language


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
