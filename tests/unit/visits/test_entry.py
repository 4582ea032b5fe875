"""What a door answers: one table of plain cases."""

from collections.abc import Mapping
from dataclasses import replace
from datetime import UTC, date, datetime, timedelta
from typing import Any

import pytest

from clubcrm.visits.policies import (
    DEFAULT_MATRIX,
    DebtFacts,
    EntryFacts,
    EntryRules,
    Reason,
    TermFacts,
    VisitFacts,
    decide,
    entry_rules,
    inside_until,
    prompt_for,
)
from clubcrm.visits.states import Decision, Effect, Fact, PointKind, PromptCode

CLUB, OTHER = 1, 2
NOW = datetime(2026, 3, 2, 18, 0, tzinfo=UTC)
TODAY = date(2026, 3, 2)
RULES = EntryRules()

YEAR = TermFacts(
    id=1, club_id=CLUB, starts_on=date(2025, 9, 1), until_on=date(2026, 9, 1), plan="Annual"
)
PACK = replace(YEAR, id=2, plan="Ten visits", visits_left=5, visits_total=10)
FACTS = EntryFacts(club_id=CLUB, timezone="Europe/Lisbon", terms=(YEAR,))


def days(count: int) -> date:
    return TODAY + timedelta(days=count)


def ends(count: int) -> TermFacts:
    """A year's term whose last valid day lies so many days ahead."""
    return replace(YEAR, until_on=days(count + 1))


DEBT = DebtFacts(4000, "EUR", days(-30))

