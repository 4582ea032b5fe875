"""From a standing to the rows that are written down."""

from datetime import date, datetime
from typing import Any

from clubcrm.core.days import day_of
from clubcrm.retention.policies.history import Move, Walked
from clubcrm.retention.policies.standing import measures_of, plain_reason
from clubcrm.retention.states import Reason, Transition


def state_row(
    person_id: int, day: int, seen_seq: int, walked: Walked, value_minor: int | None
) -> dict[str, Any]:
    """The values of a member's state after a look on a day, named for the statement that writes them."""
    standing = walked.standing
    return {
        "who": person_id,
        "seen_seq": seen_seq,
        "new_phase": standing.phase,
        "new_sub": standing.sub,
        "new_risk": standing.risk,
        "new_status": standing.status,
        "new_since_on": _day(walked.since),
        "new_reasons": [plain_reason(because) for because in standing.reasons],
        "new_base": standing.base,
        "new_has_habit": standing.has_habit,
        "new_v28": standing.v28,
        "new_last_visit_on": _day(standing.last),
        "new_ends_on": _day(standing.ends),
        "new_spell_from_on": _day(standing.spell_start),
        "new_value_minor": value_minor,
        "new_evaluated_on": day_of(day),
        "new_next_check_on": _day(standing.next_check),
    }


def change_row(club_id: int, person_id: int, move: Move, now: datetime) -> dict[str, Any]:
    """A row of the phase history."""
    standing = move.standing
    is_baseline = move.transition is Transition.IMPORTED
    return {
        "club_id": club_id,
        "person_id": person_id,
        "transition": move.transition,
        "from_phase": move.from_phase,
        "phase": standing.phase,
        "sub": standing.sub,
        "risk": standing.risk,
        "from_on": day_of(move.on),
        "reason": Reason.IMPORTED if is_baseline else standing.reasons[0][0],
        "measures": measures_of(standing) | move.figures,
        "recorded_at": now,
        "superseded_at": None,
    }


def _day(number: int | None) -> date | None:
    return None if number is None else day_of(number)
