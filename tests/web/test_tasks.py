"""The list of tasks through its own forms: order, outcomes, undo, who does what, and what it costs."""

from datetime import date, timedelta
from typing import Any

import pytest
from flask import Flask
from flask.testing import FlaskClient
from sqlalchemy import select

from clubcrm.accounts.models import Club, StaffUser
from clubcrm.accounts.states import Role
from clubcrm.core.actor import OPERATOR
from clubcrm.core.transactions import reading, transaction
from clubcrm.members.operations import PersonValues, add_people
from clubcrm.messaging.models import Task
from clubcrm.messaging.operations import TaskValues, open_tasks
from clubcrm.messaging.states import Outcome, TaskKind, TaskState
from tests.conftest import NOW, csrf_of
from tests.web.test_people import statements

TODAY = date(2026, 3, 2)
Answer = Any


@pytest.fixture
def desk(sign_in: Any) -> FlaskClient:
    """Somebody at the desk."""
    client: FlaskClient = sign_in(Role.DESK)
    return client


def person(app: Flask, club: int, name: str = "Sofia Marques") -> int:
    values = PersonValues(full_name=name, phone="+351912000111")
    with app.app_context(), transaction() as session:
        (person_id,) = add_people(session, [values], club_id=club, by=OPERATOR, now=NOW)
    return person_id


def task(app: Flask, club: int, person_id: int, **told: Any) -> int:
    told.setdefault("kind", TaskKind.CALL)
    told.setdefault("title", "Missed rhythm")
    told.setdefault("due_on", TODAY)
    told.setdefault("reference", f"test:{person_id}:{told['title']}:{told['due_on']}")
    row = TaskValues(club_id=club, person_id=person_id, script="Ask what happened.", **told)
    with app.app_context(), transaction() as session:
        (task_id,) = open_tasks(session, [row], by=OPERATOR, now=NOW)
    return task_id


def stored(app: Flask, task_id: int) -> Any:
    with app.app_context(), reading() as session:
        return session.execute(select(Task.__table__).where(Task.id == task_id)).one()


def send(client: FlaskClient, path: str, **data: Any) -> Answer:
    token = csrf_of(client.get("/tasks").text)
    return client.post(path, data={**data, "csrf_token": token}, follow_redirects=True)


def settle(app: Flask, club: int, **contacts: Any) -> None:
    with app.app_context(), transaction() as session:
        row = session.get_one(Club, club)
        row.settings = {**row.settings, "contacts": contacts}


def test_an_empty_list_says_what_will_come(desk: FlaskClient) -> None:
    page = desk.get("/tasks").text
    assert "Nothing is to be done" in page
    assert "slip out of their rhythm" in page


def test_the_list_says_who_why_and_what_to_say(app: Flask, a_club: int, desk: FlaskClient) -> None:
    task(app, a_club, person(app, a_club), rank=35)
    late = person(app, a_club, "Rui Tavares")
    task(app, a_club, late, rank=20, value_minor=9000, due_on=TODAY - timedelta(days=2))
    task(app, a_club, person(app, a_club, "Ana Reis"), rank=20, value_minor=48000)
    task(app, a_club, person(app, a_club, "Not Yet"), due_on=TODAY + timedelta(days=1))
    page = desk.get("/tasks").text
    order = [page.index(name) for name in ("Sofia Marques", "Ana Reis", "Rui Tavares")]
    assert order == sorted(order)
    assert 'href="tel:+351912000111"' in page
    assert "Ask what happened." in page
    assert "2 days late" in page
    assert "Not Yet" not in page
    assert "0 of 15 calls made today" in page
    assert "Sofia" not in desk.get("/tasks?late=1").text
    assert "Nothing of this kind" in desk.get("/tasks?kind=todo").text


def test_an_outcome_with_a_promised_day_is_taken_and_taken_back(
    app: Flask, a_club: int, desk: FlaskClient
) -> None:
    task_id = task(app, a_club, person(app, a_club), rank=7)
    page = send(
        desk,
        f"/tasks/{task_id}/outcome",
        outcome="reached_plan",
        promised="2026-03-04",
        note="Knee is better",
        next="/tasks?who=all",
    ).text
    assert "Sofia Marques: Reached, agreed for Wed 4 Mar." in page
    row = stored(app, task_id)
    assert (row.state, row.outcome, row.note) == (
        TaskState.DONE,
        Outcome.REACHED_PLAN,
        "Knee is better",
    )
    assert row.promised_on == date(2026, 3, 4)
    with app.app_context(), reading() as session:
        follow = session.execute(
            select(Task.__table__).where(Task.reference == f"promise:{task_id}")
        ).one()
    assert (follow.kind, follow.due_on, follow.rank) == (
        TaskKind.FOLLOW_UP,
        date(2026, 3, 4),
        7,
    )
    page = send(desk, f"/tasks/{task_id}/reopen").text
    assert "Sofia Marques is on the list again" in page
    assert stored(app, task_id).state is TaskState.OPEN
    assert stored(app, follow.id).state is TaskState.CANCELLED


def test_who_is_not_reached_comes_up_again(app: Flask, a_club: int, desk: FlaskClient) -> None:
    task_id = task(app, a_club, person(app, a_club))
    page = send(desk, f"/tasks/{task_id}/outcome", outcome="no_answer", promised="2026-03-04").text
    assert "It comes up again tomorrow" in page
    assert "1 of 15 calls made today" in page
    row = stored(app, task_id)
    assert (row.state, row.attempts, row.due_on) == (TaskState.OPEN, 1, date(2026, 3, 3))


