"""An import in the browser: upload, columns, check, import, undo; through the real forms."""

import io
import zipfile
from pathlib import Path
from typing import Any

import pytest
from flask import Flask
from flask.testing import FlaskClient
from sqlalchemy import delete, func, select, update

from clubcrm.accounts.models import AccessLog
from clubcrm.accounts.states import Role
from clubcrm.core import clock
from clubcrm.core.db import db
from clubcrm.core.jobs import drain
from clubcrm.core.transactions import reading, transaction
from clubcrm.exchange.models import ImportBatch, ImportTouch
from clubcrm.exchange.operations.batches import keep_undone
from clubcrm.exchange.operations.undoing import Undone
from clubcrm.exchange.states import BatchState
from clubcrm.members.models import Consent, Membership, Person, PersonTag, Plan
from config import Settings
from tests.conftest import csrf_of

LIST = (
    "Member ID;Name;Mobile;E-mail;Start;End;Swims;Shoe size\n"
    "1;Ana Dias;912345678;ana@example.com;15/01/2026;14/01/2027;1;38\n"
    "2;Ana  DIAS;912345678;;20/01/2026;;0;39\n"
    "3;Rui Sá;nothing;;31/02/2026;;0;\n"
)
"""A good row, somebody who may be the same, and a term that cannot be placed."""


class Visitor:
    """Somebody at the pages of import, and a worker behind them."""

    def __init__(self, app: Flask, client: FlaskClient) -> None:
        self.app = app
        self.client = client

    def upload(self, content: str | bytes, name: str = "members.csv", **more: Any) -> Any:
        """Send a file in."""
        form = self.client.get("/import/new")
        data = content.encode() if isinstance(content, str) else content
        return self.client.post(
            "/import/new",
            data={
                "csrf_token": csrf_of(form.text),
                "kind": more.pop("kind", ""),
                "file": (io.BytesIO(data), name),
                **more,
            },
            content_type="multipart/form-data",
        )

    def post(self, path: str, page: str, **data: Any) -> Any:
        """Send a form that stands on a page."""
        form = self.client.get(page)
        return self.client.post(path, data={"csrf_token": csrf_of(form.text), **data})

    def choose(self, number: int = 1, changes: dict[str, str] | None = None) -> Any:
        """Take the columns as they are shown, but for some."""
        page = self.client.get(f"/import/{number}/columns")
        data = {**_chosen(page.text), **(changes or {})}
        return self.client.post(f"/import/{number}/columns", data=data)

    def work(self) -> int:
        """Let the worker do what waits."""
        with self.app.app_context():
            return drain(clock.now)

    def see(self, path: str) -> str:
        """The text of a page."""
        answer = self.client.get(path)
        assert answer.status_code == 200, answer.text
        return answer.text

    def count(self, model: Any) -> int:
        """How many rows a table has."""
        with self.app.app_context(), reading() as session:
            return session.scalar(select(func.count()).select_from(model)) or 0

    def state(self, number: int = 1) -> BatchState:
        """How far an import is."""
        with self.app.app_context(), reading() as session:
            return session.get_one(ImportBatch, number).state

    def uploads(self) -> list[Path]:
        """The files that are kept."""
        settings: Settings = self.app.extensions["settings"]
        folder = settings.data_dir / "uploads"
        return sorted(folder.iterdir()) if folder.exists() else []


def _chosen(html: str) -> dict[str, str]:
    """What a browser would send of the columns page."""
    from html.parser import HTMLParser  # noqa: PLC0415 - only here is a page read like a browser

    class Form(HTMLParser):
        def __init__(self) -> None:
            super().__init__()
            self.data: dict[str, str] = {}
            self._select = ""

        def handle_starttag(self, tag: str, attributes: list[tuple[str, str | None]]) -> None:
            told = dict(attributes)
            name, kind = told.get("name") or "", told.get("type")
            is_sent = kind not in ("radio", "checkbox", "search") or "checked" in told
            if tag == "input" and name and is_sent and kind != "search":
                self.data[name] = told.get("value") or ""
            elif tag == "select" and name:
                self._select = name
                self.data.setdefault(name, "")
            elif tag == "option" and "selected" in told:
                self.data[self._select] = told.get("value") or ""

    form = Form()
    form.feed(html)
    return form.data


