"""Newcomers: who they are, and when they join."""

from collections import Counter
from datetime import date, timedelta

import phonenumbers
import pytest

from clubcrm.core.folding import phone_e164
from clubcrm.members.policies import clean_email
from clubcrm.simulator.names import email_of, name_of, phone_of
from clubcrm.simulator.people import FOUNDING_DAYS, card_of, intake, newcomer

FIRST, LAST = date(2025, 1, 6), date(2026, 3, 1)


def test_exactly_so_many_join_and_all_within_the_days() -> None:
    joining = intake(1, 200, FIRST, LAST)
    assert sorted(no for some in joining.values() for no in some) == list(range(200))
    assert min(joining) >= FIRST
    assert max(joining) <= LAST


@pytest.mark.parametrize(("members", "days"), [(1, 1), (7, 1), (5, 400), (300, 30)])
def test_every_size_of_club_fills(members: int, days: int) -> None:
    joining = intake(3, members, FIRST, FIRST + timedelta(days=days - 1))
    assert sum(map(len, joining.values())) == members


def test_a_club_that_opens_fills_quickly_and_january_is_fuller_than_december() -> None:
    joining = intake(1, 5000, FIRST, FIRST + timedelta(days=730))
    founded = sum(len(joining.get(FIRST + timedelta(days=n), ())) for n in range(FOUNDING_DAYS))
    assert 0.28 < founded / 5000 < 0.36
    months = Counter(day.strftime("%Y-%m") for day, some in joining.items() for _ in some)
    assert months["2026-01"] > 3 * months["2025-12"]
    assert months["2025-09"] > 2 * months["2025-08"]


def test_the_same_seed_gives_the_same_person_and_another_seed_another() -> None:
    assert newcomer(1, 5, FIRST) == newcomer(1, 5, FIRST)
    assert newcomer(1, 5, FIRST).values.full_name == newcomer(1, 5, FIRST).values.full_name
    names = {(newcomer(seed, 5, FIRST).values.last_name) for seed in range(10)}
    assert len(names) > 3


def test_names_come_in_several_scripts() -> None:
    scripts = Counter(_script_of(name_of(1, no).last) for no in range(1000))
    assert set(scripts) == {"latin", "arabic", "cyrillic"}
    assert 0.1 < scripts["arabic"] / 1000 < 0.28
    assert 0.03 < scripts["cyrillic"] / 1000 < 0.16


def test_addresses_and_numbers_reach_nobody_and_are_one_a_person() -> None:
    emails = {email_of(name_of(1, no), no) for no in range(3000)}
    assert len(emails) == 3000
    for email in emails:
        assert clean_email(email) == email
        assert email.rpartition("@")[2] in {"example.com", "example.org", "example.net"}
    numbers = [phone_of(no) for no in range(11_000)]
    assert len(set(numbers)) == 11_000
    for number in numbers[::37]:
        assert number is not None
        assert phone_e164(number, "GB") == number
        national = phonenumbers.format_number(phonenumbers.parse(number), 2).replace(" ", "")
        assert national.startswith("02079460") or national[4:8] == "4960"
    assert phone_of(11_000) is None


def test_people_are_neither_children_nor_immortal_and_minors_have_a_guardian() -> None:
    for no in range(500):
        born = newcomer(1, no, FIRST).values.birth_date
        assert born is not None
        age = (FIRST - born).days / 365.25
        assert 15 < age < 85
        assert (newcomer(1, no, FIRST).values.guardian is not None) == (age < 18)


def test_a_birthday_can_be_asked_for() -> None:
    for no in range(50):
        born = newcomer(1, no, FIRST, birthday_on=LAST).values.birth_date
        assert born is not None
        assert (born.month, born.day) == (LAST.month, LAST.day)
        assert born.year < FIRST.year - 14
    leap = newcomer(1, 3, FIRST, birthday_on=date(2024, 2, 29)).values.birth_date
    assert leap is not None
    assert leap.month == 2


def test_no_two_cards_are_the_same() -> None:
    cards = [card_of(no, replaced) for no in range(3000) for replaced in range(7)]
    assert len(set(cards)) == len(cards)


def _script_of(word: str) -> str:
    first = word[0]
    if "\u0600" <= first <= "\u06ff":
        return "arabic"
    return "cyrillic" if "\u0400" <= first <= "\u04ff" else "latin"
