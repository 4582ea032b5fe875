"""How a message goes out at most once: claimed, handed over with no transaction open, written down.

From the claim on a message is never sent again by itself. Whoever dies in between leaves it in
`sending`, and after a while it is uncertain: a person decides.
"""

import hashlib
import hmac
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any, Final, cast
from zoneinfo import ZoneInfo

from babel import Locale, UnknownLocaleError
from flask_babel import force_locale
from sqlalchemy import Table, case, select, update
from sqlalchemy.orm import Session

from clubcrm.accounts.queries import get_club
from clubcrm.core import jobs
from clubcrm.core.actor import ENGINE, Actor
from clubcrm.core.events import Event, record
from clubcrm.core.sql import locked
from clubcrm.members.models import Person
from clubcrm.messaging.channels import Delivery, Fate, Mail
from clubcrm.messaging.errors import MessageIsOver, UnknownMessage
from clubcrm.messaging.events import MessageNotSent, MessageSent, MessageUncertain
from clubcrm.messaging.links import PATH, unsubscribe_token
from clubcrm.messaging.models import Message, Sender
from clubcrm.messaging.operations.messages import SEND_JOB
from clubcrm.messaging.operations.suppressions import suppress
from clubcrm.messaging.policies import barred, next_moment
from clubcrm.messaging.queries.reach import gate_facts
from clubcrm.messaging.states import (
    NEXT_STATES,
    Channel,
    MessageState,
    Purpose,
    Refusal,
    SuppressionReason,
)
from clubcrm.messaging.words import unsubscribe_words

CLAIM_HOLDS: Final = timedelta(minutes=2)
"""So long after its claim nobody is sending a message any more: every step before is shorter."""

FIRST_WAIT: Final = timedelta(minutes=1)
LONGEST_WAIT: Final = timedelta(hours=4)
A_DAY: Final = timedelta(days=1)

_message = cast(Table, Message.__table__)
_sender = cast(Table, Sender.__table__)
_person = cast(Table, Person.__table__)


@dataclass(frozen=True)
class Site:
    """What links and ids in messages are made of: the installation's secret and its address."""

    secret: str
    base_url: str


@dataclass(frozen=True)
class Claim:
    """A message that is this process's to send, and nobody else's."""

    message_id: int
    claim_no: int
    channel: Channel
    mail: Mail
    is_demo: bool


def claim_message(session: Session, message_id: int, site: Site, *, now: datetime) -> Claim | None:
    """Claim a message that waits; None where there is nothing to send.

    The gate is asked once more. What it refuses, and what is out of date, is cancelled here; what may
    not go out at this hour is put off.
    """
    query = locked(session, select(_message).where(_message.c.id == message_id))
    row = session.execute(query).mappings().one_or_none()
    if row is None or row["state"] is not MessageState.QUEUED:
        return None
    refused = _refused(session, row, now)
    if refused is not None:
        _cancel(session, row, refused, now)
        return None
    later = _later(session, row, now)
    if later is not None:
        if later >= row["valid_until"]:
            _cancel(session, row, Refusal.OUT_OF_DATE, now)
        else:
            _come_back(session, row["id"], f"{row['id']}:at:{later:%Y%m%d%H%M%S}", now, later)
        return None
    person = session.execute(
        select(_person.c.email, _person.c.full_name).where(_person.c.id == row["person_id"])
    ).one()
    sender = session.scalar(
        select(_sender.c.settings).where(
            _sender.c.club_id == row["club_id"], _sender.c.channel == row["channel"]
        )
    )
    club = get_club(session, row["club_id"])
    mail = _mail(row, person, sender or {}, club.name, site, now)
    claimed = session.execute(
        update(_message)
        .where(_message.c.id == message_id, _message.c.state == MessageState.QUEUED)
        .values(
            state=MessageState.SENDING,
            claim_no=_message.c.claim_no + 1,
            attempts=_message.c.attempts + 1,
            claimed_at=now,
            address=mail.to_address,
            provider_key=mail.key,
            reason="",
        )
        .returning(_message.c.claim_no)
    ).one_or_none()
    if claimed is None:
        return None
    return Claim(message_id, claimed.claim_no, row["channel"], mail, club.is_demo)


def _refused(session: Session, row: Any, now: datetime) -> Refusal | None:
    if row["valid_until"] <= now:
        return Refusal.OUT_OF_DATE
    facts = gate_facts(session, row["club_id"], [row["person_id"]])[row["person_id"]]
    return barred(facts, row["channel"], row["purpose"])


def _later(session: Session, row: Any, now: datetime) -> datetime | None:
    """When a message may go out that may not go out now; None where it may."""
    if row["send_at"] > now:
        return row["send_at"]
    if row["purpose"] is not Purpose.MARKETING:
        return None
    zone = ZoneInfo(get_club(session, row["club_id"]).timezone)
    moment = next_moment(row["channel"], now, zone)
    return moment if moment > now else None


