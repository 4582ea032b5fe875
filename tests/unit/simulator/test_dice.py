"""Chance that can be asked again."""

from collections import Counter

import pytest

from clubcrm.simulator.dice import chance, happens, pick, pick_weighted, waiting, whole


def test_the_same_words_give_the_same_number_and_others_another() -> None:
    assert chance(1, "a") == chance(1, "a")
    assert chance(1, "a") != chance(1, "b")
    # 1/12 and 11/2 are other words, though they are written with the same letters.
    assert chance(1, 12) != chance(11, 2)


def test_a_number_known_from_before_stays() -> None:
    # Whoever changes this changes every demo club.
    assert chance("seed", 7) == pytest.approx(0.7120342927553487)


def test_chance_is_evenly_spread() -> None:
    numbers = [chance("spread", no) for no in range(20_000)]
    assert all(0 <= number < 1 for number in numbers)
    tenths = Counter(int(number * 10) for number in numbers)
    assert all(1800 < count < 2200 for count in tenths.values())


def test_what_is_as_likely_as_asked_happens_so_often() -> None:
    times = sum(happens(0.2, "often", no) for no in range(20_000))
    assert 3800 < times < 4200
    assert not any(happens(0, "never", no) for no in range(100))
    assert all(happens(1, "always", no) for no in range(100))


def test_picks() -> None:
    assert {whole(2, 4, no) for no in range(200)} == {2, 3, 4}
    assert {pick("abc", no) for no in range(200)} == {"a", "b", "c"}
    drawn = Counter(pick_weighted([("a", 3.0), ("b", 1.0)], "weights", no) for no in range(20_000))
    assert 14_600 < drawn["a"] < 15_400
    assert {pick_weighted([("a", 1.0), ("b", 0.0)], no) for no in range(200)} == {"a"}


def test_waiting_lasts_so_long_on_average() -> None:
    times = [waiting(30, "wait", no) for no in range(20_000)]
    assert 29 < sum(times) / len(times) < 31
