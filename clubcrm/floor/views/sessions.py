"""One session: its outcome, taking it back, writing it up, and the next date."""

from typing import Any

from flask import flash, redirect, render_template, request, url_for
from flask_babel import gettext as _
from flask_babel import ngettext
from werkzeug.wrappers import Response

from clubcrm.accounts.access import principal, requires
from clubcrm.accounts.queries import ClubRow, get_club
from clubcrm.accounts.states import Permission
from clubcrm.core import clock
from clubcrm.core.errors import DomainError, Invalid
from clubcrm.core.formats import format_number
from clubcrm.core.transactions import reading, transaction
from clubcrm.floor.forms import WhenForm, WriteUpForm
from clubcrm.floor.queries import SessionCard, cards_of
from clubcrm.floor.views import Seat, blueprint, is_repeat, session_for
from clubcrm.floor.views.answers import Page, answer_with, is_fragment
from clubcrm.schedule.errors import WhenMissing
from clubcrm.schedule.operations import (
    Logged,
    SessionValues,
    log_outcome,
    plan_session,
    undo_outcome,
    write_up,
)
from clubcrm.schedule.policies import same_time_next_week
from clubcrm.schedule.queries import SessionRow
from clubcrm.schedule.states import OUTCOMES, SessionState
from clubcrm.trainers.queries import get_trainer


@blueprint.get("/sessions/<int:appointment_id>", endpoint="session")
@requires(Permission.TRAIN)
def show(appointment_id: int) -> str:
    """One session on a page of its own."""
    return _page(appointment_id)


def _page(appointment_id: int, refusal: str | None = None) -> str:
    now = clock.now()
    with reading() as session:
        row, limit = session_for(session, appointment_id)
        club = get_club(session, row.club_id)
        (card,) = cards_of(session, [row], club, now)
        trainer = get_trainer(session, row.trainer_id, {row.club_id})
        is_own = limit is not None or trainer.user_id == principal().actor.id
    form = WriteUpForm(formdata=None, log=_log_to_begin_with(card), note=row.note)
    after = max(now, row.starts_at)
    next_form = WhenForm(
        formdata=None, club=club, at=same_time_next_week(row.starts_at, club.timezone, after)
    )
    return render_template(
        "floor/session.html",
        seat=Seat(club, trainer, is_own=is_own),
        card=card,
        form=form,
        next_form=next_form,
        refusal=refusal,
    )


def _log_to_begin_with(card: SessionCard) -> str:
    """What stands in the field: what was written, or with `copy` what was trained the last time."""
    if request.args.get("copy") and card.client.last_log and not card.session.log:
        return card.client.last_log.log
    return card.session.log


@blueprint.post("/sessions/<int:appointment_id>/outcome")
@requires(Permission.TRAIN)
def tell_outcome(appointment_id: int) -> Page:
    """The outcome of a session, with one tap."""
    with reading() as session:
        row, limit = session_for(session, appointment_id)
        club = get_club(session, row.club_id)
    outcome = _outcome()
    when = WhenForm(club=club) if outcome is SessionState.MOVED else None
    if when is not None and not when.validate_on_submit():
        return _refused(row, WhenMissing())
    now = clock.now()
    logged = None
    try:
        with transaction() as session:
            if not is_repeat(session, now):
                logged = log_outcome(
                    session,
                    row.id,
                    outcome,
                    scope={row.club_id},
                    trainer_id=limit,
                    moved_to=when.starts_at if when is not None else None,
                    by=principal().actor,
                    now=now,
                )
    except DomainError as refusal:
        return _refused(row, refusal)
    words = _outcome_words(row.name, outcome, logged)
    tone = "warn" if logged is not None and logged.is_uncovered else "in"
    return _answered(row.id, club, words, tone, undo=True)


@blueprint.post("/sessions/<int:appointment_id>/undo")
@requires(Permission.TRAIN)
def take_back(appointment_id: int) -> Page:
    """The outcome is taken back; what it took is given back."""
    with reading() as session:
        row, limit = session_for(session, appointment_id)
        club = get_club(session, row.club_id)
    now = clock.now()
    try:
        with transaction() as session:
            if not is_repeat(session, now):
                undo_outcome(
                    session,
                    row.id,
                    scope={row.club_id},
                    trainer_id=limit,
                    by=principal().actor,
                    now=now,
                )
    except DomainError as refusal:
        return _refused(row, refusal)
    return _answered(row.id, club, _("Taken back: %(name)s.", name=row.name), "info")


