"""Ramp mode: how many people of the backlog are contacted in a day, and its end."""

from flask import flash, url_for
from flask_babel import gettext as _
from flask_babel import ngettext
from werkzeug.wrappers import Response

from clubcrm.accounts.access import current_club, principal, requires
from clubcrm.accounts.states import Permission
from clubcrm.core import clock
from clubcrm.core.formats import format_number
from clubcrm.core.transactions import transaction
from clubcrm.frontdesk.forms.settings import RampForm
from clubcrm.frontdesk.views import blueprint, go_to
from clubcrm.frontdesk.views.settings import Answer
from clubcrm.frontdesk.views.settings.contacts import page_of
from clubcrm.retention.operations.contacts import begin_ramp, change_ramp, end_ramp


@blueprint.post("/settings/contacts/ramp")
@requires(Permission.EDIT_CONTACTS)
def ramp() -> Answer:
    """Say how many people of the backlog are contacted in a day."""
    club = current_club(Permission.EDIT_CONTACTS)
    form = RampForm()
    if not form.validate_on_submit():
        return page_of(club, ramp_form=form), 422
    with transaction() as session:
        per_day = form.per_day.data or 0
        changed = change_ramp(session, club.id, per_day, by=principal().actor, now=clock.now())
    flash(_("Changed.") if changed else _("Nothing was different."), "in")
    return go_to(url_for("frontdesk.contacts"))


@blueprint.post("/settings/contacts/ramp/end")
@requires(Permission.EDIT_CONTACTS)
def end_of_ramp() -> Response:
    """Leave alone whoever of the backlog still waits."""
    club = current_club(Permission.EDIT_CONTACTS)
    with transaction() as session:
        count = end_ramp(session, club.id, by=principal().actor, now=clock.now())
    words = ngettext(
        "%(count)s person is left alone.",
        "%(count)s people are left alone.",
        count,
        count=format_number(count),
    )
    flash(words if count else _("Nobody was waiting any more."), "in")
    return go_to(url_for("frontdesk.contacts"))


@blueprint.post("/settings/contacts/ramp/begin")
@requires(Permission.EDIT_CONTACTS)
def begin_of_ramp() -> Response:
    """Begin again with whoever an import brings from here on."""
    club = current_club(Permission.EDIT_CONTACTS)
    with transaction() as session:
        begin_ramp(session, club.id, by=principal().actor, now=clock.now())
    flash(_("Whoever comes with an import is contacted little by little again."), "in")
    return go_to(url_for("frontdesk.contacts"))
