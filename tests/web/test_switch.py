"""The desk handed over by PIN: who may, what it opens, wrong ones, and a locked desk."""

import logging
from collections.abc import Callable
from datetime import timedelta
from typing import Any

import pytest
from flask import Flask
from flask.testing import FlaskClient
from sqlalchemy import select, update

from clubcrm.accounts.events import DeskLocked, DeskTaken, PinLocked
from clubcrm.accounts.models import AccessLog, StaffPin, StaffUser
from clubcrm.accounts.operations import (
    add_staff,
    change_password,
    remove_pin,
    set_pin,
    take_role,
)
from clubcrm.accounts.queries import clerks
from clubcrm.accounts.states import AccessOutcome, Role
from clubcrm.core import clock
from clubcrm.core.actor import OPERATOR
from clubcrm.core.events import Event
from clubcrm.core.transactions import reading, transaction
from clubcrm.visits.models import Visit
from tests.conftest import NOW, PASSWORD, csrf_of, post
from tests.integration.members.desk import happened
from tests.integration.visits.door import a_member
from tests.web.places import rows_of

PIN, WRONG = "4711", "9999"
A_LIFE = timedelta(days=14)
Hire = Callable[..., int]


@pytest.fixture
def hire(app: Flask, a_club: int) -> Hire:
    """Give somebody a role, and a PIN where one is told: `hire("Sam Reed", pin=PIN)`."""

    def make(
        name: str, *, role: Role = Role.DESK, club_id: int = a_club, pin: str | None = None
    ) -> int:
        with app.app_context(), transaction() as session:
            user_id = add_staff(
                session,
                full_name=name,
                email=f"{name.split(maxsplit=1)[0].lower()}@example.com",
                password=PASSWORD,
                role=role,
                club_id=club_id,
                by=OPERATOR,
                now=NOW,
            )
            if pin:
                set_pin(session, user_id, pin, by=OPERATOR, now=NOW)
            return user_id

    return make


@pytest.fixture
def sam(hire: Hire) -> int:
    """A clerk with a PIN."""
    return hire("Sam Reed", pin=PIN)


@pytest.fixture
def desk(sign_in: Any, sam: int) -> FlaskClient:
    """The desk's browser, on which another clerk signed in with a password."""
    client: FlaskClient = sign_in(Role.DESK)
    return client


def switch(client: FlaskClient, user_id: int, pin: str = PIN, then: str = "/desk") -> Any:
    return post(client, f"/switch/{user_id}", {"pin": pin, "next": then})


def by_password(client: FlaskClient, user_id: int, password: str = PASSWORD) -> Any:
    page = f"/switch/{user_id}?password=1"
    return post(client, f"/switch/{user_id}", {"password": password, "next": "/desk"}, page=page)


def lock(client: FlaskClient, then: str = "/desk") -> Any:
    return post(client, "/switch/lock", {"next": then}, page="/switch")


def whose(client: FlaskClient) -> str:
    """The name in the top bar."""
    page = client.get("/account").text
    return page.split('aria-haspopup="menu" aria-label="', 1)[1].split(",", 1)[0]


def recorded(app: Flask, kind: type[Event]) -> list[Any]:
    """What was recorded of one kind."""
    with app.app_context(), reading() as session:
        return [kind.from_row(row) for row in happened(session, kind)]


def change(app: Flask, user_id: int, **values: Any) -> None:
    with app.app_context(), transaction() as session:
        session.execute(update(StaffUser).where(StaffUser.id == user_id).values(**values))


# --- the switch -----------------------------------------------------------------------------


def test_the_session_becomes_that_of_whoever_gave_the_pin(
    app: Flask, desk: FlaskClient, sam: int, a_club: int
) -> None:
    with app.app_context(), transaction() as session:
        first, _ = a_member(session, a_club, card="1")
        second, _ = a_member(session, a_club, card="2")
    post(desk, "/desk/check-ins", {"person_id": first}, page="/desk")
    page = desk.get("/switch?next=/desk?entry=1").text
    assert "Sam Reed" in page
    answer = switch(desk, sam, then="/desk?entry=1")
    assert (answer.status_code, answer.location) == (303, "/desk?entry=1")
    assert "Sam Reed is at the desk." in desk.get("/desk").text
    assert whose(desk) == "Sam Reed"
    post(desk, "/desk/check-ins", {"person_id": second}, page="/desk")
    with app.app_context(), reading() as session:
        names = session.scalars(select(Visit.recorded_by).order_by(Visit.id)).all()
    assert names == [f"Desk {a_club}", "Sam Reed"]
    (taken,) = recorded(app, DeskTaken)
    assert (taken.club_id, taken.user_id, taken.by_pin) == (a_club, sam, True)
    assert taken.from_user_id not in (None, sam)


