"""The run: day after day of a club, with the clock set to each moment.

One transaction a simulated day, besides those of the daily run. Whoever needs a lived club in a test
or a proof calls `live` with hooks: `Hooks.after_day` may look at the club, or do something to it
through the operations, before the next day begins.
"""

from collections import Counter
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date, datetime, timedelta

from sqlalchemy import func, select
from sqlalchemy.orm import Session

from clubcrm.billing.jobs import block_debtors
from clubcrm.billing.queries import InvoiceRow, invoices
from clubcrm.billing.states import InvoiceState
from clubcrm.core import clock, jobs
from clubcrm.core.transactions import reading, transaction
from clubcrm.members.models import Person
from clubcrm.retention.jobs import run_day
from clubcrm.simulator.club import (
    ClosedBook,
    House,
    closed_book_of,
    closures_to_declare,
    declare,
    house_of,
)
from clubcrm.simulator.desk import Desk
from clubcrm.simulator.dice import chance
from clubcrm.simulator.door import Coming, Door, Troubles
from clubcrm.simulator.errands import Errand, Errands
from clubcrm.simulator.people import joining_rate, newcomer
from clubcrm.simulator.roster import Roster, forget_habits
from clubcrm.simulator.sessions import Sessions
from clubcrm.simulator.showcase import Showcase
from clubcrm.simulator.staff import EVENING, MORNING, Staff

Joiners = Mapping[date, Sequence[int]]

RUN_MINUTE = 5
OPENING_MINUTE = 5 * 60 + 40
END_OF_DAY = 24 * 60
COUNTED_EVERY = 7
BUSY = timedelta(days=9)
"""The days before the end of a demo in which much stays undone."""

WITHOUT_TERMS = frozenset({"paid a debt", "paid a month", "paid again", "talked", "lost a card"})
"""Errands after which the same people may come in as before."""


@dataclass
class Told:
    """How far a run is, for whoever waits: the day, and what happened so far."""

    day: date
    done: int
    days: int
    running: int = 0
    tally: Counter[str] = field(default_factory=Counter)


def _run_day(club_id: int, day: date) -> object:
    return run_day(club_id, day, clock=clock.now)


@dataclass(frozen=True)
class Hooks:
    """What happens around each day. All are called with the clock standing in that day."""

    daily_run: Callable[[int, date], object] = _run_day
    before_day: Callable[[date], None] = lambda _day: None
    after_day: Callable[[date], None] = lambda _day: None
    tell: Callable[[Told], None] = lambda _told: None


def live(
    club_id: int,
    first: date,
    last: date,
    *,
    seed: int = 1,
    joiners: Joiners | None = None,
    until: datetime | None = None,
    troubles: Troubles | None = None,
    hooks: Hooks | None = None,
    showcase: Showcase | None = None,
    contacts_from: date | None = None,
) -> Told:
    """Live a club from `first` to `last`, both included; the last day only up to `until`.

    `joiners` says who joins when (`people.intake`); without it people join at the club's own pace.
    From `contacts_from` on the club makes its contacts; without it none.
    Afterwards the clock is as it was before. Raises whatever an operation raises: a day that cannot
    be lived is rolled back as a whole.
    """
    with reading() as session:
        house = house_of(session, club_id)
    run = _Run(
        house,
        seed,
        joiners,
        until,
        troubles or Troubles(),
        hooks or Hooks(),
        showcase,
        contacts_from or date.max,
    )
    told = Told(first, 0, (last - first).days + 1, tally=run.tally)
    try:
        with clock.clock_at(house.at(first, RUN_MINUTE)):
            for offset in range(told.days):
                day = first + timedelta(days=offset)
                run.live_day(day, is_last=day == last)
                told.day, told.done = day, told.done + 1
                if offset % COUNTED_EVERY == 0 or day == last:
                    told.running = run.running_on(day)
                run.hooks.tell(told)
    finally:
        forget_habits()
    return told


