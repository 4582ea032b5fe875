"""May this person come in now, why, and what is worth asking? Answered from facts alone."""

from collections.abc import Iterator, Mapping, Sequence
from datetime import date, datetime, timedelta
from typing import Any, Final
from zoneinfo import ZoneInfo

from clubcrm.core.calendars import to_jalali
from clubcrm.core.days import club_day, day_bounds
from clubcrm.core.errors import DayOutOfRange
from clubcrm.visits.policies.facts import (
    DEBT_GRACE_DAYS,
    ArrivalFacts,
    EntryFacts,
    Prompt,
    Reason,
    TermFacts,
    Verdict,
    VisitFacts,
)
from clubcrm.visits.policies.hours import is_within_hours
from clubcrm.visits.policies.rules import INFO, RANK, EntryRules
from clubcrm.visits.states import Decision, Effect, Fact, PointKind, PromptCode

UNDO_WINDOW: Final = timedelta(minutes=5)

_ONE_DAY: Final = timedelta(days=1)


def decide(facts: EntryFacts, rules: EntryRules, point: PointKind, now: datetime) -> Verdict:
    """Decide whether somebody comes in at an instant, by the club's own clock and day.

    Whoever is inside already is told so and never refused. Else every fact has its effect by the
    rules' table: one BLOCK stops, one MESSAGE warns; first visit and birthday are only said. Of
    several running terms the one with the least against it counts, an unlimited one first.
    """
    on = club_day(now, facts.timezone, facts.cutoff_minutes)
    term = _best_term(facts, rules, point, on, now)
    earlier = open_visit(facts, rules, now)
    if earlier is not None:
        said = Reason(Fact.ALREADY_IN, Effect.MESSAGE, {"at": earlier.at.isoformat()})
        return Verdict(Decision.ALREADY_IN, (said,), term, on, earlier=earlier)
    reasons = sorted(
        (
            Reason(fact, effect, figures)
            for fact, effect, figures in _effects(facts, rules, point, term, on, now)
            if effect is not Effect.NOTHING
        ),
        key=lambda reason: -RANK[reason.effect],
    )
    if any(reason.effect is Effect.BLOCK for reason in reasons):
        decision = Decision.STOP
        # Who is kept out does not visit.
        reasons = [reason for reason in reasons if reason.code is not Fact.FIRST_VISIT]
    elif any(reason.code not in INFO for reason in reasons):
        decision = Decision.WARN
    else:
        decision = Decision.IN
    prompt = None
    if point is PointKind.DESK:
        # Who is kept out does not hear how good it is to be back.
        arrival = facts.arrival if decision is not Decision.STOP else None
        prompt = prompt_for(reasons, facts.not_asked_until, on, arrival)
    return Verdict(decision, tuple(reasons), term, on, prompt)


def open_visit(facts: EntryFacts, rules: EntryRules, now: datetime) -> VisitFacts | None:
    """The visit to this club that is going on at an instant, if any.

    Going on: begun, not left, and not over by itself (`inside_until`). Somebody who comes back
    within a quarter of an hour of leaving goes on with the visit. A visit that began just after
    `now` (a door's late record) is the same one too.
    """
    for visit in facts.visits:
        if visit.club_id != facts.club_id:
            continue
        if visit.at > now:
            if visit.at - now <= rules.re_entry:
                return visit
            continue
        over = inside_until(visit.at, facts.timezone, facts.cutoff_minutes, rules.inside)
        if visit.out_at is not None:
            over = min(over, visit.out_at + rules.re_entry)
        return visit if now < over else None
    return None


def inside_until(
    at: datetime, timezone: str, cutoff_minutes: int, inside: timedelta = EntryRules.inside
) -> datetime:
    """When somebody who came at an instant is taken to have left: after so long, or at day's end."""
    day = club_day(at, timezone, cutoff_minutes)
    return min(at + inside, day_bounds(day, timezone, cutoff_minutes)[1])


def last_term(terms: Sequence[TermFacts], club_id: int) -> TermFacts | None:
    """The term to show where none runs: the one that ends last, here before elsewhere."""
    return max(
        terms,
        key=lambda t: (t.club_id == club_id, t.until_on or date.max, t.id),
        default=None,
    )


def undo_until(recorded_at: datetime) -> datetime:
    """Until when the desk may take a visit back."""
    return recorded_at + UNDO_WINDOW


