"""When a club is closed, and when it is slow."""

from dataclasses import dataclass
from datetime import date
from typing import cast

from sqlalchemy import Date, Table, bindparam, select
from sqlalchemy.orm import Session

from clubcrm.core.period import Period
from clubcrm.core.prepared import Prepared
from clubcrm.members.models import Closure, Season

_closure = cast(Table, Closure.__table__)
_season = cast(Table, Season.__table__)


@dataclass(frozen=True)
class ClosureRow:
    """Days on which a club is closed or expects a share of its visits; half-open."""

    id: int
    club_id: int
    no: int
    name: str
    from_on: date
    until_on: date
    share_percent: int
    extends_terms: bool

    @property
    def period(self) -> Period:
        """The days."""
        return Period(self.from_on, self.until_on)


@dataclass(frozen=True)
class SeasonRow:
    """A slow season; days are inclusive and counted in `calendar`."""

    id: int
    club_id: int
    name: str
    calendar: str
    start_month: int
    start_day: int
    end_month: int
    end_day: int
    share_percent: int
    quiet_from: str | None
    quiet_until: str | None
    valid_from_on: date
    valid_until_on: date | None


_CLOSURES = Prepared(
    select(*(_closure.c[name] for name in ClosureRow.__dataclass_fields__))
    .where(
        _closure.c.club_id == bindparam("club"),
        _closure.c.until_on > bindparam("from", type_=Date),
        _closure.c.from_on < bindparam("until", type_=Date),
    )
    .order_by(_closure.c.from_on, _closure.c.id)
)
"""The card of a member asks this: it is put together once."""


def closures_of(
    session: Session, club_id: int, *, from_on: date | None = None, until_on: date | None = None
) -> list[ClosureRow]:
    """The closures of a club, in order; with days only those that have one in `[from, until)`."""
    asked = {"club": club_id, "from": from_on or date.min, "until": until_on or date.max}
    return [ClosureRow(*row) for row in _CLOSURES.all(session, asked)]


def seasons_of(session: Session, club_id: int) -> list[SeasonRow]:
    """The slow seasons of a club by name, removed ones included: they hold for their days."""
    columns = [_season.c[name] for name in SeasonRow.__dataclass_fields__]
    query = select(*columns).where(_season.c.club_id == club_id)
    rows = session.execute(query.order_by(_season.c.name, _season.c.id))
    return [SeasonRow(*row) for row in rows]
