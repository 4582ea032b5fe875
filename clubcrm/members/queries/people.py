"""One person, as rules and screens need them."""

from collections.abc import Collection, Sequence
from dataclasses import dataclass
from datetime import date, datetime
from typing import cast

from sqlalchemy import BindParameter, ColumnElement, Table, bindparam, exists, func, select
from sqlalchemy.orm import Session

from clubcrm.core.prepared import Prepared
from clubcrm.core.sql import chunks
from clubcrm.members.errors import UnknownPerson
from clubcrm.members.models import Consent, Person, PersonClub, PersonTag, Tag
from clubcrm.members.states import ConsentChannel

_person = cast(Table, Person.__table__)
_seen = cast(Table, PersonClub.__table__)
_consent = cast(Table, Consent.__table__)
_worn = cast(Table, PersonTag.__table__)
_tag = cast(Table, Tag.__table__)


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


# The card of a member asks these: they are put together once.
_PEOPLE: BindParameter[int] = bindparam("people", expanding=True)
_SEEN = Prepared(
    select(*_COLUMNS, _person.c.merged_into_id).where(
        _person.c.id == bindparam("person"),
        exists().where(
            _seen.c.person_id == _person.c.id,
            _seen.c.club_id.in_(bindparam("clubs", expanding=True)),
        ),
    )
)
_NEWEST = (
    select(func.max(_consent.c.id))
    .where(_consent.c.person_id.in_(_PEOPLE))
    .group_by(_consent.c.person_id, _consent.c.channel)
)
_CONSENTS = Prepared(
    select(
        _consent.c.person_id,
        _consent.c.channel,
        _consent.c.is_given,
        _consent.c.source,
        _consent.c.wording,
        _consent.c.at,
    ).where(_consent.c.id.in_(_NEWEST))
)
_TAGS = Prepared(
    select(_worn.c.person_id, _tag.c.name)
    .join_from(_worn, _tag, _tag.c.id == _worn.c.tag_id)
    .where(_worn.c.person_id.in_(_PEOPLE))
    .order_by(_tag.c.folded, _tag.c.id)
)


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
    clubs = tuple(scope)
    found = _SEEN.first(session, {"person": person_id, "clubs": clubs})
    while found is not None and found.merged_into_id is not None:
        asked = {"person": found.merged_into_id, "clubs": clubs}
        found = _SEEN.first(session, asked)
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
        for person_id, *answer in _CONSENTS.all(session, {"people": chunk}):
            found.setdefault(person_id, {})[answer[0]] = ConsentRow(*answer)
    return found


def tags_of(session: Session, person_ids: Sequence[int]) -> dict[int, tuple[str, ...]]:
    """The tags of people, in order; who has none is left out."""
    found: dict[int, tuple[str, ...]] = {}
    for chunk in chunks(person_ids, 5000):
        for person_id, name in _TAGS.all(session, {"people": chunk}):
            found[person_id] = (*found.get(person_id, ()), name)
    return found