def test_it_stays_at_the_club_at_which_the_session_stood(
    app: Flask, hire: Hire, sign_in: Any, a_club: int, other_club: int
) -> None:
    hire("Sam Reed", club_id=a_club)
    sam = hire("Sam Reed", club_id=other_club, pin=PIN)
    client = sign_in(Role.DESK, club_id=other_club)
    assert switch(client, sam).status_code == 303
    page = client.get("/desk").text
    assert "Borealis" in page
    assert "Aurora Fitness" not in page, "a PIN opens one club"


def test_digits_of_any_script_are_taken(desk: FlaskClient, sam: int) -> None:
    assert switch(desk, sam, pin="٤٧١١").status_code == 303


def test_a_page_that_is_not_open_to_the_other_is_not_shown(
    sign_in: Any, hire: Hire, app: Flask
) -> None:
    sam = hire("Sam Reed", pin=PIN)
    manager = sign_in(Role.MANAGER)
    answer = switch(manager, sam, then="/home")
    assert answer.location == "/"
    assert manager.get("/home").status_code == 403
    assert switch(manager, hire("Ann Fox", pin="8265"), pin="8265", then="/no/such").location == "/"


def test_the_latest_stands_first_and_those_with_a_pin_before_the_others(
    app: Flask, a_club: int, hire: Hire, desk: FlaskClient, sam: int
) -> None:
    ann = hire("Ann Fox", pin="8265")
    assert switch(desk, ann, pin="8265").status_code == 303
    clock.set_clock(NOW + timedelta(minutes=5))
    assert switch(desk, sam).status_code == 303
    with app.app_context(), reading() as session:
        names = [one.full_name for one in clerks(session, a_club)]
    assert names == ["Sam Reed", "Ann Fox", f"Desk {a_club}", "Olga Owner"]
    page = desk.get("/switch").text
    assert f"/switch/{sam}?" not in page, "nobody takes over from himself"


# --- what it opens --------------------------------------------------------------------------


def test_a_pin_opens_the_desk_alone_whatever_else_somebody_may_do(
    app: Flask, hire: Hire, sign_in: Any, a_club: int, other_club: int
) -> None:
    hire("Sam Reed", role=Role.TRAINER)
    hire("Sam Reed", role=Role.OWNER, club_id=other_club)
    sam = hire("Sam Reed", pin=PIN)
    client = sign_in(Role.DESK)
    assert switch(client, sam).status_code == 303
    assert client.get("/desk").status_code == 200
    for closed in ("/floor", "/home", "/settings/staff", "/settings/plans/new", "/import"):
        assert client.get(closed, follow_redirects=True).status_code in (403, 404), closed
    answer = post(client, "/account/club", {"club_id": other_club}, page="/account")
    with client.session_transaction() as session:
        assert (answer.status_code, session["club_id"]) == (302, a_club)
    assert "Borealis" not in client.get("/desk").text
    # Nor does a role that is given while the session lasts.
    hire("Sam Reed", role=Role.MANAGER)
    assert client.get("/home").status_code == 403


@pytest.mark.parametrize("role", [Role.MANAGER, Role.OWNER])
def test_who_manages_takes_the_desk_with_the_password_only(
    app: Flask, hire: Hire, desk: FlaskClient, role: Role
) -> None:
    ann = hire("Ann Fox", pin="8265")
    hire("Ann Fox", role=role)
    page = desk.get(f"/switch/{ann}").text
    assert 'name="password"' in page
    assert 'name="pin"' not in page
    refused = switch(desk, ann, pin="8265")
    assert refused.status_code == 403
    assert "A PIN is not enough here." in refused.text
    assert whose(desk).startswith("Desk")
    assert by_password(desk, ann).status_code == 303
    assert whose(desk) == "Ann Fox"
    assert desk.get("/home").status_code == 200
    assert [one.by_pin for one in recorded(app, DeskTaken)] == [False]


