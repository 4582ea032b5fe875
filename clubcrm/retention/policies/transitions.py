"""What happened to a member between two standings, by its name."""

from bisect import bisect_left
from typing import Any, Final

from clubcrm.members.policies import how_it_compares, monthly_price
from clubcrm.retention.policies.facts import Facts
from clubcrm.retention.policies.known import Known, Span, known_on
from clubcrm.retention.policies.measures import visits_in_14
from clubcrm.retention.policies.phases import evaluate
from clubcrm.retention.policies.rules import Rules
from clubcrm.retention.policies.standing import Standing
from clubcrm.retention.policies.terms import window
from clubcrm.retention.states import Phase, Sub, Transition

RECOVERY: Final = 14
"""Days within which the second visit makes a recovery."""

OUTSIDE = frozenset({Phase.PENDING, Phase.GRACE, Phase.LAPSED, Phase.LOST, None})
"""Phases in which no term runs."""

ENDED = {
    Phase.GRACE: Transition.EXPIRED,
    Phase.LAPSED: Transition.LAPSED,
    Phase.LOST: Transition.LOST,
}


def has_renewed(before: Standing, after: Standing) -> bool:
    """Whether one more renewal is on the books, in the same spell."""
    return after.renewals > before.renewals and after.spell_start == before.spell_start


def has_moved(before: Standing, after: Standing) -> bool:
    """Whether there is anything to write down: another phase or sub-phase, or a renewal."""
    if after.phase is None:
        return False
    return (
        before.phase is not after.phase or before.sub is not after.sub or has_renewed(before, after)
    )


def name_of(before: Standing, after: Standing, rules: Rules) -> Transition:
    """Name a move between two standings that differ."""
    if before.phase is not None and has_renewed(before, after):
        return Transition.RENEWED
    was, phase = before.phase, after.phase
    if phase in ENDED and phase is not was:
        return ENDED[phase]
    if phase is Phase.FROZEN or was is Phase.FROZEN:
        return Transition.FROZE if phase is Phase.FROZEN else Transition.UNFROZE
    if phase is Phase.LEAVING or was is Phase.LEAVING:
        return Transition.NOTICE if phase is Phase.LEAVING else Transition.SAVED
    if phase is Phase.PENDING:
        return Transition.MOVED
    if was in OUTSIDE:
        return _started(before, after)
    return _while_running(before, after, rules)


def _started(before: Standing, after: Standing) -> Transition:
    """A term began to run."""
    if after.phase is Phase.WON_BACK:
        return Transition.WON_BACK
    is_first = before.phase in (None, Phase.PENDING) and after.renewals == 0
    return Transition.JOINED if is_first else Transition.MOVED


def _while_running(before: Standing, after: Standing, rules: Rules) -> Transition:
    was, phase = before.phase, after.phase
    if phase is Phase.RENEWAL:
        return Transition.WINDOW_OPENED
    if phase is Phase.SLEEPING:
        return Transition.FELL_ASLEEP
    if phase is Phase.AT_RISK and was is not Phase.SLEEPING:
        return Transition.SLIPPED
    if before.sub is Sub.NOT_STARTED:
        return Transition.FIRST_VISIT
    if phase is Phase.ACTIVE and was is Phase.ADAPTATION:
        return Transition.SETTLED
    if phase is Phase.ACTIVE and was in (Phase.AT_RISK, Phase.SLEEPING):
        is_back = (after.v14 or 0) >= rules.recovered_visits
        return Transition.RECOVERED if is_back else Transition.MOVED
    return Transition.MOVED


def comes_back(
    facts: Facts, standing: Standing, since: int | None, day: int, baseline: int, rules: Rules
) -> bool:
    """Whether an active member recovers on a day: by his second visit-day in 14.

    The first visit often ends at risk or sleeping at once, and one visit is no recovery yet: it is one
    when the second follows within 14 days. `since` is the first day of the phase, `baseline` the first
    day anything is claimed about.
    """
    if since is None or not baseline < since < day < since + RECOVERY:
        return False
    if (standing.v14 or 0) < rules.recovered_visits:
        return False
    visits = facts.visits
    days = [since, *visits[bisect_left(visits, since) : bisect_left(visits, day)]]
    if any(visits_in_14(facts, earlier) >= rules.recovered_visits for earlier in days):
        return False
    return evaluate(facts, since - 1, rules).phase in (Phase.AT_RISK, Phase.SLEEPING)


def renewal_figures(facts: Facts, before: Standing, day: int, rules: Rules) -> dict[str, Any]:
    """When a renewal was sold (early, window, late) and how it compares (up, same, down).

    The same words as in the renewal report. Where a price is unknown only the length is compared.
    """
    known = known_on(facts, day, rules)
    new = _newest(known)
    old = _before(known, new)
    if old is None:
        return {"sold": "late" if before.phase in OUTSIDE else "early", "size": "same"}
    return {"sold": _sold(old, before, day, rules), "size": _size(old, new)}


def _sold(old: Span, before: Standing, day: int, rules: Rules) -> str:
    last = old.end - 1
    if day > last:
        return "late"
    is_in_window = before.phase is Phase.RENEWAL or day >= last - window(old.term, rules)
    return "window" if is_in_window else "early"


def _newest(known: Known) -> Span:
    """The term that came on the books last."""
    return max(known.spans, key=lambda span: (span.term.known, span.starts, span.term.id))


def _before(known: Known, new: Span) -> Span | None:
    """The term that another renews: the linked one, else the one before it."""
    for span in known.spans:
        if span.term.id == new.term.previous_id:
            return span
    earlier = [span for span in known.spans if span.starts < new.starts]
    return earlier[-1] if earlier else None


def _size(old: Span, new: Span) -> str:
    was, is_now = old.term, new.term
    prices = monthly_price(was.price, was.length), monthly_price(is_now.price, is_now.length)
    return ("same", "up", "down")[how_it_compares(is_now.length - was.length, *prices)]
