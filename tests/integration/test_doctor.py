"""The doctor: nothing to say of a club that is lived, and each planted break is named.

The breaks are made with plain SQL, past every operation, and rolled back again.
"""

import json
import os
import subprocess
import sys
from collections.abc import Callable, Iterator
from datetime import UTC, date, datetime, timedelta
from typing import Any

import pytest
from flask import Flask
from sqlalchemy import delete, insert, text
from sqlalchemy.orm import Session

from clubcrm.accounts.operations import open_club
from clubcrm.core import clock
from clubcrm.core.actor import OPERATOR
from clubcrm.core.invariants import Examined, Invariant
from clubcrm.core.sql import is_sqlite
from clubcrm.core.transactions import reading, transaction
from clubcrm.doctor import examine
from clubcrm.exchange.states import BatchState
from clubcrm.messaging.models import Message, Sender
from clubcrm.messaging.states import Channel, MessageState, Purpose
from clubcrm.reports.models import BaseDay
from clubcrm.simulator.demo import make_demo
from clubcrm.wiring import INVARIANTS
from tests.conftest import Database

NOW = datetime(2026, 3, 2, 18, 40, tzinfo=UTC)

BY_CODE = {invariant.code: invariant for invariant in INVARIANTS}


class _Undo(Exception):
    """Rolls a planted break back."""


def live(members: int, days: int) -> int:
    """A demo club of some weeks, and a second club beside it; gives the second one's id."""
    make_demo(
        members=members,
        days=days,
        seed=8,
        tell=lambda _told: None,
        contacts=timedelta(days=20),
    )
    with transaction() as session:
        return open_club(
            session,
            code="other",
            name="Other",
            timezone="Europe/London",
            currency="GBP",
            language="en",
            calendar="gregorian",
            by=OPERATOR,
            now=NOW,
        )


@pytest.fixture
def at_now(in_app: Flask) -> Iterator[None]:
    """The clock stands on a Monday evening."""
    clock.set_clock(NOW)
    yield
    clock.set_clock(None)


def one(session: Session, sql: str, **values: Any) -> Any:
    """The first value of the first row; there must be one."""
    found = session.execute(text(sql), values).scalar()
    assert found is not None, f"nothing to break: {sql}"
    return found


def do(session: Session, *statements: str, **values: Any) -> None:
    for statement in statements:
        session.execute(text(statement), values)


def unguarded(session: Session, _other: int) -> str:
    if is_sqlite(session):
        do(session, "DROP TRIGGER payment_append_only_delete")
    else:
        do(session, "ALTER TABLE payment DISABLE TRIGGER payment_append_only")
    return "table payment"


def lost_reference(session: Session, _other: int) -> str:
    person = one(session, "SELECT max(person_id) FROM credential")
    do(session, "PRAGMA defer_foreign_keys=ON")
    do(session, "UPDATE credential SET person_id = 999999 WHERE person_id = :p", p=person)
    return "credential"


def other_club(session: Session, other: int) -> str:
    term = one(session, "SELECT min(membership_id) FROM visit")
    do(session, "UPDATE membership SET club_id = :other WHERE id = :term", other=other, term=term)
    return f"membership_id {term} is of club_id {other}"


def other_person(session: Session, _other: int) -> str:
    visit, person = session.execute(
        text("SELECT id, person_id FROM visit WHERE membership_id IS NOT NULL ORDER BY id")
    ).all()[0]
    stranger = one(session, "SELECT min(id) FROM person WHERE id != :p", p=person)
    do(session, "UPDATE visit SET person_id = :s WHERE id = :v", s=stranger, v=visit)
    return f"visit {visit} (membership_id"


def failed_work(session: Session, _other: int) -> str:
    do(
        session,
        "INSERT INTO job (kind, key, payload, state, run_at, fence, attempts, last_error, created_at) "
        "VALUES ('x', 'y', '{}', 'failed', :at, 1, 8, 'KeyError', :at)",
        at=NOW.replace(tzinfo=None) if is_sqlite(session) else NOW,
    )
    return "(failed, KeyError)"


