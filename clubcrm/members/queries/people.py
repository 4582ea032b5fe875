"""One person, as rules and screens need them."""

from collections.abc import Collection, Sequence
from dataclasses import dataclass
from datetime import date, datetime
from typing import cast

from sqlalchemy import ColumnElement, Table, exists, func, select
from sqlalchemy.orm import Session

from clubcrm.core.sql import chunks
from clubcrm.members.errors import UnknownPerson
from clubcrm.members.models import Consent, Person, PersonClub, PersonTag, Tag
from clubcrm.members.states import ConsentChannel

_person = cast(Table, Person.__table__)


@dataclass(frozen=True)
class PersonRow:
    """A person. `external_id` falls back to the member number wherever it is shown."""

    id: int
    home_club_id: int
    number: str
    external_id: str | None
    first_name: str
    last_name: str
    full_name: str
    phone: str | None
    phone_as_given: str | None
    email: str | None
    birth_date: date | None
    gender: str | None
    national_id: str | None
    address: str | None
    city: str | None
    postcode: str | None
    emergency_contact: str | None
    guardian: str | None
    payer: str | None
    trainer: str | None
    joined_on: date | None
    locale: str | None
    note: str
    visits_known_from: date | None
    no_contact: bool
    revision: int
    created_at: datetime

    @property
    def name(self) -> str:
        """What to call the person: the name, or the member number where none is known."""
        return self.full_name or self.number

    @property
    def shown_id(self) -> str:
        """The external id, or the member number."""
        return self.external_id or self.number

    def age_on(self, day: date) -> int | None:
        """Full years of age; None where the day of birth is not known."""
        if self.birth_date is None:
            return None
        had_birthday = (day.month, day.day) >= (self.birth_date.month, self.birth_date.day)
        return day.year - self.birth_date.year - (not had_birthday)


_COLUMNS = [_person.c[name] for name in PersonRow.__dataclass_fields__]


def visible_at(
    scope: Collection[int], person_id: ColumnElement[int] | None = None
) -> ColumnElement[bool]:
    """The condition that a person may be seen by somebody with these clubs.

    `person_id` is the column to test, `Person.id` without it.
    """
    column = _person.c.id if person_id is None else person_id
    return exists().where(PersonClub.person_id == column, PersonClub.club_id.in_(tuple(scope)))


def has_people(session: Session, scope: Collection[int]) -> bool:
    """Whether anybody at all is known at these clubs."""
    known = exists().where(PersonClub.club_id.in_(tuple(scope)))
    return bool(session.scalar(select(known)))


def get_person(session: Session, person_id: int, scope: Collection[int]) -> PersonRow:
    """One person seen at the clubs in scope; one merged into another is read as the other.

    Raises UnknownPerson where there is none, or not in sight.
    """
    query = select(*_COLUMNS, _person.c.merged_into_id).where(visible_at(scope))
    found = session.execute(query.where(_person.c.id == person_id)).one_or_none()
    while found is not None and found.merged_into_id is not None:
        found = session.execute(query.where(_person.c.id == found.merged_into_id)).one_or_none()
    if found is None:
        raise UnknownPerson
    return PersonRow(*found[:-1])


def people_by_ids(session: Session, person_ids: Collection[int]) -> dict[int, PersonRow]:
    """People by their ids, whatever the club; for work that was told whom it is about."""
    found: dict[int, PersonRow] = {}
    for chunk in chunks(list(person_ids), 5000):
        query = select(*_COLUMNS).where(_person.c.id.in_(chunk))
        found.update((row.id, PersonRow(*row)) for row in session.execute(query))
    return found


@dataclass(frozen=True)
class ConsentRow:
    """What somebody last answered for a channel."""

    channel: ConsentChannel
    is_given: bool
    source: str
    wording: str
    at: datetime


def consents_of(
    session: Session, person_ids: Sequence[int]
) -> dict[int, dict[ConsentChannel, ConsentRow]]:
    """The answers that count now, by person and channel; who never answered is left out."""
    found: dict[int, dict[ConsentChannel, ConsentRow]] = {}
    for chunk in chunks(person_ids, 5000):
        newest = (
            select(func.max(Consent.id))
            .where(Consent.person_id.in_(chunk))
            .group_by(Consent.person_id, Consent.channel)
        )
        query = select(
            Consent.person_id,
            Consent.channel,
            Consent.is_given,
            Consent.source,
            Consent.wording,
            Consent.at,
        ).where(Consent.id.in_(newest))
        for person_id, channel, is_given, source, wording, at in session.execute(query):
            answer = ConsentRow(channel, is_given, source, wording, at)
            found.setdefault(person_id, {})[channel] = answer
    return found


def tags_of(session: Session, person_ids: Sequence[int]) -> dict[int, tuple[str, ...]]:
    """The tags of people, in order; who has none is left out."""
    found: dict[int, tuple[str, ...]] = {}
    for chunk in chunks(person_ids, 5000):
        query = (
            select(PersonTag.person_id, Tag.name)
            .join(Tag, Tag.id == PersonTag.tag_id)
            .where(PersonTag.person_id.in_(chunk))
            .order_by(Tag.folded, Tag.id)
        )
        for person_id, name in session.execute(query):
            found[person_id] = (*found.get(person_id, ()), name)
    return found
