"""A club at which anything may happen on any day, drawn from a seed: for comparing with the rebuild."""

import random
from collections.abc import Callable
from dataclasses import dataclass, field

from sqlalchemy import select

from clubcrm.core.errors import DomainError
from clubcrm.core.period import Period
from clubcrm.core.transactions import reading
from clubcrm.members.models import Freeze, Membership
from clubcrm.members.operations import (
    SeasonValues,
    TermValues,
    cancel_freeze,
    change_person,
    correct_memberships,
    declare_closure,
    declare_season,
    end_freeze,
    end_membership,
    freeze_membership,
    remove_season,
    renew_membership,
    request_cancellation,
    upgrade_membership,
    void_membership,
    withdraw_cancellation,
    withdraw_closure,
)
from clubcrm.members.states import EndReason, PlanKind
from clubcrm.visits.operations import BalanceValues, set_opening_balances, undo_visit
from tests.integration.retention.life import Life, on


@dataclass
class Chance:
    """What happens at a club by chance."""

    life: Life
    seed: int
    visits: list[int] = field(default_factory=list)
    people: list[int] = field(default_factory=list)
    closures: list[int] = field(default_factory=list)
    seasons: list[int] = field(default_factory=list)
    refused: int = 0
    happened: dict[str, int] = field(default_factory=dict)

    def __post_init__(self) -> None:
        self.dice = random.Random(self.seed)
        life = self.life
        self.plans = [
            life.plan("Year"),
            life.plan("Month", days=30),
            life.plan("Quarter", months=3),
            life.plan("Open", kind=PlanKind.ROLLING),
            life.plan("Ten", kind=PlanKind.PACK, visits=6),
            life.plan("Auto", days=90, auto_renew=True),
        ]
        self.habits: dict[int, float] = {}

    def opens(self, members: int) -> None:
        """The first day: some join, and an import brings others."""
        self.people = self.life.people(members)
        for person_id in self.people:
            self.habits[person_id] = self.dice.choice([0.05, 0.15, 0.3, 0.5])
            if self.dice.random() < 0.8:
                self.life.sells(person_id, self.dice.choice(self.plans))
        self.imports(members // 2)

    def imports(self, count: int) -> None:
        """A list of an old club, with opening balances for some."""
        as_of = self.life.day - self.dice.choice([0, 3, 20])
        people = self.life.people(count, visits_known_from=on(as_of))
        values, balances = [], []
        for person_id in people:
            self.habits[person_id] = self.dice.choice([0.05, 0.2, 0.4])
            starts = as_of - self.dice.randint(0, 300)
            values.append(
                TermValues(
                    person_id=person_id,
                    plan_id=self.dice.choice(self.plans[:2]),
                    starts_on=on(starts),
                    until_on=on(starts + self.dice.randint(20, 400)),
                    sold_at=self.life.now(),
                    renewals_before=self.dice.choice([0, 0, 2]),
                )
            )
            if self.dice.random() < 0.7:
                balances.append(
                    BalanceValues(
                        person_id=person_id,
                        as_of_on=on(as_of),
                        last_visit_on=on(as_of - self.dice.randint(0, 90)),
                        visits_per_week=self.dice.choice([None, 0.4, 1.5, 3.0]),
                    )
                )
        self.life.imports(values, as_of=as_of)
        with self.life.at_the_desk() as session:
            set_opening_balances(session, balances, club_id=self.life.club_id, **self.life.by)
        self.people += people

    def passes(self) -> None:
        """One day: people come, and a few other things happen."""
        self.life.day += 1
        for person_id in self.people:
            if self.dice.random() < self.habits[person_id]:
                late = self.dice.choice([0, 0, 0, 0, 1, 3, 12])
                self.visits += self.life.comes(person_id, max(0, self.life.day - late))
        for what in (
            self.buys,
            self.renews,
            self.freezes,
            self.freezes,
            self.ends_a_freeze,
            self.gives_notice,
            self.upgrades,
            self.takes_back,
            self.takes_a_visit_back,
            self.changes_habit,
            self.closes,
            self.slows,
            self.bars,
        ):
            if self.dice.random() < 0.25:
                self.tries(what)

    def tries(self, what: Callable[[], None]) -> None:
        """Do something; a refusal is part of life."""
        try:
            what()
        except DomainError:
            self.refused += 1
        else:
            self.happened[what.__name__] = self.happened.get(what.__name__, 0) + 1

    def a_term(self) -> int:
        """Some term that runs or ended lately."""
        with reading() as session:
            found = session.scalars(
                select(Membership.id)
                .where(Membership.voided_at.is_(None))
                .order_by(Membership.id.desc())
                .limit(40)
            ).all()
        return self.dice.choice(found)

    def a_freeze(self) -> int | None:
        with reading() as session:
            query = select(Freeze.id).where(Freeze.cancelled_at.is_(None)).order_by(Freeze.id)
            found = session.scalars(query).all()
        return self.dice.choice(found) if found else None

    def buys(self) -> None:
        person_id = self.dice.choice(self.people)
        starts = self.life.day + self.dice.choice([-4, 0, 0, 5])
        self.life.sells(person_id, self.dice.choice(self.plans), starts)

    def renews(self) -> None:
        with self.life.at_the_desk() as session:
            renew_membership(session, self.a_term(), **self.life.by)

    def freezes(self) -> None:
        begin = self.life.day + self.dice.choice([-10, -2, 0, 0, 6, 20])
        period = Period(on(begin), on(begin + self.dice.randint(1, 30)))
        with self.life.at_the_desk() as session:
            freeze_membership(session, self.a_term(), period, **self.life.by)

    def ends_a_freeze(self) -> None:
        freeze_id = self.a_freeze()
        if freeze_id is None:
            return
        with self.life.at_the_desk() as session:
            if self.dice.random() < 0.5:
                cancel_freeze(session, freeze_id, **self.life.by)
            else:
                end_freeze(session, freeze_id, on=on(self.life.day), **self.life.by)

    def gives_notice(self) -> None:
        term_id = self.a_term()
        with self.life.at_the_desk() as session:
            if self.dice.random() < 0.4:
                withdraw_cancellation(session, term_id, **self.life.by)
            else:
                last_day = on(self.life.day + self.dice.randint(1, 30))
                request_cancellation(
                    session, term_id, last_day=last_day, reason="moves", **self.life.by
                )

    def upgrades(self) -> None:
        plan_id = self.plans[self.dice.choice([0, 2, 3])]
        day = on(self.life.day + self.dice.choice([0, 0, 4]))
        with self.life.at_the_desk() as session:
            upgrade_membership(session, self.a_term(), plan_id, on=day, **self.life.by)

    def takes_back(self) -> None:
        term_id = self.a_term()
        with self.life.at_the_desk() as session:
            if self.dice.random() < 0.3:
                void_membership(session, term_id, reason="by mistake", **self.life.by)
            elif self.dice.random() < 0.5:
                end_membership(
                    session,
                    term_id,
                    on=on(self.life.day + self.dice.choice([-3, 0, 1])),
                    end_reason=EndReason.REFUNDED,
                    **self.life.by,
                )
            else:
                term = session.get_one(Membership, term_id)
                if not term.sold_here and term.until_on is not None:
                    until = term.until_on.toordinal() + self.dice.randint(-9, 30)
                    correct_memberships(
                        session,
                        {term_id: {"until_on": type(term.until_on).fromordinal(until)}},
                        club_id=self.life.club_id,
                        **self.life.by,
                    )

    def takes_a_visit_back(self) -> None:
        if self.visits:
            with self.life.at_the_desk() as session:
                undo_visit(session, self.dice.choice(self.visits[-60:]), **self.life.by)

    def changes_habit(self) -> None:
        for person_id in self.dice.sample(self.people, 2):
            self.habits[person_id] = self.dice.choice([0.0, 0.05, 0.2, 0.5])

    def closes(self) -> None:
        if self.closures and self.dice.random() < 0.5:
            with self.life.at_the_desk() as session:
                withdraw_closure(session, self.closures.pop(), **self.life.by)
            return
        begin = self.life.day + self.dice.choice([-6, -1, 1, 8])
        period = Period(on(begin), on(begin + self.dice.randint(1, 15)))
        share = self.dice.choice([0, 0, 40])
        with self.life.at_the_desk() as session:
            self.closures.append(
                declare_closure(
                    session,
                    self.life.club_id,
                    period,
                    share_percent=share,
                    extends_terms=not share and self.dice.random() < 0.6,
                    **self.life.by,
                )
            )

    def slows(self) -> None:
        with self.life.at_the_desk() as session:
            if self.seasons:
                remove_season(session, self.seasons.pop(), **self.life.by)
                return
            first = on(self.life.day + self.dice.choice([-5, 0, 4]))
            last = on(self.life.day + self.dice.randint(6, 30))
            self.seasons.append(
                declare_season(
                    session,
                    self.life.club_id,
                    SeasonValues(
                        name=f"Season {self.life.day}",
                        calendar="gregorian",
                        start_month=first.month,
                        start_day=first.day,
                        end_month=last.month,
                        end_day=last.day,
                        share_percent=self.dice.choice([0, 30, 60]),
                    ),
                    **self.life.by,
                )
            )

    def bars(self) -> None:
        person_id = self.dice.choice(self.people)
        with self.life.at_the_desk() as session:
            change_person(
                session, person_id, {"no_contact": self.dice.random() < 0.4}, **self.life.by
            )
