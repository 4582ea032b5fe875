"""Settings: the club, its plans, its closures, its messages, its contacts, its staff and its keys."""

from collections.abc import Mapping
from typing import Any

from flask import current_app, redirect, request, url_for
from flask_babel import lazy_gettext as _l
from werkzeug.wrappers import Response

from clubcrm.accounts.access import principal, requires
from clubcrm.accounts.states import Permission
from clubcrm.core.errors import Words
from clubcrm.frontdesk.views import blueprint

Answer = Response | str | tuple[str, int]

PAGES: Mapping[str, tuple[Permission, Words]] = {
    "frontdesk.plans": (Permission.SEE_PLANS, _l("Plans")),
    "frontdesk.club_settings": (Permission.EDIT_CLUB, _l("Club")),
    "frontdesk.door": (Permission.EDIT_CLUB, _l("Door")),
    "frontdesk.closures": (Permission.EDIT_CLUB, _l("Closures and seasons")),
    "frontdesk.messages": (Permission.EDIT_SENDER, _l("Messages")),
    "frontdesk.contacts": (Permission.EDIT_CONTACTS, _l("Contacts")),
    "frontdesk.staff": (Permission.MANAGE_STAFF, _l("Staff")),
    "frontdesk.tokens": (Permission.MANAGE_STAFF, _l("API keys")),
}
"""The pages of the settings, each with the permission it asks for, in their order."""


@blueprint.get("/settings")
@requires(Permission.SEE_PLANS)
def settings() -> Response:
    """The first of the settings."""
    return redirect(url_for("frontdesk.plans"))


def settings_ways() -> list[tuple[Words, str, bool, None]]:
    """The pages of the settings that this reader may open."""
    who = principal()
    return [
        (words, url_for(endpoint), _is_here(endpoint), None)
        for endpoint, (permission, words) in PAGES.items()
        if who.scope(permission) and endpoint in current_app.view_functions
    ]


def _is_here(endpoint: str) -> bool:
    return request.path.startswith(url_for(endpoint))


def failed(page: str) -> Answer:
    """A page with a form: 422 where the form was sent and not taken."""
    return (page, 422) if request.method == "POST" else page


@blueprint.context_processor
def ways_of_settings() -> dict[str, Any]:
    """What the pages of the settings share."""
    return {"settings_ways": settings_ways}


from clubcrm.frontdesk.views.settings import (  # noqa: E402, F401
    closures,
    club,
    contacts,
    door,
    messages,
    plans,
    ramp,
    staff,
)
