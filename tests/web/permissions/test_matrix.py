"""Every route x every role x whose thing it is, as `docs/permissions.md` has it."""

import re
from collections.abc import Iterable, Iterator
from dataclasses import replace
from html import unescape
from typing import Any

import pytest
from flask import Blueprint, Flask
from sqlalchemy import update

from clubcrm.accounts.access import requires
from clubcrm.accounts.policies import GRANTS
from clubcrm.accounts.states import Permission, Role
from clubcrm.app import create_app
from clubcrm.core import clock
from clubcrm.core.db import db
from clubcrm.core.transactions import reading, transaction
from clubcrm.members.models import Person
from clubcrm.members.queries import people_by_ids
from config import Settings
from tests.conftest import NOW, Database, emptied
from tests.web.permissions import examples, table
from tests.web.permissions.checks import Matrix, Scope
from tests.web.permissions.examples import EXAMPLES, PART, Example, named
from tests.web.permissions.table import NOTHING, Line, read
from tests.web.permissions.visitors import API, Answer, Visitors
from tests.web.permissions.watch import watching
from tests.web.permissions.world import MARK, build
from tests.web.places import rows_of

TABLE = read()
UNLIKE = list({GRANTS[role]: role for role in reversed(Role)}.values())[::-1]
"""The roles, one of those that may do the same."""
WAYS = re.compile(r'(?:href|action)="(/(?:people|memberships|freezes)/[^"]+)"')


@pytest.fixture(scope="module")
def visitors(the_app: Flask, database: Database) -> Iterator[Visitors]:
    """Two clubs, made once, and everybody who may ask."""
    with emptied(the_app, database), watching() as watch:
        yield Visitors(build(the_app), watch)


@pytest.fixture(scope="module")
def rows(visitors: Visitors) -> str:
    """All that is stored before anybody asks."""
    return rows_of(visitors.world.app)


@pytest.fixture(autouse=True)
def _nothing_is_kept(visitors: Visitors, rows: str) -> Iterator[None]:
    """Whatever is asked here, the database is the same afterwards; else these requests changed it."""
    clock.set_clock(NOW)
    visitors.watch.kept.clear()
    yield
    assert rows_of(visitors.world.app) == rows, visitors.watch.kept


@pytest.fixture
def matrix(visitors: Visitors) -> Matrix:
    return Matrix(TABLE, visitors)


def _nothing(found: Iterable[str]) -> None:
    """Nothing was found; else all of it is said."""
    broken = list(found)
    assert not broken, "\n".join(broken)


def test_every_route_and_every_role_is_in_the_table(the_app: Flask) -> None:
    _nothing(table.gaps(the_app, TABLE))


def test_the_table_can_be_read_in_one_way_only() -> None:
    with pytest.raises(table.TableError, match="changes nothing"):
        read(table.PLACE.read_text().replace("| see_members | 200 |", "| see_members | 200+ |"))
    with pytest.raises(table.TableError, match="no outcome"):
        read(table.PLACE.read_text().replace("| see_members | 200 |", "| see_members | yes |"))


@pytest.mark.parametrize("role", Role)
def test_a_role_finds_what_is_written(matrix: Matrix, visitors: Visitors, role: Role) -> None:
    """Own club, other club, none, gone: by a session on the pages and a token on the API."""
    _nothing(matrix.breaks_for(visitors.of_role[role], role))


@pytest.mark.parametrize("role", [role for role in UNLIKE if role is not Role.OWNER])
def test_what_one_may_elsewhere_opens_nothing_here(
    matrix: Matrix, visitors: Visitors, role: Role
) -> None:
    """Somebody holds a role here and owns the other club."""
    _nothing(matrix.breaks_elsewhere(visitors.elsewhere[role], role))


def test_who_is_not_signed_in_gets_nowhere(matrix: Matrix, visitors: Visitors) -> None:
    for visitor in (visitors.nobody, visitors.gone):
        _nothing(matrix.breaks_for_outsider(visitor))


def test_who_holds_no_role_has_an_account_and_nothing_else(
    matrix: Matrix, visitors: Visitors
) -> None:
    _nothing(matrix.breaks_for_powerless(visitors.powerless))


