"""How moves are named, and what a walk writes down."""

from typing import Any

from clubcrm.members.states import PlanKind
from clubcrm.retention.policies import FAR, Facts
from clubcrm.retention.policies.history import since_before, walk
from clubcrm.retention.states import Phase, Transition
from tests.unit.retention.facts import START, a_member, a_term, every

EVER = every(2, START, START + 2000)


def moves(facts: Facts, first: int, last: int, **more: Any) -> list[tuple[int, str]]:
    """(day counted from START, name) of the moves of a life."""
    walked = walk(facts, START + first, START + last, **more)
    return [(move.on - START, move.transition.value) for move in walked.moves]


def test_a_life_from_joining_to_being_lost() -> None:
    facts = a_member(
        a_term(known=START - 3), visits=[d for d in EVER if START + 4 <= d < START + 365]
    )
    assert moves(facts, -10, 600) == [
        (-3, "moved"),  # pending: sold, not begun
        (0, "joined"),
        (4, "first_visit"),
        (28, "moved"),
        (90, "settled"),
        (319, "window_opened"),
        (365, "expired"),
        (379, "lapsed"),
        (545, "lost"),
    ]


def test_whoever_starts_at_once_has_joined() -> None:
    assert moves(a_member(visits=EVER), -5, 5) == [(0, "joined")]


def test_the_baseline_of_an_import_is_no_transition() -> None:
    facts = a_member(visits=EVER)
    assert moves(facts, 100, 330, is_import=True) == [(100, "imported"), (319, "window_opened")]
    walked = walk(facts, START + 100, START + 330, is_import=True)
    assert walked.moves[0].from_phase is None
    assert walked.since == START + 319


def test_renewals_are_early_in_the_window_or_late_and_the_same_up_or_down() -> None:
    def sold(known: int, starts: int = 365, days: int = 365, price: int | None = 100) -> object:
        new = a_term(START + starts, days, no=2, known=START + known, previous_id=1, price=price)
        facts = a_member(a_term(price=100), new, visits=EVER)
        found = [
            move
            for move in walk(facts, START, START + 420).moves
            if move.transition is Transition.RENEWED
        ]
        (renewed,) = found
        assert renewed.on == START + known
        return renewed.figures["sold"], renewed.figures["size"]

    assert sold(200) == ("early", "same")
    assert sold(330) == ("window", "same")
    assert sold(370, starts=370) == ("late", "same")
    assert sold(385, starts=385) == ("late", "same")
    assert sold(330, price=120) == ("window", "up")
    assert sold(330, price=80) == ("window", "down")
    assert sold(330, days=180, price=40) == ("window", "down")
    assert sold(330, days=180, price=80) == ("window", "up")  # shorter, and dearer a month
    assert sold(330, days=362, price=100) == ("window", "same")  # months differ in length
    assert sold(318) == ("early", "same")
    assert sold(319) == ("window", "same")  # the first day of the window, as in the report
    assert sold(330, price=None) == ("window", "same")


def test_an_early_renewal_is_written_down_though_the_phase_stays() -> None:
    new = a_term(START + 365, no=2, known=START + 200, previous_id=1)
    walked = walk(a_member(a_term(), new, visits=EVER), START, START + 300)
    assert [(m.on - START, m.transition.value) for m in walked.moves[-2:]] == [
        (90, "settled"),
        (200, "renewed"),
    ]
    assert walked.since == START + 90
    assert walked.moves[-1].from_phase is Phase.ACTIVE


def test_an_upgrade_is_no_renewal() -> None:
    old = a_term(ends=((START, START + 365), (START + 200, START + 200)))
    new = a_term(START + 200, 165, no=2, known=START + 200, previous_id=1, is_upgrade=True)
    assert moves(a_member(old, new, visits=EVER), 100, 300, is_import=True) == [(100, "imported")]


def test_coming_back_after_the_days_of_late_renewal() -> None:
    back = a_term(START + 500, no=2)
    facts = a_member(a_term(), back, visits=EVER)
    assert moves(facts, 400, 570, is_import=True) == [
        (400, "imported"),
        (500, "won_back"),
        (560, "moved"),
    ]


def test_freeze_and_notice_and_their_ends() -> None:
    frozen = a_term(days=None, kind=PlanKind.ROLLING, freezes=((START + 120, START + 130),))
    assert moves(a_member(frozen, visits=EVER), 100, 140, is_import=True)[1:] == [
        (120, "froze"),
        (130, "unfroze"),
    ]
    noticed = a_term(
        days=None,
        kind=PlanKind.ROLLING,
        notice=START + 120,
        ends=((START, FAR), (START + 120, START + 150)),
    )
    assert moves(a_member(noticed, visits=EVER), 100, 160, is_import=True)[1:] == [
        (120, "notice"),
        (150, "lapsed"),
    ]


def test_a_notice_that_is_made_needless_by_another_contract_is_saved() -> None:
    noticed = a_term(
        days=None,
        kind=PlanKind.ROLLING,
        notice=START + 120,
        ends=((START, FAR), (START + 120, START + 150)),
    )
    other = a_term(START + 150, no=2, known=START + 130, is_upgrade=True)
    facts = a_member(noticed, other, visits=EVER)
    assert moves(facts, 100, 200, is_import=True)[1:] == [(120, "notice"), (130, "saved")]


def test_slipping_sleeping_and_recovering_with_two_visits_in_fourteen_days() -> None:
    term = a_term(days=None, kind=PlanKind.ROLLING)
    came = [*every(7, START, START + 210), *every(3, START + 290, START + 400)]
    found = moves(a_member(term, visits=came), 100, 400)
    told = [(day, name) for day, name in found if name in ("fell_asleep", "recovered")]
    # The visit of day 290 ends the sleep; the second within a fortnight is the recovery.
    assert told == [(270, "fell_asleep"), (293, "recovered")]
    assert (290, "moved") in found


def test_one_visit_is_no_recovery() -> None:
    term = a_term(days=None, kind=PlanKind.ROLLING)
    for second in (304, 320):
        came = [*every(14, START, START + 210), START + 290, START + second, START + second + 2]
        found = moves(a_member(term, visits=came, cohort=0.5), 100, 330)
        assert (290, "moved") in found
        assert "recovered" not in [name for _, name in found]


def test_since_when_a_phase_had_held() -> None:
    rows = [
        (1, Phase.ADAPTATION),
        (5, Phase.ADAPTATION),
        (9, Phase.ACTIVE),
        (12, Phase.ACTIVE),
        (15, Phase.AT_RISK),
    ]
    assert since_before(rows, 1) is None
    assert since_before(rows, 6) == 1
    assert since_before(rows, 14) == 9
    assert since_before(rows, 99) == 15