CASES: Mapping[str, tuple[dict[str, Any], Decision, list[Fact]]] = {
    "a running term": ({}, Decision.IN, []),
    "nobody ever sold anything": ({"terms": ()}, Decision.STOP, [Fact.NO_MEMBERSHIP]),
    "ended yesterday": ({"terms": (ends(-1),)}, Decision.STOP, [Fact.EXPIRED]),
    "ends today": ({"terms": (ends(0),)}, Decision.WARN, [Fact.ENDS_SOON]),
    "ends in a fortnight": ({"terms": (ends(14),)}, Decision.WARN, [Fact.ENDS_SOON]),
    "ends in fifteen days": ({"terms": (ends(15),)}, Decision.IN, []),
    "ends soon but renews itself": (
        {"terms": (replace(ends(3), auto_renew=True),)},
        Decision.IN,
        [],
    ),
    "ends soon but is renewed": (
        {"terms": (ends(3), replace(YEAR, id=9, starts_on=days(4), until_on=days(300)))},
        Decision.IN,
        [],
    ),
    "starts tomorrow": (
        {"terms": (replace(YEAR, starts_on=days(1)),)},
        Decision.STOP,
        [Fact.NOT_STARTED],
    ),
    "ended, and the next one starts tomorrow": (
        {"terms": (ends(-3), replace(YEAR, id=9, starts_on=days(1)))},
        Decision.STOP,
        [Fact.NOT_STARTED],
    ),
    "frozen": (
        {"terms": (replace(YEAR, frozen=((7, days(-1), days(1)),)),)},
        Decision.STOP,
        [Fact.FROZEN],
    ),
    "first day back from a freeze": (
        {"terms": (replace(YEAR, frozen=((7, days(-3), TODAY),)),)},
        Decision.IN,
        [],
    ),
    "no visits left": (
        {"terms": (replace(PACK, visits_left=0),)},
        Decision.STOP,
        [Fact.NO_VISITS_LEFT],
    ),
    "the last visit": (
        {"terms": (replace(PACK, visits_left=1),)},
        Decision.WARN,
        [Fact.FEW_VISITS_LEFT],
    ),
    "two left after this one": (
        {"terms": (replace(PACK, visits_left=3),)},
        Decision.WARN,
        [Fact.FEW_VISITS_LEFT],
    ),
    "three left after this one": ({"terms": (replace(PACK, visits_left=4),)}, Decision.IN, []),
    "pack used up beside a term": (
        {"terms": (replace(PACK, visits_left=0), YEAR)},
        Decision.IN,
        [],
    ),
    "outside the hours": (
        {"terms": (replace(YEAR, hours="06:00-16:00"),)},
        Decision.STOP,
        [Fact.WRONG_HOURS],
    ),
    "outside one plan's hours, inside another's": (
        {"terms": (replace(YEAR, hours="06:00-16:00"), PACK)},
        Decision.IN,
        [],
    ),
    "member of another club": (
        {"terms": (replace(YEAR, club_id=OTHER),)},
        Decision.STOP,
        [Fact.WRONG_CLUB],
    ),
    "closed": ({"is_closed": True}, Decision.WARN, [Fact.CLUB_CLOSED]),
    "not admitted": ({"is_barred": True}, Decision.STOP, [Fact.NO_CONTACT]),
    "owes beyond the grace": ({"debt": DEBT}, Decision.STOP, [Fact.DEBT]),
    "owes, last day of grace": (
        {"debt": replace(DEBT, due_on=days(-7))},
        Decision.WARN,
        [Fact.DEBT],
    ),
    "owes, first day after grace": (
        {"debt": replace(DEBT, due_on=days(-8))},
        Decision.STOP,
        [Fact.DEBT],
    ),
    "due today": ({"debt": replace(DEBT, due_on=TODAY)}, Decision.IN, []),
    "has money to his credit": ({"debt": replace(DEBT, minor=-100)}, Decision.IN, []),
    "first visit": ({"has_come_before": False}, Decision.IN, [Fact.FIRST_VISIT]),
    "birthday": ({"birth_date": date(1990, 3, 2)}, Decision.IN, [Fact.BIRTHDAY]),
    "expired and owes": (
        {"terms": (ends(-1),), "debt": DEBT},
        Decision.STOP,
        [Fact.EXPIRED, Fact.DEBT],
    ),
    "birthday of somebody who owes": (
        {"birth_date": date(1990, 3, 2), "debt": DEBT},
        Decision.STOP,
        [Fact.DEBT, Fact.BIRTHDAY],
    ),
    "came ten minutes ago": (
        {"visits": (VisitFacts(5, CLUB, NOW - timedelta(minutes=10)),)},
        Decision.ALREADY_IN,
        [Fact.ALREADY_IN],
    ),
    "inside, and expired meanwhile": (
        {"visits": (VisitFacts(5, CLUB, NOW - timedelta(minutes=10)),), "terms": (ends(-1),)},
        Decision.ALREADY_IN,
        [Fact.ALREADY_IN],
    ),
    "inside another club": (
        {"visits": (VisitFacts(5, OTHER, NOW - timedelta(minutes=10)),)},
        Decision.IN,
        [],
    ),
    "came four hours ago": (
        {"visits": (VisitFacts(5, CLUB, NOW - timedelta(hours=4)),)},
        Decision.IN,
        [],
    ),
    "left half an hour ago": (
        {"visits": (VisitFacts(5, CLUB, NOW - timedelta(hours=1), NOW - timedelta(minutes=30)),)},
        Decision.IN,
        [],
    ),
    "left five minutes ago": (
        {"visits": (VisitFacts(5, CLUB, NOW - timedelta(hours=1), NOW - timedelta(minutes=5)),)},
        Decision.ALREADY_IN,
        [Fact.ALREADY_IN],
    ),
    "a visit that begins in a quarter of an hour": (
        {"visits": (VisitFacts(5, CLUB, NOW + timedelta(minutes=15)),)},
        Decision.ALREADY_IN,
        [Fact.ALREADY_IN],
    ),
    "a visit that begins later": (
        {"visits": (VisitFacts(5, CLUB, NOW + timedelta(minutes=15, seconds=1)),)},
        Decision.IN,
        [],
    ),
    "a door's late record of the same entry": (
        {"visits": (VisitFacts(5, CLUB, NOW + timedelta(minutes=1)),)},
        Decision.ALREADY_IN,
        [Fact.ALREADY_IN],
    ),
}


@pytest.mark.parametrize("case", CASES)
def test_the_desk_answers(case: str) -> None:
    changes, decision, codes = CASES[case]
    verdict = decide(replace(FACTS, **changes), RULES, PointKind.DESK, NOW)
    assert (verdict.decision, [reason.code for reason in verdict.reasons]) == (decision, codes)


def test_a_door_says_less_and_closes_more_than_a_desk() -> None:
    facts = replace(FACTS, terms=(ends(3),), birth_date=date(1990, 3, 2), has_come_before=False)
    verdict = decide(facts, RULES, PointKind.DOOR, NOW)
    assert (verdict.decision, verdict.reasons, verdict.prompt) == (Decision.IN, (), None)
    closed = decide(replace(FACTS, is_closed=True), RULES, PointKind.DOOR, NOW)
    assert closed.decision is Decision.STOP


def test_every_fact_has_a_row_in_the_matrix() -> None:
    assert set(DEFAULT_MATRIX) == set(Fact) - {Fact.ALREADY_IN}
    assert all(set(row) == set(PointKind) for row in DEFAULT_MATRIX.values())


