"""In which encoding a text file is written: its mark, UTF-8, UTF-16, or one of the old code pages."""

import codecs
from dataclasses import dataclass
from pathlib import Path
from typing import Final

from charset_normalizer import from_bytes

from clubcrm.exchange.policies.headings import recognised

SAMPLE: Final = 256 * 1024
_BLOCK: Final = 1 << 20

_MARKS: Final = (
    (codecs.BOM_UTF8, "utf-8-sig"),
    (codecs.BOM_UTF32_LE, "utf-32"),
    (codecs.BOM_UTF32_BE, "utf-32"),
    (codecs.BOM_UTF16_LE, "utf-16"),
    (codecs.BOM_UTF16_BE, "utf-16"),
)
_CODE_PAGES: Final = ("cp1252", "cp1256", "cp1251")
_OF_LANGUAGE: Final = {"fa": "cp1256", "ar": "cp1256", "ru": "cp1251"}


@dataclass(frozen=True)
class Encoding:
    """An encoding; `replaces` = some bytes fit none, so unreadable characters are marked, not guessed."""

    name: str
    replaces: bool = False


def encoding_of(path: Path, language: str) -> Encoding:
    """The encoding of a text file, for a club of this language where the bytes leave it open.

    UTF-8 wins where the whole file is valid; a file that is UTF-8 but for a few bytes stays UTF-8 with
    those marked. Then UTF-16 by its pattern of zeros, then the code page under which most headings are
    known, then the detector's choice, then the club's language.
    """
    with path.open("rb") as file:
        sample = file.read(SAMPLE)
    for mark, name in _MARKS:
        if sample.startswith(mark):
            # A list that says UTF-8 and had lines of another program pasted in.
            return Encoding(name, replaces=mark == codecs.BOM_UTF8 and not _is_utf8(path))
    wide = _utf16_without_mark(sample)
    if wide:
        return Encoding(wide)
    if _is_utf8(path):
        return Encoding("utf-8")
    if _is_nearly_utf8(sample):
        return Encoding("utf-8", replaces=True)
    page = _code_page(sample, language)
    return Encoding(page, replaces=True)


def _utf16_without_mark(sample: bytes) -> str | None:
    """UTF-16 of Latin text has a zero in every other byte; of Arabic or Cyrillic text, a 4 or 6."""
    even, odd = sample[0:4096:2], sample[1:4096:2]
    if len(odd) < 8:
        return None
    for name, high in (("utf-16-le", odd), ("utf-16-be", even)):
        low = even if high is odd else odd
        telling = sum(byte in (0, 4, 6, 0x20, 0xFE) for byte in high)
        if high.count(0) >= len(high) * 0.2 and telling >= len(high) * 0.9 and low.count(0) == 0:
            return name
    return None


def _is_utf8(path: Path) -> bool:
    decoder = codecs.getincrementaldecoder("utf-8")()
    try:
        with path.open("rb") as file:
            while block := file.read(_BLOCK):
                decoder.decode(block)
            decoder.decode(b"", final=True)
    except UnicodeDecodeError:
        return False
    return True


def _is_nearly_utf8(sample: bytes) -> bool:
    """Whether more characters beyond ASCII are whole UTF-8 sequences than are not."""
    decoded = sample.decode("utf-8", errors="replace")
    bad = decoded.count("\ufffd")
    good = sum(ord(character) > 0x7F and character != "\ufffd" for character in decoded)
    return good >= max(1, bad)


def _code_page(sample: bytes, language: str) -> str:
    first_lines = b"\n".join(sample.splitlines()[:3])
    known = {page: _known_headings(first_lines, page) for page in _CODE_PAGES}
    most = max(known.values())
    best = [page for page in _CODE_PAGES if known[page] == most]
    if len(best) == 1 and most:
        return best[0]
    telling = b"\n".join(line for line in sample.splitlines() if not line.isascii())[:32_768]
    match = from_bytes(telling, cp_isolation=list(_CODE_PAGES)).best()
    detected = _page_name(match.encoding) if match else None
    of_language = _OF_LANGUAGE.get(language.partition("_")[0], "cp1252")
    if detected in best:
        # Latin text decodes as anything; only a real majority of letters of one script counts.
        return detected if _is_written_in(telling, detected) else of_language
    return of_language


def _known_headings(first_lines: bytes, page: str) -> int:
    text = first_lines.decode(page, errors="replace")
    for delimiter in (";", "\t", ",", "|"):
        text = text.replace(delimiter, "\n")
    cells = {cell.strip().strip('"') for cell in text.splitlines()}
    return recognised(cell for cell in cells if not cell.isascii() and len(cell) <= 60)


def _page_name(name: str) -> str | None:
    normal = name.replace("_", "").replace("-", "")
    return next((page for page in _CODE_PAGES if page == normal), None)


def _is_written_in(telling: bytes, page: str) -> bool:
    text = telling.decode(page, errors="replace")
    letters = [character for character in text if character.isalpha() and not character.isascii()]
    if not letters:
        return False
    first, last = {"cp1256": (0x0600, 0x06FF), "cp1251": (0x0400, 0x04FF)}.get(page, (0x80, 0x24F))
    inside = sum(first <= ord(letter) <= last for letter in letters)
    return inside >= 0.8 * len(letters)
