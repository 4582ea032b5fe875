"""A file of terms: each row one membership, and often the person who holds it."""

from collections.abc import Collection, Mapping, Sequence
from datetime import date, datetime, time
from typing import Any, Final, cast
from zoneinfo import ZoneInfo

from sqlalchemy import Table, select
from sqlalchemy.orm import Session

from clubcrm.core.sql import chunks
from clubcrm.exchange.operations.memory import (
    Known,
    added_to,
    digest_of,
    marks_of,
    new_cells,
    recall,
)
from clubcrm.exchange.operations.people import PeopleDesk, Verdict
from clubcrm.exchange.operations.tasks import Decision, Effects, Task
from clubcrm.exchange.operations.terms_read import Term, TermVerdict, Told, read_term
from clubcrm.exchange.operations.terms_stored import link_previous, store_terms
from clubcrm.exchange.policies.row import Row
from clubcrm.exchange.states import Kind, ProblemCode, RowOutcome
from clubcrm.members.models import Membership
from clubcrm.members.queries import plans

AT_ONCE: Final = 1000
"""Terms linked in one transaction at the end."""

_term = cast(Table, Membership.__table__)
_CELLS: Final = (
    "plan",
    "starts_on",
    "ends_on",
    "sold_on",
    "price",
    "paid",
    "visits_left",
    "auto_renew",
    "previous",
    "renewals_before",
    "status",
)


