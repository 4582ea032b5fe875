"""Which role may do what, and what a PIN is worth. Pure: values in, values out."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from itertools import pairwise

from clubcrm.accounts.states import Permission as P
from clubcrm.accounts.states import Role
from clubcrm.core.actor import Actor
from clubcrm.core.folding import ascii_digits

_DESK = frozenset(
    {
        P.CHECK_IN,
        P.SWITCH_CLERK,
        P.OVERRIDE_STOP,
        P.UNDO_VISIT,
        P.SEE_MEMBERS,
        P.EDIT_MEMBERS,
        P.SELL,
        P.FREEZE,
        P.TAKE_PAYMENT,
        P.SEE_PLANS,
        P.WORK_TASKS,
    }
)
_MANAGER = _DESK | {
    P.CANCEL_MEMBERSHIP,
    P.EDIT_PLANS,
    P.TRAIN,
    P.RUN_SCHEDULE,
    P.SEE_RETENTION,
    P.ASSIGN_TASKS,
    P.SEE_REPORTS,
    P.SEE_HOME,
    P.IMPORT,
    P.EDIT_CLUB,
    P.EDIT_SENDER,
    P.EDIT_CONTACTS,
    P.EXPORT,
}

GRANTS: Mapping[Role, frozenset[P]] = {
    Role.OWNER: frozenset(P),
    Role.MANAGER: _MANAGER,
    Role.DESK: _DESK,
    Role.SALES: frozenset(
        {
            P.SEE_MEMBERS,
            P.EDIT_MEMBERS,
            P.SELL,
            P.FREEZE,
            P.SEE_PLANS,
            P.SEE_RETENTION,
            P.WORK_TASKS,
        }
    ),
    Role.TRAINER: frozenset({P.SEE_MEMBERS, P.TRAIN, P.WORK_TASKS}),
    Role.ACCOUNTANT: frozenset(
        {P.SEE_MEMBERS, P.SEE_PLANS, P.SEE_REPORTS, P.TAKE_PAYMENT, P.EXPORT}
    ),
    Role.KIOSK: frozenset({P.CHECK_IN}),
    Role.DEVICE: frozenset({P.CHECK_IN}),
}
"""Role -> permissions. What stands in no row is denied."""


@dataclass(frozen=True)
class Principal:
    """Somebody signed in (or a token), with the permissions held at each club.

    Immutable and free of database rows, so that it can be kept for the length of a request.
    """

    actor: Actor
    grants: Mapping[int, frozenset[P]]  # club id -> permissions
    language: str | None = None

    def may(self, permission: P, club_id: int | None) -> bool:
        """Tell whether this permission is held at that club; never at no club."""
        return club_id is not None and permission in self.grants.get(club_id, frozenset())

    def scope(self, permission: P) -> frozenset[int]:
        """The clubs at which the permission is held: what every list query is limited to."""
        return frozenset(club for club, held in self.grants.items() if permission in held)


def grants_of(assignments: Iterable[tuple[Role, int]]) -> dict[int, frozenset[P]]:
    """Add up what several roles grant, club by club."""
    grants: dict[int, frozenset[P]] = {}
    for role, club_id in assignments:
        grants[club_id] = grants.get(club_id, frozenset()) | GRANTS[role]
    return grants


# --- PINs -----------------------------------------------------------------------------------

PIN_LENGTHS = range(4, 9)
PIN_TRIES = 5
"""So many wrong PINs in a row lock it."""

PIN_LOCKED_FOR = timedelta(minutes=15)


def folded_pin(typed: str) -> str:
    """A PIN as it is kept and compared: its digits as 0-9, whichever digits were typed."""
    return ascii_digits(typed).strip()


def is_a_pin(pin: str) -> bool:
    """Whether this is four to eight digits."""
    return len(pin) in PIN_LENGTHS and pin.isascii() and pin.isdigit()


def is_trivial(pin: str) -> bool:
    """Whether anybody tries this PIN first: one digit again and again, a row up or down, a repeated pair."""
    steps = {(int(b) - int(a)) % 10 for a, b in pairwise(pin)}
    return steps in ({0}, {1}, {9}) or pin == (pin[:2] * len(pin))[: len(pin)]


def pin_is_enough(held: frozenset[P]) -> bool:
    """Whether somebody with these rights at a club may take its desk with a PIN.

    Whoever manages or owns the club has a name that weighs more than four digits, and signs in.
    """
    return P.SWITCH_CLERK in held and P.EDIT_CLUB not in held


def at_desk_only(who: Principal, club_id: int) -> Principal:
    """What a PIN opens: the desk's rights at one club as far as they are held there, and no other right."""
    held = who.grants.get(club_id, frozenset()) & GRANTS[Role.DESK]
    return replace(who, grants={club_id: held} if held else {})


def minutes_locked(until: datetime | None, now: datetime) -> int:
    """For how many minutes, begun ones included, a PIN is still locked; 0 where it is not."""
    left = (until - now) if until else timedelta()
    return max(0, -(-left // timedelta(minutes=1)))
