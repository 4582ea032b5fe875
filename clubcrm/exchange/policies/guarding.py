"""Text that a spreadsheet would reckon instead of showing: guarded in files we write, and back.

A cell that begins like a formula gets one quote in front, also where the sign stands behind spaces or
invisible characters, or is a full-width twin. Reading takes exactly one such quote away, so that what
is written is read back as it was.
"""

import re
from typing import Final

_LIVE: Final = re.compile(
    "[\\s\\x00-\\x1f\\u00ad\\u200b-\\u200f\\u202a-\\u202e\\u2060-\\u2069\\ufeff]*"
    "(?:[=+\\-@＝＋－＠−﹢﹣]|(?<=[\\t\\r]))"
)
_QUOTED: Final = re.compile("'+" + _LIVE.pattern)


def guarded(text: str) -> str:
    """The text with a quote in front where a spreadsheet would take it for a formula."""
    return f"'{text}" if _LIVE.match(text) or _QUOTED.match(text) else text


def unguarded(text: str) -> str:
    """The text without the one quote that `guarded` put there."""
    return text[1:] if text.startswith("'") and _QUOTED.match(text) else text