def test_a_club_changes_the_matrix_and_its_numbers_by_its_settings() -> None:
    said = {
        "entry": {
            "matrix": {"debt": {"desk": "message", "door": "whatever"}, "expired": "nonsense"},
            "debt_grace_minor": 5000,
            "ends_soon_days": 30,
            "few_visits": -1,
            "inside_minutes": 60,
        }
    }
    rules = entry_rules(said)
    assert rules.effect(Fact.DEBT, PointKind.DESK) is Effect.MESSAGE
    assert rules.effect(Fact.DEBT, PointKind.DOOR) is Effect.BLOCK
    assert rules.effect(Fact.EXPIRED, PointKind.DESK) is Effect.BLOCK
    assert (rules.debt_grace_minor, rules.ends_soon_days, rules.few_visits) == (5000, 30, 2)
    assert rules.inside == timedelta(hours=1)
    assert entry_rules({"entry": "nonsense"}) == EntryRules() == entry_rules({})


def test_a_plan_has_rules_of_its_own_where_it_has_any() -> None:
    said = {
        "matrix": {"debt": {"desk": "message"}},
        "plans": {"7": {"debt": {"door": "nothing"}}, "x": 1},
    }
    rules = entry_rules({"entry": said})
    assert rules.effect(Fact.DEBT, PointKind.DOOR, 7) is Effect.NOTHING
    assert rules.effect(Fact.DEBT, PointKind.DOOR, 8) is Effect.BLOCK
    assert rules.effect(Fact.DEBT, PointKind.DOOR) is Effect.BLOCK
    assert rules.effect(Fact.DEBT, PointKind.DESK, 7) is Effect.MESSAGE
    assert list(rules.by_plan) == [7]


def test_the_plan_that_ended_still_has_a_say() -> None:
    over = replace(YEAR, plan_id=7, until_on=TODAY)
    rules = entry_rules({"entry": {"plans": {"7": {"expired": {"desk": "message"}}}}})
    verdict = decide(replace(FACTS, terms=(over,)), rules, PointKind.DESK, NOW)
    assert verdict.decision is Decision.WARN
    other = replace(over, plan_id=8)
    assert (
        decide(replace(FACTS, terms=(other,)), rules, PointKind.DESK, NOW).decision is Decision.STOP
    )


def test_a_small_debt_stops_nobody() -> None:
    rules = EntryRules(debt_grace_minor=4000)
    assert decide(replace(FACTS, debt=DEBT), rules, PointKind.DESK, NOW).decision is Decision.WARN
    dearer = replace(FACTS, debt=replace(DEBT, minor=4001))
    assert decide(dearer, rules, PointKind.DESK, NOW).decision is Decision.STOP


def test_a_monthly_term_warns_in_its_last_quarter_only() -> None:
    month = replace(YEAR, starts_on=days(-20), until_on=days(10))
    assert decide(replace(FACTS, terms=(month,)), RULES, PointKind.DESK, NOW).reasons == ()
    week = replace(YEAR, starts_on=days(-20), until_on=days(8))
    told = decide(replace(FACTS, terms=(week,)), RULES, PointKind.DESK, NOW).reasons
    assert [reason.code for reason in told] == [Fact.ENDS_SOON]


def test_the_gravest_reason_comes_first() -> None:
    facts = replace(FACTS, is_closed=True, debt=DEBT, terms=(ends(3),))
    codes = [reason.code for reason in decide(facts, RULES, PointKind.DESK, NOW).reasons]
    assert codes == [Fact.DEBT, Fact.CLUB_CLOSED, Fact.ENDS_SOON]


