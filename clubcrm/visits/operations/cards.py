"""Cards: who holds which, given out, replaced and put out of use."""

import re
from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Final

from sqlalchemy import Table, update
from sqlalchemy.orm import Session

from clubcrm.core.actor import Actor
from clubcrm.core.events import record
from clubcrm.core.folding import ascii_digits, clean_text
from clubcrm.core.sql import chunks, insert_ignoring
from clubcrm.members.operations import set_card_words
from clubcrm.visits.errors import CardTaken, NotACard, UnknownCard
from clubcrm.visits.events import CardEnded, CardIssued
from clubcrm.visits.models import Credential
from clubcrm.visits.queries.cards import codes_of, holders_of
from clubcrm.visits.states import CredentialKind

MAX_CODE: Final = 60

_credentials: Table = Credential.__table__  # type: ignore[assignment]
_GAPS: Final = re.compile("[\\s\u200c\u200d]+")


@dataclass(frozen=True)
class CardClash:
    """A card that was not issued, because somebody else holds it."""

    person_id: int
    code: str
    held_by: int


def fold_code(text: str) -> str:
    """A code as a reader sends it and as it is kept: ASCII digits, lower case, no spaces."""
    return _GAPS.sub("", ascii_digits(clean_text(text, 4 * MAX_CODE))).casefold()[:MAX_CODE]


def issue_cards(
    session: Session,
    codes_by_person: Mapping[int, Sequence[str]],
    *,
    club_id: int,
    by: Actor,
    now: datetime,
) -> list[CardClash]:
    """Give people cards; the cards somebody else holds are left out and returned.

    A card its person holds already changes nothing. Codes that hold nothing are passed over.
    """
    asked = [
        (code, person_id)
        for person_id, codes in codes_by_person.items()
        for code in map(fold_code, codes)
        if code
    ]
    wanted: dict[str, int] = {}
    for code, person_id in asked:
        wanted.setdefault(code, person_id)
    before = holders_of(session, wanted)
    rows = [
        {
            "club_id": club_id,
            "person_id": person_id,
            "kind": CredentialKind.CARD,
            "code": code,
            "issued_at": now,
        }
        for code, person_id in sorted(wanted.items())
        if code not in before
    ]
    for chunk in chunks(rows, 1000):
        insert_ignoring(session, _credentials, chunk)
    held = holders_of(session, wanted)
    clashes = [
        CardClash(person_id, code, held[code].person_id)
        for code, person_id in asked
        if held[code].person_id != person_id
    ]
    issued = [
        CardIssued(club_id=club_id, person_id=person_id, credential_id=held[code].credential_id)
        for code, person_id in wanted.items()
        if code not in before and held[code].person_id == person_id
    ]
    record(session, *issued, by=by, now=now)
    _index(session, {event.person_id for event in issued if event.person_id is not None})
    return clashes


def issue_card(
    session: Session, person_id: int, code: str, *, club_id: int, by: Actor, now: datetime
) -> None:
    """Give somebody a card. Raises NotACard, CardTaken."""
    if not fold_code(code):
        raise NotACard
    if issue_cards(session, {person_id: [code]}, club_id=club_id, by=by, now=now):
        raise CardTaken


def end_card(session: Session, code: str, *, by: Actor, now: datetime) -> None:
    """Put a card out of use: it opens nothing any more. Raises UnknownCard."""
    ended = session.execute(
        update(Credential)
        .where(Credential.code == fold_code(code), Credential.ended_at.is_(None))
        .values(ended_at=now)
        .returning(Credential.id, Credential.person_id, Credential.club_id)
        .execution_options(synchronize_session=False)
    ).one_or_none()
    if ended is None:
        raise UnknownCard
    event = CardEnded(club_id=ended.club_id, person_id=ended.person_id, credential_id=ended.id)
    record(session, event, by=by, now=now)
    _index(session, {ended.person_id})


def replace_card(
    session: Session, person_id: int, code: str, *, club_id: int, by: Actor, now: datetime
) -> None:
    """Give somebody a new card; all the cards held until now open nothing any more.

    Raises NotACard, CardTaken.
    """
    new = fold_code(code)
    for old in codes_of(session, [person_id]).get(person_id, ()):
        if old != new:
            end_card(session, old, by=by, now=now)
    issue_card(session, person_id, new, club_id=club_id, by=by, now=now)


def _index(session: Session, person_ids: Collection[int]) -> None:
    """Let people be found by the cards they hold now."""
    if person_ids:
        held = codes_of(session, person_ids)
        set_card_words(session, {person: held.get(person, ()) for person in person_ids})
