"""What people agreed to, written down for good."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import insert
from sqlalchemy.orm import Session

from clubcrm.core.folding import clean_text
from clubcrm.members.models import Consent
from clubcrm.members.states import ConsentChannel


@dataclass(frozen=True, kw_only=True)
class ConsentValues:
    """One answer: given or withdrawn, for one channel, where and in which words. `at` None = now."""

    person_id: int
    channel: ConsentChannel
    is_given: bool
    source: str
    wording: str = ""
    at: datetime | None = None


def record_consents(session: Session, rows: Sequence[ConsentValues], *, now: datetime) -> None:
    """Write answers down, in the order given; the last one for a channel counts.

    Nothing is ever changed or deleted: a withdrawal is a row of its own.
    """
    values = [
        {
            "person_id": row.person_id,
            "channel": row.channel,
            "is_given": row.is_given,
            "source": clean_text(row.source, 60),
            "wording": clean_text(row.wording, 4000, multiline=True),
            "at": row.at or now,
        }
        for row in rows
    ]
    if values:
        session.execute(insert(Consent), values)
