"""Which role may do what. Pure: values in, values out."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass

from clubcrm.accounts.states import Permission as P
from clubcrm.accounts.states import Role
from clubcrm.core.actor import Actor

_DESK = frozenset(
    {
        P.CHECK_IN,
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
