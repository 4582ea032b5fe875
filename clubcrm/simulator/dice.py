"""Chance that can be asked again: the same words always give the same number."""

from collections.abc import Sequence
from hashlib import blake2b
from math import log
from typing import TypeVar

Choice = TypeVar("Choice")

_SCALE = 2.0**-53


def chance(*words: object) -> float:
    """A number from 0 up to (not including) 1 that depends on the words alone, evenly spread."""
    text = "/".join(map(str, words))
    digest = blake2b(text.encode(), digest_size=8).digest()
    return (int.from_bytes(digest, "big") >> 11) * _SCALE


def happens(probability: float, *words: object) -> bool:
    """Whether something with this probability happens here."""
    return chance(*words) < probability


def between(low: float, high: float, *words: object) -> float:
    """A number from `low` to `high`, evenly spread."""
    return low + (high - low) * chance(*words)


def whole(low: int, high: int, *words: object) -> int:
    """A whole number from `low` to `high`, both included."""
    return low + int(chance(*words) * (high - low + 1))


def waiting(mean: float, *words: object) -> float:
    """How long one waits for something that comes at random, on average after `mean`."""
    return -mean * log(1.0 - chance(*words))


def pick(choices: Sequence[Choice], *words: object) -> Choice:
    """One of several, each as likely as the others."""
    return choices[int(chance(*words) * len(choices))]


def pick_weighted(choices: Sequence[tuple[Choice, float]], *words: object) -> Choice:
    """One of several, each as likely as its weight says."""
    rest = chance(*words) * sum(weight for _, weight in choices)
    for choice, weight in choices:
        rest -= weight
        if rest < 0:
            return choice
    return choices[-1][0]
