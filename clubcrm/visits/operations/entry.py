"""Somebody stands at a door: decide, and write down what was decided."""

from collections.abc import Collection
from dataclasses import dataclass, replace
from datetime import date, datetime, timedelta
from typing import cast

from sqlalchemy import Table, func, select, update
from sqlalchemy.orm import Session

from clubcrm.core.actor import Actor
from clubcrm.core.events import record
from clubcrm.core.folding import clean_text
from clubcrm.core.sql import insert_many
from clubcrm.core.transactions import on_violation
from clubcrm.members.operations import show_at_clubs
from clubcrm.visits.errors import DeviceKeyReused, NobodyNamed, NotYet, ReasonMissing
from clubcrm.visits.events import EntryStopped, VisitRecorded
from clubcrm.visits.models import EntryDecision, Visit
from clubcrm.visits.operations.cards import fold_code
from clubcrm.visits.operations.days import add_to_days
from clubcrm.visits.operations.packs import take_a_visit
from clubcrm.visits.operations.points import add_access_points
from clubcrm.visits.policies import Prompt, Reason, Verdict, decide, inside_until, last_term
from clubcrm.visits.queries.entry import (
    Entry,
    EntryPerson,
    RecordedVisit,
    TermFigures,
    read_entry,
    reasons_of,
    term_figures,
)
from clubcrm.visits.states import Decision, Effect, VisitSource
from clubcrm.visits.words import Reader, question, reply_words, sentence, why_asked

_visit = cast(Table, Visit.__table__)
_entry = cast(Table, EntryDecision.__table__)

CLOCK_SKEW = timedelta(minutes=10)
"""How far a device's clock may run ahead."""

MAX_REASON = 240

on_violation("uq_visit_club_id_device_key", DeviceKeyReused)


@dataclass(frozen=True)
class CheckIn:
    """What a door answered. Its words are made in the language of whoever reads them."""

    decision: Decision
    reasons: tuple[Reason, ...]
    visit_id: int | None  # None for a stop; the earlier visit for somebody who is inside already
    entry_id: int | None  # the kept answer
    person: EntryPerson
    term: TermFigures | None
    prompt: Prompt | None
    at: datetime  # when the visit began: earlier than asked for somebody who is inside already
    on: date
    reader: Reader

    def reason_texts(self) -> list[tuple[str, str]]:
        """Code and sentence of every reason, the gravest first."""
        return [(r.code.value, sentence(r.code, r.figures, self.reader)) for r in self.reasons]

    def prompt_text(self) -> str | None:
        """The question to ask, if there is one."""
        found = self.prompt
        return question(found.code, found.figures, self.reader) if found else None

    def prompt_reason(self) -> str | None:
        """Why it is asked, or what to say."""
        found = self.prompt
        return why_asked(found.code, found.figures, self.reader) if found else None

    def prompt_replies(self) -> list[tuple[str, str]]:
        """Code and words of the replies the question takes, in the order of their keys."""
        found = self.prompt
        if found is None:
            return []
        return [(reply.value, reply_words(found.code, reply)[0]) for reply in found.replies]


