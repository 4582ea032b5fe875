"""People who may be the same: the row of a file beside the one it resembles."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Final, cast

from sqlalchemy import Table, func, select
from sqlalchemy.orm import Session

from clubcrm.accounts.queries import ClubRow
from clubcrm.exchange.operations.files import open_file
from clubcrm.exchange.policies.mapping import mapping_of
from clubcrm.exchange.policies.row import Row
from clubcrm.exchange.queries.imports import LIKELY, BatchRow, duplicate_lines
from clubcrm.exchange.states import Kind, ProblemCode
from clubcrm.members.models import Person

MOST: Final = 20
FIELDS: Final = ("external_id", "full_name", "phone", "email", "birth_date")

_person = cast(Table, Person.__table__)


@dataclass(frozen=True)
class Side:
    """One of two people: where he stands (a line, or a person's id), and what is known of him."""

    line: int | None
    person_id: int | None
    told: Mapping[str, str]


@dataclass(frozen=True)
class Pair:
    """A newcomer of the file, whom he resembles, and in what."""

    new: Side
    other: Side
    same: str


def compare_duplicates(session: Session, batch: BatchRow, path: Path, club: ClubRow) -> list[Pair]:
    """The first pairs of a checked file that may be one person each, side by side."""
    found = duplicate_lines(session, batch.id, limit=MOST)
    if not found:
        return []
    pairs = []
    for one in found:
        for code, column, figures in one.problems:
            if code in LIKELY:
                pairs.append((one.line, code, column or "", figures))
                break
    wanted = {line for line, *_ in pairs}
    wanted |= {f["line"] for _, code, _, f in pairs if code == ProblemCode.LIKELY_SAME_AS_LINE}
    rows = _rows(batch, path, club, wanted)
    people = _people(session, club, [f["other"] for _, _, _, f in pairs if "other" in f])
    compared = []
    for line, _code, column, figures in pairs:
        new = rows.get(line)
        other = rows.get(figures.get("line", 0)) or people.get(str(figures.get("other", "")))
        if new is not None and other is not None:
            compared.append(Pair(new, other, column))
    return compared


def _rows(batch: BatchRow, path: Path, club: ClubRow, wanted: set[int]) -> dict[int, Side]:
    """What some lines of the file say of their people."""
    kind = Kind(batch.kind)
    mapping = mapping_of(batch.mapping, kind)
    found: dict[int, Side] = {}
    with open_file(path, kind, mapping, club=club, as_of_on=batch.as_of_on) as file:
        for raws in file.parts(500):
            chosen = [raw for raw in raws if raw.line in wanted]
            for row in file.read(chosen):
                found[row.line] = Side(row.line, None, _told(row))
            if len(found) == len(wanted):
                break
    return found


def _told(row: Row) -> dict[str, str]:
    told: dict[str, str] = {name: str(row.values[name]) for name in FIELDS if name in row.values}
    if "full_name" not in told:
        parts = (row.values.get("first_name", ""), row.values.get("last_name", ""))
        told["full_name"] = " ".join(part for part in parts if part)
    return told


def _people(session: Session, club: ClubRow, shown: Sequence[str]) -> dict[str, Side]:
    """People in the records by the number they are shown with."""
    number = func.coalesce(_person.c.external_id, _person.c.number)
    query = select(
        _person.c.id,
        number.label("external_id"),
        _person.c.full_name,
        _person.c.phone,
        _person.c.email,
        _person.c.birth_date,
    ).where(_person.c.home_club_id == club.id, number.in_(list(shown)))
    return {
        row.external_id: Side(
            None,
            row.id,
            {name: str(getattr(row, name)) for name in FIELDS if getattr(row, name)},
        )
        for row in session.execute(query)
    }
