"""Links in messages: signed, so that nobody can make one for somebody else."""

from typing import Final

from itsdangerous import BadSignature, URLSafeSerializer

PATH: Final = "/unsubscribe/"
_SALT: Final = "messaging.unsubscribe"


def unsubscribe_token(secret: str, message_id: int) -> str:
    """What names a message in the link by which its receiver wants no more of its kind."""
    token: object = URLSafeSerializer(secret, salt=_SALT).dumps(message_id)
    return str(token)


def message_of_token(secret: str, token: str) -> int | None:
    """The message a link names; None where we did not make the link."""
    try:
        found = URLSafeSerializer(secret, salt=_SALT).loads(token)
    except BadSignature:
        return None
    return found if isinstance(found, int) else None