def test_who_has_no_pin_takes_the_desk_with_the_password(
    app: Flask, hire: Hire, desk: FlaskClient
) -> None:
    ann = hire("Ann Fox")
    assert switch(desk, ann).status_code == 403
    wrong = by_password(desk, ann, "wrong")
    assert wrong.status_code == 422
    assert "The password is wrong." in wrong.text
    for _ in range(9):
        by_password(desk, ann, "wrong")
    assert by_password(desk, ann).status_code == 429
    clock.set_clock(NOW + timedelta(minutes=16))
    assert by_password(desk, ann).status_code == 303
    assert whose(desk) == "Ann Fox"


# --- who may not ----------------------------------------------------------------------------


def test_an_employee_of_another_club_is_nobody_here(
    app: Flask, hire: Hire, desk: FlaskClient, other_club: int
) -> None:
    stranger = hire("Xenia Far", club_id=other_club, pin=PIN)
    before = rows_of(app)
    assert "Xenia" not in desk.get("/switch").text
    assert desk.get(f"/switch/{stranger}").status_code == 404
    for answer in (
        post(desk, f"/switch/{stranger}", {"pin": PIN}, page="/switch"),
        post(desk, f"/switch/{stranger}", {"password": PASSWORD}, page="/switch"),
    ):
        assert answer.status_code == 404
        assert "Xenia" not in answer.text
    assert whose(desk).startswith("Desk")
    assert before == rows_of(app)


@pytest.mark.parametrize("role", [Role.TRAINER, Role.ACCOUNTANT, Role.KIOSK, Role.SALES])
def test_nobody_without_the_desks_role_takes_it_or_hands_it_over(
    hire: Hire, desk: FlaskClient, sign_in: Any, sam: int, role: Role
) -> None:
    other = hire("Otto Other", role=role)
    assert "Otto" not in desk.get("/switch").text
    assert post(desk, f"/switch/{other}", {"pin": PIN}, page="/switch").status_code == 404
    client = sign_in(role)
    assert client.get("/switch").status_code == 403
    assert post(client, f"/switch/{sam}", {"pin": PIN}, page="/account").status_code == 403
    assert "data-switch" not in client.get("/account").text


def test_somebody_deactivated_is_refused_and_a_session_by_pin_ends(
    app: Flask, desk: FlaskClient, sam: int
) -> None:
    assert switch(desk, sam).status_code == 303
    change(app, sam, is_active=False)
    assert desk.get("/account").status_code == 302
    post(desk, "/sign-in", {"email": "owner@example.com", "password": PASSWORD})
    assert "Sam Reed" not in desk.get("/switch").text
    assert post(desk, f"/switch/{sam}", {"pin": PIN}, page="/switch").status_code == 404


def test_a_new_password_ends_a_session_by_pin(app: Flask, desk: FlaskClient, sam: int) -> None:
    assert switch(desk, sam).status_code == 303
    with app.app_context(), transaction() as session:
        change_password(session, sam, "quite another one", by=OPERATOR, now=NOW)
    assert desk.get("/account").status_code == 302


def test_a_role_taken_away_leaves_a_session_by_pin_nothing(
    app: Flask, desk: FlaskClient, sam: int, a_club: int
) -> None:
    assert switch(desk, sam).status_code == 303
    with app.app_context(), transaction() as session:
        take_role(session, sam, Role.DESK, a_club, by=OPERATOR, now=NOW)
    assert desk.get("/desk").status_code == 403


# --- never from outside ---------------------------------------------------------------------


def test_a_pin_is_no_way_in_from_outside(app: Flask, a_club: int, sam: int) -> None:
    stranger = app.test_client()
    assert stranger.get("/switch").location.startswith("/sign-in")
    assert stranger.get(f"/switch/{sam}").location.startswith("/sign-in")
    token = csrf_of(stranger.get("/sign-in").text)
    answer = stranger.post(f"/switch/{sam}", data={"pin": PIN, "csrf_token": token})
    assert answer.status_code == 401
    for told in ({"password": PIN}, {"password": "", "pin": PIN}):
        answer = post(stranger, "/sign-in", {"email": "sam@example.com", **told})
        assert answer.status_code in (401, 422)
    assert stranger.get("/account").status_code == 302


