"""The desk's question and what came of it."""

from datetime import date, datetime, timedelta
from typing import Final

from sqlalchemy import Table
from sqlalchemy.orm import Session

from clubcrm.accounts.queries import get_club
from clubcrm.core.actor import Actor
from clubcrm.core.errors import Invalid
from clubcrm.core.events import record
from clubcrm.core.sql import upsert
from clubcrm.messaging.operations import close_task
from clubcrm.messaging.states import Outcome
from clubcrm.visits.events import PromptAnswered
from clubcrm.visits.models import PromptAnswer
from clubcrm.visits.states import REPLIES, PromptCode, PromptReply

_OUTCOMES: Final = {PromptReply.SAID: Outcome.SAID, PromptReply.AGREED: Outcome.REACHED_PLAN}

_answers: Table = PromptAnswer.__table__  # type: ignore[assignment]


def answer_prompt(
    session: Session,
    person_id: int,
    prompt: PromptCode,
    reply: PromptReply,
    *,
    club_id: int,
    by: Actor,
    now: datetime,
    task_id: int | None = None,
    promised_on: date | None = None,
) -> date:
    """Keep what came of a question; returns the day from which it may be asked again.

    What waited for the arrival is done with `task_id`, and a day that was agreed is promised: it
    becomes a task of its own. Raises Invalid for a reply that the question does not take or that says
    too little, and what `close_task` raises.
    """
    if reply not in REPLIES[prompt] or (prompt is PromptCode.CONTACT and task_id is None):
        raise Invalid
    if reply is PromptReply.AGREED and promised_on is None:
        raise Invalid
    if reply in _OUTCOMES and task_id is not None:
        close_task(
            session,
            task_id,
            _OUTCOMES[reply],
            club_id=club_id,
            promised_on=promised_on,
            by=by,
            now=now,
        )
    today = get_club(session, club_id).today(now)
    again = today + timedelta(days=REPLIES[prompt][reply])
    row = {
        "person_id": person_id,
        "prompt": prompt,
        "reply": reply,
        "replied_at": now,
        "ask_again_on": again,
        "asked_by": by.name,
    }
    upsert(session, _answers, [row], key=("person_id", "prompt"))
    answered = PromptAnswered(
        club_id=club_id, person_id=person_id, prompt=prompt, reply=reply, ask_again_on=again
    )
    record(session, answered, by=by, now=now)
    return again