def _mail(
    row: Any, person: Any, sender: dict[str, Any], club_name: str, site: Site, now: datetime
) -> Mail:
    from_address = str(sender.get("address", ""))
    unsubscribe_url = words = ""
    if row["purpose"] is Purpose.MARKETING:
        unsubscribe_url = f"{site.base_url}{PATH}{unsubscribe_token(site.secret, row['id'])}"
        with force_locale(_known_language(row["language"])):
            words = unsubscribe_words()
    return Mail(
        key=row["provider_key"] or _key(site, row["id"], row["reference"], from_address),
        to_address=person.email or "",
        to_name=person.full_name,
        from_address=from_address,
        from_name=str(sender.get("name") or club_name),
        reply_to=str(sender.get("reply_to") or ""),
        subject=row["subject"],
        body=row["body"],
        language=row["language"],
        at=now,
        unsubscribe_url=unsubscribe_url,
        unsubscribe_words=words,
    )


def _known_language(language: str) -> str:
    """A language as Babel knows it; English where it knows none by that name."""
    try:
        return str(Locale.parse(language.replace("-", "_")))
    except (ValueError, UnknownLocaleError):
        return "en"


def _key(site: Site, message_id: int, reference: str, from_address: str) -> str:
    """The Message-ID: the same at every attempt, and none that somebody else could guess."""
    told = f"{message_id}:{reference}".encode()
    digest = hmac.new(site.secret.encode(), told, hashlib.sha256).hexdigest()[:24]
    return f"<message-{message_id}.{digest}@{from_address.rpartition('@')[2] or 'localhost'}>"


def put_off(session: Session, claim: Claim, why: str, *, now: datetime) -> None:
    """Give a claim back that was not used."""
    note_delivery(session, claim, Delivery(Fate.NOT_NOW, why), now=now)


def note_delivery(session: Session, claim: Claim, delivery: Delivery, *, now: datetime) -> bool:
    """Write down what came of a claim; False where it is not the newest one any more.

    A claim that was given up as uncertain meanwhile is still told the truth, but it is not tried
    again: a person may have decided already.
    """
    query = locked(
        session,
        select(_message).where(
            _message.c.id == claim.message_id, _message.c.claim_no == claim.claim_no
        ),
    )
    row = session.execute(query).mappings().one_or_none()
    if row is None or row["state"] not in (MessageState.SENDING, MessageState.UNCERTAIN):
        return False
    if delivery.fate is Fate.TAKEN:
        _set(session, row, MessageState.SENT, "", sent_at=now)
        record(session, _sent(row), by=ENGINE, now=now)
    elif delivery.fate is Fate.UNKNOWN:
        if row["state"] is MessageState.SENDING:
            _set(session, row, MessageState.UNCERTAIN, delivery.why)
            record(session, _uncertain(row), by=ENGINE, now=now)
    elif delivery.fate is Fate.REFUSED:
        _bounce(session, row, delivery.why, now)
    elif not _tried_again(session, row, delivery, now):
        _set(session, row, MessageState.FAILED, delivery.why)
        record(session, _not_sent(row, MessageState.FAILED, delivery.why), by=ENGINE, now=now)
    return True


def _tried_again(session: Session, row: Any, delivery: Delivery, now: datetime) -> bool:
    """Put a message back that the server certainly did not take, while it makes sense."""
    at = now + min(LONGEST_WAIT, FIRST_WAIT * 4 ** min(row["attempts"] - 1, 8))
    is_open = row["state"] is MessageState.SENDING and at < row["valid_until"]
    if delivery.fate is not Fate.NOT_NOW or not is_open:
        return False
    _set(session, row, MessageState.QUEUED, delivery.why)
    _come_back(session, row["id"], f"{row['id']}:{row['attempts'] + 1}", now, at)
    return True


def _come_back(session: Session, message_id: int, key: str, now: datetime, at: datetime) -> None:
    jobs.enqueue(session, SEND_JOB, key, {"message_id": message_id}, now=now, run_at=at)


def _bounce(session: Session, row: Any, why: str, now: datetime) -> None:
    """The address takes nothing: neither this message nor another one."""
    _set(session, row, MessageState.BOUNCED, why)
    suppress(
        session,
        row["club_id"],
        row["channel"],
        row["address"],
        SuppressionReason.BOUNCED,
        person_id=row["person_id"],
        by=ENGINE,
        now=now,
    )
    record(session, _not_sent(row, MessageState.BOUNCED, why), by=ENGINE, now=now)


