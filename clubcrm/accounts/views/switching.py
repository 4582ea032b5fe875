"""The desk handed over: who takes it, the PIN or the password, and the desk locked meanwhile."""

from dataclasses import dataclass

from flask import flash, redirect, render_template, request, session, url_for
from flask_babel import gettext as _
from flask_babel import ngettext
from werkzeug.wrappers import Response

from clubcrm.accounts import operations
from clubcrm.accounts.access import (
    LOCKED,
    at_the_desk,
    current_club,
    hand_over,
    is_locked,
    is_open_to,
    opened_here,
    principal,
    requires,
    safe_next,
    start_session,
)
from clubcrm.accounts.errors import PasswordNeeded, TooManyTries, WrongPassword
from clubcrm.accounts.forms import TakeByPasswordForm, TakeByPinForm, TakeDeskForm
from clubcrm.accounts.models import StaffUser
from clubcrm.accounts.operations import PinTry
from clubcrm.accounts.policies import Principal, at_desk_only
from clubcrm.accounts.queries import ClerkRow, ClubRow, clerks, get_clerk, whoever_signed_in
from clubcrm.accounts.states import Permission
from clubcrm.accounts.views import blueprint
from clubcrm.core import clock
from clubcrm.core.transactions import reading, transaction

TAKE = Permission.SWITCH_CLERK


@dataclass(frozen=True)
class Desk:
    """The desk as it stands on this browser."""

    club: ClubRow
    me: Principal
    locked: bool
    takes_pins: bool


def _desk() -> Desk:
    known = at_the_desk()
    club = current_club(TAKE, of=known)
    return Desk(club, known.principal, is_locked(), opened_here(club.id))


@blueprint.get("/switch")
@requires(TAKE, even_locked=True)
def switch() -> str:
    """Who takes the desk over: the clerks of the club. All of them where it is locked."""
    desk = _desk()
    with reading() as db_session:
        found = clerks(db_session, desk.club.id)
    if not desk.locked:
        found = [one for one in found if one.id != desk.me.actor.id]
    return render_template("accounts/switch.html", desk=desk, clerks=found, next=_next())


@blueprint.get("/switch/<int:user_id>")
@requires(TAKE, even_locked=True)
def taker(user_id: int) -> str:
    """The PIN of whoever takes the desk over, or the password."""
    desk, clerk = _desk_and_clerk(user_id)
    by_pin = _may_by_pin(desk, clerk) and not request.args.get("password")
    return _taker_page(
        desk, clerk, TakeByPinForm(formdata=None) if by_pin else TakeByPasswordForm(formdata=None)
    )


@blueprint.post("/switch/<int:user_id>")
@requires(TAKE, even_locked=True)
def take_over(user_id: int) -> Response | tuple[str, int]:
    """The session becomes that of whoever gave the right PIN or password, on the same page."""
    desk, clerk = _desk_and_clerk(user_id)
    form = TakeByPinForm() if "pin" in request.form else TakeByPasswordForm()
    if not form.validate_on_submit():
        return _taker_page(desk, clerk, form), 422
    try:
        if isinstance(form, TakeByPasswordForm):
            return _by_password(desk, clerk, form)
        if not desk.takes_pins:
            raise PasswordNeeded
        return _by_pin(desk, clerk, form)
    except (PasswordNeeded, TooManyTries, WrongPassword) as error:
        again = TakeByPasswordForm(formdata=None)
        return _taker_page(desk, clerk, again, error.text()), error.status


def _desk_and_clerk(user_id: int) -> tuple[Desk, ClerkRow]:
    desk = _desk()
    with reading() as db_session:
        return desk, get_clerk(db_session, desk.club.id, user_id)


def _may_by_pin(desk: Desk, clerk: ClerkRow) -> bool:
    return desk.takes_pins and clerk.pin_is_enough


def _by_pin(desk: Desk, clerk: ClerkRow, form: TakeByPinForm) -> Response | tuple[str, int]:
    with transaction() as db_session:
        came = operations.take_desk_by_pin(
            db_session,
            clerk.id,
            form.secret.data or "",
            club_id=desk.club.id,
            by=desk.me.actor,
            now=clock.now(),
        )
        user = came.user
        who = whoever_signed_in(db_session, user.id, user.session_key) if user else None
    if user is None or who is None:
        return _taker_page(desk, clerk, form, _wrong_pin(came)), 429 if came.minutes else 401
    hand_over(user, who, desk.club.id)
    return _go_on(user, at_desk_only(who.principal, desk.club.id))


def _wrong_pin(came: PinTry) -> str:
    if came.minutes:
        return ngettext(
            "Five wrong PINs: this PIN is locked for %(count)s minute. The password works meanwhile.",
            "Five wrong PINs: this PIN is locked for %(count)s minutes. The password works meanwhile.",
            came.minutes,
            count=came.minutes,
        )
    return ngettext(
        "The PIN is wrong. %(count)s more try, then it is locked for a quarter of an hour.",
        "The PIN is wrong. %(count)s more tries, then it is locked for a quarter of an hour.",
        came.tries_left,
        count=came.tries_left,
    )


def _by_password(desk: Desk, clerk: ClerkRow, form: TakeByPasswordForm) -> Response:
    with transaction() as db_session:
        user = operations.take_desk_by_password(
            db_session,
            clerk.id,
            form.secret.data or "",
            club_id=desk.club.id,
            by=desk.me.actor,
            now=clock.now(),
        )
        who = whoever_signed_in(db_session, user.id, user.session_key) if user else None
    if user is None or who is None:
        raise WrongPassword
    start_session(user, who, club_id=desk.club.id)
    return _go_on(user, who.principal)


def _go_on(user: StaffUser, who: Principal) -> Response:
    """To the page on which the desk was handed over, where it is open to the one who took it."""
    flash(_("%(name)s is at the desk.", name=user.full_name), "in")
    target = _next()
    return redirect(target if is_open_to(who, target) else "/", 303)


def _taker_page(desk: Desk, clerk: ClerkRow, form: TakeDeskForm, refusal: str | None = None) -> str:
    return render_template(
        "accounts/take_over.html",
        desk=desk,
        clerk=clerk,
        form=form,
        refusal=refusal,
        asks_pin=isinstance(form, TakeByPinForm),
        may_by_pin=_may_by_pin(desk, clerk),
        next=_next(),
    )


@blueprint.post("/switch/lock")
@requires(TAKE)
def lock() -> Response:
    """Leave the desk: nothing of it is to be seen until somebody takes it."""
    who = principal()
    with transaction() as db_session:
        operations.lock_desk(
            db_session, club_id=current_club(TAKE).id, by=who.actor, now=clock.now()
        )
    session[LOCKED] = True
    return redirect(url_for("accounts.switch", next=_next()), 303)


def _next() -> str:
    return safe_next(request.values.get("next"))
