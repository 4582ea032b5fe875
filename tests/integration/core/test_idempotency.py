"""A request sent twice has one effect and one answer, also when both arrive at once."""

import threading

import pytest
from flask import Flask
from sqlalchemy import select

from clubcrm.accounts.models import Club
from clubcrm.core.db import db
from clubcrm.core.idempotency import Answer, KeyReused, claim_key, fingerprint, keep_answer
from clubcrm.core.models import IdempotencyKey
from clubcrm.core.transactions import reading, transaction
from tests.conftest import NOW

ONE = fingerprint("POST", "/api/v1/payments", b'{"minor":100}')
OTHER = fingerprint("POST", "/api/v1/payments", b'{"minor":200}')


def _ask(print_: str) -> Answer | None:
    with transaction() as session:
        answer = claim_key(session, "token:1", "k1", print_, NOW)
        if answer is None:
            keep_answer(session, "token:1", "k1", 201, {"id": "7"})
        return answer


def test_the_same_request_gets_the_same_answer(in_app: Flask) -> None:
    assert _ask(ONE) is None
    assert _ask(ONE) == Answer(201, {"id": "7"})


def test_another_request_with_the_same_key_is_refused(in_app: Flask) -> None:
    _ask(ONE)
    with pytest.raises(KeyReused):
        _ask(OTHER)


def test_a_request_that_failed_left_no_key(in_app: Flask) -> None:
    with pytest.raises(ZeroDivisionError), transaction() as session:
        claim_key(session, "token:1", "k1", ONE, NOW)
        raise ZeroDivisionError
    with reading() as session:
        assert session.scalars(select(IdempotencyKey)).all() == []


def test_where_a_request_ends_is_part_of_its_print() -> None:
    assert fingerprint("POST", "/a", b"bc") != fingerprint("POST", "/ab", b"c")


def _two_at_once(app: Flask, club_id: int, *, with_key: bool) -> int:
    start = threading.Barrier(2)

    def send() -> None:
        with app.app_context():
            start.wait()
            with transaction() as session:
                if with_key and claim_key(session, "token:1", "k1", ONE, NOW):
                    return
                session.get_one(Club, club_id, with_for_update=True).day_cutoff_minutes += 1
                if with_key:
                    keep_answer(session, "token:1", "k1", 201, {})
            db.session.remove()

    threads = [threading.Thread(target=send) for _ in range(2)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    with app.app_context(), reading() as session:
        return session.get_one(Club, club_id).day_cutoff_minutes


def test_two_at_once_have_one_effect(app: Flask, a_club: int) -> None:
    assert _two_at_once(app, a_club, with_key=True) == 1


def test_two_at_once_without_a_key_have_two(app: Flask, a_club: int) -> None:
    assert _two_at_once(app, a_club, with_key=False) == 2
