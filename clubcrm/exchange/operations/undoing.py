"""Undo of an import, step by step: what only it made goes, what somebody touched since stays.

The steps run in the order in which rows hang on one another: visits, money, freezes, closures, terms,
cards, balances, consents, people, plans. Each call handles some rows in the caller's transaction; a
touch that was dealt with is forgotten, so an undo that was cut off goes on.
"""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date, datetime
from typing import Any, Final, cast

from sqlalchemy import Table, delete, exists, select, update
from sqlalchemy.orm import Session

from clubcrm.billing.models import Invoice, Payment
from clubcrm.billing.operations import DebtValues, record_debts, reverse_payments, void_invoices
from clubcrm.billing.states import InvoiceState
from clubcrm.core.actor import Actor
from clubcrm.core.events import record
from clubcrm.core.models import FieldChange
from clubcrm.core.money import Money
from clubcrm.core.sql import chunks
from clubcrm.exchange.models import ImportTouch
from clubcrm.exchange.operations.hanging import hanging_on
from clubcrm.exchange.operations.tasks import REVISION
from clubcrm.exchange.states import Kept, Touch
from clubcrm.members.models import Closure, Freeze, Membership, Person, Plan
from clubcrm.members.operations import (
    ConsentValues,
    change_people,
    correct_memberships,
    record_consents,
    remove_freezes,
    remove_memberships,
    remove_people,
    set_card_words,
    void_imported,
    withdraw_closure,
)
from clubcrm.members.states import ConsentChannel, EndReason, Link
from clubcrm.messaging.models import Message, Task
from clubcrm.retention.models import Assignment, MemberState, PhaseChange, Touchpoint
from clubcrm.visits.events import OpeningBalanceSet
from clubcrm.visits.models import Credential, OpeningBalance, Visit
from clubcrm.visits.operations import BalanceValues, remove_visits, set_opening_balances
from clubcrm.visits.queries import codes_of

REASON: Final = "the import was undone"
AT_ONCE: Final = 500
MOST_LISTED: Final = 500

_touch = cast(Table, ImportTouch.__table__)
_person = cast(Table, Person.__table__)
_term = cast(Table, Membership.__table__)
_visit = cast(Table, Visit.__table__)
_payment = cast(Table, Payment.__table__)
_invoice = cast(Table, Invoice.__table__)
_freeze = cast(Table, Freeze.__table__)
_closure = cast(Table, Closure.__table__)
_card = cast(Table, Credential.__table__)
_balance = cast(Table, OpeningBalance.__table__)
_plan = cast(Table, Plan.__table__)
_reversal = _payment.alias("reversal")


@dataclass
class Undone:
    """What an undo did: rows removed, given their old values back, money reversed, rows kept.

    `kept_rows` names the first few hundred kept ones: [table, id, why].
    """

    removed: int = 0
    restored: int = 0
    reversed: int = 0
    kept: int = 0
    kept_rows: list[list[Any]] = field(default_factory=list)

    def keep(self, table: str, row_ids: Sequence[int], why: Kept) -> None:
        """Note rows that stay."""
        self.kept += len(row_ids)
        room = max(0, MOST_LISTED - len(self.kept_rows))
        self.kept_rows += [[table, row_id, why.value] for row_id in list(row_ids)[:room]]

    def as_dict(self) -> dict[str, Any]:
        """The figures, and the list of what was kept."""
        return {name: getattr(self, name) for name in self.__dataclass_fields__}


@dataclass(frozen=True)
class Undo:
    """An undo under way: which import, at which club, by whom; what came of it so far."""

    batch_id: int
    club_id: int
    by: Actor
    now: datetime
    done: Undone


Touches = Sequence[Mapping[str, Any]]
Step = tuple[str, Touch, Callable[[Session, Undo, Touches], None]]


def undo_some(session: Session, undo: Undo, step: Step, after_id: int) -> int | None:
    """Deal with some rows of one step; returns the last row's id, None when the step is done."""
    table, touch, act = step
    query = (
        select(_touch)
        .where(
            _touch.c.batch_id == undo.batch_id,
            _touch.c.table_name == table,
            _touch.c.touch == touch,
            _touch.c.row_id > after_id,
        )
        .order_by(_touch.c.row_id)
        .limit(AT_ONCE)
    )
    touches = [dict(row) for row in session.execute(query).mappings()]
    if not touches:
        return None
    act(session, undo, touches)
    return int(touches[-1]["row_id"])


