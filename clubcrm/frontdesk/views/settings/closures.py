"""When the club is closed, and when it is slow."""

from flask import flash, render_template, request, url_for
from flask_babel import gettext as _
from sqlalchemy import func, select
from sqlalchemy.orm import Session
from werkzeug.wrappers import Response

from clubcrm.accounts.access import current_club, principal, requires
from clubcrm.accounts.states import Permission
from clubcrm.core import clock
from clubcrm.core.errors import DomainError
from clubcrm.core.models import EventLog
from clubcrm.core.transactions import reading, transaction
from clubcrm.frontdesk.forms import put_refusal
from clubcrm.frontdesk.forms.settings import ClosureForm, SeasonForm
from clubcrm.frontdesk.views import OnlyAQuote, blueprint, go_to
from clubcrm.frontdesk.views.settings import Answer, failed
from clubcrm.members.errors import UnknownClosure, UnknownSeason
from clubcrm.members.events import TermsMoved
from clubcrm.members.operations import (
    declare_closure,
    declare_season,
    remove_season,
    withdraw_closure,
)
from clubcrm.members.queries import closures_of, seasons_of


@blueprint.get("/settings/closures")
@requires(Permission.EDIT_CLUB)
def closures() -> str:
    """The closures, what is to come first, and the slow seasons."""
    club = current_club(Permission.EDIT_CLUB)
    today = club.today(clock.now())
    with reading() as session:
        found = closures_of(session, club.id)
        seasons = seasons_of(session, club.id)
    found.sort(key=lambda one: (one.until_on <= today, -one.from_on.toordinal()))
    return render_template(
        "frontdesk/settings/closures.html",
        closures=found,
        seasons=[season for season in seasons if season.valid_until_on is None],
        today=today,
    )


@blueprint.route("/settings/closures/new", methods=["GET", "POST"])
@requires(Permission.EDIT_CLUB)
def new_closure() -> Answer:
    """A closure; asked with `?quote=1` it says how many memberships would end later."""
    club = current_club(Permission.EDIT_CLUB)
    today = club.today(clock.now())
    form = ClosureForm(club=club, from_on=today, through=today)

    def declare(session: Session) -> None:
        declare_closure(
            session,
            club.id,
            form.period,
            share_percent=form.share_percent,
            extends_terms=form.gives_back,
            name=form.name.data or "",
            by=principal().actor,
            now=clock.now(),
        )

    if request.args.get("quote"):
        return _quoted(form, declare)
    refusal = None
    if form.validate_on_submit():
        try:
            with transaction() as session:
                before = _last_event(session)
                declare(session)
                moved = _moved_since(session, before)
        except DomainError as error:
            refusal = put_refusal(form, error)
        else:
            flash(
                _("The closure stands. Memberships that end later now: %(count)s.", count=moved),
                "in",
            )
            return go_to(url_for("frontdesk.closures"))
    page = render_template(
        "frontdesk/settings/closure.html",
        form=form,
        refusal=refusal,
        back=url_for("frontdesk.closures"),
    )
    return failed(page)


def _quoted(form: ClosureForm, declare: object) -> str:
    moved = None
    refusal = None
    if not form.validate():
        refusal = next((errors[0] for errors in form.errors.values() if errors), None)
    else:
        try:
            with transaction() as session:
                before = _last_event(session)
                declare(session)  # type: ignore[operator]
                moved = _moved_since(session, before)
                raise OnlyAQuote
        except OnlyAQuote:
            pass
        except DomainError as error:
            refusal = put_refusal(form, error) or error.text()
    return render_template(
        "frontdesk/settings/closure_quote.html", form=form, moved=moved, refusal=refusal
    )


def _last_event(session: Session) -> int:
    return session.scalar(select(func.max(EventLog.id))) or 0


def _moved_since(session: Session, event_id: int) -> int:
    """How many terms were told to end later."""
    query = select(func.count(EventLog.id)).where(
        EventLog.id > event_id, EventLog.name == TermsMoved.__name__
    )
    return session.scalar(query) or 0


@blueprint.post("/settings/closures/<int:closure_id>/withdraw")
@requires(Permission.EDIT_CLUB)
def take_back_closure(closure_id: int) -> Response:
    """The club is open after all; memberships end when they did before."""
    club = current_club(Permission.EDIT_CLUB)
    with transaction() as session:
        if closure_id not in {one.id for one in closures_of(session, club.id)}:
            raise UnknownClosure
        withdraw_closure(session, closure_id, by=principal().actor, now=clock.now())
    flash(_("The closure is taken back; memberships end as before it."), "in")
    return go_to(url_for("frontdesk.closures"))


@blueprint.route("/settings/seasons/new", methods=["GET", "POST"])
@requires(Permission.EDIT_CLUB)
def new_season() -> Answer:
    """A slow season, counted from today on."""
    club = current_club(Permission.EDIT_CLUB)
    form = SeasonForm(calendar=club.calendar)
    refusal = None
    if form.validate_on_submit():
        try:
            with transaction() as session:
                declare_season(
                    session, club.id, form.values(), by=principal().actor, now=clock.now()
                )
        except DomainError as error:
            refusal = put_refusal(form, error)
        else:
            flash(_("The season stands; it is counted from today on."), "in")
            return go_to(url_for("frontdesk.closures"))
    page = render_template(
        "frontdesk/settings/season.html",
        form=form,
        refusal=refusal,
        back=url_for("frontdesk.closures"),
    )
    return failed(page)


@blueprint.post("/settings/seasons/<int:season_id>/remove")
@requires(Permission.EDIT_CLUB)
def end_season(season_id: int) -> Response:
    """A season is counted no longer; days that were slow stay slow."""
    club = current_club(Permission.EDIT_CLUB)
    with transaction() as session:
        if season_id not in {one.id for one in seasons_of(session, club.id)}:
            raise UnknownSeason
        remove_season(session, season_id, by=principal().actor, now=clock.now())
    flash(_("The season is counted no longer."), "in")
    return go_to(url_for("frontdesk.closures"))
