"""The door: who comes to train on a day, read by the turnstile or let in by the desk.

Most visits come with the turnstile's log in the evening, all in one go; first visits and a sample are
let in at the desk one by one, each decided anew. Now and then the turnstile is
offline, and what it read of an evening arrives some days later.
"""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from datetime import date, datetime, timedelta

from sqlalchemy.orm import Session

from clubcrm.core.actor import Actor, ActorKind
from clubcrm.members.queries import TermRow
from clubcrm.simulator.club import House
from clubcrm.simulator.dice import between, chance, happens, pick, whole
from clubcrm.simulator.roster import Member
from clubcrm.visits.operations import (
    CheckIn,
    VisitValues,
    answer_prompt,
    check_in,
    check_out,
    record_visits,
    undo_visit,
)
from clubcrm.visits.policies import is_within_hours
from clubcrm.visits.queries.cards import codes_of
from clubcrm.visits.states import Decision, PromptCode, PromptReply, VisitSource

TURNSTILE, DESK = "Turnstile", "Desk"
DOOR = Actor(ActorKind.ENGINE, None, "turnstile")

_REPLIES = {
    PromptCode.RENEW: (PromptReply.LATER, PromptReply.LATER, PromptReply.NO),
    PromptCode.TAKE_PAYMENT: (PromptReply.LATER,),
    PromptCode.GREET: (PromptReply.YES,),
    PromptCode.CONGRATULATE: (PromptReply.YES,),
}
_EXCUSES = ("Pays tomorrow", "Forgot the wallet", "Manager knows")


@dataclass(frozen=True)
class Troubles:
    """How often things go wrong at the door: shares of days or of visits."""

    offline: float = 1 / 40  # days on which the turnstile's evening arrives late
    undone: float = 0.006  # visits taken back: the wrong person
    desk_share: float = 0.006  # visits let in by the desk for no other reason


@dataclass(frozen=True)
class Coming:
    """Somebody on the way in."""

    minute: int
    member: Member
    stays: int
    needs_the_desk: bool


