"""What a club sells, and when it is slow."""

from datetime import date
from typing import Any

import pytest
from flask import Flask

from clubcrm.core.actor import OPERATOR
from clubcrm.core.money import Money
from clubcrm.core.transactions import transaction
from clubcrm.members.errors import (
    BadPlan,
    BadSeason,
    PlanNameTaken,
    SeasonNameTaken,
    UnknownPlan,
    UnknownSeason,
)
from clubcrm.members.events import PlanAdded, PlanChanged, SeasonDeclared, SeasonRemoved
from clubcrm.members.operations import (
    SeasonValues,
    change_plan,
    declare_season,
    remove_season,
)
from clubcrm.members.queries import (
    find_plan,
    get_plan,
    get_term,
    plans,
    season_days,
    seasons_of,
)
from clubcrm.members.states import PlanKind
from tests.conftest import NOW
from tests.integration.members.desk import TODAY, a_person, a_plan, a_term, happened, later, on

ME: dict[str, Any] = {"by": OPERATOR, "now": NOW}
AUGUST = SeasonValues(
    name="August",
    calendar="gregorian",
    start_month=8,
    start_day=1,
    end_month=8,
    end_day=31,
    share_percent=60,
)


def test_plans_stand_by_name_in_the_clubs_calendar_and_money(in_app: Flask, a_club: int) -> None:
    with transaction() as session:
        year = a_plan(session, a_club, "Yearly", months=12, price=Money(30000, "EUR"))
        a_plan(session, a_club, "Évora day pass", days=1, is_on_sale=False, price=None)
        assert [plan.name for plan in plans(session, a_club)] == ["Évora day pass", "Yearly"]
        assert [plan.name for plan in plans(session, a_club, on_sale=True)] == ["Yearly"]
        row = get_plan(session, year)
        assert find_plan(session, a_club, " YEARLY ") == row
        assert find_plan(session, a_club, "Weekly") is None
        assert len(happened(session, PlanAdded)) == 2
    assert (row.calendar, row.currency, row.price) == ("gregorian", "EUR", Money(30000, "EUR"))


@pytest.mark.parametrize(
    ("told", "field"),
    [
        ({"kind": PlanKind.TERM, "months": None, "days": None}, "months"),
        ({"months": 1, "days": 30}, "days"),
        ({"months": 0}, "months"),
        ({"months": 121}, "months"),
        ({"days": 0}, "days"),
        ({"kind": PlanKind.PACK, "days": 30}, "visits"),
        ({"kind": PlanKind.PACK, "visits": 0}, "visits"),
        ({"kind": PlanKind.ROLLING, "days": 30}, "days"),
        ({"months": 1, "calendar": "maya"}, "calendar"),
        ({"months": 1, "price": Money(-1, "EUR")}, "price"),
        ({"months": 1, "debt_grace_days": -1}, "debt_grace_days"),
        ({"months": 1, "name": " - "}, "name"),
    ],
)
def test_a_plan_must_make_sense(
    in_app: Flask, a_club: int, told: dict[str, Any], field: str
) -> None:
    with pytest.raises(BadPlan) as refusal, transaction() as session:
        a_plan(session, a_club, **told)
    assert field in refusal.value.fields


def test_a_plan_name_stands_once_however_spelt(in_app: Flask, a_club: int) -> None:
    with transaction() as session:
        a_plan(session, a_club, "Ginásio")
    with pytest.raises(PlanNameTaken), transaction() as session:
        a_plan(session, a_club, "GINASIO")


def test_what_was_sold_keeps_what_the_plan_was(in_app: Flask, a_club: int) -> None:
    with transaction() as session:
        plan = a_plan(session, a_club, days=30)
        term = a_term(session, a_club, a_person(session, a_club), plan, TODAY)
        change_plan(session, plan, {"days": 60, "price": Money(1, "EUR")}, **ME)
        assert get_term(session, term).until_on == on(30)
        assert get_plan(session, plan).days == 60
        (event,) = happened(session, PlanChanged)
        assert event.payload["fields"] == ["days", "price"]
        with pytest.raises(UnknownPlan):
            change_plan(session, 99, {"days": 60}, **ME)
        with pytest.raises(TypeError, match="may be changed"):
            change_plan(session, plan, {"is_imported": True}, **ME)


def test_a_season_counts_from_the_day_it_is_declared(in_app: Flask, a_club: int) -> None:
    with transaction() as session:
        declare_season(session, a_club, AUGUST, **ME)
        (event,) = happened(session, SeasonDeclared)
        assert event.payload["affects_from_on"] == TODAY.isoformat()
        slow = season_days(seasons_of(session, a_club), date(2025, 1, 1), date(2027, 1, 1))
    assert min(slow) == date(2026, 8, 1)
    assert set(slow.values()) == {60}


def test_a_removed_season_holds_for_the_days_that_were_slow(in_app: Flask, a_club: int) -> None:
    with transaction() as session:
        season = declare_season(session, a_club, AUGUST, **ME)
        remove_season(session, season, by=OPERATOR, now=later(200))
        slow = season_days(seasons_of(session, a_club), date(2026, 1, 1), date(2028, 1, 1))
        assert len(slow) == 31
        with pytest.raises(UnknownSeason):
            remove_season(session, season, **ME)
        # Its name is free again.
        declare_season(session, a_club, AUGUST, by=OPERATOR, now=later(200))
        assert len(seasons_of(session, a_club)) == 2


def test_a_season_removed_on_its_first_day_never_was(in_app: Flask, a_club: int) -> None:
    with transaction() as session:
        remove_season(session, declare_season(session, a_club, AUGUST, **ME), **ME)
        assert seasons_of(session, a_club) == []
        assert len(happened(session, SeasonRemoved)) == 1


def test_a_season_must_make_sense(in_app: Flask, a_club: int) -> None:
    with transaction() as session:
        declare_season(session, a_club, AUGUST, **ME)
        wrong = SeasonValues(
            name=" ",
            calendar="maya",
            start_month=13,
            start_day=0,
            end_month=0,
            end_day=32,
            share_percent=101,
        )
        with pytest.raises(BadSeason) as refusal:
            declare_season(session, a_club, wrong, **ME)
        assert len(refusal.value.fields) == 7
    with pytest.raises(SeasonNameTaken), transaction() as session:
        declare_season(session, a_club, AUGUST, **ME)
