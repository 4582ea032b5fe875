"""Where the parts of a member's line stand: phases in true time, today, what is to come, visits a week.

Pure: facts in, places in per cent of the width out, so that the drawing is as wide as its panel and its
letters keep their size. Where lines run from the right the template turns the places round.
"""

from collections import Counter
from collections.abc import Collection, Sequence
from dataclasses import dataclass
from datetime import date, timedelta
from itertools import pairwise
from math import ceil
from typing import NamedTuple

from clubcrm.core.calendars import CalendarName, month_start, next_month_start
from clubcrm.core.days import day_no, week_start
from clubcrm.retention.states import Phase

SHOWN_BACK = 365
SHOWN_AHEAD = 45
LEAST_BACK = 84
MOST_AHEAD = 120
WEEK = timedelta(days=7)
BAR_SHARE = 0.66  # of a week's width
LEAST_LABEL = 2.4  # per cent of width in which an icon fits
NAMED_FROM = 9.0  # per cent of width from which a phase is named in its segment

NAMED_ON_A_PHONE = 24.0
LEAST_ON_A_PHONE = 7.5


@dataclass(frozen=True)
class Segment:
    """A phase from one place to another. `is_planned`: still to come."""

    x: float
    width: float
    phase: Phase | None
    from_on: date
    until_on: date
    is_planned: bool = False

    @property
    def has_room(self) -> bool:
        """Whether its name fits into it."""
        return self.width >= NAMED_FROM

    @property
    def is_roomy(self) -> bool:
        """Whether its name fits into it on a phone, too."""
        return self.width >= NAMED_ON_A_PHONE

    @property
    def fits_a_phone(self) -> bool:
        """Whether its icon fits into it on a phone, too."""
        return self.width >= LEAST_ON_A_PHONE

    @property
    def has_room_for_icon(self) -> bool:
        """Whether its icon fits into it."""
        return self.width >= LEAST_LABEL


class WeekBar(NamedTuple):
    """The visits of one week. `share` is its height, of 1; None where the week is not known."""

    x: float
    width: float
    share: float | None
    visits: int
    from_on: date
    phase: Phase | None
    is_closed: bool = False


@dataclass(frozen=True)
class Mark:
    """A day with a name above the line.

    `kind` is joined, returned, renewed, changed (the plan), since, frozen, today, ends or ended. Its name
    stands at `x`, which is somewhat before the day where the name of today would be in the way.
    """

    x: float
    kind: str
    on: date
    anchor: str
    number: int = 0


@dataclass(frozen=True)
class Tick:
    """The first day of a month on the axis."""

    x: float
    on: date


@dataclass(frozen=True)
class PhaseLine:
    """The whole drawing."""

    from_on: date
    until_on: date
    today_x: float
    segments: tuple[Segment, ...]
    bars: tuple[WeekBar, ...]
    marks: tuple[Mark, ...]
    ticks: tuple[Tick, ...]
    habit_share: float | None
    most: int


@dataclass(frozen=True)
class TermSpan:
    """A term on the line: its days, what its start is called (see `Mark`), and its number in the chain."""

    starts_on: date
    until_on: date | None
    kind: str
    number: int


@dataclass(frozen=True)
class LineFacts:
    """What the line is drawn from. Days are half-open; `phases` are (first day, phase), oldest first."""

    today: date
    territory: str
    calendar: CalendarName
    phases: Sequence[tuple[date, Phase]]
    terms: Sequence["TermSpan"]
    freezes: Sequence[tuple[date, date]]
    visit_days: Sequence[int]
    known_from: date | None
    closed_days: Collection[int]
    window_days: int | None
    base: float | None
    since_on: date | None


def phase_line(facts: LineFacts) -> PhaseLine:
    """Place everything on one axis: a year back, and as far ahead as the term's end."""
    start, until = _span(facts)
    scale = _Scale(start, until)
    segments = _segments(facts, scale)
    most, bars = _bars(facts, scale, segments)
    habit = facts.base / most if facts.base is not None else None
    return PhaseLine(
        from_on=start,
        until_on=until,
        today_x=scale.at(facts.today),
        segments=tuple(segments),
        bars=tuple(bars),
        marks=tuple(_marks(facts, scale)),
        ticks=tuple(_ticks(facts, scale)),
        habit_share=min(habit, 1.0) if habit is not None else None,
        most=most,
    )


