"""What happens to clubs and staff."""

from dataclasses import dataclass
from datetime import datetime

from clubcrm.core.events import Event


@dataclass(frozen=True, kw_only=True)
class ClubOpened(Event):
    """A club was set up."""

    code: str


@dataclass(frozen=True, kw_only=True)
class ClubSettingsChanged(Event):
    """Settings that rules read were changed; everybody at the club is looked at again."""

    names: list[str]


@dataclass(frozen=True, kw_only=True)
class StaffAdded(Event):
    """Somebody was given access, or another role."""

    user_id: int
    role: str


@dataclass(frozen=True, kw_only=True)
class TokenCreated(Event):
    """A machine was given a token."""

    token_id: int
    role: str


@dataclass(frozen=True, kw_only=True)
class StaffRoleTaken(Event):
    """A role at a club was taken from somebody."""

    user_id: int
    role: str


@dataclass(frozen=True, kw_only=True)
class TokenRevoked(Event):
    """A machine's token opens nothing any more."""

    token_id: int


@dataclass(frozen=True, kw_only=True)
class DeskTaken(Event):
    """Somebody took the computer of the desk over from whoever was signed in there, or unlocked it."""

    user_id: int
    from_user_id: int | None
    by_pin: bool


@dataclass(frozen=True, kw_only=True)
class DeskLocked(Event):
    """Somebody left the desk and locked it."""


@dataclass(frozen=True, kw_only=True)
class PinLocked(Event):
    """Five wrong PINs in a row: the PIN opens nothing for a while."""

    user_id: int
    until: datetime
