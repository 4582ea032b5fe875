"""Facts of one person, made up: for the tests that try every shape of a life in the club."""

from dataclasses import replace
from typing import Any

from hypothesis import strategies as st

from clubcrm.members.states import PlanKind
from clubcrm.retention.policies import FAR, ClubDays, ClubFacts, Cohorts, Facts, Term

START = 738_000
"""A day number; the lives below are lived from here."""


def a_term(
    starts: int = START,
    days: int | None = 365,
    *,
    no: int = 1,
    kind: PlanKind = PlanKind.TERM,
    known: int | None = None,
    **more: Any,
) -> Term:
    """A term of so many days (None = open); sold on its first day unless `known` says otherwise."""
    end = FAR if days is None else starts + days
    sold = starts if known is None else known
    more.setdefault("ends", ((sold, end),))
    return Term(
        id=no,
        plan_id=more.pop("plan_id", 1),
        kind=kind,
        known=sold,
        starts=starts,
        length=FAR if days is None else days,
        **more,
    )


def a_member(
    *terms: Term,
    visits: Any = (),
    club: ClubFacts | None = None,
    cohort: float = 1.5,
    person_id: int = 7,
    **more: Any,
) -> Facts:
    """A member; without terms one of a year from START."""
    club = club or ClubFacts(cohorts=Cohorts({(0, 0): cohort}))
    return Facts(
        person_id=person_id, club=club, terms=terms or (a_term(),), visits=sorted(visits), **more
    )


def every(days: int, first: int, last: int) -> list[int]:
    """A visit every so many days."""
    return list(range(first, last + 1, days))


def a_club(shares: dict[int, int], cohort: float = 1.5) -> ClubFacts:
    """A club with days that count only in part (percent)."""
    return ClubFacts(days=ClubDays(shares), cohorts=Cohorts({(0, 0): cohort}))


SPAN = 420


@st.composite
def terms(draw: st.DrawFn, no: int, earliest: int) -> Term:
    """One term of any kind, with what may happen to it."""
    kind = draw(st.sampled_from(list(PlanKind)))
    starts = earliest + draw(st.integers(-5, 50))
    days = draw(st.sampled_from([5, 30, 31, 75, 90, 150, 200, 300, 365]))
    is_open = kind is PlanKind.ROLLING or (kind is PlanKind.PACK and draw(st.booleans()))
    term = a_term(
        starts,
        None if is_open else days,
        no=no,
        kind=kind,
        known=starts - draw(st.integers(-12, 40)),
        plan_id=draw(st.integers(1, 2)),
        auto_renew=draw(st.sampled_from([False, False, False, True])),
        renewals_before=draw(st.sampled_from([0, 0, 0, 2])),
        price=draw(st.sampled_from([None, 3000, 4500])),
    )
    begin = starts + draw(st.integers(0, 60))
    back = begin + draw(st.integers(1, 40))
    if draw(st.booleans()) and back < term.ends[0][1]:
        moved = min(term.ends[0][1] + back - begin, FAR)
        known = max(term.known, begin - draw(st.integers(0, 20)))
        term = term._replace(freezes=((begin, back),), ends=(term.ends[0], (known, moved)))
    if draw(st.booleans()):
        notice = max(term.known, starts + draw(st.integers(-3, 80)))
        cut = max(notice, starts) + draw(st.integers(0, 35))
        term = term._replace(
            notice=notice,
            ends=tuple(sorted((*term.ends, (notice, min(cut, term.ends[-1][1]))))),
        )
    if kind is PlanKind.PACK:
        takes = draw(st.lists(st.integers(starts, starts + 90), max_size=6, unique=True))
        left = draw(st.integers(0, 4))
        term = term._replace(takes=tuple(sorted(takes)), visits_left=left)
        if left == 0 and takes:
            used_up = max(takes) + 1
            term = term._replace(
                ends=tuple(sorted((*term.ends, (max(used_up, term.known), used_up))))
            )
    return term


@st.composite
def lives(draw: st.DrawFn) -> Facts:
    """The life of one person at a club: terms, freezes, closures, seasons, visits, what is unknown."""
    made: list[Term] = []
    earliest = START
    for no in range(1, draw(st.integers(0, 3)) + 1):
        term = draw(terms(no, earliest))
        link = draw(st.sampled_from(["", "", "renewal", "upgrade"]))
        if made and link:
            term = term._replace(previous_id=made[-1].id, is_upgrade=link == "upgrade")
        made.append(term)
        end = term.ends[-1][1]
        earliest = draw(st.sampled_from([min(end, term.starts + 120), term.starts + 20]))
    shares: dict[int, int] = {}
    for _ in range(draw(st.integers(0, 2))):
        first = START + draw(st.integers(-60, SPAN))
        share = draw(st.sampled_from([0, 0, 30, 50]))
        shares.update(dict.fromkeys(range(first, first + draw(st.integers(1, 40))), share))
    rate = draw(st.sampled_from([0.25, 0.6, 1.0, 1.5, 2.5, 4.0]))
    cohorts = {(START - 200 + 30 * n, 0): rate + 0.1 * (n % 3) for n in range(22)}
    cohorts.update({(START + 90, 1): 2.0, (START + 150, 2): 0.4})
    known_from = draw(st.sampled_from([0, 0, START - 20, START + 40, START + 100]))
    told = draw(st.sampled_from([None, None, known_from - 1, known_from - 40, known_from - 200]))
    return Facts(
        person_id=draw(st.integers(1, 14)),
        club=ClubFacts(days=ClubDays(shares), cohorts=Cohorts(cohorts)),
        terms=tuple(made),
        visits=[day for day in draw(visit_days()) if day >= known_from],
        before=draw(st.sampled_from([None, START - 130, START - 400])) if not known_from else None,
        known_from=known_from,
        told_last=told if known_from else None,
        told_mean=draw(st.sampled_from([None, 0.0, 1.1, 3.0])) if known_from else None,
        is_past_told=bool(known_from and (told is not None or draw(st.booleans()))),
        joined=draw(st.sampled_from([None, None, START - 400, START + 3])),
    )


@st.composite
def visit_days(draw: st.DrawFn) -> list[int]:
    """Visit-days of somebody whose habit changes now and then."""
    days: set[int] = set()
    day = START - 110
    while day < START + SPAN:
        stretch = draw(st.integers(5, 120))
        step = draw(st.sampled_from([1, 2, 3, 4, 5, 7, 10, 21, 500]))
        days.update(range(day, day + stretch, step))
        day += stretch
    days.update(draw(st.lists(st.integers(START - 110, START + SPAN), max_size=8)))
    return sorted(days)


__all__ = ["FAR", "SPAN", "START", "a_club", "a_member", "a_term", "every", "lives", "replace"]
