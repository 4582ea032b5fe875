"""The door of every page: who asks, for which club, and whether it is allowed.

Every view says `@requires(Permission.X)` or `@public`; a view that says neither is refused at run
time and fails the checks. This module may be imported by the views of all packages.
"""

import re
from collections.abc import Callable
from functools import wraps
from typing import Any, TypeVar

from flask import Flask, abort, current_app, g, request, session
from flask_login import AnonymousUserMixin, LoginManager, UserMixin, current_user

from clubcrm.accounts.errors import NotAllowed
from clubcrm.accounts.models import StaffUser
from clubcrm.accounts.policies import Principal
from clubcrm.accounts.queries import ClubRow, Known, whoever_has_token, whoever_signed_in
from clubcrm.accounts.states import Permission
from clubcrm.core.transactions import reading

View = TypeVar("View", bound=Callable[..., Any])

OWN_PATH = re.compile(r"/(?![/\\])[^\x00-\x20\\]*")

RULE = "access_rule"
PUBLIC = "public"
SIGNED_IN = "signed_in"


class SignedIn(UserMixin):
    """Flask-Login's user: who it is, and the key that ends the session when it changes."""

    def __init__(self, known: Known, session_key: str) -> None:
        self.known = known
        self.session_key = session_key

    def get_id(self) -> str:
        """What the signed cookie holds."""
        return f"{self.known.principal.actor.id}:{self.session_key}"


def sign_in_of(user: StaffUser, known: Known) -> SignedIn:
    """The session user for an employee whose password was right."""
    return SignedIn(known, user.session_key)


def requires(permission: Permission) -> Callable[[View], View]:
    """Let a view run only for whoever holds the permission at one club at least.

    Which club is then the view's matter: it limits every query to `scope(permission)` and asks
    `current_club(permission)` where one club is meant.
    """

    def mark(view: View) -> View:
        @wraps(view)
        def guarded(*args: Any, **kw: Any) -> Any:
            if not principal().scope(permission):
                raise NotAllowed
            return view(*args, **kw)

        setattr(guarded, RULE, permission)
        return guarded  # type: ignore[return-value]

    return mark


def public(view: View) -> View:
    """Let a view run for everybody: sign-in, set-up, health."""
    setattr(view, RULE, PUBLIC)
    return view


def signed_in(view: View) -> View:
    """Let a view run for everybody who signed in: one's own account."""

    @wraps(view)
    def guarded(*args: Any, **kw: Any) -> Any:
        principal()
        return view(*args, **kw)

    setattr(guarded, RULE, SIGNED_IN)
    return guarded  # type: ignore[return-value]


def rule_of(view: Callable[..., Any]) -> Permission | str | None:
    """What a view declares; None = nothing, so nobody may."""
    return getattr(view, RULE, None)


def principal() -> Principal:
    """Who asks. 401 on the API, the sign-in page elsewhere, when nobody is signed in."""
    found = find_principal()
    if found is None:
        abort(401)
    return found


def find_principal() -> Principal | None:
    """Who asks, or None: by a bearer token on the API, by the session cookie elsewhere."""
    known = _known()
    return known.principal if known else None


def _known() -> Known | None:
    if "known" not in g:
        g.known = _by_token() if _is_api() else _by_session()
    found: Known | None = g.known
    return found


def _is_api() -> bool:
    return request.path.startswith("/api/")


def _by_token() -> Known | None:
    kind, _, token = request.headers.get("Authorization", "").partition(" ")
    if kind.lower() != "bearer" or not token.strip():
        return None
    with reading(goes_on=True) as db_session:
        return whoever_has_token(db_session, token.strip())


def _by_session() -> Known | None:
    return current_user.known if current_user.is_authenticated else None


def clubs_where(permission: Permission) -> dict[int, ClubRow]:
    """The clubs at which the one who asks holds a permission, by id, as they were when asked."""
    known, allowed = _known(), principal().scope(permission)
    return (
        {club_id: club for club_id, club in known.clubs.items() if club_id in allowed}
        if known
        else {}
    )


def current_club(permission: Permission | None = None) -> ClubRow:
    """The club this employee works at now (chosen in the top bar), where the permission is held.

    Falls back to the first club the permission is held at. Raises NotAllowed when there is none.
    """
    who, known = principal(), _known()
    allowed = who.scope(permission) if permission else frozenset(who.grants)
    if not allowed or known is None:
        raise NotAllowed
    chosen = session.get("club_id")
    return known.clubs[chosen if chosen in allowed else min(allowed)]


def my_clubs() -> list[ClubRow]:
    """The clubs at which this employee has a role, by name."""
    known = _known()
    found = known.clubs.values() if known else ()
    return sorted(found, key=lambda club: (club.name, club.id))


def guard(app: Flask) -> None:
    """Put the guard in force: sessions, and denial of every view that declares nothing."""
    manager = LoginManager()
    manager.session_protection = None
    manager.anonymous_user = AnonymousUserMixin
    manager.init_app(app)

    @manager.user_loader
    def load(kept: str) -> SignedIn | None:
        user_id, _, key = kept.partition(":")
        if not user_id.isdigit():
            return None
        with reading(goes_on=True) as db_session:
            found = whoever_signed_in(db_session, int(user_id), key)
        return SignedIn(found, key) if found else None

    @app.before_request
    def deny_unless_declared() -> None:
        if request.endpoint is None or request.endpoint.rpartition(".")[2] == "static":
            return
        if rule_of(current_app.view_functions[request.endpoint]) is None:
            raise NotAllowed


def safe_next(path: str | None, default: str = "/") -> str:
    """Where to go on: a path of this installation, never another site."""
    return path if path and OWN_PATH.fullmatch(path) else default
