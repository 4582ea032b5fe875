"""How people live with a club: when they come, when they stay away, when they are done with it.

Pure: who it is and the day in, the answer out. The shares follow what is published of clubs: 50 to
65 in a hundred are there after twelve months; a tenth of the newcomers hardly ever enters; half of
those who leave had skipped a whole month and come back before; members without an end of their own
go on paying for two months or so after the last visit.
"""

from dataclasses import dataclass
from datetime import date, timedelta
from enum import StrEnum
from functools import lru_cache
from math import exp

from clubcrm.core.period import Period
from clubcrm.simulator.dice import between, chance, happens, pick_weighted, waiting, whole

OPENS, CLOSES = (6 * 60, 8 * 60), (22 * 60 + 30, 20 * 60)
"""Minutes of the day at which the club opens and closes, on weekdays and at the weekend."""


class Habit(StrEnum):
    """What sort of visitor somebody is."""

    STEADY = "steady"  # one to four times a week, on the same days
    CASUAL = "casual"  # less than once a week, on any day
    FADER = "fader"  # begins with zeal, comes less and less
    NO_SHOW = "no_show"  # joins and hardly ever enters
    SUMMER = "summer"  # comes until the summer, and not after it
    SLEEPER = "sleeper"  # stops after some months and stays a member
    RETURNER = "returner"  # misses a whole month now and then, and comes back


_SHARES = (
    (Habit.STEADY, 0.46),
    (Habit.CASUAL, 0.13),
    (Habit.FADER, 0.13),
    (Habit.NO_SHOW, 0.06),
    (Habit.SUMMER, 0.05),
    (Habit.SLEEPER, 0.05),
    (Habit.RETURNER, 0.12),
)

# Mean months until life gets in between: a move, a child, another sport.
_STAYS = {
    Habit.STEADY: 64.0,
    Habit.CASUAL: 32.0,
    Habit.FADER: 30.0,
    Habit.NO_SHOW: 24.0,
    Habit.SUMMER: 60.0,
    Habit.SLEEPER: 60.0,
    Habit.RETURNER: 46.0,
}

# Monday to Sunday: how full the club is.
_WEEKDAYS = (1.25, 1.15, 1.2, 1.05, 0.85, 0.8, 0.7)
_MONTH = 30.44


@dataclass(frozen=True)
class Character:
    """What does not change about a visitor. `weekly` is visit-days a week at full zeal."""

    key: str
    habit: Habit
    weekly: float
    weekdays: tuple[float, ...]
    minute: int  # usual time of arrival, minutes after midnight
    stay: int  # minutes in the club
    pays_late: bool
    is_talkative: bool


@dataclass(frozen=True)
class Spell:
    """One time of belonging to the club, from the first day of a chain of terms."""

    character: Character
    start_on: date
    stops_on: date  # from here on the club is no part of life any more
    fades_after: int | None  # days of zeal, for a fader
    half_life: float  # days in which a fader's zeal halves
    absences: tuple[Period, ...]

    def zeal_on(self, day: date) -> float:
        """How much of the own habit is left: 1 all of it, 0 nothing. Absences do not count here."""
        age = (day - self.start_on).days
        if day >= self.stops_on or age < 0:
            return 0.0
        if self.character.habit is Habit.NO_SHOW:
            return 0.6 if age < 12 and happens(0.4, self.character.key, "ever") else 0.0
        if self.fades_after is not None and age > self.fades_after:
            return exp(-0.693 * (age - self.fades_after) / self.half_life)
        return 1.0

    def is_away(self, day: date) -> bool:
        """Whether somebody is on holiday, ill, or missing a month."""
        return any(absence.contains(day) for absence in self.absences)

    def comes_on(self, day: date, share_percent: int = 100) -> bool:
        """Whether there is a visit on this day; `share_percent` of the usual is expected of it."""
        zeal = self.zeal_on(day)
        if zeal < 0.03 or self.is_away(day):
            return False
        share = share_percent / 100
        odds = self.character.weekdays[day.weekday()] * zeal * share
        if (day - self.start_on).days == 0:
            odds = max(odds, 0.75 * zeal)  # most people stay for a first session when they join
        return chance(self.character.key, day, "comes") < min(0.97, odds)

    def arrives_at(self, day: date) -> int:
        """Minute of the day of the arrival, within the opening hours."""
        weekend = day.weekday() >= 5
        usual = self.character.minute - (180 if weekend and self.character.minute > 900 else 0)
        minute = usual + int(between(-35, 35, self.character.key, day, "minute"))
        return max(OPENS[weekend] + 3, min(minute, CLOSES[weekend] - 40))

    def stays_for(self, day: date) -> int:
        """Minutes until the way out."""
        return self.character.stay + int(between(-15, 25, self.character.key, day, "stay"))


