"""Freezes and days on which the club is closed."""

from datetime import date

import pytest
from sqlalchemy import select

from clubcrm.exchange.models import ImportRow
from clubcrm.exchange.words import problem_text
from clubcrm.members.models import Closure, Freeze, Membership
from tests.integration.exchange.conftest import Desk


@pytest.fixture
def known(desk: Desk) -> Desk:
    """A club with two running memberships."""
    desk.take_in(
        "memberships",
        "external_id,full_name,starts_on,ends_on\nA,Ana,2026-01-01,2026-12-31\nB,Eva,2026-01-01,\n",
    )
    return desk


def _said(desk: Desk) -> dict[int, str]:
    rows = desk.rows(select(ImportRow.line, ImportRow.problems).order_by(ImportRow.line))
    return {line: " ".join(problem_text(problem) for problem in found) for line, found in rows}


def test_freezes_hang_on_the_term_that_runs_then(known: Desk) -> None:
    content = (
        "member,from,until,reason\nA,2026-02-01,2026-02-11,Injury\nA,2026-02-05,2026-02-20,\n"
        "A,2025-02-01,2025-02-11,\nB,2026-02-01,2026-02-01,\nB,2026-02-01,,\nZ,2026-02-01,2026-02-02,\n"
        "B,2026-02-20,2026-03-10,Travel\n"
    )
    outcome = known.take_in("freezes", content)
    assert (outcome.figures.stored, outcome.figures.rejected) == (2, 5)
    freezes = known.rows(select(Freeze.from_on, Freeze.until_on, Freeze.reason).order_by(Freeze.id))
    assert freezes == [
        (date(2026, 2, 1), date(2026, 2, 11), "Injury"),
        (date(2026, 2, 20), date(2026, 3, 10), "Travel"),
    ]
    # The end the file of memberships told holds the frozen days already.
    assert known.rows(select(Membership.until_on).order_by(Membership.id)) == [
        (date(2027, 1, 1),),
        (None,),
    ]
    said = _said(known)
    assert "already" in said[3]
    assert "no membership on 2025-02-01" in said[4]
    assert "before the start" in said[5]
    again = known.take_in("freezes", content)
    assert (again.figures.stored, again.figures.unchanged, again.figures.rejected) == (0, 2, 5)


def test_a_last_day_is_the_day_before_the_first_day_back(known: Desk) -> None:
    known.take_in("freezes", "Member ID,Freeze start,Freeze end\nA,2026-02-01,2026-02-10\n")
    assert known.rows(select(Freeze.until_on)) == [(date(2026, 2, 11),)]


def test_closures_with_shares(desk: Desk) -> None:
    content = (
        "club,from,until,share\naurora,2026-08-01,2026-09-01,0\n,2026-12-24,2026-12-27,0.3\n"
        "aurora,2026-07-01,2026-08-01,60%\nelsewhere,2026-06-01,2026-06-02,\naurora,2026-05-02,2026-05-01,0\n"
        "aurora,2026-05-02,2026-05-03,lots\n"
    )
    outcome = desk.take_in("closures", content)
    assert (outcome.figures.stored, outcome.figures.rejected) == (4, 2)
    assert outcome.figures.warnings >= 1
    closures = desk.rows(
        select(Closure.from_on, Closure.until_on, Closure.share_percent).order_by(Closure.from_on)
    )
    assert closures == [
        (date(2026, 6, 1), date(2026, 6, 2), 0),
        (date(2026, 7, 1), date(2026, 8, 1), 60),
        (date(2026, 8, 1), date(2026, 9, 1), 0),
        (date(2026, 12, 24), date(2026, 12, 27), 30),
    ]
    again = desk.take_in("closures", content)
    assert (again.figures.stored, again.figures.unchanged) == (0, 4)


def test_days_given_back_move_the_ends(known: Desk) -> None:
    known.take_in("closures", "from,until,share,extends_terms\n2026-08-01,2026-08-11,0,yes\n")
    assert known.rows(select(Membership.until_on).order_by(Membership.id))[0] == (
        date(2027, 1, 11),
    )


def test_the_same_days_with_another_share_contradict(desk: Desk) -> None:
    content = "from,until,share\n2026-08-01,2026-09-01,0\n2026-08-01,2026-09-01,50%\n"
    figures = desk.take_in("closures", content).figures
    assert (figures.stored, figures.rejected) == (1, 1)
    later = desk.take_in("closures", "from,until,share\n2026-08-01,2026-09-01,0.3\n").figures
    assert (later.stored, later.rejected) == (0, 1)
    assert desk.rows(select(Closure.share_percent)) == [(0,)]
