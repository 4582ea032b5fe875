"""Phones, e-mails and cards of the people in a file, beside those in the club's records."""

from collections.abc import Callable, Iterable, Sequence
from datetime import date
from operator import attrgetter
from typing import Any, NamedTuple, cast

from sqlalchemy import Table, select
from sqlalchemy.orm import Session

from clubcrm.accounts.queries import ClubRow
from clubcrm.core.folding import fold
from clubcrm.core.lookups import one_of, without_index
from clubcrm.core.sql import chunks
from clubcrm.exchange.policies.row import Row
from clubcrm.members.models import Person
from clubcrm.visits.operations import fold_code
from clubcrm.visits.queries import holders_of

_person = cast(Table, Person.__table__)
_AT_ONCE = 2000

Alike = Callable[[str, str], bool]
Mark = tuple[str, str]


class Contact(NamedTuple):
    """How somebody can be reached, and the name.

    `marks`: under what it may be the same person in spite of another identity, as (column, value).
    """

    phone: str | None
    email: str | None
    name: str
    marks: tuple[Mark, ...] = ()

    def identities(self) -> tuple[str, ...]:
        """Under what two rows without an identity are the same person: a contact and the name."""
        return identities_of(self.phone, self.email, self.name)


def contact(phone: str | None, email: str | None, name: str, birth_date: date | None) -> Contact:
    """A contact with its marks; a birth date is one only beside a name."""
    marks = []
    if phone:
        marks.append(("phone", phone))
    if email:
        marks.append(("email", email))
    if birth_date is not None and name:
        marks.append(("birth_date", birth_date.isoformat()))
    return Contact(phone, email, name, tuple(marks))


def identities_of(phone: str | None, email: str | None, name: str) -> tuple[str, ...]:
    """The keys of a contact beside a name."""
    folded = fold(name)
    if phone and email:
        return f"p|{phone}|{folded}", f"e|{email}|{folded}"
    if phone:
        return (f"p|{phone}|{folded}",)
    return (f"e|{email}|{folded}",) if email else ()


class Standing:
    """Who stands in the records under the phones, e-mails and birth dates of some newcomers.

    `people` are those under a phone or an e-mail with its name: contact key -> ids. `others` are those
    under any mark: (the number somebody is known under, the name).
    """

    def __init__(self, session: Session, club: ClubRow, contacts: Iterable[Contact]) -> None:
        self.people: dict[str, dict[int, None]] = {}
        self.others: dict[Mark, list[tuple[str, str]]] = {}
        wanted: dict[str, set[str]] = {"phone": set(), "email": set(), "birth_date": set()}
        for one in contacts:
            for column, value in one.marks:
                wanted[column].add(value)
        for column, values in wanted.items():
            for chunk in chunks(sorted(values), _AT_ONCE):
                self._look_up(session, club, column, chunk)

    def _look_up(self, session: Session, club: ClubRow, column: str, values: Sequence[str]) -> None:
        days = column == "birth_date"
        asked = [date.fromisoformat(value) for value in values] if days else values
        query = select(
            _person.c[column],
            _person.c.id,
            _person.c.external_id,
            _person.c.number,
            _person.c.full_name,
        ).where(
            without_index(_person.c.home_club_id) == club.id,
            one_of(session, _person.c[column], asked),
            _person.c.merged_into_id.is_(None),
        )
        # Of several who fit, whoever is known longest is named.
        found = sorted(session.execute(query), key=attrgetter("id"))
        for value, person_id, external_id, number, name in found:
            self.others.setdefault((column, str(value)), []).append((external_id or number, name))
            if not days:
                key = f"{column[0]}|{value}|{fold(name)}"
                self.people.setdefault(key, {})[person_id] = None


class ContactBook:
    """Who has which phone, e-mail, birth date or card: in the records, and in the file so far.

    What the file taught is kept from part to part in a rehearsal only; otherwise the records hold it.
    """

    def __init__(self, *, keeps: bool) -> None:
        self._keeps = keeps
        self._in_file: dict[int, list[tuple[int, str]]] = {}
        self._new: list[int] = []
        self._cards_standing: dict[str, int] = {}
        self._cards: dict[str, Any] = {}
        self._new_cards: list[str] = []

    def look_up_cards(self, session: Session, rows: Sequence[Row]) -> None:
        """Read who holds the cards that rows name."""
        codes = {fold_code(row.values["card_code"]) for row in rows if row.get("card_code")}
        held = holders_of(session, codes - {""})
        self._cards_standing = {code: holder.person_id for code, holder in held.items()}

    def likely(
        self, contact: Contact, standing: Standing, alike: Alike
    ) -> tuple[str | int, str] | None:
        """Somebody who may be the same person, and the column that is the same.

        Somebody in the records by the number he is known under, of the file by the line.
        """
        for mark in contact.marks:
            in_records = standing.others.get(mark, ())
            in_file = self._in_file.get(hash(mark), ())
            for shown, name in (*in_records, *in_file) if in_records or in_file else ():
                if mark[0] == "birth_date" and not (name and fold(name) == fold(contact.name)):
                    continue
                if alike(contact.name, name):
                    return shown, mark[0]
        return None

    def note(self, contact: Contact, line: int) -> None:
        """Remember a newcomer of the file."""
        for mark in contact.marks:
            key = hash(mark)
            self._in_file.setdefault(key, []).append((line, contact.name))
            self._new.append(key)

    def card_holder(self, code: str) -> Any:
        """Who holds a card: somebody of the file, the id of a person in the records, or None."""
        return self._cards.get(code, self._cards_standing.get(code))

    def hold_card(self, code: str, somebody: Any) -> None:
        """Note that somebody of the file gets a card."""
        self._cards[code] = somebody
        self._new_cards.append(code)

    def settle(self, done: bool) -> None:
        """Keep what the last part taught, or forget it."""
        if not (done and self._keeps):
            for key in self._new:
                self._in_file.pop(key, None)
            for code in self._new_cards:
                self._cards.pop(code, None)
        self._new.clear()
        self._new_cards.clear()