@dataclass(frozen=True)
class _Scale:
    """Days to per cent of the width."""

    start: date
    until: date

    def at(self, day: date) -> float:
        place = 100 * (day - self.start).days / (self.until - self.start).days
        return round(min(max(place, 0.0), 100.0), 3)

    def width(self, start: date, until: date) -> float:
        return round(self.at(until) - self.at(start), 3)


def _span(facts: LineFacts) -> tuple[date, date]:
    begins = [term.starts_on for term in facts.terms]
    begins += [date.fromordinal(no) for no in facts.visit_days[:1]]
    first = min(begins, default=facts.today)
    back = facts.today - timedelta(days=SHOWN_BACK)
    start = max(back, min(first, facts.today - timedelta(days=LEAST_BACK)))
    ends = [t.until_on for t in facts.terms if t.until_on and t.until_on > facts.today]
    ahead = facts.today + timedelta(days=SHOWN_AHEAD)
    if ends:
        limit = facts.today + timedelta(days=MOST_AHEAD)
        ahead = min(max(ahead, max(ends) + timedelta(days=14)), limit)
    return week_start(start, facts.territory), ahead


# --- the phases -----------------------------------------------------------------------------


def _segments(facts: LineFacts, scale: _Scale) -> list[Segment]:
    """What is known of the past, the running phase up to today, then what is planned, dashed."""
    found: list[Segment] = []
    tomorrow = facts.today + timedelta(days=1)
    spans: list[tuple[date, Phase | None]] = [*facts.phases, (tomorrow, None)]
    for (from_on, phase), (until_on, _next) in pairwise(spans):
        begin, end = max(from_on, scale.start), min(until_on, tomorrow)
        if begin < end:
            found.append(Segment(scale.at(begin), scale.width(begin, end), phase, from_on, end))
    first_known = facts.phases[0][0] if facts.phases else tomorrow
    for term in facts.terms:
        # Before anybody looked: a membership ran, its phases are not known.
        begin = max(term.starts_on, scale.start)
        end = min(term.until_on or tomorrow, first_known, tomorrow)
        if begin < end:
            place, width = scale.at(begin), scale.width(begin, end)
            found.append(Segment(place, width, None, term.starts_on, end))
    return sorted(found, key=lambda segment: segment.x) + _planned(facts, scale)


def _planned(facts: LineFacts, scale: _Scale) -> list[Segment]:
    tomorrow = facts.today + timedelta(days=1)
    found = []
    for from_on, until_on in facts.freezes:
        begin, end = max(from_on, tomorrow), min(until_on, scale.until)
        if begin < end:
            found.append(_ahead(scale, begin, end, Phase.FROZEN))
    last = max((term.until_on for term in facts.terms if term.until_on), default=None)
    is_open = any(term.until_on is None for term in facts.terms)
    if last and last > tomorrow and facts.window_days is not None and not is_open:
        begin = max(last - timedelta(days=facts.window_days), tomorrow)
        end = min(last, scale.until)
        if begin < end:
            found.append(_ahead(scale, begin, end, Phase.RENEWAL))
    return found


def _ahead(scale: _Scale, begin: date, end: date, phase: Phase) -> Segment:
    return Segment(scale.at(begin), scale.width(begin, end), phase, begin, end, is_planned=True)


# --- visits a week --------------------------------------------------------------------------


