"""Each phase, and the days on which it begins and ends."""

import pytest

from clubcrm.members.states import PlanKind
from clubcrm.retention.policies import Facts, Rules, evaluate, rules_of
from clubcrm.retention.states import Phase, Reason, Risk, Status, Sub
from tests.unit.retention.facts import START, a_member, a_term, every

EVER = every(2, START, START + 2000)


def phases(facts: Facts, first: int, last: int) -> list[tuple[int, str]]:
    """(day counted from START, phase and sub) for each change in these days."""
    found: list[tuple[int, str]] = []
    for day in range(START + first, START + last + 1):
        standing = evaluate(facts, day)
        name = "-" if standing.phase is None else standing.phase.value
        if standing.sub:
            name += f"/{standing.sub.value}"
        if not found or found[-1][1] != name:
            found.append((day - START, name))
    return found


def test_a_year_that_is_not_renewed() -> None:
    facts = a_member(a_term(known=START - 10), visits=[d for d in EVER if d < START + 365])
    assert phases(facts, -20, 600) == [
        (-20, "-"),
        (-10, "pending"),
        (0, "adaptation/early"),
        (28, "adaptation/settling"),
        (90, "active/core"),
        (319, "renewal"),  # 45 days before the last valid day, day 364
        (365, "grace"),  # one day after it
        (379, "lapsed"),  # 15
        (545, "lost"),  # 181
    ]


@pytest.mark.parametrize(
    ("days", "window"),
    [(365, 45), (300, 45), (299, 30), (150, 30), (149, 21), (75, 21), (74, 7), (30, 7), (7, 7)],
)
def test_the_window_goes_by_the_length_of_the_term(days: int, window: int) -> None:
    facts = a_member(a_term(days=days), visits=EVER)
    opens = [d for d in range(days) if evaluate(facts, START + d).phase is Phase.RENEWAL]
    assert opens[0] == max(0, days - 1 - window)


def test_an_auto_renewing_term_has_no_window_unless_the_club_wants_one() -> None:
    facts = a_member(a_term(auto_renew=True), visits=EVER)
    assert evaluate(facts, START + 360).phase is Phase.ACTIVE
    facts.memo.clear()
    assert evaluate(facts, START + 360, Rules(auto_window=True)).phase is Phase.RENEWAL


def test_a_successor_on_the_books_ends_the_window_on_the_day_it_is_sold() -> None:
    old = a_term(days=365)
    new = a_term(START + 365, no=2, known=START + 340, previous_id=1)
    facts = a_member(old, new, visits=EVER)
    assert phases(facts, 300, 400) == [
        (300, "active/core"),
        (319, "renewal"),
        (340, "active/core"),
    ]
    assert evaluate(facts, START + 339).status is Status.ACTIVE
    assert evaluate(facts, START + 340).status is Status.LOYAL


def test_a_late_renewal_within_thirty_days_goes_on_with_the_spell() -> None:
    late = a_term(START + 365 + 29, no=2, previous_id=1)
    facts = a_member(a_term(), late, visits=EVER)
    assert phases(facts, 360, 500) == [
        (360, "renewal"),
        (365, "grace"),
        (379, "lapsed"),
        (394, "active/core"),
    ]
    assert evaluate(facts, START + 394).status is Status.LOYAL


def test_coming_back_later_is_a_new_spell_and_won_back() -> None:
    back = a_term(START + 365 + 30, no=2)
    facts = a_member(a_term(), back, visits=EVER)
    assert phases(facts, 390, 470) == [(390, "lapsed"), (395, "won_back"), (455, "active/core")]
    standing = evaluate(facts, START + 400)
    assert standing.status is Status.ACTIVE
    assert standing.reasons[0] == (
        Reason.CAME_BACK,
        {"days": 5, "on": START + 395, "away": 30},
    )


def test_a_member_who_has_not_come_yet() -> None:
    facts = a_member(visits=[START + 12])
    assert phases(facts, 0, 30) == [
        (0, "adaptation/not_started"),
        (12, "adaptation/early"),
        (28, "adaptation/settling"),
    ]
    assert evaluate(facts, START + 6).risk is Risk.NONE
    late = evaluate(facts, START + 7)
    assert late.risk is Risk.HIGH
    assert [code for code, _ in late.reasons] == [Reason.NO_VISIT_YET]
    assert evaluate(facts, START + 12).risk is Risk.NONE


def test_the_start_is_at_risk_by_a_gap_of_ten_days_or_too_few_visits_in_28() -> None:
    gone = a_member(visits=[START + 1])
    assert evaluate(gone, START + 10).risk is Risk.NONE
    assert evaluate(gone, START + 11).risk is Risk.HIGH
    three = a_member(visits=[START + 9, START + 18, START + 27])
    assert evaluate(three, START + 27).risk is Risk.NONE
    slow = evaluate(three, START + 28)
    assert slow.risk is Risk.HIGH
    assert (Reason.SLOW_START, {"v28": 3}) in slow.reasons
    four = a_member(visits=[START + 2, START + 9, START + 18, START + 27])
    assert evaluate(four, START + 28).risk is Risk.NONE


def test_somebody_renewed_before_the_first_known_term_is_no_newcomer() -> None:
    facts = a_member(a_term(renewals_before=2), visits=EVER)
    assert evaluate(facts, START + 20).phase is Phase.ACTIVE
    assert evaluate(facts, START + 20).status is Status.LOYAL
    joined = a_member(a_term(), visits=EVER, joined=START - 400)
    assert evaluate(joined, START + 20).phase is Phase.ACTIVE
    assert evaluate(joined, START + 20).status is Status.LOYAL


