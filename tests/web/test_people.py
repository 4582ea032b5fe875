"""The list of people, the search, new and changed people, and the card."""

import re
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import date, timedelta
from typing import Any

import pytest
from flask import Flask
from flask.testing import FlaskClient
from sqlalchemy import event, select
from sqlalchemy.engine import Engine

from clubcrm.accounts.operations import open_club
from clubcrm.accounts.states import Role
from clubcrm.billing.operations import sell_membership
from clubcrm.core import clock
from clubcrm.core.actor import OPERATOR
from clubcrm.core.money import Money
from clubcrm.core.prepared import openly
from clubcrm.core.transactions import reading, transaction
from clubcrm.members.models import Person
from clubcrm.members.operations import PersonValues, add_people, add_person
from clubcrm.members.queries import consents_of, find_people, get_person
from clubcrm.members.states import ConsentChannel
from clubcrm.reports.queries.people import Order, members
from clubcrm.retention.jobs import run_day
from clubcrm.retention.models import DailyRun, MemberState
from clubcrm.retention.operations.runs import begin_run, stop_run
from clubcrm.retention.states import DailyRunState, Phase
from clubcrm.visits.operations import VisitValues, record_visits
from clubcrm.visits.queries import codes_of, visits_of
from clubcrm.visits.states import VisitSource
from tests.conftest import NOW, csrf_of, post

TODAY = date(2026, 3, 2)


@pytest.fixture
def desk(sign_in: Any) -> FlaskClient:
    return sign_in(Role.DESK)


def add(app: Flask, club_id: int, *names: str, **more: Any) -> list[int]:
    """Add people at a club; returns their ids."""
    people = [PersonValues(full_name=name, **more) for name in names]
    with app.app_context(), transaction() as session:
        return add_people(session, people, club_id=club_id, by=OPERATOR, now=NOW)


def sell(app: Flask, person_id: int, plan_id: int, starts_on: date, paid: int | None = None) -> int:
    """Sell somebody a term; returns its id."""
    with app.app_context(), transaction() as session:
        sale = sell_membership(
            session,
            person_id,
            plan_id,
            starts_on=starts_on,
            paid=Money(paid, "EUR") if paid else None,
            by=OPERATOR,
            now=NOW,
        )
        return sale.membership_id


def look(app: Flask, club_id: int) -> None:
    """Let the daily run decide where everybody stands."""
    with app.app_context():
        run_day(club_id, TODAY, clock=clock.now, is_allowed=True)


@contextmanager
def statements() -> Iterator[list[str]]:
    """The statements sent to the database meanwhile, without those that begin and end."""
    seen: list[str] = []

    def note(_c: Any, _cursor: Any, statement: str, *_more: Any) -> None:
        if not statement.startswith(("BEGIN", "ROLLBACK", "COMMIT")):
            seen.append(statement)

    event.listen(Engine, "before_cursor_execute", note)
    try:
        with openly():
            yield seen
    finally:
        event.remove(Engine, "before_cursor_execute", note)


# --- the list -------------------------------------------------------------------------------


def test_an_empty_list_says_what_to_do_next(desk: FlaskClient) -> None:
    page = desk.get("/people").text
    assert "Nobody is here yet" in page
    assert 'href="/people/new"' in page


def test_the_list_runs_by_last_name_and_says_where_people_stand(
    app: Flask, a_club: int, desk: FlaskClient, plans: dict[str, int]
) -> None:
    zoe, ada = add(app, a_club, "Zoe Abel", "Ada Zorn")
    with app.app_context(), transaction() as session:
        add_person(
            session,
            PersonValues(first_name="Max", last_name="Mair"),
            club_id=a_club,
            by=OPERATOR,
            now=NOW,
        )
    sell(app, zoe, plans["Annual"], TODAY, paid=48000)
    sell(app, ada, plans["Monthly"], TODAY)
    look(app, a_club)
    page = desk.get("/people").text
    order = [page.index(name) for name in ("Ada Zorn", "Max Mair", "Zoe Abel")]
    assert order == sorted(order)
    assert "New, not started" in page
    assert "€45.00" in page, "what Ada owes"
    assert "Annual" in page
    assert "Potential" in page, "Max never had a membership"


