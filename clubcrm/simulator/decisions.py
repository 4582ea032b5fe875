"""What somebody decides about a membership: to renew and when, to give notice, to pause, to come back.

Pure, like `habits`: a decision is the same on whichever day it is looked at, as long as the facts of
the term stay as they are. Whoever acts on it asks day by day whether its day has come.
"""

from dataclasses import dataclass
from datetime import date, timedelta

from clubcrm.core.period import Period
from clubcrm.members.states import PlanKind
from clubcrm.simulator.dice import between, chance, happens, pick, pick_weighted, whole
from clubcrm.simulator.habits import Habit, Spell
from clubcrm.simulator.plans import LONGER, SHORTER

LATE_DAYS = 25
"""The latest renewals are sold so many days after the end."""

BACK_FROM, BACK_UNTIL = 35, 200
"""Days after the end between which somebody who did not renew may come back."""

# How likely a renewal of twelve months is while the habit lives.
_WILLING = {
    Habit.STEADY: 0.93,
    Habit.CASUAL: 0.78,
    Habit.FADER: 0.70,
    Habit.NO_SHOW: 0.08,
    Habit.SUMMER: 0.60,
    Habit.SLEEPER: 0.55,
    Habit.RETURNER: 0.86,
}
# Of what speaks against a whole year, so much speaks against a shorter term.
_SHORTER_IS_EASIER = {12: 1.0, 6: 0.65, 4: 0.55, 3: 0.45, 1: 0.18}

_FREEZE_REASONS = ("Knee", "Travelling for work", "Holiday", "Exams", "Back pain", "New baby")


@dataclass(frozen=True)
class Sold:
    """What a decision reads of a term. Days are half-open."""

    id: int
    plan: str
    kind: PlanKind
    months: int | None
    starts_on: date
    until_on: date | None

    @property
    def last_on(self) -> date:
        """The last valid day; far away for a contract without an end."""
        return date.max if self.until_on is None else self.until_on - timedelta(days=1)


@dataclass(frozen=True)
class Renewal:
    """To renew on a day, to a plan."""

    on: date
    plan: str


