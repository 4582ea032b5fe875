"""How people live with a club, and what they decide about it."""

from collections import Counter
from datetime import date, timedelta
from itertools import pairwise

from clubcrm.core.calendars import add_months
from clubcrm.members.states import PlanKind
from clubcrm.retention.policies import DEFAULTS
from clubcrm.retention.policies.facts import FAR, Term
from clubcrm.retention.policies.terms import window
from clubcrm.simulator.decisions import (
    Sold,
    notice_of,
    pause_of,
    paying_of,
    renewal_of,
    return_day,
    upgrade_day,
    window_of,
)
from clubcrm.simulator.habits import CLOSES, OPENS, Habit, Spell, character_of, spell_of
from clubcrm.simulator.plans import LONGER, SHORTER, first_plan, price_list

START = date(2025, 1, 13)
YEAR = [START + timedelta(days=n) for n in range(365)]
PEOPLE = [f"somebody {no}" for no in range(1500)]


def spells(habit: Habit, most: int = 200) -> list[Spell]:
    """Some people of one habit, all joining on the same day."""
    keys = [key for key in PEOPLE if character_of(key).habit is habit]
    return [spell_of(key, START) for key in keys[:most]]


def visits(spell: Spell, days: list[date] | None = None) -> list[date]:
    return [day for day in days or YEAR if spell.comes_on(day)]


def term(months: int, no: int = 1, *, starts: date = START) -> Sold:
    until = add_months(starts, months, "gregorian")
    return Sold(no, "Annual", PlanKind.TERM, months, starts, until)


def test_a_person_is_the_same_however_often_one_asks() -> None:
    one = character_of("somebody 1")
    character_of.cache_clear()
    spell_of.cache_clear()
    assert character_of("somebody 1") == one
    assert visits(spell_of("somebody 1", START)) == visits(spell_of("somebody 1", START))


def test_all_habits_are_there_and_the_steady_ones_are_the_most() -> None:
    habits = Counter(character_of(key).habit for key in PEOPLE)
    assert set(habits) == set(Habit)
    assert habits.most_common(1)[0][0] is Habit.STEADY


def test_the_odds_of_a_week_add_up_to_the_visits_a_week() -> None:
    for key in PEOPLE[:300]:
        character = character_of(key)
        assert abs(sum(character.weekdays) - character.weekly) < 1e-9
        assert 0.5 < character.weekly <= 4.2


def test_steady_people_keep_their_own_weekdays() -> None:
    for spell in spells(Habit.STEADY, 60):
        came = visits(spell)
        if len(came) < 40:
            continue
        by_weekday = Counter(day.weekday() for day in came)
        own = sorted(range(7), key=lambda d: -spell.character.weekdays[d])
        most = sum(by_weekday[d] for d in own[: max(1, round(spell.character.weekly + 0.3))])
        assert most / len(came) > 0.75


def test_a_tenth_of_newcomers_hardly_ever_enters() -> None:
    counts = [len(visits(spell)) for spell in spells(Habit.NO_SHOW)]
    assert max(counts) <= 12
    assert sum(count == 0 for count in counts) > len(counts) / 4


def test_faders_come_less_and_less() -> None:
    first, later = 0, 0
    for spell in spells(Habit.FADER):
        first += len(visits(spell, YEAR[:28]))
        later += len(visits(spell, YEAR[140:168]))
    assert later < first / 4


def test_summer_leavers_do_not_come_in_autumn() -> None:
    autumn = [date(2025, 9, 1) + timedelta(days=n) for n in range(60)]
    some = spells(Habit.SUMMER)
    assert some
    assert not any(visits(spell, autumn) for spell in some)
    assert sum(len(visits(spell, YEAR[30:90])) for spell in some) > 3 * len(some)


def test_returners_miss_a_whole_month_and_come_back() -> None:
    found = 0
    for spell in spells(Habit.RETURNER):
        came = visits(spell)
        gaps = [(after - before).days for before, after in pairwise(came)]
        found += bool(gaps) and max(gaps) >= 28
    assert found > len(spells(Habit.RETURNER)) / 2


def test_fewer_come_on_a_slow_day_and_nobody_on_a_closed_one() -> None:
    some = spells(Habit.STEADY)
    normal = sum(spell.comes_on(day) for spell in some for day in YEAR[28:56])
    slow = sum(spell.comes_on(day, 50) for spell in some for day in YEAR[28:56])
    assert 0.4 < slow / normal < 0.6
    assert not any(spell.comes_on(day, 0) for spell in some for day in YEAR[28:56])


