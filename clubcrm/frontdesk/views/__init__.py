"""The screens of staff: one module a screen, all on one blueprint.

The modules at the end are imported for the routes they register.
"""

import json
from base64 import urlsafe_b64decode, urlsafe_b64encode
from binascii import Error as BadBase64
from collections.abc import Sequence
from typing import Any

from flask import Blueprint, Response, current_app, redirect, request, url_for
from werkzeug.wrappers import Response as BaseResponse

from clubcrm.accounts.access import principal, signed_in
from clubcrm.accounts.states import Permission

blueprint = Blueprint("frontdesk", __name__, template_folder="../templates")

WAYS = (
    ("frontdesk.owner", Permission.SEE_HOME),
    ("frontdesk.desk", Permission.CHECK_IN),
    ("floor.today", Permission.TRAIN),
    ("frontdesk.people", Permission.SEE_MEMBERS),
)
"""The first pages, in the order in which they are tried."""


@blueprint.get("/")
@signed_in
def home() -> BaseResponse:
    """The first page of whoever signs in: the desk, the floor, or else the people."""
    for endpoint, permission in WAYS:
        if endpoint in current_app.view_functions and principal().scope(permission):
            return redirect(url_for(endpoint))
    return redirect(url_for("accounts.own"))


class OnlyAQuote(Exception):
    """Ends a transaction whose work was only to be seen: nothing of it is kept."""


def is_fragment() -> bool:
    """Whether a page script asks for a part of a page only."""
    return request.headers.get("HX-Request") == "true"


def go_to(address: str) -> BaseResponse:
    """Go on after a form was taken, also where a drawer sent it."""
    if is_fragment():
        return Response(status=204, headers={"HX-Redirect": address})
    return redirect(address, 303)


def written_place(place: Sequence[Any] | None) -> str | None:
    """A place in a long list, as it stands in an address."""
    return urlsafe_b64encode(json.dumps(place).encode()).decode().rstrip("=") if place else None


def read_place(text: str | None) -> list[Any] | None:
    """A place from the address; one that somebody spoilt is the start of the list."""
    if not text:
        return None
    try:
        told = json.loads(urlsafe_b64decode(text + "=" * (-len(text) % 4)))
    except (ValueError, BadBase64):
        return None
    return told if isinstance(told, list) else None


from clubcrm.frontdesk.views import (  # noqa: E402, F401
    card,
    desk,
    memberships,
    owner,
    people,
    renewals,
    settings,
    tasks,
)
