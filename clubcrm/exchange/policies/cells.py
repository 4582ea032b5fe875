"""Cells that say what they mean by themselves; see `rows` for those that need to know the club."""

import re
from collections.abc import Callable
from typing import Final

from babel import Locale
from babel.core import UnknownLocaleError

from clubcrm.core.errors import NotAnAmount
from clubcrm.core.folding import ascii_digits, clean_text, fold
from clubcrm.exchange.policies.columns import Column, Form
from clubcrm.exchange.policies.figures import read_share, read_whole, read_yes_no
from clubcrm.exchange.policies.guarding import unguarded
from clubcrm.exchange.policies.row import SHOWN, Row
from clubcrm.exchange.states import ProblemCode
from clubcrm.members.policies import clean_email

NOTHING: Final = frozenset(
    {"", "-", "--", "—", "–", "null", "none", "nan", "n/a", "na", "nil", "\\n", "?", "0000-00-00"}
    | {"00/00/0000", "0000-00-00 00:00:00", "unknown", "نامشخص", "غير معروف", "неизвестно"}
)
_WORDY: Final = frozenset({Form.TEXT, Form.NOTE, Form.TAGS})
_NEVER_TEXT: Final = frozenset(
    {"\\N", "NULL", "#N/A", "#REF!", "#VALUE!", "#NAME?", "#NULL!", "#DIV/0!", "#NUM!"}
)
_WHOLE_FLOAT: Final = re.compile(r"\d{1,15}\.0+")
SHORTENED: Final = re.compile(r"\d[.,]\d+[eE]\+?\d{1,2}|\d[eE]\+\d{1,2}")
_LIST: Final = re.compile(r"[;,|\n،؛]+")


def told(column: Column, cell: str) -> str:
    """What a cell says in this column; nothing for the many ways to say nothing."""
    text = (unguarded(cell) if cell[0] == "'" else cell).strip() if cell else ""
    if column.form in _WORDY:
        return "" if text in _NEVER_TEXT else text
    if text in _NEVER_TEXT or text.casefold() in NOTHING:
        return ""
    return text


def text_cell(row: Row, column: Column, text: str) -> str | None:
    """A text, cut to the length of its column."""
    is_note = column.form is Form.NOTE
    kept = clean_text(text, column.most, multiline=is_note)
    if len(text) > column.most and len(clean_text(text, column.most + 1, multiline=is_note)) > len(
        kept
    ):
        row.add(ProblemCode.CUT, column.name, most=column.most)
    return kept or None


def code_cell(row: Row, column: Column, text: str) -> str | None:
    """An identity as it was written, digits as 0-9, without the point a spreadsheet adds."""
    kept = clean_text(ascii_digits(text), column.most + 1)
    if _WHOLE_FLOAT.fullmatch(kept):
        kept = kept.partition(".")[0]
    if SHORTENED.fullmatch(kept):
        row.add(ProblemCode.DIGITS_LOST, column.name, value=kept[:SHOWN])
        return None
    if len(kept) > column.most:
        row.add(ProblemCode.CUT, column.name, most=column.most)
        return None
    return kept or None


def email_cell(row: Row, column: Column, text: str) -> str | None:
    """An address; the first of several."""
    address = clean_email(text)
    if address is None:
        parts = [part for part in _LIST.split(text) if part.strip()]
        address = clean_email(parts[0]) if len(parts) > 1 else None
    if address is None:
        row.add(ProblemCode.BAD_EMAIL, column.name, value=text[:SHOWN])
    return address


def whole_cell(row: Row, column: Column, text: str) -> int | None:
    """A whole number."""
    try:
        return read_whole(text)
    except NotAnAmount:
        row.add(ProblemCode.BAD_NUMBER, column.name, value=text[:SHOWN])
        return None


def share_cell(row: Row, column: Column, text: str) -> int | None:
    """A share in percent."""
    try:
        return read_share(text)
    except NotAnAmount:
        row.add(ProblemCode.BAD_NUMBER, column.name, value=text[:SHOWN])
        return None


def yes_no_cell(row: Row, column: Column, text: str) -> bool | None:
    """Yes or no, in any of the words for it."""
    is_so = read_yes_no(text)
    if is_so is None:
        row.add(ProblemCode.BAD_WORD, column.name, value=text[:SHOWN])
    return is_so


def tags_cell(row: Row, column: Column, text: str) -> tuple[str, ...] | None:
    """The tags in one cell, each once."""
    del row, column
    # A semicolon parts tags that hold commas themselves.
    parts = text.split(";") if ";" in text else _LIST.split(text)
    tags = (clean_text(part, 60) for part in parts)
    return tuple(dict.fromkeys(tag for tag in tags if tag)) or None


def locale_cell(row: Row, column: Column, text: str) -> str | None:
    """A language, written as its code or its name."""
    try:
        locale = Locale.parse(text.replace("-", "_"))
    except (UnknownLocaleError, ValueError, TypeError):
        language = _LANGUAGES.get(fold(text))
        if language is None:
            row.add(ProblemCode.BAD_LOCALE, column.name, value=text[:SHOWN])
        return language
    return str(locale)[:12]


def word_cell(read: Callable[[str], str | None]) -> Callable[[Row, Column, str], str | None]:
    """How a word of a small vocabulary is read."""

    def reader(row: Row, column: Column, text: str) -> str | None:
        meaning = read(text)
        if meaning is None:
            row.add(ProblemCode.BAD_WORD, column.name, value=text[:SHOWN])
        return meaning

    return reader


_LANGUAGES: Final = {
    fold(name): language
    for language in ("en", "fa", "ar", "ru", "pt", "es", "de", "fr", "tr")
    for name in (
        Locale.parse("en").languages[language],
        Locale.parse(language).languages[language],
    )
}
