"""What a row says of a term: its days, its plan, its money, and how it ended."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import date, datetime, time, timedelta
from typing import Any, Final, cast
from zoneinfo import ZoneInfo

from clubcrm.core.folding import fold
from clubcrm.core.money import Money
from clubcrm.exchange.operations.people import Somebody, Verdict
from clubcrm.exchange.operations.tasks import Task
from clubcrm.exchange.policies.row import Row
from clubcrm.exchange.states import ProblemCode
from clubcrm.members.states import EndReason

IMPORTED_PLAN: Final = "Imported"
"""The plan of terms whose file names none."""

FIRST_YEAR: Final = 1930
_ONE_DAY: Final = timedelta(days=1)
_REASONS: Final = {
    "cancelled": EndReason.CANCELLED,
    "refunded": EndReason.REFUNDED,
    "transferred": EndReason.TRANSFERRED,
    "died": EndReason.DIED,
}
_OVER: Final = frozenset({"ended", *_REASONS})


@dataclass(frozen=True, slots=True)
class Told:
    """A term as a row tells it; `until_on` is the first day after it, None = month to month."""

    starts_on: date
    until_on: date | None
    plan: str
    sold_at: datetime
    price: Money | None
    paid: Money | None
    visits_left: int | None
    auto_renew: bool | None
    renewals_before: int
    previous: str | None
    end_reason: EndReason | None
    is_trial: bool

    @property
    def folded_plan(self) -> str:
        """The key under which the plan is known."""
        return fold(self.plan)[:120]

    @property
    def rest(self) -> Money | None:
        """What is still owed: the price less what was paid, where both are told."""
        if self.price is None or self.paid is None or self.paid.currency != self.price.currency:
            return None
        rest = self.price - self.paid
        return rest if rest.minor > 0 and self.paid.minor >= 0 else None

    def cancelling(self, as_of: datetime) -> dict[str, Any]:
        """When notice was given and from which day on the contract is over, for a cancelled term."""
        if self.end_reason is not EndReason.CANCELLED or self.until_on is None:
            return {"cancel_requested_at": None, "cancel_until_on": None}
        last_day = datetime.combine(self.until_on - _ONE_DAY, time.min, tzinfo=as_of.tzinfo)
        return {"cancel_requested_at": min(as_of, last_day), "cancel_until_on": self.until_on}


@dataclass(slots=True)
class Term:
    """A term a file speaks of, first on `line`; `held` is its row in the records, None if new."""

    line: int
    somebody: Somebody
    told: Told
    external_id: str | None
    marks: dict[str, int]
    held: Mapping[str, Any] | None = None
    new_id: int | None = None
    changes: dict[str, Any] = field(default_factory=dict)

    @property
    def id(self) -> int | None:
        """The id in the records, once there is one."""
        return self.new_id if self.held is None else cast(int, self.held["id"])


@dataclass(frozen=True, slots=True)
class TermVerdict:
    """What a row says: of its person, and of the term (None: an earlier row told it already)."""

    person: Verdict
    term: Term | None
    is_news: bool
    digest: str
    marks: dict[str, int]
    has_new_marks: bool

    @property
    def somebody(self) -> Somebody:
        """The member."""
        return self.person.somebody


def read_term(row: Row, task: Task) -> Told | None:
    """What a row says of its term; None, with the reason on the row, where it cannot be placed."""
    starts_on = _start(row)
    for name in ("price", "paid"):
        money = row.get(name)
        if money is not None and money.is_negative:
            row.add(ProblemCode.NEGATIVE, name, value=str(money.major))
            del row.values[name]
    if row.bad("ends_on") and not any(p.code is ProblemCode.NO_END for p in row.problems):
        # A blank end means month to month; an end that cannot be read must not.
        row.add(ProblemCode.MISSING, "ends_on")
    if starts_on is None or row.is_rejected:
        return None
    ends_on = row.get("ends_on")
    if ends_on is not None and ends_on < starts_on:
        row.add(
            ProblemCode.ENDS_BEFORE_START,
            "ends_on",
            value=ends_on.isoformat(),
            start=starts_on.isoformat(),
        )
        return None
    status = row.get("status")
    until_on = ends_on + _ONE_DAY if ends_on is not None else None
    if until_on is None and status in _OVER:
        until_on = max(task.as_of_on, starts_on + _ONE_DAY)
        row.add(ProblemCode.END_ASSUMED, "ends_on", day=(until_on - _ONE_DAY).isoformat())
    if status == "frozen":
        row.add(ProblemCode.FROZEN_SINCE, "status")
    zone = ZoneInfo(task.club.timezone)
    sold_on = row.get("sold_on") or min(starts_on, task.as_of_on)
    return Told(
        starts_on=starts_on,
        until_on=until_on,
        plan=row.get("plan") or IMPORTED_PLAN,
        sold_at=datetime.combine(sold_on, time.min, tzinfo=zone),
        price=row.get("price"),
        paid=row.get("paid"),
        visits_left=row.get("visits_left"),
        auto_renew=row.get("auto_renew"),
        renewals_before=row.get("renewals_before") or 0,
        previous=row.get("previous"),
        end_reason=_REASONS.get(status) if status else None,
        is_trial=status == "trial",
    )


def _start(row: Row) -> date | None:
    starts_on: date | None = row.get("starts_on")
    if starts_on is None and not row.bad("starts_on"):
        for name in ("sold_on", "joined_on"):
            if row.get(name) is not None:
                starts_on = row.get(name)
                row.add(ProblemCode.START_ASSUMED, "starts_on", source=name)
                break
    if starts_on is not None and starts_on.year < FIRST_YEAR:
        row.add(ProblemCode.FAR_DAY, "starts_on", value=starts_on.isoformat())
        starts_on = None
    if starts_on is None:
        row.add(ProblemCode.MISSING, "starts_on")
    return starts_on
