"""The shipped contacts, the draw, and the cycles that contacts are counted in."""

import re
from datetime import date, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from clubcrm.messaging.states import Channel, Purpose
from clubcrm.retention.policies.arms import draw, share_held_out
from clubcrm.retention.policies.cycles import cycle_of
from clubcrm.retention.policies.plays import PlayFault, PlayRules, play_rules
from clubcrm.retention.shipped import FALLBACK, HOME, shipped_plays, shipped_words, words_for
from clubcrm.retention.states import Arm, Goal
from clubcrm.retention.texts import filled, places_of
from clubcrm.wiring import TRIGGERS

LANGUAGES = ("en", "fa", "ar", "ru")
PLAYS = [play_rules(code, values) for code, values in shipped_plays().items()]
STAFF = (Channel.CALL, Channel.ARRIVAL)


@pytest.mark.parametrize("rules", PLAYS, ids=lambda rules: rules.code)
def test_a_shipped_contact_names_a_trigger_that_is_wired(rules: PlayRules) -> None:
    assert rules.trigger in TRIGGERS


def test_no_two_shipped_contacts_are_equally_pressing() -> None:
    assert len({rules.priority for rules in PLAYS}) == len(PLAYS)


def keys_of(rules: PlayRules) -> list[str]:
    variants = [*rules.channels_by, *(step.variant for step in rules.steps)]
    return [rules.code, *(f"{rules.code}.{variant}" for variant in variants)]


@pytest.mark.parametrize("language", LANGUAGES)
@pytest.mark.parametrize("rules", PLAYS, ids=lambda rules: rules.code)
def test_every_contact_has_its_words_in_every_language(rules: PlayRules, language: str) -> None:
    for key in keys_of(rules):
        words = shipped_words(language)[key]
        variant = key.partition(".")[2]
        steps = {step.variant: step for step in rules.steps}
        channels = steps.get(variant, rules).channels_of(variant)
        if any(channel in STAFF for channel in channels):
            assert words.title, key
            assert words.script, key
        if any(channel not in STAFF for channel in channels):
            assert words.subject, key
            assert words.body, key


def places_in(text: str) -> set[str]:
    return set(re.findall(r"\{\{ (\w+) \}\}", text))


@pytest.mark.parametrize("language", LANGUAGES)
def test_words_name_only_places_that_are_filled_in(language: str) -> None:
    class Member:
        first_name, full_name = "Ana", "Ana Silva"
        last_visit_on, spell_from_on = date(2026, 1, 1), date(2025, 1, 1)
        base, v28, ends_on = 2.0, 3, date(2026, 5, 1)

    class Aurora:
        name, territory, calendar = "Aurora", "PT", "gregorian"

    club: object = Aurora()
    known = places_of(club, Member(), date(2026, 2, 1), language)  # type: ignore[arg-type]
    for words in shipped_words(language).values():
        for text in (words.subject, words.body, words.title, words.script):
            assert places_in(text) <= set(known)
            assert "{" not in filled(text, known)


def test_a_language_nobody_ships_is_spoken_to_in_english() -> None:
    assert words_for("pt_PT", "K07", "") == shipped_words(FALLBACK)["K07"]
    assert shipped_words("../texts/en") == {}


def test_a_variant_without_words_of_its_own_takes_those_of_the_contact() -> None:
    assert words_for("en", "K07", "short") == shipped_words("en")["K07"]


def test_all_files_of_words_are_of_offered_languages() -> None:
    assert {path.stem for path in (HOME / "texts").glob("*.toml")} == set(LANGUAGES)


def test_words_nobody_can_read_are_given_as_they_stand() -> None:
    assert filled("Hello {{ first_name", {}) == "Hello {{ first_name"


def test_words_reach_nothing_but_the_places() -> None:
    assert "object" not in filled("{{ ''.__class__.__mro__ }}", {})


@pytest.mark.parametrize(
    "wrong",
    [
        {"channels": ["pigeon"]},
        {"valid_days": -1},
        {"valid_days": "soon"},
        {"hold_out": 100},
        {"after": [5, 5000]},
        {"goal": "love"},
        {"phases": ["happy"]},
    ],
)
def test_rules_that_nobody_could_follow_are_refused(wrong: dict[str, object]) -> None:
    with pytest.raises(PlayFault):
        play_rules("K07", {**shipped_plays()["K07"], **wrong})


