"""What gives the occasion for a contact, on days on which it does and on days on which it does not."""

from collections.abc import Iterable
from datetime import date

from clubcrm.accounts.queries import get_club
from clubcrm.core.money import Money
from clubcrm.core.transactions import reading
from clubcrm.members.operations import TermValues
from clubcrm.members.states import PlanKind
from clubcrm.retention.policies.plays import play_rules
from clubcrm.retention.shipped import shipped_plays
from clubcrm.retention.triggers import Occasion
from clubcrm.wiring import TRIGGERS
from tests.integration.retention.life import Life, on


def occasions(life: Life, code: str) -> list[Occasion]:
    """The occasions of a shipped contact today."""
    rules = play_rules(code, shipped_plays()[code])
    with reading() as session:
        club = get_club(session, life.club_id)
        return list(TRIGGERS[rules.trigger](session, club, on(life.day), rules))


def who(found: Iterable[Occasion]) -> set[tuple[int, date]]:
    return {(one.person_id, one.on) for one in found}


def test_whoever_joins_is_welcomed_and_asked_after_the_first_visit(life: Life) -> None:
    person_id = life.member()
    life.run()
    assert occasions(life, "K01") == [Occasion(person_id, on(0))]
    life.day = 1
    life.comes(person_id, 1)
    life.run()
    after = Occasion(person_id, on(1), "after", step=2, delay_minutes=24 * 60)
    assert occasions(life, "K01") == [Occasion(person_id, on(0)), after]
    life.runs_to(4)
    assert occasions(life, "K01") == []


def test_whoever_has_not_been_here_by_the_fifth_day_is_rung_up(life: Life) -> None:
    idle, busy = life.member(), life.member()
    life.comes(busy, 0)
    life.run()
    life.runs_to(4)
    assert occasions(life, "K02") == []
    life.runs_to(5)
    assert who(occasions(life, "K02")) == {(idle, on(5))}
    life.runs_to(8)
    assert who(occasions(life, "K02")) == {(idle, on(5))}  # four days long
    life.runs_to(9)
    assert occasions(life, "K02") == []


def test_the_desk_greets_whoever_comes_for_the_first_time(life: Life) -> None:
    person_id = life.member()
    life.run()
    assert who(occasions(life, "K18")) == {(person_id, on(0))}
    life.runs_to(3)
    life.comes(person_id, 3)
    life.run()
    assert occasions(life, "K18") == []


def test_four_weeks_are_looked_back_at_differently_by_how_often_somebody_came(life: Life) -> None:
    keen, slow = life.member(), life.member()
    life.comes(keen, 0)
    life.comes(slow, 0)
    for day in (9, 18, 27, 28):
        life.day = day
        life.comes(keen, *range(day - 8, day, 3))
        life.run()
        if day == 27:
            assert occasions(life, "K03") == []
    found = {one.person_id: (one.on, one.variant) for one in occasions(life, "K03")}
    assert found == {keen: (on(28), ""), slow: (on(28), "low")}


def steady(life: Life, until: int) -> int:
    """Somebody who comes every third day up to a day, and then no more."""
    person_id = life.member()
    life.day = until
    life.comes(person_id, *range(0, until + 1, 3))
    life.run()
    return person_id


def test_a_missed_rhythm_and_a_return_are_seen_on_the_day_they_come_about(life: Life) -> None:
    person_id = steady(life, 120)
    for day in range(121, 150):
        life.day = day
        life.run()
        if life.history(person_id)[-1][1] == "slipped":
            break
    slipped_on = on(life.day)
    assert who(occasions(life, "K07")) == {(person_id, slipped_on)}
    assert who(occasions(life, "K19")) == {(person_id, slipped_on)}
    life.runs_to(life.day + 3)
    assert occasions(life, "K07") == []  # three days long
    assert who(occasions(life, "K19")) == {(person_id, slipped_on)}
    life.comes(person_id, life.day - 1, life.day)
    life.run()
    assert occasions(life, "K19") == []


def test_the_end_of_a_term_gives_its_occasions_in_turn(life: Life) -> None:
    person_id = life.member(plan_id=life.plan("Year", days=365))
    life.day = 300
    life.comes(person_id, *range(0, 300, 3))
    life.run()
    # The last valid day is 364; the window of a year opens 45 days before, the last word is at 21.
    seen: dict[str, list[int]] = {"K13": [], "K14": [], "K15": []}
    near = [*range(317, 322), *range(342, 354), *range(378, 381), *range(408, 411), 454]
    for day in near:
        life.day = day
        if day < 365:
            life.comes(person_id, day)
        life.run()
        for code, days in seen.items():
            days += [(one.on - on(0)).days for one in occasions(life, code) if one.step == 1]
    assert set(seen["K13"]) == {364 - 45}
    assert set(seen["K14"]) == {364 - 21}
    assert set(seen["K15"]) == {364 + 15, 364 + 45, 364 + 90}
    assert len(seen["K14"]) == 10


def test_nobody_is_rung_up_for_a_term_of_a_month(life: Life) -> None:
    person_id = life.member(plan_id=life.plan("Month", days=30))
    life.comes(person_id, 0)
    life.run()
    life.runs_to(29 - 4)
    (one,) = occasions(life, "K14")
    assert (one.person_id, one.on, one.step, one.variant) == (person_id, on(29 - 4), 2, "last")


def test_nothing_an_import_brought_is_an_occasion(life: Life) -> None:
    """Not on the first day: what had come about before is the past. What comes about later is one."""
    plan_id = life.plan("Year", days=365)
    people = life.people(3)
    starts = {people[0]: on(-5), people[1]: on(-344), people[2]: on(-380)}
    terms = [
        TermValues(person_id=person_id, plan_id=plan_id, starts_on=day)
        for person_id, day in starts.items()
    ]
    life.imports(terms, as_of=0)
    life.run()
    codes = [code for code in shipped_plays() if code != "K18"]
    assert {code: occasions(life, code) for code in codes} == {code: [] for code in codes}
    life.runs_to(23)
    assert who(occasions(life, "K03")) == set()  # has not been here at all
    assert who(occasions(life, "K02")) == set()


def test_packs_and_contracts_without_an_end_are_not_rung_up_for_one(life: Life) -> None:
    pack = life.plan("Ten", kind=PlanKind.PACK, visits=10, days=60, price=Money(5_000, "EUR"))
    rolling = life.plan("Monthly", kind=PlanKind.ROLLING, months=1)
    for plan_id in (pack, rolling):
        life.comes(life.member(plan_id=plan_id), 0)
    life.run()
    for day in (30, 46, 50, 59, 61):
        life.day = day
        life.run()
        assert occasions(life, "K14") == []