@pytest.mark.parametrize("text", ["marq", "sof mar", "5550", "20011", "MARQUÊS"])
def test_the_search_finds_by_any_word_phone_ending_or_number(
    app: Flask, a_club: int, desk: FlaskClient, text: str
) -> None:
    add(app, a_club, "Sofia Marques", phone="+351912345550", external_id="20011")
    add(app, a_club, "Ana Brandt", phone="+351912340000")
    for path in ("/people", "/people/find"):
        page = desk.get(path, query_string={"q": text}).text
        assert "Sofia Marques" in page
        assert "Ana Brandt" not in page


def test_filters_narrow_the_list_and_can_be_taken_away(
    app: Flask, a_club: int, desk: FlaskClient, plans: dict[str, int]
) -> None:
    new, ended = add(app, a_club, "Nina New", "Eva Ended")
    sell(app, new, plans["Annual"], TODAY)
    sell(app, ended, plans["Monthly"], TODAY - timedelta(days=60))
    look(app, a_club)
    page = desk.get("/people?phase=lapsed").text
    assert "Eva Ended" in page
    assert "Nina New" not in page
    page = desk.get(f"/people?plan={plans['Annual']}").text
    assert "Nina New" in page
    assert "Eva Ended" not in page
    page = desk.get("/people?phase=frozen").text
    assert "Nobody matches" in page
    assert "Show everybody" in page
    assert desk.get("/people?phase=nonsense&order=nonsense&after=nonsense").status_code == 200


@pytest.mark.parametrize("order", ["name", "away", "last_visit", "ends", "newest"])
def test_every_order_goes_through_all_pages_once(
    app: Flask, a_club: int, desk: FlaskClient, plans: dict[str, int], order: str
) -> None:
    """Names alike, days alike and days unknown: nobody is lost between two pages or shown twice."""
    names = [f"Person{n % 40:02d} Alike" for n in range(120)]
    ids = add(app, a_club, *names)
    for person_id in ids[:8]:
        sell(app, person_id, plans["Monthly"], TODAY - timedelta(days=person_id % 3 * 30))
    visits = [VisitValues(person_id=p, checked_in_at=NOW - timedelta(days=p % 5)) for p in ids[:30]]
    with app.app_context(), transaction() as session:
        record_visits(
            session, visits, club_id=a_club, source=VisitSource.DOOR_LOG, by=OPERATOR, now=NOW
        )
    look(app, a_club)
    seen: list[str] = []
    path = f"/people?order={order}"
    for _ in range(10):
        page = desk.get(path).text
        seen += [
            part.split('"', 1)[0] for part in page.split('class="row-link" href="/people/')[1:]
        ]
        if 'rel="next"' not in page:
            break
        path = page.split('rel="next" href="', 1)[1].split('"', 1)[0].replace("&amp;", "&")
    assert len(seen) == 120
    assert set(seen) == {str(person_id) for person_id in ids}


def test_a_page_costs_the_same_few_statements_however_long_the_list(
    app: Flask, a_club: int, desk: FlaskClient, plans: dict[str, int]
) -> None:
    few = add(app, a_club, "One Person", "Two Person")
    sell(app, few[0], plans["Annual"], TODAY)
    desk.get("/people")
    with statements() as short:
        desk.get("/people")
    add(app, a_club, *(f"Person {n}" for n in range(300)))
    with statements() as long:
        desk.get("/people")
    assert len(long) == len(short)
    assert len(long) <= 14, long


def test_a_search_that_very_many_fit_is_read_along_its_order(
    app: Flask, a_club: int, desk: FlaskClient, monkeypatch: pytest.MonkeyPatch
) -> None:
    add(app, a_club, *(f"Person Name{n}" for n in range(9)), "Somebody Else")
    narrow = desk.get("/people?q=person").text
    monkeypatch.setattr(members, "MANY", 3)
    wide = desk.get("/people?q=person").text
    for page in (narrow, wide):
        assert page.count('class="row-link"') == 9
        assert "Somebody" not in page
    assert 'All <span class="num">9</span>' in narrow
    # Nobody counts them while somebody is still typing.
    assert 'All <span class="num">' not in wide
    rare = desk.get("/people?q=person+name7").text
    assert rare.count('class="row-link"') == 1


