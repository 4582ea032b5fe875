"""The one committing function: it commits all or nothing, and says in words what the database refused."""

import threading
from typing import Any

import pytest
from flask import Flask
from sqlalchemy import func, select

from clubcrm.accounts.errors import AlreadySetUp, ClubCodeTaken
from clubcrm.accounts.models import Club
from clubcrm.accounts.operations import open_club, set_up
from clubcrm.core.actor import OPERATOR
from clubcrm.core.db import db
from clubcrm.core.transactions import reading, transaction
from tests.conftest import NOW

CLUB: dict[str, Any] = {
    "name": "Second",
    "timezone": "Asia/Tehran",
    "currency": "IRR",
    "language": "fa",
    "calendar": "jalali",
    "by": OPERATOR,
    "now": NOW,
}


def _clubs() -> int:
    with reading() as session:
        return session.scalar(select(func.count()).select_from(Club)) or 0


def test_a_transaction_commits_at_its_end(in_app: Flask, a_club: int) -> None:
    with transaction() as session:
        open_club(session, code="second", **CLUB)
    assert _clubs() == 2


def test_an_error_rolls_all_of_it_back(in_app: Flask, a_club: int) -> None:
    with pytest.raises(ZeroDivisionError), transaction() as session:
        open_club(session, code="second", **CLUB)
        raise ZeroDivisionError
    assert _clubs() == 1


def test_a_transaction_inside_a_transaction_is_a_bug(in_app: Flask, a_club: int) -> None:
    with transaction(), pytest.raises(RuntimeError), transaction():
        pass


def test_a_broken_constraint_is_said_in_the_clubs_words(in_app: Flask, a_club: int) -> None:
    with pytest.raises(ClubCodeTaken), transaction() as session:
        open_club(session, code="aurora", **CLUB)
    assert _clubs() == 1


def test_a_club_is_set_up_once(in_app: Flask, a_club: int) -> None:
    with pytest.raises(AlreadySetUp), transaction() as session:
        set_up(session, code="x", owner_name="", owner_email=None, owner_password=None, **CLUB)


def test_writers_that_read_first_wait_for_each_other(app: Flask, a_club: int) -> None:
    """Eight threads read a figure and write it back, increased; none of the increases is lost."""

    def increase() -> None:
        with app.app_context():
            for _ in range(10):
                with transaction() as session:
                    query = select(Club).where(Club.id == a_club)
                    club = session.scalars(query.with_for_update()).one()
                    club.day_cutoff_minutes += 1
            db.session.remove()

    threads = [threading.Thread(target=increase) for _ in range(8)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    with app.app_context(), reading() as session:
        assert session.get_one(Club, a_club).day_cutoff_minutes == 80
