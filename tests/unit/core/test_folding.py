"""One key for the many ways people type one name; clean text; tokens of search."""

import itertools
import random
import unicodedata

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from clubcrm.core.folding import (
    MAX_TOKEN,
    ascii_digits,
    clean_text,
    digits_only,
    fold,
    query_words,
    search_tokens,
    words,
)

ANY_TEXT = st.text(max_size=80)
PERSIAN_DIGITS, ARABIC_DIGITS = "۰۱۲۳۴۵۶۷۸۹", "٠١٢٣٤٥٦٧٨٩"

GIVEN = (
    *("علی‌رضا", "محمدکاظم", "مهدی", "یاسر", "کیان", "هادی", "یکتا", "کتایون", "نیکی", "مریم"),
    *("زکیه", "یحیی", "شکیبا", "پریسا", "ملیکا", "کوروش", "آرمین", "امیرحسین", "سید‌علی", "رقیه"),
)
FAMILY = (
    *("کریمی", "یزدی", "کیانی", "رئیسی", "مؤمنی", "حسینی‌نژاد", "اکبری", "شیرازی", "کاشانی"),
    *("ملک‌زاده", "بیگی", "تقی‌پور", "سلیمی", "فکری", "نیک‌خواه"),
)


@pytest.mark.parametrize(
    ("text", "folded"),
    [
        ("José", "jose"),
        ("JOSE\u0301", "jose"),
        ("Łukasz Żółć", "lukasz zolc"),
        ("Müller", "muller"),
        ("Straße", "strasse"),
        ("STRASSE", "strasse"),
        ("İstanbul", "istanbul"),
        ("Isıl", "isil"),
        ("Ærø", "aero"),
        ("O'Brien", "obrien"),
        ("O’Brien", "obrien"),
        ("Anna-Maria", "anna maria"),
        ("Silva,  João\tP.", "silva joao p"),
        ("Ёлкина", "елкина"),
        ("Фёдор", "федор"),
        ("АНДРЕЙ", "андреи"),
        ("Ａｎｎａ　Ｂ", "anna b"),
        ("ﬁtness", "fitness"),
        ("M²", "m2"),
        ("علي", "علی"),
        ("على", "علی"),
        ("كريم", "کریم"),
        ("فاطمة", "فاطمه"),
        ("خانهٔ", "خانه"),
        ("خانۀ", "خانه"),
        ("أحمد", "احمد"),
        ("إحمد", "احمد"),
        ("آحمد", "احمد"),
        ("ٱحمد", "احمد"),
        ("مؤمن", "مومن"),
        ("رئیس", "رییس"),
        ("ضیاء", "ضیا"),
        ("مُحَمَّد", "محمد"),
        ("محـــمد", "محمد"),
        ("علی\u200cرضا", "علیرضا"),
        ("\u202bعلی\u202c", "علی"),
        ("\ufeffعلی\u200f", "علی"),
        ("ﻋﻠﻲ", "علی"),
        ("ﷲ", "الله"),
        ("کارت ۱۲۳", "کارت 123"),
        ("بطاقة ١٢٣", "بطاقه 123"),
        ("१२३", "123"),
        ("a\x00b", "a b"),
        ("😀 Ali 👨‍👩‍👧", "ali"),
        ("", ""),
        (" \u200c ", ""),
        ("\ud800x", "x"),
    ],
)
def test_a_text_folds_to_its_key(text, folded):
    assert fold(text) == folded


def test_vowel_signs_that_are_letters_stay():
    """Marks go only where the alphabet can do without them."""
    assert fold("हिन्दी") != fold("हन्द")
    assert fold("한국어") == fold(unicodedata.normalize("NFD", "한국어"))


@given(ANY_TEXT)
@example("ΐ")
@example("ẞ")
@example("ﷺ")
@example("ǰ ŉ ẖ")
def test_folding_twice_changes_nothing(text):
    once = fold(text)
    assert fold(once) == once
    assert once == " ".join(once.split())


@given(ANY_TEXT)
def test_composed_and_decomposed_fold_alike(text):
    assert fold(unicodedata.normalize("NFC", text)) == fold(unicodedata.normalize("NFD", text))


@given(st.text(st.characters(categories=["Lu", "Ll"], max_codepoint=0x24F), max_size=20))
def test_case_does_not_matter(text):
    assert fold(text) == fold(text.casefold())
    assert words(text) == fold(text).split()


