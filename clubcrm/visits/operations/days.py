"""The days on which people came: kept in the transaction in which a visit comes or goes."""

from collections.abc import Mapping
from datetime import date
from functools import cache

from sqlalchemy import Insert, Table, bindparam, delete, update
from sqlalchemy.orm import Session

from clubcrm.core.days import day_no
from clubcrm.core.prepared import Prepared
from clubcrm.core.sql import chunks, is_sqlite, upserting
from clubcrm.visits.models import VisitDay

PersonDay = tuple[int, date]

_days: Table = VisitDay.__table__  # type: ignore[assignment]


def add_to_days(session: Session, club_id: int, visits: Mapping[PersonDay, int]) -> None:
    """Count visits on people's days; the first club of a day keeps it."""
    rows = [
        {
            "person_id": person_id,
            "day_no": day_no(on),
            "on": on,
            "club_id": club_id,
            "visits": count,
        }
        # Always in one order, so that two writers never wait for each other in a ring.
        for (person_id, on), count in sorted(visits.items())
    ]
    for row in rows if len(rows) < FEW else ():
        _count_one(is_sqlite(session)).send(session, row)
    if len(rows) >= FEW:
        session.execute(_count(is_sqlite(session)), rows)


FEW = 5


@cache
def _count_one(on_sqlite: bool) -> Prepared:
    return Prepared(_count(on_sqlite))


@cache
def _count(on_sqlite: bool) -> Insert:
    """Counted at every check-in: put together once for each database."""
    return upserting(
        on_sqlite,
        _days,
        key=("person_id", "day_no"),
        changes=lambda incoming: {"visits": _days.c.visits + incoming.visits},
    )


def take_from_days(session: Session, visits: Mapping[PersonDay, int]) -> None:
    """Take visits from people's days; a day without any goes."""
    if not visits:
        return
    rows = [
        {"of_person": person_id, "of_day": day_no(on), "fewer": count}
        for (person_id, on), count in sorted(visits.items())
    ]
    this_day = (
        _days.c.person_id == bindparam("of_person"),
        _days.c.day_no == bindparam("of_day"),
    )
    # Through the connection: these are Core statements with many parameter sets.
    connection = session.connection()
    for chunk in chunks(rows, 5000):
        connection.execute(
            update(_days).where(*this_day).values(visits=_days.c.visits - bindparam("fewer")), chunk
        )
        connection.execute(
            delete(_days).where(*this_day, _days.c.visits <= 0),
            [{"of_person": row["of_person"], "of_day": row["of_day"]} for row in chunk],
        )