@pytest.mark.parametrize("order", list(Order))
def test_every_order_shows_the_same_people_whatever_is_common(
    app: Flask,
    a_club: int,
    desk: FlaskClient,
    plans: dict[str, int],
    monkeypatch: pytest.MonkeyPatch,
    order: Order,
) -> None:
    ids = add(app, a_club, *(f"Person Name{n}" for n in range(6)))
    for person_id in ids[:4]:
        sell(app, person_id, plans["Annual"], TODAY)
    look(app, a_club)
    asked = f"/people?q=person&plan={plans['Annual']}&order={order}"
    few = re.findall(r'class="row-link" href="([^"]+)"', desk.get(asked).text)
    monkeypatch.setattr(members, "MANY", 2)
    many = re.findall(r'class="row-link" href="([^"]+)"', desk.get(asked).text)
    assert few == many
    assert len(few) == 4
    assert "Nobody matches" in desk.get(f"{asked}&phase=lost").text


def test_the_search_as_one_types_costs_few_statements(
    app: Flask, a_club: int, desk: FlaskClient
) -> None:
    add(app, a_club, *(f"Person {n}" for n in range(50)))
    desk.get("/people/find?q=per")
    with statements() as seen:
        page = desk.get("/people/find?q=per").text
    assert len(seen) <= 10, seen
    assert page.count('role="option"') == 8
    assert "Show all who match" in page


def test_a_card_of_very_many_terms_shows_the_newest_and_all_where_asked(
    app: Flask, a_club: int, desk: FlaskClient, plans: dict[str, int]
) -> None:
    (ana,) = add(app, a_club, "Ana Silva")
    for year in range(2000, 2020):
        sell(app, ana, plans["Annual"], date(year, 3, 2))
    page = desk.get(f"/people/{ana}").text
    assert page.count('class="term term-') == 16
    assert '<span class="num">16</span> earlier terms' in page or "16 earlier terms" in page
    assert "Show all terms" in page
    everything = desk.get(f"/people/{ana}?terms=all").text
    assert everything.count('class="term term-') == 20
    assert "Show all terms" not in everything


# --- adding and changing --------------------------------------------------------------------

NEW = {
    "first_name": "Lia",
    "last_name": "Castanho",
    "phone": "912 555 318",
    "email": "Lia@Example.com",
    "birth_date": "1990-05-03",
    "gender": "female",
    "tags": "yoga, early bird",
    "card": "0042 17",
    "may_email": "y",
}


def test_a_new_person_with_card_and_agreement(app: Flask, a_club: int, desk: FlaskClient) -> None:
    answer = post(desk, "/people/new", {**NEW, "then": "sell"})
    assert answer.status_code == 303
    with app.app_context(), reading() as session:
        (hit,) = find_people(session, "lia cast", scope={a_club})
        person = get_person(session, hit.id, {a_club})
        consents = consents_of(session, [hit.id])[hit.id]
        cards = codes_of(session, [hit.id])[hit.id]
    assert answer.location == f"/people/{hit.id}/sell"
    assert (person.phone, person.email) == ("+351912555318", "lia@example.com")
    assert person.birth_date == date(1990, 5, 3)
    assert cards == ["004217"]
    assert consents.keys() == {ConsentChannel.EMAIL}
    assert consents[ConsentChannel.EMAIL].wording == "The club may write by e-mail"
    page = desk.get(f"/people/{hit.id}").text
    assert "early bird" in page


@pytest.mark.parametrize(
    ("field", "value", "words"),
    [
        ("phone", "12", "This is not a telephone number."),
        ("email", "lia", "This is not an e-mail address."),
        ("birth_date", "31.12.1990", "Please enter a day as year, month and day"),
        ("birth_date", "1990-02-30", "The calendar has no such day."),
        ("gender", "robot", "Please choose one of the list."),
        ("first_name", "x" * 121, "At most 120 characters."),
    ],
)
def test_what_is_wrong_is_said_at_its_field_and_nothing_is_stored(
    app: Flask, desk: FlaskClient, field: str, value: str, words: str
) -> None:
    answer = post(desk, "/people/new", {**NEW, field: value})
    assert answer.status_code == 422
    assert words in answer.text
    assert f'aria-describedby="{field}' in answer.text
    assert "Castanho" in answer.text, "what was typed is kept"
    with app.app_context(), reading() as session:
        assert session.scalar(select(Person.id)) is None


def test_somebody_of_whom_nothing_is_told_is_not_added(app: Flask, desk: FlaskClient) -> None:
    answer = post(desk, "/people/new", {"tags": "yoga", "then": "sell"})
    assert answer.status_code == 422
    assert "Give a name, a phone, an e-mail or a card." in answer.text
    with app.app_context(), reading() as session:
        assert session.scalar(select(Person.id)) is None


