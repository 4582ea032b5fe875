"""Text as people type it: folded for search and duplicates, cleaned for display, phones in E.164.

Two people type one name in many ways: with an Arabic or a Persian ye, with or without an accent, a
zero-width joiner, a capital. ``fold`` makes them one key; it is applied at write, into indexed
columns, and to every query. What is shown stays as it was typed, less what would harm the page
(``clean_text``).
"""

from clubcrm.core.folding.phones import phone_e164
from clubcrm.core.folding.text import ascii_digits, clean_text, digits_only, fold, words
from clubcrm.core.folding.tokens import (
    MAX_TOKEN,
    name_tokens,
    number_tokens,
    phone_tokens,
    query_words,
    search_tokens,
)

__all__ = [
    "MAX_TOKEN",
    "ascii_digits",
    "clean_text",
    "digits_only",
    "fold",
    "name_tokens",
    "number_tokens",
    "phone_e164",
    "phone_tokens",
    "query_words",
    "search_tokens",
    "words",
]
