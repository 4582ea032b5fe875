"""The card of one member: what is going on, what was agreed, what is owed, what happened."""

from base64 import urlsafe_b64decode, urlsafe_b64encode
from binascii import Error as BadBase64
from collections.abc import Collection, Mapping
from dataclasses import dataclass
from datetime import date
from math import sqrt
from typing import Any, cast

from flask import flash, render_template, request, url_for
from flask_babel import gettext as _
from flask_babel import ngettext
from sqlalchemy.orm import Session
from werkzeug.wrappers import Response

from clubcrm.accounts.access import principal, requires
from clubcrm.accounts.queries import ClubRow, get_club
from clubcrm.accounts.states import Permission
from clubcrm.billing.queries import Owed, owed_on
from clubcrm.core import clock
from clubcrm.core.calendars import CalendarName
from clubcrm.core.errors import DomainError
from clubcrm.core.formats import format_number
from clubcrm.core.transactions import reading, transaction
from clubcrm.frontdesk.forms import put_refusal
from clubcrm.frontdesk.forms.people import CardForm, ConsentForm, NoteForm
from clubcrm.frontdesk.phase_line import (
    HabitScale,
    LineFacts,
    PhaseLine,
    TermSpan,
    habit_scale,
    phase_line,
)
from clubcrm.frontdesk.views import blueprint, go_to
from clubcrm.frontdesk.views.tasks import task_parts
from clubcrm.members.operations import ConsentValues, change_person, record_consents
from clubcrm.members.queries import (
    CHAIN_BREAK_DAYS,
    PersonRow,
    TermRow,
    consents_of,
    get_person,
)
from clubcrm.members.states import ConsentChannel, Link, MembershipState, PlanKind
from clubcrm.messaging.queries import tasks_of_person
from clubcrm.messaging.words import outcome_words
from clubcrm.reports.queries.people import (
    Kind,
    MemberCard,
    Timeline,
    member_card,
    tell,
    timeline_figures,
    timeline_of,
)
from clubcrm.reports.queries.tasks import TaskLine
from clubcrm.retention.queries import ContactRow, contacts_of, cycles_of
from clubcrm.retention.states import COUNTED, Phase, TouchpointState
from clubcrm.retention.words import CONTACT_STATES, contact_reason, play_words
from clubcrm.visits.operations import issue_card, replace_card, undo_visit

KINDS = tuple(Kind)
NEWEST_TERMS, MOST_TERMS = 4, 16
"""Terms that are in sight, and those that are there at a press; all the others on a page of its own."""
LATELY_DAYS = 28
"""Days that are held against the habit, so that no habit comes from them."""
NAMED_SINCE = frozenset(Phase) - {Phase.ACTIVE, Phase.ADAPTATION, Phase.PENDING}
"""The phases whose first day is worth a name on the line."""

Answer = Response | str | tuple[str, int]


@blueprint.get("/people/<int:person_id>")
@requires(Permission.SEE_MEMBERS)
def person(person_id: int) -> str:
    """The whole card."""
    scope = principal().scope(Permission.SEE_MEMBERS)
    now = clock.now()
    with reading() as session:
        card = member_card(session, person_id, scope=scope, now=now)
        timeline = timeline_of(session, card.person.id, scope=scope)
        figures = timeline_figures(session, card.person.id, scope=scope)
        work = principal().scope(Permission.WORK_TASKS)
        open_tasks = tasks_of_person(session, work, card.person.id)
        contacts = _contacts(session, card, scope)
    pay = owed_on(card.invoices, principal().scope(Permission.TAKE_PAYMENT))
    all_terms = request.args.get("terms") == "all"
    return render_template(
        "frontdesk/people/card.html",
        all_terms=all_terms,
        earlier_terms=card.terms[NEWEST_TERMS : None if all_terms else MOST_TERMS],
        task_lines=[TaskLine(task) for task in open_tasks],
        contacts=contacts,
        next=request.full_path,
        **(task_parts(card.club, card.today) if open_tasks else {}),
        card=card,
        person=card.person,
        line=_line(card),
        measures=_measures(card),
        ways=_ways(card, pay),
        followed={term.previous_id for term in card.terms},
        timeline=_shown(timeline, card.club),
        figures=figures,
        kind=None,
        kinds=KINDS,
    )


