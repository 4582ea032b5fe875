"""The trainer's phone through its own forms: today, outcomes, undo, planning, clients."""

import re
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import timedelta
from typing import Any

import pytest
from flask import Flask
from flask.testing import FlaskClient
from sqlalchemy import Engine, event, func, select
from werkzeug.test import TestResponse

from clubcrm.accounts.states import Role
from clubcrm.core import clock
from clubcrm.core.prepared import openly
from clubcrm.core.transactions import reading, transaction
from clubcrm.members.operations import change_person
from clubcrm.schedule.models import Appointment
from clubcrm.schedule.states import SessionState
from clubcrm.trainers.queries import clients_of, trainers_at
from tests.conftest import NOW, csrf_of
from tests.integration.schedule.floor import (
    COACH,
    a_client,
    a_session,
    a_trainer,
    in_hours,
    state_of,
    tell,
)
from tests.integration.visits.door import a_member, on, scan, visits_left

S = SessionState
FRAGMENT = {"HX-Request": "true"}


@pytest.fixture
def phone(sign_in: Any) -> FlaskClient:
    """The phone of the trainer; "Trainer 1" by name."""
    client: FlaskClient = sign_in(Role.TRAINER)
    return client


def own(session: Any, club: int) -> int:
    """The trainer whose phone it is."""
    return a_trainer(session, club, f"Trainer {club}")


def planned(app: Flask, club: int, *, hours: float = 1, **told: Any) -> tuple[int, int, int | None]:
    """A session of the phone's trainer; returns session, person, package."""
    with app.app_context(), transaction() as session:
        person, package = a_client(session, club, **told)
        at = in_hours(hours)
        return (
            a_session(session, club, person, at=at, trainer_id=own(session, club)),
            person,
            package,
        )


def send(client: FlaskClient, path: str, *, fragment: bool = False, **data: Any) -> TestResponse:
    token = csrf_of(client.get("/floor").text)
    headers = FRAGMENT if fragment else {}
    return client.post(path, data={**data, "csrf_token": token}, headers=headers)


def standing(app: Flask, appointment: int) -> tuple[SessionState, bool]:
    with app.app_context(), reading() as session:
        return state_of(session, appointment)


def left(app: Flask, package: int | None) -> int | None:
    with app.app_context(), reading() as session:
        return visits_left(session, package or 0)


def test_a_trainer_lands_on_today(phone: FlaskClient) -> None:
    assert phone.get("/").headers["Location"] == "/floor"
    page = phone.get("/floor")
    assert "No session today" in page.text
    assert "Mon 2 Mar" in page.text


def test_today_shows_who_is_next_and_what_to_know(
    app: Flask, a_club: int, phone: FlaskClient
) -> None:
    planned(app, a_club, hours=-20, name="Ana Prieto", sessions_left=None)
    planned(
        app,
        a_club,
        name="Vera Lund",
        sessions_left=2,
        birth_date=on(-30 * 365).replace(month=3, day=2),
        note="Bad knee",
    )
    planned(app, a_club, hours=3, name="Pedro Sá", sessions_left=0)
    page = phone.get("/floor").text
    order = [
        page.index(words) for words in ("1 outcome missing", "Ana Prieto", "Vera Lund", "Pedro Sá")
    ]
    assert order == sorted(order)
    assert page.count("is-next") == 1
    for words in (
        "2 sessions left",
        "birthday today",
        "first session",
        "no session left",
        "Bad knee",
        "in 1 hour",
    ):
        assert words in page, words
    for outcome in ("came", "late", "no_show", "cancelled_in_time", "moved"):
        assert f'value="{outcome}"' in page


def test_the_door_of_the_day_stands_with_the_session(
    app: Flask, a_club: int, phone: FlaskClient
) -> None:
    with app.app_context(), transaction() as session:
        person, _ = a_member(session, a_club, card="C1", full_name="Vera Lund")
        scan(session, a_club, "C1", at=NOW - timedelta(minutes=8))
        a_session(session, a_club, person, at=in_hours(1), trainer_id=own(session, a_club))
    assert "In the club since 08:52" in phone.get("/floor").text


def test_one_tap_without_a_script(app: Flask, a_club: int, phone: FlaskClient) -> None:
    one, person, package = planned(app, a_club)
    answer = send(phone, f"/floor/sessions/{one}/outcome", outcome="came", key="k1")
    assert (answer.status_code, answer.headers["Location"]) == (303, "/floor")
    page = phone.get("/floor").text
    assert "Vera Lund came. 7 sessions left." in page
    assert "1 of 1 done" in page
    assert standing(app, one) == (S.CAME, True)
    assert "Session held" in phone.get(f"/people/{person}").text
    undo = re.search(r'action="(/floor/sessions/\d+/undo)"', page)
    assert undo is not None
    send(phone, undo[1])
    assert (standing(app, one), left(app, package)) == ((S.PLANNED, False), 8)