def test_people_come_while_the_club_is_open() -> None:
    for key in PEOPLE[:200]:
        spell = spell_of(key, START)
        for day in YEAR[:14]:
            weekend = day.weekday() >= 5
            assert OPENS[weekend] < spell.arrives_at(day) < CLOSES[weekend]


def test_half_to_two_thirds_are_there_after_a_year() -> None:
    renewed = 0
    for no, key in enumerate(PEOPLE):
        renewed += renewal_of(term(12, no), spell_of(key, START)) is not None
    assert 0.50 < renewed / len(PEOPLE) < 0.65


def test_short_terms_are_renewed_more_often_than_long_ones() -> None:
    rates = []
    for months in (1, 3, 6, 12):
        some = [renewal_of(term(months, no), spell_of(k, START)) for no, k in enumerate(PEOPLE)]
        rates.append(sum(one is not None for one in some))
    assert rates == sorted(rates, reverse=True)


def test_renewals_come_early_in_the_window_and_late() -> None:
    year = term(12)
    timing: Counter[str] = Counter()
    for no, key in enumerate(PEOPLE):
        renewal = renewal_of(term(12, no), spell_of(key, START))
        if renewal is None:
            continue
        before = (year.last_on - renewal.on).days
        timing["early" if before > 45 else "window" if before >= 0 else "late"] += 1
        assert -29 < before < 100
        plans = {"Annual", LONGER.get("Annual"), SHORTER["Annual"]}
        assert renewal.plan in plans
    assert all(timing[when] > 50 for when in ("early", "window", "late"))
    assert timing["window"] > timing["early"] + timing["late"]


def test_the_window_is_the_one_of_the_life_cycle() -> None:
    for days in (1, 30, 74, 75, 149, 150, 299, 300, 730):
        sold = Term(1, 1, PlanKind.TERM, 0, 0, ((0, days),), days)
        assert window_of(days) == window(sold, DEFAULTS)
    assert FAR > 730


def test_month_to_month_members_give_notice_after_they_have_stopped_coming() -> None:
    contract = Sold(1, "Month to month", PlanKind.ROLLING, None, START, None)
    for key in PEOPLE[:300]:
        spell = spell_of(key, START)
        notice = notice_of(contract, spell)
        assert notice.on > START
        assert not visits(spell, [notice.on + timedelta(days=n) for n in range(3)]) or (
            spell.character.habit is Habit.FADER
        )
        if notice.withdrawn_after is not None:
            assert notice.on + timedelta(days=notice.withdrawn_after) < notice.again_on


def test_a_freeze_is_asked_for_before_it_begins_and_fits_the_term() -> None:
    found = 0
    for no, key in enumerate(PEOPLE):
        year = term(12, no)
        pause = pause_of(year, spell_of(key, START))
        if pause is None:
            continue
        found += 1
        assert START < pause.asked_on <= max(pause.period.start, pause.asked_on)
        assert year.starts_on < pause.period.start < year.last_on
        assert 8 <= (pause.period.days or 0) <= 40
        if pause.returns_after is not None:
            assert 0 < pause.returns_after < (pause.period.days or 0)
    assert 0.12 < found / len(PEOPLE) < 0.36
    assert pause_of(term(1), spell_of("somebody 1", START)) is None


def test_some_come_back_long_after_the_end_and_few_upgrade() -> None:
    back = [return_day(term(12, no), spell_of(key, START)) for no, key in enumerate(PEOPLE)]
    days = [(day - term(12).last_on).days for day in back if day is not None]
    assert 0.08 < len(days) / len(PEOPLE) < 0.35
    assert min(days) > 30
    upgrades = [upgrade_day(term(3, no), spell_of(key, START)) for no, key in enumerate(PEOPLE)]
    assert 0 < sum(day is not None for day in upgrades) < len(PEOPLE) / 8


def test_nearly_everybody_pays_at_once() -> None:
    ways = [paying_of(key, False, "sale", START) for key in PEOPLE]
    assert sum(way.share == 1 for way in ways) > 0.95 * len(PEOPLE)
    late = [paying_of(key, True, "sale", START) for key in PEOPLE]
    owing = [way for way in late if way.share < 1]
    assert 0.4 < len(owing) / len(PEOPLE) < 0.7
    assert any(way.rest_on is None for way in owing)
    assert all(way.rest_on is None or way.rest_on > START for way in owing)


def test_everybody_buys_something_that_is_on_the_list() -> None:
    names = {offer.values.name for offer in price_list("GBP")}
    bought = Counter(first_plan(key) for key in PEOPLE)
    assert set(bought) <= names
    assert bought.most_common(1)[0][0] == "Annual"
    assert {*LONGER, *LONGER.values(), *SHORTER, *SHORTER.values()} <= names