# --- contacts -------------------------------------------------------------------------------

_LOOKS: Mapping[TouchpointState, tuple[str, str]] = {
    TouchpointState.DONE: ("check", "in"),
    TouchpointState.SENT: ("check", "in"),
    TouchpointState.HELD_OUT: ("eye", "info"),
    TouchpointState.PROGRAMME_HELD_OUT: ("eye", "info"),
    TouchpointState.TASK_OPEN: ("phone", "accent"),
    TouchpointState.QUEUED: ("clock", "plain"),
    TouchpointState.PLANNED: ("hourglass", "plain"),
}
_OUT: tuple[str, str] = ("x", "plain")
HELD_OUT = frozenset({TouchpointState.HELD_OUT, TouchpointState.PROGRAMME_HELD_OUT})


@dataclass(frozen=True)
class ContactMark:
    """One contact of the present cycle: its name, its day, how it went in words, and its mark."""

    name: str
    on: date
    state: str
    why: str
    icon: str
    tone: str


def _contacts(session: Session, card: MemberCard, scope: Collection[int]) -> list[ContactMark]:
    """The contacts of the present cycle, in the order of their days.

    Who was left alone to compare is told to those alone who judge contacts.
    """
    person_id = card.person.id
    cycle_on = cycles_of(session, [person_id], card.today).get(person_id)
    if cycle_on is None:
        return []
    rows = [
        row
        for row in contacts_of(session, person_id, scope, cycle_on=cycle_on)
        if row.state not in HELD_OUT or principal().may(Permission.SEE_RETENTION, row.club_id)
    ]
    marks = [_mark(row, card) for row in rows]
    return sorted(marks, key=lambda mark: mark.on)


def _mark(row: ContactRow, card: MemberCard) -> ContactMark:
    icon, tone = _LOOKS.get(row.state, _OUT)
    why = contact_reason(row.reason)
    if row.outcome is not None:
        why = outcome_words(row.outcome)
    elif row.goal_at is not None and row.state in COUNTED:
        why = _("its aim was reached")
    return ContactMark(
        name=play_words(row.play),
        on=card.club.today(row.due_at) if row.due_at else row.occasion_on,
        state=str(CONTACT_STATES[row.state]),
        why=why,
        icon=icon,
        tone=tone,
    )


# --- what may be done -----------------------------------------------------------------------


@dataclass(frozen=True)
class Ways:
    """Which tasks make sense for this member now and are open to the reader, at the club of the term.

    `pay` is what the reader may take of what is owed.
    """

    renew: TermRow | None = None
    upgrade: TermRow | None = None
    freeze: TermRow | None = None
    cancel: TermRow | None = None
    withdraw: TermRow | None = None
    end_freeze_id: int | None = None
    pay: Owed | None = None


def _ways(card: MemberCard, pay: Owed | None) -> Ways:
    term, today = card.shown, card.today
    if term is None:
        return Ways(pay=pay)
    state = term.state_on(today)
    is_running = state in (MembershipState.ACTIVE, MembershipState.FROZEN)
    has_notice = term.cancel_until_on is not None
    rolls_on = term.kind is PlanKind.ROLLING or term.auto_renew
    freeze = term.freeze_on(today)
    last = _last_of_chain(card, term)
    chain_holds = last.until_on is None or (today - last.until_on).days < CHAIN_BREAK_DAYS
    has_end = last.until_on is not None or last.kind is PlanKind.PACK
    sells = principal().may(Permission.SELL, term.club_id)
    renews = principal().may(Permission.SELL, last.club_id)
    freezes = principal().may(Permission.FREEZE, term.club_id)
    cancels = principal().may(Permission.CANCEL_MEMBERSHIP, term.club_id)
    return Ways(
        renew=last if renews and has_end and chain_holds else None,
        upgrade=term if sells and is_running and card.successor is None else None,
        freeze=term if freezes and state is not MembershipState.ENDED else None,
        cancel=term if cancels and is_running and rolls_on and not has_notice else None,
        withdraw=term if cancels and is_running and has_notice else None,
        end_freeze_id=freeze.id if freezes and freeze else None,
        pay=pay,
    )


