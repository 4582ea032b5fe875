"""Calls for a list of people, asked for at once: one for each who has none open and may be rung up."""

from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date, datetime
from typing import Final, cast

from sqlalchemy import Table, bindparam, select
from sqlalchemy.orm import Session

from clubcrm.accounts.queries import get_club
from clubcrm.core.actor import Actor
from clubcrm.members.operations import hold_people
from clubcrm.messaging.errors import PromiseInThePast
from clubcrm.messaging.models import Task
from clubcrm.messaging.operations.tasks import TaskValues, cancel_tasks, open_tasks
from clubcrm.messaging.policies.gate import GateFacts, barred
from clubcrm.messaging.queries import gate_facts, open_calls_of
from clubcrm.messaging.states import BY_HAND, Channel, Purpose, Refusal, TaskKind, TaskState

MOST_CALLS: Final = 500
"""So many calls are asked for in one go."""

REFERENCE: Final = "calls:"

_task = cast(Table, Task.__table__)
_OF_BATCH = select(_task.c.reference).where(
    _task.c.club_id == bindparam("club"),
    _task.c.state == TaskState.OPEN,
    _task.c.attempts == 0,
    _task.c.reference.startswith(bindparam("beginning"), autoescape=False),
)


@dataclass(frozen=True, kw_only=True)
class CallsWanted:
    """Calls to a list of people. `batch` is the asker's key: asked again it makes nothing twice.

    `doers` take the calls by turns; None among them means whoever has time.
    """

    club_id: int
    batch: str
    title: str
    script: str
    due_on: date
    doers: Sequence[int | None] = (None,)


@dataclass(frozen=True)
class CallsMade:
    """What came of asking for calls: how many were made, who had one already, who is not rung up."""

    made: int = 0
    had_one: int = 0
    left_out: Mapping[Refusal, int] = field(default_factory=dict)


def ask_for_calls(
    session: Session,
    person_ids: Sequence[int],
    wanted: CallsWanted,
    *,
    values: Mapping[int, int],
    by: Actor,
    now: datetime,
) -> CallsMade:
    """Ask staff to ring up people in the order given, one call for each who has none open.

    Left out is who must not be contacted, has no number that works, or objected to calls. `values` say
    what people bring a year. At most MOST_CALLS are made; who is beyond has none and can be asked for
    again. Raises PromiseInThePast for a day gone by.
    """
    if wanted.due_on < get_club(session, wanted.club_id).today(now):
        raise PromiseInThePast
    people = list(dict.fromkeys(person_ids))
    # Two who ask at once would each find no call.
    hold_people(session, people)
    busy = open_calls_of(session, wanted.club_id, people).keys()
    free = [person_id for person_id in people if person_id not in busy]
    facts = gate_facts(session, wanted.club_id, free)
    refused = {person_id: _refusal(facts[person_id]) for person_id in free}
    chosen = [person_id for person_id in free if refused[person_id] is None][:MOST_CALLS]
    rows = [
        _call(wanted, person_id, wanted.doers[no % len(wanted.doers)], values.get(person_id))
        for no, person_id in enumerate(chosen)
    ]
    before = _known(session, [row.reference for row in rows])
    rows = [row for row in rows if row.reference not in before]
    open_tasks(session, rows, by=by, now=now)
    left_out = Counter(why for why in refused.values() if why is not None)
    return CallsMade(len(rows), len(people) - len(free) + len(before), dict(left_out))


def take_back_calls(session: Session, batch: str, *, club_id: int, by: Actor, now: datetime) -> int:
    """Take back the calls of a batch that nobody has tried yet; how many it were."""
    if not batch.isalnum():
        return 0
    beginning = f"{REFERENCE}{batch}:"
    references = session.scalars(_OF_BATCH, {"club": club_id, "beginning": beginning}).all()
    return cancel_tasks(session, references, by=by, now=now)


def _refusal(facts: GateFacts) -> Refusal | None:
    """Why somebody is not rung up; a debt or a complaint is no reason, since a person decided."""
    if facts.consents.get(Channel.CALL) is False:
        return Refusal.NO_CONSENT
    return barred(facts, Channel.CALL, Purpose.SERVICE)


def _call(
    wanted: CallsWanted, person_id: int, doer: int | None, value_minor: int | None
) -> TaskValues:
    return TaskValues(
        club_id=wanted.club_id,
        person_id=person_id,
        reference=f"{REFERENCE}{wanted.batch}:{person_id}",
        kind=TaskKind.CALL,
        title=wanted.title,
        script=wanted.script,
        due_on=wanted.due_on,
        purpose=Purpose.SERVICE,
        rank=BY_HAND,
        value_minor=value_minor,
        assigned_to=doer,
    )


def _known(session: Session, references: Sequence[str]) -> set[str]:
    query = select(_task.c.reference).where(_task.c.reference.in_(references))
    return set(session.scalars(query))
