"""False alarms cost staff time: members with a steady habit are active."""

import random
from collections.abc import Callable

import pytest

from clubcrm.members.states import PlanKind
from clubcrm.retention.policies import evaluate
from clubcrm.retention.states import Phase
from tests.unit.retention.facts import START, a_member, a_term

PEOPLE = 25
FIRST, LAST = START + 90, START + 390


def on_usual_days(rate: float, dice: random.Random) -> list[int]:
    """Two days of the week, kept most of the time."""
    usual = dice.sample(range(7), 2)
    return [d for d in range(START, LAST) if d % 7 in usual and dice.random() < rate / 2]


def by_the_week(rate: float, dice: random.Random) -> list[int]:
    """Once or twice in each week, on any day of it."""
    days: list[int] = []
    for monday in range(START, LAST, 7):
        times = int(rate) + (dice.random() < rate - int(rate))
        days += [monday + offset for offset in dice.sample(range(7), times)]
    return days


def at_random(rate: float, dice: random.Random) -> list[int]:
    """No habit at all: every day is drawn anew."""
    return [d for d in range(START, LAST) if dice.random() < rate / 7]


@pytest.mark.parametrize("rate", [1.2, 1.5, 1.8])
@pytest.mark.parametrize("habit", [on_usual_days, by_the_week, at_random])
def test_steady_members_are_active_on_nine_days_of_ten(
    habit: Callable[[float, random.Random], list[int]], rate: float
) -> None:
    dice = random.Random(f"{habit.__name__} {rate}")
    term = a_term(days=None, kind=PlanKind.ROLLING)
    active = 0
    for person_id in range(1, PEOPLE + 1):
        facts = a_member(term, visits=habit(rate, dice), person_id=person_id)
        active += sum(evaluate(facts, day).phase is Phase.ACTIVE for day in range(FIRST, LAST))
    assert active / (PEOPLE * (LAST - FIRST)) >= 0.9


def test_whoever_stops_is_seen() -> None:
    """The control: the same members at risk within a month of their last visit."""
    dice = random.Random(1)
    term = a_term(days=None, kind=PlanKind.ROLLING)
    for person_id in range(1, PEOPLE + 1):
        visits = [day for day in on_usual_days(1.5, dice) if day < START + 250]
        facts = a_member(term, visits=visits, person_id=person_id)
        assert evaluate(facts, max(visits) + 30).phase is Phase.AT_RISK
        assert evaluate(facts, max(visits) + 60).phase is Phase.SLEEPING