def wrong_end(session: Session, _other: int) -> str:
    term = one(session, "SELECT min(id) FROM membership WHERE until_on > '2026-03-02'")
    later = NOW.date() + timedelta(days=4000)
    do(session, "UPDATE membership SET until_on = :d WHERE id = :t", d=later, t=term)
    return f"membership {term} (until {later}"


def some_term(session: Session) -> tuple[int, int, int]:
    """A running term without a freeze: id, person, club."""
    row = session.execute(
        text(
            "SELECT id, person_id, club_id FROM membership m WHERE kind = 'term' AND NOT is_trial "
            "AND starts_on < '2026-02-01' AND until_on > '2026-03-20' AND previous_id IS NULL "
            "AND cancel_until_on IS NULL AND NOT EXISTS "
            "(SELECT 1 FROM membership_freeze f WHERE f.membership_id = m.id) ORDER BY id"
        )
    ).first()
    assert row is not None
    return row[0], row[1], row[2]


def freeze(session: Session, from_on: str, until_on: str) -> int:
    term, person, club = some_term(session)
    do(
        session,
        "INSERT INTO membership_freeze (club_id, membership_id, person_id, from_on, until_on, reason, "
        "revision, created_at) VALUES (:c, :m, :p, :a, :b, '', 1, :now)",
        c=club,
        m=term,
        p=person,
        a=date.fromisoformat(from_on),
        b=date.fromisoformat(until_on),
        now=NOW.replace(tzinfo=None) if is_sqlite(session) else NOW,
    )
    return one(session, "SELECT max(id) FROM membership_freeze")


def overlapping_freezes(session: Session, _other: int) -> str:
    if not is_sqlite(session):
        # The database refuses it; the invariant must see it where a restore lost that rule.
        do(session, "ALTER TABLE membership_freeze DROP CONSTRAINT ex_membership_freeze_overlap")
    first = freeze(session, "2026-02-10", "2026-02-20")
    term = one(session, "SELECT membership_id FROM membership_freeze WHERE id = :f", f=first)
    do(
        session,
        "INSERT INTO membership_freeze (club_id, membership_id, person_id, from_on, until_on, reason, "
        "revision, created_at) SELECT club_id, membership_id, person_id, :a, :b, '', 1, created_at "
        "FROM membership_freeze WHERE id = :f",
        f=first,
        a=date(2026, 2, 19),
        b=date(2026, 2, 25),
    )
    return f"freeze {first} (membership {term}"


def freeze_outside(session: Session, _other: int) -> str:
    return f"freeze {freeze(session, '2020-01-01', '2020-01-05')}"


def too_many_visits_left(session: Session, _other: int) -> str:
    term = one(session, "SELECT min(id) FROM membership WHERE visits_total = 10")
    do(session, "UPDATE membership SET visits_left = 11 WHERE id = :t", t=term)
    return f"membership {term} (left 11, total 10)"


def wrong_link(session: Session, _other: int) -> str:
    term, _person, _club = some_term(session)
    before = one(session, "SELECT max(id) FROM membership WHERE previous_id IS NULL")
    do(session, "UPDATE membership SET previous_id = id WHERE id = :t", t=term)
    assert before
    return f"membership {term} (follows {term})"


def unseen(session: Session, _other: int) -> str:
    term, person, _club = some_term(session)
    do(session, "DELETE FROM person_club WHERE person_id = :p", p=person)
    return f"membership {term} (person {person})"


def number_again(session: Session, _other: int) -> str:
    last = one(session, "SELECT last_number FROM number_series WHERE name = 'member'")
    do(session, "UPDATE number_series SET last_number = last_number - 1 WHERE name = 'member'")
    return f"(number {last}, last given {last - 1})"


def stale_words(session: Session, _other: int) -> str:
    person = one(session, "SELECT max(id) FROM person")
    do(session, "UPDATE person SET phone = '+442079460999' WHERE id = :p", p=person)
    return f"person {person} (other words"


def missing_invoice(session: Session, _other: int) -> str:
    do(session, "UPDATE invoice_series SET last_number = last_number + 1")
    return "1 missing)"