def _best_term(
    facts: EntryFacts, rules: EntryRules, point: PointKind, on: date, now: datetime
) -> TermFacts | None:
    """The term that counts: a running one here, with the least against it."""
    local = now.astimezone(ZoneInfo(facts.timezone))
    running = [t for t in facts.terms if t.club_id == facts.club_id and t.runs_on(on)]

    def against(term: TermFacts) -> tuple[Any, ...]:
        facts_against = [fact for fact, _ in _objections(term, on, local)]
        effects = [RANK[rules.effect(fact, point, term.plan_id)] for fact in facts_against]
        return (
            max(effects, default=0),
            len(effects),
            term.visits_left is not None,
            term.until_on or date.max,
            term.id,
        )

    return min(running, key=against, default=None)


def _objections(
    term: TermFacts, on: date, local: datetime
) -> Iterator[tuple[Fact, dict[str, Any]]]:
    """What stands against coming in on a running term."""
    freeze = term.freeze_on(on)
    if freeze is not None:
        back = freeze[2]
        yield (
            Fact.FROZEN,
            {
                "freeze": freeze[0],
                "from": freeze[1].isoformat(),
                "until": back.isoformat(),
                "days": (back - on).days,
                "membership": term.id,
            },
        )
    if term.visits_left is not None and term.visits_left <= 0:
        yield (
            Fact.NO_VISITS_LEFT,
            {"total": term.visits_total, "plan": term.plan, "membership": term.id},
        )
    if not is_within_hours(term.hours, local):
        yield Fact.WRONG_HOURS, {"hours": term.hours, "plan": term.plan}


def _effects(
    facts: EntryFacts,
    rules: EntryRules,
    point: PointKind,
    term: TermFacts | None,
    on: date,
    now: datetime,
) -> Iterator[tuple[Fact, Effect, dict[str, Any]]]:
    """Every fact that holds, with its effect at this kind of entrance, in the table's order."""
    found = dict(_facts_that_hold(facts, rules, term, on, now))
    # Where no term runs, the rules of the one that ended last go on.
    ruling = term or last_term(facts.terms, facts.club_id)
    for fact in rules.matrix:
        if fact not in found:
            continue
        effect = rules.effect(fact, point, ruling.plan_id if ruling else None)
        if fact is Fact.DEBT and found[fact]["in_grace"] and effect is Effect.BLOCK:
            effect = Effect.MESSAGE
        yield fact, effect, found[fact]


def _facts_that_hold(
    facts: EntryFacts, rules: EntryRules, term: TermFacts | None, on: date, now: datetime
) -> Iterator[tuple[Fact, dict[str, Any]]]:
    if facts.is_barred:
        yield Fact.NO_CONTACT, {}
    if facts.is_closed:
        yield Fact.CLUB_CLOSED, {}
    if term is None:
        yield _without_a_term(facts, on)
    else:
        yield from _objections(term, on, now.astimezone(ZoneInfo(facts.timezone)))
        yield from _running_out(facts, rules, term, on)
        if not facts.has_come_before:
            yield Fact.FIRST_VISIT, {}
    debt = _debt(facts, rules, term, on)
    if debt is not None:
        yield Fact.DEBT, debt
    if facts.birth_date is not None and is_birthday(facts.birth_date, on, facts.calendar):
        yield Fact.BIRTHDAY, {}


def _without_a_term(facts: EntryFacts, on: date) -> tuple[Fact, dict[str, Any]]:
    """Why there is no running term here: elsewhere, later, over, or never."""
    elsewhere = [t for t in facts.terms if t.club_id != facts.club_id and t.runs_on(on)]
    if elsewhere:
        return Fact.WRONG_CLUB, {"club": min(elsewhere, key=lambda t: t.id).club}
    here = [t for t in facts.terms if t.club_id == facts.club_id]
    later = [t.starts_on for t in here if t.starts_on > on]
    if later:
        return Fact.NOT_STARTED, {"on": min(later).isoformat(), "days": (min(later) - on).days}
    over = [t for t in here if t.until_on is not None and t.until_on <= on]
    if over:
        last = max(over, key=lambda t: (t.until_on or date.min, t.id))
        until = last.until_on or on
        ended = until - _ONE_DAY
        return Fact.EXPIRED, {
            "on": ended.isoformat(),
            "days": (on - ended).days,
            "plan": last.plan,
            "membership": last.id,
        }
    return Fact.NO_MEMBERSHIP, {}


