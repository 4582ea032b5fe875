"""Looking again: whose facts changed, or whose next clock has come, is decided anew and written down."""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime
from typing import Any, NamedTuple, cast

from sqlalchemy import BindParameter, Table, bindparam, case, select, update
from sqlalchemy.orm import Session

from clubcrm.accounts.queries import get_club
from clubcrm.core.actor import ENGINE
from clubcrm.core.days import day_no, day_of
from clubcrm.core.events import record
from clubcrm.core.sql import insert_many, skip_locked
from clubcrm.retention.events import PhaseChanged
from clubcrm.retention.facts import read_facts
from clubcrm.retention.models import MemberState, PhaseChange
from clubcrm.retention.operations.rows import change_row, state_row
from clubcrm.retention.policies import NOBODY, WALK_BACK, Facts, Rules, evaluate, rules_of
from clubcrm.retention.policies.history import Move, Walked, since_before, walk
from clubcrm.retention.policies.worth import yearly_value
from clubcrm.retention.states import Phase, Sub, Transition

MOST = 5000

_state = cast(Table, MemberState.__table__)
_change = cast(Table, PhaseChange.__table__)


@dataclass(frozen=True, slots=True)
class Looked:
    """What a look did: people looked at, and of those seen before how many came into another phase."""

    looked_at: int = 0
    changed: int = 0


class _Picked(NamedTuple):
    """A person to look at, as the last look left him. Days are numbers."""

    person_id: int
    is_imported: bool
    baseline: int
    phase: Phase | None
    since: int | None
    evaluated: int | None
    dirty_seq: int
    start: int  # the first day to go through again
    last: int  # the last one


class _Past(NamedTuple):
    """A row of the history that stands."""

    id: int
    on: int
    transition: Transition
    from_phase: Phase | None
    phase: Phase
    sub: Sub | None

    @property
    def key(self) -> tuple[Any, ...]:
        """What it says, as `Move.key`."""
        return self.on, self.transition, self.from_phase, self.phase, self.sub


# What the daily run asks of each part of a club is put together once.
_MOST: BindParameter[int] = bindparam("most")
_HERE = (
    select(
        _state.c.person_id,
        _state.c.is_imported,
        _state.c.baseline_on,
        _state.c.phase,
        _state.c.since_on,
        _state.c.evaluated_on,
        _state.c.next_check_on,
        _state.c.dirty_seq,
        _state.c.clean_seq,
        _state.c.dirty_from_on,
    )
    .where(_state.c.club_id == bindparam("club"), _state.c.baseline_on <= bindparam("day"))
    .limit(_MOST)
)
_MARKED = _HERE.where(_state.c.dirty_seq != _state.c.clean_seq)
_DUE = _HERE.where(_state.c.next_check_on <= bindparam("day"))
_TOUCHED = select(_change.c.person_id).where(
    _change.c.person_id.in_(bindparam("people", expanding=True)),
    _change.c.from_on >= bindparam("earliest"),
    _change.c.superseded_at.is_(None),
)
_HISTORY = (
    select(
        _change.c.id,
        _change.c.person_id,
        _change.c.from_on,
        _change.c.transition,
        _change.c.from_phase,
        _change.c.phase,
        _change.c.sub,
    )
    .where(
        _change.c.person_id.in_(bindparam("people", expanding=True)),
        _change.c.superseded_at.is_(None),
    )
    .order_by(_change.c.from_on, _change.c.id)
)


def look_again(
    session: Session, club_id: int, day: date, *, most: int = MOST, now: datetime
) -> Looked:
    """Decide anew about at most `most` people who are marked or due by a day; says how many it were.

    Each is gone through from the first day that may read differently to the day (or to the last day
    looked at before, where that is later). History rows that are no longer true are superseded, never
    changed. Rows another worker holds are passed over. Looking twice changes nothing more.
    """
    club = get_club(session, club_id)
    picked = _pick(session, club_id, day, most)
    if not picked:
        return Looked()
    rules = rules_of(club.settings)
    last = max(one.last for one in picked)
    firsts = {one.person_id: max(one.start - 1, one.baseline) for one in picked}
    facts = read_facts(
        session,
        club,
        firsts,
        day_of(last),
        look_back=WALK_BACK,
        # On a missed day people have come since. The mark of that is taken back here, so that their
        # next clock has to ring for it.
        with_next=day_of(last) < club.today(now),
    )
    past = _past(session, picked)
    states: list[dict[str, Any]] = []
    gone: list[int] = []
    new: list[tuple[int, Move]] = []
    changed = 0
    for one in picked:
        held = past.get(one.person_id, ())
        walked = _decide(one, facts[one.person_id], held, rules)
        value = yearly_value(facts[one.person_id], one.last)
        states.append(state_row(one.person_id, one.last, one.dirty_seq, walked, value))
        fresh: list[Move] = []
        if not facts[one.person_id].is_gone:
            superseded, fresh = _differences(walked.moves, held, one.start)
            gone += superseded
            new += [(one.person_id, move) for move in fresh]
        changed += _is_changed(one, walked, fresh)
    _supersede(session, gone, now)
    _write_changes(session, club_id, new, now)
    _write_states(session, states)
    return Looked(len(picked), changed)


def _pick(session: Session, club_id: int, day: date, most: int) -> list[_Picked]:
    """The people to look at, each row held until the transaction ends."""
    asked = {"club": club_id, "day": day, "most": most}
    rows = list(session.execute(skip_locked(session, _MARKED), asked))
    if len(rows) < most:
        seen = {row.person_id for row in rows}
        due = session.execute(skip_locked(session, _DUE), {**asked, "most": most - len(rows)})
        rows += [row for row in due if row.person_id not in seen]
    return [_picked(row, day_no(day)) for row in rows]


