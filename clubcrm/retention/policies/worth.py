"""What a member brings a year: by it scarce calls are ranked."""

from clubcrm.members.policies import monthly_price
from clubcrm.members.states import PlanKind
from clubcrm.retention.policies.facts import FAR, Facts


def yearly_value(facts: Facts, day: int) -> int | None:
    """What the term that runs on a day, or the last one before, brings a year in minor units.

    None where there is no term yet, or its price is unknown. A pack without an end is worth what it
    costs. The same as `members.queries.yearly_values`, from facts that are read already.
    """
    begun = [term for term in facts.terms if term.starts <= day and term.price is not None]
    if not begun:
        return None
    term = max(begun, key=lambda term: (term.starts, term.id))
    if term.kind is PlanKind.ROLLING:
        return None if term.price is None else term.price * 12
    if term.length == FAR:
        return term.price
    monthly = monthly_price(term.price, term.length)
    return None if monthly is None else monthly * 12
