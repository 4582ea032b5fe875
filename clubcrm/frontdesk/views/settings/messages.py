"""How the club writes to its people, and the messages somebody has to decide about."""

from datetime import timedelta
from typing import Final

from flask import flash, render_template, request, url_for
from flask_babel import get_locale
from flask_babel import gettext as _
from werkzeug.wrappers import Response

from clubcrm.accounts.access import current_club, principal, requires
from clubcrm.accounts.models import StaffUser
from clubcrm.accounts.queries import ClubRow
from clubcrm.accounts.states import Permission
from clubcrm.core import clock
from clubcrm.core.errors import DomainError
from clubcrm.core.transactions import reading, transaction
from clubcrm.frontdesk.forms import put_refusal
from clubcrm.frontdesk.forms.settings import SenderForm
from clubcrm.frontdesk.views import blueprint, go_to
from clubcrm.frontdesk.views.settings import Answer, failed
from clubcrm.messaging.operations import (
    change_sender,
    confirm_message,
    leave_message,
    note_test,
    resend_message,
    send_test,
)
from clubcrm.messaging.queries import (
    get_message,
    sender_of,
    uncertain_messages,
    unsent_messages,
)
from clubcrm.messaging.states import Channel
from clubcrm.messaging.words import STATES, reason_words

LISTED: Final = timedelta(days=30)


@blueprint.route("/settings/messages", methods=["GET", "POST"])
@requires(Permission.EDIT_SENDER)
def messages() -> Answer:
    """The sender of the club's e-mails, and what did not go as it should."""
    club = current_club(Permission.EDIT_SENDER)
    with reading() as session:
        sender = sender_of(session, club.id, Channel.EMAIL)
    form = SenderForm(obj=sender)
    refusal = None
    if form.validate_on_submit():
        try:
            with transaction() as session:
                changed = change_sender(
                    session,
                    club.id,
                    Channel.EMAIL,
                    is_on=form.is_on.data,
                    name=form.name.data or "",
                    address=form.address.data or "",
                    reply_to=form.reply_to.data or "",
                    by=principal().actor,
                    now=clock.now(),
                )
        except DomainError as error:
            refusal = put_refusal(form, error)
        else:
            flash(_("Changed.") if changed else _("Nothing was different."), "in")
            return go_to(url_for("frontdesk.messages"))
    return failed(_page(club, form, refusal))


def _page(club: ClubRow, form: SenderForm, refusal: str | None) -> str:
    with reading() as session:
        return render_template(
            "frontdesk/settings/messages.html",
            form=form,
            refusal=refusal,
            sender=sender_of(session, club.id, Channel.EMAIL),
            uncertain=uncertain_messages(session, [club.id]),
            unsent=unsent_messages(session, [club.id], since=clock.now() - LISTED),
            reason_words=reason_words,
            state_words=STATES,
        )


@blueprint.post("/settings/messages/test")
@requires(Permission.EDIT_SENDER)
def test_messages() -> Response:
    """A mail to whoever asks, at once, and what came of it in words."""
    club = current_club(Permission.EDIT_SENDER)
    with reading() as session:
        sender = sender_of(session, club.id, Channel.EMAIL)
        me = session.get_one(StaffUser, principal().actor.id)
        address, name = me.email, me.full_name
    if not sender.address:
        flash(_("Save an address to write from first."), "warn")
        return go_to(url_for("frontdesk.messages"))
    delivery = send_test(
        sender,
        address,
        name,
        club_name=club.name,
        language=str(get_locale() or club.language),
        now=clock.now(),
    )
    if delivery.is_taken:
        with transaction() as session:
            note_test(session, club.id, Channel.EMAIL, now=clock.now())
        flash(
            _("The server took the test to %(address)s. Look whether it arrives.", address=address),
            "in",
        )
    else:
        told = f" ({delivery.status})" if delivery.status else ""
        flash(
            _("The test was not sent.") + f" {reason_words(delivery.why)}{told}"
            if not delivery.is_unknown
            else reason_words(delivery.why),
            "stop",
        )
    return go_to(url_for("frontdesk.messages"))


@blueprint.post("/settings/messages/<int:message_id>/decide")
@requires(Permission.EDIT_SENDER)
def decide_message(message_id: int) -> Response:
    """What becomes of a message of which nobody can tell whether it went out."""
    with reading() as session:
        found = get_message(session, message_id, principal().scope(Permission.EDIT_SENDER))
    decision = request.form.get("decision", "")
    by, now = principal().actor, clock.now()
    try:
        with transaction() as session:
            if decision == "arrived":
                confirm_message(session, found.id, club_id=found.club_id, by=by, now=now)
                flash(_("Written down: it arrived."), "in")
            elif decision == "again":
                resend_message(session, found.id, club_id=found.club_id, by=by, now=now)
                flash(_("It is sent again."), "in")
            elif decision == "leave":
                leave_message(session, found.id, club_id=found.club_id)
                flash(_("It is left as it is."), "in")
    except DomainError as refusal:
        flash(refusal.text(), "stop")
    return go_to(url_for("frontdesk.messages"))
