"""Exports: every table, guarded, and taken back without a difference."""

import csv
import json
from datetime import UTC, date, datetime
from pathlib import Path

import pytest
from sqlalchemy import select

from clubcrm.accounts.models import AccessLog
from clubcrm.accounts.operations import set_up
from clubcrm.accounts.queries import clubs
from clubcrm.billing.operations import sell_membership
from clubcrm.billing.states import PaymentMethod
from clubcrm.core.actor import OPERATOR
from clubcrm.core.db import db
from clubcrm.core.money import Money
from clubcrm.core.transactions import reading, transaction
from clubcrm.exchange.operations.exporting import export_all, note_export
from clubcrm.exchange.queries import TABLES
from clubcrm.exchange.states import ExportFormat, Kind
from clubcrm.members.models import Person
from clubcrm.members.operations import PersonValues, PlanValues, add_person, add_plan
from clubcrm.members.states import PlanKind
from clubcrm.visits.operations import VisitValues, issue_card, record_visits
from clubcrm.visits.states import VisitSource
from tests.conftest import NOW, Database
from tests.integration.exchange.conftest import Desk

HOSTILE = [
    "=1+1",
    "  =1+1",
    "+351",
    "-5",
    "@SUM(A1)",
    "\t=1",
    "＝1+1",
    "'=1",
    "''=x",
    "\u200b=1",
    'Ana "Nita", Dias',
    "O'Brien",
    "a;b|c",
    "علی‌رضا",
]


def _export(desk: Desk, format_: ExportFormat, name: str) -> Path:
    folder = desk.folder / name
    with transaction() as session:
        note_export(session, clubs(session), by=OPERATOR, now=NOW)
    with reading() as session:
        export_all(
            session, folder, format_, clubs(session), now=NOW, progress=lambda _name, _rows: None
        )
    return folder


def _table(path: Path) -> list[dict[str, str]]:
    with path.open(encoding="utf-8-sig", newline="") as file:
        return list(csv.DictReader(file))


@pytest.fixture
def lived_in(desk: Desk) -> Desk:
    """A club with imported people and some who came by the desk; hostile names among them."""
    desk.take_in(
        "memberships",
        "external_id,full_name,phone,email,birth_date,gender,plan,starts_on,ends_on,price,paid,tags,"
        "card_code,last_visit_on,visits_total,visits_per_week,consent_email,notes\n"
        "A,Ana Dias,912345678,a@example.com,1990-01-02,F,Annual,2025-06-01,2026-05-31,100,60,vip; pool,"
        '77,2026-02-20,96,1.45,yes,"two\nlines"\n'
        "B,Eva Luz,912345679,,,M,Monthly,2025-06-01,,,,,,,,,no,\n",
    )
    desk.take_in("freezes", "member,from,until,reason\nA,2026-02-01,2026-02-11,Injury\n")
    desk.take_in("closures", "from,until,share,name\n2026-08-01,2026-09-01,0.3,August\n")
    desk.take_in(
        "payments", "external_id,member,paid_at,amount,method\nR1,A,2026-01-05 10:00,60,card\n"
    )
    desk.take_in("debts", "member,due_on,amount,for\nB,2026-02-01,12.5,Locker\n")
    desk.take_in("visits", "member,checked_in_at,access_point\nA,2026-01-05 18:02:10,Door\n")
    with transaction() as session:
        plan = PlanValues(name="Year", kind=PlanKind.TERM, months=12, price=Money(20000, "EUR"))
        plan_id = add_plan(session, plan, club_id=desk.club_id, by=OPERATOR, now=NOW)
        for name in HOSTILE:
            values = PersonValues(full_name=name, note=name, tags=("a, b",))
            add_person(session, values, club_id=desk.club_id, by=OPERATOR, now=NOW)
        person_id = add_person(
            session, PersonValues(full_name="Rui"), club_id=desk.club_id, by=OPERATOR, now=NOW
        )
        sell_membership(
            session,
            person_id,
            plan_id,
            starts_on=date(2026, 3, 1),
            price=Money(20000, "EUR"),
            paid=Money(15000, "EUR"),
            method=PaymentMethod.CASH,
            by=OPERATOR,
            now=NOW,
        )
        issue_card(session, person_id, "00123", club_id=desk.club_id, by=OPERATOR, now=NOW)
        at = datetime(2026, 3, 2, 8, 30, 5, 123456, tzinfo=UTC)
        record_visits(
            session,
            [VisitValues(person_id, at)],
            club_id=desk.club_id,
            source=VisitSource.DESK,
            by=OPERATOR,
            now=NOW,
        )
    return desk


