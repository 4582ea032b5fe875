"""What the gate decides from, of many people in a handful of statements."""

from collections.abc import Collection, Mapping
from typing import Any, Final, cast

from sqlalchemy import BindParameter, Table, bindparam, func, select
from sqlalchemy.orm import Session

from clubcrm.core.sql import chunks
from clubcrm.members.models import Consent, Person
from clubcrm.members.states import ConsentChannel
from clubcrm.messaging.models import ContactBlock, MessageText, Sender, Suppression
from clubcrm.messaging.policies import GateFacts
from clubcrm.messaging.policies.digests import digest_of
from clubcrm.messaging.states import BlockKind, Channel, SuppressionReason

AT_ONCE: Final = 5000

_person = cast(Table, Person.__table__)
_consent = cast(Table, Consent.__table__)
_block = cast(Table, ContactBlock.__table__)
_suppression = cast(Table, Suppression.__table__)
_sender = cast(Table, Sender.__table__)
_text = cast(Table, MessageText.__table__)

CHANNELS: Final[Mapping[ConsentChannel, Channel]] = {
    ConsentChannel.EMAIL: Channel.EMAIL,
    ConsentChannel.SMS: Channel.SMS,
    ConsentChannel.CALL: Channel.CALL,
}

UNSUBSCRIBED: Final = SuppressionReason.UNSUBSCRIBED

_PEOPLE: BindParameter[int] = bindparam("people", expanding=True)
_WHO = select(
    _person.c.id,
    _person.c.email,
    _person.c.phone,
    _person.c.no_contact,
    _person.c.merged_into_id,
).where(_person.c.id.in_(_PEOPLE))
_NEWEST = (
    select(func.max(_consent.c.id))
    .where(_consent.c.person_id.in_(_PEOPLE))
    .group_by(_consent.c.person_id, _consent.c.channel)
)
_CONSENTS = select(_consent.c.person_id, _consent.c.channel, _consent.c.is_given).where(
    _consent.c.id.in_(_NEWEST)
)
_BLOCKS = select(_block.c.person_id, _block.c.kind).where(
    _block.c.person_id.in_(_PEOPLE), _block.c.lifted_at.is_(None)
)
_SUPPRESSED = select(_suppression.c.channel, _suppression.c.digest, _suppression.c.reason).where(
    _suppression.c.club_id == bindparam("club"),
    _suppression.c.digest.in_(bindparam("digests", expanding=True)),
)


def gate_facts(session: Session, club_id: int, person_ids: Collection[int]) -> dict[int, GateFacts]:
    """What the gate reads of people, by person; everybody asked for is in the answer."""
    switched_on = _switched_on(session, club_id)
    found: dict[int, GateFacts] = {}
    for people in chunks(sorted(person_ids), AT_ONCE):
        asked = {"people": people}
        consents: dict[int, dict[Channel, bool | None]] = {}
        for person_id, channel, is_given in session.execute(_CONSENTS, asked):
            consents.setdefault(person_id, {})[CHANNELS[channel]] = is_given
        blocks: dict[int, set[BlockKind]] = {}
        for person_id, kind in session.execute(_BLOCKS, asked):
            blocks.setdefault(person_id, set()).add(kind)
        rows = session.execute(_WHO, asked).all()
        suppressed = _suppressed(session, club_id, rows)
        for row in rows:
            addresses = _addresses(row)
            left_alone = {
                channel: suppressed[channel, digest_of(address)]
                for channel, address in addresses.items()
                if (channel, digest_of(address)) in suppressed
            }
            found[row.id] = GateFacts(
                is_no_contact=row.no_contact or row.merged_into_id is not None,
                consents=consents.get(row.id, {}),
                blocks=frozenset(blocks.get(row.id, ())),
                addresses=frozenset(addresses),
                suppressed=frozenset(
                    channel for channel, reason in left_alone.items() if reason is not UNSUBSCRIBED
                ),
                unsubscribed=frozenset(
                    channel for channel, reason in left_alone.items() if reason is UNSUBSCRIBED
                ),
                switched_on=switched_on,
            )
    nobody = GateFacts(is_no_contact=True)
    return {person_id: found.get(person_id, nobody) for person_id in person_ids}


def _addresses(row: Any) -> dict[Channel, str]:
    """Channel -> address of somebody; a telephone is both rung up and written to."""
    found = {}
    if row.email:
        found[Channel.EMAIL] = row.email
    if row.phone:
        found[Channel.SMS] = found[Channel.CALL] = row.phone
    return found


def _suppressed(
    session: Session, club_id: int, rows: Collection[Any]
) -> dict[tuple[Channel, str], SuppressionReason]:
    digests = {digest_of(address) for row in rows for address in _addresses(row).values()}
    if not digests:
        return {}
    found = session.execute(_SUPPRESSED, {"club": club_id, "digests": sorted(digests)})
    return {(row.channel, row.digest): row.reason for row in found}


def _switched_on(session: Session, club_id: int) -> frozenset[Channel]:
    query = select(_sender.c.channel).where(_sender.c.club_id == club_id, _sender.c.is_on)
    return frozenset(session.scalars(query))


def texts_of(session: Session, club_id: int, key: str) -> dict[str, tuple[str, str]]:
    """Language -> (subject, body): a club's own words for a contact."""
    query = select(_text.c.language, _text.c.subject, _text.c.body).where(
        _text.c.club_id == club_id, _text.c.key == key
    )
    return {row.language: (row.subject, row.body) for row in session.execute(query)}
