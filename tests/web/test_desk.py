"""The desk through its own forms: answers, overrides, questions, undo, and who may do what."""

from datetime import timedelta
from typing import Any

import pytest
from flask import Flask
from flask.testing import FlaskClient
from sqlalchemy import func, select
from werkzeug.test import TestResponse

from clubcrm.accounts.models import Club
from clubcrm.accounts.operations import open_club
from clubcrm.accounts.states import Role
from clubcrm.core import clock
from clubcrm.core.actor import OPERATOR
from clubcrm.core.period import Period
from clubcrm.core.transactions import reading, transaction
from clubcrm.members.models import Freeze
from clubcrm.members.operations import freeze_membership
from clubcrm.messaging.models import Task
from clubcrm.messaging.operations import TaskValues, open_tasks
from clubcrm.messaging.states import Outcome, TaskKind, TaskState
from clubcrm.visits.models import EntryDecision, PromptAnswer, Visit
from clubcrm.visits.states import Decision
from tests.conftest import NOW, csrf_of
from tests.integration.visits.door import CLERK, a_debt, a_member, on, visits_left

FRAGMENT = {"HX-Request": "true"}


@pytest.fixture
def desk(sign_in: Any) -> FlaskClient:
    """A browser at the desk."""
    client: FlaskClient = sign_in(Role.DESK)
    return client


def member(app: Flask, club: int, **told: Any) -> tuple[int, int]:
    with app.app_context(), transaction() as session:
        return a_member(session, club, **told)


def send(client: FlaskClient, path: str, *, fragment: bool = True, **data: Any) -> TestResponse:
    """Post a form of the desk with the token of its page."""
    token = csrf_of(client.get("/desk").text)
    headers = FRAGMENT if fragment else {}
    return client.post(path, data={**data, "csrf_token": token}, headers=headers)


def ask(client: FlaskClient, code: str = "C1", **more: Any) -> TestResponse:
    return send(client, "/desk/check-ins", code=code, **more)


def latest(app: Flask) -> Any:
    """The newest answer a door gave."""
    kept = EntryDecision.__table__.c
    with app.app_context(), reading() as session:
        return session.execute(
            select(kept.id, kept.decision, kept.visit_id, kept.override_reason, kept.asked_by)
            .order_by(kept.id.desc())
            .limit(1)
        ).one()


def visits(app: Flask) -> int:
    with app.app_context(), reading() as session:
        return session.scalar(select(func.count()).select_from(Visit)) or 0


# --- answers --------------------------------------------------------------------------------


def test_the_empty_desk_says_what_to_do(app: Flask, a_club: int, desk: FlaskClient) -> None:
    page = desk.get("/desk").text
    assert "First bring your members along" in page
    assert "Scan a card" not in page
    member(app, a_club, until=6)
    page = desk.get("/desk").text
    assert "Scan a card" in page
    assert "Nobody has come yet today." in page
    assert 'aria-current="page"' in page


def test_a_scan_answers_with_the_card(app: Flask, a_club: int, desk: FlaskClient) -> None:
    member(app, a_club, until=6, full_name="Sofia Marques", note="Left knee", trainer="Rui T.")
    answer = ask(desk)
    assert answer.status_code == 200
    for words in (
        "In – ends in 5 days",
        "The membership ends on Sat 7 Mar, in 5 days.",
        "Sofia Marques",
        "Left knee",
        "“Shall I renew your membership while you are here?”",
        "so no day is lost by renewing early",
        "undo check-in",
        "until 09:05",
        "Latest entries",
    ):
        assert words in answer.text, words
    assert 'data-tone="warn"' in answer.text
    assert 'data-say="Sofia Marques. In – ends in 5 days."' in answer.text
    # A part of a page, not a page.
    assert "<html" not in answer.text


def test_without_scripts_the_answer_has_an_address(
    app: Flask, a_club: int, desk: FlaskClient
) -> None:
    member(app, a_club)
    sent = ask(desk, fragment=False)
    assert sent.status_code == 303
    page = desk.get(sent.headers["Location"]).text
    assert "In – first visit" in page
    assert "<html" in page
    assert "Ana Silva" in page


