"""Under which tokens a person is found, and how a query is read."""

import re
from collections.abc import Iterable
from functools import lru_cache
from itertools import pairwise
from typing import Final

from clubcrm.core.folding.phones import national_digits
from clubcrm.core.folding.text import digits_only, words

MAX_TOKEN: Final = 40
MIN_PHONE_DIGITS: Final = 4

_ARABIC_LETTER: Final = re.compile("[\u0620-\u064a\u066e-\u06d3]")
_ZERO_WIDTH_NON_JOINER: Final = "\u200c"
_KEPT_LENGTH: Final = 64


def search_tokens(
    names: Iterable[str], numbers: Iterable[str] = (), phones: Iterable[str] = ()
) -> set[str]:
    """The tokens under which a person is found; a search matches the **beginning** of a token.

    - Names: every folded word, whole. Where a name is written apart or joined in Arabic script
      (``علی رضا``, ``علی‌رضا``, ``علیرضا``), two neighbouring words also stand joined, and the
      halves parted by a zero-width non-joiner also stand alone.
    - Numbers and codes (member number, card): the folded words and the code without its signs.
    - Phones (E.164): every ending of at least four digits, so that the last four, or any run of
      digits longer than that, is the beginning of some token; and the number as dialled inside its
      country (``0912...``).

    Tokens are at most 40 characters; a query's words must be cut likewise (``query_words``).
    """
    tokens: set[str] = set()
    for name in names:
        tokens.update(name_tokens(name))
    for number in numbers:
        tokens.update(number_tokens(number))
    for phone in phones:
        tokens.update(phone_tokens(phone))
    return tokens


def query_words(text: str) -> list[str]:
    """The words of a search as ``search_tokens`` holds them; each must begin some token.

    A query that is a phone number typed with spaces or signs (seven digits or more) is one word,
    without ``+`` or ``00``. Of many words only the first eight count.
    """
    parts = words(text)
    joined = "".join(parts)
    if len(joined) >= 7 and joined.isascii() and joined.isdigit():
        return [joined.removeprefix("00")[:MAX_TOKEN]]
    return [part[:MAX_TOKEN] for part in parts[:8]]


def name_tokens(name: str) -> tuple[str, ...]:
    """The tokens of a name; see `search_tokens`."""
    return _kept(name) if len(name) <= _KEPT_LENGTH else _name_tokens(name)


def number_tokens(number: str) -> tuple[str, ...]:
    """The tokens of a number or a code."""
    parts = words(number)
    if len(parts) > 1:
        parts.append("".join(parts))
    return tuple(part[:MAX_TOKEN] for part in parts)


def phone_tokens(phone: str) -> list[str]:
    """The tokens of a phone in E.164."""
    digits = digits_only(phone)
    if not digits:
        return []
    found = [digits[start:] for start in range(len(digits) - MIN_PHONE_DIGITS + 1)] or [digits]
    if phone.startswith("+"):
        found.append(national_digits(digits))
    return found if len(digits) < MAX_TOKEN else [token[:MAX_TOKEN] for token in found]


def _name_tokens(name: str) -> tuple[str, ...]:
    parts = words(name)
    found = [*parts]
    for left, right in pairwise(parts):
        if _ARABIC_LETTER.match(left) and _ARABIC_LETTER.match(right):
            found.append(left + right)
    if _ZERO_WIDTH_NON_JOINER in name:
        found += words(name.replace(_ZERO_WIDTH_NON_JOINER, " "))
    return tuple(token[:MAX_TOKEN] for token in found)


_kept = lru_cache(maxsize=1 << 14)(_name_tokens)
"""Thousands of people share the parts of their names."""
