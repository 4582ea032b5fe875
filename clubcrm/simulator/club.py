"""The demo club: its opening, the people who work there, its price list and its closed days."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, datetime, time, timedelta
from zoneinfo import ZoneInfo

from sqlalchemy.orm import Session

from clubcrm.accounts.operations import add_staff, change_club, set_pin, set_up
from clubcrm.accounts.queries import ClubRow, get_club, staff
from clubcrm.accounts.states import Role
from clubcrm.core.actor import OPERATOR, Actor, ActorKind
from clubcrm.core.clock import utc
from clubcrm.core.period import Period
from clubcrm.core.transactions import transaction
from clubcrm.members.operations import SeasonValues, add_plan, declare_closure, declare_season
from clubcrm.members.queries import (
    ClosureRow,
    PlanRow,
    SeasonRow,
    closures_of,
    plans,
    seasons_of,
    share_of_days,
)
from clubcrm.messaging.operations import change_sender
from clubcrm.messaging.states import Channel
from clubcrm.retention.policies.choices import Choices
from clubcrm.simulator.dice import pick, whole
from clubcrm.simulator.plans import price_list

CODE, NAME = "aurora", "Aurora Fitness"
TIMEZONE, CURRENCY, LANGUAGE, TERRITORY = "Europe/London", "GBP", "en", "GB"
PASSWORD = "aurora-demo"  # noqa: S105 - printed for everybody to see, on a club of nobody


@dataclass(frozen=True)
class Login:
    """Somebody who signs in at the demo club."""

    role: Role
    email: str
    name: str
    pin: str | None = None


LOGINS = (
    Login(Role.OWNER, "owner@aurora.example", "Olivia Hart"),
    Login(Role.MANAGER, "manager@aurora.example", "Marcus Bell"),
    Login(Role.DESK, "desk@aurora.example", "Dina Costa", pin="4711"),
    Login(Role.DESK, "desk2@aurora.example", "Sam Reed", pin="8265"),
    Login(Role.TRAINER, "trainer@aurora.example", "Tess Moreau"),
)


def open_demo_club(*, opened_at: datetime, timezone: str = TIMEZONE) -> int:
    """Open the demo club with its staff, price list and slow season; returns its id.

    Raises AlreadySetUp where a club lives.
    """
    owner = LOGINS[0]
    with transaction() as session:
        club_id = set_up(
            session,
            code=CODE,
            name=NAME,
            timezone=timezone,
            currency=CURRENCY,
            language=LANGUAGE,
            territory=TERRITORY,
            calendar="gregorian",
            owner_name=owner.name,
            owner_email=owner.email,
            owner_password=PASSWORD,
            by=OPERATOR,
            now=opened_at,
            is_demo=True,
        )
        for login in LOGINS[1:]:
            user_id = add_staff(
                session,
                full_name=login.name,
                email=login.email,
                password=PASSWORD,
                role=login.role,
                club_id=club_id,
                by=OPERATOR,
                now=opened_at,
            )
            if login.pin:
                set_pin(session, user_id, login.pin, by=OPERATOR, now=opened_at)
        for offer in price_list(CURRENCY):
            add_plan(session, offer.values, club_id=club_id, by=OPERATOR, now=opened_at)
        august = SeasonValues(
            name="August",
            calendar="gregorian",
            start_month=8,
            start_day=1,
            end_month=8,
            end_day=31,
            share_percent=65,
        )
        declare_season(session, club_id, august, by=OPERATOR, now=opened_at)
        change_sender(
            session,
            club_id,
            Channel.EMAIL,
            is_on=True,
            name=NAME,
            address="hello@aurora.example",
            reply_to="",
            by=OPERATOR,
            now=opened_at,
        )
        change_club(
            session,
            club_id,
            {"settings": Choices(learning="full").as_setting()},
            by=OPERATOR,
            now=opened_at,
        )
    return club_id


@dataclass(frozen=True)
class House:
    """What does not change while a club is lived: the club, its prices, who works there."""

    club: ClubRow
    plans: dict[str, PlanRow]  # by name
    clerks: Sequence[Actor]
    boss: Actor

    @property
    def zone(self) -> ZoneInfo:
        """The zone of the club's clock."""
        return ZoneInfo(self.club.timezone)

    def at(self, day: date, minute: int) -> datetime:
        """The instant at which the club's clock shows a minute of a day."""
        wall = datetime.combine(day, time.min) + timedelta(
            minutes=minute + self.club.day_cutoff_minutes
        )
        return utc(wall.replace(tzinfo=self.zone))

    def clerk(self, *words: object) -> Actor:
        """Whoever stands at the desk then."""
        return pick(self.clerks, *words)


def house_of(session: Session, club_id: int) -> House:
    """The house as it stands; somebody must work at the desk."""
    people = [
        (Actor(ActorKind.STAFF, row.id, row.full_name), {role for role, _ in row.roles})
        for row in staff(session, {club_id})
        if row.is_active
    ]
    clerks = [actor for actor, roles in people if Role.DESK in roles or Role.SALES in roles]
    bosses = [actor for actor, roles in people if Role.MANAGER in roles or Role.OWNER in roles]
    boss = bosses[0] if bosses else OPERATOR
    return House(
        club=get_club(session, club_id),
        plans={plan.name: plan for plan in plans(session, club_id)},
        clerks=clerks or [boss],
        boss=boss,
    )


@dataclass(frozen=True)
class ClosedDays:
    """A closure that the manager declares on a day."""

    period: Period
    name: str
    extends_terms: bool


def closures_to_declare(day: date, standing: Sequence[ClosureRow]) -> list[ClosedDays]:
    """What the manager declares on this day: holidays a month ahead, repairs as they come.

    Once in half a year something breaks, and the days are given back to the members.
    """
    wanted: list[ClosedDays] = []
    for holiday, name in _holidays(day):
        if day <= holiday <= day + timedelta(days=30):
            wanted.append(ClosedDays(Period.one_day(holiday), name, extends_terms=False))
    half = (day.month - 1) // 6
    breaks_on = date(day.year, 1 + 6 * half, 1) + timedelta(
        days=whole(20, 160, day.year, half, "repair")
    )
    if day == breaks_on:
        days = whole(2, 4, day, "repair days")
        period = Period(day + timedelta(days=1), day + timedelta(days=1 + days))
        wanted.append(ClosedDays(period, "Boiler repair", extends_terms=True))
    known = {closure.from_on for closure in standing}
    return [closed for closed in wanted if closed.period.start not in known]


def _holidays(day: date) -> list[tuple[date, str]]:
    return [
        (date(day.year, 12, 25), "Christmas Day"),
        (date(day.year + (day.month == 12), 1, 1), "New Year’s Day"),
    ]


def declare(session: Session, house: House, closed: ClosedDays, now: datetime) -> None:
    """Let the manager declare a closure."""
    declare_closure(
        session,
        house.club.id,
        closed.period,
        extends_terms=closed.extends_terms,
        name=closed.name,
        by=house.boss,
        now=now,
    )


@dataclass(frozen=True)
class ClosedBook:
    """When the house is closed or slow."""

    closures: Sequence[ClosureRow]
    seasons: Sequence[SeasonRow]

    def share_on(self, day: date) -> int:
        """The share of normal visits expected on a day, in percent; 0 where the club is closed."""
        shares = share_of_days(self.closures, self.seasons, day, day + timedelta(days=1))
        return shares.get(day, 100)


def closed_book_of(session: Session, club_id: int) -> ClosedBook:
    """What was declared so far."""
    return ClosedBook(closures_of(session, club_id), seasons_of(session, club_id))
