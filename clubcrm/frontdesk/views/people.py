"""People: the list, the search of the top bar, adding and changing, and the card of one member."""

from collections.abc import Collection
from datetime import date
from enum import StrEnum
from typing import TypeVar

from flask import flash, render_template, request, url_for
from flask_babel import gettext as _
from werkzeug.wrappers import Response

from clubcrm.accounts.access import current_club, principal, requires
from clubcrm.accounts.queries import ClubRow, get_club
from clubcrm.accounts.states import Permission
from clubcrm.core import clock
from clubcrm.core.errors import DomainError
from clubcrm.core.transactions import reading, transaction
from clubcrm.frontdesk.forms import put_refusal
from clubcrm.frontdesk.forms.people import NewPersonForm, PersonForm, person_data
from clubcrm.frontdesk.views import blueprint, go_to, read_place, written_place
from clubcrm.members.operations import ConsentValues, add_person, change_person, record_consents
from clubcrm.members.queries import get_person, likely_duplicates, plans, tags_of
from clubcrm.reports.queries.people import (
    ListFilter,
    Order,
    hits_of,
    member_figures,
    member_list,
    search_lines,
)
from clubcrm.retention.errors import RunNotStopped
from clubcrm.retention.operations import allow_run
from clubcrm.retention.queries import stopped_runs
from clubcrm.retention.states import Phase, Risk, Status
from clubcrm.visits.operations import issue_card

HITS = 8
Word = TypeVar("Word", bound=StrEnum)

PHASE_WAYS = (
    Phase.RENEWAL,
    Phase.AT_RISK,
    Phase.SLEEPING,
    Phase.GRACE,
    Phase.LEAVING,
    Phase.ADAPTATION,
    Phase.ACTIVE,
    Phase.FROZEN,
    Phase.WON_BACK,
    Phase.PENDING,
    Phase.LAPSED,
    Phase.LOST,
)
"""The phases in the order in which somebody looks after people."""


# --- the list -------------------------------------------------------------------------------


@blueprint.get("/people")
@requires(Permission.SEE_MEMBERS)
def people() -> str:
    """The list: searched, filtered, ordered, page by page."""
    scope = principal().scope(Permission.SEE_MEMBERS)
    asked_club = request.args.get("club", type=int)
    seen: Collection[int] = {asked_club} if asked_club in scope else scope
    club = current_club(Permission.SEE_MEMBERS)
    filters = ListFilter(
        text=request.args.get("q", "").strip()[:80],
        phase=_word(Phase, "phase"),
        status=_word(Status, "status"),
        risk=_word(Risk, "risk"),
        plan_id=request.args.get("plan", type=int),
        order=_word(Order, "order") or Order.NAME,
    )
    cursor = read_place(request.args.get("after"))
    with reading() as session:
        page = member_list(
            session, scope=seen, filters=filters, today=club.today(clock.now()), cursor=cursor
        )
        figures = member_figures(session, scope=seen, text=filters.text)
        offered = plans(session, club.id)
        stopped = stopped_runs(session, sorted(principal().scope(Permission.EDIT_CLUB)))
    return render_template(
        "frontdesk/people/list.html",
        stopped=stopped,
        page=page,
        figures=figures,
        filters=filters,
        plans=offered,
        phases=[
            phase for phase in PHASE_WAYS if figures.by_phase.get(phase) or not figures.is_counted
        ],
        statuses=list(Status),
        risks=(Risk.WATCH, Risk.HIGH),
        orders=list(Order),
        chosen_club=asked_club if asked_club in scope else None,
        next_cursor=written_place(page.next_cursor),
        is_narrowed=any(
            (filters.text, filters.phase, filters.status, filters.risk, filters.plan_id)
        ),
    )


@blueprint.post("/daily-runs/allow")
@requires(Permission.EDIT_CLUB)
def let_run_go_on() -> Response:
    """A daily run that waits because it would move very many people may go on."""
    club_id = request.form.get("club_id", type=int)
    try:
        on = date.fromisoformat(request.form.get("on", ""))
    except ValueError as error:
        raise RunNotStopped from error
    if club_id not in principal().scope(Permission.EDIT_CLUB):
        raise RunNotStopped
    with transaction() as session:
        allow_run(session, club_id, on, by=principal().actor, now=clock.now())
    flash(_("The daily run goes on within a few minutes."), "in")
    return go_to(url_for("frontdesk.people"))


