"""What the tests of the API share."""

from collections.abc import Callable
from typing import Any

import pytest
from flask import Flask

from clubcrm.accounts.operations import open_club
from clubcrm.accounts.states import Role
from clubcrm.core.actor import OPERATOR
from clubcrm.core.money import Money
from clubcrm.core.transactions import transaction
from clubcrm.members.operations import PlanValues, add_plan
from clubcrm.members.states import PlanKind
from tests.conftest import NOW
from tests.web.api import Caller
from tests.web.places import STRANGER, Place, furnish

MakeCaller = Callable[..., Caller]


@pytest.fixture
def caller(app: Flask, api_token: Any) -> MakeCaller:
    """Make a caller of the API: `caller(Role.DESK)`, at another club with `club_id=`."""

    def make(role: Role = Role.OWNER, **more: Any) -> Caller:
        return Caller(app, api_token(role, **more))

    return make


@pytest.fixture
def boss(caller: MakeCaller) -> Caller:
    """A caller with the owner's rights at the club."""
    return caller(Role.OWNER)


@pytest.fixture
def other_club(app: Flask, a_club: int) -> int:
    """A second club, far away."""
    with app.app_context(), transaction() as session:
        return open_club(
            session,
            code="borealis",
            name="Borealis",
            timezone="Asia/Tokyo",
            currency="JPY",
            language="en",
            calendar="gregorian",
            by=OPERATOR,
            now=NOW,
        )


@pytest.fixture
def plans(app: Flask, a_club: int) -> dict[str, int]:
    """What the club sells: see `add_plans`."""
    return add_plans(app, a_club)


def add_plans(app: Flask, club_id: int) -> dict[str, int]:
    """Let a club sell a year, a month, a month to month contract and ten visits; ids by name."""
    values = (
        PlanValues(name="Annual", kind=PlanKind.TERM, months=12, price=Money(48000, "EUR")),
        PlanValues(name="Monthly", kind=PlanKind.TERM, months=1, price=Money(4500, "EUR")),
        PlanValues(name="Rolling", kind=PlanKind.ROLLING, price=Money(3900, "EUR")),
        PlanValues(
            name="Ten visits", kind=PlanKind.PACK, visits=10, days=180, price=Money(9000, "EUR")
        ),
    )
    with app.app_context(), transaction() as session:
        return {
            one.name: add_plan(session, one, club_id=club_id, by=OPERATOR, now=NOW)
            for one in values
        }


@pytest.fixture
def own(app: Flask, caller: MakeCaller, a_club: int, other_club: int) -> Place:
    """The club at which one works, with one of everything."""
    return furnish(app, caller(Role.OWNER, club_id=None), a_club, "aurora", "Ana Pereira")


@pytest.fixture
def foreign(app: Flask, caller: MakeCaller, a_club: int, other_club: int) -> Place:
    """A club that is none of one's business, with one of everything."""
    return furnish(app, caller(Role.OWNER, club_id=None), other_club, "borealis", STRANGER)
