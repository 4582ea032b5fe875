"""The reader's locale: always with a territory, so that weeks, day order and digits are right."""

from functools import lru_cache
from typing import Final, Literal

from babel import Locale
from babel.core import UnknownLocaleError, get_global
from flask_babel import get_locale

from clubcrm.core.calendars import CalendarName

Digits = Literal["native", "latin"]

KEPT: Final = 4096
"""How many figures are kept as they were written: a page names the same days and numbers many times."""

# Languages in which the product is used far from the territory that locale data would guess.
_HOME_TERRITORY: Final = {"en": "GB", "pt": "PT"}
_FALLBACK: Final = "en_GB"
_NATIVE_DIGITS: Final = {"arabext": "۰۱۲۳۴۵۶۷۸۹", "arab": "٠١٢٣٤٥٦٧٨٩", "deva": "०१२३४५६७८९"}


def reader_locale() -> Locale:
    """The locale of whoever reads the present page, with a territory; English outside one."""
    return with_territory(get_locale())


def locale_of(locale: str | Locale | None) -> Locale:
    """The locale given, with a territory; the reader's where none is given."""
    return reader_locale() if locale is None else with_territory(locale)


def code_of(locale: str | Locale | None) -> str:
    """The code of the locale given, of the reader's where none is given: what a figure is kept under."""
    if isinstance(locale, str):
        return locale
    reader = get_locale() if locale is None else locale
    return "" if reader is None else str(reader)


def with_territory(locale: str | Locale | None, territory: str | None = None) -> Locale:
    """The locale with a territory: the one it has, the one given, else its language's home.

    A combination no locale data know (Arabic in Iran) falls back to the language's home, and an
    unknown language, such as the mirrored one for tests, to English.
    """
    code = str(locale).replace("-", "_") if locale else _FALLBACK
    return _with_territory(code, territory.upper() if territory else None)


def default_calendar(locale: str | Locale | None = None) -> CalendarName:
    """The calendar a language's readers expect where nobody chose one: Jalali for Persian."""
    return "jalali" if locale_of(locale).language == "fa" else "gregorian"


def is_from_right(locale: Locale) -> bool:
    """Whether the language is written from right to left."""
    return locale.text_direction == "rtl"


def native_digits(text: str, locale: str | Locale | None = None) -> str:
    """The text with 0-9 written in the digits of the language."""
    return in_digits(text, locale_of(locale), "native")


def in_digits(written: str, locale: Locale, digits: Digits) -> str:
    """The text with its digits as asked for: the language's own, or left as they are."""
    table = _digit_table(locale.default_numbering_system) if digits == "native" else None
    return written.translate(table) if table else written


@lru_cache(maxsize=256)
def _with_territory(code: str, territory: str | None) -> Locale:
    try:
        locale = Locale.parse(code)
    except (UnknownLocaleError, ValueError):
        return Locale.parse(_FALLBACK)
    if locale.territory:
        return locale
    likely = str(get_global("likely_subtags").get(locale.language, "")).rpartition("_")[2]
    for wanted in (territory, _HOME_TERRITORY.get(locale.language), likely):
        if wanted:
            try:
                return Locale.parse(f"{code}_{wanted}")
            except (UnknownLocaleError, ValueError):
                continue
    return locale


@lru_cache(maxsize=16)
def _digit_table(numbering_system: str) -> dict[int, str] | None:
    native = _NATIVE_DIGITS.get(numbering_system)
    return {ord("0") + value: digit for value, digit in enumerate(native)} if native else None