def _last_of_chain(card: MemberCard, term: TermRow) -> TermRow:
    """The term nothing follows yet."""
    follows = {one.previous_id: one for one in card.terms if one.previous_id is not None}
    while term.id in follows:
        term = follows[term.id]
    return term


# --- the line and the measures --------------------------------------------------------------


def _line(card: MemberCard) -> PhaseLine:
    standing = card.standing
    held = [term for term in card.terms if term.is_access]
    first = min((term.starts_on for term in held), default=None)
    by_id: dict[int | None, TermRow] = {term.id: term for term in card.terms}
    terms = [
        TermSpan(
            term.starts_on,
            term.until_on,
            _name_of_start(term, is_first=term.starts_on == first),
            _number_of(term, by_id),
        )
        for term in held
    ]
    return phase_line(
        LineFacts(
            today=card.today,
            territory=card.club.territory,
            calendar=cast(CalendarName, card.club.calendar),
            phases=[(span.from_on, span.phase) for span in card.phases],
            terms=terms,
            freezes=[(f.from_on, f.until_on) for term in card.terms for f in term.freezes],
            visit_days=card.visit_days,
            known_from=card.person.visits_known_from,
            closed_days=card.closed_days,
            window_days=card.window_days,
            base=_habit(card),
            since_on=standing.since_on if standing.phase in NAMED_SINCE else None,
        )
    )


def _name_of_start(term: TermRow, *, is_first: bool) -> str:
    """What the first day of a term is called on the line."""
    if term.link is Link.UPGRADE:
        return "changed"
    if term.link is Link.RENEWAL or term.renewals_before:
        return "renewed"
    return "joined" if is_first else "returned"


def _number_of(term: TermRow, by_id: Mapping[int | None, TermRow]) -> int:
    """How many renewals lead to a term, before this system too."""
    count = term.renewals_before
    while term.previous_id in by_id:
        count += term.link is Link.RENEWAL
        term = by_id[term.previous_id]
    return count


def _habit(card: MemberCard) -> float | None:
    """Visits a week by the member's own habit; None where too little is known to call it that."""
    is_told = card.balance is not None and card.balance.visits_per_week is not None
    starts = [day for day in (card.person.visits_known_from, card.member_since) if day is not None]
    if not is_told and starts and (card.today - max(starts)).days <= LATELY_DAYS:
        return None
    habit: float | None = card.standing.measures.get("base")
    return habit


@dataclass(frozen=True)
class Measure:
    """One measure against the member's own habit, in words and on its scale."""

    label: str
    figure: str | None
    usual: str
    foot: str
    scale: HabitScale | None
    tone: str = ""


def _measures(card: MemberCard) -> list[Measure]:
    """How it goes lately; only for whom a membership runs."""
    if not card.standing.measures.keys() & {"gap", "base", "v28"}:
        return []
    return [_gap(card), *(_visits(card, days) for days in (28, 14)), _days_left(card)]


def _gap(card: MemberCard) -> Measure:
    measures = card.standing.measures
    gap, base, limit = measures.get("gap"), _habit(card), measures.get("gap_limit")
    if gap is None:
        return Measure(_("Days without a visit"), None, "", _("not known yet"), None)
    interval = 7 / base if base else None
    usual = (interval * 0.5, interval * 1.5) if interval else None
    is_over = limit is not None and gap >= limit
    return Measure(
        _("Days without a visit"),
        format_number(gap),
        _("usually %(days)s", days=format_number(round(interval))) if interval else "",
        _("at risk from %(limit)s on", limit=format_number(limit)) if limit is not None else "",
        habit_scale(gap, usual=usual, limit=limit),
        "warn" if is_over else "",
    )