def wrong_state(session: Session, _other: int) -> str:
    invoice = one(session, "SELECT min(id) FROM invoice WHERE state = 'paid'")
    do(session, "UPDATE invoice SET state = 'issued' WHERE id = :i", i=invoice)
    return f"invoice {invoice} ("


def too_large_part(session: Session, _other: int) -> str:
    payment = one(session, "SELECT min(payment_id) FROM payment_allocation")
    do(
        session,
        "UPDATE payment_allocation SET amount_minor = amount_minor + 1 WHERE payment_id = :p",
        p=payment,
    )
    return f"payment {payment} ("


def bent_reversal(session: Session, _other: int) -> str:
    payment = one(session, "SELECT min(id) FROM payment WHERE amount_minor > 100")
    do(
        session,
        "INSERT INTO payment (club_id, person_id, external_round, is_imported, amount_minor, currency, "
        "method, paid_at, purpose, reverses_id, reason, taken_by, created_at) SELECT club_id, "
        "person_id, 0, is_imported, 1 - amount_minor, currency, method, paid_at, '', id, '', '', "
        "created_at FROM payment WHERE id = :p",
        p=payment,
    )
    return f"(takes_back {payment})"


def money_from_nowhere(session: Session, _other: int) -> str:
    payment = one(session, "SELECT min(id) FROM payment WHERE amount_minor > 100")
    do(
        session,
        "INSERT INTO payment (club_id, person_id, external_round, is_imported, amount_minor, currency, "
        "method, paid_at, purpose, reason, taken_by, created_at) SELECT club_id, person_id, 0, "
        "is_imported, -5, currency, method, paid_at, '', '', '', created_at FROM payment WHERE id = :p",
        p=payment,
    )
    return "(amount -5)"


def contacted_debtor(session: Session, _other: int) -> str:
    invoice = one(session, "SELECT min(id) FROM invoice WHERE state = 'paid'")
    do(
        session,
        "UPDATE invoice SET state = 'issued', due_on = :d WHERE id = :i",
        d=NOW.date() - timedelta(days=5),
        i=invoice,
    )
    return f"invoice {invoice} (overdue"


def miscounted_day(session: Session, _other: int) -> str:
    person = one(session, "SELECT min(person_id) FROM visit_day")
    do(session, "UPDATE visit_day SET visits = visits + 7 WHERE person_id = :p", p=person)
    return f"person {person} on "


def inside_twice(session: Session, _other: int) -> str:
    person = one(session, "SELECT min(person_id) FROM visit WHERE source = 'desk'")
    do(
        session,
        'INSERT INTO visit (club_id, person_id, checked_in_at, "on", source, decision, took_a_visit, '
        "recorded_by, created_at) SELECT club_id, person_id, :at, :day, 'desk', 'in', :no, '', :at "
        "FROM visit WHERE person_id = :p ORDER BY id LIMIT 1",
        p=person,
        at=(NOW - timedelta(minutes=9)).replace(tzinfo=None if is_sqlite(session) else UTC),
        day=NOW.date(),
        no=False,
    )
    do(
        session,
        'INSERT INTO visit (club_id, person_id, checked_in_at, "on", source, decision, took_a_visit, '
        'recorded_by, created_at, device_key) SELECT club_id, person_id, checked_in_at, "on", source, '
        "decision, took_a_visit, '', created_at, 'again' FROM visit WHERE person_id = :p "
        "ORDER BY id DESC LIMIT 1",
        p=person,
    )
    return f"person {person} (inside "


def wrong_take(session: Session, _other: int) -> str:
    term = one(session, "SELECT min(id) FROM membership WHERE visits_left > 1 AND is_access")
    do(session, "UPDATE membership SET visits_left = visits_left - 1 WHERE id = :t", t=term)
    return f"membership {term} (total 10"


def a_session(session: Session) -> int:
    """A session that took one from a package."""
    return int(one(session, "SELECT min(id) FROM appointment WHERE took"))


def wrong_session_take(session: Session, _other: int) -> str:
    term = one(session, "SELECT membership_id FROM appointment WHERE id = :a", a=a_session(session))
    do(session, "UPDATE membership SET visits_left = visits_left + 1 WHERE id = :t", t=term)
    return f"membership {term} (total"


