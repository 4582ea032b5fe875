"""A club of fifteen people whose renewal table was worked out on paper.

Today is Monday 15 June 2026; the report covers terms whose last valid day E lies in January to June 2026;
grace is 30 days. The year plan's window is 45 days, the quarter plan's 21.

E = 31 January (year terms from 1 February 2025)
- Ana renewed on 20 November 2025, before 17 December (E - 45): early
- Ben renewed on 10 January 2026: window
- Cleo renewed on 20 February 2026, 20 days after E: late
- Dan never came back: not renewed
- Eva bought again on 10 March, 38 days after E: not renewed (won back is another matter)

E moved by a freeze
- Finn's year from 1 March 2025 ended on 28 February 2026; frozen for ten days (1 to 10 July 2025) it ends on
  10 March, and he renewed on 1 March: window, in March
- Kim's year from 20 June 2025 would end on 19 June 2026; she is frozen from 1 June through 30 June,
  so it ends on 19 July and she is not due here at all

E = 31 March (quarter terms from 1 January)
- Mia renewed on 10 April for a price and has paid nothing: not renewed
- Noa went over to a year on 5 March, before 10 March (E - 21): early, an upgrade

Others
- Ivo's year from 1 May 2025 was replaced by a better year plan on 1 February 2026: the old term is not
  due (upgraded), the new one ends with 30 April, and he renewed it on 30 April itself: window
- Gil's year ended on 31 May; nothing yet, and 30 June is not past: pending
- Hana's year ends on 30 June and she renewed on 10 June: window; not final before 30 July
- Jana's month-to-month contract was cancelled with effect from 31 March: has no end to renew, not due
- Lou's trial week ended in March: not due (trial)
- Old Paul lapsed in June 2025: outside the days asked for

| month | due | early | window | late | not renewed | pending | rate            |
|-------|-----|-------|--------|------|-------------|---------|-----------------|
| Jan   | 5   | 1     | 1      | 1    | 2           | 0       | 3/5, .23 to .88 |
| Mar   | 3   | 1     | 1      | 0    | 1           | 0       | 2/3, .21 to .94 |
| Apr   | 1   | 0     | 1      | 0    | 0           | 0       | 1/1, .21 to 1   |
| May   | 1   | 0     | 0      | 0    | 0           | 1       | none final      |
| Jun   | 1   | 0     | 1      | 0    | 0           | 0       | none final      |
| all   | 11  | 2     | 4      | 1    | 3           | 1       | 6/9             |
"""

from datetime import UTC, date, datetime

import pytest
from flask import Flask
from sqlalchemy import select
from sqlalchemy.orm import Session

from clubcrm.accounts.operations import change_club
from clubcrm.core.actor import OPERATOR
from clubcrm.core.invariants import Examined
from clubcrm.core.transactions import reading, transaction
from clubcrm.members.models import Membership, Person
from clubcrm.members.operations import change_person
from clubcrm.reports.invariants import _stale_outcomes
from clubcrm.reports.models import RenewalOutcome
from clubcrm.reports.operations import rebuild_outcomes
from clubcrm.reports.policies import bucket
from clubcrm.reports.queries.renewals import (
    RenewalRow,
    excluded_ends,
    renewal_names,
    renewals,
    total_of,
)
from clubcrm.reports.states import Bucket, By, Excluded
from clubcrm.retention.queries import standing_of
from clubcrm.retention.states import Phase
from tests.hand_worked_club import END, START, TODAY, live_hand_worked_club

NOW = datetime(2026, 6, 15, 12, tzinfo=UTC)


@pytest.fixture
def the_club(in_app: Flask, a_club: int) -> int:
    with transaction() as session:
        live_hand_worked_club(session, a_club)
    return a_club


def _report(club_id: int, **more: object) -> list[RenewalRow]:
    asked = {"start": START, "end": END, "today": TODAY, **more}
    with reading() as session:
        return renewals(session, scope={club_id}, **asked)  # type: ignore[arg-type]


def _counts(row: RenewalRow) -> tuple[int, int, int, int, int, int]:
    return row.due, row.early, row.window, row.late, row.not_renewed, row.pending


def test_the_table_is_the_one_on_paper(the_club: int) -> None:
    rows = _report(the_club)
    assert {row.key: _counts(row) for row in rows} == {
        "2026-01": (5, 1, 1, 1, 2, 0),
        "2026-03": (3, 1, 1, 0, 1, 0),
        "2026-04": (1, 0, 1, 0, 0, 0),
        "2026-05": (1, 0, 0, 0, 0, 1),
        "2026-06": (1, 0, 1, 0, 0, 0),
    }
    assert _counts(total_of(rows)) == (11, 2, 4, 1, 3, 1)
    for row in rows:
        assert row.due == row.renewed + row.not_renewed + row.pending


def test_rates_are_over_final_ends_only(the_club: int) -> None:
    rates = {
        row.key: (row.rate and round(row.rate, 4), row.low and round(row.low, 2),
                  row.high and round(row.high, 2))
        for row in _report(the_club)
    }  # fmt: skip
    assert rates == {
        "2026-01": (0.6, 0.23, 0.88),
        "2026-03": (0.6667, 0.21, 0.94),
        "2026-04": (1.0, 0.21, 1.0),
        "2026-05": (None, None, None),
        "2026-06": (None, None, None),
    }
    total = total_of(_report(the_club))
    assert (total.final_renewed, total.final_due) == (6, 9)


