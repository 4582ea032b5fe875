"""The contacts a club starts with, as data: their rules in `plays.toml`, their words in `texts`."""

import tomllib
from collections.abc import Mapping
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import Any, Final

HOME: Final = Path(__file__).resolve().parent

FALLBACK: Final = "en"


@dataclass(frozen=True, slots=True)
class PlayWords:
    """The words of a contact in one language: a message, and what staff are asked and may say."""

    subject: str = ""
    body: str = ""
    title: str = ""
    script: str = ""


@cache
def shipped_plays() -> Mapping[str, Mapping[str, Any]]:
    """Code -> rules of each shipped play, as plain values."""
    return tomllib.loads((HOME / "plays.toml").read_text(encoding="utf-8"))


@cache
def shipped_words(language: str) -> Mapping[str, PlayWords]:
    """Key -> words in a language; empty for a language that is not shipped.

    A key is the play's code, or the code and a variant (`K03.low`).
    """
    path = HOME / "texts" / f"{language}.toml"
    if not language.isalpha() or not path.exists():
        return {}
    found = tomllib.loads(path.read_text(encoding="utf-8"))
    return {
        key: PlayWords(**{name: text.strip() for name, text in values.items()})
        for key, values in found.items()
    }


def words_key(play: str, variant: str) -> str:
    """The key of a contact's words: the variant's own where it has any."""
    own = f"{play}.{variant}"
    return own if own in shipped_words(FALLBACK) else play


def words_for(language: str, play: str, variant: str) -> PlayWords:
    """The words of a contact in a person's language, else in English; a variant's own ones first."""
    for code in (language.split("_", maxsplit=1)[0].split("-", maxsplit=1)[0], FALLBACK):
        words = shipped_words(code)
        for key in (f"{play}.{variant}", play):
            if key in words:
                return words[key]
    return PlayWords()
