"""Events: together with what happened, or afterwards, alone and repeatably."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import date, datetime, timedelta

import pytest
from flask import Flask
from sqlalchemy import select
from sqlalchemy.exc import DatabaseError
from sqlalchemy.orm import Session

from clubcrm.core import clock, events, jobs
from clubcrm.core.actor import ENGINE
from clubcrm.core.events import AFTERWARDS, TOGETHER, Event, record, wire
from clubcrm.core.models import EventDelivery, EventLog, WorkState
from clubcrm.core.transactions import reading, set_doorbell, transaction
from clubcrm.wiring import WIRING
from tests.conftest import NOW


@dataclass(frozen=True, kw_only=True)
class LampLit(Event):
    """Something harmless for the tests to say."""

    lamp: str
    on: date


heard: list[str] = []


def hear_together(session: Session, lit: Sequence[LampLit], now: datetime) -> None:
    heard.extend(event.lamp for event in lit)


def hear_afterwards(session: Session, lit: LampLit, now: datetime) -> None:
    if lit.lamp == "broken":
        raise ValueError(lit.lamp)
    heard.append(lit.lamp)


@pytest.fixture
def listening() -> Iterator[list[str]]:
    heard.clear()
    yield heard
    wire(WIRING)


def _light(*lamps: str) -> None:
    with transaction() as session:
        lit = [LampLit(club_id=1, lamp=lamp, on=date(2026, 3, 2)) for lamp in lamps]
        record(session, *lit, by=ENGINE, now=NOW)


def test_together_hears_all_of_one_kind_at_once(in_app: Flask, listening: list[str]) -> None:
    wire({LampLit: [TOGETHER(hear_together)]})
    _light("red", "green")
    assert listening == ["red", "green"]


def test_what_together_refuses_never_happened(in_app: Flask, listening: list[str]) -> None:
    def refuse(session: Session, lit: Sequence[LampLit], now: datetime) -> None:
        raise ValueError("no lamps tonight")

    wire({LampLit: [TOGETHER(refuse)]})
    with pytest.raises(ValueError, match="tonight"):
        _light("red")
    with reading() as session:
        assert session.scalars(select(EventLog)).all() == []


def test_afterwards_runs_once_and_rings_the_bell(in_app: Flask, listening: list[str]) -> None:
    wire({LampLit: [AFTERWARDS(hear_afterwards)]})
    rung: list[bool] = []
    set_doorbell(lambda: rung.append(True))
    _light("red")
    assert (rung, listening) == ([True], [])
    assert jobs.drain(clock.now) == 1
    assert jobs.drain(clock.now) == 0
    assert listening == ["red"]


def test_a_broken_listener_is_tried_again_and_holds_up_nobody(
    in_app: Flask, listening: list[str]
) -> None:
    wire({LampLit: [AFTERWARDS(hear_afterwards)]})
    _light("broken", "green")
    jobs.drain(clock.now)
    assert listening == ["green"]
    for _ in range(jobs.ATTEMPTS):
        clock.set_clock(clock.now() + timedelta(hours=2))
        jobs.drain(clock.now)
    with reading() as session:
        states = session.execute(
            select(EventDelivery.state, EventDelivery.attempts, EventDelivery.last_error)
        ).all()
    assert sorted(states) == [
        (WorkState.DONE, 0, None),
        (WorkState.FAILED, jobs.ATTEMPTS, "ValueError"),
    ]


def test_an_event_reads_back_from_the_log(in_app: Flask, listening: list[str]) -> None:
    wire({})
    _light("red")
    with reading() as session:
        row = session.scalars(select(EventLog)).one()
        back = Event.from_row(row)
    assert (row.name, row.actor_name, row.at) == ("LampLit", "engine", NOW)
    assert back == LampLit(club_id=1, lamp="red", on="2026-03-02")  # type: ignore[arg-type]


def test_the_log_refuses_every_change(in_app: Flask, listening: list[str]) -> None:
    wire({})
    _light("red")
    with pytest.raises(DatabaseError), transaction() as session:
        session.scalars(select(EventLog)).one().name = "LampStolen"
    with pytest.raises(DatabaseError), transaction() as session:
        session.delete(session.scalars(select(EventLog)).one())


def test_two_events_of_one_name_are_refused() -> None:
    with pytest.raises(TypeError, match="LampLit"):
        type("LampLit", (Event,), {"__module__": "elsewhere"})
    assert events.Event.known["LampLit"] is LampLit