@pytest.fixture
def visitor(app: Flask, sign_in: Any) -> Visitor:
    """The owner at the pages of import, with no uploads left from other tests."""
    visitor = Visitor(app, sign_in(Role.OWNER))
    for left in visitor.uploads():
        left.unlink()
    return visitor


def test_a_list_goes_all_the_way_in_and_back(visitor: Visitor) -> None:
    assert "Nothing was imported yet" in visitor.see("/import/")
    answer = visitor.upload(LIST)
    assert answer.headers["Location"] == "/import/1/columns"
    assert visitor.count(Person) == 0

    page = visitor.see("/import/1/columns")
    assert "Ana Dias" in page
    chosen = _chosen(page)
    assert chosen["kind"] == "memberships"
    assert [chosen[f"column-{n}"] for n in range(8)] == [
        *("external_id", "full_name", "phone", "email", "starts_on", "ends_on", "", "")
    ]
    assert "not recognised" in page

    answer = visitor.choose(changes={"column-6": "#tag", "consent": "own_members"})
    assert answer.status_code == 303
    assert "being checked" in visitor.see("/import/1").lower()
    assert visitor.client.get("/import/1/progress").status_code == 200
    visitor.work()
    assert visitor.client.get("/import/1/progress").headers["HX-Redirect"] == "/import/1"

    page = visitor.see("/import/1")
    assert visitor.count(Person) == 0
    assert "Nothing is stored yet" in page
    assert "Import 2 rows" in page
    assert "May be the same person" in page
    assert "“First day” is missing, or cannot be read" in page
    only = visitor.see("/import/1?only=rejected")
    assert "no telephone number" in only
    assert "Looks like" in page

    answer = visitor.post("/import/1/run", "/import/1")
    assert answer.status_code == 303
    visitor.work()
    page = visitor.see("/import/1")
    assert "2 rows were stored" in page
    assert (visitor.count(Person), visitor.count(Membership)) == (2, 2)
    assert visitor.count(PersonTag) == 1
    assert visitor.count(Consent) == 4

    rejected = visitor.client.get("/import/1/rejected.csv")
    assert rejected.headers["Content-Type"].startswith("text/csv")
    assert "attachment" in rejected.headers["Content-Disposition"]
    lines = rejected.text.removeprefix("\ufeff").splitlines()
    assert lines[0].startswith("line,reason,Member ID")
    assert lines[1].startswith("4,")
    assert len(lines) == 2
    assert len(visitor.uploads()) == 1

    page = visitor.see("/import/1/undo")
    assert "Memberships" in page
    visitor.post("/import/1/undo", "/import/1/undo")
    visitor.work()
    page = visitor.see("/import/1")
    assert "rows were removed" in page
    assert visitor.count(Person) == 0
    assert visitor.uploads() == []
    assert "undone" in visitor.see("/import/")


def test_the_mended_file_of_rejected_rows_goes_in(visitor: Visitor) -> None:
    visitor.upload(LIST)
    visitor.choose()
    visitor.work()
    visitor.post("/import/1/run", "/import/1")
    visitor.work()
    mended = visitor.client.get("/import/1/rejected.csv").text.replace("31/02/2026", "28/02/2026")
    visitor.upload(mended, "mended.csv")
    visitor.choose(2)
    visitor.work()
    assert "Import 1 row" in visitor.see("/import/2")


def test_a_file_that_cannot_be_read_is_refused_and_not_kept(visitor: Visitor) -> None:
    answer = visitor.upload(b"\x89PNG\r\n\x1a\n" + b"\0" * 100, "photo.csv")
    assert answer.status_code == 422
    assert "picture" in answer.text
    assert visitor.uploads() == []
    assert visitor.count(ImportBatch) == 0
    assert visitor.upload(b"", "empty.csv").status_code == 422
    answer = visitor.post("/import/new", "/import/new", kind="")
    assert answer.status_code == 422