@lru_cache(maxsize=100_000)
def character_of(key: str) -> Character:
    """What sort of visitor somebody is; `key` says who, and never changes."""
    habit = pick_weighted(_SHARES, key, "habit")
    if habit is Habit.CASUAL:
        weekly = between(0.55, 1.05, key, "weekly")
    elif habit in (Habit.FADER, Habit.NO_SHOW):
        weekly = between(1.8, 3.4, key, "weekly")
    else:
        weekly = min(4.2, between(1.0, 2.2, key, "weekly") + waiting(0.55, key, "more"))
    kind = chance(key, "hours")
    if kind < 0.24:
        minute = whole(6 * 60 + 15, 9 * 60, key, "minute")
    elif kind < 0.42:
        minute = whole(9 * 60 + 30, 15 * 60, key, "minute")
    else:
        minute = whole(16 * 60 + 45, 20 * 60, key, "minute")
    return Character(
        key=key,
        habit=habit,
        weekly=weekly,
        weekdays=_weekdays(key, habit, weekly),
        minute=minute,
        stay=whole(50, 95, key, "stay"),
        pays_late=happens(0.12, key, "pays late"),
        is_talkative=happens(0.35, key, "talks"),
    )


@lru_cache(maxsize=200_000)
def spell_of(key: str, start_on: date) -> Spell:
    """How this time of belonging to the club goes."""
    character = character_of(key)
    return Spell(
        character=character,
        start_on=start_on,
        stops_on=_stop(character, start_on),
        fades_after=whole(14, 60, key, start_on, "zeal")
        if character.habit is Habit.FADER
        else None,
        half_life=between(16, 50, key, start_on, "half-life"),
        absences=_absences(character, start_on),
    )


def _weekdays(key: str, habit: Habit, weekly: float) -> tuple[float, ...]:
    """The odds of a visit for Monday to Sunday; they add up to the visits a week."""
    if habit is Habit.CASUAL:
        return tuple(weekly * share / 7 for share in _WEEKDAYS)
    wanted = max(1, round(weekly + 0.3))
    liked = sorted(range(7), key=lambda d: -_WEEKDAYS[d] * chance(key, "weekday", d))[:wanted]
    stray = 0.12 * weekly / 7
    own = (weekly - 7 * stray) / wanted
    return tuple(stray + (own if d in liked else 0.0) for d in range(7))


def _stop(character: Character, start_on: date) -> date:
    """The day on which the club ends to matter."""
    key = character.key
    months = waiting(_STAYS[character.habit], key, start_on, "stops")
    days = max(20, int(months * _MONTH))
    if character.habit is Habit.SLEEPER:
        days = min(days, whole(60, 170, key, start_on, "sleeps"))
    stop = start_on + timedelta(days=min(days, 40_000))
    if character.habit is Habit.SUMMER:
        year = start_on.year + (start_on >= date(start_on.year, 5, 15))
        leaves = date(year, 6, 28) + timedelta(days=whole(0, 45, key, start_on, "summer"))
        stop = min(stop, leaves)
    return stop


def _absences(character: Character, start_on: date) -> tuple[Period, ...]:
    """Holidays, illness and missed months of the first five years."""
    found: list[Period] = []
    key = character.key
    for year in range(start_on.year, start_on.year + 6):
        first = date(year, 1, 1)
        summer = date(year, 7, 5) + timedelta(days=whole(0, 45, key, year, "summer at"))
        found.append(_days(summer, whole(6, 15, key, year, "summer days")))
        for no in range(2):
            if happens(0.7, key, year, no, "away"):
                begin = first + timedelta(days=whole(5, 355, key, year, no, "away at"))
                found.append(_days(begin, whole(4, 9, key, year, no, "away days")))
        if character.habit is Habit.RETURNER:
            for no in range(2):
                if happens(0.75, key, year, no, "misses"):
                    begin = first + timedelta(days=whole(20, 320, key, year, no, "misses at"))
                    found.append(_days(begin, whole(30, 55, key, year, no, "misses days")))
    return tuple(found)


def _days(start: date, days: int) -> Period:
    return Period(start, start + timedelta(days=days))
