"""What each fact does at each kind of entrance: one table, which a club may change."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import timedelta
from typing import Any, Final

from clubcrm.visits.states import Effect, Fact, PointKind

_N, _M, _B = Effect.NOTHING, Effect.MESSAGE, Effect.BLOCK

Matrix = Mapping[Fact, Mapping[PointKind, Effect]]

_TABLE: Final = (
    #                      desk kiosk door
    (Fact.NO_CONTACT, _B, _B, _B),
    (Fact.CLUB_CLOSED, _M, _B, _B),
    (Fact.NO_MEMBERSHIP, _B, _B, _B),
    (Fact.WRONG_CLUB, _B, _B, _B),
    (Fact.NOT_STARTED, _B, _B, _B),
    (Fact.EXPIRED, _B, _B, _B),
    (Fact.FROZEN, _B, _B, _B),
    (Fact.NO_VISITS_LEFT, _B, _B, _B),
    (Fact.WRONG_HOURS, _B, _B, _B),
    (Fact.DEBT, _B, _B, _B),
    (Fact.ENDS_SOON, _M, _M, _N),
    (Fact.FEW_VISITS_LEFT, _M, _M, _N),
    (Fact.FIRST_VISIT, _M, _M, _N),
    (Fact.BIRTHDAY, _M, _M, _N),
)
# A debt within its grace never stops anybody: its effect is at most a message.

DEFAULT_MATRIX: Final[Matrix] = {
    fact: dict(zip((PointKind.DESK, PointKind.KIOSK, PointKind.DOOR), effects, strict=True))
    for fact, *effects in _TABLE
}
"""Fact x kind of entrance -> effect. Reasons are given in the order of its rows."""

INFO: Final = frozenset({Fact.FIRST_VISIT, Fact.BIRTHDAY})
"""Facts that are said without making the answer a warning."""

RANK: Final = {Effect.NOTHING: 0, Effect.MESSAGE: 1, Effect.BLOCK: 2}


@dataclass(frozen=True)
class EntryRules:
    """A club's rules of the door: the matrix and its numbers."""

    matrix: Matrix = field(default_factory=lambda: DEFAULT_MATRIX)
    by_plan: Mapping[int, Matrix] = field(default_factory=dict)  # plan -> what is different there
    debt_grace_minor: int = 0  # owed up to this much, nobody is stopped
    ends_soon_days: int = 14
    few_visits: int = 2
    inside: timedelta = timedelta(hours=4)  # after that nobody is taken to be inside
    re_entry: timedelta = timedelta(minutes=15)  # back this soon after leaving: the same visit

    def effect(self, fact: Fact, point: PointKind, plan_id: int | None = None) -> Effect:
        """What a fact does at this kind of entrance to whoever has a plan."""
        own = self.by_plan.get(plan_id, {}) if plan_id is not None else {}
        if point in own.get(fact, {}):
            return own[fact][point]
        return self.matrix.get(fact, {}).get(point, Effect.NOTHING)


def entry_rules(settings: Mapping[str, Any]) -> EntryRules:
    """The rules of a club: the defaults, with what its settings say under `entry`.

    `{"matrix": {"debt": {"desk": "message"}}, "debt_grace_minor": 2000, "ends_soon_days": 21,
    "few_visits": 1, "inside_minutes": 360, "plans": {"12": {"debt": {"door": "nothing"}}}}`. Words nobody
    knows are passed over.
    """
    said = settings.get("entry")
    if not isinstance(said, Mapping):
        return EntryRules()
    rules = EntryRules()
    return EntryRules(
        matrix=_changed(said.get("matrix")),
        by_plan=_of_plans(said.get("plans")),
        debt_grace_minor=_number(said, "debt_grace_minor", rules.debt_grace_minor),
        ends_soon_days=_number(said, "ends_soon_days", rules.ends_soon_days),
        few_visits=_number(said, "few_visits", rules.few_visits),
        inside=timedelta(
            minutes=_number(said, "inside_minutes", int(rules.inside.total_seconds() // 60))
        ),
    )


def _number(said: Mapping[str, Any], name: str, default: int) -> int:
    value = said.get(name, default)
    return value if type(value) is int and value >= 0 else default


def _changed(said: Any) -> Matrix:
    own = _cells(said)
    return {fact: {**effects, **own.get(fact, {})} for fact, effects in DEFAULT_MATRIX.items()}


def _of_plans(said: Any) -> Mapping[int, Matrix]:
    if not isinstance(said, Mapping):
        return {}
    return {int(plan): _cells(own) for plan, own in said.items() if str(plan).isdecimal()}


def _cells(said: Any) -> Matrix:
    """The cells that are told in words one knows."""
    found: dict[Fact, dict[PointKind, Effect]] = {}
    if not isinstance(said, Mapping):
        return found
    for fact, effects in DEFAULT_MATRIX.items():
        row = said.get(fact.value)
        for point in effects:
            word = row.get(point.value) if isinstance(row, Mapping) else None
            if word in set(Effect):
                found.setdefault(fact, {})[point] = Effect(word)
    return found
