"""What the demo club sells, and who buys what."""

from dataclasses import dataclass

from clubcrm.core.money import Money
from clubcrm.members.operations import PlanValues
from clubcrm.members.states import PlanKind
from clubcrm.simulator.dice import pick_weighted

ANNUAL = "Annual"
OFF_PEAK = "Annual off-peak"
HALF_YEAR = "Six months"
QUARTER = "Three months"
MONTH = "One month"
ROLLING = "Month to month"
PACK = "Ten visits"
TRIAL = "Trial week"
SESSIONS = "Ten sessions"

OFF_PEAK_HOURS = "mon-fri 06:00-16:00; sat,sun 08:00-20:00"


@dataclass(frozen=True)
class Offer:
    """A plan on the price list; the weight says how many of the newcomers choose it."""

    values: PlanValues
    weight: float


def _term(
    name: str, months: int, price: int, weight: float, currency: str, hours: str | None = None
) -> Offer:
    money = Money(price * 100, currency)
    kind = PlanKind.TERM
    values = PlanValues(name=name, kind=kind, months=months, price=money, hours=hours)
    return Offer(values, weight)


def price_list(currency: str) -> tuple[Offer, ...]:
    """The plans of the club, the most sold first."""
    rolling = PlanValues(
        name=ROLLING, kind=PlanKind.ROLLING, price=Money(3990, currency), debt_grace_days=14
    )
    pack = PlanValues(
        name=PACK, kind=PlanKind.PACK, months=4, visits=10, price=Money(8500, currency)
    )
    trial = PlanValues(
        name=TRIAL, kind=PlanKind.TERM, days=7, is_trial=True, price=Money(1500, currency)
    )
    sessions = PlanValues(
        name=SESSIONS,
        kind=PlanKind.PACK,
        months=6,
        visits=10,
        is_access=False,
        price=Money(32000, currency),
    )
    return (
        _term(ANNUAL, 12, 396, 0.33, currency),
        Offer(rolling, 0.19),
        _term(QUARTER, 3, 129, 0.15, currency),
        _term(MONTH, 1, 49, 0.10, currency),
        _term(HALF_YEAR, 6, 228, 0.09, currency),
        Offer(pack, 0.07),
        _term(OFF_PEAK, 12, 288, 0.07, currency, OFF_PEAK_HOURS),
        Offer(trial, 0.0),
        Offer(sessions, 0.0),
    )


def first_plan(key: str) -> str:
    """The plan somebody buys first: a tenth try the club for a week before that."""
    return pick_weighted([(o.values.name, o.weight) for o in price_list("GBP")], key, "first plan")


LONGER = {MONTH: QUARTER, QUARTER: ANNUAL, HALF_YEAR: ANNUAL, PACK: QUARTER, ROLLING: ANNUAL}
"""What a plan is renewed to by somebody who wants more of the club."""

SHORTER = {ANNUAL: HALF_YEAR, HALF_YEAR: QUARTER, OFF_PEAK: QUARTER, QUARTER: MONTH}
"""And by somebody who is not sure any more."""
