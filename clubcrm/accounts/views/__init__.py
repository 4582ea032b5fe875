"""Signing in and out, the first set-up, one's own account, and the desk handed over.

The modules at the end are imported for the routes they register.
"""

from flask import (
    Blueprint,
    current_app,
    flash,
    redirect,
    render_template,
    request,
    session,
    url_for,
)
from flask_babel import gettext as _
from flask_login import logout_user
from werkzeug.wrappers import Response

from clubcrm.accounts import operations
from clubcrm.accounts.access import (
    find_principal,
    principal,
    public,
    safe_next,
    signed_in,
    start_session,
)
from clubcrm.accounts.errors import AlreadySetUp, TooManyTries, WrongPassword, WrongSignIn
from clubcrm.accounts.forms import (
    PasswordForm,
    PinForm,
    PinRemovalForm,
    SetUpForm,
    SignInForm,
    ThemeForm,
)
from clubcrm.accounts.models import StaffUser
from clubcrm.accounts.policies import pin_is_enough
from clubcrm.accounts.queries import has_pin, is_set_up, whoever_signed_in
from clubcrm.accounts.states import LANGUAGE_COOKIE, THEME_COOKIE, Theme
from clubcrm.core import clock
from clubcrm.core.actor import OPERATOR
from clubcrm.core.errors import DomainError
from clubcrm.core.fields import club_languages
from clubcrm.core.transactions import reading, transaction

blueprint = Blueprint("accounts", __name__, template_folder="../templates")

A_YEAR = 365 * 24 * 3600


# --- signing in -----------------------------------------------------------------------------


@blueprint.route("/sign-in", methods=["GET", "POST"])
@public
def sign_in() -> Response | tuple[str, int]:
    """The sign-in page; afterwards the page that was asked for."""
    target = safe_next(request.args.get("next"))
    if request.method == "GET" and find_principal() is not None:
        return redirect(target)
    form = SignInForm()
    if not form.validate_on_submit():
        return _sign_in_page(form, None, 200 if request.method == "GET" else 422)
    refusal = _try_password(form.data["email"], form.data["password"])
    if refusal is not None:
        return _sign_in_page(form, refusal.text(), refusal.status)
    return redirect(target)


def _try_password(email: str, password: str) -> DomainError | None:
    """Sign in whoever has this e-mail and password; the refusal where nobody has."""
    try:
        with transaction() as db_session:
            user = operations.check_password(db_session, email, password, now=clock.now())
            who = whoever_signed_in(db_session, user.id, user.session_key) if user else None
    except TooManyTries as refusal:
        return refusal
    if user is None or who is None:
        return WrongSignIn()
    start_session(user, who)
    return None


def _sign_in_page(form: SignInForm, refusal: str | None, status: int) -> tuple[str, int]:
    return render_template("accounts/sign_in.html", form=form, refusal=refusal), status


@blueprint.post("/sign-out")
@public
def sign_out() -> Response:
    """End this session."""
    logout_user()
    session.clear()
    return redirect(url_for("accounts.sign_in"))


# --- the first set-up -----------------------------------------------------------------------


@blueprint.route("/set-up", methods=["GET", "POST"])
@public
def set_up() -> Response | tuple[str, int]:
    """The first visit: one club and its owner. Refused for good once a club lives here."""
    with reading() as db_session:
        if is_set_up(db_session):
            raise AlreadySetUp
    form = SetUpForm(language=_likely_language(), currency="EUR", timezone="Europe/London")
    refusal = None
    if form.validate_on_submit():
        try:
            _set_up_club(form)
        except DomainError as error:
            refusal = error.text()
        else:
            flash(
                _(
                    "%(club)s stands. Bring your members along, or add the first one.",
                    club=form.data["name"],
                ),
                "in",
            )
            return redirect(url_for("frontdesk.home"))
    failed = request.method == "POST"
    return render_template(
        "accounts/set_up.html", form=form, refusal=refusal
    ), 422 if failed else 200


def _likely_language() -> str:
    return request.accept_languages.best_match([code for code, _name in club_languages()]) or "en"


def _set_up_club(form: SetUpForm) -> None:
    now = clock.now()
    with transaction() as db_session:
        operations.set_up(
            db_session,
            code=form.data["code"],
            name=form.data["name"],
            timezone=form.data["timezone"],
            currency=form.data["currency"],
            language=form.data["language"],
            calendar=form.data["calendar"],
            owner_name=form.data["owner_name"],
            owner_email=form.data["owner_email"],
            owner_password=form.data["owner_password"],
            by=OPERATOR,
            now=now,
        )
    current_app.extensions["is_set_up"] = True
    _try_password(form.data["owner_email"], form.data["owner_password"])


# --- one's own account ----------------------------------------------------------------------


@blueprint.get("/account")
@signed_in
def own() -> str:
    """Language, brightness, password and PIN of whoever is signed in."""
    return _own_page()


