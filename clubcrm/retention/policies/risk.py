"""The overlay kept in every running phase: none, watch or high, each with its reasons."""

from clubcrm.retention.policies.known import Spell
from clubcrm.retention.policies.measures import FULL_MONTH, MONTH, Measures
from clubcrm.retention.policies.rules import Rules
from clubcrm.retention.policies.standing import Because
from clubcrm.retention.states import Reason, Risk


def is_gap(m: Measures) -> bool:
    """Longer away than three of his own mean intervals."""
    return m.gap >= m.gap_limit


def is_drop(m: Measures) -> bool:
    """At most half of his own pattern in 28 days, and unlikely by chance."""
    return m.drop_limit is not None and m.v28 <= m.drop_limit


def is_slow_start(m: Measures, spell_day: int, rules: Rules) -> bool:
    """Fewer visit-days in the last 28 than a start needs, by the days on which one could come."""
    return (
        spell_day >= MONTH
        and m.known_days >= MONTH
        and m.v28 * FULL_MONTH < rules.start_visits * m.counted28
    )


def risk_of(
    m: Measures, spell: Spell, day: int, *, is_new: bool, rules: Rules
) -> tuple[Risk, tuple[Because, ...]]:
    """The risk and what speaks for it, strongest first.

    One of gap or drop is watch; both, sleeping, or a bad start of a newcomer is high.
    """
    because: list[Because] = _bad_start(m, spell, day, rules) if is_new else []
    is_bad_start = bool(because)
    gap, drop = is_gap(m), is_drop(m)
    is_asleep = m.gap >= rules.sleeping_gap
    said = {reason for reason, _ in because}
    if is_asleep:
        because.append((Reason.LONG_GAP, gap_figures(m, day)))
    elif gap and not said & {Reason.GAP, Reason.NO_VISIT_YET}:
        because.append((Reason.GAP, gap_figures(m, day)))
    if drop and Reason.SLOW_START not in said:
        because.append((Reason.DROP, drop_figures(m)))
    if is_asleep or is_bad_start or (gap and drop):
        return Risk.HIGH, tuple(because)
    return (Risk.WATCH if gap or drop else Risk.NONE), tuple(because)


def _bad_start(m: Measures, spell: Spell, day: int, rules: Rules) -> list[Because]:
    """What makes a newcomer's start a bad one: no visit in a week, ten days away, or too few visits."""
    because: list[Because] = []
    if not m.has_started and m.gap >= rules.first_visit_by:
        because.append((Reason.NO_VISIT_YET, spell_figures(spell, day)))
    if m.has_started and m.gap >= rules.adaptation_gap:
        because.append((Reason.GAP, gap_figures(m, day)))
    elif is_slow_start(m, day - spell.start, rules):
        because.append((Reason.SLOW_START, {"v28": m.v28}))
    return because


def gap_figures(m: Measures, day: int) -> dict[str, int | None]:
    """The figures of an absence: days away as of a day, and the usual days between two visits."""
    usual = max(1, round(7 / m.base))
    return {"gap": m.gap, "usual": usual, "last_on": m.last, "seen_on": day}


def spell_figures(spell: Spell, day: int) -> dict[str, int]:
    """How long somebody has been a member in this spell."""
    return {"days": day - spell.start, "on": spell.start}


def drop_figures(m: Measures) -> dict[str, int]:
    """The figures of a drop: visit-days in 28 and how many there usually are."""
    return {"v28": m.v28, "usual": round(m.base * m.counted28 / 700)}