def test_what_is_not_due_is_listed(the_club: int) -> None:
    with reading() as session:
        left_out = excluded_ends(session, scope={the_club}, start=START, end=END)
    assert left_out == {Excluded.UPGRADED: 1, Excluded.TRIAL: 1}


def test_without_grace_a_late_renewal_is_none(the_club: int) -> None:
    rows = {row.key: _counts(row) for row in _report(the_club, grace=0)}
    assert rows["2026-01"] == (5, 1, 1, 0, 3, 0)
    assert rows["2026-05"] == (1, 0, 0, 0, 1, 0)


def test_by_plan_and_by_club(the_club: int) -> None:
    plans = {row.key: row.due for row in _report(the_club, by=By.PLAN)}
    assert plans == {"Year": 8, "Year plus": 1, "Quarter": 2}
    [club] = _report(the_club, by=By.CLUB)
    assert (club.key, club.label, club.due) == ("aurora", "Aurora Fitness", 11)


def test_directions(the_club: int) -> None:
    total = total_of(_report(the_club))
    assert (total.same, total.upgrade, total.downgrade) == (5, 2, 0)


def test_every_number_opens_its_names(the_club: int) -> None:
    asked = {"start": START, "end": END, "today": TODAY}
    with reading() as session:
        names = {
            one: [
                name.full_name
                for name in renewal_names(session, scope={the_club}, buckets=[one], **asked)  # type: ignore[arg-type]
            ]
            for one in Bucket
        }
    assert names == {
        Bucket.EARLY: ["Ana", "Noa"],
        Bucket.WINDOW: ["Ben", "Finn", "Ivo", "Hana"],
        Bucket.LATE: ["Cleo"],
        Bucket.NOT_RENEWED: ["Dan", "Eva", "Mia"],
        Bucket.PENDING: ["Gil"],
    }


def test_another_club_sees_nothing(the_club: int) -> None:
    assert _report(the_club + 1) == []
    with reading() as session:
        assert renewals(session, scope=(), start=START, end=END, today=TODAY) == []


def test_what_was_kept_equals_what_is_counted_again(the_club: int) -> None:
    def rows(session: Session) -> list[tuple[object, ...]]:
        table = RenewalOutcome.__table__
        return [tuple(row) for row in session.execute(select(table).order_by(table.c[0]))]

    with transaction() as session:
        kept = rows(session)
        rebuild_outcomes(session, the_club)
        assert rows(session) == kept
    assert len(kept) > 15


def test_the_statement_and_the_rule_put_every_term_in_the_same_bucket(the_club: int) -> None:
    with reading() as session:
        rows = session.scalars(
            select(RenewalOutcome).where(RenewalOutcome.excluded.is_(None))
        ).all()
        for grace in (0, 1, 14, 20, 30, 38, 40):
            for today in (START, date(2026, 2, 10), TODAY, date(2026, 7, 31), date(2027, 3, 1)):
                shown = {
                    name.membership_id: name.bucket
                    for name in renewal_names(
                        session,
                        scope={the_club},
                        start=date(2024, 1, 1),
                        end=date(2028, 1, 1),
                        today=today,
                        grace=grace,
                    )
                }
                assert shown == {
                    row.membership_id: bucket(
                        row.ends_on,
                        row.window_days,
                        row.successor_sold_on,
                        row.successor_starts_on,
                        grace=grace,
                        today=today,
                    )
                    for row in rows
                }


def test_another_trainer_has_the_ends_from_then_on(the_club: int) -> None:
    def trainers() -> dict[str, int]:
        return {row.key: row.due for row in _report(the_club, by=By.TRAINER)}

    assert trainers() == {"": 11}
    with transaction() as session:
        ana = session.scalars(select(Person).where(Person.full_name == "Ana")).one()
        change_person(session, ana.id, {"trainer": "Tess"}, by=OPERATOR, now=NOW)
    assert trainers() == {"": 10, "Tess": 1}


def test_another_window_counts_for_all_ends(the_club: int) -> None:
    with transaction() as session:
        settings = {"settings": {"retention": {"year_window": 100}}}
        change_club(session, the_club, settings, by=OPERATOR, now=NOW)
    counts = {row.key: _counts(row) for row in _report(the_club)}
    assert counts["2026-01"] == (5, 0, 2, 1, 2, 0)
    with reading() as session:
        assert list(_stale_outcomes(session, Examined([the_club], NOW))) == []


def test_an_upgraded_term_is_as_long_as_its_plan(the_club: int) -> None:
    """Ivo went over to a better year after nine months: his window is that of a year."""
    with reading() as session:
        query = (
            select(RenewalOutcome.window_days, RenewalOutcome.membership_id)
            .join(Person, Person.id == RenewalOutcome.person_id)
            .where(Person.full_name == "Ivo", RenewalOutcome.ends_on == date(2026, 4, 30))
        )
        days, term_id = session.execute(query).one()
        term = session.get_one(Membership, term_id)
        assert (days, term.months, term.starts_on) == (45, 12, date(2026, 2, 1))
        standing = standing_of(session, term.person_id, date(2026, 3, 16))
        assert (standing.phase, standing.measures["dte"]) == (Phase.RENEWAL, 45)
