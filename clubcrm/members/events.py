"""What happens to people and their terms.

`affects_from_on` is the earliest day on which somebody's life-cycle phase may have become another one
by what happened: the person's, or everybody's at the club where `person_id` is None.
"""

from dataclasses import dataclass
from datetime import date

from clubcrm.core.events import Event


@dataclass(frozen=True, kw_only=True)
class PersonAdded(Event):
    """Somebody became known to the club."""

    affects_from_on: date
    is_imported: bool = False


@dataclass(frozen=True, kw_only=True)
class PersonChanged(Event):
    """Fields of a person were changed; old and new values lie in `field_change`."""

    affects_from_on: date
    fields: list[str]


@dataclass(frozen=True, kw_only=True)
class PlanAdded(Event):
    """A club offers a new plan."""

    plan_id: int


@dataclass(frozen=True, kw_only=True)
class PlanChanged(Event):
    """A plan was changed for what is sold from now on."""

    plan_id: int
    fields: list[str]


@dataclass(frozen=True, kw_only=True)
class MembershipSold(Event):
    """A term was sold that follows no other."""

    affects_from_on: date
    membership_id: int
    plan_id: int
    starts_on: date
    until_on: date | None
    price_minor: int | None
    currency: str


@dataclass(frozen=True, kw_only=True)
class MembershipImported(Event):
    """A term came in by an import: a fact of the past, not behaviour under this system."""

    affects_from_on: date
    as_of_on: date
    membership_id: int
    plan_id: int
    starts_on: date
    until_on: date | None


@dataclass(frozen=True, kw_only=True)
class MembershipRenewed(Event):
    """A new term was sold that follows another."""

    affects_from_on: date
    membership_id: int
    previous_id: int
    plan_id: int
    starts_on: date
    until_on: date | None
    price_minor: int | None
    currency: str


@dataclass(frozen=True, kw_only=True)
class MembershipUpgraded(Event):
    """A term was replaced by another inside its cycle; no renewal."""

    affects_from_on: date
    membership_id: int
    previous_id: int
    plan_id: int
    starts_on: date
    until_on: date | None
    price_minor: int | None
    currency: str


@dataclass(frozen=True, kw_only=True)
class MembershipVoided(Event):
    """A term sold by mistake was taken back; it counts nowhere."""

    affects_from_on: date
    membership_id: int


@dataclass(frozen=True, kw_only=True)
class MembershipEndedEarly(Event):
    """A term was ended before its agreed end: refunded, transferred, or the member died."""

    affects_from_on: date
    membership_id: int
    until_on: date
    end_reason: str


@dataclass(frozen=True, kw_only=True)
class CancellationRequested(Event):
    """Notice was given; `cancel_until_on` is the first day without the contract."""

    affects_from_on: date
    membership_id: int
    cancel_until_on: date


@dataclass(frozen=True, kw_only=True)
class CancellationWithdrawn(Event):
    """Notice was taken back: the contract goes on."""

    affects_from_on: date
    membership_id: int


@dataclass(frozen=True, kw_only=True)
class MembershipFrozen(Event):
    """A term was paused, or will be; `until_on` is its end now."""

    affects_from_on: date
    freeze_id: int
    membership_id: int
    freeze_from_on: date
    freeze_until_on: date
    until_on: date | None


@dataclass(frozen=True, kw_only=True)
class FreezeEnded(Event):
    """A pause was ended before its time, by the member's return."""

    affects_from_on: date
    freeze_id: int
    membership_id: int
    freeze_until_on: date
    until_on: date | None


@dataclass(frozen=True, kw_only=True)
class FreezeCancelled(Event):
    """A pause was taken back as if it had never been."""

    affects_from_on: date
    freeze_id: int
    membership_id: int
    until_on: date | None


@dataclass(frozen=True, kw_only=True)
class TermsMoved(Event):
    """A term's days moved by something else: a closure, or the term before it."""

    affects_from_on: date
    membership_id: int
    starts_on: date
    was_until_on: date | None
    until_on: date | None


@dataclass(frozen=True, kw_only=True)
class ClosureDeclared(Event):
    """A club is closed on some days, or expects only a share of its visits."""

    affects_from_on: date
    closure_id: int
    from_on: date
    until_on: date
    share_percent: int
    extends_terms: bool


@dataclass(frozen=True, kw_only=True)
class ClosureWithdrawn(Event):
    """A closure was taken back; terms end when they did before it."""

    affects_from_on: date
    closure_id: int
    from_on: date
    until_on: date


@dataclass(frozen=True, kw_only=True)
class SeasonDeclared(Event):
    """A slow season that returns every year was declared."""

    affects_from_on: date
    season_id: int


@dataclass(frozen=True, kw_only=True)
class SeasonRemoved(Event):
    """A slow season is counted no longer."""

    affects_from_on: date
    season_id: int
