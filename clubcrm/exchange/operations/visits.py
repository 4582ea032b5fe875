"""A file of visits: a log, or what a club without one knows (last visit, total, mean)."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, datetime, time, timedelta
from typing import Any, Final, cast

from sqlalchemy import Table, func, select, update
from sqlalchemy.orm import Session

from clubcrm.core.sql import chunks
from clubcrm.exchange.operations.balances import BalanceDesk, BalanceVerdict
from clubcrm.exchange.operations.finding import find_members, name_member
from clubcrm.exchange.operations.tasks import REVISION, Decision, Effects, Task, Touched
from clubcrm.exchange.policies.columns import OPENING_COLUMNS
from clubcrm.exchange.policies.row import Row
from clubcrm.exchange.states import ProblemCode, RowOutcome, Touch
from clubcrm.members.models import Person
from clubcrm.members.operations import change_people
from clubcrm.visits.models import Visit
from clubcrm.visits.operations import VisitValues, record_visits
from clubcrm.visits.states import VisitSource

AT_ONCE: Final = 1000
NOON: Final = time(12)
WHOLE_CLUB_FROM: Final = 10
"""A log that names at least one in so many of the club's people is taken for the log of all."""

_LONGEST_STAY: Final = timedelta(hours=24)
_visit = cast(Table, Visit.__table__)
_person = cast(Table, Person.__table__)


@dataclass(slots=True)
class _Entry:
    """A visit to be stored."""

    person_id: int
    at: datetime
    until: datetime | None
    access_point: str | None


@dataclass(frozen=True, slots=True)
class _Exit:
    """A later check-out of a visit that stands in the records."""

    visit_id: int
    at: datetime


@dataclass(frozen=True, slots=True)
class _Paired:
    """A check-out of a visit that is stored with it."""


