"""What must always hold for the life cycle."""

from collections.abc import Iterator, Sequence
from datetime import date, timedelta
from typing import Any

from flask_babel import lazy_gettext as _l
from sqlalchemy import and_, func, or_, select
from sqlalchemy.orm import Session

from clubcrm.accounts.queries import get_club
from clubcrm.core.days import day_no
from clubcrm.core.invariants import Examined, Invariant, rows_of
from clubcrm.core.sql import chunks
from clubcrm.members.models import Membership, Person
from clubcrm.retention.facts import read_facts
from clubcrm.retention.models import DailyRun, MemberState, PhaseChange
from clubcrm.retention.policies import evaluate, rules_of
from clubcrm.retention.states import DailyRunState

SAMPLE = 1000
"""People whose phase is decided anew; of more than that every so many-th is taken."""

RUN_AT_MOST = timedelta(hours=1)
"""A daily run that is not done after that is stuck."""

AT_ONCE = 5000


def _not_followed(examined: Examined) -> Any:
    """People with a term that opens the door (no trial) of whom no state is kept."""
    return (
        select(Membership.person_id)
        .join(Person, Person.id == Membership.person_id)
        .outerjoin(MemberState, MemberState.person_id == Membership.person_id)
        .where(
            Membership.club_id.in_(examined.clubs),
            Membership.is_access,
            Membership.is_trial.is_(False),
            Membership.voided_at.is_(None),
            Person.merged_into_id.is_(None),
            MemberState.person_id.is_(None),
        )
        .distinct()
        .order_by(Membership.person_id)
    )


def _overdue(session: Session, examined: Examined) -> Iterator[str]:
    """People whose clock rang by the last daily run and who were not looked at in it."""
    for club_id, last in _last_runs(session, examined.clubs).items():
        query = (
            select(MemberState.person_id, MemberState.next_check_on)
            .where(MemberState.club_id == club_id, MemberState.next_check_on <= last)
            .order_by(MemberState.person_id)
        )
        for person_id, due in session.execute(query):
            yield f"person {person_id} (due on {due}, last run {last})"


def _last_runs(session: Session, clubs: Sequence[int]) -> dict[int, date]:
    query = (
        select(DailyRun.club_id, func.max(DailyRun.on).label("last"))
        .where(DailyRun.club_id.in_(clubs), DailyRun.state == DailyRunState.DONE)
        .group_by(DailyRun.club_id)
    )
    return {row.club_id: row.last for row in session.execute(query)}


def _broken_histories(session: Session, examined: Examined) -> Iterator[str]:
    """People whose history has a gap, or does not lead to the phase and day they are at."""
    states = {
        row.person_id: row
        for row in session.execute(
            select(
                MemberState.person_id,
                MemberState.phase,
                MemberState.sub,
                MemberState.since_on,
                MemberState.evaluated_on,
            ).where(MemberState.club_id.in_(examined.clubs))
        )
    }
    for chunk in chunks(sorted(states), AT_ONCE):
        rows = session.execute(
            select(
                PhaseChange.person_id,
                PhaseChange.from_on,
                PhaseChange.from_phase,
                PhaseChange.phase,
                PhaseChange.sub,
            )
            .where(PhaseChange.person_id.in_(chunk), PhaseChange.superseded_at.is_(None))
            .order_by(PhaseChange.person_id, PhaseChange.from_on, PhaseChange.id)
        )
        histories: dict[int, list[Any]] = {}
        for row in rows:
            histories.setdefault(row.person_id, []).append(row)
        for person_id in chunk:
            wrong = _what_is_wrong(histories.get(person_id, []), states[person_id])
            if wrong:
                yield f"person {person_id} ({wrong})"


def _what_is_wrong(history: Sequence[Any], state: Any) -> str | None:
    """The first thing at which a history breaks, in words."""
    before, since, was_on = None, None, None
    for row in history:
        if row.from_on == was_on:
            return f"two changes on {row.from_on}"
        if row.from_phase != before:
            return f"on {row.from_on} from {row.from_phase or 'nothing'}, was {before or 'nothing'}"
        since = row.from_on if row.phase != before else since
        before, was_on = row.phase, row.from_on
    if state.phase is None:
        return None
    last = history[-1] if history else None
    if last is None or (last.phase, last.sub) != (state.phase, state.sub):
        return f"is {state.phase}, the history ends with {last.phase if last else 'nothing'}"
    return f"since {state.since_on}, the history says {since}" if since != state.since_on else None


def _wrong_phases(session: Session, examined: Examined) -> Iterator[str]:
    """People whose phase is another one when it is decided anew from the facts.

    Asked on the day of the last look and on the last day for which that look still speaks.
    """
    last_runs = _last_runs(session, examined.clubs)
    for club_id in examined.clubs:
        club = get_club(session, club_id)
        rules = rules_of(club.settings)
        states = session.execute(
            select(
                MemberState.person_id,
                MemberState.phase,
                MemberState.sub,
                MemberState.risk,
                MemberState.evaluated_on,
                MemberState.next_check_on,
            )
            .where(
                MemberState.club_id == club_id,
                MemberState.evaluated_on.is_not(None),
                MemberState.dirty_seq == MemberState.clean_seq,
            )
            .order_by(MemberState.person_id)
        ).all()
        sample = states[:: max(1, len(states) // SAMPLE)]
        last_run = last_runs.get(club_id, date.min)
        horizon = max([last_run, *(state.evaluated_on for state in sample)])
        firsts = {state.person_id: day_no(state.evaluated_on) for state in sample}
        facts = read_facts(session, club, firsts, horizon)
        for state in sample:
            for day in _days_to_ask(state, last_run):
                now = evaluate(facts[state.person_id], day_no(day), rules)
                if (now.phase, now.sub, now.risk) != (state.phase, state.sub, state.risk):
                    was = f"{state.phase}/{state.sub or '-'}/{state.risk}"
                    should = f"{now.phase}/{now.sub or '-'}/{now.risk}"
                    yield f"person {state.person_id} ({was}, should be {should} on {day})"
                    break


def _days_to_ask(state: Any, last_run: date) -> list[date]:
    last = last_run
    if state.next_check_on is not None:
        last = min(last, state.next_check_on - timedelta(days=1))
    days = [state.evaluated_on]
    return [*days, last] if last > state.evaluated_on else days


def _stuck_runs(examined: Examined) -> Any:
    return (
        select(DailyRun.on, DailyRun.club_id.label("club"), DailyRun.state.label("state"))
        .where(
            DailyRun.club_id.in_(examined.clubs),
            or_(
                DailyRun.state == DailyRunState.STOPPED,
                and_(
                    DailyRun.state == DailyRunState.RUNNING,
                    DailyRun.started_at < examined.now - RUN_AT_MOST,
                ),
            ),
        )
        .order_by(DailyRun.on)
    )


INVARIANTS: tuple[Invariant, ...] = (
    Invariant(
        "retention.followed",
        _l("A state is kept of everybody who has or had a membership."),
        rows_of("person", _not_followed),
    ),
    Invariant(
        "retention.on_time",
        _l("The last daily run looked at everybody whose day had come."),
        _overdue,
    ),
    Invariant(
        "retention.history",
        _l("Everybody’s phase history runs without a gap up to the phase of today."),
        _broken_histories,
    ),
    Invariant(
        "retention.phases",
        _l("Everybody is in the phase that the facts say."),
        _wrong_phases,
    ),
    Invariant(
        "retention.runs",
        _l("No daily run is stuck or waits to be allowed."),
        rows_of("run of", _stuck_runs),
    ),
)
"""The invariants of the life cycle."""