def check_in(
    session: Session,
    *,
    club_id: int,
    code: str | None = None,
    person_id: int | None = None,
    access_point: str | None = None,
    at: datetime | None = None,
    override_reason: str | None = None,
    device_key: str | None = None,
    source: VisitSource,
    by: Actor,
    now: datetime,
    scope: Collection[int] = (),
) -> CheckIn:
    """Answer a door: may this person come in? Records the visit, or the stop, and why.

    Named by card `code` or by `person_id` (who must be seen at this club or one in `scope`).
    `at` in the past is a door's late record and decided by the club's clock of that instant.
    `device_key` is the device's own key of this record: the same key again changes nothing and gets
    the same answer. `override_reason` lets somebody in against a stop; whether the asker may do that
    is the caller's matter. A visit of a pack or limited term is taken with the entry. Somebody who
    is inside already is told since when, and nothing is taken.

    Raises UnknownCard, UnknownPerson, NobodyNamed, NotYet, ReasonMissing, DeviceKeyReused.
    """
    if (code is None) == (person_id is None):
        raise NobodyNamed
    if at is not None and at > now + CLOCK_SKEW:
        raise NotYet
    if override_reason is not None:
        override_reason = clean_text(override_reason, MAX_REASON)
        if not override_reason:
            raise ReasonMissing
    moment = at or now
    entry = read_entry(
        session,
        club_id=club_id,
        at=moment,
        code=fold_code(code) if code is not None else None,
        person_id=person_id,
        access_point=access_point,
        device_key=device_key,
        scope=scope,
        for_update=True,
    )
    if entry.replayed is not None:
        return _same_answer(session, entry, entry.replayed)
    if access_point and entry.point.id is None:
        points = add_access_points(session, club_id, [access_point])
        entry = replace(entry, point=points[access_point])
    asked = _Asked(entry, moment, override_reason, device_key, source, by, now)
    return _answer(session, asked, decide(entry.facts, entry.rules, entry.point.kind, moment))


@dataclass(frozen=True)
class _Asked:
    """One question at a door."""

    entry: Entry
    at: datetime
    override_reason: str | None
    device_key: str | None
    source: VisitSource
    by: Actor
    now: datetime


def _answer(session: Session, asked: _Asked, verdict: Verdict) -> CheckIn:
    if verdict.decision is Decision.ALREADY_IN:
        return _already_in(session, asked, verdict)
    overrides = verdict.decision is Decision.STOP and asked.override_reason is not None
    if verdict.decision is Decision.STOP and not overrides:
        return _stop(session, asked, verdict)
    term = verdict.term
    if term is None or not term.visits_left:
        return _let_in(session, asked, verdict, took_a_visit=False)
    if take_a_visit(session, term):
        return _let_in(session, asked, verdict, took_a_visit=True)
    # Somebody else took the last one since it was read: ask again with none left.
    entry = asked.entry
    terms = [replace(t, visits_left=0) if t.id == term.id else t for t in entry.facts.terms]
    entry = replace(entry, facts=replace(entry.facts, terms=terms))
    verdict = decide(entry.facts, entry.rules, entry.point.kind, asked.at)
    return _answer(session, replace(asked, entry=entry), verdict)


def _let_in(session: Session, asked: _Asked, verdict: Verdict, *, took_a_visit: bool) -> CheckIn:
    entry = asked.entry
    is_override = verdict.decision is Decision.STOP
    decision = Decision.WARN if is_override else verdict.decision
    reason = asked.override_reason if is_override else None
    (visit_id,) = insert_many(
        session,
        _visit,
        [
            {
                "club_id": entry.club_id,
                "person_id": entry.person.id,
                "membership_id": verdict.term.id if verdict.term else None,
                "access_point_id": entry.point.id,
                "checked_in_at": asked.at,
                "checked_out_at": _came_again_at(session, asked),
                "on": verdict.on,
                "source": asked.source,
                "decision": decision,
                "override_reason": reason,
                "took_a_visit": took_a_visit,
                "device_key": asked.device_key,
                "recorded_by": asked.by.name,
                "created_at": asked.now,
            }
        ],
    )
    add_to_days(session, entry.club_id, {(entry.person.id, verdict.on): 1})
    if not entry.person.is_seen_here:
        show_at_clubs(session, [(entry.person.id, entry.club_id)])
    entry_id = _keep(session, asked, verdict, decision, visit_id, reason)
    came = VisitRecorded(
        club_id=entry.club_id,
        person_id=entry.person.id,
        visit_id=visit_id,
        on=verdict.on,
        affects_from_on=verdict.on,
        decision=decision,
        override_reason=reason,
    )
    record(session, came, by=asked.by, now=asked.now)
    if took_a_visit and verdict.term is not None:
        left = (verdict.term.visits_left or 1) - 1
        verdict = replace(verdict, term=replace(verdict.term, visits_left=left))
    return _told(asked, verdict, decision, visit_id, entry_id)