@pytest.mark.parametrize(
    ("changes", "prompt"),
    [
        ({}, None),
        ({"terms": (ends(3),)}, PromptCode.RENEW),
        ({"terms": (ends(-3),)}, PromptCode.RENEW),
        ({"terms": (replace(PACK, visits_left=0),)}, PromptCode.RENEW),
        ({"debt": DEBT, "terms": (ends(3),)}, PromptCode.TAKE_PAYMENT),
        # Days of the freeze are not given away where the door stays shut for a debt.
        (
            {"terms": (replace(YEAR, frozen=((7, days(-1), days(5)),)),), "debt": DEBT},
            PromptCode.TAKE_PAYMENT,
        ),
        ({"terms": (replace(YEAR, frozen=((7, days(-1), days(5)),)),)}, PromptCode.END_FREEZE),
        (
            {
                "terms": (replace(YEAR, frozen=((7, days(-1), days(5)),)),),
                "debt": replace(DEBT, due_on=days(-2)),
            },
            PromptCode.END_FREEZE,
        ),
        ({"has_come_before": False, "birth_date": date(1990, 3, 2)}, PromptCode.GREET),
        ({"birth_date": date(1990, 3, 2)}, PromptCode.CONGRATULATE),
        ({"is_barred": True, "debt": DEBT}, None),
        ({"terms": ()}, None),
        ({"terms": (ends(3),), "not_asked_until": {PromptCode.RENEW: days(1)}}, None),
        ({"terms": (ends(3),), "not_asked_until": {PromptCode.RENEW: TODAY}}, PromptCode.RENEW),
        ({"visits": (VisitFacts(5, CLUB, NOW),), "terms": (ends(3),)}, None),
    ],
)
def test_one_question_at_most_and_not_one_that_was_put_off(
    changes: dict[str, Any], prompt: PromptCode | None
) -> None:
    asked = decide(replace(FACTS, **changes), RULES, PointKind.DESK, NOW).prompt
    assert (asked.code if asked else None) is prompt


def test_a_question_put_off_gives_way_to_the_next_one() -> None:
    reasons = [Reason(Fact.DEBT, Effect.MESSAGE), Reason(Fact.BIRTHDAY, Effect.MESSAGE)]
    asked = prompt_for(reasons, {PromptCode.TAKE_PAYMENT: days(1)}, TODAY)
    assert asked is not None
    assert asked.code is PromptCode.CONGRATULATE


def test_the_freeze_question_carries_what_ends_it() -> None:
    frozen = replace(YEAR, frozen=((7, days(-1), days(5)),))
    asked = decide(replace(FACTS, terms=(frozen,)), RULES, PointKind.DESK, NOW).prompt
    assert asked is not None
    assert (asked.figures["freeze"], asked.figures["days"]) == (7, 5)


@pytest.mark.parametrize(
    ("born", "calendar", "on", "expected"),
    [
        (date(1992, 2, 29), "gregorian", date(2028, 2, 29), True),
        (date(1992, 2, 29), "gregorian", date(2026, 2, 28), True),
        (date(1992, 2, 29), "gregorian", date(2028, 2, 28), False),
        (date(1992, 2, 28), "gregorian", date(2026, 2, 28), True),
        (date(1370, 1, 1), "jalali", date(2026, 3, 21), False),
        # 1 Farvardin 1370 was 21 March 1991; 1 Farvardin 1404 was 21 March 2025, 1405 likewise.
        (date(1991, 3, 21), "jalali", date(2025, 3, 21), True),
        # 30 Esfand 1375, a day that 1404 does not have: 29 Esfand 1404 is 20 March 2026.
        (date(1997, 3, 20), "jalali", date(2026, 3, 20), True),
        (date(1997, 3, 20), "jalali", date(2026, 3, 19), False),
    ],
)
def test_birthdays_in_the_clubs_calendar(
    born: date, calendar: str, on: date, expected: bool
) -> None:
    facts = replace(FACTS, birth_date=born, calendar=calendar, timezone="UTC")
    noon = datetime(on.year, on.month, on.day, 12, tzinfo=UTC)
    codes = {r.code for r in decide(facts, RULES, PointKind.DESK, noon).reasons}
    assert (Fact.BIRTHDAY in codes) is expected


def test_nobody_is_inside_past_the_clubs_day() -> None:
    late = datetime(2026, 3, 2, 22, 30, tzinfo=UTC)
    assert inside_until(late, "Europe/Lisbon", 0) == datetime(2026, 3, 3, 0, 0, tzinfo=UTC)
    assert inside_until(late, "Europe/Lisbon", 240) == datetime(2026, 3, 3, 2, 30, tzinfo=UTC)


def test_the_days_of_a_club_open_past_midnight_end_at_its_cutoff() -> None:
    facts = replace(FACTS, cutoff_minutes=240, terms=(ends(0),))
    before = datetime(2026, 3, 3, 3, 59, 59, tzinfo=UTC)
    assert decide(facts, RULES, PointKind.DESK, before).on == TODAY
    assert decide(facts, RULES, PointKind.DESK, before).decision is Decision.WARN
    after = decide(facts, RULES, PointKind.DESK, before + timedelta(seconds=1))
    assert (after.on, after.decision) == (days(1), Decision.STOP)
