"""The screens of staff: one module a screen, all on one blueprint.

The modules at the end are imported for the routes they register.
"""

from flask import Blueprint, current_app, redirect, url_for
from werkzeug.wrappers import Response

from clubcrm.accounts.access import principal, signed_in
from clubcrm.accounts.states import Permission

blueprint = Blueprint("frontdesk", __name__, template_folder="../templates")


@blueprint.get("/")
@signed_in
def home() -> Response:
    """The first page of whoever signs in: the desk for whom it is for, the people otherwise."""
    who = principal()
    ways = (
        ("frontdesk.desk", Permission.CHECK_IN),
        ("frontdesk.people", Permission.SEE_MEMBERS),
    )
    for endpoint, permission in ways:
        if endpoint in current_app.view_functions and who.scope(permission):
            return redirect(url_for(endpoint))
    return redirect(url_for("accounts.own"))
