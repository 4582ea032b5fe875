"""Files of freezes and of days on which the club is closed."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import timedelta
from typing import Any, cast

from sqlalchemy import Table, select
from sqlalchemy.orm import Session

from clubcrm.core.folding import fold
from clubcrm.core.period import Period
from clubcrm.core.sql import chunks
from clubcrm.exchange.operations.finding import find_members, name_member
from clubcrm.exchange.operations.memory import digest_of, recall
from clubcrm.exchange.operations.people_stored import plain
from clubcrm.exchange.operations.tasks import (
    REVISION,
    Decision,
    Effects,
    Said,
    Task,
    Touched,
)
from clubcrm.exchange.policies.row import Row
from clubcrm.exchange.states import Kind, ProblemCode, RowOutcome, Touch
from clubcrm.members.models import Membership
from clubcrm.members.operations import FreezeValues, declare_closure, freeze_memberships
from clubcrm.members.queries import TermRow, closures_of, memberships_of_many

_ONE_DAY = timedelta(days=1)
_term = cast(Table, Membership.__table__)


@dataclass(frozen=True, slots=True)
class _Frozen:
    """A freeze to be stored."""

    values: FreezeValues
    digest: str


class FreezesImporter:
    """Takes in freezes of terms that stand in the records."""

    def __init__(self, task: Task) -> None:
        self._task = task
        self._seen: dict[str, int] = {}
        self._periods: dict[int, list[Period]] = {}
        self._new: list[tuple[str, int, Period]] = []

    def decide(self, session: Session, rows: Sequence[Row]) -> list[Decision]:
        """A freeze that stands already, or was told before, is unchanged."""
        live = [row for row in rows if not row.is_rejected]
        references = {row.get("member") for row in live} - {None}
        found = find_members(session, self._task.club, references)
        people = {row.line: name_member(row, found) for row in live}
        terms = memberships_of_many(session, {pid for pid in people.values() if pid is not None})
        periods = {row.line: _period(row) for row in live}
        digests = {
            row.line: digest_of("f", people[row.line], period.start, period.until)
            for row in live
            if (period := periods[row.line]) is not None
        }
        known = recall(session, self._task.club.id, Kind.FREEZES, set(digests.values()))
        decisions = []
        for row in rows:
            person_id, period = people.get(row.line), periods.get(row.line)
            if row.is_rejected or person_id is None or period is None:
                decisions.append(Decision(row, RowOutcome.REJECTED))
                continue
            digest = digests[row.line]
            if digest in known or digest in self._seen:
                decisions.append(Decision(row, RowOutcome.UNCHANGED))
                continue
            decisions.append(self._judge(row, period, terms.get(person_id, ()), digest))
        return decisions

    def store(self, session: Session, decisions: Sequence[Decision]) -> Effects:
        """Freeze the terms; their ends hold the frozen days already, as the file of terms told them."""
        effects = Effects()
        new: list[_Frozen] = [d.what for d in decisions if d.outcome is RowOutcome.STORED]
        term_ids = sorted({one.values.membership_id for one in new})
        before = _terms(session, term_ids)
        ids = freeze_memberships(
            session,
            [one.values for one in new],
            club_id=self._task.club.id,
            by=self._task.by,
            now=self._task.now,
            imported=True,
        )
        after = _terms(session, term_ids)
        for one, freeze_id in zip(new, ids):
            effects.said.append(Said(Kind.FREEZES, one.digest, freeze_id))
            effects.touched.append(Touched("membership_freeze", freeze_id, Touch.CREATED, 1))
        for term_id in term_ids:
            old = {
                name: plain(before[term_id][name])
                for name in ("starts_on", "agreed_until_on", "until_on")
            }
            old[REVISION] = before[term_id]["revision"]
            revision = after[term_id]["revision"]
            effects.touched.append(Touched("membership", term_id, Touch.CHANGED, revision, old))
        return effects

    def settle(self, done: bool) -> None:
        """Keep or forget what the last part taught."""
        if not done:
            for digest, term_id, period in self._new:
                self._seen.pop(digest, None)
                self._periods[term_id].remove(period)
        self._new.clear()

    def finish(self, session: Session) -> Effects | None:
        """Nothing waits for the end."""
        del session
        return None

    def _judge(self, row: Row, period: Period, terms: Sequence[TermRow], digest: str) -> Decision:
        """Hang a freeze on the term that runs on its first day."""
        running = [
            term
            for term in terms
            if term.club_id == self._task.club.id
            and Period(term.starts_on, term.until_on).contains(period.start)
        ]
        if not running:
            row.add(ProblemCode.NO_TERM_THEN, "from", value=period.start.isoformat())
            return Decision(row, RowOutcome.REJECTED)
        term = max(running, key=lambda one: (one.is_access, one.starts_on, one.id))
        if period in term.pauses:
            return Decision(row, RowOutcome.UNCHANGED)
        others = (*term.pauses, *self._periods.get(term.id, ()))
        if any(period.overlaps(other) for other in others):
            row.add(ProblemCode.FREEZES_OVERLAP, "from", value=period.start.isoformat())
            return Decision(row, RowOutcome.REJECTED)
        self._periods.setdefault(term.id, []).append(period)
        self._seen[digest] = row.line
        self._new.append((digest, term.id, period))
        values = FreezeValues(membership_id=term.id, period=period, reason=row.get("reason") or "")
        return Decision(row, RowOutcome.STORED, _Frozen(values, digest))


@dataclass(frozen=True, slots=True)
class _Closed:
    """A closure to be stored."""

    period: Period
    share: int
    name: str
    extends_terms: bool


class ClosuresImporter:
    """Takes in days on which the club is closed, or expects only a share of its visits."""

    def __init__(self, task: Task) -> None:
        self._task = task
        self._seen: dict[Period, tuple[int, int]] = {}  # share and line
        self._new: list[Period] = []

    def decide(self, session: Session, rows: Sequence[Row]) -> list[Decision]:
        """A closure that stands already is unchanged."""
        standing = {
            closure.period: closure.share_percent
            for closure in closures_of(session, self._task.club.id)
        }
        return [self._judge(row, standing) for row in rows]

    def store(self, session: Session, decisions: Sequence[Decision]) -> Effects:
        """Declare the closures."""
        effects = Effects()
        for decision in decisions:
            if decision.outcome is not RowOutcome.STORED:
                continue
            closed: _Closed = decision.what
            closure_id = declare_closure(
                session,
                self._task.club.id,
                closed.period,
                share_percent=closed.share,
                extends_terms=closed.extends_terms,
                name=closed.name,
                by=self._task.by,
                now=self._task.now,
            )
            effects.touched.append(Touched("club_closure", closure_id, Touch.CREATED))
        return effects

    def settle(self, done: bool) -> None:
        """Keep or forget what the last part taught."""
        if not done:
            for period in self._new:
                self._seen.pop(period, None)
        self._new.clear()

    def finish(self, session: Session) -> Effects | None:
        """Nothing waits for the end."""
        del session
        return None

    def _judge(self, row: Row, standing: Mapping[Period, int]) -> Decision:
        club = self._task.club
        named = row.get("club")
        if named is not None and fold(named) not in (fold(club.code), fold(club.name)):
            other = self._task.other_clubs.get(fold(named))
            if other is not None:
                row.add(ProblemCode.OTHER_CLUB, "club", value=named[:60], at=other)
            else:
                row.add(ProblemCode.UNKNOWN_CLUB, "club", value=named[:60])
        if row.bad("share") and row.get("share") is None:
            row.add(ProblemCode.MISSING, "share")
        period = None if row.is_rejected else _period(row)
        if row.is_rejected or period is None:
            return Decision(row, RowOutcome.REJECTED)
        share = row.get("share") or 0
        told, line = self._seen.get(period, (standing.get(period), 0))
        if told == share:
            return Decision(row, RowOutcome.UNCHANGED)
        if told is not None:
            # The same days with two shares would contradict one another.
            if line:
                row.add(ProblemCode.CONFLICTS, "share", line=line, columns="share")
            else:
                days = f"{period.start} – {period.until}"
                row.add(ProblemCode.STANDS, "share", value=days, line=0)
            return Decision(row, RowOutcome.REJECTED)
        self._seen[period] = (share, row.line)
        self._new.append(period)
        extends = bool(row.get("extends_terms")) and share == 0
        return Decision(
            row, RowOutcome.STORED, _Closed(period, share, row.get("name") or "", extends)
        )


def _period(row: Row) -> Period | None:
    """The days of a row: `until` is the first day back, `last_day` the last one without."""
    start = row.get("from")
    until = row.get("until")
    last_day = row.get("last_day")
    if until is None and last_day is not None:
        until = last_day + _ONE_DAY
    if start is None:
        row.add(ProblemCode.MISSING, "from")
    if until is None:
        row.add(ProblemCode.MISSING, "until")
    if start is None or until is None:
        return None
    if until <= start:
        row.add(
            ProblemCode.ENDS_BEFORE_START,
            "until",
            value=until.isoformat(),
            start=start.isoformat(),
        )
        return None
    return Period(start, until)


def _terms(session: Session, term_ids: Sequence[int]) -> dict[int, Mapping[str, Any]]:
    found: dict[int, Mapping[str, Any]] = {}
    for chunk in chunks(term_ids, 2000):
        query = select(_term).where(_term.c.id.in_(chunk))
        found.update({row["id"]: dict(row) for row in session.execute(query).mappings()})
    return found
