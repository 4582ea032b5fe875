"""Storing the terms of a file: plans first, then terms, then what is owed for them."""

from collections.abc import Sequence
from datetime import date, datetime, time
from enum import Enum
from typing import Any, cast
from zoneinfo import ZoneInfo

from sqlalchemy import Table, select
from sqlalchemy.orm import Session

from clubcrm.billing.models import Invoice
from clubcrm.billing.operations import DebtValues, record_debts
from clubcrm.billing.states import InvoiceState
from clubcrm.core.sql import chunks
from clubcrm.exchange.operations.members import people_of
from clubcrm.exchange.operations.people_stored import said_of, store_people
from clubcrm.exchange.operations.tasks import (
    REVISION,
    Decision,
    Effects,
    Said,
    Task,
    Touched,
)
from clubcrm.exchange.operations.terms_read import Term, TermVerdict
from clubcrm.exchange.policies.row import Problem
from clubcrm.exchange.states import Kind, ProblemCode, RowOutcome, Touch
from clubcrm.members.models import Membership
from clubcrm.members.operations import (
    PlanValues,
    TermValues,
    add_plan,
    correct_memberships,
    start_memberships,
)
from clubcrm.members.states import Link, PlanKind

_term = cast(Table, Membership.__table__)
_invoice = cast(Table, Invoice.__table__)


def store_terms(
    session: Session, task: Task, decisions: Sequence[Decision], plans: dict[str, int | None]
) -> Effects:
    """Store what the rows say of people and terms; new terms and people get their ids."""
    effects = store_people(session, task, people_of(decisions))
    verdicts: list[TermVerdict] = [d.what for d in decisions if d.what is not None]
    # Two rows may tell one term, where the second adds something about the person.
    told = {id(v.term): v.term for v in verdicts if v.term is not None}
    spoken_of = {id(d.what.term) for d in decisions if d.outcome is RowOutcome.STORED}
    stored = [term for key, term in told.items() if key in spoken_of]
    newcomers = [term for term in stored if term.held is None and term.new_id is None]
    _add_plans(session, task, stored, plans, effects)
    _start(session, task, newcomers, plans, effects)
    _correct(session, task, [term for term in stored if term.changes], plans, effects)
    _owe(session, task, newcomers, effects)
    for verdict in verdicts:
        effects.said += said_of(verdict.person)
        term = verdict.term
        if term is not None and term.id is not None and verdict.has_new_marks:
            said = Said(Kind.MEMBERSHIPS, verdict.digest, term.id, dict(verdict.marks))
            effects.said.append(said)
    return effects


def link_previous(session: Session, task: Task, followers: Sequence[tuple[int, Term]]) -> Effects:
    """Link terms to the ones they follow, by the external ids the file gives.

    One that cannot be linked stays as it is, with a warning on its line.
    """
    effects = Effects()
    wanted = {term.told.previous for _, term in followers if term.told.previous}
    before: dict[str, Any] = {}
    for chunk in chunks(sorted(wanted), 2000):
        query = select(_term).where(
            _term.c.club_id == task.club.id,
            _term.c.external_id.in_(chunk),
            _term.c.voided_at.is_(None),
        )
        before.update({row["external_id"]: row for row in session.execute(query).mappings()})
    standing = _links(session, task, [row["id"] for row in before.values()], followers)
    taken = {previous: follower for follower, previous in standing.items()}
    changes: dict[int, dict[str, Any]] = {}
    for line, term in followers:
        assert term.id is not None
        previous = before.get(term.told.previous or "")
        if term.id in standing:
            # It follows a term already; the file is not heard again on that.
            continue
        fits = (
            previous is not None
            and previous["person_id"] == term.somebody.id
            and previous["id"] != term.id
            and previous["starts_on"] <= term.told.starts_on
            and previous["id"] not in taken
        )
        if not fits or previous is None:
            value = (term.told.previous or "")[:60]
            problem = Problem(ProblemCode.PREVIOUS_UNKNOWN, "previous", {"value": value})
            effects.late.append((line, problem))
            continue
        taken[previous["id"]] = term.id
        changes[term.id] = {"previous_id": previous["id"], "link": Link.RENEWAL}
    _write_changes(session, task, changes, effects)
    return effects


def _links(
    session: Session, task: Task, previous_ids: Sequence[int], followers: Sequence[tuple[int, Term]]
) -> dict[int, int]:
    """Which terms follow which already: of those that would be followed, and those that follow."""
    found: dict[int, int] = {}
    own = [term.id for _, term in followers if term.id is not None]
    for column, ids in ((_term.c.previous_id, previous_ids), (_term.c.id, own)):
        for chunk in chunks(sorted(set(ids)), 2000):
            query = select(_term.c.id, _term.c.previous_id).where(
                _term.c.club_id == task.club.id,
                column.in_(chunk),
                _term.c.previous_id.is_not(None),
                _term.c.voided_at.is_(None),
            )
            found.update(dict(session.execute(query).all()))
    return found


def _add_plans(
    session: Session,
    task: Task,
    terms: Sequence[Term],
    plans: dict[str, int | None],
    effects: Effects,
) -> None:
    """Make the plans nobody has heard of: without limits, since none are known."""
    for term in terms:
        told = term.told
        if plans.get(told.folded_plan) is not None:
            continue
        values = PlanValues(
            name=told.plan,
            kind=PlanKind.TERM if told.visits_left is None else PlanKind.PACK,
            is_trial=told.is_trial,
            is_imported=True,
            is_on_sale=False,
        )
        plan_id = add_plan(session, values, club_id=task.club.id, by=task.by, now=task.now)
        plans[told.folded_plan] = plan_id
        effects.touched.append(Touched("plan", plan_id, Touch.CREATED))