def renewal_of(term: Sold, spell: Spell) -> Renewal | None:
    """Whether, when and to what somebody renews a term with an end."""
    assert term.until_on is not None
    key = spell.character.key
    zeal = spell.zeal_on(term.last_on - timedelta(days=min(14, _days(term) // 2)))
    if chance(key, term.id, "renews") >= _readiness(term, spell, zeal):
        return None
    return Renewal(_renewal_day(term, key), _renewal_plan(term, key, zeal))


def _readiness(term: Sold, spell: Spell, zeal: float) -> float:
    """The odds of a renewal."""
    easier = _SHORTER_IS_EASIER.get(term.months or 1, 0.5)
    habit = spell.character.habit
    if zeal < 0.15:
        # Hope renews now and then, and forgetting more often where it is only a month.
        return 0.3 if habit is Habit.SLEEPER else 0.10
    willing = _WILLING[habit] * min(1.0, 0.5 + zeal / 2)
    return 1.0 - (1.0 - willing) * easier


def window_of(days: int) -> int:
    """Days before its end at which the window of a term opens (as the life cycle counts them)."""
    return 45 if days >= 300 else 30 if days >= 150 else 21 if days >= 75 else 7


def _renewal_day(term: Sold, key: str) -> date:
    window = window_of(_days(term))
    timing = chance(key, term.id, "timing")
    share = chance(key, term.id, "timing within")
    if timing < 0.14:
        before = window + 1 + int(share * min(40, _days(term) // 5))
    elif timing < 0.76:
        before = int(window * share**1.7)
    else:
        before = -1 - int((LATE_DAYS - 1) * share**1.6)
    return term.last_on - timedelta(days=before)


def _renewal_plan(term: Sold, key: str, zeal: float) -> str:
    turn = chance(key, term.id, "to plan")
    if zeal > 0.8 and turn < 0.15 and term.plan in LONGER:
        return LONGER[term.plan]
    if turn > 0.91 and term.plan in SHORTER:
        return SHORTER[term.plan]
    return term.plan


def return_day(term: Sold, spell: Spell) -> date | None:
    """The day on which somebody who let a term end comes back for a new one, if ever."""
    character = spell.character
    odds = {Habit.RETURNER: 0.45, Habit.STEADY: 0.22, Habit.SUMMER: 0.35, Habit.NO_SHOW: 0.03}
    if term.until_on is None or not happens(
        odds.get(character.habit, 0.12), character.key, term.id, "back"
    ):
        return None
    share = chance(character.key, term.id, "back on") ** 1.5
    return term.last_on + timedelta(days=BACK_FROM + int(share * (BACK_UNTIL - BACK_FROM)))


@dataclass(frozen=True)
class Notice:
    """To end a contract without an end: on which day, why, and whether it is taken back."""

    on: date
    reason: str
    withdrawn_after: int | None  # days; None = it stands
    again_on: date  # when somebody who took it back gives it once more


def notice_of(term: Sold, spell: Spell) -> Notice:
    """When somebody ends a month-to-month contract: some weeks after the last visit."""
    key = spell.character.key
    low, high = (60, 200) if spell.character.habit is Habit.SLEEPER else (15, 110)
    done = spell.stops_on
    if spell.fades_after is not None:
        faded = spell.start_on + timedelta(days=spell.fades_after + int(3 * spell.half_life))
        done = min(done, faded)
    elif spell.character.habit is Habit.NO_SHOW:
        done = spell.start_on + timedelta(days=12)
    on = done + timedelta(days=whole(low, high, key, term.id, "notice"))
    on = max(on, term.starts_on + timedelta(days=20))
    reasons = ("Moving away", "No time", "Too expensive", "Does not come", "Other gym", "Health")
    saved = whole(2, 9, key, term.id, "saved after")
    return Notice(
        on=on,
        reason=pick(reasons, key, term.id, "why"),
        withdrawn_after=saved if happens(0.14, key, term.id, "saved") else None,
        again_on=on + timedelta(days=80),
    )


@dataclass(frozen=True)
class Pause:
    """To freeze a term: when that is asked for, and for which days."""

    asked_on: date
    period: Period
    reason: str
    returns_after: int | None  # days in the freeze after which somebody stands at the desk again
    is_taken_back: bool  # thought better of before it began


def pause_of(term: Sold, spell: Spell) -> Pause | None:
    """Whether somebody freezes this term: about a third of the yearly ones."""
    key = spell.character.key
    days = _days(term) if term.until_on is not None else 365
    if days < 80 or term.kind is PlanKind.PACK:
        return None
    if not happens(0.36 * min(1.0, days / 365), key, term.id, "freezes"):
        return None
    start = term.starts_on + timedelta(days=int(days * between(0.15, 0.75, key, term.id, "from")))
    length = whole(8, 40, key, term.id, "frozen days")
    if spell.zeal_on(start) < 0.4:
        return None
    ahead = whole(0, 10, key, term.id, "ahead")
    asked_on = max(start - timedelta(days=ahead), term.starts_on + timedelta(days=1))
    early = happens(0.15, key, term.id, "returns early")
    return Pause(
        asked_on=asked_on,
        period=Period(start, start + timedelta(days=length)),
        reason=pick(_FREEZE_REASONS, key, term.id, "freeze reason"),
        returns_after=int(length * between(0.3, 0.8, key, term.id, "early")) if early else None,
        is_taken_back=ahead > 2 and happens(0.08, key, term.id, "no freeze"),
    )


def upgrade_day(term: Sold, spell: Spell) -> date | None:
    """The day on which a keen member exchanges a running term for a longer one, if ever."""
    key = spell.character.key
    if term.months not in (3, 6) or term.until_on is None:
        return None
    on = term.starts_on + timedelta(
        days=int(_days(term) * between(0.3, 0.6, key, term.id, "up on"))
    )
    return on if happens(0.07, key, term.id, "up") and spell.zeal_on(on) == 1 else None


def regrets_on(term: Sold, spell: Spell) -> date | None:
    """The day on which a sale is given back within the first fortnight, hardly ever."""
    key = spell.character.key
    if term.months is None or term.months < 3 or not happens(0.012, key, term.id, "regrets"):
        return None
    return term.starts_on + timedelta(days=whole(2, 10, key, term.id, "regrets on"))


@dataclass(frozen=True)
class Paying:
    """How a sale is paid: the share at once, and on which day the rest; None = never by itself."""

    share: float
    rest_on: date | None


def paying_of(key: str, pays_late: bool, sale: object, sold_on: date) -> Paying:
    """How somebody pays: nearly always at once and in full."""
    if not happens(0.55 if pays_late else 0.02, key, sale, "owes"):
        return Paying(1.0, None)
    share = pick_weighted([(0.0, 0.55), (0.5, 0.45)], key, sale, "pays")
    if happens(0.12, key, sale, "never pays"):
        return Paying(share, None)
    return Paying(share, sold_on + timedelta(days=whole(3, 45, key, sale, "pays on")))


def _days(term: Sold) -> int:
    assert term.until_on is not None
    return (term.until_on - term.starts_on).days