def no_package(session: Session, _other: int) -> str:
    held = a_session(session)
    term = one(session, "SELECT min(id) FROM membership WHERE is_access")
    do(session, "UPDATE appointment SET membership_id = :t WHERE id = :a", t=term, a=held)
    return f"session {held} (membership {term}"


def at_two_sessions(session: Session, _other: int) -> str:
    if not is_sqlite(session):
        # The database refuses it; the invariant must see it where a restore lost that rule.
        do(session, "ALTER TABLE appointment DROP CONSTRAINT ex_appointment_overlap")
    first = a_session(session)
    second = one(
        session,
        "SELECT min(b.id) FROM appointment a JOIN appointment b ON b.trainer_id = a.trainer_id "
        "AND b.id > a.id AND b.took WHERE a.id = :a",
        a=first,
    )
    do(
        session,
        "UPDATE appointment SET starts_at = (SELECT starts_at FROM appointment WHERE id = :a), "
        "ends_at = (SELECT ends_at FROM appointment WHERE id = :a) WHERE id = :b",
        a=first,
        b=second,
    )
    return f"session {first} (other {second}"


def untold_outcome(session: Session, _other: int) -> str:
    held = a_session(session)
    do(session, "UPDATE appointment SET outcome_at = NULL WHERE id = :a", a=held)
    return f"session {held}"


def other_trainer(session: Session, _other: int) -> str:
    client = one(session, "SELECT min(person_id) FROM client_assignment WHERE until_on IS NULL")
    do(session, "UPDATE person SET trainer = 'Nobody Here' WHERE id = :p", p=client)
    return f"person {client}"


def stopped_with_a_visit(session: Session, _other: int) -> str:
    entry = one(session, "SELECT min(id) FROM entry_decision WHERE visit_id IS NOT NULL")
    do(session, "UPDATE entry_decision SET decision = 'stop' WHERE id = :e", e=entry)
    return f"entry decision {entry} ("


def stale_card(session: Session, _other: int) -> str:
    person = one(session, "SELECT min(person_id) FROM credential")
    do(session, "UPDATE credential SET code = 'zz1' WHERE person_id = :p", p=person)
    return f"person {person} (other words than the cards)"


def not_followed(session: Session, _other: int) -> str:
    _term, person, _club = some_term(session)
    do(session, "DELETE FROM member_state WHERE person_id = :p", p=person)
    return f"person {person}"


def overdue(session: Session, _other: int) -> str:
    _term, person, _club = some_term(session)
    do(
        session,
        "UPDATE member_state SET next_check_on = :d WHERE person_id = :p",
        p=person,
        d=NOW.date(),
    )
    return f"person {person} (due on 2026-03-02"


def broken_history(session: Session, _other: int) -> str:
    _term, person, _club = some_term(session)
    do(session, "UPDATE phase_change SET from_phase = 'lost' WHERE person_id = :p", p=person)
    return f"person {person} (on "


def wrong_phase(session: Session, _other: int) -> str:
    _term, person, _club = some_term(session)
    do(session, "UPDATE member_state SET phase = 'lapsed' WHERE person_id = :p", p=person)
    return f"person {person} (lapsed/"


def stopped_run(session: Session, _other: int) -> str:
    do(session, "UPDATE daily_run SET state = 'stopped' WHERE \"on\" = '2026-02-14'")
    return "run of 2026-02-14"


def stale_outcome(session: Session, _other: int) -> str:
    term = one(session, "SELECT min(membership_id) FROM renewal_outcome")
    do(session, "UPDATE renewal_outcome SET window_days = 3 WHERE membership_id = :t", t=term)
    return f"membership {term} (window_days)"


def miscounted_base(session: Session, _other: int) -> str:
    club = one(session, "SELECT min(club_id) FROM membership")
    row = {
        "club_id": club,
        "on": NOW.date(),
        "members": 12345,
        "counted_at": NOW + timedelta(days=1),
    }
    session.execute(delete(BaseDay))
    session.execute(insert(BaseDay).values(row))
    return f"club {club}, base on {NOW.date()} (12345 for"