def _start(
    session: Session,
    task: Task,
    terms: Sequence[Term],
    plans: dict[str, int | None],
    effects: Effects,
) -> None:
    taken = _taken_ids(session, task, [t.external_id for t in terms if t.external_id])
    as_of = datetime.combine(task.as_of_on, time.min, tzinfo=ZoneInfo(task.club.timezone))
    values = []
    for term in terms:
        told = term.told
        external_id = term.external_id
        if external_id in taken:
            # One id for a person and several terms: the first of them has it.
            external_id = None
        elif external_id is not None:
            taken.add(external_id)
        plan_id, person_id = plans[told.folded_plan], term.somebody.id
        assert plan_id is not None, "every plan was made before"
        assert person_id is not None, "every person was stored before"
        values.append(
            TermValues(
                person_id=person_id,
                plan_id=plan_id,
                starts_on=told.starts_on,
                until_on=told.until_on,
                price=told.price,
                paid_before=told.paid,
                sold_at=told.sold_at,
                visits_left=told.visits_left,
                auto_renew=told.auto_renew,
                external_id=external_id,
                renewals_before=told.renewals_before,
                end_reason=told.end_reason,
                **told.cancelling(as_of),
            )
        )
    ids = start_memberships(
        session,
        values,
        club_id=task.club.id,
        by=task.by,
        now=task.now,
        imported=True,
        as_of_on=task.as_of_on,
    )
    for term, term_id in zip(terms, ids):
        term.new_id = term_id
        effects.touched.append(Touched("membership", term_id, Touch.CREATED, 1))


def _taken_ids(session: Session, task: Task, external_ids: Sequence[str]) -> set[str | None]:
    taken: set[str | None] = set()
    for chunk in chunks(sorted(set(external_ids)), 2000):
        query = select(_term.c.external_id).where(
            _term.c.club_id == task.club.id, _term.c.external_id.in_(chunk)
        )
        taken.update(session.scalars(query))
    return taken


def _correct(
    session: Session,
    task: Task,
    terms: Sequence[Term],
    plans: dict[str, int | None],
    effects: Effects,
) -> None:
    changes: dict[int, dict[str, Any]] = {}
    for term in terms:
        assert term.id is not None
        new = dict(term.changes)
        if isinstance(new.get("plan_id"), str):
            new["plan_id"] = plans[new["plan_id"]]
        changes[term.id] = new
    _write_changes(session, task, changes, effects)


def _write_changes(
    session: Session, task: Task, changes: dict[int, dict[str, Any]], effects: Effects
) -> None:
    before = correct_memberships(
        session,
        changes,
        club_id=task.club.id,
        by=task.by,
        now=task.now,
        as_of_on=task.as_of_on,
    )
    revisions: dict[int, int] = {}
    for chunk in chunks(sorted(before), 2000):
        query = select(_term.c.id, _term.c.revision).where(_term.c.id.in_(chunk))
        revisions.update(dict(session.execute(query).all()))
    effects.touched += [
        Touched(
            "membership",
            term_id,
            Touch.CHANGED,
            revisions[term_id],
            {name: _plain(value) for name, value in old.items()}
            | {REVISION: revisions[term_id] - 1},
        )
        for term_id, old in before.items()
    ]


def _owe(session: Session, task: Task, terms: Sequence[Term], effects: Effects) -> None:
    """Record what is still owed of a price, unless a file of debts told the same debt already."""
    owing = [term for term in terms if term.told.rest is not None]
    if not owing:
        return
    told = _told_debts(session, task, {t.somebody.id for t in owing if t.somebody.id is not None})
    rows = []
    for term in owing:
        rest, person_id = term.told.rest, term.somebody.id
        assert rest is not None
        assert person_id is not None
        debt = (person_id, rest.minor, rest.currency)
        if debt in told:
            told.remove(debt)
            continue
        rows.append(
            DebtValues(
                person_id=person_id,
                amount=rest,
                due_on=term.told.starts_on,
                purpose=term.told.plan,
                membership_id=term.id,
            )
        )
    ids = record_debts(session, rows, club_id=task.club.id, by=task.by, now=task.now)
    effects.touched += [Touched("invoice", invoice_id, Touch.CREATED) for invoice_id in ids]


def _told_debts(session: Session, task: Task, person_ids: set[int]) -> list[tuple[int, int, str]]:
    found: list[tuple[int, int, str]] = []
    for chunk in chunks(sorted(person_ids), 2000):
        query = select(_invoice.c.person_id, _invoice.c.total_minor, _invoice.c.currency).where(
            _invoice.c.club_id == task.club.id,
            _invoice.c.person_id.in_(chunk),
            _invoice.c.membership_id.is_(None),
            _invoice.c.state == InvoiceState.ISSUED,
        )
        found += [(person, minor, currency) for person, minor, currency in session.execute(query)]
    return found


def _plain(value: Any) -> Any:
    if isinstance(value, date | datetime):
        return value.isoformat()
    return value.value if isinstance(value, Enum) else value