@dataclass
class _Run:
    """One run of a club."""

    house: House
    seed: int
    joiners: Joiners | None
    until: datetime | None
    troubles: Troubles
    hooks: Hooks
    showcase: Showcase | None
    contacts_from: date
    tally: Counter[str] = field(default_factory=Counter)
    book: ClosedBook | None = None
    waiting: list[int] = field(default_factory=list)  # who wants to join, but the club is closed

    def __post_init__(self) -> None:
        self.roster = Roster(self.house.club.id)
        self.door = Door(self.house, self.seed, self.troubles)
        shown = self.showcase
        busy_from = shown.last - BUSY if shown else date.max
        self.staff = Staff(self.house, self.contacts_from, busy_from)
        self.sessions = Sessions(self.house, shown.last, self.seed) if shown else None

    def running_on(self, day: date) -> int:
        """How many may come in on a day."""
        return sum(member.running_on(day) is not None for member in self.roster.everybody())

    def live_day(self, day: date, *, is_last: bool) -> None:
        """Live one day."""
        is_opening = day == self.house.club.went_live_on
        clock.set_clock(self.house.at(day, OPENING_MINUTE if is_opening else RUN_MINUTE))
        self.hooks.before_day(day)
        self.hooks.daily_run(self.house.club.id, day)
        block_debtors(self.house.club.id, clock.now)
        self.staff.plan(day)
        until = self._last_minute(day)
        self.staff.make(day, MORNING, until)
        self.tally["tasks"] += self.staff.work(day, until)
        self.staff.make(day, EVENING, until)
        clock.set_clock(self.house.at(day, min(until, END_OF_DAY - 1)))
        with transaction() as session:
            has_changed = self.roster.refresh(session)
            if has_changed or self.book is None:
                self.book = closed_book_of(session, self.house.club.id)
            self._manage(session, day, self.book)
            share = self.book.share_on(day)
            self.waiting += self._joining(session, day)
            if share:
                if self._errands(session, day, until) - WITHOUT_TERMS:
                    self.book = None if self.roster.refresh(session) else self.book
                self._visits(session, day, share, until)
            if self.sessions is not None:
                told = self.sessions.live(session, self.roster.everybody(), day, until)
                self.tally["sessions"] += told
            if is_last:
                self.door.bring_late(session, day, all_of_them=True)
        if jobs.is_work_due(clock.now):
            jobs.drain(clock.now)
        self.hooks.after_day(day)

    def _last_minute(self, day: date) -> int:
        if self.until is None or self.house.club.today(self.until) != day:
            return END_OF_DAY
        start = self.house.at(day, 0)
        return max(0, int((self.until - start).total_seconds() // 60))

    def _manage(self, session: Session, day: date, book: ClosedBook) -> None:
        """What the manager does in the morning. Closures begin tomorrow at the earliest."""
        now = self.house.at(day, 7 * 60)
        for closed in closures_to_declare(day, book.closures):
            declare(session, self.house, closed, now)
            self.tally["closures"] += 1

    def _errands(self, session: Session, day: date, until: int) -> set[str]:
        """What people come to the desk for, in the order of the day; what kinds of errands it were."""
        errands = Errands(Desk(self.house, day))
        wanted: list[Errand] = [
            errands.newcomer(
                newcomer(self.seed, no, day, birthday_on=self._birthday(no)), before=until
            )
            for no in self.waiting
        ]
        self.waiting = []
        owed = self._owed(session)
        for member in self.roster.everybody():
            if self.showcase is None or member.id not in self.showcase.unwilling:
                wanted += errands.of(member, owed.get(member.id, ()))
        if self.showcase is not None:
            wanted += self.showcase.errands(errands.desk, self.roster.everybody())
        wanted = [errand for errand in wanted if errand.minute <= until]
        for errand in sorted(wanted, key=lambda errand: errand.minute):
            errand.do(session, self.house.at(day, errand.minute))
            self.tally[errand.what] += 1
        return {errand.what for errand in wanted}

    def _joining(self, session: Session, day: date) -> Sequence[int]:
        if self.joiners is not None:
            return self.joiners.get(day, ())
        lived = max(60, (day - (self.house.club.went_live_on or day)).days)
        expected = joining_rate(day) * len(self.roster.members) / lived
        count = int(expected + chance(self.seed, day, "how many join"))
        last = session.scalar(select(func.max(Person.id))) or 0
        return range(last + 1, last + 1 + count)

    def _birthday(self, no: int) -> date | None:
        return self.showcase.last if self.showcase and self.showcase.has_birthday(no) else None

    def _owed(self, session: Session) -> dict[int, list[InvoiceRow]]:
        found: dict[int, list[InvoiceRow]] = {}
        club = {self.house.club.id}
        for invoice in invoices(session, club, state=InvoiceState.ISSUED, limit=10_000):
            found.setdefault(invoice.person_id, []).append(invoice)
        return found

    def _visits(self, session: Session, day: date, share: int, until: int) -> None:
        """Who comes to train: past days by the turnstile's log, today by the desk alone."""
        eager = frozenset(self.showcase.eager) if self.showcase else frozenset()
        coming = self.door.coming_on(self.roster.everybody(), day, share, eager)
        if until < END_OF_DAY:
            self._visits_today(session, day, coming, until)
        else:
            self._visits_before(session, day, coming)
        here = {one.member.id for one in coming if one.minute <= until}
        self.staff.say(session, here, day, self.house.at(day, min(until, EVENING)))

    def _visits_before(self, session: Session, day: date, coming: Sequence[Coming]) -> None:
        at_the_desk = [one for one in coming if one.needs_the_desk]
        for one in at_the_desk:
            answer = self.door.let_in(session, one, self.house.at(day, one.minute))
            self.tally[f"let in: {answer.decision}"] += 1
        read = [one for one in coming if not one.needs_the_desk]
        self.tally["visits"] += self.door.read_log(session, day, read) + len(at_the_desk)

    def _visits_today(
        self, session: Session, day: date, coming: Sequence[Coming], until: int
    ) -> None:
        """Let everybody of today in, one by one, and out again whose time is over."""
        coming = [one for one in coming if one.minute <= until]
        if self.showcase is not None:
            if self.sessions is not None:
                coming = self.sessions.coming(coming, day)
                coming = [one for one in coming if one.minute <= until]
            coming = self.showcase.fill_the_floor(coming, self.roster.everybody(), day, until)
        for one in sorted(coming, key=lambda one: (one.minute, one.member.id)):
            answer = self.door.let_in(session, one, self.house.at(day, one.minute))
            self.tally["visits"] += 1
            leaves = one.minute + one.stays
            if answer.visit_id is not None and leaves <= until:
                leaves_at = self.house.at(day, leaves)
                self.door.let_out(session, answer.visit_id, one.member.id, leaves_at)