def test_a_later_step_says_only_what_is_different_in_it() -> None:
    (call,) = [rules for rules in PLAYS if rules.code == "K14"]
    last, grace = call.of_step(2), call.of_step(3)
    assert call.of_step(1) is call.of_step(4) is call
    assert [step.code for step in (last, grace)] == ["K14", "K14"]
    assert {step.priority for step in (call, last, grace)} == {call.priority}
    assert {step.goal_days for step in (call, last, grace)} == {60}
    assert [step.purpose for step in (call, last, grace)] == ["marketing", "service", "marketing"]
    assert [step.hold_out for step in (call, last, grace)] == [10, 0, 0]
    with pytest.raises(PlayFault):
        play_rules("K14", {**shipped_plays()["K14"], "steps": [{"channels": ["pigeon"]}]})


def a_play(**told: object) -> PlayRules:
    values = {"trigger": "slipped", "channels": ["email"], "valid_days": 3, **told}
    return play_rules("K99", values)


def test_a_small_club_learns_from_automatic_messages_alone() -> None:
    call, mail = a_play(channels=["call"], hold_out=20), a_play(hold_out=20)
    assert (share_held_out(call, "", 300), share_held_out(mail, "", 300)) == (0, 10)
    assert (share_held_out(call, "", 1000), share_held_out(mail, "", 1000)) == (20, 20)
    assert (share_held_out(call, "full", 1), share_held_out(mail, "none", 5000)) == (20, 0)
    assert share_held_out(a_play(hold_out=0), "full", 5000) == 0


@given(st.integers(1, 90), st.integers(0, 10**6))
def test_the_draw_holds_out_its_share_and_always_says_the_same(share: int, salt: int) -> None:
    cycle = date(2026, 1, 1)
    arms = [draw(f"seed {salt}", no, "K07", 1, cycle, share) for no in range(1000)]
    assert arms == [draw(f"seed {salt}", no, "K07", 1, cycle, share) for no in range(1000)]
    held = arms.count(Arm.HELD_OUT)
    # Six standard deviations of a fair draw.
    assert abs(held - 10 * share) <= 6 * (1000 * share * (100 - share)) ** 0.5 / 100 + 1


def test_contacts_are_drawn_for_one_by_one() -> None:
    cycle = date(2026, 1, 1)
    one = [draw("seed", no, "K07", 1, cycle, 50) for no in range(2000)]
    other = [draw("seed", no, "K08", 1, cycle, 50) for no in range(2000)]
    alike = sum(a is b for a, b in zip(one, other))
    assert 850 < alike < 1150


def test_nobody_is_held_out_of_a_share_of_nothing() -> None:
    arms = {draw("seed", no, "K01", 1, date(2026, 1, 1), 0) for no in range(1000)}
    assert arms == {Arm.TREATED}


DAYS = st.dates(date(2020, 1, 1), date(2030, 1, 1))


@given(DAYS, st.integers(75, 400), DAYS)
def test_a_longer_term_is_a_cycle_of_its_own(starts: date, length: int, spell: date) -> None:
    assert cycle_of(starts, length, spell, starts + timedelta(days=10)) == starts


@given(DAYS, st.integers(0, 3000), st.one_of(st.none(), st.integers(1, 74)))
def test_short_terms_are_counted_in_years_of_the_spell(
    spell: date, later: int, length: int | None
) -> None:
    day = spell + timedelta(days=later)
    cycle = cycle_of(day, length, spell, day)
    assert spell <= cycle <= day
    assert (day - cycle).days <= 366
    assert (cycle.month, cycle.day) in {(spell.month, spell.day), (2, 28)}


def test_who_is_spoken_to_for_the_contract_needs_no_consent() -> None:
    service = {rules.code for rules in PLAYS if rules.purpose is Purpose.SERVICE}
    assert service == {"K01"}
    goals = {rules.code: rules.goal for rules in PLAYS}
    assert goals["K13"] is goals["K14"] is goals["K15"] is Goal.NEW_TERM