def test_slipping_sleeping_and_what_undoes_them() -> None:
    term = a_term(days=None, kind=PlanKind.ROLLING)
    came = [*every(3, START, START + 150), START + 230, START + 233]
    facts = a_member(term, visits=came)
    found = phases(facts, 140, 240)
    assert found[0] == (140, "active/core")
    assert (210, "sleeping") in found  # 60 days after day 150
    assert (230, "at_risk") in found  # the gap is over, two visits in 28 days are still a drop
    slipped = next(day for day, name in found if name == "at_risk")
    assert slipped <= 150 + evaluate(facts, START + 150).gap_limit  # type: ignore[operator]
    both = evaluate(facts, START + 180)
    assert both.risk is Risk.HIGH
    assert {code for code, _ in both.reasons} == {Reason.GAP, Reason.DROP}


def test_risk_is_kept_in_the_renewal_window() -> None:
    facts = a_member(visits=every(2, START, START + 300))
    standing = evaluate(facts, START + 340)
    assert standing.phase is Phase.RENEWAL
    assert standing.risk is Risk.HIGH
    codes = [code for code, _ in standing.reasons]
    assert codes[0] is Reason.WINDOW
    assert set(codes[1:]) == {Reason.GAP, Reason.DROP}


@pytest.mark.parametrize(
    ("every_days", "sub"), [(2, Sub.CORE), (3, Sub.CORE), (5, Sub.REGULAR), (14, Sub.LIGHT)]
)
def test_active_is_divided_by_visits_in_28_days(every_days: int, sub: Sub) -> None:
    facts = a_member(visits=every(every_days, START, START + 300))
    standing = evaluate(facts, START + 252)
    assert (standing.phase, standing.sub) == (Phase.ACTIVE, sub)


def test_a_freeze_is_frozen_and_moves_the_window() -> None:
    term = a_term(
        freezes=((START + 330, START + 350),),
        # Known from day 325: until then the term ended on day 365.
        ends=((START, START + 365), (START + 325, START + 385)),
    )
    facts = a_member(term, visits=EVER)
    assert phases(facts, 310, 400) == [
        (310, "active/core"),
        (319, "renewal"),
        (325, "active/core"),
        (330, "frozen"),
        (350, "renewal"),
        (385, "grace"),
        (399, "lapsed"),
    ]
    assert evaluate(facts, START + 335).reasons == (
        (Reason.FREEZE, {"back_on": START + 350, "days": 15}),
    )


def test_notice_is_leaving_until_its_last_day_and_skips_grace() -> None:
    term = a_term(
        days=None,
        kind=PlanKind.ROLLING,
        notice=START + 200,
        ends=((START, 10_000_000), (START + 200, START + 231)),
    )
    facts = a_member(term, visits=EVER)
    assert phases(facts, 190, 420) == [
        (190, "active/core"),
        (200, "leaving"),
        (231, "lapsed"),
        (411, "lost"),
    ]


def test_whoever_gave_notice_and_bought_another_term_is_not_leaving() -> None:
    old = a_term(
        days=None,
        kind=PlanKind.ROLLING,
        notice=START + 200,
        ends=((START, 10_000_000), (START + 200, START + 231)),
    )
    new = a_term(START + 231, no=2, known=START + 210)
    facts = a_member(old, new, visits=EVER)
    assert phases(facts, 195, 300) == [
        (195, "active/core"),
        (200, "leaving"),
        (210, "active/core"),
    ]


def test_a_pack_is_up_for_renewal_by_its_visits_or_its_days() -> None:
    takes = tuple(every(10, START, START + 90))
    pack = a_term(days=120, kind=PlanKind.PACK, visits_left=0, takes=takes)
    used = a_member(
        pack._replace(ends=((START, START + 120), (START + 91, START + 91))), visits=takes
    )
    assert phases(used, 60, 120) == [
        (60, "adaptation/settling"),
        (70, "renewal"),  # the eighth of ten is used
        (91, "grace"),  # the day after the last one was used
        (105, "lapsed"),
    ]
    idle = a_member(
        a_term(days=120, kind=PlanKind.PACK, visits_left=9, takes=(START,)), visits=[START]
    )
    assert evaluate(idle, START + 104).phase is Phase.SLEEPING
    assert evaluate(idle, START + 105).phase is Phase.RENEWAL  # 14 days to its last one


def test_nobody_without_a_term_and_nobody_who_must_not_be_contacted() -> None:
    assert evaluate(a_member(a_term(known=START)), START - 1).phase is None
    gone = a_member(visits=EVER, is_gone=True)
    standing = evaluate(gone, START + 100)
    assert (standing.phase, standing.next_check) == (None, None)


def test_a_year_in_the_spell_makes_loyal() -> None:
    facts = a_member(a_term(days=None, kind=PlanKind.ROLLING), visits=EVER)
    assert evaluate(facts, START + 364).status is Status.ACTIVE
    assert evaluate(facts, START + 365).status is Status.LOYAL


def test_an_upgrade_is_no_renewal_and_opens_no_window_before_it() -> None:
    old = a_term(ends=((START, START + 365), (START + 100, START + 100)))
    new = a_term(START + 100, 265, no=2, previous_id=1, is_upgrade=True)
    facts = a_member(old, new, visits=EVER)
    assert phases(facts, 60, 250) == [(60, "adaptation/settling"), (90, "active/core")]
    assert evaluate(facts, START + 150).renewals == 0


def test_a_club_has_its_own_numbers() -> None:
    rules = rules_of(
        {"retention": {"grace": 30, "adaptation": 60, "nonsense": 1, "lost_after": "x"}}
    )
    assert rules == Rules(grace=30, adaptation=60)
    facts = a_member(visits=EVER)
    assert evaluate(facts, START + 61, rules).phase is Phase.ACTIVE
    assert evaluate(facts, START + 390, rules).phase is Phase.GRACE
    assert rules_of({}) == Rules()