def _visits(card: MemberCard, days: int) -> Measure:
    measures = card.standing.measures
    label = ngettext(
        "Visits in %(count)s day", "Visits in %(count)s days", days, count=format_number(days)
    )
    came, base = measures.get(f"v{days}"), _habit(card)
    known_from = card.person.visits_known_from
    if came is None:
        return Measure(label, None, "", _("not known yet"), None)
    if known_from is not None and (card.today - known_from).days + 1 < days:
        known = max(0, (card.today - known_from).days + 1)
        foot = ngettext(
            "known for %(count)s day only",
            "known for %(count)s days only",
            known,
            count=format_number(known),
        )
        return Measure(label, None, "", foot, None)
    usual = base * days / 7 if base is not None else None
    limit = measures.get("drop_limit") if days == 28 else None
    foot = ""
    if limit == 0:
        foot = _("at risk without a visit")
    elif limit is not None:
        foot = _("at risk at %(limit)s or fewer", limit=format_number(limit))
    elif usual is not None:
        low, high = _about(usual)
        foot = _(
            "own habit %(low)s to %(high)s",
            low=format_number(round(low)),
            high=format_number(round(high)),
        )
    is_low = limit is not None and came <= limit
    return Measure(
        label,
        format_number(came),
        _("usually %(count)s", count=format_number(round(usual))) if usual is not None else "",
        foot,
        habit_scale(came, usual=_about(usual) if usual is not None else None, limit=limit),
        "warn" if is_low else "",
    )


def _about(mean: float) -> tuple[float, float]:
    """What half of the weeks of somebody with this mean look like (quartiles, roughly)."""
    spread = 0.67 * sqrt(max(mean, 0.5))
    return max(mean - spread, 0.0), mean + spread


def _days_left(card: MemberCard) -> Measure:
    term, today = card.shown, card.today
    label = _("Days left")
    if term is None or term.until_on is None:
        return Measure(label, "∞" if term else None, "", _("runs month to month"), None)
    left = term.days_left(today) or 0
    window = card.window_days
    foot = ""
    scale = None
    if window is not None:
        foot = _("renewal window: the last %(days)s days", days=format_number(window))
        scale = habit_scale(left, usual=(0.0, float(window)), limit=None)
    if card.successor is not None:
        foot = _("already renewed")
    is_late = window is not None and left <= window and card.successor is None
    return Measure(label, format_number(left), "", foot, scale, "warn" if is_late else "")


# --- the timeline ---------------------------------------------------------------------------


@dataclass(frozen=True)
class ShownTimeline:
    """A page of the timeline in words, and the address of the next one.

    `undo_at` are the clubs at which the reader may take a visit back.
    """

    lines: list[tuple[Any, Any]]
    next_cursor: str | None
    undo_at: frozenset[int]


def _shown(timeline: Timeline, club: ClubRow) -> ShownTimeline:
    today = club.today(clock.now())
    cursor = None
    if timeline.next_cursor is not None:
        at, skip = timeline.next_cursor
        cursor = urlsafe_b64encode(f"{at}|{skip}".encode()).decode().rstrip("=")
    lines = list(zip(timeline.items, tell(timeline.items, club, today), strict=True))
    return ShownTimeline(lines, cursor, principal().scope(Permission.UNDO_VISIT))


@blueprint.get("/people/<int:person_id>/timeline")
@requires(Permission.SEE_MEMBERS)
def timeline(person_id: int) -> str:
    """What happened, as a part of the card: one sort, or the next page."""
    scope = principal().scope(Permission.SEE_MEMBERS)
    told = request.args.get("kind", "")
    kind = Kind(told) if told in set(Kind) else None
    with reading() as session:
        found = get_person(session, person_id, scope)
        club = get_club(session, found.home_club_id)
        page = timeline_of(
            session, found.id, scope=scope, kind=kind, cursor=_cursor(request.args.get("after"))
        )
        figures = timeline_figures(session, found.id, scope=scope)
    return render_template(
        "frontdesk/people/timeline.html",
        person=found,
        timeline=_shown(page, club),
        figures=figures,
        kind=kind,
        kinds=KINDS,
    )


def _cursor(text: str | None) -> tuple[str, int] | None:
    """A cursor from the address; one that somebody spoilt is the start."""
    if not text:
        return None
    try:
        at, skip = urlsafe_b64decode(text + "=" * (-len(text) % 4)).decode().split("|")
        return at, int(skip)
    except (ValueError, BadBase64, UnicodeDecodeError):
        return None