@dataclass
class Door:
    """The door of a house. Keeps the logs that have not arrived yet."""

    house: House
    seed: int
    troubles: Troubles = field(default_factory=Troubles)
    _late: list[tuple[date, VisitValues]] = field(default_factory=list)

    def coming_on(
        self, members: Iterable[Member], day: date, share_percent: int, eager: frozenset[int]
    ) -> list[Coming]:
        """Who comes today and when, in the order of arrival. `eager` people come whatever happens."""
        found = []
        for member in members:
            term = member.running_on(day)
            if term is None:
                continue
            spell = member.spell_on(day)
            if not spell.comes_on(day, share_percent) and member.id not in eager:
                continue
            minute, knows_hours = self._arrival(member, term, day)
            is_first = day == term.starts_on and term.previous_id is None
            share = 0.25 if is_first else self.troubles.desk_share
            needs_the_desk = not knows_hours or happens(share, member.key, day, "desk")
            found.append(Coming(minute, member, spell.stays_for(day), needs_the_desk))
        return sorted(found, key=lambda one: (one.minute, one.member.id))

    def _arrival(self, member: Member, term: TermRow, day: date) -> tuple[int, bool]:
        """When somebody comes, and whether that lies within the hours of the plan."""
        minute = member.spell_on(day).arrives_at(day)
        sold_at = term.sold_at.astimezone(self.house.zone)
        if self.house.club.today(term.sold_at) == day:
            minute = max(minute, sold_at.hour * 60 + sold_at.minute + 10)
        at = self.house.at(day, minute).astimezone(self.house.zone)
        if not term.hours or is_within_hours(term.hours, at):
            return minute, True
        if happens(0.95, member.key, day, "knows the hours"):
            return whole(9 * 60, 15 * 60, member.key, day, "off-peak"), True
        return minute, False

    def read_log(self, session: Session, day: date, coming: Sequence[Coming]) -> int:
        """Take the turnstile's log of the day; how many visits it brought, late ones included."""
        now = self.house.at(day, 23 * 60 + 30)
        offline_from = (
            whole(15 * 60, 19 * 60, self.seed, day, "offline at")
            if happens(self.troubles.offline, self.seed, day, "offline")
            else None
        )
        rows: list[VisitValues] = []
        for one in coming:
            row = self._values(one, day)
            if offline_from is not None and one.minute >= offline_from:
                arrives = day + timedelta(days=whole(1, 8, self.seed, day, "arrives"))
                self._late.append((arrives, row))
            else:
                rows.append(row)
        ids = self._record(session, rows, now)
        for row, visit_id in zip(rows, ids):
            if visit_id is not None and happens(
                self.troubles.undone, row.person_id, day, "wrong person"
            ):
                by = self.house.clerk(day, row.person_id)
                undo_visit(session, visit_id, by=by, now=now)
        return len(ids) + self.bring_late(session, day)

    def bring_late(self, session: Session, day: date, *, all_of_them: bool = False) -> int:
        """Take the late logs whose day has come; how many visits there were."""
        ready = [row for arrives, row in self._late if all_of_them or arrives <= day]
        self._late = [(on, row) for on, row in self._late if not all_of_them and on > day]
        now = self.house.at(day, 23 * 60 + 40)
        return len(self._record(session, ready, now))

    def let_in(
        self, session: Session, one: Coming, now: datetime, *, by_card: bool = True
    ) -> CheckIn:
        """Let the desk decide, and do what a clerk does then: answer the question, bend a rule."""
        club_id = self.house.club.id
        by = self.house.clerk(now.date(), one.member.id)
        codes = codes_of(session, [one.member.id]).get(one.member.id, []) if by_card else []
        who = {"code": codes[0]} if codes else {"person_id": one.member.id}
        answer = check_in(
            session,
            club_id=club_id,
            access_point=DESK,
            source=VisitSource.DESK,
            by=by,
            now=now,
            **who,
        )
        if answer.decision is Decision.STOP and happens(0.3, one.member.key, now, "excuse"):
            answer = check_in(
                session,
                club_id=club_id,
                person_id=one.member.id,
                access_point=DESK,
                override_reason=pick(_EXCUSES, one.member.key, now),
                source=VisitSource.DESK,
                by=by,
                now=now,
            )
        self._reply(session, one, answer, by, now)
        return answer

    def let_out(self, session: Session, visit_id: int, person_id: int, now: datetime) -> None:
        """Let somebody leave at the desk."""
        check_out(session, visit_id, by=self.house.clerk(now.date(), person_id), now=now)

    def _reply(
        self, session: Session, one: Coming, answer: CheckIn, by: Actor, now: datetime
    ) -> None:
        prompt = answer.prompt
        if prompt is None or prompt.code not in _REPLIES:
            return
        if chance(one.member.key, now, "answers") < 0.7:
            reply = pick(_REPLIES[prompt.code], one.member.key, now, "reply")
            answer_prompt(
                session,
                one.member.id,
                prompt.code,
                reply,
                club_id=self.house.club.id,
                by=by,
                now=now,
            )

    def _values(self, one: Coming, day: date) -> VisitValues:
        came = self.house.at(day, one.minute) + timedelta(
            seconds=int(between(0, 59, one.member.key, day, "second"))
        )
        return VisitValues(
            person_id=one.member.id,
            checked_in_at=came,
            checked_out_at=min(
                came + timedelta(minutes=one.stays), self.house.at(day, 23 * 60 + 25)
            ),
            access_point=TURNSTILE,
        )

    def _record(
        self, session: Session, rows: Sequence[VisitValues], now: datetime
    ) -> list[int | None]:
        if not rows:
            return []
        return record_visits(
            session,
            rows,
            club_id=self.house.club.id,
            source=VisitSource.DOOR_LOG,
            by=DOOR,
            now=now,
        )