def test_no_character_of_unicode_folds_to_something_that_folds_further():
    for codepoint in range(0x110000):
        once = fold(chr(codepoint))
        assert fold(once) == once, hex(codepoint)


def _typed_otherwise(name: str, dice: random.Random) -> str:
    """The name as somebody with another keyboard types it."""
    swaps = {"ی": "ي", "ک": "ك", "آ": "ا", "ؤ": "و", "ئ": "ی"}
    digits = dict(zip(PERSIAN_DIGITS, ARABIC_DIGITS, strict=True))
    typed = []
    for letter in name:
        if letter == "\u200c":
            typed.append(dice.choice(["", "\u200c", "\u200d", "\u200c\u200c"]))
            continue
        letter = swaps.get(letter, letter) if dice.random() < 0.8 else letter
        letter = digits.get(letter, letter)
        typed.append(letter)
        if letter.isalpha() and dice.random() < 0.2:
            typed.append(dice.choice(["\u064e", "\u0640", "\u200f", "\u0651"]))
    return dice.choice(["", " ", "\u200f", "\ufeff"]) + "".join(typed) + dice.choice(["", " ", "."])


def test_five_hundred_names_typed_on_two_keyboards_have_one_key():
    dice = random.Random(1405)
    pairs, differing = 0, 0
    for first, last in itertools.islice(itertools.cycle(itertools.product(GIVEN, FAMILY)), 500):
        number = "".join(dice.choice(PERSIAN_DIGITS) for _ in range(dice.randint(1, 5)))
        name = f"{first} {last} {number}"
        typed = _typed_otherwise(name, dice)
        differing += typed != name
        pairs += 1
        assert fold(typed) == fold(name), (name, typed)
    assert pairs == 500
    assert differing > 450


def test_different_names_keep_different_keys():
    """The control: folding must not make everybody one person."""
    names = {fold(f"{first} {last}") for first in GIVEN for last in FAMILY}
    assert len(names) == len(GIVEN) * len(FAMILY)


def test_digits_of_every_script_are_read():
    assert ascii_digits("۰۱۲ ٣٤٥ 678 ９ abc") == "012 345 678 9 abc"
    assert ascii_digits("²½Ⅳ") == "²½Ⅳ"
    assert digits_only("کارت: ۱۲-۳۴ (x)") == "1234"
    assert digits_only("none") == ""


@given(st.integers(0, 10**12))
def test_any_digits_are_the_number(number):
    for digits in (PERSIAN_DIGITS, ARABIC_DIGITS, "０１２３４５６７８９"):
        written = str(number).translate(str.maketrans("0123456789", digits))
        assert ascii_digits(written) == fold(written) == digits_only(written) == str(number)


@pytest.mark.parametrize(
    ("text", "kept"),
    [
        ("  Ali   Rezaei ", "Ali Rezaei"),
        ("Ali\nRezaei\t", "Ali Rezaei"),
        ("Ali\x00 \x07Rezaei", "Ali Rezaei"),
        ("\u202eevil\u202c", "evil"),
        ("\u2066a\u2069\u200e\u200f\u061c", "a"),
        ("\ufeffAli", "Ali"),
        ("zero\u200bwidth", "zerowidth"),
        ("soft\u00adhyphen", "softhyphen"),
        ("علی\u200cرضا", "علی\u200cرضا"),
        ("\u200cعلی\u200c\u200cرضا\u200c", "علی\u200cرضا"),
        ("علی \u200c رضا", "علی رضا"),
        ("علي كريم", "علي كريم"),
        ("Jose\u0301", "José"),
        ("a\u00a0b", "a b"),
        ("bad\ud800\ufffe", "bad"),
        ("👨\u200d👩\u200d👧", "👨\u200d👩\u200d👧"),
        ("❤\ufe0f", "❤\ufe0f"),
        ("<b>&\"'", "<b>&\"'"),
        ("", ""),
    ],
)
def test_what_is_kept_for_display_is_harmless_and_as_typed(text, kept):
    assert clean_text(text, 100) == kept


def test_notes_keep_their_lines():
    note = "first \r\n\r\n\r\n\r\n second\rthird\u2028 end  \n\n"
    assert clean_text(note, 100, multiline=True) == "first\n\nsecond\nthird end"
    assert clean_text(note, 100) == "first second third end"


