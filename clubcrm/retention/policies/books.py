"""From a term's row to what was known of it, day by day.

A pause moves the end from the day it was agreed or began, whichever came first; a notice from the day
it was given; an upgrade from the day it was sold. So nothing that somebody agrees today opens or shuts
a renewal window of last month.
"""

from collections.abc import Sequence
from datetime import date
from typing import NamedTuple

from clubcrm.core.period import Period
from clubcrm.members.policies.pauses import end_with_pauses
from clubcrm.members.states import PlanKind
from clubcrm.retention.policies.facts import FAR, Term


class Pause(NamedTuple):
    """A freeze or an extending closure, and the day from which it was known."""

    known: int
    period: Period


class Cut(NamedTuple):
    """A first day without the term that something set early, and the day from which it was known."""

    known: int
    end: int


def known_ends(
    known: int,
    starts_on: date,
    agreed_until: date | None,
    until_on: date | None,
    pauses: Sequence[Pause],
    cuts: Sequence[Cut],
) -> tuple[tuple[int, int], ...]:
    """(known from, first day without it) for each change of a term's end, ascending.

    The last one is the end that stands on the row, whatever led to it.
    """
    until = FAR if until_on is None else until_on.toordinal()
    if not pauses and not cuts:
        return ((known, until),)
    days = {known}
    days.update(pause.known for pause in pauses if pause.known > known)
    days.update(cut.known for cut in cuts if cut.known > known)
    ends: list[tuple[int, int]] = []
    for day in sorted(days):
        held = [pause.period for pause in pauses if pause.known <= day]
        agreed = end_with_pauses(starts_on, agreed_until, held)
        end = FAR if agreed is None else agreed.toordinal()
        end = min([end, *(cut.end for cut in cuts if cut.known <= day)])
        ends.append((day, end))
    ends[-1] = (ends[-1][0], until)
    return tuple(step for no, step in enumerate(ends) if no == 0 or step[1] != ends[no - 1][1])


def used_up(term: Term, last_told: int | None) -> Term:
    """A pack ends on the day after the visit that used it up.

    Where that visit is not on record, on the day after the last one an import told of; where nothing
    tells, at its own end.
    """
    if term.kind is not PlanKind.PACK or term.visits_left != 0:
        return term
    if term.takes:
        last = term.takes[-1]
    elif last_told is not None and last_told >= term.starts:
        last = last_told
    else:
        return term
    over = max(last, term.starts) + 1
    if over >= term.ends[-1][1]:
        return term
    earlier = [step for step in term.ends if step[0] < over]
    if not earlier:
        return term._replace(ends=((term.known, over),))
    return term._replace(ends=(*earlier, (over, over)))