def test_every_table_is_there_and_the_look_is_written_down(lived_in: Desk) -> None:
    folder = _export(lived_in, ExportFormat.CSV, "out")
    assert sorted(path.name for path in folder.iterdir()) == sorted(f"{t.name}.csv" for t in TABLES)
    assert lived_in.rows(select(AccessLog.action, AccessLog.subject)) == [("export", "aurora")]
    members = _table(folder / "members.csv")
    assert len(members) == lived_in.count(Person)
    ana = next(row for row in members if row["external_id"] == "A")
    assert ana["phone"] == "'+351912345678"
    assert (ana["birth_date"], ana["tags"], ana["notes"]) == (
        "1990-01-02",
        "pool; vip",
        "two\nlines",
    )
    terms = _table(folder / "memberships.csv")
    assert terms[0]["ends_on"] == "2026-05-31"
    assert (terms[0]["price"], terms[0]["paid"], terms[1]["ends_on"]) == ("100.00", "60.00", "")
    debts = {(row["member"], row["amount"]) for row in _table(folder / "debts.csv")}
    assert ("A", "40.00") in debts
    assert ("B", "12.50") in debts
    raw = (folder / "members.csv").read_bytes()
    assert raw.startswith(b"\xef\xbb\xbf")
    assert (folder / "members.csv").stat().st_mode & 0o077 == 0


def test_no_cell_begins_like_a_formula(lived_in: Desk) -> None:
    folder = _export(lived_in, ExportFormat.CSV, "out")
    for path in folder.iterdir():
        with path.open(encoding="utf-8-sig", newline="") as file:
            for row in csv.reader(file):
                for cell in row:
                    plain = cell.strip("\u200b \t\r\n")
                    if plain.startswith(("=", "+", "-", "@", "＝")):
                        assert float(plain), f"{path.name}: {cell!r}"


@pytest.mark.parametrize("format_", [ExportFormat.CSV, ExportFormat.XLSX])
def test_an_export_taken_back_changes_nothing(lived_in: Desk, format_: ExportFormat) -> None:
    folder = _export(lived_in, format_, "out")
    before = lived_in.everything()
    for kind in Kind:
        outcome = lived_in.take_in(kind.value, folder / f"{kind.value}.{format_}")
        figures = outcome.figures
        assert (kind, figures.stored, figures.rejected) == (kind, 0, 0)
    assert lived_in.everything() == before


@pytest.mark.parametrize("format_", [ExportFormat.CSV, ExportFormat.XLSX])
def test_an_export_makes_the_same_club_elsewhere(
    lived_in: Desk, format_: ExportFormat, database: Database
) -> None:
    folder = _export(lived_in, format_, "out")
    first = _export(lived_in, ExportFormat.CSV, "first")
    wanted = {table.name: _table(first / f"{table.name}.csv") for table in TABLES}
    _begin_anew(database)
    for kind in Kind:
        outcome = lived_in.take_in(kind.value, folder / f"{kind.value}.{format_}")
        assert (kind, outcome.figures.rejected) == (kind, 0)
    second = _export(lived_in, ExportFormat.CSV, "second")
    for name in ("members", "memberships", "freezes", "closures", "visits", "payments", "debts"):
        found = _table(second / f"{name}.csv")
        # In any order: the rest of a price is told with its term, before the other debts.
        assert sorted(_compared(name, row) for row in found) == sorted(
            _compared(name, row) for row in wanted[name]
        ), name


def test_lines_of_json_hold_every_figure(lived_in: Desk) -> None:
    folder = _export(lived_in, ExportFormat.JSONL, "out")
    rows = [json.loads(line) for line in (folder / "members.jsonl").read_text("utf-8").splitlines()]
    # As they are kept: blanks around them and invisible signs were taken out when they came in.
    kept = {name.strip("\u200b \t") for name in HOSTILE}
    assert {row["full_name"] for row in rows} >= kept
    payments = (folder / "payments.jsonl").read_text("utf-8").splitlines()
    assert json.loads(payments[0])["amount"] == "60.00"


def _compared(name: str, row: dict[str, str]) -> list[tuple[str, str]]:
    """A row without what the new place decides itself."""
    # The rest of a price is due from the first day of its term.
    left_out = {"debts": {"due_on"}}.get(name, set())
    return [(heading, cell) for heading, cell in row.items() if heading not in left_out]


def _begin_anew(database: Database) -> None:
    """Another installation, with a club of the same code."""
    db.session.remove()
    db.engine.dispose()
    database.reset()
    with transaction() as session:
        set_up(
            session,
            code="aurora",
            name="Aurora Fitness",
            timezone="Europe/Lisbon",
            currency="EUR",
            language="en",
            calendar="gregorian",
            owner_name="",
            owner_email=None,
            owner_password=None,
            by=OPERATOR,
            now=NOW,
        )
