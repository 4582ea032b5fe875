"""The floor: one-to-one sessions of the trainers in the last weeks of a demo, through the same operations.

Some clients of each trainer buy a package and have hours of their own in the week. Only the last weeks
are lived, since nobody looks further back on a phone.
"""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field, replace
from datetime import date, datetime, timedelta

from sqlalchemy.orm import Session

from clubcrm.billing.operations import sell_membership
from clubcrm.billing.states import PaymentMethod
from clubcrm.core.actor import Actor, ActorKind
from clubcrm.schedule.operations import (
    SessionValues,
    log_outcome,
    plan_session,
    write_up,
)
from clubcrm.schedule.states import HELD, SessionState
from clubcrm.simulator.club import House
from clubcrm.simulator.dice import chance, happens, pick, pick_weighted, whole
from clubcrm.simulator.door import Coming
from clubcrm.simulator.plans import SESSIONS
from clubcrm.simulator.roster import Member
from clubcrm.trainers.queries import TrainerRow, clients_of, trainers_at

LOOKS_BACK = 22
"""Days before the last one on which packages are sold and sessions begin."""

LOOKS_AHEAD = 8
"""Days after the last one for which sessions are planned."""

CLIENTS = 8
"""So many clients of each trainer have a package."""

LENGTH = 60
HOURS = (7, 9, 11, 12, 16, 17, 18, 19)
"""The hour of each client, in which the trainer is with nobody else."""

WEEKS = ((0, 2, 5), (0, 3), (1, 4), (0, 4), (2, 6), (0, 3), (0, 5), (1, 3, 6))
"""On which days of the week each client comes, counted backwards from the last day's."""

_OUTCOMES = (
    (SessionState.CAME, 0.8),
    (SessionState.LATE, 0.08),
    (SessionState.NO_SHOW, 0.06),
    (SessionState.CANCELLED_IN_TIME, 0.06),
)
_EXERCISES = ("Squat", "Row", "Bench press", "Deadlift", "Lunge", "Pull-down", "Shoulder press")
_NOTES = ("Good form", "Tired, kept it light", "New personal best", "Watch the left knee")


@dataclass(frozen=True)
class _Slot:
    """A client of a trainer, with the hours of the week."""

    trainer: TrainerRow
    member: Member
    hour: int
    days: tuple[int, ...]

    @property
    def actor(self) -> Actor:
        """The trainer as whoever taps."""
        return Actor(ActorKind.STAFF, self.trainer.user_id, self.trainer.name)


@dataclass
class Sessions:
    """The sessions of a demo that ends on a day."""

    house: House
    last: date
    seed: int
    _planned: dict[date, list[tuple[int, _Slot]]] = field(default_factory=dict)

    def live(self, session: Session, members: Sequence[Member], day: date, until: int) -> int:
        """Live the sessions of a day up to a minute of it; how many were told."""
        if (self.last - day).days == LOOKS_BACK:
            self._begin(session, members, day)
        told = 0
        for appointment_id, slot in self._planned.get(day, ()):
            ends = slot.hour * 60 + LENGTH
            if ends + 5 > until or self._is_forgotten(slot, day):
                continue
            self._tell(session, appointment_id, slot, day)
            told += 1
        return told

    def coming(self, coming: Sequence[Coming], day: date) -> list[Coming]:
        """Let whoever has a session on a day come in shortly before it."""
        starts = {slot.member.id: slot for _id, slot in self._planned.get(day, ())}
        seen = {one.member.id for one in coming}
        own = [
            Coming(slot.hour * 60 - whole(4, 15, slot.member.key, day), slot.member, 85, True)
            for slot in starts.values()
            if slot.member.id not in seen and slot.member.running_on(day) is not None
        ]
        moved = [
            replace(one, minute=starts[one.member.id].hour * 60 - 9, stays=85)
            if one.member.id in starts
            else one
            for one in coming
        ]
        return [*moved, *own]

    def _begin(self, session: Session, members: Sequence[Member], day: date) -> None:
        """Sell the packages and plan all the weeks."""
        now = self.house.at(day, 6 * 60)
        for slot in self._slots(session, members, day):
            self._sell(session, slot, day, now)
            for offset in range(1, LOOKS_BACK + LOOKS_AHEAD + 1):
                on = day + timedelta(days=offset)
                if (self.last - on).days % 7 not in slot.days:
                    continue
                values = SessionValues(
                    person_id=slot.member.id,
                    starts_at=self.house.at(on, slot.hour * 60),
                    minutes=LENGTH,
                )
                club = {self.house.club.id}
                appointment_id = plan_session(
                    session, slot.trainer.id, values, scope=club, by=slot.actor, now=now
                )
                self._planned.setdefault(on, []).append((appointment_id, slot))

    def _slots(self, session: Session, members: Sequence[Member], day: date) -> Iterator[_Slot]:
        by_id = {member.id: member for member in members if member.running_on(day) is not None}
        for trainer in trainers_at(session, {self.house.club.id}):
            own = [by_id[one] for one in clients_of(session, trainer.id) if one in by_id]
            own.sort(key=lambda member: chance(self.seed, member.key, "trains"))
            for member, hour, days in zip(own[:CLIENTS], HOURS, WEEKS, strict=False):
                yield _Slot(trainer, member, hour, days)

    def _sell(self, session: Session, slot: _Slot, day: date, now: datetime) -> None:
        plan = self.house.plans[SESSIONS]
        sell_membership(
            session,
            slot.member.id,
            plan.id,
            starts_on=day,
            paid=plan.price,
            method=PaymentMethod.CARD,
            by=self.house.clerk(day, slot.member.id),
            now=now,
        )

    def _is_forgotten(self, slot: _Slot, day: date) -> bool:
        """Whether the trainer forgot the outcome: one evening before the last day."""
        return (self.last - day).days in (1, 2) and slot.hour == HOURS[4]

    def _tell(self, session: Session, appointment_id: int, slot: _Slot, day: date) -> None:
        outcome = pick_weighted(_OUTCOMES, slot.member.key, day, "outcome")
        now = self.house.at(day, slot.hour * 60 + LENGTH + 2)
        club = {self.house.club.id}
        by = slot.actor
        log_outcome(session, appointment_id, outcome, scope=club, by=by, now=now)
        if outcome in HELD:
            lines = [
                f"{pick(_EXERCISES, slot.member.key, day, no)} 3×{whole(8, 12, slot.member.key, no)}"
                f" at {5 * whole(4, 16, slot.member.key, day, no)} kg"
                for no in range(2)
            ]
            note = pick(_NOTES, slot.member.key, day) if happens(0.3, slot.member.key, day) else ""
            write_up(
                session, appointment_id, log="\n".join(lines), note=note, scope=club, by=by, now=now
            )
