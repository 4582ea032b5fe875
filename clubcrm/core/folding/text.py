"""Folding and cleaning of text, character by character, from tables filled as they are met."""

import re
import unicodedata
from functools import lru_cache
from typing import Final

_CACHED_LENGTH: Final = 64

# Letters that people take for one another, after compatibility decomposition and case folding.
_TWINS: Final = {
    **dict.fromkeys("يىېےۍیێ", "ی"),
    **dict.fromkeys("كڪګڬ", "ک"),
    **dict.fromkeys("ةەہھۃۀ", "ه"),
    **dict.fromkeys("ٱٲٳ", "ا"),
    "ؤ": "و",
    "ئ": "ی",
    "ء": "",
    "ٴ": "",
    "ـ": "",
    "ё": "е",
    "ı": "i",
    "ł": "l",
    "ø": "o",
    "đ": "d",
    "ð": "d",
    "þ": "th",
    "æ": "ae",
    "œ": "oe",
    "ß": "ss",
}
_APOSTROPHES: Final = frozenset("'’‘‛ʼʻʹ`´ˈ＇")
# Marks written above or below letters of the alphabets that can do without them. Vowel signs of
# other scripts are letters of their own and stay.
_MARKS: Final = (
    (0x0300, 0x036F),
    (0x0483, 0x0489),
    (0x0591, 0x05C7),
    (0x0610, 0x061A),
    (0x064B, 0x065F),
    (0x0670, 0x0670),
    (0x06D6, 0x06ED),
    (0x08CA, 0x08FF),
    (0x1AB0, 0x1AFF),
    (0x1DC0, 0x1DFF),
    (0x20D0, 0x20FF),
    (0xFE00, 0xFE0F),
    (0xFE20, 0xFE2F),
    (0xE0100, 0xE01EF),
)
_ZERO_WIDTH_NON_JOINER: Final = "\u200c"


class _FoldTable(dict[int, str]):
    """How each character folds, worked out when it is first met."""

    def __missing__(self, codepoint: int) -> str:
        folded = _fold_character(chr(codepoint))
        self[codepoint] = folded
        return folded


class _CleanTable(dict[int, str]):
    """What each character becomes in text kept for display."""

    def __missing__(self, codepoint: int) -> str:
        kept = _clean_character(chr(codepoint))
        self[codepoint] = kept
        return kept


class _DigitTable(dict[int, str]):
    """Every decimal digit of every script as its ASCII digit, all else as it is."""

    def __missing__(self, codepoint: int) -> str:
        character = chr(codepoint)
        is_digit = unicodedata.category(character) == "Nd"
        self[codepoint] = written = str(unicodedata.digit(character)) if is_digit else character
        return written


def fold(text: str) -> str:
    """The key under which a text is searched and compared: folded words parted by single spaces.

    Merges case, accents, full-width and presentation forms, Arabic and Persian ye, kaf, he and
    hamza carriers, digits of all scripts, Cyrillic ё and е. Drops harakat, tatweel, zero-width and
    bidi characters and apostrophes (O'Brien is ``obrien``). Other punctuation and symbols part
    words. Folding a folded text changes nothing.
    """
    return _fold_cached(text) if len(text) <= _CACHED_LENGTH else _fold(text)


def words(text: str) -> list[str]:
    """The folded words of a text, in order."""
    return fold(text).split()


def ascii_digits(text: str) -> str:
    """The text with the decimal digits of every script written as 0-9; the rest as it was."""
    return text if text.isascii() else text.translate(_DIGITS)


def digits_only(text: str) -> str:
    """Only the digits of a text, as 0-9: for card codes and phone fragments."""
    plain = text.removeprefix("+")
    if plain.isascii() and plain.isdigit():
        return plain
    return "".join(_ASCII_DIGITS.findall(ascii_digits(text)))


def clean_text(text: str, max_len: int, *, multiline: bool = False) -> str:
    """What is stored of a text for display: composed (NFC), trimmed, harmless, at most max_len.

    Removes control characters, NUL, lone surrogates, BOM and bidi controls, which could turn a
    line around them; collapses white space, keeping line breaks only where ``multiline``. Keeps
    the zero-width non-joiner inside words, which Persian spelling needs. Length is counted in
    characters; a cut never parts a letter from its accent.
    """
    if multiline:
        lines = text.replace("\r\n", "\n").replace("\r", "\n").split("\n")
        cleaned = "\n".join(_clean_line(line) for line in lines)
        cleaned = re.sub(r"\n{3,}", "\n\n", cleaned).strip("\n")
    else:
        cleaned = _clean_line(text)
    if len(cleaned) <= max_len:
        return cleaned
    end = max_len
    while end and (unicodedata.combining(cleaned[end]) or cleaned[end] in "\u200c\u200d\ufe0f"):
        end -= 1
    return cleaned[:end].rstrip(" \n\u200c\u200d")


def _fold(text: str) -> str:
    if text.isascii() and text.isalnum():
        return text.lower()
    return " ".join(text.translate(_FOLDS).split())


_fold_cached = lru_cache(maxsize=1 << 16)(_fold)


def _fold_character(character: str) -> str:
    """One character folded; decomposition first, so that é and e + accent fold alike."""
    folded = character
    while (again := unicodedata.normalize("NFKD", folded.casefold())) != folded:
        folded = again
    return "".join(_fold_part(part) for part in folded)


def _fold_part(part: str) -> str:
    twin = _TWINS.get(part)
    if twin is not None:
        return twin
    codepoint = ord(part)
    if part in _APOSTROPHES or any(first <= codepoint <= last for first, last in _MARKS):
        return ""
    category = unicodedata.category(part)
    if category == "Nd":
        return str(unicodedata.digit(part))
    if category[0] in "LMN":
        return part
    if category in ("Cf", "Cs", "Co", "Cn"):
        return ""
    return " "


def _clean_line(text: str) -> str:
    if text.isascii() and text.isprintable():
        # Nothing is to be composed or taken out of it; only spaces may be too many.
        return " ".join(text.split())
    return _clean_cached(text) if len(text) <= _CACHED_LENGTH else _cleaned(text)


def _cleaned(text: str) -> str:
    text = unicodedata.normalize("NFC", text.translate(_CLEANED))
    if _ZERO_WIDTH_NON_JOINER in text:
        # It means something only between two letters.
        text = _JOINERS_AT_SPACE.sub(" ", _JOINER_RUNS.sub(_ZERO_WIDTH_NON_JOINER, text))
        text = text.strip(_ZERO_WIDTH_NON_JOINER)
    return " ".join(text.split())


_clean_cached = lru_cache(maxsize=1 << 14)(_cleaned)


def _clean_character(character: str) -> str:
    if character in "\u200c\u200d":
        return character
    category = unicodedata.category(character)
    if character in "\t\n\r\v\f\x85" or category in ("Zs", "Zl", "Zp"):
        return " "
    if category in ("Cc", "Cs"):
        return ""
    if category == "Cn" and (
        ord(character) & 0xFFFE == 0xFFFE or 0xFDD0 <= ord(character) < 0xFDF0
    ):
        return ""
    # Tag characters make flags of emoji; every other invisible format character goes.
    if category == "Cf" and not 0xE0020 <= ord(character) <= 0xE007F:
        return ""
    return character


_FOLDS: Final = _FoldTable()
_CLEANED: Final = _CleanTable()
_DIGITS: Final = _DigitTable()
_ASCII_DIGITS: Final = re.compile(r"[0-9]+")
_JOINER_RUNS: Final = re.compile("\u200c{2,}")
_JOINERS_AT_SPACE: Final = re.compile("\u200c? [ \u200c]*")
