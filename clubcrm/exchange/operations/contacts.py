"""Phones, e-mails and cards of the people in a file, beside those in the club's records."""

from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from typing import Any, cast

from sqlalchemy import Table, or_, select
from sqlalchemy.orm import Session

from clubcrm.accounts.queries import ClubRow
from clubcrm.core.folding import fold, phone_e164
from clubcrm.core.sql import chunks
from clubcrm.exchange.policies.rows import Row
from clubcrm.members.models import Person
from clubcrm.visits.operations import fold_code
from clubcrm.visits.queries import holders_of

_person = cast(Table, Person.__table__)
_AT_ONCE = 2000

Alike = Callable[[str, str], bool]


@dataclass(frozen=True, slots=True)
class Contact:
    """How somebody can be reached, and the name."""

    phone: str | None
    email: str | None
    name: str
    birth_date: date | None

    def identities(self) -> tuple[str, ...]:
        """Under what two rows without an identity are the same person: a contact and the name."""
        name = fold(self.name)
        return tuple(
            f"{kind}|{value}|{name}"
            for kind, value in (("p", self.phone), ("e", self.email))
            if value
        )

    def marks(self) -> list[tuple[str, str]]:
        """Under what somebody may be the same person in spite of another identity: (column, value)."""
        found = [("phone", self.phone), ("email", self.email)]
        if self.birth_date is not None and self.name:
            found.append(("birth_date", self.birth_date.isoformat()))
        return [(column, value) for column, value in found if value]


class ContactBook:
    """Who has which phone, e-mail, birth date or card: in the records, and in the file so far.

    What the file taught is kept from part to part in a rehearsal only; otherwise the records hold it.
    """

    def __init__(self, *, keeps: bool) -> None:
        self._keeps = keeps
        self._standing: dict[tuple[str, str], list[tuple[str, str]]] = {}
        self._in_file: dict[int, list[tuple[int, str]]] = {}
        self._new: list[int] = []
        self._cards_standing: dict[str, int] = {}
        self._cards: dict[str, Any] = {}
        self._new_cards: list[str] = []

    def look_up(self, session: Session, club: ClubRow, rows: Sequence[Row]) -> None:
        """Read who stands in the records under the contacts and cards of rows about newcomers."""
        self._standing = {}
        contacts = [
            ("phone", phone_e164(row.values["phone"], club.territory))
            for row in rows
            if row.get("phone")
        ]
        contacts += [("email", row.values["email"]) for row in rows if row.get("email")]
        contacts += [
            ("birth_date", row.values["birth_date"]) for row in rows if row.get("birth_date")
        ]
        for column in ("phone", "email", "birth_date"):
            values = {value for name, value in contacts if name == column and value}
            for chunk in chunks(sorted(values), _AT_ONCE):
                query = select(
                    _person.c[column], _person.c.external_id, _person.c.number, _person.c.full_name
                ).where(
                    _person.c.home_club_id == club.id,
                    _person.c[column].in_(chunk),
                    _person.c.merged_into_id.is_(None),
                )
                for value, external_id, number, name in session.execute(query):
                    mark = (column, str(value))
                    self._standing.setdefault(mark, []).append((external_id or number, name))

    def look_up_cards(self, session: Session, rows: Sequence[Row]) -> None:
        """Read who holds the cards that rows name."""
        codes = {fold_code(row.values["card_code"]) for row in rows if row.get("card_code")}
        held = holders_of(session, codes - {""})
        self._cards_standing = {code: holder.person_id for code, holder in held.items()}

    def likely(self, contact: Contact, alike: Alike) -> tuple[str | int, str] | None:
        """Somebody who may be the same person, and the column that is the same.

        Somebody in the records by the number he is known under, of the file by the line.
        """
        for mark in contact.marks():
            found: list[tuple[str | int, str]] = [*self._standing.get(mark, ())]
            found += self._in_file.get(hash(mark), ())
            for shown, name in found:
                if mark[0] == "birth_date" and not (name and fold(name) == fold(contact.name)):
                    continue
                if alike(contact.name, name):
                    return shown, mark[0]
        return None

    def note(self, contact: Contact, line: int) -> None:
        """Remember a newcomer of the file."""
        for mark in contact.marks():
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

    @staticmethod
    def people_by_contact(
        session: Session, club: ClubRow, contacts: Iterable[Contact]
    ) -> Mapping[str, tuple[int, ...]]:
        """Contact key -> the people in the records with that contact and name."""
        wanted = list(contacts)
        phones = sorted({contact.phone for contact in wanted if contact.phone})
        emails = sorted({contact.email for contact in wanted if contact.email})
        found: dict[str, dict[int, None]] = {}
        for start in range(0, max(len(phones), len(emails)), _AT_ONCE):
            part = slice(start, start + _AT_ONCE)
            query = select(
                _person.c.id, _person.c.phone, _person.c.email, _person.c.full_name
            ).where(
                _person.c.home_club_id == club.id,
                or_(_person.c.phone.in_(phones[part]), _person.c.email.in_(emails[part])),
                _person.c.merged_into_id.is_(None),
            )
            for person_id, phone, email, name in session.execute(query):
                for key in Contact(phone, email, name, None).identities():
                    found.setdefault(key, {})[person_id] = None
        return {key: tuple(ids) for key, ids in found.items()}