def test_a_name_an_attacker_chose_is_only_text(app: Flask, a_club: int, desk: FlaskClient) -> None:
    member(
        app, a_club, full_name='"><script>alert(1)</script>', note="<img src=x onerror=alert(1)>"
    )
    answer = ask(desk)
    assert "<script>alert" not in answer.text
    assert "<img src=x" not in answer.text
    found = desk.get("/desk/find?q=script")
    assert "&lt;script&gt;" in found.text
    assert "<script>alert" not in found.text


def test_the_second_scan_says_since_when(app: Flask, a_club: int, desk: FlaskClient) -> None:
    member(app, a_club)
    ask(desk)
    clock.set_clock(NOW + timedelta(minutes=7))
    answer = ask(desk)
    assert "Already in since 09:00" in answer.text
    assert visits(app) == 1


def test_an_unknown_card_is_an_answer_too(app: Flask, a_club: int, desk: FlaskClient) -> None:
    person, _ = member(app, a_club, card="C1", full_name="Ana Silva")
    answer = ask(desk, "۹۹۹")
    assert answer.status_code == 404
    assert "Unknown card" in answer.text
    assert ">999<" in answer.text
    assert "What to do" in answer.text
    # The beginning of a number that is known: the desk offers whom it may mean.
    like = ask(desk, "C")
    assert like.status_code == 404
    assert "Is it one of these?" in like.text
    assert f'value="{person}"' in like.text
    page = ask(desk, "999", fragment=False)
    assert page.status_code == 404
    assert "Unknown card" in page.text
    assert visits(app) == 0


def test_the_same_scan_sent_twice_is_one_visit(app: Flask, a_club: int, desk: FlaskClient) -> None:
    _, term = member(app, a_club, visits_left=5)
    first = ask(desk, key="abc")
    again = ask(desk, key="abc")
    assert first.status_code == again.status_code == 200
    assert "Ana Silva" in again.text
    assert "Already in" not in again.text
    with app.app_context(), reading() as session:
        assert visits_left(session, term) == 4
    assert visits(app) == 1


def test_a_kept_scan_counts_when_it_was_made(app: Flask, a_club: int, desk: FlaskClient) -> None:
    member(app, a_club)
    ask(desk, key="late", ago="600")
    with app.app_context(), reading() as session:
        visit = session.scalars(select(Visit)).one()
        assert visit.checked_in_at == NOW - timedelta(minutes=10)
    refused = ask(desk, key="older", ago=str(13 * 3600))
    assert refused.status_code == 422
    assert visits(app) == 1


# --- stops and overrides --------------------------------------------------------------------


def test_a_stop_is_overridden_with_a_reason_and_the_name_of_who_did(
    app: Flask, a_club: int, desk: FlaskClient
) -> None:
    person, _ = member(app, a_club, until=-2)
    stopped = ask(desk)
    assert "Stop – ended 3 days ago" in stopped.text
    assert "Let in anyway, with a reason" in stopped.text
    let_in = send(desk, "/desk/check-ins", person_id=person, reason="Pays today")
    assert "Let in – ended 3 days ago" in let_in.text
    assert "Let in by Desk" in let_in.text
    assert "Pays today" in let_in.text
    entry = latest(app)
    assert (entry.decision, entry.override_reason) == (Decision.WARN, "Pays today")
    assert entry.asked_by.startswith("Desk")


def test_an_override_by_own_words_and_not_by_none(
    app: Flask, a_club: int, desk: FlaskClient
) -> None:
    person, _ = member(app, a_club, until=-2)
    empty = send(desk, "/desk/check-ins", person_id=person, words="  ")
    assert empty.status_code == 422
    assert "Say why this person is let in." in empty.text
    assert visits(app) == 0
    own = send(desk, "/desk/check-ins", person_id=person, words="Owner’s cousin")
    assert "Owner’s cousin" in own.text
    assert visits(app) == 1


# --- questions ------------------------------------------------------------------------------


def test_ending_the_freeze_lets_in_at_once(app: Flask, a_club: int, desk: FlaskClient) -> None:
    _, term = member(app, a_club)
    with app.app_context(), transaction() as session:
        freeze_membership(session, term, Period(on(-5), on(7)), reason="", by=CLERK, now=NOW)
    stopped = ask(desk)
    assert "Stop – frozen through Sun 8 Mar" in stopped.text
    assert "comes 7 days nearer" in stopped.text
    path = f"/desk/entries/{latest(app).id}/reply"
    back = send(desk, path, prompt="end_freeze", reply="yes")
    assert "In – first visit" in back.text
    with app.app_context(), reading() as session:
        assert session.scalars(select(Freeze)).one().until_on == on(0)
    assert visits(app) == 1
    # Pressed twice, it is done once.
    again = send(desk, path, prompt="end_freeze", reply="yes")
    assert "Already in since 09:00" in again.text
    assert visits(app) == 1


