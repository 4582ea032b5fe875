"""Who works at the club, and which machines may speak with it."""

from collections.abc import Collection

from flask import flash, render_template, request, url_for
from flask_babel import gettext as _
from sqlalchemy.orm import Session
from werkzeug.wrappers import Response

from clubcrm.accounts.access import current_club, principal, requires
from clubcrm.accounts.errors import NotAllowed, UnknownClub, UnknownEmployee, UnknownToken
from clubcrm.accounts.operations import add_staff, create_token, revoke_token, take_role
from clubcrm.accounts.queries import TokenRow, clubs
from clubcrm.accounts.queries import staff as staff_of
from clubcrm.accounts.queries import tokens as tokens_of
from clubcrm.accounts.states import Permission, Role
from clubcrm.core import clock
from clubcrm.core.errors import DomainError, Invalid
from clubcrm.core.transactions import reading, transaction
from clubcrm.frontdesk.forms import put_refusal
from clubcrm.frontdesk.forms.settings import StaffForm, TokenForm, role_words
from clubcrm.frontdesk.views import blueprint, go_to
from clubcrm.frontdesk.views.settings import Answer, failed


@blueprint.get("/settings/staff")
@requires(Permission.MANAGE_STAFF)
def staff() -> str:
    """Who can sign in, with their roles at the clubs this reader looks after."""
    scope = principal().scope(Permission.MANAGE_STAFF)
    with reading() as session:
        people = staff_of(session, scope)
        names = {club.id: club.name for club in clubs(session, scope)}
    return render_template(
        "frontdesk/settings/staff.html", people=people, clubs=names, role_words=role_words()
    )


@blueprint.route("/settings/staff/new", methods=["GET", "POST"])
@requires(Permission.MANAGE_STAFF)
def new_staff() -> Answer:
    """Access for somebody, at the club of this page."""
    club = current_club(Permission.MANAGE_STAFF)
    form = StaffForm()
    refusal = None
    if form.validate_on_submit():
        try:
            with transaction() as session:
                add_staff(
                    session,
                    full_name=form.full_name.data or "",
                    email=form.email.data or "",
                    password=form.password.data or "",
                    role=Role(form.role.data),
                    club_id=club.id,
                    by=principal().actor,
                    now=clock.now(),
                )
        except DomainError as error:
            refusal = put_refusal(form, error)
        else:
            flash(_("%(name)s can sign in.", name=form.full_name.data), "in")
            return go_to(url_for("frontdesk.staff"))
    page = render_template(
        "frontdesk/settings/staff_member.html",
        form=form,
        refusal=refusal,
        club=club,
        back=url_for("frontdesk.staff"),
    )
    return failed(page)


@blueprint.post("/settings/staff/<int:user_id>/take-role")
@requires(Permission.MANAGE_STAFF)
def end_role(user_id: int) -> Response:
    """Somebody does not do this any more."""
    scope = principal().scope(Permission.MANAGE_STAFF)
    club_id = request.form.get("club_id", type=int)
    told = request.form.get("role", "")
    if club_id not in scope:
        raise UnknownClub
    if told not in set(Role):
        raise Invalid
    with transaction() as session:
        if user_id not in {one.id for one in staff_of(session, scope)}:
            raise UnknownEmployee
        take_role(session, user_id, Role(told), club_id, by=principal().actor, now=clock.now())
    flash(_("The role is taken away."), "in")
    return go_to(url_for("frontdesk.staff"))


# --- keys for machines ----------------------------------------------------------------------


@blueprint.get("/settings/tokens")
@requires(Permission.MANAGE_STAFF)
def tokens() -> str:
    """The keys, those in use first."""
    return _tokens_page(TokenForm(formdata=None))


def _tokens_page(form: TokenForm, refusal: str | None = None, made: str | None = None) -> str:
    scope = principal().scope(Permission.MANAGE_STAFF)
    with reading() as session:
        found = tokens_of(session, scope)
        may_end = {token.id for token in found if _may_end(session, token, scope)}
        names = {club.id: club.name for club in clubs(session, scope)}
    return render_template(
        "frontdesk/settings/tokens.html",
        form=form,
        refusal=refusal,
        made=made,
        tokens=found,
        may_end=may_end,
        clubs=names,
        role_words=role_words(),
    )


def _may_end(session: Session, token: TokenRow, scope: Collection[int]) -> bool:
    """Whether a key works at no club but those in scope; one for all clubs ends at all of them."""
    return token.club_id is not None or all(club.id in scope for club in clubs(session))


@blueprint.post("/settings/tokens")
@requires(Permission.MANAGE_STAFF)
def new_token() -> tuple[str, int]:
    """A key for a machine. It is shown this once, on this very answer, and kept nowhere."""
    club = current_club(Permission.MANAGE_STAFF)
    form = TokenForm()
    if not form.validate_on_submit():
        return _tokens_page(form), 422
    with transaction() as session:
        made = create_token(
            session,
            name=form.name.data or "",
            role=Role(form.role.data),
            club_id=club.id,
            by=principal().actor,
            now=clock.now(),
        )
    return _tokens_page(TokenForm(formdata=None), made=made), 201


@blueprint.post("/settings/tokens/<int:token_id>/revoke")
@requires(Permission.MANAGE_STAFF)
def end_token(token_id: int) -> Response:
    """A key that opens nothing any more."""
    scope = principal().scope(Permission.MANAGE_STAFF)
    with transaction() as session:
        known = {token.id: token for token in tokens_of(session, scope)}
        if token_id not in known:
            raise UnknownToken
        if not _may_end(session, known[token_id], scope):
            raise NotAllowed
        revoke_token(session, token_id, by=principal().actor, now=clock.now())
    flash(_("The key opens nothing any more."), "in")
    return go_to(url_for("frontdesk.tokens"))
