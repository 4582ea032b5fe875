"""Addresses that are left alone, and blocks that let only service pass."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime
from typing import Any, Final, cast

from sqlalchemy import Table, delete, update
from sqlalchemy.orm import Session

from clubcrm.core.actor import Actor
from clubcrm.core.events import record
from clubcrm.core.sql import insert_ignoring, upsert
from clubcrm.messaging.events import AddressSuppressed
from clubcrm.messaging.models import ContactBlock, Suppression
from clubcrm.messaging.policies.digests import digest_of
from clubcrm.messaging.states import BlockKind, Channel, SuppressionReason

AT_ONCE: Final = 400

_suppression = cast(Table, Suppression.__table__)
_block = cast(Table, ContactBlock.__table__)


def suppress(
    session: Session,
    club_id: int,
    channel: Channel,
    address: str,
    reason: SuppressionReason,
    *,
    person_id: int | None = None,
    by: Actor,
    now: datetime,
) -> bool:
    """Never use an address again on a channel; False when it was left alone already.

    `UNSUBSCRIBED` is about marketing alone; every other reason outweighs it.
    """
    row = {
        "club_id": club_id,
        "channel": channel,
        "digest": digest_of(address),
        "reason": reason,
        "at": now,
    }
    if not insert_ignoring(session, _suppression, [row]) and not _made_heavier(session, row):
        return False
    event = AddressSuppressed(club_id=club_id, person_id=person_id, channel=channel, reason=reason)
    record(session, event, by=by, now=now)
    return True


def _made_heavier(session: Session, row: Mapping[str, Any]) -> bool:
    """Let a reason that forbids everything take the place of one that forbids marketing."""
    if row["reason"] is SuppressionReason.UNSUBSCRIBED:
        return False
    statement = (
        update(_suppression)
        .where(
            _suppression.c.club_id == row["club_id"],
            _suppression.c.channel == row["channel"],
            _suppression.c.digest == row["digest"],
            _suppression.c.reason == SuppressionReason.UNSUBSCRIBED,
        )
        .values(reason=row["reason"], at=row["at"])
        .returning(_suppression.c.id)
    )
    return session.execute(statement).first() is not None


def take_back(
    session: Session,
    club_id: int,
    channel: Channel,
    address: str,
    reason: SuppressionReason,
    *,
    since: datetime,
) -> None:
    """Let an address be used again that was left alone at an instant, by mistake, for a reason."""
    session.execute(
        delete(_suppression).where(
            _suppression.c.club_id == club_id,
            _suppression.c.channel == channel,
            _suppression.c.digest == digest_of(address),
            _suppression.c.reason == reason,
            _suppression.c.at == since,
        )
    )


@dataclass(frozen=True, kw_only=True)
class BlockValues:
    """Why somebody hears of the contract only. `source` is the writer's key."""

    club_id: int
    person_id: int
    kind: BlockKind
    source: str
    since_on: date


def block_contacts(session: Session, rows: Sequence[BlockValues]) -> None:
    """Let only service pass to these people, until the block is lifted; one that was lifted stands again."""
    values = [
        {
            "club_id": row.club_id,
            "person_id": row.person_id,
            "kind": row.kind,
            "source": row.source,
            "since_on": row.since_on,
            "lifted_at": None,
        }
        for row in rows
    ]
    upsert(
        session,
        _block,
        values,
        key=("kind", "source"),
        changes=lambda incoming: {"since_on": incoming.since_on, "lifted_at": None},
    )


def lift_blocks(
    session: Session, kind: BlockKind, sources: Sequence[str], *, now: datetime
) -> None:
    """Lift blocks by their writer's keys; what is lifted stays as it is."""
    session.execute(
        update(_block)
        .where(
            _block.c.kind == kind, _block.c.source.in_(list(sources)), _block.c.lifted_at.is_(None)
        )
        .values(lifted_at=now)
    )