def _picked(row: Any, day: int) -> _Picked:
    baseline = row.baseline_on.toordinal()
    evaluated = None if row.evaluated_on is None else row.evaluated_on.toordinal()
    starts = []
    if row.next_check_on is not None:
        starts.append(row.next_check_on.toordinal())
    if evaluated is None:
        starts.append(baseline)
    elif row.dirty_seq != row.clean_seq:
        dirty = baseline if row.dirty_from_on is None else row.dirty_from_on.toordinal()
        starts.append(dirty)
    last = day if evaluated is None else max(day, evaluated)
    return _Picked(
        person_id=row.person_id,
        is_imported=row.is_imported,
        baseline=baseline,
        phase=row.phase,
        since=None if row.since_on is None else row.since_on.toordinal(),
        evaluated=evaluated,
        dirty_seq=row.dirty_seq,
        # A fact of tomorrow changes nothing yet, but the next clock may ring earlier for it.
        start=min(max(min(starts), baseline), last),
        last=last,
    )


def _past(session: Session, picked: Iterable[_Picked]) -> dict[int, list[_Past]]:
    """The history that stands of those who are gone through again, oldest first."""
    again = {p.person_id: p for p in picked if p.evaluated is not None and p.start <= p.evaluated}
    if not again:
        return {}
    earliest = day_of(min(one.start for one in again.values()))
    connection = session.connection()
    asked = {"people": sorted(again), "earliest": earliest}
    touched = {person_id for (person_id,) in connection.execute(_TOUCHED, asked)}
    found: dict[int, list[_Past]] = {}
    if not touched:
        return found
    for row in connection.execute(_HISTORY, {"people": sorted(touched)}):
        past = _Past(
            row.id, day_no(row.from_on), row.transition, row.from_phase, row.phase, row.sub
        )
        found.setdefault(row.person_id, []).append(past)
    return found


def _decide(one: _Picked, facts: Facts, held: Sequence[_Past], rules: Rules) -> Walked:
    if facts.is_gone:
        return Walked(NOBODY, None, one.baseline)
    before, since = NOBODY, None
    if one.start > one.baseline:
        before = evaluate(facts, one.start - 1, rules)
        since = _since(one, held) if before.phase is not None else None
    return walk(
        facts,
        one.start,
        one.last,
        before=before,
        since=since,
        baseline=one.baseline,
        is_import=one.is_imported,
        rules=rules,
    )


def _is_changed(one: _Picked, walked: Walked, fresh: Sequence[Move]) -> bool:
    """Whether a look moved somebody; not where it was the first, or an import told the first anew."""
    if one.evaluated is None or one.phase is None:
        return False
    is_new_baseline = any(move.transition is Transition.IMPORTED for move in fresh)
    return walked.standing.phase is not one.phase and not is_new_baseline


def _since(one: _Picked, held: Sequence[_Past]) -> int | None:
    """Since when the phase of the day before the start had held, by the history before it."""
    if not any(past.on >= one.start for past in held):
        return one.since
    return since_before(((past.on, past.phase) for past in held), one.start)


def _differences(
    moves: Sequence[Move], held: Sequence[_Past], start: int
) -> tuple[list[int], list[Move]]:
    """(rows that are no longer true, moves that no row says yet), from a day on."""
    standing = {past.key: past.id for past in held if past.on >= start}
    fresh = [move for move in moves if standing.pop(move.key, None) is None]
    return list(standing.values()), fresh


def _supersede(session: Session, ids: Sequence[int], now: datetime) -> None:
    if ids:
        session.execute(update(_change).where(_change.c.id.in_(ids)).values(superseded_at=now))


def _write_changes(
    session: Session, club_id: int, new: Sequence[tuple[int, Move]], now: datetime
) -> None:
    rows = [change_row(club_id, person_id, move, now) for person_id, move in new]
    insert_many(session, _change, rows)
    record(session, *(_event(row) for row in rows if _is_told(row)), by=ENGINE, now=now)


def _is_told(row: Mapping[str, Any]) -> bool:
    """Whether others hear of a move: no baseline of an import, and no mere change of the sub-phase."""
    if row["transition"] is Transition.IMPORTED:
        return False
    return row["transition"] is not Transition.MOVED or row["from_phase"] is not row["phase"]


def _event(row: Mapping[str, Any]) -> PhaseChanged:
    names = ("from_on", "transition", "from_phase", "phase", "sub", "risk", "reason")
    return PhaseChanged(
        club_id=row["club_id"], person_id=row["person_id"], **{name: row[name] for name in names}
    )


_WRITE_STATE = (
    update(_state)
    .where(_state.c.person_id == bindparam("who"))
    .values(
        phase=bindparam("new_phase"),
        sub=bindparam("new_sub"),
        risk=bindparam("new_risk"),
        status=bindparam("new_status"),
        since_on=bindparam("new_since_on"),
        reasons=bindparam("new_reasons"),
        base=bindparam("new_base"),
        has_habit=bindparam("new_has_habit"),
        v28=bindparam("new_v28"),
        last_visit_on=bindparam("new_last_visit_on"),
        ends_on=bindparam("new_ends_on"),
        spell_from_on=bindparam("new_spell_from_on"),
        value_minor=bindparam("new_value_minor"),
        evaluated_on=bindparam("new_evaluated_on"),
        next_check_on=bindparam("new_next_check_on"),
        clean_seq=bindparam("seen_seq"),
        # A mark that came in between keeps its day.
        dirty_from_on=case(
            (_state.c.dirty_seq == bindparam("seen_seq"), None), else_=_state.c.dirty_from_on
        ),
    )
)


def _write_states(session: Session, states: Sequence[dict[str, Any]]) -> None:
    session.connection().execute(_WRITE_STATE, states)