class MembershipsImporter:
    """Takes in terms, and the people who hold them."""

    def __init__(self, task: Task) -> None:
        self._task = task
        self._desk = PeopleDesk(task)
        self._names_term = "member" in task.layout.columns  # else external_id names both
        self._plans: dict[str, int | None] = {}
        self._met: dict[str, Term] = {}
        self._first: dict[str, tuple[int, dict[str, int]]] = {}
        self._new: list[str] = []
        self._followers: list[tuple[int, Term]] = []

    def decide(self, session: Session, rows: Sequence[Row]) -> list[Decision]:
        """New or changed terms and people are stored, others are unchanged."""
        told = {row.line: read_term(row, self._task) for row in rows if not row.is_rejected}
        verdicts = self._desk.decide(session, rows)
        self._plans |= {p.folded_name: p.id for p in plans(session, self._task.club.id)}
        look = _Terms(session, self._task.club.id, self._rows_of(rows, verdicts, told))
        decisions = []
        for row, verdict in zip(rows, verdicts, strict=True):
            term = told.get(row.line)
            judged = None
            if verdict is not None and term is not None:
                judged = self._judge(row, verdict, term, look)
            if judged is None:
                decisions.append(Decision(row, RowOutcome.REJECTED))
                continue
            outcome = RowOutcome.STORED if judged.is_news else RowOutcome.UNCHANGED
            decisions.append(Decision(row, outcome, judged))
        return decisions

    def store(self, session: Session, decisions: Sequence[Decision]) -> Effects:
        """Store people, plans, terms and what is still owed for them."""
        effects = store_terms(session, self._task, decisions, self._plans)
        for decision in decisions:
            term = decision.what.term if decision.what is not None else None
            if term is not None and term.told.previous:
                self._followers.append((decision.row.line, term))
        return effects

    def settle(self, done: bool) -> None:
        """Keep or forget what the last part taught."""
        self._desk.settle(done)
        keeps_terms = done and self._task.is_rehearsal
        for key in self._new:
            if not keeps_terms:
                self._met.pop(key, None)
            if not done:
                self._first.pop(key, None)
        self._new.clear()
        if not done:
            self._plans.clear()

    def finish(self, session: Session) -> Effects | None:
        """Link renewals to the terms they follow, now that every term is known."""
        if not self._followers:
            return None
        part, self._followers = self._followers[:AT_ONCE], self._followers[AT_ONCE:]
        return link_previous(session, self._task, part)

    def _rows_of(
        self,
        rows: Sequence[Row],
        verdicts: Sequence[Verdict | None],
        told: Mapping[int, Told | None],
    ) -> list[tuple[Row, Verdict, str]]:
        found = []
        for row, verdict in zip(rows, verdicts, strict=True):
            term = told.get(row.line)
            if verdict is not None and term is not None:
                found.append((row, verdict, self._digest(row, verdict, term)))
        return found

    def _digest(self, row: Row, verdict: Verdict, told: Told) -> str:
        """What makes a term the same in the next file."""
        given = row.get("external_id")
        if self._names_term and given is not None:
            return digest_of("t", given)
        if given is not None and not row.is_repeated:
            return digest_of("t", "x", given)
        return digest_of("t", verdict.digest, told.starts_on, told.folded_plan)

    def _judge(self, row: Row, verdict: Verdict, told: Told, look: "_Terms") -> TermVerdict | None:
        """What a row says of its term; None where it is rejected."""
        digest = self._digest(row, verdict, told)
        marks = marks_of({name: row.values[name] for name in _CELLS if name in row.values})
        term = self._met.get(digest)
        first = self._first.get(digest)
        if first is not None or term is not None:
            if self._is_of_another(row, verdict, term, look):
                row.add(
                    ProblemCode.OF_OTHER_MEMBER, "external_id", value=row.get("external_id")[:60]
                )
                return None
            return self._judge_again(row, verdict, term, first, digest, marks)
        held = self._held(row, verdict, told, digest, look)
        if row.is_rejected:
            return None
        term = Term(row.line, verdict.somebody, told, row.get("external_id"), marks, held)
        self._note(digest, term, row)
        known = look.known.get(digest)
        if known is not None and (held is None or known.row_id != held["id"]):
            known = None
        fresh = new_cells(known, marks)
        if held is not None:
            term.changes = self._changes(held, told, fresh)
        self._warn_rest(row, term, told)
        is_news = verdict.is_news or held is None or bool(term.changes)
        return TermVerdict(verdict, term, is_news, digest, added_to(known, marks), bool(fresh))

    def _is_of_another(self, row: Row, verdict: Verdict, term: Term | None, look: "_Terms") -> bool:
        """Whether an earlier row of the file gave the number of this term to another person."""
        given = row.get("external_id")
        if not self._names_term or given is None:
            return False
        if term is not None and term.id is None:
            return term.somebody is not verdict.somebody
        named = look.by_external_id.get(given)
        return named is not None and named["person_id"] != verdict.somebody.id

    def _judge_again(
        self,
        row: Row,
        verdict: Verdict,
        term: Term | None,
        first: tuple[int, dict[str, int]] | None,
        digest: str,
        marks: dict[str, int],
    ) -> TermVerdict | None:
        """A row about a term that an earlier row of the file told already: the earlier one counts."""
        line, said = first or ((term.line, term.marks) if term else (row.line, marks))
        clashes = sorted(name for name in marks if name in said and said[name] != marks[name])
        if clashes:
            row.add(ProblemCode.CONFLICTS, None, line=line, columns=", ".join(clashes))
            return None
        row.add(ProblemCode.SAME_AS_LINE, None, line=line)
        return TermVerdict(verdict, term, verdict.is_news, digest, marks, has_new_marks=False)

    def _note(self, digest: str, term: Term, row: Row) -> None:
        if row.is_repeated:
            self._first[digest] = (row.line, term.marks)
        if row.is_repeated or not self._task.is_rehearsal:
            self._met[digest] = term
        self._new.append(digest)

    def _held(
        self, row: Row, verdict: Verdict, told: Told, digest: str, look: "_Terms"
    ) -> Mapping[str, Any] | None:
        """The term in the records that a row means; None where it is a new one."""
        person_id = verdict.somebody.id
        given = row.get("external_id")
        named = look.by_external_id.get(given) if given is not None else None
        if named is not None and named["person_id"] != person_id:
            row.add(ProblemCode.OF_OTHER_MEMBER, "external_id", value=given[:60])
            return None
        if named is not None and self._names_term:
            return named
        if person_id is None:
            return None
        known = look.known.get(digest)
        told_before = look.by_id.get(known.row_id) if known is not None else None
        if told_before is not None and _overlap(told_before, told):
            return told_before
        own = look.by_person.get(person_id, ())
        same_start = [term for term in own if term["starts_on"] == told.starts_on]
        same_plan = [
            term for term in same_start if term["plan_id"] == self._plans.get(told.folded_plan)
        ]
        for fitting in (same_plan, same_start):
            if len(fitting) == 1 and (fitting is same_plan or not row.is_repeated):
                return fitting[0]
        if named is not None and not row.is_repeated and _overlap(named, told):
            return named
        return None

    def _changes(
        self, held: Mapping[str, Any], told: Told, fresh: Collection[str]
    ) -> dict[str, Any]:
        """What a row says anew of a term in the records."""
        if not held["sold_here"]:
            new = self._told_columns(held, told, fresh)
            return {name: value for name, value in new.items() if held[name] != value}
        # Sold or renewed here meanwhile: the old system knows nothing better of it.
        return {}

    def _told_columns(
        self, held: Mapping[str, Any], told: Told, fresh: Collection[str]
    ) -> dict[str, Any]:
        new: dict[str, Any] = {}
        if "starts_on" in fresh:
            new["starts_on"] = told.starts_on
        says_end = told.until_on is not None and {"ends_on", "status"} & set(fresh)
        if says_end and told.until_on not in (held["until_on"], held["agreed_until_on"]):
            new["until_on"] = told.until_on
        if "status" in fresh and told.end_reason is not None and held["end_reason"] is None:
            new["end_reason"] = told.end_reason
            new |= told.cancelling(_start_of(self._task.as_of_on, self._task.club.timezone))
        if "plan" in fresh:
            new["plan_id"] = self._plans.get(told.folded_plan, told.folded_plan)
        for cell, money, column in (
            ("price", told.price, "price_minor"),
            ("paid", told.paid, "paid_before_minor"),
        ):
            if cell in fresh and money is not None:
                new |= {column: money.minor, "currency": money.currency}
        for cell, value in (
            ("visits_left", told.visits_left),
            ("auto_renew", told.auto_renew),
            ("renewals_before", told.renewals_before),
        ):
            if cell in fresh:
                new[cell] = value
        if "sold_on" in fresh:
            new["sold_at"] = told.sold_at
        return new

    def _warn_rest(self, row: Row, term: Term, told: Told) -> None:
        rest = told.rest
        if rest is not None and term.held is None:
            row.add(ProblemCode.REST_OWED, "paid", amount=f"{rest.major} {rest.currency}")


