"""The people in a file: who is known, who is new, what is told of them that was not known."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from typing import Any, Final, NamedTuple

from rapidfuzz.fuzz import token_sort_ratio
from sqlalchemy.orm import Session

from clubcrm.core.folding import fold, phone_e164
from clubcrm.exchange.operations.contacts import ContactBook
from clubcrm.exchange.operations.memory import added_to, marks_of, new_cells
from clubcrm.exchange.operations.people_held import Held
from clubcrm.exchange.operations.people_looked_up import Identity, Look
from clubcrm.exchange.operations.tasks import Task
from clubcrm.exchange.policies.columns import OPENING_COLUMNS, PERSON_COLUMNS
from clubcrm.exchange.policies.row import Row
from clubcrm.exchange.states import Kind, ProblemCode
from clubcrm.members.policies import clean_email
from clubcrm.visits.operations import fold_code

FIRST_BIRTH_YEAR: Final = 1900
ALIKE: Final = 85
"""Names alike from here on, of 100, are taken for a likely duplicate where a contact is the same."""

_FIELDS: Final = {
    name: "note" if name == "notes" else name
    for name in PERSON_COLUMNS
    - {"tags", "card_code", "club", "consent_email", "consent_sms", "external_id"}
}
_CONSENTS: Final = ("consent_email", "consent_sms")
_SPOKEN_OF: Final = ("full_name", "first_name", "last_name", "phone", "email")
_NAMED_BY: Final = frozenset({"external_id", "member", *_SPOKEN_OF})


@dataclass(slots=True)
class Somebody:
    """A person a file speaks of, as known so far with what the file has added.

    `held` is what stands in the club's records; None for somebody new, who has no id until stored.
    """

    line: int
    held: Held | None = None
    id: int | None = None
    external_id: str | None = None
    fields: dict[str, Any] = field(default_factory=dict)
    tags: dict[str, str] = field(default_factory=dict)
    cards: tuple[str, ...] = ()
    balance: dict[str, Any] = field(default_factory=dict)
    consents: dict[str, bool] = field(default_factory=dict)
    changed: set[str] = field(default_factory=set)
    news: int = 0  # how often the file added something

    @property
    def is_new(self) -> bool:
        """Whether the club did not know this person before the file."""
        return self.held is None

    def learn(self, what: str) -> None:
        """Note that the file added something."""
        self.changed.add(what)
        self.news += 1


class Verdict(NamedTuple):
    """What a row says of a person: whom, whether anything is new, and the marks to remember."""

    somebody: Somebody
    is_news: bool
    digest: str
    marks: dict[str, int]
    has_new_marks: bool
    is_unheard: bool  # nothing was ever said under this identity


class PeopleDesk:
    """Decides about the people in the rows of one file, part after part."""

    def __init__(self, task: Task) -> None:
        self._task = task
        self._today = task.today
        self._by_member = task.kind is Kind.MEMBERSHIPS and "member" in task.layout.columns
        self._watched = (PERSON_COLUMNS | OPENING_COLUMNS) & task.layout.columns
        self._fields = [(n, _FIELDS[n]) for n in sorted(_FIELDS.keys() & self._watched)]
        self._openings = sorted(OPENING_COLUMNS & self._watched)
        self._consents = [name for name in _CONSENTS if name in self._watched]
        self._met: dict[str, Somebody] = {}
        self._first_line: dict[str, int] = {}
        self._book = ContactBook(keeps=task.is_rehearsal)
        self._new_met: list[str] = []
        self._new_lines: list[str] = []

    def decide(self, session: Session, rows: Sequence[Row]) -> list[Verdict | None]:
        """Say for each row whom it speaks of; None where it is rejected. Reads only."""
        for row in rows:
            self._prepare(row)
        live = [row for row in rows if not row.is_rejected]
        look = Look(session, self._task, live, by_member=self._by_member, watched=self._watched)
        self._book.look_up_cards(session, live)
        return [None if row.is_rejected else self._judge(row, look) for row in rows]

    def settle(self, done: bool) -> None:
        """Keep what this part taught, or forget it again."""
        if not done:
            for key in self._new_lines:
                self._first_line.pop(key, None)
        if not done or not self._task.is_rehearsal:
            for key in self._new_met:
                self._met.pop(key, None)
        self._book.settle(done)
        self._new_met.clear()
        self._new_lines.clear()

    def _prepare(self, row: Row) -> None:
        """Check what can be checked without looking anything up."""
        if row.is_rejected:
            return
        told = row.values
        for name in ("external_id", "member"):
            # An identity that cannot be read must not be guessed from likeness.
            if row.problems and row.bad(name) and row.get(name) is None:
                row.add(ProblemCode.MISSING, name)
        if "club" in told:
            self._check_club(row)
        if _NAMED_BY.isdisjoint(told):
            row.add(ProblemCode.NOBODY)
        born = told.get("birth_date")
        if born is not None and (born.year < FIRST_BIRTH_YEAR or born > self._today):
            row.add(ProblemCode.FAR_DAY, "birth_date", value=born.isoformat())
            del told["birth_date"]
        last = told.get("last_visit_on")
        if last is not None and last > self._task.as_of_on:
            row.add(ProblemCode.IN_FUTURE, "last_visit_on", value=last.isoformat())
            del told["last_visit_on"]

    def _check_club(self, row: Row) -> None:
        club = self._task.club
        named = row.values["club"]
        if fold(named) in (fold(club.code), fold(club.name)):
            return
        other = self._task.other_clubs.get(fold(named))
        if other is None:
            row.add(ProblemCode.UNKNOWN_CLUB, "club", value=named[:60])
        else:
            row.add(ProblemCode.OTHER_CLUB, "club", value=named[:60], at=other)

    def _judge(self, row: Row, look: Look) -> Verdict | None:
        identity = look.identity(row)
        somebody = self._whom(row, look, identity)
        if somebody is None:
            return None
        watched = self._watched
        marks = marks_of({name: told for name, told in row.values.items() if name in watched})
        said = look.known.get(identity.digest)
        known = said if said is not None and said.row_id == somebody.id else None
        fresh = new_cells(known, marks)
        first = self._first_line.get(identity.key)
        if first is None and (row.is_repeated or not identity.is_given):
            self._first_line[identity.key] = row.line
            self._new_lines.append(identity.key)
        before = somebody.news
        clashes = self._learn(row, somebody, fresh, first)
        if clashes:
            self._say_clashes(row, clashes, first or 0)
            if row.is_rejected:
                return None
        is_news = (somebody.is_new and first is None) or somebody.news != before
        all_said = added_to(known, marks)
        return Verdict(somebody, is_news, identity.digest, all_said, bool(fresh), said is None)

    def _whom(self, row: Row, look: Look, identity: Identity) -> Somebody | None:
        """The person a row speaks of; somebody new where nobody fits. None = rejected."""
        met = None
        for key in identity.keys:
            met = met or self._met.get(key)
        if met is None:
            held = look.held_by(row, identity)
            if row.is_rejected:
                return None
            if held is not None:
                met = self._met.get(f"#{held.id}")
                met = met or Somebody(
                    row.line,
                    held,
                    held.id,
                    held.external_id,
                    dict(held.fields),
                    dict(held.tags),
                    held.cards,
                    dict(held.balance),
                    dict(held.consents),
                )
            else:
                met = self._newcomer(row, look, identity)
                if met is None:
                    return None
        if row.is_repeated or not self._task.is_rehearsal:
            for key in (*identity.keys, f"#{met.id}") if met.id else identity.keys:
                if key not in self._met:
                    self._met[key] = met
                    self._new_met.append(key)
        return met

    def _newcomer(self, row: Row, look: Look, identity: Identity) -> Somebody | None:
        if self._by_member and not any(row.get(name) for name in _SPOKEN_OF):
            row.add(ProblemCode.MEMBER_UNKNOWN, "member", value=str(row.get("member"))[:60])
            return None
        somebody = Somebody(row.line, external_id=identity.given)
        if self._by_member and identity.given and (email := clean_email(identity.given)):
            somebody.external_id = None
            self._set(somebody, "email", email)
        contact = look.contact(row)
        likely = self._book.likely(contact, look.standing, _alike)
        if likely is not None:
            other, why = likely
            if isinstance(other, int):
                row.add(ProblemCode.LIKELY_SAME_AS_LINE, why, line=other)
            else:
                row.add(ProblemCode.LIKELY_DUPLICATE, why, other=other)
        self._book.note(contact, row.line)
        return somebody

    def _learn(self, row: Row, somebody: Somebody, fresh: set[str], first: int | None) -> list[str]:
        """Take over what is new; where an earlier row spoke already, only what that left blank."""
        clashes = []
        for column, name in self._fields:
            if column not in fresh:
                continue
            value = row.values[column]
            if self._is_same(somebody, name, value):
                continue
            if first is not None and somebody.fields.get(name) not in (None, ""):
                clashes.append(column)
                continue
            self._set(somebody, name, value)
        if row.values.get("status") == "died" and not somebody.fields.get("no_contact"):
            self._set(somebody, "no_contact", True)
        if "tags" in fresh:
            self._learn_tags(row, somebody)
        if "card_code" in fresh:
            self._learn_card(row, somebody)
        for column in self._openings:
            if column not in fresh or somebody.balance.get(column) == row.values[column]:
                continue
            if first is not None and somebody.balance.get(column) is not None:
                clashes.append(column)
                continue
            somebody.balance[column] = row.values[column]
            somebody.learn(f"balance.{column}")
        self._learn_consents(row, somebody, fresh)
        return clashes

    def _learn_consents(self, row: Row, somebody: Somebody, fresh: set[str]) -> None:
        for column in self._consents:
            if column in fresh and somebody.consents.get(column) != row.values[column]:
                somebody.consents[column] = row.values[column]
                somebody.learn(column)

    def _learn_tags(self, row: Row, somebody: Somebody) -> None:
        for tag in row.values["tags"]:
            if fold(tag) and fold(tag) not in somebody.tags:
                somebody.tags[fold(tag)] = tag
                somebody.learn("tags")

    def _learn_card(self, row: Row, somebody: Somebody) -> None:
        code = fold_code(row.values["card_code"])
        if not code or code in somebody.cards:
            return
        holder = self._book.card_holder(code)
        if holder is not None and holder is not somebody and holder != somebody.id:
            row.add(ProblemCode.CARD_TAKEN, "card_code", value=code)
            return
        self._book.hold_card(code, somebody)
        somebody.cards = (*somebody.cards, code)
        somebody.learn("card_code")

    def _set(self, somebody: Somebody, name: str, value: Any) -> None:
        somebody.fields[name] = value
        somebody.learn(name)
        if name == "phone":
            somebody.fields["phone"] = phone_e164(value, self._task.club.territory)
            somebody.fields["phone_as_given"] = value

    def _is_same(self, somebody: Somebody, name: str, value: Any) -> bool:
        if name == "phone":
            number = phone_e164(value, self._task.club.territory)
            if number is not None:
                return bool(number == somebody.fields.get("phone"))
            # No number: it never takes the place of one.
            given = somebody.fields.get("phone_as_given")
            return bool(value == given or somebody.fields.get("phone"))
        return bool(somebody.fields.get(name) == value)

    def _say_clashes(self, row: Row, clashes: Iterable[str], first: int) -> None:
        columns = ", ".join(sorted(clashes))
        is_only_person = self._task.kind is Kind.MEMBERS
        code = ProblemCode.CONFLICTS if is_only_person else ProblemCode.KEPT_FIRST
        row.add(code, None, line=first, columns=columns)


def _alike(one: str, other: str) -> bool:
    if not one or not other:
        return True
    return token_sort_ratio(fold(one), fold(other)) >= ALIKE
