"""The entrances of a club."""

from collections.abc import Iterable, Sequence

from sqlalchemy import Table, bindparam, select
from sqlalchemy.orm import Session

from clubcrm.core.folding import clean_text
from clubcrm.core.sql import chunks, insert_ignoring
from clubcrm.visits.models import AccessPoint
from clubcrm.visits.queries.entry import EntryPoint
from clubcrm.visits.states import PointKind

MAX_CODE = 40

_points: Table = AccessPoint.__table__  # type: ignore[assignment]
_KINDS = (
    (("desk", "reception", "front"), PointKind.DESK),
    (("kiosk", "terminal"), PointKind.KIOSK),
)


def add_access_points(
    session: Session, club_id: int, codes: Iterable[str]
) -> dict[str, EntryPoint]:
    """The entrances with these codes; one that was never heard of is written down.

    A new one is a door, unless its code begins like a desk's or a kiosk's.
    """
    folded = {code: clean_text(code, MAX_CODE) for code in codes}
    wanted = sorted({code for code in folded.values() if code})
    found = _standing(session, club_id, wanted)
    missing = [code for code in wanted if code not in found]
    if missing:
        rows = [
            {"club_id": club_id, "code": code, "name": code, "kind": _kind_of(code)}
            for code in missing
        ]
        # Another log may be telling of the same entrance right now.
        insert_ignoring(session, _points, rows)
        found |= _standing(session, club_id, missing)
    nowhere = EntryPoint(None, PointKind.DESK)
    return {code: found.get(short, nowhere) for code, short in folded.items()}


# Every part of every log asks this.
_STANDING = select(_points.c.code, _points.c.id, _points.c.kind).where(
    _points.c.club_id == bindparam("club"), _points.c.code.in_(bindparam("codes", expanding=True))
)


def _standing(session: Session, club_id: int, codes: Sequence[str]) -> dict[str, EntryPoint]:
    found: dict[str, EntryPoint] = {}
    for chunk in chunks(codes, 400):
        rows = session.execute(_STANDING, {"club": club_id, "codes": chunk})
        found.update((row.code, EntryPoint(row.id, row.kind)) for row in rows)
    return found


def _kind_of(code: str) -> PointKind:
    folded = code.casefold()
    return next((kind for starts, kind in _KINDS if folded.startswith(starts)), PointKind.DOOR)
