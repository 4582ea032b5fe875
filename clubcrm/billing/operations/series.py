"""Invoice numbers of a club: in a row and without a gap."""

from typing import cast

from sqlalchemy import Table, update
from sqlalchemy.orm import Session

from clubcrm.billing.models import InvoiceSeries
from clubcrm.core.sql import insert_ignoring

_series = cast(Table, InvoiceSeries.__table__)


def take_invoice_numbers(session: Session, club_id: int, count: int) -> list[int]:
    """Take a club's next invoice numbers, from 1 on.

    Whoever comes second waits until the first commits or gives up, and what is given up is given
    again: so there is no gap. Taken as late as possible, since others wait meanwhile.
    """
    last = _advance(session, club_id, count)
    if last is None:
        insert_ignoring(session, _series, [{"club_id": club_id, "last_number": 0}])
        last = _advance(session, club_id, count)
    assert last is not None, "the series was just begun"
    return list(range(last - count + 1, last + 1))


def _advance(session: Session, club_id: int, count: int) -> int | None:
    # One statement reads and writes, so the row is locked before anybody else can read it.
    return session.scalar(
        update(_series)
        .where(_series.c.club_id == club_id)
        .values(last_number=_series.c.last_number + count)
        .returning(_series.c.last_number)
    )
