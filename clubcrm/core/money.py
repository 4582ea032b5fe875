"""Money in whole minor units: cents, or rials, with their currency; never a float.

Amounts are added, compared and split exactly. Where a rate is applied the result is rounded once,
half to even. The toman is no currency of its own: ten rials make one, it is typed as ``IRT`` and
stored as ``IRR``.
"""

import re
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from decimal import Decimal
from fractions import Fraction
from functools import cache, lru_cache
from typing import Final, Literal, Self

from babel.numbers import get_currency_symbol, list_currencies

from clubcrm.core.errors import CurrencyMismatch, NotAnAmount
from clubcrm.core.folding import ascii_digits, fold

RIALS_A_TOMAN: Final = 10
TOMAN: Final = "IRT"
RIAL: Final = "IRR"

# Decimals of a currency as CLDR has them, written down here on purpose: they give stored numbers
# their meaning, so an upgrade of the locale data must not move them. A test names any difference.
_NO_DECIMALS: Final = (
    "ADP AFN ALL BIF BYR CLP DJF ESP GNF IQD IRR ISK ITL JPY KMF KPW KRW LAK LBP LUF MGA MGF MMK "
    "MRO PYG RSD RWF SLL SOS STD SYP TMM TRL UGX UYI VND VUV XAF XOF XPF YER ZMK ZWD"
)
_EXPONENTS: Final = {
    **dict.fromkeys(re.findall("[A-Z]{3}", _NO_DECIMALS), 0),
    **dict.fromkeys(("BHD", "JOD", "KWD", "LYD", "OMR", "TND"), 3),
    **dict.fromkeys(("CLF", "UYW"), 4),
}
_USUAL_EXPONENT: Final = 2
_CURRENCIES: Final = frozenset(list_currencies())

_UNIT_WORDS: Final = {
    "تومان": TOMAN,
    "تومن": TOMAN,
    "toman": TOMAN,
    "tomans": TOMAN,
    "irt": TOMAN,
    "tmn": TOMAN,
    "ریال": RIAL,
    "rial": RIAL,
    "rials": RIAL,
    "томан": TOMAN,
    "томана": TOMAN,
    "томанов": TOMAN,
    "риал": RIAL,
    "риалов": RIAL,
    "руб": "RUB",
    "р": "RUB",
    "درهم": "AED",
    "یورو": "EUR",
    "euro": "EUR",
    "euros": "EUR",
    "دلار": "USD",
}
_MINUS: Final = r"\-−–﹣－"
_SEPARATORS: Final = str.maketrans({"٫": ".", "٬": ",", "’": "'", "،": ",", "_": "'"})
_INVISIBLE: Final = re.compile("[\u200b-\u200f\u202a-\u202e\u2060-\u2069\ufeff\u061c]")
# A dash in place of cents, as on price tags: 12,- is twelve and not minus twelve.
_NO_CENTS: Final = re.compile(rf"(?<=\d)[.,][{_MINUS}]+(?![.,\d])")
_SEPARATOR: Final = re.compile("[., ']")
_PARTS: Final = re.compile(r"^(?P<before>[^\d.,]*)(?P<figure>[\d.,' ]*\d)(?P<after>\D*)$")