def test_pins_count_for_the_life_of_a_session_after_a_password(
    app: Flask, desk: FlaskClient, hire: Hire, sam: int
) -> None:
    ann = hire("Ann Fox", pin="8265")
    clock.set_clock(NOW + A_LIFE - timedelta(minutes=1))
    assert switch(desk, sam).status_code == 303
    # A PIN is not signing in: the life goes on from the password.
    clock.set_clock(NOW + A_LIFE)
    page = desk.get(f"/switch/{ann}").text
    assert 'name="pin"' not in page
    assert "PINs count where somebody signed in with a password" in page
    assert switch(desk, ann, pin="8265").status_code == 403
    assert whose(desk) == "Sam Reed"
    assert by_password(desk, ann).status_code == 303
    assert switch(desk, sam).status_code == 303


@pytest.mark.parametrize("end", ["role", "password", "employee"])
def test_pins_count_no_longer_once_the_sign_in_they_lean_on_is_over(
    app: Flask, desk: FlaskClient, hire: Hire, sam: int, a_club: int, end: str
) -> None:
    ann = hire("Ann Fox", pin="8265")
    assert switch(desk, sam).status_code == 303
    with app.app_context(), transaction() as session:
        opener = session.scalars(select(StaffUser).where(StaffUser.email.like("desk-%"))).one()
        if end == "role":
            take_role(session, opener.id, Role.DESK, a_club, by=OPERATOR, now=NOW)
        elif end == "password":
            change_password(session, opener.id, "quite another one", by=OPERATOR, now=NOW)
        else:
            opener.is_active = False
    assert desk.get("/desk").status_code == 200, "whoever is there goes on"
    refused = switch(desk, ann, pin="8265")
    assert (refused.status_code, 'name="password"' in refused.text) == (403, True)
    assert whose(desk) == "Sam Reed"


def test_an_answer_that_comes_late_does_not_bring_the_other_session_back(
    desk: FlaskClient,
) -> None:
    """A page asked for before the switch and answered after it carries no cookie of the time before."""
    desk.get("/desk")
    for path in ("/desk", "/desk/side", "/people", "/switch"):
        assert "Set-Cookie" not in desk.get(path).headers, path
    clock.set_clock(NOW + timedelta(days=1))
    assert "Set-Cookie" in desk.get("/desk").headers, "who works here every day stays signed in"
    assert "Set-Cookie" not in desk.get("/desk").headers


# --- wrong PINs -----------------------------------------------------------------------------


def test_five_wrong_pins_lock_it_for_a_quarter_of_an_hour_on_every_browser(
    app: Flask, desk: FlaskClient, sign_in: Any, sam: int
) -> None:
    beside = sign_in(Role.OWNER)
    for left, client in zip((4, 3, 2, 1), (desk, beside, desk, beside)):
        wrong = switch(client, sam, WRONG)
        assert wrong.status_code == 401
        assert f"The PIN is wrong. {left} more tr" in wrong.text
    fifth = switch(desk, sam, WRONG)
    assert fifth.status_code == 429
    assert "locked for 15 minutes" in fifth.text
    clock.set_clock(NOW + timedelta(minutes=14, seconds=30))
    refused = switch(beside, sam)
    assert (refused.status_code, "locked for 1 minute." in refused.text) == (429, True)
    assert not whose(desk).startswith("Sam")
    (locked,) = recorded(app, PinLocked)
    assert (locked.user_id, locked.until) == (sam, (NOW + timedelta(minutes=15)).isoformat())
    clock.set_clock(NOW + timedelta(minutes=15))
    assert switch(desk, sam, WRONG).status_code == 401, "the count begins anew"
    assert switch(desk, sam).status_code == 303


def test_a_lock_is_one_employees_and_the_password_works_meanwhile(
    desk: FlaskClient, hire: Hire, sam: int
) -> None:
    ann = hire("Ann Fox", pin="8265")
    for _ in range(5):
        switch(desk, sam, WRONG)
    assert switch(desk, ann, pin="8265").status_code == 303
    assert by_password(desk, sam).status_code == 303


