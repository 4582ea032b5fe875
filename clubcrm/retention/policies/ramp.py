"""Ramp mode: what of the past is contacted at all, who comes first, and how long it takes. Pure."""

from collections.abc import Mapping, Sequence
from datetime import date, timedelta
from typing import Any, Final

from clubcrm.retention.policies.plays import PlayRules
from clubcrm.retention.policies.ranks import rank_of
from clubcrm.retention.states import Risk

PER_DAY: Final = 20
"""So many people of the backlog are contacted in a day, unless the club says otherwise."""

MOST_A_DAY: Final = 500


def line_of(row: Any, from_on: date) -> date:
    """The last day that is the past for somebody: the one of the import, or before contacts were made."""
    before = from_on - timedelta(days=1)
    if not row.is_imported:
        return before
    known_on: date = row.imported_on or row.baseline_on
    return max(known_on, before)


def in_turn(
    wanted: Mapping[int, Sequence[PlayRules]],
    standing: Mapping[int, tuple[Risk, int | None]],
) -> list[int]:
    """People in the order in which they are contacted: ranked as tasks are, then by what they bring.

    `standing` is (risk, worth a year) by person.
    """

    def key(person_id: int) -> tuple[int, int, int]:
        risk, value = standing.get(person_id, (Risk.NONE, None))
        rank = max(rank_of(rules, risk) for rules in wanted[person_id])
        return -rank, -(value or 0), person_id

    return sorted(wanted, key=key)


def days_needed(waiting: int, per_day: int) -> int | None:
    """In how many days so many people are through; never, where none is contacted."""
    if not waiting:
        return 0
    return -(-waiting // per_day) if per_day else None
