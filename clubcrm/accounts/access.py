"""The door of every page: who asks, for which club, and whether it is allowed.

Every view says `@requires(Permission.X)` or `@public`; a view that says neither is refused at run
time and fails the checks. This module may be imported by the views of all packages.

A session begins with a password (`start_session`) and may then go from clerk to clerk by their PINs
(`hand_over`); a PIN opens the desk's rights at one club, which is written into what the cookie holds.
While a desk is locked nobody is signed in there but for the pages that unlock it.
"""

import re
from collections.abc import Callable
from functools import wraps
from typing import Any, TypeVar

from flask import Flask, abort, current_app, g, request, session
from flask_login import AnonymousUserMixin, LoginManager, UserMixin, current_user, login_user
from werkzeug.exceptions import HTTPException

from clubcrm.accounts.errors import NotAllowed
from clubcrm.accounts.models import StaffUser
from clubcrm.accounts.policies import Principal
from clubcrm.accounts.queries import ClubRow, Known, whoever_has_token, whoever_signed_in
from clubcrm.accounts.states import Permission
from clubcrm.core import clock
from clubcrm.core.transactions import looking, reading

View = TypeVar("View", bound=Callable[..., Any])

OWN_PATH = re.compile(r"/(?![/\\])[^\x00-\x20\\]*")

RULE = "access_rule"
PUBLIC = "public"
SIGNED_IN = "signed_in"


OPENED, LOCKED, SEEN = "opened", "locked", "seen"
"""In the session: who signed in on this browser with a password, and when; whether the desk is locked; and
the day on which the cookie was renewed last."""

A_DAY = 24 * 3600


class SignedIn(UserMixin):
    """Flask-Login's user: who it is, and the key that ends the session when it changes.

    `desk_of` is the club at whose desk a PIN opened the session; None where a password did.
    """

    def __init__(self, known: Known, session_key: str, desk_of: int | None = None) -> None:
        self.known = known if desk_of is None else known.at_desk_of(desk_of)
        self.session_key = session_key
        self.desk_of = desk_of

    def get_id(self) -> str:
        """What the signed cookie holds."""
        desk = "" if self.desk_of is None else f":{self.desk_of}"
        return f"{self.known.principal.actor.id}:{self.session_key}{desk}"


def start_session(user: StaffUser, who: Known, *, club_id: int | None = None) -> None:
    """Begin the session of an employee whose password was right; nothing of an earlier one lives on in it."""
    signed_in = SignedIn(who, user.session_key)
    _begin(signed_in, [signed_in.get_id(), int(clock.now().timestamp())], club_id)


def hand_over(user: StaffUser, who: Known, club_id: int) -> None:
    """Make this session that of an employee whose PIN was right: at the same club, with its desk's rights."""
    _begin(SignedIn(who, user.session_key, club_id), session.get(OPENED), club_id)


def _begin(signed_in: SignedIn, opened: Any, club_id: int | None) -> None:
    session.clear()
    session.permanent = True
    session[OPENED] = opened
    if club_id is not None:
        session["club_id"] = club_id
    login_user(signed_in, remember=False)


def opened_here(club_id: int) -> bool:
    """Whether PINs count on this browser, at this club.

    Somebody signed in here with a password no longer ago than a session lives; and that sign-in would still
    be good for this desk: neither the password nor the employee's standing has changed since.
    """
    kept, at = session.get(OPENED) or ("", 0)
    opener = _signed_in(kept)
    age = clock.now().timestamp() - at
    return (
        opener is not None
        and age < current_app.permanent_session_lifetime.total_seconds()
        and opener.known.principal.may(Permission.SWITCH_CLERK, club_id)
    )


def is_locked() -> bool:
    """Whether somebody is signed in here and locked the desk."""
    return bool(session.get(LOCKED)) and current_user.is_authenticated


def entrance() -> str:
    """The page that lets in whoever may not see another one: of a locked desk its own, else the sign-in."""
    is_desk = is_locked() and current_user.known.principal.scope(Permission.SWITCH_CLERK)
    return "accounts.switch" if is_desk else "accounts.sign_in"


def requires(permission: Permission, *, even_locked: bool = False) -> Callable[[View], View]:
    """Let a view run only for whoever holds the permission at one club at least.

    Which club is then the view's matter: it limits every query to `scope(permission)` and asks
    `current_club(permission)` where one club is meant. `even_locked` is for the pages that unlock a desk:
    they ask `at_the_desk()` who is signed in.
    """

    def mark(view: View) -> View:
        @wraps(view)
        def guarded(*args: Any, **kw: Any) -> Any:
            who = at_the_desk().principal if even_locked else principal()
            if not who.scope(permission):
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


def at_the_desk() -> Known:
    """Who is signed in on this browser, the desk locked or not. 401 when nobody is."""
    if not current_user.is_authenticated:
        abort(401)
    known: Known = current_user.known
    return known


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
    with looking() as db_session:
        return whoever_has_token(db_session, token.strip())


def _by_session() -> Known | None:
    if not current_user.is_authenticated or is_locked():
        return None
    today = int(clock.now().timestamp()) // A_DAY
    if session.get(SEEN) != today and request.method == "GET" and not _is_part():
        session[SEEN] = today  # whoever comes every other week stays signed in
    known: Known = current_user.known
    return known


def _is_part() -> bool:
    """Whether a page script asks: its late answer must not bring a session back that was handed over."""
    return request.headers.get("HX-Request") == "true"


def clubs_where(permission: Permission) -> dict[int, ClubRow]:
    """The clubs at which the one who asks holds a permission, by id, as they were when asked."""
    principal()
    known = _known()
    return known.clubs_where(permission) if known else {}


def current_club(permission: Permission | None = None, *, of: Known | None = None) -> ClubRow:
    """The club this employee works at now (chosen in the top bar), where the permission is held.

    Falls back to the first club the permission is held at. Raises NotAllowed when there is none. `of` is who
    is at a desk that may be locked; without it whoever asks.
    """
    if of is None:
        principal()
    known = of or _known()
    allowed = known.clubs_where(permission) if known else {}
    if not allowed:
        raise NotAllowed
    chosen = session.get("club_id")
    return allowed[chosen if chosen in allowed else min(allowed)]


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

    manager.user_loader(_signed_in)

    @app.before_request
    def deny_unless_declared() -> None:
        if request.endpoint is None or request.endpoint.rpartition(".")[2] == "static":
            return
        if rule_of(current_app.view_functions[request.endpoint]) is None:
            raise NotAllowed


def _signed_in(kept: str) -> SignedIn | None:
    """Who it was that the cookie holds, with the rights of today; None when the session is over."""
    user_id, _, rest = kept.partition(":")
    key, _, desk = rest.partition(":")
    if not user_id.isdigit():
        return None
    with reading(goes_on=True) as db_session:
        found = whoever_signed_in(db_session, int(user_id), key)
    return SignedIn(found, key, int(desk) if desk else None) if found else None


def is_open_to(who: Principal, path: str) -> bool:
    """Whether this employee may open a page of this installation, as far as its address tells."""
    try:
        endpoint, _parts = current_app.url_map.bind("").match(path.partition("?")[0])
    except HTTPException:
        return False
    rule = rule_of(current_app.view_functions[endpoint])
    return bool(who.scope(rule)) if isinstance(rule, Permission) else rule is not None


def safe_next(path: str | None, default: str = "/") -> str:
    """Where to go on: a path of this installation, never another site."""
    return path if path and OWN_PATH.fullmatch(path) else default