def test_a_good_pin_begins_the_count_anew(desk: FlaskClient, sam: int) -> None:
    for _ in range(2):
        for _ in range(4):
            assert switch(desk, sam, WRONG).status_code == 401
        assert switch(desk, sam).status_code == 303
        desk.get("/desk")


def test_every_try_is_in_the_access_log_without_the_pin(
    app: Flask, desk: FlaskClient, sam: int, caplog: pytest.LogCaptureFixture
) -> None:
    with caplog.at_level(logging.DEBUG):
        switch(desk, sam, WRONG)
        switch(desk, sam)
    with app.app_context(), reading() as session:
        tries = session.scalars(
            select(AccessLog.outcome).where(AccessLog.action == "pin").order_by(AccessLog.id)
        ).all()
        kept = [str(row) for row in session.execute(select(StaffPin.__table__))]
        logged = [str(row) for row in session.execute(select(AccessLog.__table__))]
    assert tries == [AccessOutcome.REFUSED, AccessOutcome.ALLOWED]
    assert "$argon2" in kept[0]
    for written in (*kept, *logged, *(record.getMessage() for record in caplog.records)):
        assert f"'{PIN}'" not in written
        assert f"pin={PIN}" not in written


def test_an_empty_field_is_no_try(app: Flask, desk: FlaskClient, sam: int) -> None:
    before = rows_of(app)
    answer = switch(desk, sam, "")
    assert answer.status_code == 422
    assert "Please fill this in." in answer.text
    assert before == rows_of(app)


def test_looking_writes_nothing(app: Flask, desk: FlaskClient, sam: int) -> None:
    before = rows_of(app)
    for path in ("/switch", f"/switch/{sam}", f"/switch/{sam}?password=1&pin={PIN}", "/account"):
        assert desk.get(path).status_code == 200
    for path in ("/switch/lock", "/account/pin", "/account/pin/remove"):
        assert desk.get(path).status_code == 405
    assert before == rows_of(app)
    assert whose(desk).startswith("Desk")


# --- one's own PIN --------------------------------------------------------------------------


@pytest.fixture
def owning(sign_in: Any) -> Any:
    """A clerk without a PIN, at the own page."""
    return sign_in(Role.DESK)


def choose(client: FlaskClient, pin: str, password: str = PASSWORD, again: str = "") -> Any:
    data = {"pin": pin, "again": again or pin, "password": password}
    return post(client, "/account/pin", data, page="/account")


def own_pins(app: Flask) -> int:
    with app.app_context(), reading() as session:
        return len(session.scalars(select(StaffPin.user_id)).all())


def test_a_pin_is_set_changed_and_removed_with_the_password(
    app: Flask, owning: FlaskClient, sign_in: Any
) -> None:
    beside = sign_in(Role.OWNER)
    with app.app_context(), reading() as session:
        me = session.scalars(select(StaffUser.id).where(StaffUser.email.like("desk-%"))).one()
    assert choose(owning, "۴۷۱۱").status_code == 302
    assert switch(beside, me, "4711").status_code == 303
    lock(beside)
    for _ in range(5):
        switch(beside, me, WRONG)
    assert switch(beside, me, "4711").status_code == 429
    assert choose(owning, "90210").status_code == 302
    assert switch(beside, me, "4711").status_code == 401, "the old one is gone, and so is its lock"
    assert switch(beside, me, "90210").status_code == 303
    gone = post(owning, "/account/pin/remove", {"password": PASSWORD}, page="/account")
    assert gone.status_code == 302
    assert own_pins(app) == 0
    lock(beside)
    assert switch(beside, me, "90210").status_code == 403


@pytest.mark.parametrize(
    ("pin", "again", "words"),
    [
        ("123", "", "4 to 8 digits"),
        ("123456789", "", "4 to 8 digits"),
        ("47x1", "", "4 to 8 digits"),
        ("0000", "", "guessed at once"),
        ("۱۲۳۴", "", "guessed at once"),
        ("9876", "", "guessed at once"),
        ("4711", "4712", "PINs differ"),
        ("", "", "Please fill this in."),
    ],
)
def test_a_pin_that_does_not_do_is_refused_in_words(
    app: Flask, owning: FlaskClient, pin: str, again: str, words: str
) -> None:
    answer = choose(owning, pin, again=again)
    assert answer.status_code == 422
    assert words in answer.text
    assert own_pins(app) == 0