def _came_again_at(session: Session, asked: _Asked) -> datetime | None:
    """When somebody whose entry is told late came in again: by then the visit was over."""
    entry = asked.entry
    if asked.at + entry.rules.re_entry >= asked.now:
        return None
    facts = entry.facts
    over = inside_until(asked.at, facts.timezone, facts.cutoff_minutes, entry.rules.inside)
    return session.scalar(
        select(func.min(Visit.checked_in_at)).where(
            Visit.person_id == entry.person.id,
            Visit.club_id == entry.club_id,
            Visit.checked_in_at > asked.at,
            Visit.checked_in_at < over,
            Visit.undone_at.is_(None),
        )
    )


def _already_in(session: Session, asked: _Asked, verdict: Verdict) -> CheckIn:
    earlier = verdict.earlier
    assert earlier is not None
    if earlier.out_at is not None:
        # Back within minutes of leaving: the visit goes on.
        session.execute(
            update(Visit)
            .where(Visit.id == earlier.id)
            .values(checked_out_at=None)
            .execution_options(synchronize_session=False)
        )
    entry_id = _keep(session, asked, verdict, verdict.decision, earlier.id, None)
    told = _told(asked, verdict, verdict.decision, earlier.id, entry_id)
    return replace(told, at=earlier.at)


def _stop(session: Session, asked: _Asked, verdict: Verdict) -> CheckIn:
    entry = asked.entry
    entry_id = _keep(session, asked, verdict, Decision.STOP, None, None)
    stopped = EntryStopped(
        club_id=entry.club_id,
        person_id=entry.person.id,
        entry_id=entry_id,
        on=verdict.on,
        reasons=[r.code.value for r in verdict.reasons if r.effect is Effect.BLOCK],
    )
    record(session, stopped, by=asked.by, now=asked.now)
    return _told(asked, verdict, Decision.STOP, None, entry_id)


def _same_answer(session: Session, entry: Entry, visit: RecordedVisit) -> CheckIn:
    """The answer a device's record got when it came for the first time."""
    if visit.person_id != entry.person.id:
        raise DeviceKeyReused
    kept = session.execute(
        select(EntryDecision.id, EntryDecision.reasons)
        .where(EntryDecision.visit_id == visit.id)
        .order_by(EntryDecision.id)
        .limit(1)
    ).one_or_none()
    term = next((t for t in entry.facts.terms if t.id == visit.membership_id), None)
    return CheckIn(
        decision=visit.decision,
        reasons=reasons_of(kept.reasons) if kept else (),
        visit_id=visit.id,
        entry_id=kept.id if kept else None,
        person=entry.person,
        term=term_figures(term, entry.on),
        prompt=None,
        at=visit.checked_in_at,
        on=entry.on,
        reader=entry.reader(),
    )


def _keep(
    session: Session,
    asked: _Asked,
    verdict: Verdict,
    decision: Decision,
    visit_id: int | None,
    override_reason: str | None,
) -> int:
    """Keep the answer and its reasons, whatever it was."""
    (entry_id,) = insert_many(
        session,
        _entry,
        [
            {
                "club_id": asked.entry.club_id,
                "person_id": asked.entry.person.id,
                "access_point_id": asked.entry.point.id,
                "at": asked.at,
                "decision": decision,
                "reasons": [
                    [r.code.value, r.effect.value, dict(r.figures)] for r in verdict.reasons
                ],
                "visit_id": visit_id,
                "override_reason": override_reason,
                "asked_by": asked.by.name,
            }
        ],
    )
    return entry_id


def _told(
    asked: _Asked, verdict: Verdict, decision: Decision, visit_id: int | None, entry_id: int
) -> CheckIn:
    facts = asked.entry.facts
    return CheckIn(
        decision=decision,
        reasons=verdict.reasons,
        visit_id=visit_id,
        entry_id=entry_id,
        person=asked.entry.person,
        term=term_figures(verdict.term or last_term(facts.terms, facts.club_id), verdict.on),
        prompt=verdict.prompt,
        at=asked.at,
        on=verdict.on,
        reader=asked.entry.reader(),
    )
