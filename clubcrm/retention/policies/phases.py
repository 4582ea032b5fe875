"""In which phase somebody is on a day. The first that matches wins.

    pending, lost, lapsed, grace      no term runs
    frozen, leaving, renewal          the term itself says it
    won_back, adaptation              the age of the spell says it
    sleeping, at_risk, active         the visits say it

`evaluate` is a pure function of facts and day: it remembers nothing, so that a rebuild always equals
what was kept up to date step by step, and a visit that becomes known late simply changes the answer.
"""

from collections.abc import Sequence

from clubcrm.members.states import PlanKind
from clubcrm.retention.policies import clocks
from clubcrm.retention.policies.facts import FAR, Facts, Term
from clubcrm.retention.policies.known import Known, Span, Spell, known_on
from clubcrm.retention.policies.measures import Measures, last_visit_by, measure
from clubcrm.retention.policies.risk import is_drop, is_gap, risk_of, spell_figures
from clubcrm.retention.policies.rules import DEFAULTS, Rules
from clubcrm.retention.policies.standing import NOBODY, Because, Standing
from clubcrm.retention.policies.terms import has_successor, visits_left_on, window
from clubcrm.retention.states import Phase, Reason, Status, Sub


def evaluate(facts: Facts, day: int, rules: Rules = DEFAULTS) -> Standing:
    """Where a person stands on a day (a day number), why, and when to ask again.

    The phase is None for whoever has no access term on the books by that day, and for whoever must not
    be contacted at all. The facts must hold the visits of `LOOK_BACK` days before the day.
    """
    if facts.is_gone:
        return NOBODY
    known = known_on(facts, day, rules)
    running = [span for span in known.spans if span.starts <= day < span.end]
    if not running:
        return _without_a_term(facts, known, day, rules)
    current = running[0]
    if len(running) > 1:
        current = max(running, key=lambda span: (span.end, span.starts, span.term.id))
    spell = known.spell_on(day)
    assert spell is not None  # a running term began by this day
    back = _frozen_until(running, day)
    if back is not None:
        return _frozen(facts, known, spell, current, back, day, rules)
    return _running(facts, known, spell, current, day, rules)


def _without_a_term(facts: Facts, known: Known, day: int, rules: Rules) -> Standing:
    """Pending, grace, lapsed, lost, or nobody's member yet."""
    last_visit = last_visit_by(facts, day)
    coming = next((span for span in known.spans if span.starts > day), None)
    if coming is not None:
        spell = next(s for s in known.spells if s.end > day and s.end >= coming.end)
        return Standing(
            phase=Phase.PENDING,
            status=_status(spell, day, rules),
            reasons=((Reason.STARTS_LATER, {"on": coming.starts, "days": coming.starts - day}),),
            last=last_visit,
            ends=_last_day(coming.end),
            spell_start=spell.start,
            renewals=spell.renewals,
            next_check=clocks.first_after(
                day,
                coming.starts,
                known.next_change,
                clocks.next_visit(facts, day),
                spell.start + rules.loyal_after,
            ),
        )
    if not known.spans:
        coming_visit = clocks.next_visit(facts, day)
        return Standing(
            last=last_visit, next_check=clocks.first_after(day, known.next_change, coming_visit)
        )
    last = max(known.spans, key=lambda span: (span.end, span.starts))
    spell = known.spells[-1]
    dse = day - last.end + 1
    if dse > rules.lost_after:
        phase = Phase.LOST
    elif dse > rules.grace or last.term.kind is PlanKind.ROLLING:
        # Whoever cancelled said so; only what was bought ahead and ran out has a time of grace.
        phase = Phase.LAPSED
    else:
        phase = Phase.GRACE
    ended = last.end - 1
    return Standing(
        phase=phase,
        status=_status(spell, day, rules) if phase is Phase.GRACE else Status.LOST,
        reasons=((Reason.ENDED, {"days": dse, "on": ended}),),
        dse=dse,
        last=last_visit,
        ends=ended,
        spell_start=spell.start,
        renewals=spell.renewals,
        next_check=clocks.first_after(
            day,
            known.next_change,
            clocks.next_visit(facts, day),
            ended + rules.grace + 1,
            ended + rules.lost_after + 1,
            spell.start + rules.loyal_after,
        ),
    )


def _frozen(
    facts: Facts, known: Known, spell: Spell, current: Span, back: int, day: int, rules: Rules
) -> Standing:
    return Standing(
        phase=Phase.FROZEN,
        status=_status(spell, day, rules),
        reasons=((Reason.FREEZE, {"back_on": back, "days": back - day}),),
        dte=None if current.end == FAR else current.end - 1 - day,
        last=last_visit_by(facts, day),
        ends=_last_day(current.end),
        spell_start=spell.start,
        renewals=spell.renewals,
        next_check=clocks.first_after(
            day,
            known.next_bound(day),
            known.next_change,
            clocks.next_visit(facts, day),
            spell.start + rules.loyal_after,
        ),
    )