def _word(kind: type[Word], name: str) -> Word | None:
    """A word of a vocabulary from the address; None where it is none."""
    told = request.args.get(name, "")
    return kind(told) if told in set(kind) else None


@blueprint.get("/people/find")
@requires(Permission.SEE_MEMBERS)
def find() -> str:
    """The hits of the search in the top bar, as one types."""
    text = request.args.get("q", "").strip()[:80]
    scope = principal().scope(Permission.SEE_MEMBERS)
    with reading() as session:
        today = current_club(Permission.SEE_MEMBERS).today(clock.now())
        found = search_lines(session, text, scope=scope, today=today, limit=HITS)
    has_more = found.following is not None
    return render_template(
        "frontdesk/people/hits.html", rows=found.rows, text=text, has_more=has_more
    )


# --- adding and changing --------------------------------------------------------------------


@blueprint.route("/people/new", methods=["GET", "POST"])
@requires(Permission.EDIT_MEMBERS)
def new_person() -> Response | str | tuple[str, int]:
    """Somebody new; who is known already is shown while one types."""
    club = current_club(Permission.EDIT_MEMBERS)
    form = NewPersonForm(club=club)
    refusal = None
    if form.validate_on_submit():
        try:
            person_id = _add(form, club)
        except DomainError as error:
            refusal = put_refusal(form, error)
        else:
            flash(_("%(name)s is in the list now.", name=_called(form)), "in")
            if request.form.get("then") == "sell":
                return go_to(url_for("frontdesk.sell", person_id=person_id))
            return go_to(url_for("frontdesk.person", person_id=person_id))
    failed = request.method == "POST"
    page = render_template("frontdesk/people/new.html", form=form, refusal=refusal)
    return (page, 422) if failed else page


def _called(form: PersonForm) -> str:
    return f"{form.first_name.data or ''} {form.last_name.data or ''}".strip() or _("This person")


def _add(form: NewPersonForm, club: ClubRow) -> int:
    who, now = principal().actor, clock.now()
    with transaction() as session:
        person_id = add_person(session, form.values(), club_id=club.id, by=who, now=now)
        agreed = [
            ConsentValues(
                person_id=person_id, channel=channel, is_given=True, source="desk", wording=wording
            )
            for channel, wording in form.agreed().items()
        ]
        record_consents(session, agreed, now=now)
        if form.card.data:
            issue_card(session, person_id, form.card.data, club_id=club.id, by=who, now=now)
    return person_id


@blueprint.get("/people/duplicates")
@requires(Permission.EDIT_MEMBERS)
def duplicates() -> str:
    """Who may be the one being typed in."""
    name = f"{request.args.get('first_name', '')} {request.args.get('last_name', '')}".strip()[:240]
    scope = principal().scope(Permission.EDIT_MEMBERS)
    with reading() as session:
        likely = likely_duplicates(
            session,
            name,
            request.args.get("phone", "")[:60],
            request.args.get("email", "")[:254],
            scope,
        )
        today = current_club(Permission.EDIT_MEMBERS).today(clock.now())
        rows = hits_of(session, [one.person.id for one in likely], today=today)
    by_id = {row.id: row for row in rows}
    return render_template("frontdesk/people/duplicates.html", likely=likely, by_id=by_id)


@blueprint.route("/people/<int:person_id>/edit", methods=["GET", "POST"])
@requires(Permission.EDIT_MEMBERS)
def edit_person(person_id: int) -> Response | str | tuple[str, int]:
    """What is known of a person, to be changed."""
    scope = principal().scope(Permission.EDIT_MEMBERS)
    with reading() as session:
        found = get_person(session, person_id, scope)
        shown = person_data(found, tags_of(session, [found.id]).get(found.id, ()))
        club = get_club(session, found.home_club_id)
    form = PersonForm(club=club, data=shown)
    refusal = None
    if form.validate_on_submit():
        changes = form.changes(shown)
        if (form.tags.data or "") != shown["tags"]:
            changes["tags"] = form.tag_names()
        try:
            with transaction() as session:
                is_changed = change_person(
                    session, found.id, changes, by=principal().actor, now=clock.now()
                )
        except DomainError as error:
            refusal = put_refusal(form, error)
        else:
            if is_changed:
                flash(_("Changed."), "in")
            return go_to(url_for("frontdesk.person", person_id=found.id))
    failed = request.method == "POST"
    page = render_template("frontdesk/people/edit.html", form=form, refusal=refusal, person=found)
    return (page, 422) if failed else page