@blueprint.post("/sessions/<int:appointment_id>/log")
@requires(Permission.TRAIN)
def write(appointment_id: int) -> Page:
    """What was trained, and a note."""
    with reading() as session:
        row, limit = session_for(session, appointment_id)
    form = WriteUpForm()
    if not form.validate_on_submit():
        return _refused(row, Invalid())
    now = clock.now()
    with transaction() as session:
        if not is_repeat(session, now):
            write_up(
                session,
                row.id,
                log=form.log.data or "",
                note=form.note.data or "",
                scope={row.club_id},
                trainer_id=limit,
                by=principal().actor,
                now=now,
            )
    return answer_with(
        _("Written down: %(name)s.", name=row.name), url_for("floor.session", appointment_id=row.id)
    )


@blueprint.post("/sessions/<int:appointment_id>/next")
@requires(Permission.TRAIN)
def plan_next(appointment_id: int) -> Page:
    """The next date, as long and from the same package."""
    with reading() as session:
        row, _limit = session_for(session, appointment_id)
        club = get_club(session, row.club_id)
    form = WhenForm(club=club)
    if not form.validate_on_submit():
        return _refused(row, WhenMissing())
    values = SessionValues(
        person_id=row.person_id,
        starts_at=form.starts_at,
        minutes=row.minutes,
        membership_id=row.membership_id,
        is_free=row.is_free,
    )
    now = clock.now()
    try:
        with transaction() as session:
            if not is_repeat(session, now):
                plan_session(
                    session,
                    row.trainer_id,
                    values,
                    scope={row.club_id},
                    by=principal().actor,
                    now=now,
                )
    except DomainError as refusal:
        return _refused(row, refusal)
    return answer_with(
        _("Planned: %(name)s.", name=row.name), url_for("floor.session", appointment_id=row.id)
    )


# --- answers --------------------------------------------------------------------------------


def _outcome() -> SessionState:
    told = request.form.get("outcome", "")
    if told not in set(OUTCOMES):
        raise Invalid
    return SessionState(told)


def _outcome_words(name: str, outcome: SessionState, logged: Logged | None) -> str:
    said = {
        SessionState.CAME: _("%(name)s came.", name=name),
        SessionState.LATE: _("%(name)s came late.", name=name),
        SessionState.NO_SHOW: _("%(name)s did not come.", name=name),
        SessionState.CANCELLED_IN_TIME: _("%(name)s cancelled in time.", name=name),
        SessionState.MOVED: _("The session of %(name)s is moved.", name=name),
    }[outcome]
    if logged is None:
        return said
    if logged.is_uncovered:
        return f"{said} {_('No package has a session left: this one is still to be paid.')}"
    if logged.took and logged.left is not None:
        left = ngettext(
            "%(count)s session left.",
            "%(count)s sessions left.",
            logged.left,
            count=format_number(logged.left),
        )
        return f"{said} {left}"
    return said


def _answered(
    appointment_id: int, club: ClubRow, words: str, tone: str, *, undo: bool = False
) -> Page:
    """The session as it is now: in place for a script, else back on the page it was told from."""
    if is_fragment():
        now = clock.now()
        with reading() as session:
            row, _limit = session_for(session, appointment_id)
            (card,) = cards_of(session, [row], club, now)
        return render_template("floor/tapped.html", card=card, words=words, tone=tone)
    address = url_for("floor.take_back", appointment_id=appointment_id)
    told: Any = {"words": words, "undo": address} if undo else words
    flash(told, tone)
    return _back(appointment_id)


def _refused(row: SessionRow, refusal: DomainError) -> Page:
    """Why it was not done. Nothing was changed."""
    text = f"{row.name}: {refusal.text()}"
    if is_fragment():
        return render_template("floor/refused.html", text=text), refusal.status
    flash(text, "stop")
    return _back(row.id)


def _back(appointment_id: int) -> Response:
    if request.form.get("back") == "session":
        return redirect(url_for("floor.session", appointment_id=appointment_id), 303)
    return redirect(
        url_for(
            "floor.today",
            on=request.form.get("on") or None,
            trainer=request.form.get("trainer") or None,
        ),
        303,
    )