def an_import(session: Session, **figures: int) -> int:
    counts = {"read": 10, "stored": 6, "unchanged": 3, "rejected": 1} | figures
    do(
        session,
        "INSERT INTO import_batch (club_id, kind, state, file_name, file_sha256, mapping, as_of_on, "
        'consent_basis, consent_wording, total, "read", stored, unchanged, rejected, warnings, notes, '
        "message, started_by, created_at) VALUES "
        "(1, 'members', :state, 'a.csv', '', '{}', '2026-03-01', 'unknown', '', 10, :read, "
        ":stored, :unchanged, :rejected, 0, '[]', '', '', '2026-03-01 10:00:00')",
        state=BatchState.DONE.value,
        **counts,
    )
    return one(session, "SELECT max(id) FROM import_batch")


def wrong_sum(session: Session, _other: int) -> str:
    return f"import {an_import(session, stored=5)} (read 10, stored 5"


def lost_rejection(session: Session, _other: int) -> str:
    return f"import {an_import(session)} (rejected 1, listed 0)"


def message(session: Session, **values: Any) -> int:
    """A message as it should not be."""
    person, club = session.execute(text("SELECT id, home_club_id FROM person ORDER BY id")).all()[0]
    row = Message(
        club_id=club,
        person_id=person,
        reference="broken",
        channel=Channel.EMAIL,
        purpose=Purpose.SERVICE,
        language="en",
        body="",
        send_at=NOW,
        valid_until=values.pop("valid_until", NOW + timedelta(days=1)),
        created_at=NOW,
        **values,
    )
    session.add(row)
    session.flush()
    return row.id


def left_in_the_middle(session: Session, _other: int) -> str:
    claimed = {"claim_no": 1, "provider_key": "<a@b>", "address": "a@b.example"}
    at = NOW - timedelta(minutes=11)
    return f"message {message(session, state=MessageState.SENDING, claimed_at=at, **claimed)} "


def sent_unclaimed(session: Session, _other: int) -> str:
    return f"message {message(session, state=MessageState.SENT)} (state sent)"


def waits_too_long(session: Session, _other: int) -> str:
    late = NOW - timedelta(hours=2)
    return f"message {message(session, state=MessageState.QUEUED, valid_until=late)} "


def nameless_sender(session: Session, _other: int) -> str:
    club = one(session, "SELECT min(home_club_id) FROM person")
    session.execute(delete(Sender))
    row = Sender(club_id=club, channel=Channel.EMAIL, is_on=True, settings={}, changed_at=NOW)
    session.add(row)
    session.flush()
    return f"sender {row.id} (channel email)"


def locked_for_long(session: Session, _other: int) -> str:
    employee = one(session, "SELECT max(user_id) FROM staff_pin")
    late = NOW + timedelta(hours=2)
    do(
        session,
        "UPDATE staff_pin SET wrong_tries = 5, locked_until = :at WHERE user_id = :u",
        u=employee,
        at=late.replace(tzinfo=None) if is_sqlite(session) else late,
    )
    return f"PIN of employee {employee} (locked_until"


BREAKS: dict[str, Callable[[Session, int], str]] = {
    "messaging.sending": left_in_the_middle,
    "messaging.claimed": sent_unclaimed,
    "messaging.in_time": waits_too_long,
    "messaging.senders": nameless_sender,
    "accounts.pins": locked_for_long,
    "core.append_only": unguarded,
    "core.references": lost_reference,
    "core.same_club": other_club,
    "core.same_person": other_person,
    "core.work": failed_work,
    "members.ends": wrong_end,
    "members.freezes_apart": overlapping_freezes,
    "members.freezes_inside": freeze_outside,
    "members.visits_left": too_many_visits_left,
    "members.links": wrong_link,
    "members.seen": unseen,
    "members.numbers": number_again,
    "members.search": stale_words,
    "billing.numbers": missing_invoice,
    "billing.invoices": wrong_state,
    "billing.parts": too_large_part,
    "billing.reversals": bent_reversal,
    "billing.given_back": money_from_nowhere,
    "billing.blocks": contacted_debtor,
    "visits.days": miscounted_day,
    "visits.inside_once": inside_twice,
    "visits.taken": wrong_take,
    "visits.decisions": stopped_with_a_visit,
    "schedule.taken": wrong_session_take,
    "schedule.packages": no_package,
    "schedule.one_at_a_time": at_two_sessions,
    "schedule.outcomes": untold_outcome,
    "trainers.assigned": other_trainer,
    "visits.cards": stale_card,
    "retention.followed": not_followed,
    "retention.on_time": overdue,
    "retention.history": broken_history,
    "retention.phases": wrong_phase,
    "retention.runs": stopped_run,
    "reports.renewals": stale_outcome,
    "reports.counts": miscounted_base,
    "exchange.sums": wrong_sum,
    "exchange.rejected": lost_rejection,
}
"""Invariant -> a way to break it; each returns what the doctor has to say."""


