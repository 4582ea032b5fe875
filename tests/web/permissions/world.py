"""Two clubs that know nothing of each other, with something of every kind: there, and gone.

Everything of the other club carries MARK, so that a byte of it in an answer is found.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from flask import Flask

from clubcrm.accounts.operations import create_token, open_club, set_up
from clubcrm.accounts.states import Role
from clubcrm.core.actor import OPERATOR
from clubcrm.core.transactions import transaction
from tests.conftest import NOW, PASSWORD
from tests.web.api import Caller
from tests.web.permissions.gone import take_away
from tests.web.permissions.guests import invite
from tests.web.permissions.life import live_at
from tests.web.places import Place

HERE, MARK = "aurora", "zzforeign"
"""The codes of the two clubs. The other one's stands in everything that is told there."""

BY: dict[str, Any] = {"by": OPERATOR, "now": NOW}


@dataclass(frozen=True)
class World:
    """The club one works at, the other club, and what is gone of the own one: by the names of ids.

    The guests are known at both, the first one at home at the own club.
    """

    app: Flask
    own: Place
    foreign: Place
    gone: Mapping[str, str]
    guests: tuple[Mapping[str, str], ...]


def build(app: Flask) -> World:
    """Open both clubs and furnish them. The database is empty before."""
    chain, here, there = open_both(app)
    own, foreign = live_at(app, chain, here, HERE), live_at(app, chain, there, MARK)
    guests = invite(app, own, foreign, MARK)
    return World(app, own, foreign, take_away(app, own), guests)


def open_both(app: Flask) -> tuple[Caller, int, int]:
    """Open two empty clubs; returns a caller who may do everything at both, and their ids."""
    owner: Any = {"owner_name": "Olga Chain", "owner_email": "olga@chain.example"}
    with app.app_context(), transaction() as session:
        here = set_up(session, **_club(HERE), **owner, owner_password=PASSWORD, **BY)
        there = open_club(session, **_club(MARK), **BY)
        key = create_token(session, name="chain", role=Role.OWNER, club_id=None, **BY)
    return Caller(app, {"Authorization": f"Bearer {key}"}), here, there


def _club(code: str) -> dict[str, Any]:
    return {
        "code": code,
        "name": f"{code.title()} Fitness",
        "timezone": "Europe/Lisbon",
        "currency": "EUR",
        "language": "en",
        "calendar": "gregorian",
    }