def test_a_tap_that_comes_twice_counts_once_whatever_happened_between(
    app: Flask, a_club: int, phone: FlaskClient
) -> None:
    one, _person, package = planned(app, a_club)
    path = f"/floor/sessions/{one}/outcome"
    tap: Any = {"outcome": "came", "key": "a-tap", "fragment": True}
    first = send(phone, path, **tap)
    again = send(phone, path, **tap)
    assert (first.status_code, again.status_code) == (200, 200)
    assert "data-done" in first.text
    assert "data-done" in again.text
    assert left(app, package) == 7
    send(phone, f"/floor/sessions/{one}/undo", key="an-undo", fragment=True)
    # The first tap arrives once more, late: it was answered, so it does nothing.
    late = send(phone, path, **tap)
    assert "data-open" in late.text
    assert (standing(app, one), left(app, package)) == ((S.PLANNED, False), 8)
    # A new tap is a new one.
    send(phone, path, outcome="late", key="another", fragment=True)
    assert standing(app, one) == (S.LATE, True)


def test_a_refused_tap_says_why_and_for_whom(app: Flask, a_club: int, phone: FlaskClient) -> None:
    one, _person, _package = planned(app, a_club)
    path = f"/floor/sessions/{one}/outcome"
    send(phone, path, outcome="came", key="1")
    refused = send(phone, path, outcome="no_show", key="2", fragment=True)
    assert refused.status_code == 409
    assert "Vera Lund: This session has another outcome already." in refused.text
    assert send(phone, path, outcome="moved", key="3", fragment=True).status_code == 422
    assert send(phone, path, outcome="flew", key="4", fragment=True).status_code == 422
    page = phone.get(send(phone, path, outcome="no_show", key="5").headers["Location"])
    assert "This session has another outcome already." in page.text


def test_a_session_moves(app: Flask, a_club: int, phone: FlaskClient) -> None:
    one, _person, _package = planned(app, a_club)
    send(
        phone,
        f"/floor/sessions/{one}/outcome",
        outcome="moved",
        day="2026-03-04",
        time="18:30",
        key="1",
    )
    assert standing(app, one) == (S.MOVED, False)
    assert "Vera Lund" in phone.get("/floor?on=2026-03-04").text
    clash, _person, _package = planned(app, a_club, hours=4, name="Ana Prieto")
    refused = send(
        phone,
        f"/floor/sessions/{clash}/outcome",
        outcome="moved",
        day="2026-03-04",
        time="18:00",
        key="2",
        fragment=True,
    )
    assert "Vera Lund trains from 18:30 to 19:30" in refused.text


def test_a_session_is_written_up_from_the_last_one(
    app: Flask, a_club: int, phone: FlaskClient
) -> None:
    one, person, _package = planned(app, a_club, hours=-48)
    send(phone, f"/floor/sessions/{one}/log", log="squat 3×10 at 40 kg", note="good form", key="1")
    send(phone, f"/floor/sessions/{one}/outcome", outcome="came", key="2")
    with app.app_context(), transaction() as session:
        two = a_session(session, a_club, person, at=in_hours(1), trainer_id=own(session, a_club))
    page = phone.get(f"/floor/sessions/{two}").text
    assert "Copy last" in page
    assert "squat 3×10 at 40 kg" in page
    copied = phone.get(f"/floor/sessions/{two}?copy=1").text
    assert re.search(r"<textarea[^>]*>\s*squat 3×10 at 40 kg</textarea>", copied)
    answer = send(
        phone,
        f"/floor/sessions/{two}/log",
        log="squat 3×10 at 45 kg",
        note="",
        key="3",
        fragment=True,
    )
    assert answer.headers["HX-Redirect"] == f"/floor/sessions/{two}"


def test_the_next_date_is_planned_at_the_same_time_a_week_later(
    app: Flask, a_club: int, phone: FlaskClient
) -> None:
    one, person, _package = planned(app, a_club)
    page = phone.get(f"/floor/sessions/{one}").text
    assert 'value="2026-03-09"' in page
    assert 'value="10:00"' in page
    for _twice in range(2):
        send(phone, f"/floor/sessions/{one}/next", day="2026-03-09", time="10:00", key="1")
    with app.app_context(), reading() as session:
        rows = session.scalars(select(Appointment.starts_at).where(Appointment.person_id == person))
        assert sorted(rows) == [in_hours(1), in_hours(1, days=7)]


def test_a_session_is_planned_with_an_own_client_first(
    app: Flask, a_club: int, phone: FlaskClient
) -> None:
    with app.app_context(), transaction() as session:
        vera, package = a_client(session, a_club, name="Vera Lund", trainer=f"trainer  {a_club}")
        a_client(session, a_club, name="Vera Aalto")
    page = phone.get("/floor/plan?q=vera").text
    assert page.index("Vera Lund") < page.index("Others") < page.index("Vera Aalto")
    assert "Vera Aalto" not in phone.get("/floor/plan").text
    form = phone.get(f"/floor/clients/{vera}/plan").text
    assert f'selected value="{package}"' in form
    told: Any = {
        "day": "2026-03-03",
        "time": "18:00",
        "minutes": "45",
        "package": str(package),
        "key": "p",
    }
    answer = send(phone, f"/floor/clients/{vera}/plan", **told)
    assert answer.headers["Location"] == "/floor?on=2026-03-03"
    refused = send(phone, f"/floor/clients/{vera}/plan", **{**told, "time": "18:30"})
    assert refused.status_code == 409
    assert "Vera Lund trains from 18:00 to 18:45" in refused.text
    assert 'value="18:30"' in refused.text
    wrong = send(phone, f"/floor/clients/{vera}/plan", **{**told, "time": "soon"})
    assert wrong.status_code == 422
    assert 'value="soon"' in wrong.text


