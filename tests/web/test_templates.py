"""Templates compiled for each language: no page mixes words, sides or addresses of another reader's."""

import re
from concurrent.futures import ThreadPoolExecutor
from typing import Any

import pytest
from flask import Flask, url_for
from flask.testing import FlaskClient
from flask_babel import force_locale

from clubcrm.accounts.states import LANGUAGE_COOKIE, Role
from clubcrm.billing.queries import invoices_of, owed_by, owed_on
from clubcrm.core.transactions import reading, transaction
from clubcrm.members.models import Person
from clubcrm.members.queries import tags_of
from clubcrm.presentation import figures
from clubcrm.presentation.addresses import Addresses
from tests.web.test_people import TODAY, add, look, sell, statements

PAGES = ("/people", "/home", "/desk", "/tasks", "/renewals", "/people/new", "/people/{person}")
ENGLISH, MIRRORED = "Skip to the content", "⟦"
TOKEN = re.compile(r'(name="csrf_token" value=|"X-CSRFToken": )"[^"]*"')


@pytest.fixture
def ada(app: Flask, a_club: int, plans: dict[str, int]) -> int:
    """Somebody who was sold a term and owes for it."""
    (person_id,) = add(app, a_club, "Ada <Bell> & Co")
    sell(app, person_id, plans["Annual"], TODAY)
    look(app, a_club)
    return person_id


def in_language(client: FlaskClient, language: str) -> FlaskClient:
    """The same reader, who chose a language on this device."""
    client.set_cookie(LANGUAGE_COOKIE, language)
    return client


def plain(page: str) -> str:
    """A page without what differs from one request to the next."""
    return TOKEN.sub("", page)


def test_readers_of_two_languages_never_get_each_others_words(
    app: Flask, sign_in: Any, ada: int
) -> None:
    owner = in_language(sign_in(Role.OWNER), "en")
    desk = in_language(sign_in(Role.DESK), "qps")
    paths = [path.format(person=ada) for path in PAGES]
    for path in paths * 2:  # the first time compiles, in either order
        left, right = owner.get(path).text, desk.get(path).text
        assert MIRRORED not in left, path
        assert 'dir="ltr"' in left
        if "data-mirrored" in right:
            assert ENGLISH not in right, path
            assert 'dir="rtl"' in right
    changed = in_language(owner, "qps").get(paths[-1]).text
    assert 'dir="rtl"' in changed
    assert ENGLISH not in changed


def test_readers_of_two_languages_at_once_get_each_their_own_page(
    app: Flask, sign_in: Any, ada: int
) -> None:
    clients = [in_language(sign_in(role), "en") for role in (Role.OWNER, Role.MANAGER)]
    clients += [in_language(sign_in(role), "qps") for role in (Role.DESK, Role.TRAINER)]
    path = f"/people/{ada}"
    alone = [plain(client.get(path).text) for client in clients]

    def ask(number: int) -> list[str]:
        return [plain(clients[number].get(path).text) for _turn in range(8)]

    with ThreadPoolExecutor(len(clients)) as threads:
        together = list(threads.map(ask, range(len(clients))))
    for number, pages in enumerate(together):
        assert set(pages) == {alone[number]}, number


def test_the_rail_shows_each_reader_their_own_ways(app: Flask, sign_in: Any, ada: int) -> None:
    owner, trainer = sign_in(Role.OWNER), sign_in(Role.TRAINER)
    for _turn in range(2):
        rails = [client.get("/people").text.split("</nav>", 1)[0] for client in (owner, trainer)]
        assert 'href="/settings"' in rails[0]
        assert 'href="/settings"' not in rails[1]
        card = owner.get(f"/people/{ada}").text.split("</nav>", 1)[0]
        assert 'href="/people" aria-current="page"' in card
        home = owner.get("/home").text.split("</nav>", 1)[0]
        assert 'href="/people" aria-current="page"' not in home


@pytest.mark.parametrize("language", ["en", "qps"])
def test_a_page_compiled_for_its_language_says_what_the_template_says(
    app: Flask, sign_in: Any, ada: int, language: str
) -> None:
    """Behind an address that something stands before, templates are used as they are written."""
    client = in_language(sign_in(Role.OWNER), language)
    for path in PAGES:
        path = path.format(person=ada)
        compiled = client.get(path).text
        written = client.get(path, environ_overrides={"SCRIPT_NAME": "/club"}).text
        assert '="/club/static/' in written
        assert '="/club/' not in compiled
        written = re.sub(r'(["/= ])/club(/|")', r"\1\2", written)
        assert plain(compiled) == plain(written), path


def test_what_a_member_is_called_stays_text(app: Flask, sign_in: Any, ada: int) -> None:
    page = sign_in(Role.OWNER).get(f"/people/{ada}").text
    assert "<Bell>" not in page
    assert "Ada &lt;Bell&gt; &amp; Co" in page


def test_figures_are_in_the_language_that_is_read_at_last(app: Flask, a_club: int) -> None:
    with app.test_request_context("/"), force_locale("fa"):
        assert figures.number_text(1234) == "۱٬۲۳۴"
    with app.test_request_context("/"):
        assert figures.number_text(1234) == "1,234"


def test_addresses_are_those_that_flask_gives(app: Flask) -> None:
    values: dict[str, Any] = {"q": "a b&c=d/é", "n": 7, "none": None, "after": "x+y"}
    with app.test_request_context("/"):
        addresses = Addresses(app)
        for rule in app.url_map.iter_rules():
            numbers: dict[str, Any] = {name: 12 for name in rule.arguments if name != "filename"}
            if "filename" in rule.arguments or "path:" in rule.rule:
                continue
            for more in ({}, values):
                asked = numbers | more
                assert addresses.url_for(rule.endpoint, **asked) == url_for(rule.endpoint, **asked)
        assert addresses.url_for("static", filename="src/app.css", v=1) == url_for(
            "static", filename="src/app.css", v=1
        )
        with_anchor = {"person_id": 3, "_anchor": "x"}
        assert addresses.url_for("frontdesk.person", **with_anchor) == "/people/3#x"
        assert addresses.url_for("frontdesk.person", person_id=3, kind=["a", "b"]).endswith(
            "?kind=a&kind=b"
        )


def test_a_card_costs_few_statements(app: Flask, sign_in: Any, ada: int) -> None:
    owner = sign_in(Role.OWNER)
    owner.get(f"/people/{ada}")
    with statements() as seen:
        assert owner.get(f"/people/{ada}").status_code == 200
    assert len(seen) <= 35, (len(seen), seen)


def test_what_is_owed_is_the_same_however_it_is_read(
    app: Flask, a_club: int, other_club: int, ada: int
) -> None:
    with app.app_context(), reading() as session:
        invoices = invoices_of(session, ada)
        assert owed_on(invoices) == owed_by(session, [ada])[ada]
        assert owed_on(invoices, {a_club}) == owed_by(session, [ada], {a_club})[ada]
        assert owed_on(invoices, {other_club}) is None
        assert owed_on([]) is None


def test_one_person_is_read_as_one_of_many_is(app: Flask, a_club: int) -> None:
    one, other = add(app, a_club, "Uno Um", "Due Dois", tags=("swim", "early"))
    with app.app_context(), transaction() as session:
        assert session.get(Person, one) is not None
        assert tags_of(session, [one])[one] == tags_of(session, [one, other])[one]
        assert tags_of(session, []) == {}
