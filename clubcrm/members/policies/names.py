"""Names and addresses of people: what is kept, and in which order lists run."""

import re
from functools import lru_cache
from typing import Final

from clubcrm.core.folding import clean_text, fold

# In the order of the Persian alphabet, which is not the order of the letters' code points. Arabic
# names sort right by it too. The private characters stand above every letter in use, and nothing
# but the order is read from them.
_ALPHABET: Final = "ابپتثجچحخدذرزژسشصضطظعغفقکگلمنوهی"
_IN_ORDER: Final = {ord(letter): chr(0xE000 + no) for no, letter in enumerate(_ALPHABET)}
_EMAIL: Final = re.compile(r"[^@\s,;<>()\"\\]+@[^@\s,;<>()\"\\.]+(?:\.[^@\s,;<>()\"\\.]+)+")
MAX_EMAIL: Final = 254
KEPT: Final = 4096
"""So many answers are kept: an import asks for an address when it reads a row, and when it stores it."""

MAX_NAME: Final = 240


def full_name_of(first_name: str, last_name: str, full_name: str = "") -> str:
    """The name as it is shown: as given in full, else first and last name."""
    return full_name or f"{first_name} {last_name}".strip()


def sort_name_of(first_name: str, last_name: str, full_name: str = "") -> str:
    """The key by which lists are ordered: last name first, alike on every database."""
    name = f"{last_name} {first_name}" if last_name else full_name or first_name
    key = fold(name)
    return (key if key.isascii() else key.translate(_IN_ORDER))[:MAX_NAME]


@lru_cache(maxsize=KEPT)
def clean_email(text: str) -> str | None:
    """An e-mail address in lower case, or None where it is none."""
    address = clean_text(text, MAX_EMAIL + 1).removeprefix("mailto:").strip().lower()
    if len(address) > MAX_EMAIL or _EMAIL.fullmatch(address) is None:
        return None
    return address
