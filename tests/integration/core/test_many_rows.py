"""Inserting very many rows: ids in the order given, values as the columns' types store them."""

from typing import cast

import pytest
from flask import Flask
from sqlalchemy import Table, select

from clubcrm.core.actor import OPERATOR, ActorKind
from clubcrm.core.models import EventLog
from clubcrm.core.sql import FEW, insert_many
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