def test_own_clients_can_be_called_and_looked_at(
    app: Flask, a_club: int, phone: FlaskClient
) -> None:
    with app.app_context(), transaction() as session:
        vera, _ = a_client(
            session, a_club, name="Vera Lund", phone="+351912555318", trainer=f"Trainer {a_club}"
        )
    page = phone.get("/floor/clients").text
    assert "Vera Lund" in page
    assert "no session planned" in page
    glance = phone.get(f"/floor/clients/{vera}").text
    assert 'href="tel:+351912555318"' in glance
    assert 'href="sms:+351912555318"' in glance
    assert "No session yet." in glance


def test_a_trainer_sees_no_other_trainers_sessions(
    app: Flask, a_club: int, phone: FlaskClient, sign_in: Any
) -> None:
    with app.app_context(), transaction() as session:
        person, _ = a_client(session, a_club)
        one = a_session(session, a_club, person, at=in_hours(1))
    assert phone.get(f"/floor/sessions/{one}").status_code == 404
    for what in ("outcome", "undo", "log", "next"):
        assert send(phone, f"/floor/sessions/{one}/{what}", outcome="came").status_code == 404
    assert "Vera Lund" not in phone.get("/floor").text
    assert standing(app, one) == (S.PLANNED, False)
    manager = sign_in(Role.MANAGER)
    with app.app_context(), reading() as session:
        tess = next(t for t in trainers_at(session, {a_club}) if t.name == "Tess Moreau")
    page = manager.get(f"/floor?trainer={tess.id}").text
    assert "Vera Lund" in page
    assert manager.get(f"/floor/sessions/{one}").status_code == 200
    assert (
        send(manager, f"/floor/sessions/{one}/outcome", outcome="came", key="1").status_code == 303
    )
    assert standing(app, one)[0] == S.CAME


def test_the_assignment_follows_the_name_on_the_card(app: Flask, a_club: int) -> None:
    with app.app_context(), transaction() as session:
        person, _ = a_client(session, a_club, trainer="Tess Moreau")
        tess, pavel = a_trainer(session, a_club), a_trainer(session, a_club, "Pavel Dvořák")
        assert clients_of(session, tess) == [person]
        later = NOW + timedelta(days=3)
        change_person(session, person, {"trainer": "pavel dvorak"}, by=COACH, now=later)
        assert (clients_of(session, tess), clients_of(session, pavel)) == ([], [person])
        change_person(session, person, {"trainer": None}, by=COACH, now=later)
        assert clients_of(session, pavel) == []


@contextmanager
def counted() -> Iterator[list[str]]:
    statements: list[str] = []

    def count(_connection: Any, _cursor: Any, statement: str, *_rest: Any) -> None:
        if statement.startswith("SELECT"):
            statements.append(statement)

    event.listen(Engine, "before_cursor_execute", count)
    try:
        with openly():
            yield statements
    finally:
        event.remove(Engine, "before_cursor_execute", count)


@pytest.mark.parametrize("path", ["/floor", "/floor/clients", "/floor/plan"])
def test_a_page_asks_as_little_for_many_as_for_one(
    app: Flask, a_club: int, phone: FlaskClient, path: str
) -> None:
    asked = []
    for count in (1, 5):
        with app.app_context(), transaction() as session:
            trainer = own(session, a_club)
            for number in range(count):
                person, _ = a_client(
                    session, a_club, name=f"Client {number}", trainer=f"Trainer {a_club}"
                )
                held = a_session(
                    session,
                    a_club,
                    person,
                    at=in_hours(-24 * count - 2 * number),
                    trainer_id=trainer,
                )
                tell(session, a_club, held, S.CAME)
                a_session(
                    session,
                    a_club,
                    person,
                    at=in_hours(count + 2 * number),
                    trainer_id=trainer,
                    minutes=30,
                )
        with counted() as statements:
            assert phone.get(path).status_code == 200
        asked.append(len(statements))
    assert asked[0] == asked[1] <= 15, asked


def test_a_session_of_yesterday_night_waits_in_the_morning(
    app: Flask, a_club: int, phone: FlaskClient
) -> None:
    planned(app, a_club, hours=10)
    clock.set_clock(in_hours(0, days=1))
    assert "1 outcome missing" in phone.get("/floor").text
    assert "outcome missing" not in phone.get("/floor?on=2026-03-02").text
    with app.app_context(), reading() as session:
        assert session.scalar(select(func.count()).select_from(Appointment)) == 1
