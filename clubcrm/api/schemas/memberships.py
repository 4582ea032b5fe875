"""Plans and memberships as the API takes and answers them."""

from datetime import date
from typing import Any

from pydantic import Field

from clubcrm.api.schemas.base import (
    Amount,
    Day,
    Id,
    Instant,
    Page,
    Query,
    Shape,
    ShortText,
    Text,
    amount_or_none,
    shown_id,
)
from clubcrm.billing.states import PaymentMethod
from clubcrm.members.queries import BriefTerm, PlanRow, TermRow
from clubcrm.members.states import EndReason, Link, MembershipState, PlanKind


class PlanOut(Shape):
    """What a club sells."""

    id: str
    club: str = Field(description="Code of the club.")
    name: str
    kind: PlanKind
    months: int | None
    days: int | None
    visits: int | None = Field(description="Visits in a pack or limited term; null = no limit.")
    calendar: str = Field(description="Calendar in which months are counted.")
    is_access: bool = Field(description="Whether it opens the door.")
    is_trial: bool
    auto_renew: bool
    hours: str | None = Field(description="When it opens the door, e.g. mon-fri 06:00-16:00.")
    price: Amount | None = Field(description="null = not known.")
    is_on_sale: bool

    @classmethod
    def of(cls, plan: PlanRow, club: str) -> "PlanOut":
        """A plan as the API writes it."""
        names = ("name", "kind", "months", "days", "visits", "calendar", "is_access", "is_trial")
        more = ("auto_renew", "hours", "is_on_sale")
        return cls(
            id=shown_id(plan.id),
            club=club,
            price=amount_or_none(plan.price),
            **{name: getattr(plan, name) for name in (*names, *more)},
        )


class PlanPage(Page[PlanOut]):
    """The plans of the clubs in sight, by club and name."""


class PlansQuery(Query):
    """Which plans."""

    club: ShortText | None = Field(None, description="Code of one club.")
    on_sale: bool = Field(False, description="Only those sold now.")


class FreezeOut(Shape):
    """A freeze of a membership."""

    id: str
    from_: date = Field(alias="from")
    until: date = Field(description="First day back.")
    reason: str


class MembershipOut(Shape):
    """One term of one person. A renewal is a new term; `previous_id` names the one it follows."""

    id: str
    member_id: str
    external_id: str | None
    club: str = Field(description="Code of the club.")
    plan: str = Field(description="Name of the plan.")
    plan_id: str
    state: MembershipState = Field(description="Where it stands today, by the club's clock.")
    starts_on: date
    ends_on: date | None = Field(description="Last valid day; null = month to month.")
    days_left: int | None = Field(
        description="Days from today to `ends_on`: 0 on the last day, below 0 once it is over."
    )
    visits_left: int | None = Field(description="null = no limit.")
    price: Amount | None = Field(description="null = not known.")
    auto_renew: bool
    sold_at: Instant
    previous_id: str | None
    link: Link | None = Field(description="What it is to the term before.")
    cancelled_last_day: date | None = Field(description="Last day by a notice that was given.")
    end_reason: EndReason | None
    freezes: list[FreezeOut]

    @classmethod
    def of(cls, term: TermRow, club: str, today: date) -> "MembershipOut":
        """A term as the API writes it."""
        return cls(
            id=shown_id(term.id),
            member_id=shown_id(term.person_id),
            external_id=term.external_id,
            club=club,
            plan=term.plan_name,
            plan_id=shown_id(term.plan_id),
            state=term.state_on(today),
            starts_on=term.starts_on,
            ends_on=term.ends_on,
            days_left=days_left(term, today),
            visits_left=term.visits_left,
            price=amount_or_none(term.price),
            auto_renew=term.auto_renew,
            sold_at=term.sold_at,
            previous_id=None if term.previous_id is None else shown_id(term.previous_id),
            link=term.link,
            cancelled_last_day=(
                None
                if term.cancel_until_on is None
                else date.fromordinal(term.cancel_until_on.toordinal() - 1)
            ),
            end_reason=term.end_reason,
            freezes=[
                FreezeOut.model_validate(
                    {
                        "id": shown_id(freeze.id),
                        "from": freeze.from_on,
                        "until": freeze.until_on,
                        "reason": freeze.reason,
                    }
                )
                for freeze in term.freezes
            ],
        )


class MembershipPage(Page[MembershipOut]):
    """The terms of one person, newest first."""


class MembershipBrief(Shape):
    """The term a list or a door speaks of."""

    id: str
    plan: str
    state: MembershipState
    starts_on: date
    ends_on: date | None = Field(description="Last valid day; null = month to month.")
    days_left: int | None
    visits_left: int | None

    @classmethod
    def of(cls, term: BriefTerm, today: date) -> "MembershipBrief":
        """A term in short."""
        return cls.model_validate(cls.written(term, today))

    @staticmethod
    def written(term: BriefTerm, today: date) -> dict[str, Any]:
        """A term in short, as JSON values."""
        ends_on = term.ends_on
        return {
            "id": shown_id(term.id),
            "plan": term.plan_name,
            "state": term.state_on(today),
            "starts_on": term.starts_on.isoformat(),
            "ends_on": None if ends_on is None else ends_on.isoformat(),
            "days_left": days_left(term, today),
            "visits_left": term.visits_left,
        }


class MembershipNew(Shape):
    """A membership to sell."""

    member_id: Id
    plan: ShortText = Field(description="Name of the plan, or its id.")
    starts_on: Day | None = Field(None, description="null = today, by the club's clock.")
    ends_on: Day | None = Field(
        None,
        description="Last valid day; null = as long as the plan says, or where it came in by an "
        "import and says nothing, as long as its terms mostly run.",
    )
    price: Amount | None = Field(None, description="null = the plan's price.")
    paid: Amount | None = Field(None, description="What was paid at once; the rest is owed.")
    method: PaymentMethod = PaymentMethod.CASH
    club: ShortText | None = Field(
        None, description="Code of the club that sells; needed where several have such a plan."
    )


class RenewalNew(Shape):
    """A renewal to sell."""

    plan: ShortText | None = Field(None, description="Name or id; null = the same plan again.")
    starts_on: Day | None = Field(
        None, description="null = the day after the old one ends, or today where that is past."
    )
    ends_on: Day | None = Field(
        None,
        description="Last valid day; null = as long as the plan says, or where it came in by an "
        "import and says nothing, as long as the old one.",
    )
    price: Amount | None = Field(None, description="null = the plan's price.")
    paid: Amount | None = None
    method: PaymentMethod = PaymentMethod.CASH


class FreezeNew(Shape):
    """Days on which a membership stands still."""

    from_: Day = Field(alias="from", description="First frozen day.")
    until: Day = Field(description="First day back.")
    reason: Text = ""


class CancellationNew(Shape):
    """A member's notice."""

    last_day: Day | None = Field(
        None, description="null = the first end that the contract and the club's notice allow."
    )
    reason: Text = ""


def days_left(term: TermRow | BriefTerm, today: date) -> int | None:
    """Days from today to the last valid day; None while open."""
    return None if term.ends_on is None else (term.ends_on - today).days
