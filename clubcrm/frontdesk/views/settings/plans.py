"""What the club sells."""

from flask import flash, render_template, url_for
from flask_babel import gettext as _

from clubcrm.accounts.access import current_club, principal, requires
from clubcrm.accounts.queries import get_club
from clubcrm.accounts.states import Permission
from clubcrm.core import clock
from clubcrm.core.errors import DomainError
from clubcrm.core.transactions import reading, transaction
from clubcrm.frontdesk.forms import put_refusal
from clubcrm.frontdesk.forms.settings import PlanForm, plan_data
from clubcrm.frontdesk.views import blueprint, go_to
from clubcrm.frontdesk.views.settings import Answer, failed
from clubcrm.members.errors import UnknownPlan
from clubcrm.members.operations import add_plan, change_plan
from clubcrm.members.queries import get_plan
from clubcrm.members.queries import plans as plans_of


@blueprint.get("/settings/plans")
@requires(Permission.SEE_PLANS)
def plans() -> str:
    """The plans, those on sale first."""
    club = current_club(Permission.SEE_PLANS)
    with reading() as session:
        found = plans_of(session, club.id)
    found.sort(key=lambda plan: not plan.is_on_sale)
    return render_template("frontdesk/settings/plans.html", plans=found, club=club)


@blueprint.route("/settings/plans/new", methods=["GET", "POST"])
@requires(Permission.EDIT_PLANS)
def new_plan() -> Answer:
    """Something new to sell."""
    club = current_club(Permission.EDIT_PLANS)
    form = PlanForm(club=club)
    refusal = None
    if form.validate_on_submit():
        try:
            with transaction() as session:
                add_plan(
                    session,
                    form.values(),
                    club_id=club.id,
                    by=principal().actor,
                    now=clock.now(),
                )
        except DomainError as error:
            refusal = put_refusal(form, error)
        else:
            flash(_("%(plan)s is on offer.", plan=form.name.data), "in")
            return go_to(url_for("frontdesk.plans"))
    page = render_template(
        "frontdesk/settings/plan.html",
        form=form,
        refusal=refusal,
        plan=None,
        action=url_for("frontdesk.new_plan"),
        back=url_for("frontdesk.plans"),
    )
    return failed(page)


@blueprint.route("/settings/plans/<int:plan_id>", methods=["GET", "POST"])
@requires(Permission.EDIT_PLANS)
def edit_plan(plan_id: int) -> Answer:
    """A plan for what is sold from now on; memberships sold already stay as they are."""
    with reading() as session:
        plan = get_plan(session, plan_id)
        if not principal().may(Permission.EDIT_PLANS, plan.club_id):
            raise UnknownPlan
        club = get_club(session, plan.club_id)
    form = PlanForm(club=club, data=plan_data(plan))
    refusal = None
    if form.validate_on_submit():
        try:
            with transaction() as session:
                change_plan(session, plan_id, form.changes(), by=principal().actor, now=clock.now())
        except DomainError as error:
            refusal = put_refusal(form, error)
        else:
            flash(_("Changed. Memberships sold before stay as they were sold."), "in")
            return go_to(url_for("frontdesk.plans"))
    page = render_template(
        "frontdesk/settings/plan.html",
        form=form,
        refusal=refusal,
        plan=plan,
        action=url_for("frontdesk.edit_plan", plan_id=plan_id),
        back=url_for("frontdesk.plans"),
    )
    return failed(page)
