"""Making a demo club from nothing, and living one on."""

from collections.abc import Callable
from dataclasses import dataclass
from datetime import date, datetime, timedelta

from sqlalchemy import func, select
from sqlalchemy.orm import Session

from clubcrm.accounts.queries import ClubRow, clubs
from clubcrm.core import clock
from clubcrm.core.days import club_day, day_bounds
from clubcrm.core.db import db
from clubcrm.core.schema import rebuild_schema
from clubcrm.core.sql import in_a_hurry
from clubcrm.core.transactions import reading, transaction
from clubcrm.retention.models import DailyRun
from clubcrm.retention.operations import look_again
from clubcrm.simulator.club import TIMEZONE, open_demo_club
from clubcrm.simulator.errors import NoDemoHere, RealClubHere
from clubcrm.simulator.people import intake
from clubcrm.simulator.run import Hooks, Told, live
from clubcrm.simulator.showcase import Showcase

CONTACTS = timedelta(days=60)
"""So long a demo has made contacts by its last day."""

Tell = Callable[[Told], None]


@dataclass(frozen=True)
class Living:
    """What lives in a database: no club, or clubs, all of them demos or not."""

    clubs: tuple[ClubRow, ...]

    @property
    def real(self) -> ClubRow | None:
        """A club that is no demo, if one lives here."""
        return next((club for club in self.clubs if not club.is_demo), None)


def who_lives_here() -> Living:
    """Look at the clubs of this database."""
    with reading() as session:
        return Living(tuple(clubs(session)))


def make_demo(
    *, members: int, days: int, seed: int, tell: Tell, contacts: timedelta = CONTACTS
) -> tuple[ClubRow, Told]:
    """Make a fresh demo club in which `members` people joined over `days` days up to now.

    For so long as `contacts` says it has made contacts. A demo that lived here is gone afterwards.
    Raises RealClubHere where a club that is no demo lives.
    """
    living = who_lives_here()
    if living.real is not None:
        raise RealClubHere(name=living.real.name)
    if living.clubs:
        rebuild_schema()
    now = clock.now()
    last = club_day(now, TIMEZONE)
    first = last - timedelta(days=days - 1)
    opens_at = day_bounds(first, TIMEZONE)[0] + timedelta(hours=5)
    with clock.clock_at(opens_at):
        club_id = open_demo_club(opened_at=opens_at)
    with in_a_hurry(db.engine):
        told = live(
            club_id,
            first,
            last,
            seed=seed,
            joiners=intake(seed, members, first, last),
            until=now,
            hooks=Hooks(tell=tell),
            showcase=Showcase(last, seed),
            contacts_from=last - contacts,
        )
        bring_up_to_date(club_id, last, now)
    return the_demo(None), told


def live_on(club: ClubRow, *, days: int, seed: int, tell: Tell) -> Told:
    """Live a demo club on for so many days after the last one it has lived."""
    with reading() as session:
        first = last_lived_on(session, club) + timedelta(days=1)
    last = first + timedelta(days=days - 1)
    told = live(club.id, first, last, seed=seed, hooks=Hooks(tell=tell), contacts_from=first)
    end = day_bounds(last, club.timezone, club.day_cutoff_minutes)[1] - timedelta(minutes=1)
    bring_up_to_date(club.id, last, end)
    return told


def the_demo(code: str | None) -> ClubRow:
    """The demo club with this code, or the only one. Raises NoDemoHere."""
    found = [c for c in who_lives_here().clubs if c.is_demo and code in (None, c.code)]
    if len(found) != 1:
        raise NoDemoHere
    return found[0]


def last_lived_on(session: Session, club: ClubRow) -> date:
    """The last day a club has lived: that of its last daily run."""
    last = session.scalar(select(func.max(DailyRun.on)).where(DailyRun.club_id == club.id))
    return last or club.went_live_on or club.today(clock.now())


def bring_up_to_date(club_id: int, day: date, now: datetime) -> None:
    """Look again at everybody whom something happened to since the daily run."""
    with clock.clock_at(now), transaction() as session:
        look_again(session, club_id, day, now=now)