def test_columns_that_make_no_sense_are_refused_on_the_form(visitor: Visitor) -> None:
    visitor.upload(LIST)
    answer = visitor.choose(changes={"column-1": "phone", "column-2": "phone"})
    assert answer.status_code == 422
    assert "both" in answer.text
    assert visitor.choose(changes={"as_of_on": ""}).status_code == 422
    assert visitor.state() is BatchState.UPLOADED


def test_a_column_without_which_nothing_goes_is_asked_for_at_once(visitor: Visitor) -> None:
    visitor.upload(LIST)
    answer = visitor.choose(changes={"column-4": "", "column-5": ""})
    assert answer.status_code == 422
    assert "“First day” (starts_on)" in answer.text
    assert visitor.state() is BatchState.UPLOADED


def test_a_check_that_cannot_be_done_says_why(visitor: Visitor) -> None:
    visitor.upload(LIST)
    visitor.choose()
    (upload,) = visitor.uploads()
    upload.unlink()
    visitor.work()
    assert visitor.state() is BatchState.FAILED
    page = visitor.see("/import/1")
    assert "no longer kept" in page
    assert "Nothing was stored" in page


def test_another_kind_guesses_anew_without_scripts(visitor: Visitor) -> None:
    visitor.upload(LIST)
    answer = visitor.post("/import/1/columns", "/import/1/columns", kind_only="1", kind="members")
    assert answer.headers["Location"] == "/import/1/columns?kind=members"
    chosen = _chosen(visitor.see("/import/1/columns?kind=members"))
    assert (chosen["kind"], chosen["column-4"]) == ("members", "")


def test_a_file_can_be_dropped_before_anything_is_stored(visitor: Visitor) -> None:
    visitor.upload(LIST)
    answer = visitor.post("/import/1/forget", "/import/1/columns")
    assert answer.status_code == 303
    assert visitor.count(ImportBatch) == 0
    assert visitor.uploads() == []
    assert "dropped" in visitor.see("/import/")


def test_steps_cannot_be_taken_out_of_turn(visitor: Visitor) -> None:
    visitor.upload(LIST)
    assert visitor.post("/import/1/run", "/import/1/columns").status_code == 409
    assert visitor.post("/import/1/undo", "/import/1/columns").status_code == 409
    assert visitor.client.get("/import/99").status_code == 404


def test_a_mapping_file_prefills_the_page(visitor: Visitor) -> None:
    told = b'[columns]\n"Shoe size" = "notes"\n[constants]\nplan = "Gym"\n[tags]\n"Swims" = "swimmer"\n'
    visitor.upload(LIST, kind="memberships", mapping=(io.BytesIO(told), "our.toml"))
    chosen = _chosen(visitor.see("/import/1/columns"))
    assert (chosen["column-6"], chosen["column-7"], chosen["plan"]) == ("#tag", "notes", "Gym")
    answer = visitor.upload(LIST, kind="members", mapping=(io.BytesIO(b"[columns"), "bad.toml"))
    assert answer.status_code == 422
    assert "TOML" in answer.text


OLD_SYSTEM = (
    "Id;genero;inicio;vezes;natacao\n"
    "1;0;2026-01-15;1.0;1\n2;1;2026-01-20;3.0;0\n3;0;2026-01-21;1.0;0\n4;?;2026-01-22;;1\n"
)
"""A list whose software wrote figures for words."""


