"""How passwords and PINs are kept: hashed, at a cost that makes guessing slow."""

from argon2 import PasswordHasher
from argon2.exceptions import InvalidHashError, VerifyMismatchError

_hasher = PasswordHasher()


def set_hasher(hasher: PasswordHasher) -> None:
    """Choose the cost of password hashes (the tests choose a cheap one)."""
    global _hasher
    _hasher = hasher


def hashed(secret: str) -> str:
    """What is kept of a secret. Costs as much as comparing one."""
    return _hasher.hash(secret)


def matches(kept: str, secret: str) -> bool:
    """Whether this is the secret of which that was kept."""
    try:
        return _hasher.verify(kept, secret)
    except (VerifyMismatchError, InvalidHashError):
        return False
