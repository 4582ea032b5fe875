"""Imports that are cut off, refused in the middle, or run twice at once."""

from typing import Any

import pytest
from sqlalchemy import select

from clubcrm.core.errors import DomainError
from clubcrm.core.transactions import transaction
from clubcrm.exchange import jobs
from clubcrm.exchange.errors import RunsElsewhere
from clubcrm.exchange.models import ImportBatch, ImportRow
from clubcrm.exchange.operations.members import MembersImporter
from clubcrm.exchange.operations.parts import store_part
from clubcrm.exchange.states import BatchState
from clubcrm.exchange.words import problem_text
from clubcrm.members.models import Person
from tests.integration.exchange.conftest import Desk

ROWS = "external_id,full_name\n" + "".join(f"N{n},Name {n}\n" for n in range(1234))


class _PowerCut(Exception):
    """The machine goes down."""


def test_a_run_that_was_cut_off_goes_on(desk: Desk, monkeypatch: pytest.MonkeyPatch) -> None:
    real = store_part
    calls = 0

    def fragile(*args: Any, **told: Any) -> None:
        nonlocal calls
        calls += 1
        real(*args, **told)
        if calls == 2:
            raise _PowerCut

    monkeypatch.setattr("clubcrm.exchange.jobs.store_part", fragile)
    with pytest.raises(_PowerCut):
        desk.take_in("members", ROWS)
    assert desk.count(Person) == jobs.ROWS_AT_ONCE
    monkeypatch.setattr("clubcrm.exchange.jobs.store_part", real)
    outcome = desk.take_in("members", ROWS)
    # One import, as if nothing had happened, and one undo for all of it.
    assert outcome.batch_id == 1
    assert (outcome.figures.read, outcome.figures.stored) == (1234, 1234)
    assert desk.count(Person) == 1234
    assert desk.undo(1)["removed"] == 1234
    assert desk.count(Person) == 0


def test_a_refused_row_is_rejected_alone(desk: Desk, monkeypatch: pytest.MonkeyPatch) -> None:
    class _Odd(DomainError):
        message = "No thirteenth of anything."

    real = MembersImporter.store

    def strict(self: Any, session: Any, decisions: Any) -> Any:
        if any(decision.row.get("external_id") == "N13" for decision in decisions):
            raise _Odd
        return real(self, session, decisions)

    monkeypatch.setattr(MembersImporter, "store", strict)
    outcome = desk.take_in("members", ROWS)
    assert (outcome.figures.stored, outcome.figures.rejected) == (1233, 1)
    ((line, problems),) = desk.rows(select(ImportRow.line, ImportRow.problems))
    assert line == 15
    assert problem_text(problems[0]) == "No thirteenth of anything."


def test_two_at_once_do_not_store_twice(desk: Desk, monkeypatch: pytest.MonkeyPatch) -> None:
    real = store_part
    calls = 0

    def overtaken(session: Any, *args: Any, **told: Any) -> None:
        nonlocal calls
        calls += 1
        if calls == 2:
            # Somebody else moved the import on between two parts.
            batch = session.get_one(ImportBatch, 1)
            batch.read += 1
            session.flush()
        real(session, *args, **told)

    monkeypatch.setattr("clubcrm.exchange.jobs.store_part", overtaken)
    with pytest.raises(RunsElsewhere):
        desk.take_in("members", ROWS)
    assert desk.count(Person) == jobs.ROWS_AT_ONCE
    with transaction() as session:
        assert session.get_one(ImportBatch, 1).state is BatchState.RUNNING
