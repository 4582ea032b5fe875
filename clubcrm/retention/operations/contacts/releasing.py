"""Releasing: contacts whose moment has come are looked at once more and handed over."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import date, datetime, timedelta
from typing import Any, Final, NamedTuple, cast

from sqlalchemy import Table, bindparam, select, update
from sqlalchemy.orm import Session

from clubcrm.accounts.queries import ClubRow, get_club
from clubcrm.core.actor import ENGINE
from clubcrm.core.sql import skip_locked
from clubcrm.members.models import Person
from clubcrm.members.queries import yearly_values
from clubcrm.messaging.operations import MessageValues, TaskValues, open_tasks, queue_messages
from clubcrm.messaging.policies import GateFacts, refusal
from clubcrm.messaging.queries import gate_facts, texts_of
from clubcrm.messaging.states import Channel, Refusal, TaskKind
from clubcrm.retention.models import MemberState, Touchpoint
from clubcrm.retention.operations.contacts.plays import PlayRow, plays_of
from clubcrm.retention.policies.ranks import rank_of
from clubcrm.retention.policies.turns import (
    Earlier,
    counted_of,
    in_cycle_of,
    is_answered,
    telling,
)
from clubcrm.retention.queries.contacts import earlier_contacts
from clubcrm.retention.shipped import words_for, words_key
from clubcrm.retention.states import TouchpointState
from clubcrm.retention.texts import Places, filled, places_of

MOST: Final = 500
PHASE_LEFT: Final = "phase_left"
GOAL_MET: Final = "goal_met"
PLAY_OFF: Final = "play_off"

_touch = cast(Table, Touchpoint.__table__)
_state = cast(Table, MemberState.__table__)
_person = cast(Table, Person.__table__)

_DUE = (
    select(_touch)
    .where(
        _touch.c.club_id == bindparam("club"),
        _touch.c.state == TouchpointState.QUEUED,
        _touch.c.due_at <= bindparam("now"),
        _touch.c.released_at.is_(None),
    )
    .order_by(_touch.c.due_at, _touch.c.id)
    .limit(bindparam("most"))
)

_MEMBERS = (
    select(
        _person.c.id,
        _person.c.first_name,
        _person.c.full_name,
        _person.c.locale,
        _state.c.phase,
        _state.c.risk,
        _state.c.base,
        _state.c.v28,
        _state.c.last_visit_on,
        _state.c.ends_on,
        _state.c.spell_from_on,
    )
    .outerjoin(_state, _state.c.person_id == _person.c.id)
    .where(_person.c.id.in_(bindparam("people", expanding=True)))
)


@dataclass(frozen=True, slots=True)
class Released:
    """What a release did: messages and tasks handed over, contacts not needed or not allowed any more."""

    messages: int = 0
    tasks: int = 0
    dropped: int = 0

    @property
    def looked_at(self) -> int:
        """How many contacts it was."""
        return self.messages + self.tasks + self.dropped


class _Way(NamedTuple):
    """How a contact goes on: by a channel, or to its end with a reason."""

    channel: Channel | None
    state: TouchpointState
    reason: str = ""


def release_contacts(
    session: Session, club_id: int, *, now: datetime, most: int = MOST
) -> Released:
    """Hand over the contacts of a club whose moment has come: messages to be sent, tasks to be done.

    Each is looked at once more: who has left the phase, reached the goal or may not be contacted any
    more is left alone, and the contact stays in its arm. Rows another worker holds are passed over.
    """
    club = get_club(session, club_id)
    asked = {"club": club_id, "now": now, "most": most}
    rows = [row._asdict() for row in session.execute(skip_locked(session, _DUE), asked)]
    if not rows:
        return Released()
    people = sorted({row["person_id"] for row in rows})
    members = {row.id: row for row in session.execute(_MEMBERS, {"people": people})}
    plays = {play.code: play for play in plays_of(session, club_id, now=now)}
    gates = gate_facts(session, club_id, people)
    earlier = earlier_contacts(session, people, now, but=[row["id"] for row in rows])
    messages: list[MessageValues] = []
    tasks: list[TaskValues] = []
    ends: list[dict[str, Any]] = []
    words = _Words(session, club, now)
    for row in rows:
        member = members[row["person_id"]]
        way = _way(
            row,
            member,
            plays.get(row["play"]),
            gates[row["person_id"]],
            earlier.get(row["person_id"], ()),
            now,
        )
        ends.append(_end(row, way, now))
        if way.channel in (Channel.CALL, Channel.ARRIVAL):
            rank = rank_of(plays[row["play"]].rules.of_step(row["step"]), member.risk)
            tasks.append(words.task(row, member, way.channel, rank))
        elif way.channel is not None:
            messages.append(words.message(row, member, way.channel, plays[row["play"]]))
    queue_messages(session, messages, now=now)
    open_tasks(session, _valued(session, tasks, club.today(now)), by=ENGINE, now=now)
    _write(session, ends)
    return Released(len(messages), len(tasks), len(rows) - len(messages) - len(tasks))


def _valued(session: Session, tasks: Sequence[TaskValues], day: date) -> list[TaskValues]:
    """The tasks with what each person brings a year."""
    worth = yearly_values(session, {task.person_id for task in tasks}, day) if tasks else {}
    return [replace(task, value_minor=worth.get(task.person_id)) for task in tasks]


def reference_of(touchpoint_id: int, tried: int) -> str:
    """The key under which a contact is handed over; each channel that is tried has its own."""
    return f"contact:{touchpoint_id}:{tried}"


def touchpoint_of(reference: str) -> int | None:
    """Which contact a key speaks of; None for what others handed over."""
    parts = reference.split(":")
    return int(parts[1]) if len(parts) == 3 and parts[0] == "contact" else None


def _way(
    row: Mapping[str, Any],
    member: Any,
    play: PlayRow | None,
    gate: GateFacts,
    earlier: Sequence[Earlier],
    now: datetime,
) -> _Way:
    """Whether a contact is still wanted, and by which of its channels."""
    if row["valid_until"] <= now:
        return _Way(None, TouchpointState.EXPIRED, Refusal.OUT_OF_DATE.value)
    if play is None or not play.is_on:
        return _Way(None, TouchpointState.CANCELLED, PLAY_OFF)
    rules = play.rules.of_step(row["step"])
    if rules.phases and member.phase not in rules.phases:
        return _Way(None, TouchpointState.CANCELLED, PHASE_LEFT)
    if rules.stops and row["goal_at"] is not None:
        return _Way(None, TouchpointState.CANCELLED, GOAL_MET)
    if is_answered(rules, row["cycle_on"], earlier):
        return _Way(None, TouchpointState.CANCELLED, Refusal.ANSWERED.value)
    channels = rules.channels_of(row["variant"])
    counted, in_cycle = counted_of(earlier), in_cycle_of(earlier, row["cycle_on"])
    reasons: list[Refusal] = []
    for channel in channels[row["tried"] :]:
        refused = refusal(gate, channel, rules.purpose, counted, in_cycle, now)
        if refused is None:
            is_staff = channel in (Channel.CALL, Channel.ARRIVAL)
            state = TouchpointState.TASK_OPEN if is_staff else TouchpointState.QUEUED
            return _Way(channel, state)
        reasons.append(refused)
    state = TouchpointState.FAILED if row["tried"] else TouchpointState.CANCELLED
    return _Way(None, state, telling(reasons).value)


def _end(row: Mapping[str, Any], way: _Way, now: datetime) -> dict[str, Any]:
    is_over = way.channel is None
    return {
        "which": row["id"],
        "new_state": way.state,
        "new_reason": way.reason,
        "new_channel": row["channel"] if is_over else way.channel,
        "new_released_at": None if is_over else now,
        "new_closed_at": now if is_over else None,
    }


_WRITE = (
    update(_touch)
    .where(_touch.c.id == bindparam("which"), _touch.c.state == TouchpointState.QUEUED)
    .values(
        state=bindparam("new_state"),
        reason=bindparam("new_reason"),
        channel=bindparam("new_channel"),
        released_at=bindparam("new_released_at"),
        closed_at=bindparam("new_closed_at"),
    )
)


def _write(session: Session, ends: Sequence[dict[str, Any]]) -> None:
    session.connection().execute(_WRITE, list(ends))


class _Words:
    """The words of contacts, filled in for each member: the club's own, else the shipped ones."""

    def __init__(self, session: Session, club: ClubRow, now: datetime) -> None:
        self._session = session
        self._club = club
        self._now = now
        self._today = club.today(now)
        self._own: dict[str, Mapping[str, tuple[str, str]]] = {}

    def message(
        self, row: Mapping[str, Any], member: Any, channel: Channel, play: PlayRow
    ) -> MessageValues:
        """A message in the member's language."""
        language = member.locale or self._club.language
        words = words_for(language, row["play"], row["variant"])
        own = self._own_words(words_key(row["play"], row["variant"])).get(language)
        subject, body = own or (words.subject, words.body)
        places = self._places(member, language)
        return MessageValues(
            club_id=row["club_id"],
            person_id=row["person_id"],
            reference=reference_of(row["id"], row["tried"]),
            channel=channel,
            purpose=play.rules.of_step(row["step"]).purpose,
            language=language,
            subject=filled(subject, places),
            body=filled(body, places),
            send_at=self._now,
            valid_until=row["valid_until"],
        )

    def task(self, row: Mapping[str, Any], member: Any, channel: Channel, rank: int) -> TaskValues:
        """A task in the language of the club."""
        language = self._club.language
        words = words_for(language, row["play"], row["variant"])
        places = self._places(member, language)
        is_prompt = channel is Channel.ARRIVAL
        return TaskValues(
            club_id=row["club_id"],
            person_id=row["person_id"],
            reference=reference_of(row["id"], row["tried"]),
            kind=TaskKind.ARRIVAL if is_prompt else TaskKind.CALL,
            title=filled(words.title or words.subject, places),
            script=filled(words.script, places),
            due_on=self._today,
            expires_on=self._club.today(row["valid_until"] - timedelta(seconds=1))
            + timedelta(days=1),
            on_arrival=is_prompt,
            rank=rank,
        )

    def _own_words(self, key: str) -> Mapping[str, tuple[str, str]]:
        if key not in self._own:
            self._own[key] = texts_of(self._session, self._club.id, key)
        return self._own[key]

    def _places(self, member: Any, language: str) -> Places:
        return places_of(self._club, member, self._today, language)
