"""What the records say about the people of one part of a file, read in a few statements."""

from collections.abc import Mapping, Sequence
from typing import NamedTuple

from sqlalchemy.orm import Session

from clubcrm.core.folding import phone_e164
from clubcrm.exchange.operations.contacts import Contact, Standing, contact
from clubcrm.exchange.operations.finding import Found, by_external_id, find_members
from clubcrm.exchange.operations.memory import Known, digest_of, recall
from clubcrm.exchange.operations.people_held import Held, load_held
from clubcrm.exchange.operations.tasks import Task
from clubcrm.exchange.policies.columns import OPENING_COLUMNS
from clubcrm.exchange.policies.row import Row
from clubcrm.exchange.states import Kind, ProblemCode


class Identity(NamedTuple):
    """Under what a person is known: given in the file, or made of contacts, name or the whole row."""

    given: str | None
    keys: tuple[str, ...]
    digest: str

    @property
    def is_given(self) -> bool:
        """Whether the file names it."""
        return self.given is not None

    @property
    def key(self) -> str:
        """The surest of its keys."""
        return self.keys[0]


class Look:
    """What the club's records say about the people of one part of a file."""

    def __init__(
        self,
        session: Session,
        task: Task,
        rows: Sequence[Row],
        *,
        by_member: bool,
        watched: frozenset[str],
    ) -> None:
        self._task = task
        self._by_member = by_member
        self._watched = watched
        self._contacts: dict[int, Contact] = {}
        self._identities = {row.line: self._identify(row) for row in rows}
        given = {identity.given for identity in self._identities.values() if identity.given}
        self._members: Mapping[str, Found] = (
            find_members(session, task.club, given) if by_member else {}
        )
        self._ids = {} if by_member else by_external_id(session, task.club, given)
        digests = {identity.digest for identity in self._identities.values()}
        self.known: dict[str, Known] = recall(session, task.club.id, Kind.MEMBERS, digests)
        newcomers = [self.contact(row) for row in rows if self._is_unknown(row)]
        self.standing = Standing(session, task.club, newcomers)
        person_ids = set(self._ids.values())
        person_ids |= {pid for found in self._members.values() for pid in found.person_ids}
        for identity in self._identities.values():
            if identity.given is None:
                for key in identity.keys:
                    person_ids.update(self.standing.people.get(key, ()))
                if identity.digest in self.known:
                    person_ids.add(self.known[identity.digest].row_id)
        self._held = load_held(session, person_ids, watched)

    def contact(self, row: Row) -> Contact:
        """How the person of a row can be reached."""
        found = self._contacts.get(row.line)
        if found is None:
            found = self._contacts[row.line] = contact_of(row, self._task.club.territory)
        return found

    def identity(self, row: Row) -> Identity:
        """Under what a row's person is known."""
        return self._identities[row.line]

    def _is_unknown(self, row: Row) -> bool:
        """Whether nobody in the records has the identity of a row."""
        given = self._identities[row.line].given
        return not given or (given not in self._ids and given not in self._members)

    def held_by(self, row: Row, identity: Identity) -> Held | None:
        """The person in the records whom a row means; says on the row where several fit."""
        if identity.given and self._by_member:
            found = self._members.get(identity.given)
            if found is not None and found.only is None:
                row.add(
                    ProblemCode.MEMBER_AMBIGUOUS,
                    "member",
                    value=identity.given[:60],
                    people=len(found.person_ids),
                )
                return None
            return self._held.get(found.only) if found and found.only else None
        if identity.given:
            return self._held.get(self._ids.get(identity.given, 0))
        fitting = {pid for key in identity.keys for pid in self.standing.people.get(key, ())}
        if len(fitting) > 1:
            row.add(
                ProblemCode.MEMBER_AMBIGUOUS, None, value=name_of(row)[:60], people=len(fitting)
            )
            return None
        if fitting:
            return self._held.get(fitting.pop())
        known = self.known.get(identity.digest)
        return self._held.get(known.row_id) if known else None

    def _identify(self, row: Row) -> Identity:
        given = row.get("member") if self._by_member else row.get("external_id")
        if given is not None:
            return Identity(given, (f"x|{given}",), digest_of("x", given))
        keys = self.contact(row).identities()
        if not keys:
            told = {name: row.values[name] for name in self._watched & row.values.keys()}
            told = {name: value for name, value in told.items() if name not in OPENING_COLUMNS}
            keys = ("d|" + digest_of(*(f"{name}={told[name]!r}" for name in sorted(told))),)
        return Identity(None, keys, digest_of(keys[0]))


def contact_of(row: Row, territory: str) -> Contact:
    """How the person of a row can be reached."""
    told = row.values
    phone = told.get("phone")
    return contact(
        phone_e164(phone, territory) if phone else None,
        told.get("email"),
        name_of(row),
        told.get("birth_date"),
    )


def name_of(row: Row) -> str:
    """The name a row gives its person."""
    told = row.values
    parts = f"{told.get('first_name') or ''} {told.get('last_name') or ''}".strip()
    return str(told.get("full_name") or parts)