def test_a_question_is_put_off_and_not_asked_again(
    app: Flask, a_club: int, desk: FlaskClient
) -> None:
    person, _ = member(app, a_club, until=6, visits_known_from=on(-50))
    ask(desk)
    entry = latest(app).id
    later = send(desk, f"/desk/entries/{entry}/reply", prompt="renew", reply="later")
    assert "Ask now" not in later.text
    with app.app_context(), reading() as session:
        kept = session.scalars(select(PromptAnswer)).one()
        assert (kept.person_id, kept.ask_again_on) == (person, on(3))


@pytest.mark.parametrize(
    "told",
    [
        {},
        {"prompt": "renew"},
        {"prompt": "renew", "reply": "x"},
        {"prompt": "greet", "reply": "no"},
    ],
)
def test_a_reply_that_is_none_changes_nothing(
    app: Flask, a_club: int, desk: FlaskClient, told: dict[str, Any]
) -> None:
    member(app, a_club, until=6)
    ask(desk)
    assert send(desk, f"/desk/entries/{latest(app).id}/reply", **told).status_code == 422
    with app.app_context(), reading() as session:
        assert session.scalars(select(PromptAnswer)).all() == []


def test_debts_are_shown_and_paid_from_the_card(app: Flask, a_club: int, desk: FlaskClient) -> None:
    person, _ = member(app, a_club)
    with app.app_context(), transaction() as session:
        a_debt(session, a_club, person, 640, due=-3)
    answer = ask(desk)
    assert "In – owes €6.40" in answer.text
    assert f'href="/people/{person}/pay?entry={latest(app).id}"' in answer.text
    assert "take €6.40" in answer.text


# --- undo, leaving, the side ----------------------------------------------------------------


def test_a_debt_paid_at_a_stop_opens_the_door_from_there(
    app: Flask, a_club: int, desk: FlaskClient
) -> None:
    person, _ = member(app, a_club)
    with app.app_context(), transaction() as session:
        a_debt(session, a_club, person, 640, due=-60)
    answer = ask(desk).text
    entry = latest(app).id
    assert latest(app).decision is Decision.STOP
    assert "Let in now" not in answer
    way = f"/people/{person}/pay"
    assert f'href="{way}?entry={entry}"' in answer
    form = desk.get(f"{way}?entry={entry}").text
    assert f'name="entry" value="{entry}"' in form
    told = {"amount": "6.40", "method": "cash", "entry": entry, "csrf_token": csrf_of(form)}
    done = desk.post(way, data=told)
    assert done.status_code == 303, done.text
    assert done.location.endswith(f"/desk?entry={entry}&back=1")
    back = desk.get(done.location).text
    assert "Nothing stands in the way any more." in back
    assert visits(app) == 0
    # Half an hour later nobody stands there any more.
    clock.set_clock(NOW + timedelta(minutes=30))
    assert "Let in now" not in desk.get(done.location).text
    clock.set_clock(NOW)
    send(desk, "/desk/check-ins", person_id=person)
    assert visits(app) == 1
    assert "Let in now" not in desk.get(f"/desk?entry={entry}").text


def test_whoever_may_not_open_doors_goes_back_to_the_card(
    app: Flask, a_club: int, sign_in: Any
) -> None:
    person, _ = member(app, a_club)
    books = sign_in(Role.ACCOUNTANT)
    way = f"/people/{person}/pay"
    form = books.get(f"{way}?entry=1").text
    told = {"amount": "6.40", "method": "cash", "entry": 1, "csrf_token": csrf_of(form)}
    assert books.post(way, data=told).location.endswith(f"/people/{person}")


