"""Reading the life cycle: where somebody stands today and why, how it came, and how many stand where."""

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date, datetime
from typing import Any, cast

from sqlalchemy import BindParameter, Table, bindparam, func, select
from sqlalchemy.orm import Session

from clubcrm.accounts.queries import ClubRow, get_club
from clubcrm.core.calendars import CalendarName
from clubcrm.core.days import day_no, day_of
from clubcrm.core.errors import NotFound
from clubcrm.core.prepared import Prepared
from clubcrm.members.models import Person
from clubcrm.retention.facts import read_facts
from clubcrm.retention.models import DailyRun, MemberState, PhaseChange
from clubcrm.retention.policies import NOBODY, WALK_BACK, evaluate, rules_of
from clubcrm.retention.policies.history import Walked, since_before, walk
from clubcrm.retention.policies.standing import measures_of, plain_figures
from clubcrm.retention.states import DailyRunState, Phase, Reason, Risk, Status, Sub, Transition
from clubcrm.retention.words import reason_text

_state = cast(Table, MemberState.__table__)
_change = cast(Table, PhaseChange.__table__)
_person = cast(Table, Person.__table__)

# Every card and every list asks these: they are put together once.
_PEOPLE: BindParameter[int] = bindparam("people", expanding=True)
_AT_HOME = Prepared(select(_person.c.id, _person.c.home_club_id).where(_person.c.id.in_(_PEOPLE)))
_STATES = Prepared(select(_state).where(_state.c.person_id.in_(_PEOPLE)))
_HISTORY = Prepared(
    select(_change.c.person_id, _change.c.from_on, _change.c.phase)
    .where(_change.c.person_id.in_(_PEOPLE), _change.c.superseded_at.is_(None))
    .order_by(_change.c.person_id, _change.c.from_on, _change.c.id)
)


@dataclass(frozen=True)
class StandingRow:
    """Where somebody stands on a day. `because` are codes with figures, strongest first."""

    phase: Phase | None = None
    sub: Sub | None = None
    status: Status = Status.POTENTIAL
    risk: Risk = Risk.NONE
    has_habit: bool = False
    since_on: date | None = None
    because: tuple[tuple[Reason, Mapping[str, Any]], ...] = ()
    measures: Mapping[str, Any] = field(default_factory=dict)
    renewals: int = 0
    ends_on: date | None = None
    last_visit_on: date | None = None
    on: date | None = None
    calendar: CalendarName | None = None

    @property
    def reasons(self) -> list[str]:
        """The reasons in the reader's language."""
        return [
            reason_text(code, figures, today=self.on, calendar=self.calendar)
            for code, figures in self.because
        ]


@dataclass(frozen=True)
class PhaseRow:
    """A row of the phase history; the phase holds until the next row."""

    id: int
    from_on: date
    transition: Transition
    from_phase: Phase | None
    phase: Phase
    sub: Sub | None
    risk: Risk
    reason: Reason
    measures: Mapping[str, Any]
    recorded_at: datetime
    superseded_at: datetime | None


@dataclass(frozen=True)
class RunRow:
    """The daily run of a club's day."""

    on: date
    state: DailyRunState
    looked_at: int
    changed: int
    note: str


def standing_of(session: Session, person_id: int, day: date) -> StandingRow:
    """Where somebody stands on a day, by the facts as they are now; raises NotFound for nobody.

    Decided anew from the facts, so it is right even where the person is marked and no run has looked
    yet. Days before the first one looked at are answered as that one.
    """
    found = standings_of(session, [person_id], day)
    if person_id not in found:
        raise NotFound
    return found[person_id]


def standing_at(session: Session, club: ClubRow, person_id: int, day: date) -> StandingRow:
    """The same for somebody whose home is known to be this club."""
    return _standings_at(session, club, [person_id], day)[person_id]


def standings_of(
    session: Session, person_ids: Collection[int], day: date
) -> dict[int, StandingRow]:
    """The same for many people, by id: as many statements for a page of them as for one."""
    homes: dict[int, list[int]] = {}
    for person_id, club_id in _AT_HOME.all(session, {"people": person_ids}):
        homes.setdefault(club_id, []).append(person_id)
    found: dict[int, StandingRow] = {}
    for club_id, ids in homes.items():
        found |= _standings_at(session, get_club(session, club_id), ids, day)
    return found


