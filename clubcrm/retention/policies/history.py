"""How standings follow each other: the walk from check to check, and the slow one day by day.

Both give the same moves. The walk is what runs; the slow one is the proof of it.
"""

from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field
from typing import Any

from clubcrm.retention.policies.facts import Facts
from clubcrm.retention.policies.phases import evaluate
from clubcrm.retention.policies.rules import DEFAULTS, Rules
from clubcrm.retention.policies.standing import NOBODY, Standing
from clubcrm.retention.policies.transitions import (
    comes_back,
    has_moved,
    has_renewed,
    name_of,
    renewal_figures,
)
from clubcrm.retention.states import Phase, Sub, Transition


@dataclass(frozen=True, slots=True)
class Move:
    """One row of the history: from this day on, this phase."""

    on: int
    transition: Transition
    from_phase: Phase | None
    standing: Standing
    figures: dict[str, Any] = field(default_factory=dict)

    @property
    def key(self) -> tuple[int, Transition, Phase | None, Phase | None, Sub | None]:
        """What makes two rows say the same."""
        standing = self.standing
        return self.on, self.transition, self.from_phase, standing.phase, standing.sub


@dataclass(slots=True)
class Walked:
    """What a walk found: the standing on the last day, since when its phase holds, and the moves."""

    standing: Standing
    since: int | None
    baseline: int
    is_import: bool = False
    moves: list[Move] = field(default_factory=list)


def walk(
    facts: Facts,
    first: int,
    last: int,
    *,
    before: Standing = NOBODY,
    since: int | None = None,
    baseline: int | None = None,
    is_import: bool = False,
    rules: Rules = DEFAULTS,
) -> Walked:
    """Go from check to check, from `first` to `last`, both looked at.

    `before` is the standing of the day before `first` and `since` the first day of its phase; `baseline`
    is the first day anything is claimed about (None = `first`). With `is_import` the first phase found
    is the baseline of somebody an import brought: a fact of the past, no transition.
    """
    walked = Walked(before, since, first if baseline is None else baseline, is_import)
    day = first
    while True:
        standing = evaluate(facts, day, rules)
        _step(walked, facts, day, standing, rules)
        if day >= last:
            return walked
        following = standing.next_check
        day = last if following is None or following > last else following


def walk_every_day(
    facts: Facts, first: int, last: int, *, is_import: bool = False, rules: Rules = DEFAULTS
) -> Iterator[Walked]:
    """The same by the slow way: every single day from the beginning, yielding the state of each."""
    walked = Walked(NOBODY, None, first, is_import)
    for day in range(first, last + 1):
        _step(walked, facts, day, evaluate(facts, day, rules), rules)
        yield walked


def since_before(rows: Iterable[tuple[int, Phase | None]], day: int) -> int | None:
    """Since when the phase of the day before `day` had held, by (from, phase) in order of days."""
    since: int | None = None
    phase: Phase | None = None
    for on, came_into in rows:
        if on >= day:
            break
        if came_into is not phase:
            phase, since = came_into, on
    return since


def _step(walked: Walked, facts: Facts, day: int, standing: Standing, rules: Rules) -> None:
    before = walked.standing
    if standing.phase is not before.phase:
        walked.since = None if standing.phase is None else day
    transition = _transition(walked, facts, day, standing, rules)
    if transition is not None:
        is_renewal = transition is Transition.RENEWED
        figures = renewal_figures(facts, before, day, rules) if is_renewal else {}
        walked.moves.append(Move(day, transition, before.phase, standing, figures))
    walked.standing = standing


def _transition(
    walked: Walked, facts: Facts, day: int, standing: Standing, rules: Rules
) -> Transition | None:
    """What happened on a day; None for nothing worth a row."""
    before = walked.standing
    stays = before.phase is standing.phase is Phase.ACTIVE and not has_renewed(before, standing)
    if stays and comes_back(facts, standing, walked.since, day, walked.baseline, rules):
        return Transition.RECOVERED
    if not has_moved(before, standing):
        return None
    if walked.is_import and not walked.moves and before.phase is None:
        return Transition.IMPORTED
    return name_of(before, standing, rules)