def test_undo_within_five_minutes_and_not_after(app: Flask, a_club: int, desk: FlaskClient) -> None:
    _, term = member(app, a_club, visits_left=5)
    ask(desk)
    entry = latest(app)
    undone = send(desk, f"/desk/visits/{entry.visit_id}/undo", entry=entry.id)
    assert "Taken back" in undone.text
    assert "undo check-in" not in undone.text
    with app.app_context(), reading() as session:
        assert visits_left(session, term) == 5
    ask(desk)
    second = latest(app)
    clock.set_clock(NOW + timedelta(minutes=5, seconds=1))
    late = send(desk, f"/desk/visits/{second.visit_id}/undo", entry=second.id)
    assert late.status_code == 409
    assert "The time in which the desk can undo this visit is over." in late.text
    assert "undo check-in" not in desk.get(f"/desk?entry={second.id}").text


def test_people_are_checked_out_from_the_card_and_from_the_list(
    app: Flask, a_club: int, desk: FlaskClient
) -> None:
    member(app, a_club)
    member(app, a_club, card="C2", full_name="Rui Costa")
    ask(desk)
    entry = latest(app)
    ask(desk, "C2")
    clock.set_clock(NOW + timedelta(minutes=30))
    assert "2 people inside" in desk.get("/desk?inside=1").text
    out = send(desk, f"/desk/visits/{entry.visit_id}/check-out", entry=entry.id)
    assert "left at 09:30" in out.text
    assert "1 name" in out.text
    names = send(desk, f"/desk/visits/{latest(app).visit_id}/check-out")
    assert "Nobody is inside" in names.text
    again = send(desk, f"/desk/visits/{entry.visit_id}/check-out", entry=entry.id)
    assert again.status_code == 409


def test_the_side_tells_who_came_and_how_full_the_club_is(
    app: Flask, a_club: int, desk: FlaskClient
) -> None:
    with app.app_context(), transaction() as session:
        session.get_one(Club, a_club).settings = {"capacity": 40}
    member(app, a_club)
    member(app, a_club, card="C2", full_name="Rui Costa", until=-1)
    ask(desk)
    ask(desk, "C2")
    side = desk.get("/desk/side").text
    for words in ("of 40", "1 person today", "ended 2 days ago", "first visit", "Rui Costa"):
        assert words in side, words
    entry = latest(app).id
    assert "Stop – ended 2 days ago" in desk.get(f"/desk/entries/{entry}", headers=FRAGMENT).text
    assert desk.get(f"/desk/entries/{entry}").headers["Location"] == f"/desk?entry={entry}"


def test_the_search_finds_by_name_phone_and_card(
    app: Flask, a_club: int, desk: FlaskClient
) -> None:
    person, _ = member(app, a_club, card="70012", full_name="Sofia Marques", phone="+351912345678")
    for text in ("sof", "marq", "5678", "70012"):
        found = desk.get(f"/desk/find?q={text}").text
        assert f'value="{person}"' in found, text
        assert f'data-text="{text}"' in found
    assert "Nobody found" in desk.get("/desk/find?q=zzz").text
    # Without scripts the search is a page with buttons.
    page = desk.get("/desk?q=sofia").text
    assert "Who is it?" in page
    assert f'name="person_id" value="{person}"' in page
    chosen = send(desk, "/desk/check-ins", person_id=person)
    assert "Sofia Marques" in chosen.text


# --- who may do what ------------------------------------------------------------------------


def test_nobody_is_checked_in_by_reading(app: Flask, a_club: int, desk: FlaskClient) -> None:
    member(app, a_club)
    assert desk.get("/desk/check-ins?code=C1").status_code == 405
    desk.get("/desk?code=C1&q=C1")
    assert visits(app) == 0


def test_without_its_token_no_form_goes_through(app: Flask, a_club: int, desk: FlaskClient) -> None:
    member(app, a_club)
    assert desk.post("/desk/check-ins", data={"code": "C1"}).status_code == 400
    assert visits(app) == 0


def test_a_card_of_another_club_says_where_its_holder_belongs_and_no_more(
    app: Flask, a_club: int, desk: FlaskClient
) -> None:
    with app.app_context(), transaction() as session:
        other = open_club(
            session,
            code="north",
            name="North",
            timezone="Europe/Lisbon",
            currency="EUR",
            language="en",
            calendar="gregorian",
            by=OPERATOR,
            now=NOW,
        )
        person, _ = a_member(session, other, card="N1", full_name="Nora North", note="Bad knee")
    page = ask(desk, "N1").text
    assert "Stop – member of North" in page
    assert "Bad knee" not in page
    assert f"/people/{person}" not in page, "there is no card of hers to open here"