def _visits(session: Session, undo: Undo, touches: Touches) -> None:
    rows = _standing(session, _visit, touches)
    touched = [row_id for row_id, row in rows.items() if row["undone_at"] is not None]
    gone = [row_id for row_id in rows if row_id not in touched]
    undo.done.removed += remove_visits(session, gone, by=undo.by, now=undo.now)
    undo.done.keep("visit", touched, Kept.CHANGED)
    _forget(session, undo, "visit", [t["row_id"] for t in touches if t["row_id"] not in touched])


def _check_outs(session: Session, undo: Undo, touches: Touches) -> None:
    ids = [touch["row_id"] for touch in touches]
    session.execute(update(_visit).where(_visit.c.id.in_(ids)).values(checked_out_at=None))
    undo.done.restored += len(ids)
    _forget(session, undo, "visit", ids)


def _payments(session: Session, undo: Undo, touches: Touches) -> None:
    ids = [touch["row_id"] for touch in touches]
    query = (
        select(_payment.c.id)
        .outerjoin(_reversal, _reversal.c.reverses_id == _payment.c.id)
        .where(_payment.c.id.in_(ids), _reversal.c.id.is_(None))
        .order_by(_payment.c.id)
    )
    standing = list(session.scalars(query))
    if standing:
        reverse_payments(session, standing, reason=REASON, by=undo.by, now=undo.now)
    undo.done.reversed += len(standing)
    _forget(session, undo, "payment", ids)


def _invoices(session: Session, undo: Undo, touches: Touches) -> None:
    rows = _standing(session, _invoice, touches)
    paid = [row_id for row_id, row in rows.items() if row["paid_minor"]]
    open_ = [
        row_id
        for row_id, row in rows.items()
        if row["state"] == InvoiceState.ISSUED and not row["paid_minor"]
    ]
    if open_:
        void_invoices(session, open_, reason=REASON, by=undo.by, now=undo.now)
    undo.done.reversed += len(open_)
    undo.done.keep("invoice", paid, Kept.PAID)
    _forget(session, undo, "invoice", [t["row_id"] for t in touches if t["row_id"] not in paid])


def _replaced_debts(session: Session, undo: Undo, touches: Touches) -> None:
    """Tell the debts again that the import had replaced by newer ones."""
    rows = [
        DebtValues(
            person_id=told["person_id"],
            amount=Money(told["minor"], told["currency"]),
            due_on=date.fromisoformat(told["due_on"]),
            purpose=told["purpose"],
        )
        for touch in touches
        if (told := touch["before"])
    ]
    record_debts(session, rows, club_id=undo.club_id, by=undo.by, now=undo.now)
    undo.done.restored += len(rows)
    _forget(session, undo, "invoice", [touch["row_id"] for touch in touches])


def _freezes(session: Session, undo: Undo, touches: Touches) -> None:
    """Remove freezes nobody touched, on terms nobody touched; the terms are given back next."""
    rows = _standing(session, _freeze, touches)
    terms = {row["membership_id"] for row in rows.values()}
    changed = _changed_since(session, undo, "membership", _term, terms)
    touched = [
        row_id
        for row_id, row in rows.items()
        if row["cancelled_at"] is not None
        or row["revision"] != 1
        or row["membership_id"] in changed
    ]
    gone = [row_id for row_id in rows if row_id not in touched]
    remove_freezes(session, gone)
    undo.done.removed += len(gone)
    undo.done.keep("membership_freeze", touched, Kept.CHANGED)
    _forget(
        session,
        undo,
        "membership_freeze",
        [t["row_id"] for t in touches if t["row_id"] not in touched],
    )


def _closures(session: Session, undo: Undo, touches: Touches) -> None:
    for row_id in _standing(session, _closure, touches):
        withdraw_closure(session, row_id, by=undo.by, now=undo.now)
        undo.done.removed += 1
    _forget(session, undo, "club_closure", [touch["row_id"] for touch in touches])


def _changed_terms(session: Session, undo: Undo, touches: Touches) -> None:
    rows = _standing(session, _term, touches)
    fit = [t for t in touches if t["row_id"] in rows and _is_untouched(rows[t["row_id"]], t)]
    changes = {t["row_id"]: _term_values(t["before"]) for t in fit}
    correct_memberships(session, changes, club_id=undo.club_id, by=undo.by, now=undo.now)
    _give_back_revisions(session, _term, fit)
    _settle(session, undo, "membership", touches, rows, {t["row_id"] for t in fit})


