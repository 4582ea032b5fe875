"""The desk's question and what came of it."""

from datetime import date, datetime, timedelta

from sqlalchemy import Table
from sqlalchemy.orm import Session

from clubcrm.accounts.queries import get_club
from clubcrm.core.actor import Actor
from clubcrm.core.errors import Invalid
from clubcrm.core.events import record
from clubcrm.core.sql import upsert
from clubcrm.visits.events import PromptAnswered
from clubcrm.visits.models import PromptAnswer
from clubcrm.visits.states import REPLIES, PromptCode, PromptReply

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
) -> date:
    """Keep what came of a question; returns the day from which it may be asked again.

    Raises Invalid for a reply that the question does not take.
    """
    if reply not in REPLIES[prompt]:
        raise Invalid
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