def _standings_at(
    session: Session, club: ClubRow, ids: Sequence[int], day: date
) -> dict[int, StandingRow]:
    """Where people of one club stand."""
    kept = _STATES.all(session, {"people": ids})
    states = {row.person_id: row for row in kept}
    unsure = {one: _first_unsure(states.get(one), day_no(day)) for one in ids}
    firsts = {one: max(start - 1, baseline) for one, (start, baseline) in unsure.items()}
    facts_of = read_facts(session, club, firsts, day, look_back=WALK_BACK)
    rules = rules_of(club.settings)
    later = [one for one, (start, baseline) in unsure.items() if start > baseline]
    history = _history(session, [one for one in later if not facts_of[one].is_gone])
    found: dict[int, StandingRow] = {}
    for person_id, (start, baseline) in unsure.items():
        facts = facts_of[person_id]
        if facts.is_gone:
            found[person_id] = StandingRow(on=day)
            continue
        before, since = NOBODY, None
        if start > baseline:
            before = evaluate(facts, start - 1, rules)
            since = since_before(history.get(person_id, []), start)
        walked = walk(
            facts,
            start,
            day_no(day),
            before=before,
            since=since,
            baseline=baseline,
            rules=rules,
        )
        found[person_id] = _row(walked, day, club)
    return found


def _first_unsure(state: Any, day: int) -> tuple[int, int]:
    """(the first day up to `day` of which the kept history says too little, the baseline)."""
    if state is None or day_no(state.baseline_on) >= day:
        return day, day
    baseline = day_no(state.baseline_on)
    if state.evaluated_on is None:
        return baseline, baseline
    start = min(day, day_no(state.evaluated_on))
    if state.dirty_seq != state.clean_seq and state.dirty_from_on is not None:
        start = min(start, day_no(state.dirty_from_on))
    return max(start, baseline), baseline


def _history(
    session: Session, person_ids: Sequence[int]
) -> dict[int, list[tuple[int, Phase | None]]]:
    """(first day, phase) of the kept history of people, oldest first."""
    found: dict[int, list[tuple[int, Phase | None]]] = {}
    if not person_ids:
        return found
    for person_id, from_on, phase in _HISTORY.all(session, {"people": person_ids}):
        found.setdefault(person_id, []).append((day_no(from_on), phase))
    return found


def _row(walked: Walked, day: date, club: ClubRow) -> StandingRow:
    standing = walked.standing
    if standing is NOBODY:
        return StandingRow(on=day)
    return StandingRow(
        phase=standing.phase,
        sub=standing.sub,
        status=standing.status,
        risk=standing.risk,
        has_habit=standing.has_habit,
        since_on=None if walked.since is None else day_of(walked.since),
        because=tuple((code, plain_figures(figures)) for code, figures in standing.reasons),
        measures=measures_of(standing),
        renewals=standing.renewals,
        ends_on=None if standing.ends is None else day_of(standing.ends),
        last_visit_on=None if standing.last is None else day_of(standing.last),
        on=day,
        calendar=cast(CalendarName, club.calendar),
    )


_OF_ONE = (
    select(*(_change.c[name] for name in PhaseRow.__dataclass_fields__))
    .where(_change.c.person_id == bindparam("person"))
    .order_by(_change.c.from_on, _change.c.id)
)
_ALL_PHASES = Prepared(_OF_ONE)
_PHASES = Prepared(_OF_ONE.where(_change.c.superseded_at.is_(None)))


def phase_history_of(
    session: Session, person_id: int, *, with_superseded: bool = False
) -> list[PhaseRow]:
    """The phases of somebody, oldest first; with what late facts put right where it is asked for."""
    query = _ALL_PHASES if with_superseded else _PHASES
    return [PhaseRow(*row) for row in query.all(session, {"person": person_id})]


def people_in_phase(session: Session, club_ids: Collection[int]) -> dict[Phase | None, int]:
    """How many people of some clubs stand in each phase; None for those who are no members yet."""
    query = (
        select(MemberState.phase, func.count())
        .where(MemberState.club_id.in_(club_ids))
        .group_by(MemberState.phase)
    )
    return {row[0]: row[1] for row in session.execute(query)}


def runs_of(session: Session, club_id: int, *, most: int = 30) -> list[RunRow]:
    """The latest daily runs of a club, newest first."""
    query = (
        select(DailyRun).where(DailyRun.club_id == club_id).order_by(DailyRun.on.desc()).limit(most)
    )
    return [
        RunRow(run.on, run.state, run.looked_at, run.changed, run.note)
        for run in session.scalars(query)
    ]


def stopped_runs(session: Session, club_ids: Sequence[int]) -> list[tuple[int, RunRow]]:
    """(club, run) of the daily runs that wait for somebody to allow them."""
    query = (
        select(DailyRun)
        .where(DailyRun.club_id.in_(club_ids), DailyRun.state == DailyRunState.STOPPED)
        .order_by(DailyRun.on)
    )
    return [
        (run.club_id, RunRow(run.on, run.state, run.looked_at, run.changed, run.note))
        for run in session.scalars(query)
    ]
