"""A big club made from a small one: every member many times over, each with a name of his own.

The rows are copied within the database, table by table, with their ids moved by a whole seed at a time,
so that all that hangs together in the seed hangs together in each copy. What happened (the event log)
and what an import touched is not copied.
"""

import random
from collections.abc import Iterable, Mapping
from typing import Any, Final, cast

from sqlalchemy import (
    Column,
    ColumnElement,
    Integer,
    String,
    Table,
    func,
    insert,
    literal,
    select,
    text,
    update,
)
from sqlalchemy import cast as as_type
from sqlalchemy.orm import Session

from clubcrm.bench.seed import FIRST_NAMES, LAST_NAMES
from clubcrm.billing.models import Invoice, InvoiceSeries, Payment, PaymentAllocation
from clubcrm.core.sql import insert_quickly, is_sqlite, measure_tables
from clubcrm.core.transactions import transaction
from clubcrm.members.models import Consent, Membership, Person, PersonClub
from clubcrm.members.operations.numbers import take_member_numbers
from clubcrm.members.operations.search_index import index_people, set_card_words
from clubcrm.members.policies import full_name_of, sort_name_of
from clubcrm.messaging.models import ContactBlock
from clubcrm.reports.models import BaseDay, RenewalOutcome, VisitHour
from clubcrm.retention.models import MemberState, PhaseChange
from clubcrm.visits.models import Credential, Visit, VisitDay

_person = cast(Table, Person.__table__)
COPIED: Final = tuple(
    cast(Table, model.__table__)
    for model in (
        *(PersonClub, Consent, Credential, Membership, Invoice, Payment, PaymentAllocation),
        *(Visit, VisitDay, MemberState, PhaseChange, RenewalOutcome, ContactBlock),
    )
)
"""In the order of their references. People come first, and by a way of their own."""

WEEK: Final = 7
_REFERRED: Final = frozenset({_person, *COPIED})


def multiply(times: int) -> None:
    """Make each member of the only club stand in it so many times."""
    if times < 2:
        return
    with transaction() as session:
        strides = {table.name: _last_id(session, table) for table in _REFERRED}
        _copy_people(session, times, strides)
    for table in COPIED:
        with transaction() as session:
            _wait_long(session)
            _copy(session, table, times, strides)
    with transaction() as session:
        _wait_long(session)
        _count_on(session, times, strides)
        cards = select(Credential.person_id, Credential.code).where(Credential.ended_at.is_(None))
        held: dict[int, list[str]] = {}
        for person_id, code in session.execute(cards):
            held.setdefault(person_id, []).append(code)
        set_card_words(session, held)
    with transaction() as session:
        measure_tables(session)
        if not is_sqlite(session):
            session.execute(text("ANALYZE"))


def _wait_long(session: Session) -> None:
    """Let a statement of this transaction take its time, as none of a page may."""
    if not is_sqlite(session):
        session.execute(text("SET LOCAL statement_timeout = 0"))