class _Terms:
    """What the records say of the terms of one part of a file."""

    def __init__(
        self, session: Session, club_id: int, rows: Sequence[tuple[Row, Verdict, str]]
    ) -> None:
        person_ids = {v.somebody.id for _, v, _ in rows if v.somebody.id is not None}
        given = {row.get("external_id") for row, _, _ in rows} - {None}
        self.known: dict[str, Known] = recall(
            session, club_id, Kind.MEMBERSHIPS, {digest for _, _, digest in rows}
        )
        self.by_id: dict[int, Mapping[str, Any]] = {}
        self.by_person: dict[int, list[Mapping[str, Any]]] = {}
        self.by_external_id: dict[str, Mapping[str, Any]] = {}
        at_club = (_term.c.club_id == club_id, _term.c.voided_at.is_(None))
        for column, values in ((_term.c.person_id, person_ids), (_term.c.external_id, given)):
            for chunk in chunks(sorted(values), 2000):
                query = select(_term).where(*at_club, column.in_(chunk)).order_by(_term.c.id)
                for row in session.execute(query).mappings():
                    self._add(dict(row))

    def _add(self, row: Mapping[str, Any]) -> None:
        if row["id"] in self.by_id:
            return
        self.by_id[row["id"]] = row
        self.by_person.setdefault(row["person_id"], []).append(row)
        if row["external_id"] is not None:
            self.by_external_id[row["external_id"]] = row


def _overlap(held: Mapping[str, Any], told: Told) -> bool:
    ends_before = told.until_on is not None and told.until_on <= held["starts_on"]
    begins_after = held["until_on"] is not None and held["until_on"] <= told.starts_on
    return not ends_before and not begins_after


def _start_of(day: date, timezone: str) -> datetime:
    return datetime.combine(day, time.min, tzinfo=ZoneInfo(timezone))
