"""Numbers given out in a row, safe for any number of writers."""

from typing import cast

from sqlalchemy import Table, update
from sqlalchemy.orm import Session

from clubcrm.core.sql import insert_ignoring
from clubcrm.members.models import NumberSeries

FIRST_MEMBER_NUMBER = 10001
MEMBER_NUMBERS = "member"

_series = cast(Table, NumberSeries.__table__)


def take_member_numbers(session: Session, count: int) -> list[str]:
    """Take the next member numbers, ascending: 10001, 10002 and on.

    Whoever comes second waits until the first commits or gives up; a number given up is given again.
    """
    last = _advance(session, count)
    if last is None:
        row = {"name": MEMBER_NUMBERS, "last_number": FIRST_MEMBER_NUMBER - 1}
        insert_ignoring(session, _series, [row])
        last = _advance(session, count)
    assert last is not None, "the series was just begun"
    return [str(number) for number in range(last - count + 1, last + 1)]


def _advance(session: Session, count: int) -> int | None:
    # One statement reads and writes, so the row is locked before anybody else can read it.
    return session.scalar(
        update(_series)
        .where(_series.c.name == MEMBER_NUMBERS)
        .values(last_number=_series.c.last_number + count)
        .returning(_series.c.last_number)
    )