class VisitsImporter:
    """Takes in visits and opening balances of people known already."""

    def __init__(self, task: Task) -> None:
        self._task = task
        self._balances = BalanceDesk(task)
        self._is_log = "checked_in_at" in task.layout.columns
        self._seen: set[int] = set()
        self._inside: dict[int, _Entry] = {}
        self._new: list[int] = []
        self._earliest: date | None = None
        self._named: set[int] = set()

    def decide(self, session: Session, rows: Sequence[Row]) -> list[Decision]:
        """A visit that stands already, undone or not, is unchanged; balances follow what is new."""
        live = [row for row in rows if not row.is_rejected]
        references = {row.get("member") for row in live} - {None}
        found = find_members(session, self._task.club, references)
        people = {row.line: name_member(row, found) for row in live}
        entries = self._entries(live, people)
        standing = _standing(session, self._task.club.id, entries.values())
        balances = self._balances.decide(session, self._balance_rows(live, people, entries))
        decisions = []
        for row in rows:
            entry = entries.get(row.line)
            what: Any = None
            if entry is not None:
                what = self._judge(session, row, entry, standing)
            balance = balances.get(row.line)
            decisions.append(self._decision(row, entry, what, balance))
        return decisions

    def store(self, session: Session, decisions: Sequence[Decision]) -> Effects:
        """Store visits, check-outs and balances."""
        effects = Effects()
        entries = [d.what for d in decisions if isinstance(d.what, _Entry)]
        values = [
            VisitValues(entry.person_id, entry.at, entry.until, entry.access_point)
            for entry in entries
        ]
        ids = record_visits(
            session,
            values,
            club_id=self._task.club.id,
            source=VisitSource.IMPORT,
            by=self._task.by,
            now=self._task.now,
        )
        effects.touched += [
            Touched("visit", visit_id, Touch.CREATED) for visit_id in ids if visit_id is not None
        ]
        for way_out in (d.what for d in decisions if isinstance(d.what, _Exit)):
            session.execute(
                update(_visit)
                .where(_visit.c.id == way_out.visit_id)
                .values(checked_out_at=way_out.at)
            )
            effects.touched.append(
                Touched("visit", way_out.visit_id, Touch.CHANGED, None, {"checked_out_at": None})
            )
        self._balances.store(
            session, [d.what for d in decisions if isinstance(d.what, BalanceVerdict)], effects
        )
        return effects

    def settle(self, done: bool) -> None:
        """Keep or forget what the last part taught."""
        if not done or not self._task.is_rehearsal:
            self._seen.difference_update(self._new)
            self._inside.clear()
        self._new.clear()

    def finish(self, session: Session) -> Effects | None:
        """Know visits from the first logged day on: of everybody, or of those a partial log names."""
        if self._earliest is None:
            return None
        wanted = self._unknown_before(session)
        if not wanted:
            return None
        before = dict(wanted)
        changes = {pid: {"visits_known_from": self._earliest} for pid in before}
        changed = change_people(session, changes, by=self._task.by, now=self._task.now)
        revisions: dict[int, int] = {}
        for chunk in chunks(sorted(changed), AT_ONCE):
            query = select(_person.c.id, _person.c.revision).where(_person.c.id.in_(chunk))
            revisions.update(dict(session.execute(query).all()))
        return Effects(
            [
                Touched(
                    "person",
                    pid,
                    Touch.CHANGED,
                    revisions[pid],
                    {
                        "visits_known_from": before[pid].isoformat(),
                        REVISION: revisions[pid] - 1,
                    },
                )
                for pid in sorted(changed)
            ]
        )

    def _entries(self, rows: Sequence[Row], people: dict[int, int | None]) -> dict[int, _Entry]:
        entries = {}
        for row in rows:
            person_id = people.get(row.line)
            at = row.get("checked_in_at")
            if person_id is None:
                continue
            if row.get("direction") == "out" and at is None:
                at = row.get("checked_out_at")
            if at is None:
                if self._is_log and not OPENING_COLUMNS & row.values.keys():
                    row.add(ProblemCode.MISSING, "checked_in_at")
                continue
            if "checked_in_at.day" in row.values:
                # Midnight may belong to the day before, noon never does.
                at = at.replace(hour=NOON.hour)
            if at > self._task.now:
                row.add(ProblemCode.NOT_YET, "checked_in_at", value=at.isoformat())
                continue
            until = row.get("checked_out_at")
            if until is not None and not at < until <= at + _LONGEST_STAY:
                if row.get("direction") != "out":
                    left = f"{until:%Y-%m-%d %H:%M}"
                    row.add(ProblemCode.BAD_STAY, "checked_out_at", value=left)
                until = None
            entries[row.line] = _Entry(person_id, at, until, row.get("access_point"))
        return entries

    def _balance_rows(
        self, rows: Sequence[Row], people: dict[int, int | None], entries: dict[int, _Entry]
    ) -> list[tuple[Row, int]]:
        found = []
        for row in rows:
            person_id = people.get(row.line)
            if row.is_rejected or person_id is None or row.line in entries:
                continue
            if OPENING_COLUMNS & row.values.keys():
                found.append((row, person_id))
            else:
                row.add(ProblemCode.NOTHING_TO_SAY)
        return found

    def _judge(
        self, session: Session, row: Row, entry: _Entry, standing: "_Standing"
    ) -> "_Entry | _Exit | _Paired | None":
        """The visit to store, the check-out to add, or None where all of it stands already."""
        if row.get("direction") == "out":
            return self._judge_exit(session, row, entry)
        self._named.add(entry.person_id)
        day = self._task.club.today(entry.at)
        self._earliest = day if self._earliest is None else min(self._earliest, day)
        key = hash((entry.person_id, entry.at))
        if standing.has(entry) or key in self._seen:
            return None
        self._inside[entry.person_id] = entry
        self._seen.add(key)
        self._new.append(key)
        return entry

    def _judge_exit(self, session: Session, row: Row, entry: _Entry) -> "_Exit | _Paired | None":
        """A row that says somebody left: the last entry before it is over then."""
        inside = self._inside.get(entry.person_id)
        if inside is not None and inside.at < entry.at <= inside.at + _LONGEST_STAY:
            if inside.until is None:
                inside.until = entry.at
                return _Paired()
            return None
        visit = session.execute(
            select(_visit.c.id, _visit.c.checked_out_at)
            .where(
                _visit.c.person_id == entry.person_id,
                _visit.c.club_id == self._task.club.id,
                _visit.c.checked_in_at < entry.at,
                _visit.c.checked_in_at >= entry.at - _LONGEST_STAY,
            )
            .order_by(_visit.c.checked_in_at.desc(), _visit.c.id.desc())
            .limit(1)
        ).one_or_none()
        if visit is None:
            row.add(ProblemCode.NO_ENTRY, "checked_in_at", value=entry.at.isoformat())
            return None
        return _Exit(visit.id, entry.at) if visit.checked_out_at is None else None

    def _decision(
        self,
        row: Row,
        entry: _Entry | None,
        what: "_Entry | _Exit | _Paired | None",
        balance: BalanceVerdict | None,
    ) -> Decision:
        if row.is_rejected:
            return Decision(row, RowOutcome.REJECTED)
        if entry is not None:
            return Decision(row, RowOutcome.UNCHANGED if what is None else RowOutcome.STORED, what)
        is_news = balance is not None and balance.is_news
        return Decision(row, RowOutcome.STORED if is_news else RowOutcome.UNCHANGED, balance)

    def _unknown_before(self, session: Session) -> list[tuple[int, date]]:
        """Some of the people whose visits before the first logged day are unknown so far."""
        later = (
            _person.c.home_club_id == self._task.club.id,
            _person.c.visits_known_from > self._earliest,
        )
        query = select(_person.c.id, _person.c.visits_known_from).where(*later)
        imported = session.scalar(
            select(func.count())
            .select_from(_person)
            .where(
                _person.c.home_club_id == self._task.club.id,
                _person.c.visits_known_from.is_not(None),
            )
        )
        if len(self._named) * WHOLE_CLUB_FROM < (imported or 0):
            named = [self._named.pop() for _ in range(min(AT_ONCE, len(self._named)))]
            query = query.where(_person.c.id.in_(named))
        rows = session.execute(query.order_by(_person.c.id).limit(AT_ONCE)).all()
        return [(person_id, known_from) for person_id, known_from in rows if known_from]


class _Standing:
    """The visits that stand at a club at certain instants, whatever their source."""

    def __init__(self) -> None:
        self._keys: set[tuple[int, datetime]] = set()

    def add(self, person_id: int, at: datetime) -> None:
        """Note a visit."""
        self._keys.add((person_id, at))

    def has(self, entry: _Entry) -> bool:
        """Whether a visit stands, undone or not."""
        return (entry.person_id, entry.at) in self._keys


def _standing(session: Session, club_id: int, entries: Any) -> _Standing:
    standing = _Standing()
    for chunk in chunks(sorted({entry.at for entry in entries}), AT_ONCE):
        query = select(_visit.c.person_id, _visit.c.checked_in_at).where(
            _visit.c.club_id == club_id, _visit.c.checked_in_at.in_(chunk)
        )
        for person_id, at in session.execute(query):
            standing.add(person_id, at)
    return standing
