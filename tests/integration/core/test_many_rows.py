"""Inserting very many rows: ids in the order given, values as the columns' types store them."""

from collections.abc import Sequence
from typing import Any, cast

import pytest
from flask import Flask
from sqlalchemy import Table, select
from sqlalchemy.exc import IntegrityError

from clubcrm.core.actor import OPERATOR, ActorKind
from clubcrm.core.lookups import one_of
from clubcrm.core.models import EventLog
from clubcrm.core.sql import FEW, insert_columns, insert_many
from clubcrm.core.transactions import reading, transaction
from tests.conftest import NOW

LOG = cast(Table, EventLog.__table__)


def row(n: int) -> dict[str, object]:
    return {
        "at": NOW,
        "name": f'Tab\t"{n}"\nline \\N',
        "club_id": None,
        "person_id": n,
        "actor_kind": ActorKind.OPERATOR,
        "actor_id": None,
        "actor_name": OPERATOR.name,
        "payload": {"n": n, "words": ["é", "ی", None]},
    }


@pytest.mark.parametrize("count", [1, FEW, FEW + 1, 2000])
def test_ids_come_back_in_the_order_given(in_app: Flask, count: int) -> None:
    with transaction() as session:
        ids = insert_many(session, LOG, [row(n) for n in range(count)])
        again = insert_many(session, LOG, [row(n) for n in range(count)])
    with reading() as session:
        stored = {r.id: r for r in session.scalars(select(EventLog))}
    assert ids == sorted(ids)
    assert len({*ids, *again}) == 2 * count
    for n, row_id in enumerate(ids):
        assert stored[row_id].person_id == n
        assert stored[row_id].payload == {"n": n, "words": ["é", "ی", None]}
        assert stored[row_id].name == f'Tab\t"{n}"\nline \\N'
        assert (stored[row_id].at, stored[row_id].actor_kind) == (NOW, ActorKind.OPERATOR)
        assert stored[row_id].club_id is None


def test_ordinary_inserts_go_on_after_the_many(in_app: Flask) -> None:
    with transaction() as session:
        ids = insert_many(session, LOG, [row(n) for n in range(FEW * 2)])
        event = EventLog(**row(7))
        session.add(event)
        session.flush()
        assert event.id > max(ids)


def test_nothing_is_inserted_for_no_rows(in_app: Flask) -> None:
    with transaction() as session:
        assert insert_many(session, LOG, []) == []


@pytest.mark.parametrize("count", [2, 63, 64, 73, 950])
def test_what_is_the_same_in_every_row_is_stored_in_every_row(in_app: Flask, count: int) -> None:
    same = row(7)
    with transaction() as session:
        ids = insert_many(session, LOG, [{**same, "person_id": n % 3} for n in range(count)])
        insert_columns(
            session, LOG, {name: [same[name]] * count for name in same if name != "club_id"}
        )
    with reading() as session:
        stored = list(session.scalars(select(EventLog).order_by(EventLog.id)))
    assert [one.id for one in stored[:count]] == ids
    assert [one.person_id for one in stored] == [*(n % 3 for n in range(count)), *[7] * count]
    assert {one.name for one in stored} == {same["name"]}
    assert {(one.at, one.actor_kind, one.club_id) for one in stored} == {
        (NOW, ActorKind.OPERATOR, None)
    }


def test_a_broken_rule_is_the_same_error_however_many_rows(in_app: Flask) -> None:
    with transaction() as session:
        ids = insert_many(session, LOG, [row(n) for n in range(FEW * 2)])
    columns: dict[str, Sequence[Any]] = {name: [told] * len(ids) for name, told in row(7).items()}
    columns["id"] = ids
    with pytest.raises(IntegrityError), transaction() as session:
        insert_columns(session, LOG, columns)


def test_many_values_are_looked_up_at_once(in_app: Flask) -> None:
    with transaction() as session:
        insert_many(session, LOG, [{**row(n), "name": f"n'{n}\"é"} for n in range(2000)])
    with reading() as session:
        names = select(LOG.c.person_id).where(
            one_of(session, LOG.c.name, {f"n'{n}\"é" for n in range(0, 4000, 2)})
        )
        assert sorted(session.scalars(names)) == list(range(0, 2000, 2))
        numbers = select(LOG.c.person_id).where(one_of(session, LOG.c.person_id, [5, 7, 99_999]))
        assert sorted(session.scalars(numbers)) == [5, 7]
        none = select(LOG.c.person_id).where(one_of(session, LOG.c.person_id, []))
        assert list(session.scalars(none)) == []
