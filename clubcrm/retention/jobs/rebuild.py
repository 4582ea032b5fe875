"""The full rebuild: everybody, from the first day looked at, every single day, by the facts alone.

It is slow and simple on purpose. What the daily runs keep must equal it for everybody; `compare` says
where it does not.
"""

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import date
from typing import Any

from sqlalchemy import select
from sqlalchemy.orm import Session

from clubcrm.accounts.queries import get_club
from clubcrm.core.days import day_no, day_of
from clubcrm.core.sql import chunks
from clubcrm.core.transactions import reading
from clubcrm.retention.facts import read_club_facts, read_facts
from clubcrm.retention.models import MemberState, PhaseChange
from clubcrm.retention.policies import rules_of
from clubcrm.retention.policies.history import Walked, walk_every_day
from clubcrm.retention.states import Phase, Risk, Status, Sub

AT_ONCE = 500

History = tuple[tuple[Any, ...], ...]


@dataclass(frozen=True, slots=True)
class Answer:
    """What is claimed of one member on a day, and the history that led there."""

    phase: Phase | None
    sub: Sub | None
    risk: Risk
    status: Status
    since_on: date | None
    has_habit: bool
    history: History


@dataclass(frozen=True, slots=True)
class Difference:
    """A member of whom the kept state says something else than the rebuild."""

    person_id: int
    kept: Answer | None
    rebuilt: Answer


def rebuild(club_id: int, day: date) -> dict[int, Answer]:
    """Where everybody at a club stands on a day, worked out anew; by person."""
    with reading() as session:
        return dict(_rebuilt(session, club_id, day))


def compare(club_id: int, day: date) -> list[Difference]:
    """The members whose kept state on a day differs from the rebuild; the run of the day must be done.

    Compares phase, sub-phase, risk, status, since, habit, and the history row by row. People who are
    still marked are left out: nobody has looked at them yet.
    """
    with reading() as session:
        kept = _kept(session, club_id, day)
        found = []
        for person_id, answer in _rebuilt(session, club_id, day):
            standing = kept.get(person_id)
            if standing is None or standing != answer:
                found.append(Difference(person_id, standing, answer))
    return found


def _rebuilt(session: Session, club_id: int, day: date) -> Iterator[tuple[int, Answer]]:
    club = get_club(session, club_id)
    rules = rules_of(club.settings)
    club_facts = read_club_facts(session, club_id, day)
    people = session.execute(
        select(MemberState.person_id, MemberState.baseline_on, MemberState.is_imported)
        .where(
            MemberState.club_id == club_id,
            MemberState.baseline_on <= day,
            MemberState.dirty_seq == MemberState.clean_seq,
        )
        .order_by(MemberState.person_id)
    ).all()
    for chunk in chunks(people, AT_ONCE):
        firsts = {row.person_id: day_no(row.baseline_on) for row in chunk}
        facts = read_facts(session, club, firsts, day, club_facts=club_facts)
        for row in chunk:
            days = walk_every_day(
                facts[row.person_id],
                firsts[row.person_id],
                day_no(day),
                is_import=row.is_imported,
                rules=rules,
            )
            *_, last = days
            yield row.person_id, _answer(last, is_gone=facts[row.person_id].is_gone)


def _answer(walked: Walked, *, is_gone: bool) -> Answer:
    standing = walked.standing
    return Answer(
        standing.phase,
        standing.sub,
        standing.risk,
        standing.status,
        None if walked.since is None else day_of(walked.since),
        standing.has_habit,
        () if is_gone else tuple(move.key for move in walked.moves),
    )


def _kept(session: Session, club_id: int, day: date) -> dict[int, Answer]:
    rows = session.execute(
        select(
            PhaseChange.person_id,
            PhaseChange.from_on,
            PhaseChange.transition,
            PhaseChange.from_phase,
            PhaseChange.phase,
            PhaseChange.sub,
        )
        .join(MemberState, MemberState.person_id == PhaseChange.person_id)
        .where(
            MemberState.club_id == club_id,
            MemberState.phase.is_not(None),
            PhaseChange.superseded_at.is_(None),
            PhaseChange.from_on <= day,
        )
        .order_by(PhaseChange.person_id, PhaseChange.from_on, PhaseChange.id)
    )
    histories: dict[int, list[tuple[Any, ...]]] = {}
    for row in rows:
        key = (day_no(row.from_on), row.transition, row.from_phase, row.phase, row.sub)
        histories.setdefault(row.person_id, []).append(key)
    states = session.execute(
        select(MemberState.__table__).where(
            MemberState.club_id == club_id, MemberState.baseline_on <= day
        )
    )
    return {
        row.person_id: Answer(
            row.phase,
            row.sub,
            row.risk,
            row.status,
            row.since_on,
            row.has_habit,
            tuple(histories.get(row.person_id, ())),
        )
        for row in states
    }