def _last_id(session: Session, table: Table) -> int:
    last = (session.scalar(select(func.max(table.c.id))) or 0) if "id" in table.c else 0
    # Whole weeks: a habit is looked at anew on a day of the week that goes by the person's id.
    return -(-last // WEEK) * WEEK


def _copy_people(session: Session, times: int, strides: Mapping[str, int]) -> None:
    dice = random.Random(52)
    seeds = [dict(row) for row in session.execute(select(_person)).mappings()]
    stride = strides[_person.name]
    copies = [_namesake(dice, seed, copy * stride) for copy in range(1, times) for seed in seeds]
    for person, number in zip(copies, take_member_numbers(session, len(copies)), strict=True):
        person["number"] = number
    columns = [column.name for column in _person.columns]
    rows = [tuple(person[name] for name in columns) for person in copies]
    insert_quickly(session, _person, columns, rows)
    index_people(session, copies, are_new=True)


def _namesake(dice: random.Random, seed: Mapping[str, Any], moved: int) -> dict[str, Any]:
    """Somebody of the same past with another name, phone, address and number."""
    no = seed["id"] + moved
    first, last = dice.choice(FIRST_NAMES), f"{dice.choice(LAST_NAMES)} {dice.choice(LAST_NAMES)}"
    return {
        **seed,
        "id": no,
        "external_id": f"M{no}",
        "first_name": first,
        "last_name": last,
        "full_name": full_name_of(first, last, ""),
        "sort_name": sort_name_of(first, last, full_name_of(first, last, "")),
        "phone": f"+35191{no:07}",
        "phone_as_given": None,
        "email": f"m{no}@example.com",
    }


def _copy(session: Session, table: Table, times: int, strides: Mapping[str, int]) -> None:
    copy = select(literal(1, Integer).label("no")).cte("copy", recursive=True)
    copy = copy.union_all(select(copy.c.no + 1).where(copy.c.no + 1 < times))
    seed = table.alias("seed")
    values = [_moved(session, column, seed, copy.c.no, strides) for column in table.columns]
    rows = select(*values).select_from(seed.join(copy, literal(True)))
    names = [column.name for column in table.columns]
    session.execute(insert(table).from_select(names, rows))


def _moved(
    session: Session,
    column: Column[Any],
    seed: Any,
    no: ColumnElement[int],
    strides: Mapping[str, int],
) -> ColumnElement[Any]:
    """A value of the seed as it stands in a copy."""
    table, value = column.table, seed.c[column.name]
    where = f"{table.name}.{column.name}"
    owner = next((key.column.table for key in column.foreign_keys), None)
    if owner is not None and owner in _REFERRED:
        return cast(ColumnElement[Any], value + no * strides[owner.name])
    if column.name == "id":
        return cast(ColumnElement[Any], value + no * strides[table.name])
    if where == "invoice.number":
        return cast(ColumnElement[Any], value + no * _most(session, column))
    if where == "credential.code":
        return as_type(as_type(value, Integer) + no * strides[_person.name], String)
    if column.name in ("external_id", "device_key"):
        return cast(ColumnElement[Any], value + "-" + as_type(no, String))
    if where == "contact_block.source":
        return _of_copied_invoice(value, no, strides)
    return cast(ColumnElement[Any], value)


def _of_copied_invoice(
    value: ColumnElement[str], no: ColumnElement[int], strides: Mapping[str, int]
) -> ColumnElement[str]:
    """A block for a debt names its invoice by id."""
    before = "invoice:"
    number = as_type(func.substr(value, len(before) + 1), Integer)
    return literal(before) + as_type(number + no * strides["invoice"], String)


def _most(session: Session, column: Column[Any]) -> int:
    return session.scalar(select(func.max(column))) or 0


def _count_on(session: Session, times: int, strides: Mapping[str, int]) -> None:
    """Let what counts go on from the copies: numbers, ids, members of a day."""
    session.execute(update(InvoiceSeries).values(last_number=InvoiceSeries.last_number * times))
    session.execute(update(BaseDay).values(members=BaseDay.members * times))
    session.execute(update(VisitHour).values(visits=VisitHour.visits * times))
    if is_sqlite(session):
        return
    for table in _REFERRED:
        if strides[table.name]:
            series = func.pg_get_serial_sequence(table.name, "id")
            session.execute(
                select(func.setval(series, select(func.max(table.c.id)).scalar_subquery()))
            )


def people_who_may_come_in(session: Session, most: int) -> list[int]:
    """Members with a running term, of every part of the club; nobody of them came today."""
    running = (
        select(MemberState.person_id)
        .where(MemberState.phase.in_(("active", "adaptation", "at_risk")))
        .order_by(MemberState.person_id)
    )
    found = session.scalars(running).all()
    return list(_spread(found, most))


def _spread(found: Any, most: int) -> Iterable[int]:
    step = max(1, len(found) // max(1, most))
    return found[::step][:most]