def _bars(
    facts: LineFacts, scale: _Scale, segments: Sequence[Segment]
) -> tuple[int, list[WeekBar]]:
    """A bar for each whole or running week; days before `known_from` make a week unknown."""
    first, today = day_no(scale.start), day_no(facts.today)
    counts = Counter((no - first) // 7 for no in facts.visit_days)
    usual = ceil(facts.base) if facts.base else 0
    most = max([3, usual, *counts.values()])
    known_from = 0 if facts.known_from is None else day_no(facts.known_from)
    past = [
        (day_no(one.from_on), day_no(one.until_on), one.phase)
        for one in segments
        if not one.is_planned
    ]
    found = []
    place = scale.at(scale.start)
    for number, no in enumerate(range(first, today + 1, 7)):
        end = scale.at(date.fromordinal(no + 7))
        width = round(end - place, 3)
        visits = counts[number]
        found.append(
            WeekBar(
                x=round(place + width * (1 - BAR_SHARE) / 2, 3),
                width=round(width * BAR_SHARE, 3),
                share=visits / most if no + 7 > known_from or visits else None,
                visits=visits,
                from_on=date.fromordinal(no),
                phase=_phase_in(past, no, no + 7),
                is_closed=not visits and _is_closed(facts, no, min(no + 7, today + 1)),
            )
        )
        place = end
    return most, found


def _is_closed(facts: LineFacts, start: int, until: int) -> bool:
    return all(no in facts.closed_days for no in range(start, until))


def _phase_in(
    past: Sequence[tuple[int, int, Phase | None]], start: int, until: int
) -> Phase | None:
    """The last phase that holds a day of the week."""
    for from_no, until_no, phase in reversed(past):
        if from_no < until and until_no > start:
            return phase
    return None


# --- names above and months beneath ---------------------------------------------------------


def _marks(facts: LineFacts, scale: _Scale) -> list[Mark]:
    """The days that are named: what matters most first, and none where another one stands."""
    wanted: list[Mark] = [_mark(scale, facts.today, facts.today, "today")]
    ends = [term.until_on - timedelta(days=1) for term in facts.terms if term.until_on]
    last = max(ends, default=None)
    is_open = any(term.until_on is None for term in facts.terms)
    if last and not is_open:
        wanted.append(_mark(scale, facts.today, last, "ends" if last >= facts.today else "ended"))
    if facts.since_on:
        wanted.append(_mark(scale, facts.today, facts.since_on, "since"))
    for from_on, _back in facts.freezes:
        wanted.append(_mark(scale, facts.today, from_on, "frozen"))
    wanted += [
        _mark(scale, facts.today, term.starts_on, term.kind, term.number)
        for term in sorted(facts.terms, key=lambda term: term.starts_on, reverse=True)
    ]
    kept: list[Mark] = []
    for mark in wanted:
        is_inside = scale.start <= mark.on < scale.until
        if is_inside and not any(_meet(mark, other) for other in kept):
            kept.append(mark)
    return sorted(kept, key=lambda mark: mark.x)


ROOM = {
    "today": 4.5,
    "ends": 11.0,
    "ended": 12.0,
    "since": 15.0,
    "frozen": 7.0,
    "renewed": 12.0,
    "joined": 7.0,
    "returned": 10.0,
    "changed": 11.0,
}
"""How wide each name is at most, in per cent of a wide panel."""


def _mark(scale: _Scale, today: date, on: date, kind: str, number: int = 0) -> Mark:
    x = scale.at(on)
    room = ROOM[kind]
    anchor = "start" if x + room <= 100 else "end"
    if kind == "today":
        anchor = "middle"
    if kind == "since":
        x = min(x, scale.at(today) - ROOM["today"] / 2 - 0.2)
        anchor = "end" if x - room >= 0 else "start"
    return Mark(x, kind, on, anchor, number)


def _meet(one: Mark, other: Mark) -> bool:
    left, right = _reach(one), _reach(other)
    return left[0] < right[1] and right[0] < left[1]


def _reach(mark: Mark) -> tuple[float, float]:
    room = ROOM[mark.kind]
    if mark.anchor == "middle":
        return mark.x - room / 2, mark.x + room / 2
    return (mark.x, mark.x + room) if mark.anchor == "start" else (mark.x - room, mark.x)


def _ticks(facts: LineFacts, scale: _Scale) -> list[Tick]:
    day = month_start(scale.start, facts.calendar)
    if day < scale.start:
        day = next_month_start(day, facts.calendar)
    found = []
    while day < scale.until:
        if scale.at(day) <= 97:
            found.append(Tick(scale.at(day), day))
        day = next_month_start(day, facts.calendar)
    return found


# --- one measure against its own habit ------------------------------------------------------


@dataclass(frozen=True)
class HabitScale:
    """A measure on its scale, in per cent: the band is the habit, the line the limit, the dot now."""

    dot: float
    band_x: float | None
    band_width: float | None
    limit: float | None


def habit_scale(
    now: float, *, usual: tuple[float, float] | None, limit: float | None
) -> HabitScale:
    """Place a measure between nothing and somewhat above all that is shown."""
    shown = [now, *(usual or ()), *([limit] if limit is not None else [])]
    most = max(*shown, 1.0) * 1.15

    def at(value: float) -> float:
        return round(4 + 92 * min(max(value, 0.0), most) / most, 2)

    band = (at(usual[0]), at(usual[1])) if usual else None
    return HabitScale(
        dot=at(now),
        band_x=band[0] if band else None,
        band_width=round(max(band[1] - band[0], 3.0), 2) if band else None,
        limit=at(limit) if limit is not None else None,
    )
