"""The door against a slow and naive one, around the seconds at which something begins or ends.

The oracle knows nothing of half-open spans, of day arithmetic or of minutes since midnight: it looks
at every minute of the day before to find the club's day, writes every valid day down in a set, and
every open minute too.
"""

from datetime import UTC, date, datetime, timedelta
from zoneinfo import ZoneInfo

from hypothesis import given, settings
from hypothesis import strategies as st

from clubcrm.core.days import day_bounds
from clubcrm.visits.policies import (
    DebtFacts,
    EntryFacts,
    EntryRules,
    TermFacts,
    VisitFacts,
    decide,
)
from clubcrm.visits.states import Decision, Effect, Fact, PointKind

CLUB, OTHER = 1, 2
RULES = EntryRules()
DAY = timedelta(days=1)
MINUTE = timedelta(minutes=1)
NAMES = ("mon", "tue", "wed", "thu", "fri", "sat", "sun")
# The clocks go forward and back in these weeks, in one zone or another.
WEEKS = (
    date(2026, 3, 29),
    date(2026, 10, 25),
    date(2026, 4, 24),
    date(2026, 3, 8),
    date(2026, 6, 3),
)
ZONES = ("Europe/Lisbon", "Asia/Tehran", "Africa/Cairo", "America/St_Johns")
HOURS = (None, "06:00-16:00", "mon-fri 22:00-02:00", "sat,sun 00:00-24:00")


def naive_day(now: datetime, zone: str, cutoff: int) -> date:
    """The latest day whose cut-off the club's clock has shown or passed within the last 27 hours."""
    minute = now.replace(second=0, microsecond=0)
    shown = ((minute - no * MINUTE).astimezone(ZoneInfo(zone)) for no in range(27 * 60))
    return max((wall.replace(tzinfo=None) - cutoff * MINUTE).date() for wall in shown)


def naive_days(start: date, until: date | None) -> set[date]:
    days, day = set(), start
    while day < (until or date(2027, 6, 1)):
        days.add(day)
        day += DAY
    return days


def naive_is_open(hours: str | None, now: datetime, zone: str) -> bool:
    """Write every open minute of the weeks around down and look for this one."""
    if hours is None:
        return True
    head, _, tail = hours.rpartition(" ")
    if not head:
        wanted = set(NAMES)
    elif "-" in head:
        first, last = head.split("-")
        wanted = set(NAMES[NAMES.index(first) : NAMES.index(last) + 1])
    else:
        wanted = set(head.split(","))
    start, end = tail.split("-")
    minutes = int(end[:2]) * 60 + int(end[3:]) - int(start[:2]) * 60 - int(start[3:])
    if minutes <= 0:
        minutes += 24 * 60
    local = now.astimezone(ZoneInfo(zone)).replace(tzinfo=None, second=0, microsecond=0)
    midnight = local.replace(hour=0, minute=0)
    for days_back in (0, 1):
        day = midnight - days_back * DAY
        if NAMES[day.weekday()] in wanted:
            opened = day.replace(hour=int(start[:2]), minute=int(start[3:]))
            if local in {opened + no * MINUTE for no in range(minutes)}:
                return True
    return False


def naive_objections(term: TermFacts, today: date, now: datetime, zone: str) -> set[Fact]:
    found = set()
    for _, first, back in term.frozen:
        if today in naive_days(first, back):
            found.add(Fact.FROZEN)
    if term.visits_left == 0:
        found.add(Fact.NO_VISITS_LEFT)
    if not naive_is_open(term.hours, now, zone):
        found.add(Fact.WRONG_HOURS)
    return found


def naive_is_inside(facts: EntryFacts, now: datetime) -> bool:
    mine = [visit for visit in facts.visits if visit.club_id == CLUB]
    if any(now < visit.at <= now + timedelta(minutes=15) for visit in mine):
        return True
    begun = [visit for visit in mine if visit.at <= now]
    if not begun:
        return False
    last = begun[0]
    today = naive_day(now, facts.timezone, facts.cutoff_minutes)
    is_of_today = naive_day(last.at, facts.timezone, facts.cutoff_minutes) == today
    is_fresh = (now - last.at).total_seconds() < 4 * 3600
    has_left = last.out_at is not None and (now - last.out_at).total_seconds() >= 15 * 60
    return is_of_today and is_fresh and not has_left


