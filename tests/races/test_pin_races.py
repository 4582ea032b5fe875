"""Wrong PINs of one employee from several browsers at once: no more than five are ever compared."""

from typing import Any

import pytest
from flask import Flask
from sqlalchemy import update
from sqlalchemy.exc import OperationalError

from clubcrm.accounts.events import PinLocked
from clubcrm.accounts.models import StaffPin
from clubcrm.accounts.operations import add_staff, pins, set_pin, take_desk_by_pin
from clubcrm.accounts.operations.hashing import matches
from clubcrm.accounts.policies import PIN_TRIES
from clubcrm.accounts.states import Role
from clubcrm.core.actor import OPERATOR
from clubcrm.core.transactions import reading, transaction
from tests.conftest import NOW, PASSWORD, Database
from tests.integration.members.desk import happened
from tests.races.together import LONG, SHORT, Meeting, at_once, refusals, write_without_order

WRONG = "9999"


@pytest.fixture
def clerk(app: Flask, a_club: int) -> int:
    """An employee with a PIN."""
    with app.app_context(), transaction() as session:
        user_id = add_staff(
            session,
            full_name="Sam Reed",
            email="sam@example.com",
            password=PASSWORD,
            role=Role.DESK,
            club_id=a_club,
            by=OPERATOR,
            now=NOW,
        )
        set_pin(session, user_id, "4711", by=OPERATOR, now=NOW)
        return user_id


@pytest.fixture
def compared(monkeypatch: pytest.MonkeyPatch) -> list[str]:
    """Every PIN that was compared with the right one."""
    seen: list[str] = []

    def note(kept: str, secret: str) -> bool:
        seen.append(secret)
        return matches(kept, secret)

    monkeypatch.setattr(pins, "matches", note)
    return seen


def _try_at_once(app: Flask, club: int, clerk: int, times: int, pin: str = WRONG) -> list[Any]:
    def attempt(session: Any) -> Any:
        return take_desk_by_pin(session, clerk, pin, club_id=club, by=OPERATOR, now=NOW)

    return at_once(app, [attempt] * times)


def _tried_four_times(app: Flask, clerk: int) -> None:
    with app.app_context(), transaction() as session:
        session.execute(
            update(StaffPin).where(StaffPin.user_id == clerk).values(wrong_tries=PIN_TRIES - 1)
        )


def _locks(app: Flask) -> int:
    with app.app_context(), reading() as session:
        return len(happened(session, PinLocked))


def test_of_ten_at_once_five_are_tried(
    app: Flask, a_club: int, clerk: int, compared: list[str]
) -> None:
    outcomes = _try_at_once(app, a_club, clerk, 10)
    assert refusals(outcomes) == []
    assert len(compared) == PIN_TRIES
    assert sorted(one.tries_left for one in outcomes) == [0] * 6 + [1, 2, 3, 4]
    assert _locks(app) == 1
    # Five more from two, and the right one: nothing is compared any more.
    later = _try_at_once(app, a_club, clerk, 2, pin="4711")
    assert [one.user for one in later] == [None, None]
    assert len(compared) == PIN_TRIES


def _last_try_twice(
    app: Flask, club: int, clerk: int, meeting: Meeting, monkeypatch: pytest.MonkeyPatch
) -> list[Any]:
    """Both have seen that one try is left before either of them uses it, if they are let."""
    compare = vars(pins)["matches"]
    _tried_four_times(app, clerk)
    monkeypatch.setattr(pins, "matches", meeting.before(compare))
    return _try_at_once(app, club, clerk, 2)


def test_the_last_try_is_one(
    app: Flask, a_club: int, clerk: int, compared: list[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    _last_try_twice(app, a_club, clerk, Meeting(2, SHORT), monkeypatch)
    assert len(compared) == 1
    assert _locks(app) == 1


def test_control_without_the_lock_the_last_try_is_two(
    app: Flask,
    a_club: int,
    clerk: int,
    compared: list[str],
    database: Database,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(pins, "locked", lambda _session, query: query)
    write_without_order(monkeypatch)
    meeting = Meeting(2, LONG)
    outcomes = _last_try_twice(app, a_club, clerk, meeting, monkeypatch)
    assert meeting.all_met
    assert len(compared) == 2
    if database.kind == "sqlite":
        assert refusals(outcomes) == [OperationalError]