def test_what_figures_mean_can_be_said_without_a_mapping_file(visitor: Visitor) -> None:
    visitor.upload(OLD_SYSTEM)
    page = visitor.see("/import/1/columns")
    assert "Say what 2 words mean" in page
    assert "it can be a tag" in page
    fields = visitor.see("/import/1/columns/3?column-3=plan")
    assert 'name="value-3-1"' in fields
    assert 'placeholder="1.0"' in fields
    assert 'value="natacao"' in visitor.see("/import/1/columns/4?column-4=%23tag")
    assert "not recognised" in visitor.see("/import/1/columns/3?column-3=")
    assert visitor.client.get("/import/1/columns/99?column-99=plan").status_code == 404

    meant = {"value-1-0": "female", "value-1-1": "male"}
    called = {"column-3": "plan", "value-3-1": "Once a week", "value-3-3": "Thrice a week"}
    swims = {"column-4": "#tag", "tag-4": "swims"}
    visitor.choose(changes={**meant, **called, **swims, "currency": "usd"})
    visitor.work()
    page = visitor.see("/import/1")
    assert "Import 4 rows" in page
    assert "means nothing" not in page
    again = _chosen(visitor.see("/import/1/columns"))
    assert {name: again[name] for name in (*meant, *called, *swims)} == {**meant, **called, **swims}

    visitor.post("/import/1/run", "/import/1")
    visitor.work()
    with visitor.app.app_context(), reading() as session:
        people = session.execute(select(Person.external_id, Person.gender).order_by(Person.id))
        assert people.all() == [("1", "female"), ("2", "male"), ("3", "female"), ("4", None)]
        plans = set(session.scalars(select(Plan.name)))
    assert {"Once a week", "Thrice a week"} <= plans
    assert visitor.count(PersonTag) == 2


def test_a_word_can_be_said_to_mean_nothing(visitor: Visitor) -> None:
    visitor.upload("Name;Gender;Start\nAna;f;2026-01-15\nRui;zz;2026-01-15\n")
    page = visitor.see("/import/1/columns")
    assert "Say what 1 word means" in page
    visitor.choose()
    visitor.work()
    assert "“zz” means nothing" in visitor.see("/import/1")
    visitor.choose(changes={"value-1-zz": "#nothing", "value-1-f": "other"})
    visitor.work()
    assert "means nothing" not in visitor.see("/import/1")
    visitor.choose(changes={"value-1-f": ""})
    visitor.work()
    assert _chosen(visitor.see("/import/1/columns"))["value-1-f"] == ""


def test_a_currency_that_is_none_is_refused_on_the_form(visitor: Visitor) -> None:
    visitor.upload(OLD_SYSTEM)
    answer = visitor.choose(changes={"currency": "EURO", "value-1-0": "female"})
    assert answer.status_code == 422
    assert _chosen(answer.text)["value-1-0"] == "female"
    assert visitor.choose(changes={"currency": "ZZZ"}).status_code == 422
    assert visitor.state() is BatchState.UPLOADED


def test_what_is_said_of_many_rows_is_said_once(visitor: Visitor) -> None:
    rows = "".join(f"{n};Ana {n};zz;2026-01-15;{n};x\n" for n in range(1, 31))
    visitor.upload(f"Id;Name;Gender;Start;Phone;Natação\n{rows}31;Rui;zz;;;\n32;Eva;f;;;\n")
    visitor.choose(changes={"column-5": "#tag"})
    visitor.work()
    page = visitor.see("/import/1")
    assert "What is said most" in page
    assert "31 rows like this" in page
    assert "30 rows like this" in page
    assert "2 rows like this" in page
    assert "Say what the words mean" in page
    assert page.count("would be stored</span>") == 25
    only = visitor.see("/import/1?only=missing.starts_on")
    assert only.count("would be stored</span>") == 0
    assert visitor.see("/import/1?only=bad_word.gender&after=26").count("stored</span>") == 5
    assert "No such rows" in visitor.see("/import/1?only=nonsense.%25")


def test_rows_are_found_by_a_heading_of_any_letters(visitor: Visitor) -> None:
    visitor.upload("Name;Start;Natação\nAna;2026-01-15;maybe\nRui;2026-01-15;0\n")
    visitor.choose(changes={"column-2": "#tag"})
    visitor.work()
    page = visitor.see("/import/1?only=bad_word.Natação")
    assert "“maybe” means nothing" in page