def test_every_invariant_has_a_planted_break() -> None:
    assert set(BREAKS) == set(BY_CODE)
    assert len(BY_CODE) == len(INVARIANTS)


def test_a_lived_club_is_well_and_each_planted_break_is_named(at_now: None) -> None:
    other = live(members=30, days=75)
    assert [finding for finding in examine(None, now=NOW) if not finding.holds] == []
    unseen_breaks = {}
    for code, plant in BREAKS.items():
        with reading() as session:
            if code == "core.references" and not is_sqlite(session):
                continue  # PostgreSQL lets no such row come about
        wanted, rows = broken_by(plant, BY_CODE[code], other)
        if not any(wanted in row for row in rows):
            unseen_breaks[code] = (wanted, rows[:5])
    assert unseen_breaks == {}
    # Nothing of it stayed.
    assert all(finding.holds for finding in examine(None, now=NOW))


def broken_by(
    plant: Callable[[Session, int], str], invariant: Invariant, other: int
) -> tuple[str, list[str]]:
    """What the doctor should say, and what it says, while something is broken."""
    wanted, rows = "", []
    try:
        with transaction() as session:
            wanted = plant(session, other)
            session.expire_all()
            clubs = [row[0] for row in session.execute(text("SELECT id FROM club ORDER BY id"))]
            rows = list(invariant.find(session, Examined(clubs, NOW)))
            raise _Undo
    except _Undo:
        pass
    return wanted, rows


def test_one_club_alone_is_asked_about_and_not_its_neighbour(at_now: None) -> None:
    live(members=4, days=6)
    with transaction() as session:
        do(session, "UPDATE invoice_series SET last_number = last_number + 1")
    codes = {
        code: [finding.code for finding in examine(code, now=NOW) if not finding.holds]
        for code in ("aurora", "other")
    }
    assert codes == {"aurora": ["billing.numbers"], "other": []}


def test_the_command_says_it_in_json_and_by_its_exit_code(at_now: None, database: Database) -> None:
    live(members=4, days=6)

    def doctor() -> tuple[int, dict[str, Any], str]:
        environment = {
            **os.environ,
            "DATABASE_URL": database.url,
            "CLUBCRM_NOW": NOW.isoformat(),
            "SECRET_KEY": "test",
        }
        # The test's database knows no revision: the tables were not made by migrations.
        code = (
            "import sys, clubcrm.cli.frame as frame; frame.ensure_schema = lambda: False; "
            "from clubcrm.cli import main; main(sys.argv[1:])"
        )
        done = subprocess.run(
            [sys.executable, "-c", code, "doctor", "--json"],
            capture_output=True,
            text=True,
            env=environment,
            check=False,
        )
        return done.returncode, json.loads(done.stdout), done.stderr

    code, answer, errors = doctor()
    assert (code, answer["ok"], errors) == (0, True, "")
    assert [row["code"] for row in answer["invariants"]] == [one.code for one in INVARIANTS]
    assert all(row["ok"] and row["rows"] == [] and row["words"] for row in answer["invariants"])
    with transaction() as session:
        do(session, "UPDATE invoice_series SET last_number = last_number + 1")
    code, answer, _errors = doctor()
    assert (code, answer["ok"]) == (1, False)
    broken = [row for row in answer["invariants"] if not row["ok"]]
    assert [row["code"] for row in broken] == ["billing.numbers"]
    assert len(broken[0]["rows"]) == 1