def _running_out(
    facts: EntryFacts, rules: EntryRules, term: TermFacts, on: date
) -> Iterator[tuple[Fact, dict[str, Any]]]:
    """What is soon used up and not yet followed by another term."""
    others = [
        other
        for other in facts.terms
        if other.club_id == term.club_id
        and other.id != term.id
        and other.visits_left != 0
        and (other.until_on is None or other.until_on > on)
    ]
    left, until = term.days_left(on), term.until_on
    if left is not None and until is not None and not term.auto_renew:
        length = (until - term.starts_on).days
        goes_on = any(other.until_on is None or other.until_on > until for other in others)
        # For a monthly term a fortnight's warning would be half its life.
        if not goes_on and left <= min(rules.ends_soon_days, max(3, length // 4)):
            ends = (until - _ONE_DAY).isoformat()
            yield Fact.ENDS_SOON, {"days": left, "on": ends, "membership": term.id}
    if term.visits_left is not None and 0 < term.visits_left <= rules.few_visits + 1 and not others:
        yield (
            Fact.FEW_VISITS_LEFT,
            {"left": term.visits_left - 1, "total": term.visits_total, "membership": term.id},
        )


def _debt(
    facts: EntryFacts, rules: EntryRules, term: TermFacts | None, on: date
) -> dict[str, Any] | None:
    """A debt that is due, and whether it is still within its grace; None for none."""
    debt = facts.debt
    if debt is None or debt.minor <= 0 or debt.due_on >= on:
        return None
    days = term.debt_grace_days if term is not None else DEBT_GRACE_DAYS
    until = debt.due_on + timedelta(days=days)  # the last day of grace
    return {
        "minor": debt.minor,
        "currency": debt.currency,
        "due": debt.due_on.isoformat(),
        "grace": until.isoformat(),
        "in_grace": on <= until or debt.minor <= rules.debt_grace_minor,
    }


def is_birthday(born: date, on: date, calendar: str) -> bool:
    """Whether somebody has a birthday, in the club's calendar; leap days move to the day before."""
    if calendar == "jalali":
        try:
            then, now = to_jalali(born), to_jalali(on)
            tomorrow = to_jalali(on + _ONE_DAY)
        except DayOutOfRange:
            return False
        if now[1:] == then[1:]:
            return True
        return then[1:] == (12, 30) and now[1:] == (12, 29) and tomorrow.month == 1
    if (born.month, born.day) == (on.month, on.day):
        return True
    is_eve = (on.month, on.day) == (2, 28) and (on + _ONE_DAY).month == 3
    return (born.month, born.day) == (2, 29) and is_eve


_ASKED: Final = (
    (Fact.FROZEN, PromptCode.END_FREEZE),
    (Fact.DEBT, PromptCode.TAKE_PAYMENT),
    (Fact.EXPIRED, PromptCode.RENEW),
    (Fact.NO_VISITS_LEFT, PromptCode.RENEW),
    (Fact.ENDS_SOON, PromptCode.RENEW),
    (Fact.FEW_VISITS_LEFT, PromptCode.RENEW),
    (Fact.FIRST_VISIT, PromptCode.GREET),
    (Fact.BIRTHDAY, PromptCode.CONGRATULATE),
)
"""Fact -> the question it leads to, the most pressing first."""


def prompt_for(
    reasons: Sequence[Reason],
    not_asked_until: Mapping[PromptCode, date],
    on: date,
    arrival: ArrivalFacts | None = None,
) -> Prompt | None:
    """The one question to ask: what waits for the arrival, else the first that a reason leads to.

    What was put off is not asked.
    """
    by_fact = {reason.code: reason for reason in reasons}
    if Fact.NO_CONTACT in by_fact:
        return None

    def is_put_off(code: PromptCode) -> bool:
        held = not_asked_until.get(code)
        return held is not None and on < held

    if arrival is not None and not is_put_off(PromptCode.CONTACT):
        figures = {"task": arrival.task_id, "title": arrival.title, "script": arrival.script}
        return Prompt(PromptCode.CONTACT, figures)
    stops = {reason.code for reason in reasons if reason.effect is Effect.BLOCK}
    for fact, code in _ASKED:
        if fact is Fact.FROZEN and stops - {Fact.FROZEN}:
            # Days of the freeze would be given away, and the door would stay shut.
            continue
        if fact in by_fact and not is_put_off(code):
            return Prompt(code, {**by_fact[fact].figures, "fact": fact.value})
    return None
