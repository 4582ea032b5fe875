"""Numbers, money and yes-or-no as files write them, in the languages of the clubs."""

import re
from collections import Counter
from collections.abc import Collection
from decimal import Decimal, InvalidOperation
from functools import lru_cache
from typing import Final, Literal

from clubcrm.core.errors import NotAnAmount
from clubcrm.core.folding import ascii_digits, fold
from clubcrm.core.money import Money, exponent
from clubcrm.exchange.policies import vocabulary

Mark = Literal[".", ","]

_INVISIBLE: Final = re.compile("[\u200b-\u200f\u202a-\u202e\u2060-\u2069\ufeff\u061c\u00ad]")
_SIGNS: Final = str.maketrans(
    {"٫": ".", "٬": ",", "،": ",", "−": "-", "–": "-", "％": "%", "٪": "%"}
)
_NUMBER: Final = re.compile(r"-?\d[\d.,' \u00a0\u202f]*")
_DECIMALS: Final = re.compile(r"[\d.,' \u00a0\u202f]*?([.,])(\d+)(?!.*\d)")
_PLAIN_FLOAT: Final = re.compile(r"\d+\.\d+")


def _words(text: str) -> frozenset[str]:
    return frozenset(fold(word).replace(" ", "") for word in text.split())


def _table(groups: dict[str, str]) -> dict[str, str]:
    return {word: name for name, text in groups.items() for word in _words(text)}


_YES_NO: Final = {
    **dict.fromkeys(_words(vocabulary.YES), True),
    **dict.fromkeys(_words(vocabulary.NO), False),
}
_GENDERS: Final = {
    **dict.fromkeys(_words(vocabulary.OTHER), "other"),
    **dict.fromkeys(_words(vocabulary.MALE), "male"),
    **dict.fromkeys(_words(vocabulary.FEMALE), "female"),
}
_METHOD_OF: Final = _table(vocabulary.METHODS)
_STATUS_OF: Final = _table(vocabulary.STATUSES)
_DIRECTION_OF: Final = _table(vocabulary.DIRECTIONS)
_NEGATIONS: Final = _words(vocabulary.NEGATIONS)


class MarkTally:
    """What a whole column says about its decimal mark."""

    def __init__(self) -> None:
        self._signs: Counter[str] = Counter()

    def add(self, text: str) -> None:
        """Count one cell, where it tells: 34,6 and 1.234,56 do, 1.234 does not."""
        found = _DECIMALS.fullmatch(_figure(text))
        if found is None:
            return
        mark, decimals = found[1], found[2]
        body = _figure(text)
        other = "," if mark == "." else "."
        if body.count(mark) > 1:
            self._signs[other] += 1  # 1.234.567: this mark parts thousands
        elif (
            len(decimals) != 3 or other in body[: body.rindex(mark)] or body.startswith("0" + mark)
        ):
            self._signs[mark] += 1

    def decide(self) -> Mark | None:
        """The mark most telling cells use; None where no cell tells."""
        if not self._signs:
            return None
        return "," if self._signs[","] > self._signs["."] else "."


def read_money(text: str, currency: str, mark: Mark | None) -> tuple[Money, bool]:
    """An amount in major units, and whether decimals the currency does not have were rounded off.

    Raises NotAnAmount for what is none.
    """
    plain = _INVISIBLE.sub("", text).strip()
    try:
        return Money.parse(plain, currency, decimal_mark=mark), False
    except NotAnAmount:
        # A sum a spreadsheet reckoned, with more decimals than the currency has.
        body = _figure(plain)
        stored = "IRR" if currency == "IRT" else currency
        if not _PLAIN_FLOAT.fullmatch(body) or len(body.partition(".")[2]) <= exponent(stored):
            raise
        sign = -1 if plain.startswith("-") else 1
        return Money.rounded(sign * Decimal(body), currency), True