def test_a_card_somebody_else_holds_leaves_nothing_half_done(
    app: Flask, a_club: int, desk: FlaskClient
) -> None:
    post(desk, "/people/new", NEW)
    answer = post(desk, "/people/new", {**NEW, "first_name": "Lea"})
    assert answer.status_code == 422
    assert "Somebody else holds this card." in answer.text
    with app.app_context(), reading() as session:
        assert find_people(session, "lea", scope={a_club}) == []


def test_who_is_known_already_is_shown_while_one_types(
    app: Flask, a_club: int, other_club: int, desk: FlaskClient
) -> None:
    add(app, a_club, "Lia Castanho", phone="+351912555318")
    add(app, other_club, "Lia Castanho", phone="+351912555318")
    query = {"first_name": "Lia", "last_name": "Castanho", "phone": "912555318"}
    page = desk.get("/people/duplicates", query_string=query).text
    assert page.count("<li>") == 1
    assert "same phone" in page
    assert "name alike" in page
    assert "<li>" not in desk.get("/people/duplicates?first_name=Somebody&last_name=Else").text


def test_a_person_is_changed_and_the_old_value_stays_in_the_timeline(
    app: Flask, a_club: int, desk: FlaskClient
) -> None:
    (person_id,) = add(app, a_club, "Paulo Viegas", phone="+351912000111")
    form = desk.get(f"/people/{person_id}/edit").text
    assert 'value="+351912000111"' in form
    told = {"first_name": "Paulo Viegas", "phone": "+351912000222", "tags": "morning"}
    answer = post(desk, f"/people/{person_id}/edit", told)
    assert (answer.status_code, answer.location) == (303, f"/people/{person_id}")
    page = desk.get(f"/people/{person_id}").text
    assert "phone: +351912000111 → +351912000222" in page
    assert "morning" in page
    with app.app_context(), reading() as session:
        assert get_person(session, person_id, {a_club}).full_name == "Paulo Viegas"


def test_a_name_in_two_parts_replaces_the_whole_one(
    app: Flask, a_club: int, desk: FlaskClient
) -> None:
    (person_id,) = add(app, a_club, "Paulo Viegas")
    post(desk, f"/people/{person_id}/edit", {"first_name": "Paula", "last_name": "Viegas Lopes"})
    with app.app_context(), reading() as session:
        person = get_person(session, person_id, {a_club})
    assert (person.first_name, person.last_name) == ("Paula", "Viegas Lopes")
    assert person.full_name == "Paula Viegas Lopes"


def test_days_are_read_and_shown_in_the_clubs_own_calendar(app: Flask, sign_in: Any) -> None:
    with app.app_context(), transaction() as session:
        tehran = open_club(
            session,
            code="tehran",
            name="Tehran",
            timezone="Asia/Tehran",
            currency="IRR",
            language="fa",
            calendar="jalali",
            by=OPERATOR,
            now=NOW,
        )
    desk = sign_in(Role.DESK, club_id=tehran)
    answer = post(desk, "/people/new", {"first_name": "Negar", "birth_date": "۱۳۷۰/۰۱/۳۱"})
    assert answer.status_code == 303
    with app.app_context(), reading() as session:
        (hit,) = find_people(session, "negar", scope={tehran})
        assert get_person(session, hit.id, {tehran}).birth_date == date(1991, 4, 20)
    assert 'value="1370/01/31"' in desk.get(f"/people/{hit.id}/edit").text


# --- the card -------------------------------------------------------------------------------


def test_the_card_of_somebody_new_has_no_holes(app: Flask, a_club: int, desk: FlaskClient) -> None:
    (person_id,) = add(app, a_club, "Ana Nobody")
    page = desk.get(f"/people/{person_id}").text
    assert "No membership yet" in page
    assert "Sell" in page
    assert "no phone" in page
    assert "None" not in page