@dataclass(frozen=True, slots=True)
class Money:
    """An amount in whole minor units of a currency; may be negative.

    ``Money(123456, "EUR")`` is 1,234.56 euros, ``Money(123456, "IRR")`` is 123,456 rials. Only
    amounts in one currency can be added or compared: else ``CurrencyMismatch``.
    """

    minor: int
    currency: str

    def __post_init__(self) -> None:
        if type(self.minor) is not int:
            raise TypeError(f"minor units are whole numbers, not {type(self.minor).__name__}")
        exponent(self.currency)

    @classmethod
    def zero(cls, currency: str) -> Self:
        """Nothing, in a currency."""
        return cls(0, currency)

    @classmethod
    def total(cls, amounts: Iterable["Money"], currency: str) -> "Money":
        """The sum of the amounts, all in the currency; zero where there are none."""
        total = Money(0, currency)
        for amount in amounts:
            total += amount
        return total

    @classmethod
    def parse(
        cls,
        entry: str | Decimal | int,
        currency: str,
        *,
        decimal_mark: Literal[".", ","] | None = None,
    ) -> Self:
        """The amount a person or a file writes in major units.

        Reads ``1 234,56``, ``1,234.56``, ``1.234,56``, ``1'234.56``, Persian and Arabic digits and
        separators, a leading, trailing or true minus, and brackets for negative amounts. The
        currency's code, sign or word may stand before or after; ``IRT`` as the currency, or
        "toman" in the text, counts ten rials each.

        One separator followed by exactly three digits is taken for thousands (``1.234`` euros are
        one thousand two hundred and thirty-four) unless the whole part is 0 or the currency has
        three decimals and the mark is a point; pass ``decimal_mark`` where a file is known to
        use it. More decimals than the currency has are refused, save zeros: nothing is rounded.

        Raises ``NotAnAmount`` for anything else and TypeError for floats.
        """
        if isinstance(entry, bool) or not isinstance(entry, str | int | Decimal):
            raise TypeError(f"amounts are text or Decimal, not {type(entry).__name__}")
        unit = currency
        if isinstance(entry, str):
            figure, written_unit = _read(entry, currency, decimal_mark)
            unit = written_unit or currency
        else:
            figure = Decimal(entry)
        if not figure.is_finite():
            raise NotAnAmount(entry=str(entry))
        minor = _to_minor(figure, unit)
        if minor.denominator != 1:
            raise NotAnAmount(entry=str(entry))
        return cls(minor.numerator, RIAL if unit == TOMAN else unit)

    @classmethod
    def rounded(cls, major: Decimal | Fraction | int, currency: str) -> Self:
        """A computed amount in major units, rounded once, half to even."""
        _exact(major)
        return cls(round(_to_minor(major, currency)), RIAL if currency == TOMAN else currency)

    @property
    def major(self) -> Decimal:
        """The amount in major units, with the currency's decimals."""
        return Decimal(self.minor).scaleb(-exponent(self.currency))

    def times(self, factor: int | Fraction | Decimal) -> "Money":
        """The amount multiplied by an exact factor, rounded once, half to even."""
        _exact(factor)
        return Money(round(Fraction(factor) * self.minor), self.currency)

    def split(self, weights: Sequence[int | Fraction | Decimal]) -> list["Money"]:
        """Shares in proportion to the weights that add up to the amount exactly.

        By largest remainder: every share is its exact value rounded down or up; what is left goes
        to the largest remainders, to the first of equals. Weights are not negative and not all 0.
        A negative amount splits as its opposite does, so a refund mirrors its sale.
        """
        for weight in weights:
            _exact(weight)
        parts = [Fraction(weight) for weight in weights]
        whole = sum(parts)
        if not whole or min(parts) < 0:
            raise ValueError("weights must not be negative, and one must be above zero")
        size, sign = abs(self.minor), -1 if self.minor < 0 else 1
        exact = [size * part / whole for part in parts]
        shares = [share.numerator // share.denominator for share in exact]
        by_remainder = sorted(range(len(parts)), key=lambda i: shares[i] - exact[i])
        for index in by_remainder[: size - sum(shares)]:
            shares[index] += 1
        return [Money(sign * share, self.currency) for share in shares]

    @property
    def is_zero(self) -> bool:
        """Whether nothing is owed either way."""
        return self.minor == 0

    @property
    def is_negative(self) -> bool:
        """Whether the amount is below zero."""
        return self.minor < 0

    def __add__(self, other: "Money") -> "Money":
        if not isinstance(other, Money):
            return NotImplemented
        return Money(self.minor + self._same(other).minor, self.currency)

    def __sub__(self, other: "Money") -> "Money":
        if not isinstance(other, Money):
            return NotImplemented
        return Money(self.minor - self._same(other).minor, self.currency)

    def __neg__(self) -> "Money":
        return Money(-self.minor, self.currency)

    def __abs__(self) -> "Money":
        return Money(abs(self.minor), self.currency)

    def __bool__(self) -> bool:
        return self.minor != 0

    def __lt__(self, other: "Money") -> bool:
        return self.minor < self._same(other).minor

    def __le__(self, other: "Money") -> bool:
        return self.minor <= self._same(other).minor

    def __gt__(self, other: "Money") -> bool:
        return self.minor > self._same(other).minor

    def __ge__(self, other: "Money") -> bool:
        return self.minor >= self._same(other).minor

    def _same(self, other: "Money") -> "Money":
        if not isinstance(other, Money):
            raise TypeError(f"money is compared with money, not with {type(other).__name__}")
        if other.currency != self.currency:
            raise CurrencyMismatch(left=self.currency, right=other.currency)
        return other


@cache
def exponent(currency: str) -> int:
    """How many decimals a currency has: 2 for EUR, 0 for IRR, 3 for KWD.

    Raises ValueError for what is no currency code; the toman is stored as rial.
    """
    if currency not in _CURRENCIES:
        raise ValueError(f"{currency!r} is not the code of a currency")
    return _EXPONENTS.get(currency, _USUAL_EXPONENT)


def _exact(number: object) -> None:
    if isinstance(number, bool) or not isinstance(number, int | Fraction | Decimal):
        raise TypeError(f"money is reckoned with exact numbers, not {type(number).__name__}")


def _to_minor(major: Decimal | Fraction | int, unit: str) -> Fraction:
    if unit == TOMAN:
        return Fraction(major) * RIALS_A_TOMAN
    return Fraction(major) * Fraction(10) ** exponent(unit)


def _read(entry: str, currency: str, decimal_mark: str | None) -> tuple[Decimal, str | None]:
    """The figure in a text, and the unit written next to it if there is one."""
    if len(entry) > 80:
        raise NotAnAmount(entry=entry[:40] + "…")
    text = " ".join(_INVISIBLE.sub("", ascii_digits(entry)).translate(_SEPARATORS).split())
    text = _NO_CENTS.sub("", text).removeprefix("+")
    bracketed = text.startswith("(") and text.endswith(")")
    text, is_negative = _without_minus(text[1:-1] if bracketed else text)
    found = _PARTS.match(text)
    if found is None or (bracketed and is_negative):
        raise NotAnAmount(entry=entry)
    words = f"{found['before']} {found['after'].strip(' .,')}".strip()
    unit = _unit(words, currency, entry) if words else None
    stored = unit or currency
    has_three_decimals = stored != TOMAN and exponent(stored) == 3
    plain = _plain(found["figure"].strip(), decimal_mark, three_decimals=has_three_decimals)
    if plain is None:
        raise NotAnAmount(entry=entry)
    number = Decimal(plain)
    return (-number if bracketed or is_negative else number), unit


def _without_minus(text: str) -> tuple[str, bool]:
    """The text without a minus before or after its figure, and whether there was one."""
    found = re.search(f"^[^0-9]*[{_MINUS}]|[{_MINUS}][^0-9]*$", text)
    if found is None:
        return text, False
    at = found.start() + re.search(f"[{_MINUS}]", found[0]).start()  # type: ignore[union-attr]
    return text[:at] + text[at + 1 :], True


def _plain(figure: str, decimal_mark: str | None, *, three_decimals: bool) -> str | None:
    """The figure with a point for decimals and nothing else, or None if it makes no sense."""
    mark = decimal_mark or _likely_decimal_mark(figure, three_decimals=three_decimals)
    whole, _, fraction = figure.partition(mark) if mark else (figure, "", "")
    if fraction and not fraction.isdigit():
        return None
    groups = _SEPARATOR.split(whole)
    if len(groups) > 1:
        # Thousands everywhere, but lakhs in India: 12,34,567.
        is_grouped = 1 <= len(groups[0]) <= 3 and len(groups[-1]) == 3
        if not is_grouped or any(len(group) not in (2, 3) for group in groups[1:]):
            return None
        if len(set(_SEPARATOR.findall(whole))) > 1:
            return None
    return f"{''.join(groups) or '0'}.{fraction or '0'}"


def _likely_decimal_mark(figure: str, *, three_decimals: bool) -> str | None:
    """Which separator stands before the decimals, judged from the figure alone."""
    marks = _SEPARATOR.findall(figure)
    if not marks or marks[-1] not in ".,":
        return None
    last = marks[-1]
    if marks.count(last) > 1:
        return None
    whole, _, decimals = figure.rpartition(last)
    if len(marks) > 1 or len(decimals) != 3:
        return last
    is_thousands = 1 <= len(whole) <= 3 and whole.strip("0") != ""
    return None if is_thousands and not (three_decimals and last == ".") else last


def _unit(written: str, currency: str, entry: str) -> str:
    """The unit a text names; refused when it names another currency than is meant."""
    unit = _named_unit(written)
    family = {RIAL, TOMAN}
    if unit is not None and (unit == currency or {unit, currency} <= family):
        return unit
    if written in _symbols(currency):
        return currency
    raise NotAnAmount(entry=entry)


def _named_unit(written: str) -> str | None:
    if written == "﷼":
        return RIAL
    word = fold(written)
    return _UNIT_WORDS.get(word) or (word.upper() if word.upper() in _CURRENCIES else None)


@lru_cache(maxsize=64)
def _symbols(currency: str) -> frozenset[str]:
    """How the currency's sign is written in the languages of the product's users."""
    code = RIAL if currency == TOMAN else currency
    locales = ("en", "en_US", "fa", "ar", "ru", "pt", "es", "de", "fr", "tr")
    symbols = (get_currency_symbol(code, locale=locale) for locale in locales)
    return frozenset(_INVISIBLE.sub("", symbol).strip(" .,") for symbol in symbols)
