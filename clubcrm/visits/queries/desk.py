"""What the desk sees: who is inside, who came or was stopped today, and the card of an answer."""

from collections.abc import Collection
from dataclasses import dataclass, replace
from datetime import date, datetime, timedelta
from typing import Any, Final

from sqlalchemy import Row, Select, func, select
from sqlalchemy.orm import Session, aliased

from clubcrm.accounts.models import Club
from clubcrm.billing.queries import owed_by
from clubcrm.core.days import club_day, day_bounds, day_no
from clubcrm.members.models import Person
from clubcrm.visits.models import EntryDecision, OpeningBalance, Visit, VisitDay
from clubcrm.visits.policies import (
    DebtFacts,
    EntryFacts,
    Prompt,
    Reason,
    VisitFacts,
    decide,
    entry_rules,
    inside_until,
    last_term,
    prompt_for,
    undo_until,
)
from clubcrm.visits.queries.entry import (
    Entry,
    TermFigures,
    read_entry,
    reasons_of,
    term_figures,
)
from clubcrm.visits.states import Decision, Effect, Fact, PointKind, PromptReply
from clubcrm.visits.words import Reader, headline, question, reply_words, sentence, why_asked

RECENT_DAYS = 13 * 7
"""Days read for the card: twelve whole weeks, whatever day begins them."""


@dataclass(frozen=True)
class InsideRow:
    """Somebody who is inside."""

    visit_id: int
    person_id: int
    full_name: str
    since: datetime


@dataclass(frozen=True)
class Inside:
    """Who is inside a club now, the latest first; `people` may be cut, `count` never is."""

    count: int
    people: list[InsideRow]


def who_is_inside(
    session: Session, club_id: int, now: datetime, *, limit: int | None = None
) -> Inside:
    """Who came in, has not left, and is not taken to have left by himself.

    Nobody is inside longer than the club's hours (4, unless its settings say otherwise) or past the
    end of its day, and nobody in two clubs at once: the last visit counts.
    """
    club = session.execute(
        select(Club.timezone, Club.day_cutoff_minutes, Club.settings).where(Club.id == club_id)
    ).one()
    rules = entry_rules(club.settings or {})
    zone, cutoff = club.timezone, club.day_cutoff_minutes
    day_began = day_bounds(club_day(now, zone, cutoff), zone, cutoff)[0]
    later = aliased(Visit)
    rows = session.execute(
        select(Visit.id, Visit.person_id, Person.full_name, Person.number, Visit.checked_in_at)
        .join(Person, Person.id == Visit.person_id)
        .where(
            Visit.club_id == club_id,
            Visit.checked_in_at > now - rules.inside,
            Visit.checked_in_at >= day_began,
            Visit.checked_in_at <= now,
            Visit.checked_out_at.is_(None),
            Visit.undone_at.is_(None),
            ~select(later.id)
            .where(
                later.person_id == Visit.person_id,
                later.checked_in_at > Visit.checked_in_at,
                later.checked_in_at <= now,
                later.undone_at.is_(None),
            )
            .exists(),
        )
        .order_by(Visit.checked_in_at.desc(), Visit.id.desc())
    ).all()
    # Two records of one instant are still one person.
    latest: dict[int, InsideRow] = {}
    for row in rows:
        name = row.full_name or row.number
        latest.setdefault(row.person_id, InsideRow(row.id, row.person_id, name, row.checked_in_at))
    people = list(latest.values())
    return Inside(len(people), people if limit is None else people[:limit])


def visitors_on(session: Session, club_id: int, on: date) -> int:
    """How many people came on a day."""
    count = select(func.count()).select_from(VisitDay)
    return (
        session.scalar(count.where(VisitDay.club_id == club_id, VisitDay.day_no == day_no(on))) or 0
    )


@dataclass(frozen=True)
class EntryRow:
    """One answer of a door. Its words are made in the language of whoever reads them."""

    id: int
    club_id: int
    at: datetime
    person_id: int
    full_name: str
    decision: Decision
    reasons: tuple[Reason, ...]
    visit_id: int | None
    override_reason: str | None
    asked_by: str
    is_undone: bool
    reader: Reader

    def headlines(self) -> list[str]:
        """The reasons in a few words each, the gravest first."""
        return [headline(r.code, r.figures, self.reader) for r in self.reasons]

    def sentences(self) -> list[str]:
        """The reasons as sentences, the gravest first."""
        return [sentence(r.code, r.figures, self.reader) for r in self.reasons]