def test_without_the_password_nothing_is_done_and_guessing_ends(
    app: Flask, owning: FlaskClient
) -> None:
    choose(owning, PIN)
    for _ in range(9):
        assert choose(owning, "8265", "wrong").status_code == 422
    refused = post(owning, "/account/pin/remove", {"password": "wrong"}, page="/account")
    assert (refused.status_code, "The password is wrong." in refused.text) == (422, True)
    new = {"old": PASSWORD, "new": "quite another one", "again": "quite another one"}
    for answer in (
        choose(owning, "8265"),
        post(owning, "/account/pin/remove", {"password": PASSWORD}, page="/account"),
        post(owning, "/account/password", new, page="/account"),
    ):
        assert answer.status_code == 429, "an open session is no place to guess the password"
    assert own_pins(app) == 1


def test_who_manages_needs_no_pin_and_may_be_rid_of_one(
    app: Flask, hire: Hire, sign_in: Any
) -> None:
    manager = sign_in(Role.MANAGER)
    assert "with the password, not with a PIN" in manager.get("/account").text
    assert choose(manager, PIN).status_code == 403
    assert own_pins(app) == 0
    trainer = sign_in(Role.TRAINER)
    assert "PIN" not in trainer.get("/account").text
    ann = hire("Ann Fox", pin="8265")
    hire("Ann Fox", role=Role.OWNER)
    client = app.test_client()
    post(client, "/sign-in", {"email": "ann@example.com", "password": PASSWORD})
    gone = post(client, "/account/pin/remove", {"password": PASSWORD}, page="/account")
    assert gone.status_code == 302
    assert own_pins(app) == 0
    with app.app_context(), transaction() as session:
        remove_pin(session, ann, by=OPERATOR, now=NOW)  # twice does no harm


# --- the desk locked ------------------------------------------------------------------------


def test_a_locked_desk_shows_who_may_open_it_and_nothing_else(
    app: Flask, desk: FlaskClient, sam: int, a_club: int
) -> None:
    with app.app_context(), transaction() as session:
        person, _ = a_member(session, a_club, full_name="Sofia Marques")
    token = csrf_of(desk.get("/desk").text)
    answer = lock(desk, then="/people")
    assert answer.location == "/switch?next=/people"
    for path in ("/desk", "/people", "/account", "/", f"/people/{person}"):
        answer = desk.get(path)
        assert (answer.status_code, answer.location.split("?")[0]) == (302, "/switch"), path
    for headers in ({}, {"HX-Request": "true"}):
        answer = desk.post(
            "/desk/check-ins", data={"person_id": person, "csrf_token": token}, headers=headers
        )
        assert answer.status_code == 401
        assert "Sofia" not in answer.text
    page = desk.get("/switch").text
    assert "is locked" in page
    assert f"Desk {a_club}" in page, "whoever locked it may come back"
    assert "Sofia" not in page
    assert "topbar" not in page
    assert switch(desk, sam, then="/people").location == "/people"
    assert whose(desk) == "Sam Reed"
    (locked,) = recorded(app, DeskLocked)
    assert locked.club_id == a_club


def test_a_locked_desk_opens_with_a_password_too(desk: FlaskClient, app: Flask) -> None:
    with app.app_context(), reading() as session:
        me = session.scalars(select(StaffUser.id).where(StaffUser.email.like("desk-%"))).one()
    lock(desk)
    assert by_password(desk, me, "wrong").status_code == 422
    assert desk.get("/desk").status_code == 302
    assert by_password(desk, me).status_code == 303
    assert desk.get("/desk").status_code == 200


def test_a_locked_desk_whose_clerk_is_gone_asks_for_a_sign_in(
    app: Flask, desk: FlaskClient, sam: int, a_club: int
) -> None:
    switch(desk, sam)
    lock(desk)
    with app.app_context(), transaction() as session:
        take_role(session, sam, Role.DESK, a_club, by=OPERATOR, now=NOW)
    assert desk.get("/desk").location.startswith("/sign-in")
    assert desk.get("/sign-in").status_code == 200
    change(app, sam, is_active=False)
    assert desk.get("/switch").location.startswith("/sign-in")
    post(desk, "/sign-in", {"email": "owner@example.com", "password": PASSWORD})
    assert desk.get("/desk").status_code == 200