@pytest.mark.parametrize(
    ("data", "words"),
    [
        ({"outcome": "said"}, "cannot end like that"),
        ({"outcome": "reached_plan", "promised": "2026-03-01"}, "lies in the past"),
        ({"outcome": "reached_plan", "promised_on": "soon"}, "year, month and day"),
        ({"outcome": "nonsense"}, 'class="notice tone-stop"'),
        ({}, "Please fill this in"),
    ],
)
def test_what_cannot_be_taken_is_said_and_changes_nothing(
    app: Flask, a_club: int, desk: FlaskClient, data: dict[str, str], words: str
) -> None:
    task_id = task(app, a_club, person(app, a_club))
    assert words in send(desk, f"/tasks/{task_id}/outcome", **data).text
    assert stored(app, task_id).state is TaskState.OPEN


def test_a_typed_day_of_a_jalali_club_is_read(app: Flask, a_club: int, desk: FlaskClient) -> None:
    with app.app_context(), transaction() as session:
        session.get_one(Club, a_club).calendar = "jalali"
    task_id = task(app, a_club, person(app, a_club))
    data = {"outcome": "reached_plan", "promised": "", "promised_on": "1404/12/20"}
    assert "data-jdp" in desk.get("/tasks").text
    send(desk, f"/tasks/{task_id}/outcome", **data)
    assert stored(app, task_id).promised_on == date(2026, 3, 11)


def test_a_manager_gives_tasks_away_and_counts_what_is_late(
    app: Flask, a_club: int, desk: FlaskClient, sign_in: Any
) -> None:
    manager = sign_in(Role.MANAGER)
    with app.app_context(), reading() as session:
        query = select(StaffUser.id).where(StaffUser.email == f"desk-{a_club}@example.com")
        clerk = session.scalars(query).one()
    ids = [
        task(app, a_club, person(app, a_club, name), due_on=TODAY - timedelta(days=1))
        for name in ("Ana Reis", "Rui Tavares")
    ]
    page = send(manager, "/tasks/assign", task=[str(one) for one in ids], staff=str(clerk)).text
    assert "2 tasks for Desk" in page
    assert "No task" not in page
    assert stored(app, ids[0]).assigned_to == clerk
    assert "Ana Reis" not in manager.get("/tasks").text.split("<main", 1)[1]
    page = manager.get("/tasks?who=all").text
    assert "Ana Reis" in page
    assert f"of={clerk}" in page
    assert "Rui Tavares" in manager.get(f"/tasks?who=all&of={clerk}&late=1").text
    assert "Ana Reis" in desk.get("/tasks").text
    send(manager, "/tasks/assign", task=[str(ids[0])], staff="")
    assert stored(app, ids[0]).assigned_to is None
    # Nobody is given a task who does not work here.
    assert send(manager, "/tasks/assign", task=[str(ids[0])], staff="99999").status_code == 403
    assert send(desk, "/tasks/assign", task=[str(ids[0])], staff=str(clerk)).status_code == 403


def test_what_is_beyond_the_day_stays_under_later(
    app: Flask, a_club: int, desk: FlaskClient
) -> None:
    settle(app, a_club, calls_per_day=2)
    people = [person(app, a_club, f"Person {no}") for no in range(4)]
    ids = [task(app, a_club, who, rank=10 - no) for no, who in enumerate(people)]
    task(app, a_club, people[3], kind=TaskKind.TODO, title="Find the lost shoe", rank=1)
    page = desk.get("/tasks").text
    today, later = page.split('id="later-title"')
    assert "Person 1" in today
    assert "Person 2" not in today.split("<main", 1)[1]
    assert "Find the lost shoe" in today
    assert "Person 2" in later
    assert "Person 3" in later
    send(desk, f"/tasks/{ids[0]}/outcome", outcome="reached_no")
    send(desk, f"/tasks/{ids[1]}/outcome", outcome="no_answer")
    page = desk.get("/tasks").text
    assert "2 of 2 calls made today" in page
    assert "Person 2" in page.split('id="later-title"')[1]


def test_something_to_do_is_written_down_on_the_card(
    app: Flask, a_club: int, desk: FlaskClient
) -> None:
    who = person(app, a_club)
    path = f"/people/{who}/task"
    assert "Put on the list" in desk.get(path).text
    token = csrf_of(desk.get(path).text)
    data = {"kind": "todo", "title": "Bring the contract", "due_on": "2026-03-02"}
    answer = desk.post(path, data={**data, "csrf_token": token})
    assert answer.status_code == 303
    assert "Bring the contract" in desk.get("/tasks").text
    late = desk.post(path, data={**data, "due_on": "2026-02-01", "csrf_token": token})
    assert late.status_code == 422
    assert "lies in the past" in late.text


def test_the_list_costs_the_same_few_statements_however_long_it_is(
    app: Flask, a_club: int, sign_in: Any
) -> None:
    manager = sign_in(Role.MANAGER)
    task(app, a_club, person(app, a_club))
    manager.get("/tasks")
    with statements() as short:
        manager.get("/tasks")
    for no in range(40):
        task(app, a_club, person(app, a_club, f"Person {no}"), title=f"No {no}")
    with statements() as long:
        page = manager.get("/tasks").text
    assert page.count('class="task task-ticked"') == 41
    assert len(long) == len(short)
    assert len(long) <= 12, long


def test_a_long_list_goes_on_on_the_next_page(app: Flask, a_club: int, desk: FlaskClient) -> None:
    for no in range(62):
        task(app, a_club, person(app, a_club, f"Person {no:02}"), rank=100 - no)
    first = desk.get("/tasks").text
    assert 'rel="next"' in first
    assert "Person 61" not in first
    assert "Person 61" in desk.get("/tasks?offset=60").text
