"""What the staff do about contacts: calls, promises kept, words at the desk. Some are left for tomorrow."""

from collections.abc import Collection, Sequence
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from typing import Final

from sqlalchemy.orm import Session

from clubcrm.core import clock, jobs
from clubcrm.core.transactions import transaction
from clubcrm.messaging.operations import assign_tasks, close_task
from clubcrm.messaging.queries import TaskRow, tasks
from clubcrm.messaging.states import Outcome, TaskKind
from clubcrm.retention.jobs import make_contacts, plan_day
from clubcrm.simulator.club import House
from clubcrm.simulator.dice import chance, happens, pick_weighted, whole

MORNING: Final = 10 * 60 + 30
EVENING: Final = 20 * 60
"""Minutes of the day at which what is due goes out: after ten, and after the hours before training."""

CALLS_FROM: Final = 13 * 60
SUNDAY: Final = 6
FORGOTTEN: Final = 0.12
IN_A_BUSY_WEEK: Final = 0.85
"""The share of tasks that nobody gets round to on a day."""

_CALLED: Final = (
    (Outcome.REACHED_PLAN, 0.36),
    (Outcome.NO_ANSWER, 0.27),
    (Outcome.LEFT_MESSAGE, 0.16),
    (Outcome.REACHED_NO, 0.12),
    (Outcome.INJURED, 0.04),
    (Outcome.WRONG_NUMBER, 0.02),
    (Outcome.MOVED, 0.02),
    (Outcome.DO_NOT_CALL, 0.01),
)
_KEPT: Final = ((Outcome.DONE, 0.7), (Outcome.NO_ANSWER, 0.2), (Outcome.REACHED_NO, 0.1))


@dataclass(frozen=True)
class Staff:
    """The staff of a house, from the day on which the club began to make contacts."""

    house: House
    since: date
    busy_from: date = date.max  # from here on much stays undone: whoever looks at a demo finds work

    def plan(self, day: date) -> None:
        """Plan the contacts of a day, right after the daily run."""
        if day >= self.since:
            plan_day(self.house.club.id, day, clock.now)

    def make(self, day: date, minute: int, until: int) -> None:
        """Make the contacts that are due at a minute, if the day comes so far; messages go out."""
        if day < self.since or minute > until:
            return
        clock.set_clock(self.house.at(day, minute))
        make_contacts(self.house.club.id, clock.now)
        if jobs.is_work_due(clock.now):
            jobs.drain(clock.now)

    def work(self, day: date, until: int) -> int:
        """Do what is on the list of a day; how many tasks were touched. On Sundays nobody calls."""
        if day < self.since or day.weekday() == SUNDAY or until < CALLS_FROM:
            return 0
        with transaction() as session:
            club_id = self.house.club.id
            listed = tasks(session, {club_id}, today=day, limit=whole(7, 14, day, "calls"))
            self._share_out(session, listed, day)
            forgotten = IN_A_BUSY_WEEK if day >= self.busy_from else FORGOTTEN
            done = 0
            for no, task in enumerate(listed):
                at = self.house.at(day, CALLS_FROM + 9 * no)
                if CALLS_FROM + 9 * no > until or happens(forgotten, task.id, day, "forgotten"):
                    continue
                self._do(session, task, day, at)
                done += 1
        return done

    def say(self, session: Session, here: Collection[int], day: date, at: datetime) -> None:
        """Say at the desk what was to be said to those who came."""
        if day < self.since:
            return
        waiting = tasks(session, {self.house.club.id}, today=day, at_arrival=True, limit=200)
        for task in waiting:
            if task.person_id in here and happens(0.8, task.id, "said"):
                self._close(session, task, Outcome.SAID, None, at)

    def _share_out(self, session: Session, listed: Sequence[TaskRow], day: date) -> None:
        """The manager gives some of what is new to somebody."""
        for clerk in self.house.clerks:
            given = [
                task.id
                for task in listed
                if task.assigned_to is None
                and self.house.clerk(task.id, "does").id == clerk.id
                and happens(0.6, task.id, "is given")
            ]
            if given and clerk.id is not None:
                now = self.house.at(day, 9 * 60)
                by = self.house.boss
                assign_tasks(session, given, clerk.id, club_id=self.house.club.id, by=by, now=now)

    def _do(self, session: Session, task: TaskRow, day: date, at: datetime) -> None:
        if task.kind is TaskKind.TODO:
            self._close(session, task, Outcome.DONE, None, at)
            return
        if task.kind is TaskKind.FOLLOW_UP:
            self._close(session, task, pick_weighted(_KEPT, task.id, day, "kept"), None, at)
            return
        outcome = pick_weighted(_CALLED, task.id, day, "called")
        promised = None
        if outcome is Outcome.REACHED_PLAN and chance(task.id, day, "promises") < 0.7:
            promised = day + timedelta(days=whole(1, 6, task.id, day, "promised"))
        self._close(session, task, outcome, promised, at)

    def _close(
        self,
        session: Session,
        task: TaskRow,
        outcome: Outcome,
        promised_on: date | None,
        at: datetime,
    ) -> None:
        close_task(
            session,
            task.id,
            outcome,
            club_id=self.house.club.id,
            promised_on=promised_on,
            by=self.house.clerk(task.id, "does"),
            now=at,
        )