def bounce_by_key(session: Session, provider_key: str, *, now: datetime) -> int | None:
    """A message came back, as its server tells; which message, or None where it is none of ours.

    Telling it twice changes nothing more.
    """
    query = select(_message).where(_message.c.provider_key == provider_key)
    row = session.execute(locked(session, query)).mappings().one_or_none()
    if row is None:
        return None
    if MessageState.BOUNCED in NEXT_STATES[row["state"]]:
        _bounce(session, row, "came_back", now)
    return int(row["id"])


def settle_messages(session: Session, club_id: int, *, now: datetime) -> int:
    """Bring to their end what nobody works on any more; how many messages it was.

    Claims that are too old become uncertain, what waits and is out of date is cancelled.
    """
    stale = _ended(
        session,
        update(_message)
        .where(
            _message.c.club_id == club_id,
            _message.c.state == MessageState.SENDING,
            _message.c.claimed_at < now - CLAIM_HOLDS,
        )
        .values(state=MessageState.UNCERTAIN, reason="claim_too_old"),
    )
    late = _ended(
        session,
        update(_message)
        .where(
            _message.c.club_id == club_id,
            _message.c.state == MessageState.QUEUED,
            _message.c.valid_until <= now,
        )
        .values(state=MessageState.CANCELLED, reason=Refusal.OUT_OF_DATE.value),
    )
    events: list[Event] = [_uncertain(row) for row in stale]
    events += [_not_sent(row, MessageState.CANCELLED, Refusal.OUT_OF_DATE) for row in late]
    record(session, *events, by=ENGINE, now=now)
    return len(events)


def _ended(session: Session, statement: Any) -> Sequence[Any]:
    told = statement.returning(
        _message.c.id,
        _message.c.club_id,
        _message.c.person_id,
        _message.c.reference,
        _message.c.channel,
    )
    return session.execute(told).mappings().all()


# --- what a person decides ------------------------------------------------------------------


def confirm_message(
    session: Session, message_id: int, *, club_id: int, by: Actor, now: datetime
) -> None:
    """Somebody knows that an uncertain message arrived. Raises UnknownMessage, MessageIsOver."""
    row = _uncertain_one(session, message_id, club_id)
    _set(session, row, MessageState.SENT, "", sent_at=row["claimed_at"] or now)
    record(session, _sent(row), by=by, now=now)


def resend_message(
    session: Session, message_id: int, *, club_id: int, by: Actor, now: datetime
) -> None:
    """Somebody wants an uncertain message sent again, knowing that it may arrive twice.

    It is good for another day at least. Raises UnknownMessage, MessageIsOver.
    """
    del by  # no event of its own: how it ends is told
    row = _uncertain_one(session, message_id, club_id)
    until = _message.c.valid_until
    held = update(_message).where(_message.c.id == message_id)
    session.execute(
        held.values(
            state=MessageState.QUEUED,
            reason="",
            valid_until=case((until < now + A_DAY, now + A_DAY), else_=until),
        )
    )
    _come_back(session, message_id, f"{message_id}:{row['attempts'] + 1}", now, now)


def leave_message(session: Session, message_id: int, *, club_id: int) -> None:
    """Leave an uncertain message as it is; it is not listed any more. Raises as the others."""
    _uncertain_one(session, message_id, club_id)
    held = update(_message).where(_message.c.id == message_id)
    session.execute(held.values(reason="left"))


def _uncertain_one(session: Session, message_id: int, club_id: int) -> Any:
    query = select(_message).where(_message.c.id == message_id, _message.c.club_id == club_id)
    row = session.execute(locked(session, query)).mappings().one_or_none()
    if row is None:
        raise UnknownMessage
    if row["state"] is not MessageState.UNCERTAIN:
        raise MessageIsOver
    return row


# --- rows and events ------------------------------------------------------------------------


def _set(session: Session, row: Any, state: MessageState, reason: str, **values: Any) -> None:
    held = update(_message).where(_message.c.id == row["id"])
    session.execute(held.values(state=state, reason=reason, **values))


def _cancel(session: Session, row: Any, refused: Refusal, now: datetime) -> None:
    _set(session, row, MessageState.CANCELLED, refused.value)
    record(session, _not_sent(row, MessageState.CANCELLED, refused), by=ENGINE, now=now)


def _about(row: Any) -> dict[str, Any]:
    return {
        "club_id": row["club_id"],
        "person_id": row["person_id"],
        "message_id": row["id"],
        "reference": row["reference"],
        "channel": row["channel"],
    }


def _sent(row: Any) -> MessageSent:
    return MessageSent(**_about(row))


def _uncertain(row: Any) -> MessageUncertain:
    return MessageUncertain(**_about(row))


def _not_sent(row: Any, state: MessageState, reason: str) -> MessageNotSent:
    return MessageNotSent(**_about(row), state=state, reason=reason)