def test_long_text_is_cut_between_letters():
    assert clean_text("a" * 100_000, 200) == "a" * 200
    assert clean_text("ab e\u0323\u0301x", 4) == "ab"
    assert clean_text("abq\u0323\u0301", 4) == "ab"
    assert clean_text("ab cd", 3) == "ab"
    assert clean_text("علی\u200cرضا", 4) == "علی"


@given(st.text(max_size=120), st.integers(0, 100), st.booleans())
def test_clean_text_is_short_safe_and_stays_clean(text, length, multiline):
    kept = clean_text(text, length, multiline=multiline)
    assert len(kept) <= length
    assert clean_text(kept, length, multiline=multiline) == kept
    kept.encode()
    bad = [c for c in kept if unicodedata.category(c) in ("Cc", "Cs") and c != "\n"]
    assert bad == []
    assert not set(kept) & set("\u200e\u200f\u202a\u202b\u202c\u202d\u202e\u2066\u2067\u2068\u2069")
    assert multiline or "\n" not in kept


@given(st.text(st.characters(max_codepoint=127), max_size=80))
def test_plain_text_takes_a_short_way_to_the_same_answer(text):
    long_way = text + "é"
    assert fold(text) == fold(long_way)[: -len("e")].strip()
    assert clean_text(text, 100) == clean_text(long_way, 100).removesuffix("é").strip()


def found(query: str, tokens: set[str]) -> bool:
    """What the search does: each word of the query begins a token."""
    return all(any(token.startswith(word) for token in tokens) for word in query_words(query))


def test_a_person_is_found_by_any_name_number_and_phone_part():
    tokens = search_tokens(
        ["Zahra", "Karimi-Nezhad", "Zahra Karimi-Nezhad"],
        ["A-0012", "88 1234 5"],
        ["+989121234567"],
    )
    for query in (
        *("zahra", "ZAH", "karimi z", "nezhad", "Karimi-N", "kar nez zah"),
        *("A-0012", "a0012", "0012", "8812345", "88 1234"),
        *("4567", "34567", "1234567", "۴۵۶۷", "9121234567", "09121234567", "0912 123 4567"),
        *("+98 912 123 4567", "00989121234567", "989121234567", "912123", "0912"),
    ):
        assert found(query, tokens), query
    for query in ("ahra", "zahra ali", "4568", "5670", "0013", "67"):
        assert not found(query, tokens), query


def test_persian_names_are_found_written_apart_or_joined():
    for stored in ("علی رضا کریمی", "علی‌رضا کریمی"):
        tokens = search_tokens([stored], [], [])
        for query in ("علیرضا", "علی رضا", "عليرضا", "رضا کریمی", "كريمي", "علی‌ر"):
            assert found(query, tokens), (stored, query)
    assert found("علی‌رضا", search_tokens(["علیرضا"], [], []))
    assert "zahrakarimi" not in search_tokens(["zahra karimi"], [], [])


def test_russian_and_american_numbers_are_found_as_dialled_at_home():
    assert found("8916", search_tokens([], [], ["+79161234567"]))
    assert found("89161234567", search_tokens([], [], ["+79161234567"]))
    assert found("1212555", search_tokens([], [], ["+12125550123"]))
    assert found("912345678", search_tokens([], [], ["+351912345678"]))


def test_tokens_are_folded_short_and_never_empty():
    tokens = search_tokens(["", "  ", "x" * 500, "Ünal"], ["", "-"], ["", "12", "+0"])
    assert "" not in tokens
    assert "unal" in tokens
    assert "x" * MAX_TOKEN in tokens
    assert all(len(token) <= MAX_TOKEN for token in tokens)
    assert query_words("x" * 500) == ["x" * MAX_TOKEN]
    assert len(query_words(" ".join("abcdefghijkl"))) == 8
    assert query_words("") == []


@given(st.text(min_size=1, max_size=40))
def test_every_name_finds_itself(name):
    tokens = search_tokens([name], [], [])
    assert found(name, tokens) or len(words(name)) > 8 or not words(name)


@given(st.from_regex(r"\+98\d{10}", fullmatch=True), st.integers(4, 12))
def test_every_ending_of_a_phone_finds_it(phone, length):
    assert found(phone[-length:], search_tokens([], [], [phone]))
