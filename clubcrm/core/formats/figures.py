"""Numbers, shares and money in the reader's language."""

import re
from decimal import ROUND_HALF_EVEN, Decimal
from fractions import Fraction
from functools import lru_cache
from typing import Final, Literal

from babel import Locale
from babel.numbers import format_currency, format_decimal, get_currency_symbol
from babel.numbers import format_percent as babel_percent

from clubcrm.core.formats.languages import (
    KEPT,
    Digits,
    code_of,
    in_digits,
    is_from_right,
    locale_of,
)
from clubcrm.core.money import RIAL, RIALS_A_TOMAN, Money, exponent

MINUS: Final = "−"
NO_BREAK_SPACE: Final = "\u00a0"

# In a line of the other direction the sign would jump behind the figure without its mark.
_NATIVE_SIGNS: Final = {
    "arabext": str.maketrans({"-": f"\u200e{MINUS}", "%": "٪"}),
    "arab": str.maketrans({"-": f"\u061c{MINUS}", "%": "٪"}),
}
_LATIN_SIGNS: Final = str.maketrans({"-": MINUS})
_LATIN_SIGNS_FROM_RIGHT: Final = str.maketrans({"-": f"\u200e{MINUS}"})
_DIRECTION_MARKS: Final = str.maketrans("", "", "\u200e\u200f\u061c")
_SOMETHING: Final = re.compile("[1-9]")
_TOMAN_WORDS: Final = {"fa": "تومان", "ar": "تومان", "ru": "томанов", "en": "toman"}


def format_number(
    number: Decimal | float,
    locale: str | Locale | None = None,
    *,
    decimals: int | None = None,
    digits: Digits = "native",
) -> str:
    """A number with the language's separators; rounded to ``decimals`` places where given."""
    return _number(number, code_of(locale), decimals, digits)


@lru_cache(maxsize=KEPT, typed=True)
def _number(number: Decimal | float, code: str, decimals: int | None, digits: Digits) -> str:
    reader = locale_of(code)
    pattern = (
        "#,##0.###" if decimals is None else "#,##0" + ("." + "0" * decimals if decimals else "")
    )
    written = format_decimal(
        number, format=pattern, locale=reader, numbering_system=_numbering(digits)
    )
    return _figure(written, reader, digits)


def format_percent(
    share: Decimal | Fraction | float,
    locale: str | Locale | None = None,
    *,
    decimals: int = 0,
    digits: Digits = "native",
) -> str:
    """A share of one as per cent: 0.6523 is 65%. The count it rests on belongs next to it."""
    reader = locale_of(locale)
    exact = Decimal(share.numerator) / share.denominator if isinstance(share, Fraction) else share
    rounded = Decimal(str(exact)).quantize(Decimal(1).scaleb(-2 - decimals), ROUND_HALF_EVEN)
    pattern = reader.percent_formats[None].pattern.replace("0", "0." + "0" * decimals, 1)
    written = babel_percent(
        rounded,
        format=pattern if decimals else None,
        locale=reader,
        numbering_system=_numbering(digits),
    )
    return _figure(written, reader, digits)


def format_money(
    money: Money,
    locale: str | Locale | None = None,
    toman: bool = False,
    *,
    is_summary: bool = False,
    digits: Digits = "native",
) -> str:
    """An amount with its currency in the reader's form: €1,234.56, ۱۲۵٬۰۰۰ تومان.

    With ``toman`` rials are written as toman, one for ten rials; a rest below ten rials shows as
    a decimal rather than being lost. In summaries amounts are rounded to whole units.
    """
    return _money(money, code_of(locale), toman, is_summary, digits)


@lru_cache(maxsize=KEPT)
def _money(money: Money, code: str, toman: bool, is_summary: bool, digits: Digits) -> str:
    reader = locale_of(code)
    is_toman = toman and money.currency == RIAL
    major = Decimal(money.minor) / RIALS_A_TOMAN if is_toman else money.major
    if is_toman:
        decimals = 0 if money.minor % RIALS_A_TOMAN == 0 else 1
    else:
        decimals = exponent(money.currency)
    if is_summary:
        major, decimals = major.quantize(Decimal(1), ROUND_HALF_EVEN), 0
    if not is_toman and money.currency != RIAL and not is_from_right(reader):
        pattern = _money_pattern(reader, money.currency, decimals)
        written = format_currency(
            major,
            money.currency,
            format=pattern,
            locale=reader,
            currency_digits=False,
            numbering_system=_numbering(digits),
        )
        return _figure(written, reader, digits)
    figure = format_number(major, code, decimals=decimals, digits=digits)
    unit = _toman_word(reader) if is_toman else get_currency_symbol(money.currency, locale=reader)
    return f"{figure}{NO_BREAK_SPACE}{unit.translate(_DIRECTION_MARKS)}"


def _toman_word(reader: Locale) -> str:
    return _TOMAN_WORDS.get(reader.language, _TOMAN_WORDS["en"])


def _money_pattern(reader: Locale, currency: str, decimals: int) -> str:
    """The language's money pattern with so many decimals; a code stands apart from its figure."""
    pattern = str(reader.currency_formats["standard"].pattern)
    pattern = pattern.replace("0.00", "0." + "0" * decimals if decimals else "0")
    if get_currency_symbol(currency, locale=reader)[-1].isalpha():
        pattern = pattern.replace("¤#", f"¤{NO_BREAK_SPACE}#")
    return pattern


def _numbering(digits: Digits) -> Literal["default", "latn"]:
    return "default" if digits == "native" else "latn"


def _figure(written: str, reader: Locale, digits: Digits) -> str:
    """A formatted number with the digits, minus and per cent sign of the language."""
    written = written.translate(_DIRECTION_MARKS)
    if not _SOMETHING.search(written):
        written = written.replace("-", "")
    if digits == "native" and reader.default_numbering_system in _NATIVE_SIGNS:
        written = written.translate(_NATIVE_SIGNS[reader.default_numbering_system])
    elif is_from_right(reader):
        written = written.translate(_LATIN_SIGNS_FROM_RIGHT)
    else:
        written = written.translate(_LATIN_SIGNS)
    return in_digits(written, reader, digits)