def _own_page(
    form: PasswordForm | None = None,
    pin_form: PinForm | None = None,
    removal_form: PinRemovalForm | None = None,
    refusal: str | None = None,
) -> str:
    """One's own page; a refusal is said over the form that was sent."""
    chosen = request.cookies.get(THEME_COOKIE, Theme.AUTO.value)
    theme_form = ThemeForm(
        formdata=None, theme=chosen if chosen in set(Theme) else Theme.AUTO.value
    )
    who = principal()
    with reading() as db_session:
        stands = has_pin(db_session, who.actor.id or 0)
    return render_template(
        "accounts/own.html",
        form=form or PasswordForm(formdata=None),
        pin_form=pin_form or PinForm(formdata=None),
        removal_form=removal_form or PinRemovalForm(formdata=None),
        theme_form=theme_form,
        refusal=refusal if form else None,
        pin_refusal=refusal if pin_form else None,
        removal_refusal=refusal if removal_form else None,
        has_pin=stands,
        may_have_pin=any(pin_is_enough(held) for held in who.grants.values()),
    )


@blueprint.post("/account/password")
@signed_in
def change_password() -> Response | tuple[str, int]:
    """A new password; every other session of this employee ends."""
    form = PasswordForm()
    if not form.validate_on_submit():
        return _own_page(form), 422
    who = principal()
    try:
        _confirm(form.data["old"])
        with transaction() as db_session:
            key = operations.change_password(
                db_session, who.actor.id or 0, form.data["new"], by=who.actor, now=clock.now()
            )
            user = db_session.get_one(StaffUser, who.actor.id)
            renewed = whoever_signed_in(db_session, user.id, key)
    except DomainError as error:
        return _own_page(form, refusal=error.text()), error.status
    if renewed is not None:
        start_session(user, renewed, club_id=session.get("club_id"))
    flash(_("The password is changed. Other devices have to sign in again."), "in")
    return redirect(url_for("accounts.own"))


def _confirm(password: str) -> None:
    """Ask for the password of whoever is signed in, in a transaction of its own: a wrong one counts."""
    with transaction() as db_session:
        is_right = operations.confirm_password(
            db_session, principal().actor.id or 0, password, now=clock.now()
        )
    if not is_right:
        raise WrongPassword


@blueprint.post("/account/pin")
@signed_in
def set_pin() -> Response | tuple[str, int]:
    """One's own PIN for the desk, chosen or changed."""
    form = PinForm()
    if not form.validate_on_submit():
        return _own_page(pin_form=form), 422
    who = principal()
    try:
        _confirm(form.data["password"])
        with transaction() as db_session:
            operations.set_pin(
                db_session, who.actor.id or 0, form.data["pin"], by=who.actor, now=clock.now()
            )
    except DomainError as error:
        return _own_page(pin_form=form, refusal=error.text()), error.status
    flash(_("The PIN counts from now on."), "in")
    return redirect(url_for("accounts.own"))


@blueprint.post("/account/pin/remove")
@signed_in
def remove_pin() -> Response | tuple[str, int]:
    """No PIN any more."""
    form = PinRemovalForm()
    if not form.validate_on_submit():
        return _own_page(removal_form=form), 422
    who = principal()
    try:
        _confirm(form.data["password"])
    except DomainError as error:
        return _own_page(removal_form=form, refusal=error.text()), error.status
    with transaction() as db_session:
        operations.remove_pin(db_session, who.actor.id or 0, by=who.actor, now=clock.now())
    flash(_("The PIN is removed. At the desk the password is asked for."), "in")
    return redirect(url_for("accounts.own"))


@blueprint.post("/account/language")
@public
def choose_language() -> Response:
    """The language of the pages, kept with the employee and on this device."""
    language = request.form.get("language", "")
    response = redirect(safe_next(request.form.get("next"), url_for("accounts.own")))
    if language not in current_app.extensions["languages"]:
        return response
    who = find_principal()
    if who is not None and who.actor.id is not None:
        with transaction() as db_session:
            operations.set_language(db_session, who.actor.id, language)
    response.set_cookie(
        LANGUAGE_COOKIE,
        language,
        max_age=A_YEAR,
        samesite="Lax",
        httponly=True,
        secure=_is_secure(),
    )
    return response


@blueprint.post("/account/theme")
@public
def choose_theme() -> Response:
    """How bright the screens of this device are."""
    response = redirect(safe_next(request.form.get("next"), url_for("accounts.own")))
    chosen = request.form.get("theme", "")
    if chosen in set(Theme):
        response.set_cookie(
            THEME_COOKIE, chosen, max_age=A_YEAR, samesite="Lax", httponly=True, secure=_is_secure()
        )
    return response


@blueprint.post("/account/club")
@signed_in
def choose_club() -> Response:
    """The club this employee works at now."""
    chosen = request.form.get("club_id", type=int)
    if chosen in principal().grants:
        session["club_id"] = chosen
    return redirect(safe_next(request.form.get("next")))


def _is_secure() -> bool:
    return bool(current_app.config["SESSION_COOKIE_SECURE"])


from clubcrm.accounts.views import switching  # noqa: E402, F401