def test_a_file_that_was_exported_long_ago_is_noticed(visitor: Visitor) -> None:
    visitor.upload("Name;Start;Last visit\nAna;2025-01-15;2025-06-20\nRui;2025-01-15;2025-06-28\n")
    visitor.choose()
    visitor.work()
    assert "The latest visit in the file is of 28 Jun" in visitor.see("/import/1")
    visitor.choose(changes={"as_of_on": "2025-06-30"})
    visitor.work()
    assert "The latest visit" not in visitor.see("/import/1")


def test_an_undo_names_whom_it_left(visitor: Visitor) -> None:
    visitor.upload(LIST)
    visitor.choose()
    visitor.work()
    visitor.post("/import/1/run", "/import/1")
    visitor.work()
    assert "Everybody gets a phase" in visitor.see("/import/1")
    with visitor.app.app_context(), transaction() as session:
        changes = {Person.full_name: "Anna Dias", Person.revision: Person.revision + 1}
        session.execute(update(Person).where(Person.external_id == "1").values(changes))
    visitor.post("/import/1/undo", "/import/1/undo")
    visitor.work()
    page = visitor.see("/import/1")
    assert "1 row was kept" in page
    assert "Anna Dias" in page
    assert "Was stored" in page
    assert "Touched" not in page
    assert "old values back" not in page


def test_an_undo_shows_how_far_it_is(visitor: Visitor) -> None:
    visitor.upload(LIST)
    visitor.choose()
    visitor.work()
    visitor.post("/import/1/run", "/import/1")
    visitor.work()
    visitor.post("/import/1/undo", "/import/1/undo")
    page = visitor.see("/import/1")
    assert 'max="5" value="0"' in page
    assert "It begins by itself" in page
    assert "Steps of an import" not in page
    with visitor.app.app_context(), transaction() as session:
        keep_undone(session, 1, Undone(removed=2, kept=1))
        session.execute(delete(ImportTouch).where(ImportTouch.table_name == "membership"))
    assert "3 of 5 rows" in visitor.see("/import/1/progress")


def test_hostile_names_and_cells_are_shown_as_text(visitor: Visitor) -> None:
    evil = "<script>alert(1)</script>"
    visitor.upload(f"Member ID,Name,{evil}\n1,{evil},x\n1,Other,{evil}\n", f"{evil}.csv")
    for path in ("/import/", "/import/1/columns"):
        assert evil not in visitor.see(path)
    visitor.choose()
    visitor.work()
    assert evil not in visitor.see("/import/1")


def test_everything_is_handed_out_and_written_down(visitor: Visitor) -> None:
    visitor.upload(LIST)
    visitor.choose()
    visitor.work()
    visitor.post("/import/1/run", "/import/1")
    visitor.work()
    answer = visitor.post("/import/export", "/import/export", format="csv")
    assert answer.status_code == 200
    assert "aurora-2026-03-02.zip" in answer.headers["Content-Disposition"]
    with zipfile.ZipFile(io.BytesIO(answer.data)) as archive:
        names = archive.namelist()
        members = archive.read("members.csv").decode("utf-8-sig")
    answer.close()
    assert {"members.csv", "memberships.csv", "visits.csv", "payments.csv"} <= set(names)
    assert "Ana Dias" in members
    with visitor.app.app_context(), reading() as session:
        exports = select(AccessLog.user_id).where(AccessLog.action == "export")
        assert session.scalars(exports).one() is not None


def test_uploads_go_when_their_time_is_over(visitor: Visitor) -> None:
    from datetime import timedelta  # noqa: PLC0415

    from clubcrm.exchange.jobs import forget_uploads  # noqa: PLC0415

    visitor.upload(LIST)
    with visitor.app.app_context():
        assert forget_uploads(clock.now) == 0
        later = clock.now() + timedelta(days=8)
        assert forget_uploads(lambda: later) == 1
        db.session.remove()
    assert visitor.uploads() == []
    assert visitor.client.get("/import/1/columns").status_code == 410