def _running(
    facts: Facts, known: Known, spell: Spell, current: Span, day: int, rules: Rules
) -> Standing:
    """A running, unfrozen member: the term first, then the age of the spell, then the visits."""
    term = current.term
    m = measure(facts, known, spell, term.plan_id, day, rules)
    spell_day = day - spell.start
    is_new = spell.is_newcomer and spell_day < rules.adaptation
    risk, concerns = risk_of(m, spell, day, is_new=is_new, rules=rules)
    dte = None if current.end == FAR else current.end - 1 - day
    because: tuple[Because, ...]
    phase, sub, because = _by_term(known, current, dte, day, rules)
    if phase is None:
        phase, sub, because = _by_spell(known, spell, m, day, is_new, rules)
    if phase is None:
        phase, sub, because = _by_visits(m, rules)
    said = {reason for reason, _ in because}
    return Standing(
        phase=phase,
        sub=sub,
        status=_status(spell, day, rules),
        risk=risk,
        has_habit=m.has_habit,
        reasons=because + tuple(concern for concern in concerns if concern[0] not in said),
        gap=m.gap,
        v28=m.v28,
        v14=m.v14,
        base=m.base,
        gap_limit=m.gap_limit,
        drop_limit=m.drop_limit,
        dte=dte,
        last=m.last,
        ends=_last_day(current.end),
        spell_start=spell.start,
        renewals=spell.renewals,
        next_check=clocks.next_check(facts, known, spell, current, m, day, rules),
    )


Decided = tuple[Phase | None, Sub | None, tuple[Because, ...]]


def _by_term(known: Known, current: Span, dte: int | None, day: int, rules: Rules) -> Decided:
    """Leaving and renewal. Neither where a successor is sold already."""
    term = current.term
    has_notice = term.notice <= day and dte is not None
    left = visits_left_on(term, day) if term.kind is PlanKind.PACK else None
    is_due = _is_due(term, dte, left, rules)
    if not (has_notice or is_due) or has_successor(known.spans, current, rules):
        return None, None, ()
    if has_notice:
        figures = {"days": dte, "on": current.end - 1}
        return Phase.LEAVING, None, ((Reason.NOTICE, figures),)
    if left is not None and left <= rules.pack_visits:
        return Phase.RENEWAL, None, ((Reason.FEW_VISITS_LEFT, {"left": left}),)
    return Phase.RENEWAL, None, ((Reason.WINDOW, {"days": dte, "on": current.end - 1}),)


def _is_due(term: Term, dte: int | None, left: int | None, rules: Rules) -> bool:
    if term.auto_renew and not rules.auto_window:
        return False
    if left is not None and left <= rules.pack_visits:
        return True
    return dte is not None and dte <= window(term, rules)


def _by_spell(
    known: Known, spell: Spell, m: Measures, day: int, is_new: bool, rules: Rules
) -> Decided:
    """Won back and adaptation."""
    spell_day = day - spell.start
    figures = spell_figures(spell, day)
    if spell is not known.spells[0]:
        if spell_day >= rules.won_back:
            return None, None, ()
        before = known.spells[known.spells.index(spell) - 1]
        figures["away"] = spell.first - before.end
        return Phase.WON_BACK, None, ((Reason.CAME_BACK, figures),)
    if not is_new:
        return None, None, ()
    if not m.has_started:
        return (
            Phase.ADAPTATION,
            Sub.NOT_STARTED,
            ((Reason.NO_VISIT_YET, figures),),
        )
    sub = Sub.EARLY if spell_day < rules.early else Sub.SETTLING
    return Phase.ADAPTATION, sub, ((Reason.NEW, figures),)


def _by_visits(m: Measures, rules: Rules) -> Decided:
    """Sleeping, at risk or active; the reasons of the first two are those of the risk."""
    if m.gap >= rules.sleeping_gap:
        return Phase.SLEEPING, None, ()
    if is_gap(m) or is_drop(m):
        return Phase.AT_RISK, None, ()
    if m.v28 >= rules.core_visits:
        sub = Sub.CORE
    elif m.v28 >= rules.regular_visits:
        sub = Sub.REGULAR
    else:
        sub = Sub.LIGHT
    figures = {"base": m.base, "v28": m.v28}
    return Phase.ACTIVE, sub, ((Reason.AT_OWN_PATTERN, figures),)


def _frozen_until(running: Sequence[Span], day: int) -> int | None:
    """The first day back of the freeze that covers the day; None when some term is not frozen."""
    back = FAR
    for span in running:
        until = next((b for frozen, b in span.term.freezes if frozen <= day < b), None)
        if until is None:
            return None
        back = min(back, until)
    return back


def _status(spell: Spell, day: int, rules: Rules) -> Status:
    is_loyal = spell.renewals > 0 or day - spell.start >= rules.loyal_after
    return Status.LOYAL if is_loyal else Status.ACTIVE


def _last_day(end: int) -> int | None:
    return None if end == FAR else end - 1