def _terms(session: Session, undo: Undo, touches: Touches) -> None:
    rows = _standing(session, _term, touches)
    untouched = [t["row_id"] for t in touches if _is_untouched(rows.get(t["row_id"]), t)]
    next_of = _next_of(session, undo, untouched)
    group = {*untouched, *next_of.values()}
    stays_held = _let_go_of_lines(hanging_on(session, _term, sorted(group)), next_of)
    gone = sorted(group - stays_held.keys())
    held = {row_id: tables for row_id, tables in stays_held.items() if row_id in untouched}
    for chunk in chunks(gone, 2000):
        values = {"previous_id": None, "link": None}
        session.execute(update(_term).where(_term.c.id.in_(chunk)).values(values))
    undo.done.removed += remove_memberships(session, gone, by=undo.by, now=undo.now)
    # Numbered documents stay; the terms they were for count nowhere any more.
    void = [row_id for row_id in held if _counts_nowhere(row_id, stays_held, next_of)]
    void_imported(session, void, reason=REASON, by=undo.by, now=undo.now)
    changed = [row_id for row_id in rows if row_id not in untouched]
    undo.done.keep("membership", changed, Kept.CHANGED)
    undo.done.keep("membership", list(held), Kept.HANGS)
    stays = {*changed, *held}
    _forget(session, undo, "membership", [t["row_id"] for t in touches if t["row_id"] not in stays])


def _cards(session: Session, undo: Undo, touches: Touches) -> None:
    rows = _standing(session, _card, touches)
    live = {row_id: row for row_id, row in rows.items() if row["ended_at"] is None}
    session.execute(delete(_card).where(_card.c.id.in_(list(live))))
    people = {row["person_id"] for row in live.values()}
    held = codes_of(session, people)
    set_card_words(session, {person_id: held.get(person_id, ()) for person_id in people})
    undo.done.removed += len(live)
    _forget(session, undo, "credential", [touch["row_id"] for touch in touches])


def _made_balances(session: Session, undo: Undo, touches: Touches) -> None:
    rows = _standing(session, _balance, touches, key="person_id")
    gone = [t["row_id"] for t in touches if _is_untouched(rows.get(t["row_id"]), t)]
    session.execute(delete(_balance).where(_balance.c.person_id.in_(gone)))
    events = [
        OpeningBalanceSet(
            club_id=undo.club_id,
            person_id=person_id,
            as_of_on=rows[person_id]["as_of_on"],
            affects_from_on=rows[person_id]["last_visit_on"] or rows[person_id]["as_of_on"],
        )
        for person_id in gone
    ]
    record(session, *events, by=undo.by, now=undo.now)
    _settle(session, undo, "visit_opening_balance", touches, rows, set(gone), removed=True)


def _changed_balances(session: Session, undo: Undo, touches: Touches) -> None:
    rows = _standing(session, _balance, touches, key="person_id")
    fit = [t for t in touches if _is_untouched(rows.get(t["row_id"]), t)]
    values = [
        BalanceValues(
            person_id=t["row_id"],
            as_of_on=date.fromisoformat(t["before"]["as_of_on"]),
            last_visit_on=_day(t["before"]["last_visit_on"]),
            visits_total=t["before"]["visits_total"],
            visits_per_week=t["before"]["visits_per_week"],
        )
        for t in fit
    ]
    set_opening_balances(session, values, club_id=undo.club_id, by=undo.by, now=undo.now)
    _give_back_revisions(session, _balance, fit, key="person_id")
    _settle(session, undo, "visit_opening_balance", touches, rows, {t["row_id"] for t in fit})


def _consents(session: Session, undo: Undo, touches: Touches) -> None:
    """Say again what was said before the import: nothing is ever deleted from what people answered."""
    channels = {"consent_email": ConsentChannel.EMAIL, "consent_sms": ConsentChannel.SMS}
    rows = [
        ConsentValues(
            person_id=touch["row_id"],
            channel=channels[column],
            is_given=bool(was),
            source=REASON,
        )
        for touch in touches
        for column, was in touch["before"].items()
    ]
    record_consents(session, rows, now=undo.now)
    undo.done.restored += len(touches)
    _forget(session, undo, "consent", [touch["row_id"] for touch in touches])


def _changed_people(session: Session, undo: Undo, touches: Touches) -> None:
    rows = _standing(session, _person, touches)
    fit = [t for t in touches if _is_untouched(rows.get(t["row_id"]), t)]
    changes = {t["row_id"]: _person_values(t["before"]) for t in fit}
    change_people(session, changes, by=undo.by, now=undo.now, imported=True)
    _give_back_revisions(session, _person, fit)
    _settle(session, undo, "person", touches, rows, {t["row_id"] for t in fit})


