"""Who belongs to the club and with which terms, kept up to date from what happened since."""

import re
from dataclasses import dataclass, field
from datetime import date
from functools import cached_property

from sqlalchemy import BindParameter, bindparam, select
from sqlalchemy.orm import Session

from clubcrm.core.models import EventLog
from clubcrm.core.sql import chunks
from clubcrm.members.models import Freeze, Person
from clubcrm.members.queries import TermRow, memberships_of_many
from clubcrm.members.queries import spells as spells_of
from clubcrm.members.states import Link, PlanKind
from clubcrm.simulator.decisions import (
    Notice,
    Pause,
    Renewal,
    Sold,
    notice_of,
    pause_of,
    regrets_on,
    renewal_of,
    return_day,
    upgrade_day,
)
from clubcrm.simulator.habits import Spell, character_of, spell_of

# What may change a decision; and what does so only where visits are counted down.
_DECIDES = re.compile("Membership|Term|Freeze|Cancellation|Person|Merge|Import")
_COUNTS = frozenset({"VisitRecorded", "VisitUndone", "VisitsRemoved"})


@dataclass(frozen=True)
class Intents:
    """What somebody means to do about the latest term; worked out once for the facts as they are."""

    renewal: Renewal | None
    back_on: date | None
    notice: Notice | None
    pause: Pause | None
    upgrade_on: date | None
    regrets_on: date | None


@dataclass(frozen=True)
class Member:
    """A person as the simulator sees one. Terms stand oldest first, none that was taken back."""

    id: int
    number: str
    key: str
    birth_date: date | None
    terms: tuple[TermRow, ...]
    once_frozen: frozenset[int]  # terms that were frozen ever, a freeze taken back included

    @cached_property
    def latest(self) -> TermRow | None:
        """The term that runs longest of those that open the door."""
        access = [term for term in self.terms if term.is_access]
        return max(access, key=lambda t: (t.until_on or date.max, t.id), default=None)

    @cached_property
    def intents(self) -> Intents:
        """What this person means to do about the latest term."""
        term = self.latest
        assert term is not None, "somebody without a term decides nothing"
        facts, spell = sold(term), self.spell_on(max(term.starts_on, self.spell_starts[-1]))
        has_end = term.until_on is not None and term.kind is not PlanKind.ROLLING
        return Intents(
            renewal=renewal_of(facts, spell) if has_end else None,
            back_on=return_day(facts, spell),
            notice=notice_of(facts, spell) if term.kind is PlanKind.ROLLING else None,
            pause=pause_of(facts, spell),
            upgrade_on=upgrade_day(facts, spell),
            regrets_on=regrets_on(facts, spell),
        )

    @cached_property
    def is_limited(self) -> bool:
        """Whether the visits of any term are counted."""
        return any(term.visits_left is not None for term in self.terms)

    @cached_property
    def followed(self) -> frozenset[int]:
        """The terms another one continues."""
        return frozenset(term.previous_id for term in self.terms if term.previous_id is not None)

    def running_on(self, day: date) -> TermRow | None:
        """The term that opens the door on a day: one that is not frozen, an unlimited one first."""
        running = [
            term
            for term in self.terms
            if term.is_access
            and term.starts_on <= day
            and (term.until_on is None or day < term.until_on)
            and term.freeze_on(day) is None
            and term.visits_left != 0
        ]
        return min(running, key=lambda t: (t.visits_left is not None, t.id), default=None)

    @cached_property
    def spell_starts(self) -> tuple[date, ...]:
        """The first day of each time of belonging; a trial alone counts as one here."""
        starts = tuple(spell.start_on for spell in spells_of(self.terms))
        return starts or tuple(term.starts_on for term in self.terms[:1])

    @cached_property
    def _spells(self) -> tuple[Spell, ...]:
        return tuple(spell_of(self.key, start) for start in self.spell_starts)

    def spell_on(self, day: date) -> Spell:
        """The time of belonging that a day lies in, or the last one before it."""
        begun = [spell for spell in self._spells if spell.start_on <= day]
        return begun[-1] if begun else self._spells[0]


def sold(term: TermRow) -> Sold:
    """A term as decisions read it."""
    months = term.months
    if term.link is Link.UPGRADE and term.agreed_until_on is not None and months is None:
        # An upgrade is stored by its end alone.
        months = max(1, round((term.agreed_until_on - term.starts_on).days / 30.44))
    return Sold(term.id, term.plan_name, term.kind, months, term.starts_on, term.until_on)


# Asked twice a day of a club's life.
_PEOPLE: BindParameter[int] = bindparam("people", expanding=True)
_HAPPENED = select(EventLog.id, EventLog.person_id, EventLog.name).where(
    EventLog.id > bindparam("seen")
)
_FROZEN = select(Freeze.person_id, Freeze.membership_id).where(Freeze.person_id.in_(_PEOPLE))
_KNOWN = select(Person.id, Person.number, Person.email, Person.birth_date).where(
    Person.id.in_(_PEOPLE),
    Person.home_club_id == bindparam("club"),
    Person.merged_into_id.is_(None),
    Person.no_contact.is_(False),
)


@dataclass
class Roster:
    """Everybody at a club who has or had a term; `refresh` reads what happened since the last time."""

    club_id: int
    members: dict[int, Member] = field(default_factory=dict)
    _seen: int = 0

    def refresh(self, session: Session) -> bool:
        """Read again whom something happened to; whether something happened to the club as a whole."""
        happened = session.execute(_HAPPENED, {"seen": self._seen}).all()
        changed: set[int] = set()
        for _, person_id, name in happened:
            known = self.members.get(person_id or 0)
            counts = name in _COUNTS and known is not None and known.is_limited
            if person_id and (counts or _DECIDES.search(name)):
                changed.add(person_id)
        self._read(session, changed)
        self._seen = max((row.id for row in happened), default=self._seen)
        return any(row.person_id is None for row in happened)

    def everybody(self) -> list[Member]:
        """All of them, always in the same order."""
        return [self.members[person_id] for person_id in sorted(self.members)]

    def _read(self, session: Session, person_ids: set[int]) -> None:
        for chunk in chunks(sorted(person_ids), 5000):
            terms = memberships_of_many(session, chunk)
            frozen: dict[int, set[int]] = {}
            for person_id, membership_id in session.execute(_FROZEN, {"people": chunk}):
                frozen.setdefault(person_id, set()).add(membership_id)
            asked = {"people": chunk, "club": self.club_id}
            found = {row.id: row for row in session.execute(_KNOWN, asked)}
            for person_id in chunk:
                row = found.get(person_id)
                if row is None or person_id not in terms:
                    self.members.pop(person_id, None)
                    continue
                self.members[person_id] = Member(
                    id=row.id,
                    number=row.number,
                    key=f"{row.number}/{row.email or row.birth_date}",
                    birth_date=row.birth_date,
                    terms=tuple(reversed(terms[person_id])),
                    once_frozen=frozenset(frozen.get(person_id, ())),
                )


def forget_habits() -> None:
    """Let go of what was worked out about people, when a club's life is over."""
    character_of.cache_clear()
    spell_of.cache_clear()