def test_what_is_open_to_everybody(matrix: Matrix, visitors: Visitors) -> None:
    everybody = [visitors.nobody, *(visitors.of_role[role] for role in (Role.OWNER, Role.KIOSK))]
    _nothing(one for visitor in everybody for one in matrix.breaks_of_open(visitor))


def test_every_id_in_a_form_is_looked_at(matrix: Matrix, visitors: Visitors) -> None:
    """One id after the other is of the other club, of nothing, or gone; all others are right."""
    owner = visitors.of_role[Role.OWNER]
    fields = TABLE.fields.values()
    _nothing(one for field in fields for one in matrix.breaks_of_field(owner, field))


def test_every_example_does_its_work(matrix: Matrix, visitors: Visitors) -> None:
    """A form that is refused for a fault of its own would prove nothing."""
    idle = {line.route for line in TABLE.lines.values() if not line.own.endswith("+")}
    assert {route for route in idle if not route.startswith("GET")} == {
        "POST /account/club",  # kept in the session
        "POST /settings/messages/test",  # there is no server to send by
    }
    owner = visitors.of_role[Role.OWNER]
    for route, name in TABLE.fields:
        if name in EXAMPLES[route].also:
            answer = matrix.ask(owner, TABLE.lines[route], Scope.OWN, also=name)
            assert answer.outcome == TABLE.lines[route].own, (route, name)


def test_asking_for_the_head_alone_changes_nothing(matrix: Matrix, visitors: Visitors) -> None:
    owner = visitors.of_role[Role.OWNER]
    for line in TABLE.lines.values():
        if line.method == "GET":
            address = matrix.sight.address(
                line.rule, EXAMPLES.get(line.route, Example()), Scope.OWN
            )
            answer = owner.ask("HEAD", address)
            assert answer.outcome == line.own, line.route
            assert not answer.told.get_data(), line.route
            assert not visitors.watch.writes, line.route


def test_what_is_only_tried_is_not_done(matrix: Matrix, visitors: Visitors) -> None:
    """A quote does the work and rolls it back; of another club's thing there is none."""
    owner = visitors.of_role[Role.OWNER]
    own = matrix.sight.ids[Scope.OWN]
    for route in examples.QUOTED:
        line, example = TABLE.lines[route], EXAMPLES[route]
        for scope, wanted in ((Scope.OWN, "200"), *list(matrix.cells(line))[1:3]):
            address = matrix.sight.address(line.rule, example, scope)
            answer = owner.ask("POST", f"{address}?quote=1", **example.sent(own))
            assert answer.outcome == wanted, (route, scope)


def test_no_form_goes_through_without_its_token(matrix: Matrix, visitors: Visitors) -> None:
    owner = visitors.of_role[Role.OWNER]
    for line in TABLE.lines.values():
        if line.method != "GET" and not line.rule.startswith(API):
            answer = matrix.ask(owner, line, Scope.OWN, keeps=True, guard=False, part=True)
            assert answer.outcome == "400", line.route


def test_a_session_opens_no_call_and_a_token_no_page(matrix: Matrix, visitors: Visitors) -> None:
    owner = visitors.of_role[Role.OWNER]
    for line in TABLE.lines.values():
        is_call = line.rule.startswith(API)
        way = "session" if is_call else "token"
        answer = matrix.ask(owner, line, Scope.OWN, keeps=True, by=way)
        if is_call:
            assert answer.outcome == "401", line.route
        else:
            # Without a session a form has no token that could be right.
            wanted = "302" if line.method == "GET" else "400"
            assert answer.outcome == wanted, line.route