@blueprint.post("/visits/<int:visit_id>/undo")
@requires(Permission.UNDO_VISIT)
def take_back_visit(visit_id: int) -> Response:
    """A visit that was none."""
    person_id = request.form.get("person_id", type=int)
    with transaction() as session:
        undo_visit(
            session,
            visit_id,
            by=principal().actor,
            now=clock.now(),
            scope=principal().scope(Permission.UNDO_VISIT),
        )
    flash(_("The visit is taken back."), "in")
    return go_to(url_for("frontdesk.person", person_id=person_id) if person_id else "/")


# --- note, card, consents -------------------------------------------------------------------


def _found(person_id: int) -> PersonRow:
    with reading() as session:
        return get_person(session, person_id, principal().scope(Permission.EDIT_MEMBERS))


@blueprint.route("/people/<int:person_id>/note", methods=["GET", "POST"])
@requires(Permission.EDIT_MEMBERS)
def note(person_id: int) -> Answer:
    """The one note the desk sees."""
    found = _found(person_id)
    form = NoteForm(note=found.note)
    refusal = None
    if form.validate_on_submit():
        try:
            with transaction() as session:
                change_person(
                    session,
                    found.id,
                    {"note": form.note.data or ""},
                    by=principal().actor,
                    now=clock.now(),
                )
        except DomainError as error:
            refusal = put_refusal(form, error)
        else:
            return go_to(url_for("frontdesk.person", person_id=found.id))
    return _task("note", form, found, refusal)


@blueprint.route("/people/<int:person_id>/card", methods=["GET", "POST"])
@requires(Permission.EDIT_MEMBERS)
def give_card(person_id: int) -> Answer:
    """A card, the first one or in place of one that is lost."""
    found = _found(person_id)
    form = CardForm()
    refusal = None
    if form.validate_on_submit():
        give = replace_card if form.replaces.data else issue_card
        try:
            with transaction() as session:
                give(
                    session,
                    found.id,
                    form.code.data or "",
                    club_id=found.home_club_id,
                    by=principal().actor,
                    now=clock.now(),
                )
        except DomainError as error:
            refusal = put_refusal(form, error)
        else:
            flash(_("The card opens the door now."), "in")
            return go_to(url_for("frontdesk.person", person_id=found.id))
    return _task("give_card", form, found, refusal)


@blueprint.route("/people/<int:person_id>/consents", methods=["GET", "POST"])
@requires(Permission.EDIT_MEMBERS)
def consents(person_id: int) -> Answer:
    """What the person agrees to; every answer is kept with its words and its day."""
    found = _found(person_id)
    with reading() as session:
        standing = consents_of(session, [found.id]).get(found.id, {})
    given = {channel: bool(row and row.is_given) for channel, row in _by_channel(standing).items()}
    form = ConsentForm(
        may_email=given[ConsentChannel.EMAIL],
        may_sms=given[ConsentChannel.SMS],
        may_call=given[ConsentChannel.CALL],
    )
    if form.validate_on_submit():
        rows = [
            ConsentValues(
                person_id=found.id,
                channel=channel,
                is_given=is_given,
                source="desk",
                wording=wording,
            )
            for channel, (is_given, wording) in form.answers().items()
            if channel not in standing or standing[channel].is_given != is_given
        ]
        with transaction() as session:
            record_consents(session, rows, now=clock.now())
        return go_to(url_for("frontdesk.person", person_id=found.id))
    return _task("consents", form, found, None)


def _by_channel(standing: Mapping[ConsentChannel, Any]) -> dict[ConsentChannel, Any]:
    return {channel: standing.get(channel) for channel in ConsentChannel}


def _task(name: str, form: Any, found: PersonRow, refusal: str | None) -> Answer:
    page = render_template(
        f"frontdesk/people/{name}.html",
        form=form,
        person=found,
        refusal=refusal,
        back=url_for("frontdesk.person", person_id=found.id),
    )
    return (page, 422) if request.method == "POST" else page
