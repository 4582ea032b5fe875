"""How contacts end: what messaging tells of messages and tasks is written down with the contact."""

from datetime import datetime
from typing import Any, Final, cast

from sqlalchemy import Table, func, select, update
from sqlalchemy.orm import Session

from clubcrm.core.sql import locked
from clubcrm.messaging.states import Channel, MessageState, Outcome, Refusal, TaskState
from clubcrm.retention.models import Touchpoint
from clubcrm.retention.operations.contacts.plays import plays_of
from clubcrm.retention.operations.contacts.releasing import reference_of, touchpoint_of
from clubcrm.retention.states import NEXT_TOUCHPOINT_STATES, TouchpointState

_touch = cast(Table, Touchpoint.__table__)

NEXT_CHANNEL: Final = frozenset({Outcome.NO_ANSWER, Outcome.LEFT_MESSAGE, Outcome.WRONG_NUMBER})
"""Outcomes of a call after which another channel may be tried."""


MISSED: Final = "missed"


def contact_sent(session: Session, reference: str, *, now: datetime) -> None:
    """A message of a contact went out."""
    _move(session, reference, TouchpointState.SENT, now=now, sent_at=now)


def contact_is_uncertain(session: Session, reference: str, *, now: datetime) -> None:
    """Nobody can tell whether a message of a contact went out."""
    _move(session, reference, TouchpointState.UNCERTAIN, now=now)


def contact_not_sent(
    session: Session, reference: str, state: str, reason: str, *, now: datetime
) -> None:
    """A message of a contact will not go out: the next channel has its turn, else it failed."""
    row = _held(session, reference)
    if row is None:
        return
    if reason == Refusal.OUT_OF_DATE:
        _move(session, reference, TouchpointState.EXPIRED, now=now, reason=reason)
    elif _has_another_channel(session, row, now) and row["valid_until"] > now:
        _again(session, row, now)
    else:
        ended = state == MessageState.CANCELLED
        over = TouchpointState.CANCELLED if ended else TouchpointState.FAILED
        _move(session, reference, over, now=now, reason=reason)


def task_over(
    session: Session, reference: str, state: str, outcome: str | None, *, now: datetime
) -> None:
    """A call or a prompt of a contact is over: done with an outcome, cancelled, or expired."""
    if state == TaskState.DONE and outcome is not None:
        row = _held(session, reference)
        if row is None:
            return
        came_to_nothing = Outcome(outcome) in NEXT_CHANNEL
        if came_to_nothing and _has_another_channel(session, row, now) and row["valid_until"] > now:
            _again(session, row, now)
            return
        _move(session, reference, TouchpointState.DONE, now=now, outcome=Outcome(outcome))
    elif state == TaskState.EXPIRED:
        was_missed = {"outcome": Outcome.MISSED, "reason": MISSED} if outcome else {}
        _move(session, reference, TouchpointState.EXPIRED, now=now, **was_missed)
    elif state == TaskState.CANCELLED:
        _move(session, reference, TouchpointState.CANCELLED, now=now)
    elif state == TaskState.OPEN:
        _move(session, reference, TouchpointState.TASK_OPEN, now=None, outcome=None)


def _held(session: Session, reference: str) -> Any | None:
    """The contact a key speaks of, locked; None where it is another's, or has gone on since."""
    touchpoint_id = touchpoint_of(reference)
    if touchpoint_id is None:
        return None
    query = locked(session, select(_touch).where(_touch.c.id == touchpoint_id))
    row = session.execute(query).mappings().one_or_none()
    if row is None or reference_of(row["id"], row["tried"]) != reference:
        return None
    return row


def _move(
    session: Session,
    reference: str,
    state: TouchpointState,
    *,
    now: datetime | None,
    **values: Any,
) -> None:
    """Bring a contact into a state, if it may follow; what is over stays as it ended."""
    row = _held(session, reference)
    if row is None or state not in NEXT_TOUCHPOINT_STATES[row["state"]]:
        return
    session.execute(
        update(_touch).where(_touch.c.id == row["id"]).values(state=state, closed_at=now, **values)
    )


def _has_another_channel(session: Session, row: Any, now: datetime) -> bool:
    plays = {play.code: play for play in plays_of(session, row["club_id"], now=now)}
    play = plays.get(row["play"])
    if play is None:
        return False
    channels = play.rules.of_step(row["step"]).channels_of(row["variant"])
    used = row["channel"]
    place = channels.index(used) if used in channels else len(channels)
    return place + 1 < len(channels)


def _again(session: Session, row: Any, now: datetime) -> None:
    """Put a contact back for its next channel."""
    plays = {play.code: play for play in plays_of(session, row["club_id"], now=now)}
    rules = plays[row["play"]].rules.of_step(row["step"])
    channels = rules.channels_of(row["variant"])
    used: Channel = row["channel"]
    session.execute(
        update(_touch)
        .where(_touch.c.id == row["id"])
        .values(
            state=TouchpointState.QUEUED,
            tried=channels.index(used) + 1,
            released_at=None,
            closed_at=None,
            due_at=func.coalesce(_touch.c.due_at, now),
        )
    )