def test_a_permission_that_is_taken_away_is_gone_at_once(
    matrix: Matrix, visitors: Visitors, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Each route stands on the permission it declares: without it the owner is refused as well."""
    owner = visitors.of_role[Role.OWNER]
    for line in TABLE.lines.values():
        if line.asks not in set(Permission):
            continue
        with monkeypatch.context() as patch:
            left = frozenset(Permission) - {Permission(line.asks)}
            patch.setitem(GRANTS, Role.OWNER, left)
            answer = matrix.ask(owner, line, Scope.OWN, keeps=True, part=True)
            assert answer.outcome == "403", line.route


# --- nothing is told of the other club ------------------------------------------------------


@pytest.mark.parametrize("role", UNLIKE)
def test_no_list_tells_of_the_other_club(matrix: Matrix, visitors: Visitors, role: Role) -> None:
    visitor = visitors.of_role[role]
    for probe in examples.PROBES:
        address = matrix.sight.asked(probe)
        if not matrix.may_open(role, address):
            continue
        answer = visitor.ask("GET", address)
        assert answer.told.status_code in (200, 302, 403, 404), probe
        assert MARK not in matrix.all_of(visitor, answer), probe
        assert not visitors.watch.writes, probe


def test_the_mark_stands_where_it_is_looked_for(matrix: Matrix, visitors: Visitors) -> None:
    """Whose club it is sees it on nearly every page, so that its absence elsewhere says something."""
    own, other = matrix.sight.ids[Scope.OWN], matrix.sight.ids[Scope.OTHER]
    turned = replace(
        matrix.sight, ids={**matrix.sight.ids, Scope.OWN: {**own, **other}, Scope.OTHER: own}
    )
    matrix.sight = turned
    silent = []
    for line in TABLE.lines.values():
        if line.method == "GET":
            answer = matrix.ask(visitors.stranger, line, Scope.OWN)
            assert answer.outcome == line.own, line.route
            if not _is_told(answer):
                silent.append(line.route)
    silent += [
        probe
        for probe in examples.PROBES
        if "other_" not in probe and not _is_told(visitors.stranger.ask("GET", turned.asked(probe)))
    ]
    assert set(silent) <= SILENT


def _is_told(answer: Answer) -> bool:
    """Whether an answer says more of the other club than its name, which stands on every page."""
    return MARK in answer.text.casefold().replace(f"{MARK} fitness", "")


SILENT = {
    *("GET /", "GET /settings", "GET /desk/entries/<int:entry_id>", "GET /desk/inside"),  # go on
    *("GET /account", "GET /import/export", "GET /import/new", "GET /people/new"),
    *("GET /settings/closures/new", "GET /settings/plans/new", "GET /settings/seasons/new"),
    *("GET /settings/contacts", "GET /settings/staff/new"),
    *("GET /desk/find", "GET /people/duplicates", "GET /people/find"),  # nothing was searched for
    "GET /import/<int:batch_id>/columns/<int:place>",
    "GET /import/<int:batch_id>/progress",
    "GET /api/v1/members/<member_id>/retention",
    *("GET /renewals", "GET /api/v1/reports/renewals"),  # by month
    *(f"/renewals?by=month&{examples.SPAN}", f"/api/v1/reports/renewals?by=month&{examples.SPAN}"),
    "/people/duplicates?first_name=Ana&last_name=zzf",
    *(f"/home/names/{group}" for group in ("watch", "slipped", "came_back", "notice", "left")),
    *("/home/names/refunded", "/home/names/due?days=7&part=high"),
    "/api/v1/members?status=potential",
}
"""What says nothing of anybody to whom it belongs either."""


@pytest.mark.parametrize("role", UNLIKE)
def test_of_a_guest_is_seen_what_is_the_guests_own(
    matrix: Matrix, visitors: Visitors, role: Role
) -> None:
    """Known at both clubs: what the staff of the other one did and said stays there."""
    visitor = visitors.of_role[role]
    # The one at home elsewhere is as much of a stranger as the other; whoever may do all looks at both.
    for guest in visitors.world.guests[0 if role is Role.OWNER else 1 :]:
        for line in TABLE.lines.values():
            is_about = guest.keys() & PART.findall(line.rule)
            if line.method != "GET" or not is_about or not TABLE.may(role, line.asks):
                continue
            answer = visitor.ask("GET", named(line.rule, guest))
            assert answer.outcome == line.own, line.route
            assert MARK[:8] not in matrix.all_of(visitor, answer), line.route
        if TABLE.may(role, "check_in"):
            # The door alone says of which club the guest is a member.
            answer = visitor.ask("GET", f"/desk?entry={guest['entry_id']}")
            assert "Stop – member of" in answer.text
            assert MARK[:8] not in answer.text.casefold().replace(f"{MARK} fitness", "")


def test_with_a_guest_is_done_what_is_of_the_own_club(visitors: Visitors) -> None:
    """Every way that the card and the desk show is one that may be gone."""
    desk = visitors.of_role[Role.DESK]
    for guest in visitors.world.guests:
        card = desk.ask("GET", f"/people/{guest['person_id']}")
        door = desk.ask("GET", f"/desk?entry={guest['entry_id']}")
        for link in set(WAYS.findall(card.text + door.text)):
            assert desk.ask("GET", unescape(link)).told.status_code in (200, 405), link
        pay = desk.ask("GET", f"/people/{guest['person_id']}/pay")
        assert "Chain pass" in card.text
        assert "Chain pass" not in pay.text


# --- the checks themselves ------------------------------------------------------------------


@pytest.fixture(scope="module")
def leaky_app(settings: Settings, visitors: Visitors) -> Iterator[Flask]:
    """An application with pages that somebody wrote in a hurry."""
    app = create_app(settings)
    pages = Blueprint("leaky", __name__)

    @pages.get("/leaky/<int:person_id>")
    @requires(Permission.SEE_MEMBERS)
    def forgets_the_club(person_id: int) -> Any:
        with reading() as session:
            found = people_by_ids(session, [person_id])
        return (found[person_id].name, 200) if found else ("nobody", 404)

    @pages.get("/bare")
    def forgets_the_policy() -> str:
        return "bare"

    @pages.get("/eager")
    @requires(Permission.SEE_MEMBERS)
    def writes_while_reading() -> str:
        with transaction() as session:
            session.execute(update(Person).values(note=""))
        return "eager"

    app.register_blueprint(pages)
    yield app
    with app.app_context():
        db.session.remove()
        db.engine.dispose()


def test_a_route_without_a_policy_or_a_line_is_found(leaky_app: Flask, visitors: Visitors) -> None:
    owner = replace(visitors.of_role[Role.OWNER], app=leaky_app)
    assert owner.ask("GET", "/bare").outcome == "403"
    found = table.gaps(leaky_app, TABLE)
    assert any("GET /bare says nothing of who may: put @requires" in one for one in found)
    assert any("GET /leaky/<int:person_id> stands nowhere in docs" in one for one in found)
    assert len(found) == 3


def test_a_line_that_lets_the_other_club_be_told_is_found(the_app: Flask) -> None:
    route = "GET /people/<int:person_id>"
    for scopes, words in (
        ({"other": NOTHING}, "leaves out, or makes up, a scope"),
        ({"other": "403"}, "is a 404"),
    ):
        line = replace(TABLE.lines[route], **scopes)
        (found,) = table.gaps(the_app, replace(TABLE, lines={**TABLE.lines, route: line}))
        assert words in found


def test_a_role_without_a_column_is_found(the_app: Flask) -> None:
    roles = tuple(role for role in TABLE.roles if role != "kiosk")
    found = table.gaps(the_app, replace(TABLE, roles=roles))
    assert found == ["The role kiosk has no column under Roles in docs/permissions.md: add one."]


def test_a_page_that_forgets_the_club_is_found(leaky_app: Flask, visitors: Visitors) -> None:
    line = Line("GET /leaky/<int:person_id>", "see_members", "200", "404", "404", "200")
    matrix = Matrix(replace(TABLE, lines={line.route: line}), visitors)
    desk = replace(visitors.of_role[Role.DESK], app=leaky_app)
    found = list(matrix.breaks_for(desk, Role.DESK))
    assert found == [
        f"{line.route}, desk, other: answers 200, written is 404",
        f"{line.route}, desk, other: tells of the other club",
        f"{line.route}: whether an id exists at the other club can be told from the answer",
    ]


def test_a_page_that_writes_while_it_is_read_is_found(leaky_app: Flask, visitors: Visitors) -> None:
    line = Line("GET /eager", "see_members", "200", NOTHING, NOTHING, NOTHING)
    matrix = Matrix(replace(TABLE, lines={line.route: line}), visitors)
    desk = replace(visitors.of_role[Role.DESK], app=leaky_app)
    with visitors.watch.rehearsal():
        found = list(matrix.breaks_for(desk, Role.DESK))
    assert [re.sub(r"[?%].*", "", one.split(":")[1]) for one in found] == [
        " answers 200+, written is 200",
        " only reads, and runs ['UPDATE person SET note=",
    ]