def latest_entries(
    session: Session, club_id: int, *, since: datetime | None = None, limit: int = 8
) -> list[EntryRow]:
    """The latest answers of a club's doors, newest first."""
    query = _entries().where(EntryDecision.club_id == club_id)
    if since is not None:
        query = query.where(EntryDecision.at >= since)
    query = query.order_by(EntryDecision.at.desc(), EntryDecision.id.desc()).limit(limit)
    return [_entry_row(row) for row in session.execute(query)]


def entry_row(session: Session, entry_id: int, scope: Collection[int]) -> EntryRow | None:
    """One answer, if it was given at a club in scope."""
    query = _entries().where(EntryDecision.id == entry_id, EntryDecision.club_id.in_(scope))
    found = session.execute(query).one_or_none()
    return _entry_row(found) if found else None


def _entries() -> Select[*tuple[Any, ...]]:
    return (
        select(
            EntryDecision.id,
            EntryDecision.club_id,
            EntryDecision.at,
            EntryDecision.person_id,
            Person.full_name,
            Person.number,
            EntryDecision.decision,
            EntryDecision.reasons,
            EntryDecision.visit_id,
            EntryDecision.override_reason,
            EntryDecision.asked_by,
            Visit.undone_at,
            Club.timezone,
            Club.day_cutoff_minutes,
            Club.calendar,
            Club.settings,
        )
        .join(Person, Person.id == EntryDecision.person_id)
        .join(Club, Club.id == EntryDecision.club_id)
        .outerjoin(Visit, Visit.id == EntryDecision.visit_id)
    )


def _entry_row(row: Any) -> EntryRow:
    return EntryRow(
        id=row.id,
        club_id=row.club_id,
        at=row.at,
        person_id=row.person_id,
        full_name=row.full_name or row.number,
        decision=row.decision,
        reasons=reasons_of(row.reasons),
        visit_id=row.visit_id,
        override_reason=row.override_reason,
        asked_by=row.asked_by,
        is_undone=row.undone_at is not None,
        reader=Reader(
            row.timezone,
            row.calendar,
            club_day(row.at, row.timezone, row.day_cutoff_minutes),
            bool((row.settings or {}).get("shows_toman")),
        ),
    )


@dataclass(frozen=True)
class DeskCard:
    """What the desk shows of an answer beside the answer itself: the person and eight facts.

    `last_visit_at` is unknown where an opening balance tells a day alone. `debt_effect` says what
    the debt does at the desk today: nothing (None), a message, or a block; `owes_here` whether any of
    it is owed to this club. Somebody who `is_seen` at other clubs alone is known by the card that was
    shown: the answer is told, and nothing that was written down about the person.
    """

    entry: EntryRow
    is_seen: bool
    today: date
    number: str
    note: str
    joined_on: date | None
    trainer: str | None
    term: TermFigures | None
    is_running: bool
    hours: str | None
    freeze_id: int | None  # of the freeze that covers today
    frozen_until_on: date | None  # first day back
    next_starts_on: date | None  # of a term that is still to come
    terms_held: int
    last_visit_on: date | None
    last_visit_at: datetime | None
    days_came: tuple[date, ...]  # of the last twelve weeks, today's week included, in order
    known_from_on: date | None  # earlier visits are unknown; None = all are known
    debt: DebtFacts | None
    debt_effect: Effect | None
    owes_here: bool
    prompt: Prompt | None
    checked_out_at: datetime | None
    is_inside: bool
    undo_until: datetime | None  # None where there is nothing to undo any more
    opens_now: bool  # stopped then; as things stand now the door would open

    def question(self) -> str | None:
        """What to ask the person."""
        asked = self.prompt
        return question(asked.code, asked.figures, self.entry.reader) if asked else None

    def why_asked(self) -> str | None:
        """Why that is asked."""
        asked = self.prompt
        return why_asked(asked.code, asked.figures, self.entry.reader) if asked else None

    def replies(self) -> list[tuple[PromptReply, str, str]]:
        """The replies in the order of their keys: code, words, and what then happens."""
        asked = self.prompt
        if asked is None:
            return []
        return [(reply, *reply_words(asked.code, reply)) for reply in asked.replies]