def test_the_card_tells_phase_reason_money_and_what_happened(
    app: Flask, a_club: int, desk: FlaskClient, plans: dict[str, int]
) -> None:
    (person_id,) = add(app, a_club, "Daniel Okafor", note="Left knee")
    sell(app, person_id, plans["Annual"], TODAY - timedelta(days=200), paid=40000)
    visits = [
        VisitValues(person_id=person_id, checked_in_at=NOW - timedelta(days=n))
        for n in range(20, 190, 2)
    ]
    with app.app_context(), transaction() as session:
        record_visits(
            session, visits, club_id=a_club, source=VisitSource.DOOR_LOG, by=OPERATOR, now=NOW
        )
    look(app, a_club)
    page = desk.get(f"/people/{person_id}").text
    assert "At risk" in page
    assert "usually every 2 days, now 20" in page
    assert "€80.00" in page, "what is still owed"
    assert "164 days left" in page
    assert "Left knee" in page
    assert "own habit" in page
    assert page.count('class="timeline-time"') == 20
    assert "Earlier" in page


def test_what_is_not_known_is_said_to_be_unknown(
    app: Flask, a_club: int, desk: FlaskClient, plans: dict[str, int]
) -> None:
    (person_id,) = add(app, a_club, "Iris Imported", visits_known_from=TODAY - timedelta(days=3))
    sell(app, person_id, plans["Annual"], TODAY - timedelta(days=200))
    look(app, a_club)
    page = desk.get(f"/people/{person_id}").text
    assert "not known" in page
    assert "earlier ones are not known" in page
    assert "unknown" in desk.get("/people").text