def naive_answer(facts: EntryFacts, now: datetime) -> tuple[Decision, list[set[Fact]]]:
    """The decision, and the sets of stopping facts of which one must have been told."""
    if naive_is_inside(facts, now):
        return Decision.ALREADY_IN, [set()]
    today = naive_day(now, facts.timezone, facts.cutoff_minutes)
    stops, warns = set(), False
    if facts.debt is not None and facts.debt.due_on < today:
        running_here = [
            t
            for t in facts.terms
            if t.club_id == CLUB and today in naive_days(t.starts_on, t.until_on)
        ]
        assert all(term.debt_grace_days == 7 for term in running_here)
        if facts.debt.due_on + 7 * DAY < today:
            stops.add(Fact.DEBT)
        else:
            warns = True
    here = [term for term in facts.terms if term.club_id == CLUB]
    running = [term for term in here if today in naive_days(term.starts_on, term.until_on)]
    if running:
        against = [naive_objections(term, today, now, facts.timezone) for term in running]
        fewest = min(len(found) for found in against)
        choices = [stops | found for found in against if len(found) == fewest]
    else:
        if any(today in naive_days(t.starts_on, t.until_on) for t in facts.terms if t not in here):
            why = Fact.WRONG_CLUB
        elif any(term.starts_on > today for term in here):
            why = Fact.NOT_STARTED
        elif here:
            why = Fact.EXPIRED
        else:
            why = Fact.NO_MEMBERSHIP
        choices = [stops | {why}]
    if any(choices[0]):
        return Decision.STOP, choices
    return (Decision.WARN if warns else Decision.IN), choices


@st.composite
def questions(draw: st.DrawFn) -> tuple[EntryFacts, datetime]:
    """Somebody at a door within a second of an instant at which something begins or ends."""
    week, zone = draw(st.sampled_from(WEEKS)), draw(st.sampled_from(ZONES))
    cutoff = draw(st.sampled_from((0, 150, 240)))

    def near() -> st.SearchStrategy[date]:
        return st.integers(-10, 10).map(lambda days: week + days * DAY)

    terms = []
    for no in range(draw(st.integers(0, 3))):
        start = draw(near())
        length = draw(st.one_of(st.none(), st.integers(1, 8)))
        frozen = draw(st.one_of(st.none(), st.tuples(near(), st.integers(1, 3))))
        terms.append(
            TermFacts(
                id=no + 1,
                club_id=draw(st.sampled_from((CLUB, CLUB, CLUB, OTHER))),
                starts_on=start,
                until_on=start + length * DAY if length else None,
                visits_left=draw(st.sampled_from((None, None, 0, 9))),
                hours=draw(st.sampled_from(HOURS)),
                auto_renew=True,
                frozen=((1, frozen[0], frozen[0] + frozen[1] * DAY),) if frozen else (),
            )
        )
    debt = draw(st.one_of(st.none(), near().map(lambda day: DebtFacts(100, "EUR", day))))
    edges = {day_bounds(week + no * DAY, zone, cutoff)[0] for no in range(-9, 10)}
    for hour in (0, 2, 6, 16, 22):
        wall = datetime(week.year, week.month, week.day, hour, tzinfo=ZoneInfo(zone))
        edges |= {wall.astimezone(UTC) + no * DAY for no in (-3, -1, 0, 1, 3)}
    visits = []
    if draw(st.booleans()):
        came = draw(st.sampled_from(sorted(edges))) + draw(st.integers(-3, 3)) * timedelta(hours=1)
        out = draw(st.one_of(st.none(), st.integers(0, 300).map(lambda n: came + n * MINUTE)))
        visits = [VisitFacts(1, draw(st.sampled_from((CLUB, CLUB, OTHER))), came, out)]
        later = [timedelta(hours=4), timedelta(minutes=-15), timedelta(0)]
        edges |= {came + gap for gap in later}
        if out is not None:
            edges |= {out, out + timedelta(minutes=15)}
    now = draw(st.sampled_from(sorted(edges))) + draw(st.integers(-1, 1)) * timedelta(seconds=1)
    if visits and visits[0].at > now + timedelta(minutes=15):
        visits = []
    facts = EntryFacts(
        club_id=CLUB,
        timezone=zone,
        cutoff_minutes=cutoff,
        terms=tuple(terms),
        debt=debt,
        visits=tuple(visits),
    )
    return facts, now


@given(questions())
@settings(max_examples=300, deadline=None)
def test_the_door_agrees_with_a_naive_one_at_every_edge(
    question: tuple[EntryFacts, datetime],
) -> None:
    facts, now = question
    decision, choices = naive_answer(facts, now)
    verdict = decide(facts, RULES, PointKind.DESK, now)
    assert verdict.decision is decision
    if decision is not Decision.ALREADY_IN:
        stopping = {reason.code for reason in verdict.reasons if reason.effect is Effect.BLOCK}
        assert stopping in choices
        assert verdict.on == naive_day(now, facts.timezone, facts.cutoff_minutes)
