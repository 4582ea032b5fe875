"""Requests that carry their sender's key: the same request twice has one effect and one answer."""

import hashlib
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from flask_babel import lazy_gettext as _l
from sqlalchemy import delete, select, update
from sqlalchemy.orm import Session

from clubcrm.core.errors import DomainError
from clubcrm.core.models import IdempotencyKey
from clubcrm.core.sql import insert_ignoring
from clubcrm.core.transactions import transaction

KEPT = timedelta(days=7)


class KeyReused(DomainError):
    """The key was used for another request."""

    code = "idempotency_key_reused"
    status = 409
    message = _l("This Idempotency-Key was already used for another request. Use a new key.")


@dataclass(frozen=True)
class Answer:
    """An answer given earlier."""

    status: int
    body: Mapping[str, Any]


def fingerprint(method: str, path: str, body: bytes) -> str:
    """What makes two requests the same: method, path and body."""
    digest = hashlib.sha256()
    for part in (method.encode(), path.encode(), body):
        digest.update(len(part).to_bytes(8, "big") + part)
    return digest.hexdigest()


def claim_key(session: Session, scope: str, key: str, print_: str, now: datetime) -> Answer | None:
    """Claim a key for this transaction; the earlier answer if the same request was already answered.

    The claim commits or vanishes with the effect. Raises KeyReused when the key belongs to another
    request. A second request with the same key waits for the first on both databases.
    """
    row = {"scope": scope, "key": key, "fingerprint": print_, "created_at": now}
    if insert_ignoring(session, IdempotencyKey.__table__, [row]):  # type: ignore[arg-type]
        return None
    standing = session.execute(
        select(IdempotencyKey.fingerprint, IdempotencyKey.status, IdempotencyKey.answer).where(
            IdempotencyKey.scope == scope, IdempotencyKey.key == key
        )
    ).one()
    if standing.fingerprint != print_ or standing.status is None:
        raise KeyReused
    return Answer(standing.status, standing.answer or {})


def keep_answer(
    session: Session, scope: str, key: str, status: int, body: Mapping[str, Any]
) -> None:
    """Keep the answer with the claimed key, in the same transaction as the effect."""
    session.execute(
        update(IdempotencyKey)
        .where(IdempotencyKey.scope == scope, IdempotencyKey.key == key)
        .values(status=status, answer=dict(body))
    )


def forget_answers(clock: Callable[[], datetime]) -> int:
    """Forget the answers given more than a week ago; how many."""
    with transaction() as session:
        old = delete(IdempotencyKey).where(IdempotencyKey.created_at < clock() - KEPT)
        return session.execute(old).rowcount  # type: ignore[attr-defined]
