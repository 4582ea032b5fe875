"""The page behind the link in every marketing message: no more of these, please."""

from flask import Blueprint, current_app, render_template, request
from flask.blueprints import BlueprintSetupState

from clubcrm.accounts.access import public
from clubcrm.accounts.queries import ClubRow, get_club
from clubcrm.core import clock
from clubcrm.core.transactions import reading, transaction
from clubcrm.messaging.errors import UnknownMessage
from clubcrm.messaging.links import PATH, message_of_token
from clubcrm.messaging.operations import unsubscribe
from clubcrm.messaging.queries import get_message

blueprint = Blueprint("messaging", __name__, template_folder="templates")


@blueprint.record_once
def trust_tokens(state: BlueprintSetupState) -> None:
    """Leave this page out of the guard against forged forms: the mail program's one click has no page.

    The signed link itself says that one may.
    """
    state.app.extensions["csrf"].exempt(blueprint)


@blueprint.route(f"{PATH}<token>", methods=["GET", "POST"])
@public
def unsubscribe_page(token: str) -> str:
    """GET asks, since programs that look at links open them all; POST does it, however often."""
    secret = current_app.extensions["settings"].secret_key
    message_id = message_of_token(secret, token)
    if message_id is None:
        raise UnknownMessage
    is_done = request.method == "POST"
    if is_done:
        with transaction() as session:
            unsubscribe(session, message_id, now=clock.now())
    return render_template("messaging/unsubscribe.html", club=_club_of(message_id), is_done=is_done)


def _club_of(message_id: int) -> ClubRow:
    with reading() as session:
        return get_club(session, get_message(session, message_id, None).club_id)
