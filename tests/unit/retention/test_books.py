"""What was known of a term's end, and when."""

from datetime import date, timedelta

from clubcrm.core.period import Period
from clubcrm.members.states import PlanKind
from clubcrm.retention.policies import FAR
from clubcrm.retention.policies.books import Cut, Pause, known_ends, used_up
from tests.unit.retention.facts import START, a_term

FIRST = date.fromordinal(START)


def on(days: int) -> date:
    return FIRST + timedelta(days=days)


def ends(
    pauses: list[tuple[int, int, int]], cuts: list[tuple[int, int]], until: int | None
) -> list[tuple[int, int]]:
    found = known_ends(
        START,
        FIRST,
        on(365),
        None if until is None else on(until),
        [Pause(START + known, Period(on(begin), on(back))) for known, begin, back in pauses],
        [Cut(START + known, START + end) for known, end in cuts],
    )
    return [(known - START, end - START) for known, end in found]


def test_an_undisturbed_term_has_one_end() -> None:
    assert ends([], [], 365) == [(0, 365)]
    assert known_ends(START, FIRST, None, None, [], []) == ((START, FAR),)


def test_each_pause_moves_the_end_from_the_day_it_was_known() -> None:
    assert ends([(50, 100, 110), (200, 200, 220)], [], 395) == [(0, 365), (50, 375), (200, 395)]


def test_what_was_known_before_the_sale_is_in_the_first_end() -> None:
    assert ends([(-30, 100, 110)], [], 375) == [(0, 375)]


def test_a_notice_and_an_upgrade_cut_the_end_from_their_day() -> None:
    assert ends([], [(120, 150)], 150) == [(0, 365), (120, 150)]
    assert ends([(50, 100, 110)], [(120, 150)], 150) == [(0, 365), (50, 375), (120, 150)]


def test_the_end_on_the_row_has_the_last_word() -> None:
    assert ends([(50, 100, 110)], [], 365) == [(0, 365)]


def test_a_pack_ends_after_the_visit_that_used_it_up() -> None:
    pack = a_term(days=120, kind=PlanKind.PACK, visits_left=0, takes=(START + 3, START + 40))
    assert used_up(pack, None).ends == ((START, START + 120), (START + 41, START + 41))
    assert used_up(pack._replace(visits_left=1), None).ends == pack.ends
    assert used_up(pack._replace(kind=PlanKind.TERM), None).ends == pack.ends
    told = pack._replace(takes=())
    assert used_up(told, START + 9).ends == ((START, START + 120), (START + 10, START + 10))
    assert used_up(told, None).ends == pack.ends
    assert used_up(told, START - 9).ends == pack.ends
    late = pack._replace(takes=(START + 119,))
    assert used_up(late, None).ends == pack.ends