def test_the_timeline_is_filtered_and_read_page_by_page(
    app: Flask, a_club: int, desk: FlaskClient, plans: dict[str, int]
) -> None:
    (person_id,) = add(app, a_club, "Vera Lund")
    sell(app, person_id, plans["Annual"], TODAY, paid=48000)
    # Three visits at one instant: pages are cut within it.
    instants = [NOW - timedelta(days=n // 3) for n in range(65)]
    visits = [
        VisitValues(person_id=person_id, checked_in_at=at, device_key=f"k{n}")
        for n, at in enumerate(instants)
    ]
    with app.app_context(), transaction() as session:
        record_visits(
            session, visits, club_id=a_club, source=VisitSource.DOOR_LOG, by=OPERATOR, now=NOW
        )
    seen: list[str] = []
    path = f"/people/{person_id}/timeline?kind=visit"
    for _ in range(10):
        page = desk.get(path).text
        seen += [part.split("/", 1)[0] for part in page.split('action="/visits/')[1:]]
        if "Earlier" not in page:
            break
        path = page.split('timeline-more"><a class="btn btn-sm" href="', 1)[1].split('"', 1)[0]
        path = path.replace("&amp;", "&")
    assert len(seen) == len(set(seen)) == 65
    money = desk.get(f"/people/{person_id}/timeline?kind=money").text
    assert "Paid €480.00" in money
    assert "/undo" not in money
    assert desk.get(f"/people/{person_id}/timeline?after=spoilt&kind=odd").status_code == 200


def test_a_visit_that_was_none_is_taken_back(app: Flask, a_club: int, sign_in: Any) -> None:
    (person_id,) = add(app, a_club, "Vera Lund")
    with app.app_context(), transaction() as session:
        (visit_id,) = record_visits(
            session,
            [VisitValues(person_id=person_id, checked_in_at=NOW)],
            club_id=a_club,
            source=VisitSource.DESK,
            by=OPERATOR,
            now=NOW,
        )
    trainer = sign_in(Role.TRAINER)
    assert "/undo" not in trainer.get(f"/people/{person_id}").text
    page = f"/people/{person_id}"
    data = {"person_id": str(person_id)}
    assert post(trainer, f"/visits/{visit_id}/undo", data, page=page).status_code == 403
    desk = sign_in(Role.DESK)
    assert post(desk, f"/visits/{visit_id}/undo", data, page=page).status_code == 303
    with app.app_context(), reading() as session:
        assert visits_of(session, person_id) == []
    assert "taken back by Desk" in desk.get(page).text


def test_note_card_and_agreements_are_changed_from_the_card(
    app: Flask, a_club: int, desk: FlaskClient
) -> None:
    (person_id,) = add(app, a_club, "Vera Lund")
    card = f"/people/{person_id}"
    assert post(desk, f"{card}/note", {"note": "Brings her dog."}).status_code == 303
    assert post(desk, f"{card}/card", {"code": "777"}).status_code == 303
    assert post(desk, f"{card}/card", {"code": "888", "replaces": "y"}).status_code == 303
    assert post(desk, f"{card}/consents", {"may_sms": "y"}).status_code == 303
    assert post(desk, f"{card}/consents", {}).status_code == 303
    with app.app_context(), reading() as session:
        assert get_person(session, person_id, {a_club}).note == "Brings her dog."
        assert codes_of(session, [person_id])[person_id] == ["888"]
        assert not consents_of(session, [person_id])[person_id][ConsentChannel.SMS].is_given
    page = desk.get(card).text
    assert "Brings her dog." in page
    assert "SMS: refused" in page
    assert "e-mail: refused" in page, "every channel was asked about"


def test_a_drawer_gets_the_form_alone_and_is_told_where_to_go(
    app: Flask, a_club: int, desk: FlaskClient
) -> None:
    (person_id,) = add(app, a_club, "Vera Lund")
    path = f"/people/{person_id}/note"
    drawer = {"HX-Request": "true"}
    page = desk.get(path, headers=drawer).text
    assert "<html" not in page
    assert f'hx-post="{path}"' in page
    data = {"note": "x" * 4001, "csrf_token": csrf_of(page)}
    refused = desk.post(path, data=data, headers=drawer)
    assert refused.status_code == 422
    assert "<html" not in refused.text
    data["note"] = "short"
    answer = desk.post(path, data=data, headers=drawer)
    assert (answer.status_code, answer.headers["HX-Redirect"]) == (204, f"/people/{person_id}")


def test_words_that_would_harm_a_page_are_shown_as_words(
    app: Flask, a_club: int, desk: FlaskClient
) -> None:
    name = '<script>alert(1)</script> O\'Neil & "Co"'
    (person_id,) = add(app, a_club, name, note="<img src=x onerror=alert(1)>")
    for path in (f"/people/{person_id}", "/people", "/people/find?q=neil"):
        page = desk.get(path).text
        assert "<script>alert" not in page
        assert "<img src=x" not in page


def test_a_trainer_sees_and_changes_nothing(app: Flask, a_club: int, sign_in: Any) -> None:
    (person_id,) = add(app, a_club, "Vera Lund")
    trainer = sign_in(Role.TRAINER)
    page = trainer.get(f"/people/{person_id}").text
    for words in ("New person", "Sell", "Give a card", "/edit"):
        assert words not in page
    assert trainer.get(f"/people/{person_id}/edit").status_code == 403
    assert trainer.get("/people/new").status_code == 403


def test_the_phase_of_the_list_is_the_phase_of_the_card(
    app: Flask, a_club: int, desk: FlaskClient, plans: dict[str, int]
) -> None:
    (person_id,) = add(app, a_club, "Vera Lund")
    sell(app, person_id, plans["Monthly"], TODAY - timedelta(days=26))
    look(app, a_club)
    with app.app_context(), reading() as session:
        phase = session.scalar(select(MemberState.phase).where(MemberState.person_id == person_id))
    assert phase is Phase.RENEWAL
    assert "Renewal due" in desk.get("/people").text
    page = desk.get(f"/people/{person_id}").text
    assert "Renewal due, and why" in page
    assert 'btn-primary" href="/memberships/' in page, "renewing is what is done now"


# --- a run that waits -----------------------------------------------------------------------


def test_a_daily_run_that_waits_is_let_go_on_by_a_manager(
    app: Flask, a_club: int, other_club: int, sign_in: Any
) -> None:
    with app.app_context(), transaction() as session:
        for club_id in (a_club, other_club):
            begin_run(session, club_id, TODAY, now=NOW)
            stop_run(session, club_id, TODAY, moved=900, people=1000, now=NOW)
    assert "Let it go on" not in sign_in(Role.DESK).get("/people").text
    manager = sign_in(Role.MANAGER)
    page = manager.get("/people").text
    assert page.count("Let it go on") == 1, "that of the manager's own club"
    told = {"club_id": str(other_club), "on": "2026-03-02"}
    assert post(manager, "/daily-runs/allow", told, page="/people").status_code == 409
    told = {"club_id": str(a_club), "on": "2026-03-02"}
    assert post(manager, "/daily-runs/allow", told, page="/people").status_code == 303
    assert "Let it go on" not in manager.get("/people").text
    with app.app_context(), reading() as session:
        rows = session.execute(select(DailyRun.club_id, DailyRun.state)).all()
        states = {run.club_id: run.state for run in rows}
    assert states == {a_club: DailyRunState.ALLOWED, other_club: DailyRunState.STOPPED}