def read_decimal(text: str, mark: Mark | None) -> Decimal:
    """A number with decimals; raises NotAnAmount."""
    body = ascii_digits(_INVISIBLE.sub("", text)).translate(_SIGNS).strip()
    if not _NUMBER.fullmatch(body):
        raise NotAnAmount(entry=text[:40])
    body = re.sub(r"[' \u00a0\u202f]", "", body)
    last = max(body.rfind("."), body.rfind(","))
    if last >= 0:
        used = mark if mark and mark in body else body[last]
        other = "," if used == "." else "."
        body = body.replace(other, "").replace(used, ".", 1)
    try:
        number = Decimal(body)
    except InvalidOperation as error:
        raise NotAnAmount(entry=text[:40]) from error
    return number


def read_whole(text: str) -> int:
    """A whole number: 96, 96.0, ۹۶, 1 234; raises NotAnAmount for halves and words."""
    body = ascii_digits(_INVISIBLE.sub("", text)).translate(_SIGNS).strip()
    if body.isascii() and body.isdigit() and len(body) <= 9:
        return int(body)
    if re.fullmatch(r"\d{1,3}(?:[., '\u00a0\u202f]\d{3})+", body):
        number = Decimal(re.sub(r"\D", "", body))
    else:
        number = read_decimal(text, None)
    if number != number.to_integral_value() or not 0 <= number < 10**9:
        raise NotAnAmount(entry=text[:40])
    return int(number)


def read_share(text: str) -> int:
    """A share of normal visits in per cent: 0.3, 30 and 30% are 30; 1 is all of them, 1% is 1."""
    body = ascii_digits(text).translate(_SIGNS).strip()
    number = read_decimal(body.removesuffix("%").strip(), None)
    percent = number if body.endswith("%") or number > 1 else number * 100
    if not 0 <= percent <= 100:
        raise NotAnAmount(entry=text[:40])
    return round(percent)


@lru_cache(maxsize=1024)
def read_yes_no(text: str) -> bool | None:
    """Yes, no, or None for neither."""
    return _YES_NO.get(_key(text))


@lru_cache(maxsize=1024)
def read_gender(text: str, *, m_is_female: bool = False) -> str | None:
    """`female`, `male` or `other`; None for a word that is none of them.

    `m_is_female`: the column writes H and M, as Spanish does for hombre and mujer.
    """
    key = _key(text)
    if key == "m" and m_is_female:
        return "female"
    return "male" if key in ("h", "v") else _GENDERS.get(key)


def writes_m_for_female(words: Collection[str]) -> bool:
    """Whether a column of genders, in small letters, writes H and M for hombre and mujer."""
    return "m" in words and ("h" in words or "v" in words) and "f" not in words


@lru_cache(maxsize=1024)
def read_method(text: str) -> str | None:
    """How a payment was made; None for an unknown word."""
    return _any_word(text, _METHOD_OF)


@lru_cache(maxsize=1024)
def read_status(text: str) -> str | None:
    """What a status says about a term or a payment; None for an unknown word."""
    return _any_word(text, _STATUS_OF)


@lru_cache(maxsize=1024)
def read_direction(text: str) -> str | None:
    """`in` or `out`; None for an unknown word."""
    return _any_word(text, _DIRECTION_OF)


def _key(text: str) -> str:
    stripped = text.strip()
    return {"1.0": "1", "0.0": "0"}.get(stripped) or fold(stripped).replace(" ", "") or stripped


def _any_word(text: str, table: dict[str, str]) -> str | None:
    """The meaning of the whole text, or of the first of its words that has one."""
    whole = table.get(_key(text))
    if whole is not None:
        return whole
    words = fold(text).split()
    if _NEGATIONS & set(words):
        return None
    return next((table[word] for word in words if word in table), None)


def _figure(text: str) -> str:
    """The digits and separators of a text, without currency marks and signs."""
    body = ascii_digits(_INVISIBLE.sub("", text)).translate(_SIGNS)
    found = re.search(r"\d[\d.,' \u00a0\u202f]*\d|\d", body)
    return found[0] if found else ""