def _people(session: Session, undo: Undo, touches: Touches) -> None:
    rows = _standing(session, _person, touches)
    untouched = [t["row_id"] for t in touches if _is_untouched(rows.get(t["row_id"]), t)]
    held = hanging_on(session, _person, untouched)
    for row_id in _told_by_others(session, undo, untouched):
        held.setdefault(row_id, set()).add("visit_opening_balance")
    gone = [row_id for row_id in untouched if row_id not in held]
    for table, column in (
        (cast(Table, MemberState.__table__), "person_id"),
        (cast(Table, PhaseChange.__table__), "person_id"),
        (cast(Table, Touchpoint.__table__), "person_id"),
        (cast(Table, Assignment.__table__), "person_id"),
        (cast(Table, Task.__table__), "person_id"),
        (cast(Table, Message.__table__), "person_id"),
        (_balance, "person_id"),
        (cast(Table, FieldChange.__table__), "person_id"),
    ):
        session.execute(delete(table).where(table.c[column].in_(gone)))
    undo.done.removed += remove_people(session, gone)
    changed = [row_id for row_id in rows if row_id not in untouched]
    undo.done.keep("person", changed, Kept.CHANGED)
    undo.done.keep("person", list(held), Kept.HANGS)
    stays = {*changed, *held}
    _forget(session, undo, "person", [t["row_id"] for t in touches if t["row_id"] not in stays])


def _plans(session: Session, undo: Undo, touches: Touches) -> None:
    ids = list(_standing(session, _plan, touches))
    held = hanging_on(session, _plan, ids)
    gone = [row_id for row_id in ids if row_id not in held]
    session.execute(delete(_plan).where(_plan.c.id.in_(gone)))
    undo.done.removed += len(gone)
    undo.done.keep("plan", list(held), Kept.HANGS)
    _forget(session, undo, "plan", [t["row_id"] for t in touches if t["row_id"] not in held])


STEPS_OF_UNDO: Final[tuple[Step, ...]] = (
    ("visit", Touch.CREATED, _visits),
    ("visit", Touch.CHANGED, _check_outs),
    ("payment", Touch.CREATED, _payments),
    ("invoice", Touch.CREATED, _invoices),
    ("invoice", Touch.CHANGED, _replaced_debts),
    ("membership_freeze", Touch.CREATED, _freezes),
    ("club_closure", Touch.CREATED, _closures),
    ("membership", Touch.CHANGED, _changed_terms),
    ("membership", Touch.CREATED, _terms),
    ("credential", Touch.CREATED, _cards),
    ("visit_opening_balance", Touch.CHANGED, _changed_balances),
    ("visit_opening_balance", Touch.CREATED, _made_balances),
    ("consent", Touch.CHANGED, _consents),
    ("person", Touch.CHANGED, _changed_people),
    ("person", Touch.CREATED, _people),
    ("plan", Touch.CREATED, _plans),
)


def _standing(
    session: Session, table: Table, touches: Touches, *, key: str = "id"
) -> dict[int, dict[str, Any]]:
    """The touched rows that still stand, by id."""
    ids = [touch["row_id"] for touch in touches]
    query = select(table).where(table.c[key].in_(ids)).order_by(table.c[key])
    return {row[key]: dict(row) for row in session.execute(query).mappings()}


def _is_untouched(row: Mapping[str, Any] | None, touch: Mapping[str, Any]) -> bool:
    return row is not None and row["revision"] == touch["revision"]


def _changed_since(
    session: Session, undo: Undo, name: str, table: Table, row_ids: set[int]
) -> set[int]:
    """Of these rows, those that somebody touched after the import did."""
    query = (
        select(table.c.id)
        .join(_touch, (_touch.c.row_id == table.c.id) & (_touch.c.table_name == name))
        .where(
            _touch.c.batch_id == undo.batch_id,
            table.c.id.in_(sorted(row_ids)),
            table.c.revision != _touch.c.revision,
        )
    )
    return set(session.scalars(query))


