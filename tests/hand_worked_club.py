"""The club of fifteen people whose renewal table was worked out on paper.

Who they are and what they do stands in `tests/integration/reports/test_hand_worked_club.py`, with the table.
"""

from datetime import UTC, date, datetime, time

from sqlalchemy.orm import Session

from clubcrm.billing.operations import renew, sell_membership, upgrade
from clubcrm.core.actor import OPERATOR
from clubcrm.core.money import Money
from clubcrm.core.period import Period
from clubcrm.members.models import Membership
from clubcrm.members.operations import (
    PersonValues,
    PlanValues,
    add_person,
    add_plan,
    freeze_membership,
    request_cancellation,
)
from clubcrm.members.states import PlanKind

TODAY = date(2026, 6, 15)
START, END = date(2026, 1, 1), date(2026, 6, 30)


def at(day: date) -> datetime:
    """Noon of a day in Lisbon's winter."""
    return datetime.combine(day, time(12), tzinfo=UTC)


class HandWorkedClub:
    """The fifteen people, lived through the real operations."""

    def __init__(self, session: Session, club_id: int) -> None:
        self.session, self.club_id = session, club_id
        self.people: dict[str, int] = {}
        self.terms: dict[str, int] = {}
        self.year = self._plan("Year", PlanKind.TERM, months=12, price=36000)
        self.better = self._plan("Year plus", PlanKind.TERM, months=12, price=48000)
        self.quarter = self._plan("Quarter", PlanKind.TERM, months=3, price=9000)
        self.monthly = self._plan("Monthly", PlanKind.ROLLING, price=4000)
        self.trial = self._plan("Trial week", PlanKind.TERM, days=7, price=0, is_trial=True)

    def _plan(self, name: str, kind: PlanKind, *, price: int, **more: object) -> int:
        values = PlanValues(name=name, kind=kind, price=Money(price, "EUR"), **more)  # type: ignore[arg-type]
        now = at(date(2024, 1, 1))
        return add_plan(self.session, values, club_id=self.club_id, by=OPERATOR, now=now)

    def joins(self, name: str, plan: int, starts: date) -> None:
        """Somebody becomes a member and pays at once."""
        now = at(starts)
        person = add_person(
            self.session,
            PersonValues(full_name=name),
            club_id=self.club_id,
            by=OPERATOR,
            now=now,
        )
        price = self._price(plan)
        sale = sell_membership(
            self.session, person, plan, starts_on=starts, paid=price, by=OPERATOR, now=now
        )
        self.people[name], self.terms[name] = person, sale.membership_id

    def _price(self, plan: int) -> Money | None:
        amounts = {self.year: 36000, self.better: 48000, self.quarter: 9000, self.monthly: 4000}
        return Money(amounts[plan], "EUR") if plan in amounts else None

    def renews(
        self, name: str, sold: date, *, plan: int | None = None, is_paid: bool = True
    ) -> None:
        """Somebody buys the next term on a day."""
        term = self.session.get_one(Membership, self.terms[name])
        paid = self._price(plan or term.plan_id) if is_paid else None
        renew(
            self.session,
            self.terms[name],
            plan_id=plan,
            paid=paid,
            by=OPERATOR,
            now=at(sold),
        )


def live_hand_worked_club(session: Session, club_id: int) -> HandWorkedClub:
    """Let the fifteen people live up to TODAY."""
    club = HandWorkedClub(session, club_id)
    for name in ("Ana", "Ben", "Cleo", "Dan", "Eva"):
        club.joins(name, club.year, date(2025, 2, 1))
    club.joins("Finn", club.year, date(2025, 3, 1))
    club.joins("Gil", club.year, date(2025, 6, 1))
    club.joins("Hana", club.year, date(2025, 7, 1))
    club.joins("Ivo", club.year, date(2025, 5, 1))
    club.joins("Jana", club.monthly, date(2025, 5, 1))
    club.joins("Kim", club.year, date(2025, 6, 20))
    club.joins("Lou", club.trial, date(2026, 3, 2))
    club.joins("Mia", club.quarter, date(2026, 1, 1))
    club.joins("Noa", club.quarter, date(2026, 1, 1))
    club.joins("Paul", club.year, date(2024, 7, 1))
    club.renews("Ana", date(2025, 11, 20))
    club.renews("Ben", date(2026, 1, 10))
    club.renews("Cleo", date(2026, 2, 20))
    club.renews("Eva", date(2026, 3, 10))
    freeze_membership(
        session,
        club.terms["Finn"],
        Period(date(2025, 7, 1), date(2025, 7, 11)),
        reason="holiday",
        by=OPERATOR,
        now=at(date(2025, 6, 20)),
    )
    club.renews("Finn", date(2026, 3, 1))
    freeze_membership(
        session,
        club.terms["Kim"],
        Period(date(2026, 6, 1), date(2026, 7, 1)),
        reason="injury",
        by=OPERATOR,
        now=at(date(2026, 5, 28)),
    )
    sale = upgrade(
        session,
        club.terms["Ivo"],
        club.better,
        on=date(2026, 2, 1),
        price=Money(3000, "EUR"),
        paid=Money(3000, "EUR"),
        by=OPERATOR,
        now=at(date(2026, 2, 1)),
    )
    club.terms["Ivo"] = sale.membership_id
    club.renews("Ivo", date(2026, 4, 30))
    request_cancellation(
        session,
        club.terms["Jana"],
        last_day=date(2026, 3, 31),
        reason="moved away",
        by=OPERATOR,
        now=at(date(2026, 2, 20)),
    )
    club.renews("Mia", date(2026, 4, 10), is_paid=False)
    club.renews("Noa", date(2026, 3, 5), plan=club.year)
    club.renews("Hana", date(2026, 6, 10))
    return club
