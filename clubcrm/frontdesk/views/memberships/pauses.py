"""Terms are frozen and thawed, and members give notice or stay after all."""

from datetime import timedelta
from typing import Any

from flask import flash, url_for
from flask_babel import gettext as _
from sqlalchemy.orm import Session
from werkzeug.wrappers import Response

from clubcrm.accounts.access import principal, requires
from clubcrm.accounts.queries import get_club
from clubcrm.accounts.states import Permission
from clubcrm.core import clock
from clubcrm.core.transactions import reading, transaction
from clubcrm.frontdesk.forms.memberships import FreezeForm, NoticeForm
from clubcrm.frontdesk.views import blueprint, go_to
from clubcrm.frontdesk.views.memberships.task import (
    Answer,
    answer_task,
    near_day,
    person_for,
    term_for,
)
from clubcrm.members.errors import UnknownFreeze
from clubcrm.members.operations import (
    cancel_freeze,
    end_freeze,
    freeze_membership,
    request_cancellation,
    withdraw_cancellation,
)
from clubcrm.members.queries import FreezeRow, TermRow, get_freeze, get_term


@blueprint.route("/memberships/<int:membership_id>/freeze", methods=["GET", "POST"])
@requires(Permission.FREEZE)
def freeze(membership_id: int) -> Answer:
    """A pause; the end moves by the frozen days."""
    with reading() as session:
        term = term_for(session, membership_id, Permission.FREEZE)
        person = person_for(session, term.person_id, Permission.FREEZE)
        club = get_club(session, term.club_id)
    first = max(club.today(clock.now()), term.starts_on)
    form = FreezeForm(club=club, from_on=first, through=first + timedelta(days=13))

    def do(session: Session) -> TermRow:
        freeze_membership(
            session,
            term.id,
            form.period,
            reason=form.reason.data or "",
            by=principal().actor,
            now=clock.now(),
        )
        return get_term(session, term.id)

    return answer_task(
        form,
        "frontdesk/memberships/freeze.html",
        person=person,
        do=do,
        told=lambda _after: _("Frozen through %(day)s.", day=near_day(form.through.data, club)),
        quote=lambda _session, after: {
            "before": term,
            "after": after,
            "frozen_days": form.period.days,
            "first_day_back": form.period.until,
        },
        term=term,
    )


@blueprint.post("/freezes/<int:freeze_id>/end")
@requires(Permission.FREEZE)
def return_from_freeze(freeze_id: int) -> Response:
    """The member is back today: the rest of the freeze is given back."""
    frozen = _freeze(freeze_id)
    with transaction() as session:
        today = get_club(session, frozen.club_id).today(clock.now())
        end_freeze(session, freeze_id, on=today, by=principal().actor, now=clock.now())
    flash(_("The freeze is over. Welcome back."), "in")
    return go_to(url_for("frontdesk.person", person_id=frozen.person_id))


@blueprint.post("/freezes/<int:freeze_id>/cancel")
@requires(Permission.FREEZE)
def undo_freeze(freeze_id: int) -> Response:
    """A freeze entered by mistake is taken back altogether."""
    frozen = _freeze(freeze_id)
    with transaction() as session:
        cancel_freeze(session, freeze_id, by=principal().actor, now=clock.now())
    flash(_("The freeze is taken back; the membership ends as before it."), "in")
    return go_to(url_for("frontdesk.person", person_id=frozen.person_id))


def _freeze(freeze_id: int) -> FreezeRow:
    with reading() as session:
        frozen = get_freeze(session, freeze_id)
    if not principal().may(Permission.FREEZE, frozen.club_id):
        raise UnknownFreeze
    return frozen


@blueprint.route("/memberships/<int:membership_id>/cancel", methods=["GET", "POST"])
@requires(Permission.CANCEL_MEMBERSHIP)
def cancel(membership_id: int) -> Answer:
    """A member's notice."""
    with reading() as session:
        term = term_for(session, membership_id, Permission.CANCEL_MEMBERSHIP)
        person = person_for(session, term.person_id, Permission.CANCEL_MEMBERSHIP)
        club = get_club(session, term.club_id)
    form = NoticeForm(club=club)

    def do(session: Session) -> Any:
        return request_cancellation(
            session,
            term.id,
            last_day=form.last_day.data,
            reason=form.reason.data or "",
            by=principal().actor,
            now=clock.now(),
        )

    return answer_task(
        form,
        "frontdesk/memberships/cancel.html",
        person=person,
        do=do,
        told=lambda last: _("Cancelled; the last day is %(day)s.", day=near_day(last, club)),
        quote=lambda _session, last: {"last_day": last},
        term=term,
    )


@blueprint.post("/memberships/<int:membership_id>/withdraw")
@requires(Permission.CANCEL_MEMBERSHIP)
def withdraw(membership_id: int) -> Response:
    """The member stays after all."""
    with reading() as session:
        term = term_for(session, membership_id, Permission.CANCEL_MEMBERSHIP)
    with transaction() as session:
        withdraw_cancellation(session, membership_id, by=principal().actor, now=clock.now())
    flash(_("The cancellation is withdrawn; the membership goes on."), "in")
    return go_to(url_for("frontdesk.person", person_id=term.person_id))