def _next_of(session: Session, undo: Undo, term_ids: Sequence[int]) -> dict[int, int]:
    """Which term follows which, of those that the import made too and nobody touched since."""
    found: dict[int, int] = {}
    wave = list(term_ids)
    while wave:
        step: dict[int, int] = {}
        for chunk in chunks(sorted(wave), 2000):
            query = (
                select(_term.c.previous_id, _term.c.id)
                .join(
                    _touch, (_touch.c.row_id == _term.c.id) & (_touch.c.table_name == "membership")
                )
                .where(
                    _touch.c.batch_id == undo.batch_id,
                    _touch.c.touch == Touch.CREATED,
                    _touch.c.revision == _term.c.revision,
                    _term.c.previous_id.in_(chunk),
                )
            )
            step.update(dict(session.execute(query).all()))
        wave = [row_id for row_id in step.values() if row_id not in found]
        found |= step
    return found


def _let_go_of_lines(
    held: Mapping[int, set[str]], next_of: Mapping[int, int]
) -> dict[int, set[str]]:
    """What still hangs on terms when those go that follow them and are held by nothing themselves."""
    still = {row_id: set(tables) for row_id, tables in held.items()}
    before = {follower: row_id for row_id, follower in next_of.items()}
    for last in next_of.values():
        if last in next_of or last in still:
            continue
        row_id: int | None = before.get(last)
        while row_id is not None and row_id in still:
            still[row_id].discard("membership")
            if still[row_id]:
                break
            del still[row_id]
            row_id = before.get(row_id)
    return still


def _counts_nowhere(row_id: int, held: Mapping[int, set[str]], next_of: Mapping[int, int]) -> bool:
    """Whether a term stays for its documents alone, or for those of the terms that follow it."""
    follower: int | None = row_id
    while follower is not None:
        tables = held.get(follower, set())
        if not tables <= {"invoice", "membership"}:
            return False
        follower = next_of.get(follower)
        if follower is None and "membership" in tables:
            return False
    return True


def _told_by_others(session: Session, undo: Undo, person_ids: Sequence[int]) -> list[int]:
    """People of whom another import told something that hangs on no row of its own."""
    other = (
        exists()
        .where(
            _touch.c.batch_id != undo.batch_id,
            _touch.c.table_name.in_(("visit_opening_balance", "person")),
            _touch.c.row_id == _person.c.id,
        )
        .correlate(_person)
    )
    query = select(_person.c.id).where(_person.c.id.in_(list(person_ids)), other)
    return list(session.scalars(query))


def _give_back_revisions(
    session: Session, table: Table, touches: Touches, *, key: str = "id"
) -> None:
    """Let rows count as untouched again for an earlier import, whose own undo may follow."""
    for touch in touches:
        revision = touch["before"].get(REVISION)
        if revision is not None:
            session.execute(
                update(table).where(table.c[key] == touch["row_id"]).values(revision=revision)
            )


def _settle(
    session: Session,
    undo: Undo,
    name: str,
    touches: Touches,
    rows: Mapping[int, Any],
    fit: set[int],
    *,
    removed: bool = False,
) -> None:
    """Count what was given back, note what was kept, and forget what was dealt with."""
    if removed:
        undo.done.removed += len(fit)
    else:
        undo.done.restored += len(fit)
    stays = [t["row_id"] for t in touches if t["row_id"] in rows and t["row_id"] not in fit]
    undo.done.keep(name, stays, Kept.CHANGED)
    _forget(session, undo, name, [t["row_id"] for t in touches if t["row_id"] not in stays])


def _forget(session: Session, undo: Undo, name: str, row_ids: Sequence[int]) -> None:
    session.execute(
        delete(_touch).where(
            _touch.c.batch_id == undo.batch_id,
            _touch.c.table_name == name,
            _touch.c.row_id.in_(list(row_ids)),
        )
    )


def _term_values(before: Mapping[str, Any]) -> dict[str, Any]:
    """The old values of a term as its columns hold them."""
    values = {name: value for name, value in before.items() if name != REVISION}
    for name, value in values.items():
        if value is None:
            continue
        if name.endswith("_on"):
            values[name] = date.fromisoformat(value)
        elif name.endswith("_at"):
            values[name] = datetime.fromisoformat(value)
        elif name == "end_reason":
            values[name] = EndReason(value)
        elif name == "link":
            values[name] = Link(value)
    return values


def _person_values(before: Mapping[str, Any]) -> dict[str, Any]:
    """The old values of a person as `change_people` takes them."""
    values = {n: v for n, v in before.items() if n not in (REVISION, "phone_as_given")}
    for name in ("birth_date", "joined_on", "visits_known_from"):
        if values.get(name) is not None:
            values[name] = date.fromisoformat(values[name])
    return values


def _day(text: str | None) -> date | None:
    return None if text is None else date.fromisoformat(text)
