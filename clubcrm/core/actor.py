"""Who does something: every operation is told, nothing is done by nobody."""

from dataclasses import dataclass
from enum import StrEnum


class ActorKind(StrEnum):
    """What sort of actor it is."""

    STAFF = "staff"
    TOKEN = "token"  # noqa: S105 - a machine with an API token, not a secret
    OPERATOR = "operator"  # the command line on the club's own machine
    ENGINE = "engine"  # the daily run and other background work


@dataclass(frozen=True, slots=True)
class Actor:
    """The one who acts: a kind, the id of its row where it has one, and a name to show."""

    kind: ActorKind
    id: int | None
    name: str


OPERATOR = Actor(ActorKind.OPERATOR, None, "operator")
ENGINE = Actor(ActorKind.ENGINE, None, "engine")
