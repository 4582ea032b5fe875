"""The desk of a club and the PINs of its clerks: chosen, tried, locked; the desk handed over and left.

**Name first, then the PIN.** A PIN alone would be tried against everybody's at once, two clerks could not
have the same, and a wrong one could be counted for nobody. So whoever takes the desk over says who it is,
and five wrong PINs in a row lock that employee's for a quarter of an hour.

**A PIN is no way in.** It counts only on a browser on which somebody who still works at the desk's club
signed in with a password (`access.opened_here`), and it opens the desk's rights at that club alone
(`policies.at_desk_only`). Whoever manages or owns the club takes the desk with the password, as does
whoever chose no PIN.
"""

from dataclasses import dataclass
from datetime import datetime
from typing import cast

from sqlalchemy import Table, delete, select
from sqlalchemy.orm import Session

from clubcrm.accounts.errors import NotAPin, PasswordNeeded, TrivialPin
from clubcrm.accounts.events import DeskLocked, DeskTaken, PinLocked
from clubcrm.accounts.models import StaffPin, StaffUser
from clubcrm.accounts.operations.hashing import hashed, matches
from clubcrm.accounts.operations.signing_in import check_password, log_access
from clubcrm.accounts.policies import (
    PIN_LOCKED_FOR,
    PIN_TRIES,
    folded_pin,
    is_a_pin,
    is_trivial,
    minutes_locked,
    pin_is_enough,
)
from clubcrm.accounts.queries import get_clerk, rights_of
from clubcrm.accounts.states import AccessOutcome
from clubcrm.core.actor import Actor, ActorKind
from clubcrm.core.events import record
from clubcrm.core.sql import locked, upsert

_pins = cast(Table, StaffPin.__table__)


@dataclass(frozen=True)
class PinTry:
    """What came of a PIN: the employee whose it is, or how many tries are left, or for how long none is."""

    user: StaffUser | None = None
    tries_left: int = 0
    minutes: int = 0


def check_new_pin(typed: str) -> str:
    """The PIN that was chosen, as it is kept. Raises NotAPin, TrivialPin."""
    pin = folded_pin(typed)
    if not is_a_pin(pin):
        raise NotAPin
    if is_trivial(pin):
        raise TrivialPin
    return pin


def set_pin(session: Session, user_id: int, pin: str, *, by: Actor, now: datetime) -> None:
    """Choose or change one's own PIN, the password confirmed before; a lock on the old one ends.

    Raises NotAPin, TrivialPin, and PasswordNeeded where a PIN would be enough at no club.
    """
    if not any(pin_is_enough(held) for held in rights_of(session, user_id).values()):
        raise PasswordNeeded
    row = {
        "user_id": user_id,
        "pin_hash": hashed(check_new_pin(pin)),
        "wrong_tries": 0,
        "locked_until": None,
        "chosen_at": now,
    }
    upsert(session, _pins, [row], ["user_id"])
    log_access(session, "set_pin", by=by, now=now)


def remove_pin(session: Session, user_id: int, *, by: Actor, now: datetime) -> None:
    """Do without a PIN from now on, the password confirmed before."""
    session.execute(delete(StaffPin).where(StaffPin.user_id == user_id))
    log_access(session, "remove_pin", by=by, now=now)


def take_desk_by_pin(
    session: Session, user_id: int, pin: str, *, club_id: int, by: Actor, now: datetime
) -> PinTry:
    """Try the PIN of an employee who takes the desk of a club over from `by`.

    The caller commits whatever comes of it, so that a wrong PIN counts. One try after the other: the
    row is held while the PIN is compared. Raises UnknownClerk, and PasswordNeeded where a PIN does not do.
    """
    clerk = get_clerk(session, club_id, user_id)
    row = session.scalar(locked(session, select(StaffPin).where(StaffPin.user_id == user_id)))
    if row is None or not clerk.pin_is_enough:
        raise PasswordNeeded
    if minutes := minutes_locked(row.locked_until, now):
        return PinTry(minutes=minutes)
    if row.locked_until is not None:
        row.wrong_tries, row.locked_until = 0, None
    is_right = matches(row.pin_hash, folded_pin(pin))
    outcome = AccessOutcome.ALLOWED if is_right else AccessOutcome.REFUSED
    log_access(
        session, "pin", by=by, now=now, club_id=club_id, outcome=outcome, subject=f"staff:{user_id}"
    )
    if not is_right:
        return _count_wrong(session, row, club_id, by, now)
    row.wrong_tries = 0
    user = session.get_one(StaffUser, user_id)
    user.last_sign_in_at = now
    _record_taken(session, user, club_id, by, now, by_pin=True)
    return PinTry(user)


def _count_wrong(session: Session, row: StaffPin, club_id: int, by: Actor, now: datetime) -> PinTry:
    row.wrong_tries += 1
    if row.wrong_tries < PIN_TRIES:
        return PinTry(tries_left=PIN_TRIES - row.wrong_tries)
    row.locked_until = now + PIN_LOCKED_FOR
    event = PinLocked(club_id=club_id, user_id=row.user_id, until=row.locked_until)
    record(session, event, by=by, now=now)
    return PinTry(minutes=minutes_locked(row.locked_until, now))


def take_desk_by_password(
    session: Session, user_id: int, password: str, *, club_id: int, by: Actor, now: datetime
) -> StaffUser | None:
    """Let an employee take the desk of a club over with the password: as if signing in there.

    None when it is wrong; the caller commits in both cases. Raises UnknownClerk, TooManyTries.
    """
    clerk = get_clerk(session, club_id, user_id)
    user = check_password(session, clerk.email, password, now=now)
    if user is not None:
        _record_taken(session, user, club_id, by, now, by_pin=False)
    return user


def _record_taken(
    session: Session, user: StaffUser, club_id: int, before: Actor, now: datetime, *, by_pin: bool
) -> None:
    event = DeskTaken(club_id=club_id, user_id=user.id, from_user_id=before.id, by_pin=by_pin)
    record(session, event, by=Actor(ActorKind.STAFF, user.id, user.full_name), now=now)


def lock_desk(session: Session, *, club_id: int, by: Actor, now: datetime) -> None:
    """Write down that somebody left the desk and locked it."""
    record(session, DeskLocked(club_id=club_id), by=by, now=now)