def desk_card(session: Session, row: EntryRow, now: datetime) -> DeskCard:
    """The card of one answer, with the person's facts as they stand at an instant."""
    entry = read_entry(session, club_id=row.club_id, at=now, person_id=row.person_id, scope=None)
    facts, on = entry.facts, entry.on
    # Asked as if nobody were inside: the card speaks of rights, not of the open visit.
    standing = decide(replace(facts, visits=()), entry.rules, PointKind.DESK, now)
    term = standing.term or last_term(facts.terms, row.club_id)
    freeze = standing.term.freeze_on(on) if standing.term else None
    person = session.execute(_person(row.person_id)).one()
    visit = _visit(session, row.visit_id)
    is_latest = row.at >= max((v.at for v in facts.visits), default=row.at)
    before = next((v for v in facts.visits if v.id != row.visit_id and v.at <= row.at), None)
    ahead = [t.starts_on for t in facts.terms if t.club_id == row.club_id and t.starts_on > on]
    effects = {reason.code: reason.effect for reason in standing.reasons}
    over = (
        inside_until(visit.checked_in_at, facts.timezone, facts.cutoff_minutes, entry.rules.inside)
        if visit and visit.undone_at is None and visit.checked_out_at is None
        else None
    )
    # Somebody who stands here still, and of whom nothing is left of what stopped him.
    stopped_by = {r.code for r in row.reasons if r.effect is Effect.BLOCK}
    is_here = row.at <= now < row.at + WAITS and not any(v.at >= row.at for v in facts.visits)
    is_stopped = row.decision is Decision.STOP and is_here and not stopped_by & set(effects)
    debt = facts.debt if facts.debt and facts.debt.minor > 0 else None
    is_seen = entry.person.is_seen_here
    can_undo = visit is not None and visit.undone_at is None and row.decision in LETS_IN
    return DeskCard(
        entry=row,
        is_seen=is_seen,
        today=on,
        number=person.number,
        note=person.note if is_seen else "",
        joined_on=person.joined_on or min((t.starts_on for t in facts.terms), default=None),
        trainer=person.trainer,
        term=term_figures(term, on),
        is_running=standing.term is not None,
        hours=term.hours if term else None,
        freeze_id=freeze[0] if freeze else None,
        frozen_until_on=freeze[2] if freeze else None,
        next_starts_on=min(ahead, default=None),
        terms_held=sum(1 for t in facts.terms if t.starts_on <= on),
        last_visit_on=_day_of(before, facts) if before else person.last_visit_on,
        last_visit_at=before.at if before else None,
        days_came=_days_came(session, row.person_id, on),
        known_from_on=person.visits_known_from,
        debt=debt,
        debt_effect=effects.get(Fact.DEBT),
        owes_here=debt is not None and bool(owed_by(session, [row.person_id], [row.club_id])),
        prompt=_prompt(entry, row, set(effects)) if is_latest else None,
        checked_out_at=visit.checked_out_at if visit else None,
        is_inside=over is not None and now < over,
        undo_until=undo_until(visit.created_at) if can_undo and visit else None,
        opens_now=is_stopped and standing.decision in LETS_IN,
    )


LETS_IN: Final = frozenset({Decision.IN, Decision.WARN})
WAITS: Final = timedelta(minutes=30)
"""So long somebody who was stopped may be standing at the desk, paying or renewing."""


def _person(person_id: int) -> Select[*tuple[Any, ...]]:
    return (
        select(
            Person.number,
            Person.note,
            Person.joined_on,
            Person.trainer,
            Person.visits_known_from,
            OpeningBalance.last_visit_on,
        )
        .outerjoin(OpeningBalance, OpeningBalance.person_id == Person.id)
        .where(Person.id == person_id)
    )


def _days_came(session: Session, person_id: int, on: date) -> tuple[date, ...]:
    days = (
        select(VisitDay.on)
        .where(
            VisitDay.person_id == person_id,
            VisitDay.day_no > day_no(on) - RECENT_DAYS,
            VisitDay.day_no <= day_no(on),
        )
        .order_by(VisitDay.day_no)
    )
    return tuple(session.scalars(days))


def _visit(session: Session, visit_id: int | None) -> Row[*tuple[Any, ...]] | None:
    if visit_id is None:
        return None
    return session.execute(
        select(Visit.checked_in_at, Visit.checked_out_at, Visit.undone_at, Visit.created_at).where(
            Visit.id == visit_id
        )
    ).one_or_none()


def _day_of(visit: VisitFacts, facts: EntryFacts) -> date:
    return club_day(visit.at, facts.timezone, facts.cutoff_minutes)


def _prompt(entry: Entry, row: EntryRow, standing: set[Fact]) -> Prompt | None:
    """The question of the answer, unless what led to it has been settled since."""
    once = {Fact.FIRST_VISIT, Fact.BIRTHDAY, Fact.ALREADY_IN}
    if Fact.NO_VISITS_LEFT in standing:
        once.add(Fact.FEW_VISITS_LEFT)
    told = [reason for reason in row.reasons if reason.code in standing | once]
    if row.is_undone or row.override_reason is not None:
        return None
    arrival = entry.facts.arrival if row.decision in LETS_IN else None
    return prompt_for(told, entry.facts.not_asked_until, entry.on, arrival)
