"""Who owes what is past its day hears of the contract only: blocks that messaging keeps for billing."""

from collections.abc import Collection, Mapping, Sequence
from datetime import date, datetime
from typing import Any, Final, cast

from sqlalchemy import String, Table, and_, bindparam, literal, select
from sqlalchemy import cast as as_type
from sqlalchemy.orm import Session

from clubcrm.accounts.queries import get_club
from clubcrm.billing.models import Invoice
from clubcrm.billing.states import InvoiceState
from clubcrm.core.sql import chunks, locked
from clubcrm.messaging.models import ContactBlock
from clubcrm.messaging.operations import BlockValues, block_contacts, lift_blocks
from clubcrm.messaging.states import BlockKind

SOURCE: Final = "invoice:"
MOST: Final = 2000

_invoice = cast(Table, Invoice.__table__)
_block = cast(Table, ContactBlock.__table__)

_ABOUT = (_invoice.c.id, _invoice.c.club_id, _invoice.c.person_id, _invoice.c.due_on)
IS_ITS_BLOCK: Final = and_(
    _block.c.person_id == _invoice.c.person_id,
    _block.c.kind == BlockKind.DEBT,
    _block.c.source == literal(SOURCE) + as_type(_invoice.c.id, String),
)
"""Whether a block is that of an invoice."""

_STANDS = select(_block.c.id).where(IS_ITS_BLOCK, _block.c.lifted_at.is_(None)).exists()
_LATE = (
    select(*_ABOUT)
    .where(
        _invoice.c.club_id == bindparam("club"),
        _invoice.c.state == InvoiceState.ISSUED,
        _invoice.c.due_on < bindparam("today"),
        ~_STANDS,
    )
    .order_by(_invoice.c.id)
    .limit(MOST)
)


def block_late_debtors(session: Session, club_id: int, *, now: datetime) -> int:
    """Block whom the day has overtaken on which an invoice had to be paid; how many invoices it was.

    At most `MOST` at once. They are held: one that is being paid right now is waited for, and is paid then.
    """
    asked = {"club": club_id, "today": get_club(session, club_id).today(now)}
    rows = session.execute(locked(session, _LATE), asked).mappings().all()
    _block_for(session, rows)
    return len(rows)


def follow_debts(session: Session, rows: Collection[Mapping[str, Any]], *, now: datetime) -> None:
    """Bring the blocks up to date after invoices changed, given as they were, and held.

    Invoices whose day is not over cost nothing: no block stands for them.
    """
    late = [row["id"] for row in rows if row["due_on"] < _today(session, row, now)]
    for ids in chunks(sorted(late), MOST):
        query = select(*_ABOUT, _invoice.c.state).where(_invoice.c.id.in_(ids))
        found = session.execute(query).mappings().all()
        owed = [row for row in found if row["state"] is InvoiceState.ISSUED]
        _block_for(session, owed)
        over = [row["id"] for row in found if row["state"] is not InvoiceState.ISSUED]
        lift_blocks(session, BlockKind.DEBT, [f"{SOURCE}{one}" for one in over], now=now)


def _today(session: Session, row: Mapping[str, Any], now: datetime) -> date:
    return get_club(session, row["club_id"]).today(now)


def _block_for(session: Session, rows: Sequence[Any]) -> None:
    blocks = [
        BlockValues(
            club_id=row["club_id"],
            person_id=row["person_id"],
            kind=BlockKind.DEBT,
            source=f"{SOURCE}{row['id']}",
            since_on=row["due_on"],
        )
        for row in rows
    ]
    block_contacts(session, blocks)