def test_signed_out_the_desk_says_so_and_keeps_nothing(app: Flask, a_club: int) -> None:
    client = app.test_client()
    token = csrf_of(client.get("/sign-in").text)
    answer = client.post(
        "/desk/check-ins", data={"code": "C1", "csrf_token": token}, headers=FRAGMENT
    )
    assert answer.status_code == 401
    assert "Sign in" in answer.text


# --- what is said at arrival ----------------------------------------------------------------


def _to_say(app: Flask, club: int, person_id: int, **told: Any) -> int:
    row = TaskValues(
        club_id=club,
        person_id=person_id,
        reference=f"say:{person_id}:{len(told)}",
        kind=TaskKind.ARRIVAL,
        on_arrival=True,
        title="Back after a while away",
        script="Say that it is good to be seen again.",
        due_on=on(0),
        **told,
    )
    with app.app_context(), transaction() as session:
        (task_id,) = open_tasks(session, [row], by=OPERATOR, now=NOW)
    return task_id


def _task_row(app: Flask, task_id: int) -> Any:
    with app.app_context(), reading() as session:
        return session.execute(select(Task.__table__).where(Task.id == task_id)).one()


def test_what_waits_for_the_arrival_is_the_one_question(
    app: Flask, a_club: int, desk: FlaskClient, api_token: Any
) -> None:
    person, _term = member(app, a_club, until=6)
    task_id = _to_say(app, a_club, person)
    answer = ask(desk)
    assert "Back after a while away" in answer.text
    assert "good to be seen again" in answer.text
    assert "Shall I renew" not in answer.text
    for key in ("Digit1", "Digit2", "Digit3"):
        assert key in answer.text
    path = f"/desk/entries/{latest(app).id}/reply"
    asked: Any = {"prompt": "contact", "task": str(task_id)}
    assert send(desk, path, reply="agreed", **asked).status_code == 422  # which day?
    assert _task_row(app, task_id).state is TaskState.OPEN
    send(desk, path, reply="agreed", promised=on(2).isoformat(), **asked)
    row = _task_row(app, task_id)
    assert (row.state, row.outcome, row.promised_on) == (
        TaskState.DONE,
        Outcome.REACHED_PLAN,
        on(2),
    )
    assert "Shall I renew" in desk.get(f"/desk?entry={latest(app).id}").text


def test_said_closes_it_and_not_now_asks_at_the_next_visit(
    app: Flask, a_club: int, desk: FlaskClient
) -> None:
    person, _term = member(app, a_club)
    task_id = _to_say(app, a_club, person)
    ask(desk)
    path = f"/desk/entries/{latest(app).id}/reply"
    asked: Any = {"prompt": "contact", "task": str(task_id)}
    after = send(desk, path, reply="later", **asked).text
    assert "Back after" not in after
    assert _task_row(app, task_id).state is TaskState.OPEN
    clock.set_clock(NOW + timedelta(days=1))
    assert "Back after" in ask(desk).text
    path = f"/desk/entries/{latest(app).id}/reply"
    send(desk, path, reply="said", **asked)
    assert _task_row(app, task_id).outcome is Outcome.SAID


def test_who_is_stopped_and_who_is_at_another_club_hear_nothing(
    app: Flask, a_club: int, desk: FlaskClient
) -> None:
    person, _term = member(app, a_club, until=-3)
    _to_say(app, a_club, person)
    assert "Back after" not in ask(desk).text
    other, _term = member(app, a_club, card="C2")
    _to_say(app, a_club, other, expires_on=on(0))
    assert "Back after" not in ask(desk, "C2").text


def test_the_api_tells_what_to_say(app: Flask, a_club: int, api_token: Any) -> None:
    person, _term = member(app, a_club)
    _to_say(app, a_club, person)
    answer = app.test_client().post(
        "/api/v1/check-ins", json={"code": "C1"}, headers=api_token(Role.DESK)
    )
    told: Any = answer.json
    prompt = told["prompt"]
    assert (prompt["code"], prompt["text"]) == ("contact", "Back after a while away")
    assert prompt["why"] == "Say that it is good to be seen again."
    assert [reply["code"] for reply in prompt["replies"]] == ["said", "agreed", "later"]
