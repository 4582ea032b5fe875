"""What is kept of an address that is left alone. Pure."""

import hashlib


def digest_of(address: str) -> str:
    """Enough of an address to know it again, not to read it."""
    return hashlib.sha256(address.strip().lower().encode()).hexdigest()
